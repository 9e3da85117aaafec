// SPDX-License-Identifier: GPL-2.0
/*
 * The buffer mode of a queue that has an AF_XDP socket: each buffer of the
 * socket's has a slot of its own, which says all that the ring wants to know.
 * The device writes the vnet header into what the socket leaves free in front
 * of the packet. Buffers leave with their packets, and as many are due then;
 * those that stay are free slots, as with memory of our own.
 */
#include <virtnet/rx.h>
#include <virtnet/virtnet.h>
#include <virtnet/xdp.h>
#include <virtnet/xsk.h>

/**
 * virtnet_xsk_plan() - what the slots of a queue with a socket are like
 * @rq: the queue; its plan is that of queues without
 * @s: the settings
 */
void virtnet_xsk_plan(struct receive_queue *rq,
		      const struct virtnet_settings *s)
{
	rq->plan.pages = 1;
	rq->plan.depth = virtnet_rx_depth(s);
}

/**
 * virtnet_xsk_plan_same() - are the slots the same with a socket and without?
 * @plan: that of queues without
 * @s: the settings
 */
bool virtnet_xsk_plan_same(const struct virtnet_rx_plan *plan,
			   const struct virtnet_settings *s)
{
	return plan->pages == 1 && plan->depth == virtnet_rx_depth(s);
}

/* NAPI runs: sockets that poll without interrupts want to know which. */
void virtnet_xsk_up(struct receive_queue *rq)
{
	compat_xdp_rxq_set_napi(&rq->xsk->rxq, &rq->napi);
}

/* --- slots --- */

static void virtnet_xsk_sg_set(const struct receive_queue *rq,
			       struct scatterlist *sg, dma_addr_t addr, u32 len)
{
	if (rq->premapped) {
		compat_sg_premapped(sg, addr, len);
	} else {
		/* Without mapping of ours an address is that of its page. */
		sg_set_page(sg, pfn_to_page(PHYS_PFN(addr)), len,
			    offset_in_page(addr));
	}
}

/* Describe a buffer to the device: the header right in front of the packet. */
static void virtnet_xsk_describe(const struct receive_queue *rq,
				 struct virtnet_rx_buf *buf)
{
	unsigned long front = XDP_PACKET_HEADROOM - rq->hdr_len;
	dma_addr_t addr = xsk_buff_xdp_get_dma(buf->xsk) - rq->hdr_len;
	struct scatterlist *sg = buf->sg;
	u32 len = buf->len;

	buf->hdr = buf->xsk->data_hard_start + front;
	if (rq->split_hdr) {
		virtnet_xsk_sg_set(rq, sg++, addr, rq->hdr_len);
		addr += rq->hdr_len;
		len -= rq->hdr_len;
	}
	virtnet_xsk_sg_set(rq, sg, addr, len);
}

/**
 * virtnet_xsk_slots() - the slots of a socket's buffers, as a queue wants them
 * @rq: the queue; attached, none of the buffers with it
 *
 * All that is to be done when a buffer is posted later, but for memory that is
 * not aligned: its buffers are somewhere else each time.
 */
void virtnet_xsk_slots(struct receive_queue *rq)
{
	struct xsk_buff_pool *pool = rq->xsk->pool;
	struct virtnet_xsk_slot *slot = rq->xsk->slots;
	unsigned int i;

	for (i = 0; i < pool->heads_cnt; i++, slot++) {
		slot->buf.xsk = &pool->heads[i].xdp;
		slot->buf.len = rq->hdr_len + rq->xsk->room;
		slot->buf.sg = slot->sg;
		sg_init_table(slot->sg, rq->nsg);
		if (!pool->unaligned)
			virtnet_xsk_describe(rq, &slot->buf);
	}
}

static __always_inline struct virtnet_rx_buf *
virtnet_xsk_slot_at(struct virtnet_xsk_slot *slots,
		    const struct xdp_buff_xsk *heads, struct xdp_buff *xdp)
{
	return &slots[container_of(xdp, struct xdp_buff_xsk, xdp) - heads].buf;
}

/* The slot of a buffer. */
static struct virtnet_rx_buf *virtnet_xsk_slot(const struct virtnet_xsk *xsk,
					       struct xdp_buff *xdp)
{
	return virtnet_xsk_slot_at(xsk->slots, xsk->pool->heads, xdp);
}

