/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the device is told of the settings: all of it after each reset, and
 * what differs when a setting changes while it runs.
 */
#ifndef _VIRTNET_REPLAY_H
#define _VIRTNET_REPLAY_H

#include <compat/compat.h>

#include <linux/types.h>

struct netlink_ext_ack;
struct virtnet_caps;
struct virtnet_info;
struct virtnet_settings;

/**
 * struct virtnet_replay_item - a setting that the device has to be told
 * @name: for messages and tests
 * @refused: the sentence for a user whose wish was not granted
 * @able: can this device be told?
 * @wanted: must it be told after a reset, or is it so already? NULL: always
 * @differs: do two settings ask for different things?
 * @send: tell the device; @old is what it knows, NULL after a reset.
 *	Return: 0 or -errno
 */
struct virtnet_replay_item {
	const char *name;
	const char *refused;
	bool (*able)(const struct virtnet_caps *caps);
	bool (*wanted)(const struct virtnet_caps *caps,
		       const struct virtnet_settings *s);
	bool (*differs)(const struct virtnet_settings *a,
			const struct virtnet_settings *b);
	int (*send)(struct virtnet_info *vi, const struct virtnet_settings *s,
		    const struct virtnet_settings *old);
};

/* In the order in which they are sent. */
enum virtnet_replay_id {
	VIRTNET_REPLAY_MAC,
	VIRTNET_REPLAY_RX_MODE,
	VIRTNET_REPLAY_MAC_TABLE,
	VIRTNET_REPLAY_VLANS,
	VIRTNET_REPLAY_OFFLOADS,
	VIRTNET_REPLAY_PAIRS,
	VIRTNET_REPLAY_RSS,
	VIRTNET_REPLAY_COAL,
	VIRTNET_REPLAY_VQ_COAL,
	VIRTNET_REPLAY_ITEMS
};

extern const struct virtnet_replay_item virtnet_replay_mac;
extern const struct virtnet_replay_item virtnet_replay_rx_mode;
extern const struct virtnet_replay_item virtnet_replay_mac_table;
extern const struct virtnet_replay_item virtnet_replay_vlans;
extern const struct virtnet_replay_item virtnet_replay_offloads;
extern const struct virtnet_replay_item virtnet_replay_pairs;
extern const struct virtnet_replay_item virtnet_replay_rss;
extern const struct virtnet_replay_item virtnet_replay_coal;
extern const struct virtnet_replay_item virtnet_replay_vq_coal;

extern const struct virtnet_replay_item
	* const virtnet_replay_items[VIRTNET_REPLAY_ITEMS];

unsigned long virtnet_replay(struct virtnet_info *vi);
void virtnet_replay_queues(struct virtnet_info *vi);
int virtnet_replay_changes(struct virtnet_info *vi,
			   const struct virtnet_settings *old,
			   struct netlink_ext_ack *extack);
int virtnet_replay_refused(const struct virtnet_info *vi,
			   const struct virtnet_settings *old,
			   struct netlink_ext_ack *extack);

#endif
