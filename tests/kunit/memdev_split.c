// SPDX-License-Identifier: GPL-2.0-only
/*
 * Device half of the split ring (virtio 1.3, section 2.7).
 */
#include <asm/barrier.h>

#include "memdev.h"

static u16 split16(struct memdev_vq *q, __virtio16 v)
{
	return virtio16_to_cpu(&q->dev->vdev, v);
}

static struct vring_avail *split_avail(struct memdev_vq *q)
{
	return q->driver;
}

static struct vring_used *split_used(struct memdev_vq *q)
{
	return q->device;
}

/* The avail event lies behind the used ring's last entry. */
static __virtio16 *split_avail_event(struct memdev_vq *q)
{
	return (__virtio16 *)&split_used(q)->ring[q->num];
}

static int split_seg(struct memdev_vq *q, struct memdev_chain *c,
		     const struct vring_desc *d)
{
	struct memdev_seg *s = &c->seg[c->nsegs];
	u16 flags = split16(q, d->flags);

	if (c->nsegs == MEMDEV_MAX_SEGS)
		return -E2BIG;
	s->len = virtio32_to_cpu(&q->dev->vdev, d->len);
	s->write = flags & VRING_DESC_F_WRITE;
	s->addr = memdev_guest(q, virtio64_to_cpu(&q->dev->vdev, d->addr), s->len);
	if (!s->addr)
		return -EFAULT;
	/* Readable parts come before writable ones (2.7.4.2). */
	if (!s->write && c->in_len)
		return -EPROTO;
	if (s->write)
		c->in_len += s->len;
	else
		c->out_len += s->len;
	c->nsegs++;
	return 0;
}

static int split_walk(struct memdev_vq *q, struct memdev_chain *c,
		      const struct vring_desc *table, u16 num, u16 i, bool indirect)
{
	u16 steps = 0;
	int err;

	for (;;) {
		u16 flags;

		if (i >= num || steps++ >= num)
			return -ELOOP;
		flags = split16(q, table[i].flags);
		if (flags & VRING_DESC_F_INDIRECT)
			return -EPROTO;
		err = split_seg(q, c, &table[i]);
		if (err)
			return err;
		if (!indirect)
			c->ndesc++;
		if (!(flags & VRING_DESC_F_NEXT))
			return 0;
		i = split16(q, table[i].next);
	}
}

static int split_walk_indirect(struct memdev_vq *q, struct memdev_chain *c,
			       const struct vring_desc *d)
{
	u32 len = virtio32_to_cpu(&q->dev->vdev, d->len);
	void *table = memdev_guest(q, virtio64_to_cpu(&q->dev->vdev, d->addr), len);

	if (!table)
		return -EFAULT;
	if (len % sizeof(*d) || !memdev_has(q->dev, VIRTIO_RING_F_INDIRECT_DESC))
		return -EPROTO;
	c->indirect = true;
	c->ndesc = 1;
	return split_walk(q, c, table, len / sizeof(*d), 0, true);
}

static int split_pop(struct memdev_vq *q, struct memdev_chain *c)
{
	const struct vring_desc *table = q->desc;
	u16 idx = split16(q, READ_ONCE(split_avail(q)->idx));
	int err;

	if (idx == q->pos.avail)
		return 0;
	if ((u16)(idx - q->pos.avail) > q->num)
		return -EOVERFLOW;
	virt_rmb();
	c->id = split16(q, split_avail(q)->ring[q->pos.avail & (q->num - 1)]);
	if (c->id >= q->num)
		return -ERANGE;
	if (split16(q, table[c->id].flags) & VRING_DESC_F_INDIRECT)
		err = split_walk_indirect(q, c, &table[c->id]);
	else
		err = split_walk(q, c, table, q->num, c->id, false);
	if (err)
		return err;
	q->pos.avail++;
	return 1;
}

static void split_put(struct memdev_vq *q, u32 id, u32 len, u16 ndesc)
{
	struct vring_used_elem *e = &split_used(q)->ring[q->pos.used & (q->num - 1)];

	e->id = cpu_to_virtio32(&q->dev->vdev, id);
	e->len = cpu_to_virtio32(&q->dev->vdev, len);
	q->pos.used++;
	q->since_irq++;
	q->unflushed++;
}

static void split_flush(struct memdev_vq *q)
{
	virt_wmb();
	WRITE_ONCE(split_used(q)->idx, cpu_to_virtio16(&q->dev->vdev, q->pos.used));
}

static bool split_want_irq(struct memdev_vq *q)
{
	u16 event;

	virt_mb();
	if (!memdev_has(q->dev, VIRTIO_RING_F_EVENT_IDX))
		return !(split16(q, split_avail(q)->flags) & VRING_AVAIL_F_NO_INTERRUPT);
	event = split16(q, split_avail(q)->ring[q->num]);
	return vring_need_event(event, q->pos.used, q->pos.used - q->since_irq);
}

static void split_set_event(struct memdev_vq *q, u16 event)
{
	*split_avail_event(q) = cpu_to_virtio16(&q->dev->vdev, event);
}

static void split_kick_never(struct memdev_vq *q)
{
	if (memdev_has(q->dev, VIRTIO_RING_F_EVENT_IDX))
		split_set_event(q, q->pos.avail + 0x8000);
	else
		split_used(q)->flags = cpu_to_virtio16(&q->dev->vdev,
						       VRING_USED_F_NO_NOTIFY);
}

/* With the event index there is no "always", only "the next one". */
static void split_kick_always(struct memdev_vq *q)
{
	if (memdev_has(q->dev, VIRTIO_RING_F_EVENT_IDX))
		split_set_event(q, split16(q, split_avail(q)->idx));
	else
		split_used(q)->flags = 0;
}

static void split_kick_after(struct memdev_vq *q, u16 n)
{
	split_set_event(q, split16(q, split_avail(q)->idx) + n - 1);
}

static u16 split_driver_pos(struct memdev_vq *q)
{
	return split16(q, READ_ONCE(split_avail(q)->idx));
}

/* The used index at which the driver wants to be told; event index only. */
static u16 split_driver_event(struct memdev_vq *q)
{
	return split16(q, READ_ONCE(split_avail(q)->ring[q->num]));
}

static u16 split_device_pos(struct memdev_vq *q)
{
	return split16(q, split_used(q)->idx);
}

/* Lie: the used index runs ahead of what was really used. */
void memdev_split_jump(struct memdev_vq *q, u16 n)
{
	q->pos.used += n;
	q->since_irq += n;
	split_flush(q);
}

void memdev_split_start(struct memdev_vq *q)
{
	q->ops = &memdev_split_ops;
}

const struct memdev_ring_ops memdev_split_ops = {
	.pop = split_pop,
	.put = split_put,
	.flush = split_flush,
	.want_irq = split_want_irq,
	.kick_never = split_kick_never,
	.kick_always = split_kick_always,
	.kick_after = split_kick_after,
	.driver_pos = split_driver_pos,
	.driver_event = split_driver_event,
	.device_pos = split_device_pos,
};
