// SPDX-License-Identifier: GPL-2.0
/* Pools know their netdev (6.8). */
TEST(have_page_pool_params_netdev)
{
	struct page_pool_params pp = { .netdev = NULL };
}
