// SPDX-License-Identifier: GPL-2.0
/*
 * What becomes of a packet, whatever memory it lies in: sent back, redirected,
 * or shown to the program as an skb because it cannot be shown otherwise.
 */
#include <virtnet/rx.h>
#include <virtnet/virtnet.h>
#include <virtnet/xdp.h>
#include <virtnet/xsk.h>

#include <linux/bpf_trace.h>
#include <linux/filter.h>

/* Hand XDP_TX packets over. Some may not fit: theirs is the loss. */
static void virtnet_xdp_flush_tx(struct receive_queue *rq,
				 struct virtnet_xdp_run *run)
{
	virtnet_xdp_send_back(run->sq ?: virtnet_xdp_sq(rq->vi->qs, rq->sq),
			      run);
}

/* Worth copying: short, in one piece, and without anything in front. */
static __always_inline bool virtnet_xdp_is_short(struct xdp_buff *xdp)
{
	return xdp->data_end - xdp->data <= VIRTNET_XDP_SHORT &&
	       xdp->data == xdp->data_meta && !xdp_buff_has_frags(xdp);
}

/*
 * A copy of a short packet, in run->copy. The rest of its buffer would go with
 * it, and come back by way of the pool. Buffers are longer than what is copied.
 * Not for those of an AF_XDP socket.
 *
 * Return: false if the packet has to leave as it is.
 */
static __always_inline bool virtnet_xdp_copy(struct receive_queue *rq,
					     struct xdp_buff *xdp,
					     struct virtnet_xdp_run *run)
{
	const unsigned long len = xdp->data_end - xdp->data;
	struct xdp_buff *copy = &run->copy;
	const void *from = xdp->data;
	void *start, *to;

	if (!virtnet_xdp_is_short(xdp))
		return false;
	if (!virtnet_rx_slice_any(rq->copy_pool, &rq->frame,
				  VIRTNET_XDP_COPY_SIZE,
				  GFP_ATOMIC | __GFP_NOWARN))
		return false;
	start = virtnet_rx_slice_next(&rq->frame, VIRTNET_XDP_COPY_SIZE);
	to = start + VIRTNET_XDP_COPY_HEAD;
	copy->data_hard_start = start;
	copy->data = to;
	copy->data_meta = to;
	copy->data_end = to + len;
	memcpy(to, from, VIRTNET_XDP_SHORT / 2);
	if (len > VIRTNET_XDP_SHORT / 2)
		memcpy(to + VIRTNET_XDP_SHORT / 2, from + VIRTNET_XDP_SHORT / 2,
		       VIRTNET_XDP_SHORT / 2);
	return true;
}

/*
 * A frame made of the packet, or NULL. Of buffers of an AF_XDP socket it is a
 * copy; the kernel's own is enough for what one page holds.
 */
static struct xdp_frame *virtnet_xdp_frame(struct receive_queue *rq,
					   struct xdp_buff *xdp)
{
	if (unlikely(rq->xsk && (xdp_buff_has_frags(xdp) ||
				 xdp->data_end - xdp->data_meta >
				 VIRTNET_XDP_COPY_SIZE)))
		return virtnet_xsk_frame(rq, xdp);
	return xdp_convert_buff_to_frame(xdp);
}

/*
 * A piece of the transmit queue's to copy a packet to, if there is one. The first of a batch
 * gets those of all.
 */
static __always_inline bool virtnet_xdp_piece(struct receive_queue *rq,
					      struct virtnet_xdp_run *run)
{
	if (likely(run->nspare))
		return true;
	if (!run->ntx)
		virtnet_xdp_spare(virtnet_xdp_sq(rq->vi->qs, rq->sq), run);
	return run->nspare;
}

/* A short packet as a copy. Return: its token. */
static __always_inline void *virtnet_xdp_tx_copy(struct xdp_buff *xdp,
						 struct virtnet_xdp_run *run)
{
	struct virtnet_copies *c = &run->sq->copies;
	unsigned int index = run->spare[--run->nspare];

	c->lens[index] = xdp->data_end - xdp->data;
	virtnet_copy_fill(c->pages, index, xdp->data, c->lens[index]);
	return virtnet_copy_token(index);
}

