/* SPDX-License-Identifier: GPL-2.0 */
/* List delivery of received packets, and the private flag for it. */
#ifndef _VIRTNET_RX_LIST_H
#define _VIRTNET_RX_LIST_H

#include <compat/compat.h>

#include <linux/ethtool.h>
#include <linux/icmpv6.h>
#include <linux/ip.h>
#include <linux/netdevice.h>

struct receive_queue;

bool virtnet_rx_listed_other(const struct sk_buff *skb);
bool virtnet_rx_listing(const struct receive_queue *rq);
bool virtnet_rx_list_default(void);
u32 virtnet_get_priv_flags(struct net_device *dev);
int virtnet_set_priv_flags(struct net_device *dev, u32 flags);
unsigned int virtnet_priv_flags_count(void);
void virtnet_priv_flags_strings(u8 *p);

/*
 * Nothing merges ICMP, and UDP only for a socket, a tunnel or a device that
 * asked for it, see virtnet_rx_listing(). The protocol is the same for all
 * packets of a flow, fragments included, and so is the way they take.
 */
static inline bool virtnet_rx_proto_listed(u8 proto)
{
	return proto == IPPROTO_UDP || proto == IPPROTO_ICMP ||
	       proto == IPPROTO_ICMPV6;
}

/**
 * virtnet_rx_listed() - does this packet go up as part of a list, past GRO?
 * @skb: a received packet, its protocol set
 */
static inline bool virtnet_rx_listed(const struct sk_buff *skb)
{
	const struct iphdr *ip = (const struct iphdr *)skb->data;

	if (unlikely(skb->protocol != htons(ETH_P_IP)))
		return virtnet_rx_listed_other(skb);
	return skb_headlen(skb) >= sizeof(*ip) &&
	       virtnet_rx_proto_listed(ip->protocol);
}

#endif
