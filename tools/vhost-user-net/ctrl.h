/* SPDX-License-Identifier: GPL-2.0 */
/* The control queue's commands, between ctrl.c and the files that serve them */
#ifndef CTRL_H
#define CTRL_H

#include "netdev.h"

#define CTRL_MAX	66000

/* One command: what the driver sent, and room for what it gets back. */
struct ctrl {
	u8 class, cmd;
	const u8 *data;
	u32 len;
	u8 *reply;
	u32 room;
	u32 reply_len;
};

static inline u16 le16(const u8 *p)
{
	return (u16)(p[0] | p[1] << 8);
}

static inline u32 le32(const u8 *p)
{
	return le16(p) | (u32)le16(p + 2) << 16;
}

static inline u64 le64(const u8 *p)
{
	return le32(p) | (u64)le32(p + 4) << 32;
}

/* each: 0, or a negative error that becomes the acknowledgement ERR */
int ctrl_mq_pairs(struct netdev *nd, struct ctrl *c);
int ctrl_mq_rss(struct netdev *nd, struct ctrl *c);
int ctrl_mq_hash(struct netdev *nd, struct ctrl *c);
int ctrl_tunnel(struct netdev *nd, struct ctrl *c);
int ctrl_coal_all(struct netdev *nd, struct ctrl *c);
int ctrl_coal_vq_set(struct netdev *nd, struct ctrl *c);
int ctrl_coal_vq_get(struct netdev *nd, struct ctrl *c);
int ctrl_stats_query(struct netdev *nd, struct ctrl *c);
int ctrl_stats_get(struct netdev *nd, struct ctrl *c);

#endif
