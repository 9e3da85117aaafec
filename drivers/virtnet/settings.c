// SPDX-License-Identifier: GPL-2.0
/* What the user asked for: checked, then applied as a whole or not at all. */
#include <virtnet/rx.h>
#include <virtnet/rx_list.h>
#include <virtnet/virtnet.h>
#include <virtnet/xdp.h>
#include <virtnet/xsk.h>

#include <linux/cpumask.h>
#include <linux/ethtool.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>

/* Fewer entries leave no room for one packet of the largest kind. */
#define VIRTNET_RING_MIN	32
/* What a crash kernel begins with. */
#define VIRTNET_RING_FRUGAL	64

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
	s->pairs = min_t(unsigned int, caps->max_pairs,
			 virtnet_cpus ?: num_online_cpus());
	s->rx_ring = caps->rx_ring_max;
	s->tx_ring = caps->tx_ring_max;
	if (virtnet_frugal) {
		s->rx_ring = min_t(u16, s->rx_ring, VIRTNET_RING_FRUGAL);
		s->tx_ring = min_t(u16, s->tx_ring, VIRTNET_RING_FRUGAL);
	}
	s->speed = SPEED_UNKNOWN;
	s->duplex = DUPLEX_UNKNOWN;
	s->copybreak = VIRTNET_COPYBREAK;
	ether_addr_copy(s->mac, caps->mac);
	s->offloads = caps->offloads;
	s->list_delivery = virtnet_rx_list_default();
	virtnet_rss_init(s, caps);
}

static bool virtnet_ring_ok(u16 ring, u16 max)
{
	return ring <= max && ring >= min_t(u16, max, VIRTNET_RING_MIN);
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
	if (!virtnet_ring_ok(s->rx_ring, caps->rx_ring_max) ||
	    !virtnet_ring_ok(s->tx_ring, caps->tx_ring_max)) {
		NL_SET_ERR_MSG_MOD(extack,
				   "ring size outside 32 to the device's");
		return -EINVAL;
	}
	if (!is_valid_ether_addr(s->mac)) {
		NL_SET_ERR_MSG_MOD(extack, "not a station address");
		return -EINVAL;
	}
	if (virtnet_xdp_check(caps, s, extack) ||
	    virtnet_xsk_check(caps, s, extack))
		return -EINVAL;
	return virtnet_rss_check(caps, s, extack);
}

/**
 * virtnet_offloads_wanted() - receive offloads that are to be on
 * @s: the settings
 *
 * Programs and AF_XDP sockets are not for packets larger than the MTU, whatever
 * the user wishes for the time without them.
 */
u64 virtnet_offloads_wanted(const struct virtnet_settings *s)
{
	if (s->xdp_prog || virtnet_xsk_any(s))
		return s->offloads & ~VIRTNET_OFFLOADS_GSO;
	return s->offloads;
}

/* May the device send packets larger than the MTU, with these settings? */
bool virtnet_gso_possible(const struct virtnet_caps *caps,
			  const struct virtnet_settings *s)
{
	if (caps->ctrl_offloads)
		return caps->guest_gso;
	return virtnet_offloads_wanted(s) & VIRTNET_OFFLOADS_GSO;
}

/* Does the device have to be reset for the offloads that are wanted? */
bool virtnet_must_negotiate(const struct virtnet_caps *caps,
			    const struct virtnet_settings *s)
{
	return !caps->ctrl_offloads &&
	       caps->agreed != (virtnet_offloads_wanted(s) & caps->offloads);
}

/* Do the settings ask for other queues than those that run? */
static bool virtnet_needs_new_queues(const struct virtnet_info *vi,
				     const struct virtnet_settings *old,
				     const struct virtnet_rx_plan *plan)
{
	const struct virtnet_settings *want = &vi->settings;

	return !virtnet_qset_tunable(vi->qs, plan) ||
	       virtnet_must_negotiate(&vi->caps, want) ||
	       want->tx_ring != old->tx_ring ||
	       (want->pairs != vi->qs->stack && !virtnet_channels_movable(vi));
}

/*
 * The first pair whose AF_XDP socket came or went; all pairs that there may be
 * if there is none.
 */
static unsigned int virtnet_xsk_moved(const struct virtnet_settings *a,
				      const struct virtnet_settings *b,
				      unsigned int from)
{
	while (from < VIRTNET_PAIRS_MAX && a->xsk[from] == b->xsk[from])
		from++;
	return from;
}

/* Can the pair get the memory of a socket, or its own, while all others run? */
static bool virtnet_xsk_alone(const struct virtnet_info *vi,
			      const struct virtnet_settings *old,
			      unsigned int pair)
{
	return vi->caps.ring_reset &&
	       virtnet_xsk_plan_same(&vi->qs->plan, &vi->settings) &&
	       virtnet_xsk_moved(&vi->settings, old, pair + 1) ==
	       VIRTNET_PAIRS_MAX;
}

