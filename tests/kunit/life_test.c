// SPDX-License-Identifier: GPL-2.0-only
/*
 * The life of the device: whatever it is that makes it start anew, afterwards
 * it believes what it believed before, setting by setting.
 */
#include <linux/ethtool.h>
#include <linux/reboot.h>
#include <linux/rtnetlink.h>
#include <net/failover.h>

#include "memdev_ctrl.h"
#include "settings_env.h"

/* Whatever a test set for itself. */
static void life_lavish(void *unused)
{
	virtnet_health_ms = 1000;
	virtnet_frugal = false;
	virtnet_standby = false;
}

/* --- everything is replayed --- */

struct life_way {
	const char *name;
	void (*go)(struct net_env *env);
};

static void life_close_open(struct net_env *env)
{
	net_close(env);
	KUNIT_EXPECT_EQ(env->test, net_open(env), 0);
}

static void life_needs_reset(struct net_env *env)
{
	memdev_set_status_bit(env->dev, VIRTIO_CONFIG_S_NEEDS_RESET);
}

static void life_restarted(struct net_env *env)
{
	env->dev->vdev.config->reset(&env->dev->vdev);
}

static void life_broken(struct net_env *env)
{
	virtio_break_device(&env->dev->vdev);
}

static void life_bad_used(struct net_env *env)
{
	memdev_used_raw(net_rxq(env), 0xfff0, 100);
	memdev_interrupt(net_rxq(env));
}

static void life_timeout(struct net_env *env)
{
	KUNIT_ASSERT_EQ(env->test, net_send(env, 300, 1, 0), 0);
	netif_tx_lock_bh(env->nd);
	env->nd->netdev_ops->ndo_tx_timeout(env->nd, 0);
	netif_tx_unlock_bh(env->nd);
}

static void life_user(struct net_env *env)
{
	u32 flags = ETH_RESET_ALL;

	rtnl_lock();
	KUNIT_EXPECT_EQ(env->test, env->nd->ethtool_ops->reset(env->nd, &flags), 0);
	rtnl_unlock();
}

static void life_sleep(struct net_env *env)
{
	KUNIT_EXPECT_EQ(env->test, virtnet_freeze(&env->dev->vdev), 0);
	KUNIT_EXPECT_EQ(env->test, env->dev->status, 0);
	KUNIT_EXPECT_EQ(env->test, virtnet_restore(&env->dev->vdev), 0);
}

static void life_rings(struct net_env *env)
{
	struct ethtool_ringparam ring = { .rx_pending = 64, .tx_pending = 64 };

	rtnl_lock();
	KUNIT_EXPECT_EQ(env->test, env->nd->ethtool_ops->set_ringparam(env->nd, &ring,
								       NULL, NULL), 0);
	rtnl_unlock();
}

static void life_refused(struct net_env *env)
{
	struct ethtool_ringparam ring = { .rx_pending = 128, .tx_pending = 64 };

	env->dev->fail_queue_reset = -EIO;
	env->dev->fail_find_vqs = -ENOMEM;
	rtnl_lock();
	KUNIT_EXPECT_NE(env->test, env->nd->ethtool_ops->set_ringparam(env->nd, &ring,
								       NULL, NULL), 0);
	rtnl_unlock();
	env->dev->fail_queue_reset = 0;
}

static const struct life_way life_ways[] = {
	{ "down and up", life_close_open },
	{ "device needs reset", life_needs_reset },
	{ "device restarted", life_restarted },
	{ "broken queues", life_broken },
	{ "bad used entry", life_bad_used },
	{ "transmit timeout", life_timeout },
	{ "ethtool --reset", life_user },
	{ "suspend and resume", life_sleep },
	{ "ring sizes", life_rings },
	{ "ring sizes refused", life_refused },
};

static u64 life_features(unsigned int i)
{
	return i % 2 ? set_hash_features() : set_features();
}

/* Each way, with either set of features, with and without single queue resets. */
static KUNIT_GENERATOR(life_gen)
{
	unsigned int n = prev ? (unsigned long)prev : 0;
	const struct life_way *way = &life_ways[n / 4];

	if (n / 4 == ARRAY_SIZE(life_ways))
		return NULL;
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%s%s%s", way->name, n % 2 ? ", hash" : "",
		 n % 4 / 2 ? ", single queues" : "");
	return (void *)(unsigned long)(n + 1);
}

static bool life_up(struct net_env *env)
{
	return env->dev->status & VIRTIO_CONFIG_S_DRIVER_OK && netif_carrier_ok(env->nd) &&
	       !set_vi(env)->recovery.pending && memdev_available(net_rxq(env));
}

/*
 * Ask for everything, the rx mode and its addresses included. Down and up, as
 * the stack joins a group of its own then, which changes their order once.
 */
