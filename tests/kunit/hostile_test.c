// SPDX-License-Identifier: GPL-2.0-only
/*
 * A device that lies.  Each lie is counted under its own name, exactly as
 * often as it was told; the packet behind it is delivered; and where the ring
 * itself was wrong, traffic flows again soon after.
 */
#include <linux/etherdevice.h>

#include "net_env.h"
#include "pkt.h"

#define SEQ_GOOD	7

/* Counters of this driver only; the kernel's has to survive all the same. */
static u64 counter(struct net_env *env, const char *name)
{
	return net_ours() ? net_stat(env, "rx", name) : 0;
}

static u32 posted_len(struct net_env *env)
{
	struct memdev_vq *q = net_rxq(env);
	struct memdev_pos saved = q->pos;
	u32 len = 0;

	if (memdev_pop(q, &env->chain) == 1)
		len = env->chain.in_len;
	q->pos = saved;
	return len;
}

static void good_one(struct net_env *env)
{
	KUNIT_ASSERT_GT(env->test, net_rx(env, 700, SEQ_GOOD, 0), 0);
}

/* Nothing but the good packet came up. */
static void expect_only_good(struct net_env *env)
{
	memdev_signal(net_rxq(env));
	KUNIT_EXPECT_TRUE(env->test, net_wait(env->kept));
	net_settle(env);
	KUNIT_EXPECT_EQ(env->test, env->kept, 1);
	net_expect(env, 700, SEQ_GOOD);
	net_flush_caps(env);
}

/* Tell rx's lie thrice, a good packet behind each. */
static void tell(struct net_env *env, const struct memdev_rx *rx, const char *name)
{
	u64 n = counter(env, name), drops = counter(env, "drops");
	struct kunit *test = env->test;
	unsigned int i;

	for (i = 1; i <= 3; i++) {
		KUNIT_ASSERT_GT(test, memdev_rx(env->dev, 0, rx), 0);
		good_one(env);
		expect_only_good(env);
		if (!net_ours())
			continue;
		KUNIT_EXPECT_EQ_MSG(test, counter(env, name), n + i, "counter %s", name);
		KUNIT_EXPECT_EQ(test, counter(env, "drops"), drops + i);
	}
}

static void tell_len(struct net_env *env, u32 used, const char *name)
{
	static const u8 zeros[60];
	struct memdev_rx rx = {
		.data = zeros, .len = sizeof(zeros), .used_len = &used,
	};

	tell(env, &rx, name);
}

/* Used lengths that leave no room for a header and an Ethernet frame. */
static void hostile_len_short(struct kunit *test)
{
	struct net_env *env = test->priv;
	unsigned int hlen = memdev_hdr_len(env->dev), i;
	const u32 lens[] = { 0, 1, hlen - 1, hlen, hlen + 1, hlen + ETH_HLEN - 1 };

	for (i = 0; i < ARRAY_SIZE(lens); i++)
		tell_len(env, lens[i], "len_short");
}

/* Used lengths beyond what was posted, by one and by far. */
static void hostile_len_over(struct kunit *test)
{
	struct net_env *env = test->priv;
	u32 posted = posted_len(env);
	const u32 lens[] = { posted + 1, posted + 4096, 0x20000, 0x7fffffff,
			     0x80000000, 0xffffffff };
	unsigned int i;

	KUNIT_ASSERT_GT(test, posted, 1500);
	for (i = 0; i < ARRAY_SIZE(lens); i++)
		tell_len(env, lens[i], "len_over");
}

/* Exactly what was posted is no lie, whatever mode and size. */
static void hostile_len_exact(struct kunit *test)
{
	struct net_env *env = test->priv;
	unsigned int hlen = memdev_hdr_len(env->dev), i;
	u32 posted = posted_len(env);
	struct net_cap *cap;

	for (i = 0; i < 3; i++) {
		struct memdev_rx rx = {
			.data = env->buf, .len = 60, .used_len = &posted,
		};

		net_fill(env->buf, 60, i);
		KUNIT_ASSERT_EQ(test, memdev_rx(env->dev, 0, &rx), 1);
		memdev_signal(net_rxq(env));
		KUNIT_EXPECT_TRUE(test, net_wait(env->kept));
		cap = net_pop_cap(env);
		KUNIT_ASSERT_NOT_NULL(test, cap);
		KUNIT_EXPECT_EQ(test, cap->len, posted - hlen);
		KUNIT_EXPECT_TRUE(test, net_is(cap->data, 60, i));
		kfree(cap);
		posted = posted_len(env);
	}
}

