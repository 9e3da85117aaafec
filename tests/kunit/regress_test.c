// SPDX-License-Identifier: GPL-2.0-only
/*
 * Bugs that virtio-net drivers had, one case each, named after their numbers:
 * what a device, or a moment, once did to a guest.
 */
#include <linux/etherdevice.h>
#include <linux/if_vlan.h>
#include <linux/rtnetlink.h>
#include <net/dst_metadata.h>
#include <virtnet/virtnet.h>

#include "fault.h"
#include "net_env.h"
#include "pkt.h"

#define F_PACKED	BIT_ULL(VIRTIO_F_RING_PACKED)

static struct net_env *reg_open(struct kunit *test, enum net_mode mode, u64 features,
				u16 num)
{
	struct net_param *p = kunit_kzalloc(test, sizeof(*p), GFP_KERNEL);
	struct memdev_setup setup = { .num = num };
	struct net_env *env;

	KUNIT_ASSERT_NOT_NULL(test, p);
	p->mode = mode;
	p->features = features;
	env = net_start(test, p, &setup);
	KUNIT_ASSERT_EQ(test, net_open(env), 0);
	return env;
}

static void reg_works(struct net_env *env)
{
	struct kunit *test = env->test;

	net_settle(env);
	net_flush_caps(env);
	KUNIT_ASSERT_GT(test, net_rx(env, 700, 7, 0), 0);
	memdev_interrupt(net_rxq(env));
	KUNIT_EXPECT_TRUE(test, net_wait(env->kept));
	net_expect(env, 700, 7);
}

/* Used lengths beyond the buffer, each dropped, good packets between them. */
static void reg_lengths(struct net_env *env)
{
	static const u32 lens[] = { 1 << 17, 0x7fffffff, 0x80000000, 0xffffffff };
	struct memdev_rx rx = { .data = env->buf, .len = 60 };
	unsigned int i;
	u64 was;

	if (!net_ours())
		kunit_skip(env->test, "the counters are virtnet's");
	was = net_stat(env, "rx", "len_over");
	for (i = 0; i < ARRAY_SIZE(lens); i++) {
		net_fill(env->buf, 60, 0);
		rx.used_len = &lens[i];
		KUNIT_ASSERT_EQ(env->test, memdev_rx(env->dev, 0, &rx), 1);
		reg_works(env);
	}
	KUNIT_EXPECT_EQ(env->test, net_stat(env, "rx", "len_over"), was + ARRAY_SIZE(lens));
}

static void cve_2021_47352_small_length(struct kunit *test)
{
	reg_lengths(reg_open(test, NET_SMALL, 0, 0));
}

static void cve_2025_40292_big_length(struct kunit *test)
{
	reg_lengths(reg_open(test, NET_BIG, 0, 0));
}

/* The length of a chain whose buffers were made for a smaller frame. */
static void cve_2026_64552_big_length_after_mtu(struct kunit *test)
{
	struct net_env *env = reg_open(test, NET_BIG, 0, 0);

	rtnl_lock();
	KUNIT_EXPECT_EQ(test, dev_set_mtu(env->nd, 1400), 0);
	rtnl_unlock();
	KUNIT_ASSERT_TRUE(test, net_wait(netif_carrier_ok(env->nd)));
	reg_lengths(env);
}

/* Dropped packets of big mode give their pages back. */
static void cve_2021_47367_big_page_leak(struct kunit *test)
{
	struct net_env *env = reg_open(test, NET_BIG, 0, 0);
	struct memdev_rx rx = { .data = env->buf, .len = 30000 };
	unsigned int i;

	net_fill(env->buf, 30000, 0);
	rx.hdr.hdr.gso_type = 0x7f;
	for (i = 0; i < 300; i++) {
		KUNIT_ASSERT_EQ(test, memdev_rx(env->dev, 0, &rx), 1);
		memdev_interrupt(net_rxq(env));
		net_settle(env);
	}
	reg_works(env);
	net_close(env);
	net_remove(env);
	KUNIT_EXPECT_TRUE(test, net_wait_for(!net_pools(env), 5));
}

