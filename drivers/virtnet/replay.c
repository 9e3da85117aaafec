// SPDX-License-Identifier: GPL-2.0
/* Telling the device what the settings are. RTNL held throughout. */
#include <virtnet/virtnet.h>

#include <linux/netlink.h>

const struct virtnet_replay_item
	* const virtnet_replay_items[VIRTNET_REPLAY_ITEMS] = {
	[VIRTNET_REPLAY_MAC] = &virtnet_replay_mac,
	[VIRTNET_REPLAY_RX_MODE] = &virtnet_replay_rx_mode,
	[VIRTNET_REPLAY_MAC_TABLE] = &virtnet_replay_mac_table,
	[VIRTNET_REPLAY_VLANS] = &virtnet_replay_vlans,
	[VIRTNET_REPLAY_OFFLOADS] = &virtnet_replay_offloads,
	[VIRTNET_REPLAY_PAIRS] = &virtnet_replay_pairs,
	[VIRTNET_REPLAY_RSS] = &virtnet_replay_rss,
	[VIRTNET_REPLAY_COAL] = &virtnet_replay_coal,
	[VIRTNET_REPLAY_VQ_COAL] = &virtnet_replay_vq_coal,
};
EXPORT_SYMBOL_IF_KUNIT(virtnet_replay_items);

/* Tell one thing, if there is something to tell. Return: false if refused. */
static bool virtnet_replay_one(struct virtnet_info *vi, unsigned int i)
{
	const struct virtnet_replay_item *item = virtnet_replay_items[i];
	int err;

	if (!item->able(&vi->caps) ||
	    (item->wanted && !item->wanted(&vi->caps, &vi->settings)))
		return true;
	err = item->send(vi, &vi->settings, NULL);
	if (!err)
		return true;
	atomic_long_inc(&vi->replay_failures);
	netdev_warn(vi->dev, "device was not told its %s: %pe\n",
		    item->name, ERR_PTR(err));
	return false;
}

/**
 * virtnet_replay() - tell a device that was reset everything
 * @vi: the interface; the device ready, nothing sent to it yet
 *
 * What the device refuses stays in the settings, and is tried again after the
 * next reset.
 *
 * Return: bitmap of enum virtnet_replay_id, what did not get through.
 */
unsigned long virtnet_replay(struct virtnet_info *vi)
{
	unsigned long failed = 0;
	unsigned int i;

	for (i = 0; i < VIRTNET_REPLAY_ITEMS; i++)
		if (!virtnet_replay_one(vi, i))
			failed |= BIT(i);
	return failed;
}

/**
 * virtnet_replay_queues() - what single queues forget when they are reset
 * @vi: the interface, running
 *
 * Their own interrupt moderation (virtio 1.3, 5.1.6.5.8.1).
 */
void virtnet_replay_queues(struct virtnet_info *vi)
{
	__assign_bit(VIRTNET_REPLAY_VQ_COAL, &vi->replay_failed,
		     !virtnet_replay_one(vi, VIRTNET_REPLAY_VQ_COAL));
}

static bool virtnet_replay_due(const struct virtnet_info *vi, unsigned int i,
			       const struct virtnet_settings *old)
{
	const struct virtnet_replay_item *item = virtnet_replay_items[i];

	return item->able(&vi->caps) && item->differs(&vi->settings, old);
}

/* The reason for a user, whose strings have to be constants. */
static void virtnet_replay_explain(unsigned int i, int err,
				   struct netlink_ext_ack *extack)
{
	if (err == -ETIMEDOUT || err == -ENODEV)
		NL_SET_ERR_MSG_MOD(extack,
				   "device does not answer control commands");
	else if (extack)
		extack->_msg = virtnet_replay_items[i]->refused;
}

/**
 * virtnet_replay_changes() - tell a running device what is new
 * @vi: the interface
 * @old: what the device knows
 * @extack: says what went wrong
 *
 * Return: 0, or -errno with the device told @old again, as far as it listens.
 */
int virtnet_replay_changes(struct virtnet_info *vi,
			   const struct virtnet_settings *old,
			   struct netlink_ext_ack *extack)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < VIRTNET_REPLAY_ITEMS; i++) {
		if (!virtnet_replay_due(vi, i, old))
			continue;
		err = virtnet_replay_items[i]->send(vi, &vi->settings, old);
		if (err)
			break;
	}
	if (!err)
		return 0;
	virtnet_replay_explain(i, err, extack);
	/* The one that failed too: it may have been granted in part. */
	for (i++; i--; )
		if (virtnet_replay_due(vi, i, old))
			virtnet_replay_items[i]->send(vi, old, &vi->settings);
	return err;
}

/**
 * virtnet_replay_refused() - did the last replay fail where a user would mind?
 * @vi: the interface
 * @old: the settings before
 * @extack: says what was refused
 *
 * Return: 0 if everything that differs from @old was granted, else -EIO.
 */
int virtnet_replay_refused(const struct virtnet_info *vi,
			   const struct virtnet_settings *old,
			   struct netlink_ext_ack *extack)
{
	unsigned int i;

	for (i = 0; i < VIRTNET_REPLAY_ITEMS; i++) {
		if (!(vi->replay_failed & BIT(i)) ||
		    !virtnet_replay_due(vi, i, old))
			continue;
		virtnet_replay_explain(i, -EIO, extack);
		return -EIO;
	}
	return 0;
}
