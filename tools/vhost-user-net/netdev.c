// SPDX-License-Identifier: GPL-2.0
/*
 * The device between the rings and its back end: start, stop, config space,
 * interrupts with coalescing, and the work loop.
 */
#include <errno.h>
#include <stdlib.h>

#include "netdev.h"
#include "script.h"

#define BUDGET	256	/* packets of one queue before the next one's turn */

struct netdev *netdevs;

static u8 buffers[BURST][BUF_SIZE];
static struct vhost_pkt burst[BURST];

void netdev_wake(struct netdev *nd)
{
	nd->rx_ready = true;
	nd->tx_ready = ~0ULL;
	nd->ctrl_ready = true;
}

unsigned int netdev_ctrl_index(const struct netdev *nd)
{
	u64 many = BIT(F_MQ) | BIT(F_RSS);

	if (!vhost_has(&nd->vdev, F_CTRL_VQ))
		return ~0U;
	return nd->vdev.features & many ? 2U * nd->max_pairs : 2;
}

void netdev_apply_offloads(struct netdev *nd, u64 offloads)
{
	nd->offloads = offloads;
	if (nd->backend->offloads)
		nd->backend->offloads(nd);
}

/* Nothing of what a driver can set, but for the address. */
static void driver_defaults(struct netdev *nd)
{
	unsigned int i;

	nd->active_pairs = 1;
	memset(nd->rx_mode, 0, sizeof(nd->rx_mode));
	nd->rx_mode[RX_PROMISC] = true;	/* until the driver says otherwise */
	nd->n_unicast = 0;
	nd->n_multicast = 0;
	memset(nd->vlans, 0, sizeof(nd->vlans));
	memset(&nd->rss, 0, sizeof(nd->rss));
	for (i = 0; i < ARRAY_SIZE(nd->coal); i++) {
		loop_timer_stop(&nd->coal[i].timer);
		nd->coal[i].packets = 0;
		nd->coal[i].usecs = 0;
	}
	nd->rx_coal = nd->coal[0];
	nd->tx_coal = nd->coal[0];
}

/* Back to what a driver finds after reset. */
void netdev_defaults(struct netdev *nd)
{
	memset(&nd->config, 0, sizeof(nd->config));
	memcpy(nd->config.mac, nd->mac, ETH_ALEN);
	nd->config.status = S_LINK_UP;
	nd->config.max_pairs = nd->max_pairs;
	nd->config.mtu = nd->mtu;
	nd->config.speed = nd->speed;
	nd->config.duplex = nd->duplex;
	nd->config.rss_max_key = RSS_KEY_MAX;
	nd->config.rss_max_table = RSS_TABLE_MAX;
	nd->config.hash_types = HASH_SUPPORTED;
	driver_defaults(nd);
}

static void features_changed(struct vhost_dev *dev)
{
	struct netdev *nd = to_netdev(dev);
	bool flat = dev->features & (BIT(F_MRG_RXBUF) | BIT(VIRTIO_F_VERSION_1));

	dev->mergeable = vhost_has(dev, F_MRG_RXBUF);
	dev->hdr_len = vhost_has(dev, F_HASH_REPORT) ? 20 : flat ? 12 : 10;
	if (!(dev->features & (BIT(F_MQ) | BIT(F_RSS))) ||
	    !vhost_has(dev, F_CTRL_VQ))
		nd->active_pairs = vhost_has(dev, F_MQ) ? nd->max_pairs : 1;
	netdev_apply_offloads(nd, dev->features & GUEST_OFFLOADS);
}

/*
 * UML and QEMU's generic device do not say that the driver has reset the device. But a
 * control queue that begins anew has no command behind it, so nothing is set.
 * The address stays: the driver has read it already.
 */
static void moved(struct vhost_dev *dev, unsigned int index)
{
	struct netdev *nd = to_netdev(dev);

	if (index != netdev_ctrl_index(nd))
		return;
	driver_defaults(nd);
	features_changed(dev);
}

static int new_device(struct vhost_dev *dev)
{
	struct netdev *nd = to_netdev(dev);

	if (nd->backend->start)
		nd->backend->start(nd);
	netdev_wake(nd);
	script_event(nd, EVENT_START, 1);
	return 0;
}

static void destroy_device(struct vhost_dev *dev)
{
	struct netdev *nd = to_netdev(dev);

	if (nd->backend->stop)
		nd->backend->stop(nd);
}

/* A driver that starts over (UML says so with new rings only). */
static void state_changed(struct vhost_dev *dev, unsigned int index, bool on)
{
	struct netdev *nd = to_netdev(dev);

	vhost_debug(dev, "queue %u %s", index, on ? "enabled" : "disabled");
	if (index < ARRAY_SIZE(nd->coal))
		loop_timer_stop(&nd->coal[index].timer);
	if (on && !nd->poll_mode)
		vhost_vq_enable_kick(&dev->vq[index]);
	netdev_wake(nd);
}

