// SPDX-License-Identifier: GPL-2.0-only
#include <linux/etherdevice.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/checksum.h>
#include <net/ip.h>
#include <net/ip6_checksum.h>

#include "pkt.h"

static bool pkt_is_v6(enum pkt_kind kind)
{
	return kind == PKT_TCP6 || kind == PKT_UDP6;
}

static bool pkt_is_tcp(enum pkt_kind kind)
{
	return kind == PKT_TCP4 || kind == PKT_TCP6;
}

u32 pkt_l4(enum pkt_kind kind)
{
	return ETH_HLEN + (pkt_is_v6(kind) ? sizeof(struct ipv6hdr) :
					     sizeof(struct iphdr));
}

u32 pkt_hdrs(enum pkt_kind kind)
{
	return pkt_l4(kind) + (pkt_is_tcp(kind) ? sizeof(struct tcphdr) :
						  sizeof(struct udphdr));
}

u32 pkt_csum_off(enum pkt_kind kind)
{
	return pkt_is_tcp(kind) ? offsetof(struct tcphdr, check) :
				  offsetof(struct udphdr, check);
}

static void pkt_ip4(u8 *buf, u8 proto, u32 l4_len)
{
	struct iphdr *ip = (struct iphdr *)(buf + ETH_HLEN);

	ip->version = 4;
	ip->ihl = 5;
	ip->ttl = 64;
	ip->frag_off = htons(IP_DF);
	ip->protocol = proto;
	ip->tot_len = htons(min_t(u32, sizeof(*ip) + l4_len, 65535));
	ip->saddr = htonl(0x0a000001);
	ip->daddr = htonl(0x0a000002);
	ip->check = ip_fast_csum(ip, ip->ihl);
}

static void pkt_ip6(u8 *buf, u8 proto, u32 l4_len)
{
	struct ipv6hdr *ip = (struct ipv6hdr *)(buf + ETH_HLEN);

	ip->version = 6;
	ip->hop_limit = 64;
	ip->nexthdr = proto;
	ip->payload_len = htons(min_t(u32, l4_len, 65535));
	ip->saddr.s6_addr[0] = 0xfd;
	ip->saddr.s6_addr[15] = 1;
	ip->daddr.s6_addr[0] = 0xfd;
	ip->daddr.s6_addr[15] = 2;
}

static __sum16 pkt_pseudo(const u8 *buf, enum pkt_kind kind, u8 proto, u32 l4_len)
{
	const struct ipv6hdr *ip6 = (const void *)(buf + ETH_HLEN);
	const struct iphdr *ip = (const void *)(buf + ETH_HLEN);

	if (pkt_is_v6(kind))
		return csum_ipv6_magic(&ip6->saddr, &ip6->daddr, l4_len, proto, 0);
	return csum_tcpudp_magic(ip->saddr, ip->daddr, l4_len, proto, 0);
}

static void pkt_l4_hdr(u8 *l4, bool tcp, u32 l4_len)
{
	struct tcphdr *th = (struct tcphdr *)l4;
	struct udphdr *uh = (struct udphdr *)l4;

	if (tcp) {
		th->source = htons(1000);
		th->dest = htons(2000);
		th->doff = sizeof(*th) / 4;
		th->ack = 1;
		th->window = htons(1000);
	} else {
		uh->source = htons(1000);
		uh->dest = htons(2000);
		uh->len = htons(min_t(u32, l4_len, 65535));
	}
}

/*
 * A frame whose TCP or UDP checksum is as CHECKSUM_PARTIAL has it: that of the
 * pseudo header only.  Returns its length.
 */
u32 pkt_build(u8 *buf, enum pkt_kind kind, u32 payload)
{
	u32 l4 = pkt_l4(kind), l4_len = pkt_hdrs(kind) - l4 + payload, i;
	u8 proto = pkt_is_tcp(kind) ? IPPROTO_TCP : IPPROTO_UDP;
	struct ethhdr *eth = (struct ethhdr *)buf;
	__sum16 sum;

	memset(buf, 0, pkt_hdrs(kind));
	eth_broadcast_addr(eth->h_dest);
	memcpy(eth->h_source, "\x02\x00\x00\x00\x00\x01", ETH_ALEN);
	eth->h_proto = htons(pkt_is_v6(kind) ? ETH_P_IPV6 : ETH_P_IP);
	if (pkt_is_v6(kind))
		pkt_ip6(buf, proto, l4_len);
	else
		pkt_ip4(buf, proto, l4_len);
	pkt_l4_hdr(buf + l4, pkt_is_tcp(kind), l4_len);
	sum = ~pkt_pseudo(buf, kind, proto, l4_len);
	memcpy(buf + l4 + pkt_csum_off(kind), &sum, sizeof(sum));
	for (i = 0; i < payload; i++)
		buf[pkt_hdrs(kind) + i] = i * 7 + (i >> 8);
	return l4 + l4_len;
}
