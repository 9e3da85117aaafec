// SPDX-License-Identifier: GPL-2.0
/* A single queue can be reset without changing its size (6.4; two callbacks from 6.12). */
EXPORTS(virtqueue_reset)
TEST(have_virtqueue_reset)
{
	HAS_TYPE(virtqueue_reset,
		 int(struct virtqueue *, void (*)(struct virtqueue *, void *),
		     void (*)(struct virtqueue *)));
}
