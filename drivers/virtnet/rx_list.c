// SPDX-License-Identifier: GPL-2.0
/*
 * List delivery: packets that GRO would only look at go up the stack as a list,
 * once per poll. The private flag "rx-list-delivery" switches it.
 */
#include <virtnet/rx.h>
#include <virtnet/rx_list.h>
#include <virtnet/virtnet.h>

#include <linux/icmpv6.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <net/ipv6.h>

static const char virtnet_priv_flags[][ETH_GSTRING_LEN] = {
	"rx-list-delivery",
};

/* Fragments take the way of the packets that are not fragmented. */
static bool virtnet_rx_listed6(const struct sk_buff *skb)
{
	const struct ipv6hdr *ip6 = (const struct ipv6hdr *)skb->data;
	const struct frag_hdr *frag = (const struct frag_hdr *)(ip6 + 1);

	if (ip6->nexthdr != NEXTHDR_FRAGMENT)
		return virtnet_rx_proto_listed(ip6->nexthdr);
	return skb_headlen(skb) >= sizeof(*ip6) + sizeof(*frag) &&
	       virtnet_rx_proto_listed(frag->nexthdr);
}

/* virtnet_rx_listed() for what is not IPv4. */
bool virtnet_rx_listed_other(const struct sk_buff *skb)
{
	return skb->protocol == htons(ETH_P_IPV6) &&
	       skb_headlen(skb) >= sizeof(struct ipv6hdr) &&
	       virtnet_rx_listed6(skb);
}

/**
 * virtnet_rx_listing() - is there list delivery during this poll?
 * @rq: the queue; NAPI context
 *
 * Not while GRO has work with UDP: for a device that forwards or makes
 * fragment lists, for tunnels, and for sockets with UDP_GRO. Kernels that keep
 * the last two to themselves (7.2) leave the question to the user.
 */
bool virtnet_rx_listing(const struct receive_queue *rq)
{
	return READ_ONCE(rq->list_delivery) && !compat_udp_gro_wanted() &&
	       !(rq->dev->features & (NETIF_F_GRO_UDP_FWD |
				      NETIF_F_GRO_FRAGLIST));
}
EXPORT_SYMBOL_IF_KUNIT(virtnet_rx_listing);

/* On by default where it cannot be noticed. */
bool virtnet_rx_list_default(void)
{
	return COMPAT_UDP_GRO_KNOWN;
}
EXPORT_SYMBOL_IF_KUNIT(virtnet_rx_list_default);

/* Hand the running queues what the user chose. RTNL held. */
static void virtnet_rx_list_update(struct virtnet_info *vi)
{
	unsigned int i;

	for (i = 0; vi->qs && i < vi->qs->pairs; i++)
		WRITE_ONCE(vi->qs->rq[i].list_delivery,
			   vi->settings.list_delivery);
}

/* ethtool_ops.get_priv_flags */
u32 virtnet_get_priv_flags(struct net_device *dev)
{
	struct virtnet_info *vi = netdev_priv(dev);

	return vi->settings.list_delivery ? BIT(0) : 0;
}
EXPORT_SYMBOL_IF_KUNIT(virtnet_get_priv_flags);

/* ethtool_ops.set_priv_flags */
int virtnet_set_priv_flags(struct net_device *dev, u32 flags)
{
	struct virtnet_info *vi = netdev_priv(dev);
	struct virtnet_settings *want;
	int err;

	if (flags & ~BIT(0))
		return -EINVAL;
	want = virtnet_settings_edit(vi);
	if (!want)
		return -ENOMEM;
	want->list_delivery = flags & BIT(0);
	err = virtnet_settings_commit(vi, want, NULL);
	if (!err)
		virtnet_rx_list_update(vi);
	return err;
}
EXPORT_SYMBOL_IF_KUNIT(virtnet_set_priv_flags);

/* Number of private flags. */
unsigned int virtnet_priv_flags_count(void)
{
	return ARRAY_SIZE(virtnet_priv_flags);
}

/* Their names, to @p. */
void virtnet_priv_flags_strings(u8 *p)
{
	memcpy(p, virtnet_priv_flags, sizeof(virtnet_priv_flags));
}
