// SPDX-License-Identifier: GPL-2.0-only
/*
 * The header gate, called directly: every value of every field that the
 * device writes, against an oracle written from the specification, and the
 * conversion to and from skbs.
 */
#include <kunit/test.h>
#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <virtnet/vnet_hdr.h>

#include "pkt.h"

#define CSUM	VIRTIO_NET_HDR_F_NEEDS_CSUM
#define VALID	VIRTIO_NET_HDR_F_DATA_VALID
#define ECN	VIRTIO_NET_HDR_GSO_ECN
#define NONE	VIRTIO_NET_HDR_GSO_NONE
#define TCP4	VIRTIO_NET_HDR_GSO_TCPV4
#define TCP6	VIRTIO_NET_HDR_GSO_TCPV6
#define UFO	VIRTIO_NET_HDR_GSO_UDP
#define USO	VIRTIO_NET_HDR_GSO_UDP_L4
#define TUN4	VIRTIO_NET_HDR_GSO_UDP_TUNNEL_IPV4
#define TUN6	VIRTIO_NET_HDR_GSO_UDP_TUNNEL_IPV6
#define TUNS	(TUN4 | TUN6)
#define TUNCSUM	VIRTIO_NET_HDR_F_UDP_TUNNEL_CSUM
#define ALL	(BIT(NONE) | BIT(TCP4) | BIT(TCP6) | BIT(UFO) | BIT(USO))

static const struct virtnet_hdr_rules gate_rules[] = {
	{ BIT(NONE), false, false, true },
	{ BIT(NONE), true, false, true },
	{ BIT(NONE) | BIT(TCP4), true, false, true },
	{ BIT(NONE) | BIT(TCP4) | BIT(TCP6), true, true, true },
	{ BIT(NONE) | BIT(USO), true, true, true },
	{ BIT(NONE) | BIT(UFO), true, false, true },
	{ ALL, true, true, true },
	{ ALL, true, true, false },
	{ ALL, true, true, true, true, false },
	{ ALL, true, true, true, true, true },
};

static struct virtio_net_hdr mk(const struct virtnet_hdr_rules *r, u8 flags,
				u8 type, u16 size, u16 start, u16 off)
{
	struct virtio_net_hdr h = {
		.flags = flags,
		.gso_type = type,
		.gso_size = __cpu_to_virtio16(r->little_endian, size),
		.csum_start = __cpu_to_virtio16(r->little_endian, start),
		.csum_offset = __cpu_to_virtio16(r->little_endian, off),
	};

	return h;
}

/* Of the types, only these exist; ECN goes with TCP alone. */
static bool want_type(const struct virtnet_hdr_rules *r, u8 type)
{
	switch (type) {
	case TCP4:
	case TCP6:
	case UFO:
	case USO:
		return r->gso_types & BIT(type);
	case TCP4 | ECN:
	case TCP6 | ECN:
		return r->ecn && r->gso_types & BIT(type & ~ECN);
	}
	return type == NONE;
}

/* What a tunnel may hold; its marks mean nothing where it was not agreed on. */
static bool want_tunnel(const struct virtnet_hdr_rules *r, u8 flags, u8 type)
{
	u8 inner = type & ~(TUNS | ECN);

	if (!(type & TUNS))
		return true;
	if (!r->tunnel || (type & TUNS) == TUNS)
		return false;
	if ((flags & (CSUM | VALID)) != CSUM)
		return false;
	if (flags & TUNCSUM && !r->tunnel_csum)
		return false;
	return inner == TCP4 || inner == TCP6 || inner == USO;
}

static bool want_ok(const struct virtnet_hdr_rules *r, u8 flags, u8 type,
		    u16 size, u16 start, u16 off, u32 len)
{
	if (flags & CSUM && !r->csum)
		return false;
	if (flags & CSUM && (start < ETH_HLEN || (u32)start + off + 2 > len))
		return false;
	if (!want_tunnel(r, flags, type))
		return false;
	type &= ~TUNS;
	if (!want_type(r, type))
		return false;
	if (type == NONE)
		return true;
	if (type == USO && !(flags & CSUM))
		return false;
	if (size == 0 || size == 0xffff)
		return false;
	return type == USO || type == UFO || size >= 8;
}

