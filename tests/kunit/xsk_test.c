// SPDX-License-Identifier: GPL-2.0-only
/*
 * AF_XDP sockets on the in-memory device, without a copy: every verdict in
 * every buffer mode on every ring, packets sent, a device that lies, and where
 * each frame is afterwards.
 */
#include <linux/netdevice.h>

#include "xsk_env.h"

/* So few frames to receive into that each has to come back often. */
#define XSK_FEW		48

static const u32 xsk_sizes[] = { 14, 60, 128, 129, 600, 1514 };

/* --- receiving --- */

/* More packets than there are frames, with every verdict: none may get lost. */
static void xsk_verdicts(struct kunit *test)
{
	static const u32 verdicts[] = { XDP_REDIRECT, XDP_PASS, XDP_DROP, XDP_ABORTED, XDP_TX };
	struct xsk_test *t = xsk_start(test, 2048, 0, XSK_FEW);
	struct xdp_env *x = t->x;
	u32 i, len, v;

	for (i = 0; i < 8 * XSK_FEW; i++) {
		len = xsk_sizes[i % ARRAY_SIZE(xsk_sizes)];
		v = verdicts[i % ARRAY_SIZE(verdicts)];
		x->plan.verdict = v;
		if (v != XDP_REDIRECT)
			x->plan.xsk = NULL;
		xdp_rx(x, len, i, 0);
		KUNIT_EXPECT_EQ(test, x->seen.len, len);
		KUNIT_EXPECT_GE(test, x->seen.headroom, XDP_PACKET_HEADROOM);
		x->plan.xsk = xsk_sock(&t->s);
		if (v == XDP_REDIRECT) {
			xsk_expect(t, len, i, 1);
		} else if (v == XDP_PASS) {
			KUNIT_EXPECT_TRUE(test, net_wait(x->net->kept));
			net_expect(x->net, len, i);
		} else if (v == XDP_TX) {
			KUNIT_EXPECT_TRUE(test, net_wait(net_take(x->net) == 1));
			KUNIT_EXPECT_EQ(test, x->net->tx.len, len);
			KUNIT_EXPECT_TRUE(test, net_is(x->net->tx.data, len, i));
			memdev_interrupt(net_txq(x->net));
		}
	}
	KUNIT_EXPECT_EQ(test, xdp_stat(x, "xdp_packets"), i);
	KUNIT_EXPECT_EQ(test, xdp_stat(x, "xdp_slow"), 0);
	KUNIT_EXPECT_EQ(test, net_stat(x->net, "rx", "drops"), 0);
	KUNIT_EXPECT_EQ(test, net_stat(x->net, "tx", "xdp_tx_drops"), 0);
	xsk_end(t);
}

/* A socket whose ring is full, and no such socket: the frames come back. */
static void xsk_lost(struct kunit *test)
{
	struct xsk_test *t = xsk_start(test, 2048, 0, XSK_LENT);
	struct xdp_env *x = t->x;
	u32 i, n = XSK_LENT;

	x->plan.xsk = NULL;
	x->plan.target = 0x7ffffff;
	for (i = 0; i < 2 * n; i++)
		xdp_rx(x, 200, i, 0);
	KUNIT_EXPECT_EQ(test, xdp_stat(x, "xdp_drops"), 2 * n);
	x->plan.xsk = xsk_sock(&t->s);
	for (i = 0; i < n && net_rx(x->net, 200, i, 0) > 0; i++)
		memdev_interrupt(net_rxq(x->net));
	net_settle(x->net);
	/* All that it lent was given to it, and it is asked for more. */
	KUNIT_EXPECT_EQ(test, xsk_ready(&t->s, &t->s.rx), n);
	KUNIT_EXPECT_TRUE(test, xsk_flags(&t->s, &t->s.fq) & XDP_RING_NEED_WAKEUP);
	KUNIT_EXPECT_EQ(test, memdev_available(net_rxq(x->net)), 0);
	for (i = 0; i < n; i++)
		xsk_expect(t, 200, i, 1);
	xsk_wake(&t->s, XDP_WAKEUP_RX);
	KUNIT_EXPECT_FALSE(test, xsk_flags(&t->s, &t->s.fq) & XDP_RING_NEED_WAKEUP);
	KUNIT_EXPECT_GT(test, memdev_available(net_rxq(x->net)), n / 2);
	xdp_rx(x, 300, 1, 0);
	xsk_expect(t, 300, 1, 1);
	xsk_end(t);
}

