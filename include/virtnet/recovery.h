/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Recovery: faults are reported from any context with a reason, and one work
 * item brings the device back by the same path as every reconfiguration.
 */
#ifndef _VIRTNET_RECOVERY_H
#define _VIRTNET_RECOVERY_H

#include <compat/compat.h>

#include <linux/atomic.h>
#include <linux/workqueue.h>

struct virtnet_info;

enum virtnet_fault {
	VIRTNET_FAULT_TX_TIMEOUT,
	VIRTNET_FAULT_BAD_USED,
	VIRTNET_FAULT_NEEDS_RESET,
	VIRTNET_FAULT_CTRL_TIMEOUT,
	VIRTNET_FAULTS
};

/**
 * struct virtnet_recovery - state of recovery of one interface
 * @work: restarts the device under RTNL
 * @pending: bitmap of enum virtnet_fault not handled yet
 * @count: faults reported, by reason; never reset
 * @restarts: restarts that brought the interface back
 * @failures: restarts that did not
 * @backoff: jiffies to wait before the next restart, grows while they follow
 *	each other closely
 * @last: jiffies of the last restart
 */
struct virtnet_recovery {
	struct delayed_work work;
	unsigned long pending;
	atomic_long_t count[VIRTNET_FAULTS];
	atomic_long_t restarts;
	atomic_long_t failures;
	unsigned long backoff;
	unsigned long last;
};

void virtnet_recovery_init(struct virtnet_info *vi);
void virtnet_recovery_stop(struct virtnet_info *vi);
void virtnet_report_fault(struct virtnet_info *vi, enum virtnet_fault fault);

#endif
