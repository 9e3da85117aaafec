/* SPDX-License-Identifier: GPL-2.0 */
/*
 * AF_XDP sockets without a copy: a socket lends a queue pair its memory, which
 * is received into and sent from.
 *
 *   xsk.c      binding, unbinding, waking up
 *   xsk_rx.c   the buffer mode of a queue that has a socket
 *   xsk_tx.c   the socket's packets to the ring
 */
#ifndef _VIRTNET_XSK_H
#define _VIRTNET_XSK_H

#include <compat/compat.h>

#include <linux/netdevice.h>
#include <net/xdp.h>
#include <virtnet/queues.h>
#include <virtnet/settings.h>

struct device;
struct xsk_buff_pool;

/**
 * struct virtnet_xsk_sent - a packet of the socket's in the transmit ring
 * @len: its bytes
 * @descs: descriptors of the socket that it took
 * @done: the device is done with it, and not yet with one before it
 */
struct virtnet_xsk_sent {
	u32 len;
	u16 descs;
	bool done;
};

/* Packets of up to so many bytes are sent as a copy, behind their vnet header. */
#define VIRTNET_XSK_SHORT	VIRTNET_PIECE_SHORT

/* Receive buffers that are asked of the socket at a time. */
#define VIRTNET_XSK_BATCH	32

/**
 * struct virtnet_xsk_slot - a buffer of the socket's that packets are received into
 * @buf: what describes it
 * @sg: its entries; two where the device wants the header apart
 */
struct virtnet_xsk_slot {
	struct virtnet_rx_buf buf;
	struct scatterlist sg[2];
};

/**
 * struct virtnet_xsk - a socket that lends a queue pair its memory
 * @pool: the kernel's idea of it
 * @dma_dev: whom the memory is mapped for; NULL if the ring takes pages
 * @rxq: what programs and the socket see the packets' memory as
 * @room: bytes of packet that fit one buffer
 * @segs: most buffers of one packet
 * @mask: number of entries in @sent, less one
 * @head: packets that went into the ring, as what follows under the tx lock
 * @tail: packets that are sent, as far as none before them is not
 * @untold: descriptors of those that the socket was not told of yet
 * @cut: the beginning of the next packet was dropped
 * @sent: packets from @tail to @head, in the order of the socket
 * @copies: pages with room for a copy of each, behind a vnet header of zeroes
 * @slots: one for each of the pool's heads, which are what it has buffers by
 * @bufs: receive buffers on their way to the ring, used while posting only
 *
 * Lives from bind to unbind, whatever queue sets come and go meanwhile.
 */
struct virtnet_xsk {
	struct xsk_buff_pool *pool;
	struct device *dma_dev;
	struct xdp_rxq_info rxq;
	u32 room;
	u16 segs;
	u16 mask;
	u16 head;
	u16 tail;
	u32 untold;
	bool cut;
	struct virtnet_xsk_sent *sent;
	void **copies;
	struct virtnet_xsk_slot *slots;
	struct xdp_buff *bufs[VIRTNET_XSK_BATCH];
};

/* xsk.c */
int virtnet_xsk_setup(struct virtnet_info *vi, struct xsk_buff_pool *pool,
		      u16 queue);
int virtnet_xsk_check(const struct virtnet_caps *caps,
		      const struct virtnet_settings *s,
		      struct netlink_ext_ack *extack);
bool virtnet_xsk_any(const struct virtnet_settings *s);
unsigned int virtnet_xsk_segs_max(const struct virtnet_caps *caps);
int virtnet_xsk_wakeup(struct net_device *dev, u32 queue, u32 flags);

/* xsk_rx.c */
bool virtnet_xsk_plan_same(const struct virtnet_rx_plan *plan,
			   const struct virtnet_settings *s);
void virtnet_xsk_plan(struct receive_queue *rq,
		      const struct virtnet_settings *s);
void virtnet_xsk_slots(struct receive_queue *rq);
void virtnet_xsk_up(struct receive_queue *rq);
int virtnet_xsk_fill(struct receive_queue *rq, unsigned int *posted);
unsigned int virtnet_xsk_filled(struct receive_queue *rq, int err);
void virtnet_xsk_release(struct receive_queue *rq);
int virtnet_receive_xsk(struct receive_queue *rq, struct bpf_prog *prog,
			int budget, struct virtnet_rx_delta *d);

/* xsk_frame.c */
struct xdp_frame *virtnet_xsk_frame(struct receive_queue *rq,
				    struct xdp_buff *xdp);

/* xsk_tx.c */
bool virtnet_xsk_xmit(struct send_queue *sq, int budget);
void virtnet_xsk_poll_tx(struct send_queue *sq, int budget);
void virtnet_xsk_complete(struct virtnet_xsk *xsk);

/*
 * Does somebody poll instead of waiting for interrupts, or would like to? Its socket
 * does not ask for packets to be sent then, and polls the receive queue only.
 */
static inline bool virtnet_xsk_busy(const struct napi_struct *napi)
{
	return READ_ONCE(napi->state) & (NAPIF_STATE_IN_BUSY_POLL |
					 NAPIF_STATE_PREFER_BUSY_POLL);
}

/**
 * virtnet_xsk_done() - the device is done with a packet
 * @xsk: the socket; tx lock held, or transmit is stopped
 * @token: the packet's
 *
 * What follows is virtnet_xsk_complete(), once for many. Return: bytes of the packet.
 */
static inline unsigned int virtnet_xsk_done(struct virtnet_xsk *xsk,
					    void *token)
{
	unsigned long index = (unsigned long)token >> 2;
	struct virtnet_xsk_sent *sent = &xsk->sent[index];

	/* Most devices go by the order of the ring. */
	if (likely(index == (xsk->tail & xsk->mask))) {
		xsk->tail++;
		xsk->untold += sent->descs;
	} else {
		sent->done = true;
	}
	return sent->len;
}

#endif
