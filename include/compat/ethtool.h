/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _COMPAT_ETHTOOL_H
#define _COMPAT_ETHTOOL_H

#include <linux/ethtool.h>

#ifndef HAVE_ETHTOOL_PUTS
static inline void ethtool_puts(u8 **data, const char *str)
{
	strscpy(*data, str, ETH_GSTRING_LEN);
	*data += ETH_GSTRING_LEN;
}
#endif

#ifndef HAVE_KERNEL_ETHTOOL_TS_INFO
#define kernel_ethtool_ts_info ethtool_ts_info
#endif

#endif