/* The same as a frame. Return: its token, or NULL. */
static noinline void *virtnet_xdp_tx_frame(struct receive_queue *rq,
					   struct xdp_buff *xdp,
					   struct virtnet_xdp_run *run,
					   bool *copied)
{
	struct xdp_frame *frame;

	*copied = !rq->xsk && virtnet_xdp_copy(rq, xdp, run);
	frame = *copied ? xdp_convert_buff_to_frame(&run->copy) :
			  virtnet_xdp_frame(rq, xdp);
	return frame ? virtnet_xdp_token(frame) : NULL;
}

/**
 * virtnet_xdp_tx() - XDP_TX
 * @rq: the queue; NAPI context
 * @xdp: the packet
 * @run: the poll
 *
 * Return: whose the buffer is.
 */
enum virtnet_xdp_outcome virtnet_xdp_tx(struct receive_queue *rq,
					struct xdp_buff *xdp,
					struct virtnet_xdp_run *run)
{
	bool copied = true;
	void *token;

	run->x.xdp_tx++;
	if (likely(!rq->xsk && virtnet_xdp_is_short(xdp) &&
		   virtnet_xdp_piece(rq, run)))
		token = virtnet_xdp_tx_copy(xdp, run);
	else
		token = virtnet_xdp_tx_frame(rq, xdp, run, &copied);
	if (unlikely(!token)) {
		trace_xdp_exception(rq->dev, run->prog, XDP_TX);
		return virtnet_xdp_dropped(run, VIRTNET_XDP_DROPPED);
	}
	run->tx[run->ntx++] = token;
	if (run->ntx == VIRTNET_XDP_BULK)
		virtnet_xdp_flush_tx(rq, run);
	return copied ? VIRTNET_XDP_COPIED : VIRTNET_XDP_GONE;
}

/**
 * virtnet_xdp_redirect() - XDP_REDIRECT
 * @rq: the queue, without an AF_XDP socket; NAPI context
 * @xdp: the packet
 * @run: the poll
 *
 * Return: whose the buffer is. VIRTNET_XDP_LOST if it failed: a page is the
 * caller's then; a buffer of an AF_XDP socket has to be freed, and may have
 * been.
 */
enum virtnet_xdp_outcome virtnet_xdp_redirect(struct receive_queue *rq,
					      struct xdp_buff *xdp,
					      struct virtnet_xdp_run *run)
{
	if (!virtnet_xdp_copy(rq, xdp, run))
		return virtnet_xdp_redirect_whole(rq, xdp, run);
	run->x.xdp_redirects++;
	if (unlikely(xdp_do_redirect(rq->dev, &run->copy, run->prog))) {
		virtnet_rx_slice_back(&rq->frame, VIRTNET_XDP_COPY_SIZE);
		return virtnet_xdp_dropped(run, VIRTNET_XDP_LOST);
	}
	return VIRTNET_XDP_COPIED;
}

/**
 * virtnet_xdp_aborted() - XDP_ABORTED, or what is no verdict at all
 * @rq: the queue; NAPI context
 * @run: the poll
 * @act: what the program said
 *
 * Return: VIRTNET_XDP_DROPPED.
 */
enum virtnet_xdp_outcome virtnet_xdp_aborted(struct receive_queue *rq,
					     struct virtnet_xdp_run *run,
					     u32 act)
{
	if (act != XDP_ABORTED)
		bpf_warn_invalid_xdp_action(rq->dev, run->prog, act);
	trace_xdp_exception(rq->dev, run->prog, act);
	run->x.xdp_aborted++;
	return virtnet_xdp_dropped(run, VIRTNET_XDP_DROPPED);
}

/**
 * virtnet_xdp_finish() - do what the device wants of the packet
 * @rq: the queue
 * @xdp: the packet, before the program sees it
 * @hdr: private copy of its header, which passed the gate
 */
void virtnet_xdp_finish(struct receive_queue *rq, struct xdp_buff *xdp,
			struct virtio_net_hdr *hdr)
{
	bool le = rq->rules.little_endian;

	if (hdr->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) {
		virtnet_xdp_csum(xdp, __virtio16_to_cpu(le, hdr->csum_start),
				 __virtio16_to_cpu(le, hdr->csum_offset));
		/* Computed by us over what its sender vouched for. */
		hdr->flags = VIRTIO_NET_HDR_F_DATA_VALID;
	}
	hdr->flags &= VIRTIO_NET_HDR_F_DATA_VALID;
}

