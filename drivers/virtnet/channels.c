// SPDX-License-Identifier: GPL-2.0
/*
 * Queue pairs: how many, and which CPUs they belong to.
 *
 * Channels come and go while the others run. Those that go stay in the queue
 * set, unused, until the next one is made: the device is told not to use them
 * any more, but it can be made to give their buffers back only by a reset.
 */
#include <virtnet/tx.h>
#include <virtnet/virtnet.h>
#include <virtnet/xdp.h>

#include <linux/cpuhotplug.h>
#include <linux/cpumask.h>
#include <linux/netlink.h>
#include <linux/pci.h>
#include <linux/rtnetlink.h>
#include <linux/topology.h>
#include <linux/virtio_config.h>
#include <linux/virtio_net.h>

/* CPUs come and go in numbers; a CPU that goes is online still when we hear. */
#define VIRTNET_SPREAD_DELAY	(HZ / 2)

static bool virtnet_pairs_able(const struct virtnet_caps *caps)
{
	return caps->mq && !caps->rss;
}

/* After a reset there is one pair (virtio 1.3, 5.1.6.5.5). */
static bool virtnet_pairs_wanted(const struct virtnet_caps *caps,
				 const struct virtnet_settings *s)
{
	return virtnet_pairs_all(s) != 1;
}

static bool virtnet_pairs_differ(const struct virtnet_settings *a,
				 const struct virtnet_settings *b)
{
	return virtnet_pairs_all(a) != virtnet_pairs_all(b);
}

static int virtnet_pairs_send(struct virtnet_info *vi,
			      const struct virtnet_settings *s,
			      const struct virtnet_settings *old)
{
	struct virtio_net_ctrl_mq mq = {
		.virtqueue_pairs = cpu_to_virtio16(vi->vdev,
						    virtnet_pairs_all(s)),
	};

	return virtnet_ctrl_tell(vi, VIRTIO_NET_CTRL_MQ,
				 VIRTIO_NET_CTRL_MQ_VQ_PAIRS_SET,
				 &mq, sizeof(mq));
}

const struct virtnet_replay_item virtnet_replay_pairs = {
	.name = "number of queue pairs",
	.refused = "device refused the number of channels",
	.able = virtnet_pairs_able,
	.wanted = virtnet_pairs_wanted,
	.differs = virtnet_pairs_differ,
	.send = virtnet_pairs_send,
};

/**
 * virtnet_channels_set() - the number of queues the stack may use
 * @vi: the interface; transmit stopped, or not registered yet
 * @tx: how many to send by
 * @rx: how many packets may come from
 *
 * Return: 0 or -errno.
 */
int virtnet_channels_set(struct virtnet_info *vi, unsigned int tx,
			 unsigned int rx)
{
	int err = netif_set_real_num_tx_queues(vi->dev, tx);

	return err ? err : netif_set_real_num_rx_queues(vi->dev, rx);
}

/* Did the device refuse the queues when it was started last? It has one pair. */
bool virtnet_channels_refused(const struct virtnet_info *vi)
{
	unsigned long refused = BIT(VIRTNET_REPLAY_PAIRS);

	if (vi->caps.rss)
		refused |= BIT(VIRTNET_REPLAY_RSS);
	return vi->replay_failed & refused;
}

/**
 * virtnet_channels_movable() - can channels come and go while others run?
 * @vi: the interface, running, with the new settings
 *
 * XDP's own queues follow the channels, and have to move with them.
 */
bool virtnet_channels_movable(const struct virtnet_info *vi)
{
	return !vi->qs->own && !vi->settings.xdp_pairs &&
	       !virtnet_channels_refused(vi);
}

/* Nobody sends by these pairs: they are behind those in use. */
static void virtnet_pairs_assign(struct virtnet_info *vi)
{
	struct virtnet_qset *qs = vi->qs;
	unsigned int i;

	for (i = qs->stack + qs->own; i < qs->pairs; i++) {
		__netif_tx_lock_bh(qs->sq[i].txq);
		virtnet_sq_assign(&qs->sq[i], &vi->settings);
		qs->sq[i].up = i < virtnet_pairs_all(&vi->settings);
		__netif_tx_unlock_bh(qs->sq[i].txq);
	}
}

