// SPDX-License-Identifier: GPL-2.0
/* RSS settings travel in struct ethtool_rxfh_param (6.8). */
TEST(have_ethtool_rxfh_param)
{
	const struct ethtool_ops ops;

	HAS_TYPE(ops.get_rxfh, int (*)(struct net_device *, struct ethtool_rxfh_param *));
	HAS_TYPE(ops.set_rxfh, int (*)(struct net_device *, struct ethtool_rxfh_param *,
				       struct netlink_ext_ack *));
}
