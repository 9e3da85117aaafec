// SPDX-License-Identifier: GPL-2.0
/*
 * What the device offered. Everything read from config space at probe is
 * checked here and nowhere else.
 */
#include <virtnet/virtnet.h>

#include <linux/cpumask.h>
#include <linux/log2.h>
#include <linux/virtio_config.h>
#include <linux/virtio_net.h>
#include <linux/virtio_ring.h>

/* CPUs to have a queue pair each; 0: this machine's. Only tests set it. */
unsigned int virtnet_cpus;
EXPORT_SYMBOL_IF_KUNIT(virtnet_cpus);

const unsigned int virtnet_features[] = {
	VIRTIO_NET_F_CSUM,
	VIRTIO_NET_F_GUEST_CSUM,
	VIRTIO_NET_F_CTRL_GUEST_OFFLOADS,
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
	VIRTIO_NET_F_CTRL_VQ,
	VIRTIO_NET_F_CTRL_RX,
	VIRTIO_NET_F_CTRL_VLAN,
	VIRTIO_NET_F_GUEST_ANNOUNCE,
	VIRTIO_NET_F_MQ,
	VIRTIO_NET_F_CTRL_MAC_ADDR,
	VIRTIO_NET_F_DEVICE_STATS,
	VIRTIO_NET_F_VQ_NOTF_COAL,
	VIRTIO_NET_F_NOTF_COAL,
	VIRTIO_NET_F_GUEST_USO4,
	VIRTIO_NET_F_GUEST_USO6,
	VIRTIO_NET_F_HOST_USO,
	VIRTIO_NET_F_HASH_REPORT,
	VIRTIO_NET_F_GUEST_HDRLEN,
	VIRTIO_NET_F_RSS,
	VIRTIO_NET_F_SPEED_DUPLEX,
	VIRTIO_NET_F_STANDBY,
	VIRTIO_F_ANY_LAYOUT,
	VIRTNET_EXTENDED_FEATURES(VIRTIO_NET_F_GUEST_UDP_TUNNEL_GSO,
				  VIRTIO_NET_F_GUEST_UDP_TUNNEL_GSO_CSUM,
				  VIRTIO_NET_F_HOST_UDP_TUNNEL_GSO,
				  VIRTIO_NET_F_HOST_UDP_TUNNEL_GSO_CSUM)
};
EXPORT_SYMBOL_IF_KUNIT(virtnet_features);

const unsigned int virtnet_features_count = ARRAY_SIZE(virtnet_features);
EXPORT_SYMBOL_IF_KUNIT(virtnet_features_count);

/* A feature is worth nothing without one of those it depends on. */
struct virtnet_feature_dep {
	unsigned int feature;
	unsigned int needs;
	unsigned int or_needs;
};