/* What is to be done to a buffer each time, on some queues. */
static noinline void virtnet_xsk_prepare(const struct receive_queue *rq,
					 struct virtnet_rx_buf *buf)
{
	struct xsk_buff_pool *pool = rq->xsk->pool;

	if (pool->unaligned)
		virtnet_xsk_describe(rq, buf);
	if (rq->dma_dev)
		xsk_buff_raw_dma_sync_for_device(pool, sg_dma_address(buf->sg),
						 buf->len);
	/* What was in it is the application's. */
	if (rq->wipe)
		memset(buf->hdr, 0, buf->len);
}

/* @quick, a constant: there is nothing to prepare, and a slot has one entry. */
static __always_inline int virtnet_xsk_post(const struct receive_queue *rq,
					    struct virtqueue *vq,
					    struct virtnet_rx_buf *buf,
					    bool quick, bool premapped)
{
	if (!quick)
		virtnet_xsk_prepare(rq, buf);
	return ring_add_in(vq, buf->sg, quick ? 1 : rq->nsg, buf, premapped,
			   GFP_ATOMIC);
}

/* Buffers that stayed with the queue, the last first. */
static __always_inline int virtnet_xsk_post_kept(struct receive_queue *rq,
						 unsigned int n, bool quick,
						 bool premapped)
{
	struct virtnet_rx_buf **top = rq->free_bufs + rq->nr_free;
	unsigned int left;
	int err = 0;

	for (left = n; left && !err; left -= !err)
		err = virtnet_xsk_post(rq, rq->vq, *--top, quick, premapped);
	rq->nr_free -= n - left;
	return err;
}

/* Buffers that the socket has to give. Return: -ENOMEM if it gives none. */
static __always_inline int virtnet_xsk_post_due(struct receive_queue *rq,
						unsigned int n, bool quick,
						bool premapped)
{
	struct virtnet_xsk_slot *slots = rq->xsk->slots;
	struct xsk_buff_pool *pool = rq->xsk->pool;
	const struct xdp_buff_xsk *heads = pool->heads;
	struct xdp_buff **next = rq->xsk->bufs, **end;
	struct virtqueue *vq = rq->vq;
	int err = -ENOMEM;

	end = next + xsk_buff_alloc_batch(pool, next, n);
	rq->nr_due -= end - next;
	for (; next < end; next++) {
		err = virtnet_xsk_post(rq, vq,
				       virtnet_xsk_slot_at(slots, heads, *next),
				       quick, premapped);
		if (unlikely(err))
			break;
	}
	for (; unlikely(next < end); next++)
		virtnet_rx_buf_put(rq, virtnet_xsk_slot(rq->xsk, *next));
	return err;
}

/* Some of @n buffers; @premapped is rq->premapped. */
static __always_inline int virtnet_xsk_post_some(struct receive_queue *rq,
						 unsigned int n, bool quick,
						 bool premapped)
{
	if (unlikely(rq->nr_free))
		return virtnet_xsk_post_kept(rq, min_t(unsigned int, n,
						       rq->nr_free),
					     quick, premapped);
	return virtnet_xsk_post_due(rq, min_t(unsigned int, n,
					      VIRTNET_XSK_BATCH),
				    quick, premapped);
}

static noinline int virtnet_xsk_post_any(struct receive_queue *rq,
					 unsigned int n)
{
	return virtnet_xsk_post_some(rq, n, false, rq->premapped);
}

static noinline int virtnet_xsk_post_quick(struct receive_queue *rq,
					   unsigned int n)
{
	if (rq->premapped)
		return virtnet_xsk_post_some(rq, n, true, true);
	return virtnet_xsk_post_some(rq, n, true, false);
}

/**
 * virtnet_xsk_fill() - virtnet_rx_fill() of a queue with a socket
 * @rq: the queue; NAPI context, or NAPI is off
 * @posted: how many were posted
 *
 * Return: 0, or -ENOMEM if the socket lent too little to fill the ring.
 */
int virtnet_xsk_fill(struct receive_queue *rq, unsigned int *posted)
{
	const bool quick = rq->simple && !rq->dma_dev &&
			   !rq->xsk->pool->unaligned;
	const unsigned int lack = virtnet_rx_lack(rq);
	unsigned int n;
	int err = 0;

	while (!err) {
		n = min(virtnet_rx_lack(rq), ring_free(rq->vq) / rq->descs);
		if (!n)
			break;
		err = likely(quick) ? virtnet_xsk_post_quick(rq, n) :
				      virtnet_xsk_post_any(rq, n);
	}
	*posted = lack - virtnet_rx_lack(rq);
	return err == -ENOMEM ? err : 0;
}

