// SPDX-License-Identifier: GPL-2.0-only
/*
 * Settings and the control queue: the whole driver on the in-memory device.
 * Every setting is asked for through the operation a user reaches it by, with
 * each way in which a device can answer, and after each reset the device is
 * told all of it again.
 */
#include <linux/ethtool.h>
#include <linux/if_vlan.h>
#include <linux/rtnetlink.h>
#include <virtnet/virtnet.h>

#include "memdev_ctrl.h"
#include "net_env.h"

#define SET_TIMEOUT_MS	40
#define SET_PAIRS	4

static const struct net_param set_param = { "control", NET_MERGEABLE, 0 };

static u64 set_features(void)
{
	return BIT_ULL(VIRTIO_NET_F_CTRL_VQ) | BIT_ULL(VIRTIO_NET_F_CTRL_RX) |
	       BIT_ULL(VIRTIO_NET_F_CTRL_VLAN) |
	       BIT_ULL(VIRTIO_NET_F_CTRL_MAC_ADDR) |
	       BIT_ULL(VIRTIO_NET_F_MQ) |
	       BIT_ULL(VIRTIO_NET_F_GUEST_ANNOUNCE) |
	       BIT_ULL(VIRTIO_NET_F_CTRL_GUEST_OFFLOADS) |
	       BIT_ULL(VIRTIO_NET_F_NOTF_COAL) |
	       BIT_ULL(VIRTIO_NET_F_VQ_NOTF_COAL);
}

static u64 set_hash_features(void)
{
	return set_features() | BIT_ULL(VIRTIO_NET_F_RSS);
}

static void set_tune(struct memdev *dev)
{
	struct virtio_net_config *cfg = memdev_config(dev);

	cfg->rss_max_key_size = VIRTNET_RSS_KEY;
	cfg->rss_max_indirection_table_length = cpu_to_le16(128);
	cfg->supported_hash_types = cpu_to_le32(0x1ff);
}

static void set_timeout(void *ms)
{
	virtnet_ctrl_timeout_ms = (unsigned long)ms;
}

static struct net_env *set_begin(struct kunit *test, u64 features)
{
	struct memdev_setup setup = {
		.features = features,
		.pairs = SET_PAIRS,
		.ctrl = true,
		.tune = set_tune,
	};
	unsigned long was = virtnet_ctrl_timeout_ms;
	struct net_env *env;

	if (!net_ours())
		kunit_skip(test, "about virtnet's own control queue");
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, set_timeout, (void *)was), 0);
	virtnet_ctrl_timeout_ms = SET_TIMEOUT_MS;
	env = net_start(test, &set_param, &setup);
	KUNIT_ASSERT_EQ(test, net_open(env), 0);
	flush_work(&((struct virtnet_info *)netdev_priv(env->nd))->rx_mode_work);
	return env;
}

static struct virtnet_info *set_vi(struct net_env *env)
{
	return netdev_priv(env->nd);
}

/* --- what a user can ask for, and how --- */

static int set_mac(struct net_env *env)
{
	struct sockaddr_storage addr = { .ss_family = env->nd->type };

	memcpy(((struct sockaddr *)&addr)->sa_data, "\x02\x01\x02\x03\x04\x05", ETH_ALEN);
	return dev_set_mac_address(env->nd, (struct sockaddr *)&addr, NULL);
}

static int set_vlan(struct net_env *env)
{
	return env->nd->netdev_ops->ndo_vlan_rx_add_vid(env->nd, htons(ETH_P_8021Q), 77);
}

static int set_offloads(struct net_env *env)
{
	env->nd->wanted_features &= ~NETIF_F_GRO_HW;
	netdev_update_features(env->nd);
	return env->nd->features & NETIF_F_GRO_HW ? -EIO : 0;
}

static int set_channels(struct net_env *env)
{
	struct ethtool_channels ch = {
		.combined_count = set_vi(env)->settings.pairs == 2 ? 3 : 2,
	};

	return env->nd->ethtool_ops->set_channels(env->nd, &ch);
}

static int set_coal(struct net_env *env)
{
	struct ethtool_coalesce ec = { .rx_coalesce_usecs = 9, .tx_max_coalesced_frames = 8 };

	return env->nd->ethtool_ops->set_coalesce(env->nd, &ec, NULL, NULL);
}

static int set_vq_coal(struct net_env *env)
{
	struct ethtool_coalesce ec = { .rx_coalesce_usecs = 77 };

	return env->nd->ethtool_ops->set_per_queue_coalesce(env->nd, 0, &ec);
}

static int set_key(struct net_env *env)
{
	u8 key[VIRTNET_RSS_KEY] = { 1, 2, 3 };
	struct ethtool_rxfh_param p = { .key = key };

	return virtnet_set_rxfh(env->nd, &p, NULL);
}

