// SPDX-License-Identifier: GPL-2.0-only
/*
 * The transport of the in-memory device: a virtio_device whose config
 * operations act on a struct.  See memdev.h.
 */
#include <compat/compat.h>

#include <linux/device/driver.h>
#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/platform_device.h>
#include <linux/slab.h>

#include "memdev.h"
#include "memdev_ctrl.h"

/* No driver claims this id: a device can be added, then bound to one by name. */
#define MEMDEV_ID_NOBODY	0xfffe

char *memdev_driver = "virtnet";
module_param_named(driver, memdev_driver, charp, 0444);
MODULE_PARM_DESC(driver, "virtio driver under test (virtnet or virtio_net)");

static void memdev_get(struct virtio_device *vdev, unsigned int off, void *buf,
		       unsigned int len)
{
	struct memdev *dev = vdev_to_memdev(vdev);

	dev->config_reads++;
	if (dev->on_config_get)
		dev->on_config_get(dev, off, len);
	memset(buf, 0xff, len);
	if (dev->vanished)
		return;
	if (off + len > dev->config_len)
		dev->config_overruns++;
	if (off < dev->config_len)
		memcpy(buf, dev->config + off, min(len, dev->config_len - off));
}

static void memdev_set(struct virtio_device *vdev, unsigned int off,
		       const void *buf, unsigned int len)
{
	struct memdev *dev = vdev_to_memdev(vdev);

	dev->config_writes++;
	if (off + len > dev->config_len) {
		dev->config_overruns++;
		return;
	}
	memcpy(dev->config + off, buf, len);
}

static u32 memdev_generation(struct virtio_device *vdev)
{
	struct memdev *dev = vdev_to_memdev(vdev);

	if (dev->generation_restless)
		dev->generation++;
	return dev->vanished ? ~0U : dev->generation;
}

static u8 memdev_get_status(struct virtio_device *vdev)
{
	struct memdev *dev = vdev_to_memdev(vdev);

	return dev->vanished ? 0xff : dev->status;
}

static void memdev_set_status(struct virtio_device *vdev, u8 status)
{
	struct memdev *dev = vdev_to_memdev(vdev);

	if (dev->vanished)
		return;
	if (status & ~dev->status & VIRTIO_CONFIG_S_DRIVER_OK)
		dev->driver_oks++;
	dev->status = status;
	if (dev->on_status)
		dev->on_status(dev, status);
}

static void memdev_stop_queue(struct memdev_vq *q)
{
	unsigned long flags;

	spin_lock_irqsave(&q->irq_lock, flags);
	q->live = false;
	spin_unlock_irqrestore(&q->irq_lock, flags);
	cancel_delayed_work_sync(&q->work);
}

static void memdev_reset(struct virtio_device *vdev)
{
	struct memdev *dev = vdev_to_memdev(vdev);
	unsigned int i;

	dev->resets++;
	if (!dev->vanished)
		dev->status = 0;
	for (i = 0; i < dev->nvqs; i++)
		memdev_stop_queue(&dev->q[i]);
	memdev_ctrl_forget(dev);
}

static u64 memdev_get_features(struct virtio_device *vdev)
{
	return vdev_to_memdev(vdev)->features;
}

static void __maybe_unused memdev_get_extended_features(struct virtio_device *vdev,
							u64 *features)
{
	virtio_features_from_u64(features, vdev_to_memdev(vdev)->features);
	features[1] = vdev_to_memdev(vdev)->more_features;
}

static int memdev_finalize_features(struct virtio_device *vdev)
{
	struct memdev *dev = vdev_to_memdev(vdev);

	vring_transport_features(vdev);
	/* Transport bits the ring code does not know, but this transport does. */
	if (dev->setup.features & BIT_ULL(VIRTIO_F_RING_RESET))
		vdev->features |= BIT_ULL(VIRTIO_F_RING_RESET);
	vdev->features &= dev->features;
	dev->acked = vdev->features;
	return 0;
}

static const char *memdev_bus_name(struct virtio_device *vdev)
{
	return "memdev";
}

