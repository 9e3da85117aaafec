// SPDX-License-Identifier: GPL-2.0-only
/*
 * Offloads on the way out: what the stack leaves to the device arrives there
 * described well enough to be finished, and what the device cannot do was
 * done before.
 */
#include <linux/etherdevice.h>
#include <linux/if_vlan.h>
#include <linux/ip.h>
#include <net/checksum.h>
#include <net/ip6_checksum.h>

#include "net_env.h"
#include "pkt.h"

struct offload {
	const char *name;
	enum pkt_kind kind;
	u32 payload;
	u32 gso;	/* SKB_GSO_*, 0: checksum only */
	u8 type;	/* as the device sees it */
	u64 feature;	/* what the device must offer for it */
};

static const struct offload offloads[] = {
	{ "csum tcp4", PKT_TCP4, 1000, 0, VIRTIO_NET_HDR_GSO_NONE,
	  BIT_ULL(VIRTIO_NET_F_CSUM) },
	{ "csum udp6", PKT_UDP6, 1000, 0, VIRTIO_NET_HDR_GSO_NONE,
	  BIT_ULL(VIRTIO_NET_F_CSUM) },
	{ "tso4", PKT_TCP4, 30000, SKB_GSO_TCPV4, VIRTIO_NET_HDR_GSO_TCPV4,
	  BIT_ULL(VIRTIO_NET_F_HOST_TSO4) },
	{ "tso6", PKT_TCP6, 30000, SKB_GSO_TCPV6, VIRTIO_NET_HDR_GSO_TCPV6,
	  BIT_ULL(VIRTIO_NET_F_HOST_TSO6) },
	{ "tso4 ecn", PKT_TCP4, 30000, SKB_GSO_TCPV4 | SKB_GSO_TCP_ECN,
	  VIRTIO_NET_HDR_GSO_TCPV4 | VIRTIO_NET_HDR_GSO_ECN,
	  BIT_ULL(VIRTIO_NET_F_HOST_ECN) },
	{ "uso4", PKT_UDP4, 30000, SKB_GSO_UDP_L4, VIRTIO_NET_HDR_GSO_UDP_L4,
	  BIT_ULL(VIRTIO_NET_F_HOST_USO) },
	{ "uso6", PKT_UDP6, 30000, SKB_GSO_UDP_L4, VIRTIO_NET_HDR_GSO_UDP_L4,
	  BIT_ULL(VIRTIO_NET_F_HOST_USO) },
};

static void offload_desc(const struct offload *o, char *desc)
{
	strscpy(desc, o->name, KUNIT_PARAM_DESC_SIZE);
}
KUNIT_ARRAY_PARAM(offload, offloads, offload_desc);

#define MSS	1400

/* The stack's packet: headers linear, payload in pages. */
static struct sk_buff *offload_skb(struct net_env *env, const struct offload *o, u32 *len)
{
	u32 hdrs = pkt_hdrs(o->kind), left, part;
	struct sk_buff *skb;
	struct page *page;
	int i;

	*len = pkt_build(env->buf, o->kind, o->payload);
	skb = alloc_skb(LL_RESERVED_SPACE(env->nd) + hdrs, GFP_KERNEL);
	if (!skb)
		return NULL;
	skb_reserve(skb, LL_RESERVED_SPACE(env->nd));
	skb_put_data(skb, env->buf, hdrs);
	for (i = 0, left = *len - hdrs; left; i++, left -= part) {
		part = min_t(u32, left, PAGE_SIZE);
		page = alloc_page(GFP_KERNEL);
		if (!page) {
			kfree_skb(skb);
			return NULL;
		}
		memcpy(page_address(page), env->buf + *len - left, part);
		skb_add_rx_frag(skb, i, page, 0, part, PAGE_SIZE);
	}
	skb->dev = env->nd;
	skb_reset_mac_header(skb);
	skb->protocol = eth_hdr(skb)->h_proto;
	skb_set_network_header(skb, ETH_HLEN);
	skb_partial_csum_set(skb, pkt_l4(o->kind), pkt_csum_off(o->kind));
	if (o->gso) {
		skb_shinfo(skb)->gso_type = o->gso;
		skb_shinfo(skb)->gso_size = MSS;
		skb_shinfo(skb)->gso_segs = DIV_ROUND_UP(o->payload, MSS);
	}
	return skb;
}

static struct net_env *offload_start(struct kunit *test, u64 without, u64 with)
{
	static const struct net_param param = { "", NET_MERGEABLE, 0 };
	struct memdev_setup setup = { .features = with };
	struct net_param *p = kunit_kzalloc(test, sizeof(*p), GFP_KERNEL);
	struct net_env *env;

