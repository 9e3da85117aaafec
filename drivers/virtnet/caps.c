// SPDX-License-Identifier: GPL-2.0
/*
 * What the device offered. Everything read from config space at probe is
 * checked here and nowhere else.
 */
#include <virtnet/virtnet.h>

#include <linux/virtio_config.h>
#include <linux/virtio_net.h>

const unsigned int virtnet_features[] = {
	VIRTIO_NET_F_CSUM,
	VIRTIO_NET_F_GUEST_CSUM,
	VIRTIO_NET_F_MTU,
	VIRTIO_NET_F_MAC,
	VIRTIO_NET_F_GUEST_TSO4,
	VIRTIO_NET_F_GUEST_TSO6,
	VIRTIO_NET_F_GUEST_ECN,
	VIRTIO_NET_F_GUEST_UFO,
	VIRTIO_NET_F_HOST_TSO4,
	VIRTIO_NET_F_HOST_TSO6,
	VIRTIO_NET_F_HOST_ECN,
	VIRTIO_NET_F_MRG_RXBUF,
	VIRTIO_NET_F_STATUS,
	VIRTIO_NET_F_GUEST_USO4,
	VIRTIO_NET_F_GUEST_USO6,
	VIRTIO_NET_F_HOST_USO,
	VIRTIO_NET_F_GUEST_HDRLEN,
	VIRTIO_NET_F_SPEED_DUPLEX,
	VIRTIO_F_ANY_LAYOUT,
};

const unsigned int virtnet_features_count = ARRAY_SIZE(virtnet_features);

/* A feature is worth nothing without one of those it depends on. */
struct virtnet_feature_dep {
	unsigned int feature;
	unsigned int needs;
	unsigned int or_needs;
};

/* Virtio 1.3, 5.1.3.1. A dependency comes before what builds on it. */
static const struct virtnet_feature_dep virtnet_feature_deps[] = {
	{ VIRTIO_NET_F_GUEST_TSO4, VIRTIO_NET_F_GUEST_CSUM,
	  VIRTIO_NET_F_GUEST_CSUM },
	{ VIRTIO_NET_F_GUEST_TSO6, VIRTIO_NET_F_GUEST_CSUM,
	  VIRTIO_NET_F_GUEST_CSUM },
	{ VIRTIO_NET_F_GUEST_ECN, VIRTIO_NET_F_GUEST_TSO4,
	  VIRTIO_NET_F_GUEST_TSO6 },
	{ VIRTIO_NET_F_GUEST_UFO, VIRTIO_NET_F_GUEST_CSUM,
	  VIRTIO_NET_F_GUEST_CSUM },
	{ VIRTIO_NET_F_GUEST_USO4, VIRTIO_NET_F_GUEST_CSUM,
	  VIRTIO_NET_F_GUEST_CSUM },
	{ VIRTIO_NET_F_GUEST_USO6, VIRTIO_NET_F_GUEST_CSUM,
	  VIRTIO_NET_F_GUEST_CSUM },
	{ VIRTIO_NET_F_HOST_TSO4, VIRTIO_NET_F_CSUM, VIRTIO_NET_F_CSUM },
	{ VIRTIO_NET_F_HOST_TSO6, VIRTIO_NET_F_CSUM, VIRTIO_NET_F_CSUM },
	{ VIRTIO_NET_F_HOST_ECN, VIRTIO_NET_F_HOST_TSO4,
	  VIRTIO_NET_F_HOST_TSO6 },
	{ VIRTIO_NET_F_HOST_USO, VIRTIO_NET_F_CSUM, VIRTIO_NET_F_CSUM },
};

static bool virtnet_dep_missing(struct virtio_device *vdev,
				const struct virtnet_feature_dep *dep)
{
	return virtio_has_feature(vdev, dep->feature) &&
	       !virtio_has_feature(vdev, dep->needs) &&
	       !virtio_has_feature(vdev, dep->or_needs);
}

static void virtnet_clear_orphans(struct virtio_device *vdev)
{
	const struct virtnet_feature_dep *dep = virtnet_feature_deps;
	const struct virtnet_feature_dep *end =
		dep + ARRAY_SIZE(virtnet_feature_deps);

	for (; dep < end; dep++) {
		if (!virtnet_dep_missing(vdev, dep))
			continue;
		dev_warn(&vdev->dev,
			 "device offers feature %u without %u, ignored\n",
			 dep->feature, dep->needs);
		__virtio_clear_bit(vdev, dep->feature);
	}
}

