/* SPDX-License-Identifier: GPL-2.0-only */
/* Everything that a user can ask for: what suites about settings share. */
#ifndef VIRTNET_TEST_SETTINGS_ENV_H
#define VIRTNET_TEST_SETTINGS_ENV_H

#include <virtnet/virtnet.h>

#include "net_env.h"

#define SET_PAIRS	4

struct set_wish {
	const char *name;
	u64 (*features)(void);
	u8 class;
	u8 cmd;
	int (*ask)(struct net_env *env);
};

extern const struct set_wish set_wishes[];
extern const unsigned int set_wishes_count;

u64 set_features(void);
u64 set_hash_features(void);
struct net_env *set_begin(struct kunit *test, u64 features);
struct virtnet_info *set_vi(struct net_env *env);
int set_coal(struct net_env *env);
int set_ask(struct net_env *env, const struct set_wish *w);
struct virtnet_settings *set_snapshot(struct kunit *test, struct net_env *env);
void set_works(struct kunit *test, struct net_env *env, u32 seq);

#endif /* VIRTNET_TEST_SETTINGS_ENV_H */