static u32 xsk_room(void)
{
	return XSK_FRAME - XDP_PACKET_HEADROOM -
	       SKB_DATA_ALIGN(sizeof(struct skb_shared_info));
}

/* 1 to 18 buffers, to the socket, up, and sent back; what has more is dropped. */
static void xsk_multi(struct kunit *test)
{
	struct xsk_test *t = xsk_start(test, XSK_FRAME, XDP_USE_SG, XSK_LENT);
	u32 per[] = { 4, 700, xsk_room() }, len, n, i, seq = 0, seen;
	struct xdp_env *x = t->x;
	u64 drops;

	for (i = 0; i < ARRAY_SIZE(per); i++) {
		for (n = 1; n <= MAX_SKB_FRAGS + 1; n++, seq += 2) {
			len = max(per[i] * n, 96u) - 32;
			x->plan.verdict = XDP_REDIRECT;
			xdp_rx(x, len, seq, n);
			KUNIT_EXPECT_EQ(test, x->seen.frags, n - 1);
			xsk_expect(t, len, seq, n);
			x->plan.xsk = NULL;
			x->plan.verdict = XDP_PASS;
			xdp_rx(x, len, seq + 1, n);
			KUNIT_EXPECT_TRUE(test, net_wait(x->net->kept));
			net_expect(x->net, len, seq + 1);
			x->plan.verdict = XDP_DROP;
			xdp_rx(x, len, seq + 1, n);
			x->plan.verdict = XDP_TX;
			drops = xdp_stat(x, "xdp_drops");
			xdp_rx(x, len, seq + 1, n);
			KUNIT_EXPECT_EQ(test, xdp_stat(x, "xdp_drops"), drops);
			KUNIT_EXPECT_TRUE(test, net_wait(net_take(x->net) == 1));
			KUNIT_EXPECT_EQ(test, x->net->tx.len, len);
			KUNIT_EXPECT_TRUE(test, net_is(x->net->tx.data, len, seq + 1));
			memdev_interrupt(net_txq(x->net));
			x->plan.xsk = xsk_sock(&t->s);
		}
	}
	seen = x->seen.packets;
	drops = net_stat(x->net, "rx", "len_over");
	KUNIT_ASSERT_GT(test, net_rx(x->net, 4000, 1, MAX_SKB_FRAGS + 2), 0);
	memdev_interrupt(net_rxq(x->net));
	KUNIT_EXPECT_TRUE(test, net_wait(net_stat(x->net, "rx", "len_over") == drops + 1));
	KUNIT_EXPECT_EQ(test, x->seen.packets, seen);
	xsk_end(t);
}

/* --- a device that lies --- */

static void xsk_lie(struct xsk_test *t, u32 used, const char *counter)
{
	struct memdev_rx rx = { .data = t->x->net->buf, .len = 100, .used_len = &used };
	u64 before = net_stat(t->x->net, "rx", counter);

	KUNIT_ASSERT_EQ(t->s.test, memdev_rx(t->x->net->dev, 0, &rx), 1);
	memdev_interrupt(net_rxq(t->x->net));
	KUNIT_EXPECT_TRUE_MSG(t->s.test,
			      net_wait(net_stat(t->x->net, "rx", counter) == before + 1),
			      "length %u is not %s", used, counter);
}

static void xsk_lie_num(struct xsk_test *t, u16 n, const u32 *used, unsigned int nbufs)
{
	struct memdev_rx rx = {
		.data = t->x->net->buf, .len = 900, .lie_num = n, .nbufs = nbufs,
		.used_len = used,
	};
	u64 drops = net_stat(t->x->net, "rx", "drops");

	rx.hdr.hdr.num_buffers = cpu_to_virtio16(&t->x->net->dev->vdev, n);
	KUNIT_ASSERT_EQ(t->s.test, memdev_rx(t->x->net->dev, 0, &rx), nbufs);
	memdev_interrupt(net_rxq(t->x->net));
	KUNIT_EXPECT_TRUE(t->s.test,
			  net_wait(net_stat(t->x->net, "rx", "drops") == drops + 1));
}

