// SPDX-License-Identifier: GPL-2.0-only
/*
 * Device half of the packed ring (virtio 1.3, section 2.8).
 */
#include <asm/barrier.h>

#include "memdev.h"

#define PACKED_AVAIL	BIT(VRING_PACKED_DESC_F_AVAIL)
#define PACKED_USED	BIT(VRING_PACKED_DESC_F_USED)
#define PACKED_WRAP	BIT(VRING_PACKED_EVENT_F_WRAP_CTR)

static struct vring_packed_desc *packed_desc(struct memdev_vq *q)
{
	return q->desc;
}

static void packed_step(struct memdev_vq *q, u16 *slot, bool *wrap, u16 n)
{
	*slot += n;
	if (*slot >= q->num) {
		*slot -= q->num;
		*wrap = !*wrap;
	}
}

/* Available: the AVAIL bit equals the wrap counter and USED does not. */
static bool packed_is_avail(struct memdev_vq *q)
{
	u16 flags = le16_to_cpu(READ_ONCE(packed_desc(q)[q->pos.avail].flags));

	return !!(flags & PACKED_AVAIL) == q->pos.avail_wrap &&
	       !!(flags & PACKED_USED) != q->pos.avail_wrap;
}

static int packed_seg(struct memdev_vq *q, struct memdev_chain *c,
		      const struct vring_packed_desc *d)
{
	struct memdev_seg *s = &c->seg[c->nsegs];

	if (c->nsegs == MEMDEV_MAX_SEGS)
		return -E2BIG;
	s->len = le32_to_cpu(d->len);
	s->write = le16_to_cpu(d->flags) & VRING_DESC_F_WRITE;
	s->addr = memdev_guest(q, le64_to_cpu(d->addr), s->len);
	if (!s->addr)
		return -EFAULT;
	if (!s->write && c->in_len)
		return -EPROTO;
	if (s->write)
		c->in_len += s->len;
	else
		c->out_len += s->len;
	c->nsegs++;
	return 0;
}

static int packed_walk_indirect(struct memdev_vq *q, struct memdev_chain *c,
				const struct vring_packed_desc *d)
{
	u32 len = le32_to_cpu(d->len), i;
	const struct vring_packed_desc *table;
	int err;

	table = memdev_guest(q, le64_to_cpu(d->addr), len);
	if (!table)
		return -EFAULT;
	if (len % sizeof(*d) || !memdev_has(q->dev, VIRTIO_RING_F_INDIRECT_DESC))
		return -EPROTO;
	c->indirect = true;
	for (i = 0; i < len / sizeof(*d); i++) {
		err = packed_seg(q, c, &table[i]);
		if (err)
			return err;
	}
	return 0;
}

/* A chain: its buffer id stands in the last descriptor. */
static int packed_walk(struct memdev_vq *q, struct memdev_chain *c)
{
	u16 slot = q->pos.avail;
	bool wrap = q->pos.avail_wrap;
	u16 flags;
	int err;

	do {
		const struct vring_packed_desc *d = &packed_desc(q)[slot];

		if (c->ndesc++ >= q->num)
			return -ELOOP;
		flags = le16_to_cpu(d->flags);
		err = packed_seg(q, c, d);
		if (err)
			return err;
		c->id = le16_to_cpu(d->id);
		packed_step(q, &slot, &wrap, 1);
	} while (flags & VRING_DESC_F_NEXT);
	return 0;
}

static int packed_pop(struct memdev_vq *q, struct memdev_chain *c)
{
	const struct vring_packed_desc *d = &packed_desc(q)[q->pos.avail];
	int err;

	if (!packed_is_avail(q))
		return 0;
	virt_rmb();
	if (le16_to_cpu(d->flags) & VRING_DESC_F_INDIRECT) {
		c->ndesc = 1;
		c->id = le16_to_cpu(d->id);
		err = packed_walk_indirect(q, c, d);
	} else {
		err = packed_walk(q, c);
	}
	if (err)
		return err;
	packed_step(q, &q->pos.avail, &q->pos.avail_wrap, c->ndesc);
	return 1;
}