/* The same for the buffers that continue a packet. */
static void hostile_len_next(struct kunit *test)
{
	struct net_env *env = test->priv;
	unsigned int hlen = memdev_hdr_len(env->dev), i, at;
	u32 posted = posted_len(env);
	const u32 lies[] = { 0, posted + 1, 0x7fffffff, 0xffffffff };
	u32 used[4];

	for (i = 0; i < ARRAY_SIZE(lies); i++) {
		for (at = 1; at < ARRAY_SIZE(used); at++) {
			struct memdev_rx rx = {
				.data = env->buf, .len = 400, .nbufs = 4,
				.used_len = used,
			};

			used[0] = hlen + 100;
			used[1] = used[2] = used[3] = 100;
			used[at] = lies[i];
			tell(env, &rx, lies[i] ? "len_over" : "len_short");
		}
	}
}

/* num_buffers that cannot be: none, and more than there are buffers at all. */
static void hostile_num_buffers(struct kunit *test)
{
	struct net_env *env = test->priv;
	static const u16 nums[] = { 0, 0x8000, 0xffff };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(nums); i++) {
		struct memdev_rx rx = {
			.data = env->buf, .len = 100, .lie_num = true,
			.hdr.hdr.num_buffers = cpu_to_virtio16(&env->dev->vdev, nums[i]),
		};

		tell(env, &rx, "num_buffers");
	}
}

/* More buffers announced than used: that packet is lost, the next is not. */
static void hostile_num_missing(struct kunit *test)
{
	struct net_env *env = test->priv;
	unsigned int real, n;

	for (real = 1; real <= 3; real++) {
		for (n = real + 1; n < 20; n += 5) {
			struct memdev_rx rx = {
				.data = env->buf, .len = 300, .nbufs = real,
				.lie_num = true,
				.hdr.hdr.num_buffers = cpu_to_virtio16(&env->dev->vdev, n),
			};
			u64 before = counter(env, "num_buffers");

			KUNIT_ASSERT_EQ(test, memdev_rx(env->dev, 0, &rx), real);
			memdev_signal(net_rxq(env));
			net_settle(env);
			good_one(env);
			expect_only_good(env);
			if (net_ours())
				KUNIT_EXPECT_EQ(test, counter(env, "num_buffers"), before + 1);
		}
	}
}

/* More bytes than any packet has, each buffer by itself being fine. */
static void hostile_num_too_much(struct kunit *test)
{
	struct net_env *env = test->priv;
	struct memdev_rx rx = { .data = env->buf, .len = 100000, .nbufs = 64 };

	tell(env, &rx, "len_over");
}

struct bad_hdr {
	u8 flags;
	u8 type;
	u16 size;
	u16 start;
	u16 off;
};

/* Headers that no mode takes; see the gate's suite for all the others. */
static const struct bad_hdr bad_hdrs[] = {
	{ 0, VIRTIO_NET_HDR_GSO_TCPV4, 0 },
	{ 0, VIRTIO_NET_HDR_GSO_TCPV4, 1 },
	{ 0, VIRTIO_NET_HDR_GSO_TCPV4, 0xffff },
	{ 0, VIRTIO_NET_HDR_GSO_TCPV6, 0 },
	{ 0, VIRTIO_NET_HDR_GSO_UDP, 1400 },
	{ 0, VIRTIO_NET_HDR_GSO_UDP_L4, 1400 },
	{ 0, VIRTIO_NET_HDR_GSO_ECN, 1400 },
	{ 0, 2, 1400 },
	{ 0, 6, 1400 },
	{ 0, 0x7f, 1400 },
	{ 0, 0xff, 1400 },
	{ 0, VIRTIO_NET_HDR_GSO_UDP_L4 | VIRTIO_NET_HDR_GSO_ECN, 1400 },
	{ VIRTIO_NET_HDR_F_NEEDS_CSUM, 0, 0, 0, 0 },
	{ VIRTIO_NET_HDR_F_NEEDS_CSUM, 0, 0, 34, 65 },
	{ VIRTIO_NET_HDR_F_NEEDS_CSUM, 0, 0, 0xffff, 0xffff },
	{ VIRTIO_NET_HDR_F_NEEDS_CSUM, 0, 0, 34, 0xfffe },
	{ VIRTIO_NET_HDR_F_NEEDS_CSUM, VIRTIO_NET_HDR_GSO_UDP_L4, 8, 34, 7 },
};

