// SPDX-License-Identifier: GPL-2.0
/* XDP fragments are handed to an skb with their flags (6.18). */
TEST(have_xdp_update_skb_frags_info)
{
	xdp_update_skb_frags_info(NULL, 0, 0, 0, 0);
	xdp_buff_get_skb_flags(NULL);
}
