// SPDX-License-Identifier: GPL-2.0-only
/*
 * XDP on the in-memory device: every verdict in every buffer mode on every
 * ring, and where each page is afterwards.
 */
#include <linux/etherdevice.h>
#include <virtnet/virtnet.h>

#include "xdp_env.h"

static const u32 xdp_sizes[] = { 14, 60, 128, 129, 600, 1514 };

static void xdp_expect_seen(struct xdp_env *x, u32 len, u32 seq)
{
	KUNIT_EXPECT_EQ(x->net->test, x->seen.len, len);
	KUNIT_EXPECT_TRUE_MSG(x->net->test, net_is(x->seen.data, len, seq),
			      "the program saw other content of packet %u", seq);
	KUNIT_EXPECT_GE(x->net->test, x->seen.headroom, XDP_PACKET_HEADROOM);
}

/* Nothing is left in a pool, nor a reference to the program. */
static void xdp_expect_clean(struct xdp_env *x)
{
	KUNIT_EXPECT_EQ(x->net->test, xdp_attach(x, NULL), 0);
	net_close(x->net);
	KUNIT_EXPECT_TRUE(x->net->test, net_wait(!net_pools(x->net)));
	KUNIT_EXPECT_EQ(x->net->test, net_rxq(x->net)->errors, 0);
	KUNIT_EXPECT_EQ(x->net->test, net_txq(x->net)->errors, 0);
}

static void xdp_sent(struct xdp_env *x, u32 len, u32 seq)
{
	struct net_env *env = x->net;

	KUNIT_EXPECT_TRUE(env->test, net_wait(net_take(env) == 1));
	KUNIT_EXPECT_EQ(env->test, env->tx.len, len);
	KUNIT_EXPECT_TRUE(env->test, net_is(env->tx.data, len, seq));
	KUNIT_EXPECT_EQ(env->test, env->tx.hdr.flags, 0);
	KUNIT_EXPECT_EQ(env->test, env->tx.hdr.gso_type, VIRTIO_NET_HDR_GSO_NONE);
	memdev_interrupt(net_txq(env));
}

/* --- the verdicts --- */

static void xdp_pass(struct kunit *test, struct xdp_env *x)
{
	u64 n = xdp_stat(x, "xdp_packets"), slow = xdp_stat(x, "xdp_slow");
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(xdp_sizes); i++) {
		xdp_rx(x, xdp_sizes[i], i, 0);
		xdp_expect_seen(x, xdp_sizes[i], i);
		KUNIT_EXPECT_TRUE(test, net_wait(x->net->kept));
		net_expect(x->net, xdp_sizes[i], i);
	}
	KUNIT_EXPECT_EQ(test, xdp_stat(x, "xdp_packets"), n + i);
	KUNIT_EXPECT_EQ(test, xdp_stat(x, "xdp_slow"), slow);
}

/* XDP_DROP, XDP_ABORTED and what is no verdict: gone, and the buffer is back. */
static void xdp_gone(struct kunit *test, struct xdp_env *x, u32 verdict, bool aborted)
{
	u64 drops = xdp_stat(x, "xdp_drops"), aborts = xdp_stat(x, "xdp_aborted");
	u64 packets = net_stat(x->net, "rx", "packets");
	unsigned int i, posted = memdev_available(net_rxq(x->net));
	u64 up = x->net->packets;

	x->plan.verdict = verdict;
	for (i = 0; i < 480; i += 32)
		xdp_rx_burst(x, 60 + i, i, 32);
	xdp_expect_seen(x, 60 + i - 32, i - 1);
	KUNIT_EXPECT_EQ(test, x->net->packets, up);
	KUNIT_EXPECT_EQ(test, xdp_stat(x, "xdp_drops"), drops + i);
	KUNIT_EXPECT_EQ(test, xdp_stat(x, "xdp_aborted"), aborts + (aborted ? i : 0));
	KUNIT_EXPECT_EQ(test, net_stat(x->net, "rx", "packets"), packets + i);
	KUNIT_EXPECT_EQ(test, net_stat(x->net, "rx", "drops"), 0);
	KUNIT_EXPECT_GE(test, memdev_available(net_rxq(x->net)) + 16, posted);
}

