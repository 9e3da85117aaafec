// SPDX-License-Identifier: GPL-2.0
/*
 * Mergeable mode: the device spreads a packet over as many buffers as it
 * needs and says how many in the header. Buffers are half a page, several pages
 * while a queue carries bulk traffic, and a little smaller than half a page as long
 * as all packets are copied out of them.
 */
#include <virtnet/rx.h>
#include <virtnet/virtnet.h>

#include <linux/etherdevice.h>
#include <linux/ip.h>

/* Weight of a poll in the average packet length: one part in 2^4. */
#define VIRTNET_AVG_SHIFT	4

/*
 * A queue turns to bulk buffers when the average packet would take three small
 * ones, and away from them when it would fit one. In between it stays as it is.
 */
#define VIRTNET_BULK_ABOVE	4096
#define VIRTNET_BULK_BELOW	1536

/*
 * Which layout the next buffers are to have. From lean ones a queue goes as soon as packets
 * keep their buffers: it is cheaper to build an skb around one than to hang it on one.
 */
static u32 virtnet_mergeable_layout(const struct receive_queue *rq, u32 len,
				    u32 avg)
{
	const struct virtnet_rx_plan *plan = &rq->plan;

	if (unlikely(avg > VIRTNET_BULK_ABOVE) &&
	    time_after_eq(jiffies, rq->bulk_after))
		return plan->bulk_size;
	if (avg < VIRTNET_BULK_BELOW && rq->want == plan->bulk_size)
		return plan->lean_size;
	if (rq->want == plan->lean_size &&
	    len * VIRTNET_COPY_PART >= plan->lean_size)
		return virtnet_rx_layout(plan);
	return rq->want;
}

/* After a poll that took packets. */
static void virtnet_mergeable_size(struct receive_queue *rq,
				   const struct virtnet_rx_delta *d)
{
	u32 len = (u32)d->bytes / (u32)d->packets;
	u32 want;

	/* The average is kept scaled by 2^VIRTNET_AVG_SHIFT. */
	rq->avg_len += len - (rq->avg_len >> VIRTNET_AVG_SHIFT);
	want = virtnet_mergeable_layout(rq, len,
					rq->avg_len >> VIRTNET_AVG_SHIFT);
	if (unlikely(want != rq->want))
		virtnet_rx_want(rq, want);
}

/* Take the rest of a packet that is dropped off the ring. */
void virtnet_mergeable_skip(struct receive_queue *rq, unsigned int n)
{
	struct virtnet_rx_buf *buf;
	u32 len;

	while (n--) {
		buf = virtnet_rx_next(rq, &len);
		if (!buf)
			return;
		virtnet_rx_buf_put(rq, buf);
	}
}

/* An skb to hang more fragments on, once the others are full. */
static struct sk_buff *virtnet_mergeable_grow(struct receive_queue *rq,
					      struct sk_buff *head,
					      struct sk_buff *tail)
{
	struct sk_buff *next = napi_alloc_skb(&rq->napi, 0);

	if (!next)
		return NULL;
	skb_mark_for_recycle(next);
	if (tail == head)
		skb_shinfo(head)->frag_list = next;
	else
		tail->next = next;
	head->truesize += next->truesize;
	return next;
}

/*
 * Give the skb what lies behind the first bytes of a buffer. Buffers cut from a page one
 * after the other are a single fragment if one packet gets them, and the page has one user
 * for both.
 */
static void virtnet_mergeable_give(struct sk_buff *skb,
				   struct virtnet_rx_buf *buf, u32 off, u32 len)
{
	u32 at = buf->hdr + off - page_address(buf->page);
	u32 size = virtnet_rx_buf_size(buf);
	int n = skb_shinfo(skb)->nr_frags;

	if (n && skb_can_coalesce(skb, n, buf->page, at)) {
		skb_coalesce_rx_frag(skb, n - 1, len, size);
		/* Not the last user: that is the fragment itself. */
		page_pool_unref_page(buf->page, 1);
	} else {
		skb_add_rx_frag(skb, n, buf->page, at, len, size);
	}
	buf->page = NULL;
	buf->ready = 0;
}

/*
 * The headers of a packet in a buffer that is all the device's go to a piece of their own,
 * the rest of the buffer becomes a fragment. How long they are the device says, if it says
 * something sensible, and else the packet itself; what the stack misses it pulls.
 */
static noinline struct sk_buff *
virtnet_mergeable_hang(struct receive_queue *rq, struct virtnet_rx_buf *buf,
		       u32 len, const struct virtio_net_hdr *hdr)
{
	u32 head = __virtio16_to_cpu(rq->rules.little_endian, hdr->hdr_len);
	bool told = head >= ETH_HLEN + sizeof(struct iphdr) &&
		    head <= VIRTNET_COPYBREAK;
	struct sk_buff *skb;

	if (!told)
		head = VIRTNET_COPYBREAK;
	skb = virtnet_rx_copy(rq, buf->hdr + rq->hdr_len, head);
	if (unlikely(!skb))
		return NULL;
	if (!told) {
		head = eth_get_headlen(rq->dev, skb->data, head);
		__skb_trim(skb, head);
	}
	virtnet_mergeable_give(skb, buf, rq->hdr_len + head, len - head);
	return skb;
}

