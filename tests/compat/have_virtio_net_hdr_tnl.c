// SPDX-License-Identifier: GPL-2.0
/* The kernel's vnet header helpers know UDP tunnels and exact header lengths (6.19). */
TEST(have_virtio_net_hdr_tnl)
{
	struct virtio_net_hdr_v1_hash_tunnel hdr = { };

	virtio_net_hdr_tnl_to_skb(NULL, &hdr, true, true, true);
	virtio_net_hdr_tnl_from_skb(NULL, &hdr, true, true, 0, false, true);
}
