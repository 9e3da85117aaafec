/* SPDX-License-Identifier: GPL-2.0 */
/* Net devices: queues, NAPI, statistics, locks. */
#ifndef _COMPAT_NETDEV_H
#define _COMPAT_NETDEV_H

#include <linux/netdevice.h>
#include <linux/rtnetlink.h>
#include <linux/skbuff.h>

#ifdef HAVE_NETIF_TXQ_MAYBE_STOP
#include <net/netdev_queues.h>
#endif

#ifdef HAVE_UDP_ENCAP_KEYS
#include <net/udp.h>
#endif

/* Where skb_gso_segment() moved to. */
#ifdef HAVE_GSO_H
#include <net/gso.h>
#endif

#ifdef HAVE_NETDEV_LOCK
#include <net/netdev_lock.h>
#endif

/*
 * Stopping and waking of tx queues, as <net/netdev_queues.h> has them: 0 for stopped or woken,
 * 1 for left running, -1 for a stop that was taken back, or nothing to wake.
 */
#ifndef HAVE_NETIF_TXQ_MAYBE_STOP
#define netif_txq_try_stop(txq, get_desc, start_thrs)				\
({										\
	int __stopped = 0;							\
										\
	netif_tx_stop_queue(txq);						\
	/* The completion side looks for the bit after it made room. */	\
	smp_mb__after_atomic();							\
	if (unlikely((get_desc) >= (start_thrs))) {				\
		netif_tx_start_queue(txq);					\
		__stopped = -1;							\
	}									\
	__stopped;								\
})

#define netif_txq_maybe_stop(txq, get_desc, stop_thrs, start_thrs)		\
	(likely((get_desc) >= (stop_thrs)) ? 1 :				\
	 netif_txq_try_stop(txq, get_desc, start_thrs))
#endif

#ifndef HAVE_NETIF_TXQ_COMPLETED_WAKE
#define __netif_txq_completed_wake(txq, pkts, bytes, get_desc, start_thrs, down_cond) \
({										\
	struct netdev_queue *__txq = (txq);					\
	unsigned int __pkts = (pkts);						\
	int __woken = -1;							\
										\
	netdev_tx_completed_queue(__txq, __pkts, bytes);			\
	/* Whoever stops the queue from here on sees the room that was made. */ \
	smp_mb();								\
	if (__pkts && likely((get_desc) >= (start_thrs))) {			\
		__woken = 1;							\
		if (unlikely(netif_tx_queue_stopped(__txq)) && !(down_cond)) {	\
			netif_tx_wake_queue(__txq);				\
			__woken = 0;						\
		}								\
	}									\
	__woken;								\
})

#define netif_txq_completed_wake(txq, pkts, bytes, get_desc, start_thrs) \
	__netif_txq_completed_wake(txq, pkts, bytes, get_desc, start_thrs, false)
#endif

#ifndef HAVE_NETDEV_TX_RESET_SUBQUEUE
static inline void netdev_tx_reset_subqueue(const struct net_device *dev, u32 qid)
{
	netdev_tx_reset_queue(netdev_get_tx_queue(dev, qid));
}
#endif

/* Settings of a NAPI that outlive it are a service of newer kernels. */
#ifndef HAVE_NETIF_NAPI_ADD_CONFIG
static inline void netif_napi_add_config(struct net_device *dev, struct napi_struct *napi,
					 int (*poll)(struct napi_struct *, int), int index)
{
	netif_napi_add(dev, napi, poll);
}
#endif

/* What netdev-genl tells about queues, where there is netdev-genl. */
#ifndef HAVE_NETIF_QUEUE_SET_NAPI
enum netdev_queue_type {
	NETDEV_QUEUE_TYPE_RX,
	NETDEV_QUEUE_TYPE_TX,
};

static inline void netif_queue_set_napi(struct net_device *dev, unsigned int queue_index,
					enum netdev_queue_type type, struct napi_struct *napi)
{
}
#endif

#ifndef HAVE_NETIF_NAPI_SET_IRQ
static inline void netif_napi_set_irq(struct napi_struct *napi, int irq)
{
}
#endif

/* Those of 6.9 lack most of this, and are left alone like none at all. */
#ifndef HAVE_NETDEV_QUEUE_STATS_RICH
#define netdev_queue_stats_rx compat_netdev_queue_stats_rx
#define netdev_queue_stats_tx compat_netdev_queue_stats_tx
#define netdev_stat_ops compat_netdev_stat_ops

struct netdev_queue_stats_rx {
	u64 bytes;
	u64 packets;
	u64 alloc_fail;
	u64 hw_drops;
	u64 hw_drop_overruns;
	u64 csum_unnecessary;
	u64 csum_none;
	u64 csum_bad;
	u64 hw_gro_packets;
	u64 hw_gro_bytes;
	u64 hw_gro_wire_packets;
	u64 hw_gro_wire_bytes;
	u64 hw_drop_ratelimits;
};

struct netdev_queue_stats_tx {
	u64 bytes;
	u64 packets;
	u64 hw_drops;
	u64 hw_drop_errors;
	u64 csum_none;
	u64 needs_csum;
	u64 hw_gso_packets;
	u64 hw_gso_bytes;
	u64 hw_gso_wire_packets;
	u64 hw_gso_wire_bytes;
	u64 hw_drop_ratelimits;
	u64 stop;
	u64 wake;
};

struct netdev_stat_ops {
	void (*get_queue_stats_rx)(struct net_device *dev, int idx,
				   struct netdev_queue_stats_rx *stats);
	void (*get_queue_stats_tx)(struct net_device *dev, int idx,
				   struct netdev_queue_stats_tx *stats);
	void (*get_base_stats)(struct net_device *dev, struct netdev_queue_stats_rx *rx,
			       struct netdev_queue_stats_tx *tx);
};
#endif

static inline void compat_set_stat_ops(struct net_device *dev, const struct netdev_stat_ops *ops)
{
#ifdef HAVE_NETDEV_QUEUE_STATS_RICH
	dev->stat_ops = ops;
#endif
}

/* Does a UDP tunnel or socket want GRO? Kernels that do not say leave it unknown. */
#ifdef HAVE_UDP_ENCAP_KEYS
#define COMPAT_UDP_GRO_KNOWN	true
static inline bool compat_udp_gro_wanted(void)
{
	return static_branch_unlikely(&udp_encap_needed_key) ||
	       static_branch_unlikely(&udpv6_encap_needed_key);
}
#else
#define COMPAT_UDP_GRO_KNOWN	false
static inline bool compat_udp_gro_wanted(void)
{
	return false;
}
#endif

/*
 * A device may ask for its operations to run under a lock of its own. This driver does
 * not: its operations run under RTNL on all kernels, and what newer kernels want
 * to be called with "the lock that operations hold" is called with RTNL held.
 */
#ifndef HAVE_NETDEV_LOCK_OPS
static inline void netdev_lock_ops(struct net_device *dev) { }
static inline void netdev_unlock_ops(struct net_device *dev) { }
#endif

#ifndef HAVE_SKB_FRAG_FILL_PAGE_DESC
static inline void skb_frag_fill_page_desc(skb_frag_t *frag, struct page *page, int off, int size)
{
	__skb_frag_set_page(frag, page);
	skb_frag_off_set(frag, off);
	skb_frag_size_set(frag, size);
}
#endif

#endif
