// SPDX-License-Identifier: GPL-2.0-only
/*
 * AF_XDP sockets come and go, and stay through whatever becomes of the queues.
 */
#include <linux/ethtool.h>
#include <linux/rtnetlink.h>
#include <linux/virtio_net.h>
#include <virtnet/virtnet.h>

#include "memdev_ctrl.h"
#include "xsk_env.h"

static void xsk_bind_refused(struct kunit *test)
{
	struct xsk_test *t = xsk_start(test, 2048, 0, XSK_LENT);
	struct net_env *env = t->x->net;
	struct xsk_env other;

	/* One socket a queue, and queues there are; nothing changes. */
	KUNIT_ASSERT_EQ(test, xsk_open(&other, t->x, 2048, 0), 0);
	KUNIT_EXPECT_EQ(test, xsk_bind(&other, 0, XDP_ZEROCOPY), -EBUSY);
	KUNIT_EXPECT_LT(test, xsk_bind(&other, 9, XDP_ZEROCOPY), 0);
	rtnl_lock();
	KUNIT_EXPECT_LT(test, dev_set_mtu(env->nd, 9000), 0);
	rtnl_unlock();
	KUNIT_EXPECT_EQ(test, env->nd->mtu, 1500);
	xdp_rx(t->x, 700, 1, 0);
	xsk_expect(t, 700, 1, 1);
	/* Not zero copy where packets do not fit. */
	xsk_close(&t->s);
	KUNIT_ASSERT_EQ(test, xdp_attach(t->x, NULL), 0);
	rtnl_lock();
	KUNIT_EXPECT_EQ(test, dev_set_mtu(env->nd, 3000), 0);
	rtnl_unlock();
	KUNIT_EXPECT_LT(test, xsk_bind(&other, 0, XDP_ZEROCOPY), 0);
	KUNIT_EXPECT_FALSE(test, xsk_bound(t->x));
	KUNIT_EXPECT_EQ(test, xsk_bind(&other, 0, 0), 0);
	KUNIT_EXPECT_FALSE(test, xsk_is_zc(&other));
	xsk_close(&other);
	KUNIT_ASSERT_GT(test, net_rx(env, 700, 2, 0), 0);
	memdev_interrupt(net_rxq(env));
	KUNIT_EXPECT_TRUE(test, net_wait(env->kept));
	net_expect(env, 700, 2);
}

static u64 xsk_offloads_told(struct net_env *env)
{
	const struct memdev_told *t = memdev_ctrl_told(env->dev, VIRTIO_NET_CTRL_GUEST_OFFLOADS,
						       VIRTIO_NET_CTRL_GUEST_OFFLOADS_SET);
	__virtio64 v;

	memcpy(&v, t->data, sizeof(v));
	return virtio64_to_cpu(&env->dev->vdev, v);
}

/*
 * Queues that can be reset one by one: the device is not, and all the same it is told that
 * it must not send large packets, and that it may again. No program, so all goes to the stack.
 */
