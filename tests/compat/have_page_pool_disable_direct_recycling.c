// SPDX-License-Identifier: GPL-2.0
/* A pool can be detached from its NAPI (6.9). */
EXPORTS(page_pool_disable_direct_recycling)
TEST(have_page_pool_disable_direct_recycling)
{
	page_pool_disable_direct_recycling(NULL);
}
