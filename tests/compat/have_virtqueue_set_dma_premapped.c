// SPDX-License-Identifier: GPL-2.0
/*
 * Premapped buffers, chosen per queue (6.6 to 6.13). 6.1.192 has a function of that name
 * whose flag nobody looks at; what works came with virtqueue_dma_dev().
 */
EXPORTS(virtqueue_set_dma_premapped)
EXPORTS(virtqueue_dma_dev)
TEST(have_virtqueue_set_dma_premapped)
{
	HAS_TYPE(virtqueue_set_dma_premapped, int(struct virtqueue *));
	HAS_TYPE(virtqueue_dma_dev, struct device *(struct virtqueue *));
}
