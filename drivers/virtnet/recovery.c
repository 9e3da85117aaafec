// SPDX-License-Identifier: GPL-2.0
/*
 * Recovery: who noticed a fault says so, one work item mends it with the least
 * that will do: look at the queue, ring its doorbell, reset it, reset the
 * device. It gives up on a device that does not get better, and leaves one
 * alone that does not answer.
 */
#include <virtnet/trace.h>
#include <virtnet/virtnet.h>

#include <linux/bitops.h>
#include <linux/ethtool.h>
#include <linux/module.h>
#include <linux/rtnetlink.h>

unsigned int virtnet_recover_limit = 8;
EXPORT_SYMBOL_IF_KUNIT(virtnet_recover_limit);
module_param_named(recover_limit, virtnet_recover_limit, uint, 0644);
MODULE_PARM_DESC(recover_limit,
		 "device resets in a row, each within 30 s of the last, before recovery gives up; 0: none (default 8)");

/* Faults that follow a recovery closer than this have to do with it. */
#define VIRTNET_CALM		(30 * HZ)
#define VIRTNET_BACKOFF_MIN	(HZ / 2)
#define VIRTNET_BACKOFF_MAX	(60 * HZ)
/* Time for a device to act on a doorbell. */
#define VIRTNET_KICK_WAIT	(HZ / 4)

/* A queue reset does not help against these. */
#define VIRTNET_DEVICE_FAULTS	GENMASK(VIRTNET_FAULTS - 1, \
					VIRTNET_FAULT_BROKEN)

static const char * const virtnet_fault_names[VIRTNET_FAULTS] = {
	[VIRTNET_FAULT_TX_TIMEOUT] = "transmit timeout",
	[VIRTNET_FAULT_STUCK_RX] = "stuck receive queue",
	[VIRTNET_FAULT_MISSED_IRQ] = "missed interrupt",
	[VIRTNET_FAULT_BAD_USED] = "bad used entry",
	[VIRTNET_FAULT_BROKEN] = "broken queue",
	[VIRTNET_FAULT_LINK_SILENT] = "ring silent since the link changed",
	[VIRTNET_FAULT_LOST_PLACE] = "packets reported elsewhere in a ring",
	[VIRTNET_FAULT_NEEDS_RESET] = "device needs reset",
	[VIRTNET_FAULT_CTRL_TIMEOUT] = "control command timeout",
	[VIRTNET_FAULT_RESTARTED] = "device restarted by itself",
	[VIRTNET_FAULT_NO_START] = "device did not start",
	[VIRTNET_FAULT_USER] = "user request",
};

/* The first reset comes at once, the next ones less and less often. */
static unsigned long virtnet_backoff(struct virtnet_recovery *r)
{
	unsigned int streak = READ_ONCE(r->streak);

	if (streak && time_after(jiffies, READ_ONCE(r->calm))) {
		WRITE_ONCE(r->streak, 0);
		streak = 0;
	}
	if (!streak)
		return 0;
	return min_t(unsigned long, VIRTNET_BACKOFF_MAX,
		     VIRTNET_BACKOFF_MIN << min(streak - 1, 16u));
}

/* --- single queues --- */

static void virtnet_queue_later(struct virtnet_info *vi, unsigned int index)
{
	struct virtnet_recovery *r = &vi->recovery;

	set_bit(index, r->stalled);
	set_bit(index % 2 ? VIRTNET_FAULT_TX_TIMEOUT : VIRTNET_FAULT_STUCK_RX,
		&r->pending);
	schedule_delayed_work(&r->work, VIRTNET_KICK_WAIT);
}

/*
 * Reset a queue, unless that was tried already. Nothing would tell that it was
 * not enough for a receive queue, whose silence may mean that nobody sends; and
 * with vhost-user QEMU 7.2 leaves it dead. So that is the device's to reset.
 *
 * Return: 0 or -errno.
 */
static int virtnet_queue_mend(struct virtnet_info *vi, unsigned int index)
{
	struct virtnet_queue_health *h = &vi->recovery.queue[index];
	int err;

	if (index % 2 == 0 ||
	    (h->step == VIRTNET_STEP_DEVICE && time_before(jiffies, h->calm)))
		return -EAGAIN;
	err = virtnet_queue_restart(vi, index);
	if (err)
		return err;
	WRITE_ONCE(h->done, virtnet_queue_progress(vi, index));
	WRITE_ONCE(h->calm, jiffies + VIRTNET_CALM);
	WRITE_ONCE(h->step, VIRTNET_STEP_DEVICE);
	atomic_long_inc(&vi->recovery.steps[VIRTNET_STEP_QUEUE]);
	return 0;
}

