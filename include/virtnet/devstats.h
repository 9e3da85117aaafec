/* SPDX-License-Identifier: GPL-2.0 */
/* Statistics kept by the device. */
#ifndef _VIRTNET_DEVSTATS_H
#define _VIRTNET_DEVSTATS_H

#include <compat/compat.h>

#include <linux/atomic.h>
#include <linux/types.h>

struct virtnet_info;

/**
 * struct virtnet_devstats - what is known of the device's statistics
 * @types: VIRTIO_NET_STATS_TYPE_* that it keeps; 0 without any
 * @bad: answers that were not as they have to be
 */
struct virtnet_devstats {
	u64 types;
	atomic_long_t bad;
};

void virtnet_devstats_query(struct virtnet_info *vi);
unsigned int virtnet_devstats_count(const struct virtnet_info *vi);
void virtnet_devstats_strings(const struct virtnet_info *vi, u8 **p);
u64 *virtnet_devstats_values(struct virtnet_info *vi, u64 *data);

#endif
