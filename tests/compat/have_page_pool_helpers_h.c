// SPDX-License-Identifier: GPL-2.0
/* page_pool lives in <net/page_pool/> (6.6). */
TEST(have_page_pool_helpers_h)
{
	page_pool_free_va(NULL, NULL, false);
}
