// SPDX-License-Identifier: GPL-2.0
/* Commands for device statistics (6.10). */
TEST(have_virtio_net_stats)
{
	struct virtio_net_stats_rx_basic basic;
	struct virtio_net_stats_capabilities caps;

	HAS_TYPE(basic.rx_packets, __le64);
	HAS_TYPE(caps.supported_stats_types[0], __le64);
}
