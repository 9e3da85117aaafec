// SPDX-License-Identifier: GPL-2.0
/* Lockless waking of tx queues with BQL (6.4). */
TEST(have_netif_txq_completed_wake)
{
	struct netdev_queue *txq = NULL;

	(void)netif_txq_completed_wake(txq, 1, 2, 3, 4);
}
