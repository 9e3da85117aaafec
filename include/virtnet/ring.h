/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Every access of the datapath to a virtqueue goes through here. The kernel's
 * virtio core owns the rings; this header is where its variants across
 * kernels (premapped buffers, ring reset) meet.
 */
#ifndef _VIRTNET_RING_H
#define _VIRTNET_RING_H

#include <compat/compat.h>

#include <linux/netdevice.h>
#include <linux/swiotlb.h>
#include <linux/virtio.h>

/**
 * ring_add_in() - hand buffers to the device to be written
 * @vq: receive queue; the caller is its only user at this time
 * @sg: entries, terminated
 * @num: number of entries
 * @token: what ring_get() is to return for it, not NULL
 * @premapped: the entries carry DMA addresses
 * @gfp: for an indirect table
 *
 * Return: 0, -ENOSPC when the ring is full, -ENOMEM, -EIO on a broken queue.
 */
static inline int ring_add_in(struct virtqueue *vq, struct scatterlist *sg,
			      unsigned int num, void *token, bool premapped,
			      gfp_t gfp)
{
	if (premapped)
		return virtqueue_add_inbuf_premapped(vq, sg, num, token, NULL,
						     gfp);
	return virtqueue_add_inbuf(vq, sg, num, token, gfp);
}

/**
 * ring_premapped() - does the ring take addresses from us?
 * @vq: an empty receive queue
 * @dma_dev: the device to map for; NULL for physical addresses
 *
 * Return: false where the virtio core of this kernel insists on mapping itself.
 */
static inline bool ring_premapped(struct virtqueue *vq,
				  struct device **dma_dev)
{
	*dma_dev = virtqueue_dma_dev(vq);
	if (!*dma_dev)
		return compat_vq_takes_phys(vq);
	if (!compat_vq_set_premapped(vq))
		return true;
	*dma_dev = NULL;
	return false;
}

/* Does a ring that maps by itself copy what is posted, with all that it held before? */
static inline bool ring_bounces(struct virtqueue *vq)
{
	struct device *dma_dev = virtqueue_dma_dev(vq);

	return dma_dev && is_swiotlb_force_bounce(dma_dev);
}

/* ring_add_in() for buffers that the device reads; the tx lock is held. */
static inline int ring_add_out(struct virtqueue *vq, struct scatterlist *sg,
			       unsigned int num, void *token)
{
	return virtqueue_add_outbuf(vq, sg, num, token, GFP_ATOMIC);
}

/* Does a transmit ring take physical addresses, and spare the core some work? */
static inline bool ring_takes_phys(struct virtqueue *vq)
{
	return !virtqueue_dma_dev(vq) && compat_vq_takes_phys(vq);
}

/* Describe a part of a page, or of pages that are one, as ring_takes_phys() said. */
static __always_inline void ring_sg_out(struct scatterlist *sg,
					struct page *page, unsigned int off,
					unsigned int len, bool phys)
{
	if (COMPAT_VQ_PHYS && phys)
		compat_sg_premapped(sg, page_to_phys(page) + off, len);
	else
		sg_set_page(sg, page, len, off);
}

/* The same for memory that is mapped one to one. */
static __always_inline void ring_sg_out_buf(struct scatterlist *sg, void *data,
					    unsigned int len, bool phys)
{
	if (COMPAT_VQ_PHYS && phys)
		compat_sg_premapped(sg, virt_to_phys(data), len);
	else
		sg_set_buf(sg, data, len);
}

/* ring_add_out() for entries described by these two. */
static __always_inline int ring_add_out_pieces(struct virtqueue *vq,
					       struct scatterlist *sg,
					       unsigned int num, void *token,
					       bool phys)
{
	if (COMPAT_VQ_PHYS && phys)
		return virtqueue_add_outbuf_premapped(vq, sg, num, token,
						      GFP_ATOMIC);
	return ring_add_out(vq, sg, num, token);
}

/**
 * ring_add_out_linear() - the same for a buffer that lies in one piece
 * @vq: transmit queue; the tx lock is held
 * @sg: one entry, terminated
 * @data: the bytes, in memory that is mapped one to one
 * @len: how many
 * @token: what ring_get() is to return for it, not NULL
 * @phys: what ring_takes_phys() said
 *
 * Return: as ring_add_in().
 */
static __always_inline int ring_add_out_linear(struct virtqueue *vq,
					       struct scatterlist *sg,
					       void *data, unsigned int len,
					       void *token, bool phys)
{
	ring_sg_out_buf(sg, data, len, phys);
	return ring_add_out_pieces(vq, sg, 1, token, phys);
}

/**
 * ring_get() - take back the next buffer that the device is done with
 * @vq: the queue
 * @len: bytes the device claims to have written; not to be trusted
 *
 * Return: the token, or NULL when there is none or the queue is broken.
 */
static inline void *ring_get(struct virtqueue *vq, unsigned int *len)
{
	return virtqueue_get_buf(vq, len);
}

/* Ring the doorbell if the device wants it. True if it was rung. */
static inline bool ring_kick(struct virtqueue *vq)
{
	return virtqueue_kick_prepare(vq) && virtqueue_notify(vq);
}

/**
 * ring_reset() - take back everything that the device did not use
 * @vq: a queue that nobody uses
 * @recycle: gets each token
 *
 * May sleep. A ring in which the virtio core found nonsense is in order again
 * afterwards.
 *
 * Return: 0 with the ring empty and in use again, -ENOENT or -EPERM if the
 * kernel or the device cannot, otherwise -errno with the ring out of order.
 */
static inline int ring_reset(struct virtqueue *vq,
			     void (*recycle)(struct virtqueue *vq, void *token))
{
	int err = virtqueue_reset(vq, recycle, NULL);

	if (!err)
		__virtqueue_unbreak(vq);
	return err;
}

/* Descriptors free in the ring. */
static inline unsigned int ring_free(const struct virtqueue *vq)
{
	return vq->num_free;
}

/**
 * ring_schedule() - switch callbacks off and let NAPI look at the queue
 * @napi: the queue's NAPI
 * @vq: the queue
 *
 * Callbacks stay off until ring_complete(). Any context.
 */
static inline void ring_schedule(struct napi_struct *napi, struct virtqueue *vq)
{
	if (napi_schedule_prep(napi)) {
		virtqueue_disable_cb(vq);
		__napi_schedule(napi);
	}
}

/**
 * ring_complete() - end a poll and re-arm the callback
 * @napi: the queue's NAPI, being polled
 * @vq: the queue
 * @done: packets handled, below the budget
 * @armed: set to where the ring stood then, for virtqueue_poll()
 *
 * Arms first and looks again afterwards, so that a buffer which the device
 * used between the last ring_get() and the arming is not left behind.
 */
static inline void ring_complete(struct napi_struct *napi, struct virtqueue *vq,
				 int done, u32 *armed)
{
	unsigned int last = virtqueue_enable_cb_prepare(vq);

	WRITE_ONCE(*armed, last);
	if (!napi_complete_done(napi, done))
		virtqueue_disable_cb(vq);
	else if (unlikely(virtqueue_poll(vq, last)))
		ring_schedule(napi, vq);
}

#endif
