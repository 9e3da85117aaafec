// SPDX-License-Identifier: GPL-2.0
/* The rx mode can be set from a context that may sleep (7.2). */
TEST(have_ndo_set_rx_mode_async)
{
	const struct net_device_ops ops;

	(void)ops.ndo_set_rx_mode_async;
}
