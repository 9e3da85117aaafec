// SPDX-License-Identifier: GPL-2.0
/*
 * The control queue: take a command apart, find who serves it, acknowledge.
 * The simple classes (receive mode, addresses, VLANs, announce, offloads) are
 * served here.
 */
#include <errno.h>

#include "ctrl.h"
#include "script.h"

static int rx_mode(struct netdev *nd, struct ctrl *c)
{
	if (c->cmd > RX_ALLMULTI && !vhost_has(&nd->vdev, F_CTRL_RX_EXTRA))
		return -EOPNOTSUPP;
	nd->rx_mode[c->cmd] = c->data[0];
	return 0;
}

/* One of the two address lists; its length in *used, or an error. */
static int mac_list(struct netdev *nd, const u8 *data, u32 len,
		    unsigned int at, unsigned int *n, u32 *used)
{
	u64 bytes;

	if (len < 4)
		return -EINVAL;
	*n = le32(data);
	bytes = (u64)*n * ETH_ALEN;
	if (bytes > len - 4)
		return -EINVAL;
	if (*n > MAC_TABLE - at)
		return -ENOSPC;
	memcpy(nd->table[at], data + 4, bytes);
	*used = 4 + (u32)bytes;
	return 0;
}

static int mac_table(struct netdev *nd, struct ctrl *c)
{
	unsigned int uni, multi;
	u32 first, second;
	int err;

	nd->n_unicast = 0;
	nd->n_multicast = 0;
	err = mac_list(nd, c->data, c->len, 0, &uni, &first);
	if (!err)
		err = mac_list(nd, c->data + first, c->len - first, uni, &multi,
			       &second);
	if (err == -ENOSPC) {
		/* more than we filter: take everything, as the text allows */
		nd->rx_mode[RX_PROMISC] = true;
		return 0;
	}
	if (err)
		return err;
	nd->n_unicast = uni;
	nd->n_multicast = multi;
	return 0;
}

static int mac_addr(struct netdev *nd, struct ctrl *c)
{
	if (c->data[0] & 1)
		return -EINVAL;
	memcpy(nd->config.mac, c->data, ETH_ALEN);
	return 0;
}

static int vlan(struct netdev *nd, struct ctrl *c)
{
	u16 vid = le16(c->data);

	if (vid >= 4096)
		return -EINVAL;
	if (c->cmd == VLAN_ADD)
		nd->vlans[vid / 64] |= BIT(vid % 64);
	else
		nd->vlans[vid / 64] &= ~BIT(vid % 64);
	return 0;
}

static int announced(struct netdev *nd, struct ctrl *c)
{
	(void)c;
	nd->config.status &= (u16)~S_ANNOUNCE;
	return 0;
}

static int offloads(struct netdev *nd, struct ctrl *c)
{
	u64 want = le64(c->data);

	if (want & ~(nd->vdev.features & GUEST_OFFLOADS))
		return -EINVAL;
	netdev_apply_offloads(nd, want);
	return 0;
}

