// SPDX-License-Identifier: GPL-2.0
/*
 * A virtqueue's life: told, started, enabled, stopped, broken; and the calls
 * that are the same for both ring formats.
 */
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "internal.h"

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void vhost_vq_init(struct vhost_dev *dev, unsigned int index)
{
	struct vhost_vq *vq = &dev->vq[index];

	vq->dev = dev;
	vq->index = (u16)index;
	vq->call_fd = -1;
	vq->err_fd = -1;
	vq->kick.fd = -1;
}

/* Forget everything a front end said about this ring. */
void vhost_vq_reset(struct vhost_vq *vq)
{
	vhost_vq_stop(vq);
	loop_del(&vq->kick);
	close_fd(&vq->kick.fd);
	close_fd(&vq->call_fd);
	close_fd(&vq->err_fd);
	vq->num = 0;
	vq->has_addr = false;
	vq->has_kick = false;
	vq->enabled = false;
	vq->last_avail = 0;
	vq->used_idx = 0;
	vq->avail_wrap = true;
	vq->used_wrap = true;
}

void vhost_vq_broken(struct vhost_vq *vq, const char *fmt, ...)
{
	const u64 one = 1;
	char text[128];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	vhost_err(vq->dev, "queue %u stopped: %s", vq->index, text);
	vq->stats.bad_ring++;
	vq->broken = true;
	if (vq->err_fd >= 0 && write(vq->err_fd, &one, sizeof(one)) < 0)
		vhost_debug(vq->dev, "error eventfd: %m");
}

static void *ring_part(struct vhost_vq *vq, u64 uva, u64 len, u64 align)
{
	void *p = vhost_uva(vq->dev, uva, len);

	if (!p || (uintptr_t)p % align) {
		vhost_err(vq->dev, "queue %u: ring address %#llx+%llu %s",
			  vq->index, (unsigned long long)uva,
			  (unsigned long long)len,
			  p ? "is misaligned" : "is outside the memory given");
		return NULL;
	}
	return p;
}

static int translate_split(struct vhost_vq *vq)
{
	u64 n = vq->num;

	if (n & (n - 1)) {
		vhost_err(vq->dev, "queue %u: size %u is not a power of two",
			  vq->index, vq->num);
		return -EINVAL;
	}
	vq->desc = ring_part(vq, vq->addr.desc, n * sizeof(*vq->desc), 16);
	vq->avail = ring_part(vq, vq->addr.avail, 6 + 2 * n, 2);
	vq->used = ring_part(vq, vq->addr.used, 6 + 8 * n, 4);
	return vq->desc && vq->avail && vq->used ? 0 : -EFAULT;
}

static int translate_packed(struct vhost_vq *vq)
{
	u64 event = sizeof(*vq->driver_event);

	vq->pdesc = ring_part(vq, vq->addr.desc,
			      (u64)vq->num * sizeof(*vq->pdesc), 16);
	vq->driver_event = ring_part(vq, vq->addr.avail, event, 4);
	vq->device_event = ring_part(vq, vq->addr.used, event, 4);
	return vq->pdesc && vq->driver_event && vq->device_event ? 0 : -EFAULT;
}

int vhost_vq_translate(struct vhost_vq *vq)
{
	vq->packed = vhost_has(vq->dev, VIRTIO_F_RING_PACKED);
	vq->event_idx = vhost_has(vq->dev, VIRTIO_F_EVENT_IDX);
	return vq->packed ? translate_packed(vq) : translate_split(vq);
}

/*
 * The used index in memory is what the driver has seen. Where it differs from
 * the base, a back-end died between taking and returning buffers; without an
 * inflight record they are simply taken again.
 */
static void start_split(struct vhost_vq *vq)
{
	vq->used_idx = vget(&vq->used->idx);
	vhost_inflight_start(vq);
	if (!vq->inflight && vq->last_avail != vq->used_idx) {
		vhost_info(vq->dev, "queue %u: base %u, used index %u: from %u",
			   vq->index, vq->last_avail, vq->used_idx,
			   vq->used_idx);
		vq->last_avail = vq->used_idx;
	}
	vq->avail_seen = vq->last_avail;
}

static int start_packed(struct vhost_vq *vq)
{
	if (vq->last_avail < vq->num && vq->used_idx < vq->num)
		return 0;
	vhost_err(vq->dev, "queue %u: base %u/%u beyond size %u", vq->index,
		  vq->last_avail, vq->used_idx, vq->num);
	return -EINVAL;
}

static void state_changed(struct vhost_vq *vq)
{
	struct vhost_dev *dev = vq->dev;

	if (dev->ops->vring_state_changed)
		dev->ops->vring_state_changed(dev, vq->index,
					      vhost_vq_live(vq));
	vhost_update_running(dev);
}

