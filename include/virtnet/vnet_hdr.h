/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The header gate: nothing of a vnet header is used before it has been copied
 * out of shared memory once and checked here. No virtqueue in sight, so that
 * unit tests and fuzzers can call it.
 */
#ifndef _VIRTNET_VNET_HDR_H
#define _VIRTNET_VNET_HDR_H

#include <compat/compat.h>

#include <linux/skbuff.h>
#include <linux/virtio_net.h>
#include <virtnet/caps.h>

/**
 * struct virtnet_hdr_rules - what the negotiated features allow in a header
 * @gso_types: bitmap of allowed VIRTIO_NET_HDR_GSO_* types, bit 0 (none) set
 * @csum: NEEDS_CSUM and DATA_VALID have a meaning
 * @ecn: VIRTIO_NET_HDR_GSO_ECN may accompany TCP
 * @little_endian: byte order of the 16-bit fields
 * @tunnel: VIRTIO_NET_HDR_GSO_UDP_TUNNEL_* may accompany a type
 * @tunnel_csum: VIRTIO_NET_HDR_F_UDP_TUNNEL_CSUM has a meaning
 */
struct virtnet_hdr_rules {
	u8 gso_types;
	bool csum;
	bool ecn;
	bool little_endian;
	bool tunnel;
	bool tunnel_csum;
};

void virtnet_hdr_rules_init(struct virtnet_hdr_rules *rules,
			    const struct virtnet_caps *caps);
bool virtnet_hdr_ok_slow(const struct virtnet_hdr_rules *rules,
			 const struct virtio_net_hdr *hdr, u32 len);
int virtnet_hdr_rx_slow(const struct virtnet_hdr_rules *rules,
			const struct virtio_net_hdr *hdr, const void *shared,
			struct sk_buff *skb);
int virtnet_hdr_tx_slow(const struct virtnet_caps *caps,
			const struct sk_buff *skb, struct virtio_net_hdr *hdr);

/* Read a header out of shared memory, once: the device may change it later. */
static inline void virtnet_hdr_copy(void *hdr, const void *shared, size_t size)
{
	memcpy(hdr, shared, size);
	barrier();
}

/**
 * virtnet_hdr_plain() - does the header ask for nothing but belief?
 * @hdr: private copy of the header
 *
 * True for a packet without GSO or a checksum to finish: the common case of
 * small traffic, decided without looking at the other fields.
 */
static inline bool virtnet_hdr_plain(const struct virtio_net_hdr *hdr)
{
	return !((hdr->flags & ~VIRTIO_NET_HDR_F_DATA_VALID) | hdr->gso_type);
}

/**
 * virtnet_hdr_simple() - does the header ask for a checksum at most?
 * @hdr: private copy of the header
 *
 * True for a packet without GSO that is not in a tunnel.
 */
static inline bool virtnet_hdr_simple(const struct virtio_net_hdr *hdr)
{
	return !((hdr->flags & ~(VIRTIO_NET_HDR_F_DATA_VALID |
				 VIRTIO_NET_HDR_F_NEEDS_CSUM)) | hdr->gso_type);
}

/* A partial checksum lies within the packet, and was negotiated. */
static inline bool virtnet_hdr_csum_ok(const struct virtnet_hdr_rules *rules,
				       const struct virtio_net_hdr *hdr,
				       u32 len)
{
	u32 start = __virtio16_to_cpu(rules->little_endian, hdr->csum_start);
	u32 offset = __virtio16_to_cpu(rules->little_endian, hdr->csum_offset);

	return rules->csum && start >= ETH_HLEN &&
	       start + offset + sizeof(__sum16) <= len;
}

/**
 * virtnet_hdr_ok() - may this header be used?
 * @rules: what was negotiated
 * @hdr: private copy of the header
 * @len: bytes of the whole packet behind the header
 *
 * Virtio 1.3, 5.1.6.4.2. Return: false if the packet must be dropped.
 */
static inline bool virtnet_hdr_ok(const struct virtnet_hdr_rules *rules,
				  const struct virtio_net_hdr *hdr, u32 len)
{
	return likely(virtnet_hdr_plain(hdr)) ||
	       virtnet_hdr_ok_slow(rules, hdr, len);
}

/**
 * virtnet_hdr_rx() - carry a checked header over to the skb
 * @rules: what was negotiated
 * @hdr: header that passed virtnet_hdr_ok()
 * @shared: where the device wrote the header; what only packets in tunnels
 *	have behind @hdr is read there, once. NULL to refuse those
 * @skb: the packet, data at its Ethernet header, skb->dev set
 *
 * Return: 0, or -EINVAL if packet and header do not fit together.
 */
static inline int virtnet_hdr_rx(const struct virtnet_hdr_rules *rules,
				 const struct virtio_net_hdr *hdr,
				 const void *shared, struct sk_buff *skb)
{
	if ((hdr->flags & VIRTIO_NET_HDR_F_DATA_VALID) && rules->csum)
		skb->ip_summed = CHECKSUM_UNNECESSARY;
	return likely(virtnet_hdr_plain(hdr)) ? 0 :
	       virtnet_hdr_rx_slow(rules, hdr, shared, skb);
}

/**
 * virtnet_hdr_rx_csum() - virtnet_hdr_ok() and virtnet_hdr_rx() of a simple header
 * @rules: what was negotiated
 * @hdr: header for which virtnet_hdr_simple() is true
 * @skb: the packet, data at its Ethernet header
 *
 * Return: false if the packet must be dropped.
 */
static inline bool virtnet_hdr_rx_csum(const struct virtnet_hdr_rules *rules,
				       const struct virtio_net_hdr *hdr,
				       struct sk_buff *skb)
{
	u16 start, offset;

	if ((hdr->flags & VIRTIO_NET_HDR_F_DATA_VALID) && rules->csum)
		skb->ip_summed = CHECKSUM_UNNECESSARY;
	if (!(hdr->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM))
		return true;
	if (unlikely(!virtnet_hdr_csum_ok(rules, hdr, skb->len)))
		return false;
	start = __virtio16_to_cpu(rules->little_endian, hdr->csum_start);
	offset = __virtio16_to_cpu(rules->little_endian, hdr->csum_offset);
	/* virtio_net_hdr_to_skb() wants as much of the newer kernels. */
	return start >= sizeof(struct iphdr) &&
	       pskb_may_pull(skb, start + offset + sizeof(__sum16)) &&
	       skb_partial_csum_set(skb, start, offset);
}

/**
 * virtnet_hdr_tx() - describe a packet to the device
 * @caps: what was negotiated
 * @skb: the packet
 * @hdr: caps->hdr_len bytes, all zero; filled in
 *
 * Virtio 1.3, 5.1.6.2. Return: 0, or -EINVAL for a GSO type that the device
 * was not promised.
 */
static inline int virtnet_hdr_tx(const struct virtnet_caps *caps,
				 const struct sk_buff *skb,
				 struct virtio_net_hdr *hdr)
{
	if (skb->ip_summed == CHECKSUM_PARTIAL || skb_is_gso(skb))
		return virtnet_hdr_tx_slow(caps, skb, hdr);
	return 0;
}

#endif
