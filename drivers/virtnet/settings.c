// SPDX-License-Identifier: GPL-2.0
/* What the user asked for: checked, then applied as a whole or not at all. */
#include <virtnet/virtnet.h>

#include <linux/ethtool.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>

/**
 * virtnet_settings_init() - what holds before the user asks for anything
 * @s: filled in
 * @caps: what the device offered
 */
void virtnet_settings_init(struct virtnet_settings *s,
			   const struct virtnet_caps *caps)
{
	memset(s, 0, sizeof(*s));
	/* A device that offers an MTU means it to be used. */
	s->mtu = caps->mtu ? caps->mtu : ETH_DATA_LEN;
	s->pairs = 1;
	s->rx_ring = caps->rx_ring_max;
	s->tx_ring = caps->tx_ring_max;
	s->speed = SPEED_UNKNOWN;
	s->duplex = DUPLEX_UNKNOWN;
	ether_addr_copy(s->mac, caps->mac);
}

/**
 * virtnet_settings_check() - can the device do this?
 * @caps: what the device offered
 * @s: what is asked for
 * @extack: says why not
 *
 * Return: 0 or -EINVAL.
 */
int virtnet_settings_check(const struct virtnet_caps *caps,
			   const struct virtnet_settings *s,
			   struct netlink_ext_ack *extack)
{
	if (s->mtu < ETH_MIN_MTU || (caps->mtu && s->mtu > caps->mtu)) {
		NL_SET_ERR_MSG_MOD(extack, "MTU outside what the device takes");
		return -EINVAL;
	}
	if (!s->pairs || s->pairs > caps->max_pairs) {
		NL_SET_ERR_MSG_MOD(extack, "more channels than the device has");
		return -EINVAL;
	}
	if (!is_valid_ether_addr(s->mac)) {
		NL_SET_ERR_MSG_MOD(extack, "not a station address");
		return -EINVAL;
	}
	return 0;
}

/* Do the settings ask for other queues than those that run? */
static bool virtnet_needs_new_queues(const struct virtnet_info *vi,
				     const struct virtnet_settings *want)
{
	struct virtnet_rx_plan plan;

	virtnet_rx_plan(&plan, &vi->caps, want);
	return memcmp(&plan, &vi->qs->plan, sizeof(plan)) ||
	       want->pairs != vi->qs->pairs;
}

/* Replace the running queue set; on failure the old one runs again. */
static int virtnet_swap(struct virtnet_info *vi,
			const struct virtnet_settings *want,
			struct netlink_ext_ack *extack)
{
	struct virtnet_qset *old, *new;
	int err;

	new = virtnet_qset_alloc(vi, want);
	if (!new) {
		NL_SET_ERR_MSG_MOD(extack, "no memory for the new queues");
		return -ENOMEM;
	}
	old = virtnet_halt(vi);
	err = virtnet_run(vi, new);
	if (!err) {
		virtnet_qset_free(old);
		return 0;
	}
	virtnet_qset_free(new);
	NL_SET_ERR_MSG_MOD(extack, "device did not start with the new queues");
	if (virtnet_run(vi, old)) {
		virtnet_qset_free(old);
		virtnet_report_fault(vi, VIRTNET_FAULT_NEEDS_RESET);
	}
	return err;
}

/**
 * virtnet_apply() - make the device match new settings
 * @vi: the interface
 * @want: an edited copy of vi->settings
 * @extack: says what went wrong
 *
 * RTNL held; sleeps. Everything that can fail is prepared before the running
 * queues are touched.
 *
 * Return: 0 with vi->settings updated, or -errno with the interface and its
 * settings as they were.
 */
int virtnet_apply(struct virtnet_info *vi, const struct virtnet_settings *want,
		  struct netlink_ext_ack *extack)
{
	int err;

	ASSERT_RTNL();
	err = virtnet_settings_check(&vi->caps, want, extack);
	if (err)
		return err;
	if (vi->state == VIRTNET_RUNNING &&
	    virtnet_needs_new_queues(vi, want)) {
		err = virtnet_swap(vi, want, extack);
		if (err)
			return err;
	}
	vi->settings = *want;
	return 0;
}
