// SPDX-License-Identifier: GPL-2.0
/*
 * Inflight records of packed rings. Used entries overwrite available ones in
 * such a ring, so the record keeps descriptors whole: a free list of slots, and
 * for each chain taken the slots its descriptors were copied to.
 *
 * The fields called old are as of the last batch that the driver can see; a
 * back-end that finds others goes back to them, unless the batch got out.
 */
#include <errno.h>
#include <stdlib.h>

#include "internal.h"

struct slot {
	u8 inflight;
	u8 padding;
	u16 next;		/* free slot, or descriptor of the chain */
	u16 last;		/* of the chain; in its first slot, like num */
	u16 num;
	u64 counter;
	u16 id;
	u16 flags;
	u32 len;
	u64 addr;
};

struct inflight_packed {
	u64 features;
	u16 version;
	u16 desc_num;
	u16 free_head, old_free_head;
	u16 used_idx, old_used_idx;
	u8 used_wrap, old_used_wrap;
	u8 padding[7];
	struct slot desc[];
};

_Static_assert(sizeof(struct slot) == 32, "as the specification has it");
_Static_assert(sizeof(struct inflight_packed) == 32, "so is this");

u64 vhost_inflight_packed_bytes(u16 queue_size)
{
	return sizeof(struct inflight_packed) +
	       (u64)queue_size * sizeof(struct slot);
}

static struct slot *slot(const struct vhost_vq *vq, u16 i)
{
	struct inflight_packed *r = vq->inflight;

	return &r->desc[i < vq->num ? i : 0];
}

static void set_up(struct vhost_vq *vq, struct inflight_packed *r)
{
	u16 i;

	memset(r, 0, vhost_inflight_packed_bytes((u16)vq->num));
	for (i = 0; i < vq->num; i++)
		r->desc[i].next = (u16)(i + 1);
	r->desc_num = (u16)vq->num;
	r->used_idx = r->old_used_idx = vq->used_idx;
	r->used_wrap = r->old_used_wrap = vq->used_wrap;
	vset_release(&r->version, 1);
}

/* Did the driver get to see what was returned last? */
static bool batch_is_out(const struct vhost_vq *vq,
			 const struct inflight_packed *r)
{
	u16 at = vget(&r->old_used_idx);
	u16 flags = at < vq->num ? vget_acquire(&vq->pdesc[at].flags) : 0;
	bool wrap = vget(&r->old_used_wrap);

	return !!(flags & BIT(VRING_PACKED_DESC_F_AVAIL)) == wrap &&
	       !!(flags & BIT(VRING_PACKED_DESC_F_USED)) == wrap;
}

/* The chains returned since the last batch are nobody's any more. */
static void finish(struct vhost_vq *vq, struct inflight_packed *r)
{
	u16 i = vget(&r->free_head), end = vget(&r->old_free_head);
	u32 n;

	for (n = 0; i != end && i < vq->num && n < vq->num; n++) {
		vset(&r->desc[i].inflight, 0);
		i = vget(&slot(vq, vget(&r->desc[i].last))->next);
	}
	full_barrier();
	vset(&r->old_free_head, vget(&r->free_head));
	vset(&r->old_used_idx, vget(&r->used_idx));
	vset(&r->old_used_wrap, vget(&r->used_wrap));
}

static void roll_back(struct inflight_packed *r)
{
	vset(&r->free_head, vget(&r->old_free_head));
	vset(&r->used_idx, vget(&r->old_used_idx));
	vset(&r->used_wrap, vget(&r->old_used_wrap));
}

static int by_counter(const void *a, const void *b, void *arg)
{
	const struct inflight_packed *r = arg;
	u64 x = vget(&r->desc[*(const u16 *)a].counter);
	u64 y = vget(&r->desc[*(const u16 *)b].counter);

	return x < y ? -1 : x > y;
}

/* Ring entries of the chains to be taken again, or a number beyond the ring. */
static u32 collect_redo(struct vhost_vq *vq, struct inflight_packed *r)
{
	u32 entries = 0;
	u16 i;

	for (i = 0; i < vq->num; i++) {
		if (vget(&r->desc[i].inflight) != 1)
			continue;
		vq->redo[vq->redo_len++] = i;
		entries += vget(&r->desc[i].num);
	}
	qsort_r(vq->redo, vq->redo_len, sizeof(u16), by_counter, r);
	if (vq->redo_len)
		vq->dev->inflight_clock = max(vq->dev->inflight_clock,
			vget(&r->desc[vq->redo[vq->redo_len - 1]].counter) + 1);
	return entries;
}

