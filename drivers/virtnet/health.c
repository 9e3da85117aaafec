// SPDX-License-Identifier: GPL-2.0
/*
 * The health check: once a second it looks for what nobody reports, such as an
 * interrupt that never came. It does not take RTNL, so that whoever holds it
 * can wait for the check to end.
 */
#include <virtnet/ring.h>
#include <virtnet/tx.h>
#include <virtnet/virtnet.h>

#include <linux/virtio_config.h>

/* Milliseconds between checks; only tests are in more of a hurry. */
unsigned int virtnet_health_ms = 1000;
EXPORT_SYMBOL_IF_KUNIT(virtnet_health_ms);

/* Checks in which a transmit queue may have packets and send none: see below. */
unsigned int virtnet_health_unsent = 6;
EXPORT_SYMBOL_IF_KUNIT(virtnet_health_unsent);

/* A queue has to stand still for so many periods before it is looked at. */
#define VIRTNET_HEALTH_STILL	2
/* ... and to send nothing after its reset for so many, before that is the device's. */
#define VIRTNET_HEALTH_VAIN	3
/* Interrupts missed in a row before they are taken to be gone for good. */
#define VIRTNET_HEALTH_MISSES	3

static struct receive_queue *virtnet_health_rq(const struct virtnet_info *vi,
					       unsigned int index)
{
	return &vi->qs->rq[index / 2];
}

static struct send_queue *virtnet_health_sq(const struct virtnet_info *vi,
					    unsigned int index)
{
	return &vi->qs->sq[index / 2];
}

/**
 * virtnet_queue_progress() - something that changes while a queue works
 * @vi: the interface, running
 * @index: index of a virtqueue
 *
 * Return: packets that a receive queue took, or a transmit queue has sent.
 */
u64 virtnet_queue_progress(const struct virtnet_info *vi, unsigned int index)
{
	const struct virtnet_pair_stats *s = &vi->stats[index / 2];

	if (index % 2)
		return virtnet_stat_read(&s->tx.syncp, &s->tx.packets);
	return virtnet_stat_read(&s->rx.syncp, &s->rx.packets) +
	       virtnet_stat_read(&s->rx.syncp, &s->rx.drops);
}

static u64 virtnet_queue_irqs(const struct virtnet_info *vi, unsigned int index)
{
	const struct virtnet_pair_stats *s = &vi->stats[index / 2];
	const struct virtnet_irq_stats *irq = index % 2 ? &s->tx_irq :
							  &s->rx_irq;

	return virtnet_stat_read(&irq->syncp, &irq->interrupts);
}

static void virtnet_health_poll(struct napi_struct *napi, struct virtqueue *vq)
{
	local_bh_disable();
	ring_schedule(napi, vq);
	local_bh_enable();
}

/* Did the device use buffers that NAPI, which is done, has not seen? */
bool virtnet_rx_pending(const struct receive_queue *rq)
{
	return virtqueue_poll(rq->vq, READ_ONCE(rq->armed));
}

/*
 * Nothing posted, and nobody about to change that. A socket that lends the
 * queue no memory is in its right.
 */
static bool virtnet_rx_starved(const struct receive_queue *rq)
{
	return !rq->xsk && READ_ONCE(rq->nr_free) == rq->plan.depth &&
	       !timer_pending(&rq->refill_timer);
}

static bool virtnet_tx_outstanding(const struct send_queue *sq)
{
	return ring_free(sq->vq) < virtqueue_get_vring_size(sq->vq);
}

/* The queue's own idea of whether there is work that nobody does. */
bool virtnet_queue_stuck(struct virtnet_info *vi, unsigned int index)
{
	struct receive_queue *rq = virtnet_health_rq(vi, index);

	if (index % 2)
		return virtnet_tx_outstanding(virtnet_health_sq(vi, index));
	return virtnet_rx_starved(rq) || virtnet_rx_pending(rq);
}

/**
 * virtnet_queue_look() - do what an interrupt would have done
 * @vi: the interface, running
 * @index: index of a virtqueue
 *
 * Process context.
 *
 * Return: true if that is known to have helped.
 */
bool virtnet_queue_look(struct virtnet_info *vi, unsigned int index)
{
	struct receive_queue *rq = virtnet_health_rq(vi, index);
	struct send_queue *sq = virtnet_health_sq(vi, index);
	bool found = false;

	if (index % 2) {
		found = virtnet_tx_look(sq);
		virtnet_health_poll(&sq->napi, sq->vq);
	} else {
		virtnet_health_poll(&rq->napi, rq->vq);
	}
	return found;
}

/* Interrupts that never come are a fault of another kind. */
static void virtnet_health_missed(struct virtnet_info *vi, unsigned int index,
				  struct virtnet_queue_health *h)
{
	u64 irqs = virtnet_queue_irqs(vi, index);

	atomic_long_inc(&vi->recovery.count[VIRTNET_FAULT_MISSED_IRQ]);
	atomic_long_inc(&vi->recovery.steps[VIRTNET_STEP_POLL]);
	h->misses = irqs == h->irqs ? h->misses + 1 : 1;
	h->irqs = irqs;
	if (h->misses < VIRTNET_HEALTH_MISSES)
		return;
	h->misses = 0;
	set_bit(index, vi->recovery.broken);
	virtnet_report_fault(vi, index % 2 ? VIRTNET_FAULT_TX_TIMEOUT :
					     VIRTNET_FAULT_STUCK_RX);
}

