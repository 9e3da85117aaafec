/* SPDX-License-Identifier: GPL-2.0 */
/* What helps to find out what is wrong: self-test, register dump, debugfs. */
#ifndef _VIRTNET_DIAG_H
#define _VIRTNET_DIAG_H

#include <compat/compat.h>

#include <linux/ethtool.h>
#include <linux/netdevice.h>

struct virtnet_info;

/* Parts of the self-test, in the order of their results. */
enum virtnet_self_test_id {
	VIRTNET_TEST_CTRL,
	VIRTNET_TEST_IRQ,
	VIRTNET_TEST_RINGS,
	VIRTNET_TEST_RESTART,
	VIRTNET_SELF_TESTS
};

void virtnet_self_test(struct net_device *dev, struct ethtool_test *test,
		       u64 *data);
void virtnet_self_test_strings(u8 *p);

/* Words of a bitmap of features: what any kernel's virtio core may know. */
#define VIRTNET_FEATURE_WORDS	4

const char *virtnet_feature_name(unsigned int bit);
void virtnet_feature_words(const u64 *features, u32 *words);

int virtnet_get_regs_len(struct net_device *dev);
void virtnet_get_regs(struct net_device *dev, struct ethtool_regs *regs,
		      void *p);

void virtnet_debugfs_init(void);
void virtnet_debugfs_exit(void);
void virtnet_debugfs_add(struct virtnet_info *vi);
void virtnet_debugfs_remove(struct virtnet_info *vi);

#endif
