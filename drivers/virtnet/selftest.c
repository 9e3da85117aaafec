// SPDX-License-Identifier: GPL-2.0
/*
 * ethtool -t. A result of 0 is a success, anything else the errno of what
 * went wrong. Real devices do not loop packets back, so what is tested is what
 * makes packets move: commands are answered, interrupts arrive, rings add up.
 */
#include <virtnet/diag.h>
#include <virtnet/ring.h>
#include <virtnet/virtnet.h>

#include <linux/delay.h>
#include <linux/etherdevice.h>
#include <linux/if_ether.h>
#include <linux/virtio_config.h>

/* What a device may take to send a frame and to say so. */
#define VIRTNET_TEST_TIME	HZ

static const char * const virtnet_self_test_names[VIRTNET_SELF_TESTS] = {
	[VIRTNET_TEST_CTRL] = "Control queue     (on/offline)",
	[VIRTNET_TEST_IRQ] = "Interrupts        (on/offline)",
	[VIRTNET_TEST_RINGS] = "Rings             (on/offline)",
	[VIRTNET_TEST_RESTART] = "Restart           (offline)",
};

void virtnet_self_test_strings(u8 *p)
{
	unsigned int i;

	for (i = 0; i < VIRTNET_SELF_TESTS; i++)
		ethtool_puts(&p, virtnet_self_test_names[i]);
}

/* Tell the device again something that it knows already. */
static int virtnet_test_tell(struct virtnet_info *vi)
{
	long before = atomic_long_read(&vi->ctrl.commands);
	const struct virtnet_replay_item *item;
	unsigned int i;
	int err;

	for (i = 0; i < VIRTNET_REPLAY_ITEMS; i++) {
		item = virtnet_replay_items[i];
		if (!item->able(&vi->caps))
			continue;
		err = item->send(vi, &vi->settings, NULL);
		if (err || atomic_long_read(&vi->ctrl.commands) != before)
			return err;
	}
	return -EOPNOTSUPP;
}

/* A command is answered, and by an interrupt. */
static int virtnet_test_ctrl(struct virtnet_info *vi)
{
	long before = atomic_long_read(&vi->ctrl.interrupts);
	int err;

	if (!vi->caps.ctrl_vq)
		return 0;
	err = virtnet_test_tell(vi);
	if (err == -EOPNOTSUPP)
		return 0;
	if (err)
		return err;
	return atomic_long_read(&vi->ctrl.interrupts) == before ? -EIO : 0;
}

/*
 * A frame from ourselves to ourselves of the configuration test protocol: it
 * asks nobody for anything, and no switch carries it further.
 */
static struct sk_buff *virtnet_test_frame(struct net_device *dev)
{
	struct sk_buff *skb = netdev_alloc_skb(dev, LL_RESERVED_SPACE(dev) +
					       ETH_ZLEN);
	struct ethhdr *eth;

	if (!skb)
		return NULL;
	skb_reserve(skb, LL_RESERVED_SPACE(dev));
	eth = skb_put_zero(skb, ETH_ZLEN);
	ether_addr_copy(eth->h_dest, dev->dev_addr);
	ether_addr_copy(eth->h_source, dev->dev_addr);
	eth->h_proto = htons(ETH_P_LOOPBACK);
	skb_reset_mac_header(skb);
	skb->protocol = eth->h_proto;
	skb->dev = dev;
	return skb;
}

static bool virtnet_test_interrupted(const struct virtnet_info *vi,
				     unsigned int i, u64 before)
{
	return virtnet_irq_read(&vi->stats[i].tx_irq) != before;
}

/* What is sent through a queue comes back with an interrupt. */
static int virtnet_test_irq_one(struct virtnet_info *vi, unsigned int i)
{
	u64 before = virtnet_irq_read(&vi->stats[i].tx_irq);
	unsigned long end = jiffies + VIRTNET_TEST_TIME;
	struct sk_buff *skb = virtnet_test_frame(vi->dev);

	if (!skb)
		return -ENOMEM;
	dev_direct_xmit(skb, i);
	while (!virtnet_test_interrupted(vi, i, before)) {
		if (time_after(jiffies, end))
			return -EIO;
		usleep_range(200, 1000);
	}
	return 0;
}

static int virtnet_test_irq(struct virtnet_info *vi)
{
	unsigned int i;
	int err = 0;

	if (!netif_carrier_ok(vi->dev))
		return -ENETDOWN;
	for (i = 0; i < vi->dev->real_num_tx_queues && !err; i++)
		err = virtnet_test_irq_one(vi, i);
	return err;
}

/* Numbers that hold at any time, also while packets fly. */
static int virtnet_test_ring(struct virtqueue *vq)
{
	if (virtqueue_is_broken(vq))
		return -EIO;
	return ring_free(vq) > virtqueue_get_vring_size(vq) ? -ERANGE : 0;
}

static int virtnet_test_rings(const struct virtnet_qset *qs)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < qs->pairs && !err; i++) {
		const struct receive_queue *rq = &qs->rq[i];

		err = virtnet_test_ring(rq->vq);
		if (!err)
			err = virtnet_test_ring(qs->sq[i].vq);
		/* A queue without a buffer in the ring is deaf. */
		if (!err && virtnet_rx_lack(rq) >= rq->plan.depth)
			err = -ENOBUFS;
	}
	return err;
}

/* Stop and start: every buffer comes back, and the device runs again. */
static int virtnet_test_restart(struct virtnet_info *vi)
{
	struct virtnet_qset *qs = virtnet_halt(vi);
	int err, lost = 0;
	unsigned int i;

	for (i = 0; i < qs->pairs; i++)
		if (virtnet_rx_lack(&qs->rq[i]) != qs->rq[i].plan.depth)
			lost = -ENOBUFS;
	err = virtnet_run(vi, qs);
	if (err) {
		virtnet_qset_free(qs);
		virtnet_report_fault(vi, VIRTNET_FAULT_NO_START);
	}
	return err ? err : lost;
}

static void virtnet_test_all(struct virtnet_info *vi, bool offline, int *err)
{
	err[VIRTNET_TEST_CTRL] = virtnet_test_ctrl(vi);
	err[VIRTNET_TEST_IRQ] = virtnet_test_irq(vi);
	err[VIRTNET_TEST_RINGS] = virtnet_test_rings(vi->qs);
	err[VIRTNET_TEST_RESTART] = offline ? virtnet_test_restart(vi) : 0;
}

/**
 * virtnet_self_test() - ethtool -t
 * @dev: the net device; RTNL held
 * @test: ETH_TEST_FL_OFFLINE to restart the device as well
 * @data: VIRTNET_SELF_TESTS results
 *
 * Sends a frame of 60 bytes through each transmit queue. An interface that
 * does not run fails every test.
 */
void virtnet_self_test(struct net_device *dev, struct ethtool_test *test,
		       u64 *data)
{
	struct virtnet_info *vi = netdev_priv(dev);
	int err[VIRTNET_SELF_TESTS];
	unsigned int i;

	for (i = 0; i < VIRTNET_SELF_TESTS; i++)
		err[i] = -ENETDOWN;
	if (vi->state == VIRTNET_RUNNING)
		virtnet_test_all(vi, test->flags & ETH_TEST_FL_OFFLINE, err);
	for (i = 0; i < VIRTNET_SELF_TESTS; i++) {
		data[i] = -err[i];
		if (err[i])
			test->flags |= ETH_TEST_FL_FAILED;
	}
}
