// SPDX-License-Identifier: GPL-2.0-only
/*
 * XDP: what a program is shown of a packet, and what becomes of what it did
 * to it. Checksums are compared with a sum taken word by word.
 */
#include <linux/if_vlan.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <net/xdp.h>
#include <virtnet/virtnet.h>

#include "pkt.h"
#include "xdp_env.h"

static const struct net_param xdp_merge = { "mergeable", NET_MERGEABLE, 0 };

/* --- checksums --- */

struct xdp_sum {
	const char *name;
	enum pkt_kind kind;
	bool vlan;
};

static const struct xdp_sum xdp_sums[] = {
	{ "tcp4", PKT_TCP4 }, { "tcp4 vlan", PKT_TCP4, true },
	{ "tcp6", PKT_TCP6 }, { "tcp6 vlan", PKT_TCP6, true },
	{ "udp4", PKT_UDP4 }, { "udp4 vlan", PKT_UDP4, true },
	{ "udp6", PKT_UDP6 }, { "udp6 vlan", PKT_UDP6, true },
};

static void xdp_sum_desc(const struct xdp_sum *s, char *desc)
{
	strscpy(desc, s->name, KUNIT_PARAM_DESC_SIZE);
}
KUNIT_ARRAY_PARAM(xdp_sum, xdp_sums, xdp_sum_desc);

static u32 sum_words(u32 sum, const u8 *p, u32 len)
{
	u32 i;

	for (i = 0; i < len; i++)
		sum += i % 2 ? p[i] : p[i] << 8;
	return sum;
}

/* All ones if the checksum is right: RFC 1071, over what RFC 793 and 8200 say. */
static u16 sum_check(const u8 *buf, u32 len, const struct xdp_sum *s)
{
	u32 l3 = ETH_HLEN + (s->vlan ? VLAN_HLEN : 0), sum;
	bool v6 = s->kind == PKT_TCP6 || s->kind == PKT_UDP6;
	u32 l4 = l3 + (v6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr));

	sum = sum_words(0, buf + l3 + (v6 ? 8 : 12), v6 ? 32 : 8);
	sum += buf[l3 + (v6 ? 6 : 9)] + len - l4;
	sum = sum_words(sum, buf + l4, len - l4);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static void xdp_sum_hdr(struct xdp_env *x, struct virtio_net_hdr_v1 *h, const struct xdp_sum *s)
{
	struct virtio_device *vdev = &x->net->dev->vdev;

	h->flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
	h->csum_start = cpu_to_virtio16(vdev, pkt_l4(s->kind) + (s->vlan ? VLAN_HLEN : 0));
	h->csum_offset = cpu_to_virtio16(vdev, pkt_csum_off(s->kind));
}

static u32 xdp_sum_build(u8 *buf, const struct xdp_sum *s, u32 payload)
{
	u32 len = pkt_build(buf, s->kind, payload);

	if (!s->vlan)
		return len;
	memmove(buf + ETH_HLEN + VLAN_HLEN - 2, buf + ETH_HLEN - 2, len - ETH_HLEN + 2);
	buf[12] = 0x81;
	buf[13] = 0;
	buf[14] = 0;
	buf[15] = 5;
	return len + VLAN_HLEN;
}

static void xdp_sum_one(struct xdp_env *x, const struct xdp_sum *s, u32 payload,
			unsigned int nbufs)
{
	struct memdev_rx rx = { .data = x->net->buf, .nbufs = nbufs };
	struct kunit *test = x->net->test;
	u32 before = x->seen.packets;

	rx.len = xdp_sum_build(x->net->buf, s, payload);
	xdp_sum_hdr(x, &rx.hdr.hdr, s);
	KUNIT_ASSERT_GT(test, memdev_rx(x->net->dev, 0, &rx), 0);
	memdev_interrupt(net_rxq(x->net));
	KUNIT_EXPECT_TRUE(test, net_wait(x->seen.packets == before + 1));
	net_settle(x->net);
	KUNIT_EXPECT_EQ(test, x->seen.len, rx.len);
	KUNIT_EXPECT_EQ_MSG(test, sum_check(x->seen.data, rx.len, s), 0xffff,
			    "%s, %u bytes in %u buffers", s->name, payload, nbufs);
}

