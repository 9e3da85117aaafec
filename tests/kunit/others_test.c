// SPDX-License-Identifier: GPL-2.0-only
/*
 * The other queue pairs of a NIC whose device does wrong on one of them: nothing
 * of theirs is lost where that queue can be reset alone, and otherwise they wait
 * for as long as it takes to reset the device, which is no second.
 */
#include <linux/ktime.h>
#include <linux/rtnetlink.h>
#include <linux/virtio_net.h>

#include "rec_env.h"

#define F_RESET		BIT_ULL(VIRTIO_F_RING_RESET)
#define F_PACKED	BIT_ULL(VIRTIO_F_RING_PACKED)

#define OTHERS_LEN	300
#define OTHERS_ROUNDS	20	/* afterwards */
/* Longest gap in the traffic of others, milliseconds. */
#define OTHERS_WAIT	1000

static const struct net_param others_params[] = {
	{ "whole device, split", NET_MERGEABLE, 0 },
	{ "whole device, packed", NET_MERGEABLE, F_PACKED },
	{ "single queues, split", NET_MERGEABLE, F_RESET },
	{ "single queues, packed", NET_MERGEABLE, F_PACKED | F_RESET },
};

struct others {
	struct net_env *env;
	u32 seq;
	u32 lost;
	s64 longest;	/* ms */
};

static struct memdev_vq *others_q(struct net_env *env, unsigned int index)
{
	return &env->dev->q[index];
}

/* Up to 50 ms: a packet that was in a ring when the device was reset does not come. */
static bool others_came(struct net_env *env)
{
	unsigned long end = jiffies + HZ / 20 + 1;

	while (!READ_ONCE(env->kept) && time_before(jiffies, end))
		schedule_timeout_uninterruptible(1);
	return env->kept;
}

/* Whoever resets has RTNL. */
static bool others_rx(struct others *o)
{
	struct memdev_vq *q = others_q(o->env, MEMDEV_RX(1));
	struct memdev_rx rx = { .data = o->env->buf, .len = OTHERS_LEN };
	struct net_cap *cap;
	bool is;

	net_fill(o->env->buf, OTHERS_LEN, o->seq);
	rtnl_lock();
	is = q->live && memdev_rx(o->env->dev, 1, &rx) > 0;
	if (is)
		memdev_interrupt(q);
	rtnl_unlock();
	if (!is || !others_came(o->env))
		return false;
	cap = net_pop_cap(o->env);
	is = cap->queue == 1 && net_is(cap->data, OTHERS_LEN, o->seq);
	kfree(cap);
	return is;
}

static bool others_tx(struct others *o)
{
	struct memdev_vq *q = others_q(o->env, MEMDEV_TX(1));
	struct sk_buff *skb = net_skb(o->env, OTHERS_LEN, o->seq, 0);
	bool is;

	KUNIT_ASSERT_NOT_NULL(o->env->test, skb);
	skb_set_queue_mapping(skb, 1);
	if (dev_direct_xmit(skb, 1) != NETDEV_TX_OK)
		return false;
	rtnl_lock();
	is = q->live && memdev_tx_take(o->env->dev, 1, &o->env->tx) == 1;
	if (is)
		memdev_interrupt(q);
	rtnl_unlock();
	return is && net_is(o->env->tx.data, OTHERS_LEN, o->seq);
}

static bool others_mended(struct net_env *env)
{
	return rec_step(env, VIRTNET_STEP_QUEUE) + rec_step(env, VIRTNET_STEP_DEVICE);
}

/* Traffic until the fault is mended, and for a while afterwards. */
static void others_go_on(struct others *o)
{
	unsigned long end = jiffies + 10 * HZ;
	unsigned int left = OTHERS_ROUNDS;
	ktime_t last = ktime_get();

	while (left && time_before(jiffies, end)) {
		bool rx = others_rx(o), tx = others_tx(o);

		o->lost += !rx + !tx;
		o->seq++;
		if (rx && tx) {
			o->longest = max(o->longest, ktime_ms_delta(ktime_get(), last));
			last = ktime_get();
		}
		left -= others_mended(o->env);
		schedule_timeout_uninterruptible(1);
	}
	KUNIT_EXPECT_EQ(o->env->test, left, 0);
}

