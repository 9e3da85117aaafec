// SPDX-License-Identifier: GPL-2.0
/* Transmit: start_xmit, completion, stop and wake. */
#include <virtnet/ring.h>
#include <virtnet/trace.h>
#include <virtnet/tx.h>
#include <virtnet/virtnet.h>
#include <virtnet/xdp.h>
#include <virtnet/xsk.h>

#include <linux/delay.h>
#include <linux/skbuff.h>

/* Room in skb->cb for the header of a device that wants it apart. */
struct virtnet_tx_cb {
	struct virtio_net_hdr_v1_hash_tunnel hdr;
};

/* Fragments of up to this many bytes are worth moving. */
#define VIRTNET_TX_LINEAR	128
/* While packets go out without a completion, put the callback off again. */
#define VIRTNET_TX_REARM	16
/* Packets from this size on are worth looking for others to be freed. */
#define VIRTNET_TX_REAP		1024
/* Longest wait for the device to send what is in a queue, in milliseconds. */
#define VIRTNET_TX_FLUSH_MS	200

/**
 * skb_xmit_done() - the device sent packets
 * @vq: a transmit queue; hard interrupt context
 */
void skb_xmit_done(struct virtqueue *vq)
{
	struct virtnet_info *vi = vq->vdev->priv;
	struct virtnet_qset *qs = READ_ONCE(vi->qs);
	struct send_queue *sq;

	if (unlikely(!virtnet_qset_has(qs, vq)))
		return;
	sq = &qs->sq[vq2pair(vq)];
	virtnet_irq_stats_inc(sq->irq_stats);
	ring_schedule(&sq->napi, vq);
}

/* A copy's piece is free again. Return: its bytes. */
static unsigned int virtnet_tx_copy_done(struct send_queue *sq, void *token)
{
	unsigned int index = virtnet_token_index(token);

	virtnet_copies_put(&sq->copies, index);
	return sq->copies.lens[index];
}

/* What is no skb has been sent. Return: its bytes. */
static unsigned int virtnet_tx_free_other(struct send_queue *sq, void *token,
					  struct xdp_frame_bulk *bulk)
{
	struct xdp_frame *frame = virtnet_token_xdp(token);
	unsigned int len;

	if (virtnet_token_is_copy(token))
		return virtnet_tx_copy_done(sq, token);
	if (!frame)
		return virtnet_xsk_done(sq->xsk, token);
	len = virtnet_xdp_frame_len(frame);
	xdp_return_frame_bulk(frame, bulk);
	return len;
}

/*
 * What virtnet_tx_free() does while there are others than skbs in the ring.
 * Byte queue limits are about the stack's packets only. Return: how many others.
 */
static noinline unsigned int virtnet_tx_free_mixed(struct send_queue *sq,
						   int budget,
						   unsigned int *packets,
						   unsigned int *bytes)
{
	unsigned int len, frames = 0, frame_bytes = 0;
	struct xdp_frame_bulk bulk;
	void *token;

	xdp_frame_bulk_init(&bulk);
	rcu_read_lock();
	while ((token = ring_get(sq->vq, &len))) {
		if (!virtnet_token_is_skb(token)) {
			frame_bytes += virtnet_tx_free_other(sq, token, &bulk);
			frames++;
			continue;
		}
		*bytes += ((struct sk_buff *)token)->len;
		(*packets)++;
		napi_consume_skb(token, budget);
	}
	xdp_flush_frame_bulk(&bulk);
	rcu_read_unlock();
	if (sq->xsk)
		virtnet_xsk_complete(sq->xsk);
	sq->frames -= frames;
	u64_stats_update_begin(&sq->stats->syncp);
	u64_stats_add(&sq->stats->packets, frames);
	u64_stats_add(&sq->stats->bytes, frame_bytes);
	u64_stats_update_end(&sq->stats->syncp);
	return frames;
}

