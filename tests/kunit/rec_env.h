/* SPDX-License-Identifier: GPL-2.0-only */
/* What suites about recovery share: a health check in a hurry, and its counters. */
#ifndef VIRTNET_TEST_REC_ENV_H
#define VIRTNET_TEST_REC_ENV_H

#include <virtnet/virtnet.h>

#include "net_env.h"

static inline struct virtnet_info *rec_vi(struct net_env *env)
{
	return netdev_priv(env->nd);
}

static inline long rec_count(struct net_env *env, enum virtnet_fault fault)
{
	return atomic_long_read(&rec_vi(env)->recovery.count[fault]);
}

static inline long rec_step(struct net_env *env, enum virtnet_step step)
{
	return atomic_long_read(&rec_vi(env)->recovery.steps[step]);
}

/* Milliseconds between checks of the suites that use it. */
#define REC_HEALTH_MS	50

int rec_init(struct kunit *test);
bool rec_up(struct net_env *env);
void rec_traffic(struct net_env *env);

#endif /* VIRTNET_TEST_REC_ENV_H */
