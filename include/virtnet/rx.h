/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Receive: what the common part (rx.c, rx_buf.c) and the three buffer modes
 * share. A mode says what buffers look like (virtnet_rx_plan()) and makes
 * packets of used ones (receive); posting is the same for all.
 */
#ifndef _VIRTNET_RX_H
#define _VIRTNET_RX_H

#include <compat/compat.h>

#include <linux/mm.h>
#include <linux/netdevice.h>
#include <virtnet/queues.h>
#include <virtnet/ring.h>
#include <virtnet/rx_list.h>
#include <virtnet/trace.h>

/* Wait between attempts to refill when there is no memory. */
#define VIRTNET_REFILL_MS_MIN	10
#define VIRTNET_REFILL_MS_MAX	1000

/*
 * Small packets are copied into slices of this size, which is all they pin;
 * their receive buffer stays where it is and is posted again.
 */
#define VIRTNET_COPY_SIZE	512
#define VIRTNET_COPY_HEAD	(NET_SKB_PAD + NET_IP_ALIGN)
#define VIRTNET_COPYBREAK	\
	((u32)(VIRTNET_COPY_SIZE - VIRTNET_COPY_HEAD - VIRTNET_RX_TAILROOM))
/* What fills less than this part of its buffer is copied in any case. */
#define VIRTNET_COPY_PART	8
/* Copying more than this never pays. */
#define VIRTNET_COPYBREAK_MAX	2048

/* Frames of the least size are the most common of the small ones. */
#define VIRTNET_COPY_SHORT	64

void skb_recv_done(struct virtqueue *vq);
int virtnet_poll(struct napi_struct *napi, int budget);
void try_fill_recv(struct receive_queue *rq, struct virtnet_rx_delta *d);
void virtnet_rx_refill_timer(struct timer_list *t);

/* The buffer modes: packets taken off the ring, up to @budget. */
int virtnet_receive_small(struct receive_queue *rq, int budget,
			  struct virtnet_rx_delta *d);
int virtnet_receive_big(struct receive_queue *rq, int budget,
			struct virtnet_rx_delta *d);
int virtnet_receive_mergeable(struct receive_queue *rq, int budget,
			      struct virtnet_rx_delta *d);

/* For the rare packet that XDP takes as an skb. */
struct sk_buff *virtnet_big_skb(struct receive_queue *rq,
				struct virtnet_rx_buf *buf, u32 len,
				struct virtnet_rx_delta *d);
struct sk_buff *
virtnet_mergeable_skb(struct receive_queue *rq, struct virtnet_rx_buf *buf,
		      u32 len, const struct virtio_net_hdr_mrg_rxbuf *hdr,
		      struct virtnet_rx_delta *d);
bool virtnet_mergeable_count(const struct receive_queue *rq,
			     const struct virtio_net_hdr_mrg_rxbuf *hdr,
			     unsigned int *n, struct virtnet_rx_delta *d);
void virtnet_mergeable_skip(struct receive_queue *rq, unsigned int n);

/* rx_buf.c: slots, their memory, and the skbs made of it */
int virtnet_rx_fill(struct receive_queue *rq, gfp_t gfp, unsigned int *posted);
void virtnet_rx_buf_free(struct receive_queue *rq, struct virtnet_rx_buf *buf);
void virtnet_rx_sync_cpu(struct receive_queue *rq,
			 const struct virtnet_rx_buf *buf, u32 len);
bool virtnet_rx_burst(struct receive_queue *rq);
struct sk_buff *virtnet_rx_copy_large(struct receive_queue *rq,
				      const void *data, u32 len);
bool virtnet_rx_slice_page(struct page_pool *pool,
			   struct virtnet_rx_slice *slice, u32 size, gfp_t gfp);
void virtnet_rx_slices_free(struct receive_queue *rq);
void virtnet_rx_want(struct receive_queue *rq, u32 layout);

