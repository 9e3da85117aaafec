// SPDX-License-Identifier: GPL-2.0
/*
 * The life of the device: negotiate, create virtqueues, run a queue set, halt.
 * Every reconfiguration and recovery is halt and run with another set or the
 * same one. RTNL is held throughout, or nobody else knows the device yet.
 */
#include <virtnet/rx.h>
#include <virtnet/tx.h>
#include <virtnet/virtnet.h>
#include <virtnet/xdp.h>

#include <linux/virtio_config.h>

/**
 * virtnet_device_gone() - does nobody answer any more?
 * @vdev: the device
 *
 * Reads from a device that was unplugged give all ones. The virtio core waits
 * without end for such a device to be reset.
 */
bool virtnet_device_gone(struct virtio_device *vdev)
{
	return vdev->config->get_status(vdev) == 0xff;
}

static void virtnet_device_reset(struct virtio_device *vdev)
{
	if (!virtnet_device_gone(vdev))
		virtio_reset_device(vdev);
}

/*
 * Virtio 1.3, 3.1.1: from reset to the features that were agreed at probe. A
 * device that cannot be told to switch receive offloads off is not asked for
 * them in the first place.
 */
static int virtnet_negotiate(struct virtnet_info *vi)
{
	struct virtio_device *vdev = vi->vdev;
	int err;

	if (virtnet_device_gone(vdev))
		return -ENODEV;
	virtio_reset_device(vdev);
	virtio_add_status(vdev, VIRTIO_CONFIG_S_ACKNOWLEDGE);
	virtio_add_status(vdev, VIRTIO_CONFIG_S_DRIVER);
	if (!vi->caps.ctrl_offloads)
		virtnet_offloads_offer(vdev, vi->caps.offloads,
				       virtnet_offloads_wanted(&vi->settings));
	err = vdev->config->finalize_features(vdev);
	if (err)
		return err;
	virtnet_caps_agree(vdev, &vi->caps);
	if (!virtio_has_feature(vdev, VIRTIO_F_VERSION_1))
		return 0;
	virtio_add_status(vdev, VIRTIO_CONFIG_S_FEATURES_OK);
	if (vdev->config->get_status(vdev) & VIRTIO_CONFIG_S_FEATURES_OK)
		return 0;
	dev_err(&vdev->dev, "device refuses the features it offered\n");
	return -ENODEV;
}

/* Queues that have to be created, used or not: see virtnet_check_pairs(). */
unsigned int virtnet_vqs_count(const struct virtnet_caps *caps)
{
	return 2 * caps->dev_pairs + caps->ctrl_vq;
}

/* Names for /proc/interrupts; virtio core keeps the pointers. */
static const char *virtnet_vq_name(struct virtnet_info *vi, unsigned int i)
{
	if (vi->vq_names[i])
		return vi->vq_names[i];
	if (i == 2 * vi->caps.dev_pairs)
		vi->vq_names[i] = "control";
	else
		vi->vq_names[i] = devm_kasprintf(&vi->vdev->dev, GFP_KERNEL,
						 i % 2 ? "output.%u" :
							 "input.%u", i / 2);
	return vi->vq_names[i];
}

/* A queue without a callback takes no interrupt vector. */
static vq_callback_t *virtnet_vq_callback(struct virtnet_info *vi,
					  unsigned int i)
{
	if (i == 2 * vi->caps.dev_pairs)
		return virtnet_ctrl_done;
	if (i >= 2 * vi->caps.all_pairs)
		return NULL;
	return i % 2 ? skb_xmit_done : skb_recv_done;
}

static int virtnet_find_vqs(struct virtnet_info *vi)
{
	unsigned int i, n = virtnet_vqs_count(&vi->caps);
	struct virtqueue_info *info;
	int err = -ENOMEM;

	info = kcalloc(n, sizeof(*info), GFP_KERNEL);
	if (!info)
		return -ENOMEM;
	for (i = 0; i < n; i++) {
		info[i].name = virtnet_vq_name(vi, i);
		info[i].callback = virtnet_vq_callback(vi, i);
		if (!info[i].name)
			goto out;
	}
	err = virtio_find_vqs(vi->vdev, n, vi->vqs, info, NULL);
	if (!err && vi->caps.ctrl_vq)
		virtnet_ctrl_attach(&vi->ctrl, vi->vqs[n - 1]);
out:
	kfree(info);
	return err;
}

/**
 * virtnet_device_start() - from idle to virtqueues
 * @vi: the interface, VIRTNET_IDLE
 * @negotiate: reset and negotiate first; the virtio core does it for probe
 *
 * Return: 0 with the device not yet ready, or -errno with it reset.
 */
int virtnet_device_start(struct virtnet_info *vi, bool negotiate)
{
	int err = negotiate ? virtnet_negotiate(vi) : 0;

	if (!err)
		err = virtnet_find_vqs(vi);
	if (err) {
		virtnet_device_reset(vi->vdev);
		return err;
	}
	vi->state = VIRTNET_LIVE;
	return 0;
}

/**
 * virtnet_device_stop() - reset the device and give up its virtqueues
 * @vi: the interface, not idle, with nothing that uses the queues any more
 *
 * What is still on the rings is taken back between the two: after the reset
 * the device does not touch it, and afterwards there is no ring to find it in.
 */
void virtnet_device_stop(struct virtnet_info *vi)
{
	virtnet_device_reset(vi->vdev);
	virtnet_ctrl_stop(&vi->ctrl);
	if (vi->qs)
		virtnet_qset_drain(vi->qs);
	vi->vdev->config->del_vqs(vi->vdev);
	vi->state = VIRTNET_IDLE;
}

