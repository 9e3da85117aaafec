// SPDX-License-Identifier: GPL-2.0-only
/*
 * The whole driver on the in-memory device: packets in come up the stack as
 * they were, packets sent reach the device as they were, in each buffer mode
 * on each ring.
 */
#include "net_env.h"

static const u32 net_sizes[] = { 14, 15, 60, 61, 128, 255, 256, 257, 512, 1000,
				 1280, 1499, 1514, 1518 };

/* One packet in, the same packet out. */
static void net_rx_sizes(struct kunit *test)
{
	struct net_env *env = test->priv;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(net_sizes); i++) {
		KUNIT_ASSERT_GT(test, net_rx(env, net_sizes[i], i, 0), 0);
		KUNIT_EXPECT_TRUE(test, memdev_signal(net_rxq(env)));
		KUNIT_EXPECT_TRUE(test, net_wait(env->kept));
		net_expect(env, net_sizes[i], i);
	}
	KUNIT_EXPECT_EQ(test, net_rxq(env)->errors, 0);
}

/* Many packets behind one interrupt, in order. */
static void net_rx_burst(struct kunit *test)
{
	struct net_env *env = test->priv;
	unsigned int i, n = min(memdev_available(net_rxq(env)), 48u);

	for (i = 0; i < n; i++)
		KUNIT_ASSERT_EQ(test, net_rx(env, 60 + 29 * i, i, 0), 1);
	KUNIT_EXPECT_TRUE(test, memdev_signal(net_rxq(env)));
	KUNIT_EXPECT_TRUE(test, net_wait(env->kept == n));
	for (i = 0; i < n; i++)
		net_expect(env, 60 + 29 * i, i);
}

static u32 net_rx_max(struct net_env *env)
{
	return env->param->mode == NET_SMALL ? 1514 : 65549;
}

/* The largest packet that the mode takes. */
static void net_rx_largest(struct kunit *test)
{
	struct net_env *env = test->priv;
	u32 len = net_rx_max(env);
	unsigned int i;

	for (i = 0; i < 4; i++) {
		KUNIT_ASSERT_GT(test, net_rx(env, len, i, 0), 0);
		memdev_signal(net_rxq(env));
		KUNIT_EXPECT_TRUE(test, net_wait(env->kept));
		net_expect(env, len, i);
	}
}

/* 1 to 17 buffers per packet, and beyond, tiny and full. */
static void net_rx_spread(struct kunit *test)
{
	struct net_env *env = test->priv;
	static const u32 per[] = { 2, 100, 1400 };
	unsigned int i, n, seq = 0;

	for (i = 0; i < ARRAY_SIZE(per); i++) {
		for (n = 1; n <= 40; n++) {
			u32 len = max(per[i] * n, 60u);

			KUNIT_ASSERT_EQ(test, net_rx(env, len, ++seq, n), n);
			KUNIT_EXPECT_TRUE(test, memdev_signal(net_rxq(env)));
			KUNIT_EXPECT_TRUE(test, net_wait(env->kept));
			net_expect(env, len, seq);
		}
	}
}

/* Every buffer of a packet filled to its last byte. */
static void net_rx_full_buffers(struct kunit *test)
{
	struct net_env *env = test->priv;
	unsigned int hlen = memdev_hdr_len(env->dev), i;
	u32 cap, len;

	KUNIT_ASSERT_EQ(test, memdev_pop(net_rxq(env), &env->chain), 1);
	cap = env->chain.in_len;
	memdev_use(net_rxq(env), &env->chain, hlen + 60);
	memdev_signal(net_rxq(env));
	net_flush_caps(env);
	for (i = 1; i <= (env->param->mode == NET_MERGEABLE ? 17 : 1); i++) {
		len = min(i * cap - hlen, net_rx_max(env));
		KUNIT_ASSERT_EQ(test, net_rx(env, len, i, 0), DIV_ROUND_UP(len + hlen, cap));
		memdev_signal(net_rxq(env));
		KUNIT_EXPECT_TRUE(test, net_wait(env->kept));
		net_expect(env, len, i);
	}
}

static void net_expect_sent(struct net_env *env, u32 len, u32 seq)
{
	KUNIT_ASSERT_EQ(env->test, net_take(env), 1);
	KUNIT_EXPECT_EQ(env->test, env->tx.len, len);
	KUNIT_EXPECT_TRUE_MSG(env->test, net_is(env->tx.data, len, seq),
			      "packet %u of %u bytes has other content", seq, len);
	KUNIT_EXPECT_EQ(env->test, env->tx.hdr.flags, 0);
	KUNIT_EXPECT_EQ(env->test, env->tx.hdr.gso_type, VIRTIO_NET_HDR_GSO_NONE);
	KUNIT_EXPECT_EQ(env->test, env->tx.hdr.num_buffers, 0);
}

