// SPDX-License-Identifier: GPL-2.0
/* Lockless stopping of tx queues (6.4; backported to 6.1). */
TEST(have_netif_txq_maybe_stop)
{
	struct netdev_queue *txq = NULL;

	(void)netif_txq_maybe_stop(txq, 1, 2, 3);
	(void)netif_txq_try_stop(txq, 1, 2);
}
