// SPDX-License-Identifier: GPL-2.0
/* BQL of one queue can be reset by number (6.12). */
TEST(have_netdev_tx_reset_subqueue)
{
	netdev_tx_reset_subqueue(NULL, 0);
}
