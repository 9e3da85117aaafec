// SPDX-License-Identifier: GPL-2.0
/*
 * A queue with a program: the packet is shown to it in the buffer it came in,
 * and the buffer stays where it is unless the packet takes it along.
 *
 * What cannot be shown so goes the slow way: as an skb, through the kernel's
 * generic XDP. That is so for packets larger than the MTU and for buffers
 * without headroom, both of which are in the ring for a moment after a program
 * was attached, and for several buffers where the program takes only one.
 */
#include <virtnet/rx.h>
#include <virtnet/virtnet.h>
#include <virtnet/xdp.h>

#include <linux/filter.h>

/* Fragments of a packet that nobody wanted go back; NAPI context. */
static noinline void virtnet_xdp_put_frags(struct receive_queue *rq,
					   struct xdp_buff *xdp)
{
	struct skb_shared_info *sinfo = xdp_get_shared_info_from_buff(xdp);
	unsigned int i;

	for (i = 0; i < sinfo->nr_frags; i++)
		page_pool_put_full_page(rq->pool,
					skb_frag_page(&sinfo->frags[i]), true);
	xdp_buff_clear_frags_flag(xdp);
}

/* Nobody wants the packet; @plain, a constant: it lies in one buffer. */
static __always_inline void virtnet_xdp_done(struct receive_queue *rq,
					     struct virtnet_rx_buf *buf,
					     struct virtnet_xdp_run *run,
					     bool plain)
{
	if (!plain && xdp_buff_has_frags(&run->buff.xdp))
		virtnet_xdp_put_frags(rq, &run->buff.xdp);
	virtnet_rx_buf_put(rq, buf);
}

/* The packet keeps the buffer's memory; the slot goes without. */
static inline void virtnet_xdp_give(struct receive_queue *rq,
				    struct virtnet_rx_buf *buf)
{
	buf->page = NULL;
	buf->ready = 0;
	virtnet_rx_buf_put(rq, buf);
}

/* Bytes of metadata. Programs that know of none leave it at the data. */
static unsigned int virtnet_xdp_meta(const struct xdp_buff *xdp)
{
	return xdp->data - xdp->data_meta;
}

/* An skb around the buffer, which is the skb's afterwards. */
static noinline struct sk_buff *virtnet_xdp_build(struct receive_queue *rq,
						  struct virtnet_rx_buf *buf,
						  struct xdp_buff *xdp)
{
	struct skb_shared_info *sinfo = xdp_get_shared_info_from_buff(xdp);
	u8 frags = xdp_buff_has_frags(xdp) ? sinfo->nr_frags : 0;
	u32 size = frags ? sinfo->xdp_frags_size : 0;
	struct sk_buff *skb;

	/* Building clears what is counted in the shared info. */
	skb = napi_build_skb(xdp->data_hard_start, xdp->frame_sz);
	if (unlikely(!skb))
		return NULL;
	skb_mark_for_recycle(skb);
	skb_reserve(skb, xdp->data - xdp->data_hard_start);
	__skb_put(skb, xdp->data_end - xdp->data);
	if (virtnet_xdp_meta(xdp))
		skb_metadata_set(skb, virtnet_xdp_meta(xdp));
	if (frags)
		xdp_update_skb_frags_info(skb, frags, size,
					  frags * xdp->frame_sz,
					  xdp_buff_get_skb_flags(xdp));
	buf->page = NULL;
	buf->ready = 0;
	return skb;
}

/* A small packet is copied, and its buffer posted again. */
static bool virtnet_xdp_copies(struct xdp_buff *xdp)
{
	return xdp->data_end - xdp->data <= VIRTNET_COPYBREAK &&
	       !xdp_buff_has_frags(xdp) && !virtnet_xdp_meta(xdp);
}

/* XDP_PASS. The program may have changed everything but the checksum's state */
static void virtnet_xdp_pass(struct receive_queue *rq,
			     struct virtnet_rx_buf *buf,
			     struct virtnet_xdp_run *run)
{
	struct xdp_buff *xdp = &run->buff.xdp;
	struct sk_buff *skb;