static void xsk_queue_reset(struct kunit *test)
{
	struct xdp_env *x = xdp_start(test, test->param_value,
				      XDP_FEATURES | BIT_ULL(VIRTIO_F_RING_RESET));
	struct net_env *env = x->net;
	u64 all, resets = env->dev->resets;
	struct xsk_env s;
	u32 i;

	all = env->dev->features & (VIRTNET_OFFLOADS_GSO | BIT_ULL(VIRTIO_NET_F_GUEST_CSUM));
	for (i = 0; i < 3; i++) {
		KUNIT_ASSERT_EQ(test, xsk_open(&s, x, 2048, 0), 0);
		xsk_give(&s, 0, XSK_LENT);
		KUNIT_ASSERT_EQ(test, xsk_bind(&s, 0, XDP_ZEROCOPY), 0);
		KUNIT_EXPECT_FALSE(test, env->nd->features & NETIF_F_GRO_HW);
		if (all & VIRTNET_OFFLOADS_GSO)
			KUNIT_EXPECT_EQ(test, xsk_offloads_told(env),
					all & ~VIRTNET_OFFLOADS_GSO);
		KUNIT_ASSERT_GT(test, net_rx(env, 700, i, 0), 0);
		memdev_interrupt(net_rxq(env));
		KUNIT_EXPECT_TRUE(test, net_wait(env->kept));
		net_expect(env, 700, i);
		xsk_close(&s);
		if (all & VIRTNET_OFFLOADS_GSO)
			KUNIT_EXPECT_EQ(test, xsk_offloads_told(env), all);
		KUNIT_ASSERT_GT(test, net_rx(env, 800, i, 0), 0);
		memdev_interrupt(net_rxq(env));
		KUNIT_EXPECT_TRUE(test, net_wait(env->kept));
		net_expect(env, 800, i);
	}
	KUNIT_EXPECT_EQ(test, env->dev->resets, resets);
	KUNIT_EXPECT_GT(test, env->dev->queue_resets, 0);
}

static void xsk_cpus_back(void *cpus)
{
	virtnet_cpus = (unsigned long)cpus;
}

static struct xdp_env *xsk_two_pairs(struct kunit *test)
{
	void *was = (void *)(unsigned long)virtnet_cpus;

	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, xsk_cpus_back, was), 0);
	virtnet_cpus = 2;
	return xdp_start_pairs(test, test->param_value, XDP_FEATURES |
			       BIT_ULL(VIRTIO_NET_F_MQ) | BIT_ULL(VIRTIO_F_RING_RESET), 2);
}

/* A packet that the second pair received before, and the driver has not seen. */
static void xsk_other_received(struct net_env *env, u32 seq)
{
	struct memdev_rx rx = { .data = env->buf, .len = 600 };

	net_fill(env->buf, 600, seq);
	KUNIT_ASSERT_GT(env->test, memdev_rx(env->dev, 1, &rx), 0);
}

static void xsk_other_has_it(struct net_env *env, u32 seq)
{
	memdev_interrupt(&env->dev->q[MEMDEV_RX(1)]);
	KUNIT_EXPECT_TRUE(env->test, net_wait(env->kept));
	net_expect(env, 600, seq);
}

/* A socket that comes or goes costs the other queues nothing. */
static void xsk_alone(struct kunit *test)
{
	struct xdp_env *x = xsk_two_pairs(test);
	struct net_env *env = x->net;
	u64 resets = env->dev->resets;
	struct xsk_env s;
	u32 i;

	if (((struct virtnet_info *)netdev_priv(env->nd))->qs->plan.pages > 1)
		kunit_skip(test, "chains are fewer than a socket's buffers");
	for (i = 0; i < 4; i++) {
		u64 queues = env->dev->queue_resets;

		KUNIT_ASSERT_EQ(test, xsk_open(&s, x, 2048, 0), 0);
		xsk_give(&s, 0, XSK_LENT);
		xsk_other_received(env, i);
		KUNIT_ASSERT_EQ(test, xsk_bind(&s, 0, XDP_ZEROCOPY), 0);
		KUNIT_EXPECT_EQ(test, env->dev->queue_resets, queues + 2);
		xsk_other_has_it(env, i);
		KUNIT_ASSERT_GT(test, net_rx(env, 700, i, 0), 0);
		memdev_interrupt(net_rxq(env));
		KUNIT_EXPECT_TRUE(test, net_wait(env->kept));
		net_expect(env, 700, i);
		xsk_other_received(env, i + 100);
		xsk_close(&s);
		KUNIT_EXPECT_EQ(test, env->dev->queue_resets, queues + 4);
		xsk_other_has_it(env, i + 100);
	}
	KUNIT_EXPECT_EQ(test, env->dev->resets, resets);
}

