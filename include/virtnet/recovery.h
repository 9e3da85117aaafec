/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Recovery: faults are reported from any context with a reason, and one work
 * item mends them with the least that will do. Its last resort is the path of
 * every reconfiguration: reset the device, tell it everything again.
 */
#ifndef _VIRTNET_RECOVERY_H
#define _VIRTNET_RECOVERY_H

#include <compat/compat.h>

#include <linux/atomic.h>
#include <linux/types.h>
#include <linux/workqueue.h>
#include <virtnet/caps.h>

struct net_device;
struct receive_queue;
struct virtnet_info;
struct virtqueue;

/**
 * enum virtnet_fault - why the interface has to be looked after
 * @VIRTNET_FAULT_TX_TIMEOUT: a transmit queue stands still
 * @VIRTNET_FAULT_STUCK_RX: a receive ring has no buffers and gets none, or its
 *	interrupts do not arrive
 * @VIRTNET_FAULT_MISSED_IRQ: the device used buffers and nobody was told;
 *	mended by whoever noticed
 * @VIRTNET_FAULT_BAD_USED: the device wrote nonsense into a ring
 * @VIRTNET_FAULT_BROKEN: the virtio core gave all queues up, or the control
 *	queue
 * @VIRTNET_FAULT_LINK_SILENT: a ring that was in use has been silent since the link
 *	changed, which no index of it explains
 * @VIRTNET_FAULT_LOST_PLACE: the device receives packets, and reports them elsewhere
 *	in the ring
 * @VIRTNET_FAULT_NEEDS_RESET: the device says so
 * @VIRTNET_FAULT_CTRL_TIMEOUT: a control command was not answered
 * @VIRTNET_FAULT_RESTARTED: the device was reset, and not by us
 * @VIRTNET_FAULT_NO_START: it did not start again after a reconfiguration
 * @VIRTNET_FAULT_USER: ethtool --reset
 *
 * Those before BROKEN concern single queues.
 */
enum virtnet_fault {
	VIRTNET_FAULT_TX_TIMEOUT,
	VIRTNET_FAULT_STUCK_RX,
	VIRTNET_FAULT_MISSED_IRQ,
	VIRTNET_FAULT_BAD_USED,
	VIRTNET_FAULT_BROKEN,
	VIRTNET_FAULT_LINK_SILENT,
	VIRTNET_FAULT_LOST_PLACE,
	VIRTNET_FAULT_NEEDS_RESET,
	VIRTNET_FAULT_CTRL_TIMEOUT,
	VIRTNET_FAULT_RESTARTED,
	VIRTNET_FAULT_NO_START,
	VIRTNET_FAULT_USER,
	VIRTNET_FAULTS
};

/* What is done about a queue, one after the other. */
enum virtnet_step {
	VIRTNET_STEP_POLL,
	VIRTNET_STEP_KICK,
	VIRTNET_STEP_QUEUE,
	VIRTNET_STEP_DEVICE,
	VIRTNET_STEPS
};

/**
 * struct virtnet_queue_health - how a virtqueue is doing
 * @mark: progress when the health check last looked; its own, as what follows
 * @irqs: interrupts at that time
 * @free: free descriptors at that time
 * @still: checks in a row that found it standing still
 * @misses: interrupts missed in a row
 * @unsent: checks in a row that found packets to send, and none sent
 * @vain: nothing has been sent since a reset of the queue
 * @step: what recovery does next; RTNL, as what follows
 * @done: progress when the step before was taken; the health check reads it, @step
 *	  and @calm
 * @calm: jiffies after which it starts with the first step again
 */
struct virtnet_queue_health {
	u64 mark;
	u64 irqs;
	u16 free;
	u16 unsent;
	u8 still;
	u8 misses;
	u8 step;
	bool vain;
	u64 done;
	unsigned long calm;
};

/**
 * struct virtnet_place - where a packed ring is: see place.c
 * @start: progress when it was set up
 * @doubted: progress when the link changed; RTNL. The health check's is what follows
 * @count: progress at the last check
 * @sum: of what its buffers began with then
 * @free: buffers that were not posted then
 * @silent: checks since the link changed, one more; 0 if it did not, or it moved
 * @summed: there is a @sum, and the ring has not moved since
 * @written: and buffers have been written to since
 */
struct virtnet_place {
	u64 start;
	u64 doubted;
	u64 count;
	u32 sum;
	u16 free;
	u8 silent;
	bool summed;
	bool written;
};

/**
 * struct virtnet_recovery - state of recovery of one interface
 * @work: mends, under RTNL
 * @health: looks for faults that nobody reports; runs while the queues do
 * @pending: bitmap of enum virtnet_fault not handled yet
 * @stalled: virtqueues to look at, by index
 * @broken: virtqueues to be reset
 * @queue: health of each virtqueue
 * @place: place of each virtqueue
 * @doubt: the link changed, and the health check has not seen it yet
 * @count: faults reported, by reason; never reset
 * @steps: what was done, by step; never reset
 * @failures: device resets that did not bring the interface back
 * @surrenders: times recovery gave up
 * @streak: device resets in a row
 * @calm: jiffies after which a fault does not belong to the streak
 * @given_up: nothing is tried any more, until the user asks for it
 */
struct virtnet_recovery {
	struct delayed_work work;
	struct delayed_work health;
	unsigned long pending;
	DECLARE_BITMAP(stalled, 2 * VIRTNET_PAIRS_MAX);
	DECLARE_BITMAP(broken, 2 * VIRTNET_PAIRS_MAX);
	struct virtnet_queue_health *queue;
	struct virtnet_place *place;
	bool doubt;
	atomic_long_t count[VIRTNET_FAULTS];
	atomic_long_t steps[VIRTNET_STEPS];
	atomic_long_t failures;
	atomic_long_t surrenders;
	unsigned int streak;
	unsigned long calm;
	bool given_up;
};

/* recovery.c */
extern unsigned int virtnet_recover_limit;

void virtnet_recovery_init(struct virtnet_info *vi);
void virtnet_recovery_stop(struct virtnet_info *vi);
void virtnet_recovery_forgive(struct virtnet_info *vi);
bool virtnet_report_fault(struct virtnet_info *vi, enum virtnet_fault fault);
bool virtnet_report_queue(struct virtnet_info *vi, enum virtnet_fault fault,
			  unsigned int index);
bool virtnet_report_broken(struct virtnet_info *vi, const struct virtqueue *vq);
int virtnet_reset(struct net_device *dev, u32 *flags);

/* health.c */
extern unsigned int virtnet_health_ms;
extern unsigned int virtnet_health_unsent;

void virtnet_health_init(struct virtnet_info *vi);
void virtnet_health_start(struct virtnet_info *vi);
void virtnet_health_stop(struct virtnet_info *vi);
u64 virtnet_queue_progress(const struct virtnet_info *vi, unsigned int index);
bool virtnet_queue_look(struct virtnet_info *vi, unsigned int index);
bool virtnet_queue_stuck(struct virtnet_info *vi, unsigned int index);
bool virtnet_rx_pending(const struct receive_queue *rq);

/* place.c */
void virtnet_place_start(struct virtnet_info *vi);
void virtnet_place_resume(struct virtnet_info *vi);
void virtnet_place_doubt(struct virtnet_info *vi);
void virtnet_place_check(struct virtnet_info *vi);

#endif
