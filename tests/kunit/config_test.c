// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the device says about itself, rightly and wrongly: feature bits,
 * config space, and a device that fails while it is set up.
 */
#include <linux/delay.h>
#include <linux/ethtool.h>
#include <linux/etherdevice.h>
#include <linux/rtnetlink.h>

#include "net_env.h"

static const struct net_param plain = { "plain", NET_MERGEABLE, 0 };

static struct net_env *start(struct kunit *test, u64 features,
			     void (*tune)(struct memdev *dev))
{
	struct memdev_setup setup = { .features = features, .tune = tune };

	return net_start(test, &plain, &setup);
}

static void expect_works(struct net_env *env)
{
	KUNIT_ASSERT_EQ(env->test, net_open(env), 0);
	KUNIT_ASSERT_EQ(env->test, net_rx(env, 500, 1, 0), 1);
	memdev_signal(net_rxq(env));
	KUNIT_EXPECT_TRUE(env->test, net_wait(env->kept));
	net_expect(env, 500, 1);
}

static void mac_zero(struct memdev *dev)
{
	eth_zero_addr(memdev_config(dev)->mac);
}

static void mac_multicast(struct memdev *dev)
{
	memdev_config(dev)->mac[0] |= 1;
}

static void mac_broadcast(struct memdev *dev)
{
	eth_broadcast_addr(memdev_config(dev)->mac);
}

/* The device's address is used when it is one, and only then. */
static void config_mac(struct kunit *test)
{
	struct net_env *env = start(test, 0, NULL);

	KUNIT_EXPECT_MEMEQ(test, env->nd->dev_addr, memdev_config(env->dev)->mac, ETH_ALEN);
	expect_works(env);
}

static void bad_mac(struct kunit *test, void (*tune)(struct memdev *dev))
{
	struct net_env *env = start(test, 0, tune);

	if (!net_ours())
		kunit_skip(test, "the kernel's driver takes any address");
	KUNIT_EXPECT_TRUE(test, is_valid_ether_addr(env->nd->dev_addr));
	expect_works(env);
}

static void config_mac_zero(struct kunit *test)
{
	bad_mac(test, mac_zero);
}

static void config_mac_multicast(struct kunit *test)
{
	bad_mac(test, mac_multicast);
}

static void config_mac_broadcast(struct kunit *test)
{
	bad_mac(test, mac_broadcast);
}

static u16 mtu_now;

static void mtu_tune(struct memdev *dev)
{
	memdev_config(dev)->mtu = cpu_to_le16(mtu_now);
}

static struct net_env *start_mtu(struct kunit *test, u16 mtu)
{
	mtu_now = mtu;
	return start(test, BIT_ULL(VIRTIO_NET_F_MTU), mtu_tune);
}

/* The device's MTU is taken, and is the limit. */
static void config_mtu(struct kunit *test)
{
	static const u16 mtus[] = { 68, 1000, 1500, 9000, 65535 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(mtus); i++) {
		struct net_env *env = start_mtu(test, mtus[i]);
		int err;

		KUNIT_EXPECT_EQ(test, env->nd->mtu, mtus[i]);
		KUNIT_EXPECT_EQ(test, env->nd->max_mtu, mtus[i]);
		if (mtus[i] < 65535) {
			rtnl_lock();
			err = dev_set_mtu(env->nd, mtus[i] + 1);
			rtnl_unlock();
			KUNIT_EXPECT_EQ(test, err, -EINVAL);
		}
		expect_works(env);
	}
}

/* An MTU no interface can have is ignored; the interface works. */
static void config_mtu_bad(struct kunit *test)
{
	static const u16 mtus[] = { 0, 1, 67 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(mtus); i++) {
		struct net_env *env = start_mtu(test, mtus[i]);

		KUNIT_EXPECT_EQ(test, env->nd->mtu, ETH_DATA_LEN);
		KUNIT_EXPECT_FALSE(test, memdev_has(env->dev, VIRTIO_NET_F_MTU));
		expect_works(env);
	}
}

static unsigned int mtu_reads;

/* Good when it is looked at first, none when it is read. */
static void mtu_changes(struct memdev *dev, unsigned int off, unsigned int len)
{
	if (off == offsetof(struct virtio_net_config, mtu))
		memdev_config(dev)->mtu = cpu_to_le16(mtu_reads++ ? 3 : 9000);
}

static void mtu_tune_changes(struct memdev *dev)
{
	dev->on_config_get = mtu_changes;
}