static void xsk_lies(struct kunit *test)
{
	static const u32 zero[] = { 500, 0, 412 }, over[] = { 500, 5000, 412 };
	bool mergeable = ((struct net_param *)test->param_value)->mode == NET_MERGEABLE;
	struct xsk_test *t = xsk_start(test, XSK_FRAME, mergeable ? XDP_USE_SG : 0,
				       XSK_LENT);
	u32 i, seen = t->x->seen.packets;

	for (i = 0; i < 100; i++) {
		xsk_lie(t, 0, "len_short");
		xsk_lie(t, 13, "len_short");
		xsk_lie(t, XSK_FRAME - XDP_PACKET_HEADROOM + 13, "len_over");
		xsk_lie(t, 0xffffffff, "len_over");
		if (!mergeable)
			continue;
		xsk_lie_num(t, 0xffff, NULL, 1);
		xsk_lie_num(t, 5, NULL, 1);
		xsk_lie_num(t, 0, zero, 3);
		xsk_lie_num(t, 0, over, 3);
	}
	KUNIT_EXPECT_EQ(test, t->x->seen.packets, seen);
	for (i = 0; i < 2 * XSK_LENT; i++) {
		xdp_rx(t->x, 700, i, 0);
		xsk_expect(t, 700, i, 1);
	}
	xsk_end(t);
}

/* --- sending --- */

/* What is sent arrives, what arrived is told, and the stack sends in between. */
static void xsk_tx(struct kunit *test)
{
	struct xsk_test *t = xsk_start(test, 2048, 0, XSK_LENT);
	struct net_env *env = t->x->net;
	u32 round, i, n = 20;
	u64 packets;

	for (round = 0; round < 20; round++) {
		packets = net_stat(env, "tx", "packets");
		for (i = 0; i < n; i++)
			xsk_send(t, 256 + i, 60 + 40 * i, i);
		xsk_wake(&t->s, XDP_WAKEUP_TX);
		KUNIT_EXPECT_EQ(test, net_send(env, 300, 1000, 0), 0);
		KUNIT_EXPECT_EQ(test, xsk_completed(&t->s), ~0ull);
		for (i = 0; i < n; i++)
			xsk_sent(t, 60 + 40 * i, i);
		xsk_sent(t, 300, 1000);
		memdev_interrupt(net_txq(env));
		KUNIT_EXPECT_TRUE(test, net_wait(xsk_ready(&t->s, &t->s.cq) == n));
		for (i = 0; i < n; i++)
			KUNIT_EXPECT_EQ(test, xsk_completed(&t->s), (256 + i) * 2048ull + i);
		KUNIT_EXPECT_EQ(test, net_stat(env, "tx", "packets"), packets + n + 1);
	}
	KUNIT_EXPECT_EQ(test, net_stat(env, "tx", "xdp_tx_drops"), 0);
	xsk_end(t);
}

/* More than the ring takes: the rest waits, and the stack has its room. */
static void xsk_tx_full(struct kunit *test)
{
	struct xsk_test *t = xsk_start(test, 2048, 0, XSK_LENT);
	struct net_env *env = t->x->net;
	u32 i, n = 250, sent = 0;

	for (i = 0; i < n; i++)
		xsk_send(t, 256 + i, 100, i);
	xsk_wake(&t->s, XDP_WAKEUP_TX);
	KUNIT_EXPECT_EQ(test, net_send(env, 300, 1000, 0), 0);
	for (i = 0; i < n; ) {
		KUNIT_ASSERT_TRUE(test, net_wait(net_take(env) == 1));
		memdev_interrupt(net_txq(env));
		net_settle(env);
		if (env->tx.len == 300)
			continue;
		KUNIT_EXPECT_TRUE(test, net_is(env->tx.data, 100, i));
		i++;
	}
	while (xsk_completed(&t->s) != ~0ull)
		sent++;
	KUNIT_EXPECT_EQ(test, sent, n);
	KUNIT_EXPECT_EQ(test, net_stat(env, "tx", "xdp_tx_drops"), 0);
	xsk_end(t);
}

/* The device is done in another order: the socket hears of its packets in its own. */
static void xsk_tx_order(struct kunit *test)
{
	struct xsk_test *t = xsk_start(test, 2048, 0, XSK_LENT);
	struct net_env *env = t->x->net;
	struct memdev_vq *q = net_txq(env);
	struct memdev_chain *c;
	u32 i, n = 8;

	c = kunit_kcalloc(test, n, sizeof(*c), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, c);
	for (i = 0; i < n; i++)
		xsk_send(t, 256 + i, 100, i);
	xsk_wake(&t->s, XDP_WAKEUP_TX);
	for (i = 0; i < n; i++)
		KUNIT_ASSERT_EQ(test, memdev_tx_pop(env->dev, 0, &env->tx, &c[i]), 1);
	for (i = n - 1; i; i--)
		memdev_use(q, &c[i], 0);
	memdev_interrupt(q);
	net_settle(env);
	KUNIT_EXPECT_EQ(test, xsk_completed(&t->s), ~0ull);
	memdev_use(q, &c[0], 0);
	memdev_interrupt(q);
	KUNIT_EXPECT_TRUE(test, net_wait(xsk_ready(&t->s, &t->s.cq) == n));
	for (i = 0; i < n; i++)
		KUNIT_EXPECT_EQ(test, xsk_completed(&t->s), (256 + i) * 2048ull + i);
	xsk_end(t);
}