static void connected(struct vhost_dev *dev, bool yes)
{
	struct netdev *nd = to_netdev(dev);

	netdev_defaults(nd);
	if (yes)
		script_event(nd, EVENT_CONNECT, 1);
}

static void reset(struct vhost_dev *dev)
{
	netdev_defaults(to_netdev(dev));
}

/* Buffers came; the next kick is asked for when the ring is full again. */
static void rx_kicked(struct netdev *nd, struct vhost_vq *vq)
{
	nd->rx_ready = true;
	if (vhost_vq_live(vq))
		vhost_vq_disable_kick(vq);
}

static void kicked(struct vhost_vq *vq)
{
	struct netdev *nd = to_netdev(vq->dev);

	if (vq->index == netdev_ctrl_index(nd))
		nd->ctrl_ready = true;
	else if (vq->index & 1)
		nd->tx_ready |= BIT(vq->index / 2);
	else
		rx_kicked(nd, vq);
	script_event(nd, EVENT_KICK, 1);
}

static int get_config(struct vhost_dev *dev, u32 off, void *buf, u32 len)
{
	struct netdev *nd = to_netdev(dev);
	u8 space[VU_MAX_CONFIG] = { 0 };

	if (off > sizeof(space) || len > sizeof(space) - off)
		return -EINVAL;
	memcpy(space, &nd->config, sizeof(nd->config));
	script_config(nd, space);
	memcpy(buf, space + off, len);
	return 0;
}

/* Only the MAC may be written, and only by drivers before virtio 1. */
static int set_config(struct vhost_dev *dev, u32 off, const void *buf, u32 len)
{
	struct netdev *nd = to_netdev(dev);

	if (off > ETH_ALEN || len > ETH_ALEN - off)
		return -EPERM;
	memcpy(nd->config.mac + off, buf, len);
	return 0;
}

static int rarp(struct vhost_dev *dev, const u8 mac[6])
{
	struct netdev *nd = to_netdev(dev);
	struct vhost_pkt pkt = { .data = buffers[0] };

	pkt.len = (u32)vhost_rarp(pkt.data, mac);
	vhost_info(dev, "RARP for %02x:%02x:%02x:%02x:%02x:%02x", mac[0],
		   mac[1], mac[2], mac[3], mac[4], mac[5]);
	nd->backend->transmit(nd, 0, &pkt, 1);
	return 0;
}

static int set_mtu(struct vhost_dev *dev, u16 mtu)
{
	vhost_info(dev, "front end says MTU %u", mtu);
	to_netdev(dev)->config.mtu = mtu;
	return 0;
}

static const struct vhost_ops ops = {
	.new_device = new_device,
	.destroy_device = destroy_device,
	.vring_state_changed = state_changed,
	.vring_moved = moved,
	.features_changed = features_changed,
	.connected = connected,
	.kicked = kicked,
	.get_config = get_config,
	.set_config = set_config,
	.reset = reset,
	.rarp = rarp,
	.set_mtu = set_mtu,
};

static void coal_fired(struct loop_timer *timer)
{
	struct vhost_vq *vq = timer->arg;

	if (vhost_vq_live(vq) && vhost_vq_wants_call(vq))
		vhost_vq_call(vq);
}

/* After used buffers were published: interrupt, now or a little later. */
void netdev_signal(struct netdev *nd, struct vhost_vq *vq)
{
	struct coal *c = vq->index < ARRAY_SIZE(nd->coal) ?
			 &nd->coal[vq->index] : NULL;

	if (c && c->usecs && vq->unsignalled &&
	    vq->unsignalled < max(c->packets, 1U)) {
		if (!c->timer.armed) {
			c->timer.fire = coal_fired;
			c->timer.arg = vq;
			loop_timer_set(&c->timer, loop_time() +
				       c->usecs * NSEC_PER_USEC);
		}
		return;
	}
	if (vhost_vq_wants_call(vq))
		vhost_vq_call(vq);
}

static void count_tx(struct queue_stats *q, const struct vhost_pkt *pkts,
		     unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		if (pkts[i].hdr.flags & HDR_NEEDS_CSUM)
			q->needs_csum++;
		else
			q->csum_none++;
		if (pkts[i].hdr.gso_type != GSO_NONE) {
			q->gso_packets++;
			q->gso_bytes += pkts[i].len;
		}
	}
}

