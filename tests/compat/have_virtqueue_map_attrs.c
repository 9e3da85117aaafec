// SPDX-License-Identifier: GPL-2.0
/* Mapping through the queue, under its newer names (6.18). */
EXPORTS(virtqueue_map_single_attrs)
EXPORTS(virtqueue_unmap_single_attrs)
EXPORTS(virtqueue_map_sync_single_range_for_cpu)
TEST(have_virtqueue_map_attrs)
{
	virtqueue_map_single_attrs(NULL, NULL, 0, DMA_FROM_DEVICE, 0);
	virtqueue_unmap_single_attrs(NULL, 0, 0, DMA_FROM_DEVICE, 0);
	virtqueue_map_mapping_error(NULL, 0);
	virtqueue_map_sync_single_range_for_cpu(NULL, 0, 0, 0, DMA_FROM_DEVICE);
	virtqueue_map_sync_single_range_for_device(NULL, 0, 0, 0, DMA_FROM_DEVICE);
	virtqueue_map_need_sync(NULL, 0);
}
