// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a user asks the driver about itself: self-test, register dump,
 * tunables, statistics of queues; with devices that are well and that are not.
 */
#include <linux/ethtool.h>
#include <linux/rtnetlink.h>
#include <linux/skbuff.h>
#include <linux/slab.h>
#include <net/netdev_queues.h>
#include <net/netdev_rx_queue.h>
#include <virtnet/diag.h>
#include <virtnet/virtnet.h>

#include "memdev_ctrl.h"
#include "net_env.h"

static const struct net_param diag_param = { "diag", NET_MERGEABLE, 0 };

#define DIAG_FEATURES	(BIT_ULL(VIRTIO_NET_F_CTRL_VQ) | BIT_ULL(VIRTIO_NET_F_CTRL_RX))

static struct virtnet_info *diag_vi(struct net_env *env)
{
	return netdev_priv(env->nd);
}

static struct net_env *diag_start(struct kunit *test)
{
	struct memdev_setup setup = { .features = DIAG_FEATURES, .ctrl = true };
	struct net_env *env;

	if (!net_ours())
		kunit_skip(test, "for virtnet only");
	env = net_start(test, &diag_param, &setup);
	KUNIT_ASSERT_EQ(test, net_open(env), 0);
	flush_work(&diag_vi(env)->rx_mode_work);
	memdev_tx_auto(env->dev, true);
	return env;
}

static u32 diag_self_test(struct net_env *env, u32 flags, u64 *result)
{
	struct ethtool_test test = { .flags = flags, .len = VIRTNET_SELF_TESTS };

	rtnl_lock();
	env->nd->ethtool_ops->self_test(env->nd, &test, result);
	rtnl_unlock();
	return test.flags;
}

/* A device that is well passes, and goes on as before. */
static void diag_self_test_ok(struct kunit *test)
{
	struct net_env *env = diag_start(test);
	static const u32 flags[] = { 0, ETH_TEST_FL_OFFLINE };
	u64 resets = env->dev->resets, result[VIRTNET_SELF_TESTS];
	unsigned int i, j;

	KUNIT_EXPECT_EQ(test, env->nd->ethtool_ops->get_sset_count(env->nd, ETH_SS_TEST),
			VIRTNET_SELF_TESTS);
	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		KUNIT_EXPECT_EQ(test, diag_self_test(env, flags[i], result), flags[i]);
		for (j = 0; j < VIRTNET_SELF_TESTS; j++)
			KUNIT_EXPECT_EQ_MSG(test, result[j], 0, "test %u, flags %u", j, flags[i]);
		KUNIT_EXPECT_EQ(test, env->dev->resets != resets, i);
	}
	KUNIT_EXPECT_EQ(test, net_rx(env, 400, 1, 0), 1);
	memdev_signal(net_rxq(env));
	KUNIT_EXPECT_TRUE(test, net_wait(env->kept));
	net_expect(env, 400, 1);
}

static void diag_expect_failed(struct net_env *env, unsigned int which, u64 why)
{
	u64 result[VIRTNET_SELF_TESTS];
	unsigned int i;

	KUNIT_EXPECT_TRUE(env->test, diag_self_test(env, 0, result) & ETH_TEST_FL_FAILED);
	for (i = 0; i < VIRTNET_SELF_TESTS; i++)
		KUNIT_EXPECT_EQ_MSG(env->test, result[i], i == which ? why : 0, "test %u", i);
}

/* Each thing that can be wrong fails its own test and no other. */
static void diag_self_test_fails(struct kunit *test)
{
	struct net_env *env = diag_start(test);
	struct receive_queue *rq = &diag_vi(env)->qs->rq[0];
	u16 free = rq->nr_free;

	env->dev->ctrl->answer = MEMDEV_NAK;
	diag_expect_failed(env, VIRTNET_TEST_CTRL, EIO);
	env->dev->ctrl->answer = MEMDEV_OK;
	rq->nr_free = rq->plan.depth;
	diag_expect_failed(env, VIRTNET_TEST_RINGS, ENOBUFS);
	rq->nr_free = free;
	memdev_tx_auto(env->dev, false);
	diag_expect_failed(env, VIRTNET_TEST_IRQ, EIO);
	memdev_tx_auto(env->dev, true);
	memdev_link_set(env->dev, false);
	KUNIT_EXPECT_TRUE(test, net_wait(!netif_carrier_ok(env->nd)));
	diag_expect_failed(env, VIRTNET_TEST_IRQ, ENETDOWN);
}