static void virtnet_check_mtu(struct virtio_device *vdev)
{
	u16 mtu;

	if (!virtio_has_feature(vdev, VIRTIO_NET_F_MTU))
		return;
	virtio_cread(vdev, struct virtio_net_config, mtu, &mtu);
	if (mtu >= ETH_MIN_MTU)
		return;
	dev_warn(&vdev->dev, "device offers an MTU of %u, ignored\n", mtu);
	__virtio_clear_bit(vdev, VIRTIO_NET_F_MTU);
}

/**
 * virtnet_validate() - drop features that make no sense before they are agreed
 * @vdev: the device, features offered by both sides set
 *
 * Return: 0, or -EINVAL for a device that cannot be driven at all.
 */
int virtnet_validate(struct virtio_device *vdev)
{
	if (!vdev->config->get) {
		dev_err(&vdev->dev, "device has no readable config space\n");
		return -EINVAL;
	}
	virtnet_clear_orphans(vdev);
	virtnet_check_mtu(vdev);
	return 0;
}

static void virtnet_caps_mac(struct virtio_device *vdev,
			     struct virtnet_caps *caps)
{
	if (!virtio_has_feature(vdev, VIRTIO_NET_F_MAC))
		return;
	virtio_cread_bytes(vdev, offsetof(struct virtio_net_config, mac),
			   caps->mac, ETH_ALEN);
	if (is_valid_ether_addr(caps->mac))
		return;
	dev_warn(&vdev->dev, "device offers the MAC address %pM, ignored\n",
		 caps->mac);
	eth_zero_addr(caps->mac);
}

static u8 virtnet_caps_gso_types(struct virtio_device *vdev)
{
	u8 types = BIT(VIRTIO_NET_HDR_GSO_NONE);

	if (virtio_has_feature(vdev, VIRTIO_NET_F_GUEST_TSO4))
		types |= BIT(VIRTIO_NET_HDR_GSO_TCPV4);
	if (virtio_has_feature(vdev, VIRTIO_NET_F_GUEST_TSO6))
		types |= BIT(VIRTIO_NET_HDR_GSO_TCPV6);
	if (virtio_has_feature(vdev, VIRTIO_NET_F_GUEST_UFO))
		types |= BIT(VIRTIO_NET_HDR_GSO_UDP);
	if (virtio_has_feature(vdev, VIRTIO_NET_F_GUEST_USO4) ||
	    virtio_has_feature(vdev, VIRTIO_NET_F_GUEST_USO6))
		types |= BIT(VIRTIO_NET_HDR_GSO_UDP_L4);
	return types;
}

static u8 virtnet_caps_hdr_len(struct virtio_device *vdev)
{
	if (virtio_has_feature(vdev, VIRTIO_NET_F_MRG_RXBUF) ||
	    virtio_has_feature(vdev, VIRTIO_F_VERSION_1))
		return sizeof(struct virtio_net_hdr_mrg_rxbuf);
	return sizeof(struct virtio_net_hdr);
}

/**
 * virtnet_caps_read() - fill in @caps from the negotiated features
 * @vdev: the device, features negotiated
 * @caps: zeroed; ring sizes are left to who creates the rings
 */
void virtnet_caps_read(struct virtio_device *vdev, struct virtnet_caps *caps)
{
	virtnet_caps_mac(vdev, caps);
	if (virtio_has_feature(vdev, VIRTIO_NET_F_MTU))
		virtio_cread(vdev, struct virtio_net_config, mtu, &caps->mtu);
	caps->max_pairs = 1;
	caps->hdr_len = virtnet_caps_hdr_len(vdev);
	caps->gso_types = virtnet_caps_gso_types(vdev);
	caps->guest_gso = caps->gso_types != BIT(VIRTIO_NET_HDR_GSO_NONE);
	caps->little_endian = virtio_is_little_endian(vdev);
	caps->any_layout = virtio_has_feature(vdev, VIRTIO_F_ANY_LAYOUT) ||
			   virtio_has_feature(vdev, VIRTIO_F_VERSION_1);
	caps->mrg_rxbuf = virtio_has_feature(vdev, VIRTIO_NET_F_MRG_RXBUF);
	caps->guest_csum = virtio_has_feature(vdev, VIRTIO_NET_F_GUEST_CSUM);
	caps->guest_ecn = virtio_has_feature(vdev, VIRTIO_NET_F_GUEST_ECN);
	caps->guest_hdrlen = virtio_has_feature(vdev,
						VIRTIO_NET_F_GUEST_HDRLEN);
	caps->link_status = virtio_has_feature(vdev, VIRTIO_NET_F_STATUS);
	caps->speed_duplex = virtio_has_feature(vdev,
						VIRTIO_NET_F_SPEED_DUPLEX);
}
