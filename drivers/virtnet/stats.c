// SPDX-License-Identifier: GPL-2.0
/* Counters: kept per queue, summed for the interface, named for ethtool. */
#include <virtnet/virtnet.h>

#include <linux/ethtool.h>
#include <linux/netdevice.h>

/* One poll's counters at once. NAPI context of the queue. */
void virtnet_rx_stats_add(struct virtnet_rq_stats *stats,
			  const struct virtnet_rx_delta *d)
{
#define ADD(name)	u64_stats_add(&stats->name, d->name);
	u64_stats_update_begin(&stats->syncp);
	VIRTNET_RX_COUNTERS(ADD)
	u64_stats_update_end(&stats->syncp);
#undef ADD
}

/* The same, of a poll whose queue has a program. */
void virtnet_xdp_stats_add(struct virtnet_xdp_stats *stats,
			   const struct virtnet_xdp_delta *d)
{
#define ADD(name)	u64_stats_add(&stats->name, d->name);
	u64_stats_update_begin(&stats->syncp);
	VIRTNET_XDP_COUNTERS(ADD)
	u64_stats_update_end(&stats->syncp);
#undef ADD
}

/* Hard interrupt context of the queue. */
void virtnet_irq_stats_inc(struct virtnet_irq_stats *stats)
{
	u64_stats_update_begin(&stats->syncp);
	u64_stats_inc(&stats->interrupts);
	u64_stats_update_end(&stats->syncp);
}

/**
 * virtnet_stats_alloc() - counters, all zero
 * @pairs: most pairs there can be
 *
 * Return: an array to be freed with kvfree(), or NULL.
 */
struct virtnet_pair_stats *virtnet_stats_alloc(unsigned int pairs)
{
	struct virtnet_pair_stats *stats;
	unsigned int i;

	stats = kvcalloc(pairs, sizeof(*stats), GFP_KERNEL);
	for (i = 0; stats && i < pairs; i++) {
		u64_stats_init(&stats[i].rx.syncp);
		u64_stats_init(&stats[i].tx.syncp);
		u64_stats_init(&stats[i].rx_irq.syncp);
		u64_stats_init(&stats[i].tx_irq.syncp);
		u64_stats_init(&stats[i].xdp.syncp);
	}
	return stats;
}

/* All counters of a queue, of one moment. */
void virtnet_rx_read(const struct virtnet_rq_stats *s,
		     struct virtnet_rx_delta *v)
{
	unsigned int start;

#define FETCH(name)	v->name = u64_stats_read(&s->name);
	do {
		start = u64_stats_fetch_begin(&s->syncp);
		VIRTNET_RX_COUNTERS(FETCH)
	} while (u64_stats_fetch_retry(&s->syncp, start));
#undef FETCH
}

void virtnet_tx_read(const struct virtnet_sq_stats *s,
		     struct virtnet_tx_delta *v)
{
	unsigned int start;

#define FETCH(name)	v->name = u64_stats_read(&s->name);
	do {
		start = u64_stats_fetch_begin(&s->syncp);
		VIRTNET_TX_COUNTERS(FETCH)
	} while (u64_stats_fetch_retry(&s->syncp, start));
#undef FETCH
}

static void virtnet_xdp_read(const struct virtnet_xdp_stats *s,
			     struct virtnet_xdp_delta *v)
{
	unsigned int start;

#define FETCH(name)	v->name = u64_stats_read(&s->name);
	do {
		start = u64_stats_fetch_begin(&s->syncp);
		VIRTNET_XDP_COUNTERS(FETCH)
	} while (u64_stats_fetch_retry(&s->syncp, start));
#undef FETCH
}

u64 virtnet_irq_read(const struct virtnet_irq_stats *s)
{
	return virtnet_stat_read(&s->syncp, &s->interrupts);
}

/**
 * virtnet_get_stats64() - ndo_get_stats64
 * @dev: the net device
 * @tot: added to; what the stack itself counts comes on top of it
 *
 * What the device got wrong is an error, what we had no memory for a drop;
 * together they are the sum of the queues' drops.
 */
