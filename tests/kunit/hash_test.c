// SPDX-License-Identifier: GPL-2.0-only
/*
 * The hash in front of a packet: it reaches the stack with what was hashed,
 * in every buffer mode, and nonsense reaches nobody.
 */
#include <linux/rtnetlink.h>
#include <linux/skbuff.h>
#include <virtnet/virtnet.h>

#include "memdev_ctrl.h"
#include "xdp_env.h"

#define HASH_VALUE	0x89abcdef

struct hash_case {
	u16 report;
	bool hashed;
	bool l4;
	enum xdp_rss_hash_type xdp;
};

static const struct hash_case hash_cases[] = {
	{ VIRTIO_NET_HASH_REPORT_NONE, false, false },
	{ VIRTIO_NET_HASH_REPORT_IPv4, true, false, XDP_RSS_TYPE_L3_IPV4 },
	{ VIRTIO_NET_HASH_REPORT_TCPv4, true, true, XDP_RSS_TYPE_L4_IPV4_TCP },
	{ VIRTIO_NET_HASH_REPORT_UDPv4, true, true, XDP_RSS_TYPE_L4_IPV4_UDP },
	{ VIRTIO_NET_HASH_REPORT_IPv6, true, false, XDP_RSS_TYPE_L3_IPV6 },
	{ VIRTIO_NET_HASH_REPORT_TCPv6, true, true, XDP_RSS_TYPE_L4_IPV6_TCP },
	{ VIRTIO_NET_HASH_REPORT_UDPv6, true, true, XDP_RSS_TYPE_L4_IPV6_UDP },
	{ VIRTIO_NET_HASH_REPORT_IPv6_EX, true, false, XDP_RSS_TYPE_L3_IPV6_EX },
	{ VIRTIO_NET_HASH_REPORT_TCPv6_EX, true, true, XDP_RSS_TYPE_L4_IPV6_TCP_EX },
	{ VIRTIO_NET_HASH_REPORT_UDPv6_EX, true, true, XDP_RSS_TYPE_L4_IPV6_UDP_EX },
	{ VIRTIO_NET_HASH_REPORT_UDPv6_EX + 1, false, false },
	{ 0xffff, false, false },
};

static void hash_tune(struct memdev *dev)
{
	struct virtio_net_config *cfg = memdev_config(dev);

	cfg->rss_max_key_size = VIRTNET_RSS_KEY;
	cfg->supported_hash_types = cpu_to_le32(0x1ff);
}

static struct net_env *hash_start(struct kunit *test, void (*tune)(struct memdev *dev))
{
	struct memdev_setup setup = {
		.features = BIT_ULL(VIRTIO_NET_F_CTRL_VQ) | BIT_ULL(VIRTIO_NET_F_HASH_REPORT),
		.ctrl = true,
		.tune = tune,
	};
	struct net_env *env;

	if (!net_ours())
		kunit_skip(test, "for virtnet only");
	env = net_start(test, test->param_value, &setup);
	KUNIT_ASSERT_EQ(test, net_open(env), 0);
	return env;
}

static struct net_cap *hash_receive(struct net_env *env, u16 report, u32 len, u32 seq)
{
	struct memdev_rx rx = { .data = env->buf, .len = len };

	virtio_net_set_hash_value(&rx.hdr, HASH_VALUE);
	rx.hdr.hash_report = cpu_to_le16(report);
	net_fill(env->buf, len, seq);
	KUNIT_EXPECT_GT(env->test, memdev_rx(env->dev, 0, &rx), 0);
	memdev_signal(net_rxq(env));
	if (!net_wait(env->kept))
		return NULL;
	return net_pop_cap(env);
}

/* Small enough to be copied, and large enough not to be. */
static const u32 hash_lens[] = { 100, 1400 };

static void hash_reaches_skb(struct kunit *test)
{
	struct net_env *env = hash_start(test, hash_tune);
	const struct hash_case *c;
	struct net_cap *cap;
	u32 i, seq = 0;

	KUNIT_EXPECT_EQ(test, memdev_hdr_len(env->dev), 20);
	for (c = hash_cases; c < hash_cases + ARRAY_SIZE(hash_cases); c++) {
		for (i = 0; i < ARRAY_SIZE(hash_lens); i++) {
			cap = hash_receive(env, c->report, hash_lens[i], ++seq);
			KUNIT_ASSERT_NOT_NULL_MSG(test, cap, "report %u", c->report);
			KUNIT_EXPECT_TRUE(test, net_is(cap->data, cap->len, seq));
			KUNIT_EXPECT_EQ_MSG(test, cap->hash, c->hashed ? HASH_VALUE : 0,
					    "report %u", c->report);
			KUNIT_EXPECT_EQ_MSG(test, cap->l4_hash, c->l4, "report %u", c->report);
			kfree(cap);
		}
	}
	KUNIT_EXPECT_EQ(test, net_stat(env, "rx", "hash_bad"), 2 * ARRAY_SIZE(hash_lens));
	KUNIT_EXPECT_EQ(test, net_stat(env, "rx", "drops"), 0);
}

