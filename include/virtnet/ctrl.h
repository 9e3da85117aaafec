/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The control queue. ctrl.c is its only user: everybody else describes a
 * command and sleeps until the device has answered, or time is up.
 */
#ifndef _VIRTNET_CTRL_H
#define _VIRTNET_CTRL_H

#include <compat/compat.h>

#include <linux/atomic.h>
#include <linux/list.h>
#include <linux/spinlock.h>
#include <linux/types.h>

struct virtnet_info;
struct virtqueue;

/**
 * struct virtnet_ctrl - the control queue of an interface
 * @lock: the ring and @sent; taken by the queue's interrupt
 * @vq: the queue, NULL while there is none
 * @sent: commands that the device has not returned
 * @open: commands may be sent: the device is ready, and answered so far
 * @strikes: commands in a row that were not answered
 * @interrupts: interrupts of the queue
 * @commands: commands sent
 * @naks: commands that the device refused
 * @timeouts: commands given up
 * @late: commands that were answered after they had been given up
 *
 * The counters survive the queue.
 */
struct virtnet_ctrl {
	/* Protects @vq, @sent and @open. */
	spinlock_t lock;
	struct virtqueue *vq;
	struct list_head sent;
	bool open;
	unsigned int strikes;
	atomic_long_t interrupts;
	atomic_long_t commands;
	atomic_long_t naks;
	atomic_long_t timeouts;
	atomic_long_t late;
};

/**
 * struct virtnet_ctrl_req - a command to be sent
 * @class: VIRTIO_NET_CTRL_*
 * @cmd: command of the class
 * @out: what the device is told, copied before it sees it
 * @out_len: bytes at @out
 * @out_split: where a second part begins that older devices want in a
 *	descriptor of its own; 0 for none
 * @in: where the answer goes, if the command has one beside its status
 * @in_len: bytes at @in; set to what the device wrote
 */
struct virtnet_ctrl_req {
	u8 class;
	u8 cmd;
	const void *out;
	u32 out_len;
	u32 out_split;
	void *in;
	u32 in_len;
};

extern unsigned int virtnet_ctrl_timeout_ms;

void virtnet_ctrl_init(struct virtnet_ctrl *ctrl);
void virtnet_ctrl_attach(struct virtnet_ctrl *ctrl, struct virtqueue *vq);
void virtnet_ctrl_open(struct virtnet_ctrl *ctrl);
void virtnet_ctrl_stop(struct virtnet_ctrl *ctrl);
void virtnet_ctrl_done(struct virtqueue *vq);
int virtnet_ctrl_send(struct virtnet_info *vi, struct virtnet_ctrl_req *req);
int virtnet_ctrl_tell(struct virtnet_info *vi, u8 class, u8 cmd,
		      const void *out, u32 out_len);

#endif
