/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The control queue of the in-memory device: it remembers what it was told,
 * and answers as a test wants it to: rightly, wrongly, late, or never.
 */
#ifndef VIRTNET_TEST_MEMDEV_CTRL_H
#define VIRTNET_TEST_MEMDEV_CTRL_H

#include <linux/bitmap.h>
#include <linux/if_vlan.h>

#include "memdev.h"

#define MEMDEV_CTRL_CLASSES	16
#define MEMDEV_CTRL_CMDS	8
#define MEMDEV_CTRL_DATA	2048
#define MEMDEV_CTRL_LOG		128
#define MEMDEV_CTRL_HELD	8

enum memdev_answer {
	MEMDEV_OK,
	MEMDEV_NAK,
	MEMDEV_GARBAGE,		/* an ack that is neither */
	MEMDEV_UNWRITTEN,	/* used, but no ack written */
	MEMDEV_LATE,		/* kept until memdev_ctrl_release() */
	MEMDEV_NEVER,
};

/* The last accepted data of one command: what the device believes. */
struct memdev_told {
	u32 times;
	u16 len;
	u8 data[MEMDEV_CTRL_DATA];
};

/*
 * What the device believes, setting by setting: the commands' effect, not the
 * commands. Zero is what holds after a reset.
 */
struct memdev_state {
	u8 mac[ETH_ALEN];
	u8 rx_mode[6];		/* by command */
	u16 mac_table_len;
	u8 mac_table[MEMDEV_CTRL_DATA];
	DECLARE_BITMAP(vlans, VLAN_N_VID);
	u8 offloads[8];
	u8 pairs[2];
	u16 rss_len;
	u8 rss[MEMDEV_CTRL_DATA];
	struct virtio_net_ctrl_coal coal[2];	/* receive, transmit */
	struct virtio_net_ctrl_coal vq_coal[MEMDEV_MAX_QUEUES];
};

struct memdev_ctrl_entry {
	u8 class;
	u8 cmd;
	u8 answer;
	u16 len;
};

struct memdev_ctrl {
	struct memdev *dev;
	enum memdev_answer answer;		/* to everything */
	enum memdev_answer class_answer[MEMDEV_CTRL_CLASSES];
	enum memdev_answer next_answer;		/* once, if not OK */
	unsigned int delay_ms;
	u64 commands;
	u64 malformed;
	struct memdev_ctrl_entry log[MEMDEV_CTRL_LOG];
	struct memdev_told told[MEMDEV_CTRL_CLASSES][MEMDEV_CTRL_CMDS];
	struct memdev_state state;
	struct memdev_chain held[MEMDEV_CTRL_HELD];
	unsigned int nheld;
	u8 buf[MEMDEV_CTRL_DATA + 2];
	/* Answers with data: fills reply, returns its length. */
	u32 (*reply)(struct memdev_ctrl *ctrl, u8 class, u8 cmd,
		     const u8 *data, u32 len, u8 *reply, u32 room);
	void *priv;
};

struct memdev_vq *memdev_ctrl_q(struct memdev *dev);
int memdev_ctrl_start(struct memdev *dev);
void memdev_ctrl_stop(struct memdev *dev);
void memdev_ctrl_release(struct memdev *dev, enum memdev_answer answer);
void memdev_ctrl_forget(struct memdev *dev);
void memdev_ctrl_queue_reset(struct memdev *dev, unsigned int index);

static inline const struct memdev_told *
memdev_ctrl_told(const struct memdev *dev, u8 class, u8 cmd)
{
	return &dev->ctrl->told[class][cmd];
}

#endif /* VIRTNET_TEST_MEMDEV_CTRL_H */
