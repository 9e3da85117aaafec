// SPDX-License-Identifier: GPL-2.0
/* The NAPI of a queue can be told (6.8). */
EXPORTS(netif_queue_set_napi)
TEST(have_netif_queue_set_napi)
{
	netif_queue_set_napi(NULL, 0, NETDEV_QUEUE_TYPE_RX, NULL);
}
