/* SPDX-License-Identifier: GPL-2.0 */
/* Virtqueues: finding, resetting, resizing, DMA. */
#ifndef _COMPAT_VIRTQUEUE_H
#define _COMPAT_VIRTQUEUE_H

#include <linux/dma-mapping.h>
#include <linux/interrupt.h>
#include <linux/slab.h>
#include <linux/virtio.h>
#include <linux/virtio_config.h>
#include <xen/xen.h>

/* Before struct virtqueue_info there was an array for each of its members. */
#ifndef HAVE_VIRTQUEUE_INFO
struct virtqueue_info {
	const char *name;
	vq_callback_t *callback;
	bool ctx;
};

static inline int compat_find_vqs(struct virtio_device *vdev, unsigned int nvqs,
				  struct virtqueue *vqs[],
				  struct virtqueue_info vqs_info[],
				  struct irq_affinity *desc)
{
	vq_callback_t **callbacks = kcalloc(nvqs, sizeof(*callbacks), GFP_KERNEL);
	const char **names = kcalloc(nvqs, sizeof(*names), GFP_KERNEL);
	bool *ctx = kcalloc(nvqs, sizeof(*ctx), GFP_KERNEL);
	int err = -ENOMEM;
	unsigned int i;

	if (callbacks && names && ctx) {
		for (i = 0; i < nvqs; i++) {
			callbacks[i] = vqs_info[i].callback;
			names[i] = vqs_info[i].name;
			ctx[i] = vqs_info[i].ctx;
		}
		err = vdev->config->find_vqs(vdev, nvqs, vqs, callbacks, names, ctx, desc);
	}
	kfree(ctx);
	kfree(names);
	kfree(callbacks);
	return err;
}

#define virtio_find_vqs compat_find_vqs
#endif

/* The answer of a device or transport that cannot reset single queues either. */
#ifndef HAVE_VIRTQUEUE_RESET
static inline int compat_virtqueue_reset(struct virtqueue *vq,
					 void (*recycle)(struct virtqueue *vq, void *buf),
					 void (*recycle_done)(struct virtqueue *vq))
{
	return -ENOENT;
}

#define virtqueue_reset compat_virtqueue_reset
#endif

/*
 * recycle_done() tells that all buffers have come back. An older core does not
 * call it, but its return value says whether it came as far as taking buffers
 * out of the ring; there is nobody else on the ring meanwhile.
 */
#ifndef HAVE_VIRTQUEUE_RESIZE_DONE
static inline int compat_virtqueue_resize(struct virtqueue *vq, u32 num,
					  void (*recycle)(struct virtqueue *vq, void *buf),
					  void (*recycle_done)(struct virtqueue *vq))
{
#ifdef HAVE_VIRTQUEUE_RESIZE
	int err;

	if (num == virtqueue_get_vring_size(vq))
		return 0;
	err = virtqueue_resize(vq, num, recycle);
	if (recycle_done && (!err || err == -ENOMEM || err == -EBUSY))
		recycle_done(vq);
	return err;
#else
	return -ENOENT;
#endif
}

#define virtqueue_resize compat_virtqueue_resize
#endif

/* NULL where the device works on physical addresses, as the newer cores have it. */
#ifndef HAVE_VIRTQUEUE_DMA_DEV
static inline struct device *virtqueue_dma_dev(struct virtqueue *vq)
{
	struct virtio_device *vdev = vq->vdev;

	if (virtio_has_dma_quirk(vdev) && !xen_domain())
		return NULL;
	return vdev->dev.parent;
}
#endif

/*
 * Premapped buffers: the driver hands over DMA addresses. Newer kernels take them
 * by virtqueue_add_inbuf_premapped(), buffer by buffer; older ones by the usual
 * calls, on a queue for which virtqueue_set_dma_premapped() was called while it
 * was empty, and then for all its buffers. compat_vq_set_premapped() does what
 * is needed to make the newer calls work, or says that they do not.
 *
 * 6.1.192 has a virtqueue_set_dma_premapped() that sets a flag which nobody looks at: the
 * core still maps what it is given. It came without virtqueue_dma_dev(), which
 * is how the compile test tells it from one that works.
 */
