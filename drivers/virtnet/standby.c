// SPDX-License-Identifier: GPL-2.0
/*
 * Standby (virtio 1.3, 5.1.3): a NIC that is passed through has the same
 * address as this one and takes over while it is there, under an interface of
 * the kernel's net_failover. A host could have any NIC of the guest taken over
 * like that, so the administrator has to ask for it.
 */
#include <virtnet/virtnet.h>

#include <linux/module.h>
#include <linux/rtnetlink.h>
#include <linux/virtio_net.h>
#include <net/failover.h>
#include <net/net_failover.h>

module_param_named(standby, virtnet_standby, bool, 0444);
MODULE_PARM_DESC(standby,
		 "let a NIC with the same MAC address take over, where the device offers it (default off)");

/*
 * The interface above gives its MTU to those below it, and begins with the
 * usual one: which is not what the device asked for, and may be too much.
 */
static int virtnet_standby_mtu(struct failover *failover,
			       const struct net_device *dev)
{
	int err;

	rtnl_lock();
	err = dev_set_mtu(rtnl_dereference(failover->failover_dev), dev->mtu);
	rtnl_unlock();
	return err;
}

/**
 * virtnet_standby_start() - make the interface above ours
 * @vi: the interface, not registered yet
 *
 * Return: 0, also where there is nothing to do, or -errno.
 */
int virtnet_standby_start(struct virtnet_info *vi)
{
	struct failover *failover;
	int err;

	if (!virtio_has_feature(vi->vdev, VIRTIO_NET_F_STANDBY))
		return 0;
	failover = net_failover_create(vi->dev);
	if (IS_ERR(failover))
		return PTR_ERR(failover);
	err = virtnet_standby_mtu(failover, vi->dev);
	if (err) {
		net_failover_destroy(failover);
		return err;
	}
	vi->failover = failover;
	return 0;
}

/* Our interface is not registered any more, or was not. RTNL not held. */
void virtnet_standby_stop(struct virtnet_info *vi)
{
	if (vi->failover)
		net_failover_destroy(vi->failover);
	vi->failover = NULL;
}

/* So that udev can name the three of them. */
int virtnet_get_phys_port_name(struct net_device *dev, char *buf, size_t len)
{
	struct virtnet_info *vi = netdev_priv(dev);

	if (!vi->failover)
		return -EOPNOTSUPP;
	return snprintf(buf, len, "sby") >= len ? -EOPNOTSUPP : 0;
}
