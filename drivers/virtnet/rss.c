// SPDX-License-Identifier: GPL-2.0
/*
 * Receive hashing: which fields, which key, which queue for which hash.
 * Virtio 1.3, 5.1.6.5.7 (RSS) and 5.1.6.5.6.4 (hash report).
 */
#include <virtnet/virtnet.h>

#include <linux/netlink.h>
#include <linux/virtio_net.h>

/**
 * virtnet_rss_init() - hash everything, spread it evenly
 * @s: to be filled in
 * @caps: what the device can do
 */
void virtnet_rss_init(struct virtnet_settings *s,
		      const struct virtnet_caps *caps)
{
	s->rss.hash_types = caps->hash_types;
	netdev_rss_key_fill(s->rss.key, sizeof(s->rss.key));
}

/* A table that nobody chose follows the number of queues. */
static u16 virtnet_rss_entry(const struct virtnet_settings *s, unsigned int i)
{
	return s->rss.chosen ? s->rss.table[i] :
			       ethtool_rxfh_indir_default(i, s->pairs);
}

/* A table leads to queues there are. Return: 0 or -EINVAL. */
int virtnet_rss_check(const struct virtnet_caps *caps,
		      const struct virtnet_settings *s,
		      struct netlink_ext_ack *extack)
{
	unsigned int i;

	for (i = 0; i < caps->rss_table; i++) {
		if (virtnet_rss_entry(s, i) < s->pairs)
			continue;
		NL_SET_ERR_MSG_MOD(extack,
				   "RSS table leads to a channel that is off");
		return -EINVAL;
	}
	return 0;
}

static bool virtnet_rss_able(const struct virtnet_caps *caps)
{
	return caps->rss || caps->hash_report;
}

static bool virtnet_rss_differs(const struct virtnet_settings *a,
				const struct virtnet_settings *b)
{
	return virtnet_pairs_all(a) != virtnet_pairs_all(b) ||
	       a->pairs != b->pairs || memcmp(&a->rss, &b->rss, sizeof(a->rss));
}

/* Table, key and fields as the device wants them. Return: the size. */
static u32 virtnet_rss_put(const struct virtnet_caps *caps,
			   const struct virtnet_settings *s, void *to)
{
	struct virtio_net_rss_config_trailer *end;
	struct virtio_net_rss_config_hdr *hdr = to;
	unsigned int i;

	hdr->hash_types = cpu_to_le32(s->rss.hash_types);
	hdr->indirection_table_mask = cpu_to_le16(caps->rss_table - 1);
	hdr->unclassified_queue = 0;
	for (i = 0; i < caps->rss_table; i++)
		hdr->indirection_table[i] =
			cpu_to_le16(virtnet_rss_entry(s, i));
	end = (void *)&hdr->indirection_table[i];
	end->max_tx_vq = cpu_to_le16(virtnet_pairs_all(s));
	end->hash_key_length = sizeof(s->rss.key);
	memcpy(end->hash_key_data, s->rss.key, sizeof(s->rss.key));
	return struct_size(hdr, indirection_table, caps->rss_table) +
	       struct_size(end, hash_key_data, sizeof(s->rss.key));
}

/* The same without a table, for a device that only reports the hash. */
static u32 virtnet_hash_put(const struct virtnet_settings *s, void *to)
{
	struct virtio_net_hash_config *c = to;

	c->hash_types = cpu_to_le32(s->rss.hash_types);
	c->hash_key_length = sizeof(s->rss.key);
	memcpy(c->hash_key_data, s->rss.key, sizeof(s->rss.key));
	return struct_size(c, hash_key_data, sizeof(s->rss.key));
}

/* Header, table and trailer of the larger of the two. */
#define VIRTNET_RSS_SIZE \
	(16 + VIRTNET_RSS_TABLE_MAX * sizeof(__le16) + VIRTNET_RSS_KEY)

static int virtnet_rss_send(struct virtnet_info *vi,
			    const struct virtnet_settings *s,
			    const struct virtnet_settings *old)
{
	u8 cmd = vi->caps.rss ? VIRTIO_NET_CTRL_MQ_RSS_CONFIG :
				VIRTIO_NET_CTRL_MQ_HASH_CONFIG;
	void *buf = kzalloc(VIRTNET_RSS_SIZE, GFP_KERNEL);
	u32 len;
	int err;

	if (!buf)
		return -ENOMEM;
	len = vi->caps.rss ? virtnet_rss_put(&vi->caps, s, buf) :
			     virtnet_hash_put(s, buf);
	err = virtnet_ctrl_tell(vi, VIRTIO_NET_CTRL_MQ, cmd, buf, len);
	kfree(buf);
	return err;
}

const struct virtnet_replay_item virtnet_replay_rss = {
	.name = "receive hashing",
	.refused = "device refused the receive hashing",
	.able = virtnet_rss_able,
	.differs = virtnet_rss_differs,
	.send = virtnet_rss_send,
};

/* ethtool -x */
u32 virtnet_get_rxfh_key_size(struct net_device *dev)
{
	struct virtnet_info *vi = netdev_priv(dev);

	return virtnet_rss_able(&vi->caps) ? VIRTNET_RSS_KEY : 0;
}

u32 virtnet_get_rxfh_indir_size(struct net_device *dev)
{
	struct virtnet_info *vi = netdev_priv(dev);

	return vi->caps.rss_table;
}

u32 virtnet_get_rx_ring_count(struct net_device *dev)
{
	struct virtnet_info *vi = netdev_priv(dev);

	return vi->settings.pairs;
}