static int set_table(struct net_env *env)
{
	u32 table[128] = { 1 };
	struct ethtool_rxfh_param p = { .indir = table };

	return virtnet_set_rxfh(env->nd, &p, NULL);
}

static int set_fields(struct net_env *env)
{
	struct ethtool_rxfh_fields f = {
		.flow_type = UDP_V4_FLOW, .data = RXH_IP_SRC | RXH_IP_DST,
	};

	return virtnet_set_rxfh_fields(env->nd, &f, NULL);
}

struct set_wish {
	const char *name;
	u64 (*features)(void);
	u8 class;
	u8 cmd;
	int (*ask)(struct net_env *env);
	unsigned int pairs;	/* it takes, and so many CPUs */
};

static const struct set_wish set_wishes[] = {
	{ "MAC address", set_features, VIRTIO_NET_CTRL_MAC,
	  VIRTIO_NET_CTRL_MAC_ADDR_SET, set_mac },
	{ "VLAN", set_features, VIRTIO_NET_CTRL_VLAN,
	  VIRTIO_NET_CTRL_VLAN_ADD, set_vlan },
	{ "receive offloads", set_features, VIRTIO_NET_CTRL_GUEST_OFFLOADS,
	  VIRTIO_NET_CTRL_GUEST_OFFLOADS_SET, set_offloads },
	{ "channels", set_features, VIRTIO_NET_CTRL_MQ,
	  VIRTIO_NET_CTRL_MQ_VQ_PAIRS_SET, set_channels, 3 },
	{ "interrupt moderation", set_features, VIRTIO_NET_CTRL_NOTF_COAL,
	  VIRTIO_NET_CTRL_NOTF_COAL_RX_SET, set_coal },
	{ "interrupt moderation of a queue", set_features, VIRTIO_NET_CTRL_NOTF_COAL,
	  VIRTIO_NET_CTRL_NOTF_COAL_VQ_SET, set_vq_coal },
	{ "channels under RSS", set_hash_features, VIRTIO_NET_CTRL_MQ,
	  VIRTIO_NET_CTRL_MQ_RSS_CONFIG, set_channels, 3 },
	{ "RSS key", set_hash_features, VIRTIO_NET_CTRL_MQ,
	  VIRTIO_NET_CTRL_MQ_RSS_CONFIG, set_key },
	{ "RSS table", set_hash_features, VIRTIO_NET_CTRL_MQ,
	  VIRTIO_NET_CTRL_MQ_RSS_CONFIG, set_table, 3 },
	{ "RSS fields", set_hash_features, VIRTIO_NET_CTRL_MQ,
	  VIRTIO_NET_CTRL_MQ_RSS_CONFIG, set_fields },
};

static const void *set_gen(const void *prev, char *desc)
{
	const struct set_wish *w = prev ? (const struct set_wish *)prev + 1 : set_wishes;

	if (w == set_wishes + ARRAY_SIZE(set_wishes))
		return NULL;
	strscpy(desc, w->name, KUNIT_PARAM_DESC_SIZE);
	return w;
}

static bool set_possible(struct net_env *env, const struct set_wish *w)
{
	return set_vi(env)->caps.max_pairs >= w->pairs;
}

/* The beginning for one wish. */
static struct net_env *set_begin_for(struct kunit *test, const struct set_wish *w)
{
	struct net_env *env = set_begin(test, w->features());

	if (!set_possible(env, w))
		kunit_skip(test, "takes %u CPUs", w->pairs);
	return env;
}

static int set_ask(struct net_env *env, const struct set_wish *w)
{
	int err;

	rtnl_lock();
	err = w->ask(env);
	rtnl_unlock();
	return err;
}

/* A copy, for comparison with what is there later. */
static struct virtnet_settings *set_snapshot(struct kunit *test, struct net_env *env)
{
	struct virtnet_settings *s = kunit_kmalloc(test, sizeof(*s), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, s);
	rtnl_lock();
	*s = set_vi(env)->settings;
	rtnl_unlock();
	return s;
}

static void set_works(struct kunit *test, struct net_env *env, u32 seq)
{
	KUNIT_ASSERT_EQ(test, net_rx(env, 900, seq, 0), 1);
	memdev_signal(net_rxq(env));
	KUNIT_EXPECT_TRUE(test, net_wait(env->kept));
	net_expect(env, 900, seq);
}