/* Completed before the program sees it, whatever it lies in; and sent so. */
static void xdp_csum(struct kunit *test)
{
	static const u32 payloads[] = { 0, 1, 2, 7, 500, 1399, 1400 };
	const struct xdp_sum *s = test->param_value;
	struct xdp_env *x = xdp_start(test, &xdp_merge, XDP_FEATURES);
	unsigned int i, n;

	x->plan.verdict = XDP_DROP;
	KUNIT_ASSERT_EQ(test, xdp_attach(x, x->prog), 0);
	xdp_sum_one(x, s, 100, 1);	/* the slow way: a buffer of before */
	for (i = 0; i < 8; i++)
		xdp_rx_burst(x, 60, i, 32);
	for (i = 0; i < ARRAY_SIZE(payloads); i++)
		for (n = 1; n < 8; n++)
			xdp_sum_one(x, s, payloads[i], n);
	x->plan.verdict = XDP_TX;
	xdp_sum_one(x, s, 700, 1);
	KUNIT_EXPECT_TRUE(test, net_wait(net_take(x->net) == 1));
	KUNIT_EXPECT_EQ(test, sum_check(x->net->tx.data, x->net->tx.len, s), 0xffff);
	KUNIT_EXPECT_EQ(test, x->net->tx.hdr.flags, 0);
	memdev_interrupt(net_txq(x->net));
}

/* What the device vouched for, the stack hears after the program. */
static void xdp_csum_state(struct kunit *test)
{
	struct xdp_env *x = test->priv;
	struct memdev_rx rx = { .data = x->net->buf };
	static const struct {
		u8 flags, summed;
	} t[] = {
		{ 0, CHECKSUM_NONE },
		{ VIRTIO_NET_HDR_F_DATA_VALID, CHECKSUM_UNNECESSARY },
		{ VIRTIO_NET_HDR_F_NEEDS_CSUM, CHECKSUM_UNNECESSARY },
		{ 0x80, CHECKSUM_NONE },
	};
	struct net_cap *cap;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(t); i++) {
		rx.len = xdp_sum_build(x->net->buf, &xdp_sums[0], 300);
		xdp_sum_hdr(x, &rx.hdr.hdr, &xdp_sums[0]);
		rx.hdr.hdr.flags = t[i].flags;
		KUNIT_ASSERT_EQ(test, memdev_rx(x->net->dev, 0, &rx), 1);
		memdev_interrupt(net_rxq(x->net));
		KUNIT_EXPECT_TRUE(test, net_wait(x->net->kept));
		cap = net_pop_cap(x->net);
		KUNIT_ASSERT_NOT_NULL(test, cap);
		KUNIT_EXPECT_EQ(test, cap->ip_summed, t[i].summed);
		kfree(cap);
	}
}

/* --- head, tail, metadata --- */

struct xdp_change {
	int head;
	int tail;
	u32 meta;
};

#define XDP_LEN		500
#define XDP_ROOM	((int)(PAGE_SIZE - XDP_PACKET_HEADROOM - \
			       SKB_DATA_ALIGN(sizeof(struct skb_shared_info))))

/* hlen: the vnet header's bytes belong to the headroom too. */
static void xdp_changes(struct xdp_change *c, int hlen)
{
	struct xdp_change all[] = {
		{ }, { .head = -4 }, { .head = -100 }, { .head = 4 },
		{ .head = XDP_LEN - ETH_HLEN }, { .tail = -1 }, { .tail = ETH_HLEN - XDP_LEN },
		{ .tail = 1 }, { .tail = XDP_ROOM - hlen - XDP_LEN }, { .meta = 4 },
		{ .meta = 32 }, { .head = -64, .meta = 32, .tail = 200 },
		{ .head = 46, .meta = 8, .tail = -100 },
		{ .head = -(XDP_PACKET_HEADROOM - (int)sizeof(struct xdp_frame)) },
	};

	memcpy(c, all, sizeof(all));
}

#define XDP_CHANGES	14

/* What must come of it: as xdp_adjust() in xdp_env.c does it. */
static u32 xdp_changed(u8 *out, const u8 *in, const struct xdp_change *c)
{
	u32 n = ETH_HLEN, skip = c->head > 0 ? c->head : 0;

	memcpy(out, in, ETH_HLEN);
	if (c->head < 0) {
		memset(out + n, 0xcc, -c->head);
		n -= c->head;
	}
	memcpy(out + n, in + ETH_HLEN + skip, XDP_LEN - ETH_HLEN - skip);
	n += XDP_LEN - ETH_HLEN - skip;
	if (c->tail > 0)
		memset(out + n, 0xa5, c->tail);
	return n + c->tail;
}

