// SPDX-License-Identifier: GPL-2.0
/* A driver can hold back configuration interrupts (6.11). */
EXPORTS(virtio_config_driver_disable)
EXPORTS(virtio_config_driver_enable)
TEST(have_virtio_config_driver_disable)
{
	virtio_config_driver_disable(NULL);
	virtio_config_driver_enable(NULL);
}
