/* SPDX-License-Identifier: GPL-2.0 */
/* Structures of the virtio specification that headers of some kernels lack. */
#ifndef _COMPAT_UAPI_H
#define _COMPAT_UAPI_H

#include <linux/virtio_net.h>
#include <uapi/virtnet_uapi.h>

#ifndef HAVE_VIRTIO_NET_CTRL_COAL_VQ
struct virtio_net_ctrl_coal {
	__le32 max_packets;
	__le32 max_usecs;
};

struct virtio_net_ctrl_coal_vq {
	__le16 vqn;
	__le16 reserved;
	struct virtio_net_ctrl_coal coal;
};
#endif

#ifndef HAVE_VIRTIO_NET_RSS_CONFIG_HDR
struct virtio_net_rss_config_hdr {
	__le32 hash_types;
	__le16 indirection_table_mask;
	__le16 unclassified_queue;
	__le16 indirection_table[];
};

struct virtio_net_rss_config_trailer {
	__le16 max_tx_vq;
	__u8 hash_key_length;
	__u8 hash_key_data[];
};
#endif

#ifndef HAVE_VIRTIO_NET_STATS
/* Words of a bitmap of statistics' types, to which the specification may add. */
#define VIRTIO_NET_STATS_TYPE_WORDS 1
/* Queues asked for by one struct; a command may hold several. */
#define VIRTIO_NET_STATS_QUEUES 1

struct virtio_net_stats_capabilities {
	__le64 supported_stats_types[VIRTIO_NET_STATS_TYPE_WORDS];
};

struct virtio_net_ctrl_queue_stats {
	struct {
		__le16 vq_index;
		__le16 reserved[3];
		__le64 types_bitmap[VIRTIO_NET_STATS_TYPE_WORDS];
	} stats[VIRTIO_NET_STATS_QUEUES];
};

struct virtio_net_stats_reply_hdr {
	__u8 type;
	__u8 reserved;
	__le16 vq_index;
	__le16 reserved1;
	__le16 size;
};

struct virtio_net_stats_cvq {
	struct virtio_net_stats_reply_hdr hdr;
	__le64 command_num;
	__le64 ok_num;
};

struct virtio_net_stats_rx_basic {
	struct virtio_net_stats_reply_hdr hdr;
	__le64 rx_notifications;
	__le64 rx_packets;
	__le64 rx_bytes;
	__le64 rx_interrupts;
	__le64 rx_drops;
	__le64 rx_drop_overruns;
};

struct virtio_net_stats_tx_basic {
	struct virtio_net_stats_reply_hdr hdr;
	__le64 tx_notifications;
	__le64 tx_packets;
	__le64 tx_bytes;
	__le64 tx_interrupts;
	__le64 tx_drops;
	__le64 tx_drop_malformed;
};

struct virtio_net_stats_rx_csum {
	struct virtio_net_stats_reply_hdr hdr;
	__le64 rx_csum_valid;
	__le64 rx_needs_csum;
	__le64 rx_csum_none;
	__le64 rx_csum_bad;
};

struct virtio_net_stats_tx_csum {
	struct virtio_net_stats_reply_hdr hdr;
	__le64 tx_csum_none;
	__le64 tx_needs_csum;
};

struct virtio_net_stats_rx_gso {
	struct virtio_net_stats_reply_hdr hdr;
	__le64 rx_gso_packets;
	__le64 rx_gso_bytes;
	__le64 rx_gso_packets_coalesced;
	__le64 rx_gso_bytes_coalesced;
};

struct virtio_net_stats_tx_gso {
	struct virtio_net_stats_reply_hdr hdr;
	__le64 tx_gso_packets;
	__le64 tx_gso_bytes;
	__le64 tx_gso_segments;
	__le64 tx_gso_segments_bytes;
	__le64 tx_gso_packets_noseg;
	__le64 tx_gso_bytes_noseg;
};

struct virtio_net_stats_rx_speed {
	struct virtio_net_stats_reply_hdr hdr;
	__le64 rx_ratelimit_packets;
	__le64 rx_ratelimit_bytes;
};

struct virtio_net_stats_tx_speed {
	struct virtio_net_stats_reply_hdr hdr;
	__le64 tx_ratelimit_packets;
	__le64 tx_ratelimit_bytes;
};
#endif

#ifndef HAVE_VIRTIO_NET_HDR_V1_HASH_TUNNEL
struct virtio_net_hdr_v1_hash_tunnel {
	struct virtio_net_hdr_v1_hash hash_hdr;
	__le16 outer_th_offset;
	__le16 inner_nh_offset;
};
#endif

/* The hash is 32 bits, aligned to 16 only once the header can be preceded by others. */
static inline u32 virtio_net_hash_value(const struct virtio_net_hdr_v1_hash *hdr)
{
#ifdef HAVE_VIRTIO_NET_HASH_VALUE_HALVES
	return le16_to_cpu(hdr->hash_value_lo) |
	       (u32)le16_to_cpu(hdr->hash_value_hi) << 16;
#else
	return le32_to_cpu(hdr->hash_value);
#endif
}

#endif