/* rx_hash.c */
/**
 * struct virtnet_rx_hashed - the device's hash of a packet
 * @value: the hash
 * @report: VIRTIO_NET_HASH_REPORT_*, what it is of; NONE if there is none
 */
struct virtnet_rx_hashed {
	u32 value;
	u8 report;
};

void virtnet_rx_hash_read(const struct receive_queue *rq, const void *shared,
			  struct virtnet_rx_hashed *hashed,
			  struct virtnet_rx_delta *d);
void virtnet_rx_hash_set(struct sk_buff *skb,
			 const struct virtnet_rx_hashed *hashed);
void virtnet_rx_hash(const struct receive_queue *rq, struct sk_buff *skb,
		     const void *shared, struct virtnet_rx_delta *d);

/* Bytes of a chain's pages behind its first buffer start at this sg entry. */
static inline unsigned int virtnet_rx_chain_first(const struct receive_queue *rq)
{
	return 1 + rq->split_hdr;
}

/* Bytes of packet that fit the first buffer, in front of what it keeps free. */
static inline u32 virtnet_rx_first_room(const struct receive_queue *rq,
					const struct virtnet_rx_buf *buf)
{
	return virtnet_rx_buf_size(buf) - virtnet_rx_buf_headroom(buf) -
	       VIRTNET_RX_TAILROOM - rq->hdr_len;
}

/* Where buffers of a size come from. */
static inline struct page_pool *virtnet_rx_pool(const struct receive_queue *rq,
						u32 size)
{
	return virtnet_rx_is_bulk(size) ? rq->bulk_pool : rq->pool;
}

/* Back on the free list, with the memory it still holds. */
static inline void virtnet_rx_buf_put(struct receive_queue *rq,
				      struct virtnet_rx_buf *buf)
{
	rq->free_bufs[rq->nr_free++] = buf;
}

/* Is there a buffer that the device used? */
static __always_inline bool virtnet_rx_any(struct receive_queue *rq)
{
	return rq->used_next != rq->used_end || virtnet_rx_burst(rq);
}

/* virtnet_rx_next() where there is one. */
static __always_inline struct virtnet_rx_buf *
virtnet_rx_take(struct receive_queue *rq, u32 *len)
{
	const struct virtnet_rx_used *used = rq->used_next++;

	*len = used->len;
	return used->buf;
}

/**
 * virtnet_rx_next() - the next buffer that the device used
 * @rq: the queue; NAPI context
 * @len: what the device says it wrote; not to be trusted
 *
 * Return: the buffer, the caller's to put back, or NULL.
 */
static __always_inline struct virtnet_rx_buf *
virtnet_rx_next(struct receive_queue *rq, u32 *len)
{
	return virtnet_rx_any(rq) ? virtnet_rx_take(rq, len) : NULL;
}

/**
 * virtnet_rx_len_ok() - is the used length of a packet's first buffer sane?
 * @rq: the queue
 * @buf: the buffer
 * @len: what the device says it wrote
 * @d: counters
 *
 * Comes before anything else is done with the length.
 */
static inline bool virtnet_rx_len_ok(const struct receive_queue *rq,
				     const struct virtnet_rx_buf *buf, u32 len,
				     struct virtnet_rx_delta *d)
{
	if (unlikely(len < rq->min_len)) {
		d->len_short++;
		return false;
	}
	if (unlikely(len > buf->len)) {
		d->len_over++;
		return false;
	}
	return true;
}

/**
 * virtnet_rx_open() - take in a packet that lies in one buffer
 * @rq: the queue
 * @buf: the buffer
 * @len: what the device says it wrote; bytes of packet afterwards
 * @hdr: private copy of the header, which passed the gate
 * @d: counters
 *
 * Return: false if the packet must be dropped, counted by reason.
 */
