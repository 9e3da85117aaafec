// SPDX-License-Identifier: GPL-2.0
/* Probe and remove, config changes, suspend and resume. */
#include <virtnet/diag.h>
#include <virtnet/ring.h>
#include <virtnet/virtnet.h>

#include <linux/etherdevice.h>
#include <linux/reboot.h>
#include <linux/rtnetlink.h>
#include <linux/slab.h>
#include <linux/virtio_config.h>
#include <linux/virtio_net.h>

static bool virtnet_needs_reset(struct virtio_device *vdev)
{
	return vdev->config->get_status(vdev) & VIRTIO_CONFIG_S_NEEDS_RESET;
}

static void virtnet_config_work(struct work_struct *work)
{
	struct virtnet_info *vi = container_of(work, struct virtnet_info,
					       config_work);

	rtnl_lock();
	if (vi->state == VIRTNET_RUNNING && virtnet_needs_reset(vi->vdev))
		virtnet_report_fault(vi, VIRTNET_FAULT_NEEDS_RESET);
	else
		virtnet_link_changed(vi);
	rtnl_unlock();
}

/* The device changed its config space; hard interrupt context. */
void virtnet_config_changed(struct virtio_device *vdev)
{
	struct virtnet_info *vi = vdev->priv;

	if (!READ_ONCE(vi->stopping))
		schedule_work(&vi->config_work);
}

static int virtnet_alloc(struct virtnet_info *vi)
{
	unsigned int n = virtnet_vqs_count(&vi->caps);

	vi->recovery.queue = kcalloc(2 * vi->caps.all_pairs,
				     sizeof(*vi->recovery.queue), GFP_KERNEL);
	vi->recovery.place = kcalloc(2 * vi->caps.all_pairs,
				     sizeof(*vi->recovery.place), GFP_KERNEL);
	vi->stats = virtnet_stats_alloc(vi->caps.all_pairs);
	vi->vqs = kcalloc(n, sizeof(*vi->vqs), GFP_KERNEL);
	vi->vq_names = kcalloc(n, sizeof(*vi->vq_names), GFP_KERNEL);
	vi->plain_hdr = kzalloc_obj(*vi->plain_hdr);
	return vi->recovery.queue && vi->recovery.place && vi->stats && vi->vqs && vi->vq_names &&
	       vi->plain_hdr ? 0 : -ENOMEM;
}

static void virtnet_free(struct virtnet_info *vi)
{
	kfree(vi->recovery.queue);
	kfree(vi->recovery.place);
	kvfree(vi->stats);
	kfree(vi->vqs);
	kfree(vi->vq_names);
	kfree(vi->plain_hdr);
	free_netdev(vi->dev);
}

static void virtnet_init_mac(struct virtnet_info *vi)
{
	if (is_zero_ether_addr(vi->settings.mac)) {
		eth_hw_addr_random(vi->dev);
		ether_addr_copy(vi->settings.mac, vi->dev->dev_addr);
	} else {
		eth_hw_addr_set(vi->dev, vi->settings.mac);
	}
}

static void virtnet_init_settings(struct virtnet_info *vi)
{
	vi->caps.rx_ring_max = virtqueue_get_vring_size(vi->vqs[rxq2vq(0)]);
	vi->caps.tx_ring_max = virtqueue_get_vring_size(vi->vqs[txq2vq(0)]);
	vi->premapped = ring_premapped(vi->vqs[rxq2vq(0)], &vi->dma_dev);
	virtnet_settings_init(&vi->settings, &vi->caps);
	vi->dev->mtu = vi->settings.mtu;
	virtnet_init_mac(vi);
}

/*
 * The system goes down: the virtio core breaks the queues and resets the
 * device, which must not be mended. A kernel that is started next would find
 * its memory written to.
 */
static int virtnet_reboot(struct notifier_block *nb, unsigned long action,
			  void *data)
{
	struct virtnet_info *vi = container_of(nb, struct virtnet_info, reboot);

	virtnet_recovery_stop(vi);
	return NOTIFY_DONE;
}

static int virtnet_register(struct virtnet_info *vi)
{
	int err;

	virtnet_netdev_init(vi);
	netif_carrier_off(vi->dev);
	err = virtnet_channels_set(vi, vi->settings.pairs,
				   vi->settings.pairs);
	if (err)
		return err;
	err = virtnet_channels_watch(vi);
	if (err)
		return err;
	err = virtnet_standby_start(vi);
	if (err)
		goto unwatch;
	err = register_netdev(vi->dev);
	if (err)
		goto standby;
	vi->reboot.notifier_call = virtnet_reboot;
	register_reboot_notifier(&vi->reboot);
	return 0;

standby:
	virtnet_standby_stop(vi);
unwatch:
	virtnet_channels_unwatch(vi);
	return err;
}

