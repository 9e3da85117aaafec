// SPDX-License-Identifier: GPL-2.0-only
/*
 * A device that misbehaves as a whole: features, configuration, interrupts at
 * the wrong time, storms, and its sudden end. Documentation/hostile-devices.rst
 * has the table that these cases belong to.
 */
#include <linux/delay.h>
#include <linux/etherdevice.h>
#include <linux/ethtool.h>
#include <linux/rtnetlink.h>
#include <virtnet/virtnet.h>

#include "memdev_ctrl.h"
#include "net_env.h"

#define F(name)	BIT_ULL(VIRTIO_NET_F_##name)
/* All that is told through the control queue. */
#define DEV_CTRL_FEATURES						\
	(F(CTRL_RX) | F(CTRL_VLAN) | F(GUEST_ANNOUNCE) | F(MQ) |	\
	 F(CTRL_MAC_ADDR) | F(CTRL_GUEST_OFFLOADS) | F(RSS) |		\
	 F(NOTF_COAL) | F(VQ_NOTF_COAL))

static const struct net_param dev_param = { "device", NET_MERGEABLE, 0 };

static struct net_env *dev_start(struct kunit *test, struct memdev_setup *setup)
{
	if (!net_ours())
		kunit_skip(test, "about what virtnet checks");
	return net_start(test, &dev_param, setup);
}

/* Traffic in and out, from an open interface. */
static void dev_works(struct net_env *env)
{
	struct kunit *test = env->test;
	unsigned int i;

	net_settle(env);
	net_flush_caps(env);
	for (i = 0; i < 3; i++) {
		KUNIT_ASSERT_GT(test, net_rx(env, 700, i, 0), 0);
		memdev_interrupt(net_rxq(env));
		KUNIT_EXPECT_TRUE(test, net_wait(env->kept));
		net_expect(env, 700, i);
		KUNIT_ASSERT_EQ(test, net_send(env, 300, i, 0), 0);
		KUNIT_EXPECT_TRUE(test, net_wait(memdev_available(net_txq(env))));
		KUNIT_ASSERT_EQ(test, net_take(env), 1);
		KUNIT_EXPECT_TRUE(test, net_is(env->tx.data, 300, i));
		memdev_interrupt(net_txq(env));
	}
}

static void dev_opens(struct net_env *env)
{
	KUNIT_ASSERT_EQ(env->test, net_open(env), 0);
	dev_works(env);
}

/* Row 1: what needs a control queue, offered without one. */
static void device_features(struct kunit *test)
{
	struct memdev_setup setup = { .features = DEV_CTRL_FEATURES, .ctrl = true };
	struct net_env *env = dev_start(test, &setup);

	KUNIT_EXPECT_EQ(test, env->dev->vdev.features & DEV_CTRL_FEATURES, 0);
	KUNIT_EXPECT_EQ(test, net_stat(env, NULL, "feat_cleared"),
			hweight64(DEV_CTRL_FEATURES));
	dev_opens(env);
}

/* Row 1: announcements are asked for in a status that does not exist. */
static void device_announce_without_status(struct kunit *test)
{
	static const struct net_param p = { "", NET_MERGEABLE, .without = F(STATUS) };
	struct memdev_setup setup = {
		.features = F(CTRL_VQ) | F(GUEST_ANNOUNCE), .ctrl = true,
	};
	struct net_env *env;

	if (!net_ours())
		kunit_skip(test, "about what virtnet checks");
	env = net_start(test, &p, &setup);
	KUNIT_EXPECT_FALSE(test, memdev_has(env->dev, VIRTIO_NET_F_GUEST_ANNOUNCE));
	KUNIT_EXPECT_EQ(test, net_stat(env, NULL, "feat_cleared"), 1);
	dev_opens(env);
}

/* Row 2: a status bit nobody agreed on. */
static void device_status_unasked(struct kunit *test)
{
	struct net_env *env = dev_start(test, NULL);

	dev_opens(env);
	memdev_config(env->dev)->status = cpu_to_virtio16(&env->dev->vdev, 0xffff);
	memdev_config_changed(env->dev);
	msleep(20);
	KUNIT_EXPECT_EQ(test, net_stat(env, NULL, "announced"), 0);
	KUNIT_EXPECT_TRUE(test, netif_carrier_ok(env->nd));
	dev_works(env);
}

