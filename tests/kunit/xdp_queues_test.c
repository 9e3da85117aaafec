// SPDX-License-Identifier: GPL-2.0-only
/*
 * XDP's own transmit queues: whose they are, what the device is told, and that
 * they come and go without a reset.
 */
#include <linux/ethtool.h>
#include <linux/netdevice.h>
#include <linux/rtnetlink.h>
#include <linux/virtio_net.h>
#include <virtnet/virtnet.h>
#include <virtnet/xdp.h>

#include "memdev_ctrl.h"
#include "xdp_env.h"

#define XQ_FEATURES	(XDP_FEATURES | BIT_ULL(VIRTIO_NET_F_MQ))

/* The first of XDP's own, and how many there are of all. */
#define XQ_STACK	1
#define XQ_ALL		(XQ_STACK + nr_cpu_ids)

static struct virtnet_info *xq_vi(struct xdp_env *x)
{
	return netdev_priv(x->net->nd);
}

static struct xdp_env *xq_start(struct kunit *test, unsigned int pairs, u64 features)
{
	struct xdp_env *x;

	if (2 * XQ_ALL + 1 > MEMDEV_MAX_QUEUES)
		kunit_skip(test, "takes fewer CPUs");
	x = xdp_start_pairs(test, test->param_value, XQ_FEATURES | features, pairs);
	if (xq_vi(x)->settings.pairs != XQ_STACK) {
		struct ethtool_channels ch = { .combined_count = XQ_STACK };

		rtnl_lock();
		KUNIT_ASSERT_EQ(test, x->net->nd->ethtool_ops->set_channels(x->net->nd, &ch), 0);
		rtnl_unlock();
	}
	return x;
}

/* What the device believes; 0 if it was never told. */
static unsigned int xq_told(struct xdp_env *x)
{
	__virtio16 pairs;

	memcpy(&pairs, x->net->dev->ctrl->state.pairs, sizeof(pairs));
	return virtio16_to_cpu(&x->net->dev->vdev, pairs);
}

/* The user has the channels that were asked for, whatever XDP has. */
static void xq_expect_channels(struct xdp_env *x)
{
	struct net_device *nd = x->net->nd;
	struct ethtool_channels ch = { };

	nd->ethtool_ops->get_channels(nd, &ch);
	KUNIT_EXPECT_EQ(x->net->test, ch.combined_count, XQ_STACK);
	KUNIT_EXPECT_EQ(x->net->test, nd->real_num_tx_queues, XQ_STACK);
}

/* One packet left, by one of these queues. */
static void xq_expect_sent(struct xdp_env *x, unsigned int from, unsigned int to, u32 len,
			   u32 seq)
{
	struct net_env *env = x->net;
	unsigned int i, found = 0;

	for (i = 0; i < env->dev->setup.pairs; i++) {
		if (memdev_tx_take(env->dev, i, &env->tx) != 1)
			continue;
		found++;
		KUNIT_EXPECT_TRUE_MSG(env->test, i >= from && i < to, "sent by queue %u", i);
		KUNIT_EXPECT_EQ(env->test, env->tx.len, len);
		KUNIT_EXPECT_TRUE(env->test, net_is(env->tx.data, len, seq));
		memdev_interrupt(&env->dev->q[MEMDEV_TX(i)]);
	}
	KUNIT_EXPECT_EQ(env->test, found, 1);
}

/* XDP_TX, ndo_xdp_xmit and the stack, each by the queue that is theirs. */
static void xq_sends(struct xdp_env *x, unsigned int from, unsigned int to, u32 seq)
{
	x->plan.verdict = XDP_TX;
	xdp_rx(x, 200, seq, 0);
	xq_expect_sent(x, from, to, 200, seq);
	x->plan.verdict = XDP_REDIRECT;
	x->plan.target = x->net->nd->ifindex;
	xdp_rx(x, 300, seq + 1, 0);
	xq_expect_sent(x, from, to, 300, seq + 1);
	KUNIT_EXPECT_EQ(x->net->test, net_send(x->net, 400, seq + 2, 0), 0);
	xq_expect_sent(x, 0, XQ_STACK, 400, seq + 2);
}

/* Receive queues that came along are like any other. */
static void xq_receives(struct xdp_env *x, unsigned int pair, u32 seq)
{
	struct memdev_rx rx = { .data = x->net->buf, .len = 500 };
	u32 seen = x->seen.packets;

	x->plan.verdict = XDP_PASS;
	net_fill(x->net->buf, 500, seq);
	KUNIT_ASSERT_GT(x->net->test, memdev_rx(x->net->dev, pair, &rx), 0);
	memdev_interrupt(&x->net->dev->q[MEMDEV_RX(pair)]);
	KUNIT_EXPECT_TRUE(x->net->test, net_wait(x->seen.packets > seen));
	KUNIT_EXPECT_TRUE(x->net->test, net_wait(x->net->kept));
	net_expect(x->net, 500, seq);
}

