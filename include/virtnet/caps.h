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
 * @max_pairs: queue pairs the driver may use
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
 * @guest_hdrlen: the device wants exact header lengths on transmit
 * @link_status: config space has a link status
 * @speed_duplex: config space has speed and duplex
 *
 * Virtio 1.3, 5.1.3 (feature bits) and 5.1.4 (config space).
 */
struct virtnet_caps {
	u8 mac[ETH_ALEN];
	u16 mtu;
	u16 max_pairs;
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
	bool guest_hdrlen;
	bool link_status;
	bool speed_duplex;
};

extern const unsigned int virtnet_features[];
extern const unsigned int virtnet_features_count;

int virtnet_validate(struct virtio_device *vdev);
void virtnet_caps_read(struct virtio_device *vdev, struct virtnet_caps *caps);

#endif