/* Packets sent arrive as they were, linear and in fragments. */
static void net_tx_sizes(struct kunit *test)
{
	struct net_env *env = test->priv;
	unsigned int i, frags;

	for (i = 0; i < ARRAY_SIZE(net_sizes); i++) {
		for (frags = 0; frags <= MAX_SKB_FRAGS; frags += 5) {
			u32 len = min(net_sizes[i], 1514u);

			if (frags && len < 256)
				continue;
			KUNIT_ASSERT_EQ(test, net_send(env, len, i, frags), 0);
			net_expect_sent(env, len, i);
			memdev_signal(net_txq(env));
		}
	}
	KUNIT_EXPECT_EQ(test, net_txq(env)->errors, 0);
}

/* Counters: ethtool's, ip link's and the test's own agree. */
static void net_counters(struct kunit *test)
{
	struct net_env *env = test->priv;
	struct rtnl_link_stats64 now, before;
	u64 rxp, rxb, txp, txb;
	unsigned int i;

	if (!net_has_stat(env, "rx", "packets"))
		kunit_skip(test, "this driver shows no packet counters per queue");
	rxp = net_stat(env, "rx", "packets");
	rxb = net_stat(env, "rx", "bytes");
	txp = net_stat(env, "tx", "packets");
	txb = net_stat(env, "tx", "bytes");
	dev_get_stats(env->nd, &before);
	for (i = 0; i < 10; i++) {
		KUNIT_ASSERT_EQ(test, net_rx(env, 100 + i, i, 0), 1);
		KUNIT_ASSERT_EQ(test, net_send(env, 200 + i, i, 0), 0);
		KUNIT_ASSERT_EQ(test, net_take(env), 1);
		/* Byte queue limits: no more is sent before this is known. */
		memdev_interrupt(net_txq(env));
	}
	memdev_interrupt(net_rxq(env));
	KUNIT_EXPECT_TRUE(test, net_wait(env->kept == 10));
	KUNIT_EXPECT_TRUE(test, net_wait(net_stat(env, "tx", "packets") == txp + 10));
	dev_get_stats(env->nd, &now);
	KUNIT_EXPECT_EQ(test, net_stat(env, "rx", "packets"), rxp + 10);
	KUNIT_EXPECT_EQ(test, net_stat(env, "rx", "bytes"), rxb + 1045);
	KUNIT_EXPECT_EQ(test, net_stat(env, "tx", "bytes"), txb + 2045);
	KUNIT_EXPECT_EQ(test, now.rx_packets, before.rx_packets + 10);
	KUNIT_EXPECT_EQ(test, now.rx_bytes, before.rx_bytes + 1045);
	KUNIT_EXPECT_EQ(test, now.tx_packets, before.tx_packets + 10);
	KUNIT_EXPECT_EQ(test, now.tx_bytes, before.tx_bytes + 2045);
	KUNIT_EXPECT_EQ(test, now.rx_dropped, before.rx_dropped);
	KUNIT_EXPECT_EQ(test, now.tx_dropped, before.tx_dropped);
}

/* Closed: the device is stopped, and no page is left in a pool. */
static void net_open_close(struct kunit *test)
{
	struct net_env *env = test->priv;
	unsigned int i;

	for (i = 0; i < 5; i++) {
		KUNIT_ASSERT_EQ(test, net_rx(env, 1000, i, 0), 1);
		KUNIT_ASSERT_EQ(test, net_send(env, 1000, i, 3), 0);
		memdev_interrupt(net_rxq(env));
		KUNIT_EXPECT_TRUE(test, net_wait(env->kept));
		net_expect(env, 1000, i);
		/* More received and sent that nobody takes. */
		KUNIT_ASSERT_EQ(test, net_rx(env, 500, i, 0), 1);
		net_close(env);
		if (net_ours()) {
			KUNIT_EXPECT_FALSE(test, env->dev->status & VIRTIO_CONFIG_S_DRIVER_OK);
			KUNIT_EXPECT_FALSE(test, net_rxq(env)->live);
		}
		KUNIT_EXPECT_TRUE(test, net_wait(!net_pools(env) || !net_ours()));
		KUNIT_ASSERT_EQ(test, net_open(env), 0);
		net_flush_caps(env);
		while (net_take(env) > 0)
			;
	}
}

/* The driver goes while packets are in the rings: all comes back. */
static void net_unbind(struct kunit *test)
{
	struct net_env *env = test->priv;
	unsigned int i;

	for (i = 0; i < 3; i++) {
		KUNIT_ASSERT_EQ(test, net_rx(env, 1000, i, 0), 1);
		KUNIT_ASSERT_EQ(test, net_send(env, 1000, i, 3), 0);
	}
	net_remove(env);
	KUNIT_EXPECT_EQ(test, env->dev->status & ~VIRTIO_CONFIG_S_ACKNOWLEDGE, 0);
	KUNIT_EXPECT_NULL(test, memdev_netdev(env->dev));
	KUNIT_EXPECT_TRUE(test, net_wait(!net_pools(env)));
}

