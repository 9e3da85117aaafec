/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _COMPAT_DIM_H
#define _COMPAT_DIM_H

#include <linux/dim.h>

#ifndef HAVE_NET_DIM_POINTER
static inline void compat_net_dim(struct dim *dim, const struct dim_sample *sample)
{
	net_dim(dim, *sample);
}

#define net_dim compat_net_dim
#endif

#endif