/* An skb with the first part of a packet; what is left of @buf stays with the slot. */
static __always_inline struct sk_buff *
virtnet_mergeable_first(struct receive_queue *rq, struct virtnet_rx_buf *buf,
			u32 len, const struct virtio_net_hdr *hdr)
{
	if (virtnet_rx_copies(rq, buf, len))
		return virtnet_rx_copy(rq, buf->hdr + rq->hdr_len, len);
	if (unlikely(!virtnet_rx_buf_headroom(buf)))
		return virtnet_mergeable_hang(rq, buf, len, hdr);
	return virtnet_rx_build(rq, buf, len);
}

/* Hang a buffer on @tail, which is @head or on its fragment list. */
static void virtnet_mergeable_frag(struct receive_queue *rq,
				   struct virtnet_rx_buf *buf,
				   struct sk_buff *head, struct sk_buff *tail,
				   u32 len)
{
	if (unlikely(rq->dma_dev))
		virtnet_rx_sync_cpu(rq, buf, len);
	virtnet_mergeable_give(tail, buf, 0, len);
	if (tail == head)
		return;
	head->len += len;
	head->data_len += len;
	head->truesize += virtnet_rx_buf_size(buf);
}

/* Is the length of a buffer that continues a packet sane? */
static bool virtnet_mergeable_len_ok(const struct sk_buff *head,
				     const struct virtnet_rx_buf *buf, u32 len,
				     struct virtnet_rx_delta *d)
{
	if (unlikely(!len)) {
		d->len_short++;
		return false;
	}
	if (unlikely(len > buf->len || head->len + len > VIRTNET_FRAME_MAX)) {
		d->len_over++;
		return false;
	}
	return true;
}

/**
 * virtnet_mergeable_gather() - collect the buffers behind the first
 * @rq: the queue
 * @head: skb with the first part of the packet
 * @more: buffers to come
 * @d: counters
 *
 * Return: false if the packet must be dropped, its buffers off the ring.
 */
static bool virtnet_mergeable_gather(struct receive_queue *rq,
				     struct sk_buff *head, unsigned int more,
				     struct virtnet_rx_delta *d)
{
	struct sk_buff *tail = head;
	struct virtnet_rx_buf *buf;
	u32 len;

	skb_mark_for_recycle(head);
	while (more--) {
		buf = virtnet_rx_next(rq, &len);
		if (unlikely(!buf)) {
			d->num_buffers++;
			return false;
		}
		if (!virtnet_mergeable_len_ok(head, buf, len, d))
			goto drop;
		if (skb_shinfo(tail)->nr_frags == MAX_SKB_FRAGS) {
			tail = virtnet_mergeable_grow(rq, head, tail);
			if (!tail) {
				d->skb_alloc_fail++;
				goto drop;
			}
		}
		virtnet_mergeable_frag(rq, buf, head, tail, len);
		virtnet_rx_buf_put(rq, buf);
	}
	return true;

drop:
	virtnet_rx_buf_put(rq, buf);
	virtnet_mergeable_skip(rq, more);
	return false;
}

/* The number of buffers is one to what was posted. */
bool virtnet_mergeable_count(const struct receive_queue *rq,
			     const struct virtio_net_hdr_mrg_rxbuf *hdr,
			     unsigned int *n, struct virtnet_rx_delta *d)
{
	*n = __virtio16_to_cpu(rq->rules.little_endian, hdr->num_buffers);
	if (likely(*n && *n <= rq->plan.depth))
		return true;
	d->num_buffers++;
	return false;
}

/* A packet of several buffers, or NULL with all of them off the ring. */
static noinline struct sk_buff *
virtnet_mergeable_multi(struct receive_queue *rq, struct virtnet_rx_buf *buf,
			u32 len, const struct virtio_net_hdr_mrg_rxbuf *hdr,
			struct virtnet_rx_delta *d)
{
	struct sk_buff *skb;
	unsigned int n;

	if (!virtnet_mergeable_count(rq, hdr, &n, d))
		return NULL;
	skb = virtnet_mergeable_first(rq, buf, len, &hdr->hdr);
	if (unlikely(!skb)) {
		d->skb_alloc_fail++;
		virtnet_mergeable_skip(rq, n - 1);
		return NULL;
	}
	if (!virtnet_mergeable_gather(rq, skb, n - 1, d))
		goto drop;
	if (likely(virtnet_hdr_ok(&rq->rules, &hdr->hdr, skb->len)))
		return skb;
	d->hdr_bad++;
drop:
	dev_kfree_skb_any(skb);
	return NULL;
}

