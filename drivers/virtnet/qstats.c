// SPDX-License-Identifier: GPL-2.0
/*
 * Statistics of single queues as netdev-genl wants them: the same numbers as
 * in ethtool -S. What queues counted that are not in use is the base.
 */
#include <virtnet/virtnet.h>

#include <linux/netdevice.h>

static void virtnet_rx_queue_stats(const struct virtnet_pair_stats *s,
				   struct netdev_queue_stats_rx *out)
{
	struct virtnet_rx_delta rx;

	virtnet_rx_read(&s->rx, &rx);
	out->packets += rx.packets;
	out->bytes += rx.bytes;
	out->alloc_fail += rx.skb_alloc_fail + rx.alloc_fail;
}

static void virtnet_tx_queue_stats(const struct virtnet_pair_stats *s,
				   struct netdev_queue_stats_tx *out)
{
	struct virtnet_tx_delta tx;

	virtnet_tx_read(&s->tx, &tx);
	out->packets += tx.packets;
	out->bytes += tx.bytes;
	out->stop += tx.stop;
	out->wake += tx.wake;
}

/* Only what we count is to be set: the rest stays "not known". */
static void virtnet_rx_stats_begin(struct netdev_queue_stats_rx *rx)
{
	rx->packets = 0;
	rx->bytes = 0;
	rx->alloc_fail = 0;
}

static void virtnet_tx_stats_begin(struct netdev_queue_stats_tx *tx)
{
	tx->packets = 0;
	tx->bytes = 0;
	tx->stop = 0;
	tx->wake = 0;
}

static void virtnet_get_queue_stats_rx(struct net_device *dev, int i,
				       struct netdev_queue_stats_rx *rx)
{
	struct virtnet_info *vi = netdev_priv(dev);

	virtnet_rx_stats_begin(rx);
	virtnet_rx_queue_stats(&vi->stats[i], rx);
}

static void virtnet_get_queue_stats_tx(struct net_device *dev, int i,
				       struct netdev_queue_stats_tx *tx)
{
	struct virtnet_info *vi = netdev_priv(dev);

	virtnet_tx_stats_begin(tx);
	virtnet_tx_queue_stats(&vi->stats[i], tx);
}

static void virtnet_get_base_stats(struct net_device *dev,
				   struct netdev_queue_stats_rx *rx,
				   struct netdev_queue_stats_tx *tx)
{
	struct virtnet_info *vi = netdev_priv(dev);
	unsigned int i;

	virtnet_rx_stats_begin(rx);
	virtnet_tx_stats_begin(tx);
	for (i = dev->real_num_rx_queues; i < vi->caps.all_pairs; i++)
		virtnet_rx_queue_stats(&vi->stats[i], rx);
	for (i = dev->real_num_tx_queues; i < vi->caps.all_pairs; i++)
		virtnet_tx_queue_stats(&vi->stats[i], tx);
}

const struct netdev_stat_ops virtnet_stat_ops = {
	.get_queue_stats_rx = virtnet_get_queue_stats_rx,
	.get_queue_stats_tx = virtnet_get_queue_stats_tx,
	.get_base_stats = virtnet_get_base_stats,
};
