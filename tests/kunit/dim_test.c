// SPDX-License-Identifier: GPL-2.0-only
/*
 * Adaptive moderation: what the device is told of it, what is done where it
 * cannot be told, and that nothing is left of it when it is off.
 */
#include <linux/ethtool.h>
#include <linux/rtnetlink.h>
#include <virtnet/virtnet.h>

#include "memdev_ctrl.h"
#include "net_env.h"

#define F_CTRL	BIT_ULL(VIRTIO_NET_F_CTRL_VQ)
#define F_ALL	(F_CTRL | BIT_ULL(VIRTIO_NET_F_NOTF_COAL))
#define F_VQ	(F_ALL | BIT_ULL(VIRTIO_NET_F_VQ_NOTF_COAL))

static const struct net_param dim_params[] = {
	{ "by queue", NET_MERGEABLE, F_VQ },
	{ "all queues", NET_MERGEABLE, F_ALL },
	{ "by ourselves", NET_MERGEABLE, 0 },
};

static KUNIT_GENERATOR(dim_gen)
{
	const struct net_param *p = prev ? (const struct net_param *)prev + 1 : dim_params;

	if (p == dim_params + ARRAY_SIZE(dim_params))
		return NULL;
	strscpy(desc, p->name, KUNIT_PARAM_DESC_SIZE);
	return p;
}

static struct virtnet_info *dim_vi(struct net_env *env)
{
	return netdev_priv(env->nd);
}

static int dim_init(struct kunit *test)
{
	const struct net_param *p = test->param_value;
	struct memdev_setup setup = { .ctrl = p->features };
	struct net_env *env;

	if (!net_ours())
		kunit_skip(test, "about virtnet's own moderation");
	env = net_start(test, p, &setup);
	KUNIT_ASSERT_EQ(test, net_open(env), 0);
	test->priv = env;
	return 0;
}

static int dim_set(struct net_env *env, bool rx, bool tx, u32 usecs)
{
	struct ethtool_coalesce ec = {
		.use_adaptive_rx_coalesce = rx,
		.use_adaptive_tx_coalesce = tx,
		.rx_coalesce_usecs = usecs,
	};
	int err;

	rtnl_lock();
	err = env->nd->ethtool_ops->set_coalesce(env->nd, &ec, NULL, NULL);
	rtnl_unlock();
	return err;
}

static void dim_get(struct net_env *env, struct ethtool_coalesce *ec)
{
	memset(ec, 0, sizeof(*ec));
	rtnl_lock();
	KUNIT_EXPECT_EQ(env->test, env->nd->ethtool_ops->get_coalesce(env->nd, ec, NULL, NULL), 0);
	rtnl_unlock();
}

/* Enough polls with packets for a decision, or several. */
static void dim_receive(struct net_env *env, unsigned int polls)
{
	unsigned int i;

	env->count_only = true;
	for (i = 0; i < polls; i++) {
		KUNIT_ASSERT_EQ(env->test, net_rx(env, 400, i, 0), 1);
		memdev_interrupt(net_rxq(env));
		KUNIT_ASSERT_TRUE(env->test, net_wait(env->packets == i + 1));
	}
}

static void dim_send(struct net_env *env, unsigned int polls)
{
	unsigned int i;

	for (i = 0; i < polls; i++) {
		KUNIT_ASSERT_EQ(env->test, net_send(env, 300, i, 0), 0);
		KUNIT_ASSERT_TRUE(env->test, net_wait(net_take(env) == 1));
		memdev_interrupt(net_txq(env));
	}
}

/* What the device believes of the delay of a queue of the first pair. */
static u32 dim_told(struct net_env *env, bool tx)
{
	const struct memdev_ctrl *ctrl = env->dev->ctrl;

	return ctrl ? le32_to_cpu(ctrl->state.vq_coal[tx].max_usecs) : 0;
}

