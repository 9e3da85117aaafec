// SPDX-License-Identifier: GPL-2.0
/*
 * Binding of AF_XDP sockets. A socket is one of the settings, and a queue set
 * is made with the sockets there are; so it outlives every reset and resize.
 *
 * Where the ring takes addresses that were mapped before, the socket's memory
 * is mapped once, by the kernel's helper. Elsewhere the ring takes pages, and
 * the table of addresses that the kernel wants to see is of physical ones.
 */
#include <virtnet/ring.h>
#include <virtnet/virtnet.h>
#include <virtnet/xsk.h>

#include <linux/log2.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/slab.h>

/* Does the socket take packets of several buffers? */
static bool virtnet_xsk_sg(const struct xsk_buff_pool *pool)
{
	return pool->umem->flags & COMPAT_XDP_UMEM_SG;
}

/*
 * Bytes of packet in a buffer. Packets of several have the array of fragments
 * at the end of the first, which not every kernel takes off by itself.
 */
static u32 virtnet_xsk_room(const struct xsk_buff_pool *pool)
{
	u32 keep = pool->headroom + XDP_PACKET_HEADROOM;

	if (virtnet_xsk_sg(pool))
		keep += VIRTNET_RX_TAILROOM;
	return pool->chunk_size > keep ? pool->chunk_size - keep : 0;
}

/* Buffers that a packet may have, at most. */
unsigned int virtnet_xsk_segs_max(const struct virtnet_caps *caps)
{
	return caps->mrg_rxbuf ? MAX_SKB_FRAGS + 1 : 1;
}

/* Is any queue's memory a socket's? */
bool virtnet_xsk_any(const struct virtnet_settings *s)
{
	return memchr_inv(s->xsk, 0, sizeof(s->xsk));
}

/**
 * virtnet_xsk_check() - do the sockets go with the rest of the settings?
 * @caps: what the device offered
 * @s: what is asked for
 * @extack: says why not
 *
 * Return: 0 or -EINVAL.
 */
int virtnet_xsk_check(const struct virtnet_caps *caps,
		      const struct virtnet_settings *s,
		      struct netlink_ext_ack *extack)
{
	u32 frame = s->mtu + ETH_HLEN + VLAN_HLEN;
	unsigned int i;

	for (i = 0; i < VIRTNET_PAIRS_MAX; i++) {
		const struct virtnet_xsk *xsk = s->xsk[i];

		if (!xsk)
			continue;
		if (i >= s->pairs) {
			NL_SET_ERR_MSG_MOD(extack,
					   "an AF_XDP socket has one of these channels");
			return -EINVAL;
		}
		if (frame > xsk->room * xsk->segs) {
			NL_SET_ERR_MSG_MOD(extack,
					   "MTU too large for the buffers of an AF_XDP socket");
			return -EINVAL;
		}
	}
	return 0;
}

/* The table of addresses, of which the kernel makes those of the buffers. */
static int virtnet_xsk_table(struct xsk_buff_pool *pool)
{
	struct xdp_umem *umem = pool->umem;
	dma_addr_t *table;
	u32 i;

	table = kvcalloc(umem->npgs, sizeof(*table), GFP_KERNEL);
	if (!table)
		return -ENOMEM;
	for (i = 0; i < umem->npgs; i++)
		table[i] = page_to_phys(umem->pgs[i]);
	/* Packets may cross from page to page where they adjoin. */
	for (i = 1; pool->unaligned && i < umem->npgs; i++)
		if (page_to_phys(umem->pgs[i - 1]) + PAGE_SIZE == table[i])
			table[i - 1] |= XSK_NEXT_PG_CONTIG_MASK;
	pool->dma_pages = table;
	pool->dma_pages_cnt = umem->npgs;
	for (i = 0; !pool->unaligned && i < pool->heads_cnt; i++)
		xp_init_xskb_dma(&pool->heads[i], pool, table,
				 (u64)i * pool->chunk_size);
	return 0;
}