/* Back to the queue set and the settings of before. */
static void virtnet_swap_back(struct virtnet_info *vi, struct virtnet_qset *qs,
			      const struct virtnet_settings *old)
{
	vi->settings = *old;
	if (!virtnet_run(vi, qs))
		return;
	virtnet_qset_free(qs);
	virtnet_report_fault(vi, VIRTNET_FAULT_NO_START);
}

/* Replace the running queue set; on failure the old one runs again. */
static int virtnet_swap(struct virtnet_info *vi,
			const struct virtnet_settings *old,
			struct netlink_ext_ack *extack)
{
	struct virtnet_qset *prev, *new;
	bool told;
	int err;

	new = virtnet_qset_alloc(vi, &vi->settings);
	if (!new) {
		NL_SET_ERR_MSG_MOD(extack, "no memory for the new queues");
		return -ENOMEM;
	}
	prev = vi->qs;
	err = virtnet_switch(vi, new, &told);
	if (err) {
		NL_SET_ERR_MSG_MOD(extack,
				   "device did not start with the new queues");
	} else {
		err = told ? virtnet_replay_refused(vi, old, extack) :
			     virtnet_replay_changes(vi, old, extack);
		if (!err) {
			virtnet_qset_free(prev);
			return 0;
		}
		virtnet_halt(vi);
	}
	virtnet_qset_free(new);
	virtnet_swap_back(vi, prev, old);
	return err;
}

/* Without other queues; what is refused is undone. */
static int virtnet_tell_running(struct virtnet_info *vi,
				const struct virtnet_settings *old,
				struct netlink_ext_ack *extack)
{
	bool coal = virtnet_coal_changed(&vi->settings, old);
	int err;

	if (coal)
		virtnet_dim_stop(vi->qs);
	virtnet_xdp_queues_leave(vi);
	virtnet_channels_leave(vi);
	err = virtnet_replay_changes(vi, old, extack);
	if (err) {
		vi->settings = *old;
		if (virtnet_channels_use(vi))
			virtnet_report_fault(vi, VIRTNET_FAULT_NO_START);
	}
	if (coal)
		virtnet_dim_start(vi);
	return err;
}

/* Make a running device match vi->settings. */
static int virtnet_match(struct virtnet_info *vi,
			 const struct virtnet_settings *old,
			 struct netlink_ext_ack *extack)
{
	unsigned int pair = virtnet_xsk_moved(&vi->settings, old, 0);
	bool moved = pair < VIRTNET_PAIRS_MAX;
	struct virtnet_rx_plan plan;
	int err;

	virtnet_rx_plan(&plan, &vi->caps, &vi->settings);
	if (virtnet_needs_new_queues(vi, old, &plan) ||
	    (moved && !virtnet_xsk_alone(vi, old, pair)))
		return virtnet_swap(vi, old, extack);
	err = virtnet_channels_make(vi, &plan, extack);
	if (err)
		return err;
	err = virtnet_tell_running(vi, old, extack);
	if (err)
		return err;
	virtnet_qset_retune(vi->qs, &plan, vi->settings.xdp_prog);
	if (virtnet_channels_use(vi) ||
	    (moved && virtnet_queue_lend(vi, pair, vi->settings.xsk[pair])))
		return virtnet_swap(vi, old, extack);
	return 0;
}

/**
 * virtnet_apply() - make the device match new settings
 * @vi: the interface
 * @want: an edited copy of vi->settings
 * @extack: says what went wrong
 *
 * RTNL held; sleeps. Everything that can fail is prepared before the running
 * queues are touched. An interface that does not run is told when it starts.
 *
 * Return: 0 with vi->settings updated, or -errno with the interface and its
 * settings as they were.
 */
int virtnet_apply(struct virtnet_info *vi, const struct virtnet_settings *want,
		  struct netlink_ext_ack *extack)
{
	struct virtnet_settings *old;
	int err;

	ASSERT_RTNL();
	err = virtnet_settings_check(&vi->caps, want, extack);
	if (err)
		return err;
	old = virtnet_settings_edit(vi);
	if (!old)
		return -ENOMEM;
	vi->settings = *want;
	vi->settings.xdp_pairs = virtnet_xdp_pairs(&vi->caps, want);
	if (vi->state == VIRTNET_RUNNING)
		err = virtnet_match(vi, old, extack);
	if (err)
		vi->settings = *old;
	virtnet_xdp_queues_use(vi);
	kvfree(old);
	return err;
}

/**
 * virtnet_settings_edit() - a copy of the settings to be changed
 * @vi: the interface; RTNL held
 *
 * Return: the copy, for virtnet_settings_commit() or kvfree(); NULL without
 * memory.
 */
struct virtnet_settings *virtnet_settings_edit(const struct virtnet_info *vi)
{
	struct virtnet_settings *s = kvmalloc(sizeof(*s), GFP_KERNEL);

	if (s)
		*s = vi->settings;
	return s;
}

/* Apply an edited copy and free it. Return: as virtnet_apply(). */
int virtnet_settings_commit(struct virtnet_info *vi,
			    struct virtnet_settings *want,
			    struct netlink_ext_ack *extack)
{
	int err = virtnet_apply(vi, want, extack);

	kvfree(want);
	return err;
}
