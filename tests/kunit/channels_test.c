// SPDX-License-Identifier: GPL-2.0-only
/*
 * Channels that come and go on a running interface: no reset, nothing lost, and
 * the device knows what the stack does.
 */
#include <linux/ethtool.h>
#include <linux/netdevice.h>
#include <linux/rtnetlink.h>
#include <linux/virtio_net.h>

#include "memdev_ctrl.h"
#include "settings_env.h"

#define CH_LEN	300

static int ch_set(struct net_env *env, unsigned int n)
{
	struct ethtool_channels ch = { .combined_count = n };
	int err;

	rtnl_lock();
	err = env->nd->ethtool_ops->set_channels(env->nd, &ch);
	rtnl_unlock();
	return err;
}

/* What the device believes, from RSS or from the command without it. */
static unsigned int ch_told(struct net_env *env)
{
	const struct memdev_state *s = &env->dev->ctrl->state;
	unsigned int last = 2 + 2 + 2;		/* hash types, mask, unclassified */
	__virtio16 pairs;
	__le16 table, tx;

	if (!s->rss_len) {
		memcpy(&pairs, s->pairs, sizeof(pairs));
		return virtio16_to_cpu(&env->dev->vdev, pairs);
	}
	memcpy(&table, s->rss + 4, sizeof(table));
	last += 2 + 2 * (le16_to_cpu(table) + 1);
	memcpy(&tx, s->rss + last, sizeof(tx));
	return le16_to_cpu(tx);
}

/* The device has a packet for a pair; the interrupt may wait. */
static void ch_rx(struct net_env *env, unsigned int pair, u32 seq, bool interrupt)
{
	struct memdev_rx rx = { .data = env->buf, .len = CH_LEN };

	net_fill(env->buf, CH_LEN, seq);
	KUNIT_ASSERT_GT(env->test, memdev_rx(env->dev, pair, &rx), 0);
	if (interrupt)
		memdev_interrupt(&env->dev->q[MEMDEV_RX(pair)]);
}

/* It came, as if by that queue. */
static void ch_expect(struct net_env *env, u32 seq, unsigned int queue)
{
	struct net_cap *cap;

	KUNIT_ASSERT_TRUE(env->test, net_wait(env->kept));
	cap = net_pop_cap(env);
	KUNIT_EXPECT_TRUE(env->test, net_is(cap->data, CH_LEN, seq));
	KUNIT_EXPECT_EQ(env->test, cap->queue, queue);
	kfree(cap);
}

static void ch_works(struct net_env *env, unsigned int n, u32 seq)
{
	unsigned int i;

	KUNIT_EXPECT_EQ(env->test, ch_told(env), n);
	KUNIT_EXPECT_EQ(env->test, env->nd->real_num_tx_queues, n);
	KUNIT_EXPECT_EQ(env->test, env->nd->real_num_rx_queues, n);
	for (i = 0; i < n; i++) {
		struct sk_buff *skb = net_skb(env, CH_LEN, seq + i, 0);

		KUNIT_ASSERT_NOT_NULL(env->test, skb);
		skb_set_queue_mapping(skb, i);
		KUNIT_EXPECT_EQ(env->test, dev_direct_xmit(skb, i), NETDEV_TX_OK);
		KUNIT_EXPECT_TRUE(env->test,
				  net_wait(memdev_tx_take(env->dev, i, &env->tx) == 1));
		KUNIT_EXPECT_TRUE(env->test, net_is(env->tx.data, CH_LEN, seq + i));
		memdev_interrupt(&env->dev->q[MEMDEV_TX(i)]);
		ch_rx(env, i, seq + i, true);
		ch_expect(env, seq + i, i);
	}
}

static void ch_moves_on(struct kunit *test, u64 features)
{
	static const u8 steps[] = { 2, 1, 3, 4, 1, 4 };
	struct net_env *env = set_begin(test, features);
	unsigned int i, had = SET_PAIRS;
	u64 resets = env->dev->resets, queue_resets = env->dev->queue_resets;

	ch_works(env, SET_PAIRS, 0);
	for (i = 0; i < ARRAY_SIZE(steps); i++) {
		/* In the rings before, and not yet seen. */
		ch_rx(env, 0, 10000 + i, false);
		ch_rx(env, had - 1, 20000 + i, false);
		KUNIT_ASSERT_EQ(test, ch_set(env, steps[i]), 0);
		memdev_interrupt(&env->dev->q[MEMDEV_RX(0)]);
		ch_expect(env, 10000 + i, 0);
		memdev_interrupt(&env->dev->q[MEMDEV_RX(had - 1)]);
		ch_expect(env, 20000 + i, steps[i] < had ? 0 : had - 1);
		ch_works(env, steps[i], 100 * i);
		had = steps[i];
	}
	KUNIT_EXPECT_EQ(test, env->dev->resets, resets);
	KUNIT_EXPECT_EQ(test, env->dev->queue_resets, queue_resets);
	net_close(env);
	KUNIT_EXPECT_TRUE(test, net_wait(!net_pools(env)));
}

