// SPDX-License-Identifier: GPL-2.0-only
/* What suites about recovery share. */
#include "rec_env.h"

static void rec_restore(void *unused)
{
	virtnet_health_ms = 1000;
	virtnet_recover_limit = 8;
}

int rec_init(struct kunit *test)
{
	if (!net_ours())
		kunit_skip(test, "the kernel's driver does not recover");
	virtnet_health_ms = REC_HEALTH_MS;
	return kunit_add_action_or_reset(test, rec_restore, NULL) ?: net_init(test);
}

/* The device is ready, its receive ring filled, and nobody mends it. */
bool rec_up(struct net_env *env)
{
	return net_rxq(env)->live && memdev_available(net_rxq(env)) &&
	       (env->dev->status & VIRTIO_CONFIG_S_DRIVER_OK) &&
	       netif_carrier_ok(env->nd) && !rec_vi(env)->recovery.pending;
}

/* Both directions. */
void rec_traffic(struct net_env *env)
{
	struct kunit *test = env->test;

	KUNIT_ASSERT_TRUE(test, net_wait_for(rec_up(env), 3));
	net_settle(env);
	net_flush_caps(env);
	KUNIT_ASSERT_GT(test, net_rx(env, 700, 7, 0), 0);
	memdev_interrupt(net_rxq(env));
	KUNIT_EXPECT_TRUE(test, net_wait(env->kept == 1));
	net_expect(env, 700, 7);
	while (net_take(env) > 0)
		memdev_interrupt(net_txq(env));
	KUNIT_ASSERT_EQ(test, net_send(env, 300, 3, 0), 0);
	KUNIT_EXPECT_TRUE(test, net_wait(memdev_available(net_txq(env))));
	KUNIT_ASSERT_EQ(test, net_take(env), 1);
	KUNIT_EXPECT_TRUE(test, net_is(env->tx.data, 300, 3));
	memdev_interrupt(net_txq(env));
	net_settle(env);
}