static void hostile_hdr(struct kunit *test)
{
	struct net_env *env = test->priv;
	struct virtio_device *vdev = &env->dev->vdev;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad_hdrs); i++) {
		const struct bad_hdr *b = &bad_hdrs[i];
		struct memdev_rx rx = { .data = env->buf, .len = 100 };

		pkt_build(env->buf, PKT_UDP4, 100 - pkt_hdrs(PKT_UDP4));
		rx.hdr.hdr.flags = b->flags;
		rx.hdr.hdr.gso_type = b->type;
		rx.hdr.hdr.gso_size = cpu_to_virtio16(vdev, b->size);
		rx.hdr.hdr.csum_start = cpu_to_virtio16(vdev, b->start);
		rx.hdr.hdr.csum_offset = cpu_to_virtio16(vdev, b->off);
		tell(env, &rx, "hdr_bad");
	}
}

/* Every offload of the other direction, through the whole driver. */
static void hostile_gso_good(struct kunit *test)
{
	struct net_env *env = test->priv;
	static const struct { enum pkt_kind kind; u8 type; u32 gso; } good[] = {
		{ PKT_TCP4, VIRTIO_NET_HDR_GSO_TCPV4, SKB_GSO_TCPV4 },
		{ PKT_TCP6, VIRTIO_NET_HDR_GSO_TCPV6, SKB_GSO_TCPV6 },
		{ PKT_TCP4, VIRTIO_NET_HDR_GSO_TCPV4 | VIRTIO_NET_HDR_GSO_ECN,
		  SKB_GSO_TCPV4 | SKB_GSO_TCP_ECN },
		{ PKT_UDP4, VIRTIO_NET_HDR_GSO_UDP_L4, SKB_GSO_UDP_L4 },
		{ PKT_UDP6, VIRTIO_NET_HDR_GSO_UDP_L4, SKB_GSO_UDP_L4 },
	};
	struct virtio_device *vdev = &env->dev->vdev;
	unsigned int i;

	if (env->param->mode == NET_SMALL)
		return;
	for (i = 0; i < ARRAY_SIZE(good); i++) {
		struct memdev_rx rx = { .data = env->buf };
		struct net_cap *cap;

		rx.len = pkt_build(env->buf, good[i].kind, 20000);
		rx.hdr.hdr.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
		rx.hdr.hdr.gso_type = good[i].type;
		rx.hdr.hdr.gso_size = cpu_to_virtio16(vdev, 1400);
		rx.hdr.hdr.csum_start = cpu_to_virtio16(vdev, pkt_l4(good[i].kind));
		rx.hdr.hdr.csum_offset = cpu_to_virtio16(vdev, pkt_csum_off(good[i].kind));
		KUNIT_ASSERT_GT(test, memdev_rx(env->dev, 0, &rx), 0);
		memdev_signal(net_rxq(env));
		KUNIT_EXPECT_TRUE(test, net_wait(env->kept));
		cap = net_pop_cap(env);
		KUNIT_ASSERT_NOT_NULL_MSG(test, cap, "gso type %#x", good[i].type);
		KUNIT_EXPECT_EQ(test, cap->len, rx.len);
		KUNIT_EXPECT_MEMEQ(test, cap->data, env->buf, rx.len);
		KUNIT_EXPECT_EQ(test, cap->gso_type & ~SKB_GSO_DODGY, good[i].gso);
		KUNIT_EXPECT_EQ(test, cap->gso_size, 1400);
		KUNIT_EXPECT_EQ(test, cap->ip_summed, CHECKSUM_PARTIAL);
		KUNIT_EXPECT_EQ(test, cap->csum_start, pkt_l4(good[i].kind));
		KUNIT_EXPECT_EQ(test, cap->csum_offset, pkt_csum_off(good[i].kind));
		kfree(cap);
	}
}

/* A restarted device is ready, its receive ring filled. */
static bool restarted(struct net_env *env, u64 oks)
{
	return env->dev->driver_oks > oks && net_rxq(env)->live &&
	       memdev_available(net_rxq(env)) && netif_carrier_ok(env->nd);
}

static void expect_recovery(struct net_env *env, const char *dir, u64 before, u64 oks)
{
	struct kunit *test = env->test;

	KUNIT_EXPECT_EQ(test, net_stat(env, dir, "bad_used"), before + 1);
	KUNIT_ASSERT_TRUE(test, net_wait_for(restarted(env, oks), 5));
	net_both_ways(env);
	KUNIT_EXPECT_EQ(test, net_stat(env, dir, "bad_used"), before + 1);
}

