// SPDX-License-Identifier: GPL-2.0
/*
 * Receive buffers: slots, the memory they hold, and the skbs made of it.
 *
 * A slot that comes back from the ring keeps whatever memory its packet did
 * not need, and is posted again as it is; only what went up the stack is
 * replaced. Where the virtio core takes addresses that were mapped before, a
 * page is mapped once in its life.
 */
#include <virtnet/rx.h>
#include <virtnet/virtnet.h>
#include <virtnet/xsk.h>

#include <linux/prefetch.h>

/*
 * Memory the device may see must hold nothing of ours. Mapping for bounce buffers
 * copies the old content out, so pages are zeroed when the pool first gets them.
 * A recycled page holds what came from the device, and what the stack made of it
 * in place, which may be plain text: it is shown again only where the ring maps
 * each buffer anew, and see virtnet_rx_wipe() for that.
 */
#define VIRTNET_RX_GFP	(__GFP_ZERO | __GFP_NOWARN)

/* What the device calls a page of ours, where it takes addresses from us. */
static dma_addr_t virtnet_rx_page_addr(const struct receive_queue *rq,
				       struct page *page)
{
	return rq->dma_dev ? page_pool_get_dma_addr(page) : page_to_phys(page);
}

/* Describe a part of a page to the device. */
static void virtnet_rx_sg_set(struct receive_queue *rq, struct scatterlist *sg,
			      struct page *page, u32 off, u32 len)
{
	sg_set_page(sg, page, len, off);
	if (!rq->premapped)
		return;
	compat_sg_premapped(sg, off + virtnet_rx_page_addr(rq, page), len);
}

/*
 * A legacy device without ANY_LAYOUT wants the header of a packet that cannot
 * be merged in a descriptor of its own (virtio 1.3, 5.1.6.3.1).
 */
static noinline void virtnet_rx_sg_first(struct receive_queue *rq,
					 struct virtnet_rx_buf *buf, u32 len)
{
	u32 off = buf->hdr - page_address(buf->page), hdr = rq->hdr_len;

	if (!rq->split_hdr) {
		virtnet_rx_sg_set(rq, &buf->sg[0], buf->page, off, len);
		return;
	}
	virtnet_rx_sg_set(rq, &buf->sg[0], buf->page, off, hdr);
	virtnet_rx_sg_set(rq, &buf->sg[1], buf->page, off + hdr, len - hdr);
}

static struct page_pool *virtnet_rx_pool(const struct receive_queue *rq,
					 u32 size)
{
	return virtnet_rx_is_bulk(size) ? rq->bulk_pool : rq->pool;
}

static void virtnet_rx_first_free(struct receive_queue *rq,
				  struct virtnet_rx_buf *buf, bool napi)
{
	if (buf->page)
		page_pool_put_full_page(virtnet_rx_pool(rq, buf->size),
					buf->page, napi);
	buf->page = NULL;
	buf->ready = 0;
}

/* Another page to cut buffers from. Its address differs by so much for the device. */
static noinline void *virtnet_rx_memory_page(struct receive_queue *rq, u32 size,
					     gfp_t gfp)
{
	void *data = virtnet_rx_slice(rq->pool, &rq->slice, size, gfp);

	if (data && rq->premapped)
		rq->slice_map = virtnet_rx_page_addr(rq, rq->slice.page) -
				(unsigned long)data;
	return data;
}

/* Memory for a slot: part of a page, or a page of bulk size. */
static __always_inline void *virtnet_rx_memory(struct receive_queue *rq,
					       u32 size, gfp_t gfp,
					       struct page **page,
					       dma_addr_t *map)
{
	void *data;

	if (unlikely(virtnet_rx_is_bulk(size))) {
		*page = page_pool_alloc_pages(rq->bulk_pool, gfp);
		if (!*page)
			return NULL;
		data = page_address(*page);
		*map = virtnet_rx_page_addr(rq, *page) - (unsigned long)data;
		return data;
	}
	if (likely(rq->slice.left))
		data = virtnet_rx_slice(rq->pool, &rq->slice, size, gfp);
	else
		data = virtnet_rx_memory_page(rq, size, gfp);
	*page = rq->slice.page;
	*map = rq->slice_map;
	return data;
}

