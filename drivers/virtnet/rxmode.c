// SPDX-License-Identifier: GPL-2.0
/* Which packets the device lets through: rx mode, MAC addresses, VLANs. */
#include <virtnet/virtnet.h>

#include <linux/etherdevice.h>
#include <linux/rtnetlink.h>
#include <linux/virtio_config.h>
#include <linux/virtio_net.h>

/* --- promiscuous and all-multicast mode (virtio 1.3, 5.1.6.5.1) --- */

static bool virtnet_rx_mode_able(const struct virtnet_caps *caps)
{
	return caps->ctrl_rx;
}

static bool virtnet_rx_mode_differs(const struct virtnet_settings *a,
				    const struct virtnet_settings *b)
{
	return a->filter.promisc != b->filter.promisc ||
	       a->filter.allmulti != b->filter.allmulti;
}

static int virtnet_rx_mode_one(struct virtnet_info *vi, u8 cmd, u8 on)
{
	return virtnet_ctrl_tell(vi, VIRTIO_NET_CTRL_RX, cmd, &on, sizeof(on));
}

static int virtnet_rx_mode_send(struct virtnet_info *vi,
				const struct virtnet_settings *s,
				const struct virtnet_settings *old)
{
	int err;

	err = virtnet_rx_mode_one(vi, VIRTIO_NET_CTRL_RX_PROMISC,
				  s->filter.promisc);
	if (err)
		return err;
	return virtnet_rx_mode_one(vi, VIRTIO_NET_CTRL_RX_ALLMULTI,
				   s->filter.allmulti);
}

const struct virtnet_replay_item virtnet_replay_rx_mode = {
	.name = "rx mode",
	.refused = "device refused the receive mode",
	.able = virtnet_rx_mode_able,
	.differs = virtnet_rx_mode_differs,
	.send = virtnet_rx_mode_send,
};

/* --- address filters (virtio 1.3, 5.1.6.5.2) --- */

static bool virtnet_mac_list_differs(const struct virtnet_mac_list *a,
				     const struct virtnet_mac_list *b)
{
	return a->count != b->count ||
	       memcmp(a->addr, b->addr, a->count * ETH_ALEN);
}

static bool virtnet_mac_table_differs(const struct virtnet_settings *a,
				      const struct virtnet_settings *b)
{
	return virtnet_mac_list_differs(&a->filter.uc, &b->filter.uc) ||
	       virtnet_mac_list_differs(&a->filter.mc, &b->filter.mc);
}

/* One list as the device wants it. Return: its size. */
static u32 virtnet_mac_list_put(const struct virtnet_info *vi, void *to,
				const struct virtnet_mac_list *list)
{
	struct virtio_net_ctrl_mac *mac = to;

	mac->entries = cpu_to_virtio32(vi->vdev, list->count);
	memcpy(mac->macs, list->addr, list->count * ETH_ALEN);
	return sizeof(*mac) + list->count * ETH_ALEN;
}

static int virtnet_mac_table_send(struct virtnet_info *vi,
				  const struct virtnet_settings *s,
				  const struct virtnet_settings *old)
{
	struct virtnet_ctrl_req req = {
		.class = VIRTIO_NET_CTRL_MAC,
		.cmd = VIRTIO_NET_CTRL_MAC_TABLE_SET,
	};
	void *buf;
	int err;

	buf = kzalloc(2 * (sizeof(struct virtio_net_ctrl_mac) +
			   VIRTNET_MACS_MAX * ETH_ALEN), GFP_KERNEL);
	if (!buf)
		return -ENOMEM;
	req.out = buf;
	req.out_split = virtnet_mac_list_put(vi, buf, &s->filter.uc);
	req.out_len = req.out_split +
		      virtnet_mac_list_put(vi, buf + req.out_split,
					   &s->filter.mc);
	err = virtnet_ctrl_send(vi, &req);
	kfree(buf);
	return err;
}

const struct virtnet_replay_item virtnet_replay_mac_table = {
	.name = "address filter",
	.refused = "device refused the address filter",
	.able = virtnet_rx_mode_able,
	.differs = virtnet_mac_table_differs,
	.send = virtnet_mac_table_send,
};

/* Return: false if there are more addresses than fit. */
static bool virtnet_mac_list_fill(struct virtnet_mac_list *list,
				  const struct netdev_hw_addr_list *from)
{
	struct netdev_hw_addr *ha;

	list->count = 0;
	if (netdev_hw_addr_list_count(from) > VIRTNET_MACS_MAX)
		return false;
	netdev_hw_addr_list_for_each(ha, from)
		ether_addr_copy(list->addr[list->count++], ha->addr);
	return true;
}

static void virtnet_rx_filter_fill(struct virtnet_rx_filter *f,
				   struct net_device *dev)
{
	bool fits;

	netif_addr_lock_bh(dev);
	fits = virtnet_mac_list_fill(&f->uc, &dev->uc);
	f->promisc = !fits || (dev->flags & IFF_PROMISC);
	fits = virtnet_mac_list_fill(&f->mc, &dev->mc);
	f->allmulti = !fits || (dev->flags & IFF_ALLMULTI);
	netif_addr_unlock_bh(dev);
}

/*
 * The stack does not ask whether the rx mode was granted, so it stays in the
 * settings whatever the device says, and is replayed with them.
 */
