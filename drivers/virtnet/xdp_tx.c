// SPDX-License-Identifier: GPL-2.0
/*
 * XDP frames to the ring. They have transmit queues of their own if the device
 * has enough, and share the stack's if not, under their lock, so that no device
 * has too few queues for XDP. Of a shared ring a frame takes a descriptor only
 * while enough remain for whatever the stack may send, so that the stack never
 * meets a ring that is full without its having been stopped.
 */
#include <virtnet/ring.h>
#include <virtnet/tx.h>
#include <virtnet/virtnet.h>
#include <virtnet/xdp.h>

#include <linux/smp.h>

/* Entries that a frame takes at most. */
static unsigned int virtnet_xdp_entries(struct xdp_frame *frame)
{
	if (likely(!xdp_frame_has_frags(frame)))
		return 2;
	return 2 + xdp_get_shared_info_from_frame(frame)->nr_frags;
}

/* Header, data and fragments into entries. Return: the last used. */
static struct scatterlist *virtnet_xdp_sg(struct send_queue *sq,
					  struct xdp_frame *frame, void *hdr,
					  bool push)
{
	struct scatterlist *sg = sq->sg;
	struct skb_shared_info *sinfo;
	const skb_frag_t *frag, *end;

	if (push) {
		sg_set_buf(sg, hdr, sq->hdr_len + frame->len);
	} else {
		sg_set_buf(sg++, hdr, sq->hdr_len);
		sg_set_buf(sg, frame->data, frame->len);
	}
	if (!xdp_frame_has_frags(frame))
		return sg;
	sinfo = xdp_get_shared_info_from_frame(frame);
	end = sinfo->frags + sinfo->nr_frags;
	for (frag = sinfo->frags; frag < end; frag++)
		sg_set_page(++sg, skb_frag_page(frag), skb_frag_size(frag),
			    skb_frag_off(frag));
	return sg;
}

/* A frame of several entries. The end mark is there for the ring only. */
static noinline int virtnet_xdp_add_sg(struct send_queue *sq,
				       struct xdp_frame *frame, void *hdr,
				       bool push)
{
	struct scatterlist *last = virtnet_xdp_sg(sq, frame, hdr, push);
	int err;

	sg_mark_end(last);
	err = ring_add_out(sq->vq, sq->sg, last - sq->sg + 1,
			   virtnet_xdp_token(frame));
	sg_unmark_end(last);
	return err;
}

/*
 * The vnet header goes right in front of the data: nobody else needs that.
 * Copies that the kernel makes of an AF_XDP socket's buffers have no room for it.
 */
static __always_inline int virtnet_xdp_add(struct send_queue *sq,
					   struct xdp_frame *frame)
{
	void *hdr = frame->data - sq->hdr_len;

	if (unlikely(frame->headroom < sq->hdr_len))
		return virtnet_xdp_add_sg(sq, frame, sq->plain_hdr, false);
	virtnet_tx_hdr_clear(hdr, sq->hdr_len);
	if (unlikely(!sq->can_push || xdp_frame_has_frags(frame)))
		return virtnet_xdp_add_sg(sq, frame, hdr, sq->can_push);
	return ring_add_out_linear(sq->vq, &sq->sg_linear, hdr,
				   sq->hdr_len + frame->len,
				   virtnet_xdp_token(frame), sq->phys);
}

static bool virtnet_xdp_room(const struct send_queue *sq,
			     struct xdp_frame *frame)
{
	return ring_free(sq->vq) >= sq->room + virtnet_xdp_entries(frame);
}

/* As many as there is room for. Tx lock held. */
static int virtnet_xdp_add_all(struct send_queue *sq, struct xdp_frame **frames,
			       int n)
{
	int i;

	if (ring_free(sq->vq) < sq->room + VIRTNET_TX_SG + n)
		virtnet_tx_reclaim(sq);
	for (i = 0; i < n; i++) {
		if (!virtnet_xdp_room(sq, frames[i]) ||
		    virtnet_xdp_add(sq, frames[i]))
			break;
	}
	sq->frames += i;
	return i;
}

/**
 * virtnet_xdp_send() - send XDP frames
 * @sq: a transmit queue
 * @frames: the frames; those sent belong to the queue
 * @n: how many
 * @kick: ring the doorbell
 *
 * Bottom halves off; takes the tx lock.
 *
 * Return: how many were sent, the first of @frames.
 */
int virtnet_xdp_send(struct send_queue *sq, struct xdp_frame **frames, int n,
		     bool kick)
{
	int sent = 0;

	__netif_tx_lock(sq->txq, smp_processor_id());
	if (likely(sq->up)) {
		sent = virtnet_xdp_add_all(sq, frames, n);
		virtnet_tx_sent(sq, sent, kick);
	}
	u64_stats_update_begin(&sq->stats->syncp);
	u64_stats_add(&sq->stats->xdp_tx, n);
	u64_stats_add(&sq->stats->xdp_tx_drops, n - sent);
	u64_stats_update_end(&sq->stats->syncp);
	__netif_tx_unlock(sq->txq);
	return sent;
}

/**
 * virtnet_xdp_xmit() - ndo_xdp_xmit
 * @dev: the net device
 * @n: number of frames
 * @frames: frames redirected here by programs on whatever device
 * @flags: XDP_XMIT_FLUSH
 *
 * Needs no program on this device. Called with bottom halves off, under RCU,
 * by which the queue set stays until we return.
 *
 * Return: how many were sent, the rest being the caller's; or -errno.
 */
int virtnet_xdp_xmit(struct net_device *dev, int n, struct xdp_frame **frames,
		     u32 flags)
{
	struct virtnet_info *vi = netdev_priv(dev);
	struct virtnet_qset *qs = READ_ONCE(vi->qs);
	struct send_queue *sq;
	unsigned int queues;

	if (unlikely(flags & ~XDP_XMIT_FLAGS_MASK))
		return -EINVAL;
	if (unlikely(!qs))
		return -ENETDOWN;
	queues = min_t(unsigned int, qs->stack,
		       READ_ONCE(dev->real_num_tx_queues));
	sq = virtnet_xdp_sq(qs, &qs->sq[smp_processor_id() % queues]);
	return virtnet_xdp_send(sq, frames, n, flags & XDP_XMIT_FLUSH);
}
