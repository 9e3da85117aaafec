// SPDX-License-Identifier: GPL-2.0
/* Pools must ask for fragments (until 6.6). */
TEST(have_page_pool_frag_flag)
{
	int flag = PP_FLAG_PAGE_FRAG;
}