static void xq_expect_own(struct xdp_env *x, u32 seq)
{
	u64 slow = xdp_stat(x, "xdp_slow");

	KUNIT_EXPECT_EQ(x->net->test, xq_told(x), XQ_ALL);
	xq_expect_channels(x);
	xq_sends(x, XQ_STACK, XQ_ALL, seq);
	xq_receives(x, 0, seq + 10);
	xq_receives(x, XQ_STACK, seq + 11);
	KUNIT_EXPECT_EQ(x->net->test, xdp_stat(x, "xdp_slow"), slow);
}

static void xq_own(struct kunit *test)
{
	struct xdp_env *x = xq_start(test, XQ_ALL, 0);
	u64 resets = x->net->dev->resets, sent = 0;
	u32 i;

	for (i = 0; i < 3; i++) {
		KUNIT_ASSERT_EQ(test, xdp_attach(x, x->prog), 0);
		/* Buffers of before have no headroom. */
		x->plan.verdict = XDP_DROP;
		xdp_rx_burst(x, 60, 0, 256);
		xq_expect_own(x, 1000 * i);
		KUNIT_ASSERT_EQ(test, xdp_attach(x, x->spare), 0);
		xq_expect_own(x, 1000 * i + 100);
		sent += 4;
		KUNIT_ASSERT_EQ(test, xdp_attach(x, NULL), 0);
		KUNIT_EXPECT_EQ(test, xq_told(x), XQ_STACK);
		xq_expect_channels(x);
	}
	for (i = XQ_STACK; i < XQ_ALL; i++)
		sent -= virtnet_stat_read(&xq_vi(x)->stats[i].tx.syncp,
					  &xq_vi(x)->stats[i].tx.packets);
	KUNIT_EXPECT_EQ(test, sent, 0);
	KUNIT_EXPECT_EQ(test, x->net->dev->resets, resets);
}

/* Too few, by one: nobody gets more, and XDP shares. */
static void xq_shared(struct kunit *test)
{
	struct xdp_env *x = xq_start(test, XQ_ALL - 1, 0);
	unsigned int told = xq_told(x);

	KUNIT_ASSERT_EQ(test, xdp_attach(x, x->prog), 0);
	KUNIT_EXPECT_EQ(test, xq_told(x), told);
	xq_sends(x, 0, XQ_STACK, 1);
}

/* The device does not want to: nothing changes, and the next time it does. */
static void xq_refused(struct kunit *test)
{
	struct xdp_env *x = xq_start(test, XQ_ALL, 0);
	struct memdev_ctrl *ctrl = x->net->dev->ctrl;
	struct netlink_ext_ack extack = { };

	ctrl->class_answer[VIRTIO_NET_CTRL_MQ] = MEMDEV_NAK;
	KUNIT_EXPECT_LT(test, xdp_attach_told(x, x->prog, &extack), 0);
	KUNIT_ASSERT_NOT_NULL(test, extack._msg);
	KUNIT_EXPECT_NOT_NULL(test, strstr(extack._msg, "channels"));
	KUNIT_EXPECT_EQ(test, xdp_refs(x->prog), 1);
	xq_expect_channels(x);
	KUNIT_EXPECT_EQ(test, net_send(x->net, 400, 1, 0), 0);
	xq_expect_sent(x, 0, XQ_STACK, 400, 1);
	ctrl->class_answer[VIRTIO_NET_CTRL_MQ] = MEMDEV_OK;
	KUNIT_ASSERT_EQ(test, xdp_attach(x, x->prog), 0);
	x->plan.verdict = XDP_DROP;
	xdp_rx_burst(x, 60, 0, 256);
	xq_expect_own(x, 1);
}

static void xq_restart(struct xdp_env *x)
{
	struct net_device *nd = x->net->nd;
	u32 flags = ETH_RESET_ALL;

	rtnl_lock();
	KUNIT_EXPECT_EQ(x->net->test, nd->ethtool_ops->reset(nd, &flags), 0);
	rtnl_unlock();
}