/* A packet that lies in one buffer, or NULL. */
static struct sk_buff *
virtnet_mergeable_single(struct receive_queue *rq, struct virtnet_rx_buf *buf,
			 u32 len, const struct virtio_net_hdr_mrg_rxbuf *hdr,
			 struct virtnet_rx_delta *d)
{
	struct sk_buff *skb;

	if (unlikely(!virtnet_hdr_ok(&rq->rules, &hdr->hdr, len))) {
		d->hdr_bad++;
		return NULL;
	}
	skb = virtnet_mergeable_first(rq, buf, len, &hdr->hdr);
	if (unlikely(!skb))
		d->skb_alloc_fail++;
	return skb;
}

/**
 * virtnet_mergeable_skb() - an skb of a packet, whatever it looks like
 * @rq: the queue
 * @buf: its first buffer; the caller's to put back
 * @len: bytes of packet in it
 * @hdr: private copy of its header
 * @d: counters
 *
 * Return: the skb, or NULL, counted, with all of the packet off the ring.
 */
struct sk_buff *
virtnet_mergeable_skb(struct receive_queue *rq, struct virtnet_rx_buf *buf,
		      u32 len, const struct virtio_net_hdr_mrg_rxbuf *hdr,
		      struct virtnet_rx_delta *d)
{
	if (hdr->num_buffers == rq->one)
		return virtnet_mergeable_single(rq, buf, len, hdr, d);
	return virtnet_mergeable_multi(rq, buf, len, hdr, d);
}

/* What is not one buffer with at most a checksum to finish. */
static noinline void
receive_mergeable_other(struct receive_queue *rq, struct virtnet_rx_buf *buf,
			u32 len, const struct virtio_net_hdr_mrg_rxbuf *hdr,
			struct virtnet_rx_delta *d)
{
	void *shared = buf->hdr;
	struct sk_buff *skb = virtnet_mergeable_skb(rq, buf, len, hdr, d);

	virtnet_rx_buf_put(rq, buf);
	if (likely(skb))
		virtnet_rx_deliver(rq, skb, &hdr->hdr, shared, d);
	else
		d->drops++;
}

/* What the header says does not fit the packet. */
static noinline void receive_mergeable_bad(struct sk_buff *skb,
					   struct virtnet_rx_delta *d)
{
	d->hdr_bad++;
	d->drops++;
	dev_kfree_skb_any(skb);
}

/* The common case: one buffer, and nothing for its header to say but of checksums. */
static __always_inline void
receive_mergeable_simple(struct receive_queue *rq, struct virtnet_rx_buf *buf,
			 u32 len, const struct virtio_net_hdr_mrg_rxbuf *hdr,
			 struct virtnet_rx_delta *d)
{
	void *shared = buf->hdr;
	struct sk_buff *skb = virtnet_mergeable_first(rq, buf, len, &hdr->hdr);

	virtnet_rx_buf_put(rq, buf);
	if (unlikely(!skb)) {
		d->skb_alloc_fail++;
		d->drops++;
		return;
	}
	if (hdr->hdr.flags &&
	    unlikely(!virtnet_hdr_rx_csum(&rq->rules, &hdr->hdr, skb))) {
		receive_mergeable_bad(skb, d);
		return;
	}
	virtnet_rx_count_up(rq, skb, len, &hdr->hdr, shared, d);
}

/* What a poll needs: counters, and room for a header, which is not cleared each time. */
struct virtnet_mergeable_run {
	struct virtnet_rx_delta *d;
	struct virtio_net_hdr_mrg_rxbuf hdr;
};

static __always_inline void receive_mergeable(struct receive_queue *rq,
					      struct virtnet_rx_buf *buf,
					      u32 len, void *ctx)
{
	struct virtnet_mergeable_run *run = ctx;
	struct virtio_net_hdr_mrg_rxbuf *hdr = &run->hdr;
	struct virtnet_rx_delta *d = run->d;

	if (unlikely(!virtnet_rx_len_ok(rq, buf, len, d))) {
		virtnet_rx_buf_put(rq, buf);
		d->drops++;
		return;
	}
	if (unlikely(rq->dma_dev))
		virtnet_rx_sync_cpu(rq, buf, len);
	virtnet_hdr_copy(hdr, buf->hdr, sizeof(*hdr));
	len -= rq->hdr_len;
	if (likely(hdr->num_buffers == rq->one && virtnet_hdr_simple(&hdr->hdr)))
		receive_mergeable_simple(rq, buf, len, hdr, d);
	else
		receive_mergeable_other(rq, buf, len, hdr, d);
}

/* See virtnet_rx_loop(). */
int virtnet_receive_mergeable(struct receive_queue *rq, int budget,
			      struct virtnet_rx_delta *d)
{
	struct virtnet_mergeable_run run = { .d = d };
	int n = virtnet_rx_loop(rq, budget, &run, receive_mergeable);

	if (d->packets)
		virtnet_mergeable_size(rq, d);
	return n;
}
