// SPDX-License-Identifier: GPL-2.0
/*
 * Towards the guest: receive filter, offloads the driver did not accept,
 * hash and queue choice, then the ring.
 */
#include "netdev.h"
#include "packet.h"
#include "rss.h"
#include "script.h"

static bool in_table(const struct netdev *nd, const u8 *mac)
{
	unsigned int i;

	for (i = 0; i < nd->n_unicast + nd->n_multicast; i++)
		if (!memcmp(nd->table[i], mac, ETH_ALEN))
			return true;
	return false;
}

static bool wants_address(const struct netdev *nd, const u8 *mac)
{
	const bool *mode = nd->rx_mode;

	if (mac[0] & 1) {
		if (!memcmp(mac, "\xff\xff\xff\xff\xff\xff", ETH_ALEN))
			return !mode[RX_NOBCAST];
		return !mode[RX_NOMULTI] &&
		       (mode[RX_ALLMULTI] || in_table(nd, mac));
	}
	if (mode[RX_NOUNI])
		return false;
	return mode[RX_ALLUNI] || !memcmp(nd->config.mac, mac, ETH_ALEN) ||
	       in_table(nd, mac);
}

static bool wants(const struct netdev *nd, const struct vhost_pkt *pkt,
		  const struct flow *flow)
{
	if (!vhost_has(&nd->vdev, F_CTRL_VQ) || nd->rx_mode[RX_PROMISC])
		return true;
	if (flow->vlan < 4096 && vhost_has(&nd->vdev, F_CTRL_VLAN) &&
	    !(nd->vlans[flow->vlan / 64] & BIT(flow->vlan % 64)))
		return false;
	return wants_address(nd, pkt->data);
}

static bool takes_gso(const struct netdev *nd, u8 type, bool ipv6)
{
	if (type & GSO_ECN && !(nd->offloads & BIT(F_GUEST_ECN)))
		return false;
	switch (type & ~GSO_ECN) {
	case GSO_TCPV4:
		return nd->offloads & BIT(F_GUEST_TSO4);
	case GSO_TCPV6:
		return nd->offloads & BIT(F_GUEST_TSO6);
	case GSO_UDP:
		return nd->offloads & BIT(F_GUEST_UFO);
	case GSO_UDP_L4:
		return nd->offloads &
		       BIT(ipv6 ? F_GUEST_USO6 : F_GUEST_USO4);
	default:
		return false;
	}
}

static unsigned int clamp_pair(const struct netdev *nd, u32 pair)
{
	if (pair < nd->max_pairs && vhost_vq_live(&nd->vdev.vq[2 * pair]))
		return pair;
	return 0;
}

/* Which pair receives this, and the hash where the driver asked for one. */
static unsigned int steer(struct netdev *nd, struct vhost_pkt *pkt,
			  const struct flow *flow)
{
	unsigned int live = 0;
	u16 report = REPORT_NONE;
	u32 hash = 0;

	if (nd->rss.on || nd->rss.hash_on) {
		hash = rss_hash(&nd->rss, pkt->data, flow, &report);
		pkt->hdr.hash_value = hash;
		pkt->hdr.hash_report = nd->rss.hash_on ? report : REPORT_NONE;
	}
	if (nd->rss.on)
		return clamp_pair(nd, report == REPORT_NONE ?
				  nd->rss.unclassified :
				  nd->rss.table[hash & nd->rss.mask]);
	if (nd->active_pairs <= 1)
		return 0;
	while (live < nd->active_pairs && vhost_vq_live(&nd->vdev.vq[2 * live]))
		live++;
	return live > 1 ? flow_hash(pkt->data, flow) % live : 0;
}

static void count_rx(struct queue_stats *q, const struct vhost_pkt *pkt)
{
	if (pkt->hdr.flags & HDR_NEEDS_CSUM)
		q->needs_csum++;
	else if (pkt->hdr.flags & HDR_DATA_VALID)
		q->csum_valid++;
	else
		q->csum_none++;
	if (pkt->hdr.gso_type != GSO_NONE) {
		q->gso_packets++;
		q->gso_bytes += pkt->len;
	}
}

static u64 touched;	/* pairs with something to announce */

static bool place(struct netdev *nd, struct vhost_pkt *pkt,
		  const struct flow *flow)
{
	unsigned int pair = steer(nd, pkt, flow);
	struct vhost_vq *vq = &nd->vdev.vq[2 * pair];

	if (nd->stalled_rx & BIT(pair))
		return false;
	while (!vhost_enqueue_burst(vq, pkt, 1)) {
		/*
		 * Ask for a kick, then look once more: buffers may have come.
		 * Each turn finds more of them, so a ring's worth ends it.
		 */
		if (!vhost_vq_live(vq) || nd->poll_mode ||
		    !vhost_vq_enable_kick(vq)) {
			nd->rxq[pair].overruns++;
			return false;
		}
	}
	touched |= BIT(pair);
	count_rx(&nd->rxq[pair], pkt);
	return true;
}

static void place_segment(void *arg, struct vhost_pkt *pkt)
{
	struct netdev *nd = arg;
	struct flow flow;

	flow_parse(pkt->data, pkt->len, &flow);
	if (!place(nd, pkt, &flow))
		nd->rxq[0].drops++;
	nd->segmented++;
}

/* False only when the ring is full. */
static bool input_one(struct netdev *nd, struct vhost_pkt *pkt)
{
	struct flow flow;

	flow_parse(pkt->data, pkt->len, &flow);
	if (!wants(nd, pkt, &flow)) {
		nd->filtered++;
		return true;
	}
	if (unlikely(pkt->hdr.gso_type != GSO_NONE &&
		     !takes_gso(nd, pkt->hdr.gso_type, flow.ipv6))) {
		if (!segment(pkt, place_segment, nd))
			nd->rxq[0].drops++;
		return true;
	}
	if (pkt->hdr.flags & HDR_NEEDS_CSUM &&
	    !(nd->offloads & BIT(F_GUEST_CSUM)) && !csum_complete(pkt)) {
		nd->rxq[0].drops++;
		return true;
	}
	return place(nd, pkt, &flow);
}

static void announce(struct netdev *nd)
{
	struct vhost_vq *vq = nd->vdev.vq;
	unsigned int i;

	for (i = 0; i < nd->max_pairs; i++, vq += 2) {
		if (!(touched & BIT(i)) || !vhost_vq_live(vq))
			continue;
		netdev_signal(nd, vq);
		script_delivered(vq);
	}
}

/*
 * With @may_wait the first packet that finds its ring full ends the burst and
 * the caller keeps the rest; without, such packets are dropped and counted.
 */
unsigned int netdev_input(struct netdev *nd, struct vhost_pkt *pkts,
			  unsigned int n, bool may_wait)
{
	unsigned int i, placed = 0;

	if (!nd->vdev.running || !(nd->config.status & S_LINK_UP))
		return may_wait ? 0 : n;
	touched = 0;
	for (i = 0; i < n; i++) {
		if (input_one(nd, &pkts[i]))
			placed++;
		else if (may_wait)
			break;
		else
			nd->rxq[0].drops++;
	}
	announce(nd);
	if (placed)
		script_event(nd, EVENT_RX, placed);
	return i;
}
