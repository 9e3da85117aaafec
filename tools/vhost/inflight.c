// SPDX-License-Identifier: GPL-2.0
/*
 * Inflight records: shared memory, kept by the front end, that says which
 * buffers were taken and not yet returned, so that a back-end started after
 * a crash takes those again, in their order. This file has what both ring
 * formats share, and the records of split rings.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "internal.h"

struct inflight_desc {
	u8 inflight;
	u8 padding[5];
	u16 next;
	u64 counter;
};

struct inflight_split {
	u64 features;
	u16 version;
	u16 desc_num;
	u16 last_batch_head;
	u16 used_idx;
	struct inflight_desc desc[];
};

static u64 split_bytes(u16 queue_size)
{
	return sizeof(struct inflight_split) +
	       (u64)queue_size * sizeof(struct inflight_desc);
}

static u64 queue_bytes(const struct vhost_dev *dev, u16 queue_size)
{
	u64 size = vhost_has(dev, VIRTIO_F_RING_PACKED) ?
		   vhost_inflight_packed_bytes(queue_size) :
		   split_bytes(queue_size);

	return (size + 63) / 64 * 64;
}

void vhost_inflight_clear(struct vhost_dev *dev)
{
	unsigned int i;

	for (i = 0; i < dev->num_vqs; i++) {
		struct vhost_vq *vq = &dev->vq[i];

		free(vq->redo);
		vq->redo = NULL;
		vq->redo_len = 0;
		vq->redo_pos = 0;
		vq->inflight = NULL;
	}
	if (dev->inflight_map)
		munmap(dev->inflight_map, dev->inflight_len);
	dev->inflight_map = NULL;
}

/* Make the region; returns its descriptor (the caller sends it), or an error */
int vhost_inflight_get(struct vhost_dev *dev, struct vu_inflight *req)
{
	int fd;

	req->size = 0;
	req->offset = 0;
	if (!req->num_queues || req->num_queues > dev->num_vqs ||
	    !req->queue_size || req->queue_size > VHOST_MAX_QUEUE_SIZE)
		return -EINVAL;
	req->size = req->num_queues * queue_bytes(dev, req->queue_size);
	fd = memfd_create("vhost-inflight", MFD_CLOEXEC);
	if (fd < 0 || ftruncate(fd, (off_t)req->size) < 0) {
		vhost_err(dev, "inflight region: %m");
		req->size = 0;
		if (fd >= 0)
			close(fd);
		return -ENOMEM;
	}
	return fd;
}

int vhost_inflight_set(struct vhost_dev *dev, const struct vu_inflight *req,
		       int fd)
{
	void *map;
	size_t map_len;
	u8 *host;

	if (!req->queue_size || req->queue_size > VHOST_MAX_QUEUE_SIZE ||
	    !req->num_queues || req->num_queues > dev->num_vqs ||
	    req->size < req->num_queues * queue_bytes(dev, req->queue_size) ||
	    req->offset % (u64)sysconf(_SC_PAGESIZE)) {
		vhost_err(dev, "inflight region of %llu bytes for %u queues of %u refused",
			  (unsigned long long)req->size, req->num_queues,
			  req->queue_size);
		return -EINVAL;
	}
	host = vhost_map_fd(dev, fd, req->size, req->offset, &map, &map_len);
	if (!host)
		return -EINVAL;
	vhost_inflight_clear(dev);
	dev->inflight_map = map;
	dev->inflight_len = map_len;
	dev->inflight_queues = req->num_queues;
	dev->inflight_size = req->queue_size;
	return 0;
}

static int by_counter(const void *a, const void *b, void *arg)
{
	const struct inflight_split *r = arg;
	u64 x = vget(&r->desc[*(const u16 *)a].counter);
	u64 y = vget(&r->desc[*(const u16 *)b].counter);

	return x < y ? -1 : x > y;
}

