// SPDX-License-Identifier: GPL-2.0
/* The hash that the device computed of a packet (virtio 1.3, 5.1.6.4.3). */
#include <virtnet/rx.h>
#include <virtnet/virtnet.h>

/* What the device says it hashed, by the names that the stack has for it. */
static const u8 virtnet_hash_reports[] = {
	[VIRTIO_NET_HASH_REPORT_NONE] = PKT_HASH_TYPE_NONE,
	[VIRTIO_NET_HASH_REPORT_IPv4] = PKT_HASH_TYPE_L3,
	[VIRTIO_NET_HASH_REPORT_TCPv4] = PKT_HASH_TYPE_L4,
	[VIRTIO_NET_HASH_REPORT_UDPv4] = PKT_HASH_TYPE_L4,
	[VIRTIO_NET_HASH_REPORT_IPv6] = PKT_HASH_TYPE_L3,
	[VIRTIO_NET_HASH_REPORT_TCPv6] = PKT_HASH_TYPE_L4,
	[VIRTIO_NET_HASH_REPORT_UDPv6] = PKT_HASH_TYPE_L4,
	[VIRTIO_NET_HASH_REPORT_IPv6_EX] = PKT_HASH_TYPE_L3,
	[VIRTIO_NET_HASH_REPORT_TCPv6_EX] = PKT_HASH_TYPE_L4,
	[VIRTIO_NET_HASH_REPORT_UDPv6_EX] = PKT_HASH_TYPE_L4,
};

/**
 * virtnet_rx_hash_read() - the device's hash of a packet
 * @rq: a queue whose headers carry one; NAPI context
 * @shared: where the device wrote the header; read once
 * @hashed: filled in
 * @d: counters
 *
 * Any value may be a hash, so only its type can be wrong; such a packet has
 * none.
 */
void virtnet_rx_hash_read(const struct receive_queue *rq, const void *shared,
			  struct virtnet_rx_hashed *hashed,
			  struct virtnet_rx_delta *d)
{
	struct virtio_net_hdr_v1_hash hdr;
	u16 report;

	hashed->report = VIRTIO_NET_HASH_REPORT_NONE;
	if (!(rq->dev->features & NETIF_F_RXHASH))
		return;
	virtnet_hdr_copy(&hdr, shared, sizeof(hdr));
	report = le16_to_cpu(hdr.hash_report);
	if (unlikely(report >= ARRAY_SIZE(virtnet_hash_reports))) {
		d->hash_bad++;
		return;
	}
	hashed->report = report;
	hashed->value = virtio_net_hash_value(&hdr);
}

/* Give it to the stack. */
void virtnet_rx_hash_set(struct sk_buff *skb,
			 const struct virtnet_rx_hashed *hashed)
{
	if (hashed->report != VIRTIO_NET_HASH_REPORT_NONE)
		skb_set_hash(skb, hashed->value,
			     virtnet_hash_reports[hashed->report]);
}

/* Both at once. */
void virtnet_rx_hash(const struct receive_queue *rq, struct sk_buff *skb,
		     const void *shared, struct virtnet_rx_delta *d)
{
	struct virtnet_rx_hashed hashed;

	virtnet_rx_hash_read(rq, shared, &hashed, d);
	virtnet_rx_hash_set(skb, &hashed);
}
