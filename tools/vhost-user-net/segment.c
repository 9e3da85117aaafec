// SPDX-License-Identifier: GPL-2.0
/*
 * Segmentation in software, for a receiver that did not accept the GSO type
 * the sender used: TCP over IPv4 and IPv6, and UDP_L4. Segments leave with
 * complete checksums.
 */
#include "packet.h"

struct job {
	const struct vhost_pkt *pkt;
	struct flow flow;
	u32 hdr;		/* bytes repeated in front of each segment */
	u32 mss;
};

static u8 out[65536];

static bool setup(struct job *job, const struct vhost_pkt *pkt)
{
	u32 l4_hdr;

	job->pkt = pkt;
	job->mss = pkt->hdr.gso_size;
	flow_parse(pkt->data, pkt->len, &job->flow);
	if (!job->mss || !job->flow.l4)
		return false;
	l4_hdr = job->flow.proto == PROTO_TCP ?
		 (pkt->data[job->flow.l4 + 12] >> 4) * 4u : 8;
	job->hdr = job->flow.l4 + l4_hdr;
	if (l4_hdr < 8 || job->hdr >= pkt->len ||
	    job->hdr + job->mss > sizeof(out))
		return false;
	return (pkt->hdr.gso_type & ~GSO_ECN) != GSO_UDP;
}

static void fix_ip(const struct job *job, u32 len, u32 nr)
{
	u8 *ip = out + job->flow.l3;

	if (job->flow.ipv6) {
		put16(ip + 4, (u16)(len - job->flow.l3 - 40));
		return;
	}
	put16(ip + 2, (u16)(len - job->flow.l3));
	put16(ip + 4, (u16)(get16(ip + 4) + nr));
	put16(ip + 10, 0);
	put16(ip + 10, csum_fold(ip, job->flow.l4 - job->flow.l3, 0));
}

static void fix_l4(const struct job *job, u32 len, u32 nr, bool last)
{
	u8 *l4 = out + job->flow.l4;
	u32 l4_len = len - job->flow.l4;
	u8 *sum = l4 + (job->flow.proto == PROTO_TCP ? 16 : 6);
	u16 value;

	if (job->flow.proto == PROTO_TCP) {
		put32(l4 + 4, get32(l4 + 4) + nr * job->mss);
		if (!last)
			l4[13] &= (u8)~0x09;	/* FIN and PSH end the data */
		if (nr)
			l4[13] &= (u8)~0x80;	/* CWR begins it */
	} else {
		put16(l4 + 4, (u16)l4_len);
	}
	put16(sum, 0);
	value = csum_fold(l4, l4_len, csum_pseudo(out, &job->flow, l4_len));
	put16(sum, value ? value : 0xffff);
}

bool segment(const struct vhost_pkt *pkt,
	     void (*emit)(void *arg, struct vhost_pkt *pkt), void *arg)
{
	u32 off, nr = 0;
	struct job job;

	if (!setup(&job, pkt))
		return false;
	for (off = job.hdr; off < pkt->len; off += job.mss, nr++) {
		u32 part = min(job.mss, pkt->len - off);
		struct vhost_pkt seg = { .data = out, .len = job.hdr + part };

		memcpy(out, pkt->data, job.hdr);
		memcpy(out + job.hdr, pkt->data + off, part);
		fix_ip(&job, seg.len, nr);
		fix_l4(&job, seg.len, nr, off + part == pkt->len);
		emit(arg, &seg);
	}
	return true;
}
