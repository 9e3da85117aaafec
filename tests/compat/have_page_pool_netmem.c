// SPDX-License-Identifier: GPL-2.0
/* Pools hand out netmem (6.11). */
EXPORTS(page_pool_alloc_netmems)
TEST(have_page_pool_netmem)
{
	netmem_ref netmem = page_pool_alloc_netmems(NULL, GFP_ATOMIC);
}