static const struct command {
	u8 class, first, last;
	int feature;
	u32 min_len;
	int (*serve)(struct netdev *nd, struct ctrl *c);
} commands[] = {
	{ CTRL_RX, RX_PROMISC, RX_NOBCAST, F_CTRL_RX, 1, rx_mode },
	{ CTRL_MAC, MAC_TABLE_SET, MAC_TABLE_SET, F_CTRL_RX, 8, mac_table },
	{ CTRL_MAC, MAC_ADDR_SET, MAC_ADDR_SET, F_CTRL_MAC_ADDR, 6, mac_addr },
	{ CTRL_VLAN, VLAN_ADD, VLAN_DEL, F_CTRL_VLAN, 2, vlan },
	{ CTRL_ANNOUNCE, 0, 0, F_GUEST_ANNOUNCE, 0, announced },
	{ CTRL_MQ, MQ_PAIRS_SET, MQ_PAIRS_SET, F_MQ, 2, ctrl_mq_pairs },
	{ CTRL_MQ, MQ_RSS_CONFIG, MQ_RSS_CONFIG, F_RSS, 13, ctrl_mq_rss },
	{ CTRL_MQ, MQ_HASH_CONFIG, MQ_HASH_CONFIG, F_HASH_REPORT, 13,
	  ctrl_mq_hash },
	{ CTRL_OFFLOADS, 0, 0, F_CTRL_GUEST_OFFLOADS, 8, offloads },
	{ CTRL_COAL, COAL_TX_SET, COAL_RX_SET, F_NOTF_COAL, 8, ctrl_coal_all },
	{ CTRL_COAL, COAL_VQ_SET, COAL_VQ_SET, F_VQ_NOTF_COAL, 12,
	  ctrl_coal_vq_set },
	{ CTRL_COAL, COAL_VQ_GET, COAL_VQ_GET, F_VQ_NOTF_COAL, 4,
	  ctrl_coal_vq_get },
	{ CTRL_TUNNEL, 0, 0, F_HASH_TUNNEL, 4, ctrl_tunnel },
	{ CTRL_STATS, STATS_QUERY, STATS_QUERY, F_DEVICE_STATS, 0,
	  ctrl_stats_query },
	{ CTRL_STATS, STATS_GET, STATS_GET, F_DEVICE_STATS, 16,
	  ctrl_stats_get },
};

static int dispatch(struct netdev *nd, struct ctrl *c)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		const struct command *cmd = &commands[i];

		if (c->class != cmd->class || c->cmd < cmd->first ||
		    c->cmd > cmd->last)
			continue;
		if (!vhost_has(&nd->vdev, (unsigned int)cmd->feature))
			return -EOPNOTSUPP;
		if (c->len < cmd->min_len)
			return -EMSGSIZE;
		return cmd->serve(nd, c);
	}
	return -ENOSYS;
}

/* Serve one command chain; false when there is none. */
static bool serve_one(struct netdev *nd, struct vhost_vq *vq)
{
	static u8 in[CTRL_MAX], out[CTRL_MAX];
	struct vhost_chain chain;
	struct ctrl c = { .reply = out };
	u8 ack = CTRL_ERR;
	int err = -EMSGSIZE;
	size_t n;

	nd->vdev.sg.n = 0;
	if (!vhost_vq_pop(vq, &chain))
		return false;
	n = vhost_sg_read(&nd->vdev, &chain, 0, in, sizeof(in));
	nd->ctrl_commands++;
	if (chain.in_len) {
		c.room = min(chain.in_len - 1, CTRL_MAX - 1);
		memset(out, 0, c.room);
	}
	if (n >= 2 && chain.out_len <= sizeof(in) && chain.in_len) {
		c.class = in[0];
		c.cmd = in[1];
		c.data = in + 2;
		c.len = (u32)n - 2;
		err = script_ctrl(nd, c.class, c.cmd) ? -EIO : dispatch(nd, &c);
	}
	if (err)
		vhost_info(&nd->vdev, "control %u.%u, %u bytes: %s", c.class,
			   c.cmd, c.len, strerror(-err));
	else
		nd->ctrl_ok++;
	ack = err ? CTRL_ERR : CTRL_OK;
	script_ack(nd, &ack);
	script_reply(nd, c.reply, c.reply_len);
	/* the acknowledgement comes first, then the command's result */
	n = vhost_sg_write(&nd->vdev, &chain, 0, &ack, 1);
	n += vhost_sg_write(&nd->vdev, &chain, 1, c.reply, c.reply_len);
	vhost_vq_push(vq, &chain, (u32)n);
	return true;
}

/* True when there may be more. */
bool ctrl_work(struct netdev *nd, struct vhost_vq *vq)
{
	unsigned int i, budget = 64;

	if (!vhost_vq_live(vq))
		return false;
	for (i = 0; i < budget && serve_one(nd, vq); i++)
		script_event(nd, EVENT_CTRL, 1);
	vhost_vq_flush(vq);
	if (i && vhost_vq_wants_call(vq))
		vhost_vq_call(vq);
	return vhost_vq_live(vq) && !nd->poll_mode && vhost_vq_enable_kick(vq);
}