static void xdp_back(struct kunit *test, struct xdp_env *x)
{
	u64 tx = net_stat(x->net, "tx", "xdp_tx");
	unsigned int i;

	x->plan.verdict = XDP_TX;
	for (i = 0; i < 30; i++) {
		xdp_rx(x, 60 + 48 * i, i, 0);
		xdp_sent(x, 60 + 48 * i, i);
	}
	KUNIT_EXPECT_EQ(test, xdp_stat(x, "xdp_tx"), i);
	KUNIT_EXPECT_EQ(test, net_stat(x->net, "tx", "xdp_tx"), tx + i);
	KUNIT_EXPECT_EQ(test, net_stat(x->net, "tx", "xdp_tx_drops"), 0);
	KUNIT_EXPECT_TRUE(test, net_wait(net_stat(x->net, "tx", "packets") == i));
}

/* Redirected to where it came from: out by ndo_xdp_xmit. */
static void xdp_redirect(struct kunit *test, struct xdp_env *x)
{
	u64 drops = xdp_stat(x, "xdp_drops");
	unsigned int i;

	x->plan.verdict = XDP_REDIRECT;
	x->plan.target = x->net->nd->ifindex;
	for (i = 0; i < 30; i++) {
		xdp_rx(x, 60 + 48 * i, i, 0);
		xdp_sent(x, 60 + 48 * i, i);
	}
	KUNIT_EXPECT_EQ(test, xdp_stat(x, "xdp_redirects"), i);
	KUNIT_EXPECT_EQ(test, xdp_stat(x, "xdp_drops"), drops);
	x->plan.target = 0x7ffffff;
	for (i = 0; i < 10; i++)
		xdp_rx(x, 400, i, 0);
	KUNIT_EXPECT_EQ(test, xdp_stat(x, "xdp_redirects"), 40);
	KUNIT_EXPECT_EQ(test, xdp_stat(x, "xdp_drops"), drops + 10);
}

/* A transmit ring that nobody empties: what does not fit is lost, and counted. */
static void xdp_tx_full(struct kunit *test, struct xdp_env *x)
{
	u64 had = net_stat(x->net, "tx", "packets"), tx = xdp_stat(x, "xdp_tx");
	unsigned int i, n = 384, sent = 0;
	u64 drops;

	x->plan.verdict = XDP_TX;
	for (i = 0; i < n; i += 32)
		xdp_rx_burst(x, 500, i, 32);
	drops = net_stat(x->net, "tx", "xdp_tx_drops");
	KUNIT_EXPECT_GT(test, drops, 0);
	KUNIT_EXPECT_EQ(test, xdp_stat(x, "xdp_tx"), tx + n);
	/* The stack's packets still have room. */
	KUNIT_EXPECT_EQ(test, net_send(x->net, 300, 1000, 0), 0);
	while (net_take(x->net) == 1)
		sent++;
	KUNIT_EXPECT_EQ(test, sent, n - drops + 1);
	KUNIT_EXPECT_TRUE(test, net_is(x->net->tx.data, 300, 1000));
	memdev_interrupt(net_txq(x->net));
	KUNIT_EXPECT_TRUE(test, net_wait(net_stat(x->net, "tx", "packets") == had + sent));
}

/* A burst in one poll, each verdict in turn decided by the packet's number. */
static void xdp_burst(struct kunit *test, struct xdp_env *x)
{
	unsigned int i, n = 40;
	u32 before = x->seen.packets;

	x->plan.verdict = XDP_TX;
	n = min(n, memdev_available(net_rxq(x->net)));
	for (i = 0; i < n; i++)
		KUNIT_ASSERT_GT(test, net_rx(x->net, 60 + i, i, 0), 0);
	memdev_interrupt(net_rxq(x->net));
	KUNIT_EXPECT_TRUE(test, net_wait(x->seen.packets == before + n));
	net_settle(x->net);
	for (i = 0; i < n; i++)
		xdp_sent(x, 60 + i, i);
}

/* The ring as the parameter has it, and every verdict on it. */
static void xdp_verdicts(struct kunit *test)
{
	struct xdp_env *x = test->priv;
	unsigned int i;

	xdp_pass(test, x);
	xdp_gone(test, x, XDP_DROP, false);
	xdp_gone(test, x, XDP_ABORTED, true);
	xdp_gone(test, x, 77, true);
	xdp_back(test, x);
	xdp_redirect(test, x);
	xdp_burst(test, x);
	xdp_tx_full(test, x);
	/* And some that the device never sends. */
	for (i = 0; i < 5; i++)
		xdp_rx(x, 400, i, 0);
	xdp_expect_clean(x);
}

