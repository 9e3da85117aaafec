/* SPDX-License-Identifier: GPL-2.0 */
/*
 * XDP: programs on received packets, in every buffer mode.
 *
 *   xdp.c      attaching: what can be, and what the device is told for it
 *   xdp_rx.c   showing packets to the program in the buffers they came in
 *   xdp_verdict.c what becomes of them
 *   xdp_queues.c transmit queues of XDP's own
 *   xdp_tx.c   frames to the ring: XDP_TX, and redirected from elsewhere
 *   xdp_hints.c what programs may ask of a packet
 *   xdp_csum.c completing partial checksums
 *   xsk*.c     AF_XDP sockets; see <virtnet/xsk.h>
 */
#ifndef _VIRTNET_XDP_H
#define _VIRTNET_XDP_H

#include <compat/compat.h>

#include <linux/bpf_trace.h>
#include <linux/filter.h>
#include <linux/netdevice.h>
#include <linux/virtio_net.h>
#include <net/xdp.h>
#include <virtnet/queues.h>
#include <virtnet/rx.h>
#include <virtnet/stats.h>

struct netlink_ext_ack;
struct virtnet_caps;
struct virtnet_info;
struct virtnet_rx_buf;
struct virtnet_settings;

/*
 * Packets of up to so many bytes leave as a copy, and the buffer stays in its
 * slot. The copy has the headroom that a program has here, for one elsewhere.
 */
#define VIRTNET_XDP_SHORT	VIRTNET_PIECE_SHORT
#define VIRTNET_XDP_COPY_SIZE	1024
#define VIRTNET_XDP_COPY_HEAD	(XDP_PACKET_HEADROOM + 64)

/* XDP_TX frames that take the lock of the transmit queue together. */
#define VIRTNET_XDP_BULK	16

/**
 * struct virtnet_xdp_buff - a packet, as the program sees it
 * @xdp: its memory; first, because that is what metadata kfuncs get
 * @hashed: the device's hash of it
 *
 * A buffer of an AF_XDP socket has room for the rest where there are metadata
 * kfuncs.
 */
struct virtnet_xdp_buff {
	struct xdp_buff xdp;
	struct virtnet_rx_hashed hashed;
};

/**
 * struct virtnet_xdp_run - a poll of a queue that has a program
 * @buff: the packet; only the hash where its memory is an AF_XDP socket's
 * @copy: a copy of it that leaves instead
 * @hdr: private copy of its vnet header
 * @prog: the program, the same for all of the poll
 * @d: receive counters of the poll
 * @x: XDP counters of the poll
 * @frags: the program takes packets of several buffers
 * @packets: shown to the program in the buffer they came in
 * @bytes: in those
 * @sq: the queue that packets are sent back by, if @nspare
 * @nspare: pieces in @spare
 * @ntx: packets in @tx
 * @spare: pieces of @sq's that may be filled
 * @tx: tokens of packets to be sent back, not yet handed over
 */
struct virtnet_xdp_run {
	struct virtnet_xdp_buff buff;
	struct xdp_buff copy;
	struct virtio_net_hdr_mrg_rxbuf hdr;
	struct bpf_prog *prog;
	struct virtnet_rx_delta *d;
	struct virtnet_xdp_delta x;
	bool frags;
	u16 ntx;
	u16 nspare;
	u16 spare[VIRTNET_XDP_BULK];
	struct send_queue *sq;
	unsigned int packets;
	u64 bytes;
	void *tx[VIRTNET_XDP_BULK];
};

/**
 * enum virtnet_xdp_outcome - whose the packet's memory is after the program ran
 * @VIRTNET_XDP_PASSED: the caller's, who makes an skb for the stack
 * @VIRTNET_XDP_DROPPED: the caller's
 * @VIRTNET_XDP_COPIED: the caller's; a copy went
 * @VIRTNET_XDP_LOST: as after a redirect that failed, see virtnet_xdp_redirect()
 * @VIRTNET_XDP_GONE: somebody else's
 */
enum virtnet_xdp_outcome {
	VIRTNET_XDP_PASSED,
	VIRTNET_XDP_DROPPED,
	VIRTNET_XDP_COPIED,
	VIRTNET_XDP_LOST,
	VIRTNET_XDP_GONE,
};

/* xdp.c */
int virtnet_bpf(struct net_device *dev, struct netdev_bpf *bpf);
int virtnet_xdp_check(const struct virtnet_caps *caps,
		      const struct virtnet_settings *s,
		      struct netlink_ext_ack *extack);
netdev_features_t virtnet_fix_features(struct net_device *dev,
				       netdev_features_t features);
void virtnet_xdp_init(struct virtnet_info *vi);

/* xdp_hints.c */
extern const struct xdp_metadata_ops virtnet_xdp_metadata_ops;

/* xdp_rx.c */
void virtnet_xdp_frags_init(struct xdp_buff *xdp);
void virtnet_xdp_frag(struct xdp_buff *xdp, struct page *page, u32 off,
		      u32 len);
int virtnet_receive_xdp(struct receive_queue *rq, struct bpf_prog *prog,
			int budget, struct virtnet_rx_delta *d);

/* xdp_verdict.c */
void virtnet_xdp_begin(struct virtnet_xdp_run *run, struct receive_queue *rq,
		       struct bpf_prog *prog, struct virtnet_rx_delta *d);
