// SPDX-License-Identifier: GPL-2.0
/* ethtool -d. Documentation/diagnosis.rst tells what is where. */
#include <virtnet/diag.h>
#include <virtnet/ring.h>
#include <virtnet/virtnet.h>

#include <linux/virtio_config.h>
#include <linux/virtio_net.h>

/* Changes with the meaning of any word. */
#define VIRTNET_REGS_VERSION	1

struct virtnet_queue_regs {
	u32 size;
	u32 free;
	u32 idle;
	u32 broken;
};

/* Words of 32 bits in the CPU's byte order, in this order. */
struct virtnet_regs {
	u32 status;
	u32 state;
	u32 offered[VIRTNET_FEATURE_WORDS];
	u32 agreed[VIRTNET_FEATURE_WORDS];
	u32 hdr_len;
	u32 rx_mode;
	u32 pairs;
	u32 pairs_max;
	u32 config_len;
	u8 config[28];
};

struct virtnet_pair_regs {
	struct virtnet_queue_regs rx;
	struct virtnet_queue_regs tx;
};

int virtnet_get_regs_len(struct net_device *dev)
{
	struct virtnet_info *vi = netdev_priv(dev);

	return sizeof(struct virtnet_regs) +
	       vi->caps.all_pairs * sizeof(struct virtnet_pair_regs);
}

/* Config space exists as far as features say. */
static unsigned int virtnet_config_len(struct virtio_device *vdev)
{
	static const struct {
		unsigned int feature;
		unsigned int end;
	} fields[] = {
#define END(f, m) { VIRTIO_NET_F_##f, offsetofend(struct virtio_net_config, m) }
		END(MAC, mac),
		END(STATUS, status),
		END(MQ, max_virtqueue_pairs),
		END(MTU, mtu),
		END(SPEED_DUPLEX, duplex),
		END(RSS, supported_hash_types),
		END(HASH_REPORT, supported_hash_types),
#undef END
	};
	unsigned int i, len = 0;

	for (i = 0; i < ARRAY_SIZE(fields); i++)
		if (virtio_has_feature(vdev, fields[i].feature))
			len = max(len, fields[i].end);
	return len;
}

static void virtnet_queue_regs(struct virtnet_queue_regs *r,
			       struct virtqueue *vq, u32 idle)
{
	r->size = virtqueue_get_vring_size(vq);
	r->free = ring_free(vq);
	r->idle = idle;
	r->broken = virtqueue_is_broken(vq);
}

static void virtnet_pairs_regs(const struct virtnet_qset *qs,
			       struct virtnet_pair_regs *r)
{
	unsigned int i;

	for (i = 0; i < qs->pairs; i++) {
		virtnet_queue_regs(&r[i].rx, qs->rq[i].vq,
				   virtnet_rx_lack(&qs->rq[i]));
		virtnet_queue_regs(&r[i].tx, qs->sq[i].vq,
				   netif_tx_queue_stopped(qs->sq[i].txq));
	}
}

/* RTNL held. */
void virtnet_get_regs(struct net_device *dev, struct ethtool_regs *regs,
		      void *p)
{
	struct virtnet_info *vi = netdev_priv(dev);
	u64 features[VIRTIO_FEATURES_U64S] = { 0 };
	struct virtio_device *vdev = vi->vdev;
	struct virtnet_regs *r = p;

	memset(p, 0, virtnet_get_regs_len(dev));
	regs->version = VIRTNET_REGS_VERSION;
	r->status = vdev->config->get_status(vdev);
	r->state = vi->state;
	virtio_get_features(vdev, features);
	virtnet_feature_words(features, r->offered);
	compat_driver_features(vdev, features);
	virtnet_feature_words(features, r->agreed);
	r->hdr_len = vi->caps.hdr_len;
	r->pairs = vi->settings.pairs;
	r->pairs_max = vi->caps.max_pairs;
	r->config_len = virtnet_config_len(vdev);
	BUILD_BUG_ON(sizeof(r->config) <
		     offsetofend(struct virtio_net_config, supported_hash_types));
	virtnet_config_read(vdev, 0, r->config, r->config_len);
	if (vi->state != VIRTNET_RUNNING)
		return;
	r->rx_mode = vi->qs->plan.mode;
	virtnet_pairs_regs(vi->qs, p + sizeof(*r));
}
