// SPDX-License-Identifier: GPL-2.0
/* virtqueue_resize() without a completion callback (6.0). */
EXPORTS(virtqueue_resize)
TEST(have_virtqueue_resize)
{
	HAS_TYPE(virtqueue_resize,
		 int(struct virtqueue *, u32, void (*)(struct virtqueue *, void *)));
}