/* Where the last back-end stood: used position, and the next available one. */
void vhost_inflight_packed_start(struct vhost_vq *vq)
{
	struct inflight_packed *r = vq->inflight;
	u32 next;

	if (vget(&r->version) != 1 || vget(&r->desc_num) != vq->num) {
		set_up(vq, r);
		return;
	}
	if (batch_is_out(vq, r))
		finish(vq, r);
	else
		roll_back(r);
	next = collect_redo(vq, r) + vget(&r->used_idx);
	if (vget(&r->used_idx) >= vq->num || next > vget(&r->used_idx) + vq->num) {
		vhost_err(vq->dev, "queue %u: inflight record makes no sense",
			  vq->index);
		vq->redo_len = 0;
		set_up(vq, r);
		return;
	}
	vq->used_idx = vget(&r->used_idx);
	vq->used_wrap = vget(&r->used_wrap);
	vq->avail_wrap = next >= vq->num ? !vq->used_wrap : vq->used_wrap;
	vq->last_avail = (u16)(next % vq->num);
}

/* The next chain to be taken again: its descriptor @n of @chain->ndesc. */
bool vhost_inflight_packed_desc(struct vhost_vq *vq, struct vhost_chain *chain,
				u16 n, struct vring_packed_desc *d)
{
	const struct slot *s;

	if (!n)
		chain->at = chain->slot;
	if (n >= vget(&slot(vq, chain->slot)->num))
		return false;
	s = slot(vq, chain->at);
	d->addr = vget(&s->addr);
	d->len = vget(&s->len);
	d->id = vget(&s->id);
	d->flags = vget(&s->flags);
	chain->at = vget(&s->next);
	return true;
}

/* A chain was taken off the ring: its descriptors end at last_avail. */
void vhost_inflight_packed_mark(struct vhost_vq *vq, struct vhost_chain *chain)
{
	struct inflight_packed *r = vq->inflight;
	u16 head = vget(&r->old_free_head), free = head, n;
	u32 at = (vq->last_avail + vq->num - chain->ndesc) % vq->num;
	struct slot *first = slot(vq, head);

	chain->slot = head;
	vset(&first->num, chain->ndesc);
	vset(&first->counter, vq->dev->inflight_clock++);
	for (n = 0; n < chain->ndesc; n++) {
		struct slot *s = slot(vq, free);
		const struct vring_packed_desc *d = &vq->pdesc[(at + n) % vq->num];

		vset(&s->addr, vget(&d->addr));
		vset(&s->len, vget(&d->len));
		vset(&s->id, vget(&d->id));
		vset(&s->flags, vget(&d->flags));
		vset(&first->last, free);
		free = vget(&s->next);
	}
	vset_release(&first->inflight, 1);
	vset(&r->free_head, free);
	vset(&r->old_free_head, free);
}

/* It goes back as if it had never been taken; the last one first. */
void vhost_inflight_packed_forget(struct vhost_vq *vq,
				  const struct vhost_chain *chain)
{
	struct inflight_packed *r = vq->inflight;

	vset(&slot(vq, chain->slot)->inflight, 0);
	vset(&r->free_head, chain->slot);
	vset(&r->old_free_head, chain->slot);
}

/* It is returned with the next batch. */
void vhost_inflight_packed_push(struct vhost_vq *vq,
				const struct vhost_chain *chain)
{
	struct inflight_packed *r = vq->inflight;
	struct slot *first = slot(vq, chain->slot);
	u32 used = vget(&r->used_idx) + (u32)vget(&first->num);

	vset(&slot(vq, vget(&first->last))->next, vget(&r->free_head));
	vset(&r->free_head, chain->slot);
	if (used >= vq->num) {
		used -= vq->num;
		vset(&r->used_wrap, !vget(&r->used_wrap));
	}
	vset(&r->used_idx, (u16)used);
}

/* The batch is out. */
void vhost_inflight_packed_flush(struct vhost_vq *vq)
{
	finish(vq, vq->inflight);
}
