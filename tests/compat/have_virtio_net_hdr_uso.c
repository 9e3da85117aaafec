// SPDX-License-Identifier: GPL-2.0
/* The kernel'\''s vnet header helpers know USO (6.2). */
TEST(have_virtio_net_hdr_uso)
{
	struct virtio_net_hdr hdr = { .gso_type = VIRTIO_NET_HDR_GSO_UDP_L4 };

	virtio_net_hdr_to_skb(NULL, &hdr, true);
}