/* The first pair's rings cannot be reset: the whole device is, and the socket has its queue. */
static void xsk_alone_fails(struct kunit *test)
{
	struct xdp_env *x = xsk_two_pairs(test);
	struct net_env *env = x->net;
	u64 resets = env->dev->resets;
	struct xsk_env s;

	env->dev->fail_queue_reset = -EIO;
	KUNIT_ASSERT_EQ(test, xsk_open(&s, x, 2048, 0), 0);
	xsk_give(&s, 0, XSK_LENT);
	KUNIT_ASSERT_EQ(test, xsk_bind(&s, 0, XDP_ZEROCOPY), 0);
	KUNIT_EXPECT_GT(test, env->dev->resets, resets);
	KUNIT_EXPECT_TRUE(test, xsk_bound(x));
	KUNIT_ASSERT_GT(test, net_rx(env, 700, 1, 0), 0);
	memdev_interrupt(net_rxq(env));
	KUNIT_EXPECT_TRUE(test, net_wait(env->kept));
	net_expect(env, 700, 1);
	xsk_close(&s);
}

static int xsk_resize(struct net_env *env, u32 rx)
{
	struct ethtool_ringparam ring = { };
	struct kernel_ethtool_ringparam kring = { };
	int err;

	rtnl_lock();
	env->nd->ethtool_ops->get_ringparam(env->nd, &ring, &kring, NULL);
	ring.rx_pending = rx;
	err = env->nd->ethtool_ops->set_ringparam(env->nd, &ring, &kring, NULL);
	rtnl_unlock();
	return err;
}

static void xsk_reset(struct net_env *env)
{
	u32 flags = ETH_RESET_ALL;

	rtnl_lock();
	KUNIT_EXPECT_EQ(env->test, env->nd->ethtool_ops->reset(env->nd, &flags), 0);
	rtnl_unlock();
}

static void xsk_works(struct xsk_test *t, u32 seq)
{
	net_settle(t->x->net);
	xdp_rx(t->x, 700, seq, 0);
	xsk_expect(t, 700, seq, 1);
	xsk_send(t, 300, 400, seq);
	xsk_wake(&t->s, XDP_WAKEUP_TX);
	xsk_sent(t, 400, seq);
	memdev_interrupt(net_txq(t->x->net));
	KUNIT_EXPECT_TRUE(t->s.test, net_wait(xsk_ready(&t->s, &t->s.cq)));
	KUNIT_EXPECT_EQ(t->s.test, xsk_completed(&t->s), 300ull * 2048 + seq % 256);
}

/* The socket outlives resets, resizes, down and up, and the program. */
static void xsk_lives(struct kunit *test)
{
	struct xsk_test *t = xsk_start(test, 2048, 0, XSK_LENT);
	struct net_env *env = t->x->net;
	u32 i;

	for (i = 0; i < 4; i++) {
		/* Some on their way in both rings. */
		KUNIT_ASSERT_GT(test, net_rx(env, 700, 999, 0), 0);
		xsk_send(t, 400, 100, 1);
		xsk_wake(&t->s, XDP_WAKEUP_TX);
		xsk_reset(env);
		KUNIT_EXPECT_TRUE(test, net_wait(xsk_ready(&t->s, &t->s.cq)));
		KUNIT_EXPECT_EQ(test, xsk_completed(&t->s), 400ull * 2048 + 1);
		while (xsk_take(&t->s, t->x->seen.data, &t->got))
			;
		xsk_works(t, 10 * i);
		KUNIT_EXPECT_EQ(test, xsk_resize(env, i % 2 ? 256 : 64), 0);
		xsk_works(t, 10 * i + 1);
		net_close(env);
		KUNIT_ASSERT_EQ(test, net_open(env), 0);
		net_no_bql(env);
		xsk_works(t, 10 * i + 2);
		KUNIT_ASSERT_EQ(test, xdp_attach(t->x, NULL), 0);
		KUNIT_ASSERT_GT(test, net_rx(env, 800, 5, 0), 0);
		memdev_interrupt(net_rxq(env));
		KUNIT_EXPECT_TRUE(test, net_wait(env->kept));
		net_expect(env, 800, 5);
		KUNIT_ASSERT_EQ(test, xdp_attach(t->x, t->x->prog), 0);
		xsk_works(t, 10 * i + 3);
	}
	xsk_end(t);
}

