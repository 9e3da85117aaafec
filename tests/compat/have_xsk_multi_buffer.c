// SPDX-License-Identifier: GPL-2.0
/* AF_XDP knows packets of several buffers (6.6). */
TEST(have_xsk_multi_buffer)
{
	const struct xdp_buff *first = NULL;

	xsk_buff_get_frag(first);
	xsk_is_eop_desc(NULL);
}
