// SPDX-License-Identifier: GPL-2.0
/* Frames: find the headers, compute checksums, build test traffic. */
#include "packet.h"

static void parse_ipv4(const u8 *data, u32 len, u32 off, struct flow *flow)
{
	u32 ihl = (data[off] & 15u) * 4;

	if (ihl < 20 || off + ihl > len)
		return;
	flow->l3 = (u16)off;
	flow->proto = data[off + 9];
	flow->fragment = get16(data + off + 6) & 0x3fff;
	if (!flow->fragment)
		flow->l4 = (u16)(off + ihl);
}

static void parse_ipv6(const u8 *data, u32 off, struct flow *flow)
{
	flow->l3 = (u16)off;
	flow->ipv6 = true;
	flow->proto = data[off + 6];
	flow->l4 = (u16)(off + 40);
}

void flow_parse(const u8 *data, u32 len, struct flow *flow)
{
	u32 off = ETH_HLEN, need;
	u16 type;

	memset(flow, 0, sizeof(*flow));
	flow->vlan = 0xffff;
	if (len < ETH_HLEN)
		return;
	type = get16(data + 12);
	if (type == TYPE_VLAN && len >= ETH_HLEN + 4) {
		flow->vlan = get16(data + 14) & 0xfff;
		type = get16(data + 16);
		off += 4;
	}
	if (type == TYPE_IPV4 && len >= off + 20)
		parse_ipv4(data, len, off, flow);
	else if (type == TYPE_IPV6 && len >= off + 40)
		parse_ipv6(data, off, flow);
	need = flow->proto == PROTO_TCP ? 20 : 8;
	if ((flow->proto != PROTO_TCP && flow->proto != PROTO_UDP) ||
	    flow->l4 + need > len)
		flow->l4 = 0;
}

/* Any hash will do where the driver configured none: FNV-1a. */
u32 flow_hash(const u8 *data, const struct flow *flow)
{
	u32 h = 2166136261u, i, n = flow->ipv6 ? 32 : 8;
	const u8 *p = data + flow->l3 + (flow->ipv6 ? 8 : 12);

	if (!flow->l3)
		return 0;
	for (i = 0; i < n; i++)
		h = (h ^ p[i]) * 16777619u;
	for (i = 0; flow->l4 && i < 4; i++)
		h = (h ^ data[flow->l4 + i]) * 16777619u;
	return h ^ h >> 16;
}

/* Internet checksum of @data on top of @sum, folded and inverted. */
u16 csum_fold(const u8 *data, size_t len, u32 sum)
{
	u64 acc = sum;
	size_t i;

	for (i = 0; i + 1 < len; i += 2)
		acc += get16(data + i);
	if (len & 1)
		acc += (u32)data[len - 1] << 8;
	while (acc >> 16)
		acc = (acc & 0xffff) + (acc >> 16);
	return (u16)~acc;
}

/* Sum of the pseudo header, to start a TCP or UDP checksum from. */
u32 csum_pseudo(const u8 *data, const struct flow *flow, u32 l4_len)
{
	const u8 *ip = data + flow->l3;
	u16 addr = flow->ipv6 ? (u16)~csum_fold(ip + 8, 32, 0) :
				(u16)~csum_fold(ip + 12, 8, 0);

	return addr + flow->proto + (l4_len & 0xffff) + (l4_len >> 16);
}

/* Finish a checksum the sender left open; false when it lies outside. */
bool csum_complete(struct vhost_pkt *pkt)
{
	u32 start = pkt->hdr.csum_start;
	u32 at = start + pkt->hdr.csum_offset;
	u16 sum;

	if (!(pkt->hdr.flags & HDR_NEEDS_CSUM))
		return true;
	if (start >= pkt->len || at + 2 > pkt->len)
		return false;
	sum = csum_fold(pkt->data + start, pkt->len - start, 0);
	put16(pkt->data + at, sum ? sum : 0xffff);
	pkt->hdr.flags &= (u8)~HDR_NEEDS_CSUM;
	return true;
}

static u32 put_ipv4(u8 *ip, const struct frame_spec *s, u32 payload)
{
	ip[0] = 0x45;
	put16(ip + 2, (u16)(20 + payload));
	put16(ip + 6, 0x4000);
	ip[8] = 64;
	ip[9] = s->proto;
	put32(ip + 12, s->src_ip);
	put32(ip + 16, s->dst_ip);
	put16(ip + 10, csum_fold(ip, 20, 0));
	return 20;
}

static u32 put_ipv6(u8 *ip, const struct frame_spec *s, u32 payload)
{
	ip[0] = 0x60;
	put16(ip + 4, (u16)payload);
	ip[6] = s->proto;
	ip[7] = 64;
	put32(ip + 8, 0x20010db8);
	put32(ip + 20, s->src_ip);
	put32(ip + 24, 0x20010db8);
	put32(ip + 36, s->dst_ip);
	return 40;
}

static void put_l4(u8 *l4, const struct frame_spec *s, u32 len)
{
	put16(l4, s->sport);
	put16(l4 + 2, s->dport);
	if (s->proto == PROTO_UDP) {
		put16(l4 + 4, (u16)len);
		return;
	}
	l4[12] = 5 << 4;
	l4[13] = 0x10;		/* ACK */
	put16(l4 + 14, 65535);
}

u32 frame_build(u8 *data, const struct frame_spec *s,
		struct vhost_net_hdr *hdr)
{
	u32 ip_len = s->ipv6 ? 40 : 20, l4_min = s->proto == PROTO_TCP ? 20 : 8;
	u32 size = max(s->size, ETH_HLEN + ip_len + l4_min);
	u32 l4_len = size - ETH_HLEN - ip_len, field, sum;
	u8 *l4 = data + ETH_HLEN + ip_len;
	struct flow flow;

	memset(data, 0, size);
	memset(hdr, 0, sizeof(*hdr));
	memcpy(data, s->dst_mac, ETH_ALEN);
	memcpy(data + ETH_ALEN, s->src_mac, ETH_ALEN);
	put16(data + 12, s->ipv6 ? TYPE_IPV6 : TYPE_IPV4);
	if (s->ipv6)
		put_ipv6(data + ETH_HLEN, s, l4_len);
	else
		put_ipv4(data + ETH_HLEN, s, l4_len);
	put_l4(l4, s, l4_len);
	flow_parse(data, size, &flow);
	field = s->proto == PROTO_TCP ? 16 : 6;
	sum = csum_pseudo(data, &flow, l4_len);
	if (s->partial) {
		put16(l4 + field, (u16)~csum_fold(NULL, 0, sum));
		hdr->flags = HDR_NEEDS_CSUM;
		hdr->csum_start = (u16)(ETH_HLEN + ip_len);
		hdr->csum_offset = (u16)field;
		return size;
	}
	sum = csum_fold(l4, l4_len, sum);
	put16(l4 + field, sum ? (u16)sum : 0xffff);
	return size;
}
