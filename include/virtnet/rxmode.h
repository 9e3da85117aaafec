/* SPDX-License-Identifier: GPL-2.0 */
/* Which packets reach the interface: addresses, VLANs, offloads, link. */
#ifndef _VIRTNET_RXMODE_H
#define _VIRTNET_RXMODE_H

#include <compat/compat.h>

#include <linux/netdevice.h>
#include <linux/workqueue.h>

struct virtnet_info;

/* rxmode.c: net_device_ops */
void virtnet_rx_mode_work(struct work_struct *work);
void virtnet_set_rx_mode(struct net_device *dev);
int virtnet_vlan_rx_add_vid(struct net_device *dev, __be16 proto, u16 vid);
int virtnet_vlan_rx_kill_vid(struct net_device *dev, __be16 proto, u16 vid);
int virtnet_set_mac_address(struct net_device *dev, void *p);

/* offload.c */
void virtnet_init_features(struct virtnet_info *vi);
int virtnet_set_features(struct net_device *dev, netdev_features_t features);

/* link.c */
u16 virtnet_link_update(struct virtnet_info *vi);
void virtnet_link_changed(struct virtnet_info *vi);
void virtnet_announce_init(struct virtnet_info *vi);
void virtnet_announce_stop(struct virtnet_info *vi);

#endif
