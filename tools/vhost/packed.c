// SPDX-License-Identifier: GPL-2.0
/* The packed ring: one descriptor ring, two event areas, wrap counters. */
#include <errno.h>

#include "internal.h"

#define AVAIL	(1 << VRING_PACKED_DESC_F_AVAIL)
#define USED	(1 << VRING_PACKED_DESC_F_USED)

static bool is_avail(bool wrap, u16 flags)
{
	return !!(flags & AVAIL) == wrap && !!(flags & USED) != wrap;
}

static void fetch(const struct vring_packed_desc *from,
		  struct vring_packed_desc *to)
{
	to->addr = vget(&from->addr);
	to->len = vget(&from->len);
	to->id = vget(&from->id);
	to->flags = vget(&from->flags);
}

static int walk_indirect(struct vhost_vq *vq, struct vhost_chain *chain,
			 const struct vring_packed_desc *table)
{
	u32 i, n = table->len / sizeof(*table);
	struct vring_packed_desc d;
	int err;

	if (!vhost_has(vq->dev, VIRTIO_F_INDIRECT_DESC) ||
	    table->len % sizeof(*table) || !n || n > VHOST_MAX_QUEUE_SIZE)
		return -EPROTO;
	for (i = 0; i < n; i++) {
		err = vhost_copy_from(vq->dev, table->addr + i * sizeof(d),
				      &d, sizeof(d));
		if (err)
			return err;
		err = vhost_sg_add(vq, chain, d.addr, d.len,
				   d.flags & VRING_DESC_F_WRITE);
		if (err)
			return err;
	}
	return 0;
}

static int add_one(struct vhost_vq *vq, struct vhost_chain *chain,
		   const struct vring_packed_desc *d)
{
	if (!(d->flags & VRING_DESC_F_INDIRECT))
		return vhost_sg_add(vq, chain, d->addr, d->len,
				    d->flags & VRING_DESC_F_WRITE);
	if (d->flags & VRING_DESC_F_NEXT)
		return -EPROTO;
	return walk_indirect(vq, chain, d);
}

static void advance(const struct vhost_vq *vq, u16 *pos, bool *wrap, u16 by)
{
	u32 next = (u32)*pos + by;

	if (next >= vq->num) {
		next -= vq->num;
		*wrap = !*wrap;
	}
	*pos = (u16)next;
}

/* A chain that the last back-end left: from its record. */
static int pop_again(struct vhost_vq *vq, struct vhost_chain *chain)
{
	struct vring_packed_desc d;
	u16 n = 0;
	int err = 0;

	for (; n < vq->num && vhost_inflight_packed_desc(vq, chain, n, &d); n++) {
		if (!err)
			err = add_one(vq, chain, &d);
		chain->id = d.id;
	}
	chain->ndesc = n;
	chain->again = true;
	return err ? err : 1;
}

/* As split_pop(). The whole chain is walked even when part of it is refused,
 * for its length and id are needed to give it back.
 */
int packed_pop(struct vhost_vq *vq, struct vhost_chain *chain)
{
	struct vring_packed_desc d;
	u16 pos = vq->last_avail;
	u32 n = 0;
	int err = 0;

	chain->again = false;
	if (unlikely(vq->inflight) && vhost_inflight_next(vq, &chain->slot))
		return pop_again(vq, chain);
	if (!is_avail(vq->avail_wrap, vget_acquire(&vq->pdesc[pos].flags)))
		return 0;
	do {
		if (unlikely(n >= vq->num)) {
			vhost_vq_broken(vq, "chain longer than the ring");
			return 0;
		}
		fetch(&vq->pdesc[pos], &d);
		if (!err)
			err = add_one(vq, chain, &d);
		pos = (u16)(pos + 1 == (u16)vq->num ? 0 : pos + 1);
		n++;
	} while (d.flags & VRING_DESC_F_NEXT);
	chain->id = d.id;
	chain->ndesc = (u16)n;
	advance(vq, &vq->last_avail, &vq->avail_wrap, (u16)n);
	return err ? err : 1;
}

/*
 * Write a used descriptor. Its flags make it visible, so those of the first
 * one of a batch wait for packed_flush().
 */
void packed_push(struct vhost_vq *vq, u32 id, u32 len, u16 ndesc)
{
	struct vring_packed_desc *d = &vq->pdesc[vq->used_idx];
	u16 flags = vq->used_wrap ? AVAIL | USED : 0;

	if (len)
		flags |= VRING_DESC_F_WRITE;
	vset(&d->id, (u16)id);
	vset(&d->len, len);
	if (vq->pending) {
		vset_release(&d->flags, flags);
	} else {
		vq->first_pending = vq->used_idx;
		vq->first_flags = flags;
	}
	vhost_log_ring(vq, vq->used_idx * sizeof(*d), sizeof(*d));
	advance(vq, &vq->used_idx, &vq->used_wrap, ndesc);
}

void packed_flush(struct vhost_vq *vq)
{
	vset_release(&vq->pdesc[vq->first_pending].flags, vq->first_flags);
}

bool packed_wants_call(struct vhost_vq *vq)
{
	u16 flags = vget_acquire(&vq->driver_event->flags);
	u16 off_wrap = vget(&vq->driver_event->off_wrap);
	u16 off = off_wrap & 0x7fff, old = vq->signalled, used = vq->used_idx;
	bool valid = vq->signalled_valid;

	vq->signalled = used;
	vq->signalled_valid = true;
	if (flags != VRING_PACKED_EVENT_FLAG_DESC || !vq->event_idx)
		return flags != VRING_PACKED_EVENT_FLAG_DISABLE;
	if (!valid || vq->unsignalled_slots >= vq->num)
		return true;
	if (used <= old)
		old = (u16)(old - vq->num);
	if (!!(off_wrap & BIT(VRING_PACKED_EVENT_F_WRAP_CTR)) != vq->used_wrap)
		off = (u16)(off - vq->num);
	return vring_need_event(off, used, old);
}

bool packed_enable_kick(struct vhost_vq *vq)
{
	bool wrap = vq->avail_wrap;
	u16 pos = vq->last_avail;

	advance(vq, &pos, &wrap, vq->put_back);
	if (vq->event_idx) {
		vset(&vq->device_event->off_wrap,
		     (u16)(pos | wrap << VRING_PACKED_EVENT_F_WRAP_CTR));
		vset_release(&vq->device_event->flags,
			     VRING_PACKED_EVENT_FLAG_DESC);
	} else {
		vset(&vq->device_event->flags, VRING_PACKED_EVENT_FLAG_ENABLE);
	}
	full_barrier();
	return is_avail(wrap, vget(&vq->pdesc[pos].flags));
}

void packed_disable_kick(struct vhost_vq *vq)
{
	vset(&vq->device_event->flags, VRING_PACKED_EVENT_FLAG_DISABLE);
}
