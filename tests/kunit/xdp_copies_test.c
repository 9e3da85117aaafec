// SPDX-License-Identifier: GPL-2.0-only
/*
 * Short packets of XDP_TX: copies in pieces of the transmit queue's, which come
 * back whatever becomes of the packet, and without which packets go as frames.
 */
#include <linux/ethtool.h>
#include <linux/rtnetlink.h>
#include <virtnet/copies.h>
#include <virtnet/virtnet.h>

#include "xdp_env.h"

#define XC_SHORT	60
#define XC_LONG		200
#define XC_RING		256

/* There is one pair, whose transmit queue the stack shares. */
static struct send_queue *xc_sq(struct xdp_env *x)
{
	struct virtnet_info *vi = netdev_priv(x->net->nd);

	return &vi->qs->sq[0];
}

static struct virtnet_copies *xc_copies(struct xdp_env *x)
{
	return &xc_sq(x)->copies;
}

static u32 xc_len(u32 seq)
{
	return seq % 3 == 1 ? XC_LONG : XC_SHORT + seq % 16;
}

/* Packets in one poll, to be sent back. */
static void xc_burst(struct xdp_env *x, unsigned int n)
{
	u32 want = x->seen.packets + n, i;

	x->plan.verdict = XDP_TX;
	for (i = 0; i < n; i++)
		KUNIT_ASSERT_GT(x->net->test, net_rx(x->net, xc_len(i), i, 0), 0);
	memdev_interrupt(net_rxq(x->net));
	KUNIT_EXPECT_TRUE(x->net->test, net_wait(x->seen.packets == want));
	net_settle(x->net);
}

static void xc_expect_sent(struct xdp_env *x, u32 seq)
{
	struct net_env *env = x->net;

	KUNIT_ASSERT_TRUE(env->test, net_wait(net_take(env) == 1));
	KUNIT_EXPECT_EQ(env->test, env->tx.len, xc_len(seq));
	KUNIT_EXPECT_TRUE(env->test, net_is(env->tx.data, xc_len(seq), seq));
	KUNIT_EXPECT_EQ(env->test, env->tx.hdr.flags, 0);
	KUNIT_EXPECT_EQ(env->test, env->tx.hdr.gso_type, VIRTIO_NET_HDR_GSO_NONE);
	memdev_interrupt(net_txq(env));
}

/* The device is done with all. */
static void xc_drain(struct xdp_env *x)
{
	while (net_take(x->net) == 1)
		;
	memdev_interrupt(net_txq(x->net));
	net_settle(x->net);
}

static void xc_expect_all_back(struct xdp_env *x)
{
	struct virtnet_copies *c = xc_copies(x);

	/* Legacy devices want the header in an entry of its own. */
	KUNIT_EXPECT_EQ(x->net->test, c->count > 0, xc_sq(x)->can_push);
	KUNIT_EXPECT_TRUE(x->net->test, net_wait(READ_ONCE(c->nfree) == c->count));
}

static void xc_end(struct xdp_env *x)
{
	KUNIT_EXPECT_EQ(x->net->test, xdp_attach(x, NULL), 0);
	net_close(x->net);
	KUNIT_EXPECT_TRUE(x->net->test, net_wait(!net_pools(x->net)));
}

/* Short ones and long ones, through several batches: in order. */
static void xc_mixed(struct kunit *test)
{
	struct xdp_env *x = test->priv;
	u32 i, n = 45, round;

	for (round = 0; round < 4; round++) {
		xc_burst(x, n);
		for (i = 0; i < n; i++)
			xc_expect_sent(x, i);
		xc_expect_all_back(x);
	}
	KUNIT_EXPECT_EQ(test, net_stat(x->net, "tx", "xdp_tx"), round * n);
	KUNIT_EXPECT_EQ(test, net_stat(x->net, "tx", "xdp_tx_drops"), 0);
	xc_end(x);
}

/* What does not fit is lost, and its piece is not. */
static void xc_full(struct kunit *test)
{
	struct xdp_env *x = test->priv;
	u64 drops;
	u32 i, n = 2 * XC_RING;

	x->plan.verdict = XDP_TX;
	for (i = 0; i < n; i += 32)
		xdp_rx_burst(x, XC_SHORT, i, 32);
	drops = net_stat(x->net, "tx", "xdp_tx_drops");
	KUNIT_EXPECT_GT(test, drops, 0);
	KUNIT_EXPECT_LE(test, xc_copies(x)->count, xc_copies(x)->max);
	for (i = 0; net_take(x->net) == 1; i++)
		KUNIT_EXPECT_TRUE(test, net_is(x->net->tx.data, XC_SHORT, i));
	KUNIT_EXPECT_EQ(test, i, n - drops);
	memdev_interrupt(net_txq(x->net));
	xc_expect_all_back(x);
	xc_burst(x, 20);
	for (i = 0; i < 20; i++)
		xc_expect_sent(x, i);
	xc_end(x);
}