	if (virtnet_xdp_copies(xdp))
		skb = virtnet_rx_copy(rq, xdp->data,
				      xdp->data_end - xdp->data);
	else
		skb = virtnet_xdp_build(rq, buf, xdp);
	if (unlikely(!skb)) {
		run->d->skb_alloc_fail++;
		run->d->drops++;
		virtnet_xdp_done(rq, buf, run, false);
		return;
	}
	virtnet_rx_buf_put(rq, buf);
	skb->dev = rq->dev;
	virtnet_hdr_rx(&rq->rules, &run->hdr.hdr, NULL, skb);
	virtnet_rx_hash_set(skb, &run->buff.hashed);
	virtnet_rx_up(rq, skb);
}

/*
 * Run the program on a packet that passed the gate, and of which the device
 * wants nothing any more; the slot goes back. @plain, a constant, if the packet
 * lies in one buffer for sure.
 */
static __always_inline void virtnet_xdp_packet(struct receive_queue *rq,
					       struct virtnet_rx_buf *buf,
					       struct virtnet_xdp_run *run,
					       bool plain)
{
	if (unlikely(rq->hash_report))
		virtnet_rx_hash_read(rq, buf->hdr, &run->buff.hashed, run->d);
	switch (virtnet_xdp_judge(rq, &run->buff.xdp, run, false)) {
	case VIRTNET_XDP_PASSED:
		virtnet_xdp_pass(rq, buf, run);
		return;
	case VIRTNET_XDP_GONE:
		virtnet_xdp_give(rq, buf);
		return;
	default:
		virtnet_xdp_done(rq, buf, run, plain);
	}
}

/* The part of a packet that lies in the first buffer. */
static __always_inline void virtnet_xdp_first(struct receive_queue *rq,
					      const struct virtnet_rx_buf *buf,
					      struct virtnet_xdp_run *run,
					      u32 len)
{
	struct xdp_buff *xdp = &run->buff.xdp;
	void *hdr = buf->hdr;

	xdp->data_hard_start = hdr - XDP_PACKET_HEADROOM;
	xdp->data = hdr + rq->hdr_len;
	xdp->data_meta = xdp->data;
	xdp->data_end = xdp->data + len;
}

/* A packet that the program is going to see. */
static __always_inline void virtnet_xdp_count(struct virtnet_xdp_run *run,
					      u32 len)
{
	run->packets++;
	run->bytes += len;
}

/* Before the first fragment. */
void virtnet_xdp_frags_init(struct xdp_buff *xdp)
{
	struct skb_shared_info *sinfo = xdp_get_shared_info_from_buff(xdp);

	sinfo->nr_frags = 0;
	sinfo->xdp_frags_size = 0;
	compat_xdp_frags_truesize(sinfo, 0);
	xdp_buff_set_frags_flag(xdp);
}

/* Another page behind the packet, or part of one. */
void virtnet_xdp_frag(struct xdp_buff *xdp, struct page *page, u32 off,
		      u32 len)
{
	struct skb_shared_info *sinfo = xdp_get_shared_info_from_buff(xdp);

	skb_frag_fill_page_desc(&sinfo->frags[sinfo->nr_frags++], page, off,
				len);
	sinfo->xdp_frags_size += len;
	compat_xdp_frags_truesize(sinfo, sinfo->nr_frags * xdp->frame_sz);
	if (page_is_pfmemalloc(page))
		xdp_buff_set_frag_pfmemalloc(xdp);
}

/* Can the program be shown this buffer as it is? */
static bool virtnet_xdp_fits(const struct receive_queue *rq,
			     const struct virtnet_rx_buf *buf,
			     const struct virtio_net_hdr *hdr)
{
	return buf->ready == rq->want &&
	       hdr->gso_type == VIRTIO_NET_HDR_GSO_NONE;
}

/* Pages of a chain behind the first go to the packet. */
static noinline void virtnet_xdp_chain(struct receive_queue *rq,
				       struct virtnet_rx_buf *buf,
				       struct xdp_buff *xdp, u32 len)
{
	struct scatterlist *sg = &buf->sg[virtnet_rx_chain_first(rq)];
	u32 part;

	virtnet_xdp_frags_init(xdp);
	for (; len; sg++, len -= part) {
		part = min_t(u32, len, PAGE_SIZE);
		virtnet_xdp_frag(xdp, sg_page(sg), sg->offset, part);
		sg_assign_page(sg, NULL);
	}
	buf->ready = 0;
}

