// SPDX-License-Identifier: GPL-2.0-only
/* The matrix of buffer modes and rings, and the parts of it that suites run. */
#include "net_env.h"

#define F_PACKED	BIT_ULL(VIRTIO_F_RING_PACKED)
#define F_EVENT		BIT_ULL(VIRTIO_RING_F_EVENT_IDX)
#define F_INDIRECT	BIT_ULL(VIRTIO_RING_F_INDIRECT_DESC)
#define F_DMA		BIT_ULL(VIRTIO_F_ACCESS_PLATFORM)
#define F_ALL		(F_EVENT | F_INDIRECT)

const struct net_param net_params[] = {
	{ "small split", NET_SMALL, 0 },
	{ "big split", NET_BIG, 0 },
	{ "mergeable split", NET_MERGEABLE, 0 },
	{ "small split event indirect", NET_SMALL, F_ALL },
	{ "big split event indirect", NET_BIG, F_ALL },
	{ "mergeable split event indirect", NET_MERGEABLE, F_ALL },
	{ "small packed", NET_SMALL, F_PACKED },
	{ "big packed", NET_BIG, F_PACKED },
	{ "mergeable packed", NET_MERGEABLE, F_PACKED },
	{ "small packed event indirect", NET_SMALL, F_PACKED | F_ALL },
	{ "big packed event indirect", NET_BIG, F_PACKED | F_ALL },
	{ "mergeable packed event indirect", NET_MERGEABLE, F_PACKED | F_ALL },
	{ "small split dma", NET_SMALL, F_ALL | F_DMA },
	{ "big split dma", NET_BIG, F_ALL | F_DMA },
	{ "mergeable split dma", NET_MERGEABLE, F_ALL | F_DMA },
	{ "small legacy", NET_SMALL, F_ALL, .legacy = true },
	{ "big legacy", NET_BIG, 0, .legacy = true },
	{ "mergeable legacy", NET_MERGEABLE, F_ALL, .legacy = true },
};

const unsigned int net_params_count = ARRAY_SIZE(net_params);

static const void *net_gen(const void *prev, char *desc, unsigned int from,
			   unsigned int to)
{
	const struct net_param *p = prev ? prev : net_params + from - 1;

	if (++p >= net_params + to)
		return NULL;
	strscpy(desc, p->name, KUNIT_PARAM_DESC_SIZE);
	return p;
}

KUNIT_GENERATOR(net_gen_params)
{
	return net_gen(prev, desc, 0, net_params_count);
}

KUNIT_GENERATOR(net_gen_modes)
{
	return net_gen(prev, desc, 3, 6);
}

KUNIT_GENERATOR(net_gen_mergeable)
{
	const struct net_param *p = prev;

	do {
		p = net_gen(p, desc, 0, net_params_count);
	} while (p && p->mode != NET_MERGEABLE);
	return p;
}

/* Big mode only, each ring. */
KUNIT_GENERATOR(net_gen_big)
{
	const struct net_param *p = prev;

	do {
		p = net_gen(p, desc, 0, net_params_count);
	} while (p && p->mode != NET_BIG);
	return p;
}

/* One ring, mergeable. */
KUNIT_GENERATOR(net_gen_one_mergeable)
{
	return net_gen(prev, desc, 5, 6);
}
