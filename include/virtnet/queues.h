/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Queue sets: rings, buffers and NAPI of one configuration. A set is made
 * whole by virtnet_qset_alloc(), attached to the device's virtqueues, and can
 * be thrown away.
 */
#ifndef _VIRTNET_QUEUES_H
#define _VIRTNET_QUEUES_H

#include <compat/compat.h>

#include <linux/netdevice.h>
#include <linux/scatterlist.h>
#include <linux/skbuff.h>
#include <linux/timer.h>
#include <linux/virtio.h>
#include <net/xdp.h>
#include <virtnet/copies.h>
#include <virtnet/dim.h>
#include <virtnet/stats.h>
#include <virtnet/vnet_hdr.h>

struct page_pool;
struct virtnet_info;
struct virtnet_settings;
struct virtnet_xsk;
struct receive_queue;
struct send_queue;
struct bpf_prog;

/* Bytes behind the data of a buffer that an skb can be built in. */
#define VIRTNET_RX_TAILROOM	SKB_DATA_ALIGN(sizeof(struct skb_shared_info))
/* Largest frame that can reach us: a full GSO packet with a VLAN tag. */
#define VIRTNET_FRAME_MAX	(ETH_HLEN + VLAN_HLEN + 65535)
/* Header, linear part and every fragment of an skb. */
#define VIRTNET_TX_SG		(MAX_SKB_FRAGS + 2)

enum virtnet_rx_mode {
	VIRTNET_RX_SMALL,
	VIRTNET_RX_BIG,
	VIRTNET_RX_MERGEABLE,
};

/**
 * struct virtnet_rx_plan - how the receive buffers of a queue set look
 * @mode: one of the three buffer modes, for all queues of the set
 * @headroom: bytes kept free in front of the vnet header
 * @buf_size: bytes taken from the page pool for a buffer, tailroom included
 * @bulk_size: the same while a queue carries bulk traffic, all of it for the device;
 *	0 if never different
 * @lean_size: the same while packets leave no buffer, again all of it for the device;
 *	0 if never different
 * @pages: pages of a chain in big mode, otherwise 1
 * @depth: most buffers (chains) posted at a time per queue
 *
 * Derived from caps and settings alone; two equal plans can share buffers.
 */
struct virtnet_rx_plan {
	enum virtnet_rx_mode mode;
	u16 headroom;
	u16 buf_size;
	u16 bulk_size;
	u16 lean_size;
	u16 pages;
	u16 depth;
};

/**
 * struct virtnet_rx_buf - one slot of a receive queue, the token in the ring
 * @hdr: where the device writes the vnet header, with the packet behind it
 * @page: its page, NULL if there is none
 * @xsk: the same for a queue whose memory is an AF_XDP socket's
 * @sg: what is posted: set up when memory is attached, rq->nsg entries
 * @layout: virtnet_rx_layout() that the first memory of the slot was made for
 * @len: bytes that the device may write, vnet header included
 * @ready: @layout if the slot can be posted as it is, 0 if it lacks memory
 */
struct virtnet_rx_buf {
	void *hdr;
	union {
		struct page *page;
		struct xdp_buff *xsk;
	};
	struct scatterlist *sg;
	u32 layout;
	u32 len;
	u32 ready;
};

/* A buffer that came back, with the length the device claims. */
struct virtnet_rx_used {
	struct virtnet_rx_buf *buf;
	unsigned int len;
};

/**
 * struct virtnet_rx_slice - a page of a pool that is being cut into equal parts
 * @next: the next part
 * @page: the page
 * @map: what is to be added to an address for the device; of receive buffers only
 * @left: parts there still are
 *
 * The page's users are counted once for all parts, where a fragment from the
 * pool would cost a call each.
 */
struct virtnet_rx_slice {
	void *next;
	struct page *page;
	dma_addr_t map;
	u32 left;
};

/*
 * Pools of single pages take them from the system 64 at a time, which is more
 * than many a queue ever needs; pools of two pages take what they need.
 */
#define VIRTNET_POOL_ORDER	1
/*
 * Mergeable buffers of bulk traffic: a full GSO packet takes four. Two of them come from a
 * page, and if both are one packet's they are one fragment of it.
 */
#define VIRTNET_BULK_SIZE	16384
#define VIRTNET_BULK_ORDER	(get_order(VIRTNET_BULK_SIZE) + 1)

/* Used entries are taken off the ring this many at a time, and prefetched. */
#define VIRTNET_RX_BURST	8

