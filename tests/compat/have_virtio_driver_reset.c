// SPDX-License-Identifier: GPL-2.0
/* The driver hears of a function-level reset (6.15). */
TEST(have_virtio_driver_reset)
{
	struct virtio_driver drv;

	HAS_TYPE(drv.reset_prepare, int (*)(struct virtio_device *));
	HAS_TYPE(drv.reset_done, int (*)(struct virtio_device *));
}