/* The device is told, and the setting is there. */
static void set_ok(struct kunit *test)
{
	const struct set_wish *w = test->param_value;
	struct net_env *env = set_begin_for(test, w);
	const struct virtnet_settings *before = set_snapshot(test, env);

	KUNIT_EXPECT_EQ(test, set_ask(env, w), 0);
	KUNIT_EXPECT_GT(test, memdev_ctrl_told(env->dev, w->class, w->cmd)->times, 0);
	KUNIT_EXPECT_NE(test, memcmp(before, &set_vi(env)->settings, sizeof(*before)), 0);
	KUNIT_EXPECT_EQ(test, env->dev->ctrl->malformed, 0);
	set_works(test, env, 1);
}

/* Refused in one of three ways: the user hears of it, everything is as before. */
static void set_refused(struct kunit *test)
{
	static const enum memdev_answer how[] = { MEMDEV_NAK, MEMDEV_GARBAGE, MEMDEV_UNWRITTEN };
	const struct set_wish *w = test->param_value;
	struct net_env *env = set_begin_for(test, w);
	const struct virtnet_settings *before = set_snapshot(test, env);
	unsigned int i;
	long naks;

	for (i = 0; i < ARRAY_SIZE(how); i++) {
		naks = atomic_long_read(&set_vi(env)->ctrl.naks);
		env->dev->ctrl->class_answer[w->class] = how[i];
		KUNIT_EXPECT_NE_MSG(test, set_ask(env, w), 0, "answer %u", how[i]);
		env->dev->ctrl->class_answer[w->class] = MEMDEV_OK;
		KUNIT_EXPECT_GT(test, atomic_long_read(&set_vi(env)->ctrl.naks), naks);
		KUNIT_EXPECT_EQ(test, memcmp(before, &set_vi(env)->settings, sizeof(*before)), 0);
	}
	KUNIT_EXPECT_TRUE(test, net_wait(netif_carrier_ok(env->nd)));
	KUNIT_EXPECT_EQ(test, set_ask(env, w), 0);
	set_works(test, env, 2);
}

/* Never answered: bounded, an error, then recovery; the next attempt works. */
static void set_unanswered(struct kunit *test)
{
	const struct set_wish *w = test->param_value;
	struct net_env *env = set_begin_for(test, w);
	const struct virtnet_settings *before = set_snapshot(test, env);
	struct virtnet_info *vi = set_vi(env);
	unsigned long start = jiffies;

	env->dev->ctrl->class_answer[w->class] = MEMDEV_NEVER;
	KUNIT_EXPECT_NE(test, set_ask(env, w), 0);
	KUNIT_EXPECT_TRUE(test, time_before(jiffies, start + 3 * HZ));
	env->dev->ctrl->class_answer[w->class] = MEMDEV_OK;
	KUNIT_EXPECT_GT(test, atomic_long_read(&vi->ctrl.timeouts), 0);
	KUNIT_EXPECT_EQ(test, memcmp(before, &vi->settings, sizeof(*before)), 0);
	KUNIT_EXPECT_TRUE(test, net_wait(atomic_long_read(&vi->recovery.steps[VIRTNET_STEP_DEVICE])));
	KUNIT_EXPECT_TRUE(test, net_wait(netif_carrier_ok(env->nd)));
	KUNIT_EXPECT_EQ(test, set_ask(env, w), 0);
	set_works(test, env, 3);
}

/* An answer after all: it is counted, and taken for no other command's. */
static void set_late(struct kunit *test)
{
	struct net_env *env = set_begin(test, set_features());
	struct virtnet_info *vi = set_vi(env);
	u8 on = 1;

	rtnl_lock();
	env->dev->ctrl->next_answer = MEMDEV_LATE;
	KUNIT_EXPECT_EQ(test, virtnet_ctrl_tell(vi, VIRTIO_NET_CTRL_RX, 0, &on, 1), -ETIMEDOUT);
	/* Closed until the restart: nothing is sent that could be confused. */
	KUNIT_EXPECT_EQ(test, virtnet_ctrl_tell(vi, VIRTIO_NET_CTRL_RX, 1, &on, 1), -ENODEV);
	virtnet_ctrl_open(&vi->ctrl);
	env->dev->ctrl->next_answer = MEMDEV_NAK;
	memdev_ctrl_release(env->dev, MEMDEV_OK);
	KUNIT_EXPECT_EQ(test, virtnet_ctrl_tell(vi, VIRTIO_NET_CTRL_RX, 1, &on, 1), -EIO);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&vi->ctrl.late), 1);
	rtnl_unlock();
	KUNIT_EXPECT_TRUE(test, net_wait(atomic_long_read(&vi->recovery.steps[VIRTNET_STEP_DEVICE])));
}

/* An answer that takes a while is waited for. */
static void set_slow(struct kunit *test)
{
	struct net_env *env = set_begin(test, set_features());

	virtnet_ctrl_timeout_ms = 2000;
	env->dev->ctrl->delay_ms = 600;
	KUNIT_EXPECT_EQ(test, set_ask(env, &set_wishes[0]), 0);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&set_vi(env)->ctrl.timeouts), 0);
}

