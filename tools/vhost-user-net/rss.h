/* SPDX-License-Identifier: GPL-2.0 */
/* Receive side scaling: the Toeplitz hash over what the driver asked for. */
#ifndef RSS_H
#define RSS_H

#include "netdev.h"
#include "packet.h"

u32 rss_hash(const struct rss *rss, const u8 *data, const struct flow *flow,
	     u16 *report);

#endif
