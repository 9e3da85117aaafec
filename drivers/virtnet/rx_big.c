// SPDX-License-Identifier: GPL-2.0
/*
 * Big mode: the device cannot merge buffers, so each one posted is a chain of
 * pages that holds the largest packet there can be. The first page also holds
 * the vnet header and room to build the skb in.
 */
#include <virtnet/rx.h>
#include <virtnet/virtnet.h>

/* Bytes the device may write to the first page, vnet header included. */
static u32 virtnet_big_first(const struct receive_queue *rq)
{
	return rq->plan.buf_size - rq->plan.headroom - VIRTNET_RX_TAILROOM;
}

/**
 * virtnet_post_big() - post one chain
 * @rq: the queue, with a free slot
 * @gfp: allocation context
 *
 * Return: 0 or -errno.
 */
int virtnet_post_big(struct receive_queue *rq, gfp_t gfp)
{
	u32 first = virtnet_big_first(rq);
	struct virtnet_rx_buf *buf;
	unsigned int n, i;

	buf = virtnet_rx_buf_alloc(rq, rq->plan.buf_size, gfp);
	if (!buf)
		return -ENOMEM;
	n = virtnet_rx_sg_first(rq, buf, first);
	for (i = 0; i < rq->plan.pages - 1; i++)
		sg_set_page(&rq->sg[n++], buf->chain[i], PAGE_SIZE, 0);
	buf->len = first + i * PAGE_SIZE;
	return virtnet_rx_buf_add(rq, buf, n, gfp);
}

/* Pages behind the first that hold data go to the skb, the others stay. */
static void virtnet_big_frags(struct virtnet_rx_buf *buf, struct sk_buff *skb,
			      u32 len)
{
	unsigned int i, part;

	skb_mark_for_recycle(skb);
	for (i = 0; len; i++, len -= part) {
		part = min_t(u32, len, PAGE_SIZE);
		skb_add_rx_frag(skb, i, buf->chain[i], 0, part, PAGE_SIZE);
		buf->chain[i] = NULL;
	}
}

static __always_inline void receive_big(struct receive_queue *rq,
					struct virtnet_rx_buf *buf, u32 len,
					struct virtnet_rx_delta *d)
{
	struct sk_buff *skb = NULL;
	struct virtio_net_hdr hdr;
	u32 first;

	if (virtnet_rx_open(rq, buf, &len, &hdr, d)) {
		first = min(len, virtnet_big_first(rq) - rq->hdr_len);
		skb = virtnet_rx_first(rq, buf, first);
		d->skb_alloc_fail += !skb;
		if (skb && len > first)
			virtnet_big_frags(buf, skb, len - first);
	}
	virtnet_rx_buf_put(rq, buf);
	if (likely(skb))
		virtnet_rx_deliver(rq, skb, &hdr, d);
	else
		d->drops++;
}

/* See virtnet_rx_loop(). */
int virtnet_receive_big(struct receive_queue *rq, int budget,
			struct virtnet_rx_delta *d)
{
	return virtnet_rx_loop(rq, budget, d, receive_big);
}