void virtnet_get_stats64(struct net_device *dev, struct rtnl_link_stats64 *tot)
{
	struct virtnet_info *vi = netdev_priv(dev);
	struct virtnet_rx_delta rx;
	struct virtnet_tx_delta tx;
	unsigned int i;

	for (i = 0; i < vi->caps.all_pairs; i++) {
		virtnet_rx_read(&vi->stats[i].rx, &rx);
		virtnet_tx_read(&vi->stats[i].tx, &tx);
		tot->rx_packets += rx.packets;
		tot->rx_bytes += rx.bytes;
		tot->rx_dropped += rx.skb_alloc_fail;
		tot->rx_errors += rx.drops - rx.skb_alloc_fail;
		tot->rx_length_errors += rx.len_short + rx.len_over;
		tot->rx_frame_errors += rx.hdr_bad + rx.num_buffers;
		tot->tx_packets += tx.packets;
		tot->tx_bytes += tx.bytes;
		tot->tx_dropped += tx.drops - tx.errors;
		tot->tx_errors += tx.errors;
	}
}

/* Counters of the device as a whole: name and where it is. */
static const struct {
	const char *name;
	size_t offset;
} virtnet_dev_counters[] = {
#define DEV(str, member) { str, offsetof(struct virtnet_info, member) }
	DEV("tx_timeout", recovery.count[VIRTNET_FAULT_TX_TIMEOUT]),
	DEV("stuck_rx", recovery.count[VIRTNET_FAULT_STUCK_RX]),
	DEV("missed_irq", recovery.count[VIRTNET_FAULT_MISSED_IRQ]),
	DEV("bad_used", recovery.count[VIRTNET_FAULT_BAD_USED]),
	DEV("broken_queue", recovery.count[VIRTNET_FAULT_BROKEN]),
	DEV("link_silent", recovery.count[VIRTNET_FAULT_LINK_SILENT]),
	DEV("lost_place", recovery.count[VIRTNET_FAULT_LOST_PLACE]),
	DEV("needs_reset", recovery.count[VIRTNET_FAULT_NEEDS_RESET]),
	DEV("ctrl_stuck", recovery.count[VIRTNET_FAULT_CTRL_TIMEOUT]),
	DEV("device_restart", recovery.count[VIRTNET_FAULT_RESTARTED]),
	DEV("start_failed", recovery.count[VIRTNET_FAULT_NO_START]),
	DEV("user_reset", recovery.count[VIRTNET_FAULT_USER]),
	DEV("recover_poll", recovery.steps[VIRTNET_STEP_POLL]),
	DEV("recover_kick", recovery.steps[VIRTNET_STEP_KICK]),
	DEV("recover_queue", recovery.steps[VIRTNET_STEP_QUEUE]),
	DEV("recover_ok", recovery.steps[VIRTNET_STEP_DEVICE]),
	DEV("recover_failed", recovery.failures),
	DEV("recover_given_up", recovery.surrenders),
	DEV("feat_cleared", feat_cleared),
	DEV("ctrl_commands", ctrl.commands),
	DEV("ctrl_interrupts", ctrl.interrupts),
	DEV("ctrl_nak", ctrl.naks),
	DEV("ctrl_timeout", ctrl.timeouts),
	DEV("ctrl_late", ctrl.late),
	DEV("replay_failed", replay_failures),
	DEV("hw_stats_bad", devstats.bad),
	DEV("announced", announce.done),
	DEV("announce_limited", announce.limited),
#undef DEV
};

#define COUNT(name)	+ 1
#define VIRTNET_XDP_NUM	(0 VIRTNET_XDP_COUNTERS(COUNT))
#define VIRTNET_RX_NUM	(VIRTNET_RX_COUNTERS(COUNT) + 1 + VIRTNET_XDP_NUM)
#define VIRTNET_TX_NUM	(VIRTNET_TX_COUNTERS(COUNT) + 2)

