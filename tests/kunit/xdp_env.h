/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A program for XDP whose behaviour is C: it does what a test asks for, and
 * remembers what it was shown.
 */
#ifndef VIRTNET_TEST_XDP_ENV_H
#define VIRTNET_TEST_XDP_ENV_H

#include <linux/filter.h>
#include <linux/netlink.h>
#include <net/xdp.h>

#include "net_env.h"

/* What the program is to do with each packet. */
struct xdp_plan {
	u32 verdict;
	int head;	/* bytes the data's start moves, the Ethernet header with it */
	int tail;	/* bytes the data's end moves */
	u32 meta;	/* bytes of metadata */
	int target;	/* XDP_REDIRECT: ifindex */
	struct xdp_sock *xsk;	/* XDP_REDIRECT: this socket instead */
};

/* What it was shown last, before it did that. */
struct xdp_seen {
	u32 packets;
	u32 len;
	u32 linear;
	u32 frags;
	u32 headroom;
	int hash_err;	/* what the metadata kfunc answers */
	u32 hash;
	enum xdp_rss_hash_type hash_type;
	u8 *data;	/* MEMDEV_MAX_PKT */
};

struct xdp_env {
	struct net_env *net;
	struct bpf_prog *prog;
	struct bpf_prog *spare;
	struct xdp_plan plan;
	struct xdp_seen seen;
	bool attached;
};

#define XDP_FEATURES	(BIT_ULL(VIRTIO_NET_F_CTRL_VQ) | \
			 BIT_ULL(VIRTIO_NET_F_CTRL_GUEST_OFFLOADS))

struct xdp_env *xdp_start(struct kunit *test, const struct net_param *param, u64 features);
struct xdp_env *xdp_start_tuned(struct kunit *test, const struct net_param *param, u64 features,
				void (*tune)(struct memdev *dev));
struct xdp_env *xdp_start_pairs(struct kunit *test, const struct net_param *param, u64 features,
				unsigned int pairs);
int xdp_init_test(struct kunit *test);
int xdp_attach(struct xdp_env *x, struct bpf_prog *prog);
int xdp_attach_told(struct xdp_env *x, struct bpf_prog *prog, struct netlink_ext_ack *extack);
int xdp_refs(const struct bpf_prog *prog);
void xdp_rx(struct xdp_env *x, u32 len, u32 seq, unsigned int nbufs);
void xdp_rx_burst(struct xdp_env *x, u32 len, u32 seq, unsigned int n);
u64 xdp_stat(struct xdp_env *x, const char *name);

#endif /* VIRTNET_TEST_XDP_ENV_H */