static void memdev_synchronize_cbs(struct virtio_device *vdev)
{
	struct memdev *dev = vdev_to_memdev(vdev);
	unsigned int i;

	for (i = 0; i < dev->nvqs; i++) {
		spin_lock_irq(&dev->q[i].irq_lock);
		spin_unlock_irq(&dev->q[i].irq_lock);
	}
}

static bool memdev_notify(struct virtqueue *vq)
{
	struct memdev *dev = vdev_to_memdev(vq->vdev);
	struct memdev_vq *q = &dev->q[vq->index];

	q->kicks++;
	if (q->on_kick && q->live)
		q->on_kick(q);
	return !dev->vanished;
}

/* Guest memory by the address the driver gave; NULL for a bad one. */
void *memdev_guest(struct memdev_vq *q, u64 addr, u32 len)
{
	void *p = phys_to_virt((phys_addr_t)addr);

	if (!len || addr + len < addr || !virt_addr_valid(p) ||
	    !virt_addr_valid(p + len - 1)) {
		q->errors++;
		pr_err("memdev: queue %u: bad guest address %#llx+%u\n",
		       q->index, addr, len);
		return NULL;
	}
	return p;
}

/* The driver has told where the ring is: start the device half on it. */
static void memdev_start_queue(struct memdev_vq *q)
{
	struct virtqueue *vq = q->vq;

	q->num = virtqueue_get_vring_size(vq);
	q->desc = phys_to_virt(virtqueue_get_desc_addr(vq));
	q->driver = phys_to_virt(virtqueue_get_avail_addr(vq));
	q->device = phys_to_virt(virtqueue_get_used_addr(vq));
	memset(&q->pos, 0, sizeof(q->pos));
	q->unflushed = 0;
	q->since_irq = 0;
	if (memdev_has(q->dev, VIRTIO_F_RING_PACKED))
		memdev_packed_start(q);
	else
		memdev_split_start(q);
	q->live = true;
	if (q->dev->on_queue)
		q->dev->on_queue(q);
}

static struct virtqueue *memdev_setup_vq(struct memdev *dev, unsigned int i,
					 struct virtqueue_info *info)
{
	struct memdev_vq *q = &dev->q[i];
	struct virtqueue *vq;

	vq = vring_create_virtqueue(i, dev->setup.num, SMP_CACHE_BYTES,
				    &dev->vdev, true, false, info->ctx,
				    memdev_notify, info->callback, info->name);
	if (!vq)
		return ERR_PTR(-ENOMEM);
	vq->num_max = dev->setup.num;
	q->vq = vq;
	memdev_start_queue(q);
	return vq;
}

static void memdev_del_vqs(struct virtio_device *vdev)
{
	struct memdev *dev = vdev_to_memdev(vdev);
	unsigned int i;

	for (i = 0; i < dev->nvqs; i++) {
		memdev_stop_queue(&dev->q[i]);
		if (dev->q[i].vq)
			vring_del_virtqueue(dev->q[i].vq);
		dev->q[i].vq = NULL;
	}
}

static int memdev_find_vqs(struct virtio_device *vdev, unsigned int nvqs,
			   struct virtqueue *vqs[],
			   struct virtqueue_info info[],
			   struct irq_affinity *desc)
{
	struct memdev *dev = vdev_to_memdev(vdev);
	unsigned int i, index = 0;
	int err = dev->fail_find_vqs;

	dev->fail_find_vqs = 0;
	if (err)
		return err;
	for (i = 0; i < nvqs; i++) {
		vqs[i] = NULL;
		if (!info[i].name)
			continue;
		if (index >= dev->nvqs) {
			err = -ENOENT;
			goto fail;
		}
		vqs[i] = memdev_setup_vq(dev, index++, &info[i]);
		if (IS_ERR(vqs[i])) {
			err = PTR_ERR(vqs[i]);
			goto fail;
		}
	}
	return 0;
fail:
	memdev_del_vqs(vdev);
	return err;
}

static int memdev_disable_vq(struct virtqueue *vq)
{
	struct memdev *dev = vdev_to_memdev(vq->vdev);

	if (!memdev_has(dev, VIRTIO_F_RING_RESET))
		return -ENOENT;
	if (dev->fail_queue_reset)
		return dev->fail_queue_reset;
	dev->queue_resets++;
	memdev_ctrl_queue_reset(dev, vq->index);
	memdev_stop_queue(&dev->q[vq->index]);
	vq->reset = true;
	return 0;
}

