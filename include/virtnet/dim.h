/* SPDX-License-Identifier: GPL-2.0 */
/* Adaptive interrupt moderation, queue by queue. */
#ifndef _VIRTNET_DIM_H
#define _VIRTNET_DIM_H

#include <compat/compat.h>

#include <linux/dim.h>
#include <linux/hrtimer.h>
#include <linux/types.h>

struct receive_queue;
struct send_queue;
struct virtnet_info;
struct virtnet_qset;

/**
 * struct virtnet_dim - adaptive moderation of one queue
 * @dim: the kernel's algorithm
 * @vi: the interface
 * @vq: index of the virtqueue
 * @usecs: what was decided last; 0 for nothing yet
 */
struct virtnet_dim {
	struct dim dim;
	struct virtnet_info *vi;
	u16 vq;
	u16 usecs;
};

void virtnet_dim_init(struct virtnet_dim *dim, struct virtnet_info *vi, u16 vq);
void virtnet_dim_start(struct virtnet_info *vi);
void virtnet_dim_stop(struct virtnet_qset *qs);
void virtnet_rx_dim(struct receive_queue *rq);
void virtnet_tx_dim(struct send_queue *sq);
enum hrtimer_restart virtnet_rx_defer_timer(struct hrtimer *timer);
void virtnet_rx_defer(struct receive_queue *rq);

#endif
