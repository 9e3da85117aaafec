// SPDX-License-Identifier: GPL-2.0
/* The interrupt of a NAPI can be told (6.8). */
TEST(have_netif_napi_set_irq)
{
	netif_napi_set_irq(NULL, 0);
}
