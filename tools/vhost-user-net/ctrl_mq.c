// SPDX-License-Identifier: GPL-2.0
/* Control commands about queues: pairs, RSS, hash report, coalescing. */
#include <errno.h>

#include "ctrl.h"

int ctrl_mq_pairs(struct netdev *nd, struct ctrl *c)
{
	u16 pairs = le16(c->data);

	if (!pairs || pairs > nd->max_pairs)
		return -EINVAL;
	nd->active_pairs = pairs;
	nd->rss.on = false;
	return 0;
}

/* Key at @at: its length byte, then the key. */
static int read_key(const struct ctrl *c, u32 at, struct rss *rss)
{
	if (at >= c->len)
		return -EMSGSIZE;
	rss->key_len = c->data[at];
	if (rss->key_len > RSS_KEY_MAX)
		return -EINVAL;
	if (c->len < at + 1 + rss->key_len)
		return -EMSGSIZE;
	memcpy(rss->key, c->data + at + 1, rss->key_len);
	return 0;
}

int ctrl_mq_rss(struct netdev *nd, struct ctrl *c)
{
	struct rss rss = nd->rss;
	u32 i, at = 8, n;
	int err;

	rss.types = le32(c->data);
	rss.mask = le16(c->data + 4);
	rss.unclassified = le16(c->data + 6);
	n = rss.mask + 1u;
	if (rss.types & ~nd->config.hash_types || n > RSS_TABLE_MAX ||
	    n & (n - 1) || rss.unclassified >= nd->max_pairs)
		return -EINVAL;
	if (c->len < at + 2 * n + 2)
		return -EMSGSIZE;
	for (i = 0; i < n; i++, at += 2) {
		rss.table[i] = le16(c->data + at);
		if (rss.table[i] >= nd->max_pairs)
			return -EINVAL;
	}
	rss.max_tx = le16(c->data + at);
	if (!rss.max_tx || rss.max_tx > nd->max_pairs)
		return -EINVAL;
	err = read_key(c, at + 2, &rss);
	if (err)
		return err;
	rss.on = true;
	rss.hash_on = vhost_has(&nd->vdev, F_HASH_REPORT);
	nd->rss = rss;
	nd->active_pairs = rss.max_tx;
	return 0;
}

int ctrl_mq_hash(struct netdev *nd, struct ctrl *c)
{
	struct rss rss = nd->rss;
	int err;

	rss.types = le32(c->data);
	if (rss.types & ~nd->config.hash_types)
		return -EINVAL;
	err = read_key(c, 12, &rss);
	if (err)
		return err;
	rss.hash_on = rss.types;
	nd->rss = rss;
	return 0;
}

/* We look at outer headers only, so the only set accepted is the empty one. */
int ctrl_tunnel(struct netdev *nd, struct ctrl *c)
{
	u32 types = le32(c->data);

	if (types & ~nd->config.tunnel_types)
		return -EINVAL;
	nd->rss.tunnel_types = types;
	return 0;
}

static void set_coal(struct coal *coal, u32 packets, u32 usecs)
{
	coal->packets = packets;
	coal->usecs = usecs;
}

static int check_coal(u32 usecs)
{
	/* an interrupt held back for over a second is a mistake */
	return usecs > 1000000 ? -EINVAL : 0;
}

int ctrl_coal_all(struct netdev *nd, struct ctrl *c)
{
	bool tx = c->cmd == COAL_TX_SET;
	u32 packets = le32(c->data), usecs = le32(c->data + 4);
	unsigned int i;

	if (check_coal(usecs))
		return -EINVAL;
	set_coal(tx ? &nd->tx_coal : &nd->rx_coal, packets, usecs);
	for (i = tx; i < 2U * nd->max_pairs; i += 2)
		set_coal(&nd->coal[i], packets, usecs);
	return 0;
}

int ctrl_coal_vq_set(struct netdev *nd, struct ctrl *c)
{
	u16 index = le16(c->data);
	u32 packets = le32(c->data + 4), usecs = le32(c->data + 8);

	if (index >= 2 * nd->max_pairs || check_coal(usecs))
		return -EINVAL;
	set_coal(&nd->coal[index], packets, usecs);
	return 0;
}

/*
 * The driver writes the index and reads the parameters; some give room for
 * the whole structure, some for the parameters alone.
 */
int ctrl_coal_vq_get(struct netdev *nd, struct ctrl *c)
{
	u16 index = le16(c->data);
	u32 at = 0;

	if (index >= 2 * nd->max_pairs)
		return -EINVAL;
	if (c->room >= 12) {
		memcpy(c->reply, c->data, 4);
		at = 4;
	}
	if (c->room < at + 8)
		return -EMSGSIZE;
	memcpy(c->reply + at, &nd->coal[index].packets, 4);
	memcpy(c->reply + at + 4, &nd->coal[index].usecs, 4);
	c->reply_len = at + 8;
	return 0;
}
