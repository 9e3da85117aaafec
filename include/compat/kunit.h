/* SPDX-License-Identifier: GPL-2.0 */
/* KUnit, for the suites only: <compat/compat.h> does not include this. */
#ifndef _COMPAT_KUNIT_H
#define _COMPAT_KUNIT_H

#include <compat/compat.h>
#include <kunit/test.h>

/*
 * Heads a generator of parameters, which gets @prev and @desc, whatever else
 * the kernel passes:
 *
 *	static KUNIT_GENERATOR(my_gen_params)
 *	{
 *		...
 *	}
 */
#ifdef HAVE_KUNIT_PARAM_CONTEXT
#define KUNIT_GENERATOR(name) \
	const void *name(struct kunit *test, const void *prev, char *desc)
#else
#define KUNIT_GENERATOR(name) const void *name(const void *prev, char *desc)
#endif

/* What a device writes: see virtio_net_hash_value(). */
static inline void virtio_net_set_hash_value(struct virtio_net_hdr_v1_hash *hdr, u32 v)
{
#ifdef HAVE_VIRTIO_NET_HASH_VALUE_HALVES
	hdr->hash_value_lo = cpu_to_le16(v);
	hdr->hash_value_hi = cpu_to_le16(v >> 16);
#else
	hdr->hash_value = cpu_to_le32(v);
#endif
}

#endif