/*
 * In the order of the ring and in another, within a poll and across polls, and
 * all around the socket's window: never told of early, late or twice.
 */
static void xsk_tx_mixed(struct kunit *test)
{
	static const struct {
		u8 used[4], n, told;
	} polls[] = {
		{ { 0, 1, 4 }, 3, 2 }, { { 3 }, 1, 2 }, { { 2, 5, 7 }, 3, 6 }, { { 6 }, 1, 8 },
	};
	struct xsk_test *t = xsk_start(test, 2048, 0, XSK_LENT);
	struct net_env *env = t->x->net;
	struct memdev_vq *q = net_txq(env);
	u32 round, i, j, told, n = 8;
	struct memdev_chain *c;

	c = kunit_kcalloc(test, n, sizeof(*c), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, c);
	for (round = 0; round < 70; round++) {
		for (i = 0; i < n; i++)
			xsk_send(t, 256 + i, round % 2 ? 100 : 1000, i);
		xsk_wake(&t->s, XDP_WAKEUP_TX);
		for (i = 0; i < n; i++)
			KUNIT_ASSERT_EQ(test, memdev_tx_pop(env->dev, 0, &env->tx, &c[i]), 1);
		for (i = told = 0; i < ARRAY_SIZE(polls); i++) {
			for (j = 0; j < polls[i].n; j++)
				memdev_use(q, &c[polls[i].used[j]], 0);
			memdev_interrupt(q);
			net_settle(env);
			for (; told < polls[i].told; told++)
				KUNIT_ASSERT_EQ(test, xsk_completed(&t->s),
						(256 + told) * 2048ull + told);
			KUNIT_ASSERT_EQ(test, xsk_completed(&t->s), ~0ull);
		}
	}
	xsk_end(t);
}

/* Packets of several descriptors. */
static void xsk_tx_multi(struct kunit *test)
{
	struct xsk_test *t = xsk_start(test, XSK_FRAME, XDP_USE_SG, XSK_LENT);
	struct net_env *env = t->x->net;
	u32 n, i, part = 1000, ready = 0;

	for (n = 1; n <= MAX_SKB_FRAGS; n++) {
		net_fill(env->buf, n * part, n);
		for (i = 0; i < n; i++) {
			u64 addr = (256 + i) * (u64)XSK_FRAME + 7 * i;

			xsk_write(&t->s, addr, env->buf + i * part, part);
			xsk_queue(&t->s, addr, part, i + 1 < n ? XDP_PKT_CONTD : 0);
		}
		xsk_wake(&t->s, XDP_WAKEUP_TX);
		xsk_sent(t, n * part, n);
		memdev_interrupt(net_txq(env));
		ready += n;
		KUNIT_EXPECT_TRUE(test, net_wait(xsk_ready(&t->s, &t->s.cq) == ready));
	}
	xsk_end(t);
}

static struct kunit_case xsk_cases[] = {
	KUNIT_CASE_PARAM(xsk_verdicts, net_gen_params),
	KUNIT_CASE_PARAM(xsk_lost, net_gen_modes),
	KUNIT_CASE_PARAM(xsk_multi, net_gen_mergeable),
	KUNIT_CASE_PARAM(xsk_lies, net_gen_modes),
	KUNIT_CASE_PARAM(xsk_tx, net_gen_params),
	KUNIT_CASE_PARAM(xsk_tx_full, net_gen_params),
	KUNIT_CASE_PARAM(xsk_tx_order, net_gen_modes),
	KUNIT_CASE_PARAM(xsk_tx_mixed, net_gen_modes),
	KUNIT_CASE_PARAM(xsk_tx_multi, net_gen_mergeable),
	{}
};

static struct kunit_suite xsk_suite = {
	.name = "virtnet_xsk",
	.test_cases = xsk_cases,
};
kunit_test_suite(xsk_suite);