static int virtnet_xsk_map(struct virtnet_xsk *xsk, struct device *dma_dev)
{
	int err;

	if (!dma_dev)
		return virtnet_xsk_table(xsk->pool);
	err = xsk_pool_dma_map(xsk->pool, dma_dev, 0);
	if (!err)
		xsk->dma_dev = dma_dev;
	return err;
}

static void virtnet_xsk_unmap(struct virtnet_xsk *xsk)
{
	struct xsk_buff_pool *pool = xsk->pool;

	if (xsk->dma_dev) {
		xsk_pool_dma_unmap(pool, 0);
		return;
	}
	kvfree(pool->dma_pages);
	pool->dma_pages = NULL;
	pool->dma_pages_cnt = 0;
}

static int virtnet_xsk_rxq(struct virtnet_xsk *xsk, struct net_device *dev,
			   u16 queue)
{
	int err = xdp_rxq_info_reg(&xsk->rxq, dev, queue, 0);

	if (err)
		return err;
	err = xdp_rxq_info_reg_mem_model(&xsk->rxq, MEM_TYPE_XSK_BUFF_POOL,
					 NULL);
	if (err)
		xdp_rxq_info_unreg(&xsk->rxq);
	else
		xsk_pool_set_rxq_info(xsk->pool, &xsk->rxq);
	return err;
}

static unsigned int virtnet_xsk_copy_pages(const struct virtnet_xsk *xsk)
{
	return DIV_ROUND_UP(xsk->mask + 1, VIRTNET_PIECES_PAGE);
}

/* What the socket's packets in our rings take of our memory. */
static void virtnet_xsk_tables_free(struct virtnet_xsk *xsk)
{
	unsigned int i;

	for (i = 0; xsk->copies && i < virtnet_xsk_copy_pages(xsk); i++)
		free_page((unsigned long)xsk->copies[i]);
	kfree(xsk->copies);
	kfree(xsk->sent);
	kvfree(xsk->slots);
}

static bool virtnet_xsk_tables_alloc(struct virtnet_xsk *xsk)
{
	unsigned int i, n = virtnet_xsk_copy_pages(xsk);

	xsk->slots = kvcalloc(xsk->pool->heads_cnt, sizeof(*xsk->slots),
			      GFP_KERNEL);
	xsk->sent = kcalloc(xsk->mask + 1, sizeof(*xsk->sent), GFP_KERNEL);
	xsk->copies = kcalloc(n, sizeof(*xsk->copies), GFP_KERNEL);
	if (!xsk->slots || !xsk->sent || !xsk->copies)
		return false;
	for (i = 0; i < n; i++) {
		xsk->copies[i] = (void *)get_zeroed_page(GFP_KERNEL);
		if (!xsk->copies[i])
			return false;
	}
	return true;
}

static void virtnet_xsk_free(struct virtnet_xsk *xsk)
{
	xdp_rxq_info_unreg(&xsk->rxq);
	virtnet_xsk_unmap(xsk);
	virtnet_xsk_tables_free(xsk);
	kfree(xsk);
}

static struct virtnet_xsk *virtnet_xsk_new(struct virtnet_info *vi,
					   struct xsk_buff_pool *pool,
					   u16 queue)
{
	unsigned int entries = roundup_pow_of_two(vi->caps.tx_ring_max);
	struct virtnet_xsk *xsk = kzalloc_obj(*xsk);
	int err = -ENOMEM;

	if (!xsk)
		return ERR_PTR(-ENOMEM);
	xsk->pool = pool;
	xsk->room = virtnet_xsk_room(pool);
	xsk->segs = virtnet_xsk_sg(pool) ? virtnet_xsk_segs_max(&vi->caps) : 1;
	xsk->mask = entries - 1;
	if (!virtnet_xsk_tables_alloc(xsk))
		goto free;
	err = virtnet_xsk_map(xsk, vi->dma_dev);
	if (err)
		goto free;
	err = virtnet_xsk_rxq(xsk, vi->dev, queue);
	if (!err)
		return xsk;
	virtnet_xsk_unmap(xsk);
free:
	virtnet_xsk_tables_free(xsk);
	kfree(xsk);
	return ERR_PTR(err);
}