/* Nothing can be tested while it is down, and nothing is done to the device. */
static void diag_self_test_down(struct kunit *test)
{
	u64 result[VIRTNET_SELF_TESTS], resets;
	struct net_env *env = diag_start(test);
	unsigned int i;

	memdev_tx_auto(env->dev, false);
	net_close(env);
	resets = env->dev->resets;
	KUNIT_EXPECT_TRUE(test, diag_self_test(env, ETH_TEST_FL_OFFLINE, result) &
			  ETH_TEST_FL_FAILED);
	for (i = 0; i < VIRTNET_SELF_TESTS; i++)
		KUNIT_EXPECT_EQ(test, result[i], ENETDOWN);
	KUNIT_EXPECT_EQ(test, env->dev->resets, resets);
}

/* The dump has the numbers where Documentation/diagnosis.rst says. */
static void diag_regs(struct kunit *test)
{
	struct net_env *env = diag_start(test);
	const struct ethtool_ops *ops = env->nd->ethtool_ops;
	struct ethtool_regs regs = { };
	u32 *r;
	int len;

	rtnl_lock();
	len = ops->get_regs_len(env->nd);
	r = kunit_kzalloc(test, len, GFP_KERNEL);
	if (r)
		ops->get_regs(env->nd, &regs, r);
	rtnl_unlock();
	KUNIT_ASSERT_NOT_NULL(test, r);
	KUNIT_EXPECT_EQ(test, len, 22 * 4 + 8 * 4);
	KUNIT_EXPECT_EQ(test, regs.version, 1);
	KUNIT_EXPECT_EQ(test, r[0], env->dev->status);
	KUNIT_EXPECT_EQ(test, r[1], VIRTNET_RUNNING);
	KUNIT_EXPECT_EQ(test, r[2] | (u64)r[3] << 32, env->dev->features);
	KUNIT_EXPECT_EQ(test, r[6] | (u64)r[7] << 32, env->dev->vdev.features);
	KUNIT_EXPECT_EQ(test, r[10], 12);
	KUNIT_EXPECT_EQ(test, r[11], VIRTNET_RX_MERGEABLE);
	KUNIT_EXPECT_EQ(test, r[12], 1);
	KUNIT_EXPECT_EQ(test, r[14], 17);
	KUNIT_EXPECT_MEMEQ(test, (u8 *)&r[15], env->dev->config, 17);
	KUNIT_EXPECT_EQ(test, r[22], net_rxq(env)->num);
	KUNIT_EXPECT_LT(test, r[23], net_rxq(env)->num);
	KUNIT_EXPECT_EQ(test, r[25], 0);
	KUNIT_EXPECT_EQ(test, r[26], net_txq(env)->num);
	KUNIT_EXPECT_EQ(test, env->dev->config_overruns, 0);
}

/* Every feature that the driver knows has a name, and no two have the same. */
static void diag_feature_names(struct kunit *test)
{
	unsigned int i, j;

	for (i = 0; i < virtnet_features_count; i++)
		KUNIT_EXPECT_NOT_NULL_MSG(test, virtnet_feature_name(virtnet_features[i]),
					  "feature %u", virtnet_features[i]);
	for (i = 0; i < 128; i++)
		for (j = 0; j < i && virtnet_feature_name(i); j++)
			if (virtnet_feature_name(j))
				KUNIT_EXPECT_STRNEQ(test, virtnet_feature_name(i),
						    virtnet_feature_name(j));
	KUNIT_EXPECT_NULL(test, virtnet_feature_name(4));
	KUNIT_EXPECT_NULL(test, virtnet_feature_name(69));
	KUNIT_EXPECT_STREQ(test, virtnet_feature_name(VIRTIO_NET_F_CTRL_VQ), "CTRL_VQ");
}

static int diag_copybreak(struct net_env *env, u32 bytes)
{
	const struct ethtool_tunable tuna = {
		.id = ETHTOOL_RX_COPYBREAK, .type_id = ETHTOOL_TUNABLE_U32, .len = sizeof(u32),
	};
	const struct ethtool_ops *ops = env->nd->ethtool_ops;
	u32 found = ~0;
	int err;

	rtnl_lock();
	err = ops->set_tunable(env->nd, &tuna, &bytes);
	KUNIT_EXPECT_EQ(env->test, ops->get_tunable(env->nd, &tuna, &found), 0);
	rtnl_unlock();
	if (!err)
		KUNIT_EXPECT_EQ(env->test, found, bytes);
	return err;
}

