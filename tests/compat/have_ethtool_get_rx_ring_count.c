// SPDX-License-Identifier: GPL-2.0
/* The number of RSS queues has an operation of its own (6.19). */
TEST(have_ethtool_get_rx_ring_count)
{
	const struct ethtool_ops ops;

	HAS_TYPE(ops.get_rx_ring_count, u32 (*)(struct net_device *));
}
