// SPDX-License-Identifier: GPL-2.0
/* Time stamping is reported in a kernel structure (6.11). */
TEST(have_kernel_ethtool_ts_info)
{
	const struct ethtool_ops ops;

	HAS_TYPE(ops.get_ts_info, int (*)(struct net_device *, struct kernel_ethtool_ts_info *));
}
