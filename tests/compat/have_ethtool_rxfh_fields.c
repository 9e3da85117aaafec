// SPDX-License-Identifier: GPL-2.0
/* RSS hash fields have operations of their own (6.17; backported to 6.12). */
TEST(have_ethtool_rxfh_fields)
{
	const struct ethtool_ops ops;

	HAS_TYPE(ops.get_rxfh_fields, int (*)(struct net_device *, struct ethtool_rxfh_fields *));
	HAS_TYPE(ops.set_rxfh_fields, int (*)(struct net_device *,
					      const struct ethtool_rxfh_fields *,
					      struct netlink_ext_ack *));
}