/* --- several buffers --- */

static u32 xdp_room(struct xdp_env *x)
{
	return PAGE_SIZE - XDP_PACKET_HEADROOM -
	       SKB_DATA_ALIGN(sizeof(struct skb_shared_info));
}

static void xdp_multi_one(struct xdp_env *x, u32 len, unsigned int n, u32 seq)
{
	struct kunit *test = x->net->test;

	x->plan.verdict = XDP_PASS;
	xdp_rx(x, len, seq, n);
	xdp_expect_seen(x, len, seq);
	KUNIT_EXPECT_EQ(test, x->seen.frags, n - 1);
	KUNIT_EXPECT_TRUE(test, net_wait(x->net->kept));
	net_expect(x->net, len, seq);
	x->plan.verdict = XDP_DROP;
	xdp_rx(x, len, seq + 1, n);
	x->plan.verdict = XDP_TX;
	xdp_rx(x, len, seq + 2, n);
	xdp_sent(x, len, seq + 2);
}

/* 1 to 18 buffers, tiny ones, middling ones and full ones. */
static void xdp_multi(struct kunit *test)
{
	struct xdp_env *x = test->priv;
	u32 per[] = { 4, 700, xdp_room(x) };
	unsigned int i, n, seq = 0;
	u64 slow;

	slow = xdp_stat(x, "xdp_slow");
	for (i = 0; i < ARRAY_SIZE(per); i++)
		for (n = 1; n <= MAX_SKB_FRAGS + 1; n++, seq += 3)
			xdp_multi_one(x, max(per[i] * n, 96u) - 32, n, seq);
	KUNIT_EXPECT_EQ(test, xdp_stat(x, "xdp_slow"), slow);
	xdp_expect_clean(x);
}

/* More buffers than a packet can have: by way of an skb, and all the same. */
static void xdp_multi_slow(struct kunit *test)
{
	struct xdp_env *x = test->priv;
	u64 slow = xdp_stat(x, "xdp_slow");
	unsigned int n;

	for (n = MAX_SKB_FRAGS + 2; n < 40; n++) {
		xdp_rx(x, 100 * n, n, n);
		KUNIT_EXPECT_EQ(test, x->seen.len, 100 * n);
		KUNIT_EXPECT_TRUE(test, net_wait(x->net->kept));
		net_expect(x->net, 100 * n, n);
	}
	KUNIT_EXPECT_EQ(test, xdp_stat(x, "xdp_slow"), slow + 40 - MAX_SKB_FRAGS - 2);
	/* A program that takes only one buffer is shown one. */
	KUNIT_ASSERT_EQ(test, xdp_attach(x, x->spare), 0);
	for (n = 1; n < 20; n++) {
		xdp_rx(x, 100 * n, n, n);
		KUNIT_EXPECT_EQ(test, x->seen.len, 100 * n);
		KUNIT_EXPECT_EQ(test, x->seen.frags, 0);
		KUNIT_EXPECT_TRUE(test, net_wait(x->net->kept));
		net_expect(x->net, 100 * n, n);
	}
	xdp_expect_clean(x);
}

/* Big mode: the pages of a chain are the fragments. */
static void xdp_big(struct kunit *test)
{
	struct xdp_env *x = test->priv;
	u32 lens[] = { 3400, 3600, 7700, 20000, 65000 };
	unsigned int i, seq = 0, n;

	for (i = 0; i < ARRAY_SIZE(lens); i++, seq += 3) {
		n = 1;
		if (lens[i] > xdp_room(x) - memdev_hdr_len(x->net->dev))
			n += DIV_ROUND_UP(lens[i] - xdp_room(x) +
					  memdev_hdr_len(x->net->dev), PAGE_SIZE);
		xdp_rx(x, lens[i], seq, 0);
		xdp_expect_seen(x, lens[i], seq);
		KUNIT_EXPECT_EQ(test, x->seen.frags, n - 1);
		KUNIT_EXPECT_TRUE(test, net_wait(x->net->kept));
		net_expect(x->net, lens[i], seq);
		x->plan.verdict = XDP_DROP;
		xdp_rx(x, lens[i], seq + 1, 0);
		x->plan.verdict = XDP_TX;
		xdp_rx(x, lens[i], seq + 2, 0);
		xdp_sent(x, lens[i], seq + 2);
		x->plan.verdict = XDP_PASS;
	}
	xdp_expect_clean(x);
}