static void life_wishes(struct net_env *env, unsigned int n)
{
	const struct set_wish *w;

	for (w = set_wishes; w < set_wishes + set_wishes_count; w++)
		if (!(w->features() & ~life_features(n)))
			KUNIT_EXPECT_EQ_MSG(env->test, set_ask(env, w), 0, "%s", w->name);
	rtnl_lock();
	KUNIT_EXPECT_EQ(env->test, dev_set_promiscuity(env->nd, 1), 0);
	KUNIT_EXPECT_EQ(env->test, dev_mc_add(env->nd, "\x01\x00\x5e\x01\x02\x03"), 0);
	KUNIT_EXPECT_EQ(env->test, dev_uc_add(env->nd, "\x02\x00\x5e\x01\x02\x03"), 0);
	rtnl_unlock();
	life_close_open(env);
	flush_work(&set_vi(env)->rx_mode_work);
}

#define LIFE_SAME(field)							\
	KUNIT_EXPECT_EQ_MSG(test, memcmp(&before->field, &now->field, sizeof(now->field)), 0, \
			    "the device believes something else of " #field)

static void life_compare(struct kunit *test, const struct memdev_state *before,
			 const struct memdev_state *now)
{
	LIFE_SAME(mac);
	LIFE_SAME(rx_mode);
	LIFE_SAME(mac_table_len);
	LIFE_SAME(mac_table);
	LIFE_SAME(vlans);
	LIFE_SAME(offloads);
	LIFE_SAME(pairs);
	LIFE_SAME(rss_len);
	LIFE_SAME(rss);
	LIFE_SAME(coal);
	LIFE_SAME(vq_coal);
}

/* The table has something to lose in each of its rows. */
static void life_told(struct kunit *test, const struct memdev_state *s, unsigned int n)
{
	static const struct memdev_state none;

	KUNIT_EXPECT_NE(test, memcmp(s->mac, none.mac, sizeof(s->mac)), 0);
	KUNIT_EXPECT_EQ(test, s->rx_mode[VIRTIO_NET_CTRL_RX_PROMISC], 1);
	KUNIT_EXPECT_GT(test, s->mac_table_len, 8);
	KUNIT_EXPECT_TRUE(test, test_bit(77, s->vlans));
	if (n % 2)
		KUNIT_EXPECT_GT(test, s->rss_len, 0);
	KUNIT_EXPECT_NE(test, memcmp(s->offloads, none.offloads, sizeof(s->offloads)), 0);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(s->coal[1].max_packets), 8);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(s->vq_coal[0].max_usecs), 77);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(s->vq_coal[1].max_packets), 0);
}

static void life_replay(struct kunit *test)
{
	unsigned int n = (unsigned long)test->param_value - 1;
	u64 more = n % 4 / 2 ? BIT_ULL(VIRTIO_F_RING_RESET) : 0;
	struct memdev_state *before = kunit_kzalloc(test, sizeof(*before), GFP_KERNEL);
	struct virtnet_settings *settings;
	struct net_env *env;

	KUNIT_ASSERT_NOT_NULL(test, before);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, life_lavish, NULL), 0);
	virtnet_health_ms = 50;
	env = set_begin(test, life_features(n) | more);
	life_wishes(env, n);
	*before = env->dev->ctrl->state;
	life_told(test, before, n);
	settings = set_snapshot(test, env);
	life_ways[n / 4].go(env);
	KUNIT_EXPECT_TRUE(test, net_wait_for(life_up(env), 5));
	/* What has been reported by now takes its time. */
	msleep(600);
	KUNIT_EXPECT_TRUE(test, net_wait_for(life_up(env), 5));
	life_compare(test, before, &env->dev->ctrl->state);
	if (life_ways[n / 4].go == life_rings)
		settings->rx_ring = settings->tx_ring = 64;
	KUNIT_EXPECT_EQ(test, memcmp(settings, &set_vi(env)->settings, sizeof(*settings)), 0);
	KUNIT_EXPECT_EQ(test, env->dev->ctrl->malformed, 0);
	net_flush_caps(env);
	set_works(test, env, 4);
	rtnl_lock();
	dev_set_promiscuity(env->nd, -1);
	rtnl_unlock();
}

/* --- the end --- */

static const struct net_param life_plain = { "plain", NET_MERGEABLE, 0 };

