// SPDX-License-Identifier: GPL-2.0
/* Interrupt moderation as the user wants it (virtio 1.3, 5.1.6.5.8). */
#include <virtnet/virtnet.h>

#include <linux/netlink.h>
#include <linux/virtio_net.h>

/* Nobody wants to wait longer for an interrupt. */
#define VIRTNET_COAL_USECS_MAX	1000000

static bool virtnet_coal_same(const struct virtnet_coal *a,
			      const struct virtnet_coal *b)
{
	return a->usecs == b->usecs && a->frames == b->frames &&
	       a->adaptive == b->adaptive;
}

static bool virtnet_coal_set(const struct virtnet_coal *c)
{
	return c->usecs || c->frames;
}

/* Is there a device that can be told? */
bool virtnet_coal_by_device(const struct virtnet_caps *caps)
{
	return caps->notf_coal || caps->vq_notf_coal;
}

/* Do two settings want some queue moderated differently? */
bool virtnet_coal_changed(const struct virtnet_settings *a,
			  const struct virtnet_settings *b)
{
	unsigned int i;

	for (i = 0; i < VIRTNET_PAIRS_MAX; i++)
		if (!virtnet_coal_same(&a->rxq_coal[i], &b->rxq_coal[i]) ||
		    !virtnet_coal_same(&a->txq_coal[i], &b->txq_coal[i]))
			return true;
	return false;
}

/* --- all receive queues, all transmit queues --- */

static bool virtnet_coal_able(const struct virtnet_caps *caps)
{
	return caps->notf_coal;
}

static bool virtnet_coal_wanted(const struct virtnet_caps *caps,
				const struct virtnet_settings *s)
{
	return virtnet_coal_set(&s->rx_coal) || virtnet_coal_set(&s->tx_coal);
}

static bool virtnet_coal_differs(const struct virtnet_settings *a,
				 const struct virtnet_settings *b)
{
	return !virtnet_coal_same(&a->rx_coal, &b->rx_coal) ||
	       !virtnet_coal_same(&a->tx_coal, &b->tx_coal);
}

/* Moderation of all queues of a direction. RTNL held. Return: 0 or -errno. */
int virtnet_coal_tell_all(struct virtnet_info *vi, bool tx,
			  const struct virtnet_coal *c)
{
	u8 cmd = tx ? VIRTIO_NET_CTRL_NOTF_COAL_TX_SET :
		      VIRTIO_NET_CTRL_NOTF_COAL_RX_SET;
	struct virtio_net_ctrl_coal v = {
		.max_packets = cpu_to_le32(c->frames),
		.max_usecs = cpu_to_le32(c->usecs),
	};

	return virtnet_ctrl_tell(vi, VIRTIO_NET_CTRL_NOTF_COAL, cmd,
				 &v, sizeof(v));
}

static int virtnet_coal_send(struct virtnet_info *vi,
			     const struct virtnet_settings *s,
			     const struct virtnet_settings *old)
{
	int err;

	err = virtnet_coal_tell_all(vi, false, &s->rx_coal);
	if (err)
		return err;
	return virtnet_coal_tell_all(vi, true, &s->tx_coal);
}

const struct virtnet_replay_item virtnet_replay_coal = {
	.name = "interrupt moderation",
	.refused = "device refused the interrupt moderation",
	.able = virtnet_coal_able,
	.wanted = virtnet_coal_wanted,
	.differs = virtnet_coal_differs,
	.send = virtnet_coal_send,
};

/* --- single queues --- */

static bool virtnet_vq_coal_able(const struct virtnet_caps *caps)
{
	return caps->vq_notf_coal;
}

static bool virtnet_vq_coal_differs(const struct virtnet_settings *a,
				    const struct virtnet_settings *b)
{
	unsigned int i;

	for (i = 0; i < max(a->pairs, b->pairs); i++)
		if (!virtnet_coal_same(&a->rxq_coal[i], &b->rxq_coal[i]) ||
		    !virtnet_coal_same(&a->txq_coal[i], &b->txq_coal[i]))
			return true;
	return a->pairs != b->pairs || virtnet_coal_differs(a, b);
}

/* Moderation of one virtqueue. RTNL held. Return: 0 or -errno. */
int virtnet_coal_tell_queue(struct virtnet_info *vi, unsigned int vq,
			    const struct virtnet_coal *c)
{
	struct virtio_net_ctrl_coal_vq v = {
		.vqn = cpu_to_le16(vq),
		.coal.max_packets = cpu_to_le32(c->frames),
		.coal.max_usecs = cpu_to_le32(c->usecs),
	};

	return virtnet_ctrl_tell(vi, VIRTIO_NET_CTRL_NOTF_COAL,
				 VIRTIO_NET_CTRL_NOTF_COAL_VQ_SET,
				 &v, sizeof(v));
}

/* What a queue has after the command for all of its kind: see above. */
static const struct virtnet_coal virtnet_coal_off;

/*
 * The command for all queues has overwritten every queue's own. So what a
 * queue is known to have is that, or nothing where there is no such command.
 */
