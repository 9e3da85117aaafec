/* SPDX-License-Identifier: GPL-2.0 */
/*
 * XDP: programs on received packets, in every buffer mode.
 *
 *   xdp.c      attaching: what can be, and what the device is told for it
 *   xdp_rx.c   running the program, and what becomes of the packet
 *   xdp_tx.c   frames to the ring: XDP_TX, and redirected from elsewhere
 *   xdp_csum.c completing partial checksums
 */
#ifndef _VIRTNET_XDP_H
#define _VIRTNET_XDP_H

#include <compat/compat.h>

#include <linux/netdevice.h>
#include <linux/virtio_net.h>
#include <net/xdp.h>
#include <virtnet/queues.h>
#include <virtnet/stats.h>

struct netlink_ext_ack;
struct virtnet_caps;
struct virtnet_info;
struct virtnet_rx_buf;
struct virtnet_settings;

/* XDP_TX frames that take the lock of the transmit queue together. */
#define VIRTNET_XDP_BULK	16

/**
 * struct virtnet_xdp_run - a poll of a queue that has a program
 * @xdp: the packet, as the program sees it; first, for metadata kfuncs
 * @hdr: private copy of its vnet header
 * @prog: the program, the same for all of the poll
 * @d: receive counters of the poll
 * @x: XDP counters of the poll
 * @frags: the program takes packets of several buffers
 * @redirected: there is something to flush
 * @packets: shown to the program in the buffer they came in
 * @bytes: in those
 * @ntx: frames in @tx
 * @tx: frames to be sent back, not yet handed over
 */
struct virtnet_xdp_run {
	struct xdp_buff xdp;
	struct virtio_net_hdr_mrg_rxbuf hdr;
	struct bpf_prog *prog;
	struct virtnet_rx_delta *d;
	struct virtnet_xdp_delta x;
	bool frags;
	bool redirected;
	u16 ntx;
	unsigned int packets;
	u64 bytes;
	struct xdp_frame *tx[VIRTNET_XDP_BULK];
};

/* xdp.c */
int virtnet_bpf(struct net_device *dev, struct netdev_bpf *bpf);
int virtnet_xdp_check(const struct virtnet_caps *caps,
		      const struct virtnet_settings *s,
		      struct netlink_ext_ack *extack);
netdev_features_t virtnet_fix_features(struct net_device *dev,
				       netdev_features_t features);
void virtnet_xdp_init(struct virtnet_info *vi);

/* xdp_rx.c */
int virtnet_receive_xdp(struct receive_queue *rq, struct bpf_prog *prog,
			int budget, struct virtnet_rx_delta *d);

/* xdp_tx.c */
int virtnet_xdp_send(struct send_queue *sq, struct xdp_frame **frames, int n,
		     bool kick);
int virtnet_xdp_xmit(struct net_device *dev, int n, struct xdp_frame **frames,
		     u32 flags);

/* xdp_csum.c */
void virtnet_xdp_csum(struct xdp_buff *xdp, u32 start, u32 offset);

/*
 * A transmit ring has skbs and XDP frames in it. What is a frame carries a
 * mark in its token, and the queue knows whether there are any at all.
 */
#define VIRTNET_TOKEN_XDP	1UL

static inline void *virtnet_xdp_token(struct xdp_frame *frame)
{
	return (void *)((unsigned long)frame | VIRTNET_TOKEN_XDP);
}

/* NULL if the token is that of an skb. */
static inline struct xdp_frame *virtnet_token_xdp(void *token)
{
	unsigned long v = (unsigned long)token;

	return v & VIRTNET_TOKEN_XDP ? (void *)(v & ~VIRTNET_TOKEN_XDP) : NULL;
}

/* Bytes of a frame, all buffers of it. */
static inline unsigned int virtnet_xdp_frame_len(struct xdp_frame *frame)
{
	unsigned int len = frame->len;

	if (unlikely(xdp_frame_has_frags(frame)))
		len += xdp_get_shared_info_from_frame(frame)->xdp_frags_size;
	return len;
}

#endif
