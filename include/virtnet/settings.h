/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the user asked for. Entry points edit a copy and commit it; that is
 * the only way by which the device comes to match it.
 */
#ifndef _VIRTNET_SETTINGS_H
#define _VIRTNET_SETTINGS_H

#include <compat/compat.h>

#include <linux/etherdevice.h>
#include <linux/if_vlan.h>
#include <linux/types.h>
#include <virtnet/caps.h>

struct bpf_prog;
struct netlink_ext_ack;
struct virtnet_info;
struct virtnet_xsk;

/* Filters for more addresses than this are worth less than none. */
#define VIRTNET_MACS_MAX	64

/**
 * struct virtnet_mac_list - addresses the device is to let through
 * @count: addresses in use
 * @addr: the addresses
 */
struct virtnet_mac_list {
	u16 count;
	u8 addr[VIRTNET_MACS_MAX][ETH_ALEN];
};

/**
 * struct virtnet_rx_filter - what the device is to let through
 * @promisc: everything
 * @allmulti: all multicast
 * @uc: these unicast addresses besides the station's own
 * @mc: these multicast addresses
 */
struct virtnet_rx_filter {
	bool promisc;
	bool allmulti;
	struct virtnet_mac_list uc;
	struct virtnet_mac_list mc;
};

/**
 * struct virtnet_rss - receive hashing
 * @hash_types: VIRTIO_NET_RSS_HASH_TYPE_* that are hashed
 * @chosen: somebody chose @table; else all queues get their share
 * @table: queue of each hash value, modulo the size of the device's table
 * @key: hash key
 */
struct virtnet_rss {
	u32 hash_types;
	bool chosen;
	u16 table[VIRTNET_RSS_TABLE_MAX];
	u8 key[VIRTNET_RSS_KEY];
};

/**
 * struct virtnet_coal - interrupt moderation
 * @usecs: longest delay of an interrupt
 * @frames: packets after which it is not delayed any more
 * @adaptive: both follow the traffic instead, see dim.c
 */
struct virtnet_coal {
	u32 usecs;
	u32 frames;
	bool adaptive;
};

/**
 * struct virtnet_settings - everything a user can change
 * @mtu: bytes of payload of the largest frame, without the Ethernet header
 * @pairs: queue pairs in use
 * @xdp_pairs: queue pairs on top of those, whose transmit queues are XDP's own;
 *	follows from the rest, see virtnet_xdp_pairs()
 * @rx_ring: entries of each receive ring
 * @tx_ring: entries of each transmit ring
 * @speed: link speed in Mb/s or SPEED_UNKNOWN, where the device has none
 * @duplex: DUPLEX_*, where the device has none
 * @copybreak: bytes up to which a received packet is copied
 * @mac: station address
 * @list_delivery: what GRO cannot merge goes up as a list
 * @offloads: receive offloads that are on, bits of virtnet_caps.offloads
 * @xdp_prog: program run on received packets, or NULL; who sets it holds the
 *	reference
 * @xsk: AF_XDP socket that lends each queue its memory, or NULL
 * @filter: addresses to let through
 * @vlans: VLANs to let through
 * @rss: receive hashing
 * @rx_coal: interrupt moderation of all receive queues
 * @tx_coal: and of all transmit queues
 * @rxq_coal: interrupt moderation of each receive queue
 * @txq_coal: and of each transmit queue
 *
 * Too large for a stack: virtnet_settings_edit() makes copies.
 */
struct virtnet_settings {
	u32 mtu;
	u16 pairs;
	u16 xdp_pairs;
	u16 rx_ring;
	u16 tx_ring;
	u32 speed;
	u8 duplex;
	u16 copybreak;
	u8 mac[ETH_ALEN];
	bool list_delivery;
	u64 offloads;
	struct bpf_prog *xdp_prog;
	struct virtnet_xsk *xsk[VIRTNET_PAIRS_MAX];
	struct virtnet_rx_filter filter;
	DECLARE_BITMAP(vlans, VLAN_N_VID);
	struct virtnet_rss rss;
	struct virtnet_coal rx_coal;
	struct virtnet_coal tx_coal;
	struct virtnet_coal rxq_coal[VIRTNET_PAIRS_MAX];
	struct virtnet_coal txq_coal[VIRTNET_PAIRS_MAX];
};

/* Queue pairs that the device is to serve. */
static inline unsigned int virtnet_pairs_all(const struct virtnet_settings *s)
{
	return s->pairs + s->xdp_pairs;
}

/* Receive buffers to post: refill works in batches, what is never posted need not be held. */
static inline u16 virtnet_rx_depth(const struct virtnet_settings *s)
{
	return s->rx_ring - s->rx_ring / 16;
}

void virtnet_settings_init(struct virtnet_settings *s,
			   const struct virtnet_caps *caps);
int virtnet_settings_check(const struct virtnet_caps *caps,
			   const struct virtnet_settings *s,
			   struct netlink_ext_ack *extack);
u64 virtnet_offloads_wanted(const struct virtnet_settings *s);
bool virtnet_gso_possible(const struct virtnet_caps *caps,
			  const struct virtnet_settings *s);
bool virtnet_must_negotiate(const struct virtnet_caps *caps,
			    const struct virtnet_settings *s);
struct virtnet_settings *virtnet_settings_edit(const struct virtnet_info *vi);
int virtnet_settings_commit(struct virtnet_info *vi,
			    struct virtnet_settings *want,
			    struct netlink_ext_ack *extack);
int virtnet_apply(struct virtnet_info *vi, const struct virtnet_settings *want,
		  struct netlink_ext_ack *extack);

#endif
