// SPDX-License-Identifier: GPL-2.0
/* The XDP features of a netdev can change (6.3). */
EXPORTS(xdp_set_features_flag)
TEST(have_xdp_set_features_flag)
{
	xdp_set_features_flag(NULL, NETDEV_XDP_ACT_BASIC);
}