/* The last digit of *x, in this base, which is then taken off. */
static unsigned int digit(unsigned int *x, unsigned int base)
{
	unsigned int d = *x % base;

	*x /= base;
	return d;
}

/* All types and flags with telling values of everything else. */
static void gate_exhaustive(struct kunit *test)
{
	static const u16 sizes[] = { 0, 1, 7, 8, 1448, 65534, 65535 };
	static const u16 starts[] = { 0, 13, 14, 34, 58, 65535 };
	static const u16 offs[] = { 0, 6, 16, 65534, 65535 };
	static const u32 lens[] = { 14, 15, 16, 36, 60, 1514, 65549, 69632 };
	static const u8 flags[] = { 0, 1, 2, 3, 4, 5, 9, 0x80, 0xf8, 0xff };
	unsigned int total = 256 * ARRAY_SIZE(gate_rules) * ARRAY_SIZE(flags) *
			     ARRAY_SIZE(sizes) * ARRAY_SIZE(starts) *
			     ARRAY_SIZE(offs) * ARRAY_SIZE(lens);
	unsigned int n, bad = 0;

	for (n = 0; n < total; n++) {
		unsigned int x = n;
		unsigned int l = digit(&x, ARRAY_SIZE(lens));
		unsigned int o = digit(&x, ARRAY_SIZE(offs));
		unsigned int a = digit(&x, ARRAY_SIZE(starts));
		unsigned int s = digit(&x, ARRAY_SIZE(sizes));
		unsigned int f = digit(&x, ARRAY_SIZE(flags));
		unsigned int t = digit(&x, 256);
		unsigned int r = x;
		const struct virtnet_hdr_rules *rules = &gate_rules[r];
		struct virtio_net_hdr h = mk(rules, flags[f], t, sizes[s],
					     starts[a], offs[o]);
		bool want = want_ok(rules, flags[f], t, sizes[s], starts[a],
				    offs[o], lens[l]);

		if (virtnet_hdr_ok(rules, &h, lens[l]) != want && bad++ < 5)
			KUNIT_FAIL(test, "rules %u: %x type %x gso %u at %u+%u len %u, want %d",
				   r, flags[f], t, sizes[s], starts[a], offs[o],
				   lens[l], want);
	}
	KUNIT_EXPECT_EQ(test, bad, 0);
}

/* A checksum position one byte inside the packet, and one outside. */
static void gate_csum_edge(struct kunit *test)
{
	const struct virtnet_hdr_rules *r = &gate_rules[6];
	u32 len, start;

	for (len = 16; len < 300; len++) {
		for (start = 14; start < len; start++) {
			struct virtio_net_hdr in, out;

			if (start + 2 > len)
				continue;
			in = mk(r, CSUM, NONE, 0, start, len - start - 2);
			out = mk(r, CSUM, NONE, 0, start, len - start - 1);
			KUNIT_EXPECT_TRUE(test, virtnet_hdr_ok(r, &in, len));
			KUNIT_EXPECT_FALSE(test, virtnet_hdr_ok(r, &out, len));
		}
	}
}

