// SPDX-License-Identifier: GPL-2.0
/*
 * Resetting single virtqueues, where device and kernel can (virtio 1.3, 2.6.1):
 * the rest of the device, its settings and the carrier stay as they are. RTNL
 * is held throughout. Where it cannot be done nothing changes, and whoever asks
 * resets the whole device instead.
 */
#include <virtnet/ring.h>
#include <virtnet/rx.h>
#include <virtnet/tx.h>
#include <virtnet/virtnet.h>
#include <virtnet/xsk.h>

/* A slot that the device had: the memory stays with it. */
static void virtnet_rx_recycle(struct virtqueue *vq, void *buf)
{
	struct virtnet_info *vi = vq->vdev->priv;

	virtnet_rx_buf_put(&vi->qs->rq[vq2pair(vq)], buf);
}

static void virtnet_tx_recycle(struct virtqueue *vq, void *buf)
{
	struct virtnet_info *vi = vq->vdev->priv;

	virtnet_tx_unsent(&vi->qs->sq[vq2pair(vq)], buf);
}

/* NAPI of the queue is off. The ring is empty afterwards. */
static int virtnet_rq_reset(struct receive_queue *rq)
{
	int err = ring_reset(rq->vq, virtnet_rx_recycle);

	if (err)
		return err;
	while (rq->used_next < rq->used_end)
		virtnet_rx_buf_put(rq, (rq->used_next++)->buf);
	return 0;
}

static void virtnet_rq_rest(struct receive_queue *rq)
{
	napi_disable(&rq->napi);
	timer_delete_sync(&rq->refill_timer);
	hrtimer_cancel(&rq->defer_timer);
}

static int virtnet_rq_restart(struct receive_queue *rq)
{
	unsigned int posted;
	int err;

	virtnet_rq_rest(rq);
	err = virtnet_rq_reset(rq);
	if (!err) {
		virtnet_rx_fill(rq, GFP_KERNEL, &posted);
		ring_kick(rq->vq);
	}
	virtnet_napi_start(&rq->napi, rq->vq);
	return err;
}

/*
 * The stack does not send on a stopped queue, and XDP not on one that is not
 * up, which it looks at with the lock held.
 */
static void virtnet_sq_rest(struct send_queue *sq)
{
	napi_disable(&sq->napi);
	__netif_tx_lock_bh(sq->txq);
	netif_tx_stop_queue(sq->txq);
	sq->up = false;
	__netif_tx_unlock_bh(sq->txq);
}

static int virtnet_sq_restart(struct send_queue *sq)
{
	int err;

	virtnet_sq_rest(sq);
	err = ring_reset(sq->vq, virtnet_tx_recycle);
	if (!err) {
		netdev_tx_reset_queue(sq->txq);
		netif_tx_wake_queue(sq->txq);
		virtnet_tx_up(sq, true);
	}
	virtnet_napi_start(&sq->napi, sq->vq);
	return err;
}

/* Tell the device again what it forgot. */
static void virtnet_queues_were_reset(struct virtnet_info *vi)
{
	virtnet_dim_stop(vi->qs);
	virtnet_replay_queues(vi);
	virtnet_dim_start(vi);
}

/**
 * virtnet_queue_restart() - reset one virtqueue and go on with it
 * @vi: the interface, running
 * @index: index of the virtqueue
 *
 * Packets in it are lost. After an error other than -ENOENT the queue may be
 * out of order, and the device has to be reset.
 *
 * Return: 0 or -errno.
 */
int virtnet_queue_restart(struct virtnet_info *vi, unsigned int index)
{
	int err;

	if (!vi->caps.ring_reset)
		return -ENOENT;
	err = index % 2 ? virtnet_sq_restart(&vi->qs->sq[index / 2]) :
			  virtnet_rq_restart(&vi->qs->rq[index / 2]);
	if (err)
		return err;
	virtnet_queues_were_reset(vi);
	return 0;
}

/* The pair is at rest. Return: 0, or -errno with NAPI on, and no more. */
static int virtnet_pair_lend(struct virtnet_info *vi, struct receive_queue *rq,
			     struct send_queue *sq, struct virtnet_xsk *xsk)
{
	unsigned int posted;
	int err = virtnet_rq_reset(rq);

	if (!err)
		err = ring_reset(sq->vq, virtnet_tx_recycle);
	if (err) {
		virtnet_napi_start(&rq->napi, rq->vq);
		virtnet_napi_start(&sq->napi, sq->vq);
		return err;
	}
	virtnet_rq_lend(rq, xsk);
	sq->xsk = xsk;
	virtnet_rx_fill(rq, GFP_KERNEL, &posted);
	virtnet_pair_enable(vi, rq, sq);
	netif_tx_wake_queue(sq->txq);
	return 0;
}

/**
 * virtnet_queue_lend() - an AF_XDP socket comes to a queue pair, or goes
 * @vi: the interface, running
 * @pair: the pair; virtnet_xsk_plan_same()
 * @xsk: the socket; NULL if it goes
 *
 * Packets in the pair's rings are lost; other queues do not notice. After an
 * error the rings may be out of order, the pair stands still, and the device
 * has to be reset; the pair's memory is still what it was.
 *
 * Return: 0 or -errno.
 */
int virtnet_queue_lend(struct virtnet_info *vi, unsigned int pair,
		       struct virtnet_xsk *xsk)
{
	struct receive_queue *rq = &vi->qs->rq[pair];
	struct send_queue *sq = &vi->qs->sq[pair];
	int err;

	virtnet_health_stop(vi);
	virtnet_rq_rest(rq);
	virtnet_sq_rest(sq);
	err = virtnet_pair_lend(vi, rq, sq, xsk);
	if (!err)
		virtnet_queues_were_reset(vi);
	virtnet_health_start(vi);
	return err;
}

/* Empty every ring of the running set, which is quiet. */
static int virtnet_qset_release(struct virtnet_qset *qs)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < qs->pairs && !err; i++) {
		err = virtnet_rq_reset(&qs->rq[i]);
		if (!err && qs->rq[i].xsk)
			virtnet_xsk_release(&qs->rq[i]);
		if (!err)
			err = ring_reset(qs->sq[i].vq, virtnet_tx_recycle);
	}
	return err;
}

/**
 * virtnet_exchange() - other buffers for the same virtqueues
 * @vi: the interface, running but quiet
 * @qs: a set of as many pairs of the stack's as the running one has; the
 *	interface's if this works
 *
 * After an error the rings may be out of order, and the device has to be
 * reset; the running set is still the old one then.
 *
 * Return: 0 or -errno.
 */
int virtnet_exchange(struct virtnet_info *vi, struct virtnet_qset *qs)
{
	int err;

	if (!vi->caps.ring_reset || qs->stack != vi->qs->stack ||
	    virtnet_must_negotiate(&vi->caps, &vi->settings))
		return -ENOENT;
	err = virtnet_qset_release(vi->qs);
	if (!err)
		err = virtnet_qset_attach(qs, vi->vqs);
	if (!err)
		err = virtnet_channels_set(vi, vi->dev->real_num_tx_queues,
					   qs->pairs);
	if (err)
		return err;
	virtnet_qset_fill(qs);
	WRITE_ONCE(vi->qs, qs);
	return 0;
}
