// SPDX-License-Identifier: GPL-2.0
/*
 * Statistics kept by the device (virtio 1.3, 5.1.6.5.9). They are read with
 * control commands, one for each queue, when somebody asks.
 */
#include <virtnet/devstats.h>
#include <virtnet/virtnet.h>

#include <linux/ethtool.h>
#include <linux/rtnetlink.h>
#include <linux/virtio_net.h>

enum virtnet_stats_side {
	VIRTNET_SIDE_RX,
	VIRTNET_SIDE_TX,
	VIRTNET_SIDE_CTRL,
	VIRTNET_SIDES
};

/* A class: its bit in commands is 1 << @type, its records say @type. */
struct virtnet_stats_class {
	u8 type;
	u8 side;
	u8 count;
	const char *names[VIRTNET_CLASS_VALUES];
};

#define STATS(t, s, ...) {						\
	.type = VIRTIO_NET_STATS_TYPE_REPLY_##t,			\
	.side = VIRTNET_SIDE_##s,					\
	.count = ARRAY_SIZE(((const char *[]){ __VA_ARGS__ })),		\
	.names = { __VA_ARGS__ },					\
}

/* In the order in which the specification has the fields. */
static const struct virtnet_stats_class virtnet_stats_classes[] = {
	STATS(RX_BASIC, RX, "notifications", "packets", "bytes", "interrupts",
	      "drops", "drop_overruns"),
	STATS(RX_CSUM, RX, "csum_valid", "needs_csum", "csum_none", "csum_bad"),
	STATS(RX_GSO, RX, "gso_packets", "gso_bytes", "gso_packets_coalesced",
	      "gso_bytes_coalesced"),
	STATS(RX_SPEED, RX, "ratelimit_packets", "ratelimit_bytes"),
	STATS(TX_BASIC, TX, "notifications", "packets", "bytes", "interrupts",
	      "drops", "drop_malformed"),
	STATS(TX_CSUM, TX, "csum_none", "needs_csum"),
	STATS(TX_GSO, TX, "gso_packets", "gso_bytes", "gso_segments",
	      "gso_segments_bytes", "gso_packets_noseg", "gso_bytes_noseg"),
	STATS(TX_SPEED, TX, "ratelimit_packets", "ratelimit_bytes"),
	STATS(CVQ, CTRL, "command_num", "ok_num"),
};

#define VIRTNET_CLASSES		ARRAY_SIZE(virtnet_stats_classes)

/* Does the device keep this class of the side? */
static bool virtnet_class_there(const struct virtnet_info *vi,
				const struct virtnet_stats_class *c,
				unsigned int side)
{
	return c->side == side && (vi->devstats.types & BIT_ULL(c->type));
}

static unsigned int virtnet_side_count(const struct virtnet_info *vi,
				       unsigned int side)
{
	unsigned int i, n = 0;

	for (i = 0; i < VIRTNET_CLASSES; i++)
		if (virtnet_class_there(vi, &virtnet_stats_classes[i], side))
			n += virtnet_stats_classes[i].count;
	return n;
}

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

/* The class of a record that was asked for; NULL for any other. */
static const struct virtnet_stats_class *
virtnet_record_class(const struct virtnet_info *vi, unsigned int side,
		     unsigned int vq,
		     const struct virtio_net_stats_reply_hdr *hdr)
{
	const struct virtnet_stats_class *c = virtnet_stats_classes;
	const struct virtnet_stats_class *end = c + VIRTNET_CLASSES;

	for (; c < end; c++)
		if (c->type == hdr->type && virtnet_class_there(vi, c, side) &&
		    le16_to_cpu(hdr->vq_index) == vq &&
		    le16_to_cpu(hdr->size) >=
		    sizeof(*hdr) + c->count * sizeof(__le64))
			return c;
	return NULL;
}

/* Where the values of a class are among those of its side. */
static unsigned int virtnet_class_offset(const struct virtnet_info *vi,
					 const struct virtnet_stats_class *c)
{
	const struct virtnet_stats_class *before = virtnet_stats_classes;
	unsigned int n = 0;

	for (; before < c; before++)
		if (virtnet_class_there(vi, before, c->side))
			n += before->count;
	return n;
}

