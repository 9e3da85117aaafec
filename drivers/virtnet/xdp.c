// SPDX-License-Identifier: GPL-2.0
/*
 * Attaching of XDP programs. The program is one of the settings, and comes and
 * goes like any other: while it is there the device is told not to send packets
 * larger than the MTU, and receive buffers have the headroom that programs want.
 */
#include <virtnet/rx.h>
#include <virtnet/virtnet.h>
#include <virtnet/xdp.h>
#include <virtnet/xsk.h>

#include <linux/bpf.h>
#include <linux/if_vlan.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>

/* Bytes of packet that a receive buffer holds while there is a program. */
#define VIRTNET_XDP_ROOM \
	((u32)(PAGE_SIZE - XDP_PACKET_HEADROOM - VIRTNET_RX_TAILROOM))

/* Largest frame that can be shown to a program whole. */
static u32 virtnet_xdp_frame_max(const struct virtnet_caps *caps, bool frags)
{
	u32 first = VIRTNET_XDP_ROOM - caps->hdr_len;

	if (!frags)
		return first;
	if (caps->mrg_rxbuf)
		return first + MAX_SKB_FRAGS * VIRTNET_XDP_ROOM;
	return first + MAX_SKB_FRAGS * PAGE_SIZE;
}

/**
 * virtnet_xdp_check() - can there be this program with these settings?
 * @caps: what the device offered
 * @s: what is asked for
 * @extack: says why not
 *
 * Return: 0 or -EINVAL.
 */
int virtnet_xdp_check(const struct virtnet_caps *caps,
		      const struct virtnet_settings *s,
		      struct netlink_ext_ack *extack)
{
	u32 frame = s->mtu + ETH_HLEN + VLAN_HLEN;
	bool frags;

	if (!s->xdp_prog)
		return 0;
	frags = s->xdp_prog->aux->xdp_has_frags;
	if (frame <= virtnet_xdp_frame_max(caps, frags))
		return 0;
	if (frags)
		NL_SET_ERR_MSG_MOD(extack, "MTU too large for XDP");
	else
		NL_SET_ERR_MSG_MOD(extack,
				   "MTU too large for an XDP program that does not take several buffers (xdp.frags)");
	return -EINVAL;
}

/* What is still claimed of large packets, which programs do not get. */
netdev_features_t virtnet_fix_features(struct net_device *dev,
				       netdev_features_t features)
{
	struct virtnet_info *vi = netdev_priv(dev);

	if (!(vi->caps.offloads & VIRTNET_OFFLOADS_GSO))
		return features;
	if (vi->settings.xdp_prog || virtnet_xsk_any(&vi->settings))
		return features & ~NETIF_F_GRO_HW;
	/* Not the user's to choose, so it comes back by itself. */
	if (!vi->caps.ctrl_offloads)
		features |= NETIF_F_GRO_HW;
	return features;
}

static int virtnet_xdp_set(struct virtnet_info *vi, struct bpf_prog *prog,
			   struct netlink_ext_ack *extack)
{
	struct bpf_prog *old = vi->settings.xdp_prog;
	struct virtnet_settings *want;
	int err;

	want = virtnet_settings_edit(vi);
	if (!want)
		return -ENOMEM;
	want->xdp_prog = prog;
	err = virtnet_settings_commit(vi, want, extack);
	if (err)
		return err;
	/* Polls that still run it are under RCU, and so is its end. */
	if (old)
		bpf_prog_put(old);
	if (!old != !prog && vi->dev->reg_state == NETREG_REGISTERED)
		netdev_update_features(vi->dev);
	return 0;
}

/**
 * virtnet_bpf() - ndo_bpf
 * @dev: the net device; RTNL held
 * @bpf: what is asked for; a program's reference is ours if we succeed
 *
 * Return: 0 or -errno, with everything as it was.
 */
int virtnet_bpf(struct net_device *dev, struct netdev_bpf *bpf)
{
	switch (bpf->command) {
	case XDP_SETUP_PROG:
		return virtnet_xdp_set(netdev_priv(dev), bpf->prog,
				       bpf->extack);
	case XDP_SETUP_XSK_POOL:
		return virtnet_xsk_setup(netdev_priv(dev), bpf->xsk.pool,
					 bpf->xsk.queue_id);
	default:
		return -EINVAL;
	}
}

/* What there is, before the net device is registered. */
void virtnet_xdp_init(struct virtnet_info *vi)
{
	compat_init_xdp_features(vi->dev, NETDEV_XDP_ACT_BASIC |
				 NETDEV_XDP_ACT_REDIRECT |
				 NETDEV_XDP_ACT_NDO_XMIT |
				 NETDEV_XDP_ACT_XSK_ZEROCOPY |
				 NETDEV_XDP_ACT_RX_SG |
				 NETDEV_XDP_ACT_NDO_XMIT_SG);
	/* Where packets carry no hash there is no hint to offer. */
	if (vi->caps.hash_report)
		compat_set_xdp_metadata_ops(vi->dev, &virtnet_xdp_metadata_ops);
	compat_set_xdp_zc_max_segs(vi->dev, virtnet_xsk_segs_max(&vi->caps));
}
