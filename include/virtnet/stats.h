/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Counters. They belong to the interface, not to the queue set, so that they
 * survive every reconfiguration and recovery. Documentation/counters.rst
 * explains each.
 */
#ifndef _VIRTNET_STATS_H
#define _VIRTNET_STATS_H

#include <compat/compat.h>

#include <linux/cache.h>
#include <linux/types.h>
#include <linux/u64_stats_sync.h>

struct net_device;
struct rtnl_link_stats64;
struct virtnet_info;

/*
 * Lists of counters: X(name). The list is the one place to add a counter:
 * the struct, the sum, ethtool's strings and values follow from it.
 */
#define VIRTNET_RX_COUNTERS(X)	\
	X(packets)		\
	X(bytes)		\
	X(drops)		\
	X(kicks)		\
	X(polls)		\
	X(len_short)		\
	X(len_over)		\
	X(hdr_bad)		\
	X(num_buffers)		\
	X(hash_bad)		\
	X(skb_alloc_fail)	\
	X(alloc_fail)		\
	X(bad_used)

#define VIRTNET_TX_COUNTERS(X)	\
	X(packets)		\
	X(bytes)		\
	X(drops)		\
	X(kicks)		\
	X(polls)		\
	X(stop)			\
	X(wake)			\
	X(errors)		\
	X(bad_used)		\
	X(xdp_tx)		\
	X(xdp_tx_drops)

/* What became of packets that met a program, per receive queue. */
#define VIRTNET_XDP_COUNTERS(X)	\
	X(xdp_packets)		\
	X(xdp_tx)		\
	X(xdp_redirects)	\
	X(xdp_drops)		\
	X(xdp_aborted)		\
	X(xdp_slow)

#define VIRTNET_COUNTER_FIELD(name)	u64_stats_t name;
#define VIRTNET_COUNTER_U64(name)	u64 name;

/* Written in NAPI context of the queue only. */
struct virtnet_rq_stats {
	VIRTNET_RX_COUNTERS(VIRTNET_COUNTER_FIELD)
	struct u64_stats_sync syncp;
} ____cacheline_aligned_in_smp;

/* Written with the tx lock of the queue held only. */
struct virtnet_sq_stats {
	VIRTNET_TX_COUNTERS(VIRTNET_COUNTER_FIELD)
	struct u64_stats_sync syncp;
	/* From the watchdog, which holds the lock of another queue. */
	atomic_long_t timeouts;
} ____cacheline_aligned_in_smp;

/* Written in NAPI context of the receive queue only, while it has a program. */
struct virtnet_xdp_stats {
	VIRTNET_XDP_COUNTERS(VIRTNET_COUNTER_FIELD)
	struct u64_stats_sync syncp;
};

/* Interrupts of one queue: written in hard interrupt context only. */
struct virtnet_irq_stats {
	struct u64_stats_sync syncp;
	u64_stats_t interrupts;
};

/* One poll's worth of receive counters, folded in at its end. */
struct virtnet_rx_delta {
	VIRTNET_RX_COUNTERS(VIRTNET_COUNTER_U64)
};

struct virtnet_tx_delta {
	VIRTNET_TX_COUNTERS(VIRTNET_COUNTER_U64)
};

struct virtnet_xdp_delta {
	VIRTNET_XDP_COUNTERS(VIRTNET_COUNTER_U64)
};

/* Counters of one pair, both directions, and its interrupts. */
struct virtnet_pair_stats {
	struct virtnet_rq_stats rx;
	struct virtnet_sq_stats tx;
	struct virtnet_irq_stats rx_irq;
	struct virtnet_irq_stats tx_irq;
	struct virtnet_xdp_stats xdp;
};

/* A consistent reading of one counter; any context but the writer's. */
static inline u64 virtnet_stat_read(const struct u64_stats_sync *syncp,
				    const u64_stats_t *counter)
{
	unsigned int start;
	u64 v;

	do {
		start = u64_stats_fetch_begin(syncp);
		v = u64_stats_read(counter);
	} while (u64_stats_fetch_retry(syncp, start));
	return v;
}

void virtnet_rx_stats_add(struct virtnet_rq_stats *stats,
			  const struct virtnet_rx_delta *d);
void virtnet_xdp_stats_add(struct virtnet_xdp_stats *stats,
			   const struct virtnet_xdp_delta *d);
void virtnet_irq_stats_inc(struct virtnet_irq_stats *stats);
void virtnet_rx_read(const struct virtnet_rq_stats *s,
		     struct virtnet_rx_delta *v);
void virtnet_tx_read(const struct virtnet_sq_stats *s,
		     struct virtnet_tx_delta *v);
u64 virtnet_irq_read(const struct virtnet_irq_stats *s);
struct virtnet_pair_stats *virtnet_stats_alloc(unsigned int pairs);
void virtnet_get_stats64(struct net_device *dev,
			 struct rtnl_link_stats64 *tot);

unsigned int virtnet_stats_count(const struct virtnet_info *vi);
void virtnet_stats_strings(const struct virtnet_info *vi, u8 *p);
void virtnet_stats_values(struct virtnet_info *vi, u64 *data);

/* Transmit counters change one or two at a time, under the tx lock. */
#define virtnet_tx_stat_add(stats, name, n) do {		\
	struct virtnet_sq_stats *__s = (stats);			\
								\
	u64_stats_update_begin(&__s->syncp);			\
	u64_stats_add(&__s->name, n);				\
	u64_stats_update_end(&__s->syncp);			\
} while (0)

#endif