/* What virtnet_tx_free() does while the stack has the queue for itself. */
static __always_inline void virtnet_tx_free_skbs(struct send_queue *sq,
						 int budget,
						 unsigned int *packets,
						 unsigned int *bytes)
{
	struct sk_buff *skb;
	unsigned int len;

	while ((skb = ring_get(sq->vq, &len))) {
		*bytes += skb->len;
		(*packets)++;
		napi_consume_skb(skb, budget);
	}
}

/*
 * Free what the device has sent. Tx lock held; @budget as NAPI got it.
 * Return: how many packets that was, XDP frames included.
 */
static unsigned int virtnet_tx_free(struct send_queue *sq, int budget)
{
	unsigned int packets = 0, bytes = 0, frames = 0;

	if (unlikely(sq->frames))
		frames = virtnet_tx_free_mixed(sq, budget, &packets, &bytes);
	else
		virtnet_tx_free_skbs(sq, budget, &packets, &bytes);
	if (!packets)
		return frames;
	netdev_tx_completed_queue(sq->txq, packets, bytes);
	u64_stats_update_begin(&sq->stats->syncp);
	u64_stats_add(&sq->stats->packets, packets);
	u64_stats_add(&sq->stats->bytes, bytes);
	u64_stats_update_end(&sq->stats->syncp);
	return packets + frames;
}

/* Is there room for whatever the stack may send next? */
static bool virtnet_tx_room(const struct send_queue *sq)
{
	return ring_free(sq->vq) >= sq->room;
}

static void virtnet_tx_wake(struct send_queue *sq)
{
	if (!netif_tx_queue_stopped(sq->txq) || !virtnet_tx_room(sq))
		return;
	netif_tx_wake_queue(sq->txq);
	virtnet_tx_stat_add(sq->stats, wake, 1);
}

/*
 * Stop the queue: the next packet might not fit. The device may complete
 * packets while we do, and with callbacks still off nobody would wake us: so
 * arm, and look again.
 */
static noinline void virtnet_tx_stop(struct send_queue *sq)
{
	netif_tx_stop_queue(sq->txq);
	virtnet_tx_stat_add(sq->stats, stop, 1);
	if (likely(virtqueue_enable_cb_delayed(sq->vq)))
		return;
	virtnet_tx_free(sq, 0);
	virtnet_tx_wake(sq);
	/* NAPI re-arms, and takes care of what is used from here on. */
	ring_schedule(&sq->napi, sq->vq);
}

/* Return: true if the queue was stopped, if only for a moment. */
static __always_inline bool virtnet_tx_maybe_stop(struct send_queue *sq)
{
	if (likely(virtnet_tx_room(sq)))
		return false;
	virtnet_tx_stop(sq);
	return true;
}

/* May the header go right in front of the packet, in one descriptor? */
static __always_inline bool virtnet_tx_can_push(const struct send_queue *sq,
						const struct sk_buff *skb)
{
	return sq->can_push && !skb_header_cloned(skb) &&
	       skb_headroom(skb) >= sq->hdr_len &&
	       IS_ALIGNED((unsigned long)skb->data,
			  __alignof__(struct virtio_net_hdr_mrg_rxbuf));
}

/*
 * Few bytes in fragments: moving them behind the linear part is cheaper than
 * a chain of descriptors. Only where that needs no new memory; and where a
 * chain would be longer than the ring.
 */
static void virtnet_tx_linearize(const struct send_queue *sq,
				 struct sk_buff *skb)
{
	if (unlikely(skb_shinfo(skb)->nr_frags + 2 > sq->most)) {
		skb_linearize(skb);
		return;
	}
	if (skb->data_len > VIRTNET_TX_LINEAR || skb_cloned(skb) ||
	    skb_tailroom(skb) < skb->data_len)
		return;
	__pskb_pull_tail(skb, skb->data_len);
}

