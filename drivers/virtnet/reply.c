// SPDX-License-Identifier: GPL-2.0
/*
 * Answers on the control queue: the status that every command has, and the
 * records of statistics (virtio 1.3, 5.1.6.5.9), which are the only data that
 * any command brings back.
 */
#include <virtnet/reply.h>

#include <linux/errno.h>
#include <linux/minmax.h>
#include <linux/string.h>
#include <linux/virtio_net.h>

/**
 * virtnet_reply_len() - how much of an answer can be used
 * @ack: status of the command, as it was read
 * @used: bytes the device says it wrote, status included
 * @room: bytes it was given for data
 *
 * Return: bytes of data that are there, or -EIO for anything but success.
 */
int virtnet_reply_len(u8 ack, u32 used, u32 room)
{
	if (ack != VIRTIO_NET_OK)
		return -EIO;
	return min_t(u32, room, used - min_t(u32, used, sizeof(ack)));
}

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

/**
 * virtnet_class_next() - walk the classes; see virtnet_for_each_class()
 * @c: the last one, NULL to begin
 * @types: VIRTIO_NET_STATS_TYPE_* that count
 * @side: whose
 *
 * Return: the next class, NULL behind the last.
 */
const struct virtnet_stats_class *
virtnet_class_next(const struct virtnet_stats_class *c, u64 types,
		   unsigned int side)
{
	const struct virtnet_stats_class *end =
		virtnet_stats_classes + ARRAY_SIZE(virtnet_stats_classes);

	for (c = c ? c + 1 : virtnet_stats_classes; c < end; c++)
		if (c->side == side && (types & BIT_ULL(c->type)))
			return c;
	return NULL;
}

/* How many values virtnet_records_parse() fills in. */
unsigned int virtnet_records_count(u64 types, unsigned int side)
{
	const struct virtnet_stats_class *c;
	unsigned int n = 0;

	virtnet_for_each_class(c, types, side)
		n += c->count;
	return n;
}

/* A record says how long it is; this much of it is known. */
static u32 virtnet_record_size(const struct virtnet_stats_class *c)
{
	return sizeof(struct virtio_net_stats_reply_hdr) +
	       c->count * sizeof(__le64);
}

/**
 * virtnet_records_ask() - what to ask a queue for
 * @types: what the device keeps
 * @side: whose
 * @len: set to the size of the answer, VIRTNET_SIDE_WORDS words at most
 *
 * Return: those of @types that belong to @side.
 */
u64 virtnet_records_ask(u64 types, unsigned int side, u32 *len)
{
	const struct virtnet_stats_class *c;
	u64 wanted = 0;

	*len = 0;
	virtnet_for_each_class(c, types, side) {
		wanted |= BIT_ULL(c->type);
		*len += virtnet_record_size(c);
	}
	return wanted;
}

/*
 * The class of a record that was asked for, and where its values go; NULL for
 * any other record.
 */
static const struct virtnet_stats_class *
virtnet_record_class(u64 types, unsigned int side, u16 vq,
		     const struct virtio_net_stats_reply_hdr *hdr,
		     unsigned int *at)
{
	const struct virtnet_stats_class *c;

	*at = 0;
	virtnet_for_each_class(c, types, side) {
		if (c->type == hdr->type && le16_to_cpu(hdr->vq_index) == vq &&
		    le16_to_cpu(hdr->size) >= virtnet_record_size(c))
			return c;
		*at += c->count;
	}
	return NULL;
}

/**
 * virtnet_records_parse() - the values of a queue
 * @types: what it was asked for
 * @side: whose
 * @vq: number of the queue
 * @p: the records, of any alignment; nobody writes to them any more
 * @len: bytes of them that the device wrote
 * @data: virtnet_records_count() values; those of classes without a record, and
 *	some if the answer is bad, stay as they are
 *
 * Records follow each other, each as long as it says.
 *
 * Return: false if one was not asked for, or does not lie in the answer.
 */
bool virtnet_records_parse(u64 types, unsigned int side, u16 vq,
			   const void *p, u32 len, u64 *data)
{
	const struct virtnet_stats_class *c;
	struct virtio_net_stats_reply_hdr hdr;
	unsigned int i, at;
	__le64 value;

	for (; len; p += le16_to_cpu(hdr.size), len -= le16_to_cpu(hdr.size)) {
		if (len < sizeof(hdr))
			return false;
		memcpy(&hdr, p, sizeof(hdr));
		c = virtnet_record_class(types, side, vq, &hdr, &at);
		if (!c || le16_to_cpu(hdr.size) > len)
			return false;
		for (i = 0; i < c->count; i++) {
			memcpy(&value, p + sizeof(hdr) + i * sizeof(value),
			       sizeof(value));
			data[at + i] = le64_to_cpu(value);
		}
	}
	return true;
}
