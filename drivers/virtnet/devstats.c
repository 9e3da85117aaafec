// SPDX-License-Identifier: GPL-2.0
/*
 * Statistics kept by the device (virtio 1.3, 5.1.6.5.9). They are read with
 * control commands, one for each queue, when somebody asks.
 */
#include <virtnet/devstats.h>
#include <virtnet/reply.h>
#include <virtnet/virtnet.h>

#include <linux/ethtool.h>
#include <linux/rtnetlink.h>
#include <linux/virtio_net.h>

/**
 * virtnet_devstats_query() - which classes does the device keep?
 * @vi: the interface; RTNL held, commands can be sent
 *
 * Asked once: the number of values must not change under ethtool.
 */
void virtnet_devstats_query(struct virtnet_info *vi)
{
	struct virtio_net_stats_capabilities caps = { };
	struct virtnet_ctrl_req req = {
		.class = VIRTIO_NET_CTRL_STATS,
		.cmd = VIRTIO_NET_CTRL_STATS_QUERY,
		.in = &caps,
		.in_len = sizeof(caps),
	};
	int err;

	if (!vi->caps.device_stats)
		return;
	err = virtnet_ctrl_send(vi, &req);
	if (!err && req.in_len == sizeof(caps))
		vi->devstats.types =
			le64_to_cpu(caps.supported_stats_types[0]);
	else
		netdev_warn(vi->dev, "device does not tell its statistics\n");
}

static unsigned int virtnet_side_count(const struct virtnet_info *vi,
				       unsigned int side)
{
	return virtnet_records_count(vi->devstats.types, side);
}

/* Values of one queue; zeros for what the device does not tell. */
static void virtnet_side_read(struct virtnet_info *vi, unsigned int side,
			      unsigned int vq, u64 *data)
{
	struct virtio_net_ctrl_queue_stats out = {
		.stats[0].vq_index = cpu_to_le16(vq),
	};
	__le64 in[VIRTNET_SIDE_WORDS];
	struct virtnet_ctrl_req req = {
		.class = VIRTIO_NET_CTRL_STATS,
		.cmd = VIRTIO_NET_CTRL_STATS_GET,
		.out = &out,
		.out_len = sizeof(out),
		.in = in,
	};
	u64 types = virtnet_records_ask(vi->devstats.types, side, &req.in_len);
	unsigned int n = virtnet_side_count(vi, side);

	memset(data, 0, n * sizeof(*data));
	/* A device that was reset counts from zero when it is open again. */
	if (!types || vi->state != VIRTNET_RUNNING)
		return;
	out.stats[0].types_bitmap[0] = cpu_to_le64(types);
	if (virtnet_ctrl_send(vi, &req))
		return;
	if (virtnet_records_parse(types, side, vq, in, req.in_len, data))
		return;
	atomic_long_inc(&vi->devstats.bad);
	memset(data, 0, n * sizeof(*data));
}

/* Number of values among ethtool -S. */
unsigned int virtnet_devstats_count(const struct virtnet_info *vi)
{
	return virtnet_side_count(vi, VIRTNET_SIDE_CTRL) +
	       vi->caps.all_pairs * (virtnet_side_count(vi, VIRTNET_SIDE_RX) +
				     virtnet_side_count(vi, VIRTNET_SIDE_TX));
}

static void virtnet_side_strings(const struct virtnet_info *vi,
				 unsigned int side, const char *prefix, u8 **p)
{
	const struct virtnet_stats_class *c;
	unsigned int i;

	virtnet_for_each_class(c, vi->devstats.types, side)
		for (i = 0; i < c->count; i++)
			ethtool_sprintf(p, "%s_hw_%s", prefix, c->names[i]);
}

/* Their names, in the order of virtnet_devstats_values(). */
void virtnet_devstats_strings(const struct virtnet_info *vi, u8 **p)
{
	char prefix[16];
	unsigned int i;

	virtnet_side_strings(vi, VIRTNET_SIDE_CTRL, "ctrl", p);
	for (i = 0; i < vi->caps.all_pairs; i++) {
		snprintf(prefix, sizeof(prefix), "rx%u", i);
		virtnet_side_strings(vi, VIRTNET_SIDE_RX, prefix, p);
		snprintf(prefix, sizeof(prefix), "tx%u", i);
		virtnet_side_strings(vi, VIRTNET_SIDE_TX, prefix, p);
	}
}

/* The values; RTNL held. Return: behind the last. */
u64 *virtnet_devstats_values(struct virtnet_info *vi, u64 *data)
{
	unsigned int i;

	virtnet_side_read(vi, VIRTNET_SIDE_CTRL, 2 * vi->caps.dev_pairs, data);
	data += virtnet_side_count(vi, VIRTNET_SIDE_CTRL);
	for (i = 0; i < vi->caps.all_pairs; i++) {
		virtnet_side_read(vi, VIRTNET_SIDE_RX, rxq2vq(i), data);
		data += virtnet_side_count(vi, VIRTNET_SIDE_RX);
		virtnet_side_read(vi, VIRTNET_SIDE_TX, txq2vq(i), data);
		data += virtnet_side_count(vi, VIRTNET_SIDE_TX);
	}
	return data;
}
