// SPDX-License-Identifier: GPL-2.0
/* virtqueue_resize() tells when all old buffers were handed back (6.12). */
EXPORTS(virtqueue_resize)
TEST(have_virtqueue_resize_done)
{
	HAS_TYPE(virtqueue_resize,
		 int(struct virtqueue *, u32, void (*)(struct virtqueue *, void *),
		     void (*)(struct virtqueue *)));
}
