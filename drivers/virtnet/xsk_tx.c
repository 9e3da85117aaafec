// SPDX-License-Identifier: GPL-2.0
/*
 * Packets of an AF_XDP socket to the ring, which is the stack's too, and under
 * its lock. The socket hears that packets are sent in the order in which it
 * gave them, though the device may be done with them in another.
 */
#include <virtnet/ring.h>
#include <virtnet/tx.h>
#include <virtnet/virtnet.h>
#include <virtnet/xdp.h>
#include <virtnet/xsk.h>

#include <linux/smp.h>

static void *virtnet_xsk_token(unsigned int index)
{
	return (void *)((unsigned long)index << 2 | VIRTNET_TOKEN_XSK);
}

/* Tell the socket how many are sent, as far as none before them is not. */
void virtnet_xsk_complete(struct virtnet_xsk *xsk)
{
	struct virtnet_xsk_sent *sent;

	while (xsk->tail != xsk->head) {
		sent = &xsk->sent[xsk->tail & xsk->mask];
		if (!sent->done)
			break;
		sent->done = false;
		xsk->untold += sent->descs;
		xsk->tail++;
	}
	if (xsk->untold)
		xsk_tx_completed(xsk->pool, xsk->untold);
	xsk->untold = 0;
}

/* A call, lest it be computed for every socket, and mostly thrown away. */
static noinline u64 virtnet_xsk_addr_unaligned(const struct xdp_desc *desc)
{
	return xp_unaligned_add_offset_to_addr(desc->addr);
}

/* Where in the memory a descriptor points to. */
static __always_inline u64 virtnet_xsk_addr(const struct xsk_buff_pool *pool,
					    const struct xdp_desc *desc)
{
	if (unlikely(pool->unaligned))
		return virtnet_xsk_addr_unaligned(desc);
	return desc->addr;
}

/* Pages of a descriptor into entries up to @end. Return: the next; or NULL. */
static struct scatterlist *virtnet_xsk_pages(const struct virtnet_xsk *xsk,
					     const struct xdp_desc *desc,
					     struct scatterlist *sg,
					     const struct scatterlist *end)
{
	struct xsk_buff_pool *pool = xsk->pool;
	u64 addr = virtnet_xsk_addr(pool, desc);
	u32 len = desc->len, part;

	for (; len; addr += part, len -= part) {
		if (sg == end)
			return NULL;
		part = min_t(u32, len, PAGE_SIZE - offset_in_page(addr));
		sg_set_page(sg++, pool->umem->pgs[addr >> PAGE_SHIFT], part,
			    offset_in_page(addr));
	}
	return sg;
}

/* A packet to the ring. Return: 0 or -errno. */
static int virtnet_xsk_add(struct send_queue *sq, const struct xdp_desc *desc,
			   unsigned int n, void *token)
{
	const struct scatterlist *end = sq->sg + sq->most;
	struct scatterlist *sg = sq->sg;
	int err;

	sg_set_buf(sg++, sq->plain_hdr, sq->hdr_len);
	for (; n && sg; n--, desc++)
		sg = virtnet_xsk_pages(sq->xsk, desc, sg, end);
	if (!sg || sg == sq->sg + 1)
		return -EMSGSIZE;
	sg_mark_end(sg - 1);
	err = ring_add_out(sq->vq, sq->sg, sg - sq->sg, token);
	sg_unmark_end(sg - 1);
	return err;
}

static u32 virtnet_xsk_len(const struct xdp_desc *desc, unsigned int n)
{
	u32 len = 0;

	while (n--)
		len += desc[n].len;
	return len;
}

/*
 * A short packet goes as a copy: that is cheaper than a header apart, which
 * takes an entry more, and mostly an indirect table. The copy is of a fixed
 * size, but not of what lies behind the packet's page.
 */
static bool virtnet_xsk_is_short(const struct xdp_desc *desc, u64 addr)
{
	return desc->len && desc->len <= VIRTNET_XSK_SHORT &&
	       offset_in_page(addr) <= PAGE_SIZE - VIRTNET_XSK_SHORT &&
	       xsk_is_eop_desc((struct xdp_desc *)desc);
}

/*
 * Short packets of one descriptor each, up to the first that is none, or that
 * the ring does not take. Return: how many.
 */