/* Header, linear part and fragments into entries. Return: the last used. */
static struct scatterlist *virtnet_tx_sg(struct send_queue *sq,
					 struct sk_buff *skb, void *hdr,
					 bool push)
{
	const skb_frag_t *frag = skb_shinfo(skb)->frags;
	const skb_frag_t *end = frag + skb_shinfo(skb)->nr_frags;
	struct scatterlist *sg = sq->sg;
	const bool phys = sq->phys;

	if (push) {
		ring_sg_out_buf(sg, hdr, sq->hdr_len + skb_headlen(skb), phys);
	} else {
		ring_sg_out_buf(sg++, hdr, sq->hdr_len, phys);
		ring_sg_out_buf(sg, skb->data, skb_headlen(skb), phys);
	}
	for (; frag < end; frag++)
		ring_sg_out(++sg, skb_frag_page(frag), skb_frag_off(frag),
			    skb_frag_size(frag), phys);
	return sg;
}

/* A packet of several entries. The end mark is there for the ring only. */
static int virtnet_tx_add(struct send_queue *sq, struct sk_buff *skb,
			  void *hdr, bool push)
{
	struct scatterlist *last = virtnet_tx_sg(sq, skb, hdr, push);
	int err;

	/* The virtio core warns of those. */
	if (unlikely(last - sq->sg >= sq->most))
		return -ENOSPC;
	sg_mark_end(last);
	err = ring_add_out_pieces(sq->vq, sq->sg, last - sq->sg + 1, skb,
				  sq->phys);
	sg_unmark_end(last);
	return err;
}

/* The header's place, its fields set; NULL if the packet has to be dropped. */
static __always_inline void *virtnet_tx_hdr(struct send_queue *sq,
					    struct sk_buff *skb, bool push)
{
	void *hdr = push ? skb->data - sq->hdr_len : (void *)skb->cb;

	BUILD_BUG_ON(sizeof(struct virtnet_tx_cb) > sizeof(skb->cb));
	virtnet_tx_hdr_clear(hdr, sq->hdr_len);
	return virtnet_hdr_tx(&sq->vi->caps, skb, hdr) ? NULL : hdr;
}

/* What lies in one piece, with room for the header in front of it. */
static __always_inline int xmit_linear(struct send_queue *sq,
				       struct sk_buff *skb)
{
	void *hdr = virtnet_tx_hdr(sq, skb, true);

	if (unlikely(!hdr))
		return -EPROTO;
	return ring_add_out_linear(sq->vq, &sq->sg_linear, hdr,
				   sq->hdr_len + skb->len, skb, sq->phys);
}

/* What is, or seems to be, in pieces. */
static noinline int xmit_pieces(struct send_queue *sq, struct sk_buff *skb)
{
	bool push;
	void *hdr;

	if (skb_is_nonlinear(skb))
		virtnet_tx_linearize(sq, skb);
	push = virtnet_tx_can_push(sq, skb);
	if (push && !skb_is_nonlinear(skb))
		return xmit_linear(sq, skb);
	hdr = virtnet_tx_hdr(sq, skb, push);
	return hdr ? virtnet_tx_add(sq, skb, hdr, push) : -EPROTO;
}

/* Header and packet to the ring. Return: 0 or -errno; the skb is not freed. */
static __always_inline int xmit_skb(struct send_queue *sq, struct sk_buff *skb)
{
	if (!skb_is_nonlinear(skb) && virtnet_tx_can_push(sq, skb))
		return xmit_linear(sq, skb);
	return xmit_pieces(sq, skb);
}

/* One doorbell a burst: when the stack has no more, or the queue stopped. */
static void virtnet_tx_kick(struct send_queue *sq)
{
	if (ring_kick(sq->vq))
		virtnet_tx_stat_add(sq->stats, kicks, 1);
}

/*
 * The callback was armed for the packets that were outstanding when NAPI last
 * ran. A device that completes one by one would interrupt for each from there
 * on, so it is put off now and then; the interrupt is late, never lost.
 */
static noinline void virtnet_tx_rearm(struct send_queue *sq)
{
	sq->since_arm = 0;
	virtnet_tx_free(sq, 0);
	if (sq->nudge) {
		sq->nudge = false;
		virtqueue_notify(sq->vq);
	}
	if (!virtqueue_enable_cb_delayed(sq->vq))
		ring_schedule(&sq->napi, sq->vq);
}