/* Small and big mode: all of the packet lies in this buffer. */
static __always_inline void virtnet_xdp_one(struct receive_queue *rq,
					    struct virtnet_rx_buf *buf, u32 len,
					    void *ctx)
{
	struct virtnet_xdp_run *run = ctx;
	u32 first;

	if (unlikely(!virtnet_rx_open(rq, buf, &len, &run->hdr.hdr, run->d))) {
		run->d->drops++;
		virtnet_rx_buf_put(rq, buf);
		return;
	}
	first = min(len, virtnet_rx_first_room(rq, buf));
	if (unlikely(!virtnet_xdp_fits(rq, buf, &run->hdr.hdr) ||
		     (len > first && !run->frags))) {
		struct sk_buff *skb = virtnet_big_skb(rq, buf, len, run->d);

		virtnet_rx_buf_put(rq, buf);
		virtnet_xdp_slow(rq, skb, run);
		return;
	}
	virtnet_xdp_count(run, len);
	run->buff.xdp.flags = 0;
	virtnet_xdp_first(rq, buf, run, first);
	if (unlikely(len > first))
		virtnet_xdp_chain(rq, buf, &run->buff.xdp, len - first);
	if (unlikely(!virtnet_hdr_plain(&run->hdr.hdr)))
		virtnet_xdp_finish(rq, &run->buff.xdp, &run->hdr.hdr);
	virtnet_xdp_packet(rq, buf, run, false);
}

/* Is the length of a buffer that continues a packet sane? */
static bool virtnet_xdp_more_ok(const struct virtnet_rx_buf *buf, u32 len,
				struct virtnet_rx_delta *d)
{
	if (unlikely(!len))
		d->len_short++;
	else if (unlikely(len > buf->len))
		d->len_over++;
	return len && len <= buf->len;
}

/*
 * Collect the buffers behind the first. Those posted before a program was
 * attached come first out of the ring, so that all of them fit if the first
 * does, unless the device keeps no order; such a packet is dropped.
 *
 * Return: false if the packet must be dropped, all of it off the ring.
 */
static noinline bool virtnet_xdp_gather(struct receive_queue *rq,
					struct virtnet_xdp_run *run,
					unsigned int more)
{
	struct virtnet_rx_buf *buf;
	bool ok;
	u32 len;

	virtnet_xdp_frags_init(&run->buff.xdp);
	while (more--) {
		buf = virtnet_rx_next(rq, &len);
		if (unlikely(!buf)) {
			run->d->num_buffers++;
			return false;
		}
		ok = virtnet_xdp_more_ok(buf, len, run->d) &&
		     buf->ready == rq->want;
		if (likely(ok)) {
			if (unlikely(rq->dma_dev))
				virtnet_rx_sync_cpu(rq, buf, len);
			virtnet_xdp_frag(&run->buff.xdp, buf->page,
					 buf->hdr - page_address(buf->page),
					 len);
			buf->page = NULL;
			buf->ready = 0;
		}
		virtnet_rx_buf_put(rq, buf);
		if (unlikely(!ok)) {
			virtnet_mergeable_skip(rq, more);
			return false;
		}
	}
	return true;
}

/* A packet of several buffers, whose first is in place. False: drop it. */
static noinline bool virtnet_xdp_several(struct receive_queue *rq,
					 struct virtnet_xdp_run *run, u32 *len)
{
	unsigned int n;

	if (!virtnet_mergeable_count(rq, &run->hdr, &n, run->d) ||
	    !virtnet_xdp_gather(rq, run, n - 1))
		return false;
	*len = xdp_get_buff_len(&run->buff.xdp);
	return true;
}

/* Fits as virtnet_xdp_fits() says, and its buffers fit the fragment array. */
static bool virtnet_xdp_fits_several(const struct receive_queue *rq,
				     const struct virtnet_rx_buf *buf,
				     const struct virtnet_xdp_run *run)
{
	u16 n = __virtio16_to_cpu(rq->rules.little_endian,
				  run->hdr.num_buffers);

	if (!virtnet_xdp_fits(rq, buf, &run->hdr.hdr))
		return false;
	return likely(n == 1) || (run->frags && n <= MAX_SKB_FRAGS + 1);
}