/* The rules follow from the negotiated features, one by one. */
static void gate_rules_init(struct kunit *test)
{
	struct virtnet_caps caps = {
		.gso_types = BIT(NONE) | BIT(TCP6), .guest_csum = true,
		.guest_ecn = false, .little_endian = true,
	};
	struct virtnet_hdr_rules rules;

	virtnet_hdr_rules_init(&rules, &caps);
	KUNIT_EXPECT_EQ(test, rules.gso_types, BIT(NONE) | BIT(TCP6));
	KUNIT_EXPECT_TRUE(test, rules.csum);
	KUNIT_EXPECT_FALSE(test, rules.ecn);
	KUNIT_EXPECT_TRUE(test, rules.little_endian);
	KUNIT_EXPECT_FALSE(test, rules.tunnel);
	caps.rx_tunnel = true;
	caps.guest_csum = false;
	caps.guest_ecn = true;
	caps.little_endian = false;
	virtnet_hdr_rules_init(&rules, &caps);
	KUNIT_EXPECT_FALSE(test, rules.csum);
	KUNIT_EXPECT_TRUE(test, rules.ecn);
	KUNIT_EXPECT_FALSE(test, rules.little_endian);
	KUNIT_EXPECT_TRUE(test, rules.tunnel);
	KUNIT_EXPECT_FALSE(test, rules.tunnel_csum);
	caps.rx_tunnel_csum = true;
	virtnet_hdr_rules_init(&rules, &caps);
	KUNIT_EXPECT_TRUE(test, rules.tunnel_csum);
}

struct gate_conv {
	const char *name;
	enum pkt_kind kind;
	u32 payload;
	u8 flags;
	u8 type;
	u16 size;
	bool wrong_off;		/* checksum position that fits no such header */
	int err;
	u8 ip_summed;
	u32 gso_type;		/* 0: not GSO afterwards */
};

static const struct gate_conv gate_convs[] = {
	{ "plain", PKT_TCP4, 100, 0, NONE, 0, false, 0, CHECKSUM_NONE, 0 },
	{ "data valid", PKT_TCP4, 100, VALID, NONE, 0, false, 0, CHECKSUM_UNNECESSARY, 0 },
	{ "needs csum tcp4", PKT_TCP4, 100, CSUM, NONE, 0, false, 0, CHECKSUM_PARTIAL, 0 },
	{ "needs csum udp6", PKT_UDP6, 100, CSUM, NONE, 0, false, 0, CHECKSUM_PARTIAL, 0 },
	{ "tso4", PKT_TCP4, 4000, CSUM, TCP4, 1448, false, 0, CHECKSUM_PARTIAL, SKB_GSO_TCPV4 },
	{ "tso6", PKT_TCP6, 4000, CSUM, TCP6, 1428, false, 0, CHECKSUM_PARTIAL, SKB_GSO_TCPV6 },
	{ "tso4 ecn", PKT_TCP4, 4000, CSUM, TCP4 | ECN, 1448, false, 0, CHECKSUM_PARTIAL,
	  SKB_GSO_TCPV4 | SKB_GSO_TCP_ECN },
	{ "tso4 of one segment", PKT_TCP4, 1448, CSUM, TCP4, 1448, false, 0, CHECKSUM_PARTIAL, 0 },
	{ "tso4 verified", PKT_TCP4, 4000, VALID, TCP4, 1448, false, 0, CHECKSUM_UNNECESSARY,
	  SKB_GSO_TCPV4 },
	{ "uso4", PKT_UDP4, 4000, CSUM, USO, 1400, false, 0, CHECKSUM_PARTIAL, SKB_GSO_UDP_L4 },
	{ "uso6", PKT_UDP6, 4000, CSUM, USO, 1400, false, 0, CHECKSUM_PARTIAL, SKB_GSO_UDP_L4 },
	{ "uso of too many", PKT_UDP4, 4000, CSUM, USO, 8, false, -EINVAL },
	{ "uso of one byte", PKT_UDP4, 100, CSUM, USO, 1, false, 0, CHECKSUM_PARTIAL,
	  SKB_GSO_UDP_L4 },
	{ "uso position", PKT_UDP4, 4000, CSUM, USO, 1400, true, -EINVAL },
	{ "tso position", PKT_TCP4, 4000, CSUM, TCP4, 1448, true, -EINVAL },
	{ "tso4 on udp, verified", PKT_UDP4, 4000, VALID, TCP4, 1448, false, -EINVAL },
	{ "tso6 on tcp4, verified", PKT_TCP4, 4000, VALID, TCP6, 1448, false, -EINVAL },
};