/* The first steps. A reset of the queue follows if they do not help. */
static int virtnet_queue_unstall(struct virtnet_info *vi, unsigned int index)
{
	struct virtnet_queue_health *h = &vi->recovery.queue[index];
	struct virtnet_recovery *r = &vi->recovery;

	if (time_after(jiffies, h->calm))
		h->step = VIRTNET_STEP_POLL;
	if (h->step > VIRTNET_STEP_KICK)
		return virtnet_queue_mend(vi, index);
	if (h->step == VIRTNET_STEP_KICK) {
		if (h->done == virtnet_queue_progress(vi, index) &&
		    virtnet_queue_stuck(vi, index))
			return virtnet_queue_mend(vi, index);
		h->step = VIRTNET_STEP_POLL;
		return 0;
	}
	if (virtnet_queue_look(vi, index)) {
		atomic_long_inc(&r->steps[VIRTNET_STEP_POLL]);
		return 0;
	}
	virtqueue_notify(vi->vqs[index]);
	atomic_long_inc(&r->steps[VIRTNET_STEP_KICK]);
	h->step = VIRTNET_STEP_KICK;
	h->done = virtnet_queue_progress(vi, index);
	h->calm = jiffies + VIRTNET_CALM;
	virtnet_queue_later(vi, index);
	return 0;
}

/* Return: 0 if every queue that was reported is looked after. */
static int virtnet_recover_queues(struct virtnet_info *vi)
{
	struct virtnet_recovery *r = &vi->recovery;
	unsigned int i;
	int err = 0;

	for (i = 0; i < 2 * vi->qs->pairs && !err; i++) {
		if (test_bit(i, r->broken)) {
			err = virtnet_queue_mend(vi, i);
			clear_bit(i, r->broken);
		} else if (test_and_clear_bit(i, r->stalled)) {
			err = virtnet_queue_unstall(vi, i);
		}
	}
	return err;
}

/* --- the device --- */

/* What was wrong with single queues went away with the reset. */
static void virtnet_queues_fresh(struct virtnet_info *vi)
{
	struct virtnet_recovery *r = &vi->recovery;

	bitmap_zero(r->stalled, 2 * VIRTNET_PAIRS_MAX);
	bitmap_zero(r->broken, 2 * VIRTNET_PAIRS_MAX);
	memset(r->queue, 0, 2 * vi->caps.all_pairs * sizeof(*r->queue));
}

static void virtnet_give_up(struct virtnet_info *vi, unsigned int fault,
			    const char *why)
{
	WRITE_ONCE(vi->recovery.given_up, true);
	atomic_long_inc(&vi->recovery.surrenders);
	virtnet_down(vi);
	netdev_err(vi->dev,
		   "%s: %s; giving up until the interface is set down and up or reset by ethtool\n",
		   virtnet_fault_names[fault], why);
}

/*
 * Does a reset bring the end nearer? Not if a ring moved before its link
 * changed, for then the last one did help. And to send nothing is no nonsense:
 * a device that is only paused is asked for as long as that takes.
 */
static bool virtnet_reset_counts(const struct virtnet_recovery *r,
				 unsigned int fault)
{
	if (fault == VIRTNET_FAULT_TX_TIMEOUT)
		return r->streak + 1 < READ_ONCE(virtnet_recover_limit);
	return fault != VIRTNET_FAULT_LINK_SILENT;
}

static void virtnet_recover_device(struct virtnet_info *vi, unsigned int fault)
{
	struct virtnet_recovery *r = &vi->recovery;
	int err;

	if (virtnet_device_gone(vi->vdev)) {
		virtnet_give_up(vi, fault, "the device does not answer");
		return;
	}
	if (r->streak >= READ_ONCE(virtnet_recover_limit)) {
		virtnet_give_up(vi, fault, "too many resets in a row");
		return;
	}
	err = virtnet_restart(vi);
	trace_virtnet_recover(vi->dev, BIT(fault), err);
	if (virtnet_reset_counts(r, fault))
		WRITE_ONCE(r->streak, r->streak + 1);
	WRITE_ONCE(r->calm, jiffies + VIRTNET_CALM);
	virtnet_queues_fresh(vi);
	if (!err) {
		atomic_long_inc(&r->steps[VIRTNET_STEP_DEVICE]);
		netdev_warn(vi->dev, "restarted after: %s\n",
			    virtnet_fault_names[fault]);
		return;
	}
	atomic_long_inc(&r->failures);
	netdev_err(vi->dev, "restart after %s failed: %pe\n",
		   virtnet_fault_names[fault], ERR_PTR(err));
	virtnet_report_fault(vi, VIRTNET_FAULT_NO_START);
}

static void virtnet_recover(struct virtnet_info *vi, unsigned long reasons)
{
	if (vi->state == VIRTNET_RUNNING &&
	    !(reasons & VIRTNET_DEVICE_FAULTS) &&
	    !virtnet_device_gone(vi->vdev) && !virtnet_recover_queues(vi))
		return;
	virtnet_recover_device(vi, __fls(reasons));
}