void virtnet_rx_mode_work(struct work_struct *work)
{
	struct virtnet_info *vi = container_of(work, struct virtnet_info,
					       rx_mode_work);
	struct virtnet_settings *want;
	int err = -ENOMEM;

	rtnl_lock();
	want = virtnet_settings_edit(vi);
	if (want) {
		virtnet_rx_filter_fill(&want->filter, vi->dev);
		err = virtnet_apply(vi, want, NULL);
		vi->settings.filter = want->filter;
	}
	rtnl_unlock();
	if (err)
		netdev_warn(vi->dev, "receive filter not set: %pe\n",
			    ERR_PTR(err));
	kvfree(want);
}

/* ndo_set_rx_mode: address lock held, so the device is told later. */
void virtnet_set_rx_mode(struct net_device *dev)
{
	struct virtnet_info *vi = netdev_priv(dev);

	if (vi->caps.ctrl_rx)
		schedule_work(&vi->rx_mode_work);
}

/* --- VLANs (virtio 1.3, 5.1.6.5.3) --- */

static bool virtnet_vlans_able(const struct virtnet_caps *caps)
{
	return caps->ctrl_vlan;
}

static bool virtnet_vlans_wanted(const struct virtnet_caps *caps,
				 const struct virtnet_settings *s)
{
	return !bitmap_empty(s->vlans, VLAN_N_VID);
}

static bool virtnet_vlans_differ(const struct virtnet_settings *a,
				 const struct virtnet_settings *b)
{
	return !bitmap_equal(a->vlans, b->vlans, VLAN_N_VID);
}

static int virtnet_vlan_tell(struct virtnet_info *vi, u8 cmd, u16 vid)
{
	__virtio16 v = cpu_to_virtio16(vi->vdev, vid);

	return virtnet_ctrl_tell(vi, VIRTIO_NET_CTRL_VLAN, cmd, &v, sizeof(v));
}

static int virtnet_vlans_send(struct virtnet_info *vi,
			      const struct virtnet_settings *s,
			      const struct virtnet_settings *old)
{
	unsigned int vid;
	int err = 0;

	for (vid = 0; vid < VLAN_N_VID && !err; vid++) {
		bool had = old && test_bit(vid, old->vlans);

		if (test_bit(vid, s->vlans) == had)
			continue;
		err = virtnet_vlan_tell(vi, had ? VIRTIO_NET_CTRL_VLAN_DEL :
						  VIRTIO_NET_CTRL_VLAN_ADD,
					vid);
	}
	return err;
}

const struct virtnet_replay_item virtnet_replay_vlans = {
	.name = "VLAN filter",
	.refused = "device refused the VLAN filter",
	.able = virtnet_vlans_able,
	.wanted = virtnet_vlans_wanted,
	.differs = virtnet_vlans_differ,
	.send = virtnet_vlans_send,
};

static int virtnet_vlan_set(struct net_device *dev, u16 vid, bool on)
{
	struct virtnet_info *vi = netdev_priv(dev);
	struct virtnet_settings *want = virtnet_settings_edit(vi);

	if (!want)
		return -ENOMEM;
	__assign_bit(vid, want->vlans, on);
	return virtnet_settings_commit(vi, want, NULL);
}

/* ndo_vlan_rx_add_vid */
int virtnet_vlan_rx_add_vid(struct net_device *dev, __be16 proto, u16 vid)
{
	return virtnet_vlan_set(dev, vid, true);
}

/* ndo_vlan_rx_kill_vid */
int virtnet_vlan_rx_kill_vid(struct net_device *dev, __be16 proto, u16 vid)
{
	return virtnet_vlan_set(dev, vid, false);
}

/* --- station address --- */

static bool virtnet_mac_able(const struct virtnet_caps *caps)
{
	return caps->ctrl_mac || caps->mac_writable;
}

static bool virtnet_mac_wanted(const struct virtnet_caps *caps,
			       const struct virtnet_settings *s)
{
	return !ether_addr_equal(s->mac, caps->mac);
}

static bool virtnet_mac_differs(const struct virtnet_settings *a,
				const struct virtnet_settings *b)
{
	return !ether_addr_equal(a->mac, b->mac);
}

/* A device without the command keeps its address in writable config space. */
static int virtnet_mac_write(struct virtnet_info *vi, const u8 *mac)
{
	unsigned int i;

	for (i = 0; i < ETH_ALEN; i++)
		virtio_cwrite8(vi->vdev,
			       offsetof(struct virtio_net_config, mac) + i,
			       mac[i]);
	return 0;
}

static int virtnet_mac_send(struct virtnet_info *vi,
			    const struct virtnet_settings *s,
			    const struct virtnet_settings *old)
{
	if (!vi->caps.ctrl_mac)
		return virtnet_mac_write(vi, s->mac);
	return virtnet_ctrl_tell(vi, VIRTIO_NET_CTRL_MAC,
				 VIRTIO_NET_CTRL_MAC_ADDR_SET,
				 s->mac, ETH_ALEN);
}

const struct virtnet_replay_item virtnet_replay_mac = {
	.name = "MAC address",
	.refused = "device refused the MAC address",
	.able = virtnet_mac_able,
	.wanted = virtnet_mac_wanted,
	.differs = virtnet_mac_differs,
	.send = virtnet_mac_send,
};

/* ndo_set_mac_address */
int virtnet_set_mac_address(struct net_device *dev, void *p)
{
	struct virtnet_info *vi = netdev_priv(dev);
	struct virtnet_settings *want;
	struct sockaddr *addr = p;
	int err;

	err = eth_prepare_mac_addr_change(dev, p);
	if (err)
		return err;
	want = virtnet_settings_edit(vi);
	if (!want)
		return -ENOMEM;
	ether_addr_copy(want->mac, addr->sa_data);
	err = virtnet_settings_commit(vi, want, NULL);
	if (!err)
		eth_commit_mac_addr_change(dev, p);
	return err;
}