	KUNIT_ASSERT_NOT_NULL(test, p);
	*p = param;
	p->without = without;
	env = net_start(test, p, &setup);
	KUNIT_ASSERT_EQ(test, net_open(env), 0);
	net_no_bql(env);
	return env;
}

/* What the device can do is left to it, once, in one packet. */
static void offload_left_to_device(struct kunit *test)
{
	const struct offload *o = test->param_value;
	struct net_env *env = offload_start(test, 0, BIT_ULL(VIRTIO_NET_F_GUEST_HDRLEN));
	struct virtio_device *vdev = &env->dev->vdev;
	struct virtio_net_hdr_v1 *h = &env->tx.hdr;
	struct sk_buff *skb;
	u32 len;

	skb = offload_skb(env, o, &len);
	KUNIT_ASSERT_NOT_NULL(test, skb);
	KUNIT_ASSERT_EQ(test, dev_queue_xmit(skb), 0);
	KUNIT_ASSERT_EQ(test, net_take(env), 1);
	KUNIT_EXPECT_EQ(test, env->tx.len, len);
	KUNIT_EXPECT_MEMEQ(test, env->tx.data, env->buf, len);
	KUNIT_EXPECT_EQ(test, h->flags, VIRTIO_NET_HDR_F_NEEDS_CSUM);
	KUNIT_EXPECT_EQ(test, h->gso_type, o->type);
	KUNIT_EXPECT_EQ(test, virtio16_to_cpu(vdev, h->gso_size), o->gso ? MSS : 0);
	KUNIT_EXPECT_EQ(test, virtio16_to_cpu(vdev, h->csum_start), pkt_l4(o->kind));
	KUNIT_EXPECT_EQ(test, virtio16_to_cpu(vdev, h->csum_offset), pkt_csum_off(o->kind));
	if (o->gso)
		KUNIT_EXPECT_EQ(test, virtio16_to_cpu(vdev, h->hdr_len), pkt_hdrs(o->kind));
	KUNIT_EXPECT_EQ(test, net_take(env), 0);
}

/* Is the TCP or UDP checksum of this frame the final, right one? */
static bool l4_csum_ok(const u8 *data, u32 len, enum pkt_kind kind)
{
	u8 proto = kind == PKT_TCP4 || kind == PKT_TCP6 ? IPPROTO_TCP : IPPROTO_UDP;
	u32 l4 = pkt_l4(kind), l4_len = len - l4;
	const struct ipv6hdr *ip6 = (const void *)(data + ETH_HLEN);
	const struct iphdr *ip = (const void *)(data + ETH_HLEN);
	__wsum sum = csum_partial(data + l4, l4_len, 0);

	if (kind == PKT_TCP6 || kind == PKT_UDP6)
		return !csum_ipv6_magic(&ip6->saddr, &ip6->daddr, l4_len, proto, sum);
	return !csum_tcpudp_magic(ip->saddr, ip->daddr, l4_len, proto, sum);
}

/* A device without the feature gets finished packets: small, and summed. */
static void offload_done_before(struct kunit *test)
{
	const struct offload *o = test->param_value;
	struct net_env *env = offload_start(test, BIT_ULL(VIRTIO_NET_F_CSUM) | o->feature, 0);
	u32 len, hdrs = pkt_hdrs(o->kind), got = 0, bad = 0, n = 0;
	struct sk_buff *skb;

	skb = offload_skb(env, o, &len);
	KUNIT_ASSERT_NOT_NULL(test, skb);
	KUNIT_ASSERT_EQ(test, dev_queue_xmit(skb), 0);
	while (net_take(env) == 1) {
		KUNIT_EXPECT_EQ(test, env->tx.hdr.flags, 0);
		KUNIT_EXPECT_EQ(test, env->tx.hdr.gso_type, VIRTIO_NET_HDR_GSO_NONE);
		KUNIT_EXPECT_LE(test, env->tx.len, hdrs + MSS);
		bad += !l4_csum_ok(env->tx.data, env->tx.len, o->kind);
		bad += memcmp(env->tx.data + hdrs, env->buf + hdrs + got,
			      env->tx.len - hdrs) != 0;
		got += env->tx.len - hdrs;
		n++;
		memdev_signal(net_txq(env));
	}
	KUNIT_EXPECT_EQ(test, got, o->payload);
	KUNIT_EXPECT_EQ(test, n, o->gso ? DIV_ROUND_UP(o->payload, MSS) : 1);
	KUNIT_EXPECT_EQ(test, bad, 0);
}

static struct kunit_case offload_cases[] = {
	KUNIT_CASE_PARAM(offload_left_to_device, offload_gen_params),
	KUNIT_CASE_PARAM(offload_done_before, offload_gen_params),
	{}
};

static struct kunit_suite offload_suite = {
	.name = "virtnet_offload",
	.test_cases = offload_cases,
};
kunit_test_suite(offload_suite);
