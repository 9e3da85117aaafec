// SPDX-License-Identifier: GPL-2.0
/*
 * Receive buffers: slots, the memory they hold, and the skbs made of it.
 *
 * A slot that comes back from the ring keeps whatever memory its packet did
 * not need, and posts it again; only what went up the stack is replaced.
 */
#include <virtnet/rx.h>
#include <virtnet/virtnet.h>


/*
 * Memory the device may see must hold nothing of ours. Bounce buffers copy
 * the old content out, so pages are zeroed when the pool first gets them; what
 * a recycled page holds came from the device.
 */
#define VIRTNET_RX_GFP	(__GFP_ZERO | __GFP_NOWARN)

static struct page *virtnet_rx_page(struct receive_queue *rq, u32 size,
				    unsigned int *off, gfp_t gfp)
{
	return page_pool_alloc_frag(rq->pool, off, size, gfp | VIRTNET_RX_GFP);
}

static void virtnet_rx_page_put(struct receive_queue *rq, struct page **page,
				bool napi)
{
	if (*page)
		page_pool_put_full_page(rq->pool, *page, napi);
	*page = NULL;
}

/* Give the slot memory of the wanted size, unless it still has some. */
static int virtnet_rx_buf_back(struct receive_queue *rq,
			       struct virtnet_rx_buf *buf, u32 size, gfp_t gfp)
{
	unsigned int off;

	if (buf->page && buf->size == size)
		return 0;
	virtnet_rx_page_put(rq, &buf->page, true);
	buf->page = virtnet_rx_page(rq, size, &off, gfp);
	if (!buf->page)
		return -ENOMEM;
	buf->va = page_address(buf->page) + off;
	buf->size = size;
	return 0;
}

/* The same for the further pages of a chain. */
static int virtnet_rx_chain_back(struct receive_queue *rq,
				 struct virtnet_rx_buf *buf, gfp_t gfp)
{
	unsigned int i, off;

	for (i = 0; i < rq->plan.pages - 1; i++) {
		if (buf->chain[i])
			continue;
		buf->chain[i] = virtnet_rx_page(rq, PAGE_SIZE, &off, gfp);
		if (!buf->chain[i])
			return -ENOMEM;
	}
	return 0;
}

/**
 * virtnet_rx_buf_alloc() - a free slot with memory behind it
 * @rq: the queue; NAPI context, or NAPI is off
 * @size: bytes of the (first) buffer
 * @gfp: allocation context
 *
 * Return: the slot, off the free list, or NULL without memory. There must be
 * a free slot.
 */
struct virtnet_rx_buf *virtnet_rx_buf_alloc(struct receive_queue *rq, u32 size,
					    gfp_t gfp)
{
	struct virtnet_rx_buf *buf = &rq->bufs[rq->free_bufs[rq->nr_free - 1]];

	if (virtnet_rx_buf_back(rq, buf, size, gfp) ||
	    virtnet_rx_chain_back(rq, buf, gfp))
		return NULL;
	rq->nr_free--;
	return buf;
}

/* Back on the free list, with the memory it still holds. */
void virtnet_rx_buf_put(struct receive_queue *rq, struct virtnet_rx_buf *buf)
{
	rq->free_bufs[rq->nr_free++] = buf - rq->bufs;
}

/* Return a slot's memory to the pool; not from NAPI, which is off. */
void virtnet_rx_buf_free(struct receive_queue *rq, struct virtnet_rx_buf *buf)
{
	unsigned int i;

	virtnet_rx_page_put(rq, &buf->page, false);
	for (i = 0; i < rq->plan.pages - 1; i++)
		virtnet_rx_page_put(rq, &buf->chain[i], false);
}

/**
 * virtnet_rx_sg_first() - describe header and first data to the device
 * @rq: the queue; rq->sg is filled in from its start
 * @buf: the buffer
 * @len: bytes that the device may write there, header included
 *
 * A legacy device without ANY_LAYOUT wants the header of a packet that cannot
 * be merged in a descriptor of its own (virtio 1.3, 5.1.6.3.1).
 *
 * Return: number of entries used, 1 or 2.
 */
unsigned int virtnet_rx_sg_first(struct receive_queue *rq,
				 const struct virtnet_rx_buf *buf, u32 len)
{
	void *hdr = virtnet_rx_hdr(rq, buf);

	if (likely(!rq->split_hdr)) {
		sg_set_buf(&rq->sg[0], hdr, len);
		return 1;
	}
	sg_set_buf(&rq->sg[0], hdr, rq->hdr_len);
	sg_set_buf(&rq->sg[1], hdr + rq->hdr_len, len - rq->hdr_len);
	return 2;
}

/**
 * virtnet_rx_buf_add() - post a slot
 * @rq: the queue
 * @buf: the slot, buf->len set
 * @nsg: entries of rq->sg in use
 * @gfp: for an indirect table
 *
 * Return: 0, or -errno with the slot back on the free list.
 */
int virtnet_rx_buf_add(struct receive_queue *rq, struct virtnet_rx_buf *buf,
		       unsigned int nsg, gfp_t gfp)
{
	int err;

	sg_mark_end(&rq->sg[nsg - 1]);
	err = ring_add_in(rq->vq, rq->sg, nsg, buf, gfp);
	sg_unmark_end(&rq->sg[nsg - 1]);
	if (unlikely(err))
		virtnet_rx_buf_put(rq, buf);
	return err;
}

/* A small packet: copied, its buffer stays with the slot. */
struct sk_buff *virtnet_rx_copy(struct receive_queue *rq, const void *data,
				u32 len)
{
	struct sk_buff *skb = napi_alloc_skb(&rq->napi, len);

	if (likely(skb))
		skb_put_data(skb, data, len);
	return skb;
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
	struct sk_buff *skb = napi_build_skb(buf->va, buf->size);

	if (unlikely(!skb))
		return NULL;
	skb_mark_for_recycle(skb);
	skb_reserve(skb, rq->plan.headroom + rq->hdr_len);
	skb_put(skb, len);
	buf->page = NULL;
	return skb;
}

/**
 * virtnet_rx_first() - an skb with the first part of a packet
 * @rq: the queue
 * @buf: the buffer; what is left of it stays with the slot
 * @len: bytes of packet in it, behind the vnet header
 *
 * Return: the skb, or NULL without memory.
 */
struct sk_buff *virtnet_rx_first(struct receive_queue *rq,
				 struct virtnet_rx_buf *buf, u32 len)
{
	if (len <= VIRTNET_COPYBREAK)
		return virtnet_rx_copy(rq, virtnet_rx_data(rq, buf), len);
	return virtnet_rx_build(rq, buf, len);
}

/**
 * virtnet_rx_deliver() - give a packet to the stack
 * @rq: the queue
 * @skb: the packet, data at its Ethernet header
 * @hdr: its header, which passed the gate
 * @d: counters
 */
void virtnet_rx_deliver(struct receive_queue *rq, struct sk_buff *skb,
			const struct virtio_net_hdr *hdr,
			struct virtnet_rx_delta *d)
{
	/* The header's helper may look for the protocol of the device. */
	skb->dev = rq->vi->dev;
	if (!virtnet_hdr_plain(hdr) &&
	    unlikely(virtnet_hdr_rx(&rq->rules, hdr, skb))) {
		d->hdr_bad++;
		d->drops++;
		dev_kfree_skb_any(skb);
		return;
	}
	d->packets++;
	d->bytes += skb->len;
	skb_record_rx_queue(skb, rq->index);
	skb->protocol = eth_type_trans(skb, rq->vi->dev);
	napi_gro_receive(&rq->napi, skb);
}
