// SPDX-License-Identifier: GPL-2.0
/* Toeplitz hash, and the choice of what goes into it. */
#include "rss.h"

/* Each set bit of the input adds the 32 key bits that start at its place. */
u32 toeplitz(const u8 *key, size_t key_len, const u8 *data, size_t len)
{
	u32 hash = 0, window;
	size_t i;
	int bit;

	if (key_len < 4)
		return 0;
	window = get32(key);
	for (i = 0; i < len; i++) {
		u8 next = i + 4 < key_len ? key[i + 4] : 0;

		for (bit = 7; bit >= 0; bit--) {
			if (data[i] >> bit & 1)
				hash ^= window;
			window = window << 1 | (next >> bit & 1u);
		}
	}
	return hash;
}

/* The most specific enabled type, and its report value. */
static u16 choose(u32 types, const struct flow *flow, bool *ports)
{
	u32 tcp = flow->ipv6 ? HASH_TCPV6 : HASH_TCPV4;
	u32 udp = flow->ipv6 ? HASH_UDPV6 : HASH_UDPV4;
	u32 ip = flow->ipv6 ? HASH_IPV6 : HASH_IPV4;

	*ports = true;
	if (flow->l4 && flow->proto == PROTO_TCP && types & tcp)
		return flow->ipv6 ? REPORT_TCPV6 : REPORT_TCPV4;
	if (flow->l4 && flow->proto == PROTO_UDP && types & udp)
		return flow->ipv6 ? REPORT_UDPV6 : REPORT_UDPV4;
	*ports = false;
	if (types & ip)
		return flow->ipv6 ? REPORT_IPV6 : REPORT_IPV4;
	return REPORT_NONE;
}

u32 rss_hash(const struct rss *rss, const u8 *data, const struct flow *flow,
	     u16 *report)
{
	size_t n = flow->ipv6 ? 32 : 8;
	bool ports;
	u8 in[36];

	*report = flow->l3 ? choose(rss->types, flow, &ports) : REPORT_NONE;
	if (*report == REPORT_NONE)
		return 0;
	memcpy(in, data + flow->l3 + (flow->ipv6 ? 8 : 12), n);
	if (ports) {
		memcpy(in + n, data + flow->l4, 4);
		n += 4;
	}
	return toeplitz(rss->key, rss->key_len, in, n);
}
