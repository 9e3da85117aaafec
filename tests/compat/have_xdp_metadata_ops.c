// SPDX-License-Identifier: GPL-2.0
/* Programs can ask for the rx hash (6.3). */
TEST(have_xdp_metadata_ops)
{
	const struct xdp_metadata_ops *ops = NULL;

	ops->xmo_rx_hash(NULL, NULL, NULL);
}
