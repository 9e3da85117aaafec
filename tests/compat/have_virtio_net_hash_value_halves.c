// SPDX-License-Identifier: GPL-2.0
/* The hash in the vnet header is two 16-bit halves (6.18). */
TEST(have_virtio_net_hash_value_halves)
{
	struct virtio_net_hdr_v1_hash hdr;

	HAS_TYPE(hdr.hash_value_lo, __le16);
}
