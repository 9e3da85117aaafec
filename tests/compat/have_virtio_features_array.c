// SPDX-License-Identifier: GPL-2.0
/* Feature bits beyond 63 (6.17; under these names 6.18). */
TEST(have_virtio_features_array)
{
	struct virtio_device vdev;
	u64 words[VIRTIO_FEATURES_U64S];

	virtio_features_copy(words, vdev.features_array);
	virtio_features_test_bit(words, VIRTIO_FEATURES_BITS - 1);
	virtio_get_features(&vdev, words);
}
