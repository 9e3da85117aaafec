// SPDX-License-Identifier: GPL-2.0
/*
 * The header gate: whatever passes it must be safe to act on.
 *
 * Input: features (8 bytes), packet length (4), header (12), more features (1).
 */
#include "kernel.h"

#define HAS(f)	(features & BIT_ULL(VIRTIO_NET_F_##f))
#define MORE(f)	(more & BIT_ULL(VIRTIO_NET_F_##f - 64))

static bool type_agreed(u64 features, u8 type)
{
	switch (type) {
	case VIRTIO_NET_HDR_GSO_NONE:
		return true;
	case VIRTIO_NET_HDR_GSO_TCPV4:
		return HAS(GUEST_TSO4);
	case VIRTIO_NET_HDR_GSO_TCPV6:
		return HAS(GUEST_TSO6);
	case VIRTIO_NET_HDR_GSO_UDP:
		return HAS(GUEST_UFO);
	case VIRTIO_NET_HDR_GSO_UDP_L4:
		return HAS(GUEST_USO4) || HAS(GUEST_USO6);
	default:
		return false;
	}
}

static void no_config(struct virtio_device *vdev, unsigned int off, void *buf,
		      unsigned int len)
{
	(void)vdev;
	(void)off;
	memset(buf, 0, len);
}

static u64 same_features(struct virtio_device *vdev)
{
	return vdev->features;
}

/* What the specification and common sense ask of a header that is believed. */
static void check(u64 features, u64 more, const struct virtnet_hdr_rules *rules,
		  const struct virtio_net_hdr *hdr, u32 len)
{
	bool le = rules->little_endian;
	u32 start = __virtio16_to_cpu(le, hdr->csum_start);
	u32 off = __virtio16_to_cpu(le, hdr->csum_offset);
	u16 size = __virtio16_to_cpu(le, hdr->gso_size);
	u8 tunnel = hdr->gso_type & VIRTIO_NET_HDR_GSO_UDP_TUNNEL;
	u8 type = hdr->gso_type & ~(VIRTIO_NET_HDR_GSO_ECN | tunnel);

	MUST(type_agreed(features, type));
	if (tunnel) {
		MUST(MORE(GUEST_UDP_TUNNEL_GSO));
		MUST(tunnel != VIRTIO_NET_HDR_GSO_UDP_TUNNEL);
		MUST(type != VIRTIO_NET_HDR_GSO_NONE);
		MUST(type != VIRTIO_NET_HDR_GSO_UDP);
		MUST(hdr->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM);
		MUST(!(hdr->flags & VIRTIO_NET_HDR_F_DATA_VALID));
		MUST(MORE(GUEST_UDP_TUNNEL_GSO_CSUM) ||
		     !(hdr->flags & VIRTIO_NET_HDR_F_UDP_TUNNEL_CSUM));
	}
	if (hdr->gso_type & VIRTIO_NET_HDR_GSO_ECN) {
		MUST(HAS(GUEST_ECN));
		MUST(type == VIRTIO_NET_HDR_GSO_TCPV4 ||
		     type == VIRTIO_NET_HDR_GSO_TCPV6);
	}
	if (type != VIRTIO_NET_HDR_GSO_NONE)
		MUST(size && size != GSO_BY_FRAGS);
	if (hdr->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) {
		MUST(HAS(GUEST_CSUM));
		MUST(start >= ETH_HLEN);
		MUST((u64)start + off + 2 <= len);
	}
}

/* The short way of headers without GSO believes nothing that the long one does not. */
static void check_simple(const struct virtnet_hdr_rules *rules,
			 const struct virtio_net_hdr *hdr, u32 len)
{
	struct sk_buff skb = { .len = len };

	if (!virtnet_hdr_simple(hdr))
		return;
	if (virtnet_hdr_rx_csum(rules, hdr, &skb))
		MUST(virtnet_hdr_ok(rules, hdr, len));
	if (skb.ip_summed == CHECKSUM_PARTIAL)
		MUST(hdr->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM);
	if (skb.ip_summed == CHECKSUM_UNNECESSARY)
		MUST(rules->csum && hdr->flags & VIRTIO_NET_HDR_F_DATA_VALID);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct virtio_config_ops ops = {
		.get = no_config, .get_features = same_features,
	};
	struct virtio_device vdev = { .config = &ops };
	struct virtnet_caps caps = { 0 };
	struct virtnet_hdr_rules rules;
	struct virtio_net_hdr hdr;
	u64 features;
	u32 len;

	if (size < sizeof(features) + sizeof(len) + sizeof(hdr))
		return 0;
	memcpy(&features, data, sizeof(features));
	memcpy(&len, data + 8, sizeof(len));
	memcpy(&hdr, data + 12, sizeof(hdr));
	len &= 0x3ffff;
	vdev.features = features;
	if (size > 24)
		vdev.features_array[1] = data[24];
	virtnet_validate(&vdev);
	if (virtnet_caps_read(&vdev, &caps))
		return 0;
	virtnet_hdr_rules_init(&rules, &caps);
	check_simple(&rules, &hdr, len);
	if (virtnet_hdr_ok(&rules, &hdr, len))
		check(vdev.features, vdev.features_array[1], &rules, &hdr, len);
	return 0;
}