static void config_mtu_changes(struct kunit *test)
{
	struct net_env *env;

	if (!net_ours())
		kunit_skip(test, "the kernel's driver reads it twice");
	mtu_reads = 0;
	env = start(test, BIT_ULL(VIRTIO_NET_F_MTU), mtu_tune_changes);
	KUNIT_EXPECT_GE(test, env->nd->mtu, ETH_MIN_MTU);
	KUNIT_EXPECT_GE(test, env->nd->max_mtu, ETH_MIN_MTU);
	expect_works(env);
}

/* Every MTU while packets flow: buffers are resized, nothing else changes. */
static void config_mtu_change(struct kunit *test)
{
	static const int mtus[] = { 68, 9000, 1500, 65535, 576, 1500 };
	const struct net_param *p = test->param_value;
	struct net_env *env = net_start(test, p, NULL);
	unsigned int i;
	int err;

	KUNIT_ASSERT_EQ(test, net_open(env), 0);
	for (i = 0; i < ARRAY_SIZE(mtus); i++) {
		u32 len = mtus[i] + ETH_HLEN;

		rtnl_lock();
		err = dev_set_mtu(env->nd, mtus[i]);
		rtnl_unlock();
		KUNIT_ASSERT_EQ(test, err, 0);
		KUNIT_ASSERT_TRUE(test, net_wait(netif_carrier_ok(env->nd)));
		if (!net_ours() && p->mode == NET_SMALL)
			len = min(len, 1514u);
		KUNIT_ASSERT_GT_MSG(test, net_rx(env, len, i, 0), 0, "MTU %d", mtus[i]);
		memdev_interrupt(net_rxq(env));
		KUNIT_EXPECT_TRUE(test, net_wait(env->kept));
		net_expect(env, len, i);
	}
}

struct dep {
	const char *name;
	unsigned int feature;
	u64 without;
};

#define F(name)	BIT_ULL(VIRTIO_NET_F_##name)

/* Features and what they need (5.1.3.1), here not offered. */
static const struct dep deps[] = {
	{ "guest tso4 without guest csum", VIRTIO_NET_F_GUEST_TSO4, F(GUEST_CSUM) },
	{ "guest tso6 without guest csum", VIRTIO_NET_F_GUEST_TSO6, F(GUEST_CSUM) },
	{ "guest uso4 without guest csum", VIRTIO_NET_F_GUEST_USO4, F(GUEST_CSUM) },
	{ "guest uso6 without guest csum", VIRTIO_NET_F_GUEST_USO6, F(GUEST_CSUM) },
	{ "guest ecn without guest tso", VIRTIO_NET_F_GUEST_ECN, F(GUEST_TSO4) | F(GUEST_TSO6) },
	{ "guest ecn without any of it", VIRTIO_NET_F_GUEST_ECN, F(GUEST_CSUM) },
	{ "host tso4 without csum", VIRTIO_NET_F_HOST_TSO4, F(CSUM) },
	{ "host tso6 without csum", VIRTIO_NET_F_HOST_TSO6, F(CSUM) },
	{ "host ecn without host tso", VIRTIO_NET_F_HOST_ECN, F(HOST_TSO4) | F(HOST_TSO6) },
	{ "host uso without csum", VIRTIO_NET_F_HOST_USO, F(CSUM) },
};

static void dep_desc(const struct dep *d, char *desc)
{
	strscpy(desc, d->name, KUNIT_PARAM_DESC_SIZE);
}
KUNIT_ARRAY_PARAM(dep, deps, dep_desc);

/* Such a feature is cleared before anything uses it, and all else works. */
static void config_deps(struct kunit *test)
{
	const struct dep *d = test->param_value;
	struct net_param *p = kunit_kzalloc(test, sizeof(*p), GFP_KERNEL);
	struct net_env *env;

	if (!net_ours())
		kunit_skip(test, "the kernel's driver does not look");
	KUNIT_ASSERT_NOT_NULL(test, p);
	p->mode = NET_MERGEABLE;
	p->without = d->without;
	env = net_start(test, p, NULL);
	KUNIT_ASSERT_TRUE(test, env->dev->features & BIT_ULL(d->feature));
	KUNIT_EXPECT_FALSE(test, memdev_has(env->dev, d->feature));
	expect_works(env);
}

/* Without a link status the link is up, whatever stands there. */
static void link_down(struct memdev *dev)
{
	memdev_config(dev)->status = 0;
}

static void config_no_status(struct kunit *test)
{
	static const struct net_param p = {
		"", NET_MERGEABLE, .without = F(STATUS),
	};
	struct memdev_setup setup = { .tune = link_down };
	struct net_env *env = net_start(test, &p, &setup);

	expect_works(env);
	memdev_config_changed(env->dev);
	net_settle(env);
	KUNIT_EXPECT_TRUE(test, netif_carrier_ok(env->nd));
}

