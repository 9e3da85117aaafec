/* SPDX-License-Identifier: GPL-2.0 */
/* Interrupt moderation: ethtool operations. */
#ifndef _VIRTNET_COALESCE_H
#define _VIRTNET_COALESCE_H

#include <compat/compat.h>

#include <linux/ethtool.h>
#include <linux/netdevice.h>

#define VIRTNET_COALESCE_PARAMS	(ETHTOOL_COALESCE_USECS |	\
				 ETHTOOL_COALESCE_MAX_FRAMES |	\
				 ETHTOOL_COALESCE_USE_ADAPTIVE)

struct virtnet_caps;
struct virtnet_coal;
struct virtnet_info;
struct virtnet_settings;

bool virtnet_coal_by_device(const struct virtnet_caps *caps);
bool virtnet_coal_changed(const struct virtnet_settings *a,
			  const struct virtnet_settings *b);
int virtnet_coal_tell_all(struct virtnet_info *vi, bool tx,
			  const struct virtnet_coal *c);
int virtnet_coal_tell_queue(struct virtnet_info *vi, unsigned int vq,
			    const struct virtnet_coal *c);

int virtnet_get_coalesce(struct net_device *dev, struct ethtool_coalesce *ec,
			 struct kernel_ethtool_coalesce *kec,
			 struct netlink_ext_ack *extack);
int virtnet_set_coalesce(struct net_device *dev, struct ethtool_coalesce *ec,
			 struct kernel_ethtool_coalesce *kec,
			 struct netlink_ext_ack *extack);
int virtnet_get_per_queue_coalesce(struct net_device *dev, u32 queue,
				   struct ethtool_coalesce *ec);
int virtnet_set_per_queue_coalesce(struct net_device *dev, u32 queue,
				   struct ethtool_coalesce *ec);

#endif
