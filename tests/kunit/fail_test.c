// SPDX-License-Identifier: GPL-2.0-only
/*
 * No memory: each reconfiguration is made to fail at its first allocation, at
 * its second, and so on until one gets through. Each time the interface and
 * its settings are as they were, or as they were to be.
 */
#include <linux/ethtool.h>
#include <linux/rtnetlink.h>

#include "memdev_ctrl.h"
#include "settings_env.h"

/* More allocations than any of these makes. */
#define FAIL_MAX	2000
/* Of all of them, until one was needed. */
#define FAIL_ROUNDS	8

struct fail_change {
	const char *name;
	int (*go)(struct net_env *env);		/* RTNL held */
	int (*back)(struct net_env *env);	/* the same, undone */
	u64 more;				/* features */
};

static int fail_rings(struct net_env *env, u32 rx, u32 tx)
{
	struct ethtool_ringparam ring = { .rx_pending = rx, .tx_pending = tx };

	return env->nd->ethtool_ops->set_ringparam(env->nd, &ring, NULL, NULL);
}

static int fail_rings_small(struct net_env *env)
{
	return fail_rings(env, 64, 64);
}

static int fail_rings_large(struct net_env *env)
{
	return fail_rings(env, 256, 256);
}

static int fail_open(struct net_env *env)
{
	return dev_open(env->nd, NULL);
}

static int fail_close(struct net_env *env)
{
	dev_close(env->nd);
	return 0;
}

static int fail_vlan_add(struct net_env *env)
{
	return env->nd->netdev_ops->ndo_vlan_rx_add_vid(env->nd, htons(ETH_P_8021Q), 55);
}

static int fail_vlan_kill(struct net_env *env)
{
	return env->nd->netdev_ops->ndo_vlan_rx_kill_vid(env->nd, htons(ETH_P_8021Q), 55);
}

static int fail_coal_set(struct net_env *env, u32 usecs)
{
	struct ethtool_coalesce ec = { .rx_coalesce_usecs = usecs };

	return env->nd->ethtool_ops->set_coalesce(env->nd, &ec, NULL, NULL);
}

static int fail_coal(struct net_env *env)
{
	return fail_coal_set(env, 20);
}

static int fail_coal_back(struct net_env *env)
{
	return fail_coal_set(env, 0);
}

static int fail_mac_set(struct net_env *env, u8 last)
{
	struct sockaddr_storage addr = { .ss_family = env->nd->type };
	u8 mac[ETH_ALEN] = { 2, 0, 0, 0, 0, last };

	memcpy(((struct sockaddr *)&addr)->sa_data, mac, sizeof(mac));
	return dev_set_mac_address(env->nd, (void *)&addr, NULL);
}

static int fail_mac(struct net_env *env)
{
	return fail_mac_set(env, 9);
}

static int fail_mac_back(struct net_env *env)
{
	return fail_mac_set(env, 1);
}

static int fail_key_set(struct net_env *env, u8 first)
{
	u8 key[VIRTNET_RSS_KEY] = { first };
	struct ethtool_rxfh_param p = { .key = key };

	return virtnet_set_rxfh(env->nd, &p, NULL);
}

static int fail_key(struct net_env *env)
{
	return fail_key_set(env, 5);
}

static int fail_key_back(struct net_env *env)
{
	return fail_key_set(env, 6);
}

static int fail_reset(struct net_env *env)
{
	u32 flags = ETH_RESET_ALL;

	return env->nd->ethtool_ops->reset(env->nd, &flags);
}

static int fail_nothing(struct net_env *env)
{
	return 0;
}

#define F_RESET	BIT_ULL(VIRTIO_F_RING_RESET)

static const struct fail_change fail_changes[] = {
	{ "ring sizes", fail_rings_small, fail_rings_large },
	{ "ring sizes, single queues", fail_rings_small, fail_rings_large, F_RESET },
	{ "VLAN", fail_vlan_add, fail_vlan_kill },
	{ "no VLAN", fail_vlan_kill, fail_vlan_add },
	{ "interrupt moderation", fail_coal, fail_coal_back },
	{ "MAC address", fail_mac, fail_mac_back },
	{ "RSS key", fail_key, fail_key_back, BIT_ULL(VIRTIO_NET_F_RSS) },
};

/* Those that may leave the interface down, for recovery or the user to mend. */
static const struct fail_change fail_starts[] = {
	{ "open", fail_open, fail_close },
	{ "reset", fail_reset, fail_nothing },
	{ "reset, single queues", fail_reset, fail_nothing, F_RESET },
};

static const void *fail_next(const struct fail_change *list, unsigned int n, const void *prev,
			     char *desc)
{
	const struct fail_change *c = prev ? (const struct fail_change *)prev + 1 : list;

	if (c == list + n)
		return NULL;
	strscpy(desc, c->name, KUNIT_PARAM_DESC_SIZE);
	return c;
}

static KUNIT_GENERATOR(fail_gen_change)
{
	return fail_next(fail_changes, ARRAY_SIZE(fail_changes), prev, desc);
}

