// SPDX-License-Identifier: GPL-2.0
/* The core sets the owner of a virtio driver (6.9). */
EXPORTS(__register_virtio_driver)
TEST(have_register_virtio_driver_owner)
{
	__register_virtio_driver(NULL, THIS_MODULE);
}