void vhost_vq_start(struct vhost_vq *vq)
{
	if (vq->started || !vq->has_addr || !vq->has_kick || !vq->num ||
	    !vq->dev->num_regions)
		return;
	if (vhost_vq_translate(vq) < 0)
		return;
	if (!vq->packed)
		start_split(vq);
	else if (start_packed(vq) < 0)
		return;
	else
		vhost_inflight_start(vq);
	vq->broken = false;
	vq->signalled_valid = false;
	vq->put_back = 0;
	vq->unsignalled = 0;
	vq->unsignalled_slots = 0;
	vq->pending = 0;
	vq->started = true;
	vhost_debug(vq->dev, "queue %u started: %s, %u entries, at %u",
		    vq->index, vq->packed ? "packed" : "split", vq->num,
		    vq->last_avail);
	if (vq->enabled)
		state_changed(vq);
}

void vhost_vq_stop(struct vhost_vq *vq)
{
	bool was_live = vhost_vq_live(vq);

	if (!vq->started)
		return;
	vhost_vq_flush(vq);
	vq->started = false;
	vhost_debug(vq->dev, "queue %u stopped at %u", vq->index,
		    vq->last_avail);
	if (was_live)
		state_changed(vq);
}

void vhost_vq_enable(struct vhost_vq *vq, bool on)
{
	if (vq->enabled == on)
		return;
	if (!on) {
		/* memory may go as soon as this is answered */
		vhost_vq_drain_kick(vq);
		if (vq->started)
			vhost_vq_flush(vq);
	}
	vq->enabled = on;
	if (vq->started && !vq->broken)
		state_changed(vq);
}

void vhost_vq_drain_kick(struct vhost_vq *vq)
{
	struct pollfd p = { .fd = vq->kick.fd, .events = POLLIN };
	u64 count;

	if (!vq->kick.added || poll(&p, 1, 0) != 1 || !(p.revents & POLLIN))
		return;
	if (read(vq->kick.fd, &count, sizeof(count)) < 0)
		vhost_debug(vq->dev, "kick eventfd: %m");
	/* an event of this turn would now read, and wait, in vain */
	if (loop_add(&vq->kick, vq->kick.fd, vq->kick.ready, vq->kick.arg))
		vhost_err(vq->dev, "queue %u: kick eventfd: %m", vq->index);
}

/*
 * Base of a packed ring: available and used positions, each with its wrap
 * counter in bit 15. virtio_uml says 0 for a fresh ring, where the counters
 * are 1; it is told from others by not taking multiqueue. DPDK leaves out the
 * used half, which cannot be 0 while the available wrap counter is 1: there
 * the two positions are the same.
 */
static void set_packed_base(struct vhost_vq *vq, u32 base)
{
	if (!base && !(vq->dev->pfeatures & BIT(VU_PF_MQ)))
		base = 0x80008000;
	if (base >> 16 == 0 && base & 0x8000)
		base |= base << 16;
	vq->last_avail = base & 0x7fff;
	vq->avail_wrap = base & 0x8000;
	vq->used_idx = (base >> 16) & 0x7fff;
	vq->used_wrap = base >> 31;
}

void vhost_vq_set_base(struct vhost_vq *vq, u32 base)
{
	struct vhost_dev *dev = vq->dev;
	u32 old = vhost_vq_get_base(vq);

	vhost_vq_stop(vq);
	if (vhost_has(dev, VIRTIO_F_RING_PACKED))
		set_packed_base(vq, base);
	else
		vq->last_avail = (u16)base;
	if (dev->ops->vring_moved && vhost_vq_get_base(vq) != old)
		dev->ops->vring_moved(dev, vq->index);
}

u32 vhost_vq_get_base(const struct vhost_vq *vq)
{
	if (!vhost_has(vq->dev, VIRTIO_F_RING_PACKED))
		return vq->last_avail;
	return (u32)vq->last_avail | (u32)vq->avail_wrap << 15 |
	       (u32)vq->used_idx << 16 | (u32)vq->used_wrap << 31;
}

static int pop(struct vhost_vq *vq, struct vhost_chain *chain)
{
	chain->first = vq->dev->sg.n;
	chain->n_out = 0;
	chain->n_in = 0;
	chain->out_len = 0;
	chain->in_len = 0;
	vq->put_back = 0;
	return vq->packed ? packed_pop(vq, chain) : split_pop(vq, chain);
}

/*
 * Take the next chain: 1, or 0 when there is none. A chain that cannot be used
 * goes back with length 0 and the next one is tried.
 */
int vhost_vq_pop(struct vhost_vq *vq, struct vhost_chain *chain)
{
	u32 tries;
	int ret = 0;

	/* a record of a packed ring is of whole batches */
	if (unlikely(vq->inflight && vq->packed))
		vhost_vq_flush(vq);
	for (tries = 0; tries <= vq->num && !vq->broken; tries++) {
		ret = pop(vq, chain);
		if (unlikely(vq->inflight && ret))
			vhost_inflight_mark(vq, chain);
		if (unlikely(vq->dev->canary && ret == 1))
			vq->stats.canaries += vhost_sg_find(vq->dev, chain,
							    vq->dev->canary);
		if (likely(ret == 1))
			return 1;
		if (!ret)
			return 0;
		vq->stats.bad_chain++;
		vhost_err(vq->dev, "queue %u: chain %u refused: %s", vq->index,
			  chain->id, strerror(-ret));
		vq->dev->sg.n = chain->first;
		vhost_vq_push(vq, chain, 0);
	}
	return 0;
}

