// SPDX-License-Identifier: GPL-2.0
/* A pool can be attached to its NAPI later (6.16). */
EXPORTS(page_pool_enable_direct_recycling)
TEST(have_page_pool_enable_direct_recycling)
{
	page_pool_enable_direct_recycling(NULL, NULL);
}