/* The stack hears of receive queues before packets come by them. */
static int virtnet_rx_show(struct virtnet_info *vi, unsigned int n)
{
	unsigned int i, had = vi->dev->real_num_rx_queues;
	int err;

	if (n <= had)
		return 0;
	err = netif_set_real_num_rx_queues(vi->dev, n);
	for (i = had; i < n && !err; i++)
		WRITE_ONCE(vi->qs->rq[i].shown, i);
	return err;
}

/* What still comes by those that are hidden is as if it came by the first. */
static void virtnet_rx_hide(struct virtnet_info *vi, unsigned int n)
{
	unsigned int i, had = vi->dev->real_num_rx_queues;

	if (n >= had)
		return;
	for (i = n; i < vi->qs->pairs; i++)
		WRITE_ONCE(vi->qs->rq[i].shown, 0);
	synchronize_net();
	netif_set_real_num_rx_queues(vi->dev, n);
}

/**
 * virtnet_channels_make() - the pairs that the settings want on top
 * @vi: the interface, running; RTNL held
 * @plan: what their buffers look like
 * @extack: says what went wrong
 *
 * May sleep. The device is not told of them here. After an error more receive
 * queues may be shown than there are used, which harms nobody.
 *
 * Return: 0 or -errno.
 */
int virtnet_channels_make(struct virtnet_info *vi,
			  const struct virtnet_rx_plan *plan,
			  struct netlink_ext_ack *extack)
{
	unsigned int n = virtnet_pairs_all(&vi->settings);
	int err = 0;

	if (n > vi->qs->pairs) {
		virtnet_health_stop(vi);
		virtnet_dim_stop(vi->qs);
		err = virtnet_qset_grow(vi->qs, plan, &vi->settings);
		virtnet_dim_start(vi);
		virtnet_health_start(vi);
	}
	if (!err && !virtnet_channels_refused(vi))
		err = virtnet_rx_show(vi, n);
	if (err)
		NL_SET_ERR_MSG_MOD(extack, "no memory for more queues");
	else
		virtnet_pairs_assign(vi);
	return err;
}

/**
 * virtnet_channels_leave() - send by as few queues as the settings want
 * @vi: the interface, running; virtnet_channels_movable(); RTNL held
 *
 * May sleep. The device has sent what is in the others when this returns, if
 * it sends at all: it will be told not to look at them any more.
 */
void virtnet_channels_leave(struct virtnet_info *vi)
{
	unsigned int i, had = vi->qs->stack, n = vi->settings.pairs;

	if (n >= had)
		return;
	WRITE_ONCE(vi->qs->stack, n);
	/* Waits for those who send. */
	netif_set_real_num_tx_queues(vi->dev, n);
	for (i = n; i < had; i++) {
		virtnet_tx_up(&vi->qs->sq[i], false);
		virtnet_tx_flush(&vi->qs->sq[i]);
	}
}

/**
 * virtnet_channels_use() - the device knows of the channels: use them
 * @vi: the interface, running; virtnet_channels_movable(); RTNL held
 *
 * Return: 0, or -errno with fewer channels in use than are wanted.
 */
int virtnet_channels_use(struct virtnet_info *vi)
{
	unsigned int n = vi->settings.pairs;
	int err;

	if (virtnet_channels_refused(vi))
		return 0;
	if (vi->dev->real_num_tx_queues == n &&
	    vi->dev->real_num_rx_queues == virtnet_pairs_all(&vi->settings))
		return 0;
	err = netif_set_real_num_tx_queues(vi->dev, n);
	if (err)
		return err;
	virtnet_pairs_assign(vi);
	WRITE_ONCE(vi->qs->stack, n);
	virtnet_rx_hide(vi, virtnet_pairs_all(&vi->settings));
	virtnet_channels_spread(vi);
	return 0;
}

/*
 * The CPUs of a pair: online CPUs in the order of their distance from the
 * device, cut into as many parts as there are pairs.
 */
static void virtnet_pair_cpus(const struct virtnet_info *vi, unsigned int pair,
			      unsigned int pairs, struct cpumask *mask)
{
	int node = dev_to_node(vi->vdev->dev.parent);
	unsigned int cpus = num_online_cpus();
	unsigned int i = pair * cpus / pairs;
	unsigned int end = max((pair + 1) * cpus / pairs, i + 1);

	cpumask_clear(mask);
	for (; i < end; i++)
		cpumask_set_cpu(cpumask_local_spread(i % cpus, node), mask);
}