/**
 * virtnet_tx_nudge() - ring a doorbell nobody asked for, now and once more
 * @sq: a running transmit queue
 *
 * For devices that lost track of what they asked for: what is in the ring is
 * seen now, and with the next packet the device gets another reason to look.
 * QEMU 7.2 with packed rings needs the second: it renews its event index only
 * with a packet in hand, and so a doorbell at an empty ring changes nothing.
 */
void virtnet_tx_nudge(struct send_queue *sq)
{
	__netif_tx_lock_bh(sq->txq);
	sq->nudge = true;
	sq->since_arm = VIRTNET_TX_REARM;
	virtqueue_notify(sq->vq);
	__netif_tx_unlock_bh(sq->txq);
}

static void virtnet_tx_drop(struct send_queue *sq, struct sk_buff *skb, int err)
{
	u64_stats_update_begin(&sq->stats->syncp);
	u64_stats_add(&sq->stats->drops, 1);
	if (err == -EPROTO)
		u64_stats_add(&sq->stats->errors, 1);
	u64_stats_update_end(&sq->stats->syncp);
	dev_kfree_skb_any(skb);
}

/**
 * virtnet_start_xmit() - ndo_start_xmit
 * @skb: the packet; ours from here on
 * @dev: the net device
 *
 * Called with the queue's tx lock held and bottom halves off. What cannot be
 * sent is dropped and counted; the queue was stopped before it could be full.
 *
 * Return: NETDEV_TX_OK.
 */
netdev_tx_t virtnet_start_xmit(struct sk_buff *skb, struct net_device *dev)
{
	struct virtnet_info *vi = netdev_priv(dev);
	struct send_queue *sq = &vi->qs->sq[skb_get_queue_mapping(skb)];
	bool more, kick;
	unsigned int len = skb->len;
	int err;

	/*
	 * Memory of what was sent is lent by its socket. NAPI gives it back, but
	 * may be late where the interrupt's CPU is, and the sender is here. Once
	 * a burst is enough: the device learns of it at its end.
	 */
	if (len >= VIRTNET_TX_REAP && !netdev_xmit_more())
		virtnet_tx_free(sq, 0);
	if (unlikely(skb_shinfo(skb)->tx_flags & SKBTX_ANY_TSTAMP))
		skb_tx_timestamp(skb);
	/* The route may be gone before the device is done with the packet. */
	skb_dst_drop(skb);
	err = xmit_skb(sq, skb);
	trace_virtnet_tx(sq->vi->dev, sq->index, skb, err);
	more = netdev_xmit_more();
	if (unlikely(err)) {
		virtnet_tx_drop(sq, skb, err);
		kick = !more;
	} else {
		kick = __netdev_tx_sent_queue(sq->txq, len, more);
		kick |= virtnet_tx_maybe_stop(sq);
	}
	if (kick)
		virtnet_tx_kick(sq);
	if (unlikely(++sq->since_arm >= VIRTNET_TX_REARM))
		virtnet_tx_rearm(sq);
	return NETDEV_TX_OK;
}

static void virtnet_tx_check_broken(struct send_queue *sq)
{
	if (likely(!virtqueue_is_broken(sq->vq)))
		return;
	if (virtnet_report_broken(sq->vi, sq->vq))
		virtnet_tx_stat_add(sq->stats, bad_used, 1);
}

/**
 * virtnet_poll_tx() - NAPI of a transmit queue
 * @napi: its NAPI
 * @budget: how much may be freed in a row; 0 from netpoll
 *
 * The callback is re-armed with a delay: the device interrupts after most of
 * what is outstanding has been sent, or at once if that is little.
 *
 * Return: 0, or @budget if the device used more in the meantime.
 */
