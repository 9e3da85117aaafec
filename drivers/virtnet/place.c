// SPDX-License-Identifier: GPL-2.0
/*
 * Packed rings whose device lost its place. There is no index in such a ring:
 * how far it is only its two sides know, and a device that goes on elsewhere,
 * because it miscounted or its process was started anew, looks like one that has
 * nothing to say; the ring's core keeps its interrupts to itself. Two things
 * give it away: packets that appear in posted buffers and are never reported,
 * and silence of a ring that was in use, after a change of the link, which is
 * how a hypervisor shows that another process stands behind the device.
 */
#include <virtnet/ring.h>
#include <virtnet/rx.h>
#include <virtnet/virtnet.h>

#include <linux/jhash.h>
#include <linux/virtio_config.h>

/* Checks in which a ring has to move after a change of the link. */
#define VIRTNET_PLACE_CHECKS	2
/* No packet is shorter with its header; two packets differ in it. */
#define VIRTNET_PLACE_BYTES	64

static bool virtnet_place_hidden(const struct virtnet_info *vi)
{
	return virtio_has_feature(vi->vdev, VIRTIO_F_RING_PACKED);
}

/* The rings are new, and both sides at their beginning. RTNL held, health check off. */
void virtnet_place_start(struct virtnet_info *vi)
{
	unsigned int i;

	WRITE_ONCE(vi->recovery.doubt, false);
	for (i = 0; i < 2 * vi->qs->pairs; i++) {
		struct virtnet_place *p = &vi->recovery.place[i];

		memset(p, 0, sizeof(*p));
		p->start = virtnet_queue_progress(vi, i);
		p->count = p->start;
	}
}

/* Buffers may be others than at the last check, which was a while ago. */
void virtnet_place_resume(struct virtnet_info *vi)
{
	unsigned int i;

	for (i = 0; i < 2 * vi->qs->pairs; i++)
		vi->recovery.place[i].summed = false;
}

/**
 * virtnet_place_doubt() - it may be another device by now
 * @vi: the interface, running; RTNL held
 *
 * What moves from here on has its place.
 */
void virtnet_place_doubt(struct virtnet_info *vi)
{
	unsigned int i;

	if (!virtnet_place_hidden(vi))
		return;
	for (i = 0; i < 2 * vi->qs->pairs; i++)
		WRITE_ONCE(vi->recovery.place[i].doubted,
			   virtnet_queue_progress(vi, i));
	/* Behind what is doubted; pairs with the xchg() of the check. */
	smp_store_release(&vi->recovery.doubt, true);
}

static u32 virtnet_place_sum(struct receive_queue *rq)
{
	u32 sum = 0;
	u16 i;

	for (i = 0; i < rq->plan.depth; i++) {
		const struct virtnet_rx_buf *buf = &rq->bufs[i];

		if (!buf->page)
			continue;
		if (rq->dma_dev)
			virtnet_rx_sync_cpu(rq, buf, VIRTNET_PLACE_BYTES);
		sum = jhash(buf->hdr, VIRTNET_PLACE_BYTES, sum);
	}
	return sum;
}

/*
 * What do the buffers begin with? They are NAPI's, so this is in its place; it
 * looks at the ring afterwards. A socket's memory is not looked at: its user
 * could write there as well.
 */
static bool virtnet_place_look(struct receive_queue *rq, u32 *sum)
{
	if (rq->xsk || !napi_schedule_prep(&rq->napi))
		return false;
	*sum = virtnet_place_sum(rq);
	local_bh_disable();
	__napi_schedule(&rq->napi);
	local_bh_enable();
	return true;
}

/*
 * Was something written into a buffer that is still the device's? It takes a
 * while from there to the used entry, but never the time between two checks.
 */
static bool virtnet_place_written(struct receive_queue *rq,
				  struct virtnet_place *p)
{
	bool known = p->summed, before = p->written;
	u16 free = READ_ONCE(rq->nr_free);
	u32 sum = 0;

	p->summed = free < rq->plan.depth && !virtnet_rx_pending(rq) &&
		    virtnet_place_look(rq, &sum);
	p->written = known && p->summed && p->free == free &&
		     (before || sum != p->sum);
	p->sum = sum;
	p->free = free;
	return before && p->written;
}

/* Has a ring that was in use been silent since the link changed? */
static bool virtnet_place_silent(const struct virtnet_info *vi,
				 struct virtnet_place *p)
{
	if (!p->silent || !netif_carrier_ok(vi->dev))
		return false;
	return p->silent++ > VIRTNET_PLACE_CHECKS;
}

static void virtnet_place_queue(struct virtnet_info *vi, unsigned int index,
				bool doubt)
{
	struct virtnet_place *p = &vi->recovery.place[index];
	u64 count = virtnet_queue_progress(vi, index);

	if (count != p->count) {
		p->count = count;
		p->summed = false;
		p->silent = 0;
	}
	if (doubt && !p->silent && count != p->start &&
	    count == READ_ONCE(p->doubted))
		p->silent = 1;
	if (virtnet_place_silent(vi, p))
		virtnet_report_fault(vi, VIRTNET_FAULT_LINK_SILENT);
	else if (index % 2 == 0 &&
		 virtnet_place_written(&vi->qs->rq[index / 2], p))
		virtnet_report_fault(vi, VIRTNET_FAULT_LOST_PLACE);
}

/* A part of the health check. */
void virtnet_place_check(struct virtnet_info *vi)
{
	bool doubt = xchg(&vi->recovery.doubt, false);
	unsigned int i;

	if (!virtnet_place_hidden(vi))
		return;
	/* Pairs behind those in use have nothing to say. */
	for (i = 0; i < 2 * (vi->qs->stack + vi->qs->own); i++)
		if (!virtqueue_is_broken(vi->vqs[i]))
			virtnet_place_queue(vi, i, doubt);
}
