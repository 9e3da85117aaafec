// SPDX-License-Identifier: GPL-2.0
/* The XDP features of a netdev change under its lock (7.0). */
EXPORTS(xdp_set_features_flag_locked)
TEST(have_xdp_set_features_flag_locked)
{
	xdp_set_features_flag_locked(NULL, NETDEV_XDP_ACT_BASIC);
}
