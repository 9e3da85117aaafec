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

#include <linux/prefetch.h>

/*
 * Memory the device may see must hold nothing of ours. Bounce buffers copy
 * the old content out, so pages are zeroed when the pool first gets them; what
 * a recycled page holds came from the device.
 */
#define VIRTNET_RX_GFP	(__GFP_ZERO | __GFP_NOWARN)

/* Describe a piece of a page to the device. */
static void virtnet_rx_sg_set(struct receive_queue *rq, struct scatterlist *sg,
			      struct page *page, u32 off, u32 len)
{
	sg_set_page(sg, page, len, off);
	if (!rq->premapped)
		return;
	sg_dma_address(sg) = off + (rq->dma_dev ? page_pool_get_dma_addr(page) :
						  page_to_phys(page));
	sg_dma_len(sg) = len;
}

/*
 * A legacy device without ANY_LAYOUT wants the header of a packet that cannot
 * be merged in a descriptor of its own (virtio 1.3, 5.1.6.3.1).
 */
static void virtnet_rx_sg_first(struct receive_queue *rq,
				struct virtnet_rx_buf *buf, u32 off, u32 len)
{
	u32 hdr = rq->hdr_len;

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
	return size > PAGE_SIZE ? rq->bulk_pool : rq->pool;
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

static int virtnet_rx_first_alloc(struct receive_queue *rq,
				  struct virtnet_rx_buf *buf, u32 size,
				  gfp_t gfp)
{
	u16 headroom = rq->plan.headroom;
	unsigned int off, room;

	buf->page = page_pool_alloc_frag(virtnet_rx_pool(rq, size), &off, size,
					 gfp | VIRTNET_RX_GFP);
	if (!buf->page)
		return -ENOMEM;
	buf->headroom = headroom;
	buf->hdr = page_address(buf->page) + off + headroom;
	buf->size = size;
	room = size - headroom - VIRTNET_RX_TAILROOM;
	buf->len = room + (rq->plan.pages - 1) * PAGE_SIZE;
	virtnet_rx_sg_first(rq, buf, off + headroom, room);
	return 0;
}

/* Pages behind the first of a big-mode chain, as far as they are missing. */
static int virtnet_rx_chain_alloc(struct receive_queue *rq,
				  struct virtnet_rx_buf *buf, gfp_t gfp)
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
	return 0;
}

/* The layout that the first memory of a slot was made for. */
static u32 virtnet_rx_buf_layout(const struct virtnet_rx_buf *buf)
{
	return (u32)buf->headroom << 16 | buf->size;
}

/* Give a slot the memory it lacks, or memory of the size now wanted. */
static noinline int virtnet_rx_buf_back(struct receive_queue *rq,
					struct virtnet_rx_buf *buf, gfp_t gfp)
{
	u16 size = virtnet_rx_layout_size(rq->want);
	int err;

	if (buf->page && virtnet_rx_buf_layout(buf) != rq->want)
		virtnet_rx_first_free(rq, buf, true);
	if (!buf->page && virtnet_rx_first_alloc(rq, buf, size, gfp)) {
		if (size != rq->plan.bulk_size)
			return -ENOMEM;
		/* Large pages are scarce: make do with small ones a while. */
		size = rq->plan.buf_size;
		rq->want = virtnet_rx_layout(&rq->plan, size);
		rq->bulk_after = jiffies + HZ;
		if (virtnet_rx_first_alloc(rq, buf, size, gfp))
			return -ENOMEM;
	}
	err = virtnet_rx_chain_alloc(rq, buf, gfp);
	if (!err)
		buf->ready = rq->want;
	return err;
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

/* Post the slot on top of the free list. */
static __always_inline int virtnet_rx_post(struct receive_queue *rq, gfp_t gfp)
{
	struct virtnet_rx_buf *buf = rq->free_bufs[rq->nr_free - 1];
	int err;

	if (unlikely(buf->ready != rq->want)) {
		err = virtnet_rx_buf_back(rq, buf, gfp);
		if (err)
			return err;
	}
	if (unlikely(rq->dma_dev))
		virtnet_rx_sync_dev(rq, buf);
	err = ring_add_in(rq->vq, buf->sg, rq->nsg, buf, rq->premapped, gfp);
	if (likely(!err))
		rq->nr_free--;
	return err;
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
	int err = 0;

	for (*posted = 0; rq->nr_free && ring_free(rq->vq) >= rq->descs;
	     (*posted)++) {
		err = virtnet_rx_post(rq, gfp);
		if (unlikely(err))
			break;
	}
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

/*
 * A page for the next small packets. Its reference count is set once for all
 * pieces, where a fragment from the pool would cost a call each.
 */
bool virtnet_rx_piece_page(struct receive_queue *rq)
{
	struct page *page = page_pool_dev_alloc_pages(rq->copy_pool);

	if (unlikely(!page))
		return false;
	page_pool_fragment_page(page, VIRTNET_COPY_PIECES);
	rq->piece = page_address(page);
	rq->pieces = VIRTNET_COPY_PIECES;
	return true;
}

/* Return the pieces that no packet needed; not from NAPI, which is off. */
void virtnet_rx_pieces_free(struct receive_queue *rq)
{
	for (; rq->pieces; rq->pieces--)
		page_pool_put_full_page(rq->copy_pool,
					virt_to_head_page(rq->piece), false);
}

/**
 * virtnet_rx_build() - make an skb around a received buffer
 * @rq: the queue
 * @buf: the buffer; its memory belongs to the skb afterwards
 * @len: bytes of packet in it, behind the vnet header
 *
 * Return: the skb, or NULL with @buf untouched.
 */
struct sk_buff *virtnet_rx_build(struct receive_queue *rq,
				 struct virtnet_rx_buf *buf, u32 len)
{
	struct sk_buff *skb = napi_build_skb(buf->hdr - buf->headroom, buf->size);

	if (unlikely(!skb))
		return NULL;
	skb_mark_for_recycle(skb);
	skb_reserve(skb, buf->headroom + rq->hdr_len);
	__skb_put(skb, len);
	buf->page = NULL;
	buf->ready = 0;
	return skb;
}