static void gate_conv_desc(const struct gate_conv *c, char *desc)
{
	strscpy(desc, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(gate_conv, gate_convs, gate_conv_desc);

/* Received: a linear skb and one with all but the Ethernet header in a page. */
static struct sk_buff *gate_skb(struct kunit *test, const struct gate_conv *c,
				bool paged)
{
	u8 *buf = kunit_kzalloc(test, 8192, GFP_KERNEL);
	struct sk_buff *skb;
	u32 len, linear;
	void *page;

	KUNIT_ASSERT_NOT_NULL(test, buf);
	len = pkt_build(buf, c->kind, c->payload);
	linear = paged ? ETH_HLEN : len;
	skb = alloc_skb(linear + 256, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, skb);
	skb_reserve(skb, 64);
	skb_put_data(skb, buf, linear);
	if (paged) {
		page = (void *)__get_free_pages(GFP_KERNEL | __GFP_COMP, 1);
		KUNIT_ASSERT_NOT_NULL(test, page);
		memcpy(page, buf + linear, len - linear);
		skb_add_rx_frag(skb, 0, virt_to_page(page), 0, len - linear, 8192);
	}
	/* As in the driver: the type is not known yet, the device is. */
	skb->dev = init_net.loopback_dev;
	return skb;
}

static void gate_convert(struct kunit *test, const struct gate_conv *c, bool paged)
{
	const struct virtnet_hdr_rules *r = &gate_rules[6];
	u16 off = pkt_csum_off(c->kind) + (c->wrong_off ? 2 : 0);
	struct virtio_net_hdr h = mk(r, c->flags, c->type, c->size,
				     c->flags & CSUM ? pkt_l4(c->kind) : 0,
				     c->flags & CSUM ? off : 0);
	struct sk_buff *skb = gate_skb(test, c, paged);

	KUNIT_EXPECT_TRUE(test, virtnet_hdr_ok(r, &h, skb->len));
	KUNIT_EXPECT_EQ(test, virtnet_hdr_rx(r, &h, NULL, skb), c->err);
	if (!c->err) {
		KUNIT_EXPECT_EQ(test, (u8)skb->ip_summed, c->ip_summed);
		KUNIT_EXPECT_EQ(test, skb_shinfo(skb)->gso_type & ~SKB_GSO_DODGY, c->gso_type);
		KUNIT_EXPECT_EQ(test, skb_shinfo(skb)->gso_size, c->gso_type ? c->size : 0);
		if (c->gso_type)
			KUNIT_EXPECT_TRUE(test, skb_shinfo(skb)->gso_type & SKB_GSO_DODGY);
		if (c->flags & CSUM) {
			KUNIT_EXPECT_EQ(test, skb_checksum_start_offset(skb), pkt_l4(c->kind));
			KUNIT_EXPECT_EQ(test, skb->csum_offset, off);
		}
	}
	kfree_skb(skb);
}

static void gate_to_skb(struct kunit *test)
{
	gate_convert(test, test->param_value, false);
	gate_convert(test, test->param_value, true);
}

/* Both ways of a header without GSO, on copies of one packet, come to the same. */
static void gate_simple_one(struct kunit *test, const struct virtnet_hdr_rules *r,
			    const struct sk_buff *skb, const struct virtio_net_hdr *h)
{
	struct sk_buff *a = skb_copy(skb, GFP_KERNEL), *b = skb_copy(skb, GFP_KERNEL);
	bool ok;

	KUNIT_ASSERT_TRUE(test, a && b);
	ok = virtnet_hdr_ok(r, h, a->len) && !virtnet_hdr_rx(r, h, NULL, a);
	KUNIT_EXPECT_TRUE(test, virtnet_hdr_simple(h));
	KUNIT_EXPECT_EQ(test, virtnet_hdr_rx_csum(r, h, b), ok);
	if (ok) {
		KUNIT_EXPECT_EQ(test, (u8)a->ip_summed, (u8)b->ip_summed);
		KUNIT_EXPECT_EQ(test, a->csum, b->csum);
	}
	kfree_skb(a);
	kfree_skb(b);
}

static void gate_simple(struct kunit *test)
{
	static const u16 starts[] = { 0, 13, 14, 19, 20, 34, 150, 151, 152, 153, 0xffff };
	static const u16 offs[] = { 0, 6, 16, 116, 117, 118, 119, 0xffff };
	struct virtio_net_hdr gso = { .gso_type = TCP4 }, tunnel = { .flags = TUNCSUM };
	struct gate_conv c = { .kind = PKT_TCP4, .payload = 100 };
	struct sk_buff *skb = gate_skb(test, &c, false), *paged = gate_skb(test, &c, true);
	unsigned int i, flags, n = ARRAY_SIZE(starts) * ARRAY_SIZE(offs);
	const struct virtnet_hdr_rules *r;
	struct virtio_net_hdr h;

	for (r = gate_rules; r < gate_rules + ARRAY_SIZE(gate_rules); r++)
		for (flags = 0; flags <= (CSUM | VALID); flags++)
			for (i = 0; i < n; i++) {
				h = mk(r, flags, NONE, 0, starts[i % ARRAY_SIZE(starts)],
				       offs[i / ARRAY_SIZE(starts)]);
				gate_simple_one(test, r, skb, &h);
				gate_simple_one(test, r, paged, &h);
			}
	kfree_skb(skb);
	kfree_skb(paged);
	KUNIT_EXPECT_FALSE(test, virtnet_hdr_simple(&gso));
	KUNIT_EXPECT_FALSE(test, virtnet_hdr_simple(&tunnel));
}

/* A packet as the stack sends it. */
static struct sk_buff *gate_tx_skb(struct kunit *test, enum pkt_kind kind,
				   u32 payload, u32 gso_type, u16 gso_size)
{
	struct gate_conv c = { .kind = kind, .payload = payload };
	struct sk_buff *skb = gate_skb(test, &c, false);

	skb_reset_mac_header(skb);
	skb_set_network_header(skb, ETH_HLEN);
	skb_set_transport_header(skb, pkt_l4(kind));
	KUNIT_ASSERT_TRUE(test, skb_partial_csum_set(skb, pkt_l4(kind), pkt_csum_off(kind)));
	skb_shinfo(skb)->gso_type = gso_type;
	skb_shinfo(skb)->gso_size = gso_size;
	return skb;
}

static void gate_from(struct kunit *test, enum pkt_kind kind, u32 gso_type, u8 type,
		      bool hdrlen)
{
	struct virtnet_caps caps = { .little_endian = true, .guest_hdrlen = hdrlen };
	struct sk_buff *skb = gate_tx_skb(test, kind, 4000, gso_type, gso_type ? 1400 : 0);
	struct virtio_net_hdr h;

	memset(&h, 0xa5, sizeof(h));
	KUNIT_EXPECT_EQ(test, virtnet_hdr_tx(&caps, skb, &h), 0);
	KUNIT_EXPECT_EQ(test, h.flags, CSUM);
	KUNIT_EXPECT_EQ(test, h.gso_type, type);
	KUNIT_EXPECT_EQ(test, __virtio16_to_cpu(true, h.gso_size), gso_type ? 1400 : 0);
	KUNIT_EXPECT_EQ(test, __virtio16_to_cpu(true, h.csum_start), pkt_l4(kind));
	KUNIT_EXPECT_EQ(test, __virtio16_to_cpu(true, h.csum_offset), pkt_csum_off(kind));
	if (gso_type && hdrlen)
		KUNIT_EXPECT_EQ(test, __virtio16_to_cpu(true, h.hdr_len), pkt_hdrs(kind));
	if (gso_type)
		KUNIT_EXPECT_GE(test, __virtio16_to_cpu(true, h.hdr_len), pkt_hdrs(kind));
	kfree_skb(skb);
}

/* Sent: each offload becomes the header the device needs to finish the job. */
static void gate_from_skb(struct kunit *test)
{
	bool hdrlen;
	int i;

	for (i = 0; i < 2; i++) {
		hdrlen = i;
		gate_from(test, PKT_TCP4, 0, NONE, hdrlen);
		gate_from(test, PKT_UDP6, 0, NONE, hdrlen);
		gate_from(test, PKT_TCP4, SKB_GSO_TCPV4, TCP4, hdrlen);
		gate_from(test, PKT_TCP6, SKB_GSO_TCPV6, TCP6, hdrlen);
		gate_from(test, PKT_TCP4, SKB_GSO_TCPV4 | SKB_GSO_TCP_ECN, TCP4 | ECN, hdrlen);
		gate_from(test, PKT_UDP4, SKB_GSO_UDP_L4, USO, hdrlen);
		gate_from(test, PKT_UDP6, SKB_GSO_UDP_L4, USO, hdrlen);
	}
}

/* What no virtio device was promised is refused, not sent as something else. */
static void gate_from_skb_unknown(struct kunit *test)
{
	struct virtnet_caps caps = { .little_endian = true };
	struct sk_buff *skb = gate_tx_skb(test, PKT_TCP4, 4000, SKB_GSO_SCTP, 1400);
	struct virtio_net_hdr h;

	KUNIT_EXPECT_EQ(test, virtnet_hdr_tx(&caps, skb, &h), -EINVAL);
	kfree_skb(skb);
}

/* A packet in a tunnel without the rest of its header, as programs have it. */
static void gate_tunnel_without_offsets(struct kunit *test)
{
	const struct virtnet_hdr_rules *r = &gate_rules[ARRAY_SIZE(gate_rules) - 1];
	struct gate_conv c = { .kind = PKT_TCP4, .payload = 4000 };
	struct virtio_net_hdr h = mk(r, CSUM, TCP4 | TUN4, 1400, pkt_l4(PKT_TCP4),
				     pkt_csum_off(PKT_TCP4));
	struct sk_buff *skb = gate_skb(test, &c, false);

	KUNIT_EXPECT_TRUE(test, virtnet_hdr_ok(r, &h, skb->len));
	KUNIT_EXPECT_EQ(test, virtnet_hdr_rx(r, &h, NULL, skb), -EINVAL);
	kfree_skb(skb);
}

/* Both checksums of a packet in a tunnel verified, where that was agreed on. */
static void gate_tunnel_valid(struct kunit *test)
{
	struct gate_conv c = { .kind = PKT_UDP4, .payload = 100 };
	struct virtnet_hdr_rules r = { .csum = true, .tunnel = true, .little_endian = true };
	struct virtio_net_hdr h = mk(&r, VALID | TUNCSUM, NONE, 0, 0, 0);
	struct sk_buff *skb;
	int i;

	for (i = 0; i < 2; i++) {
		r.tunnel_csum = i;
		skb = gate_skb(test, &c, false);
		KUNIT_EXPECT_TRUE(test, virtnet_hdr_ok(&r, &h, skb->len));
		KUNIT_EXPECT_EQ(test, virtnet_hdr_rx(&r, &h, NULL, skb), 0);
		KUNIT_EXPECT_EQ(test, (int)skb->ip_summed, CHECKSUM_UNNECESSARY);
		KUNIT_EXPECT_EQ(test, (int)skb->csum_level, i);
		kfree_skb(skb);
	}
}

static struct kunit_case gate_cases[] = {
	KUNIT_CASE_SLOW(gate_exhaustive),
	KUNIT_CASE(gate_csum_edge),
	KUNIT_CASE(gate_rules_init),
	KUNIT_CASE_PARAM(gate_to_skb, gate_conv_gen_params),
	KUNIT_CASE(gate_simple),
	KUNIT_CASE(gate_from_skb),
	KUNIT_CASE(gate_from_skb_unknown),
	KUNIT_CASE(gate_tunnel_without_offsets),
	KUNIT_CASE(gate_tunnel_valid),
	{}
};

static struct kunit_suite gate_suite = {
	.name = "virtnet_gate",
	.test_cases = gate_cases,
};

kunit_test_suite(gate_suite);
