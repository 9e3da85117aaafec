// SPDX-License-Identifier: GPL-2.0
/* A program run on an skb may replace the skb (6.9). */
EXPORTS(do_xdp_generic)
TEST(have_do_xdp_generic_pskb)
{
	struct sk_buff *skb = NULL;

	do_xdp_generic(NULL, &skb);
}
