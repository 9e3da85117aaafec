// SPDX-License-Identifier: GPL-2.0
/*
 * Answers to control commands. All have a status; those about RSS, hashing and
 * moderation have nothing else. Statistics come as records.
 *
 * Input: statistics the device keeps (8 bytes), used length (4), queue (2), side
 * (1), status (1), then what it wrote.
 */
#include "kernel.h"

#include <virtnet/reply.h>

struct input {
	u64 types;
	u32 used;
	u16 vq;
	u8 side;
	u8 ack;
} __packed;

/* A copy without a byte to spare, at an address that is not a word's. */
static u8 *copy(const uint8_t *from, size_t have, size_t len, u8 **block)
{
	*block = malloc(len + 1);
	MUST(*block);
	memset(*block, 0xa5, len + 1);
	memcpy(*block + 1, from, have < len ? have : len);
	return *block + 1;
}

static u64 value_at(const u8 *p)
{
	u64 v = 0;
	int i;

	for (i = 7; i >= 0; i--)
		v = v << 8 | p[i];
	return v;
}

/* The last record of a class is what counts; NULL without one. */
static const u8 *last_record(u8 type, const u8 *p, u32 len)
{
	const u8 *found = NULL;
	u32 size;

	while (len) {
		MUST(len >= 8);
		size = p[6] | p[7] << 8;
		MUST(size >= 8 && size <= len);
		if (p[0] == type)
			found = p;
		p += size;
		len -= size;
	}
	return found;
}

/* The values are those of the records, and nothing else was touched. */
static void check(const struct input *in, const u8 *p, u32 len, const u64 *data)
{
	const struct virtnet_stats_class *c;
	const u8 *record;
	unsigned int i;

	virtnet_for_each_class(c, in->types, in->side) {
		record = last_record(c->type, p, len);
		if (record)
			MUST((record[2] | record[3] << 8) == in->vq);
		for (i = 0; i < c->count; i++, data++)
			MUST(*data == (record ? value_at(record + 8 + 8 * i) : 0));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct input in;
	u64 *data, asked;
	u8 *block, *p;
	u32 room;
	int len;

	if (size < sizeof(in))
		return 0;
	memcpy(&in, bytes, sizeof(in));
	bytes += sizeof(in);
	size -= sizeof(in);
	in.side %= VIRTNET_SIDES;
	asked = virtnet_records_ask(in.types, in.side, &room);
	MUST(!(asked & ~in.types) && !asked == !room);
	MUST(room <= VIRTNET_SIDE_WORDS * sizeof(__le64));
	MUST(virtnet_reply_len(in.ack, in.used, 0) == (in.ack ? -EIO : 0));
	len = virtnet_reply_len(in.ack, in.used, room);
	if (in.ack) {
		MUST(len == -EIO);
		return 0;
	}
	MUST(len >= 0 && (u32)len <= room && ((u32)len < in.used || !len));
	data = calloc(virtnet_records_count(asked, in.side) + 1, sizeof(*data));
	MUST(data);
	p = copy(bytes, size, (size_t)len, &block);
	if (virtnet_records_parse(asked, in.side, in.vq, p, (u32)len, data))
		check(&in, p, (u32)len, data);
	MUST(!data[virtnet_records_count(asked, in.side)]);
	free(block);
	free(data);
	return 0;
}
