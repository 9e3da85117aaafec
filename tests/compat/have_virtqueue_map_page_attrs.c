// SPDX-License-Identifier: GPL-2.0
/* A page can be mapped through its queue (6.18). */
EXPORTS(virtqueue_map_page_attrs)
EXPORTS(virtqueue_unmap_page_attrs)
TEST(have_virtqueue_map_page_attrs)
{
	virtqueue_map_page_attrs(NULL, NULL, 0, 0, DMA_FROM_DEVICE, 0);
	virtqueue_unmap_page_attrs(NULL, 0, 0, DMA_FROM_DEVICE, 0);
}