static __always_inline bool
virtnet_rx_open(struct receive_queue *rq, const struct virtnet_rx_buf *buf,
		u32 *len, struct virtio_net_hdr *hdr,
		struct virtnet_rx_delta *d)
{
	if (!virtnet_rx_len_ok(rq, buf, *len, d))
		return false;
	if (unlikely(rq->dma_dev))
		virtnet_rx_sync_cpu(rq, buf, *len);
	virtnet_hdr_copy(hdr, buf->hdr, sizeof(*hdr));
	*len -= rq->hdr_len;
	if (unlikely(!virtnet_hdr_ok(&rq->rules, hdr, *len))) {
		d->hdr_bad++;
		return false;
	}
	return true;
}

/* The next part of a page that has one left. */
static __always_inline void *
virtnet_rx_slice_next(struct virtnet_rx_slice *slice, u32 size)
{
	void *data = slice->next;

	slice->next = data + size;
	slice->left--;
	return data;
}

/**
 * virtnet_rx_slice_any() - is there a part of a page for virtnet_rx_slice_next()?
 * @pool: where pages come from
 * @slice: the page in use; of this pool only
 * @size: bytes, the same for all of a page
 * @gfp: for another page
 *
 * Return: false without memory.
 */
static __always_inline bool
virtnet_rx_slice_any(struct page_pool *pool, struct virtnet_rx_slice *slice,
		     u32 size, gfp_t gfp)
{
	return likely(slice->left) ||
	       virtnet_rx_slice_page(pool, slice, size, gfp);
}

/* The part that was taken last was not needed. */
static inline void virtnet_rx_slice_back(struct virtnet_rx_slice *slice,
					 u32 size)
{
	slice->next -= size;
	slice->left++;
}

/* The first bytes of an skb just built: __skb_put() would look for fragments. */
static __always_inline void virtnet_rx_put(struct sk_buff *skb, u32 len)
{
	skb->len = len;
	skb->tail += len;
}

/**
 * virtnet_rx_copy() - an skb with a copy of a packet; the buffer is kept
 * @rq: the queue
 * @data: the packet
 * @len: its bytes
 *
 * Return: the skb, or NULL without memory.
 */
