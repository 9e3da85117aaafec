/* SPDX-License-Identifier: GPL-2.0 */
/* Reading and making Ethernet frames. */
#ifndef PACKET_H
#define PACKET_H

#include "../vhost/vhost.h"
#include "net.h"

/* where things are in a frame; l3 0: not IP, l4 0: not TCP or UDP */
struct flow {
	u16 l3;
	u16 l4;
	u16 vlan;		/* 0xffff: none */
	bool ipv6;
	bool fragment;
	u8 proto;
};

static inline u16 get16(const u8 *p)
{
	return (u16)(p[0] << 8 | p[1]);
}

static inline u32 get32(const u8 *p)
{
	return (u32)get16(p) << 16 | get16(p + 2);
}

static inline void put16(u8 *p, u16 v)
{
	p[0] = (u8)(v >> 8);
	p[1] = (u8)v;
}

static inline void put32(u8 *p, u32 v)
{
	put16(p, (u16)(v >> 16));
	put16(p + 2, (u16)v);
}

void flow_parse(const u8 *data, u32 len, struct flow *flow);
u32 flow_hash(const u8 *data, const struct flow *flow);
u16 csum_fold(const u8 *data, size_t len, u32 sum);
u32 csum_pseudo(const u8 *data, const struct flow *flow, u32 l4_len);
bool csum_complete(struct vhost_pkt *pkt);

/* a UDP or TCP frame with right checksums */
struct frame_spec {
	const u8 *src_mac, *dst_mac;
	u32 size;		/* whole frame, without FCS */
	bool ipv6;
	u8 proto;
	u16 sport, dport;
	u32 src_ip, dst_ip;	/* IPv6: the low 32 bits */
	bool partial;		/* leave the checksum to the receiver */
};

u32 frame_build(u8 *data, const struct frame_spec *spec,
		struct vhost_net_hdr *hdr);

/* rss.c */
u32 toeplitz(const u8 *key, size_t key_len, const u8 *data, size_t len);

/* segment.c: GSO in software; calls emit() for each segment */
bool segment(const struct vhost_pkt *pkt,
	     void (*emit)(void *arg, struct vhost_pkt *pkt), void *arg);

#endif
