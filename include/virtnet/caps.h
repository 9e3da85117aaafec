/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the device offered, read and validated once, immutable until the
 * next feature negotiation.
 */
#ifndef _VIRTNET_CAPS_H
#define _VIRTNET_CAPS_H

#include <compat/compat.h>

#include <linux/etherdevice.h>
#include <linux/types.h>

struct virtio_device;

/**
 * struct virtnet_caps - validated properties of the device
 * @mac: address from config space, all zero if there is none worth using
 * @mtu: largest MTU the device takes, 0 if it did not say (VIRTIO_NET_F_MTU)
 * @max_pairs: queue pairs the stack may use
 * @all_pairs: the same and those that programs may have besides
 * @dev_pairs: queue pairs that exist on the device; the control queue lies
 *	behind them, used or not
 * @rx_ring_max: entries of the receive rings as the device created them
 * @tx_ring_max: entries of the transmit rings as the device created them
 * @hdr_len: bytes of the vnet header in front of every packet
 * @gso_types: bitmap of VIRTIO_NET_HDR_GSO_* types the device may send us
 * @little_endian: byte order of the device's 16-bit header fields
 * @any_layout: header and data may share one descriptor
 * @mrg_rxbuf: a packet may span several receive buffers
 * @guest_csum: received packets may be partially checksummed
 * @guest_gso: the device may send packets larger than the MTU
 * @guest_ecn: TCP GSO packets may carry CWR
 * @rx_tunnel: GSO packets that we receive may be in a UDP tunnel
 * @rx_tunnel_csum: and the tunnel's own checksum left to us
 * @tx_tunnel: the device takes GSO packets in a UDP tunnel
 * @guest_hdrlen: the device wants exact header lengths on transmit
 * @link_status: config space has a link status
 * @speed_duplex: config space has speed and duplex
 * @mac_writable: the address in config space can be written (legacy)
 * @ctrl_vq: there is a control queue, and the rest here may be true
 * @ctrl_rx: promiscuous and all-multicast mode, and address filters
 * @ctrl_vlan: VLAN filter
 * @ctrl_mac: the station address can be set
 * @announce: the device may ask for an announcement
 * @mq: the number of queue pairs can be set
 * @ctrl_offloads: receive offloads can be switched
 * @rss: the device spreads packets by hash, key and table
 * @hash_report: the vnet header carries the hash
 * @notf_coal: interrupt moderation, for all receive and all transmit queues
 * @vq_notf_coal: interrupt moderation of each queue
 * @ring_reset: single queues can be reset
 * @device_stats: the device keeps statistics
 * @offloads: receive offloads there can be, as in VIRTIO_NET_CTRL_GUEST_OFFLOADS
 * @agreed: those of them that were negotiated last; all where the device can be
 *	told of them by command
 * @hash_types: VIRTIO_NET_RSS_HASH_TYPE_* that we and the device know
 * @rss_table: entries of the indirection table, a power of two
 * @feat_cleared: features the device offered that were not to be believed
 *
 * Virtio 1.3, 5.1.3 (feature bits) and 5.1.4 (config space). UDP tunnels, bits 65
 * to 68, came after it.
 */
struct virtnet_caps {
	u8 mac[ETH_ALEN];
	u16 mtu;
	u16 max_pairs;
	u16 all_pairs;
	u16 dev_pairs;
	u16 rx_ring_max;
	u16 tx_ring_max;
	u8 hdr_len;
	u8 gso_types;
	bool little_endian;
	bool any_layout;
	bool mrg_rxbuf;
	bool guest_csum;
	bool guest_gso;
	bool guest_ecn;
	bool rx_tunnel;
	bool rx_tunnel_csum;
	bool tx_tunnel;
	bool guest_hdrlen;
	bool link_status;
	bool speed_duplex;
	bool mac_writable;
	bool ctrl_vq;
	bool ctrl_rx;
	bool ctrl_vlan;
	bool ctrl_mac;
	bool announce;
	bool mq;
	bool ctrl_offloads;
	bool rss;
	bool hash_report;
	bool notf_coal;
	bool vq_notf_coal;
	bool ring_reset;
	bool device_stats;
	u64 offloads;
	u64 agreed;
	u32 hash_types;
	u16 rss_table;
	u16 feat_cleared;
};

/* More pairs than this are not worth their memory. */
#define VIRTNET_PAIRS_MAX	256
/* Entries of an indirection table that make a difference. */
#define VIRTNET_RSS_TABLE_MAX	512
/* Bytes of the hash key: what the longest hashed tuple takes. */
#define VIRTNET_RSS_KEY		40

/* Receive offloads that make packets larger than the MTU, or go with them. */
#define VIRTNET_OFFLOADS_GSO				\
	(BIT_ULL(VIRTIO_NET_F_GUEST_TSO4) |		\
	 BIT_ULL(VIRTIO_NET_F_GUEST_TSO6) |		\
	 BIT_ULL(VIRTIO_NET_F_GUEST_ECN) |		\
	 BIT_ULL(VIRTIO_NET_F_GUEST_UFO) |		\
	 BIT_ULL(VIRTIO_NET_F_GUEST_USO4) |		\
	 BIT_ULL(VIRTIO_NET_F_GUEST_USO6) |		\
	 BIT_ULL(VIRTIO_NET_F_GUEST_UDP_TUNNEL_GSO_MAPPED) | \
	 BIT_ULL(VIRTIO_NET_F_GUEST_UDP_TUNNEL_GSO_CSUM_MAPPED))

extern const unsigned int virtnet_features[];
extern const unsigned int virtnet_features_count;

extern bool virtnet_frugal;
extern unsigned int virtnet_cpus;
extern bool virtnet_standby;

int virtnet_validate(struct virtio_device *vdev);
int virtnet_config_read(struct virtio_device *vdev, unsigned int offset,
			void *buf, unsigned int len);
void virtnet_caps_agree(struct virtio_device *vdev, struct virtnet_caps *caps);
void virtnet_offloads_offer(struct virtio_device *vdev, u64 able, u64 want);
int virtnet_caps_read(struct virtio_device *vdev, struct virtnet_caps *caps);

#endif
