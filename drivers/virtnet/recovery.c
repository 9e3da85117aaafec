// SPDX-License-Identifier: GPL-2.0
/* Recovery: who noticed a fault says so, one work item mends it. */
#include <virtnet/virtnet.h>

#include <linux/bitops.h>
#include <linux/rtnetlink.h>

/* Restarts that follow each other closer than this are slowed down. */
#define VIRTNET_CALM		(30 * HZ)
#define VIRTNET_BACKOFF_MIN	(HZ / 2)
#define VIRTNET_BACKOFF_MAX	(60 * HZ)

static const char * const virtnet_fault_names[VIRTNET_FAULTS] = {
	[VIRTNET_FAULT_TX_TIMEOUT] = "tx timeout",
	[VIRTNET_FAULT_BAD_USED] = "bad used entry",
	[VIRTNET_FAULT_NEEDS_RESET] = "device needs reset",
	[VIRTNET_FAULT_CTRL_TIMEOUT] = "control command timeout",
};

static void virtnet_backoff_update(struct virtnet_recovery *r)
{
	if (!r->last || time_after(jiffies, r->last + VIRTNET_CALM))
		r->backoff = 0;
	else
		r->backoff = clamp(r->backoff * 2, VIRTNET_BACKOFF_MIN,
				   VIRTNET_BACKOFF_MAX);
	r->last = jiffies;
}

static void virtnet_recover(struct virtnet_info *vi, unsigned long reasons)
{
	struct virtnet_recovery *r = &vi->recovery;
	unsigned int first = __ffs(reasons);
	int err;

	virtnet_backoff_update(r);
	err = virtnet_restart(vi);
	if (!err) {
		atomic_long_inc(&r->restarts);
		netdev_warn(vi->dev, "restarted after: %s\n",
			    virtnet_fault_names[first]);
		return;
	}
	atomic_long_inc(&r->failures);
	netdev_err(vi->dev, "restart after %s failed: %pe\n",
		   virtnet_fault_names[first], ERR_PTR(err));
	virtnet_report_fault(vi, first);
}

static void virtnet_recovery_work(struct work_struct *work)
{
	struct virtnet_info *vi = container_of(work, struct virtnet_info,
					       recovery.work.work);
	unsigned long reasons;

	rtnl_lock();
	reasons = xchg(&vi->recovery.pending, 0);
	if (reasons && !vi->stopping && netif_running(vi->dev) &&
	    netif_device_present(vi->dev))
		virtnet_recover(vi, reasons);
	rtnl_unlock();
}

/**
 * virtnet_report_fault() - ask for recovery
 * @vi: the interface
 * @fault: what was noticed
 *
 * Any context. Counted once per recovery: a fault that is reported again
 * before it was handled is the same fault.
 */
void virtnet_report_fault(struct virtnet_info *vi, enum virtnet_fault fault)
{
	struct virtnet_recovery *r = &vi->recovery;

	if (READ_ONCE(vi->stopping) || test_and_set_bit(fault, &r->pending))
		return;
	atomic_long_inc(&r->count[fault]);
	schedule_delayed_work(&r->work, READ_ONCE(r->backoff));
}

/* Before the device can report anything. */
void virtnet_recovery_init(struct virtnet_info *vi)
{
	INIT_DELAYED_WORK(&vi->recovery.work, virtnet_recovery_work);
}

/* No recovery runs or starts after this. RTNL not held. */
void virtnet_recovery_stop(struct virtnet_info *vi)
{
	WRITE_ONCE(vi->stopping, true);
	cancel_delayed_work_sync(&vi->recovery.work);
}