/* New queues in every mode: how many buffers there are may not change with it. */
static void xq_resize(struct xdp_env *x, u32 entries)
{
	struct ethtool_ringparam ring = { .rx_pending = entries, .tx_pending = entries };
	struct net_device *nd = x->net->nd;

	rtnl_lock();
	KUNIT_EXPECT_EQ(x->net->test, nd->ethtool_ops->set_ringparam(nd, &ring, NULL, NULL), 0);
	rtnl_unlock();
}

/* Kept through reset, resize, close and open; and gone afterwards. */
static void xq_lives_with(struct kunit *test, u64 features)
{
	struct xdp_env *x = xq_start(test, XQ_ALL, features);
	u64 resets = x->net->dev->resets;

	KUNIT_ASSERT_EQ(test, xdp_attach(x, x->prog), 0);
	xq_resize(x, 128);
	xq_expect_own(x, 1);
	xq_resize(x, 256);
	xq_expect_own(x, 100);
	if (features & BIT_ULL(VIRTIO_F_RING_RESET) && x->net->dev->queue_resets)
		KUNIT_EXPECT_EQ(test, x->net->dev->resets, resets);
	xq_restart(x);
	xq_expect_own(x, 200);
	net_close(x->net);
	KUNIT_ASSERT_EQ(test, net_open(x->net), 0);
	xq_expect_own(x, 300);
	KUNIT_ASSERT_EQ(test, xdp_attach(x, NULL), 0);
	/* Those that are left over go with the next queue set. */
	xq_resize(x, 128);
	xq_expect_channels(x);
	KUNIT_EXPECT_EQ(test, x->net->nd->real_num_rx_queues, XQ_STACK);
	KUNIT_ASSERT_EQ(test, xdp_attach(x, x->prog), 0);
	x->plan.verdict = XDP_DROP;
	xdp_rx_burst(x, 60, 0, 128);
	xq_expect_own(x, 400);
	KUNIT_ASSERT_EQ(test, xdp_attach(x, NULL), 0);
	net_close(x->net);
	KUNIT_EXPECT_TRUE(test, net_wait(!net_pools(x->net)));
}

static void xq_lives(struct kunit *test)
{
	xq_lives_with(test, 0);
}

static void xq_lives_single(struct kunit *test)
{
	xq_lives_with(test, BIT_ULL(VIRTIO_F_RING_RESET));
}

/* Frames that the device does not send hold a detach up, but not for ever. */
static void xq_stuck(struct kunit *test)
{
	struct xdp_env *x = xq_start(test, XQ_ALL, 0);
	unsigned long before;

	KUNIT_ASSERT_EQ(test, xdp_attach(x, x->prog), 0);
	x->plan.verdict = XDP_TX;
	xdp_rx(x, 200, 1, 0);
	before = jiffies;
	KUNIT_ASSERT_EQ(test, xdp_attach(x, NULL), 0);
	KUNIT_EXPECT_TRUE(test, time_before(jiffies, before + 2 * HZ));
	xq_expect_channels(x);
	KUNIT_EXPECT_EQ(test, net_send(x->net, 400, 2, 0), 0);
	net_close(x->net);
	KUNIT_EXPECT_TRUE(test, net_wait(!net_pools(x->net)));
}

/* The device uses a queue that it was never told of. */
static void xq_untold(struct kunit *test)
{
	struct xdp_env *x = xq_start(test, XQ_ALL, 0);
	unsigned int i;

	for (i = MEMDEV_RX(XQ_STACK); i < 2 * XQ_ALL; i++) {
		memdev_used_raw(&x->net->dev->q[i], 0, 64);
		memdev_flush(&x->net->dev->q[i]);
		memdev_interrupt(&x->net->dev->q[i]);
	}
	KUNIT_EXPECT_EQ(test, net_send(x->net, 400, 1, 0), 0);
	xq_expect_sent(x, 0, XQ_STACK, 400, 1);
}

static struct kunit_case xdp_queues_cases[] = {
	KUNIT_CASE_PARAM(xq_own, net_gen_modes),
	KUNIT_CASE_PARAM(xq_shared, net_gen_one_mergeable),
	KUNIT_CASE_PARAM(xq_refused, net_gen_one_mergeable),
	KUNIT_CASE_PARAM(xq_lives, net_gen_modes),
	KUNIT_CASE_PARAM(xq_lives_single, net_gen_mergeable),
	KUNIT_CASE_PARAM(xq_stuck, net_gen_one_mergeable),
	KUNIT_CASE_PARAM(xq_untold, net_gen_mergeable),
	{}
};

static struct kunit_suite xdp_queues_suite = {
	.name = "virtnet_xdp_queues",
	.test_cases = xdp_queues_cases,
};
kunit_test_suite(xdp_queues_suite);
