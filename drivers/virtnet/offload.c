// SPDX-License-Identifier: GPL-2.0
/* What the net device claims to be able to do, and switching of it. */
#include <virtnet/virtnet.h>

#include <linux/virtio_config.h>
#include <linux/virtio_net.h>

#define VIRTNET_TUNNEL_OFFLOADS						\
	{ VIRTIO_NET_F_HOST_UDP_TUNNEL_GSO, NETIF_F_GSO_UDP_TUNNEL },	\
	{ VIRTIO_NET_F_HOST_UDP_TUNNEL_GSO_CSUM, NETIF_F_GSO_UDP_TUNNEL_CSUM },

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
	VIRTNET_EXTENDED_FEATURES(VIRTNET_TUNNEL_OFFLOADS)
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

/**
 * virtnet_init_features() - what the net device can do
 * @vi: the interface, caps read, not registered yet
 */
void virtnet_init_features(struct virtnet_info *vi)
{
	struct net_device *dev = vi->dev;
	netdev_features_t rx = 0;

	dev->hw_features = virtnet_tx_features(vi->vdev);
	dev->vlan_features = dev->hw_features;
	/* What is in a tunnel: checksums and all if the tunnel is understood. */
	if (vi->caps.tx_tunnel)
		dev->hw_enc_features = dev->hw_features;
	dev->features = dev->hw_features | NETIF_F_HIGHDMA;
	/* The device checks GSO packets from other guests itself. */
	if (dev->hw_features & NETIF_F_HW_CSUM)
		dev->features |= NETIF_F_GSO_ROBUST;
	if (vi->caps.guest_csum)
		rx |= NETIF_F_RXCSUM;
	if (vi->caps.guest_gso)
		rx |= NETIF_F_GRO_HW;
	/* Not told to the device: a hash that nobody wants is not looked at. */
	if (vi->caps.hash_report) {
		dev->hw_features |= NETIF_F_RXHASH;
		rx |= NETIF_F_RXHASH;
	}
	dev->features |= rx;
	if (vi->caps.ctrl_offloads)
		dev->hw_features |= rx;
	if (vi->caps.ctrl_vlan)
		dev->features |= NETIF_F_HW_VLAN_CTAG_FILTER;
}

static bool virtnet_offloads_able(const struct virtnet_caps *caps)
{
	return caps->ctrl_offloads;
}

/* After a reset everything that was agreed to is on. */
static bool virtnet_offloads_due(const struct virtnet_caps *caps,
				 const struct virtnet_settings *s)
{
	return virtnet_offloads_wanted(s) != caps->offloads;
}

static bool virtnet_offloads_differ(const struct virtnet_settings *a,
				    const struct virtnet_settings *b)
{
	return virtnet_offloads_wanted(a) != virtnet_offloads_wanted(b);
}

/* Virtio 1.3, 5.1.6.5.6. */
static int virtnet_offloads_send(struct virtnet_info *vi,
				 const struct virtnet_settings *s,
				 const struct virtnet_settings *old)
{
	__virtio64 v = cpu_to_virtio64(vi->vdev, virtnet_offloads_wanted(s));

	return virtnet_ctrl_tell(vi, VIRTIO_NET_CTRL_GUEST_OFFLOADS,
				 VIRTIO_NET_CTRL_GUEST_OFFLOADS_SET,
				 &v, sizeof(v));
}

const struct virtnet_replay_item virtnet_replay_offloads = {
	.name = "receive offloads",
	.refused = "device refused the receive offloads",
	.able = virtnet_offloads_able,
	.wanted = virtnet_offloads_due,
	.differs = virtnet_offloads_differ,
	.send = virtnet_offloads_send,
};

/* Large packets need checksums; the stack knows, and never asks otherwise. */
static u64 virtnet_offloads_of(const struct virtnet_caps *caps,
			       netdev_features_t features)
{
	u64 csum = BIT_ULL(VIRTIO_NET_F_GUEST_CSUM);

	if (!(features & NETIF_F_RXCSUM))
		return 0;
	if (!(features & NETIF_F_GRO_HW))
		return caps->offloads & csum;
	return caps->offloads;
}

/* ndo_set_features */
int virtnet_set_features(struct net_device *dev, netdev_features_t features)
{
	struct virtnet_info *vi = netdev_priv(dev);
	struct virtnet_settings *want;

	if (!((dev->features ^ features) & (NETIF_F_RXCSUM | NETIF_F_GRO_HW)))
		return 0;
	want = virtnet_settings_edit(vi);
	if (!want)
		return -ENOMEM;
	want->offloads = virtnet_offloads_of(&vi->caps, features);
	return virtnet_settings_commit(vi, want, NULL);
}