/* What has to be known before anybody sees the interface. */
static void virtnet_ask_device(struct virtnet_info *vi)
{
	rtnl_lock();
	virtnet_ctrl_open(&vi->ctrl);
	virtnet_devstats_query(vi);
	rtnl_unlock();
}

/* From negotiated features to a registered net device. */
static int virtnet_setup(struct virtnet_info *vi)
{
	int err;

	err = virtnet_alloc(vi);
	if (err)
		return err;
	err = virtnet_device_start(vi, false);
	if (err)
		return err;
	virtnet_init_settings(vi);
	virtio_device_ready(vi->vdev);
	virtnet_ask_device(vi);
	err = virtnet_register(vi);
	if (err)
		virtnet_device_stop(vi);
	return err;
}

/* Everything that has to exist before the device can call us. */
static void virtnet_init(struct virtnet_info *vi)
{
	INIT_WORK(&vi->config_work, virtnet_config_work);
	INIT_WORK(&vi->rx_mode_work, virtnet_rx_mode_work);
	virtnet_announce_init(vi);
	virtnet_recovery_init(vi);
	virtnet_ctrl_init(&vi->ctrl);
	atomic_long_set(&vi->feat_cleared, vi->caps.feat_cleared);
}

/* No work of ours runs or starts after this; the interface is not registered */
static void virtnet_quiet(struct virtnet_info *vi)
{
	WRITE_ONCE(vi->stopping, true);
	cancel_work_sync(&vi->config_work);
	cancel_work_sync(&vi->rx_mode_work);
	virtnet_announce_stop(vi);
}

/**
 * virtnet_probe() - a virtio-net device was found
 * @vdev: the device; features negotiated by the virtio core
 *
 * The device is live afterwards, with empty rings: buffers cost memory, and
 * come with the first open.
 *
 * Return: 0 or -errno.
 */
int virtnet_probe(struct virtio_device *vdev)
{
	struct net_device *dev;
	struct virtnet_info *vi;
	struct virtnet_caps caps = { };
	int err;

	err = virtnet_caps_read(vdev, &caps);
	if (err)
		return err;
	dev = alloc_etherdev_mq(sizeof(*vi), caps.all_pairs);
	if (!dev)
		return -ENOMEM;
	SET_NETDEV_DEV(dev, &vdev->dev);
	vi = netdev_priv(dev);
	vi->dev = dev;
	vi->vdev = vdev;
	vi->caps = caps;
	virtnet_init(vi);
	vdev->priv = vi;
	err = virtnet_setup(vi);
	if (err) {
		dev_err(&vdev->dev, "probe failed: %pe\n", ERR_PTR(err));
		virtnet_quiet(vi);
		virtnet_free(vi);
		return err;
	}
	virtnet_debugfs_add(vi);
	return 0;
}

/**
 * virtnet_remove() - the device or the driver goes away
 * @vdev: the device
 */
void virtnet_remove(struct virtio_device *vdev)
{
	struct virtnet_info *vi = vdev->priv;

	virtnet_debugfs_remove(vi);
	unregister_reboot_notifier(&vi->reboot);
	virtnet_recovery_stop(vi);
	virtnet_channels_unwatch(vi);
	cancel_work_sync(&vi->config_work);
	unregister_netdev(vi->dev);
	virtnet_standby_stop(vi);
	virtnet_quiet(vi);
	if (vi->state != VIRTNET_IDLE)
		virtnet_device_stop(vi);
	virtnet_free(vi);
}

/*
 * Suspend, hibernation, a reset of the PCI function: nothing is left running
 * on the device, and nobody touches it.
 */
int virtnet_freeze(struct virtio_device *vdev)
{
	struct virtnet_info *vi = vdev->priv;

	rtnl_lock();
	netif_device_detach(vi->dev);
	virtnet_down(vi);
	if (vi->state != VIRTNET_IDLE)
		virtnet_device_stop(vi);
	rtnl_unlock();
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(virtnet_freeze);

/* The settings are all that is needed to go on as before. */
int virtnet_restore(struct virtio_device *vdev)
{
	struct virtnet_info *vi = vdev->priv;
	int err = 0;

	rtnl_lock();
	/* Whatever was wrong, the device starts from the beginning. */
	virtnet_recovery_forgive(vi);
	if (netif_running(vi->dev))
		err = virtnet_up(vi);
	else
		err = virtnet_device_start(vi, true);
	if (!err)
		netif_device_attach(vi->dev);
	rtnl_unlock();
	return err;
}
EXPORT_SYMBOL_IF_KUNIT(virtnet_restore);