/* Does a posted buffer hold something that only this kernel can have written? */
static unsigned int reg_secrets(const struct memdev_chain *c, bool fresh)
{
	unsigned int i, found = 0;
	u32 at;

	for (i = 0; i < c->nsegs; i++) {
		for (at = 0; at + 8 <= c->seg[i].len; at += 8) {
			unsigned long v;

			memcpy(&v, c->seg[i].addr + at, sizeof(v));
			if (fresh ? v : v >= PAGE_OFFSET && virt_addr_valid((void *)v))
				found++;
		}
	}
	return found;
}

static unsigned int reg_scan(struct net_env *env, bool fresh)
{
	struct memdev_vq *q = net_rxq(env);
	struct memdev_pos saved = q->pos;
	unsigned int found = 0;

	while (memdev_pop(q, &env->chain) == 1)
		found += reg_secrets(&env->chain, fresh);
	q->pos = saved;
	return found;
}

/* Leave a canary in the pages that the next ones to be allocated may be. */
static void reg_canary(void)
{
	struct page *pages[128];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(pages); i++) {
		pages[i] = alloc_pages(GFP_KERNEL, i % 3);
		if (pages[i])
			memset(page_address(pages[i]), 0xca, PAGE_SIZE << i % 3);
	}
	for (i = 0; i < ARRAY_SIZE(pages); i++)
		if (pages[i])
			__free_pages(pages[i], i % 3);
}

/* A bounce buffer shows the device what lay in a buffer before it was posted. */
static void cve_2022_0854_stale_memory(struct kunit *test)
{
	const struct net_param *p = test->param_value;
	struct net_env *env = net_start(test, p, NULL);
	struct memdev_rx rx = { .data = env->buf };
	unsigned int i, round;

	/* Next to nothing it is nobody's address. */
	memset(env->buf, 1, 1514);
	reg_canary();
	KUNIT_ASSERT_EQ(test, net_open(env), 0);
	if (!net_ours())
		kunit_skip(test, "the kernel's driver posts pages as they are");
	KUNIT_EXPECT_EQ(test, reg_scan(env, true), 0);
	for (round = 0; round < 20; round++) {
		for (i = 0; i < 100; i++) {
			rx.len = i % 10 ? 1000 : 1514;
			if (memdev_rx(env->dev, 0, &rx) <= 0)
				break;
		}
		memdev_interrupt(net_rxq(env));
		net_settle(env);
		net_flush_caps(env);
	}
	KUNIT_EXPECT_EQ(test, reg_scan(env, false), 0);
}

/* A step of open that fails leaves nothing behind that the next one trips over. */
static void cve_2023_53499_open_fails(struct kunit *test)
{
	struct net_env *env = reg_open(test, NET_MERGEABLE, 0, 0);
	unsigned int i;
	int err;

	if (!net_ours())
		kunit_skip(test, "the kernel's driver keeps its rings");
	for (i = 0; i < 5; i++) {
		net_close(env);
		env->dev->fail_find_vqs = i % 2 ? -ENOMEM : -EIO;
		rtnl_lock();
		err = dev_open(env->nd, NULL);
		rtnl_unlock();
		KUNIT_EXPECT_NE(test, err, 0);
		KUNIT_EXPECT_FALSE(test, netif_running(env->nd));
		KUNIT_ASSERT_EQ(test, net_open(env), 0);
		reg_works(env);
	}
}

struct reg_hdr {
	enum pkt_kind kind;
	u8 flags;
	u8 type;
	u16 size;
	u16 start;
	u16 off;
};