static __always_inline int virtnet_rx_first_alloc(struct receive_queue *rq,
						  struct virtnet_rx_buf *buf,
						  u32 size, gfp_t gfp)
{
	bool bulk = virtnet_rx_is_bulk(size);
	u16 headroom = bulk ? 0 : rq->plan.headroom;
	unsigned int room = size;
	struct page *page;
	dma_addr_t map;
	void *data;

	data = virtnet_rx_memory(rq, size, gfp | VIRTNET_RX_GFP, &page, &map);
	if (unlikely(!data))
		return -ENOMEM;
	buf->page = page;
	buf->headroom = headroom;
	buf->hdr = data + headroom;
	buf->size = size;
	if (likely(!bulk))
		room -= headroom + VIRTNET_RX_TAILROOM;
	buf->len = room;
	if (likely(rq->premapped && !rq->split_hdr)) {
		compat_sg_premapped(buf->sg, (unsigned long)buf->hdr + map,
				    room);
	} else {
		virtnet_rx_sg_first(rq, buf, room);
	}
	return 0;
}

/* Pages behind the first of a big-mode chain, as far as they are missing. */
static noinline int virtnet_rx_chain_alloc(struct receive_queue *rq,
					   struct virtnet_rx_buf *buf,
					   gfp_t gfp)
{
	unsigned int i, off;
	struct page *page;

	for (i = virtnet_rx_chain_first(rq); i < rq->nsg; i++) {
		if (sg_page(&buf->sg[i]))
			continue;
		page = page_pool_alloc_frag(rq->pool, &off, PAGE_SIZE,
					    gfp | VIRTNET_RX_GFP);
		if (!page)
			return -ENOMEM;
		virtnet_rx_sg_set(rq, &buf->sg[i], page, off, PAGE_SIZE);
	}
	buf->len = buf->size - buf->headroom - VIRTNET_RX_TAILROOM +
		   (rq->plan.pages - 1) * PAGE_SIZE;
	return 0;
}

/* The layout that the first memory of a slot was made for. */
static u32 virtnet_rx_buf_layout(const struct virtnet_rx_buf *buf)
{
	return (u32)buf->headroom << 16 | buf->size;
}

/* Large pages are scarce: make do with small ones a while. */
static noinline int virtnet_rx_first_small(struct receive_queue *rq,
					   struct virtnet_rx_buf *buf,
					   gfp_t gfp)
{
	u16 size = rq->plan.buf_size;

	if (virtnet_rx_layout_size(rq->want) != rq->plan.bulk_size)
		return -ENOMEM;
	rq->want = virtnet_rx_layout(&rq->plan, size);
	rq->bulk_after = jiffies + HZ;
	return virtnet_rx_first_alloc(rq, buf, size, gfp);
}

/* A ring that bounces each buffer by itself is about to show the device all of this one. */
static noinline void virtnet_rx_wipe(const struct virtnet_rx_buf *buf,
				     unsigned int nsg)
{
	unsigned int i;

	for (i = 0; i < nsg; i++)
		memset(sg_virt(&buf->sg[i]), 0, buf->sg[i].length);
}

/* Give a slot the memory it lacks, or memory of the size now wanted. */
static noinline int virtnet_rx_buf_back(struct receive_queue *rq,
					struct virtnet_rx_buf *buf, gfp_t gfp)
{
	u16 size = virtnet_rx_layout_size(rq->want);
	int err = 0;

	if (unlikely(buf->page) && virtnet_rx_buf_layout(buf) != rq->want)
		virtnet_rx_first_free(rq, buf, true);
	if (likely(!buf->page) && virtnet_rx_first_alloc(rq, buf, size, gfp))
		err = virtnet_rx_first_small(rq, buf, gfp);
	if (unlikely(rq->plan.pages > 1) && !err)
		err = virtnet_rx_chain_alloc(rq, buf, gfp);
	if (unlikely(err))
		return err;
	if (unlikely(rq->wipe))
		virtnet_rx_wipe(buf, rq->nsg);
	buf->ready = rq->want;
	return 0;
}

/* Return a slot's memory to the pool; not from NAPI, which is off. */
void virtnet_rx_buf_free(struct receive_queue *rq, struct virtnet_rx_buf *buf)
{
	unsigned int i;

	virtnet_rx_first_free(rq, buf, false);
	for (i = virtnet_rx_chain_first(rq); i < rq->nsg; i++)
		if (sg_page(&buf->sg[i]))
			page_pool_put_full_page(rq->pool, sg_page(&buf->sg[i]),
						false);
}

static void virtnet_rx_sync_dev(struct receive_queue *rq,
				const struct virtnet_rx_buf *buf)
{
	unsigned int i;

	for (i = 0; i < rq->nsg; i++)
		dma_sync_single_for_device(rq->dma_dev,
					   sg_dma_address(&buf->sg[i]),
					   sg_dma_len(&buf->sg[i]),
					   DMA_FROM_DEVICE);
}

/**
 * virtnet_rx_sync_cpu() - make what the device wrote visible
 * @rq: a queue whose buffers are mapped by us
 * @buf: the buffer
 * @len: bytes written, checked against buf->len
 */
