/* SPDX-License-Identifier: GPL-2.0 */
/* Queue pairs: how many, and which CPUs they belong to. */
#ifndef _VIRTNET_CHANNELS_H
#define _VIRTNET_CHANNELS_H

struct netlink_ext_ack;
struct virtnet_info;
struct virtnet_rx_plan;
struct virtqueue;

int virtnet_channels_module_init(void);
void virtnet_channels_module_exit(void);
int virtnet_channels_watch(struct virtnet_info *vi);
void virtnet_channels_unwatch(struct virtnet_info *vi);
int virtnet_channels_set(struct virtnet_info *vi, unsigned int tx,
			 unsigned int rx);
bool virtnet_channels_refused(const struct virtnet_info *vi);
bool virtnet_channels_movable(const struct virtnet_info *vi);
int virtnet_channels_make(struct virtnet_info *vi,
			  const struct virtnet_rx_plan *plan,
			  struct netlink_ext_ack *extack);
void virtnet_channels_leave(struct virtnet_info *vi);
int virtnet_channels_use(struct virtnet_info *vi);
void virtnet_channels_spread(struct virtnet_info *vi);
int virtnet_vq_irq(struct virtqueue *vq);

#endif