/* Each of these headers costs its packet, and nothing else. */
static void reg_headers(struct kunit *test, const struct reg_hdr *h, unsigned int n)
{
	struct net_env *env = reg_open(test, NET_MERGEABLE, 0, 0);
	struct virtio_device *vdev = &env->dev->vdev;
	const struct reg_hdr *end = h + n;
	u64 was;

	if (!net_ours())
		kunit_skip(test, "the counters are virtnet's");
	was = net_stat(env, "rx", "hdr_bad");
	for (; h < end; h++) {
		struct memdev_rx rx = { .data = env->buf };

		rx.len = pkt_build(env->buf, h->kind, 3000);
		rx.hdr.hdr.flags = h->flags;
		rx.hdr.hdr.gso_type = h->type;
		rx.hdr.hdr.gso_size = cpu_to_virtio16(vdev, h->size);
		rx.hdr.hdr.csum_start = cpu_to_virtio16(vdev, h->start);
		rx.hdr.hdr.csum_offset = cpu_to_virtio16(vdev, h->off);
		KUNIT_ASSERT_GT(test, memdev_rx(env->dev, 0, &rx), 0);
		reg_works(env);
	}
	KUNIT_EXPECT_EQ(test, net_stat(env, "rx", "hdr_bad"), was + n);
}

#define CSUM	VIRTIO_NET_HDR_F_NEEDS_CSUM

static void cve_2024_43817_csum_outside(struct kunit *test)
{
	static const struct reg_hdr h[] = {
		{ PKT_TCP4, CSUM, VIRTIO_NET_HDR_GSO_TCPV4, 1400, 4000, 16 },
		{ PKT_TCP4, CSUM, VIRTIO_NET_HDR_GSO_TCPV4, 1400, 0xffff, 0xffff },
	};

	reg_headers(test, h, ARRAY_SIZE(h));
}

static void cve_2024_43897_csum_start_and_gso(struct kunit *test)
{
	static const struct reg_hdr h[] = {
		{ PKT_TCP4, CSUM, VIRTIO_NET_HDR_GSO_TCPV4, 1400, 14, 16 },
		{ PKT_UDP4, CSUM, VIRTIO_NET_HDR_GSO_UDP_L4, 1400, 14, 6 },
		{ PKT_TCP6, CSUM, VIRTIO_NET_HDR_GSO_TCPV6, 1400, 20, 16 },
	};

	reg_headers(test, h, ARRAY_SIZE(h));
}

static void cve_2024_49947_partial_udp_gso(struct kunit *test)
{
	static const struct reg_hdr h[] = {
		{ PKT_UDP4, 0, VIRTIO_NET_HDR_GSO_UDP_L4, 1400, 0, 0 },
		{ PKT_UDP4, CSUM, VIRTIO_NET_HDR_GSO_UDP_L4, 1400, 34, 16 },
	};

	reg_headers(test, h, ARRAY_SIZE(h));
}

static void cve_2026_90063_tiny_gso_size(struct kunit *test)
{
	static const struct reg_hdr h[] = {
		{ PKT_TCP4, CSUM, VIRTIO_NET_HDR_GSO_TCPV4, 0, 34, 16 },
		{ PKT_TCP4, CSUM, VIRTIO_NET_HDR_GSO_TCPV4, 1, 34, 16 },
		{ PKT_TCP6, CSUM, VIRTIO_NET_HDR_GSO_TCPV6, 7, 54, 16 },
	};

	reg_headers(test, h, ARRAY_SIZE(h));
}

/* Netpoll polls with a budget of 0: nothing is received, nothing lost. */
static void cve_2024_43835_netpoll(struct kunit *test)
{
	struct net_env *env = reg_open(test, NET_MERGEABLE, 0, 0);
	struct napi_struct *napi;
	unsigned int i;

	net_settle(env);
	for (i = 0; i < 20; i++)
		KUNIT_ASSERT_EQ(test, net_rx(env, 500, i, 0), 1);
	local_bh_disable();
	list_for_each_entry(napi, &env->nd->napi_list, dev_list) {
		set_bit(NAPI_STATE_NPSVC, &napi->state);
		KUNIT_EXPECT_EQ(test, napi->poll(napi, 0), 0);
		clear_bit(NAPI_STATE_NPSVC, &napi->state);
	}
	local_bh_enable();
	KUNIT_EXPECT_EQ(test, env->packets, 0);
	memdev_interrupt(net_rxq(env));
	KUNIT_EXPECT_TRUE(test, net_wait(env->kept == 20));
	for (i = 0; i < 20; i++)
		net_expect(env, 500, i);
}