/**
 * struct receive_queue - one receive queue
 *
 * @wipe: the ring shows the device what a buffer held before
 * @shown: the index that the stack is told; 0 while the queue is not one of its channels
 * @nr_due: buffers of an AF_XDP socket that left with their packets, or never were here;
 *	what else the ring lacks are free slots
 * @simple: memory for a slot is a part of a page, to be described by one entry, and
 *	nothing else
 *
 * Everything is NAPI's alone while the queue runs; the timer and the
 * interrupt only schedule NAPI.
 */
struct receive_queue {
	/* Read on every packet, written at attach only. */
	struct virtqueue *vq;
	struct net_device *dev;
	struct page_pool *copy_pool;
	struct virtnet_rx_buf *bufs;
	struct virtnet_rx_buf **free_bufs;
	struct device *dma_dev;
	struct virtnet_hdr_rules rules;
	__virtio16 one;
	u16 min_len;
	u16 copybreak;
	u16 index;
	u8 hdr_len;
	u8 nsg;
	u8 descs;
	bool split_hdr;
	bool premapped;
	bool wipe;
	bool simple;
	bool hash_report;
	u16 refill_at;
	u16 shown;

	/* Dirtied by NAPI on every packet. */
	u16 nr_free ____cacheline_aligned_in_smp;
	u16 nr_due;
	u32 avg_len;
	u32 want;
	bool listing;
	bool dry;
	struct virtnet_rx_slice copy;
	struct virtnet_rx_slice slice;
	struct virtnet_rx_slice frame;
	struct virtnet_rx_slice bulk;
	const struct virtnet_rx_used *used_next;
	const struct virtnet_rx_used *used_end;
	struct virtnet_rx_used used[VIRTNET_RX_BURST];
	struct list_head list;

	/* Once per poll. */
	struct napi_struct napi ____cacheline_aligned_in_smp;
	struct virtnet_info *vi;
	struct virtnet_rq_stats *stats;
	struct virtnet_xdp_stats *xdp_stats;
	struct bpf_prog __rcu *xdp_prog;
	struct virtnet_xsk *xsk;
	struct send_queue *sq;
	struct virtnet_rx_plan plan;
	u32 armed;
	u16 defer_us;
	bool adaptive;
	struct xdp_rxq_info xdp_rxq;
	struct xdp_rxq_info copy_rxq;

	/* Slow path fields follow. */
	struct page_pool *pool;
	struct page_pool *bulk_pool;
	struct virtnet_irq_stats *irq_stats;
	struct virtnet_dim dim;
	struct hrtimer defer_timer;
	struct timer_list refill_timer;
	struct scatterlist *sgs;
	unsigned long bulk_after;
	u16 backoff_ms;
	bool list_delivery;
};

/**
 * struct send_queue - one transmit queue
 *
 * @room: descriptors that have to be free for another packet: so many may one
 * take, and those that the user does not want used come on top.
 * @most: descriptors that one packet may take; a ring may have fewer in all than
 * a packet of many pieces would
 * @plain_hdr: a vnet header that asks for nothing, for packets without room
 * @xsk: AF_XDP socket that has the queue, or NULL
 * @own: XDP's alone
 * @copies: short XDP_TX packets
 *
 * Everything behind @vq is under the queue's netdev tx lock.
 */
struct send_queue {
	struct virtqueue *vq;
	struct virtnet_info *vi;
	struct virtnet_sq_stats *stats;
	struct netdev_queue *txq;
	u16 index;
	u16 room;
	u16 most;
	u8 hdr_len;
	bool can_push;
	bool phys;
	bool own;

	/* Dirtied by every packet. */
	struct scatterlist sg_linear ____cacheline_aligned_in_smp;
	u16 since_arm;
	bool nudge;
	/* What is no skb in the ring; and whether it may be put there. */
	u16 frames;
	bool up;
	struct scatterlist sg[VIRTNET_TX_SG];

	/* Once per poll. */
	struct napi_struct napi ____cacheline_aligned_in_smp;
	struct virtnet_xsk *xsk;
	void *plain_hdr;
	struct virtnet_copies copies;
	bool adaptive;

	/* Slow path fields follow. */
	struct virtnet_dim dim;
	struct virtnet_irq_stats *irq_stats;
};