void virtnet_xdp_end(struct virtnet_xdp_run *run, struct receive_queue *rq);
void virtnet_xdp_finish(struct receive_queue *rq, struct xdp_buff *xdp,
			struct virtio_net_hdr *hdr);
enum virtnet_xdp_outcome virtnet_xdp_tx(struct receive_queue *rq,
					struct xdp_buff *xdp,
					struct virtnet_xdp_run *run);
enum virtnet_xdp_outcome virtnet_xdp_redirect(struct receive_queue *rq,
					      struct xdp_buff *xdp,
					      struct virtnet_xdp_run *run);
enum virtnet_xdp_outcome virtnet_xdp_aborted(struct receive_queue *rq,
					     struct virtnet_xdp_run *run,
					     u32 act);
void virtnet_xdp_slow(struct receive_queue *rq, struct sk_buff *skb,
		      struct virtnet_xdp_run *run);

/* xdp_queues.c */
unsigned int virtnet_xdp_pairs(const struct virtnet_caps *caps,
			       const struct virtnet_settings *s);
void virtnet_xdp_queues_leave(struct virtnet_info *vi);
void virtnet_xdp_queues_use(struct virtnet_info *vi);
struct send_queue *virtnet_xdp_sq(struct virtnet_qset *qs,
				  struct send_queue *shared);

/* xdp_tx.c */
void virtnet_xdp_spare(struct send_queue *sq, struct virtnet_xdp_run *run);
void virtnet_xdp_send_back(struct send_queue *sq, struct virtnet_xdp_run *run);
void virtnet_xdp_idle(struct send_queue *sq);
int virtnet_xdp_xmit(struct net_device *dev, int n, struct xdp_frame **frames,
		     u32 flags);

/* xdp_csum.c */
void virtnet_xdp_csum(struct xdp_buff *xdp, u32 start, u32 offset);

/* What is neither passed nor gone. */
static inline enum virtnet_xdp_outcome
virtnet_xdp_dropped(struct virtnet_xdp_run *run,
		    enum virtnet_xdp_outcome outcome)
{
	run->x.xdp_drops++;
	return outcome;
}

/* XDP_REDIRECT of the packet where it is. Return: see virtnet_xdp_redirect(). */
static __always_inline enum virtnet_xdp_outcome
virtnet_xdp_redirect_whole(struct receive_queue *rq, struct xdp_buff *xdp,
			   struct virtnet_xdp_run *run)
{
	run->x.xdp_redirects++;
	if (unlikely(xdp_do_redirect(rq->dev, xdp, run->prog)))
		return virtnet_xdp_dropped(run, VIRTNET_XDP_LOST);
	return VIRTNET_XDP_GONE;
}

/**
 * virtnet_xdp_judge() - run the program and do what it says
 * @rq: the queue; NAPI context
 * @xdp: the packet, which passed the gate
 * @run: the poll
 * @socket: its memory is an AF_XDP socket's; a constant
 *
 * Return: whose the memory is.
 */
static __always_inline enum virtnet_xdp_outcome
virtnet_xdp_judge(struct receive_queue *rq, struct xdp_buff *xdp,
		  struct virtnet_xdp_run *run, bool socket)
{
	u32 act = bpf_prog_run_xdp(run->prog, xdp);

	/* What most programs of the kind say is looked for first. */
	if (socket && likely(act == XDP_REDIRECT))
		return virtnet_xdp_redirect_whole(rq, xdp, run);
	if (likely(act == XDP_DROP))
		return virtnet_xdp_dropped(run, VIRTNET_XDP_DROPPED);
	if (act == XDP_TX)
		return virtnet_xdp_tx(rq, xdp, run);
	if (!socket && act == XDP_REDIRECT)
		return virtnet_xdp_redirect(rq, xdp, run);
	if (likely(act == XDP_PASS))
		return VIRTNET_XDP_PASSED;
	return virtnet_xdp_aborted(rq, run, act);
}

/*
 * A transmit ring has skbs, XDP frames and packets of AF_XDP sockets in it.
 * What is no skb carries a mark in its token, and the queue knows whether
 * there are any at all.
 */
#define VIRTNET_TOKEN_XDP	1UL
#define VIRTNET_TOKEN_XSK	2UL
#define VIRTNET_TOKEN_COPY	3UL
#define VIRTNET_TOKEN_MASK	3UL

static inline bool virtnet_token_is_skb(void *token)
{
	return !((unsigned long)token & VIRTNET_TOKEN_MASK);
}

static inline void *virtnet_xdp_token(struct xdp_frame *frame)
{
	return (void *)((unsigned long)frame | VIRTNET_TOKEN_XDP);
}

static inline void *virtnet_copy_token(unsigned int index)
{
	return (void *)((unsigned long)index << 2 | VIRTNET_TOKEN_COPY);
}

static inline bool virtnet_token_is_copy(void *token)
{
	return ((unsigned long)token & VIRTNET_TOKEN_MASK) ==
	       VIRTNET_TOKEN_COPY;
}

static inline unsigned int virtnet_token_index(void *token)
{
	return (unsigned long)token >> 2;
}

/* NULL if the token is that of something else. */
static inline struct xdp_frame *virtnet_token_xdp(void *token)
{
	unsigned long v = (unsigned long)token;

	return (v & VIRTNET_TOKEN_MASK) == VIRTNET_TOKEN_XDP ?
	       (void *)(v & ~VIRTNET_TOKEN_MASK) : NULL;
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
