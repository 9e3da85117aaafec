// SPDX-License-Identifier: GPL-2.0
/* Queue statistics for netdev-genl (6.9). */
TEST(have_netdev_stat_ops)
{
	struct net_device dev;
	struct netdev_queue_stats_rx rx;

	dev.stat_ops = NULL;
	HAS_TYPE(rx.packets, u64);
}
