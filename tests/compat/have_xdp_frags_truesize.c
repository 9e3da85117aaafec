// SPDX-License-Identifier: GPL-2.0
/* An XDP packet says how much memory its fragments take (6.14). */
TEST(have_xdp_frags_truesize)
{
	struct skb_shared_info *sinfo = NULL;

	sinfo->xdp_frags_truesize = 0;
}