/* Without pieces, or with fewer than packets: frames instead, in their place. */
static void xc_none(struct kunit *test)
{
	struct xdp_env *x = test->priv;
	u32 i, max, n = 40;

	for (max = 0; max < 32; max += 10) {
		KUNIT_ASSERT_EQ(test, xdp_attach(x, NULL), 0);
		KUNIT_ASSERT_EQ(test, xc_copies(x)->count, 0);
		KUNIT_ASSERT_EQ(test, xdp_attach(x, x->prog), 0);
		x->plan.verdict = XDP_DROP;
		xdp_rx_burst(x, XC_SHORT, 0, XC_RING);
		xc_copies(x)->max = max;
		xc_burst(x, n);
		KUNIT_EXPECT_EQ(test, xc_copies(x)->count, xc_sq(x)->can_push ? max : 0);
		for (i = 0; i < n; i++)
			xc_expect_sent(x, i);
		xc_drain(x);
	}
	KUNIT_EXPECT_EQ(test, net_stat(x->net, "tx", "xdp_tx_drops"), 0);
	xc_end(x);
}

/* The device is done with them in another order. */
static void xc_order(struct kunit *test)
{
	struct xdp_env *x = test->priv;
	struct memdev_chain *c;
	u32 i, n = 12, round;

	c = kunit_kcalloc(test, n, sizeof(*c), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, c);
	for (round = 0; round < 3; round++) {
		xc_burst(x, n);
		for (i = 0; i < n; i++) {
			KUNIT_ASSERT_EQ(test, memdev_tx_pop(x->net->dev, 0, &x->net->tx, &c[i]),
					1);
			KUNIT_EXPECT_TRUE(test, net_is(x->net->tx.data, xc_len(i), i));
		}
		for (i = 0; i < n; i++)
			memdev_use(net_txq(x->net), &c[(i * 5 + 7) % n], 0);
		memdev_interrupt(net_txq(x->net));
		net_settle(x->net);
		xc_expect_all_back(x);
	}
	xc_end(x);
}

/* They go with the program, or if the device has some, with the queues. */
static void xc_lives(struct kunit *test)
{
	struct xdp_env *x = test->priv;
	struct ethtool_ringparam ring = { .rx_pending = 128, .tx_pending = 128 };
	struct net_device *nd = x->net->nd;
	u32 flags = ETH_RESET_ALL, i;

	xc_burst(x, 10);
	xc_drain(x);
	xc_expect_all_back(x);
	KUNIT_ASSERT_EQ(test, xdp_attach(x, NULL), 0);
	KUNIT_EXPECT_EQ(test, xc_copies(x)->count, 0);
	KUNIT_ASSERT_EQ(test, xdp_attach(x, x->prog), 0);
	xc_burst(x, 10);
	KUNIT_ASSERT_EQ(test, xdp_attach(x, NULL), 0);
	KUNIT_EXPECT_GT(test, xc_copies(x)->count, 0);
	for (i = 0; i < 10; i++)
		xc_expect_sent(x, i);
	KUNIT_ASSERT_EQ(test, xdp_attach(x, x->prog), 0);
	xc_burst(x, 10);
	rtnl_lock();
	KUNIT_EXPECT_EQ(test, nd->ethtool_ops->set_ringparam(nd, &ring, NULL, NULL), 0);
	rtnl_unlock();
	xc_burst(x, 10);
	rtnl_lock();
	KUNIT_EXPECT_EQ(test, nd->ethtool_ops->reset(nd, &flags), 0);
	rtnl_unlock();
	xc_burst(x, 10);
	xc_end(x);
}

static struct kunit_case xdp_copies_cases[] = {
	KUNIT_CASE_PARAM(xc_mixed, net_gen_modes),
	KUNIT_CASE_PARAM(xc_full, net_gen_modes),
	KUNIT_CASE_PARAM(xc_none, net_gen_mergeable),
	KUNIT_CASE_PARAM(xc_order, net_gen_mergeable),
	KUNIT_CASE_PARAM(xc_lives, net_gen_modes),
	{}
};

static struct kunit_suite xdp_copies_suite = {
	.name = "virtnet_xdp_copies",
	.init = xdp_init_test,
	.test_cases = xdp_copies_cases,
};
kunit_test_suite(xdp_copies_suite);
