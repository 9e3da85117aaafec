// SPDX-License-Identifier: GPL-2.0
/* The driver may have its own shutdown (6.16). */
TEST(have_virtio_driver_shutdown)
{
	struct virtio_driver drv;

	HAS_TYPE(drv.shutdown, void (*)(struct virtio_device *));
}
