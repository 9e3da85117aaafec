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

static void virtnet_rx_first_free(struct receive_queue *rq,
				  struct virtnet_rx_buf *buf, bool napi)
{
	if (buf->page)
		page_pool_put_full_page(virtnet_rx_pool(rq,
							virtnet_rx_buf_size(buf)),
					buf->page, napi);
	buf->page = NULL;
	buf->ready = 0;
}

/* Another page to cut buffers from. Its address differs by so much for the device. */
static noinline bool virtnet_rx_memory_page(struct receive_queue *rq,
					    struct virtnet_rx_slice *slice,
					    u32 layout, gfp_t gfp)
{
	u32 size = virtnet_rx_layout_size(layout);

	if (!virtnet_rx_slice_page(virtnet_rx_pool(rq, size), slice, size,
				   gfp | VIRTNET_RX_GFP))
		return false;
	if (rq->premapped)
		slice->map = virtnet_rx_page_addr(rq, slice->page) -
			     (unsigned long)slice->next;
	return true;
}

/* The page that buffers of a layout are cut from. */
static struct virtnet_rx_slice *virtnet_rx_slice_of(struct receive_queue *rq,
						    u32 layout)
{
	return unlikely(virtnet_rx_is_bulk(virtnet_rx_layout_size(layout))) ?
	       &rq->bulk : &rq->slice;
}

/* Bytes for the device in a buffer of this layout, or in the first of a chain. */
static u32 virtnet_rx_layout_room(u32 layout)
{
	u32 headroom = virtnet_rx_layout_headroom(layout);
	u32 room = virtnet_rx_layout_size(layout);

	if (likely(headroom))
		room -= headroom + VIRTNET_RX_TAILROOM;
	return room;
}

/* The next part of the page becomes the memory of a slot. */
static __always_inline void virtnet_rx_first_take(struct virtnet_rx_slice *slice,
						  struct virtnet_rx_buf *buf,
						  u32 layout)
{
	void *data = virtnet_rx_slice_next(slice, virtnet_rx_layout_size(layout));

	buf->page = slice->page;
	buf->hdr = data + virtnet_rx_layout_headroom(layout);
	buf->layout = layout;
	buf->len = virtnet_rx_layout_room(layout);
}

static int virtnet_rx_first_alloc(struct receive_queue *rq,
				  struct virtnet_rx_buf *buf, gfp_t gfp)
{
	struct virtnet_rx_slice *slice = virtnet_rx_slice_of(rq, rq->want);

	if (!slice->left && !virtnet_rx_memory_page(rq, slice, rq->want, gfp))
		return -ENOMEM;
	virtnet_rx_first_take(slice, buf, rq->want);
	virtnet_rx_sg_first(rq, buf, buf->len);
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
	buf->len = virtnet_rx_layout_room(buf->layout) +
		   (rq->plan.pages - 1) * PAGE_SIZE;
	return 0;
}

/* Large pages are scarce: make do with small ones a while. */
static noinline int virtnet_rx_first_small(struct receive_queue *rq,
					   struct virtnet_rx_buf *buf,
					   gfp_t gfp)
{
	if (rq->want != rq->plan.bulk_size)
		return -ENOMEM;
	virtnet_rx_want(rq, virtnet_rx_layout(&rq->plan));
	rq->bulk_after = jiffies + HZ;
	return virtnet_rx_first_alloc(rq, buf, gfp);
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
	int err = 0;

	if (unlikely(buf->page) && buf->layout != rq->want)
		virtnet_rx_first_free(rq, buf, true);
	if (likely(!buf->page) && virtnet_rx_first_alloc(rq, buf, gfp))
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

/*
 * Give an empty slot its memory, if that is at hand: what virtnet_rx_buf_back() would do.
 * Return: false if it is not.
 */
static __always_inline bool virtnet_rx_buf_quick(struct virtnet_rx_slice *slice,
						 struct virtnet_rx_buf *buf,
						 u32 want, bool premapped)
{
	if (unlikely(buf->page || !slice->left))
		return false;
	virtnet_rx_first_take(slice, buf, want);
	if (premapped)
		compat_sg_premapped(buf->sg,
				    (unsigned long)buf->hdr + slice->map,
				    buf->len);
	else
		sg_set_page(buf->sg, buf->page, buf->len,
			    buf->hdr - page_address(buf->page));
	buf->ready = want;
	return true;
}

/* Post one slot. What does not change is in registers of the loop around it. */
static __always_inline int
virtnet_rx_post(struct receive_queue *rq, struct virtqueue *vq,
		struct virtnet_rx_slice *slice, struct virtnet_rx_buf *buf,
		u32 want, bool premapped, gfp_t gfp)
{
	int err;

	if (buf->ready != want &&
	    !(rq->simple && virtnet_rx_buf_quick(slice, buf, want, premapped))) {
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
	struct virtnet_rx_slice *slice = virtnet_rx_slice_of(rq, want);
	unsigned int i, n;
	int err = 0;

	if (rq->xsk)
		return virtnet_xsk_fill(rq, posted);
	n = min_t(unsigned int, rq->nr_free, ring_free(vq) / rq->descs);
	for (i = 0; i < n; i++) {
		err = virtnet_rx_post(rq, vq, slice, *--top, want, premapped,
				      gfp);
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
	slice->left = (u32)(PAGE_SIZE << pool->p.order) / size;
	page_pool_fragment_page(page, slice->left);
	return true;
}

/**
 * virtnet_rx_want() - from here on, buffers of another layout
 * @rq: the queue; NAPI context, or NAPI is off
 * @layout: virtnet_rx_layout() or one of the others that the plan has
 *
 * What is in the ring stays, and is replaced when it comes back.
 */
void virtnet_rx_want(struct receive_queue *rq, u32 layout)
{
	/* All parts of a page are of one size. */
	virtnet_rx_slice_free(rq->pool, &rq->slice);
	rq->want = layout;
}

void virtnet_rx_slices_free(struct receive_queue *rq)
{
	virtnet_rx_slice_free(rq->copy_pool, &rq->copy);
	virtnet_rx_slice_free(rq->pool, &rq->slice);
	virtnet_rx_slice_free(rq->bulk_pool, &rq->bulk);
	virtnet_rx_slice_free(rq->copy_pool, &rq->frame);
}
