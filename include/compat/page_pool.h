/* SPDX-License-Identifier: GPL-2.0 */
/*
 * page_pool, as 6.12 and later have it.
 *
 * Fragments. Newer pools count the users of every page, so that a page can be given out
 * whole or in pieces (page_pool_dev_alloc_frag()) as the driver likes. Pools of
 * 6.1 count only when created with PP_FLAG_PAGE_FRAG, and then a page
 * given out whole has no valid count: returning it corrupts the pool. Here every pool
 * of such a kernel is created with that flag, and whole pages are given out with a
 * count of one, so that the newer rules hold: mixing is fine.
 *
 * Two things differ all the same, in what they cost rather than in what they do:
 * - without page_pool_params.napi, pages of an skb that the stack frees come back through
 *   the pool's ptr_ring, never straight into its cache;
 * - the rest of a page too small for the next fragment is lost until the page comes back
 *   (on all kernels).
 *
 * Without PP_FLAG_DMA_MAP a pool needs no device (.dev may be NULL), on all kernels.
 */
#ifndef _COMPAT_PAGE_POOL_H
#define _COMPAT_PAGE_POOL_H

#ifdef HAVE_PAGE_POOL_HELPERS_H
#include <net/page_pool/helpers.h>
#include <net/page_pool/types.h>
#else
#include <net/page_pool.h>
#endif

/*
 * page_pool_get_stats() adds up into *stats where the kernel keeps them. Distributions
 * differ: page_pool_stats_kept() says so.
 */
#ifdef HAVE_PAGE_POOL_STATS
static inline bool page_pool_stats_kept(void)
{
	return true;
}
#else
struct page_pool_alloc_stats {
	u64 fast;
	u64 slow;
	u64 slow_high_order;
	u64 empty;
	u64 refill;
	u64 waive;
};

struct page_pool_recycle_stats {
	u64 cached;
	u64 cache_full;
	u64 ring;
	u64 ring_full;
	u64 released_refcnt;
};

struct page_pool_stats {
	struct page_pool_alloc_stats alloc_stats;
	struct page_pool_recycle_stats recycle_stats;
};

static inline bool page_pool_stats_kept(void)
{
	return false;
}

static inline void page_pool_get_stats(const struct page_pool *pool, struct page_pool_stats *stats)
{
}
#endif

#ifndef HAVE_PAGE_POOL_PARAMS_QUEUE_IDX
/* The newest parameters; those that the kernel does not know are dropped on the way. */
struct compat_page_pool_params {
	unsigned int order;
	unsigned int pool_size;
	int nid;
	struct device *dev;
	struct napi_struct *napi;
	enum dma_data_direction dma_dir;
	unsigned int max_len;
	unsigned int offset;
	struct net_device *netdev;
	unsigned int queue_idx;
	unsigned int flags;
};

static inline struct page_pool *
compat_page_pool_create(const struct compat_page_pool_params *params)
{
	struct page_pool_params pp = {
		.order = params->order,
		.pool_size = params->pool_size,
		.nid = params->nid,
		.dev = params->dev,
		.dma_dir = params->dma_dir,
		.max_len = params->max_len,
		.offset = params->offset,
		.flags = params->flags,
	};

#ifdef HAVE_PAGE_POOL_PARAMS_NAPI
	pp.napi = params->napi;
#endif
#ifdef HAVE_PAGE_POOL_PARAMS_NETDEV
	pp.netdev = params->netdev;
#endif
#ifdef HAVE_PAGE_POOL_FRAG_FLAG
	pp.flags |= PP_FLAG_PAGE_FRAG;
#endif
	return page_pool_create(&pp);
}

#define page_pool_params compat_page_pool_params
#define page_pool_create compat_page_pool_create
#endif

#ifdef HAVE_PAGE_POOL_FRAG_FLAG
/* For those who want to say it: a pool is created with it anyway. */
#define VIRTNET_PP_FLAG_FRAG PP_FLAG_PAGE_FRAG

static inline struct page *compat_page_pool_alloc_pages(struct page_pool *pool, gfp_t gfp)
{
	struct page *page = page_pool_alloc_pages(pool, gfp);

	if (likely(page))
		page_pool_fragment_page(page, 1);
	return page;
}

static inline struct page *compat_page_pool_dev_alloc_pages(struct page_pool *pool)
{
	return compat_page_pool_alloc_pages(pool, GFP_ATOMIC | __GFP_NOWARN);
}

#define page_pool_alloc_pages compat_page_pool_alloc_pages
#define page_pool_dev_alloc_pages compat_page_pool_dev_alloc_pages
/* A user of a page goes, returns how many are left. */
#define page_pool_unref_page page_pool_defrag_page
#else
#define VIRTNET_PP_FLAG_FRAG 0
#endif

#ifndef HAVE_PAGE_POOL_ALLOC_VA
/*
 * A buffer of at least *size bytes; *size becomes what there really is: the whole page when
 * two do not fit into it.
 */
static inline struct page *compat_page_pool_alloc(struct page_pool *pool, unsigned int *offset,
						  unsigned int *size, gfp_t gfp)
{
	unsigned int max_size = PAGE_SIZE << pool->p.order;

	if (*size << 1 > max_size) {
		*size = max_size;
		*offset = 0;
		return page_pool_alloc_pages(pool, gfp);
	}
	return page_pool_alloc_frag(pool, offset, *size, gfp);
}

static inline struct page *compat_page_pool_dev_alloc(struct page_pool *pool,
						      unsigned int *offset,
						      unsigned int *size)
{
	return compat_page_pool_alloc(pool, offset, size, GFP_ATOMIC | __GFP_NOWARN);
}

static inline void *compat_page_pool_dev_alloc_va(struct page_pool *pool, unsigned int *size)
{
	unsigned int offset;
	struct page *page = compat_page_pool_dev_alloc(pool, &offset, size);

	return likely(page) ? page_address(page) + offset : NULL;
}

static inline void compat_page_pool_free_va(struct page_pool *pool, void *va, bool allow_direct)
{
	page_pool_put_page(pool, virt_to_head_page(va), -1, allow_direct);
}

#define page_pool_alloc compat_page_pool_alloc
#define page_pool_dev_alloc compat_page_pool_dev_alloc
#define page_pool_dev_alloc_va compat_page_pool_dev_alloc_va
#define page_pool_free_va compat_page_pool_free_va
#endif

/*
 * Detaching a pool from its NAPI keeps others from using its cache. Without .napi, nobody
 * but the owner does.
 */
#ifndef HAVE_PAGE_POOL_DISABLE_DIRECT_RECYCLING
static inline void page_pool_disable_direct_recycling(struct page_pool *pool)
{
}
#endif

#endif