static int memdev_enable_vq(struct virtqueue *vq)
{
	struct memdev *dev = vdev_to_memdev(vq->vdev);

	if (!vq->reset)
		return -EBUSY;
	memdev_start_queue(&dev->q[vq->index]);
	vq->reset = false;
	return 0;
}

static const struct virtio_config_ops memdev_ops = {
	.get = memdev_get,
	.set = memdev_set,
	.generation = memdev_generation,
	.get_status = memdev_get_status,
	.set_status = memdev_set_status,
	.reset = memdev_reset,
	.find_vqs = memdev_find_vqs,
	.del_vqs = memdev_del_vqs,
	.synchronize_cbs = memdev_synchronize_cbs,
	.get_features = memdev_get_features,
	VIRTNET_EXTENDED_OPS(memdev_get_extended_features)
	.finalize_features = memdev_finalize_features,
	.bus_name = memdev_bus_name,
	.disable_vq_and_reset = memdev_disable_vq,
	.enable_vq_after_reset = memdev_enable_vq,
};

static const struct virtio_config_ops memdev_ops_no_generation = {
	.get = memdev_get,
	.set = memdev_set,
	.get_status = memdev_get_status,
	.set_status = memdev_set_status,
	.reset = memdev_reset,
	.find_vqs = memdev_find_vqs,
	.del_vqs = memdev_del_vqs,
	.synchronize_cbs = memdev_synchronize_cbs,
	.get_features = memdev_get_features,
	VIRTNET_EXTENDED_OPS(memdev_get_extended_features)
	.finalize_features = memdev_finalize_features,
	.bus_name = memdev_bus_name,
};

static void memdev_release(struct device *d)
{
	struct memdev *dev = vdev_to_memdev(dev_to_virtio(d));

	complete(dev->released);
}

static void memdev_no_work(struct work_struct *work)
{
}

static void memdev_defaults(struct memdev *dev, const struct memdev_setup *setup)
{
	struct virtio_net_config *cfg = memdev_config(dev);
	unsigned int i;

	dev->setup = *setup;
	dev->setup.pairs = setup->pairs ?: 1;
	dev->setup.num = setup->num ?: 64;
	dev->features = setup->features;
	dev->more_features = setup->more_features;
	dev->nvqs = min_t(unsigned int, 2 * dev->setup.pairs + setup->ctrl,
			  MEMDEV_MAX_QUEUES);
	dev->config_len = setup->config_len ?: sizeof(*cfg);

	memcpy(cfg->mac, "\x52\x54\x00\x4e\x45\x54", ETH_ALEN);
	cfg->status = cpu_to_virtio16(&dev->vdev, VIRTIO_NET_S_LINK_UP);
	cfg->max_virtqueue_pairs = cpu_to_virtio16(&dev->vdev, dev->setup.pairs);
	cfg->mtu = cpu_to_virtio16(&dev->vdev, 1500);
	cfg->speed = cpu_to_le32(10000);
	cfg->duplex = 1;
	for (i = 0; i < dev->nvqs; i++) {
		struct memdev_vq *q = &dev->q[i];

		q->dev = dev;
		q->index = i;
		spin_lock_init(&q->irq_lock);
		INIT_DELAYED_WORK(&q->work, memdev_no_work);
	}
}

static void memdev_drop_parent(struct device *parent)
{
	platform_device_unregister(to_platform_device(parent));
}

static struct device *memdev_new_parent(void)
{
	struct platform_device *pdev;

	pdev = platform_device_register_simple("virtnet-memdev",
					       PLATFORM_DEVID_AUTO, NULL, 0);
	if (IS_ERR(pdev))
		return ERR_CAST(pdev);
	if (dma_coerce_mask_and_coherent(&pdev->dev, DMA_BIT_MASK(64))) {
		platform_device_unregister(pdev);
		return ERR_PTR(-EIO);
	}
	return &pdev->dev;
}

