// SPDX-License-Identifier: GPL-2.0-only
/*
 * GSO packets in UDP tunnels, both ways: TCP and UDP in VXLAN over IPv4 and
 * IPv6. On kernels that negotiate 64 features only, that nothing of it shows.
 */
#include <linux/etherdevice.h>
#include <linux/ethtool.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/rtnetlink.h>
#include <linux/udp.h>
#include <net/vxlan.h>

#include <virtnet/virtnet.h>

#include "memdev_ctrl.h"
#include "net_env.h"
#include "pkt.h"

#define F(name)		BIT_ULL(VIRTIO_NET_F_##name)
#define MORE(name)	BIT_ULL(VIRTIO_NET_F_##name - 64)
#define RX_TUNNEL	MORE(GUEST_UDP_TUNNEL_GSO)
#define RX_CSUM		MORE(GUEST_UDP_TUNNEL_GSO_CSUM)
#define TX_TUNNEL	MORE(HOST_UDP_TUNNEL_GSO)
#define TX_CSUM		MORE(HOST_UDP_TUNNEL_GSO_CSUM)
#define ALL_TUNNEL	(RX_TUNNEL | RX_CSUM | TX_TUNNEL | TX_CSUM)

#define TUN4		VIRTIO_NET_HDR_GSO_UDP_TUNNEL_IPV4
#define TUN6		VIRTIO_NET_HDR_GSO_UDP_TUNNEL_IPV6

#define MSS		1300
#define PAYLOAD		20000

struct tunnel {
	const char *name;
	enum pkt_kind outer;	/* UDP */
	enum pkt_kind inner;
	u32 gso;		/* of the inner packet */
	u8 type;		/* as the device has it */
	bool csum;		/* the outer UDP header has a checksum */
};

static const struct tunnel tunnels[] = {
	{ "tcp4 in udp4", PKT_UDP4, PKT_TCP4, SKB_GSO_TCPV4,
	  VIRTIO_NET_HDR_GSO_TCPV4 | TUN4, false },
	{ "tcp6 in udp4", PKT_UDP4, PKT_TCP6, SKB_GSO_TCPV6,
	  VIRTIO_NET_HDR_GSO_TCPV6 | TUN4, true },
	{ "tcp4 in udp6", PKT_UDP6, PKT_TCP4, SKB_GSO_TCPV4,
	  VIRTIO_NET_HDR_GSO_TCPV4 | TUN6, true },
	{ "udp6 in udp6", PKT_UDP6, PKT_UDP6, SKB_GSO_UDP_L4,
	  VIRTIO_NET_HDR_GSO_UDP_L4 | TUN6, false },
	{ "udp4 in udp4, checksum", PKT_UDP4, PKT_UDP4, SKB_GSO_UDP_L4,
	  VIRTIO_NET_HDR_GSO_UDP_L4 | TUN4, true },
};

static void tunnel_desc(const struct tunnel *t, char *desc)
{
	strscpy(desc, t->name, KUNIT_PARAM_DESC_SIZE);
}
KUNIT_ARRAY_PARAM(tunnel, tunnels, tunnel_desc);

static u32 outer_len(const struct tunnel *t)
{
	return pkt_hdrs(t->outer) + sizeof(struct vxlanhdr);
}

static u32 inner_nh(const struct tunnel *t)
{
	return outer_len(t) + ETH_HLEN;
}

static u32 inner_th(const struct tunnel *t)
{
	return outer_len(t) + pkt_l4(t->inner);
}

static u32 all_hdrs(const struct tunnel *t)
{
	return outer_len(t) + pkt_hdrs(t->inner);
}

/* The frame: outer headers, VXLAN, the inner frame. Returns its length. */
static u32 tunnel_build(u8 *buf, const struct tunnel *t, u32 payload)
{
	u32 inner = pkt_hdrs(t->inner) + payload;
	struct udphdr *uh;

	pkt_build(buf, t->outer, sizeof(struct vxlanhdr) + inner);
	uh = (struct udphdr *)(buf + pkt_l4(t->outer));
	if (!t->csum)
		uh->check = 0;
	memset(buf + pkt_hdrs(t->outer), 0, sizeof(struct vxlanhdr));
	buf[pkt_hdrs(t->outer)] = VXLAN_HF_VNI >> 24;
	return outer_len(t) + pkt_build(buf + outer_len(t), t->inner, payload);
}