#ifdef HAVE_VIRTQUEUE_ADD_PREMAPPED
static inline int compat_vq_set_premapped(struct virtqueue *vq)
{
	return 0;
}
#else
static inline int compat_vq_set_premapped(struct virtqueue *vq)
{
#ifdef HAVE_VIRTQUEUE_SET_DMA_PREMAPPED
	return virtqueue_set_dma_premapped(vq);
#else
	return -EOPNOTSUPP;
#endif
}

static inline int virtqueue_add_inbuf_premapped(struct virtqueue *vq, struct scatterlist *sg,
						unsigned int num, void *data, void *ctx,
						gfp_t gfp)
{
	return virtqueue_add_inbuf_ctx(vq, sg, num, data, ctx, gfp);
}

static inline int virtqueue_add_outbuf_premapped(struct virtqueue *vq, struct scatterlist *sg,
						 unsigned int num, void *data, gfp_t gfp)
{
	return virtqueue_add_outbuf(vq, sg, num, data, gfp);
}
#endif

/* An entry with an address of ours; older cores take its other length all the same. */
static inline void compat_sg_premapped(struct scatterlist *sg, dma_addr_t addr, unsigned int len)
{
#ifndef HAVE_VIRTQUEUE_ADD_PREMAPPED
	sg->length = len;
#endif
	sg_dma_address(sg) = addr;
	sg_dma_len(sg) = len;
}

/*
 * Where the device works on physical addresses, the newer call takes those, and
 * spares the core their computation. Devices that map in some other way of their
 * own all have VIRTIO_F_ACCESS_PLATFORM. With the older one there is nothing to be
 * asked for each packet.
 */
#ifdef HAVE_VIRTQUEUE_ADD_PREMAPPED
#define COMPAT_VQ_PHYS true
#else
#define COMPAT_VQ_PHYS false
#endif

static inline bool compat_vq_takes_phys(struct virtqueue *vq)
{
	return COMPAT_VQ_PHYS && virtio_has_dma_quirk(vq->vdev) && !xen_domain();
}

/* Mapping through the queue got new names when devices without DMA learned it. */
#ifndef HAVE_VIRTQUEUE_MAP_ATTRS
#ifdef HAVE_VIRTQUEUE_DMA_ATTRS
#define virtqueue_map_single_attrs virtqueue_dma_map_single_attrs
#define virtqueue_unmap_single_attrs virtqueue_dma_unmap_single_attrs
#define virtqueue_map_mapping_error virtqueue_dma_mapping_error
#define virtqueue_map_need_sync virtqueue_dma_need_sync
#define virtqueue_map_sync_single_range_for_cpu virtqueue_dma_sync_single_range_for_cpu
#define virtqueue_map_sync_single_range_for_device virtqueue_dma_sync_single_range_for_device
#endif
#endif

#ifndef HAVE_VIRTQUEUE_MAP_PAGE_ATTRS
#if defined(HAVE_VIRTQUEUE_MAP_ATTRS) || defined(HAVE_VIRTQUEUE_DMA_ATTRS)
static inline dma_addr_t virtqueue_map_page_attrs(struct virtqueue *vq, struct page *page,
						  unsigned long offset, size_t size,
						  enum dma_data_direction dir,
						  unsigned long attrs)
{
	return virtqueue_map_single_attrs(vq, page_address(page) + offset, size, dir, attrs);
}

static inline void virtqueue_unmap_page_attrs(struct virtqueue *vq, dma_addr_t addr,
					      size_t size, enum dma_data_direction dir,
					      unsigned long attrs)
{
	virtqueue_unmap_single_attrs(vq, addr, size, dir, attrs);
}
#endif
#endif

#endif