static void need_ours(struct kunit *test)
{
	if (!net_ours())
		kunit_skip(test, "the kernel's driver does not recover a broken ring");
}

/* Used ids of no buffer, and of one that is not out. */
static void hostile_rx_id(struct kunit *test)
{
	static const u32 ids[] = { 256, 0xffff, 0xfffffff0 };
	struct net_env *env = test->priv;
	unsigned int i;

	need_ours(test);
	for (i = 0; i < ARRAY_SIZE(ids); i++) {
		u64 bad = net_stat(env, "rx", "bad_used"), oks = env->dev->driver_oks;

		memdev_used_raw(net_rxq(env), ids[i], 100);
		memdev_interrupt(net_rxq(env));
		expect_recovery(env, "rx", bad, oks);
	}
}

/* One buffer used twice. */
static void hostile_rx_twice(struct kunit *test)
{
	struct net_env *env = test->priv;
	struct memdev_vq *q = net_rxq(env);
	u64 bad, oks = env->dev->driver_oks;

	need_ours(test);
	bad = net_stat(env, "rx", "bad_used");
	KUNIT_ASSERT_EQ(test, memdev_pop(q, &env->chain), 1);
	memdev_put(q, &env->chain, memdev_hdr_len(env->dev) + 60);
	memdev_put(q, &env->chain, memdev_hdr_len(env->dev) + 60);
	memdev_flush(q);
	memdev_interrupt(q);
	expect_recovery(env, "rx", bad, oks);
}

/*
 * A buffer that is out is used before its turn, with nothing in it. That is what a
 * second use of a buffer looks like once it was posted again, and what a device
 * does that keeps no order: so it is believed, for what lies in the buffer.
 */
static void hostile_rx_early(struct kunit *test)
{
	struct net_env *env = test->priv;
	struct memdev_vq *q = net_rxq(env);
	u64 bad, seen, oks = env->dev->driver_oks;
	struct memdev_chain *turn;

	need_ours(test);
	turn = kunit_kzalloc(test, sizeof(*turn), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, turn);
	bad = net_stat(env, "rx", "bad_used");
	seen = net_stat(env, "rx", "packets") + net_stat(env, "rx", "drops");
	KUNIT_ASSERT_EQ(test, memdev_pop(q, turn), 1);
	KUNIT_ASSERT_EQ(test, memdev_pop(q, &env->chain), 1);
	memdev_use(q, &env->chain, memdev_hdr_len(env->dev) + 60);
	memdev_use(q, turn, memdev_hdr_len(env->dev) + 60);
	memdev_interrupt(q);
	net_settle(env);
	KUNIT_EXPECT_EQ(test, net_stat(env, "rx", "packets") + net_stat(env, "rx", "drops"),
			seen + 2);
	KUNIT_EXPECT_EQ(test, net_stat(env, "rx", "bad_used"), bad);
	KUNIT_EXPECT_EQ(test, env->dev->driver_oks, oks);
	net_both_ways(env);
}

/* The used index runs ahead of what was used. */
static void hostile_rx_jump(struct kunit *test)
{
	struct net_env *env = test->priv;
	u64 bad, oks = env->dev->driver_oks;

	need_ours(test);
	if (memdev_has(env->dev, VIRTIO_F_RING_PACKED))
		return;
	bad = net_stat(env, "rx", "bad_used");
	memdev_split_jump(net_rxq(env), 0x8000);
	memdev_interrupt(net_rxq(env));
	expect_recovery(env, "rx", bad, oks);
}

/* The same lies about what was sent. */
static void hostile_tx_id(struct kunit *test)
{
	static const u32 ids[] = { 256, 0xffff, 0xfffffff0 };
	struct net_env *env = test->priv;
	unsigned int i;

	need_ours(test);
	for (i = 0; i < ARRAY_SIZE(ids); i++) {
		u64 bad = net_stat(env, "tx", "bad_used"), oks = env->dev->driver_oks;

		KUNIT_ASSERT_EQ(test, net_send(env, 500, i, 2), 0);
		memdev_used_raw(net_txq(env), ids[i], 0);
		memdev_interrupt(net_txq(env));
		expect_recovery(env, "tx", bad, oks);
	}
}

