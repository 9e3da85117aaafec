// SPDX-License-Identifier: GPL-2.0
/* Strings can be added to a string set without a format (6.8). */
EXPORTS(ethtool_puts)
TEST(have_ethtool_puts)
{
	u8 *p = NULL;

	ethtool_puts(&p, "");
}