/* No pages of higher order for fragments: buffers are then as small as they get. */
static void cve_2024_57843_order0_frags(struct kunit *test)
{
	static const char path[] = "/proc/sys/net/core/high_order_alloc_disable";
	const struct net_param *p = test->param_value;
	struct net_env *env;
	unsigned int i;

	if (fault_write(path, "1"))
		kunit_skip(test, "no %s", path);
	env = net_start(test, p, NULL);
	KUNIT_ASSERT_EQ(test, net_open(env), 0);
	for (i = 0; i < 200; i++) {
		u32 len = p->mode == NET_SMALL ? 1514 : 1514 + i * 300;

		KUNIT_ASSERT_GT(test, net_rx(env, len, i, 0), 0);
		memdev_interrupt(net_rxq(env));
		KUNIT_EXPECT_TRUE(test, net_wait(env->kept));
		net_expect(env, len, i);
		net_settle(env);
	}
	fault_write(path, "0");
}

/* At shutdown and before kexec the device must have stopped writing. */
static void cve_2025_38064_shutdown(struct kunit *test)
{
	struct net_env *env = reg_open(test, NET_MERGEABLE, 0, 0);
	struct device *dev = &env->dev->vdev.dev;
	unsigned int i;

	/* Ours stops recovery before that: life_test.c. */
	if (!dev->bus->shutdown)
		kunit_skip(test, "this kernel's virtio core leaves the device running");
	dev->bus->shutdown(dev);
	KUNIT_EXPECT_EQ(test, env->dev->status, 0);
	for (i = 0; i < env->dev->nvqs; i++)
		KUNIT_EXPECT_FALSE(test, env->dev->q[i].live);
}

/* What a packet was routed by may be gone while it waits in the ring. */
static void cve_2026_31469_dst(struct kunit *test)
{
	struct net_env *env = reg_open(test, NET_MERGEABLE, 0, 0);
	struct sk_buff *skb = net_skb(env, 500, 1, 0);
	struct metadata_dst *md = metadata_dst_alloc(0, METADATA_HW_PORT_MUX, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, skb);
	KUNIT_ASSERT_NOT_NULL(test, md);
	if (!net_ours())
		kunit_skip(test, "the kernel's driver keeps it");
	netif_keep_dst(env->nd);
	skb_dst_set(skb, &md->dst);
	skb_get(skb);
	KUNIT_EXPECT_EQ(test, dev_queue_xmit(skb), 0);
	KUNIT_EXPECT_TRUE(test, net_wait(memdev_available(net_txq(env))));
	KUNIT_EXPECT_NULL(test, skb_dst(skb));
	kfree_skb(skb);
	KUNIT_EXPECT_EQ(test, net_take(env), 1);
	memdev_interrupt(net_txq(env));
	net_settle(env);
}

/* Three pieces at a time into a ring of eight: every third time there is no room. */
static void reg_fail_add(struct kunit *test, struct virtqueue *vq, struct memdev_vq *q,
			 struct memdev_chain *chain)
{
	u8 *data = kunit_kzalloc(test, 3 * 16, GFP_KERNEL);
	struct scatterlist sg[3];
	unsigned int i, n, len;

	KUNIT_ASSERT_NOT_NULL(test, data);
	for (i = 0; i < 200; i++) {
		sg_init_table(sg, ARRAY_SIZE(sg));
		for (n = 0; n < ARRAY_SIZE(sg); n++)
			sg_set_buf(&sg[n], data + 16 * n, 16);
		for (n = 0; n < 2 + i % 2; n++)
			KUNIT_EXPECT_EQ(test, virtqueue_add_outbuf(vq, sg, 3, data, GFP_KERNEL),
					n < 2 ? 0 : -ENOSPC);
		for (n = 0; n < 2; n++) {
			KUNIT_ASSERT_EQ(test, memdev_pop(q, chain), 1);
			KUNIT_EXPECT_EQ(test, chain->nsegs, 3);
			memdev_use(q, chain, 0);
			KUNIT_EXPECT_PTR_EQ(test, virtqueue_get_buf(vq, &len), (void *)data);
		}
		KUNIT_EXPECT_EQ(test, memdev_pop(q, chain), 0);
	}
	KUNIT_EXPECT_EQ(test, q->errors, 0);
}

