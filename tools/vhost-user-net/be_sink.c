// SPDX-License-Identifier: GPL-2.0
/* Two small back ends: sink drops what the guest sends, echo returns it. */
#include "netdev.h"

static int open_none(struct netdev *nd, const char *args)
{
	(void)args;
	nd->be = nd;
	return 0;
}

static void sink_transmit(struct netdev *nd, unsigned int pair,
			  struct vhost_pkt *pkts, unsigned int n)
{
	(void)nd;
	(void)pair;
	(void)pkts;
	(void)n;	/* counted with the ring */
}

const struct backend backend_sink = {
	.name = "sink",
	.args = "",
	.help = "drop what the guest sends",
	.open = open_none,
	.transmit = sink_transmit,
};

/* Swap the addresses, so that the frame is addressed to its sender. */
static void echo_transmit(struct netdev *nd, unsigned int pair,
			  struct vhost_pkt *pkts, unsigned int n)
{
	unsigned int i;
	u8 mac[ETH_ALEN];

	(void)pair;
	for (i = 0; i < n; i++) {
		memcpy(mac, pkts[i].data, ETH_ALEN);
		memcpy(pkts[i].data, pkts[i].data + ETH_ALEN, ETH_ALEN);
		memcpy(pkts[i].data + ETH_ALEN, mac, ETH_ALEN);
	}
	netdev_input(nd, pkts, n, false);
}

const struct backend backend_echo = {
	.name = "echo",
	.args = "",
	.help = "return each frame to the guest, addresses swapped",
	.wants_data = true,
	.open = open_none,
	.transmit = echo_transmit,
};