/**
 * virtnet_xsk_filled() - see to it that the ring is filled again
 * @rq: the queue; NAPI context
 * @err: what virtnet_xsk_fill() said
 *
 * The socket wakes us up when it has buffers again, if it is of that kind; it
 * may have had them just before it could know.
 *
 * Return: buffers that were posted after all.
 */
unsigned int virtnet_xsk_filled(struct receive_queue *rq, int err)
{
	struct xsk_buff_pool *pool = rq->xsk->pool;
	unsigned int posted = 0;

	if (!xsk_uses_need_wakeup(pool)) {
		if (err)
			mod_timer(&rq->refill_timer, jiffies + 1);
		return 0;
	}
	if (err) {
		xsk_set_rx_need_wakeup(pool);
		/* Pairs with the socket, which fills first and then looks. */
		smp_mb();
		if (xsk_buff_can_alloc(pool, 1))
			err = virtnet_xsk_fill(rq, &posted);
	}
	if (!err)
		xsk_clear_rx_need_wakeup(pool);
	return posted;
}

/* Give all buffers back to the socket; NAPI is off and the ring empty. */
void virtnet_xsk_release(struct receive_queue *rq)
{
	for (; rq->nr_free; rq->nr_due++)
		xsk_buff_free(rq->free_bufs[--rq->nr_free]->xsk);
}

/* --- packets --- */

/* The buffer is somebody else's, and the socket has to give another one. */
static __always_inline void virtnet_xsk_gone(struct receive_queue *rq)
{
	rq->nr_due++;
}

/* The buffer stays with the queue, unless it is part of a chain. */
static void virtnet_xsk_put(struct receive_queue *rq,
			    struct virtnet_rx_buf *buf)
{
	if (likely(!xdp_buff_has_frags(buf->xsk))) {
		virtnet_rx_buf_put(rq, buf);
		return;
	}
	xsk_buff_free(buf->xsk);
	virtnet_xsk_gone(rq);
}

/* What the device wrote is there to be looked at: the packet, from @data on. */
static __always_inline void virtnet_xsk_open(struct receive_queue *rq,
					     const struct virtnet_rx_buf *buf,
					     u32 used, void *data)
{
	struct xdp_buff *xdp = buf->xsk;
	void *end = buf->hdr + used;

	/* The kernel's helper leaves the vnet header out. */
	if (unlikely(rq->dma_dev))
		virtnet_rx_sync_cpu(rq, buf, used);
	xdp->data = data;
	xdp->data_meta = data;
	xdp->data_end = end;
	xdp->flags = 0;
}

/* A further buffer, to the chain. Return: false if the packet is to go. */
static bool virtnet_xsk_frag(struct receive_queue *rq, struct xdp_buff *head,
			     struct virtnet_rx_buf *buf, u32 len,
			     struct virtnet_rx_delta *d)
{
	bool ok = len && len <= buf->len;

	d->len_short += !len;
	d->len_over += len > buf->len;
	if (likely(ok)) {
		virtnet_xsk_open(rq, buf, len, buf->hdr);
		ok = xsk_buff_add_frag(head, buf->xsk);
	}
	if (likely(ok))
		virtnet_xsk_gone(rq);
	else
		virtnet_rx_buf_put(rq, buf);
	return ok;
}

/*
 * The buffers behind the first, all off the ring afterwards. More than the
 * socket takes are longer than anything it lent memory for.
 */
static noinline bool virtnet_xsk_gather(struct receive_queue *rq,
					struct xdp_buff *head,
					struct virtnet_xdp_run *run)
{
	struct virtnet_rx_buf *buf;
	unsigned int n;
	u32 len;

	if (!virtnet_mergeable_count(rq, &run->hdr, &n, run->d))
		return false;
	if (n > rq->xsk->segs) {
		run->d->len_over++;
		virtnet_mergeable_skip(rq, n - 1);
		return false;
	}
	while (--n) {
		buf = virtnet_rx_next(rq, &len);
		if (unlikely(!buf)) {
			run->d->num_buffers++;
			return false;
		}
		if (unlikely(!virtnet_xsk_frag(rq, head, buf, len, run->d))) {
			virtnet_mergeable_skip(rq, n - 1);
			return false;
		}
	}
	return true;
}