/* The first descriptor's flags are kept back until the flush. */
static void packed_put(struct memdev_vq *q, u32 id, u32 len, u16 ndesc)
{
	struct vring_packed_desc *d = &packed_desc(q)[q->pos.used];
	u16 flags = q->pos.used_wrap ? PACKED_AVAIL | PACKED_USED : 0;

	if (len)
		flags |= VRING_DESC_F_WRITE;
	d->id = cpu_to_le16(id);
	d->len = cpu_to_le32(len);
	if (!q->unflushed++) {
		q->held_slot = q->pos.used;
		q->held_flags = flags;
	} else {
		virt_wmb();
		WRITE_ONCE(d->flags, cpu_to_le16(flags));
	}
	packed_step(q, &q->pos.used, &q->pos.used_wrap, ndesc);
	q->since_irq += ndesc;
}

static void packed_flush(struct memdev_vq *q)
{
	virt_wmb();
	WRITE_ONCE(packed_desc(q)[q->held_slot].flags, cpu_to_le16(q->held_flags));
}

static bool packed_want_irq(struct memdev_vq *q)
{
	const struct vring_packed_desc_event *e = q->driver;
	u16 flags, off, event;

	virt_mb();
	flags = le16_to_cpu(READ_ONCE(e->flags));
	if (flags != VRING_PACKED_EVENT_FLAG_DESC)
		return flags != VRING_PACKED_EVENT_FLAG_DISABLE;
	off = le16_to_cpu(READ_ONCE(e->off_wrap));
	event = off & ~PACKED_WRAP;
	/* One lap behind: express it relative to this lap. */
	if (!!(off & PACKED_WRAP) != q->pos.used_wrap)
		event -= q->num;
	return vring_need_event(event, q->pos.used, q->pos.used - q->since_irq);
}

static void packed_set_event(struct memdev_vq *q, u16 flags, u16 off_wrap)
{
	struct vring_packed_desc_event *e = q->device;

	WRITE_ONCE(e->off_wrap, cpu_to_le16(off_wrap));
	virt_wmb();
	WRITE_ONCE(e->flags, cpu_to_le16(flags));
}

static void packed_kick_never(struct memdev_vq *q)
{
	packed_set_event(q, VRING_PACKED_EVENT_FLAG_DISABLE, 0);
}

static void packed_kick_always(struct memdev_vq *q)
{
	packed_set_event(q, VRING_PACKED_EVENT_FLAG_ENABLE, 0);
}

/* Where the driver will put its next descriptor: slot and wrap counter. */
static u16 packed_driver_pos(struct memdev_vq *q)
{
	struct memdev_pos saved = q->pos;
	unsigned int n = 0;
	u16 at;

	while (n++ < q->num && memdev_pop(q, &q->scratch) > 0)
		;
	at = q->pos.avail | (q->pos.avail_wrap ? PACKED_WRAP : 0);
	q->pos = saved;
	return at;
}

static u16 packed_driver_event(struct memdev_vq *q)
{
	const struct vring_packed_desc_event *e = q->driver;

	return le16_to_cpu(READ_ONCE(e->off_wrap));
}

static u16 packed_device_pos(struct memdev_vq *q)
{
	return q->pos.used | (q->pos.used_wrap ? PACKED_WRAP : 0);
}

/* Ask to be told of the n-th descriptor beyond those available now. */
static void packed_kick_after(struct memdev_vq *q, u16 n)
{
	u16 at = packed_driver_pos(q), slot = at & ~PACKED_WRAP;
	bool wrap = at & PACKED_WRAP;

	packed_step(q, &slot, &wrap, n - 1);
	packed_set_event(q, VRING_PACKED_EVENT_FLAG_DESC,
			 slot | (wrap ? PACKED_WRAP : 0));
}

/* Lie: go on somewhere else, which nothing in the ring tells. */
void memdev_packed_jump(struct memdev_vq *q, u16 n)
{
	packed_step(q, &q->pos.used, &q->pos.used_wrap, n % q->num);
}

/* Another process takes over, and does not know how far the last one was. */
void memdev_packed_forget(struct memdev_vq *q)
{
	q->pos = (struct memdev_pos) { .avail_wrap = true, .used_wrap = true };
}

void memdev_packed_start(struct memdev_vq *q)
{
	q->ops = &memdev_packed_ops;
	memdev_packed_forget(q);
}

const struct memdev_ring_ops memdev_packed_ops = {
	.pop = packed_pop,
	.put = packed_put,
	.flush = packed_flush,
	.want_irq = packed_want_irq,
	.kick_never = packed_kick_never,
	.kick_always = packed_kick_always,
	.kick_after = packed_kick_after,
	.driver_pos = packed_driver_pos,
	.driver_event = packed_driver_event,
	.device_pos = packed_device_pos,
};
