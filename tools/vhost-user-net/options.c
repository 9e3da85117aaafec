// SPDX-License-Identifier: GPL-2.0
/* Words of the command line: feature names, back ends and their arguments. */
#include <stdlib.h>

#include "netdev.h"

static const struct { const char *name; int bit; } features[] = {
	{ "csum", F_CSUM }, { "guest_csum", F_GUEST_CSUM },
	{ "ctrl_guest_offloads", F_CTRL_GUEST_OFFLOADS }, { "mtu", F_MTU },
	{ "mac", F_MAC }, { "guest_tso4", F_GUEST_TSO4 },
	{ "guest_tso6", F_GUEST_TSO6 }, { "guest_ecn", F_GUEST_ECN },
	{ "guest_ufo", F_GUEST_UFO }, { "host_tso4", F_HOST_TSO4 },
	{ "host_tso6", F_HOST_TSO6 }, { "host_ecn", F_HOST_ECN },
	{ "host_ufo", F_HOST_UFO }, { "mrg_rxbuf", F_MRG_RXBUF },
	{ "status", F_STATUS }, { "ctrl_vq", F_CTRL_VQ },
	{ "ctrl_rx", F_CTRL_RX }, { "ctrl_vlan", F_CTRL_VLAN },
	{ "ctrl_rx_extra", F_CTRL_RX_EXTRA },
	{ "guest_announce", F_GUEST_ANNOUNCE }, { "mq", F_MQ },
	{ "ctrl_mac_addr", F_CTRL_MAC_ADDR },
	{ "device_stats", F_DEVICE_STATS }, { "hash_tunnel", F_HASH_TUNNEL },
	{ "vq_notf_coal", F_VQ_NOTF_COAL }, { "notf_coal", F_NOTF_COAL },
	{ "guest_uso4", F_GUEST_USO4 }, { "guest_uso6", F_GUEST_USO6 },
	{ "host_uso", F_HOST_USO }, { "hash_report", F_HASH_REPORT },
	{ "guest_hdrlen", F_GUEST_HDRLEN }, { "rss", F_RSS },
	{ "standby", F_STANDBY }, { "speed_duplex", F_SPEED_DUPLEX },
	{ "notify_on_empty", VIRTIO_F_NOTIFY_ON_EMPTY },
	{ "any_layout", VIRTIO_F_ANY_LAYOUT },
	{ "indirect_desc", VIRTIO_F_INDIRECT_DESC },
	{ "event_idx", VIRTIO_F_EVENT_IDX },
	{ "version_1", VIRTIO_F_VERSION_1 },
	{ "access_platform", VIRTIO_F_ACCESS_PLATFORM },
	{ "packed", VIRTIO_F_RING_PACKED }, { "in_order", VIRTIO_F_IN_ORDER },
	{ "order_platform", VIRTIO_F_ORDER_PLATFORM },
	{ "ring_reset", VIRTIO_F_RING_RESET },
};

const struct backend *const backends[] = {
	&backend_tap, &backend_pcap, &backend_gen, &backend_sink,
	&backend_echo, &backend_l2, NULL
};

/* By name or by number; -1 when neither. */
int feature_bit(const char *name)
{
	unsigned int i;
	char *end;
	long bit = strtol(name, &end, 0);

	if (end != name && !*end)
		return bit >= 0 && bit < 64 ? (int)bit : -1;
	for (i = 0; i < ARRAY_SIZE(features); i++)
		if (!strcmp(features[i].name, name))
			return features[i].bit;
	return -1;
}

void feature_list(FILE *f)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(features); i++)
		fprintf(f, "%2d %s\n", features[i].bit, features[i].name);
}

/* "gen:size=60" gives the generator, and "size=60" in *args. */
const struct backend *backend_find(const char *spec, const char **args)
{
	size_t len = strcspn(spec, ":");
	unsigned int i;

	for (i = 0; backends[i]; i++) {
		if (strlen(backends[i]->name) != len ||
		    strncmp(backends[i]->name, spec, len))
			continue;
		*args = spec[len] ? spec + len + 1 : "";
		return backends[i];
	}
	return NULL;
}

/* The value of key= in "a=1,b=2", copied to @buf; NULL when not there. */
const char *spec_get(const char *args, const char *key, char *buf, size_t len)
{
	size_t klen = strlen(key);

	while (*args) {
		size_t n = strcspn(args, ",");

		if (n > klen && !strncmp(args, key, klen) && args[klen] == '=') {
			snprintf(buf, len, "%.*s", (int)(n - klen - 1),
				 args + klen + 1);
			return buf;
		}
		args += n + (args[n] == ',');
	}
	return NULL;
}

u64 spec_num(const char *args, const char *key, u64 def)
{
	char text[32];

	return spec_get(args, key, text, sizeof(text)) ?
	       strtoull(text, NULL, 0) : def;
}
