// SPDX-License-Identifier: GPL-2.0
/* The header gate, and the conversion between vnet headers and skbs. */
#include <virtnet/virtnet.h>

#include <kunit/visibility.h>

/* The type without its marks: ECN, and tunnels. */
#define VIRTNET_GSO_TYPE(hdr)						\
	((hdr)->gso_type & ~(VIRTIO_NET_HDR_GSO_ECN |			\
			     VIRTIO_NET_HDR_GSO_UDP_TUNNEL))

/* The smallest segment a device may claim; below it 64 KB explode. */
#define VIRTNET_GSO_SIZE_MIN	8

/**
 * virtnet_hdr_rules_init() - derive the rules of the gate
 * @rules: to be filled in
 * @caps: what was negotiated
 */
void virtnet_hdr_rules_init(struct virtnet_hdr_rules *rules,
			    const struct virtnet_caps *caps)
{
	rules->gso_types = caps->gso_types;
	rules->csum = caps->guest_csum;
	rules->ecn = caps->guest_ecn;
	rules->tunnel = caps->rx_tunnel;
	rules->tunnel_csum = caps->rx_tunnel_csum;
	rules->little_endian = caps->little_endian;
}
EXPORT_SYMBOL_IF_KUNIT(virtnet_hdr_rules_init);

static u16 virtnet_hdr16(const struct virtnet_hdr_rules *rules, __virtio16 v)
{
	return __virtio16_to_cpu(rules->little_endian, v);
}

static bool virtnet_hdr_gso_is_tcp(u8 type)
{
	return type == VIRTIO_NET_HDR_GSO_TCPV4 ||
	       type == VIRTIO_NET_HDR_GSO_TCPV6;
}

/* A GSO type we agreed to, with a segment size that can be worked with. */
static bool virtnet_hdr_gso_ok(const struct virtnet_hdr_rules *rules,
			       const struct virtio_net_hdr *hdr)
{
	u8 type = VIRTNET_GSO_TYPE(hdr);
	u16 size = virtnet_hdr16(rules, hdr->gso_size);
	bool ecn = hdr->gso_type & VIRTIO_NET_HDR_GSO_ECN;

	if (type >= BITS_PER_TYPE(rules->gso_types) ||
	    !(rules->gso_types & BIT(type)))
		return false;
	if (ecn && !(rules->ecn && virtnet_hdr_gso_is_tcp(type)))
		return false;
	if (virtnet_hdr_gso_is_tcp(type) && size < VIRTNET_GSO_SIZE_MIN)
		return false;
	if (type == VIRTIO_NET_HDR_GSO_UDP_L4 &&
	    !(hdr->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM))
		return false;
	return size && size != GSO_BY_FRAGS;
}

/*
 * A tunnel over IPv4 or IPv6, with a GSO packet in it whose checksum is left to
 * us. Where the headers lie is for virtio_net_hdr_tnl_to_skb() to check.
 */
static bool virtnet_hdr_tunnel_ok(const struct virtnet_hdr_rules *rules,
				  const struct virtio_net_hdr *hdr)
{
	u8 tunnel = hdr->gso_type & VIRTIO_NET_HDR_GSO_UDP_TUNNEL;
	u8 type = VIRTNET_GSO_TYPE(hdr);

	if (!tunnel)
		return true;
	if (!rules->tunnel || tunnel == VIRTIO_NET_HDR_GSO_UDP_TUNNEL)
		return false;
	if (type == VIRTIO_NET_HDR_GSO_NONE || type == VIRTIO_NET_HDR_GSO_UDP)
		return false;
	if ((hdr->flags & VIRTIO_NET_HDR_F_UDP_TUNNEL_CSUM) &&
	    !rules->tunnel_csum)
		return false;
	return (hdr->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) &&
	       !(hdr->flags & VIRTIO_NET_HDR_F_DATA_VALID);
}

/**
 * virtnet_hdr_ok_slow() - the whole check behind virtnet_hdr_ok()
 * @rules: what was negotiated
 * @hdr: private copy of the header
 * @len: bytes of the whole packet behind the header
 *
 * Flags that the specification does not name are ignored, as it demands; so
 * is hdr_len, which is only a hint. GSO without NEEDS_CSUM passes: hosts send
 * it for packets that their NIC merged and verified.
 */
bool virtnet_hdr_ok_slow(const struct virtnet_hdr_rules *rules,
			 const struct virtio_net_hdr *hdr, u32 len)
{
	if ((hdr->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) &&
	    !virtnet_hdr_csum_ok(rules, hdr, len))
		return false;
	return hdr->gso_type == VIRTIO_NET_HDR_GSO_NONE ||
	       (virtnet_hdr_tunnel_ok(rules, hdr) &&
		virtnet_hdr_gso_ok(rules, hdr));
}
EXPORT_SYMBOL_IF_KUNIT(virtnet_hdr_ok_slow);

/* The rest of the header of a packet in a tunnel, and what follows from it. */
static int virtnet_hdr_rx_tunnel(const struct virtnet_hdr_rules *rules,
				 const struct virtio_net_hdr *hdr,
				 const void *shared, struct sk_buff *skb)
{
	struct virtio_net_hdr_v1_hash_tunnel tnl;

	if (!shared)
		return -EINVAL;
	virtnet_hdr_copy(&tnl, shared, sizeof(tnl));
	/* What was checked, and not what the device may have written since. */
	memcpy(&tnl, hdr, sizeof(*hdr));
	return virtio_net_hdr_tnl_to_skb(skb, &tnl, rules->tunnel,
					 rules->tunnel_csum,
					 rules->little_endian);
}

/* What virtnet_hdr_rx() does for a header that asks for work. */
int virtnet_hdr_rx_slow(const struct virtnet_hdr_rules *rules,
			const struct virtio_net_hdr *hdr, const void *shared,
			struct sk_buff *skb)
{
	/* Some kernels compare type and packet only if they know where it is. */
	skb_set_network_header(skb, ETH_HLEN);
	if (unlikely(hdr->gso_type & VIRTIO_NET_HDR_GSO_UDP_TUNNEL))
		return virtnet_hdr_rx_tunnel(rules, hdr, shared, skb);
	/* The device verified two checksums, of the tunnel and in it. */
	if (skb->ip_summed == CHECKSUM_UNNECESSARY && rules->tunnel_csum &&
	    (hdr->flags & VIRTIO_NET_HDR_F_UDP_TUNNEL_CSUM))
		skb->csum_level = 1;
	return virtio_net_hdr_to_skb(skb, hdr, rules->little_endian);
}
EXPORT_SYMBOL_IF_KUNIT(virtnet_hdr_rx_slow);

/* What virtnet_hdr_tx() does for a packet that the device must work on. */
int virtnet_hdr_tx_slow(const struct virtnet_caps *caps,
			const struct sk_buff *skb, struct virtio_net_hdr *hdr)
{
	struct virtio_net_hdr_v1_hash_tunnel *tnl = (void *)hdr;

	/* Touches what is behind @hdr for packets in tunnels only. */
	return virtio_net_hdr_tnl_from_skb(skb, tnl, caps->tx_tunnel,
					   caps->little_endian, 0, false,
					   caps->guest_hdrlen);
}
EXPORT_SYMBOL_IF_KUNIT(virtnet_hdr_tx_slow);
