// SPDX-License-Identifier: GPL-2.0
/* Pools know their queue (6.12). */
TEST(have_page_pool_params_queue_idx)
{
	struct page_pool_params pp = { .queue_idx = 0 };
}