/* Memory that a packet of this size pins. */
static u32 diag_truesize(struct net_env *env, u32 len, u32 seq)
{
	struct net_cap *cap;
	u32 size;

	KUNIT_EXPECT_EQ(env->test, net_rx(env, len, seq, 0), 1);
	memdev_signal(net_rxq(env));
	KUNIT_EXPECT_TRUE(env->test, net_wait(env->kept));
	cap = net_pop_cap(env);
	if (!cap)
		return 0;
	KUNIT_EXPECT_TRUE(env->test, net_is(cap->data, cap->len, seq));
	size = cap->truesize;
	kfree(cap);
	return size;
}

/* rx-copybreak: what is copied does not keep its buffer; survives a restart. */
static void diag_tunable(struct kunit *test)
{
	struct net_env *env = diag_start(test);
	u32 buf = diag_vi(env)->qs->plan.buf_size;

	KUNIT_EXPECT_GE(test, diag_truesize(env, 400, 1), buf);
	KUNIT_EXPECT_EQ(test, diag_copybreak(env, 1000), 0);
	KUNIT_EXPECT_LT(test, diag_truesize(env, 400, 2), buf);
	KUNIT_EXPECT_GE(test, diag_truesize(env, 1200, 3), buf);
	KUNIT_EXPECT_EQ(test, diag_copybreak(env, 1 << 20), -EINVAL);
	KUNIT_EXPECT_LT(test, diag_truesize(env, 400, 4), buf);
	net_close(env);
	KUNIT_ASSERT_EQ(test, net_open(env), 0);
	KUNIT_EXPECT_LT(test, diag_truesize(env, 400, 5), buf);
	KUNIT_EXPECT_EQ(test, diag_copybreak(env, 0), 0);
	KUNIT_EXPECT_GE(test, diag_truesize(env, 400, 6), buf);
}

/* What netdev-genl asks for is what ethtool -S shows; each queue has its NAPI. */
static void diag_queue_stats(struct kunit *test)
{
	struct net_env *env = diag_start(test);
	struct netdev_queue_stats_rx rx, rx_base;
	struct netdev_queue_stats_tx tx, tx_base;
	struct virtnet_qset *qs = diag_vi(env)->qs;
	unsigned int i;

	for (i = 0; i < 5; i++) {
		KUNIT_EXPECT_GT(test, diag_truesize(env, 100 + 300 * i, i), 0);
		KUNIT_EXPECT_EQ(test, net_send(env, 100 + 300 * i, i, 0), 0);
	}
	KUNIT_EXPECT_TRUE(test, net_wait(net_stat(env, "tx", "packets") == 5));
	rtnl_lock();
	env->nd->stat_ops->get_queue_stats_rx(env->nd, 0, &rx);
	env->nd->stat_ops->get_queue_stats_tx(env->nd, 0, &tx);
	env->nd->stat_ops->get_base_stats(env->nd, &rx_base, &tx_base);
	rtnl_unlock();
	KUNIT_EXPECT_EQ(test, rx.packets, net_stat(env, "rx", "packets"));
	KUNIT_EXPECT_EQ(test, rx.bytes, net_stat(env, "rx", "bytes"));
	KUNIT_EXPECT_EQ(test, rx.packets, 5);
	KUNIT_EXPECT_EQ(test, tx.packets, net_stat(env, "tx", "packets"));
	KUNIT_EXPECT_EQ(test, tx.bytes, net_stat(env, "tx", "bytes"));
	KUNIT_EXPECT_EQ(test, tx.stop, net_stat(env, "tx", "stop"));
	KUNIT_EXPECT_EQ(test, rx_base.packets + tx_base.packets, 0);
	KUNIT_EXPECT_PTR_EQ(test, env->nd->_rx[0].napi, &qs->rq[0].napi);
	KUNIT_EXPECT_PTR_EQ(test, env->nd->_tx[0].napi, &qs->sq[0].napi);
	memdev_tx_auto(env->dev, false);
	net_close(env);
	KUNIT_EXPECT_NULL(test, env->nd->_rx[0].napi);
	KUNIT_EXPECT_NULL(test, env->nd->_tx[0].napi);
}

static struct kunit_case diag_cases[] = {
	KUNIT_CASE(diag_queue_stats),
	KUNIT_CASE(diag_self_test_ok),
	KUNIT_CASE(diag_self_test_fails),
	KUNIT_CASE(diag_self_test_down),
	KUNIT_CASE(diag_regs),
	KUNIT_CASE(diag_feature_names),
	KUNIT_CASE(diag_tunable),
	{}
};

static struct kunit_suite diag_suite = {
	.name = "virtnet_diag",
	.test_cases = diag_cases,
};
kunit_test_suite(diag_suite);
