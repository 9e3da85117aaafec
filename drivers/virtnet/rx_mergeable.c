// SPDX-License-Identifier: GPL-2.0
/*
 * Mergeable mode: the device spreads a packet over as many buffers as it
 * needs and says how many in the header. Buffers are half a page while
 * packets are small, and a page when a queue carries bulk traffic.
 */
#include <virtnet/rx.h>
#include <virtnet/virtnet.h>

/* Weight of the average packet length: one part in 2^6. */
#define VIRTNET_AVG_SHIFT	6

static u32 virtnet_mergeable_cap(const struct receive_queue *rq, u32 size)
{
	return size - rq->plan.headroom - VIRTNET_RX_TAILROOM;
}

/* The average is kept scaled by 2^VIRTNET_AVG_SHIFT. */
static void virtnet_avg_add(struct receive_queue *rq, u32 len)
{
	rq->avg_len += len - (rq->avg_len >> VIRTNET_AVG_SHIFT);
}

static u32 virtnet_mergeable_size(const struct receive_queue *rq)
{
	u32 small = rq->plan.buf_size;

	if (rq->avg_len >> VIRTNET_AVG_SHIFT > virtnet_mergeable_cap(rq, small))
		return PAGE_SIZE;
	return small;
}

/**
 * virtnet_post_mergeable() - post one buffer of the size that fits the traffic
 * @rq: the queue, with a free slot
 * @gfp: allocation context
 *
 * Return: 0 or -errno.
 */
int virtnet_post_mergeable(struct receive_queue *rq, gfp_t gfp)
{
	u32 size = virtnet_mergeable_size(rq);
	struct virtnet_rx_buf *buf;

	buf = virtnet_rx_buf_alloc(rq, size, gfp);
	if (!buf)
		return -ENOMEM;
	buf->len = virtnet_mergeable_cap(rq, size);
	sg_set_buf(&rq->sg[0], virtnet_rx_hdr(rq, buf), buf->len);
	return virtnet_rx_buf_add(rq, buf, 1, gfp);
}

/* Take the rest of a packet that is dropped off the ring. */
static void virtnet_mergeable_skip(struct receive_queue *rq, unsigned int n)
{
	struct virtnet_rx_buf *buf;
	unsigned int len;

	while (n--) {
		buf = ring_get(rq->vq, &len);
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

/* Hang a buffer on @tail, which is @head or on its fragment list. */
static void virtnet_mergeable_frag(struct receive_queue *rq,
				   struct virtnet_rx_buf *buf,
				   struct sk_buff *head, struct sk_buff *tail,
				   u32 len)
{
	void *data = virtnet_rx_hdr(rq, buf);

	skb_add_rx_frag(tail, skb_shinfo(tail)->nr_frags, buf->page,
			data - page_address(buf->page), len, buf->size);
	buf->page = NULL;
	if (tail == head)
		return;
	head->len += len;
	head->data_len += len;
	head->truesize += buf->size;
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
	unsigned int len;

	skb_mark_for_recycle(head);
	while (more--) {
		buf = ring_get(rq->vq, &len);
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
static bool virtnet_mergeable_count(const struct receive_queue *rq,
				    const struct virtio_net_hdr_mrg_rxbuf *hdr,
				    unsigned int *n, struct virtnet_rx_delta *d)
{
	*n = __virtio16_to_cpu(rq->rules.little_endian, hdr->num_buffers);
	if (likely(*n && *n <= rq->plan.depth))
		return true;
	d->num_buffers++;
	return false;
}

/* The whole packet in an skb, or NULL with all its buffers off the ring. */
static struct sk_buff *
virtnet_mergeable_skb(struct receive_queue *rq, struct virtnet_rx_buf *buf,
		      u32 len, struct virtio_net_hdr_mrg_rxbuf *hdr,
		      struct virtnet_rx_delta *d)
{
	struct sk_buff *skb;
	unsigned int n;

	if (!virtnet_rx_len_ok(rq, buf, len, d))
		return NULL;
	virtnet_rx_hdr_copy(hdr, virtnet_rx_hdr(rq, buf), sizeof(*hdr));
	if (!virtnet_mergeable_count(rq, hdr, &n, d))
		return NULL;
	skb = virtnet_rx_first(rq, buf, len - rq->hdr_len);
	if (unlikely(!skb)) {
		d->skb_alloc_fail++;
		virtnet_mergeable_skip(rq, n - 1);
		return NULL;
	}
	if (n > 1 && !virtnet_mergeable_gather(rq, skb, n - 1, d))
		goto drop;
	if (likely(virtnet_hdr_ok(&rq->rules, &hdr->hdr, skb->len)))
		return skb;
	d->hdr_bad++;
drop:
	dev_kfree_skb_any(skb);
	return NULL;
}

static __always_inline void receive_mergeable(struct receive_queue *rq,
					      struct virtnet_rx_buf *buf,
					      u32 len,
					      struct virtnet_rx_delta *d)
{
	struct virtio_net_hdr_mrg_rxbuf hdr;
	struct sk_buff *skb;

	skb = virtnet_mergeable_skb(rq, buf, len, &hdr, d);
	virtnet_rx_buf_put(rq, buf);
	if (unlikely(!skb)) {
		d->drops++;
		return;
	}
	virtnet_avg_add(rq, skb->len);
	virtnet_rx_deliver(rq, skb, &hdr.hdr, d);
}

/* See virtnet_rx_loop(). */
int virtnet_receive_mergeable(struct receive_queue *rq, int budget,
			      struct virtnet_rx_delta *d)
{
	return virtnet_rx_loop(rq, budget, d, receive_mergeable);
}
