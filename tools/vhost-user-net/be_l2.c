// SPDX-License-Identifier: GPL-2.0
/*
 * A learning switch between the devices of this process. Switches have names;
 * devices with the same one are connected. Addresses are forgotten after five
 * minutes, or when their device stops.
 */
#include <errno.h>
#include <stdlib.h>

#include "netdev.h"

#define SLOTS	4096
#define AGE	(300 * NSEC_PER_SEC)

struct port {
	char group[32];
	u64 flooded;
};

static struct {
	u8 mac[ETH_ALEN];
	struct netdev *nd;
	u64 seen;
} learned[SLOTS];

static unsigned int slot(const u8 *mac)
{
	return (mac[2] * 131u + mac[3] * 31u + mac[4] * 257u + mac[5]) % SLOTS;
}

static bool same_group(const struct netdev *a, const struct netdev *b)
{
	const struct port *p = a->be, *q = b->be;

	return b->backend == &backend_l2 && q && !strcmp(p->group, q->group);
}

static int l2_open(struct netdev *nd, const char *args)
{
	struct port *p = calloc(1, sizeof(*p));

	if (!p)
		return -ENOMEM;
	snprintf(p->group, sizeof(p->group), "%s", args);
	nd->be = p;
	return 0;
}

static void l2_stop(struct netdev *nd)
{
	unsigned int i;

	for (i = 0; i < SLOTS; i++)
		if (learned[i].nd == nd)
			learned[i].nd = NULL;
}

static void l2_close(struct netdev *nd)
{
	l2_stop(nd);
	free(nd->be);
}

static void learn(struct netdev *nd, const u8 *mac)
{
	unsigned int i = slot(mac);

	if (mac[0] & 1)
		return;
	memcpy(learned[i].mac, mac, ETH_ALEN);
	learned[i].nd = nd;
	learned[i].seen = loop_time();
}

static struct netdev *lookup(const struct netdev *from, const u8 *mac)
{
	unsigned int i = slot(mac);

	if (mac[0] & 1 || !learned[i].nd ||
	    loop_time() - learned[i].seen > AGE ||
	    memcmp(learned[i].mac, mac, ETH_ALEN) ||
	    !same_group(from, learned[i].nd))
		return NULL;
	return learned[i].nd;
}

static void flood(struct netdev *from, struct vhost_pkt *pkt)
{
	struct port *p = from->be;
	struct netdev *nd;

	p->flooded++;
	for (nd = netdevs; nd; nd = nd->next) {
		struct vhost_pkt copy = *pkt;

		if (nd != from && same_group(from, nd))
			netdev_input(nd, &copy, 1, false);
		/* one receiver's completed checksum serves the next too */
		pkt->hdr.flags = copy.hdr.flags;
	}
}

/* Consecutive frames for the same device go there together. */
static void l2_transmit(struct netdev *nd, unsigned int pair,
			struct vhost_pkt *pkts, unsigned int n)
{
	unsigned int i, first;

	(void)pair;
	for (i = 0; i < n; i++)
		learn(nd, pkts[i].data + ETH_ALEN);
	for (first = 0; first < n; first = i) {
		struct netdev *to = lookup(nd, pkts[first].data);

		i = first + 1;
		if (!to) {
			flood(nd, &pkts[first]);
			continue;
		}
		while (i < n && lookup(nd, pkts[i].data) == to)
			i++;
		if (to != nd)
			netdev_input(to, pkts + first, i - first, false);
	}
}

static void l2_report(struct netdev *nd, FILE *f)
{
	const struct port *p = nd->be;

	fprintf(f, "\"flooded\": %llu", (unsigned long long)p->flooded);
}

const struct backend backend_l2 = {
	.name = "l2",
	.args = "[SWITCH]",
	.help = "a learning switch between the devices that name it",
	.wants_data = true,
	.open = l2_open,
	.close = l2_close,
	.stop = l2_stop,
	.transmit = l2_transmit,
	.report = l2_report,
};
