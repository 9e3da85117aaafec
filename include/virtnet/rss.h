/* SPDX-License-Identifier: GPL-2.0 */
/* Receive hashing: ethtool operations, as the newest kernel has them. */
#ifndef _VIRTNET_RSS_H
#define _VIRTNET_RSS_H

#include <compat/compat.h>

#include <linux/ethtool.h>
#include <linux/netdevice.h>

struct virtnet_caps;
struct virtnet_settings;

void virtnet_rss_init(struct virtnet_settings *s,
		      const struct virtnet_caps *caps);
int virtnet_rss_check(const struct virtnet_caps *caps,
		      const struct virtnet_settings *s,
		      struct netlink_ext_ack *extack);
u32 virtnet_get_rxfh_key_size(struct net_device *dev);
u32 virtnet_get_rxfh_indir_size(struct net_device *dev);
int virtnet_get_rxfh(struct net_device *dev, struct ethtool_rxfh_param *p);
int virtnet_set_rxfh(struct net_device *dev, struct ethtool_rxfh_param *p,
		     struct netlink_ext_ack *extack);
int virtnet_get_rxfh_fields(struct net_device *dev,
			    struct ethtool_rxfh_fields *f);
int virtnet_set_rxfh_fields(struct net_device *dev,
			    const struct ethtool_rxfh_fields *f,
			    struct netlink_ext_ack *extack);
u32 virtnet_get_rx_ring_count(struct net_device *dev);

#endif
