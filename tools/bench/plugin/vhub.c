// SPDX-License-Identifier: GPL-2.0
/*
 * Two NICs back to back, with the virtio-net header.
 *
 * QEMU's own hub carries plain frames only: no checksum offload and no GSO
 * cross it.  Its tap backend carries them, but at host time, so nothing
 * measured over it repeats.  This port hands a packet, header and all, to its
 * partner within the sender's call, which makes offloaded traffic as
 * deterministic as the hub's.
 *
 * The ports are created when QEMU announces the first vCPU: after QEMU has
 * set up its own -netdev clients, before it creates the -device ones.  The
 * structure below is QEMU's internal description of a network client; it
 * changes between QEMU releases, so the host side (benchlib/guest.py) asks for
 * the port only from the QEMU whose layout this is.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include "vhub.h"

#define MAX_PAIRS	2
#define CLIENT_SIZE	4096	/* more than any NetClientState */

struct client;

/* field by field as QEMU 7.2 lays it out */
struct client_info {
	int type;
	size_t size;
	ssize_t (*receive)(struct client *nc, const uint8_t *buf, size_t len);
	void *receive_raw;
	void *receive_iov;
	void *can_receive;
	void *start;
	void *load;
	void *stop;
	void *cleanup;
	void *link_status_changed;
	void *query_rx_filter;
	void *poll;
	bool (*has_ufo)(struct client *nc);
	bool (*has_vnet_hdr)(struct client *nc);
	bool (*has_vnet_hdr_len)(struct client *nc, int len);
	void *using_vnet_hdr;
	void *set_offload;
	void *set_vnet_hdr_len;
	void *more[8];
};

struct client *qemu_new_net_client(struct client_info *info, struct client *peer,
				   const char *model, const char *name);
ssize_t qemu_send_packet(struct client *nc, const uint8_t *buf, int len);

static struct client *ports[MAX_PAIRS * 2];
static unsigned int n_ports;
static bool created;

static struct client *partner(const struct client *nc)
{
	for (unsigned int i = 0; i < n_ports; i++)
		if (ports[i] == nc)
			return ports[i ^ 1];
	return NULL;
}

static ssize_t port_receive(struct client *nc, const uint8_t *buf, size_t len)
{
	qemu_send_packet(partner(nc), buf, len);
	return len;
}

static bool yes(struct client *nc)
{
	(void)nc;
	return true;
}

static bool any_len(struct client *nc, int len)
{
	(void)nc;
	(void)len;
	return true;
}

/* the partner's driver negotiates for itself: there is nothing to set here */
static void ignore(struct client *nc)
{
	(void)nc;
}

static bool no(struct client *nc)
{
	(void)nc;
	return false;
}

static struct client_info port_info = {
	.type = 0,	/* "none": nothing in QEMU treats it specially */
	.size = CLIENT_SIZE,
	.receive = port_receive,
	.has_ufo = no,
	.has_vnet_hdr = yes,
	.has_vnet_hdr_len = any_len,
	.using_vnet_hdr = ignore,
	.set_offload = ignore,
	.set_vnet_hdr_len = ignore,
};

static void create_ports(qemu_plugin_id_t id, unsigned int cpu)
{
	(void)id;
	(void)cpu;
	if (created)
		return;
	created = true;
	for (unsigned int i = 0; i < n_ports; i++) {
		char name[16];

		snprintf(name, sizeof(name), "vhub%u%c", i / 2, 'a' + i % 2);
		ports[i] = qemu_new_net_client(&port_info, NULL, "vhub", name);
	}
}

void vhub_install(qemu_plugin_id_t id, unsigned int pairs)
{
	if (!pairs)
		return;
	if (pairs > MAX_PAIRS) {
		fprintf(stderr, "bench plugin: at most %u vhub pairs\n", MAX_PAIRS);
		exit(1);
	}
	n_ports = pairs * 2;
	qemu_plugin_register_vcpu_init_cb(id, create_ports);
}