static void deliver(struct netdev *nd, unsigned int pair, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		if (unlikely(burst[i].len > BUF_SIZE || burst[i].len < ETH_HLEN)) {
			nd->txq[pair].malformed++;
			burst[i] = burst[--n];
			i--;
		}
	count_tx(&nd->txq[pair], burst, n);
	if (n)
		nd->backend->transmit(nd, pair, burst, n);
}

static void prepare_burst(const struct netdev *nd)
{
	unsigned int i;

	for (i = 0; i < BURST; i++) {
		burst[i].data = buffers[i];
		burst[i].cap = nd->backend->wants_data ? BUF_SIZE : 0;
	}
}

/* One transmit queue; true when it has more. */
static bool tx_work(struct netdev *nd, unsigned int pair)
{
	struct vhost_vq *vq = &nd->vdev.vq[2 * pair + 1];
	unsigned int n, done = 0;

	if (!vhost_vq_live(vq) || nd->stalled_tx & BIT(pair))
		return false;
	do {
		prepare_burst(nd);
		n = vhost_dequeue_burst(vq, burst, BURST);
		deliver(nd, pair, n);
		done += n;
	} while (n == BURST && done < BUDGET);
	if (done) {
		script_event(nd, EVENT_TX, done);
		if (vhost_vq_live(vq))
			netdev_signal(nd, vq);
	}
	if (!vhost_vq_live(vq) || nd->poll_mode)
		return false;
	if (n < BURST)
		return vhost_vq_enable_kick(vq);
	vhost_vq_disable_kick(vq);
	return true;
}

static bool all_tx_work(struct netdev *nd)
{
	u64 ready = nd->poll_mode ? ~0ULL : nd->tx_ready, more = 0;
	unsigned int i;

	nd->tx_ready = 0;
	for (i = 0; i < nd->max_pairs; i++)
		if (ready & BIT(i) && tx_work(nd, i))
			more |= BIT(i);
	nd->tx_ready |= more;
	return more;
}

static bool all_ctrl_work(struct netdev *nd)
{
	unsigned int index = netdev_ctrl_index(nd);

	if (!nd->ctrl_ready && !nd->poll_mode)
		return false;
	nd->ctrl_ready = false;
	if (index >= nd->vdev.num_vqs || nd->stalled_ctrl)
		return false;
	nd->ctrl_ready = ctrl_work(nd, &nd->vdev.vq[index]);
	return nd->ctrl_ready;
}

/* A turn of everything that has something to do; true: there is more. */
bool netdev_work(struct netdev *nd)
{
	bool more = false;

	if (nd->vdev.memory_lost) {
		vhost_disconnect(&nd->vdev, "front end took its memory away");
		return false;
	}
	more |= all_ctrl_work(nd);
	more |= all_tx_work(nd);
	if ((nd->rx_ready || nd->poll_mode) && nd->vdev.running) {
		nd->rx_ready = false;
		if (nd->backend->poll && nd->backend->poll(nd))
			nd->rx_ready = true;
		more |= nd->rx_ready;
	}
	return more || nd->vdev.memory_lost;
}

void netdev_set_link(struct netdev *nd, bool up)
{
	if (up)
		nd->config.status |= S_LINK_UP;
	else
		nd->config.status &= (u16)~S_LINK_UP;
	vhost_config_changed(&nd->vdev);
	netdev_wake(nd);	/* what waited for the link */
}

struct netdev *netdev_new(void)
{
	static unsigned int count;
	struct netdev *nd = calloc(1, sizeof(*nd)), **p = &netdevs;

	if (!nd)
		return NULL;
	snprintf(nd->name, sizeof(nd->name), "dev%u", count);
	memcpy(nd->mac, "\x52\x54\x00\x76\x6e\x00", ETH_ALEN);
	nd->mac[5] = (u8)count++;
	nd->mtu = 1500;
	nd->speed = 10000;
	nd->duplex = 1;
	nd->max_pairs = 1;
	nd->vdev.name = nd->name;
	nd->vdev.ops = &ops;
	nd->vdev.hdr_len = 12;
	while (*p)
		p = &(*p)->next;
	*p = nd;
	return nd;
}

int netdev_start(struct netdev *nd)
{
	nd->vdev.num_vqs = 2U * nd->max_pairs + 1;
	nd->vdev.hooks = script_hooks(nd);
	netdev_defaults(nd);
	return vhost_register(&nd->vdev);
}

void netdev_free(struct netdev *nd)
{
	unsigned int i;

	vhost_unregister(&nd->vdev);
	if (nd->be && nd->backend->close)
		nd->backend->close(nd);
	for (i = 0; i < ARRAY_SIZE(nd->coal); i++)
		loop_timer_stop(&nd->coal[i].timer);
	script_free(nd);
	free(nd);
}
