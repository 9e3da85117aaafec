/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A whole driver on the in-memory device: what the suites share.
 */
#ifndef VIRTNET_TEST_NET_ENV_H
#define VIRTNET_TEST_NET_ENV_H

#include <compat/kunit.h>
#include <linux/jiffies.h>
#include <linux/list.h>
#include <linux/netdevice.h>
#include <linux/sched.h>
#include <linux/spinlock.h>

#include "memdev.h"

/* Local experimental: no protocol of the stack wants it, nor does GRO. */
#define NET_ETYPE	0x88b5

enum net_mode { NET_SMALL, NET_BIG, NET_MERGEABLE };

struct net_param {
	const char *name;
	enum net_mode mode;
	u64 features;		/* on top of the mode's */
	u64 without;		/* taken away from both */
	bool legacy;		/* without VERSION_1 */
};

/* A packet that came up the stack. */
struct net_cap {
	struct list_head list;
	u32 len;		/* from the Ethernet header on */
	u32 truesize;
	u8 ip_summed;
	u8 nr_frags;
	u8 meta;		/* bytes of XDP metadata */
	bool frag_list;
	bool l4_hash;
	u32 hash;
	bool encapsulation;
	u8 csum_level;
	u16 outer_th;		/* these from the Ethernet header */
	u16 inner_nh;
	u16 inner_th;
	u16 csum_start;
	u16 csum_offset;
	u16 gso_size;
	u32 gso_type;
	u16 queue;
	__be16 protocol;
	u8 data[];
};

struct net_env {
	struct kunit *test;
	struct memdev *dev;
	struct net_device *nd;
	const struct net_param *param;
	struct packet_type pt;
	spinlock_t lock; /* of what is captured, below */
	struct list_head caps;
	unsigned int kept;
	u64 packets;		/* all that came up, also when not kept */
	u64 bytes;
	u64 wrong;		/* sequence checks that failed */
	u32 next_seq;
	u32 sent;		/* by a behaviour of the test's */
	bool count_only;
	bool opened;
	u8 *buf;		/* MEMDEV_MAX_PKT of scratch */
	struct memdev_tx tx;	/* tx.data: as much again */
	struct memdev_chain chain;
};

/* The matrix: each buffer mode on each ring. */
extern const struct net_param net_params[];
extern const unsigned int net_params_count;
KUNIT_GENERATOR(net_gen_params);
/* One of each buffer mode, where the ring does not matter. */
KUNIT_GENERATOR(net_gen_modes);
/* Mergeable only, each ring. */
KUNIT_GENERATOR(net_gen_mergeable);

KUNIT_GENERATOR(net_gen_big);
KUNIT_GENERATOR(net_gen_one_mergeable);

u64 net_mode_features(enum net_mode mode);
int net_init(struct kunit *test);
struct net_env *net_start(struct kunit *test, const struct net_param *param,
			  const struct memdev_setup *setup);
int net_bind(struct net_env *env);
int net_open(struct net_env *env);
void net_close(struct net_env *env);
void net_remove(struct net_env *env);

u32 net_fill(u8 *buf, u32 len, u32 seq);
bool net_is(const u8 *buf, u32 len, u32 seq);
int net_rx(struct net_env *env, u32 len, u32 seq, unsigned int nbufs);
struct net_cap *net_pop_cap(struct net_env *env);
void net_settle(struct net_env *env);
void net_poll(struct net_env *env, int fail_nth);
void net_expect(struct net_env *env, u32 len, u32 seq);
void net_flush_caps(struct net_env *env);

struct sk_buff *net_skb(struct net_env *env, u32 len, u32 seq, unsigned int nfrags);
int net_send(struct net_env *env, u32 len, u32 seq, unsigned int nfrags);
int net_take(struct net_env *env);
void net_no_bql(struct net_env *env);
void net_both_ways(struct net_env *env);
int net_send_burst(struct net_env *env, u32 len, u32 seq, unsigned int n);

u64 net_stat(struct net_env *env, const char *dir, const char *name);
bool net_has_stat(struct net_env *env, const char *dir, const char *name);
bool net_ours(void);
bool net_negotiates(unsigned int feature);
unsigned int net_pools(struct net_env *env);

/* Wait until cond holds, at most about a second; so many seconds. */
#define net_wait(cond)	net_wait_for(cond, 1)
#define net_wait_for(cond, seconds)				\
({								\
	unsigned long __end = jiffies + (seconds) * HZ;		\
	bool __ok;						\
	while (!(__ok = (cond)) && time_before(jiffies, __end))	\
		schedule_timeout_uninterruptible(1);		\
	__ok;							\
})

static inline struct memdev_vq *net_rxq(struct net_env *env)
{
	return &env->dev->q[MEMDEV_RX(0)];
}

static inline struct memdev_vq *net_txq(struct net_env *env)
{
	return &env->dev->q[MEMDEV_TX(0)];
}

#endif /* VIRTNET_TEST_NET_ENV_H */