/* It goes in the midst of traffic both ways, again and again. */
static void xsk_goes(struct kunit *test)
{
	struct xsk_test *t = xsk_start(test, 2048, 0, XSK_LENT);
	struct net_env *env = t->x->net;
	u32 i, round;

	for (round = 0; round < 6; round++) {
		for (i = 0; i < 100; i++) {
			xsk_send(t, 256 + i, 100, i);
			if (net_rx(env, 300, i, 0) > 0)
				memdev_interrupt(net_rxq(env));
		}
		rcu_read_lock();
		env->nd->netdev_ops->ndo_xsk_wakeup(env->nd, 0, XDP_WAKEUP_TX);
		rcu_read_unlock();
		xsk_close(&t->s);
		t->x->plan.verdict = XDP_PASS;
		net_settle(env);
		net_flush_caps(env);
		while (net_take(env) == 1)
			;
		KUNIT_ASSERT_EQ(test, xsk_open(&t->s, t->x, 2048, 0), 0);
		xsk_give(&t->s, 0, XSK_LENT);
		KUNIT_ASSERT_EQ(test, xsk_bind(&t->s, 0, XDP_ZEROCOPY), 0);
		t->x->plan.xsk = xsk_sock(&t->s);
		t->x->plan.verdict = XDP_REDIRECT;
		xsk_works(t, round);
	}
	xsk_end(t);
}

/* No memory, at each allocation of a bind: all is as it was, or it works. */
static void xsk_bind_memory(struct kunit *test)
{
	struct xdp_env *x = xdp_start(test, test->param_value, XDP_FEATURES);
	struct net_env *env = x->net;
	unsigned int nth, left = 0, refused = 0;
	struct xsk_env s;
	int err;

	if (!compat_fail_nth(0))
		kunit_skip(test, "takes CONFIG_FAULT_INJECTION");
	for (nth = 1; !left && nth < 400; nth++) {
		KUNIT_ASSERT_EQ(test, xsk_open(&s, x, 2048, 0), 0);
		compat_fail_nth(nth);
		err = xsk_bind(&s, 0, XDP_ZEROCOPY);
		left = compat_fail_left();
		compat_fail_nth(0);
		refused += !!err;
		KUNIT_EXPECT_EQ(test, xsk_bound(x), !err);
		xsk_close(&s);
		net_settle(env);
		KUNIT_ASSERT_GT(test, net_rx(env, 700, nth, 0), 0);
		memdev_interrupt(net_rxq(env));
		KUNIT_EXPECT_TRUE(test, net_wait(env->kept));
		net_expect(env, 700, nth);
	}
	KUNIT_EXPECT_EQ(test, err, 0);
	KUNIT_EXPECT_GT(test, refused, 10);
}

static struct kunit_case xsk_bind_cases[] = {
	KUNIT_CASE_PARAM(xsk_bind_refused, net_gen_modes),
	KUNIT_CASE_PARAM(xsk_queue_reset, net_gen_modes),
	KUNIT_CASE_PARAM(xsk_alone, net_gen_modes),
	KUNIT_CASE_PARAM(xsk_alone_fails, net_gen_modes),
	KUNIT_CASE_PARAM(xsk_lives, net_gen_params),
	KUNIT_CASE_PARAM(xsk_goes, net_gen_params),
	KUNIT_CASE_PARAM(xsk_bind_memory, net_gen_modes),
	{}
};

static struct kunit_suite xsk_bind_suite = {
	.name = "virtnet_xsk_bind",
	.test_cases = xsk_bind_cases,
};
kunit_test_suite(xsk_bind_suite);
