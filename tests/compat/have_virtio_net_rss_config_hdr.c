// SPDX-License-Identifier: GPL-2.0
/* The RSS command in two parts (6.16). */
TEST(have_virtio_net_rss_config_hdr)
{
	struct virtio_net_rss_config_hdr hdr;
	struct virtio_net_rss_config_trailer trailer;

	HAS_TYPE(hdr.hash_types, __le32);
	HAS_TYPE(trailer.max_tx_vq, __le16);
}
