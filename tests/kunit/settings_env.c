// SPDX-License-Identifier: GPL-2.0-only
/*
 * Everything that a user can ask for, through the operation it is reached by,
 * on a device that has it all.
 */
#include <linux/ethtool.h>
#include <linux/if_vlan.h>
#include <linux/rtnetlink.h>

#include "memdev_ctrl.h"
#include "settings_env.h"

#define SET_TIMEOUT_MS	40

static const struct net_param set_param = { "control", NET_MERGEABLE, 0 };

u64 set_features(void)
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

u64 set_hash_features(void)
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

static void set_end(void *ms)
{
	virtnet_ctrl_timeout_ms = (unsigned long)ms;
	virtnet_cpus = 0;
}

struct net_env *set_begin(struct kunit *test, u64 features)
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
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, set_end, (void *)was), 0);
	virtnet_ctrl_timeout_ms = SET_TIMEOUT_MS;
	virtnet_cpus = SET_PAIRS;
	env = net_start(test, &set_param, &setup);
	KUNIT_ASSERT_EQ(test, net_open(env), 0);
	flush_work(&((struct virtnet_info *)netdev_priv(env->nd))->rx_mode_work);
	return env;
}

struct virtnet_info *set_vi(struct net_env *env)
{
	return netdev_priv(env->nd);
}

/* --- what a user can ask for, and how --- */

static int set_mac(struct net_env *env)
{
	struct sockaddr_storage addr = { .ss_family = env->nd->type };

	memcpy(((struct sockaddr *)&addr)->sa_data, "\x02\x01\x02\x03\x04\x05", ETH_ALEN);
	return dev_set_mac_address(env->nd, (void *)&addr, NULL);
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

int set_coal(struct net_env *env)
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

const struct set_wish set_wishes[] = {
	{ "MAC address", set_features, VIRTIO_NET_CTRL_MAC,
	  VIRTIO_NET_CTRL_MAC_ADDR_SET, set_mac },
	{ "VLAN", set_features, VIRTIO_NET_CTRL_VLAN,
	  VIRTIO_NET_CTRL_VLAN_ADD, set_vlan },
	{ "receive offloads", set_features, VIRTIO_NET_CTRL_GUEST_OFFLOADS,
	  VIRTIO_NET_CTRL_GUEST_OFFLOADS_SET, set_offloads },
	{ "channels", set_features, VIRTIO_NET_CTRL_MQ,
	  VIRTIO_NET_CTRL_MQ_VQ_PAIRS_SET, set_channels },
	{ "interrupt moderation", set_features, VIRTIO_NET_CTRL_NOTF_COAL,
	  VIRTIO_NET_CTRL_NOTF_COAL_RX_SET, set_coal },
	{ "interrupt moderation of a queue", set_features, VIRTIO_NET_CTRL_NOTF_COAL,
	  VIRTIO_NET_CTRL_NOTF_COAL_VQ_SET, set_vq_coal },
	{ "channels under RSS", set_hash_features, VIRTIO_NET_CTRL_MQ,
	  VIRTIO_NET_CTRL_MQ_RSS_CONFIG, set_channels },
	{ "RSS key", set_hash_features, VIRTIO_NET_CTRL_MQ,
	  VIRTIO_NET_CTRL_MQ_RSS_CONFIG, set_key },
	{ "RSS table", set_hash_features, VIRTIO_NET_CTRL_MQ,
	  VIRTIO_NET_CTRL_MQ_RSS_CONFIG, set_table },
	{ "RSS fields", set_hash_features, VIRTIO_NET_CTRL_MQ,
	  VIRTIO_NET_CTRL_MQ_RSS_CONFIG, set_fields },
};

const unsigned int set_wishes_count = ARRAY_SIZE(set_wishes);

int set_ask(struct net_env *env, const struct set_wish *w)
{
	int err;

	rtnl_lock();
	err = w->ask(env);
	rtnl_unlock();
	return err;
}

/* A copy, for comparison with what is there later. */
struct virtnet_settings *set_snapshot(struct kunit *test, struct net_env *env)
{
	struct virtnet_settings *s = kunit_kmalloc(test, sizeof(*s), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, s);
	rtnl_lock();
	*s = set_vi(env)->settings;
	rtnl_unlock();
	return s;
}

void set_works(struct kunit *test, struct net_env *env, u32 seq)
{
	KUNIT_ASSERT_EQ(test, net_rx(env, 900, seq, 0), 1);
	memdev_signal(net_rxq(env));
	KUNIT_EXPECT_TRUE(test, net_wait(env->kept));
	net_expect(env, 900, seq);
}
