// SPDX-License-Identifier: GPL-2.0
/* The header with fields for UDP tunnels (6.17). */
TEST(have_virtio_net_hdr_v1_hash_tunnel)
{
	struct virtio_net_hdr_v1_hash_tunnel hdr;

	HAS_TYPE(hdr.outer_th_offset, __le16);
}