void virtnet_rx_sync_cpu(struct receive_queue *rq,
			 const struct virtnet_rx_buf *buf, u32 len)
{
	unsigned int i, part;

	for (i = 0; len; i++, len -= part) {
		part = min(len, sg_dma_len(&buf->sg[i]));
		dma_sync_single_for_cpu(rq->dma_dev,
					sg_dma_address(&buf->sg[i]), part,
					DMA_FROM_DEVICE);
	}
}

/* Post one slot. What does not change is in registers of the loop around it. */
static __always_inline int
virtnet_rx_post(struct receive_queue *rq, struct virtqueue *vq,
		struct virtnet_rx_buf *buf, u32 want, bool premapped, gfp_t gfp)
{
	int err;

	if (unlikely(buf->ready != want)) {
		err = virtnet_rx_buf_back(rq, buf, gfp);
		if (err)
			return err;
	}
	if (unlikely(rq->dma_dev))
		virtnet_rx_sync_dev(rq, buf);
	return ring_add_in(vq, buf->sg, rq->nsg, buf, premapped, gfp);
}

/**
 * virtnet_rx_fill() - post buffers until the ring or the plan is full
 * @rq: the queue; NAPI context, or NAPI is off
 * @gfp: allocation context
 * @posted: how many were posted
 *
 * Does not kick: the device may not be ready for it yet.
 *
 * Return: 0, or -ENOMEM if the ring could not be filled.
 */
int virtnet_rx_fill(struct receive_queue *rq, gfp_t gfp, unsigned int *posted)
{
	struct virtnet_rx_buf **top = rq->free_bufs + rq->nr_free;
	const bool premapped = rq->premapped;
	struct virtqueue *vq = rq->vq;
	const u32 want = rq->want;
	unsigned int i, n;
	int err = 0;

	if (rq->xsk)
		return virtnet_xsk_fill(rq, posted);
	n = min_t(unsigned int, rq->nr_free, ring_free(vq) / rq->descs);
	for (i = 0; i < n; i++) {
		err = virtnet_rx_post(rq, vq, *--top, want, premapped, gfp);
		if (unlikely(err))
			break;
	}
	rq->nr_free -= i;
	*posted = i;
	return err == -ENOMEM ? err : 0;
}

/**
 * virtnet_rx_burst() - take a few used entries off the ring at once
 * @rq: the queue; all of the last burst is used up
 *
 * The first bytes of each packet are on their way to the cache when
 * virtnet_rx_next() hands the buffer out.
 *
 * Return: false if there is none.
 */
bool virtnet_rx_burst(struct receive_queue *rq)
{
	struct virtnet_rx_used *used = rq->used;
	const struct virtnet_rx_used *end = used + VIRTNET_RX_BURST;

	for (; used < end; used++) {
		used->buf = ring_get(rq->vq, &used->len);
		if (!used->buf)
			break;
		prefetch(used->buf->hdr);
	}
	rq->used_next = rq->used;
	rq->used_end = used;
	rq->dry = used < end;
	return used != rq->used;
}

/* A packet too large for a copy piece in a buffer too large to give away. */
struct sk_buff *virtnet_rx_copy_large(struct receive_queue *rq,
				      const void *data, u32 len)
{
	struct sk_buff *skb = napi_alloc_skb(&rq->napi, len);

	if (likely(skb))
		skb_put_data(skb, data, len);
	return skb;
}

/* Return the parts that nobody needed. */
static void virtnet_rx_slice_free(struct page_pool *pool,
				  struct virtnet_rx_slice *slice)
{
	for (; slice->left; slice->left--)
		page_pool_put_full_page(pool, slice->page, false);
}

/**
 * virtnet_rx_slice_page() - another page to be cut
 * @pool: where it comes from
 * @slice: where it goes to; no part of the last one is left
 * @size: bytes of a part
 * @gfp: allocation context
 *
 * NAPI context, or NAPI is off. Return: false without memory.
 */
bool virtnet_rx_slice_page(struct page_pool *pool,
			   struct virtnet_rx_slice *slice, u32 size, gfp_t gfp)
{
	struct page *page = page_pool_alloc_pages(pool, gfp);

	if (unlikely(!page))
		return false;
	slice->page = page;
	slice->next = page_address(page);
	slice->left = (PAGE_SIZE << VIRTNET_POOL_ORDER) / size;
	page_pool_fragment_page(page, slice->left);
	return true;
}

void virtnet_rx_slices_free(struct receive_queue *rq)
{
	virtnet_rx_slice_free(rq->copy_pool, &rq->copy);
	virtnet_rx_slice_free(rq->pool, &rq->slice);
	virtnet_rx_slice_free(rq->copy_pool, &rq->frame);
}