/* Entries whose used index was published but whose mark was not cleared yet */
static void finish_batch(struct vhost_vq *vq, struct inflight_split *r)
{
	u16 n = (u16)(vq->used_idx - vget(&r->used_idx));
	u16 i = vget(&r->last_batch_head);

	if (n > vq->num)
		n = 0;
	while (n-- && i < vq->num) {
		vset(&r->desc[i].inflight, 0);
		i = vget(&r->desc[i].next);
	}
	vset(&r->used_idx, vq->used_idx);
}

static void collect_redo(struct vhost_vq *vq, struct inflight_split *r)
{
	u16 i;

	for (i = 0; i < vq->num; i++)
		if (vget(&r->desc[i].inflight) == 1)
			vq->redo[vq->redo_len++] = i;
	qsort_r(vq->redo, vq->redo_len, sizeof(u16), by_counter, r);
	if (vq->redo_len)
		vq->dev->inflight_clock = max(vq->dev->inflight_clock,
			vget(&r->desc[vq->redo[vq->redo_len - 1]].counter) + 1);
}

void vhost_inflight_start(struct vhost_vq *vq)
{
	struct vhost_dev *dev = vq->dev;
	struct inflight_split *r;

	free(vq->redo);
	vq->redo = NULL;
	vq->redo_len = 0;
	vq->redo_pos = 0;
	vq->inflight = NULL;
	if (!dev->inflight_map || vq->index >= dev->inflight_queues ||
	    vq->num > dev->inflight_size)
		return;
	vq->redo = calloc(vq->num, sizeof(u16));
	if (!vq->redo)
		return;
	r = (void *)((u8 *)dev->inflight_map +
		     vq->index * queue_bytes(dev, (u16)dev->inflight_size));
	vq->inflight = r;
	if (vq->packed) {
		vhost_inflight_packed_start(vq);
		goto out;
	}
	if (vget(&r->version) != 1) {
		memset(r, 0, split_bytes((u16)vq->num));
		vset(&r->desc_num, (u16)vq->num);
		vset(&r->used_idx, vq->used_idx);
		vset(&r->version, 1);
		return;
	}
	finish_batch(vq, r);
	collect_redo(vq, r);
	vq->last_avail = (u16)(vq->used_idx + vq->redo_len);
out:
	if (vq->redo_len)
		vhost_info(dev, "queue %u: %u buffers were in flight: again",
			   vq->index, vq->redo_len);
}

bool vhost_inflight_next(struct vhost_vq *vq, u16 *id)
{
	if (vq->redo_pos >= vq->redo_len)
		return false;
	*id = vq->redo[vq->redo_pos++];
	return true;
}

void vhost_inflight_mark(struct vhost_vq *vq, struct vhost_chain *chain)
{
	struct inflight_split *r = vq->inflight;
	struct inflight_desc *d = &r->desc[chain->id];

	if (vq->packed) {
		if (!chain->again)
			vhost_inflight_packed_mark(vq, chain);
		return;
	}
	vset(&d->counter, vq->dev->inflight_clock++);
	vset_release(&d->inflight, 1);
}

/* Of several chains the last one is forgotten first. */
void vhost_inflight_forget(struct vhost_vq *vq, const struct vhost_chain *chain)
{
	struct inflight_split *r = vq->inflight;

	if (!vq->packed)
		vset(&r->desc[chain->id].inflight, 0);
	else if (!chain->again)
		vhost_inflight_packed_forget(vq, chain);
}

void vhost_inflight_push(struct vhost_vq *vq, const struct vhost_chain *chain)
{
	struct inflight_split *r = vq->inflight;

	if (vq->packed) {
		vhost_inflight_packed_push(vq, chain);
		return;
	}
	vset(&r->desc[chain->id].next, vget(&r->last_batch_head));
	vset_release(&r->last_batch_head, chain->id);
}

/* The used index is out: the batch is the driver's again. */
void vhost_inflight_flush(struct vhost_vq *vq)
{
	full_barrier();
	if (vq->packed)
		vhost_inflight_packed_flush(vq);
	else
		finish_batch(vq, vq->inflight);
}