static void virtnet_pair_affinity(struct virtnet_info *vi, unsigned int pair,
				  const struct cpumask *mask)
{
	virtqueue_set_affinity(vi->vqs[rxq2vq(pair)], mask);
	virtqueue_set_affinity(vi->vqs[txq2vq(pair)], mask);
}

/**
 * virtnet_vq_irq() - the number of a queue's interrupt, for those who ask
 * @vq: an rx or a tx queue
 *
 * The virtio core keeps it to itself. On PCI it has one vector for changes of
 * the configuration, and then one for each queue with a callback, which every
 * queue up to this one has; or, with two vectors in all, one for all queues.
 *
 * Return: the number, or -1 where it is not known.
 */
int virtnet_vq_irq(struct virtqueue *vq)
{
	struct device *parent = vq->vdev->dev.parent;
	struct pci_dev *pdev;
	bool shared;
	int irq;

	if (!dev_is_pci(parent))
		return -1;
	pdev = to_pci_dev(parent);
	if (!pdev->msix_enabled)
		return pdev->irq;
	shared = pci_irq_vector(pdev, 2) < 0;
	irq = pci_irq_vector(pdev, shared ? 1 : vq->index + 1);
	return irq < 0 ? -1 : irq;
}

/**
 * virtnet_channels_spread() - both interrupts of a pair where its packets are
 * @vi: the interface, running; RTNL held
 */
void virtnet_channels_spread(struct virtnet_info *vi)
{
	unsigned int i, pairs = vi->dev->real_num_tx_queues;
	cpumask_var_t mask;

	if (!zalloc_cpumask_var(&mask, GFP_KERNEL))
		return;
	for (i = 0; i < pairs; i++) {
		virtnet_pair_cpus(vi, i, pairs, mask);
		virtnet_pair_affinity(vi, i, mask);
		netif_set_xps_queue(vi->dev, mask, i);
	}
	free_cpumask_var(mask);
	/* XDP's own: one for each CPU. */
	for_each_online_cpu(i) {
		if (i < vi->qs->own)
			virtnet_pair_affinity(vi, vi->qs->stack + i,
					      cpumask_of(i));
	}
}

static void virtnet_spread_work(struct work_struct *work)
{
	struct virtnet_info *vi = container_of(work, struct virtnet_info,
					       spread_work.work);

	rtnl_lock();
	if (vi->state == VIRTNET_RUNNING)
		virtnet_channels_spread(vi);
	rtnl_unlock();
}

/* A state of the CPU hotplug machine; one instance for each interface. */
static enum cpuhp_state virtnet_cpuhp;

/* Elsewhere CPUs are held under RTNL, so no RTNL here. */
static int virtnet_cpu_changed(unsigned int cpu, struct hlist_node *node)
{
	struct virtnet_info *vi = hlist_entry(node, struct virtnet_info,
					      cpu_node);

	schedule_delayed_work(&vi->spread_work, VIRTNET_SPREAD_DELAY);
	return 0;
}

/* Before the first device. Return: 0 or -errno. */
int virtnet_channels_module_init(void)
{
	int state = cpuhp_setup_state_multi(CPUHP_AP_ONLINE_DYN,
					    "net/virtnet:online",
					    virtnet_cpu_changed,
					    virtnet_cpu_changed);

	if (state < 0)
		return state;
	virtnet_cpuhp = state;
	return 0;
}

void virtnet_channels_module_exit(void)
{
	cpuhp_remove_multi_state(virtnet_cpuhp);
}

/* Follow the CPUs from now on. Return: 0 or -errno. */
int virtnet_channels_watch(struct virtnet_info *vi)
{
	INIT_DELAYED_WORK(&vi->spread_work, virtnet_spread_work);
	return cpuhp_state_add_instance_nocalls(virtnet_cpuhp, &vi->cpu_node);
}

/* RTNL not held. */
void virtnet_channels_unwatch(struct virtnet_info *vi)
{
	cpuhp_state_remove_instance_nocalls(virtnet_cpuhp, &vi->cpu_node);
	cancel_delayed_work_sync(&vi->spread_work);
}
