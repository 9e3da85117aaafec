// SPDX-License-Identifier: GPL-2.0
/* ethtool operations run under the instance lock unless they ask (7.2). */
TEST(have_ethtool_op_needs_rtnl)
{
	const struct ethtool_ops ops = { .op_needs_rtnl = 0 };
}
