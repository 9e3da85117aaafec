/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Receive: what the common part (rx.c) and the three buffer modes share.
 * A buffer mode supplies post (take memory, hand it to the device), receive
 * (a poll's worth of packets) and lengths; the rest is common.
 */
#ifndef _VIRTNET_RX_H
#define _VIRTNET_RX_H

#include <compat/compat.h>

#include <linux/mm.h>
#include <linux/netdevice.h>
#include <virtnet/queues.h>
#include <virtnet/ring.h>

void skb_recv_done(struct virtqueue *vq);
int virtnet_poll(struct napi_struct *napi, int budget);
int virtnet_rx_fill(struct receive_queue *rq, gfp_t gfp, unsigned int *posted);
void try_fill_recv(struct receive_queue *rq, struct virtnet_rx_delta *d);
void virtnet_rx_refill_timer(struct timer_list *t);

/* The buffer modes. post: 0 or -errno; receive: packets taken off the ring. */
int virtnet_post_small(struct receive_queue *rq, gfp_t gfp);
int virtnet_post_big(struct receive_queue *rq, gfp_t gfp);
int virtnet_post_mergeable(struct receive_queue *rq, gfp_t gfp);
int virtnet_receive_small(struct receive_queue *rq, int budget,
			  struct virtnet_rx_delta *d);
int virtnet_receive_big(struct receive_queue *rq, int budget,
			struct virtnet_rx_delta *d);
int virtnet_receive_mergeable(struct receive_queue *rq, int budget,
			      struct virtnet_rx_delta *d);

/* Helpers of the modes, in rx_buf.c. */
struct virtnet_rx_buf *virtnet_rx_buf_alloc(struct receive_queue *rq, u32 size,
					    gfp_t gfp);
void virtnet_rx_buf_put(struct receive_queue *rq, struct virtnet_rx_buf *buf);
void virtnet_rx_buf_free(struct receive_queue *rq, struct virtnet_rx_buf *buf);
int virtnet_rx_buf_add(struct receive_queue *rq, struct virtnet_rx_buf *buf,
		       unsigned int nsg, gfp_t gfp);
unsigned int virtnet_rx_sg_first(struct receive_queue *rq,
				 const struct virtnet_rx_buf *buf, u32 len);
struct sk_buff *virtnet_rx_copy(struct receive_queue *rq, const void *data,
				u32 len);
struct sk_buff *virtnet_rx_build(struct receive_queue *rq,
				 struct virtnet_rx_buf *buf, u32 len);
struct sk_buff *virtnet_rx_first(struct receive_queue *rq,
				 struct virtnet_rx_buf *buf, u32 len);
void virtnet_rx_deliver(struct receive_queue *rq, struct sk_buff *skb,
			const struct virtio_net_hdr *hdr,
			struct virtnet_rx_delta *d);

/* Packets up to this are copied and their buffer goes back to the pool. */
#define VIRTNET_COPYBREAK	256

/* Wait between attempts to refill when there is no memory. */
#define VIRTNET_REFILL_MS_MIN	10
#define VIRTNET_REFILL_MS_MAX	1000

/* Where the device writes: the vnet header, and the frame behind it. */
static inline void *virtnet_rx_hdr(const struct receive_queue *rq,
				   const struct virtnet_rx_buf *buf)
{
	return buf->va + rq->plan.headroom;
}

static inline void *virtnet_rx_data(const struct receive_queue *rq,
				    const struct virtnet_rx_buf *buf)
{
	return virtnet_rx_hdr(rq, buf) + rq->hdr_len;
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
	if (unlikely(len < rq->hdr_len + ETH_HLEN)) {
		d->len_short++;
		return false;
	}
	if (unlikely(len > buf->len)) {
		d->len_over++;
		return false;
	}
	return true;
}

/* Read a header out of shared memory, once: the device may change it later. */
static inline void virtnet_rx_hdr_copy(void *hdr, const void *shared,
				       size_t size)
{
	memcpy(hdr, shared, size);
	barrier();
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
virtnet_rx_open(const struct receive_queue *rq,
		const struct virtnet_rx_buf *buf, u32 *len,
		struct virtio_net_hdr *hdr, struct virtnet_rx_delta *d)
{
	if (!virtnet_rx_len_ok(rq, buf, *len, d))
		return false;
	virtnet_rx_hdr_copy(hdr, virtnet_rx_hdr(rq, buf), sizeof(*hdr));
	*len -= rq->hdr_len;
	if (unlikely(!virtnet_hdr_ok(&rq->rules, hdr, *len))) {
		d->hdr_bad++;
		return false;
	}
	return true;
}

/*
 * The loop of a poll, specialised for a buffer mode by inlining: receive()
 * gets each used buffer with its untrusted length and owns it from then on.
 */
static __always_inline int
virtnet_rx_loop(struct receive_queue *rq, int budget,
		struct virtnet_rx_delta *d,
		void (*receive)(struct receive_queue *rq,
				struct virtnet_rx_buf *buf, u32 len,
				struct virtnet_rx_delta *d))
{
	struct virtnet_rx_buf *buf;
	unsigned int len;
	int n = 0;

	while (n < budget) {
		buf = ring_get(rq->vq, &len);
		if (!buf)
			break;
		receive(rq, buf, len, d);
		n++;
	}
	return n;
}

#endif