/* Return: true once the queue has stood still for long enough. */
static bool virtnet_health_still(struct virtnet_queue_health *h, u64 mark,
				 u16 free, bool work)
{
	if (!work || mark != h->mark || free != h->free) {
		h->still = 0;
		h->mark = mark;
		h->free = free;
		return false;
	}
	if (++h->still < VIRTNET_HEALTH_STILL)
		return false;
	h->still = 0;
	return true;
}

static void virtnet_health_rx(struct virtnet_info *vi, unsigned int index,
			      struct virtnet_queue_health *h)
{
	struct receive_queue *rq = virtnet_health_rq(vi, index);
	bool pending = virtnet_rx_pending(rq);
	u64 mark = virtnet_queue_progress(vi, index);

	if (!virtnet_health_still(h, mark, 0, pending ||
				  virtnet_rx_starved(rq)))
		return;
	if (pending) {
		virtnet_health_missed(vi, index, h);
		virtnet_queue_look(vi, index);
	} else {
		virtnet_report_queue(vi, VIRTNET_FAULT_STUCK_RX, index);
	}
}

/* Has a queue sent nothing at all since it was reset? */
static bool virtnet_tx_reset_in_vain(const struct virtnet_queue_health *h,
				     u64 mark)
{
	return READ_ONCE(h->step) == VIRTNET_STEP_DEVICE &&
	       time_before_eq(jiffies, READ_ONCE(h->calm)) &&
	       READ_ONCE(h->done) == mark;
}

/*
 * The stack's watchdog looks only at queues that are stopped, which one with
 * few packets is not: a dead one would stay dead. It gets a little more time
 * here, in checks, which do not go on while the machine sleeps or is paused.
 */
static bool virtnet_tx_dead(struct virtnet_info *vi, unsigned int index,
			    struct virtnet_queue_health *h, u64 mark)
{
	bool vain = virtnet_tx_reset_in_vain(h, mark);

	if (vain != h->vain || mark != h->mark ||
	    !virtnet_tx_outstanding(virtnet_health_sq(vi, index)) ||
	    !netif_carrier_ok(vi->dev)) {
		h->vain = vain;
		h->unsent = 0;
		return false;
	}
	if (++h->unsent < (vain ? VIRTNET_HEALTH_VAIN : virtnet_health_unsent))
		return false;
	h->unsent = 0;
	return !virtnet_queue_look(vi, index);
}

/*
 * Packets that were sent may rest in the ring, for the callback may be armed
 * for the last of them. So it is a missed interrupt only if all of them turn
 * out to be sent. If none is, the doorbell may have been lost.
 */
static void virtnet_health_tx(struct virtnet_info *vi, unsigned int index,
			      struct virtnet_queue_health *h)
{
	struct send_queue *sq = virtnet_health_sq(vi, index);
	u64 mark = virtnet_queue_progress(vi, index);

	if (virtnet_tx_dead(vi, index, h, mark)) {
		virtnet_report_queue(vi, VIRTNET_FAULT_TX_TIMEOUT, index);
		return;
	}
	if (!virtnet_health_still(h, mark, ring_free(sq->vq),
				  virtnet_tx_outstanding(sq)))
		return;
	if (!virtnet_queue_look(vi, index)) {
		virtqueue_notify(sq->vq);
		atomic_long_inc(&vi->recovery.steps[VIRTNET_STEP_KICK]);
	} else if (!virtnet_tx_outstanding(sq)) {
		virtnet_health_missed(vi, index, h);
	}
}

static void virtnet_health_queue(struct virtnet_info *vi, unsigned int index)
{
	struct virtnet_queue_health *h = &vi->recovery.queue[index];
	struct virtqueue *vq = vi->vqs[index];

	if (virtqueue_is_broken(vq))
		virtnet_report_broken(vi, vq);
	else if (index % 2)
		virtnet_health_tx(vi, index, h);
	else
		virtnet_health_rx(vi, index, h);
}

static void virtnet_health_device(struct virtnet_info *vi)
{
	u8 status = vi->vdev->config->get_status(vi->vdev);

	if (status & VIRTIO_CONFIG_S_NEEDS_RESET)
		virtnet_report_fault(vi, VIRTNET_FAULT_NEEDS_RESET);
	else if (!(status & VIRTIO_CONFIG_S_DRIVER_OK))
		virtnet_report_fault(vi, VIRTNET_FAULT_RESTARTED);
	if (vi->ctrl.vq && virtqueue_is_broken(vi->ctrl.vq))
		virtnet_report_fault(vi, VIRTNET_FAULT_BROKEN);
}

static void virtnet_health_next(struct virtnet_info *vi)
{
	schedule_delayed_work(&vi->recovery.health,
			      msecs_to_jiffies(virtnet_health_ms));
}

static void virtnet_health_work(struct work_struct *work)
{
	struct virtnet_info *vi = container_of(work, struct virtnet_info,
					       recovery.health.work);
	unsigned int i;

	virtnet_health_device(vi);
	for (i = 0; i < 2 * vi->qs->pairs; i++)
		virtnet_health_queue(vi, i);
	virtnet_place_check(vi);
	virtnet_health_next(vi);
}

/* The queues run from here on. */
void virtnet_health_start(struct virtnet_info *vi)
{
	virtnet_place_resume(vi);
	virtnet_health_next(vi);
}

/* Before the queues change; may be called under RTNL. */
void virtnet_health_stop(struct virtnet_info *vi)
{
	cancel_delayed_work_sync(&vi->recovery.health);
}

void virtnet_health_init(struct virtnet_info *vi)
{
	INIT_DELAYED_WORK(&vi->recovery.health, virtnet_health_work);
}
