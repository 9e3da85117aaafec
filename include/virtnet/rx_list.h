/* SPDX-License-Identifier: GPL-2.0 */
/* List delivery of received packets, and the private flag for it. */
#ifndef _VIRTNET_RX_LIST_H
#define _VIRTNET_RX_LIST_H

#include <compat/compat.h>

#include <linux/ethtool.h>
#include <linux/netdevice.h>

struct receive_queue;

bool virtnet_rx_listed(const struct sk_buff *skb);
bool virtnet_rx_listing(const struct receive_queue *rq);
bool virtnet_rx_list_default(void);
u32 virtnet_get_priv_flags(struct net_device *dev);
int virtnet_set_priv_flags(struct net_device *dev, u32 flags);
unsigned int virtnet_priv_flags_count(void);
void virtnet_priv_flags_strings(u8 *p);

#endif