/**
 * struct virtnet_qset - the queues of one configuration
 * @vi: the interface
 * @plan: receive buffers
 * @pairs: number of queue pairs; more may come while the set runs
 * @stack: how many of them the stack sends by
 * @own: how many of those behind are for XDP to send by, one for each CPU; 0
 *	if it shares the stack's
 * @rq: receive queues
 * @sq: transmit queues
 */
struct virtnet_qset {
	struct virtnet_info *vi;
	struct virtnet_rx_plan plan;
	u16 pairs;
	u16 stack;
	u16 own;
	struct receive_queue *rq;
	struct send_queue *sq;
};

void virtnet_rx_plan(struct virtnet_rx_plan *plan,
		     const struct virtnet_caps *caps,
		     const struct virtnet_settings *s);
struct virtnet_qset *virtnet_qset_alloc(struct virtnet_info *vi,
					const struct virtnet_settings *s);
void virtnet_qset_free(struct virtnet_qset *qs);
int virtnet_qset_attach(struct virtnet_qset *qs, struct virtqueue **vqs);
void virtnet_qset_fill(struct virtnet_qset *qs);
void virtnet_qset_enable(struct virtnet_qset *qs);
void virtnet_qset_disable(struct virtnet_qset *qs);
void virtnet_qset_drain(struct virtnet_qset *qs);
void virtnet_napi_start(struct napi_struct *napi, struct virtqueue *vq);
void virtnet_pair_enable(struct virtnet_info *vi, struct receive_queue *rq,
			 struct send_queue *sq);
void virtnet_rq_lend(struct receive_queue *rq, struct virtnet_xsk *xsk);
int virtnet_qset_grow(struct virtnet_qset *qs,
		      const struct virtnet_rx_plan *plan,
		      const struct virtnet_settings *s);
void virtnet_sq_assign(struct send_queue *sq,
		       const struct virtnet_settings *s);
bool virtnet_qset_tunable(const struct virtnet_qset *qs,
			  const struct virtnet_rx_plan *plan);
void virtnet_qset_retune(struct virtnet_qset *qs,
			 const struct virtnet_rx_plan *plan,
			 struct bpf_prog *prog);

/* Buffers that there could be more in the ring. */
static inline unsigned int virtnet_rx_lack(const struct receive_queue *rq)
{
	return READ_ONCE(rq->nr_free) + READ_ONCE(rq->nr_due);
}

/* Several pages, from a pool of their own. */
static inline bool virtnet_rx_is_bulk(u32 size)
{
	return size > PAGE_SIZE;
}

/*
 * What buffers have to look like: two that do are interchangeable. This is the layout of
 * buffers that an skb can be built in; the others are just so many bytes.
 */
static inline u32 virtnet_rx_layout(const struct virtnet_rx_plan *plan)
{
	return (u32)plan->headroom << 16 | plan->buf_size;
}

/* What a queue begins with. */
static inline u32 virtnet_rx_layout_first(const struct virtnet_rx_plan *plan)
{
	return plan->lean_size ?: virtnet_rx_layout(plan);
}

static inline u16 virtnet_rx_layout_size(u32 layout)
{
	return layout;
}

static inline u16 virtnet_rx_layout_headroom(u32 layout)
{
	return layout >> 16;
}

/* Bytes taken from the page pool, accounted as truesize. */
static inline u16 virtnet_rx_buf_size(const struct virtnet_rx_buf *buf)
{
	return virtnet_rx_layout_size(buf->layout);
}

/* Bytes in front of the vnet header; 0 if no skb is to be built in this buffer. */
static inline u16 virtnet_rx_buf_headroom(const struct virtnet_rx_buf *buf)
{
	return virtnet_rx_layout_headroom(buf->layout);
}

/* Queue pairs are laid out rx0, tx0, rx1, tx1, ... (virtio 1.3, 5.1.2). */
static inline unsigned int rxq2vq(unsigned int rxq)
{
	return rxq * 2;
}

static inline unsigned int txq2vq(unsigned int txq)
{
	return txq * 2 + 1;
}

static inline unsigned int vq2pair(const struct virtqueue *vq)
{
	return vq->index / 2;
}

/*
 * Is the queue one of the set's? A device may use, and interrupt for, queues
 * that it was not told to. @qs may be NULL.
 */
static inline bool virtnet_qset_has(const struct virtnet_qset *qs,
				    const struct virtqueue *vq)
{
	/* Pairs with virtnet_qset_grow(). */
	return qs && vq2pair(vq) < smp_load_acquire(&qs->pairs);
}

#endif
