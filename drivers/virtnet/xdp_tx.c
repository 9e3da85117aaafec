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

/* What others sent, @n packets of them, @sent to the ring. Tx lock held. */
static void virtnet_xdp_sent(struct send_queue *sq, int n, int sent)
{
	u64_stats_update_begin(&sq->stats->syncp);
	u64_stats_add(&sq->stats->xdp_tx, n);
	u64_stats_add(&sq->stats->xdp_tx_drops, n - sent);
	u64_stats_update_end(&sq->stats->syncp);
}

/**
 * virtnet_xdp_spare() - pieces for packets that are about to be sent back
 * @sq: the queue they are going to be sent by
 * @run: the poll, without any
 *
 * Bottom halves off; takes the tx lock. There may be none.
 */
void virtnet_xdp_spare(struct send_queue *sq, struct virtnet_xdp_run *run)
{
	__netif_tx_lock(sq->txq, smp_processor_id());
	if (likely(sq->up && sq->can_push)) {
		if (sq->copies.nfree < VIRTNET_XDP_BULK)
			virtnet_tx_reclaim(sq);
		run->nspare = virtnet_copies_take(&sq->copies, run->spare,
						  VIRTNET_XDP_BULK);
		run->sq = sq;
	}
	__netif_tx_unlock(sq->txq);
}

static __always_inline int virtnet_xdp_add_back(struct send_queue *sq,
						void *token)
{
	struct virtnet_copies *c = &sq->copies;
	unsigned int index = virtnet_token_index(token);

	if (unlikely(!virtnet_token_is_copy(token)))
		return virtnet_xdp_add(sq, virtnet_token_xdp(token));
	return ring_add_out_linear(sq->vq, &sq->sg_linear,
				   virtnet_copy_at(c->pages, index) -
				   sq->hdr_len,
				   sq->hdr_len + c->lens[index], token,
				   sq->phys);
}

/* Packets from @i on did not fit, and are lost. */
static noinline void virtnet_xdp_unsent(struct send_queue *sq,
					struct virtnet_xdp_run *run, int i)
{
	for (; i < run->ntx; i++) {
		if (virtnet_token_is_copy(run->tx[i]))
			virtnet_copies_put(&sq->copies,
					   virtnet_token_index(run->tx[i]));
		else
			xdp_return_frame_rx_napi(virtnet_token_xdp(run->tx[i]));
	}
}

/* Entries that a packet takes at most. */
static __always_inline unsigned int virtnet_xdp_entries_back(void *token)
{
	return virtnet_token_is_copy(token) ?
	       1 : virtnet_xdp_entries(virtnet_token_xdp(token));
}

static int virtnet_xdp_add_back_all(struct send_queue *sq,
				    struct virtnet_xdp_run *run)
{
	int i;

	if (unlikely(!sq->up))
		return 0;
	if (ring_free(sq->vq) < sq->room + VIRTNET_TX_SG + run->ntx)
		virtnet_tx_reclaim(sq);
	for (i = 0; i < run->ntx; i++) {
		if (ring_free(sq->vq) < sq->room +
					virtnet_xdp_entries_back(run->tx[i]) ||
		    virtnet_xdp_add_back(sq, run->tx[i]))
			break;
	}
	sq->frames += i;
	virtnet_tx_sent(sq, i, true);
	return i;
}

/**
 * virtnet_xdp_send_back() - send what a poll has to be sent back
 * @sq: the queue; the one that pieces are of if there are any
 * @run: the poll, with neither packets nor pieces afterwards
 *
 * Bottom halves off; takes the tx lock. What does not fit is lost.
 */
void virtnet_xdp_send_back(struct send_queue *sq, struct virtnet_xdp_run *run)
{
	int sent;

	__netif_tx_lock(sq->txq, smp_processor_id());
	sent = virtnet_xdp_add_back_all(sq, run);
	if (unlikely(sent < run->ntx))
		virtnet_xdp_unsent(sq, run, sent);
	while (run->nspare)
		virtnet_copies_put(&sq->copies, run->spare[--run->nspare]);
	virtnet_xdp_sent(sq, run->ntx, sent);
	__netif_tx_unlock(sq->txq);
	run->ntx = 0;
	run->sq = NULL;
}

/**
 * virtnet_xdp_idle() - give pieces back that no program needs any more
 * @sq: a queue; process context
 *
 * Not while one of them is in the ring, or with a poll that runs still: then
 * they go with the queue.
 */
void virtnet_xdp_idle(struct send_queue *sq)
{
	__netif_tx_lock_bh(sq->txq);
	if (sq->copies.nfree == sq->copies.count)
		virtnet_copies_free(&sq->copies);
	__netif_tx_unlock_bh(sq->txq);
}

/*
 * Frames to a queue, the doorbell behind them with @kick. Bottom halves off;
 * takes the tx lock. Return: how many were sent, the first of @frames.
 */
static int virtnet_xdp_send(struct send_queue *sq, struct xdp_frame **frames,
			    int n, bool kick)
{
	int sent = 0;

	__netif_tx_lock(sq->txq, smp_processor_id());
	if (likely(sq->up)) {
		sent = virtnet_xdp_add_all(sq, frames, n);
		virtnet_tx_sent(sq, sent, kick);
	}
	virtnet_xdp_sent(sq, n, sent);
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