struct vhost_pos vhost_vq_pos(const struct vhost_vq *vq)
{
	return (struct vhost_pos){
		.avail = vq->last_avail,
		.wrap = vq->avail_wrap,
		.sg = vq->dev->sg.n,
		.redo = vq->redo_pos,
	};
}

/*
 * Give back what was taken since @pos. How much it was is kept: the driver has
 * added that already, so the next kick can only be asked for behind it.
 */
void vhost_vq_rewind(struct vhost_vq *vq, struct vhost_pos pos)
{
	u32 by = (u16)(vq->last_avail - pos.avail);

	if (vq->packed)
		by = (vq->last_avail + vq->num - pos.avail) % vq->num;
	vq->put_back = (u16)by;
	vq->last_avail = pos.avail;
	vq->avail_wrap = pos.wrap;
	vq->dev->sg.n = pos.sg;
	vq->redo_pos = pos.redo;
}

static void push_entry(struct vhost_vq *vq, const struct vhost_chain *chain,
		       u32 id, u32 len)
{
	if (vq->packed)
		packed_push(vq, id, len, chain->ndesc);
	else
		split_push(vq, id, len);
	vq->pending++;
	vq->unsignalled_slots += chain->ndesc;
}

/* Return a chain; the driver sees it at the next flush. */
void vhost_vq_push(struct vhost_vq *vq, const struct vhost_chain *chain,
		   u32 len)
{
	const struct vhost_hooks *hooks = vq->dev->hooks;
	u32 id = chain->id;
	unsigned int times = 1;

	if (unlikely(hooks && hooks->used))
		times = hooks->used(vq, &id, &len);
	if (unlikely(!times))
		return;
	while (times--)
		push_entry(vq, chain, id, len);
	if (unlikely(vq->inflight))
		vhost_inflight_push(vq, chain);
	vq->stats.chains++;
}

void vhost_vq_flush(struct vhost_vq *vq)
{
	if (!vq->pending)
		return;
	if (vq->packed)
		packed_flush(vq);
	else
		split_flush(vq);
	if (unlikely(vq->inflight))
		vhost_inflight_flush(vq);
	vq->unsignalled += vq->pending;
	vq->pending = 0;
}

bool vhost_vq_wants_call(struct vhost_vq *vq)
{
	bool yes;

	if (!vq->unsignalled)
		return false;
	full_barrier();		/* used index before the event fields */
	yes = vq->packed ? packed_wants_call(vq) : split_wants_call(vq);
	vq->unsignalled = 0;
	vq->unsignalled_slots = 0;
	if (!yes)
		vq->stats.calls_suppressed++;
	return yes;
}

static void call_inband(struct vhost_vq *vq)
{
	struct vu_state state = { .index = vq->index };

	vhost_backend_send(vq->dev, VU_B_VRING_CALL, &state, sizeof(state));
}

/* Interrupt the driver, unasked. */
void vhost_vq_call(struct vhost_vq *vq)
{
	const struct vhost_hooks *hooks = vq->dev->hooks;
	const u64 one = 1;
	ssize_t n = 0;

	if (unlikely(hooks && hooks->call && !hooks->call(vq)))
		return;
	vq->stats.calls++;
	if (vq->call_fd < 0) {
		if (vq->dev->pfeatures & BIT(VU_PF_INBAND_NOTIFICATIONS))
			call_inband(vq);
		return;
	}
	/* full only when an earlier interrupt has not been read yet: enough */
	if (vq->call_is_socket)
		n = send(vq->call_fd, &one, sizeof(one),
			 MSG_DONTWAIT | MSG_NOSIGNAL);
	else
		n = write(vq->call_fd, &one, sizeof(one));
	if (n < 0 && errno != EAGAIN)
		vhost_debug(vq->dev, "call eventfd: %m");
}

bool vhost_vq_enable_kick(struct vhost_vq *vq)
{
	return vq->packed ? packed_enable_kick(vq) : split_enable_kick(vq);
}

void vhost_vq_disable_kick(struct vhost_vq *vq)
{
	if (vq->packed)
		packed_disable_kick(vq);
	else
		split_disable_kick(vq);
}

/* Misbehave: move the used index past entries never written. */
void vhost_vq_skip_used(struct vhost_vq *vq, u16 by)
{
	vhost_vq_flush(vq);
	vq->used_idx = (u16)(vq->packed ? (vq->used_idx + by) % vq->num :
			     vq->used_idx + by);
	if (!vq->packed)
		split_flush(vq);
}
