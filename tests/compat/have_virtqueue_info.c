// SPDX-License-Identifier: GPL-2.0
/* Virtqueues are described by struct virtqueue_info[] (6.11). */
TEST(have_virtqueue_info)
{
	struct virtqueue_info info[] = { { .name = "n", .callback = NULL, .ctx = true } };
	struct virtqueue *vqs[1];

	virtio_find_vqs(NULL, 1, vqs, info, NULL);
}