static u16 dev_pairs;
static u64 dev_reads;

static void dev_tune_pairs(struct memdev *dev)
{
	memdev_config(dev)->max_virtqueue_pairs = cpu_to_le16(dev_pairs);
}

/* Another number at every second look. */
static void dev_pairs_change(struct memdev *dev, unsigned int off, unsigned int len)
{
	if (off != offsetof(struct virtio_net_config, max_virtqueue_pairs))
		return;
	memdev_config(dev)->max_virtqueue_pairs =
		cpu_to_le16(dev_reads++ % 2 ? 32768 : dev_pairs);
}

static void dev_tune_pairs_change(struct memdev *dev)
{
	dev->on_config_get = dev_pairs_change;
}

/* Row 4: numbers of queue pairs that cannot be, or cannot be borne. */
static void device_pairs(struct kunit *test)
{
	static const u16 pairs[] = { 0, 1, VIRTNET_PAIRS_MAX + 1, 32768, 65535 };
	struct memdev_setup setup = {
		.features = F(CTRL_VQ) | F(MQ), .ctrl = true, .tune = dev_tune_pairs,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(pairs); i++) {
		struct net_env *env;

		dev_pairs = pairs[i];
		env = dev_start(test, &setup);
		KUNIT_EXPECT_EQ(test, env->nd->num_tx_queues, 1);
		KUNIT_EXPECT_EQ_MSG(test, memdev_has(env->dev, VIRTIO_NET_F_MQ),
				    pairs[i] == 1, "%u pairs", pairs[i]);
		dev_opens(env);
	}
}

/* Row 4: it changes between two reads: no more queues than there are. */
static void device_pairs_change(struct kunit *test)
{
	struct memdev_setup setup = {
		.features = F(CTRL_VQ) | F(MQ), .ctrl = true, .pairs = 2,
		.tune = dev_tune_pairs_change,
	};
	struct net_env *env;

	dev_pairs = 2;
	dev_reads = 1;		/* the plain one when the driver looks again */
	env = dev_start(test, &setup);
	KUNIT_EXPECT_LE(test, env->nd->num_tx_queues, num_possible_cpus());
	KUNIT_EXPECT_EQ(test, env->dev->config_overruns, 0);
	dev_opens(env);
	/* The other way round its queues are not there: a probe that fails. */
	net_remove(env);
	dev_pairs = 1;
	dev_reads = 0;
	env->dev->on_config_get = dev_pairs_change;
	if (!memdev_bind(env->dev))
		memdev_unbind(env->dev);
	KUNIT_EXPECT_NULL(test, memdev_netdev(env->dev));
	env->dev->on_config_get = NULL;
	memdev_config(env->dev)->max_virtqueue_pairs = cpu_to_le16(2);
	KUNIT_ASSERT_EQ(test, net_bind(env), 0);
	dev_opens(env);
}

struct dev_rss {
	u8 key;
	u16 table;
	u32 types;
	u16 used;		/* entries that are used; 0: RSS is refused */
};

static const struct dev_rss dev_rss_says[] = {
	{ 0, 128, 0x3f, 0 }, { 39, 128, 0x3f, 0 }, { 40, 128, 0x3f, 128 },
	{ 41, 128, 0x3f, 128 }, { 255, 128, 0x3f, 128 }, { 40, 0, 0x3f, 0 },
	{ 40, 1, 0x3f, 1 }, { 40, 100, 0x3f, 64 }, { 40, 0xffff, 0x3f, 0 },
	{ 40, 128, 0, 0 }, { 40, 128, 0xfffffe00, 0 }, { 40, 128, 0xffffffff, 128 },
};

static const struct dev_rss *dev_rss_now;

static void dev_tune_rss(struct memdev *dev)
{
	struct virtio_net_config *cfg = memdev_config(dev);

	cfg->rss_max_key_size = dev_rss_now->key;
	cfg->rss_max_indirection_table_length = cpu_to_le16(dev_rss_now->table);
	cfg->supported_hash_types = cpu_to_le32(dev_rss_now->types);
}

