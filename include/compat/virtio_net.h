/* SPDX-License-Identifier: GPL-2.0 */
/* From vnet header to skb and back: the kernel's helpers, and what they did not know. */
#ifndef _COMPAT_VIRTIO_NET_H
#define _COMPAT_VIRTIO_NET_H

#include <linux/skbuff.h>
#include <linux/virtio_net.h>
#include <compat/uapi.h>

#ifndef HAVE_VIRTIO_NET_HDR_USO
/*
 * The helpers of 6.1 do not know large UDP packets (USO), but UFO, which is parsed the
 * same way. So they are shown a header that says UFO, and the result is
 * corrected. What they would have checked for USO is checked here.
 */
static inline int compat_uso_to_skb(struct sk_buff *skb, const struct virtio_net_hdr *hdr,
				    bool little_endian)
{
	u16 gso_size = __virtio16_to_cpu(little_endian, hdr->gso_size);
	struct skb_shared_info *shinfo = skb_shinfo(skb);
	struct virtio_net_hdr ufo = *hdr;
	unsigned int payload;
	int err;

	if (hdr->gso_type != VIRTIO_NET_HDR_GSO_UDP_L4 ||
	    !(hdr->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM))
		return -EINVAL;
	ufo.gso_type = VIRTIO_NET_HDR_GSO_UDP;
	err = virtio_net_hdr_to_skb(skb, &ufo, little_endian);
	if (err)
		return err;

	payload = skb->len - skb_transport_offset(skb) - sizeof(struct udphdr);
	if (skb->csum_offset != offsetof(struct udphdr, check) ||
	    payload > gso_size * UDP_MAX_SEGMENTS)
		return -EINVAL;
	if (payload <= gso_size) {
		/* A packet of one segment is not a GSO one; UFO counts the UDP header too. */
		shinfo->gso_size = 0;
		shinfo->gso_type = 0;
	} else {
		shinfo->gso_type = SKB_GSO_UDP_L4 | SKB_GSO_DODGY;
	}
	return 0;
}

static inline int compat_hdr_to_skb(struct sk_buff *skb, const struct virtio_net_hdr *hdr,
				    bool little_endian)
{
	if ((hdr->gso_type & ~VIRTIO_NET_HDR_GSO_ECN) == VIRTIO_NET_HDR_GSO_UDP_L4)
		return compat_uso_to_skb(skb, hdr, little_endian);
	return virtio_net_hdr_to_skb(skb, hdr, little_endian);
}

/*
 * In the other direction the helper fails for want of a name for the segmentation;
 * it has no more to say about a header than follows here.
 */
static inline int compat_hdr_from_skb(const struct sk_buff *skb, struct virtio_net_hdr *hdr,
				      bool little_endian, bool has_data_valid, int vlan_hlen)
{
	if (!(skb_is_gso(skb) && skb_shinfo(skb)->gso_type & SKB_GSO_UDP_L4))
		return virtio_net_hdr_from_skb(skb, hdr, little_endian, has_data_valid,
					       vlan_hlen);
	memset(hdr, 0, sizeof(*hdr));
	hdr->gso_type = VIRTIO_NET_HDR_GSO_UDP_L4;
	hdr->gso_size = __cpu_to_virtio16(little_endian, skb_shinfo(skb)->gso_size);
	hdr->hdr_len = __cpu_to_virtio16(little_endian, skb_headlen(skb));
	if (skb->ip_summed != CHECKSUM_PARTIAL)
		return -EINVAL;
	hdr->flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
	hdr->csum_start = __cpu_to_virtio16(little_endian,
					    skb_checksum_start_offset(skb) + vlan_hlen);
	hdr->csum_offset = __cpu_to_virtio16(little_endian, skb->csum_offset);
	return 0;
}

#define virtio_net_hdr_to_skb compat_hdr_to_skb
#define virtio_net_hdr_from_skb compat_hdr_from_skb
#endif

#ifndef HAVE_VIRTIO_NET_HDR_TNL
/* hdr_len, exactly, for VIRTIO_NET_F_GUEST_HDRLEN; after virtio_net_hdr_from_skb(). */
static inline void compat_virtio_net_set_hdrlen(const struct sk_buff *skb,
						struct virtio_net_hdr *hdr,
						bool little_endian)
{
	u16 len = skb_transport_offset(skb);

	if (hdr->gso_type == VIRTIO_NET_HDR_GSO_UDP_L4)
		len += sizeof(struct udphdr);
	else
		len += tcp_hdrlen(skb);
	hdr->hdr_len = __cpu_to_virtio16(little_endian, len);
}

/* Tunnels are not negotiated here: see VIRTNET_EXTENDED_FEATURES(). */
static inline int
compat_virtio_net_hdr_tnl_to_skb(struct sk_buff *skb,
				 const struct virtio_net_hdr_v1_hash_tunnel *vhdr,
				 bool tnl_hdr_negotiated, bool tnl_csum_negotiated,
				 bool little_endian)
{
	const struct virtio_net_hdr *hdr = (const struct virtio_net_hdr *)vhdr;

	if (hdr->gso_type & VIRTIO_NET_HDR_GSO_UDP_TUNNEL)
		return -EINVAL;
	return virtio_net_hdr_to_skb(skb, hdr, little_endian);
}

static inline int
compat_virtio_net_hdr_tnl_from_skb(const struct sk_buff *skb,
				   struct virtio_net_hdr_v1_hash_tunnel *vhdr,
				   bool tnl_hdr_negotiated, bool little_endian,
				   int vlan_hlen, bool has_data_valid,
				   bool feature_hdrlen)
{
	struct virtio_net_hdr *hdr = (struct virtio_net_hdr *)vhdr;
	int err;

	if (skb_is_gso(skb) && skb_shinfo(skb)->gso_type & (SKB_GSO_UDP_TUNNEL |
							    SKB_GSO_UDP_TUNNEL_CSUM))
		return -EINVAL;
	err = virtio_net_hdr_from_skb(skb, hdr, little_endian, has_data_valid, vlan_hlen);
	if (!err && feature_hdrlen && hdr->hdr_len)
		compat_virtio_net_set_hdrlen(skb, hdr, little_endian);
	return err;
}

static inline int compat_virtio_net_handle_csum_offload(struct sk_buff *skb,
							struct virtio_net_hdr *hdr,
							bool tnl_csum_negotiated)
{
	if (hdr->gso_type & VIRTIO_NET_HDR_GSO_UDP_TUNNEL)
		return -EINVAL;
	if (hdr->flags & VIRTIO_NET_HDR_F_DATA_VALID)
		skb->ip_summed = CHECKSUM_UNNECESSARY;
	return 0;
}

#define __virtio_net_set_hdrlen compat_virtio_net_set_hdrlen
#define virtio_net_hdr_tnl_to_skb compat_virtio_net_hdr_tnl_to_skb
#define virtio_net_hdr_tnl_from_skb compat_virtio_net_hdr_tnl_from_skb
#define virtio_net_handle_csum_offload compat_virtio_net_handle_csum_offload
#endif

#endif
