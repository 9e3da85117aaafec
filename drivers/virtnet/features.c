// SPDX-License-Identifier: GPL-2.0
/* Names of feature bits, as the virtio specification has them. */
#include <virtnet/diag.h>
#include <virtnet/virtnet.h>

#include <linux/virtio_config.h>
#include <linux/virtio_net.h>
#include <linux/virtio_ring.h>

#define NET(name)	{ VIRTIO_NET_F_##name, #name }

/* Numbers where kernels do not all have the name. */
static const struct {
	unsigned int bit;
	const char *name;
} virtnet_feature_names[] = {
	NET(CSUM),
	NET(GUEST_CSUM),
	NET(CTRL_GUEST_OFFLOADS),
	NET(MTU),
	NET(MAC),
	{ 6, "GSO" },
	NET(GUEST_TSO4),
	NET(GUEST_TSO6),
	NET(GUEST_ECN),
	NET(GUEST_UFO),
	NET(HOST_TSO4),
	NET(HOST_TSO6),
	NET(HOST_ECN),
	NET(HOST_UFO),
	NET(MRG_RXBUF),
	NET(STATUS),
	NET(CTRL_VQ),
	NET(CTRL_RX),
	NET(CTRL_VLAN),
	NET(CTRL_RX_EXTRA),
	NET(GUEST_ANNOUNCE),
	NET(MQ),
	NET(CTRL_MAC_ADDR),
	{ 24, "NOTIFY_ON_EMPTY" },
	{ 27, "ANY_LAYOUT" },
	{ 28, "INDIRECT_DESC" },
	{ 29, "EVENT_IDX" },
	{ 32, "VERSION_1" },
	{ 33, "ACCESS_PLATFORM" },
	{ 34, "RING_PACKED" },
	{ 35, "IN_ORDER" },
	{ 36, "ORDER_PLATFORM" },
	{ 37, "SR_IOV" },
	{ 38, "NOTIFICATION_DATA" },
	{ 39, "NOTIF_CONFIG_DATA" },
	{ 40, "RING_RESET" },
	{ 41, "ADMIN_VQ" },
	NET(DEVICE_STATS),
	{ 51, "HASH_TUNNEL" },
	NET(VQ_NOTF_COAL),
	NET(NOTF_COAL),
	NET(GUEST_USO4),
	NET(GUEST_USO6),
	NET(HOST_USO),
	NET(HASH_REPORT),
	NET(GUEST_HDRLEN),
	NET(RSS),
	NET(RSC_EXT),
	NET(STANDBY),
	NET(SPEED_DUPLEX),
	NET(GUEST_UDP_TUNNEL_GSO),
	NET(GUEST_UDP_TUNNEL_GSO_CSUM),
	NET(HOST_UDP_TUNNEL_GSO),
	NET(HOST_UDP_TUNNEL_GSO_CSUM),
};

/**
 * virtnet_feature_name() - what a feature bit is called
 * @bit: its number
 *
 * Return: the name, or NULL for a bit that the specification does not name.
 */
const char *virtnet_feature_name(unsigned int bit)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(virtnet_feature_names); i++)
		if (virtnet_feature_names[i].bit == bit)
			return virtnet_feature_names[i].name;
	return NULL;
}
EXPORT_SYMBOL_IF_KUNIT(virtnet_feature_name);

/* A kernel's array of features as VIRTNET_FEATURE_WORDS words of 32 bits. */
void virtnet_feature_words(const u64 *features, u32 *words)
{
	unsigned int i;

	for (i = 0; i < VIRTNET_FEATURE_WORDS / 2; i++) {
		u64 v = i < VIRTIO_FEATURES_U64S ? features[i] : 0;

		words[2 * i] = lower_32_bits(v);
		words[2 * i + 1] = upper_32_bits(v);
	}
}
