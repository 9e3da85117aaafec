// SPDX-License-Identifier: GPL-2.0
/* Pools decide themselves between pages and fragments (6.8). */
TEST(have_page_pool_alloc_va)
{
	unsigned int offset, size = 1;

	page_pool_dev_alloc(NULL, &offset, &size);
	page_pool_dev_alloc_va(NULL, &size);
	page_pool_free_va(NULL, NULL, false);
}