/* Make @xsk, or none, the queue's socket. */
static int virtnet_xsk_change(struct virtnet_info *vi, u16 queue,
			      struct virtnet_xsk *xsk,
			      struct netlink_ext_ack *extack)
{
	struct virtnet_settings *want = virtnet_settings_edit(vi);
	int err;

	if (!want)
		return -ENOMEM;
	want->xsk[queue] = xsk;
	err = virtnet_settings_commit(vi, want, extack);
	if (!err && vi->dev->reg_state == NETREG_REGISTERED)
		netdev_update_features(vi->dev);
	return err;
}

static int virtnet_xsk_bind(struct virtnet_info *vi, struct virtnet_xsk *xsk,
			    u16 queue)
{
	struct netlink_ext_ack extack = { };
	int err = virtnet_xsk_change(vi, queue, xsk, &extack);

	/* Who binds a socket gets a number only. */
	if (err && net_ratelimit())
		netdev_info(vi->dev, "no zero copy for queue %u: %s\n", queue,
			    extack._msg ? extack._msg : "no memory");
	return err;
}

/*
 * The memory has to be given back. If the device or the lack of memory does not
 * allow for new queues, the interface stops, and recovery brings it back.
 */
static void virtnet_xsk_unbind(struct virtnet_info *vi, u16 queue)
{
	struct virtnet_xsk *xsk = vi->settings.xsk[queue];

	if (virtnet_xsk_change(vi, queue, NULL, NULL)) {
		vi->settings.xsk[queue] = NULL;
		if (vi->state == VIRTNET_RUNNING) {
			virtnet_qset_free(virtnet_halt(vi));
			virtnet_report_fault(vi, VIRTNET_FAULT_NO_START);
		}
	}
	virtnet_xsk_free(xsk);
}

/**
 * virtnet_xsk_setup() - XDP_SETUP_XSK_POOL
 * @vi: the interface; RTNL held
 * @pool: memory for a queue pair; NULL to take it back
 * @queue: the pair
 *
 * Return: 0, or -errno with everything as it was. Taking it back succeeds.
 */
int virtnet_xsk_setup(struct virtnet_info *vi, struct xsk_buff_pool *pool,
		      u16 queue)
{
	struct virtnet_xsk *xsk;
	int err;

	if (queue >= VIRTNET_PAIRS_MAX)
		return -EINVAL;
	if (!pool) {
		if (!vi->settings.xsk[queue])
			return -EINVAL;
		virtnet_xsk_unbind(vi, queue);
		return 0;
	}
	if (vi->settings.xsk[queue])
		return -EBUSY;
	xsk = virtnet_xsk_new(vi, pool, queue);
	if (IS_ERR(xsk))
		return PTR_ERR(xsk);
	err = virtnet_xsk_bind(vi, xsk, queue);
	if (err)
		virtnet_xsk_free(xsk);
	return err;
}

/**
 * virtnet_xsk_wakeup() - ndo_xsk_wakeup
 * @dev: the net device
 * @queue: the pair
 * @flags: XDP_WAKEUP_RX, XDP_WAKEUP_TX
 *
 * Called under RCU, by which the queue set stays until we return.
 *
 * Return: 0 or -errno.
 */
int virtnet_xsk_wakeup(struct net_device *dev, u32 queue, u32 flags)
{
	struct virtnet_info *vi = netdev_priv(dev);
	struct virtnet_qset *qs = READ_ONCE(vi->qs);

	if (!qs || queue >= qs->pairs)
		return -ENETDOWN;
	if (!qs->rq[queue].xsk)
		return -ENXIO;
	local_bh_disable();
	if (flags & XDP_WAKEUP_TX)
		ring_schedule(&qs->sq[queue].napi, qs->sq[queue].vq);
	if (flags & XDP_WAKEUP_RX)
		ring_schedule(&qs->rq[queue].napi, qs->rq[queue].vq);
	local_bh_enable();
	return 0;
}