/* Row 5: keys, tables and hash types of every size; each by itself. */
static void device_rss(struct kunit *test)
{
	struct memdev_setup setup = {
		.features = F(CTRL_VQ) | F(MQ) | F(RSS), .ctrl = true, .pairs = 2,
		.tune = dev_tune_rss,
	};
	const struct dev_rss *r = dev_rss_says;

	for (; r < dev_rss_says + ARRAY_SIZE(dev_rss_says); r++) {
		struct virtnet_info *vi;
		struct net_env *env;

		dev_rss_now = r;
		env = dev_start(test, &setup);
		vi = netdev_priv(env->nd);
		if (r->table != 0xffff)
			KUNIT_EXPECT_EQ_MSG(test, vi->caps.rss, !!r->used,
					    "key %u, table %u, types %#x", r->key,
					    r->table, r->types);
		if (r->used)
			KUNIT_EXPECT_EQ(test, vi->caps.rss_table, r->used);
		KUNIT_EXPECT_LE(test, vi->caps.rss_table, VIRTNET_RSS_TABLE_MAX);
		KUNIT_EXPECT_EQ(test, vi->caps.hash_types & ~0x3fU, 0);
		dev_opens(env);
	}
}

static void dev_tune_restless(struct memdev *dev)
{
	dev->generation_restless = true;
}

/* Row 6: a configuration that never settles ends in a probe that fails, soon. */
static void device_restless(struct kunit *test)
{
	struct memdev_setup setup = { .features = memdev_features_net() };
	unsigned long end = jiffies + HZ;
	struct net_env *env;

	env = dev_start(test, &setup);
	net_remove(env);
	env->dev->generation_restless = true;
	KUNIT_EXPECT_EQ(test, memdev_bind(env->dev), -EIO);
	KUNIT_EXPECT_TRUE(test, time_before(jiffies, end));
	KUNIT_EXPECT_LT(test, env->dev->config_reads, 10000);
	KUNIT_EXPECT_NULL(test, memdev_netdev(env->dev));
	env->dev->generation_restless = false;
	KUNIT_ASSERT_EQ(test, net_bind(env), 0);
	dev_opens(env);
	dev_tune_restless(env->dev);		/* and at run time: only the link is read */
	memdev_link_set(env->dev, false);
	KUNIT_EXPECT_TRUE(test, net_wait(!netif_carrier_ok(env->nd)));
	memdev_link_set(env->dev, true);
	KUNIT_EXPECT_TRUE(test, net_wait(netif_carrier_ok(env->nd)));
}

/* Row 6: no more of the configuration than the MAC and the status. */
static void device_short_config(struct kunit *test)
{
	struct memdev_setup setup = {
		.features = F(MTU) | F(CTRL_VQ) | F(MQ) | F(RSS), .ctrl = true,
		.config_len = offsetofend(struct virtio_net_config, status),
	};
	struct net_env *env = dev_start(test, &setup);

	KUNIT_EXPECT_EQ(test, env->nd->num_tx_queues, 1);
	KUNIT_EXPECT_LE(test, env->nd->mtu, ETH_MAX_MTU);
	KUNIT_EXPECT_TRUE(test, is_valid_ether_addr(env->nd->dev_addr));
	dev_opens(env);
}

/* Rows 13, 15, 22: hash reports, statistics, a standby nobody asked for, and more. */
static void device_unknown_features(struct kunit *test)
{
	static const unsigned int bits[] = {
		VIRTIO_NET_F_HASH_REPORT, VIRTIO_NET_F_DEVICE_STATS, VIRTIO_NET_F_STANDBY,
		VIRTIO_NET_F_RSC_EXT, 43, 30, 14, 4,
	};
	struct memdev_setup setup = { .ctrl = true };
	struct net_env *env;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bits); i++) {
		setup.features = F(CTRL_VQ) | BIT_ULL(bits[i]);
		env = dev_start(test, &setup);
		KUNIT_EXPECT_FALSE(test, env->nd->priv_flags & (IFF_FAILOVER | IFF_FAILOVER_SLAVE));
		if (i >= 3)
			KUNIT_EXPECT_FALSE_MSG(test, memdev_has(env->dev, bits[i]),
					       "feature %u", bits[i]);
		dev_opens(env);
	}
}

