/* SPDX-License-Identifier: GPL-2.0 */
/* Interrupt moderation: ethtool operations. */
#ifndef _VIRTNET_COALESCE_H
#define _VIRTNET_COALESCE_H

#include <compat/compat.h>

#include <linux/ethtool.h>
#include <linux/netdevice.h>

#define VIRTNET_COALESCE_PARAMS	(ETHTOOL_COALESCE_USECS |	\
				 ETHTOOL_COALESCE_MAX_FRAMES)

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
