// SPDX-License-Identifier: GPL-2.0
/* The split ring: descriptor table, available ring, used ring. */
#include <errno.h>

#include "internal.h"

static void fetch(const struct vring_desc *from, struct vring_desc *to)
{
	to->addr = vget(&from->addr);
	to->len = vget(&from->len);
	to->flags = vget(&from->flags);
	to->next = vget(&from->next);
}

static int walk_indirect(struct vhost_vq *vq, struct vhost_chain *chain,
			 const struct vring_desc *table)
{
	u32 limit = table->len / sizeof(*table), seen = 0, i = 0;
	struct vring_desc d;
	int err;

	if (table->flags & VRING_DESC_F_NEXT ||
	    table->len % sizeof(*table) || !limit ||
	    limit > VHOST_MAX_QUEUE_SIZE)
		return -EPROTO;
	do {
		if (i >= limit || seen++ >= limit)
			return -ELOOP;
		err = vhost_copy_from(vq->dev, table->addr + i * sizeof(d),
				      &d, sizeof(d));
		if (err)
			return err;
		if (d.flags & VRING_DESC_F_INDIRECT)
			return -EPROTO;
		err = vhost_sg_add(vq, chain, d.addr, d.len,
				   d.flags & VRING_DESC_F_WRITE);
		if (err)
			return err;
		i = d.next;
	} while (d.flags & VRING_DESC_F_NEXT);
	return 0;
}

static int walk(struct vhost_vq *vq, struct vhost_chain *chain)
{
	u32 seen = 0, i = chain->id;
	struct vring_desc d;
	int err;

	do {
		if (i >= vq->num || seen++ >= vq->num)
			return -ELOOP;
		fetch(&vq->desc[i], &d);
		if (d.flags & VRING_DESC_F_INDIRECT) {
			if (!vhost_has(vq->dev, VIRTIO_F_INDIRECT_DESC))
				return -EPROTO;
			return walk_indirect(vq, chain, &d);
		}
		err = vhost_sg_add(vq, chain, d.addr, d.len,
				   d.flags & VRING_DESC_F_WRITE);
		if (err)
			return err;
		i = d.next;
	} while (d.flags & VRING_DESC_F_NEXT);
	return 0;
}

/* The next head of the available ring; false when there is none. */
static bool next_head(struct vhost_vq *vq, u16 *head)
{
	if (vq->last_avail == vq->avail_seen) {
		vq->avail_seen = vget_acquire(&vq->avail->idx);
		if (vq->last_avail == vq->avail_seen)
			return false;
	}
	if (unlikely((u16)(vq->avail_seen - vq->last_avail) > vq->num)) {
		vhost_vq_broken(vq, "avail index %u, device is at %u of %u",
				vq->avail_seen, vq->last_avail, vq->num);
		return false;
	}
	*head = vget(&vq->avail->ring[vq->last_avail & (vq->num - 1)]);
	vq->last_avail++;
	return true;
}

/* 1 and a chain, 0 when the ring is empty, or an error (chain->id is set) */
int split_pop(struct vhost_vq *vq, struct vhost_chain *chain)
{
	int err;

	if (!(unlikely(vq->inflight) && vhost_inflight_next(vq, &chain->id)) &&
	    !next_head(vq, &chain->id))
		return 0;
	chain->ndesc = 1;
	if (unlikely(chain->id >= vq->num)) {
		vhost_vq_broken(vq, "available head %u of %u",
				chain->id, vq->num);
		return 0;
	}
	err = walk(vq, chain);
	return err ? err : 1;
}

void split_push(struct vhost_vq *vq, u32 id, u32 len)
{
	u16 slot = vq->used_idx & (vq->num - 1);

	vset(&vq->used->ring[slot].id, id);
	vset(&vq->used->ring[slot].len, len);
	vhost_log_ring(vq, offsetof(struct vring_used, ring) +
		       slot * sizeof(struct vring_used_elem),
		       sizeof(struct vring_used_elem));
	vq->used_idx++;
}

void split_flush(struct vhost_vq *vq)
{
	vset_release(&vq->used->idx, vq->used_idx);
	vhost_log_ring(vq, offsetof(struct vring_used, idx), sizeof(u16));
}

bool split_wants_call(struct vhost_vq *vq)
{
	u16 event, old = vq->signalled;
	bool valid = vq->signalled_valid;

	if (!vq->event_idx)
		return !(vget(&vq->avail->flags) & VRING_AVAIL_F_NO_INTERRUPT);
	vq->signalled = vq->used_idx;
	vq->signalled_valid = true;
	if (!valid || vq->unsignalled > UINT16_MAX)
		return true;
	event = vget(&vq->avail->ring[vq->num]);
	return vring_need_event(event, vq->used_idx, old);
}

static u16 *avail_event(struct vhost_vq *vq)
{
	return (u16 *)&vq->used->ring[vq->num];
}

/* Ask for kicks; true when something became available meanwhile. */
bool split_enable_kick(struct vhost_vq *vq)
{
	u16 pos = (u16)(vq->last_avail + vq->put_back);

	if (vq->event_idx)
		vset(avail_event(vq), pos);
	else
		vset(&vq->used->flags, 0);
	full_barrier();
	return vget(&vq->avail->idx) != pos;
}

void split_disable_kick(struct vhost_vq *vq)
{
	if (!vq->event_idx)
		vset(&vq->used->flags, VRING_USED_F_NO_NOTIFY);
}
