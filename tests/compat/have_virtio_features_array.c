// SPDX-License-Identifier: GPL-2.0
/* Feature bits beyond 63 (6.17). */
TEST(have_virtio_features_array)
{
	struct virtio_device vdev;

	HAS_TYPE(&vdev.features_array[0], u64 *);
	virtio_features_test_bit(vdev.features_array, 65);
}
