// SPDX-License-Identifier: GPL-2.0
/* Premapped buffers, chosen per buffer (6.14). */
EXPORTS(virtqueue_add_inbuf_premapped)
EXPORTS(virtqueue_add_outbuf_premapped)
TEST(have_virtqueue_add_premapped)
{
	virtqueue_add_inbuf_premapped(NULL, NULL, 0, NULL, NULL, GFP_ATOMIC);
	virtqueue_add_outbuf_premapped(NULL, NULL, 0, NULL, GFP_ATOMIC);
}