int virtnet_poll_tx(struct napi_struct *napi, int budget)
{
	struct send_queue *sq = container_of(napi, struct send_queue, napi);
	bool again = false;

	__netif_tx_lock(sq->txq, raw_smp_processor_id());
	virtnet_tx_stat_add(sq->stats, polls, 1);
	virtnet_tx_free(sq, budget);
	virtnet_tx_wake(sq);
	virtnet_tx_check_broken(sq);
	if (unlikely(sq->adaptive))
		virtnet_tx_dim(sq);
	if (unlikely(sq->xsk && budget))
		again = virtnet_xsk_xmit(sq, budget);
	/* Netpoll calls without having scheduled: leave the callback alone. */
	if (budget && !again)
		again = !virtqueue_enable_cb_delayed(sq->vq);
	if (again)
		virtqueue_disable_cb(sq->vq);
	__netif_tx_unlock(sq->txq);
	if (again)
		return budget;
	napi_complete_done(napi, 0);
	return 0;
}

/**
 * virtnet_tx_look() - free what was sent and wake the queue, as NAPI would
 * @sq: the queue; process context
 *
 * Return: true if there was something.
 */
bool virtnet_tx_look(struct send_queue *sq)
{
	bool found;

	__netif_tx_lock_bh(sq->txq);
	found = virtnet_tx_free(sq, 0);
	virtnet_tx_wake(sq);
	__netif_tx_unlock_bh(sq->txq);
	return found;
}

static bool virtnet_tx_empty(const struct send_queue *sq)
{
	return ring_free(sq->vq) == virtqueue_get_vring_size(sq->vq);
}

/**
 * virtnet_tx_flush() - give the device time to send what is in a queue
 * @sq: the queue, which nobody sends by any more; process context, may sleep
 */
void virtnet_tx_flush(struct send_queue *sq)
{
	unsigned long end = jiffies + msecs_to_jiffies(VIRTNET_TX_FLUSH_MS);

	while (!virtnet_tx_empty(sq) && time_before(jiffies, end)) {
		usleep_range(500, 1000);
		virtnet_tx_look(sq);
	}
}

/* What was in the ring and will never be sent. Transmit is stopped. */
void virtnet_tx_unsent(struct send_queue *sq, void *token)
{
	struct xdp_frame *frame = virtnet_token_xdp(token);

	if (virtnet_token_is_skb(token)) {
		virtnet_tx_drop(sq, token, 0);
		return;
	}
	sq->frames--;
	virtnet_tx_stat_add(sq->stats, xdp_tx_drops, 1);
	if (virtnet_token_is_copy(token)) {
		virtnet_tx_copy_done(sq, token);
		return;
	}
	if (frame) {
		xdp_return_frame(frame);
		return;
	}
	virtnet_xsk_done(sq->xsk, token);
	virtnet_xsk_complete(sq->xsk);
}

/**
 * virtnet_tx_reclaim() - take back what the device has sent
 * @sq: the queue; tx lock held, bottom halves off
 */
void virtnet_tx_reclaim(struct send_queue *sq)
{
	virtnet_tx_free(sq, 0);
	virtnet_tx_wake(sq);
}

/**
 * virtnet_tx_sent() - what follows when others than the stack used the ring
 * @sq: the queue; tx lock held
 * @n: how many they sent
 * @kick: they have no more
 */
void virtnet_tx_sent(struct send_queue *sq, unsigned int n, bool kick)
{
	if (likely(n))
		/* The watchdog knows of the stack's packets only. */
		txq_trans_cond_update(sq->txq);
	if (!sq->own && !netif_tx_queue_stopped(sq->txq))
		kick |= virtnet_tx_maybe_stop(sq);
	if (kick)
		virtnet_tx_kick(sq);
	sq->since_arm += n;
	if (sq->since_arm >= VIRTNET_TX_REARM)
		virtnet_tx_rearm(sq);
}

/* From when on, and until when, others than the stack may use the queue. */
void virtnet_tx_up(struct send_queue *sq, bool up)
{
	__netif_tx_lock_bh(sq->txq);
	sq->up = up;
	__netif_tx_unlock_bh(sq->txq);
}

/* Free what will never be sent; the device is reset and NAPI off. */
void virtnet_tx_drain(struct send_queue *sq)
{
	void *token;

	while ((token = virtqueue_detach_unused_buf(sq->vq)))
		virtnet_tx_unsent(sq, token);
}
