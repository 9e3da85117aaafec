// SPDX-License-Identifier: GPL-2.0
/* The link as the device sees it, and announcements that it asks for. */
#include <virtnet/tx.h>
#include <virtnet/virtnet.h>

#include <linux/rtnetlink.h>
#include <linux/virtio_config.h>
#include <linux/virtio_net.h>

/* Announcements closer than this become one. */
#define VIRTNET_ANNOUNCE_GAP	HZ

/* Return: jiffies until there may be one more. RTNL held. */
static unsigned long virtnet_announce_wait(const struct virtnet_announce *a)
{
	unsigned long due = a->last + VIRTNET_ANNOUNCE_GAP;

	return a->ever && time_before(jiffies, due) ? due - jiffies : 0;
}

static void virtnet_announce(struct virtnet_info *vi)
{
	struct virtnet_announce *a = &vi->announce;
	unsigned long wait = virtnet_announce_wait(a);

	if (wait)
		atomic_long_inc(&a->limited);
	schedule_delayed_work(&a->work, wait);
}

/*
 * The device has moved, says the status; tell the neighbours (5.1.6.5.4). It may
 * have been asked for again while this waited for RTNL: then there is a second
 * of these, for which it is too early.
 */
static void virtnet_announce_work(struct work_struct *work)
{
	struct virtnet_announce *a = container_of(work, struct virtnet_announce,
						  work.work);
	struct virtnet_info *vi = container_of(a, struct virtnet_info,
					       announce);

	rtnl_lock();
	if (virtnet_announce_wait(a)) {
		virtnet_announce(vi);
	} else if (vi->state == VIRTNET_RUNNING) {
		a->last = jiffies;
		a->ever = true;
		__netdev_notify_peers(vi->dev);
		atomic_long_inc(&a->done);
		virtnet_ctrl_tell(vi, VIRTIO_NET_CTRL_ANNOUNCE,
				  VIRTIO_NET_CTRL_ANNOUNCE_ACK, NULL, 0);
	}
	rtnl_unlock();
}

/**
 * virtnet_link_update() - act on the device's status
 * @vi: the interface; RTNL held
 *
 * Without a link status in config space the link is always up.
 *
 * Return: the status, 0 while nothing runs.
 */
u16 virtnet_link_update(struct virtnet_info *vi)
{
	u16 status = VIRTIO_NET_S_LINK_UP;

	if (vi->state != VIRTNET_RUNNING)
		return 0;
	if (vi->caps.link_status)
		virtio_cread(vi->vdev, struct virtio_net_config, status,
			     &status);
	if (status & VIRTIO_NET_S_LINK_UP)
		netif_carrier_on(vi->dev);
	else
		netif_carrier_off(vi->dev);
	if (vi->caps.announce && (status & VIRTIO_NET_S_ANNOUNCE))
		virtnet_announce(vi);
	return status;
}
EXPORT_SYMBOL_IF_KUNIT(virtnet_link_update);

/**
 * virtnet_link_changed() - the device says that its status changed
 * @vi: the interface; RTNL held
 *
 * Packets that the device discarded while the link was down may have left it
 * asking for a doorbell at a place that has passed: see virtnet_tx_nudge(). Or the
 * link was down because the device's process was gone, and is up with another
 * one; that may have been too short to be seen. Who asks for an announcement has
 * moved, and knows its place.
 */
void virtnet_link_changed(struct virtnet_info *vi)
{
	u16 status = virtnet_link_update(vi);
	unsigned int i;

	if (!(status & VIRTIO_NET_S_LINK_UP))
		return;
	if (!(status & VIRTIO_NET_S_ANNOUNCE))
		virtnet_place_doubt(vi);
	for (i = 0; i < vi->qs->pairs; i++)
		virtnet_tx_nudge(&vi->qs->sq[i]);
}

void virtnet_announce_init(struct virtnet_info *vi)
{
	INIT_DELAYED_WORK(&vi->announce.work, virtnet_announce_work);
}

/* RTNL not held; nobody asks for link updates any more. */
void virtnet_announce_stop(struct virtnet_info *vi)
{
	cancel_delayed_work_sync(&vi->announce.work);
}