static struct net_env *others_start(struct kunit *test, const struct net_param *param)
{
	struct memdev_setup setup = {
		.features = BIT_ULL(VIRTIO_NET_F_CTRL_VQ) | BIT_ULL(VIRTIO_NET_F_MQ),
		.pairs = 2,
		.ctrl = true,
	};
	struct net_env *env = net_start(test, param, &setup);

	KUNIT_ASSERT_EQ(test, net_open(env), 0);
	KUNIT_ASSERT_EQ(test, env->nd->real_num_tx_queues, 2);
	rec_traffic(env);
	return env;
}

static void others_survive(struct kunit *test, void (*fault)(struct net_env *env), bool tx)
{
	unsigned int i;

	virtnet_cpus = 2;
	for (i = 0; i < ARRAY_SIZE(others_params); i++) {
		struct net_env *env = others_start(test, &others_params[i]);
		struct others o = { .env = env };
		bool single = tx && memdev_has(env->dev, VIRTIO_F_RING_RESET);

		fault(env);
		others_go_on(&o);
		kunit_info(test, "%s: %u of %u lost, at most %lld ms between packets\n",
			   others_params[i].name, o.lost, 2 * o.seq, o.longest);
		KUNIT_EXPECT_EQ(test, rec_step(env, VIRTNET_STEP_QUEUE), single);
		KUNIT_EXPECT_EQ(test, rec_step(env, VIRTNET_STEP_DEVICE), !single);
		KUNIT_EXPECT_LT(test, o.longest, OTHERS_WAIT);
		if (single)
			KUNIT_EXPECT_EQ(test, o.lost, 0);
		net_flush_caps(env);
		rec_traffic(env);
		net_close(env);
		net_remove(env);
	}
}

static void others_send(struct net_env *env, u32 len, unsigned int nfrags)
{
	struct sk_buff *skb = net_skb(env, len, 1, nfrags);

	KUNIT_ASSERT_NOT_NULL(env->test, skb);
	skb_set_queue_mapping(skb, 0);
	KUNIT_ASSERT_EQ(env->test, dev_direct_xmit(skb, 0), NETDEV_TX_OK);
}

static void others_do_bad_rx(struct net_env *env)
{
	memdev_used_raw(net_rxq(env), 0xfff0, 100);
	memdev_interrupt(net_rxq(env));
}

static void others_bad_rx(struct kunit *test)
{
	others_survive(test, others_do_bad_rx, false);
}

static void others_do_bad_tx(struct net_env *env)
{
	others_send(env, 500, 2);
	memdev_used_raw(net_txq(env), 0xfff0, 0);
	memdev_interrupt(net_txq(env));
}

static void others_bad_tx(struct kunit *test)
{
	others_survive(test, others_do_bad_tx, true);
}

static void others_do_stuck(struct net_env *env)
{
	others_send(env, 300, 4);
	netif_tx_lock_bh(env->nd);
	env->nd->netdev_ops->ndo_tx_timeout(env->nd, 0);
	netif_tx_unlock_bh(env->nd);
}

static void others_stuck_tx(struct kunit *test)
{
	others_survive(test, others_do_stuck, true);
}

static void others_exit(struct kunit *test)
{
	virtnet_cpus = 0;
}

static struct kunit_case others_cases[] = {
	KUNIT_CASE(others_bad_rx),
	KUNIT_CASE(others_bad_tx),
	KUNIT_CASE(others_stuck_tx),
	{}
};

static struct kunit_suite others_suite = {
	.name = "virtnet_others",
	.init = rec_init,
	.exit = others_exit,
	.test_cases = others_cases,
};
kunit_test_suite(others_suite);
