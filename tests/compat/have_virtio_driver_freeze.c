// SPDX-License-Identifier: GPL-2.0
/* The driver can be asked to freeze (until 6.11: only with CONFIG_PM). */
TEST(have_virtio_driver_freeze)
{
	struct virtio_driver drv;

	HAS_TYPE(drv.freeze, int (*)(struct virtio_device *));
	HAS_TYPE(drv.restore, int (*)(struct virtio_device *));
}
