// SPDX-License-Identifier: GPL-2.0
/*
 * Big mode: the device cannot merge buffers, so each one posted is a chain of
 * pages that holds the largest packet there can be. The first page also holds
 * the vnet header and room to build the skb in.
 */
#include <virtnet/rx.h>
#include <virtnet/virtnet.h>

/* Pages behind the first that hold data go to the skb, the others stay. */
static void virtnet_big_frags(struct receive_queue *rq,
			      struct virtnet_rx_buf *buf, struct sk_buff *skb,
			      u32 len)
{
	struct scatterlist *sg = &buf->sg[virtnet_rx_chain_first(rq)];
	unsigned int i, part;

	skb_mark_for_recycle(skb);
	for (i = 0; len; i++, sg++, len -= part) {
		part = min_t(u32, len, PAGE_SIZE);
		skb_add_rx_frag(skb, i, sg_page(sg), sg->offset, part,
				PAGE_SIZE);
		sg_assign_page(sg, NULL);
	}
	buf->ready = 0;
}

/**
 * virtnet_big_skb() - an skb of a packet in one buffer, chain or not
 * @rq: the queue
 * @buf: the buffer; the caller's to put back
 * @len: bytes of packet in it
 * @d: counters
 *
 * Return: the skb, or NULL without memory, counted.
 */
struct sk_buff *virtnet_big_skb(struct receive_queue *rq,
				struct virtnet_rx_buf *buf, u32 len,
				struct virtnet_rx_delta *d)
{
	u32 first = min(len, virtnet_rx_first_room(rq, buf));
	struct sk_buff *skb = virtnet_rx_first(rq, buf, first);

	if (unlikely(!skb))
		d->skb_alloc_fail++;
	else if (len > first)
		virtnet_big_frags(rq, buf, skb, len - first);
	return skb;
}

static __always_inline void receive_big(struct receive_queue *rq,
					struct virtnet_rx_buf *buf, u32 len,
					void *ctx)
{
	struct virtnet_rx_delta *d = ctx;
	struct sk_buff *skb = NULL;
	struct virtio_net_hdr hdr;
	void *shared = buf->hdr;

	if (virtnet_rx_open(rq, buf, &len, &hdr, d))
		skb = virtnet_big_skb(rq, buf, len, d);
	virtnet_rx_buf_put(rq, buf);
	if (likely(skb))
		virtnet_rx_deliver(rq, skb, &hdr, shared, d);
	else
		d->drops++;
}

/* See virtnet_rx_loop(). */
int virtnet_receive_big(struct receive_queue *rq, int budget,
			struct virtnet_rx_delta *d)
{
	return virtnet_rx_loop(rq, budget, d, receive_big);
}
