// SPDX-License-Identifier: GPL-2.0
/*
 * Transmit queues of XDP's own, one for each CPU, where the device has as many
 * besides the stack's. They are made when a program is attached, while the
 * others run. Pairs come whole, and a device without RSS spreads what it
 * receives over all pairs: so their receive queues work like any other. Pairs
 * are made, and stay when the program goes, as in channels.c.
 */
#include <virtnet/tx.h>
#include <virtnet/virtnet.h>
#include <virtnet/xdp.h>
#include <virtnet/xsk.h>

#include <linux/cpumask.h>
#include <linux/smp.h>

/**
 * virtnet_xdp_pairs() - how many pairs have a transmit queue of XDP's own
 * @caps: what the device offered
 * @s: the settings
 *
 * Return: one for each CPU, or 0 if XDP shares the stack's.
 */
unsigned int virtnet_xdp_pairs(const struct virtnet_caps *caps,
			       const struct virtnet_settings *s)
{
	if (!s->xdp_prog)
		return 0;
	/*
	 * Sockets are bound to the channels that the user knows of; they would
	 * miss what the device spreads over others.
	 */
	if (virtnet_xsk_any(s) && !caps->rss)
		return 0;
	return s->pairs + nr_cpu_ids <= caps->all_pairs ? nr_cpu_ids : 0;
}

/**
 * virtnet_xdp_queues_leave() - send by the stack's queues, if that is wanted
 * @vi: the interface, running; RTNL held
 *
 * May sleep. The device has sent what is in the others when this returns, if
 * it sends at all: it will be told not to look at them any more.
 */
void virtnet_xdp_queues_leave(struct virtnet_info *vi)
{
	struct virtnet_qset *qs = vi->qs;
	unsigned int i, own = qs->own;

	if (own <= vi->settings.xdp_pairs)
		return;
	WRITE_ONCE(qs->own, 0);
	synchronize_net();
	for (i = 0; i < own; i++)
		virtnet_tx_flush(&qs->sq[qs->stack + i]);
}

/* The device knows of all queues that there are to be: use them. RTNL held. */
void virtnet_xdp_queues_use(struct virtnet_info *vi)
{
	unsigned int own = virtnet_channels_refused(vi) ?
			   0 : vi->settings.xdp_pairs;

	if (vi->state != VIRTNET_RUNNING || vi->qs->own == own)
		return;
	WRITE_ONCE(vi->qs->own, own);
	virtnet_channels_spread(vi);
}

/**
 * virtnet_xdp_sq() - the queue to send frames by
 * @qs: the running set
 * @shared: the stack's queue that would be right
 *
 * Bottom halves off.
 *
 * Return: @shared, or this CPU's own.
 */
struct send_queue *virtnet_xdp_sq(struct virtnet_qset *qs,
				  struct send_queue *shared)
{
	if (!READ_ONCE(qs->own))
		return shared;
	return &qs->sq[qs->stack + smp_processor_id()];
}
