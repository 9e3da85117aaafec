// SPDX-License-Identifier: GPL-2.0
/* Queue statistics include checksums, GRO, stops (6.10). */
TEST(have_netdev_queue_stats_rich)
{
	struct netdev_queue_stats_rx rx;
	struct netdev_queue_stats_tx tx;

	HAS_TYPE(rx.hw_drop_ratelimits, u64);
	HAS_TYPE(tx.wake, u64);
}