/* Speed and duplex as the device has them, unknown values as unknown. */
static void config_speed(struct kunit *test)
{
	static const struct { u32 speed; u8 duplex; } says[] = {
		{ 10000, DUPLEX_FULL }, { 100, DUPLEX_HALF },
		{ 0xffffffff, 0xff }, { 0x80000000, 7 },
	};
	struct net_env *env = start(test, 0, NULL);
	struct ethtool_link_ksettings k;
	unsigned int i;

	KUNIT_ASSERT_EQ(test, net_open(env), 0);
	for (i = 0; i < ARRAY_SIZE(says); i++) {
		bool known = says[i].speed <= INT_MAX;

		memdev_config(env->dev)->speed = cpu_to_le32(says[i].speed);
		memdev_config(env->dev)->duplex = says[i].duplex;
		memdev_config_changed(env->dev);
		msleep(50);
		memset(&k, 0, sizeof(k));
		rtnl_lock();
		env->nd->ethtool_ops->get_link_ksettings(env->nd, &k);
		rtnl_unlock();
		if (!known && !net_ours())
			continue;
		KUNIT_EXPECT_EQ(test, k.base.speed, known ? says[i].speed : (u32)SPEED_UNKNOWN);
		KUNIT_EXPECT_EQ(test, k.base.duplex,
				says[i].duplex <= 1 ? says[i].duplex : DUPLEX_UNKNOWN);
	}
}

/* No rings: the probe fails and leaves nothing; later it works. */
static void config_no_rings(struct kunit *test)
{
	struct net_env *env = start(test, 0, NULL);

	net_remove(env);
	env->dev->fail_find_vqs = -ENOMEM;
	KUNIT_EXPECT_NE(test, memdev_bind(env->dev), 0);
	KUNIT_EXPECT_NULL(test, memdev_netdev(env->dev));
	KUNIT_ASSERT_EQ(test, net_bind(env), 0);
	expect_works(env);
}

/* No rings at a later open: the open fails, the next one works. */
static void config_no_rings_later(struct kunit *test)
{
	struct net_env *env = start(test, 0, NULL);
	int err;

	if (!net_ours())
		kunit_skip(test, "the kernel's driver keeps its rings");
	expect_works(env);
	net_close(env);
	env->dev->fail_find_vqs = -ENOMEM;
	rtnl_lock();
	err = dev_open(env->nd, NULL);
	rtnl_unlock();
	KUNIT_EXPECT_EQ(test, err, -ENOMEM);
	KUNIT_EXPECT_FALSE(test, netif_running(env->nd));
	expect_works(env);
}

/* A device that will not have the features it offered, at a later open. */
static void refuse(struct memdev *dev, u8 status)
{
	dev->status &= ~VIRTIO_CONFIG_S_FEATURES_OK;
}

static void config_features_refused(struct kunit *test)
{
	struct net_env *env = start(test, 0, NULL);
	int err;

	net_remove(env);
	env->dev->on_status = refuse;
	KUNIT_EXPECT_NE(test, memdev_bind(env->dev), 0);
	KUNIT_EXPECT_NULL(test, memdev_netdev(env->dev));
	env->dev->on_status = NULL;
	KUNIT_ASSERT_EQ(test, net_bind(env), 0);
	expect_works(env);
	if (!net_ours())
		return;
	net_close(env);
	env->dev->on_status = refuse;
	rtnl_lock();
	err = dev_open(env->nd, NULL);
	rtnl_unlock();
	KUNIT_EXPECT_NE(test, err, 0);
	env->dev->on_status = NULL;
	expect_works(env);
}

static struct kunit_case config_cases[] = {
	KUNIT_CASE(config_mac),
	KUNIT_CASE(config_mac_zero),
	KUNIT_CASE(config_mac_multicast),
	KUNIT_CASE(config_mac_broadcast),
	KUNIT_CASE(config_mtu),
	KUNIT_CASE(config_mtu_bad),
	KUNIT_CASE(config_mtu_changes),
	KUNIT_CASE_PARAM(config_mtu_change, net_gen_params),
	KUNIT_CASE_PARAM(config_deps, dep_gen_params),
	KUNIT_CASE(config_no_status),
	KUNIT_CASE(config_speed),
	KUNIT_CASE(config_no_rings),
	KUNIT_CASE(config_no_rings_later),
	KUNIT_CASE(config_features_refused),
	{}
};

static struct kunit_suite config_suite = {
	.name = "virtnet_config",
	.test_cases = config_cases,
};
kunit_test_suite(config_suite);