/*
 * Records follow each other, each as long as it says. Return: false for a
 * record that is not one, or that does not lie in what the device wrote.
 */
static bool virtnet_records_parse(const struct virtnet_info *vi,
				  unsigned int side, unsigned int vq,
				  const void *p, u32 len, u64 *data)
{
	const struct virtio_net_stats_reply_hdr *hdr;
	const struct virtnet_stats_class *c;
	const __le64 *values;
	unsigned int i;

	while (len) {
		hdr = p;
		if (len < sizeof(*hdr))
			return false;
		c = virtnet_record_class(vi, side, vq, hdr);
		if (!c || le16_to_cpu(hdr->size) > len)
			return false;
		values = p + sizeof(*hdr);
		for (i = 0; i < c->count; i++)
			data[virtnet_class_offset(vi, c) + i] =
				le64_to_cpu(values[i]);
		p += le16_to_cpu(hdr->size);
		len -= le16_to_cpu(hdr->size);
	}
	return true;
}

static u64 virtnet_side_types(const struct virtnet_info *vi, unsigned int side,
			      u32 *len)
{
	u64 types = 0;
	unsigned int i;

	for (*len = 0, i = 0; i < VIRTNET_CLASSES; i++) {
		const struct virtnet_stats_class *c = &virtnet_stats_classes[i];

		if (!virtnet_class_there(vi, c, side))
			continue;
		types |= BIT_ULL(c->type);
		*len += sizeof(struct virtio_net_stats_reply_hdr) +
			c->count * sizeof(__le64);
	}
	return types;
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
	u64 types = virtnet_side_types(vi, side, &req.in_len);
	unsigned int n = virtnet_side_count(vi, side);

	memset(data, 0, n * sizeof(*data));
	/* A device that was reset counts from zero when it is open again. */
	if (!types || vi->state != VIRTNET_RUNNING)
		return;
	out.stats[0].types_bitmap[0] = cpu_to_le64(types);
	if (virtnet_ctrl_send(vi, &req))
		return;
	if (virtnet_records_parse(vi, side, vq, in, req.in_len, data))
		return;
	atomic_long_inc(&vi->devstats.bad);
	memset(data, 0, n * sizeof(*data));
}

/* Number of values among ethtool -S. */
unsigned int virtnet_devstats_count(const struct virtnet_info *vi)
{
	return virtnet_side_count(vi, VIRTNET_SIDE_CTRL) +
	       vi->caps.max_pairs * (virtnet_side_count(vi, VIRTNET_SIDE_RX) +
				     virtnet_side_count(vi, VIRTNET_SIDE_TX));
}

static void virtnet_side_strings(const struct virtnet_info *vi,
				 unsigned int side, const char *prefix, u8 **p)
{
	const struct virtnet_stats_class *c = virtnet_stats_classes;
	const struct virtnet_stats_class *end = c + VIRTNET_CLASSES;
	unsigned int i;

	for (; c < end; c++)
		for (i = 0; virtnet_class_there(vi, c, side) && i < c->count;
		     i++)
			ethtool_sprintf(p, "%s_hw_%s", prefix, c->names[i]);
}

/* Their names, in the order of virtnet_devstats_values(). */
void virtnet_devstats_strings(const struct virtnet_info *vi, u8 **p)
{
	char prefix[16];
	unsigned int i;

	virtnet_side_strings(vi, VIRTNET_SIDE_CTRL, "ctrl", p);
	for (i = 0; i < vi->caps.max_pairs; i++) {
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
	for (i = 0; i < vi->caps.max_pairs; i++) {
		virtnet_side_read(vi, VIRTNET_SIDE_RX, rxq2vq(i), data);
		data += virtnet_side_count(vi, VIRTNET_SIDE_RX);
		virtnet_side_read(vi, VIRTNET_SIDE_TX, txq2vq(i), data);
		data += virtnet_side_count(vi, VIRTNET_SIDE_TX);
	}
	return data;
}