static void dim_rx(struct kunit *test)
{
	struct net_env *env = test->priv;
	struct virtnet_info *vi = dim_vi(env);
	struct ethtool_coalesce ec;

	KUNIT_ASSERT_EQ(test, dim_set(env, true, false, 0), 0);
	dim_get(env, &ec);
	KUNIT_EXPECT_TRUE(test, ec.use_adaptive_rx_coalesce);
	KUNIT_EXPECT_FALSE(test, ec.use_adaptive_tx_coalesce);
	dim_receive(env, 200);
	if (env->dev->ctrl)
		KUNIT_EXPECT_TRUE(test, net_wait(dim_told(env, false) > 1));
	else
		KUNIT_EXPECT_TRUE(test, net_wait(vi->qs->rq[0].defer_us > 1));
	KUNIT_EXPECT_EQ(test, env->wrong, 0);
	KUNIT_ASSERT_EQ(test, dim_set(env, false, false, 0), 0);
	KUNIT_EXPECT_EQ(test, vi->qs->rq[0].defer_us, 0);
	KUNIT_EXPECT_EQ(test, dim_told(env, false), 0);
	KUNIT_EXPECT_FALSE(test, vi->qs->rq[0].adaptive);
}

static void dim_tx(struct kunit *test)
{
	struct net_env *env = test->priv;

	if (!env->dev->ctrl) {
		KUNIT_EXPECT_EQ(test, dim_set(env, false, true, 0), -EOPNOTSUPP);
		KUNIT_EXPECT_EQ(test, dim_set(env, false, false, 10), -EOPNOTSUPP);
		return;
	}
	KUNIT_ASSERT_EQ(test, dim_set(env, false, true, 0), 0);
	dim_send(env, 200);
	KUNIT_EXPECT_TRUE(test, net_wait(dim_told(env, true) > 1));
	KUNIT_ASSERT_EQ(test, dim_set(env, false, false, 0), 0);
	KUNIT_EXPECT_EQ(test, dim_told(env, true), 0);
}

/* Across a reset: adaptive again, and back to the user's figures when off. */
static void dim_reset(struct kunit *test)
{
	struct net_env *env = test->priv;
	u32 usecs = env->dev->ctrl ? 33 : 0;

	KUNIT_ASSERT_EQ(test, dim_set(env, true, false, usecs), 0);
	dim_receive(env, 100);
	net_close(env);
	KUNIT_ASSERT_EQ(test, net_open(env), 0);
	KUNIT_EXPECT_TRUE(test, dim_vi(env)->qs->rq[0].adaptive);
	env->packets = 0;
	dim_receive(env, 200);
	KUNIT_ASSERT_EQ(test, dim_set(env, false, false, usecs), 0);
	KUNIT_EXPECT_EQ(test, dim_told(env, false), usecs);
}

/* A device that refuses a decision is not asked again, and works. */
static void dim_refused(struct kunit *test)
{
	struct net_env *env = test->priv;
	long naks;

	if (!env->dev->ctrl)
		return;
	KUNIT_ASSERT_EQ(test, dim_set(env, true, false, 0), 0);
	env->dev->ctrl->class_answer[VIRTIO_NET_CTRL_NOTF_COAL] = MEMDEV_NAK;
	dim_receive(env, 200);
	KUNIT_EXPECT_TRUE(test, net_wait(!dim_vi(env)->qs->rq[0].adaptive));
	naks = atomic_long_read(&dim_vi(env)->ctrl.naks);
	KUNIT_EXPECT_EQ(test, naks, 1);
	env->packets = 0;
	env->next_seq = 0;
	dim_receive(env, 200);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&dim_vi(env)->ctrl.naks), naks);
	KUNIT_EXPECT_EQ(test, env->wrong, 0);
}

static struct kunit_case dim_cases[] = {
	KUNIT_CASE_PARAM(dim_rx, dim_gen),
	KUNIT_CASE_PARAM(dim_tx, dim_gen),
	KUNIT_CASE_PARAM(dim_reset, dim_gen),
	KUNIT_CASE_PARAM(dim_refused, dim_gen),
	{}
};

static struct kunit_suite dim_suite = {
	.name = "virtnet_dim",
	.init = dim_init,
	.test_cases = dim_cases,
};
kunit_test_suite(dim_suite);
