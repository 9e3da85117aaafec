// SPDX-License-Identifier: GPL-2.0
/* AF_XDP pools tell the id of their NAPI (until 6.17). */
TEST(have_xsk_pool_get_napi_id)
{
	xsk_pool_get_napi_id(NULL);
}