static __always_inline struct sk_buff *
virtnet_rx_copy(struct receive_queue *rq, const void *data, u32 len)
{
	struct sk_buff *skb;
	void *slice;

	if (unlikely(len > VIRTNET_COPYBREAK))
		return virtnet_rx_copy_large(rq, data, len);
	if (!virtnet_rx_slice_any(rq->copy_pool, &rq->copy, VIRTNET_COPY_SIZE,
				  GFP_ATOMIC | __GFP_NOWARN))
		return NULL;
	slice = virtnet_rx_slice_next(&rq->copy, VIRTNET_COPY_SIZE);
	skb = napi_build_skb(slice, VIRTNET_COPY_SIZE);
	if (unlikely(!skb)) {
		virtnet_rx_slice_back(&rq->copy, VIRTNET_COPY_SIZE);
		return NULL;
	}
	skb_mark_for_recycle(skb);
	skb_reserve(skb, VIRTNET_COPY_HEAD);
	/* A fixed size costs less; there is room, and a buffer has as much. */
	if (len <= VIRTNET_COPY_SHORT)
		memcpy(skb->data, data, VIRTNET_COPY_SHORT);
	else
		memcpy(skb->data, data, len);
	virtnet_rx_put(skb, len);
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
static __always_inline struct sk_buff *
virtnet_rx_build(struct receive_queue *rq, struct virtnet_rx_buf *buf, u32 len)
{
	struct sk_buff *skb;

	skb = napi_build_skb(buf->hdr - virtnet_rx_buf_headroom(buf),
			     virtnet_rx_buf_size(buf));
	if (unlikely(!skb))
		return NULL;
	skb_mark_for_recycle(skb);
	skb_reserve(skb, virtnet_rx_buf_headroom(buf) + rq->hdr_len);
	virtnet_rx_put(skb, len);
	buf->page = NULL;
	buf->ready = 0;
	return skb;
}

/* Is a packet, or its first part, to be copied? It would pin the rest of the buffer. */
static __always_inline bool virtnet_rx_copies(const struct receive_queue *rq,
					      const struct virtnet_rx_buf *buf,
					      u32 len)
{
	return len <= READ_ONCE(rq->copybreak) ||
	       len * VIRTNET_COPY_PART < virtnet_rx_buf_size(buf);
}

/**
 * virtnet_rx_first() - an skb with the first part of a packet
 * @rq: the queue
 * @buf: the buffer, one to build in; what is left of it stays with the slot
 * @len: bytes of packet in it, behind the vnet header
 *
 * Return: the skb, or NULL without memory.
 */
static __always_inline struct sk_buff *
virtnet_rx_first(struct receive_queue *rq, struct virtnet_rx_buf *buf, u32 len)
{
	if (virtnet_rx_copies(rq, buf, len))
		return virtnet_rx_copy(rq, buf->hdr + rq->hdr_len, len);
	return virtnet_rx_build(rq, buf, len);
}

/* A packet that was counted, data at its Ethernet header, to the stack. */
static __always_inline void virtnet_rx_up(struct receive_queue *rq,
					  struct sk_buff *skb)
{
	skb_record_rx_queue(skb, rq->shown);
	skb->protocol = eth_type_trans(skb, rq->dev);
	if (rq->listing && virtnet_rx_listed(skb))
		list_add_tail(&skb->list, &rq->list);
	else
		napi_gro_receive(&rq->napi, skb);
}

/* Count a packet whose header was carried over, and give it to the stack. */
static __always_inline void
virtnet_rx_count_up(struct receive_queue *rq, struct sk_buff *skb, u32 len,
		    const struct virtio_net_hdr *hdr, const void *shared,
		    struct virtnet_rx_delta *d)
{
	if (unlikely(rq->hash_report))
		virtnet_rx_hash(rq, skb, shared, d);
	trace_virtnet_rx(rq->dev, rq->index, skb, hdr);
	d->packets++;
	d->bytes += len;
	virtnet_rx_up(rq, skb);
}

/**
 * virtnet_rx_deliver() - give a packet to the stack
 * @rq: the queue
 * @skb: the packet, data at its Ethernet header
 * @hdr: its header, which passed the gate
 * @shared: where the device wrote the header, and more behind it
 * @d: counters
 */
static __always_inline void
virtnet_rx_deliver(struct receive_queue *rq, struct sk_buff *skb,
		   const struct virtio_net_hdr *hdr, const void *shared,
		   struct virtnet_rx_delta *d)
{
	/* The header's helper may look for the protocol of the device. */
	skb->dev = rq->dev;
	if (unlikely(virtnet_hdr_rx(&rq->rules, hdr, shared, skb))) {
		d->hdr_bad++;
		d->drops++;
		dev_kfree_skb_any(skb);
		return;
	}
	virtnet_rx_count_up(rq, skb, skb->len, hdr, shared, d);
}

/*
 * Is it worth asking the ring for another packet? Not after a burst that found
 * it empty: re-arming the callback looks once more anyway.
 */
static __always_inline bool virtnet_rx_more(const struct receive_queue *rq)
{
	return rq->used_next != rq->used_end || !rq->dry;
}

/*
 * The loop of a poll, specialised for a buffer mode by inlining: receive()
 * gets each used buffer with its untrusted length and owns it from then on;
 * @ctx is what it wants to know besides.
 */
static __always_inline int
virtnet_rx_loop(struct receive_queue *rq, int budget, void *ctx,
		void (*receive)(struct receive_queue *rq,
				struct virtnet_rx_buf *buf, u32 len,
				void *ctx))
{
	struct virtnet_rx_buf *buf;
	u32 len;
	int n;

	rq->dry = false;
	for (n = 0; n < budget && virtnet_rx_more(rq); n++) {
		if (!virtnet_rx_any(rq))
			break;
		buf = virtnet_rx_take(rq, &len);
		receive(rq, buf, len, ctx);
	}
	return n;
}

#endif