/* Everything that a user asked for, told to a device that forgot it all. */
static void set_replay_all(struct kunit *test, u64 (*features)(void))
{
	struct net_env *env = set_begin(test, features());
	const struct virtnet_settings *before;
	const struct set_wish *w;

	for (w = set_wishes; w < set_wishes + ARRAY_SIZE(set_wishes); w++)
		if (w->features == features && set_possible(env, w))
			KUNIT_EXPECT_EQ_MSG(test, set_ask(env, w), 0, "%s", w->name);
	before = set_snapshot(test, env);
	net_close(env);
	KUNIT_EXPECT_EQ(test, memdev_ctrl_told(env->dev, VIRTIO_NET_CTRL_RX, 0)->times, 0);
	KUNIT_ASSERT_EQ(test, net_open(env), 0);
	KUNIT_EXPECT_EQ(test, memcmp(before, &set_vi(env)->settings, sizeof(*before)), 0);
	for (w = set_wishes; w < set_wishes + ARRAY_SIZE(set_wishes); w++)
		if (w->features == features && set_possible(env, w))
			KUNIT_EXPECT_GT_MSG(test,
					    memdev_ctrl_told(env->dev, w->class, w->cmd)->times,
					    0, "%s", w->name);
	KUNIT_EXPECT_EQ(test, set_vi(env)->replay_failed, 0);
	set_works(test, env, 4);
}

static void set_replay(struct kunit *test)
{
	set_replay_all(test, set_features);
}

static void set_replay_hash(struct kunit *test)
{
	set_replay_all(test, set_hash_features);
}

/* A device that refuses what it is told after a reset: it runs, nothing is lost. */
static void set_replay_refused(struct kunit *test)
{
	struct net_env *env = set_begin(test, set_features());
	struct virtnet_info *vi = set_vi(env);

	rtnl_lock();
	KUNIT_EXPECT_EQ(test, set_coal(env), 0);
	rtnl_unlock();
	net_close(env);
	env->dev->ctrl->class_answer[VIRTIO_NET_CTRL_NOTF_COAL] = MEMDEV_NAK;
	KUNIT_ASSERT_EQ(test, net_open(env), 0);
	KUNIT_EXPECT_EQ(test, vi->replay_failed, BIT(VIRTNET_REPLAY_COAL));
	KUNIT_EXPECT_EQ(test, atomic_long_read(&vi->replay_failures), 1);
	KUNIT_EXPECT_EQ(test, vi->settings.rx_coal.usecs, 9);
	set_works(test, env, 5);
	net_close(env);
	env->dev->ctrl->class_answer[VIRTIO_NET_CTRL_NOTF_COAL] = MEMDEV_OK;
	KUNIT_ASSERT_EQ(test, net_open(env), 0);
	KUNIT_EXPECT_EQ(test, vi->replay_failed, 0);
}

/* The device asks for announcements faster than they are wanted. */
static void set_announce(struct kunit *test)
{
	struct net_env *env = set_begin(test, set_features());
	struct virtnet_info *vi = set_vi(env);
	unsigned int i;

	for (i = 0; i < 50; i++) {
		memdev_config(env->dev)->status =
			cpu_to_virtio16(&env->dev->vdev, VIRTIO_NET_S_LINK_UP |
					VIRTIO_NET_S_ANNOUNCE);
		memdev_config_changed(env->dev);
		flush_work(&vi->config_work);
	}
	KUNIT_EXPECT_TRUE(test, net_wait(memdev_ctrl_told(env->dev, VIRTIO_NET_CTRL_ANNOUNCE,
							  0)->times));
	KUNIT_EXPECT_LE(test, atomic_long_read(&vi->announce.done), 3);
	KUNIT_EXPECT_GT(test, atomic_long_read(&vi->announce.limited), 0);
	memdev_config(env->dev)->status = cpu_to_virtio16(&env->dev->vdev, VIRTIO_NET_S_LINK_UP);
}

static struct kunit_case set_cases[] = {
	KUNIT_CASE_PARAM(set_ok, set_gen),
	KUNIT_CASE_PARAM(set_refused, set_gen),
	KUNIT_CASE_PARAM(set_unanswered, set_gen),
	KUNIT_CASE(set_late),
	KUNIT_CASE(set_slow),
	KUNIT_CASE(set_replay),
	KUNIT_CASE(set_replay_hash),
	KUNIT_CASE(set_replay_refused),
	KUNIT_CASE(set_announce),
	{}
};

static struct kunit_suite set_suite = {
	.name = "virtnet_settings",
	.test_cases = set_cases,
};
kunit_test_suite(set_suite);
