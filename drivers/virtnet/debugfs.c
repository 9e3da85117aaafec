// SPDX-License-Identifier: GPL-2.0
/*
 * /sys/kernel/debug/virtnet/<virtio device>/: for people who look for what is
 * wrong. Nothing here is an interface for programs.
 */
#include <virtnet/diag.h>
#include <virtnet/ring.h>
#include <virtnet/virtnet.h>

#include <linux/debugfs.h>
#include <linux/rtnetlink.h>
#include <linux/seq_file.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ring.h>

static struct dentry *virtnet_debugfs_root;

static void virtnet_show_feature(struct seq_file *s, unsigned int bit,
				 bool offered, bool agreed)
{
	const char *name = virtnet_feature_name(bit);

	if (!offered && !agreed)
		return;
	seq_printf(s, "%3u %-26s %s\n", bit, name ? name : "(not named)",
		   agreed ? "agreed" : "offered only");
}

static int features_show(struct seq_file *s, void *unused)
{
	u64 offered[VIRTIO_FEATURES_U64S] = { 0 };
	u64 agreed[VIRTIO_FEATURES_U64S] = { 0 };
	struct virtnet_info *vi = s->private;
	unsigned int bit;

	rtnl_lock();
	virtio_get_features(vi->vdev, offered);
	compat_driver_features(vi->vdev, agreed);
	rtnl_unlock();
	for (bit = 0; bit < VIRTIO_FEATURES_BITS; bit++)
		virtnet_show_feature(s, bit,
				     virtio_features_test_bit(offered, bit),
				     virtio_features_test_bit(agreed, bit));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(features);

/* Indices as they are in shared memory; packed rings have none. */
static void virtnet_show_indices(struct seq_file *s, struct virtqueue *vq)
{
	const struct vring *ring = virtqueue_get_vring(vq);

	if (virtio_has_feature(vq->vdev, VIRTIO_F_RING_PACKED)) {
		seq_puts(s, " avail - used -");
		return;
	}
	seq_printf(s, " avail %u used %u",
		   virtio16_to_cpu(vq->vdev, READ_ONCE(ring->avail->idx)),
		   virtio16_to_cpu(vq->vdev, READ_ONCE(ring->used->idx)));
}

static void virtnet_show_napi(struct seq_file *s, const struct napi_struct *n)
{
	seq_printf(s, " napi %s%s%s\n",
		   test_bit(NAPI_STATE_SCHED, &n->state) ? "scheduled" : "idle",
		   test_bit(NAPI_STATE_MISSED, &n->state) ? " missed" : "",
		   test_bit(NAPI_STATE_DISABLE, &n->state) ? " disabled" : "");
}

static void virtnet_show_ring(struct seq_file *s, const char *kind,
			      unsigned int i, struct virtqueue *vq)
{
	seq_printf(s, "%s%u: ring %u free %u", kind, i,
		   virtqueue_get_vring_size(vq), ring_free(vq));
	virtnet_show_indices(s, vq);
	if (virtqueue_is_broken(vq))
		seq_puts(s, " broken");
}

static void virtnet_show_rq(struct seq_file *s, const struct receive_queue *rq)
{
	static const char * const modes[] = {
		[VIRTNET_RX_SMALL] = "small",
		[VIRTNET_RX_BIG] = "big",
		[VIRTNET_RX_MERGEABLE] = "mergeable",
	};

	virtnet_show_ring(s, "rx", rq->index, rq->vq);
	seq_printf(s, " buffers %s %u posted %u of %u copybreak %u",
		   modes[rq->plan.mode],
		   virtnet_rx_layout_size(READ_ONCE(rq->want)),
		   rq->plan.depth - virtnet_rx_lack(rq), rq->plan.depth,
		   rq->copybreak);
	virtnet_show_napi(s, &rq->napi);
}

static void virtnet_show_sq(struct seq_file *s, const struct send_queue *sq)
{
	virtnet_show_ring(s, "tx", sq->index, sq->vq);
	seq_printf(s, " %s",
		   netif_xmit_stopped(sq->txq) ? "stopped" : "open");
	virtnet_show_napi(s, &sq->napi);
}

static int queues_show(struct seq_file *s, void *unused)
{
	struct virtnet_info *vi = s->private;
	unsigned int i;

	rtnl_lock();
	seq_printf(s, "interface %s is %s\n", netdev_name(vi->dev),
		   vi->state == VIRTNET_RUNNING ? "running" : "not running");
	for (i = 0; vi->qs && i < vi->qs->pairs; i++)
		virtnet_show_rq(s, &vi->qs->rq[i]);
	for (i = 0; vi->qs && i < vi->qs->pairs; i++)
		virtnet_show_sq(s, &vi->qs->sq[i]);
	rtnl_unlock();
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(queues);

/* Before the first device, and after the last. */
void virtnet_debugfs_init(void)
{
	virtnet_debugfs_root = debugfs_create_dir(VIRTNET_DRIVER_NAME, NULL);
}

void virtnet_debugfs_exit(void)
{
	debugfs_remove_recursive(virtnet_debugfs_root);
}

/* The device can be asked; RTNL not held. Without debugfs nothing happens. */
void virtnet_debugfs_add(struct virtnet_info *vi)
{
	vi->debugfs = debugfs_create_dir(dev_name(&vi->vdev->dev),
					 virtnet_debugfs_root);
	debugfs_create_file("features", 0444, vi->debugfs, vi, &features_fops);
	debugfs_create_file("queues", 0444, vi->debugfs, vi, &queues_fops);
}

/* Nobody reads any more after this. RTNL not held. */
void virtnet_debugfs_remove(struct virtnet_info *vi)
{
	debugfs_remove_recursive(vi->debugfs);
}