static KUNIT_GENERATOR(fail_gen_start)
{
	return fail_next(fail_starts, ARRAY_SIZE(fail_starts), prev, desc);
}

static struct net_env *fail_begin(struct kunit *test)
{
	const struct fail_change *c = test->param_value;

	if (!compat_fail_nth(0))
		kunit_skip(test, "takes CONFIG_FAULT_INJECTION");
	return set_begin(test, set_features() | c->more);
}

/* Run it with the nth allocation failing. Return: false if it made fewer. */
static bool fail_at(struct net_env *env, unsigned int n, int *err)
{
	const struct fail_change *c = env->test->param_value;
	bool failed;

	rtnl_lock();
	compat_fail_nth(n);
	*err = c->go(env);
	failed = !compat_fail_left();
	compat_fail_nth(0);
	rtnl_unlock();
	return failed;
}

static void fail_back(struct net_env *env)
{
	const struct fail_change *c = env->test->param_value;

	rtnl_lock();
	KUNIT_EXPECT_EQ(env->test, c->back(env), 0);
	rtnl_unlock();
}

static bool fail_running(struct net_env *env)
{
	return set_vi(env)->state == VIRTNET_RUNNING && netif_carrier_ok(env->nd);
}

/* Each allocation in its turn. Return: how many the change could not do without. */
static unsigned int fail_each(struct kunit *test, struct net_env *env,
			      const struct virtnet_settings *before,
			      const struct memdev_state *told)
{
	unsigned int n, refused = 0;
	int err;

	for (n = 1; n < FAIL_MAX && fail_at(env, n, &err); n++) {
		KUNIT_EXPECT_TRUE_MSG(test, fail_running(env), "allocation %u", n);
		if (!err) {
			fail_back(env);
		} else {
			refused++;
			KUNIT_EXPECT_EQ_MSG(test, memcmp(before, &set_vi(env)->settings,
							 sizeof(*before)), 0,
					    "allocation %u changed the settings", n);
			KUNIT_EXPECT_EQ_MSG(test, memcmp(told, &env->dev->ctrl->state,
							 sizeof(*told)), 0,
					    "allocation %u changed the device", n);
		}
		set_works(test, env, n);
	}
	kunit_info(test, "%u allocations, %u of them needed", n - 1, refused);
	KUNIT_EXPECT_LT(test, n, FAIL_MAX);
	KUNIT_EXPECT_EQ(test, err, 0);
	set_works(test, env, n);
	return refused;
}

static void fail_change(struct kunit *test)
{
	struct net_env *env = fail_begin(test);
	const struct virtnet_settings *before;
	struct memdev_state *told;
	unsigned int i, refused = 0;

	told = kunit_kmalloc(test, sizeof(*told), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, told);
	fail_back(env);
	before = set_snapshot(test, env);
	*told = env->dev->ctrl->state;
	/*
	 * The kernel allocates now and then for itself (slabs, KASAN's stacks). With
	 * that in one turn and not in the next, an allocation has no turn at all.
	 */
	for (i = 0; i < FAIL_ROUNDS && !refused; i++) {
		if (i)
			fail_back(env);
		refused = fail_each(test, env, before, told);
	}
	KUNIT_EXPECT_GT(test, refused, 0);
}

static void fail_start(struct kunit *test)
{
	struct net_env *env = fail_begin(test);
	struct virtnet_info *vi = set_vi(env);
	struct virtnet_settings *before = set_snapshot(test, env);
	unsigned int n, refused = 0;
	int err;

	fail_back(env);
	for (n = 1; n < FAIL_MAX && fail_at(env, n, &err); n++) {
		refused += !!err;
		/* The stack has groups of its own, and VLAN 0, while it is open. */
		flush_work(&vi->rx_mode_work);
		before->filter = vi->settings.filter;
		__assign_bit(0, before->vlans, test_bit(0, vi->settings.vlans));
		KUNIT_EXPECT_EQ(test, memcmp(before, &vi->settings, sizeof(*before)), 0);
		if (!err)
			fail_back(env);
		/* Recovery tries again; open is the user's to repeat. */
		if (netif_running(env->nd))
			KUNIT_ASSERT_TRUE(test, net_wait_for(fail_running(env), 5));
	}
	kunit_info(test, "%u allocations, %u of them needed", n - 1, refused);
	KUNIT_EXPECT_LT(test, n, FAIL_MAX);
	KUNIT_EXPECT_GT(test, refused, 0);
	KUNIT_EXPECT_EQ(test, err, 0);
	KUNIT_EXPECT_TRUE(test, net_wait(fail_running(env)));
	set_works(test, env, n);
}

static struct kunit_case fail_cases[] = {
	KUNIT_CASE_PARAM(fail_change, fail_gen_change),
	KUNIT_CASE_PARAM(fail_start, fail_gen_start),
	{}
};

static struct kunit_suite fail_suite = {
	.name = "virtnet_nomem",
	.test_cases = fail_cases,
};
kunit_test_suite(fail_suite);