/*
 * The rest of a packet whose first buffer was taken in. Return: false if it
 * must be dropped, counted by reason.
 */
static bool virtnet_xsk_take(struct receive_queue *rq,
			     struct virtnet_rx_buf *buf,
			     struct virtnet_xdp_run *run)
{
	if (rq->plan.mode == VIRTNET_RX_MERGEABLE &&
	    unlikely(run->hdr.num_buffers != rq->one) &&
	    !virtnet_xsk_gather(rq, buf->xsk, run))
		return false;
	if (likely(virtnet_hdr_ok(&rq->rules, &run->hdr.hdr,
				  xdp_get_buff_len(buf->xsk))))
		return true;
	run->d->hdr_bad++;
	return false;
}

/* A copy of what lies behind the first buffer. Return: false without memory. */
static bool virtnet_xsk_copy_frags(struct sk_buff *skb,
				   const struct skb_shared_info *sinfo)
{
	const skb_frag_t *frag = sinfo->frags;
	const skb_frag_t *end = frag + sinfo->nr_frags;
	struct page *page;
	u32 size;

	for (; frag < end; frag++) {
		size = skb_frag_size(frag);
		page = dev_alloc_pages(get_order(size));
		if (!page)
			return false;
		memcpy(page_address(page), skb_frag_address(frag), size);
		skb_add_rx_frag(skb, skb_shinfo(skb)->nr_frags, page, 0, size,
				PAGE_SIZE << get_order(size));
	}
	return true;
}

/* A copy of the packet, with its metadata. The buffer is kept. */
static struct sk_buff *virtnet_xsk_skb(struct receive_queue *rq,
				       struct xdp_buff *xdp)
{
	u32 len = xdp->data_end - xdp->data;
	u32 meta = xdp->data - xdp->data_meta;
	struct sk_buff *skb;

	if (!meta && !xdp_buff_has_frags(xdp))
		return virtnet_rx_copy(rq, xdp->data, len);
	skb = napi_alloc_skb(&rq->napi, meta + len);
	if (unlikely(!skb))
		return NULL;
	skb_put_data(skb, xdp->data_meta, meta + len);
	__skb_pull(skb, meta);
	if (meta)
		skb_metadata_set(skb, meta);
	if (!xdp_buff_has_frags(xdp) ||
	    virtnet_xsk_copy_frags(skb, xdp_get_shared_info_from_buff(xdp)))
		return skb;
	dev_kfree_skb_any(skb);
	return NULL;
}

/* To the stack: passed by the program, or without one. */
static void virtnet_xsk_pass(struct receive_queue *rq,
			     struct virtnet_rx_buf *buf,
			     struct virtnet_xdp_run *run)
{
	struct sk_buff *skb = virtnet_xsk_skb(rq, buf->xsk);

	if (unlikely(!skb)) {
		run->d->skb_alloc_fail++;
		run->d->drops++;
		return;
	}
	if (!run->prog) {
		virtnet_rx_deliver(rq, skb, &run->hdr.hdr, buf->hdr, run->d);
		return;
	}
	skb->dev = rq->dev;
	virtnet_hdr_rx(&rq->rules, &run->hdr.hdr, NULL, skb);
	virtnet_rx_hash_set(skb, &run->buff.hashed);
	virtnet_rx_up(rq, skb);
}

/* For the stack, and for a program that asks. */
static void virtnet_xsk_hash(struct receive_queue *rq,
			     struct virtnet_rx_buf *buf,
			     struct virtnet_xdp_run *run)
{
	XSK_CHECK_PRIV_TYPE(struct virtnet_xdp_buff);
	virtnet_rx_hash_read(rq, buf->hdr, &run->buff.hashed, run->d);
	if (COMPAT_XDP_METADATA)
		container_of(buf->xsk, struct virtnet_xdp_buff, xdp)->hashed =
			run->buff.hashed;
}

/* The program ran, and did not send the packet away. */
static noinline void virtnet_xsk_ran(struct receive_queue *rq,
				     struct xdp_buff *xdp,
				     struct virtnet_xdp_run *run,
				     enum virtnet_xdp_outcome outcome)
{
	struct virtnet_rx_buf *buf = virtnet_xsk_slot(rq->xsk, xdp);