/* Interrupts of all kinds while a queue is only just there. */
static void dev_early(struct memdev_vq *q)
{
	unsigned int i;

	for (i = 0; i < 10; i++) {
		memdev_interrupt(q);
		virtio_config_changed(&q->dev->vdev);
	}
}

static void dev_tune_early(struct memdev *dev)
{
	dev->on_queue = dev_early;
}

/* Row 17: interrupts before the driver is ready, and after it reset the device. */
static void device_early_irq(struct kunit *test)
{
	struct memdev_setup setup = { .tune = dev_tune_early };
	struct net_env *env = dev_start(test, &setup);
	unsigned int i;

	for (i = 0; i < 5; i++) {
		dev_opens(env);
		net_close(env);
		memdev_interrupt(net_rxq(env));
		memdev_interrupt(net_txq(env));
		memdev_config_changed(env->dev);
	}
}

/* The ring code drops interrupts without a reason; these get past it. */
static void dev_callback(struct memdev_vq *q)
{
	unsigned long flags;

	spin_lock_irqsave(&q->irq_lock, flags);
	if (q->live)
		q->vq->callback(q->vq);
	spin_unlock_irqrestore(&q->irq_lock, flags);
}

static void dev_storm(struct work_struct *work)
{
	struct memdev_vq *q = container_of(to_delayed_work(work), struct memdev_vq, work);
	unsigned int i;

	for (i = 0; i < 200; i++) {
		dev_callback(q);
		dev_callback(&q->dev->q[MEMDEV_TX(0)]);
	}
	queue_delayed_work(system_wq, &q->work, 1);
}

/* Row 17: a storm does not keep anybody else from running. */
static void device_irq_storm(struct kunit *test)
{
	struct net_env *env = dev_start(test, NULL);
	struct memdev_vq *q = net_rxq(env);
	unsigned long start;
	unsigned int i;

	KUNIT_ASSERT_EQ(test, net_open(env), 0);
	INIT_DELAYED_WORK(&q->work, dev_storm);
	queue_delayed_work(system_wq, &q->work, 0);
	for (i = 0; i < 50; i++) {
		start = jiffies;
		usleep_range(1000, 2000);
		KUNIT_EXPECT_TRUE_MSG(test, time_before(jiffies, start + HZ),
				      "a sleep of 1 ms took %u ms",
				      jiffies_to_msecs(jiffies - start));
		dev_works(env);
	}
	cancel_delayed_work_sync(&q->work);
	KUNIT_EXPECT_GT(test, net_stat(env, "rx", "interrupts"), 1000);
	dev_works(env);
}

/* Row 19: the device is gone, all reads give ones; an end without hanging. */
static void device_vanishes(struct kunit *test)
{
	struct memdev_setup setup = {
		.features = F(CTRL_VQ) | F(CTRL_RX) | F(CTRL_MAC_ADDR) | F(CTRL_VLAN),
		.ctrl = true,
	};
	struct net_env *env = dev_start(test, &setup);
	unsigned int was = virtnet_ctrl_timeout_ms;
	unsigned long start;

	dev_opens(env);
	virtnet_ctrl_timeout_ms = 50;
	start = jiffies;
	memdev_vanish(env->dev);
	virtio_config_changed(&env->dev->vdev);
	net_send(env, 500, 1, 2);
	msleep(300);			/* what the driver does about it */
	rtnl_lock();
	dev_set_promiscuity(env->nd, 1);
	rtnl_unlock();
	msleep(300);
	net_close(env);
	/* The virtio core warns of a status that stays what it is after a reset. */
	env->dev->vanished = false;
	env->dev->status = 0;
	net_remove(env);
	KUNIT_EXPECT_TRUE(test, time_before(jiffies, start + 5 * HZ));
	virtnet_ctrl_timeout_ms = was;
}