/* --- a device that lies, while there is a program --- */

static void xdp_lie(struct xdp_env *x, u32 used, const char *counter)
{
	struct memdev_rx rx = { .data = x->net->buf, .len = 100, .used_len = &used };
	u64 before = net_stat(x->net, "rx", counter);

	KUNIT_ASSERT_EQ(x->net->test, memdev_rx(x->net->dev, 0, &rx), 1);
	memdev_interrupt(net_rxq(x->net));
	KUNIT_EXPECT_TRUE_MSG(x->net->test,
			      net_wait(net_stat(x->net, "rx", counter) == before + 1),
			      "length %u is not %s", used, counter);
}

static void xdp_lengths(struct kunit *test)
{
	static const u32 n[] = { 0, 19, 0xffff };
	struct xdp_env *x = test->priv;
	u32 i, seen = x->seen.packets;

	xdp_lie(x, 0, "len_short");
	xdp_lie(x, 5, "len_short");
	xdp_lie(x, 1 << 20, "len_over");
	xdp_lie(x, 0xffffffff, "len_over");
	for (i = 0; i < ARRAY_SIZE(n) && x->net->param->mode == NET_MERGEABLE; i++) {
		struct memdev_rx rx = { .data = x->net->buf, .len = 100, .lie_num = true };
		u64 drops = net_stat(x->net, "rx", "drops");

		rx.hdr.hdr.num_buffers = cpu_to_virtio16(&x->net->dev->vdev, n[i]);
		KUNIT_ASSERT_EQ(test, memdev_rx(x->net->dev, 0, &rx), 1);
		memdev_interrupt(net_rxq(x->net));
		KUNIT_EXPECT_TRUE(test, net_wait(net_stat(x->net, "rx", "drops") == drops + 1));
	}
	KUNIT_EXPECT_EQ(test, x->seen.packets, seen);
	xdp_rx(x, 700, 1, 0);
	KUNIT_EXPECT_TRUE(test, net_wait(x->net->kept));
	net_expect(x->net, 700, 1);
	xdp_expect_clean(x);
}

/* --- memory that is not there --- */

/* Each allocation of a poll fails once; the packet may be lost, no more. */
static void xdp_no_memory(struct kunit *test)
{
	static const u32 verdicts[] = { XDP_PASS, XDP_TX, XDP_REDIRECT, XDP_DROP };
	struct xdp_env *x = test->priv;
	unsigned int i, nth, n = 4;

	if (!compat_fail_nth(0))
		kunit_skip(test, "takes CONFIG_FAULT_INJECTION");
	x->plan.target = x->net->nd->ifindex;
	for (i = 0; i < ARRAY_SIZE(verdicts); i++) {
		x->plan.verdict = verdicts[i];
		for (nth = 1; nth < 12; nth++) {
			while (n-- && net_rx(x->net, 1400, n, 0) > 0)
				;
			n = 4;
			net_poll(x->net, nth);
			net_settle(x->net);
			while (net_take(x->net) == 1)
				;
			memdev_interrupt(net_txq(x->net));
			net_flush_caps(x->net);
		}
	}
	x->plan.verdict = XDP_PASS;
	xdp_rx(x, 700, 1, 0);
	net_expect(x->net, 700, 1);
	xdp_expect_clean(x);
}

static struct kunit_case xdp_cases[] = {
	KUNIT_CASE_PARAM(xdp_verdicts, net_gen_params),
	KUNIT_CASE_PARAM(xdp_multi, net_gen_mergeable),
	KUNIT_CASE_PARAM(xdp_multi_slow, net_gen_one_mergeable),
	KUNIT_CASE_PARAM(xdp_big, net_gen_big),
	KUNIT_CASE_PARAM(xdp_lengths, net_gen_modes),
	KUNIT_CASE_PARAM(xdp_no_memory, net_gen_modes),
	{}
};

static struct kunit_suite xdp_suite = {
	.name = "virtnet_xdp",
	.init = xdp_init_test,
	.test_cases = xdp_cases,
};
kunit_test_suite(xdp_suite);
