// SPDX-License-Identifier: GPL-2.0
/* A netdev has a lock of its own (6.14). */
TEST(have_netdev_lock)
{
	netdev_lock((struct net_device *)NULL);
	netdev_unlock((struct net_device *)NULL);
}