/* The core stops the device when the system goes down; nobody starts it again. */
static void life_shutdown(struct kunit *test)
{
	struct net_env *env;
	struct virtnet_info *vi;
	u64 oks;

	if (!net_ours())
		kunit_skip(test, "the kernel's driver does not recover");
	env = net_start(test, &life_plain, NULL);
	KUNIT_ASSERT_EQ(test, net_open(env), 0);
	vi = set_vi(env);
	oks = env->dev->driver_oks;
	vi->reboot.notifier_call(&vi->reboot, SYS_RESTART, NULL);
	virtio_break_device(&env->dev->vdev);
	env->dev->vdev.config->reset(&env->dev->vdev);
	memdev_interrupt(net_rxq(env));
	net_send(env, 300, 1, 0);
	msleep(1500);
	KUNIT_EXPECT_EQ(test, env->dev->driver_oks, oks);
	KUNIT_EXPECT_EQ(test, env->dev->status, 0);
}

/* A suspended interface is not mended. */
static void life_asleep(struct kunit *test)
{
	struct net_env *env;
	u64 oks;

	if (!net_ours())
		kunit_skip(test, "about virtnet's own recovery");
	env = net_start(test, &life_plain, NULL);
	KUNIT_ASSERT_EQ(test, net_open(env), 0);
	KUNIT_ASSERT_EQ(test, net_rx(env, 200, 1, 0), 1);
	KUNIT_ASSERT_EQ(test, net_send(env, 200, 1, 4), 0);
	memdev_set_status_bit(env->dev, VIRTIO_CONFIG_S_NEEDS_RESET);
	KUNIT_EXPECT_EQ(test, virtnet_freeze(&env->dev->vdev), 0);
	oks = env->dev->driver_oks;
	msleep(300);
	KUNIT_EXPECT_EQ(test, env->dev->driver_oks, oks);
	KUNIT_EXPECT_EQ(test, env->dev->status, 0);
	KUNIT_EXPECT_EQ(test, virtnet_restore(&env->dev->vdev), 0);
	KUNIT_EXPECT_TRUE(test, net_wait(netif_carrier_ok(env->nd)));
	net_flush_caps(env);
	set_works(test, env, 2);
}

/* --- crash kernels --- */

static void life_frugal(struct kunit *test)
{
	struct memdev_setup setup = {
		.features = set_hash_features() | BIT_ULL(VIRTIO_NET_F_CTRL_VQ),
		.pairs = 4,
		.ctrl = true,
	};
	struct net_env *env;

	if (!net_ours())
		kunit_skip(test, "about virtnet's own thrift");
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, life_lavish, NULL), 0);
	virtnet_frugal = true;
	env = net_start(test, &life_plain, &setup);
	KUNIT_ASSERT_EQ(test, net_open(env), 0);
	KUNIT_EXPECT_EQ(test, set_vi(env)->caps.dev_pairs, 1);
	KUNIT_EXPECT_EQ(test, set_vi(env)->settings.pairs, 1);
	KUNIT_EXPECT_LE(test, memdev_available(net_rxq(env)), 64);
	set_works(test, env, 1);
}

/* --- standby --- */

static void life_standby_is(struct kunit *test, bool wanted)
{
	struct memdev_setup setup = {
		.features = BIT_ULL(VIRTIO_NET_F_STANDBY) | BIT_ULL(VIRTIO_NET_F_MTU),
	};
	struct net_device *upper = NULL;
	struct net_env *env;

	if (!net_ours())
		kunit_skip(test, "about virtnet's parameter");
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, life_lavish, NULL), 0);
	virtnet_standby = wanted;
	env = net_start(test, &life_plain, &setup);
	KUNIT_EXPECT_EQ(test, memdev_has(env->dev, VIRTIO_NET_F_STANDBY), wanted);
	rtnl_lock();
	if (set_vi(env)->failover)
		upper = rtnl_dereference(set_vi(env)->failover->failover_dev);
	KUNIT_EXPECT_EQ(test, !!upper, wanted);
	if (upper) {
		KUNIT_EXPECT_EQ(test, upper->mtu, env->nd->mtu);
		KUNIT_EXPECT_TRUE(test, netdev_has_upper_dev(env->nd, upper));
	}
	rtnl_unlock();
	net_remove(env);
}

static void life_standby(struct kunit *test)
{
	if (IS_ENABLED(CONFIG_LOCKDEP))
		kunit_skip(test, "net_failover does not initialise its lock, says lockdep");
	life_standby_is(test, true);
}

/* Nobody asked for it: another NIC is never touched. */
static void life_no_standby(struct kunit *test)
{
	life_standby_is(test, false);
}

static struct kunit_case life_cases[] = {
	KUNIT_CASE_PARAM(life_replay, life_gen),
	KUNIT_CASE(life_shutdown),
	KUNIT_CASE(life_asleep),
	KUNIT_CASE(life_frugal),
	KUNIT_CASE(life_standby),
	KUNIT_CASE(life_no_standby),
	{}
};

static struct kunit_suite life_suite = {
	.name = "virtnet_life",
	.test_cases = life_cases,
};
kunit_test_suite(life_suite);
