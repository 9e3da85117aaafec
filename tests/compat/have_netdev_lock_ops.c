// SPDX-License-Identifier: GPL-2.0
/* Operations may run under the lock of the netdev (6.15). */
TEST(have_netdev_lock_ops)
{
	netdev_lock_ops((struct net_device *)NULL);
	netdev_unlock_ops((struct net_device *)NULL);
}