/* GSO packets fall apart into what they stand for, with all checksums. */
static struct sk_buff *virtnet_xdp_segment(struct sk_buff *skb)
{
	struct sk_buff *segs = __skb_gso_segment(skb, NETIF_F_SG, true);

	if (IS_ERR_OR_NULL(segs))
		return NULL;
	consume_skb(skb);
	return segs;
}

/* A list of packets the program can be run on. NULL: none, @skb not freed. */
static struct sk_buff *virtnet_xdp_slow_list(struct receive_queue *rq,
					     struct sk_buff *skb,
					     const struct virtio_net_hdr *hdr)
{
	skb->dev = rq->dev;
	/* In a tunnel: was on its way when programs came, and is lost. */
	if (virtnet_hdr_rx(&rq->rules, hdr, NULL, skb))
		return NULL;
	if (skb_is_gso(skb)) {
		skb->protocol = eth_hdr(skb)->h_proto;
		return virtnet_xdp_segment(skb);
	}
	if (skb->ip_summed == CHECKSUM_PARTIAL && skb_checksum_help(skb))
		return NULL;
	return skb;
}

/* Run the program on an skb, by way of the kernel's generic XDP. */
static void virtnet_xdp_slow_one(struct receive_queue *rq, struct sk_buff *skb,
				 struct virtnet_xdp_run *run)
{
	run->d->packets++;
	run->d->bytes += skb->len;
	run->x.xdp_packets++;
	run->x.xdp_slow++;
	skb_record_rx_queue(skb, rq->shown);
	skb->protocol = eth_type_trans(skb, rq->dev);
	if (do_xdp_generic(run->prog, &skb) == XDP_PASS)
		napi_gro_receive(&rq->napi, skb);
}

/**
 * virtnet_xdp_slow() - show a packet as an skb, or as several if it is GSO
 * @rq: the queue; NAPI context, under RCU
 * @skb: the packet; NULL where memory was short
 * @run: the poll; the packet's header passed the gate
 */
void virtnet_xdp_slow(struct receive_queue *rq, struct sk_buff *skb,
		      struct virtnet_xdp_run *run)
{
	struct sk_buff *list, *next;

	if (unlikely(!skb)) {
		run->d->drops++;
		return;
	}
	skb_reset_mac_header(skb);
	list = virtnet_xdp_slow_list(rq, skb, &run->hdr.hdr);
	if (!list) {
		run->d->hdr_bad++;
		run->d->drops++;
		dev_kfree_skb_any(skb);
		return;
	}
	skb_list_walk_safe(list, skb, next) {
		skb_mark_not_on_list(skb);
		virtnet_xdp_slow_one(rq, skb, run);
	}
}

/**
 * virtnet_xdp_begin() - a poll of a queue with a program begins
 * @run: filled in, but for the packet
 * @rq: the queue; NAPI context
 * @prog: the program; NULL for a queue with an AF_XDP socket and without one
 * @d: counters
 */
void virtnet_xdp_begin(struct virtnet_xdp_run *run, struct receive_queue *rq,
		       struct bpf_prog *prog, struct virtnet_rx_delta *d)
{
	run->prog = prog;
	run->d = d;
	/* Stays so unless headers carry a hash. */
	run->buff.hashed.report = VIRTIO_NET_HASH_REPORT_NONE;
	memset(&run->x, 0, sizeof(run->x));
	run->frags = prog && prog->aux->xdp_has_frags;
	xdp_init_buff(&run->copy, VIRTNET_XDP_COPY_SIZE, &rq->copy_rxq);
	run->ntx = 0;
	run->nspare = 0;
	run->sq = NULL;
	run->packets = 0;
	run->bytes = 0;
}

/* It ends: everything on its way, and counted. */
void virtnet_xdp_end(struct virtnet_xdp_run *run, struct receive_queue *rq)
{
	if (run->ntx)
		virtnet_xdp_flush_tx(rq, run);
	if (run->x.xdp_redirects)
		xdp_do_flush();
	run->d->packets += run->packets;
	run->d->bytes += run->bytes;
	run->x.xdp_packets += run->packets;
	virtnet_xdp_stats_add(rq->xdp_stats, &run->x);
}