static void virtnet_xdp_drop(struct receive_queue *rq,
			     struct virtnet_rx_buf *buf,
			     struct virtnet_xdp_run *run)
{
	run->d->drops++;
	virtnet_xdp_done(rq, buf, run, false);
}

static void virtnet_xdp_merge_any(struct receive_queue *rq,
				  struct virtnet_rx_buf *buf, u32 len,
				  struct virtnet_xdp_run *run)
{
	if (!virtnet_xdp_fits_several(rq, buf, run)) {
		struct sk_buff *skb = virtnet_mergeable_skb(rq, buf, len,
							    &run->hdr, run->d);

		virtnet_rx_buf_put(rq, buf);
		virtnet_xdp_slow(rq, skb, run);
		return;
	}
	virtnet_xdp_first(rq, buf, run, len);
	if (run->hdr.num_buffers != rq->one &&
	    !virtnet_xdp_several(rq, run, &len)) {
		virtnet_xdp_drop(rq, buf, run);
		return;
	}
	if (unlikely(!virtnet_hdr_ok(&rq->rules, &run->hdr.hdr, len))) {
		run->d->hdr_bad++;
		virtnet_xdp_drop(rq, buf, run);
		return;
	}
	virtnet_xdp_count(run, len);
	if (!virtnet_hdr_plain(&run->hdr.hdr))
		virtnet_xdp_finish(rq, &run->buff.xdp, &run->hdr.hdr);
	virtnet_xdp_packet(rq, buf, run, false);
}

/*
 * Not a plain packet: several buffers, something to be done to it, a lie. No
 * other sets flags, which are as clear afterwards as before.
 */
static noinline void virtnet_xdp_merge_other(struct receive_queue *rq,
					     struct virtnet_rx_buf *buf,
					     u32 len,
					     struct virtnet_xdp_run *run)
{
	virtnet_xdp_merge_any(rq, buf, len, run);
	run->buff.xdp.flags = 0;
}

/* One buffer, as the program wants it, and a header that asks for nothing. */
static __always_inline bool
virtnet_xdp_plain(const struct receive_queue *rq,
		  const struct virtnet_rx_buf *buf,
		  const struct virtnet_xdp_run *run)
{
	return run->hdr.num_buffers == rq->one && buf->ready == rq->want &&
	       virtnet_hdr_plain(&run->hdr.hdr);
}

static __always_inline void virtnet_xdp_merge(struct receive_queue *rq,
					      struct virtnet_rx_buf *buf,
					      u32 len, void *ctx)
{
	struct virtnet_xdp_run *run = ctx;

	if (unlikely(!virtnet_rx_len_ok(rq, buf, len, run->d))) {
		virtnet_xdp_drop(rq, buf, run);
		return;
	}
	if (unlikely(rq->dma_dev))
		virtnet_rx_sync_cpu(rq, buf, len);
	virtnet_hdr_copy(&run->hdr, buf->hdr, sizeof(run->hdr));
	len -= rq->hdr_len;
	if (unlikely(!virtnet_xdp_plain(rq, buf, run))) {
		virtnet_xdp_merge_other(rq, buf, len, run);
		return;
	}
	virtnet_xdp_count(run, len);
	virtnet_xdp_first(rq, buf, run, len);
	virtnet_xdp_packet(rq, buf, run, true);
}

/**
 * virtnet_receive_xdp() - take packets off the ring and show them a program
 * @rq: the queue; NAPI context
 * @prog: its program
 * @budget: most packets to take
 * @d: counters
 *
 * Return: packets taken, dropped ones included.
 */
int virtnet_receive_xdp(struct receive_queue *rq, struct bpf_prog *prog,
			int budget, struct virtnet_rx_delta *d)
{
	struct virtnet_xdp_run run;
	int n;

	virtnet_xdp_begin(&run, rq, prog, d);
	xdp_init_buff(&run.buff.xdp, rq->plan.buf_size, &rq->xdp_rxq);
	if (rq->plan.mode == VIRTNET_RX_MERGEABLE)
		n = virtnet_rx_loop(rq, budget, &run, virtnet_xdp_merge);
	else
		n = virtnet_rx_loop(rq, budget, &run, virtnet_xdp_one);
	virtnet_xdp_end(&run, rq);
	return n;
}
