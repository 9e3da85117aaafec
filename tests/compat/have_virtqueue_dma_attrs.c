// SPDX-License-Identifier: GPL-2.0
/* Mapping through the queue, under its older names (6.6; backported to 6.1). */
EXPORTS(virtqueue_dma_map_single_attrs)
EXPORTS(virtqueue_dma_unmap_single_attrs)
EXPORTS(virtqueue_dma_sync_single_range_for_cpu)
TEST(have_virtqueue_dma_attrs)
{
	virtqueue_dma_map_single_attrs(NULL, NULL, 0, DMA_FROM_DEVICE, 0);
	virtqueue_dma_unmap_single_attrs(NULL, 0, 0, DMA_FROM_DEVICE, 0);
	virtqueue_dma_mapping_error(NULL, 0);
	virtqueue_dma_sync_single_range_for_cpu(NULL, 0, 0, 0, DMA_FROM_DEVICE);
	virtqueue_dma_sync_single_range_for_device(NULL, 0, 0, 0, DMA_FROM_DEVICE);
	virtqueue_dma_need_sync(NULL, 0);
}