int virtnet_get_rxfh(struct net_device *dev, struct ethtool_rxfh_param *p)
{
	struct virtnet_info *vi = netdev_priv(dev);
	const struct virtnet_settings *s = &vi->settings;
	unsigned int i;

	p->hfunc = ETH_RSS_HASH_TOP;
	for (i = 0; p->indir && i < vi->caps.rss_table; i++)
		p->indir[i] = virtnet_rss_entry(s, i);
	if (p->key)
		memcpy(p->key, s->rss.key, sizeof(s->rss.key));
	return 0;
}

static void virtnet_rss_choose(const struct virtnet_caps *caps,
			       struct virtnet_settings *s, const u32 *indir)
{
	unsigned int i;

	s->rss.chosen = false;
	for (i = 0; i < caps->rss_table; i++) {
		s->rss.table[i] = indir[i];
		if (indir[i] != ethtool_rxfh_indir_default(i, s->pairs))
			s->rss.chosen = true;
	}
}

/* ethtool -X */
int virtnet_set_rxfh(struct net_device *dev, struct ethtool_rxfh_param *p,
		     struct netlink_ext_ack *extack)
{
	struct virtnet_info *vi = netdev_priv(dev);
	struct virtnet_settings *want;

	if (p->hfunc != ETH_RSS_HASH_NO_CHANGE &&
	    p->hfunc != ETH_RSS_HASH_TOP) {
		NL_SET_ERR_MSG_MOD(extack, "only the Toeplitz hash is there");
		return -EOPNOTSUPP;
	}
	if (p->indir && !vi->caps.rss) {
		NL_SET_ERR_MSG_MOD(extack, "device has no RSS table");
		return -EOPNOTSUPP;
	}
	want = virtnet_settings_edit(vi);
	if (!want)
		return -ENOMEM;
	if (p->indir)
		virtnet_rss_choose(&vi->caps, want, p->indir);
	if (p->key)
		memcpy(want->rss.key, p->key, sizeof(want->rss.key));
	return virtnet_settings_commit(vi, want, extack);
}
EXPORT_SYMBOL_IF_KUNIT(virtnet_set_rxfh);

#define VIRTNET_HASH(type)	VIRTIO_NET_RSS_HASH_TYPE_##type
#define VIRTNET_HASH_ADDR	((u64)(RXH_IP_SRC | RXH_IP_DST))
#define VIRTNET_HASH_PORTS	((u64)(RXH_L4_B_0_1 | RXH_L4_B_2_3))

/* Flow types, and the hash types of their addresses, and of ports as well. */
static const struct {
	u32 flow;
	u32 addr;
	u32 ports;
} virtnet_hash_flows[] = {
	{ TCP_V4_FLOW, VIRTNET_HASH(IPv4), VIRTNET_HASH(TCPv4) },
	{ UDP_V4_FLOW, VIRTNET_HASH(IPv4), VIRTNET_HASH(UDPv4) },
	{ IPV4_FLOW, VIRTNET_HASH(IPv4), 0 },
	{ TCP_V6_FLOW, VIRTNET_HASH(IPv6), VIRTNET_HASH(TCPv6) },
	{ UDP_V6_FLOW, VIRTNET_HASH(IPv6), VIRTNET_HASH(UDPv6) },
	{ IPV6_FLOW, VIRTNET_HASH(IPv6), 0 },
};

static int virtnet_hash_flow(u32 flow)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(virtnet_hash_flows); i++)
		if (virtnet_hash_flows[i].flow == flow)
			return i;
	return -EOPNOTSUPP;
}

/* ethtool -n rx-flow-hash */
int virtnet_get_rxfh_fields(struct net_device *dev,
			    struct ethtool_rxfh_fields *f)
{
	struct virtnet_info *vi = netdev_priv(dev);
	u32 types = vi->settings.rss.hash_types;
	int i = virtnet_hash_flow(f->flow_type);

	f->data = 0;
	if (i < 0)
		return 0;
	if (types & virtnet_hash_flows[i].ports)
		f->data = VIRTNET_HASH_ADDR | VIRTNET_HASH_PORTS;
	else if (types & virtnet_hash_flows[i].addr)
		f->data = VIRTNET_HASH_ADDR;
	return 0;
}

/* Hash types after a flow type got these fields; 0 for no such combination. */
static u32 virtnet_hash_types(u32 types, unsigned int i, u64 fields)
{
	u32 addr = virtnet_hash_flows[i].addr;
	u32 ports = virtnet_hash_flows[i].ports;

	if (fields == (VIRTNET_HASH_ADDR | VIRTNET_HASH_PORTS) && ports)
		return types | ports;
	if (fields == VIRTNET_HASH_ADDR)
		return (types & ~ports) | addr;
	if (!fields && !ports)
		return types & ~addr;
	return 0;
}

/* ethtool -N rx-flow-hash */
int virtnet_set_rxfh_fields(struct net_device *dev,
			    const struct ethtool_rxfh_fields *f,
			    struct netlink_ext_ack *extack)
{
	struct virtnet_info *vi = netdev_priv(dev);
	int i = virtnet_hash_flow(f->flow_type);
	struct virtnet_settings *want;
	u32 types = 0;

	if (!virtnet_rss_able(&vi->caps)) {
		NL_SET_ERR_MSG_MOD(extack, "device has no receive hashing");
		return -EOPNOTSUPP;
	}
	if (i >= 0)
		types = virtnet_hash_types(vi->settings.rss.hash_types, i,
					   f->data);
	if (!types || (types & ~vi->caps.hash_types)) {
		NL_SET_ERR_MSG_MOD(extack, "device cannot hash these fields");
		return -EINVAL;
	}
	want = virtnet_settings_edit(vi);
	if (!want)
		return -ENOMEM;
	want->rss.hash_types = types;
	return virtnet_settings_commit(vi, want, extack);
}
EXPORT_SYMBOL_IF_KUNIT(virtnet_set_rxfh_fields);
