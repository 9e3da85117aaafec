// SPDX-License-Identifier: GPL-2.0
/* The device that does the DMA of a queue can be asked for. */
EXPORTS(virtqueue_dma_dev)
TEST(have_virtqueue_dma_dev)
{
	HAS_TYPE(virtqueue_dma_dev, struct device *(struct virtqueue *));
}