static void cve_2026_97997_failed_add(struct kunit *test)
{
	const u64 rings[] = { 0, F_PACKED };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rings); i++) {
		struct net_env *env = reg_open(test, NET_MERGEABLE, rings[i], 8);

		net_settle(env);
		netif_tx_disable(env->nd);
		reg_fail_add(test, net_txq(env)->vq, net_txq(env), &env->chain);
		netif_tx_wake_all_queues(env->nd);
		reg_works(env);
	}
}

/* Every number of fragments, on a ring that has fewer entries than some need. */
static void reg_fragments(struct net_env *env, u16 num)
{
	struct kunit *test = env->test;
	u32 n, len;

	for (n = 0; n <= MAX_SKB_FRAGS; n++) {
		len = 1000 + 900 * n;
		KUNIT_ASSERT_EQ(test, net_send(env, len, n, n), 0);
		KUNIT_ASSERT_TRUE_MSG(test, net_wait(net_take(env) == 1), "%u fragments", n);
		KUNIT_EXPECT_EQ(test, env->tx.len, len);
		KUNIT_EXPECT_TRUE_MSG(test, net_is(env->tx.data, len, n), "%u fragments", n);
		KUNIT_EXPECT_LE(test, env->tx.ndesc, num);
		memdev_signal(net_txq(env));
	}
	KUNIT_EXPECT_EQ(test, net_stat(env, "tx", "drops"), 0);
}

/* Once warned of by the virtio core, and a queue that was stopped for ever. */
static void tiny_ring_fragments(struct kunit *test)
{
	const u64 rings[] = { 0, F_PACKED };
	const u16 nums[] = { 4, 8, 16 };
	unsigned int i, j;

	if (!net_ours())
		kunit_skip(test, "the kernel's driver stops such queues for ever");
	for (i = 0; i < ARRAY_SIZE(rings); i++) {
		for (j = 0; j < ARRAY_SIZE(nums); j++) {
			struct net_env *env = reg_open(test, NET_MERGEABLE, rings[i], nums[j]);

			reg_fragments(env, nums[j]);
			net_remove(env);
		}
	}
}

static struct kunit_case regress_cases[] = {
	KUNIT_CASE(cve_2021_47352_small_length),
	KUNIT_CASE(cve_2021_47367_big_page_leak),
	KUNIT_CASE_PARAM(cve_2022_0854_stale_memory, net_gen_params),
	KUNIT_CASE(cve_2023_53499_open_fails),
	KUNIT_CASE(cve_2024_43817_csum_outside),
	KUNIT_CASE(cve_2024_43835_netpoll),
	KUNIT_CASE(cve_2024_43897_csum_start_and_gso),
	KUNIT_CASE(cve_2024_49947_partial_udp_gso),
	KUNIT_CASE_PARAM(cve_2024_57843_order0_frags, net_gen_modes),
	KUNIT_CASE(cve_2025_38064_shutdown),
	KUNIT_CASE(cve_2025_40292_big_length),
	KUNIT_CASE(cve_2026_31469_dst),
	KUNIT_CASE(cve_2026_64552_big_length_after_mtu),
	KUNIT_CASE(cve_2026_90063_tiny_gso_size),
	KUNIT_CASE(cve_2026_97997_failed_add),
	KUNIT_CASE(tiny_ring_fragments),
	{}
};

static struct kunit_suite regress_suite = {
	.name = "virtnet_regress",
	.test_cases = regress_cases,
};
kunit_test_suite(regress_suite);
