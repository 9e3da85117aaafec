/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a device answers to control commands, judged. Pure functions: unit tests
 * and fuzzers can call them.
 */
#ifndef _VIRTNET_REPLY_H
#define _VIRTNET_REPLY_H

#include <compat/compat.h>

#include <linux/types.h>

/* Most values of a class, and most words of the records of a side. */
#define VIRTNET_CLASS_VALUES	6
#define VIRTNET_SIDE_WORDS	(4 * (1 + VIRTNET_CLASS_VALUES))

/**
 * enum virtnet_stats_side - whose statistics
 * @VIRTNET_SIDE_RX: a receive queue's
 * @VIRTNET_SIDE_TX: a transmit queue's
 * @VIRTNET_SIDE_CTRL: the control queue's
 * @VIRTNET_SIDES: how many there are
 */
enum virtnet_stats_side {
	VIRTNET_SIDE_RX,
	VIRTNET_SIDE_TX,
	VIRTNET_SIDE_CTRL,
	VIRTNET_SIDES
};

/**
 * struct virtnet_stats_class - values that a device keeps together
 * @type: what its records say; its bit in commands is 1 << @type
 * @side: enum virtnet_stats_side
 * @count: how many values
 * @names: theirs, for ethtool
 */
struct virtnet_stats_class {
	u8 type;
	u8 side;
	u8 count;
	const char *names[VIRTNET_CLASS_VALUES];
};

int virtnet_reply_len(u8 ack, u32 used, u32 room);
const struct virtnet_stats_class *
virtnet_class_next(const struct virtnet_stats_class *c, u64 types,
		   unsigned int side);
unsigned int virtnet_records_count(u64 types, unsigned int side);
u64 virtnet_records_ask(u64 types, unsigned int side, u32 *len);
bool virtnet_records_parse(u64 types, unsigned int side, u16 vq,
			   const void *p, u32 len, u64 *data);

/* The classes of a side that are among @types, in their order. */
#define virtnet_for_each_class(c, types, side)				\
	for ((c) = virtnet_class_next(NULL, types, side); (c);		\
	     (c) = virtnet_class_next(c, types, side))

#endif