static struct net_env *tunnel_start(struct kunit *test, u64 with, u64 without, u64 more)
{
	static const struct net_param param = { "", NET_MERGEABLE, 0 };
	struct memdev_setup setup = {
		.features = F(CTRL_VQ) | F(CTRL_GUEST_OFFLOADS) | with,
		.more_features = more, .ctrl = true,
	};
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

static void tunnel_takes(struct kunit *test)
{
	if (!net_negotiates(VIRTIO_NET_F_HOST_UDP_TUNNEL_GSO))
		kunit_skip(test, "takes a kernel that negotiates features beyond bit 63");
}

static bool tunnel_has(struct net_env *env, unsigned int feature)
{
	return compat_has_feature(&env->dev->vdev, feature);
}

/* What is agreed on: all, or what has all that it needs. */
static void tunnel_negotiated(struct kunit *test)
{
	bool able = net_negotiates(VIRTIO_NET_F_HOST_UDP_TUNNEL_GSO);
	struct net_env *env = tunnel_start(test, 0, 0, ALL_TUNNEL);
	netdev_features_t tx = NETIF_F_GSO_UDP_TUNNEL | NETIF_F_GSO_UDP_TUNNEL_CSUM;

	KUNIT_EXPECT_EQ(test, tunnel_has(env, VIRTIO_NET_F_GUEST_UDP_TUNNEL_GSO), able);
	KUNIT_EXPECT_EQ(test, tunnel_has(env, VIRTIO_NET_F_GUEST_UDP_TUNNEL_GSO_CSUM), able);
	KUNIT_EXPECT_EQ(test, tunnel_has(env, VIRTIO_NET_F_HOST_UDP_TUNNEL_GSO), able);
	KUNIT_EXPECT_EQ(test, tunnel_has(env, VIRTIO_NET_F_HOST_UDP_TUNNEL_GSO_CSUM), able);
	KUNIT_EXPECT_EQ(test, env->nd->features & tx, able ? tx : 0);
	KUNIT_EXPECT_EQ(test, env->nd->hw_enc_features & tx, able ? tx : 0);
	KUNIT_EXPECT_EQ(test, memdev_hdr_len(env->dev), able ? 24 : 12);
	KUNIT_EXPECT_EQ(test, net_rx(env, 100, 1, 0), 1);
	memdev_signal(net_rxq(env));
	net_expect(env, 100, 1);
	KUNIT_EXPECT_EQ(test, net_send(env, 200, 2, 0), 0);
	KUNIT_EXPECT_EQ(test, net_take(env), 1);
	KUNIT_EXPECT_TRUE(test, net_is(env->tx.data, env->tx.len, 2));
}

/* Features of which one is missing that they build on, and what is left. */
static void tunnel_orphans(struct kunit *test)
{
	static const struct {
		u64 without, offers, left;
	} cases[] = {
		{ F(GUEST_USO6), ALL_TUNNEL, TX_TUNNEL | TX_CSUM },
		{ F(GUEST_TSO4), ALL_TUNNEL, TX_TUNNEL | TX_CSUM },
		{ F(HOST_USO), ALL_TUNNEL, RX_TUNNEL | RX_CSUM },
		{ F(HOST_USO) | F(CTRL_GUEST_OFFLOADS), ALL_TUNNEL, 0 },
		{ F(CTRL_GUEST_OFFLOADS), ALL_TUNNEL, ALL_TUNNEL },
		{ 0, RX_CSUM | TX_CSUM, 0 },
	};
	static const unsigned int bits[] = {
		VIRTIO_NET_F_GUEST_UDP_TUNNEL_GSO, VIRTIO_NET_F_GUEST_UDP_TUNNEL_GSO_CSUM,
		VIRTIO_NET_F_HOST_UDP_TUNNEL_GSO, VIRTIO_NET_F_HOST_UDP_TUNNEL_GSO_CSUM,
	};
	struct net_env *env;
	int i, j;

	tunnel_takes(test);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		env = tunnel_start(test, 0, cases[i].without, cases[i].offers);
		for (j = 0; j < ARRAY_SIZE(bits); j++)
			KUNIT_EXPECT_EQ_MSG(test, tunnel_has(env, bits[j]),
					    !!(cases[i].left & BIT_ULL(bits[j] - 64)),
					    "case %d bit %u", i, bits[j]);
		net_remove(env);
	}
}