static void ch_moves(struct kunit *test)
{
	ch_moves_on(test, set_features());
}

static void ch_moves_rss(struct kunit *test)
{
	ch_moves_on(test, set_hash_features());
}

/* More or fewer: the device does not want to, and nothing has changed. */
static void ch_refused(struct kunit *test)
{
	struct net_env *env = set_begin(test, set_features());
	u64 resets = env->dev->resets;
	unsigned int n;

	for (n = 1; n <= SET_PAIRS; n += SET_PAIRS - 1) {
		KUNIT_ASSERT_EQ(test, ch_set(env, 2), 0);
		env->dev->ctrl->class_answer[VIRTIO_NET_CTRL_MQ] = MEMDEV_NAK;
		KUNIT_EXPECT_NE(test, ch_set(env, n), 0);
		env->dev->ctrl->class_answer[VIRTIO_NET_CTRL_MQ] = MEMDEV_OK;
		KUNIT_EXPECT_EQ(test, set_vi(env)->settings.pairs, 2);
		ch_works(env, 2, 100 * n);
	}
	KUNIT_EXPECT_EQ(test, env->dev->resets, resets);
}

/* What the device does not send holds a channel up, but not for ever. */
static void ch_stuck(struct kunit *test)
{
	struct net_env *env = set_begin(test, set_features());
	struct sk_buff *skb = net_skb(env, CH_LEN, 1, 0);
	unsigned long before = jiffies;

	KUNIT_ASSERT_NOT_NULL(test, skb);
	skb_set_queue_mapping(skb, 3);
	KUNIT_EXPECT_EQ(test, dev_direct_xmit(skb, 3), NETDEV_TX_OK);
	KUNIT_ASSERT_EQ(test, ch_set(env, 1), 0);
	KUNIT_EXPECT_TRUE(test, time_before(jiffies, before + 2 * HZ));
	KUNIT_ASSERT_EQ(test, ch_set(env, SET_PAIRS), 0);
	KUNIT_EXPECT_EQ(test, memdev_tx_take(env->dev, 3, &env->tx), 1);
	KUNIT_EXPECT_TRUE(test, net_is(env->tx.data, CH_LEN, 1));
	memdev_interrupt(&env->dev->q[MEMDEV_TX(3)]);
	ch_works(env, SET_PAIRS, 100);
}

/* A queue that comes back may have another moderation than before. */
static void ch_moderated(struct kunit *test)
{
	struct ethtool_coalesce ec = { .rx_coalesce_usecs = 77 };
	struct net_env *env = set_begin(test, set_features());
	struct virtio_net_ctrl_coal *known = env->dev->ctrl->state.vq_coal;
	const struct ethtool_ops *ops = env->nd->ethtool_ops;

	rtnl_lock();
	KUNIT_EXPECT_EQ(test, ops->set_per_queue_coalesce(env->nd, 3, &ec), 0);
	rtnl_unlock();
	KUNIT_EXPECT_EQ(test, le32_to_cpu(known[MEMDEV_RX(3)].max_usecs), 77);
	KUNIT_ASSERT_EQ(test, ch_set(env, 1), 0);
	/* As a device may that forgets what it does not use. */
	memset(&known[MEMDEV_RX(3)], 0, sizeof(*known));
	KUNIT_ASSERT_EQ(test, ch_set(env, SET_PAIRS), 0);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(known[MEMDEV_RX(3)].max_usecs), 77);
}

static struct kunit_case channels_cases[] = {
	KUNIT_CASE(ch_moves),
	KUNIT_CASE(ch_moves_rss),
	KUNIT_CASE(ch_refused),
	KUNIT_CASE(ch_stuck),
	KUNIT_CASE(ch_moderated),
	{}
};

static struct kunit_suite channels_suite = {
	.name = "virtnet_channels",
	.test_cases = channels_cases,
};
kunit_test_suite(channels_suite);