static int memdev_alloc_scratch(struct memdev *dev)
{
	dev->rx_chains = kvcalloc(MEMDEV_MAX_RXBUFS, sizeof(*dev->rx_chains), GFP_KERNEL);
	dev->rx_flat = kvmalloc(MEMDEV_MAX_PKT, GFP_KERNEL);
	if (!dev->rx_chains || !dev->rx_flat)
		return -ENOMEM;
	return dev->setup.ctrl ? memdev_ctrl_start(dev) : 0;
}

static void memdev_destroy(struct memdev *dev)
{
	memdev_ctrl_stop(dev);
	kvfree(dev->rx_chains);
	kvfree(dev->rx_flat);
	kvfree(dev);
}

/* A device that no driver is bound to yet.  memdev_free() ends it. */
struct memdev *memdev_new(const struct memdev_setup *setup)
{
	struct memdev *dev = kvzalloc(sizeof(*dev), GFP_KERNEL);
	int err;

	if (!dev)
		return ERR_PTR(-ENOMEM);
	memdev_defaults(dev, setup);
	err = memdev_alloc_scratch(dev);
	if (!err) {
		dev->parent = memdev_new_parent();
		err = PTR_ERR_OR_ZERO(dev->parent);
	}
	if (err) {
		memdev_destroy(dev);
		return ERR_PTR(err);
	}
	dev->vdev.dev.parent = dev->parent;
	dev->vdev.dev.release = memdev_release;
	dev->vdev.id.device = MEMDEV_ID_NOBODY;
	dev->vdev.id.vendor = VIRTIO_DEV_ANY_ID;
	dev->vdev.config = setup->no_generation ? &memdev_ops_no_generation :
						  &memdev_ops;
	if (setup->tune)
		setup->tune(dev);
	err = register_virtio_device(&dev->vdev);
	if (err) {
		/* Only out of memory gets here; a leak is the safe answer. */
		pr_err("memdev: cannot register: %d\n", err);
		return ERR_PTR(err);
	}
	return dev;
}

/* Give the device to the driver under test, whatever else is loaded. */
int memdev_bind(struct memdev *dev)
{
	const char *name = dev->setup.driver ?: memdev_driver;
	struct device_driver *drv = driver_find(name, dev->vdev.dev.bus);

	if (!drv) {
		pr_err("memdev: no virtio driver named %s is loaded\n", name);
		return -ENODEV;
	}
	dev->vdev.id.device = VIRTIO_ID_NET;
	return device_driver_attach(drv, &dev->vdev.dev);
}

void memdev_unbind(struct memdev *dev)
{
	device_release_driver(&dev->vdev.dev);
	dev->vdev.id.device = MEMDEV_ID_NOBODY;
}

void memdev_free(struct memdev *dev)
{
	DECLARE_COMPLETION_ONSTACK(released);
	unsigned int i;

	memdev_unbind(dev);
	memdev_del_vqs(&dev->vdev);
	for (i = 0; i < dev->nvqs; i++)
		cancel_delayed_work_sync(&dev->q[i].work);
	dev->released = &released;
	unregister_virtio_device(&dev->vdev);
	wait_for_completion(&released);
	memdev_drop_parent(dev->parent);
	memdev_destroy(dev);
}

/* The network interface the driver made; NULL if there is none. */
struct net_device *memdev_netdev(struct memdev *dev)
{
	struct net_device *found = NULL, *nd;

	rtnl_lock();
	for_each_netdev(&init_net, nd)
		if (nd->dev.parent == &dev->vdev.dev)
			found = nd;
	rtnl_unlock();
	return found;
}

void memdev_config_changed(struct memdev *dev)
{
	dev->generation++;
	virtio_config_changed(&dev->vdev);
}

/* For bits a device sets by itself, such as NEEDS_RESET. */
void memdev_set_status_bit(struct memdev *dev, u8 bit)
{
	dev->status |= bit;
	memdev_config_changed(dev);
}

/* Surprise removal: from now on nobody answers. */
void memdev_vanish(struct memdev *dev)
{
	unsigned int i;

	dev->vanished = true;
	for (i = 0; i < dev->nvqs; i++)
		memdev_stop_queue(&dev->q[i]);
}
