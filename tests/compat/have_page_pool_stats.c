// SPDX-License-Identifier: GPL-2.0
/* Pools keep statistics (CONFIG_PAGE_POOL_STATS). */
EXPORTS(page_pool_get_stats)
TEST(have_page_pool_stats)
{
	struct page_pool_stats stats = { };

	page_pool_get_stats(NULL, &stats);
}