#define NEEDS(f, a)	{ VIRTIO_NET_F_##f, VIRTIO_NET_F_##a, VIRTIO_NET_F_##a }
#define NEEDS_EITHER(f, a, b) \
	{ VIRTIO_NET_F_##f, VIRTIO_NET_F_##a, VIRTIO_NET_F_##b }

/*
 * UDP tunnels came after virtio 1.3. The length of the header depends on them,
 * so that a device without a command to switch them off is only asked for them
 * where the other direction keeps the header as it is: see virtnet_negotiate().
 */
#define VIRTNET_TUNNEL_DEPS						\
	NEEDS(HOST_UDP_TUNNEL_GSO, HOST_TSO4),				\
	NEEDS(HOST_UDP_TUNNEL_GSO, HOST_TSO6),				\
	NEEDS(HOST_UDP_TUNNEL_GSO, HOST_USO),				\
	NEEDS(HOST_UDP_TUNNEL_GSO_CSUM, HOST_UDP_TUNNEL_GSO),		\
	NEEDS(GUEST_UDP_TUNNEL_GSO, GUEST_TSO4),			\
	NEEDS(GUEST_UDP_TUNNEL_GSO, GUEST_TSO6),			\
	NEEDS(GUEST_UDP_TUNNEL_GSO, GUEST_USO4),			\
	NEEDS(GUEST_UDP_TUNNEL_GSO, GUEST_USO6),			\
	NEEDS_EITHER(GUEST_UDP_TUNNEL_GSO, CTRL_GUEST_OFFLOADS,		\
		     HOST_UDP_TUNNEL_GSO),				\
	NEEDS(GUEST_UDP_TUNNEL_GSO_CSUM, GUEST_UDP_TUNNEL_GSO),

/* Virtio 1.3, 5.1.3.1. A dependency comes before what builds on it. */
static const struct virtnet_feature_dep virtnet_feature_deps[] = {
	NEEDS(GUEST_TSO4, GUEST_CSUM),
	NEEDS(GUEST_TSO6, GUEST_CSUM),
	NEEDS_EITHER(GUEST_ECN, GUEST_TSO4, GUEST_TSO6),
	NEEDS(GUEST_UFO, GUEST_CSUM),
	NEEDS(GUEST_USO4, GUEST_CSUM),
	NEEDS(GUEST_USO6, GUEST_CSUM),
	NEEDS(HOST_TSO4, CSUM),
	NEEDS(HOST_TSO6, CSUM),
	NEEDS_EITHER(HOST_ECN, HOST_TSO4, HOST_TSO6),
	NEEDS(HOST_USO, CSUM),
	NEEDS(CTRL_RX, CTRL_VQ),
	NEEDS(CTRL_VLAN, CTRL_VQ),
	NEEDS(GUEST_ANNOUNCE, CTRL_VQ),
	NEEDS(GUEST_ANNOUNCE, STATUS),
	NEEDS(MQ, CTRL_VQ),
	NEEDS(CTRL_MAC_ADDR, CTRL_VQ),
	NEEDS(CTRL_GUEST_OFFLOADS, CTRL_VQ),
	NEEDS(RSS, CTRL_VQ),
	NEEDS(HASH_REPORT, CTRL_VQ),
	NEEDS(NOTF_COAL, CTRL_VQ),
	NEEDS(VQ_NOTF_COAL, CTRL_VQ),
	NEEDS(DEVICE_STATS, CTRL_VQ),
	VIRTNET_EXTENDED_FEATURES(VIRTNET_TUNNEL_DEPS)
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

static u32 virtnet_config_generation(struct virtio_device *vdev)
{
	return vdev->config->generation ? vdev->config->generation(vdev) : 0;
}

/**
 * virtnet_config_read() - read bytes of config space, all of one moment
 * @vdev: the device
 * @offset: where
 * @buf: what for
 * @len: how much
 *
 * Virtio 1.3, 2.5.1; but a device that never stops changing is given up.
 *
 * Return: 0 or -EIO.
 */
int virtnet_config_read(struct virtio_device *vdev, unsigned int offset,
			void *buf, unsigned int len)
{
	unsigned int tries = 100, i;
	u32 old;

	do {
		old = virtnet_config_generation(vdev);
		/* Transports take fields of 1, 2, 4 and 8 bytes. */
		for (i = 0; i < len; i++)
			vdev->config->get(vdev, offset + i, buf + i, 1);
		if (virtnet_config_generation(vdev) == old)
			return 0;
	} while (--tries);
	dev_err(&vdev->dev, "config space at %u never settles\n", offset);
	return -EIO;
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

/*
 * The control queue lies behind all pairs of the device (virtio 1.3, 5.1.2),
 * and a transport finds queues only by creating those in front of it. So
 * with more pairs than can be borne there is one pair, the control queue
 * behind it.
 */
static void virtnet_check_pairs(struct virtio_device *vdev)
{
	u16 pairs;

	if (!virtio_has_feature(vdev, VIRTIO_NET_F_MQ) &&
	    !virtio_has_feature(vdev, VIRTIO_NET_F_RSS))
		return;
	virtio_cread(vdev, struct virtio_net_config, max_virtqueue_pairs,
		     &pairs);
	if (pairs >= VIRTIO_NET_CTRL_MQ_VQ_PAIRS_MIN &&
	    pairs <= VIRTNET_PAIRS_MAX)
		return;
	dev_warn(&vdev->dev, "device offers %u queue pairs, one is used\n",
		 pairs);
	__virtio_clear_bit(vdev, VIRTIO_NET_F_MQ);
	__virtio_clear_bit(vdev, VIRTIO_NET_F_RSS);
}

/* Hash types that we know the fields of. */
#define VIRTNET_HASH_TYPES					\
	(VIRTIO_NET_RSS_HASH_TYPE_IPv4 |			\
	 VIRTIO_NET_RSS_HASH_TYPE_TCPv4 |			\
	 VIRTIO_NET_RSS_HASH_TYPE_UDPv4 |			\
	 VIRTIO_NET_RSS_HASH_TYPE_IPv6 |			\
	 VIRTIO_NET_RSS_HASH_TYPE_TCPv6 |			\
	 VIRTIO_NET_RSS_HASH_TYPE_UDPv6)

static u32 virtnet_hash_types(struct virtio_device *vdev)
{
	u32 types;

	virtio_cread_le(vdev, struct virtio_net_config, supported_hash_types,
			&types);
	return types & VIRTNET_HASH_TYPES;
}

/* Key and hash types that can be worked with (virtio 1.3, 5.1.4). */
static void virtnet_check_hash(struct virtio_device *vdev)
{
	u32 types;
	u8 key;

	if (!virtio_has_feature(vdev, VIRTIO_NET_F_RSS) &&
	    !virtio_has_feature(vdev, VIRTIO_NET_F_HASH_REPORT))
		return;
	virtio_cread_le(vdev, struct virtio_net_config, rss_max_key_size, &key);
	types = virtnet_hash_types(vdev);
	if (key >= VIRTNET_RSS_KEY && types)
		return;
	dev_warn(&vdev->dev,
		 "device offers hashes with keys of %u bytes, types %#x, ignored\n",
		 key, types);
	__virtio_clear_bit(vdev, VIRTIO_NET_F_RSS);
	__virtio_clear_bit(vdev, VIRTIO_NET_F_HASH_REPORT);
}

static u16 virtnet_rss_table(struct virtio_device *vdev)
{
	u16 len;

	virtio_cread_le(vdev, struct virtio_net_config,
			rss_max_indirection_table_length, &len);
	return len;
}

/* A table without entries leads nowhere. */
static void virtnet_check_rss(struct virtio_device *vdev)
{
	if (!virtio_has_feature(vdev, VIRTIO_NET_F_RSS) ||
	    virtnet_rss_table(vdev))
		return;
	dev_warn(&vdev->dev, "device offers RSS without a table, ignored\n");
	__virtio_clear_bit(vdev, VIRTIO_NET_F_RSS);
}

/* A crash kernel has little memory, and one packet to send now and then. */
bool virtnet_frugal;
EXPORT_SYMBOL_IF_KUNIT(virtnet_frugal);

static void virtnet_check_frugal(struct virtio_device *vdev)
{
	if (!virtnet_frugal)
		return;
	__virtio_clear_bit(vdev, VIRTIO_NET_F_MQ);
	__virtio_clear_bit(vdev, VIRTIO_NET_F_RSS);
}

/* Did the administrator ask for it? See standby.c. */
bool virtnet_standby;
EXPORT_SYMBOL_IF_KUNIT(virtnet_standby);

/* NICs are told apart by the address. */
static void virtnet_check_standby(struct virtio_device *vdev)
{
	if (!virtnet_standby || !virtio_has_feature(vdev, VIRTIO_NET_F_MAC))
		__virtio_clear_bit(vdev, VIRTIO_NET_F_STANDBY);
}

/*
 * A table of descriptors of its own costs a packet of two or three pieces more than
 * it spares the ring: it is allocated, mapped and freed each time. Whoever receives
 * in chains (big mode) needs such tables; the feature is one for all queues.
 */
static void virtnet_check_indirect(struct virtio_device *vdev)
{
	if (virtio_has_feature(vdev, VIRTIO_NET_F_MRG_RXBUF))
		__virtio_clear_bit(vdev, VIRTIO_RING_F_INDIRECT_DESC);
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
	virtnet_check_frugal(vdev);
	virtnet_check_standby(vdev);
	virtnet_clear_orphans(vdev);
	virtnet_check_mtu(vdev);
	virtnet_check_hash(vdev);
	virtnet_check_rss(vdev);
	virtnet_check_pairs(vdev);
	virtnet_check_indirect(vdev);
	return 0;
}

static int virtnet_caps_mac(struct virtio_device *vdev,
			    struct virtnet_caps *caps)
{
	int err;

	if (!virtio_has_feature(vdev, VIRTIO_NET_F_MAC))
		return 0;
	caps->mac_writable = !virtio_has_feature(vdev, VIRTIO_F_VERSION_1);
	err = virtnet_config_read(vdev, offsetof(struct virtio_net_config, mac),
				  caps->mac, ETH_ALEN);
	if (err || is_valid_ether_addr(caps->mac))
		return err;
	dev_warn(&vdev->dev, "device offers the MAC address %pM, ignored\n",
		 caps->mac);
	eth_zero_addr(caps->mac);
	return 0;
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
	if (compat_has_feature(vdev, VIRTIO_NET_F_GUEST_UDP_TUNNEL_GSO) ||
	    compat_has_feature(vdev, VIRTIO_NET_F_HOST_UDP_TUNNEL_GSO))
		return sizeof(struct virtio_net_hdr_v1_hash_tunnel);
	if (virtio_has_feature(vdev, VIRTIO_NET_F_HASH_REPORT))
		return sizeof(struct virtio_net_hdr_v1_hash);
	if (virtio_has_feature(vdev, VIRTIO_NET_F_MRG_RXBUF) ||
	    virtio_has_feature(vdev, VIRTIO_F_VERSION_1))
		return sizeof(struct virtio_net_hdr_mrg_rxbuf);
	return sizeof(struct virtio_net_hdr);
}

/* The device may change its mind between validation and now. */
static void virtnet_caps_mtu(struct virtio_device *vdev,
			     struct virtnet_caps *caps)
{
	u16 mtu;

	if (!virtio_has_feature(vdev, VIRTIO_NET_F_MTU))
		return;
	virtio_cread(vdev, struct virtio_net_config, mtu, &mtu);
	caps->mtu = max_t(u16, mtu, ETH_MIN_MTU);
}

/* So it may here. */
static void virtnet_caps_pairs(struct virtio_device *vdev,
			       struct virtnet_caps *caps)
{
	unsigned int cpus = virtnet_cpus ?: num_possible_cpus();
	u16 pairs = 1;

	caps->mq = virtio_has_feature(vdev, VIRTIO_NET_F_MQ);
	if (caps->mq || caps->rss)
		virtio_cread(vdev, struct virtio_net_config,
			     max_virtqueue_pairs, &pairs);
	caps->dev_pairs = clamp_t(u16, pairs, 1, VIRTNET_PAIRS_MAX);
	caps->max_pairs = min_t(unsigned int, caps->dev_pairs, cpus);
	caps->all_pairs = min_t(unsigned int, caps->dev_pairs,
				cpus + nr_cpu_ids);
}

static void virtnet_caps_rss(struct virtio_device *vdev,
			     struct virtnet_caps *caps)
{
	u16 len;

	caps->rss = virtio_has_feature(vdev, VIRTIO_NET_F_RSS);
	caps->hash_report = virtio_has_feature(vdev, VIRTIO_NET_F_HASH_REPORT);
	if (caps->rss || caps->hash_report)
		caps->hash_types = virtnet_hash_types(vdev);
	if (!caps->rss)
		return;
	len = virtnet_rss_table(vdev);
	caps->rss_table = rounddown_pow_of_two(clamp_t(u16, len, 1,
						       VIRTNET_RSS_TABLE_MAX));
	if (!is_power_of_2(len))
		dev_warn(&vdev->dev,
			 "device offers an RSS table of %u entries, %u are used\n",
			 len, caps->rss_table);
}

static void virtnet_caps_ctrl(struct virtio_device *vdev,
			      struct virtnet_caps *caps)
{
	caps->ctrl_vq = virtio_has_feature(vdev, VIRTIO_NET_F_CTRL_VQ);
	caps->ctrl_rx = virtio_has_feature(vdev, VIRTIO_NET_F_CTRL_RX);
	caps->ctrl_vlan = virtio_has_feature(vdev, VIRTIO_NET_F_CTRL_VLAN);
	caps->ctrl_mac = virtio_has_feature(vdev, VIRTIO_NET_F_CTRL_MAC_ADDR);
	caps->notf_coal = virtio_has_feature(vdev, VIRTIO_NET_F_NOTF_COAL);
	caps->vq_notf_coal = virtio_has_feature(vdev,
						VIRTIO_NET_F_VQ_NOTF_COAL);
	caps->device_stats = virtio_has_feature(vdev,
						VIRTIO_NET_F_DEVICE_STATS);
	caps->announce = virtio_has_feature(vdev, VIRTIO_NET_F_GUEST_ANNOUNCE);
	caps->ctrl_offloads =
		virtio_has_feature(vdev, VIRTIO_NET_F_CTRL_GUEST_OFFLOADS);
}

#define OFFLOAD(f)	{ VIRTIO_NET_F_##f, VIRTIO_NET_F_##f }
#define OFFLOAD_MAPPED(f)	{ VIRTIO_NET_F_##f, VIRTIO_NET_F_##f##_MAPPED }

/* Receive offloads, and their bits in the command (5.1.6.5.6.1). */
static const struct {
	u8 feature;
	u8 bit;
} virtnet_rx_offloads[] = {
	OFFLOAD(GUEST_CSUM),
	OFFLOAD(GUEST_TSO4),
	OFFLOAD(GUEST_TSO6),
	OFFLOAD(GUEST_ECN),
	OFFLOAD(GUEST_UFO),
	OFFLOAD(GUEST_USO4),
	OFFLOAD(GUEST_USO6),
	VIRTNET_EXTENDED_FEATURES(OFFLOAD_MAPPED(GUEST_UDP_TUNNEL_GSO),
				  OFFLOAD_MAPPED(GUEST_UDP_TUNNEL_GSO_CSUM))
};

static u64 virtnet_caps_offloads(struct virtio_device *vdev)
{
	u64 offloads = 0;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(virtnet_rx_offloads); i++)
		if (virtio_has_feature(vdev, virtnet_rx_offloads[i].feature))
			offloads |= BIT_ULL(virtnet_rx_offloads[i].bit);
	return offloads;
}

/**
 * virtnet_offloads_offer() - choose the offloads of the next negotiation
 * @vdev: the device, reset
 * @able: those it offers
 * @want: those that are wanted
 */
void virtnet_offloads_offer(struct virtio_device *vdev, u64 able, u64 want)
{
	unsigned int i, feature;

	for (i = 0; i < ARRAY_SIZE(virtnet_rx_offloads); i++) {
		feature = virtnet_rx_offloads[i].feature;
		if (able & want & BIT_ULL(virtnet_rx_offloads[i].bit))
			__virtio_set_bit(vdev, feature);
		else
			__virtio_clear_bit(vdev, feature);
	}
}

/* What can differ from one negotiation to the next. */
void virtnet_caps_agree(struct virtio_device *vdev, struct virtnet_caps *caps)
{
	caps->agreed = virtnet_caps_offloads(vdev);
	caps->gso_types = virtnet_caps_gso_types(vdev);
	caps->guest_gso = caps->gso_types != BIT(VIRTIO_NET_HDR_GSO_NONE);
	caps->guest_csum = virtio_has_feature(vdev, VIRTIO_NET_F_GUEST_CSUM);
	caps->guest_ecn = virtio_has_feature(vdev, VIRTIO_NET_F_GUEST_ECN);
	caps->rx_tunnel =
		compat_has_feature(vdev, VIRTIO_NET_F_GUEST_UDP_TUNNEL_GSO);
	caps->rx_tunnel_csum =
		compat_has_feature(vdev,
				   VIRTIO_NET_F_GUEST_UDP_TUNNEL_GSO_CSUM);
}

/* Offered by the device, known to us, and yet not agreed to. */
static u16 virtnet_caps_cleared(struct virtio_device *vdev)
{
	u64 offered[VIRTIO_FEATURES_U64S] = { 0 };
	u16 cleared = 0;
	unsigned int i;

	virtio_get_features(vdev, offered);
	for (i = 0; i < virtnet_features_count; i++)
		cleared += virtio_features_test_bit(offered,
						    virtnet_features[i]) &&
			   !compat_has_feature(vdev, virtnet_features[i]);
	return cleared;
}

/**
 * virtnet_caps_read() - fill in @caps from the negotiated features
 * @vdev: the device, features negotiated
 * @caps: zeroed; ring sizes are left to who creates the rings
 *
 * Return: 0, or -EIO for a config space that cannot be read.
 */
int virtnet_caps_read(struct virtio_device *vdev, struct virtnet_caps *caps)
{
	virtnet_caps_mtu(vdev, caps);
	virtnet_caps_ctrl(vdev, caps);
	virtnet_caps_rss(vdev, caps);
	virtnet_caps_pairs(vdev, caps);
	virtnet_caps_agree(vdev, caps);
	caps->offloads = caps->agreed;
	caps->feat_cleared = virtnet_caps_cleared(vdev);
	caps->hdr_len = virtnet_caps_hdr_len(vdev);
	caps->little_endian = virtio_is_little_endian(vdev);
	caps->any_layout = virtio_has_feature(vdev, VIRTIO_F_ANY_LAYOUT) ||
			   virtio_has_feature(vdev, VIRTIO_F_VERSION_1);
	caps->mrg_rxbuf = virtio_has_feature(vdev, VIRTIO_NET_F_MRG_RXBUF);
	caps->guest_hdrlen = virtio_has_feature(vdev,
						VIRTIO_NET_F_GUEST_HDRLEN);
	caps->tx_tunnel =
		compat_has_feature(vdev, VIRTIO_NET_F_HOST_UDP_TUNNEL_GSO);
	caps->ring_reset = virtio_has_feature(vdev, VIRTIO_F_RING_RESET);
	caps->link_status = virtio_has_feature(vdev, VIRTIO_NET_F_STATUS);
	caps->speed_duplex = virtio_has_feature(vdev,
						VIRTIO_NET_F_SPEED_DUPLEX);
	return virtnet_caps_mac(vdev, caps);
}
