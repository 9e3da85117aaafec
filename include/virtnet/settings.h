/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the user asked for. Entry points edit a copy and hand it to
 * virtnet_apply(), which is the only place that makes the device match it.
 */
#ifndef _VIRTNET_SETTINGS_H
#define _VIRTNET_SETTINGS_H

#include <compat/compat.h>

#include <linux/etherdevice.h>
#include <linux/types.h>

struct netlink_ext_ack;
struct virtnet_caps;
struct virtnet_info;

/**
 * struct virtnet_settings - everything a user can change
 * @mtu: bytes of payload of the largest frame, without the Ethernet header
 * @pairs: queue pairs in use
 * @rx_ring: entries of each receive ring
 * @tx_ring: entries of each transmit ring
 * @speed: link speed in Mb/s or SPEED_UNKNOWN, where the device has none
 * @duplex: DUPLEX_*, where the device has none
 * @mac: station address
 */
struct virtnet_settings {
	u32 mtu;
	u16 pairs;
	u16 rx_ring;
	u16 tx_ring;
	u32 speed;
	u8 duplex;
	u8 mac[ETH_ALEN];
};

void virtnet_settings_init(struct virtnet_settings *s,
			   const struct virtnet_caps *caps);
int virtnet_settings_check(const struct virtnet_caps *caps,
			   const struct virtnet_settings *s,
			   struct netlink_ext_ack *extack);
int virtnet_apply(struct virtnet_info *vi, const struct virtnet_settings *want,
		  struct netlink_ext_ack *extack);

#endif
