/* SPDX-License-Identifier: GPL-2.0 */
/* XDP; AF_XDP is in <compat/xsk.h>. */
#ifndef _COMPAT_XDP_H
#define _COMPAT_XDP_H

#include <linux/bpf.h>
#include <linux/bpf_trace.h>
#include <linux/filter.h>
#include <linux/netdevice.h>
#include <net/xdp.h>
#include <compat/page_pool.h>

/*
 * What a device can do with XDP is told through netlink from 6.3 on. Before registration,
 * and on kernels that do not tell, compat_init_xdp_features() is enough.
 */
#ifndef HAVE_XDP_SET_FEATURES_FLAG
typedef u32 xdp_features_t;

#define NETDEV_XDP_ACT_BASIC 1
#define NETDEV_XDP_ACT_REDIRECT 2
#define NETDEV_XDP_ACT_NDO_XMIT 4
#define NETDEV_XDP_ACT_XSK_ZEROCOPY 8
#define NETDEV_XDP_ACT_HW_OFFLOAD 16
#define NETDEV_XDP_ACT_RX_SG 32
#define NETDEV_XDP_ACT_NDO_XMIT_SG 64

static inline void xdp_set_features_flag(struct net_device *dev, xdp_features_t val)
{
}

static inline void xdp_features_set_redirect_target(struct net_device *dev, bool support_sg)
{
}

static inline void xdp_features_clear_redirect_target(struct net_device *dev)
{
}

static inline void compat_init_xdp_features(struct net_device *dev, xdp_features_t val)
{
}
#else
static inline void compat_init_xdp_features(struct net_device *dev, xdp_features_t val)
{
	dev->xdp_features = val;
}
#endif

/* For operations that newer kernels call with the device's lock held. */
#ifndef HAVE_XDP_SET_FEATURES_FLAG_LOCKED
#define xdp_set_features_flag_locked xdp_set_features_flag
#define xdp_features_set_redirect_target_locked xdp_features_set_redirect_target
#define xdp_features_clear_redirect_target_locked xdp_features_clear_redirect_target
#endif

/*
 * Hints for programs. On kernels without them compat_set_xdp_metadata_ops() drops the operations,
 * whose prototypes still have to compile.
 */
#ifdef HAVE_XDP_METADATA_OPS
#define COMPAT_XDP_METADATA true
#else
#define COMPAT_XDP_METADATA false

/* There is no room behind the buffer of an AF_XDP socket either. */
#define XSK_CHECK_PRIV_TYPE(t) do { } while (0)

struct xdp_md;

enum xdp_rss_hash_type {
	XDP_RSS_TYPE_NONE = 0,
	XDP_RSS_TYPE_L2 = 0,
	XDP_RSS_TYPE_L3_IPV4 = BIT(0),
	XDP_RSS_TYPE_L3_IPV6 = BIT(1),
	XDP_RSS_TYPE_L3_IPV6_EX = BIT(1) | BIT(2),
	XDP_RSS_TYPE_L4_ANY = BIT(3),
	XDP_RSS_TYPE_L4_IPV4_TCP = BIT(0) | BIT(3) | BIT(4),
	XDP_RSS_TYPE_L4_IPV4_UDP = BIT(0) | BIT(3) | BIT(5),
	XDP_RSS_TYPE_L4_IPV6_TCP = BIT(1) | BIT(3) | BIT(4),
	XDP_RSS_TYPE_L4_IPV6_UDP = BIT(1) | BIT(3) | BIT(5),
	XDP_RSS_TYPE_L4_IPV6_TCP_EX = BIT(1) | BIT(2) | BIT(3) | BIT(4),
	XDP_RSS_TYPE_L4_IPV6_UDP_EX = BIT(1) | BIT(2) | BIT(3) | BIT(5),
};

struct xdp_metadata_ops {
	int (*xmo_rx_timestamp)(const struct xdp_md *ctx, u64 *timestamp);
	int (*xmo_rx_hash)(const struct xdp_md *ctx, u32 *hash,
			   enum xdp_rss_hash_type *rss_type);
};
#endif

static inline void compat_set_xdp_metadata_ops(struct net_device *dev,
					       const struct xdp_metadata_ops *ops)
{
#ifdef HAVE_XDP_METADATA_OPS
	dev->xdp_metadata_ops = ops;
#endif
}

/* The older way; the registration ends with the rxq's. */
#ifndef HAVE_XDP_UPDATE_SKB_FRAGS_INFO
static inline void xdp_update_skb_frags_info(struct sk_buff *skb, u8 nr_frags, unsigned int size,
					     unsigned int truesize, u32 xdp_flags)
{
	xdp_update_skb_shared_info(skb, nr_frags, size, truesize,
				   xdp_flags & XDP_FLAGS_FRAGS_PF_MEMALLOC);
}

static inline u32 xdp_buff_get_skb_flags(const struct xdp_buff *xdp)
{
	return xdp->flags;
}
#endif

/* A kernel without the field counts each fragment as large as the first buffer. */
static inline void compat_xdp_frags_truesize(struct skb_shared_info *sinfo, u32 truesize)
{
#ifdef HAVE_XDP_FRAGS_TRUESIZE
	sinfo->xdp_frags_truesize = truesize;
#endif
}

/* The skb is the caller's only for XDP_PASS, and may be another one then. */
#ifndef HAVE_DO_XDP_GENERIC_PSKB
static inline int compat_do_xdp_generic(struct bpf_prog *prog, struct sk_buff **pskb)
{
	return do_xdp_generic(prog, *pskb);
}

#define do_xdp_generic compat_do_xdp_generic
#endif

#endif
