// SPDX-License-Identifier: GPL-2.0-only
/* What suites about recovery share. */
#include "rec_env.h"

static void rec_restore(void *unused)
{
	virtnet_health_ms = 1000;
	virtnet_health_unsent = 6;
	virtnet_recover_limit = 8;
}

int rec_init(struct kunit *test)
{
	if (!net_ours())
		kunit_skip(test, "the kernel's driver does not recover");
	virtnet_health_ms = REC_HEALTH_MS;
	virtnet_health_unsent = 5 * MSEC_PER_SEC / REC_HEALTH_MS;
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
	KUNIT_ASSERT_TRUE(env->test, net_wait_for(rec_up(env), 3));
	net_both_ways(env);
	net_settle(env);
}
