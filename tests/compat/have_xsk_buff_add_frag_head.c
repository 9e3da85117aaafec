// SPDX-License-Identifier: GPL-2.0
/* A buffer is added to an AF_XDP packet by the head of that packet (6.15). */
TEST(have_xsk_buff_add_frag_head)
{
	struct xdp_buff *xdp = NULL;

	HAS_TYPE(xsk_buff_add_frag(xdp, xdp), bool);
}