/* Bound again, it works again; and another driver could have been there. */
static void net_rebind(struct kunit *test)
{
	struct net_env *env = test->priv;
	unsigned int i;

	for (i = 0; i < 3; i++) {
		net_remove(env);
		KUNIT_ASSERT_EQ(test, net_bind(env), 0);
		KUNIT_ASSERT_EQ(test, net_open(env), 0);
		KUNIT_ASSERT_EQ(test, net_rx(env, 900, i, 0), 1);
		memdev_signal(net_rxq(env));
		KUNIT_EXPECT_TRUE(test, net_wait(env->kept));
		net_expect(env, 900, i);
	}
}

/* Carrier follows the device's link status. */
static void net_link(struct kunit *test)
{
	struct net_env *env = test->priv;
	unsigned int i;

	for (i = 0; i < 3; i++) {
		memdev_link_set(env->dev, false);
		KUNIT_EXPECT_TRUE(test, net_wait(!netif_carrier_ok(env->nd)));
		memdev_link_set(env->dev, true);
		KUNIT_EXPECT_TRUE(test, net_wait(netif_carrier_ok(env->nd)));
	}
	KUNIT_ASSERT_EQ(test, net_rx(env, 900, 1, 0), 1);
	memdev_signal(net_rxq(env));
	KUNIT_EXPECT_TRUE(test, net_wait(env->kept));
	net_expect(env, 900, 1);
}

/*
 * A device that discards packets while the link is down may wait for a doorbell
 * that the driver has no reason to ring: it gets one when the link is back, and
 * one with the next packet.
 */
static void net_link_nudge(struct kunit *test)
{
	struct net_env *env = test->priv;
	struct memdev_vq *q = net_txq(env);
	u64 kicks;

	net_no_bql(env);
	q->ops->kick_never(q);
	kicks = q->kicks;
	KUNIT_ASSERT_EQ(test, net_send(env, 60, 1, 0), 0);
	KUNIT_EXPECT_EQ(test, q->kicks, kicks);
	memdev_link_set(env->dev, false);
	KUNIT_ASSERT_TRUE(test, net_wait(!netif_carrier_ok(env->nd)));
	memdev_link_set(env->dev, true);
	KUNIT_ASSERT_TRUE(test, net_wait(netif_carrier_ok(env->nd)));
	KUNIT_ASSERT_TRUE(test, net_wait(q->kicks == kicks + 1));
	KUNIT_ASSERT_EQ(test, net_send(env, 60, 2, 0), 0);
	KUNIT_EXPECT_EQ(test, q->kicks, kicks + 2);
	KUNIT_ASSERT_EQ(test, net_send(env, 60, 3, 0), 0);
	KUNIT_EXPECT_EQ(test, q->kicks, kicks + 2);
}

/* Byte queue limits leave room for a GSO packet, unless the user wants otherwise. */
static void net_bql(struct kunit *test)
{
	struct net_env *env = test->priv;
	struct dql *dql = &netdev_get_tx_queue(env->nd, 0)->dql;

	if (!net_ours())
		kunit_skip(test, "virtnet's own");
	KUNIT_EXPECT_GE(test, dql->min_limit, ETH_HLEN + 65535);
	dql->min_limit = 100;
	net_close(env);
	KUNIT_ASSERT_EQ(test, net_open(env), 0);
	KUNIT_EXPECT_EQ(test, dql->min_limit, 100);
}

static struct kunit_case net_cases[] = {
	KUNIT_CASE_PARAM(net_rx_sizes, net_gen_params),
	KUNIT_CASE_PARAM(net_rx_burst, net_gen_params),
	KUNIT_CASE_PARAM(net_rx_largest, net_gen_params),
	KUNIT_CASE_PARAM(net_rx_spread, net_gen_mergeable),
	KUNIT_CASE_PARAM(net_rx_full_buffers, net_gen_params),
	KUNIT_CASE_PARAM(net_tx_sizes, net_gen_params),
	KUNIT_CASE_PARAM(net_counters, net_gen_params),
	KUNIT_CASE_PARAM(net_open_close, net_gen_params),
	KUNIT_CASE_PARAM(net_unbind, net_gen_params),
	KUNIT_CASE_PARAM(net_rebind, net_gen_modes),
	KUNIT_CASE_PARAM(net_link, net_gen_modes),
	KUNIT_CASE_PARAM(net_link_nudge, net_gen_mergeable),
	KUNIT_CASE_PARAM(net_bql, net_gen_one_mergeable),
	{}
};

static struct kunit_suite net_suite = {
	.name = "virtnet_net",
	.init = net_init,
	.test_cases = net_cases,
};
kunit_test_suite(net_suite);
