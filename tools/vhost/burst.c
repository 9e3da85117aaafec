// SPDX-License-Identifier: GPL-2.0
/*
 * Packets in and out of rings, in bursts: one used-index update and one
 * interrupt decision for each burst.
 */
#include "internal.h"

/* Segments and chains of one packet; dev->sg is empty between packets. */
struct spread {
	u32 n;			/* chains */
	size_t room;
};

/* Return everything held with length 0. */
static void give_up(struct vhost_vq *vq, struct spread *s)
{
	while (s->n)
		vhost_vq_push(vq, &vq->dev->chain[--s->n], 0);
	s->room = 0;
}

static void put_back(struct vhost_vq *vq, struct vhost_pos pos,
		     const struct spread *s)
{
	u32 i;

	if (unlikely(vq->inflight))
		for (i = s->n; i; i--)
			vhost_inflight_forget(vq, &vq->dev->chain[i - 1]);
	vhost_vq_rewind(vq, pos);
}

/* Collect buffers for @need bytes. False: ring has not that much. */
static bool collect(struct vhost_vq *vq, size_t need, struct spread *s)
{
	struct vhost_dev *dev = vq->dev;
	u32 limit = dev->mergeable ? VHOST_MAX_CHAINS : 1;
	u32 pushed = vq->pending, turns = 0;

	s->n = 0;
	s->room = 0;
	while (s->room < need && s->n < limit && turns++ < vq->num) {
		if (!vhost_vq_pop(vq, &dev->chain[s->n]))
			return false;
		s->room += dev->chain[s->n++].in_len;
		/*
		 * A bad chain was returned while we already held some: it is
		 * now used up before them, so they cannot stay any more.
		 */
		if (unlikely(pushed != vq->pending && s->n > 1)) {
			give_up(vq, s);
			pushed = vq->pending;
		}
	}
	return true;
}

/* Where a header lies in guest memory, for hooks; NULL if it is in pieces. */
static void note_header(struct vhost_vq *vq, const struct vhost_net_hdr *hdr)
{
	const struct vhost_chain *c = &vq->dev->chain[0];
	const struct iovec *iov = &vq->dev->sg.iov[c->first + c->n_out];

	vq->last_header = iov->iov_len < vq->dev->hdr_len ? NULL : iov->iov_base;
	memcpy(vq->last_header_was, hdr, sizeof(vq->last_header_was));
}

static void fill(struct vhost_vq *vq, const struct vhost_pkt *pkt,
		 const struct spread *s)
{
	struct vhost_dev *dev = vq->dev;
	size_t total = dev->hdr_len + pkt->len, done = 0;
	struct vhost_net_hdr hdr = pkt->hdr;
	u32 i;

	hdr.num_buffers = (u16)s->n;
	if (unlikely(dev->hooks && dev->hooks->header))
		dev->hooks->header(vq, &hdr, dev->hdr_len);
	if (unlikely(dev->hooks))
		note_header(vq, &hdr);
	for (i = 0; i < s->n; i++) {
		const struct vhost_chain *c = &dev->chain[i];
		size_t part = min(total - done, (size_t)c->in_len), h = 0;

		if (done < dev->hdr_len) {
			h = min(dev->hdr_len - done, part);
			vhost_sg_write(dev, c, 0, (u8 *)&hdr + done, h);
		}
		if (part > h)
			vhost_sg_write(dev, c, h,
				       pkt->data + (done + h - dev->hdr_len),
				       part - h);
		done += part;
		vhost_vq_push(vq, c, (u32)part);
	}
}

/* True: placed, or dropped because no buffer can ever hold it. */
static bool enqueue(struct vhost_vq *vq, const struct vhost_pkt *pkt)
{
	struct vhost_pos pos = vhost_vq_pos(vq);
	size_t need = vq->dev->hdr_len + pkt->len;
	u32 pushed = vq->pending;
	struct spread s;
	bool got = collect(vq, need, &s);

	if (got && s.room >= need) {
		fill(vq, pkt, &s);
		vq->stats.packets++;
		vq->stats.bytes += pkt->len;
		return true;
	}
	if (got)
		vq->stats.too_small++;
	else
		vq->stats.full++;
	if (likely(pushed == vq->pending))
		put_back(vq, pos, &s);
	else
		give_up(vq, &s);	/* bad chains went before them */
	return got;
}

unsigned int vhost_enqueue_burst(struct vhost_vq *vq, struct vhost_pkt *pkts,
				 unsigned int n)
{
	unsigned int i;

	if (!vhost_vq_live(vq))
		return 0;
	for (i = 0; i < n; i++) {
		vq->dev->sg.n = 0;
		if (!enqueue(vq, &pkts[i]))
			break;
	}
	vhost_vq_flush(vq);
	return i;
}

static bool dequeue(struct vhost_vq *vq, struct vhost_pkt *pkt)
{
	struct vhost_dev *dev = vq->dev;
	struct vhost_chain chain;
	bool ok;

	dev->sg.n = 0;
	if (!vhost_vq_pop(vq, &chain))
		return false;
	ok = chain.out_len >= dev->hdr_len;
	memset(&pkt->hdr, 0, sizeof(pkt->hdr));
	pkt->len = 0;
	if (ok) {
		vhost_sg_read(dev, &chain, 0, &pkt->hdr, dev->hdr_len);
		pkt->len = chain.out_len - (u32)dev->hdr_len;
		vhost_sg_read(dev, &chain, dev->hdr_len, pkt->data,
			      min(pkt->cap, pkt->len));
		vq->stats.packets++;
		vq->stats.bytes += pkt->len;
	} else {
		vq->stats.bad_chain++;
	}
	vhost_vq_push(vq, &chain, 0);
	return true;
}

unsigned int vhost_dequeue_burst(struct vhost_vq *vq, struct vhost_pkt *pkts,
				 unsigned int n)
{
	unsigned int i;

	if (!vhost_vq_live(vq))
		return 0;
	for (i = 0; i < n; i++)
		if (!dequeue(vq, &pkts[i]))
			break;
	vhost_vq_flush(vq);
	return i;
}

/* The frame that tells switches where @mac now lives (after migration). */
size_t vhost_rarp(u8 frame[60], const u8 mac[6])
{
	static const u8 arp[] = { 0x80, 0x35, 0, 1, 8, 0, 6, 4, 0, 3 };

	memset(frame, 0, 60);
	memset(frame, 0xff, 6);
	memcpy(frame + 6, mac, 6);
	memcpy(frame + 12, arp, sizeof(arp));
	memcpy(frame + 22, mac, 6);	/* sender, protocol address 0 */
	memcpy(frame + 32, mac, 6);	/* target */
	return 60;
}