/* The stack's packet: headers linear, payload in pages. */
static struct sk_buff *tunnel_skb(struct net_env *env, const struct tunnel *t, u32 *len)
{
	u32 hdrs = all_hdrs(t), left, part;
	struct sk_buff *skb;
	struct page *page;
	int i;

	*len = tunnel_build(env->buf, t, PAYLOAD);
	skb = alloc_skb(LL_RESERVED_SPACE(env->nd) + hdrs, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(env->test, skb);
	skb_reserve(skb, LL_RESERVED_SPACE(env->nd));
	skb_put_data(skb, env->buf, hdrs);
	for (i = 0, left = *len - hdrs; left; i++, left -= part) {
		part = min_t(u32, left, PAGE_SIZE);
		page = alloc_page(GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(env->test, page);
		memcpy(page_address(page), env->buf + *len - left, part);
		skb_add_rx_frag(skb, i, page, 0, part, PAGE_SIZE);
	}
	skb->dev = env->nd;
	skb_reset_mac_header(skb);
	skb->protocol = eth_hdr(skb)->h_proto;
	skb_set_network_header(skb, ETH_HLEN);
	skb_partial_csum_set(skb, inner_th(t), pkt_csum_off(t->inner));
	skb_set_transport_header(skb, pkt_l4(t->outer));
	skb_set_inner_mac_header(skb, outer_len(t));
	skb_set_inner_network_header(skb, inner_nh(t));
	skb_set_inner_transport_header(skb, inner_th(t));
	skb_set_inner_protocol(skb, htons(ETH_P_TEB));
	skb->encapsulation = 1;
	skb_shinfo(skb)->gso_type = t->gso | (t->csum ? SKB_GSO_UDP_TUNNEL_CSUM :
							SKB_GSO_UDP_TUNNEL);
	skb_shinfo(skb)->gso_size = MSS;
	skb_shinfo(skb)->gso_segs = DIV_ROUND_UP(PAYLOAD, MSS);
	return skb;
}

/* Sent: one packet, described well enough to be cut up. */
static void tunnel_sent(struct kunit *test)
{
	const struct tunnel *t = test->param_value;
	struct virtio_net_hdr_v1 *h;
	struct net_env *env;
	struct sk_buff *skb;
	u32 len;

	tunnel_takes(test);
	env = tunnel_start(test, F(GUEST_HDRLEN), 0, ALL_TUNNEL);
	h = &env->tx.hdr;
	skb = tunnel_skb(env, t, &len);
	KUNIT_ASSERT_EQ(test, dev_queue_xmit(skb), 0);
	KUNIT_ASSERT_EQ(test, net_take(env), 1);
	KUNIT_EXPECT_EQ(test, env->tx.len, len);
	KUNIT_EXPECT_MEMEQ(test, env->tx.data, env->buf, len);
	KUNIT_EXPECT_EQ(test, h->flags, VIRTIO_NET_HDR_F_NEEDS_CSUM |
			(t->csum ? VIRTIO_NET_HDR_F_UDP_TUNNEL_CSUM : 0));
	KUNIT_EXPECT_EQ(test, h->gso_type, t->type);
	KUNIT_EXPECT_EQ(test, le16_to_cpu((__force __le16)h->gso_size), MSS);
	KUNIT_EXPECT_EQ(test, le16_to_cpu((__force __le16)h->hdr_len), all_hdrs(t));
	KUNIT_EXPECT_EQ(test, le16_to_cpu((__force __le16)h->csum_start), inner_th(t));
	KUNIT_EXPECT_EQ(test, le16_to_cpu((__force __le16)h->csum_offset),
			pkt_csum_off(t->inner));
	KUNIT_EXPECT_EQ(test, env->tx.outer_th, pkt_l4(t->outer));
	KUNIT_EXPECT_EQ(test, env->tx.inner_nh, inner_nh(t));
	KUNIT_EXPECT_EQ(test, net_take(env), 0);
}

/* A device that does not know tunnels gets packets that it can send as they are. */
static void tunnel_cut_before(struct kunit *test)
{
	const struct tunnel *t = test->param_value;
	struct net_env *env = tunnel_start(test, 0, 0, 0);
	u32 len, hdrs = all_hdrs(t), got = 0, n = 0;
	struct sk_buff *skb = tunnel_skb(env, t, &len);

	KUNIT_ASSERT_EQ(test, dev_queue_xmit(skb), 0);
	while (net_take(env) == 1) {
		KUNIT_EXPECT_EQ(test, env->tx.hdr.gso_type, VIRTIO_NET_HDR_GSO_NONE);
		KUNIT_EXPECT_LE(test, env->tx.len, hdrs + MSS);
		KUNIT_EXPECT_EQ(test, memcmp(env->tx.data + hdrs, env->buf + hdrs + got,
					     env->tx.len - hdrs), 0);
		got += env->tx.len - hdrs;
		n++;
		memdev_signal(net_txq(env));
	}
	KUNIT_EXPECT_EQ(test, got, PAYLOAD);
	KUNIT_EXPECT_EQ(test, n, DIV_ROUND_UP(PAYLOAD, MSS));
}

/* What a device says of the packet in env->buf that it received. */
static struct memdev_rx tunnel_rx(struct net_env *env, const struct tunnel *t)
{
	struct virtio_device *vdev = &env->dev->vdev;
	struct memdev_rx rx = {
		.data = env->buf, .len = tunnel_build(env->buf, t, PAYLOAD),
		.outer_th = pkt_l4(t->outer), .inner_nh = inner_nh(t),
	};

	rx.hdr.hdr.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM |
			   (t->csum ? VIRTIO_NET_HDR_F_UDP_TUNNEL_CSUM : 0);
	rx.hdr.hdr.gso_type = t->type;
	rx.hdr.hdr.gso_size = cpu_to_virtio16(vdev, MSS);
	rx.hdr.hdr.csum_start = cpu_to_virtio16(vdev, inner_th(t));
	rx.hdr.hdr.csum_offset = cpu_to_virtio16(vdev, pkt_csum_off(t->inner));
	return rx;
}

/* Received: the stack is told where everything is. */
static void tunnel_received(struct kunit *test)
{
	const struct tunnel *t = test->param_value;
	struct memdev_rx rx;
	struct net_cap *cap;
	struct net_env *env;

	tunnel_takes(test);
	env = tunnel_start(test, 0, 0, ALL_TUNNEL);
	rx = tunnel_rx(env, t);
	KUNIT_ASSERT_GT(test, memdev_rx(env->dev, 0, &rx), 0);
	memdev_signal(net_rxq(env));
	KUNIT_ASSERT_TRUE(test, net_wait(env->kept));
	cap = net_pop_cap(env);
	KUNIT_ASSERT_EQ(test, cap->len, rx.len);
	KUNIT_EXPECT_MEMEQ(test, cap->data, env->buf, rx.len);
	KUNIT_EXPECT_TRUE(test, cap->encapsulation);
	KUNIT_EXPECT_EQ(test, cap->ip_summed, CHECKSUM_PARTIAL);
	KUNIT_EXPECT_EQ(test, cap->gso_type, t->gso | SKB_GSO_DODGY |
			(t->csum ? SKB_GSO_UDP_TUNNEL_CSUM : SKB_GSO_UDP_TUNNEL));
	KUNIT_EXPECT_EQ(test, cap->gso_size, MSS);
	KUNIT_EXPECT_EQ(test, cap->outer_th, pkt_l4(t->outer));
	KUNIT_EXPECT_EQ(test, cap->inner_nh, inner_nh(t));
	KUNIT_EXPECT_EQ(test, cap->inner_th, inner_th(t));
	KUNIT_EXPECT_EQ(test, cap->csum_start, inner_th(t));
	KUNIT_EXPECT_EQ(test, cap->csum_offset, pkt_csum_off(t->inner));
	kfree(cap);
}

/* A lie told of a packet in a tunnel that was in order before. */
static void tunnel_lie(struct net_env *env, int number, struct memdev_rx *rx)
{
	struct virtio_net_hdr_v1 *h = &rx->hdr.hdr;

	switch (number) {
	case 0:
		rx->outer_th = 0;
		break;
	case 1:
		rx->outer_th = ETH_HLEN + 19;
		break;
	case 2:
		rx->inner_nh = rx->outer_th + 7;
		break;
	case 3:
		rx->inner_nh = 0xffff;
		break;
	case 4:
		h->csum_start = cpu_to_virtio16(&env->dev->vdev, rx->inner_nh + 19);
		break;
	case 5:
		rx->outer_th = 0xfff8;
		break;
	case 6:
		h->gso_type |= TUN4 | TUN6;
		break;
	case 7:
		h->gso_type &= TUN4 | TUN6;
		break;
	case 8:
		h->flags &= ~VIRTIO_NET_HDR_F_NEEDS_CSUM;
		break;
	case 9:
		h->flags |= VIRTIO_NET_HDR_F_DATA_VALID;
		break;
	}
}

#define TUNNEL_LIES	10

static void tunnel_lies(struct kunit *test)
{
	const struct tunnel *t = test->param_value;
	struct net_env *env;
	struct memdev_rx rx;
	u32 i;

	tunnel_takes(test);
	env = tunnel_start(test, 0, 0, ALL_TUNNEL);
	for (i = 0; i < TUNNEL_LIES; i++) {
		rx = tunnel_rx(env, t);
		tunnel_lie(env, i, &rx);
		KUNIT_ASSERT_GT(test, memdev_rx(env->dev, 0, &rx), 0);
		memdev_signal(net_rxq(env));
		KUNIT_EXPECT_TRUE_MSG(test, net_wait(net_stat(env, "rx", "hdr_bad") == i + 1),
				      "lie %u", i);
		KUNIT_EXPECT_EQ_MSG(test, env->kept, 0, "lie %u", i);
		net_flush_caps(env);
	}
	KUNIT_EXPECT_EQ(test, net_rx(env, 100, 1, 0), 1);
	memdev_signal(net_rxq(env));
	net_expect(env, 100, 1);
}

/* Not agreed on: a tunnel's mark is as wrong as any other unknown type. */
static void tunnel_not_agreed(struct kunit *test)
{
	const struct tunnel *t = test->param_value;
	struct net_env *env = tunnel_start(test, 0, 0, 0);
	struct memdev_rx rx = tunnel_rx(env, t);

	KUNIT_ASSERT_GT(test, memdev_rx(env->dev, 0, &rx), 0);
	memdev_signal(net_rxq(env));
	KUNIT_EXPECT_TRUE(test, net_wait(net_stat(env, "rx", "hdr_bad") == 1));
	KUNIT_EXPECT_EQ(test, env->kept, 0);
}

/* The command has bits of its own for what is beyond bit 63. */
static void tunnel_switched(struct kunit *test)
{
	const u64 mapped = BIT_ULL(VIRTIO_NET_F_GUEST_UDP_TUNNEL_GSO_MAPPED) |
			   BIT_ULL(VIRTIO_NET_F_GUEST_UDP_TUNNEL_GSO_CSUM_MAPPED);
	struct net_env *env;
	__le64 told;

	tunnel_takes(test);
	env = tunnel_start(test, 0, 0, ALL_TUNNEL);
	rtnl_lock();
	env->nd->wanted_features &= ~NETIF_F_GRO_HW;
	netdev_update_features(env->nd);
	memcpy(&told, env->dev->ctrl->state.offloads, sizeof(told));
	KUNIT_EXPECT_EQ(test, le64_to_cpu(told), F(GUEST_CSUM));
	env->nd->wanted_features |= NETIF_F_GRO_HW;
	netdev_update_features(env->nd);
	memcpy(&told, env->dev->ctrl->state.offloads, sizeof(told));
	KUNIT_EXPECT_EQ(test, le64_to_cpu(told) & mapped, mapped);
	KUNIT_EXPECT_TRUE(test, le64_to_cpu(told) & F(GUEST_TSO4));
	rtnl_unlock();
}

static struct kunit_case tunnel_cases[] = {
	KUNIT_CASE(tunnel_negotiated),
	KUNIT_CASE(tunnel_orphans),
	KUNIT_CASE_PARAM(tunnel_sent, tunnel_gen_params),
	KUNIT_CASE_PARAM(tunnel_cut_before, tunnel_gen_params),
	KUNIT_CASE_PARAM(tunnel_received, tunnel_gen_params),
	KUNIT_CASE_PARAM(tunnel_lies, tunnel_gen_params),
	KUNIT_CASE_PARAM(tunnel_not_agreed, tunnel_gen_params),
	KUNIT_CASE(tunnel_switched),
	{}
};

static struct kunit_suite tunnel_suite = {
	.name = "virtnet_tunnel",
	.test_cases = tunnel_cases,
};
kunit_test_suite(tunnel_suite);
