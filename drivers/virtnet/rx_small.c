// SPDX-License-Identifier: GPL-2.0
/* Small mode: a packet never exceeds the MTU and lies in one buffer. */
#include <virtnet/rx.h>
#include <virtnet/virtnet.h>

static __always_inline void receive_small(struct receive_queue *rq,
					  struct virtnet_rx_buf *buf, u32 len,
					  void *ctx)
{
	struct virtnet_rx_delta *d = ctx;
	struct sk_buff *skb = NULL;
	struct virtio_net_hdr hdr;
	void *shared = buf->hdr;

	if (virtnet_rx_open(rq, buf, &len, &hdr, d)) {
		skb = virtnet_rx_first(rq, buf, len);
		if (unlikely(!skb))
			d->skb_alloc_fail++;
	}
	virtnet_rx_buf_put(rq, buf);
	if (likely(skb))
		virtnet_rx_deliver(rq, skb, &hdr, shared, d);
	else
		d->drops++;
}

/* See virtnet_rx_loop(). */
int virtnet_receive_small(struct receive_queue *rq, int budget,
			  struct virtnet_rx_delta *d)
{
	return virtnet_rx_loop(rq, budget, d, receive_small);
}
