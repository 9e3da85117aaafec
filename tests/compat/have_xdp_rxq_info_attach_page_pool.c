// SPDX-License-Identifier: GPL-2.0
/* A pool registers itself with XDP (6.11). */
EXPORTS(xdp_rxq_info_attach_page_pool)
TEST(have_xdp_rxq_info_attach_page_pool)
{
	xdp_rxq_info_attach_page_pool(NULL, NULL);
}
