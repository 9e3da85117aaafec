// SPDX-License-Identifier: GPL-2.0
/* DEVICE_STATS: which statistics there are, and their values. */
#include <errno.h>

#include "ctrl.h"

#define RX_TYPES	(BIT(STATS_RX_BASIC) | BIT(STATS_RX_CSUM) | \
			 BIT(STATS_RX_GSO) | BIT(STATS_RX_SPEED))
#define TX_TYPES	(BIT(STATS_TX_BASIC) | BIT(STATS_TX_CSUM) | \
			 BIT(STATS_TX_GSO) | BIT(STATS_TX_SPEED))

struct reply_hdr {
	u8 type;
	u8 reserved;
	u16 index;
	u16 reserved1;
	u16 size;
} __attribute__((packed));

int ctrl_stats_query(struct netdev *nd, struct ctrl *c)
{
	u64 types = RX_TYPES | TX_TYPES | BIT(STATS_CVQ);

	(void)nd;
	if (c->room < sizeof(types))
		return -EMSGSIZE;
	memcpy(c->reply, &types, sizeof(types));
	c->reply_len = sizeof(types);
	return 0;
}

/* The values of one type, in the order of the virtio text; their number. */
static unsigned int values(struct netdev *nd, u16 index, unsigned int type,
			   u64 *v)
{
	const struct vhost_vq_stats *ring = &nd->vdev.vq[index].stats;
	const struct queue_stats *q = index & 1 ? &nd->txq[index / 2] :
						  &nd->rxq[index / 2];

	switch (type) {
	case STATS_CVQ:
		v[0] = nd->ctrl_commands;
		v[1] = nd->ctrl_ok;
		return 2;
	case STATS_RX_BASIC:
	case STATS_TX_BASIC:
		v[0] = ring->kicks;
		v[1] = ring->packets;
		v[2] = ring->bytes;
		v[3] = ring->calls;
		v[4] = q->drops;
		v[5] = index & 1 ? q->malformed : q->overruns;
		return 6;
	case STATS_RX_CSUM:
		v[0] = q->csum_valid;
		v[1] = q->needs_csum;
		v[2] = q->csum_none;
		return 4;
	case STATS_TX_CSUM:
		v[0] = q->csum_none;
		v[1] = q->needs_csum;
		return 2;
	case STATS_RX_GSO:
		v[0] = q->gso_packets;
		v[1] = q->gso_bytes;
		return 4;
	case STATS_TX_GSO:
		v[0] = q->gso_packets;
		v[1] = q->gso_bytes;
		return 6;
	default:
		return 2;	/* speed: nothing is ever rate limited here */
	}
}

static int append(struct netdev *nd, struct ctrl *c, u16 index,
		  unsigned int type)
{
	u64 v[6] = { 0 };
	unsigned int n = values(nd, index, type, v);
	struct reply_hdr hdr = {
		.type = (u8)type,
		.index = index,
		.size = (u16)(sizeof(hdr) + n * sizeof(u64)),
	};

	if (c->room - c->reply_len < hdr.size)
		return -EMSGSIZE;
	memcpy(c->reply + c->reply_len, &hdr, sizeof(hdr));
	memcpy(c->reply + c->reply_len + sizeof(hdr), v, n * sizeof(u64));
	c->reply_len += hdr.size;
	return 0;
}

static u64 types_of(const struct netdev *nd, u16 index)
{
	if (index == netdev_ctrl_index(nd))
		return BIT(STATS_CVQ);
	if (index >= 2 * nd->max_pairs)
		return 0;
	return index & 1 ? TX_TYPES : RX_TYPES;
}

int ctrl_stats_get(struct netdev *nd, struct ctrl *c)
{
	u32 at;

	for (at = 0; at + 16 <= c->len; at += 16) {
		u16 index = le16(c->data + at);
		u64 types = le64(c->data + at + 8);
		unsigned int type;
		int err;

		if (types & ~types_of(nd, index))
			return -EINVAL;
		for (type = 0; type <= STATS_CVQ; type++) {
			err = types & BIT(type) ?
			      append(nd, c, index, type) : 0;
			if (err)
				return err;
		}
	}
	return at == c->len ? 0 : -EINVAL;
}
