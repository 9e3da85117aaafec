// SPDX-License-Identifier: GPL-2.0
/* A NAPI can keep its settings over restarts (6.13). */
TEST(have_netif_napi_add_config)
{
	netif_napi_add_config(NULL, NULL, NULL, 0);
}
