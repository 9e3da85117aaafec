/* SPDX-License-Identifier: GPL-2.0 */
/*
 * virtio-net as the virtio 1.3 text has it: feature bits, config space,
 * header values, control commands. Own names, so that the libc headers of any
 * age will do.
 */
#ifndef NET_H
#define NET_H

#include "../vhost/types.h"

enum net_feature {
	F_CSUM = 0,
	F_GUEST_CSUM = 1,
	F_CTRL_GUEST_OFFLOADS = 2,
	F_MTU = 3,
	F_MAC = 5,
	F_GUEST_TSO4 = 7,
	F_GUEST_TSO6 = 8,
	F_GUEST_ECN = 9,
	F_GUEST_UFO = 10,
	F_HOST_TSO4 = 11,
	F_HOST_TSO6 = 12,
	F_HOST_ECN = 13,
	F_HOST_UFO = 14,
	F_MRG_RXBUF = 15,
	F_STATUS = 16,
	F_CTRL_VQ = 17,
	F_CTRL_RX = 18,
	F_CTRL_VLAN = 19,
	F_CTRL_RX_EXTRA = 20,
	F_GUEST_ANNOUNCE = 21,
	F_MQ = 22,
	F_CTRL_MAC_ADDR = 23,
	F_DEVICE_STATS = 50,
	F_HASH_TUNNEL = 51,
	F_VQ_NOTF_COAL = 52,
	F_NOTF_COAL = 53,
	F_GUEST_USO4 = 54,
	F_GUEST_USO6 = 55,
	F_HOST_USO = 56,
	F_HASH_REPORT = 57,
	F_GUEST_HDRLEN = 59,
	F_RSS = 60,
	F_RSC_EXT = 61,
	F_STANDBY = 62,
	F_SPEED_DUPLEX = 63,
};

#define GUEST_OFFLOADS \
	(BIT(F_GUEST_CSUM) | BIT(F_GUEST_TSO4) | BIT(F_GUEST_TSO6) | \
	 BIT(F_GUEST_ECN) | BIT(F_GUEST_UFO) | BIT(F_GUEST_USO4) | \
	 BIT(F_GUEST_USO6))

#define S_LINK_UP	1
#define S_ANNOUNCE	2

struct net_config {
	u8 mac[6];
	u16 status;
	u16 max_pairs;
	u16 mtu;
	u32 speed;
	u8 duplex;
	u8 rss_max_key;
	u16 rss_max_table;
	u32 hash_types;
	u32 tunnel_types;
} __attribute__((packed));

#define HDR_NEEDS_CSUM	1
#define HDR_DATA_VALID	2

#define GSO_NONE	0
#define GSO_TCPV4	1
#define GSO_UDP		3
#define GSO_TCPV6	4
#define GSO_UDP_L4	5
#define GSO_ECN		0x80

/* control classes and commands */
enum {
	CTRL_RX = 0,
	CTRL_MAC,
	CTRL_VLAN,
	CTRL_ANNOUNCE,
	CTRL_MQ,
	CTRL_OFFLOADS,
	CTRL_COAL,
	CTRL_TUNNEL,
	CTRL_STATS,
	CTRL_CLASSES
};

enum { RX_PROMISC, RX_ALLMULTI, RX_ALLUNI, RX_NOMULTI, RX_NOUNI, RX_NOBCAST };
enum { MAC_TABLE_SET, MAC_ADDR_SET };
enum { VLAN_ADD, VLAN_DEL };
enum { MQ_PAIRS_SET, MQ_RSS_CONFIG, MQ_HASH_CONFIG };
enum { COAL_TX_SET, COAL_RX_SET, COAL_VQ_SET, COAL_VQ_GET };
enum { STATS_QUERY, STATS_GET };

#define CTRL_OK		0
#define CTRL_ERR	1

/* hash types a device may compute, and what it reports */
enum {
	HASH_IPV4 = 1 << 0,
	HASH_TCPV4 = 1 << 1,
	HASH_UDPV4 = 1 << 2,
	HASH_IPV6 = 1 << 3,
	HASH_TCPV6 = 1 << 4,
	HASH_UDPV6 = 1 << 5,
	HASH_IP_EX = 1 << 6,
	HASH_TCP_EX = 1 << 7,
	HASH_UDP_EX = 1 << 8,
};

#define HASH_SUPPORTED	(HASH_IPV4 | HASH_TCPV4 | HASH_UDPV4 | HASH_IPV6 | \
			 HASH_TCPV6 | HASH_UDPV6)

enum {
	REPORT_NONE, REPORT_IPV4, REPORT_TCPV4, REPORT_UDPV4, REPORT_IPV6,
	REPORT_TCPV6, REPORT_UDPV6,
};

#define RSS_KEY_MAX	40
#define RSS_TABLE_MAX	128

/* statistics: types are bit numbers, replies carry the same number */
enum {
	STATS_RX_BASIC = 0, STATS_RX_CSUM, STATS_RX_GSO, STATS_RX_SPEED,
	STATS_TX_BASIC = 16, STATS_TX_CSUM, STATS_TX_GSO, STATS_TX_SPEED,
	STATS_CVQ = 32,
};

#define ETH_HLEN	14
#define ETH_ALEN	6
#define TYPE_IPV4	0x0800
#define TYPE_IPV6	0x86dd
#define TYPE_VLAN	0x8100
#define PROTO_TCP	6
#define PROTO_UDP	17

#endif