static int virtnet_vq_coal_send(struct virtnet_info *vi,
				const struct virtnet_settings *s,
				const struct virtnet_settings *old)
{
	bool all = !old || virtnet_coal_differs(s, old), back;
	const struct virtnet_coal *rx, *tx;
	unsigned int i;
	int err = 0;

	for (i = 0; i < s->pairs && !err; i++) {
		rx = vi->caps.notf_coal ? &s->rx_coal : &virtnet_coal_off;
		tx = vi->caps.notf_coal ? &s->tx_coal : &virtnet_coal_off;
		if (!all) {
			rx = &old->rxq_coal[i];
			tx = &old->txq_coal[i];
		}
		/* It may still have what it had when it was used before. */
		back = old && i >= old->pairs;
		if (back || !virtnet_coal_same(rx, &s->rxq_coal[i]))
			err = virtnet_coal_tell_queue(vi, rxq2vq(i),
						      &s->rxq_coal[i]);
		if (!err && (back || !virtnet_coal_same(tx, &s->txq_coal[i])))
			err = virtnet_coal_tell_queue(vi, txq2vq(i),
						      &s->txq_coal[i]);
	}
	return err;
}

const struct virtnet_replay_item virtnet_replay_vq_coal = {
	.name = "interrupt moderation of single queues",
	.refused = "device refused the interrupt moderation of a queue",
	.able = virtnet_vq_coal_able,
	.differs = virtnet_vq_coal_differs,
	.send = virtnet_vq_coal_send,
};

/* --- ethtool -c, -C --- */

static void virtnet_coal_get(struct ethtool_coalesce *ec,
			     const struct virtnet_coal *rx,
			     const struct virtnet_coal *tx)
{
	ec->rx_coalesce_usecs = rx->usecs;
	ec->rx_max_coalesced_frames = rx->frames;
	ec->tx_coalesce_usecs = tx->usecs;
	ec->tx_max_coalesced_frames = tx->frames;
	ec->use_adaptive_rx_coalesce = rx->adaptive;
	ec->use_adaptive_tx_coalesce = tx->adaptive;
}

static int virtnet_coal_take(const struct virtnet_caps *caps,
			     const struct ethtool_coalesce *ec,
			     struct virtnet_coal *rx, struct virtnet_coal *tx,
			     struct netlink_ext_ack *extack)
{
	rx->usecs = ec->rx_coalesce_usecs;
	rx->frames = ec->rx_max_coalesced_frames;
	tx->usecs = ec->tx_coalesce_usecs;
	tx->frames = ec->tx_max_coalesced_frames;
	rx->adaptive = ec->use_adaptive_rx_coalesce;
	tx->adaptive = ec->use_adaptive_tx_coalesce;
	if (!virtnet_coal_by_device(caps) &&
	    (virtnet_coal_set(rx) || virtnet_coal_set(tx) || tx->adaptive)) {
		NL_SET_ERR_MSG_MOD(extack,
				   "device has no interrupt moderation, only adaptive-rx works without");
		return -EOPNOTSUPP;
	}
	if (max(rx->usecs, tx->usecs) <= VIRTNET_COAL_USECS_MAX)
		return 0;
	NL_SET_ERR_MSG_MOD(extack, "more than a second of delay");
	return -EINVAL;
}

int virtnet_get_coalesce(struct net_device *dev, struct ethtool_coalesce *ec,
			 struct kernel_ethtool_coalesce *kec,
			 struct netlink_ext_ack *extack)
{
	struct virtnet_info *vi = netdev_priv(dev);

	virtnet_coal_get(ec, &vi->settings.rx_coal, &vi->settings.tx_coal);
	return 0;
}

static void virtnet_coal_all(struct virtnet_settings *s)
{
	unsigned int i;

	for (i = 0; i < VIRTNET_PAIRS_MAX; i++) {
		s->rxq_coal[i] = s->rx_coal;
		s->txq_coal[i] = s->tx_coal;
	}
}

int virtnet_set_coalesce(struct net_device *dev, struct ethtool_coalesce *ec,
			 struct kernel_ethtool_coalesce *kec,
			 struct netlink_ext_ack *extack)
{
	struct virtnet_info *vi = netdev_priv(dev);
	struct virtnet_settings *want;
	int err;

	want = virtnet_settings_edit(vi);
	if (!want)
		return -ENOMEM;
	err = virtnet_coal_take(&vi->caps, ec, &want->rx_coal, &want->tx_coal,
				extack);
	virtnet_coal_all(want);
	if (!err)
		return virtnet_settings_commit(vi, want, extack);
	kvfree(want);
	return err;
}

/* By the device queue by queue, or by ourselves. */
static bool virtnet_coal_per_queue(const struct virtnet_caps *caps)
{
	return caps->vq_notf_coal || !caps->notf_coal;
}

/* ethtool --per-queue; the stack has checked the number against the queues. */
int virtnet_get_per_queue_coalesce(struct net_device *dev, u32 queue,
				   struct ethtool_coalesce *ec)
{
	struct virtnet_info *vi = netdev_priv(dev);

	if (!virtnet_coal_per_queue(&vi->caps))
		return -EOPNOTSUPP;
	if (queue >= vi->settings.pairs)
		return -EINVAL;
	virtnet_coal_get(ec, &vi->settings.rxq_coal[queue],
			 &vi->settings.txq_coal[queue]);
	return 0;
}

int virtnet_set_per_queue_coalesce(struct net_device *dev, u32 queue,
				   struct ethtool_coalesce *ec)
{
	struct virtnet_info *vi = netdev_priv(dev);
	struct virtnet_settings *want;
	int err;

	if (!virtnet_coal_per_queue(&vi->caps))
		return -EOPNOTSUPP;
	if (queue >= vi->settings.pairs)
		return -EINVAL;
	want = virtnet_settings_edit(vi);
	if (!want)
		return -ENOMEM;
	err = virtnet_coal_take(&vi->caps, ec, &want->rxq_coal[queue],
				&want->txq_coal[queue], NULL);
	if (!err)
		return virtnet_settings_commit(vi, want, NULL);
	kvfree(want);
	return err;
}