/* A program is told of it, and so is the stack after it. */
static void hash_reaches_program(struct kunit *test)
{
	struct xdp_env *x = xdp_start_tuned(test, test->param_value,
					    BIT_ULL(VIRTIO_NET_F_CTRL_VQ) |
					    BIT_ULL(VIRTIO_NET_F_CTRL_GUEST_OFFLOADS) |
					    BIT_ULL(VIRTIO_NET_F_HASH_REPORT), hash_tune);
	const struct hash_case *c;
	struct net_cap *cap;
	u32 i, seq = 0;

	KUNIT_ASSERT_EQ(test, xdp_attach(x, x->prog), 0);
	/* Buffers that were posted before are shown in another way. */
	x->plan.verdict = XDP_DROP;
	for (i = 0; i < 8; i++)
		xdp_rx_burst(x, 60, i * 32, 32);
	x->plan.verdict = XDP_PASS;
	for (c = hash_cases; c < hash_cases + ARRAY_SIZE(hash_cases); c++) {
		for (i = 0; i < ARRAY_SIZE(hash_lens); i++) {
			cap = hash_receive(x->net, c->report, hash_lens[i], ++seq);
			KUNIT_ASSERT_NOT_NULL(test, cap);
			KUNIT_EXPECT_EQ_MSG(test, x->seen.hash_err, c->hashed ? 0 : -ENODATA,
					    "report %u", c->report);
			if (c->hashed) {
				KUNIT_EXPECT_EQ(test, x->seen.hash, HASH_VALUE);
				KUNIT_EXPECT_EQ(test, x->seen.hash_type, c->xdp);
			}
			KUNIT_EXPECT_EQ(test, cap->hash, c->hashed ? HASH_VALUE : 0);
			KUNIT_EXPECT_EQ(test, cap->l4_hash, c->l4);
			kfree(cap);
		}
	}
	KUNIT_EXPECT_EQ(test, xdp_attach(x, NULL), 0);
}

/* ethtool -K rxhash off: nobody looks at it. */
static void hash_switched_off(struct kunit *test)
{
	struct net_env *env = hash_start(test, hash_tune);
	struct net_cap *cap;

	rtnl_lock();
	KUNIT_EXPECT_TRUE(test, env->nd->features & NETIF_F_RXHASH);
	env->nd->wanted_features &= ~NETIF_F_RXHASH;
	netdev_update_features(env->nd);
	rtnl_unlock();
	cap = hash_receive(env, VIRTIO_NET_HASH_REPORT_TCPv4, 200, 1);
	KUNIT_ASSERT_NOT_NULL(test, cap);
	KUNIT_EXPECT_EQ(test, cap->hash, 0);
	kfree(cap);
}

/* The device is told what to hash, with which key, and packets go out as well. */
static void hash_configured(struct kunit *test)
{
	struct net_env *env = hash_start(test, hash_tune);
	const struct memdev_told *told = memdev_ctrl_told(env->dev, VIRTIO_NET_CTRL_MQ,
							  VIRTIO_NET_CTRL_MQ_HASH_CONFIG);
	const struct virtio_net_hash_config *c = (const void *)told->data;

	KUNIT_ASSERT_EQ(test, told->times, 1);
	KUNIT_EXPECT_EQ(test, told->len, struct_size(c, hash_key_data, VIRTNET_RSS_KEY));
	KUNIT_EXPECT_NE(test, le32_to_cpu(c->hash_types), 0);
	KUNIT_EXPECT_EQ(test, c->hash_key_length, VIRTNET_RSS_KEY);
	KUNIT_EXPECT_EQ(test, net_send(env, 300, 7, 0), 0);
	KUNIT_EXPECT_EQ(test, net_take(env), 1);
	KUNIT_EXPECT_EQ(test, env->tx.len, 300);
	KUNIT_EXPECT_TRUE(test, net_is(env->tx.data, 300, 7));
}

static void hash_no_key(struct memdev *dev)
{
	hash_tune(dev);
	memdev_config(dev)->rss_max_key_size = 8;
}

/* A device that takes no key of the usual length cannot be told one. */
static void hash_not_believed(struct kunit *test)
{
	struct net_env *env = hash_start(test, hash_no_key);

	KUNIT_EXPECT_FALSE(test, memdev_has(env->dev, VIRTIO_NET_F_HASH_REPORT));
	KUNIT_EXPECT_FALSE(test, env->nd->hw_features & NETIF_F_RXHASH);
	KUNIT_EXPECT_EQ(test, net_rx(env, 500, 3, 0), 1);
	memdev_signal(net_rxq(env));
	KUNIT_EXPECT_TRUE(test, net_wait(env->kept));
	net_expect(env, 500, 3);
}

static struct kunit_case hash_kunit_cases[] = {
	KUNIT_CASE_PARAM(hash_reaches_skb, net_gen_modes),
	KUNIT_CASE_PARAM(hash_reaches_program, net_gen_modes),
	KUNIT_CASE_PARAM(hash_switched_off, net_gen_modes),
	KUNIT_CASE_PARAM(hash_configured, net_gen_modes),
	KUNIT_CASE_PARAM(hash_not_believed, net_gen_modes),
	{}
};

static struct kunit_suite hash_suite = {
	.name = "virtnet_hash",
	.test_cases = hash_kunit_cases,
};
kunit_test_suite(hash_suite);