/* Number of ethtool -S values. */
unsigned int virtnet_stats_count(const struct virtnet_info *vi)
{
	return ARRAY_SIZE(virtnet_dev_counters) + VIRTNET_XDP_NUM +
	       vi->caps.all_pairs * (VIRTNET_RX_NUM + VIRTNET_TX_NUM) +
	       virtnet_devstats_count(vi);
}

static void virtnet_rx_strings(unsigned int i, u8 **p)
{
#define NAME(name)	ethtool_sprintf(p, "rx%u_" #name, i);
	VIRTNET_RX_COUNTERS(NAME)
	NAME(interrupts)
	VIRTNET_XDP_COUNTERS(NAME)
#undef NAME
}

static void virtnet_tx_strings(unsigned int i, u8 **p)
{
#define NAME(name)	ethtool_sprintf(p, "tx%u_" #name, i);
	VIRTNET_TX_COUNTERS(NAME)
	NAME(interrupts)
	NAME(timeouts)
#undef NAME
}

/* All queues together. */
static void virtnet_xdp_strings(u8 **p)
{
#define NAME(name)	ethtool_puts(p, #name);
	VIRTNET_XDP_COUNTERS(NAME)
#undef NAME
}

/* Their names, in the order of virtnet_stats_values(). */
void virtnet_stats_strings(const struct virtnet_info *vi, u8 *p)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(virtnet_dev_counters); i++)
		ethtool_puts(&p, virtnet_dev_counters[i].name);
	virtnet_xdp_strings(&p);
	for (i = 0; i < vi->caps.all_pairs; i++)
		virtnet_rx_strings(i, &p);
	for (i = 0; i < vi->caps.all_pairs; i++)
		virtnet_tx_strings(i, &p);
	virtnet_devstats_strings(vi, &p);
}

static u64 *virtnet_xdp_values(const struct virtnet_xdp_delta *v, u64 *data)
{
#define VALUE(name)	*data++ = v->name;
	VIRTNET_XDP_COUNTERS(VALUE)
#undef VALUE
	return data;
}

static u64 *virtnet_xdp_totals(const struct virtnet_info *vi, u64 *data)
{
	struct virtnet_xdp_delta v, sum = { };
	unsigned int i;

#define SUM(name)	sum.name += v.name;
	for (i = 0; i < vi->caps.all_pairs; i++) {
		virtnet_xdp_read(&vi->stats[i].xdp, &v);
		VIRTNET_XDP_COUNTERS(SUM)
	}
#undef SUM
	return virtnet_xdp_values(&sum, data);
}

static u64 *virtnet_rx_values(const struct virtnet_pair_stats *s, u64 *data)
{
	struct virtnet_xdp_delta xdp;
	struct virtnet_rx_delta v;

	virtnet_rx_read(&s->rx, &v);
#define VALUE(name)	*data++ = v.name;
	VIRTNET_RX_COUNTERS(VALUE)
#undef VALUE
	data[0] = virtnet_irq_read(&s->rx_irq);
	virtnet_xdp_read(&s->xdp, &xdp);
	return virtnet_xdp_values(&xdp, data + 1);
}

static u64 *virtnet_tx_values(const struct virtnet_pair_stats *s, u64 *data)
{
	struct virtnet_tx_delta v;

	virtnet_tx_read(&s->tx, &v);
#define VALUE(name)	*data++ = v.name;
	VIRTNET_TX_COUNTERS(VALUE)
#undef VALUE
	data[0] = virtnet_irq_read(&s->tx_irq);
	data[1] = atomic_long_read(&s->tx.timeouts);
	return data + 2;
}

/* The values; RTNL held. */
void virtnet_stats_values(struct virtnet_info *vi, u64 *data)
{
	const void *base = vi;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(virtnet_dev_counters); i++)
		*data++ = atomic_long_read(base +
					   virtnet_dev_counters[i].offset);
	data = virtnet_xdp_totals(vi, data);
	for (i = 0; i < vi->caps.all_pairs; i++)
		data = virtnet_rx_values(&vi->stats[i], data);
	for (i = 0; i < vi->caps.all_pairs; i++)
		data = virtnet_tx_values(&vi->stats[i], data);
	virtnet_devstats_values(vi, data);
}
