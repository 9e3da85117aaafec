// SPDX-License-Identifier: GPL-2.0
/* net_dim() takes its sample by pointer (6.13). */
TEST(have_net_dim_pointer)
{
	HAS_TYPE(net_dim, void(struct dim *, const struct dim_sample *));
}