/* Row 20: the link changes faster than anybody can follow, while we close. */
static void device_link_storm(struct kunit *test)
{
	struct memdev_setup setup = {
		.features = F(CTRL_VQ) | F(GUEST_ANNOUNCE), .ctrl = true,
	};
	struct net_env *env = dev_start(test, &setup);
	struct virtio_device *vdev = &env->dev->vdev;
	unsigned int i, round;
	unsigned long start;
	u64 done;

	for (round = 0; round < 5; round++) {
		KUNIT_ASSERT_EQ(test, net_open(env), 0);
		for (i = 0; i < 200; i++) {
			memdev_config(env->dev)->status = cpu_to_virtio16(vdev,
				(i & 1 ? VIRTIO_NET_S_LINK_UP : 0) |
				(i & 2 ? VIRTIO_NET_S_ANNOUNCE : 0));
			memdev_config_changed(env->dev);
			if (i % 50 == 49)
				usleep_range(1000, 2000);
		}
		start = jiffies;
		memdev_config(env->dev)->status =
			cpu_to_virtio16(vdev, VIRTIO_NET_S_LINK_UP | VIRTIO_NET_S_ANNOUNCE);
		memdev_config_changed(env->dev);
		net_close(env);
		KUNIT_EXPECT_TRUE(test, time_before(jiffies, start + HZ));
	}
	memdev_config(env->dev)->status = cpu_to_virtio16(vdev, VIRTIO_NET_S_LINK_UP);
	done = net_stat(env, NULL, "announced");
	KUNIT_EXPECT_LE(test, done, 10);
	KUNIT_EXPECT_GT(test, net_stat(env, NULL, "announce_limited"), 0);
	dev_opens(env);
}

/* Tables of descriptors are for devices that receive in chains. */
static void device_indirect(struct kunit *test)
{
	const struct net_param *p = test->param_value;
	struct net_env *env;

	if (!net_ours())
		kunit_skip(test, "about what virtnet agrees to");
	env = net_start(test, p, NULL);
	KUNIT_EXPECT_EQ(test, memdev_has(env->dev, VIRTIO_RING_F_INDIRECT_DESC),
			p->mode != NET_MERGEABLE);
	KUNIT_EXPECT_EQ(test, net_stat(env, NULL, "feat_cleared"), 0);
	dev_opens(env);
}

/* Rings as small as the specification allows (2.7), and what they carry. */
static void device_tiny_rings(struct kunit *test)
{
	static const u16 sizes[] = { 2, 4, 8, 16, 32 };
	const struct net_param *p = test->param_value;
	unsigned int i;

	if (!net_ours())
		kunit_skip(test, "the kernel's driver stops sending after a packet");
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct memdev_setup setup = { .num = sizes[i] };
		struct net_env *env = net_start(test, p, &setup);
		unsigned int n;

		KUNIT_ASSERT_EQ(test, net_open(env), 0);
		/* Chains of a big mode packet may not fit: then nothing is received. */
		for (n = 0; n < 3 * sizes[i]; n++) {
			KUNIT_ASSERT_EQ(test, net_send(env, 3000, n, n % 14), 0);
			KUNIT_ASSERT_TRUE_MSG(test, net_wait(memdev_available(net_txq(env))),
					      "%u entries, packet %u", sizes[i], n);
			KUNIT_ASSERT_EQ(test, net_take(env), 1);
			KUNIT_EXPECT_TRUE(test, net_is(env->tx.data, 3000, n));
			memdev_interrupt(net_txq(env));
			net_settle(env);
		}
		net_close(env);
	}
}

static struct kunit_case device_cases[] = {
	KUNIT_CASE(device_features),
	KUNIT_CASE(device_announce_without_status),
	KUNIT_CASE(device_status_unasked),
	KUNIT_CASE(device_pairs),
	KUNIT_CASE(device_pairs_change),
	KUNIT_CASE(device_rss),
	KUNIT_CASE(device_restless),
	KUNIT_CASE(device_short_config),
	KUNIT_CASE(device_unknown_features),
	KUNIT_CASE(device_early_irq),
	KUNIT_CASE(device_irq_storm),
	KUNIT_CASE(device_vanishes),
	KUNIT_CASE(device_link_storm),
	KUNIT_CASE_PARAM(device_indirect, net_gen_modes),
	KUNIT_CASE_PARAM(device_tiny_rings, net_gen_modes),
	{}
};

static struct kunit_suite device_suite = {
	.name = "virtnet_device",
	.test_cases = device_cases,
};
kunit_test_suite(device_suite);
