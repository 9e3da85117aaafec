// SPDX-License-Identifier: GPL-2.0
/* What a program may ask of a packet besides its bytes: metadata kfuncs. */
#include <virtnet/virtnet.h>
#include <virtnet/xdp.h>

/* What the device hashed, by the names that programs have for it. */
static const enum xdp_rss_hash_type virtnet_xdp_hashes[] = {
	[VIRTIO_NET_HASH_REPORT_NONE] = XDP_RSS_TYPE_NONE,
	[VIRTIO_NET_HASH_REPORT_IPv4] = XDP_RSS_TYPE_L3_IPV4,
	[VIRTIO_NET_HASH_REPORT_TCPv4] = XDP_RSS_TYPE_L4_IPV4_TCP,
	[VIRTIO_NET_HASH_REPORT_UDPv4] = XDP_RSS_TYPE_L4_IPV4_UDP,
	[VIRTIO_NET_HASH_REPORT_IPv6] = XDP_RSS_TYPE_L3_IPV6,
	[VIRTIO_NET_HASH_REPORT_TCPv6] = XDP_RSS_TYPE_L4_IPV6_TCP,
	[VIRTIO_NET_HASH_REPORT_UDPv6] = XDP_RSS_TYPE_L4_IPV6_UDP,
	[VIRTIO_NET_HASH_REPORT_IPv6_EX] = XDP_RSS_TYPE_L3_IPV6_EX,
	[VIRTIO_NET_HASH_REPORT_TCPv6_EX] = XDP_RSS_TYPE_L4_IPV6_TCP_EX,
	[VIRTIO_NET_HASH_REPORT_UDPv6_EX] = XDP_RSS_TYPE_L4_IPV6_UDP_EX,
};

/*
 * Packets that are shown as an skb lie in a buffer of the kernel's generic XDP,
 * with nothing of ours behind it.
 */
static bool virtnet_xdp_generic(const struct xdp_buff *xdp)
{
	return xdp->rxq->mem.type != MEM_TYPE_PAGE_POOL &&
	       xdp->rxq->mem.type != MEM_TYPE_XSK_BUFF_POOL;
}

/* bpf_xdp_metadata_rx_hash(). Return: 0, or -ENODATA if there is none. */
static int virtnet_xdp_rx_hash(const struct xdp_md *ctx, u32 *hash,
			       enum xdp_rss_hash_type *type)
{
	const struct virtnet_xdp_buff *buff = (const void *)ctx;

	if (virtnet_xdp_generic(&buff->xdp) ||
	    buff->hashed.report == VIRTIO_NET_HASH_REPORT_NONE)
		return -ENODATA;
	*hash = buff->hashed.value;
	*type = virtnet_xdp_hashes[buff->hashed.report];
	return 0;
}

const struct xdp_metadata_ops virtnet_xdp_metadata_ops = {
	.xmo_rx_hash = virtnet_xdp_rx_hash,
};