/* A length makes no sense for what was sent; it is not looked at. */
static void hostile_tx_len(struct kunit *test)
{
	struct net_env *env = test->priv;
	unsigned int i;
	u64 bytes;

	bytes = net_ours() ? net_stat(env, "tx", "bytes") : 0;
	for (i = 0; i < 5; i++) {
		KUNIT_ASSERT_EQ(test, net_send(env, 500, i, 0), 0);
		KUNIT_ASSERT_EQ(test, memdev_tx_pop(env->dev, 0, &env->tx, &env->chain), 1);
		memdev_use(net_txq(env), &env->chain, 0xffffffff);
		memdev_interrupt(net_txq(env));
	}
	net_settle(env);
	if (net_ours())
		KUNIT_EXPECT_EQ(test, net_stat(env, "tx", "bytes"), bytes + 2500);
	net_both_ways(env);
}

/* Interrupts without a reason: nothing comes of them. */
static void hostile_spurious(struct kunit *test)
{
	struct net_env *env = test->priv;
	u64 packets = env->packets;
	unsigned int i;

	for (i = 0; i < 1000; i++) {
		memdev_interrupt(net_rxq(env));
		memdev_interrupt(net_txq(env));
		virtio_config_changed(&env->dev->vdev);
	}
	net_settle(env);
	KUNIT_EXPECT_EQ(test, env->packets, packets);
	net_both_ways(env);
}

/* The device asks for a reset. */
static void hostile_needs_reset(struct kunit *test)
{
	struct net_env *env = test->priv;
	u64 oks = env->dev->driver_oks;

	need_ours(test);
	KUNIT_ASSERT_EQ(test, net_rx(env, 200, 1, 0), 1);
	KUNIT_ASSERT_EQ(test, net_send(env, 200, 1, 4), 0);
	memdev_set_status_bit(env->dev, VIRTIO_CONFIG_S_NEEDS_RESET);
	KUNIT_ASSERT_TRUE(test, net_wait_for(restarted(env, oks), 5));
	KUNIT_EXPECT_FALSE(test, env->dev->status & VIRTIO_CONFIG_S_NEEDS_RESET);
	net_both_ways(env);
}

/* Nothing is ever sent: the watchdog's call has to mend it. */
static void hostile_tx_timeout(struct kunit *test)
{
	struct net_env *env = test->priv;
	u64 oks = env->dev->driver_oks, n;

	need_ours(test);
	n = net_stat(env, "tx", "timeouts");
	KUNIT_ASSERT_EQ(test, net_send(env, 200, 1, 4), 0);
	netif_tx_lock_bh(env->nd);
	env->nd->netdev_ops->ndo_tx_timeout(env->nd, 0);
	netif_tx_unlock_bh(env->nd);
	KUNIT_ASSERT_TRUE(test, net_wait_for(restarted(env, oks), 5));
	KUNIT_EXPECT_EQ(test, net_stat(env, "tx", "timeouts"), n + 1);
	net_both_ways(env);
}

static struct kunit_case hostile_cases[] = {
	KUNIT_CASE_PARAM(hostile_len_short, net_gen_params),
	KUNIT_CASE_PARAM(hostile_len_over, net_gen_params),
	KUNIT_CASE_PARAM(hostile_len_exact, net_gen_params),
	KUNIT_CASE_PARAM(hostile_len_next, net_gen_mergeable),
	KUNIT_CASE_PARAM(hostile_num_buffers, net_gen_mergeable),
	KUNIT_CASE_PARAM(hostile_num_missing, net_gen_mergeable),
	KUNIT_CASE_PARAM(hostile_num_too_much, net_gen_mergeable),
	KUNIT_CASE_PARAM(hostile_hdr, net_gen_params),
	KUNIT_CASE_PARAM(hostile_gso_good, net_gen_params),
	KUNIT_CASE_PARAM(hostile_rx_id, net_gen_params),
	KUNIT_CASE_PARAM(hostile_rx_twice, net_gen_params),
	KUNIT_CASE_PARAM(hostile_rx_early, net_gen_params),
	KUNIT_CASE_PARAM(hostile_rx_jump, net_gen_params),
	KUNIT_CASE_PARAM(hostile_tx_id, net_gen_params),
	KUNIT_CASE_PARAM(hostile_tx_len, net_gen_params),
	KUNIT_CASE_PARAM(hostile_spurious, net_gen_params),
	KUNIT_CASE_PARAM(hostile_needs_reset, net_gen_params),
	KUNIT_CASE_PARAM(hostile_tx_timeout, net_gen_params),
	{}
};

static struct kunit_suite hostile_suite = {
	.name = "virtnet_hostile",
	.init = net_init,
	.test_cases = hostile_cases,
};
kunit_test_suite(hostile_suite);
