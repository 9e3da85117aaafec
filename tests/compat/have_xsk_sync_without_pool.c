// SPDX-License-Identifier: GPL-2.0
/* AF_XDP buffers know their pool when synced (6.11). */
TEST(have_xsk_sync_without_pool)
{
	HAS_TYPE(xsk_buff_dma_sync_for_cpu, void(struct xdp_buff *));
}
