// SPDX-License-Identifier: GPL-2.0
/* net_device_ops, and what the net device claims to be able to do. */
#include <virtnet/tx.h>
#include <virtnet/virtnet.h>

#include <linux/etherdevice.h>
#include <linux/virtio_config.h>
#include <linux/virtio_net.h>

#define VIRTNET_WATCHDOG	(5 * HZ)

static int virtnet_open(struct net_device *dev)
{
	return virtnet_up(netdev_priv(dev));
}

static int virtnet_close(struct net_device *dev)
{
	virtnet_down(netdev_priv(dev));
	return 0;
}

static int virtnet_change_mtu(struct net_device *dev, int mtu)
{
	struct virtnet_info *vi = netdev_priv(dev);
	struct virtnet_settings want = vi->settings;
	int err;

	want.mtu = mtu;
	err = virtnet_apply(vi, &want, NULL);
	if (!err)
		WRITE_ONCE(dev->mtu, mtu);
	return err;
}

/* A legacy device keeps its address in writable config space. */
static void virtnet_write_mac(struct virtnet_info *vi)
{
	unsigned int i;

	if (!virtio_has_feature(vi->vdev, VIRTIO_NET_F_MAC) ||
	    virtio_has_feature(vi->vdev, VIRTIO_F_VERSION_1))
		return;
	for (i = 0; i < ETH_ALEN; i++)
		virtio_cwrite8(vi->vdev,
			       offsetof(struct virtio_net_config, mac) + i,
			       vi->settings.mac[i]);
}

static int virtnet_set_mac_address(struct net_device *dev, void *p)
{
	struct virtnet_info *vi = netdev_priv(dev);
	struct virtnet_settings want = vi->settings;
	struct sockaddr *addr = p;
	int err;

	err = eth_prepare_mac_addr_change(dev, p);
	if (err)
		return err;
	ether_addr_copy(want.mac, addr->sa_data);
	err = virtnet_apply(vi, &want, NULL);
	if (err)
		return err;
	virtnet_write_mac(vi);
	eth_commit_mac_addr_change(dev, p);
	return 0;
}

static void virtnet_tx_timeout(struct net_device *dev, unsigned int txqueue)
{
	struct virtnet_info *vi = netdev_priv(dev);

	atomic_long_inc(&vi->stats[txqueue].tx.timeouts);
	netdev_err(dev, "transmit queue %u timed out\n", txqueue);
	virtnet_report_fault(vi, VIRTNET_FAULT_TX_TIMEOUT);
}

const struct net_device_ops virtnet_netdev_ops = {
	.ndo_open = virtnet_open,
	.ndo_stop = virtnet_close,
	.ndo_start_xmit = virtnet_start_xmit,
	.ndo_validate_addr = eth_validate_addr,
	.ndo_set_mac_address = virtnet_set_mac_address,
	.ndo_change_mtu = virtnet_change_mtu,
	.ndo_get_stats64 = virtnet_get_stats64,
	.ndo_features_check = passthru_features_check,
	.ndo_tx_timeout = virtnet_tx_timeout,
};

/* A virtio feature and the net device feature that it stands for. */
static const struct {
	unsigned int virtio;
	netdev_features_t netdev;
} virtnet_tx_offloads[] = {
	{ VIRTIO_NET_F_CSUM, NETIF_F_HW_CSUM | NETIF_F_SG },
	{ VIRTIO_NET_F_HOST_TSO4, NETIF_F_TSO },
	{ VIRTIO_NET_F_HOST_TSO6, NETIF_F_TSO6 },
	{ VIRTIO_NET_F_HOST_ECN, NETIF_F_TSO_ECN },
	{ VIRTIO_NET_F_HOST_USO, NETIF_F_GSO_UDP_L4 },
};

static netdev_features_t virtnet_tx_features(struct virtio_device *vdev)
{
	netdev_features_t features = 0;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(virtnet_tx_offloads); i++)
		if (virtio_has_feature(vdev, virtnet_tx_offloads[i].virtio))
			features |= virtnet_tx_offloads[i].netdev;
	return features;
}

static void virtnet_init_features(struct virtnet_info *vi)
{
	struct net_device *dev = vi->dev;

	dev->hw_features = virtnet_tx_features(vi->vdev);
	dev->vlan_features = dev->hw_features;
	dev->features = dev->hw_features | NETIF_F_HIGHDMA;
	/* The device checks GSO packets from other guests itself. */
	if (dev->hw_features & NETIF_F_HW_CSUM)
		dev->features |= NETIF_F_GSO_ROBUST;
	if (vi->caps.guest_csum)
		dev->features |= NETIF_F_RXCSUM;
	if (vi->caps.guest_gso)
		dev->features |= NETIF_F_GRO_HW;
}

/**
 * virtnet_netdev_init() - what the net device is before it is registered
 * @vi: the interface, caps read
 */
void virtnet_netdev_init(struct virtnet_info *vi)
{
	struct net_device *dev = vi->dev;

	dev->netdev_ops = &virtnet_netdev_ops;
	dev->ethtool_ops = &virtnet_ethtool_ops;
	dev->watchdog_timeo = VIRTNET_WATCHDOG;
	dev->priv_flags |= IFF_LIVE_ADDR_CHANGE | IFF_TX_SKB_NO_LINEAR;
	dev->min_mtu = ETH_MIN_MTU;
	dev->max_mtu = vi->caps.mtu ? vi->caps.mtu : ETH_MAX_MTU;
	virtnet_init_features(vi);
}