	switch (outcome) {
	case VIRTNET_XDP_LOST:
		/* Once is enough, but twice does no harm. */
		xsk_buff_free(xdp);
		virtnet_xsk_gone(rq);
		return;
	case VIRTNET_XDP_PASSED:
		virtnet_xsk_pass(rq, buf, run);
		fallthrough;
	default:
		virtnet_xsk_put(rq, buf);
	}
}

/* Run the program on a packet that was taken in. */
static __always_inline void virtnet_xsk_run(struct receive_queue *rq,
					    struct xdp_buff *xdp, u32 len,
					    struct virtnet_xdp_run *run)
{
	enum virtnet_xdp_outcome outcome;

	run->packets++;
	run->bytes += len;
	if (unlikely(rq->hash_report))
		virtnet_xsk_hash(rq, virtnet_xsk_slot(rq->xsk, xdp), run);
	outcome = virtnet_xdp_judge(rq, xdp, run, true);
	if (likely(outcome == VIRTNET_XDP_GONE))
		virtnet_xsk_gone(rq);
	else
		virtnet_xsk_ran(rq, xdp, run, outcome);
}

/* Can the program be shown the packet as it is? */
static bool virtnet_xsk_fits(const struct virtnet_xdp_run *run,
			     struct xdp_buff *xdp)
{
	return run->hdr.hdr.gso_type == VIRTIO_NET_HDR_GSO_NONE &&
	       (run->frags || !xdp_buff_has_frags(xdp));
}

/* Not a plain packet for a program: see virtnet_xsk_plain(). */
static noinline void receive_xsk_other(struct receive_queue *rq,
				       struct virtnet_rx_buf *buf,
				       struct virtnet_xdp_run *run)
{
	if (!virtnet_xsk_take(rq, buf, run)) {
		run->d->drops++;
		virtnet_xsk_put(rq, buf);
		return;
	}
	if (run->prog && virtnet_xsk_fits(run, buf->xsk)) {
		if (!virtnet_hdr_plain(&run->hdr.hdr))
			virtnet_xdp_finish(rq, buf->xsk, &run->hdr.hdr);
		virtnet_xsk_run(rq, buf->xsk, xdp_get_buff_len(buf->xsk), run);
		return;
	}
	if (run->prog)
		virtnet_xdp_slow(rq, virtnet_xsk_skb(rq, buf->xsk), run);
	else
		virtnet_xsk_pass(rq, buf, run);
	virtnet_xsk_put(rq, buf);
}

/* One buffer, a header that asks for nothing, and a program to see it. */
static __always_inline bool
virtnet_xsk_plain(const struct receive_queue *rq,
		  const struct virtnet_xdp_run *run)
{
	return run->prog && virtnet_hdr_plain(&run->hdr.hdr) &&
	       (run->hdr.num_buffers == rq->one ||
		rq->plan.mode != VIRTNET_RX_MERGEABLE);
}

static __always_inline void receive_xsk(struct receive_queue *rq,
					struct virtnet_rx_buf *buf, u32 len,
					void *ctx)
{
	struct virtnet_xdp_run *run = ctx;
	const unsigned long hdr_len = rq->hdr_len;
	struct xdp_buff *xdp = buf->xsk;
	void *hdr = buf->hdr;

	if (unlikely(!virtnet_rx_len_ok(rq, buf, len, run->d))) {
		run->d->drops++;
		xdp->flags = 0;
		virtnet_xsk_put(rq, buf);
		return;
	}
	virtnet_xsk_open(rq, buf, len, hdr + hdr_len);
	virtnet_hdr_copy(&run->hdr, hdr, sizeof(run->hdr));
	if (likely(virtnet_xsk_plain(rq, run)))
		virtnet_xsk_run(rq, xdp, len - hdr_len, run);
	else
		receive_xsk_other(rq, buf, run);
}

/**
 * virtnet_receive_xsk() - packets of a queue that has a socket
 * @rq: the queue; NAPI context
 * @prog: its program, or NULL
 * @budget: most packets to take
 * @d: counters
 *
 * Return: packets taken, dropped ones included.
 */
int virtnet_receive_xsk(struct receive_queue *rq, struct bpf_prog *prog,
			int budget, struct virtnet_rx_delta *d)
{
	struct virtnet_xdp_run run;
	int n;

	virtnet_xdp_begin(&run, rq, prog, d);
	n = virtnet_rx_loop(rq, budget, &run, receive_xsk);
	virtnet_xdp_end(&run, rq);
	return n;
}