static void virtnet_recovery_work(struct work_struct *work)
{
	struct virtnet_info *vi = container_of(work, struct virtnet_info,
					       recovery.work.work);
	unsigned long reasons;

	rtnl_lock();
	reasons = xchg(&vi->recovery.pending, 0);
	if (reasons && !vi->stopping && !vi->recovery.given_up &&
	    netif_running(vi->dev) && netif_device_present(vi->dev))
		virtnet_recover(vi, reasons);
	rtnl_unlock();
}

/* --- for everybody else --- */

/**
 * virtnet_report_fault() - ask for recovery
 * @vi: the interface
 * @fault: what was noticed
 *
 * Any context. Counted once per recovery: a fault that is reported again
 * before it was handled is the same fault.
 *
 * Return: true if it is news.
 */
bool virtnet_report_fault(struct virtnet_info *vi, enum virtnet_fault fault)
{
	struct virtnet_recovery *r = &vi->recovery;

	if (READ_ONCE(vi->stopping) || READ_ONCE(r->given_up) ||
	    test_and_set_bit(fault, &r->pending))
		return false;
	atomic_long_inc(&r->count[fault]);
	/* With others pending the work is under way, and the wait part of it. */
	if (!(READ_ONCE(r->pending) & ~BIT(fault)))
		schedule_delayed_work(&r->work, virtnet_backoff(r));
	return true;
}

/* The same for a fault of one queue, by the index of its virtqueue. */
bool virtnet_report_queue(struct virtnet_info *vi, enum virtnet_fault fault,
			  unsigned int index)
{
	unsigned long *map = fault == VIRTNET_FAULT_BAD_USED ?
			     vi->recovery.broken : vi->recovery.stalled;

	if (READ_ONCE(vi->stopping) || READ_ONCE(vi->recovery.given_up) ||
	    test_and_set_bit(index, map))
		return false;
	virtnet_report_fault(vi, fault);
	return true;
}

static bool virtnet_all_broken(const struct virtnet_info *vi)
{
	unsigned int i;

	for (i = 0; i < virtnet_vqs_count(&vi->caps); i++)
		if (!virtqueue_is_broken(vi->vqs[i]))
			return false;
	return true;
}

/**
 * virtnet_report_broken() - the virtio core does not use a queue any more
 * @vi: the interface, with virtqueues
 * @vq: a queue of a pair
 *
 * Any context. It gives up all of them at once, or else one in which it found
 * nonsense.
 *
 * Return: true if it is news, and the ring's fault.
 */
bool virtnet_report_broken(struct virtnet_info *vi, const struct virtqueue *vq)
{
	if (!virtnet_all_broken(vi))
		return virtnet_report_queue(vi, VIRTNET_FAULT_BAD_USED,
					    vq->index);
	virtnet_report_fault(vi, VIRTNET_FAULT_BROKEN);
	return false;
}

/* The user wants it tried again. RTNL held. */
void virtnet_recovery_forgive(struct virtnet_info *vi)
{
	struct virtnet_recovery *r = &vi->recovery;

	WRITE_ONCE(r->given_up, false);
	WRITE_ONCE(r->streak, 0);
	r->pending = 0;
	vi->ctrl.strikes = 0;
	virtnet_queues_fresh(vi);
}

/**
 * virtnet_reset() - ethtool --reset
 * @dev: the net device; RTNL held
 * @flags: ETH_RESET_*; what was reset is cleared
 *
 * There is only one thing to reset, so it does not matter which part of it
 * was asked for.
 *
 * Return: 0 or -errno.
 */
int virtnet_reset(struct net_device *dev, u32 *flags)
{
	const u32 parts = ETH_RESET_IRQ | ETH_RESET_DMA | ETH_RESET_FILTER |
			  ETH_RESET_OFFLOAD | ETH_RESET_MAC;
	struct virtnet_info *vi = netdev_priv(dev);
	int err;

	if (!(*flags & parts))
		return -EOPNOTSUPP;
	if (!netif_running(dev))
		return -ENETDOWN;
	if (virtnet_device_gone(vi->vdev))
		return -ENODEV;
	virtnet_recovery_forgive(vi);
	atomic_long_inc(&vi->recovery.count[VIRTNET_FAULT_USER]);
	err = virtnet_restart(vi);
	if (err) {
		atomic_long_inc(&vi->recovery.failures);
		virtnet_report_fault(vi, VIRTNET_FAULT_NO_START);
		return err;
	}
	atomic_long_inc(&vi->recovery.steps[VIRTNET_STEP_DEVICE]);
	*flags &= ~parts;
	return 0;
}

/* Before the device can report anything. */
void virtnet_recovery_init(struct virtnet_info *vi)
{
	INIT_DELAYED_WORK(&vi->recovery.work, virtnet_recovery_work);
	virtnet_health_init(vi);
}

/* No recovery runs or starts after this. RTNL not held. */
void virtnet_recovery_stop(struct virtnet_info *vi)
{
	WRITE_ONCE(vi->stopping, true);
	cancel_delayed_work_sync(&vi->recovery.work);
}