static unsigned int virtnet_xsk_burst(struct send_queue *sq,
				      const struct xdp_desc *descs,
				      unsigned int n)
{
	struct virtnet_xsk *xsk = sq->xsk;
	const struct xsk_buff_pool *pool = xsk->pool;
	const unsigned int mask = xsk->mask;
	const unsigned long hdr_len = sq->hdr_len;
	unsigned int head = xsk->head;
	struct virtnet_xsk_sent *sent;
	unsigned int i;
	void *data;
	u64 addr;

	if (unlikely(xsk->cut))
		return 0;
	for (i = 0; i < n; i++, head++) {
		addr = virtnet_xsk_addr(pool, &descs[i]);
		if (unlikely(!virtnet_xsk_is_short(&descs[i], addr)))
			break;
		data = virtnet_copy_fill(xsk->copies, head & mask,
					 pool->addrs + addr, descs[i].len);
		if (ring_add_out_linear(sq->vq, &sq->sg_linear, data - hdr_len,
					hdr_len + descs[i].len,
					virtnet_xsk_token(head & mask),
					sq->phys))
			break;
		sent = &xsk->sent[head & mask];
		sent->len = descs[i].len;
		sent->descs = 1;
	}
	xsk->head = head;
	return i;
}

/*
 * One packet. What cannot be sent counts as done, so that the socket has it
 * back in its turn. Return: true if it was sent.
 */
static noinline bool virtnet_xsk_send(struct send_queue *sq,
				      const struct xdp_desc *desc,
				      unsigned int n)
{
	struct virtnet_xsk *xsk = sq->xsk;
	unsigned int index = xsk->head & xsk->mask;
	struct virtnet_xsk_sent *sent = &xsk->sent[index];
	bool whole = xsk_is_eop_desc(&desc[n - 1]);

	sent->len = virtnet_xsk_len(desc, n);
	sent->descs = n;
	sent->done = xsk->cut || !whole ||
		     virtnet_xsk_add(sq, desc, n, virtnet_xsk_token(index));
	xsk->head++;
	xsk->cut = !whole;
	return !sent->done;
}

/* Descriptors of the socket that there is certainly room for. */
static unsigned int virtnet_xsk_space(const struct send_queue *sq)
{
	const struct xsk_buff_pool *pool = sq->xsk->pool;
	unsigned int entries = 2, window;
	unsigned int free = ring_free(sq->vq);

	/* A header and a page; more where a packet may cross pages. */
	if (pool->unaligned || pool->chunk_size > PAGE_SIZE)
		entries += DIV_ROUND_UP(pool->chunk_size, PAGE_SIZE);
	free = free > sq->room ? (free - sq->room) / entries : 0;
	window = sq->xsk->mask + 1 -
		 (u16)(sq->xsk->head - sq->xsk->tail);
	return min(free, window);
}

/* Packets of a batch of descriptors. Return: how many were sent. */
static unsigned int virtnet_xsk_batch(struct send_queue *sq,
				      const struct xdp_desc *descs,
				      unsigned int n, unsigned int *drops)
{
	unsigned int i, part, sent = 0;

	for (i = 0; i < n; i += part) {
		part = virtnet_xsk_burst(sq, &descs[i], n - i);
		if (part) {
			sent += part;
			continue;
		}
		for (part = 1; i + part < n; part++)
			if (xsk_is_eop_desc(&descs[i + part - 1]))
				break;
		if (virtnet_xsk_send(sq, &descs[i], part))
			sent++;
		else
			(*drops)++;
	}
	return sent;
}

/**
 * virtnet_xsk_xmit() - send what the socket has
 * @sq: the queue; tx lock held, bottom halves off
 * @budget: most descriptors of the socket to take
 *
 * Return: true if there may be more, and room for it.
 */
bool virtnet_xsk_xmit(struct send_queue *sq, int budget)
{
	unsigned int n, sent, drops = 0;

	n = min_t(unsigned int, budget, virtnet_xsk_space(sq));
	if (n)
		n = xsk_tx_peek_release_desc_batch(sq->xsk->pool, n);
	if (!n)
		return false;
	sent = virtnet_xsk_batch(sq, sq->xsk->pool->tx_descs, n, &drops);
	sq->frames += sent;
	if (unlikely(drops))
		virtnet_xsk_complete(sq->xsk);
	virtnet_tx_sent(sq, sent, true);
	u64_stats_update_begin(&sq->stats->syncp);
	u64_stats_add(&sq->stats->xdp_tx, sent + drops);
	u64_stats_add(&sq->stats->xdp_tx_drops, drops);
	u64_stats_update_end(&sq->stats->syncp);
	return n == budget;
}

/**
 * virtnet_xsk_poll_tx() - the same, from the poll of the receive queue
 * @sq: the queue; bottom halves off
 * @budget: most descriptors of the socket to take
 *
 * For virtnet_xsk_busy(). Whoever holds the lock is sending, or polls.
 */
void virtnet_xsk_poll_tx(struct send_queue *sq, int budget)
{
	bool again = false;

	if (!__netif_tx_trylock(sq->txq))
		return;
	if (sq->up) {
		virtnet_tx_reclaim(sq);
		again = virtnet_xsk_xmit(sq, budget);
	}
	__netif_tx_unlock(sq->txq);
	if (again)
		ring_schedule(&sq->napi, sq->vq);
}
