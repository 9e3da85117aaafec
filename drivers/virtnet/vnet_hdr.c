// SPDX-License-Identifier: GPL-2.0
/* The header gate, and the conversion between vnet headers and skbs. */
#include <virtnet/virtnet.h>

#include <linux/tcp.h>
#include <linux/udp.h>
#include <kunit/visibility.h>

/* The type without the ECN mark. */
#define VIRTNET_GSO_TYPE(hdr)	((hdr)->gso_type & ~VIRTIO_NET_HDR_GSO_ECN)

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
	rules->little_endian = caps->little_endian;
}
EXPORT_SYMBOL_IF_KUNIT(virtnet_hdr_rules_init);

static u16 virtnet_hdr16(const struct virtnet_hdr_rules *rules, __virtio16 v)
{
	return __virtio16_to_cpu(rules->little_endian, v);
}

/* A partial checksum lies within the packet, and was negotiated. */
static bool virtnet_hdr_csum_ok(const struct virtnet_hdr_rules *rules,
				const struct virtio_net_hdr *hdr, u32 len)
{
	u32 start = virtnet_hdr16(rules, hdr->csum_start);
	u32 offset = virtnet_hdr16(rules, hdr->csum_offset);

	return rules->csum && start >= ETH_HLEN &&
	       start + offset + sizeof(__sum16) <= len;
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
	       virtnet_hdr_gso_ok(rules, hdr);
}
EXPORT_SYMBOL_IF_KUNIT(virtnet_hdr_ok_slow);

/* What virtnet_hdr_rx() does for a header that asks for work. */
int virtnet_hdr_rx_slow(const struct virtnet_hdr_rules *rules,
			const struct virtio_net_hdr *hdr, struct sk_buff *skb)
{
	/* Some kernels compare type and packet only if they know where it is. */
	skb_set_network_header(skb, ETH_HLEN);
	return virtio_net_hdr_to_skb(skb, hdr, rules->little_endian);
}
EXPORT_SYMBOL_IF_KUNIT(virtnet_hdr_rx_slow);

/* Bytes of all headers of a GSO packet, as GUEST_HDRLEN wants them. */
static u16 virtnet_gso_hdr_len(const struct sk_buff *skb)
{
	if (skb_shinfo(skb)->gso_type & SKB_GSO_UDP_L4)
		return skb_transport_offset(skb) + sizeof(struct udphdr);
	return skb_transport_offset(skb) + tcp_hdrlen(skb);
}

/* What virtnet_hdr_tx() does for a packet that the device must work on. */
int virtnet_hdr_tx_slow(const struct virtnet_caps *caps,
			const struct sk_buff *skb, struct virtio_net_hdr *hdr)
{
	bool le = caps->little_endian;
	int err;

	err = virtio_net_hdr_from_skb(skb, hdr, le, false, 0);
	if (!err && caps->guest_hdrlen && skb_is_gso(skb))
		hdr->hdr_len = __cpu_to_virtio16(le, virtnet_gso_hdr_len(skb));
	return err;
}
EXPORT_SYMBOL_IF_KUNIT(virtnet_hdr_tx_slow);
