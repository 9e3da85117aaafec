// SPDX-License-Identifier: GPL-2.0
/* A page fragment is described in one call (6.5; backported to 6.1). */
TEST(have_skb_frag_fill_page_desc)
{
	skb_frag_fill_page_desc(NULL, NULL, 0, 0);
}
