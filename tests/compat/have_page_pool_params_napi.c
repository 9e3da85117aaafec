// SPDX-License-Identifier: GPL-2.0
/* Pools know the NAPI that consumes them (6.4). */
TEST(have_page_pool_params_napi)
{
	struct page_pool_params pp = { .napi = NULL };
}