static void xdp_change_one(struct xdp_env *x, const struct xdp_change *c, u8 *want)
{
	struct kunit *test = x->net->test;
	struct net_cap *cap;
	u32 len;

	x->plan.head = c->head;
	x->plan.tail = c->tail;
	x->plan.meta = c->meta;
	x->plan.verdict = XDP_PASS;
	xdp_rx(x, XDP_LEN, 1, 0);
	len = xdp_changed(want, x->seen.data, c);
	KUNIT_EXPECT_TRUE(test, net_wait(x->net->kept));
	cap = net_pop_cap(x->net);
	KUNIT_ASSERT_NOT_NULL(test, cap);
	KUNIT_EXPECT_EQ(test, cap->len, len);
	KUNIT_EXPECT_EQ(test, cap->meta, c->meta);
	KUNIT_EXPECT_EQ_MSG(test, memcmp(cap->data, want, min(cap->len, len)), 0,
			    "head %d tail %d meta %u", c->head, c->tail, c->meta);
	kfree(cap);
	x->plan.verdict = XDP_TX;
	xdp_rx(x, XDP_LEN, 1, 0);
	KUNIT_EXPECT_TRUE(test, net_wait(net_take(x->net) == 1));
	KUNIT_EXPECT_EQ(test, x->net->tx.len, len);
	KUNIT_EXPECT_EQ(test, memcmp(x->net->tx.data, want, len), 0);
	memdev_interrupt(net_txq(x->net));
}

static void xdp_adjusts(struct kunit *test)
{
	struct xdp_change c[XDP_CHANGES];
	struct xdp_env *x = test->priv;
	u8 *want = kunit_kzalloc(test, PAGE_SIZE, GFP_KERNEL);
	int hlen = memdev_hdr_len(x->net->dev);
	unsigned int i;
	u64 drops;

	KUNIT_ASSERT_NOT_NULL(test, want);
	xdp_changes(c, hlen);
	for (i = 0; i < XDP_CHANGES; i++)
		xdp_change_one(x, &c[i], want);
	/* One byte less in front, and the vnet header goes elsewhere. */
	x->plan = (struct xdp_plan) { .verdict = XDP_TX, .head = c[i - 1].head - 1 };
	xdp_rx(x, XDP_LEN, 1, 0);
	KUNIT_EXPECT_TRUE(test, net_wait(net_take(x->net) == 1));
	KUNIT_EXPECT_EQ(test, x->net->tx.len, XDP_LEN - x->plan.head);
	KUNIT_EXPECT_EQ(test, x->net->tx.hdr.flags, 0);
	KUNIT_EXPECT_EQ(test, x->net->tx.hdr.gso_type, VIRTIO_NET_HDR_GSO_NONE);
	KUNIT_EXPECT_EQ(test, net_stat(x->net, "tx", "xdp_tx_drops"), 0);
	memdev_interrupt(net_txq(x->net));
	/* Here is no room for the frame. */
	drops = xdp_stat(x, "xdp_drops");
	x->plan.head -= hlen;
	xdp_rx(x, XDP_LEN, 1, 0);
	KUNIT_EXPECT_EQ(test, xdp_stat(x, "xdp_drops"), drops + 1);
	KUNIT_EXPECT_EQ(test, net_take(x->net), 0);
	KUNIT_EXPECT_EQ(test, net_stat(x->net, "rx", "drops"), 0);
}

static struct kunit_case xdp_pkt_cases[] = {
	KUNIT_CASE_PARAM(xdp_csum_state, net_gen_modes),
	KUNIT_CASE_PARAM(xdp_adjusts, net_gen_modes),
	{}
};

static struct kunit_suite xdp_pkt_suite = {
	.name = "virtnet_xdp_pkt",
	.init = xdp_init_test,
	.test_cases = xdp_pkt_cases,
};

static struct kunit_case xdp_sum_cases[] = {
	KUNIT_CASE_PARAM(xdp_csum, xdp_sum_gen_params),
	{}
};

static struct kunit_suite xdp_sum_suite = {
	.name = "virtnet_xdp_csum",
	.test_cases = xdp_sum_cases,
};
kunit_test_suites(&xdp_pkt_suite, &xdp_sum_suite);