static void virtnet_device_ready(struct virtio_device *vdev)
{
	if (!(vdev->config->get_status(vdev) & VIRTIO_CONFIG_S_DRIVER_OK))
		virtio_device_ready(vdev);
}

/* Bring device and stack in line with the settings; nothing flows yet. */
static int virtnet_tell(struct virtnet_info *vi, const struct virtnet_qset *qs)
{
	virtnet_ctrl_open(&vi->ctrl);
	vi->replay_failed = virtnet_replay(vi);
	if (virtnet_channels_refused(vi))
		return virtnet_channels_set(vi, 1, 1);
	return virtnet_channels_set(vi, qs->stack, qs->pairs);
}

/* The running set is told to the device: let it flow. */
static void virtnet_go(struct virtnet_info *vi)
{
	vi->state = VIRTNET_RUNNING;
	virtnet_dim_start(vi);
	virtnet_place_start(vi);
	virtnet_qset_enable(vi->qs);
	netif_tx_wake_all_queues(vi->dev);
	virtnet_health_start(vi);
}

/**
 * virtnet_run() - make a queue set the running one
 * @vi: the interface, not running
 * @qs: the set; the interface's from now on
 *
 * A device that refuses a setting runs nevertheless: see vi->replay_failed.
 *
 * Return: 0, or -errno with the interface idle and @qs the caller's again.
 */
int virtnet_run(struct virtnet_info *vi, struct virtnet_qset *qs)
{
	int err;

	if (vi->state == VIRTNET_LIVE &&
	    virtnet_must_negotiate(&vi->caps, &vi->settings))
		virtnet_device_stop(vi);
	if (vi->state == VIRTNET_IDLE) {
		err = virtnet_device_start(vi, true);
		if (err)
			return err;
	}
	err = virtnet_qset_attach(qs, vi->vqs);
	if (err) {
		virtnet_device_stop(vi);
		return err;
	}
	virtnet_qset_fill(qs);
	WRITE_ONCE(vi->qs, qs);
	virtnet_device_ready(vi->vdev);
	err = virtnet_tell(vi, qs);
	if (err) {
		virtnet_device_stop(vi);
		WRITE_ONCE(vi->qs, NULL);
		return err;
	}
	virtnet_go(vi);
	virtnet_xdp_queues_use(vi);
	virtnet_channels_spread(vi);
	virtnet_link_update(vi);
	return 0;
}

/* Nobody touches the queues afterwards but the device. */
static void virtnet_quiesce(struct virtnet_info *vi)
{
	virtnet_health_stop(vi);
	/* NAPI first: it could wake the transmit queues again. */
	virtnet_qset_disable(vi->qs);
	netif_tx_disable(vi->dev);
}

/**
 * virtnet_halt() - stop the running queue set and reset the device
 * @vi: the interface, VIRTNET_RUNNING
 *
 * Return: the set, drained; it may be freed or run again.
 */
struct virtnet_qset *virtnet_halt(struct virtnet_info *vi)
{
	struct virtnet_qset *qs = vi->qs;

	virtnet_quiesce(vi);
	virtnet_device_stop(vi);
	WRITE_ONCE(vi->qs, NULL);
	return qs;
}

/**
 * virtnet_switch() - run another queue set
 * @vi: the interface, VIRTNET_RUNNING
 * @qs: the set; the interface's if this works
 * @told: set if the device was reset, and told everything again
 *
 * It is only if its queues cannot be reset one by one.
 *
 * Return: 0 or -errno with nothing running; the set that ran before is the
 * caller's in any case.
 */
int virtnet_switch(struct virtnet_info *vi, struct virtnet_qset *qs,
		   bool *told)
{
	virtnet_quiesce(vi);
	*told = virtnet_exchange(vi, qs);
	if (!*told) {
		virtnet_go(vi);
		virtnet_replay_queues(vi);
		return 0;
	}
	virtnet_device_stop(vi);
	WRITE_ONCE(vi->qs, NULL);
	return virtnet_run(vi, qs);
}

/* From the settings to a running interface. */
int virtnet_up(struct virtnet_info *vi)
{
	struct virtnet_qset *qs = virtnet_qset_alloc(vi, &vi->settings);
	int err;

	if (!qs)
		return -ENOMEM;
	err = virtnet_run(vi, qs);
	if (err) {
		netdev_err(vi->dev, "device does not start: %pe\n",
			   ERR_PTR(err));
		virtnet_qset_free(qs);
	}
	return err;
}

/* The opposite; also after a recovery that failed and left nothing running. */
void virtnet_down(struct virtnet_info *vi)
{
	netif_carrier_off(vi->dev);
	if (vi->state == VIRTNET_RUNNING)
		virtnet_qset_free(virtnet_halt(vi));
}

/**
 * virtnet_restart() - bring the interface back after a fault
 * @vi: the interface, which is up as far as its user knows
 *
 * Return: 0, or -errno with the interface idle and its carrier off.
 */
int virtnet_restart(struct virtnet_info *vi)
{
	struct virtnet_qset *qs;
	int err;

	if (vi->state != VIRTNET_RUNNING)
		return virtnet_up(vi);
	qs = virtnet_halt(vi);
	err = virtnet_run(vi, qs);
	if (err) {
		netif_carrier_off(vi->dev);
		virtnet_qset_free(qs);
	}
	return err;
}
