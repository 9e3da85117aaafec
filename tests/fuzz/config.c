// SPDX-License-Identifier: GPL-2.0
/*
 * Features and configuration: whatever a device offers, and however often it
 * changes its mind while it is read, what the driver makes of it is sane.
 *
 * Input: features (8 bytes), then a byte for each byte of configuration that
 * is read, and one for each look at the generation; zeros behind its end.
 */
#include "kernel.h"

static const uint8_t *input;
static size_t left;

static u8 next(void)
{
	if (!left)
		return 0;
	left--;
	return *input++;
}

static void get(struct virtio_device *vdev, unsigned int off, void *buf,
		unsigned int len)
{
	u8 *to = buf;

	(void)vdev;
	MUST(off + len <= sizeof(struct virtio_net_config) + 64);
	while (len--)
		*to++ = next();
}

static u32 generation(struct virtio_device *vdev)
{
	(void)vdev;
	return next() & 1;
}

static u64 offered;

static u64 get_features(struct virtio_device *vdev)
{
	(void)vdev;
	return offered;
}

/* No feature without what it needs (virtio 1.3, 5.1.3.1). */
static void check_features(u64 f)
{
	static const struct { unsigned int bit; u64 needs; } deps[] = {
#define DEP(a, b) { VIRTIO_NET_F_##a, b }
#define F(name) BIT_ULL(VIRTIO_NET_F_##name)
		DEP(GUEST_TSO4, F(GUEST_CSUM)), DEP(GUEST_TSO6, F(GUEST_CSUM)),
		DEP(GUEST_ECN, F(GUEST_TSO4) | F(GUEST_TSO6)),
		DEP(GUEST_UFO, F(GUEST_CSUM)), DEP(GUEST_USO4, F(GUEST_CSUM)),
		DEP(GUEST_USO6, F(GUEST_CSUM)), DEP(HOST_TSO4, F(CSUM)),
		DEP(HOST_TSO6, F(CSUM)), DEP(HOST_USO, F(CSUM)),
		DEP(HOST_ECN, F(HOST_TSO4) | F(HOST_TSO6)),
		DEP(CTRL_RX, F(CTRL_VQ)), DEP(CTRL_VLAN, F(CTRL_VQ)),
		DEP(GUEST_ANNOUNCE, F(CTRL_VQ)), DEP(GUEST_ANNOUNCE, F(STATUS)),
		DEP(MQ, F(CTRL_VQ)), DEP(CTRL_MAC_ADDR, F(CTRL_VQ)),
		DEP(RSS, F(CTRL_VQ)), DEP(NOTF_COAL, F(CTRL_VQ)),
		DEP(VQ_NOTF_COAL, F(CTRL_VQ)),
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(deps); i++)
		if (f & BIT_ULL(deps[i].bit))
			MUST(f & deps[i].needs);
}

static void check_caps(const struct virtnet_caps *c)
{
	MUST(c->dev_pairs >= 1 && c->dev_pairs <= VIRTNET_PAIRS_MAX);
	MUST(c->max_pairs >= 1 && c->max_pairs <= c->dev_pairs);
	MUST(c->max_pairs <= num_possible_cpus());
	MUST(c->all_pairs >= c->max_pairs && c->all_pairs <= c->dev_pairs);
	MUST(is_zero_ether_addr(c->mac) || is_valid_ether_addr(c->mac));
	MUST(!c->mtu || c->mtu >= ETH_MIN_MTU);
	MUST(c->hdr_len >= 10 && c->hdr_len <= 24);
	MUST(c->gso_types & BIT(VIRTIO_NET_HDR_GSO_NONE));
	if (!c->rss)
		return;
	MUST(is_power_of_2(c->rss_table));
	MUST(c->rss_table <= VIRTNET_RSS_TABLE_MAX);
	MUST(!(c->hash_types & ~0x1ffU));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct virtio_config_ops ops = {
		.get = get, .generation = generation, .get_features = get_features,
	};
	struct virtio_device vdev = { .config = &ops };
	struct virtnet_caps caps = { 0 };

	if (size < sizeof(offered))
		return 0;
	memcpy(&offered, data, sizeof(offered));
	input = data + sizeof(offered);
	left = size - sizeof(offered);
	vdev.features = offered;
	if (virtnet_validate(&vdev))
		return 0;
	check_features(vdev.features);
	if (!virtnet_caps_read(&vdev, &caps))
		check_caps(&caps);
	return 0;
}
