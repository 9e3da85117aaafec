// SPDX-License-Identifier: GPL-2.0
/* Queue sets: made whole, attached to virtqueues, filled, drained, freed. */
#include <virtnet/rx.h>
#include <virtnet/tx.h>
#include <virtnet/virtnet.h>
#include <virtnet/xdp.h>
#include <virtnet/xsk.h>

#include <linux/rtnetlink.h>
#include <linux/vmalloc.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ring.h>

/* Refill when this part of the buffers is missing, one doorbell for all. */
#define VIRTNET_REFILL_PART	32

/*
 * A pool of this order; mapped for the device where we do that ourselves. It keeps up to
 * @size pages that came back from other CPUs.
 */
static struct page_pool *virtnet_rq_pool(struct receive_queue *rq,
					 unsigned int order, unsigned int size,
					 bool for_device)
{
	struct page_pool_params pp = {
		.order = order,
		.pool_size = max(size, 1U),
		.nid = dev_to_node(&rq->vi->vdev->dev),
		.dev = rq->vi->vdev->dev.parent,
		.napi = &rq->napi,
		.netdev = rq->vi->dev,
	};
	struct page_pool *pool;

	if (for_device && rq->dma_dev) {
		pp.flags = PP_FLAG_DMA_MAP | PP_FLAG_DMA_SYNC_DEV;
		pp.dev = rq->dma_dev;
		pp.dma_dir = DMA_FROM_DEVICE;
		pp.max_len = PAGE_SIZE << order;
	}
	pool = page_pool_create(&pp);
	return IS_ERR(pool) ? NULL : pool;
}

static int virtnet_rq_pools(struct receive_queue *rq)
{
	unsigned int depth = rq->plan.depth;

	rq->pool = virtnet_rq_pool(rq, VIRTNET_POOL_ORDER, depth, true);
	rq->copy_pool = virtnet_rq_pool(rq, VIRTNET_POOL_ORDER, depth / 4,
					false);
	if (!rq->pool || !rq->copy_pool)
		return -ENOMEM;
	if (rq->plan.mode != VIRTNET_RX_MERGEABLE)
		return 0;
	/* Two buffers a page. */
	rq->bulk_pool = virtnet_rq_pool(rq, VIRTNET_BULK_ORDER, depth / 2,
					true);
	return rq->bulk_pool ? 0 : -ENOMEM;
}

/* Programs see which queue a packet is from, and whose memory it is. */
static int virtnet_rq_xdp_info(struct receive_queue *rq,
			       struct xdp_rxq_info *info,
			       struct page_pool *pool)
{
	int err = xdp_rxq_info_reg(info, rq->dev, rq->index, rq->napi.napi_id);

	if (err)
		return err;
	return xdp_rxq_info_reg_mem_model(info, MEM_TYPE_PAGE_POOL, pool);
}

static int virtnet_rq_xdp(struct receive_queue *rq)
{
	int err = virtnet_rq_xdp_info(rq, &rq->xdp_rxq, rq->pool);

	return err ? err : virtnet_rq_xdp_info(rq, &rq->copy_rxq, rq->copy_pool);
}

/* What describes the buffers: slots, their entries, and the list of free ones. */
static size_t virtnet_rq_bufs_size(const struct receive_queue *rq)
{
	return rq->plan.depth * (sizeof(*rq->bufs) + sizeof(*rq->free_bufs) +
				 rq->nsg * sizeof(*rq->sgs));
}

/* In one piece, of just the pages it takes: kvcalloc() would round up, thrice. */
static void *virtnet_rq_bufs_alloc(size_t size)
{
	void *mem = alloc_pages_exact(size, GFP_KERNEL | __GFP_ZERO |
					    __GFP_NOWARN | __GFP_NORETRY);

	return mem ?: vzalloc(size);
}

static void virtnet_rq_bufs_free(struct receive_queue *rq)
{
	if (is_vmalloc_addr(rq->bufs))
		vfree(rq->bufs);
	else if (rq->bufs)
		free_pages_exact(rq->bufs, virtnet_rq_bufs_size(rq));
}

/* Nothing is in the ring. A socket has slots of its own. */
static void virtnet_rq_empty(struct receive_queue *rq)
{
	unsigned int i;

	rq->nr_free = rq->xsk ? 0 : rq->plan.depth;
	rq->nr_due = rq->plan.depth - rq->nr_free;
	for (i = 0; i < rq->nr_free; i++)
		rq->free_bufs[i] = &rq->bufs[i];
}

static int virtnet_rq_bufs(struct receive_queue *rq)
{
	unsigned int i, depth = rq->plan.depth;

	rq->bufs = virtnet_rq_bufs_alloc(virtnet_rq_bufs_size(rq));
	if (!rq->bufs)
		return -ENOMEM;
	rq->sgs = (void *)(rq->bufs + depth);
	rq->free_bufs = (void *)(rq->sgs + depth * rq->nsg);
	for (i = 0; i < depth; i++) {
		rq->bufs[i].sg = rq->sgs + i * rq->nsg;
		sg_init_table(rq->bufs[i].sg, rq->nsg);
	}
	virtnet_rq_empty(rq);
	return 0;
}

static int virtnet_rq_init(struct virtnet_qset *qs, unsigned int i,
			   const struct virtnet_settings *s)
{
	struct receive_queue *rq = &qs->rq[i];
	struct virtnet_info *vi = qs->vi;
	int err;

	rq->vi = vi;
	rq->dev = vi->dev;
	rq->index = i;
	rq->shown = i;
	rq->plan = qs->plan;
	rq->xsk = s->xsk[i];
	if (rq->xsk)
		virtnet_xsk_plan(rq, s);
	rq->copybreak = s->copybreak;
	rq->hdr_len = vi->caps.hdr_len;
	rq->min_len = rq->hdr_len + ETH_HLEN;
	rq->hash_report = vi->caps.hash_report;
	rq->one = __cpu_to_virtio16(vi->caps.little_endian, 1);
	rq->want = virtnet_rx_layout_first(&qs->plan);
	rq->refill_at = max(rq->plan.depth / VIRTNET_REFILL_PART, 1);
	rq->dma_dev = vi->dma_dev;
	rq->premapped = vi->premapped;
	rq->stats = &vi->stats[i].rx;
	rq->irq_stats = &vi->stats[i].rx_irq;
	rq->xdp_stats = &vi->stats[i].xdp;
	rq->sq = &qs->sq[i];
	rcu_assign_pointer(rq->xdp_prog, s->xdp_prog);
	rq->split_hdr = !vi->caps.any_layout && !vi->caps.mrg_rxbuf;
	rq->nsg = rq->plan.pages + rq->split_hdr;
	rq->descs = 1;
	if (!virtio_has_feature(vi->vdev, VIRTIO_RING_F_INDIRECT_DESC))
		rq->descs = rq->nsg;
	INIT_LIST_HEAD(&rq->list);
	rq->list_delivery = vi->settings.list_delivery;
	rq->bulk_after = jiffies;
	virtnet_dim_init(&rq->dim, vi, rxq2vq(i));
	hrtimer_setup(&rq->defer_timer, virtnet_rx_defer_timer, CLOCK_MONOTONIC,
		      HRTIMER_MODE_REL_PINNED);
	timer_setup(&rq->refill_timer, virtnet_rx_refill_timer, 0);
	netif_napi_add_config(vi->dev, &rq->napi, virtnet_poll, i);
	err = virtnet_rq_bufs(rq);
	if (!err)
		err = virtnet_rq_pools(rq);
	return err ? err : virtnet_rq_xdp(rq);
}

/**
 * virtnet_sq_assign() - is the queue one of the stack's, or for XDP alone?
 * @sq: the queue, while nobody sends by it
 * @s: the settings, which say it
 */
void virtnet_sq_assign(struct send_queue *sq, const struct virtnet_settings *s)
{
	sq->own = sq->index >= s->pairs;
	sq->room = sq->vi->caps.tx_ring_max - s->tx_ring;
	if (!sq->own)
		sq->room += min_t(u16, VIRTNET_TX_SG, s->tx_ring);
}

static void virtnet_sq_init(struct virtnet_qset *qs, unsigned int i,
			    const struct virtnet_settings *s)
{
	struct send_queue *sq = &qs->sq[i];
	struct virtnet_info *vi = qs->vi;

	sq->vi = vi;
	sq->index = i;
	sq->hdr_len = vi->caps.hdr_len;
	sq->can_push = vi->caps.any_layout;
	sq->txq = netdev_get_tx_queue(vi->dev, i);
	virtnet_sq_assign(sq, s);
	sq->xsk = s->xsk[i];
	sq->plain_hdr = vi->plain_hdr;
	sq->copies.max = vi->caps.tx_ring_max;
	sq->stats = &vi->stats[i].tx;
	sq->irq_stats = &vi->stats[i].tx_irq;
	virtnet_dim_init(&sq->dim, vi, txq2vq(i));
	sg_init_table(&sq->sg_linear, 1);
	sg_init_table(sq->sg, ARRAY_SIZE(sq->sg));
	sg_unmark_end(&sq->sg[ARRAY_SIZE(sq->sg) - 1]);
	netif_napi_add_tx(vi->dev, &sq->napi, virtnet_poll_tx);
}

static void virtnet_rq_free(struct receive_queue *rq)
{
	unsigned int i;

	/*
	 * Slots only ever get memory once there are pools. What is a socket's
	 * went back when the set was taken off the rings.
	 */
	for (i = 0; rq->pool && !rq->xsk && i < rq->plan.depth; i++)
		virtnet_rx_buf_free(rq, &rq->bufs[i]);
	virtnet_rx_slices_free(rq);
	page_pool_destroy(rq->pool);
	if (xdp_rxq_info_is_reg(&rq->xdp_rxq))
		xdp_rxq_info_unreg(&rq->xdp_rxq);
	page_pool_destroy(rq->copy_pool);
	if (xdp_rxq_info_is_reg(&rq->copy_rxq))
		xdp_rxq_info_unreg(&rq->copy_rxq);
	page_pool_destroy(rq->bulk_pool);
	virtnet_rq_bufs_free(rq);
}

/* Pairs from @from to before @to, some of them not even made. */
static void virtnet_pairs_free(struct virtnet_qset *qs, unsigned int from,
			       unsigned int to)
{
	unsigned int i;

	for (i = from; i < to; i++) {
		if (qs->rq[i].vi)
			__netif_napi_del(&qs->rq[i].napi);
		if (qs->sq[i].vi)
			__netif_napi_del(&qs->sq[i].napi);
	}
	/* Whoever still walks the device's list of NAPIs is done after this. */
	synchronize_net();
	for (i = from; i < to; i++) {
		virtnet_rq_free(&qs->rq[i]);
		virtnet_copies_free(&qs->sq[i].copies);
	}
}

/**
 * virtnet_qset_free() - throw a queue set away
 * @qs: detached and drained, or never attached; may be NULL
 */
void virtnet_qset_free(struct virtnet_qset *qs)
{
	if (!qs)
		return;
	virtnet_pairs_free(qs, 0, qs->pairs);
	kvfree(qs->rq);
	kvfree(qs->sq);
	kfree(qs);
}

static int virtnet_pairs_init(struct virtnet_qset *qs, unsigned int from,
			      unsigned int to, const struct virtnet_settings *s)
{
	int err = 0;

	for (; from < to && !err; from++) {
		virtnet_sq_init(qs, from, s);
		err = virtnet_rq_init(qs, from, s);
	}
	return err;
}

/**
 * virtnet_qset_alloc() - make a queue set, everything but the buffers
 * @vi: the interface
 * @s: the settings it is for
 *
 * RTNL held. Return: the set, or NULL without memory.
 */
struct virtnet_qset *virtnet_qset_alloc(struct virtnet_info *vi,
					const struct virtnet_settings *s)
{
	struct virtnet_qset *qs = kzalloc(sizeof(*qs), GFP_KERNEL);

	if (!qs)
		return NULL;
	qs->vi = vi;
	qs->stack = s->pairs;
	/* Pairs may come while the set runs. */
	virtnet_rx_plan(&qs->plan, &vi->caps, s);
	qs->rq = kvcalloc(vi->caps.all_pairs, sizeof(*qs->rq), GFP_KERNEL);
	qs->sq = kvcalloc(vi->caps.all_pairs, sizeof(*qs->sq), GFP_KERNEL);
	if (!qs->rq || !qs->sq)
		goto fail;
	qs->pairs = virtnet_pairs_all(s);
	if (virtnet_pairs_init(qs, 0, qs->pairs, s))
		goto fail;
	return qs;

fail:
	virtnet_qset_free(qs);
	return NULL;
}

static int virtnet_pair_attach(struct virtnet_info *vi,
			       struct receive_queue *rq, struct send_queue *sq,
			       struct virtqueue **vqs)
{
	struct device *dma_dev;
	bool premapped = ring_premapped(vqs[0], &dma_dev);

	if (premapped != rq->premapped || dma_dev != rq->dma_dev)
		return -EIO;
	/* What was negotiated may differ from when the set was made. */
	virtnet_hdr_rules_init(&rq->rules, &vi->caps);
	rq->vq = vqs[0];
	rq->wipe = !premapped && ring_bounces(vqs[0]);
	rq->simple = !rq->wipe && !rq->split_hdr && rq->plan.pages == 1;
	/* Only now: until here they may have been those of the set before. */
	if (rq->xsk)
		virtnet_xsk_slots(rq);
	sq->vq = vqs[1];
	sq->phys = ring_takes_phys(sq->vq);
	sq->most = min_t(unsigned int, VIRTNET_TX_SG,
			 virtqueue_get_vring_size(sq->vq));
	return 0;
}

static int virtnet_pairs_attach(struct virtnet_qset *qs, unsigned int from,
				unsigned int to, struct virtqueue **vqs)
{
	int err = 0;

	for (; from < to && !err; from++)
		err = virtnet_pair_attach(qs->vi, &qs->rq[from], &qs->sq[from],
					  vqs + rxq2vq(from));
	return err;
}

/**
 * virtnet_qset_attach() - give the set its virtqueues
 * @qs: the set
 * @vqs: rx0, tx0, rx1, tx1, ...
 *
 * Return: 0, or -EIO if the device takes other addresses than it did.
 */
int virtnet_qset_attach(struct virtnet_qset *qs, struct virtqueue **vqs)
{
	return virtnet_pairs_attach(qs, 0, qs->pairs, vqs);
}

/**
 * virtnet_qset_fill() - post the first receive buffers
 * @qs: attached; the device not necessarily ready
 *
 * A ring that stays short of memory is filled by NAPI later.
 */
void virtnet_qset_fill(struct virtnet_qset *qs)
{
	unsigned int i, posted;

	for (i = 0; i < qs->pairs; i++)
		virtnet_rx_fill(&qs->rq[i], GFP_KERNEL, &posted);
}

/* Let NAPI look once: it kicks, retries the refill, and arms the callback. */
void virtnet_napi_start(struct napi_struct *napi, struct virtqueue *vq)
{
	netif_napi_set_irq(napi, virtnet_vq_irq(vq));
	napi_enable(napi);
	local_bh_disable();
	ring_schedule(napi, vq);
	local_bh_enable();
}

/**
 * virtnet_pair_enable() - start NAPI of a pair and tell the device of its buffers
 * @vi: the interface
 * @rq: its receive queue, attached and filled; the device ready
 * @sq: its transmit queue
 */
void virtnet_pair_enable(struct virtnet_info *vi, struct receive_queue *rq,
			 struct send_queue *sq)
{
	rq->backoff_ms = VIRTNET_REFILL_MS_MIN;
	netdev_tx_reset_queue(sq->txq);
	ring_kick(rq->vq);
	virtnet_napi_start(&rq->napi, rq->vq);
	virtnet_napi_start(&sq->napi, sq->vq);
	if (rq->xsk)
		virtnet_xsk_up(rq);
	netif_queue_set_napi(vi->dev, rq->index, NETDEV_QUEUE_TYPE_RX,
			     &rq->napi);
	netif_queue_set_napi(vi->dev, sq->index, NETDEV_QUEUE_TYPE_TX,
			     &sq->napi);
	virtnet_tx_up(sq, true);
}

/**
 * virtnet_qset_enable() - start NAPI and tell the device of the buffers
 * @qs: attached and filled; the device ready
 */
void virtnet_qset_enable(struct virtnet_qset *qs)
{
	unsigned int i;

	for (i = 0; i < qs->pairs; i++)
		virtnet_pair_enable(qs->vi, &qs->rq[i], &qs->sq[i]);
}

/**
 * virtnet_qset_disable() - stop NAPI and timers; may sleep
 * @qs: enabled
 */
void virtnet_qset_disable(struct virtnet_qset *qs)
{
	unsigned int i;

	for (i = 0; i < qs->pairs; i++) {
		netif_queue_set_napi(qs->vi->dev, i, NETDEV_QUEUE_TYPE_RX,
				     NULL);
		netif_queue_set_napi(qs->vi->dev, i, NETDEV_QUEUE_TYPE_TX,
				     NULL);
		virtnet_tx_up(&qs->sq[i], false);
		napi_disable(&qs->rq[i].napi);
		napi_disable(&qs->sq[i].napi);
		timer_delete_sync(&qs->rq[i].refill_timer);
		hrtimer_cancel(&qs->rq[i].defer_timer);
	}
	virtnet_dim_stop(qs);
}

/**
 * virtnet_qset_drain() - take everything the device did not use off the rings
 * @qs: disabled; the device reset, transmit stopped
 */
void virtnet_qset_drain(struct virtnet_qset *qs)
{
	struct virtnet_rx_buf *buf;
	unsigned int i;

	for (i = 0; i < qs->pairs; i++) {
		struct receive_queue *rq = &qs->rq[i];

		while (rq->used_next < rq->used_end)
			virtnet_rx_buf_put(rq, (rq->used_next++)->buf);
		while ((buf = virtqueue_detach_unused_buf(rq->vq)))
			virtnet_rx_buf_put(rq, buf);
		if (rq->xsk)
			virtnet_xsk_release(rq);
		virtnet_tx_drain(&qs->sq[i]);
		rq->vq = NULL;
		qs->sq[i].vq = NULL;
	}
}

/**
 * virtnet_qset_tunable() - can the set go over to a plan while it runs?
 * @qs: the set
 * @plan: the plan
 *
 * It can where only the memory of a buffer is to differ, not what buffers
 * there are.
 */
bool virtnet_qset_tunable(const struct virtnet_qset *qs,
			  const struct virtnet_rx_plan *plan)
{
	return plan->mode == qs->plan.mode && plan->pages == qs->plan.pages &&
	       plan->depth == qs->plan.depth;
}

static void virtnet_rq_replan(struct receive_queue *rq,
			      const struct virtnet_rx_plan *plan)
{
	/* Parts of pages may be of another size from here on. */
	virtnet_rx_slices_free(rq);
	rq->plan = *plan;
	rq->want = virtnet_rx_layout_first(plan);
}

static void virtnet_rq_retune(struct receive_queue *rq,
			      const struct virtnet_rx_plan *plan,
			      struct bpf_prog *prog)
{
	/* The memory of a socket is as it is. */
	if (!rq->xsk)
		virtnet_rq_replan(rq, plan);
	rcu_assign_pointer(rq->xdp_prog, prog);
}

/**
 * virtnet_rq_lend() - other memory for the slots of a queue
 * @rq: the queue; at rest, its ring empty
 * @xsk: the AF_XDP socket whose memory it is; NULL for memory of our own
 *
 * There are as many slots for both: see virtnet_xsk_plan_same().
 */
void virtnet_rq_lend(struct receive_queue *rq, struct virtnet_xsk *xsk)
{
	unsigned int i;

	if (rq->xsk)
		virtnet_xsk_release(rq);
	else
		for (i = 0; i < rq->plan.depth; i++)
			virtnet_rx_buf_free(rq, &rq->bufs[i]);
	rq->xsk = xsk;
	virtnet_rq_replan(rq, &rq->vi->qs->plan);
	virtnet_rq_empty(rq);
	if (xsk)
		virtnet_xsk_slots(rq);
}

/**
 * virtnet_qset_grow() - pairs on top of those of a running set
 * @qs: the set, enabled; RTNL held
 * @plan: what the buffers of the new ones look like
 * @s: the settings, with as many pairs as there are to be
 *
 * May sleep. The device does not use them yet. They run the program that the
 * others run.
 *
 * Return: 0, or -errno with the set as it was.
 */
int virtnet_qset_grow(struct virtnet_qset *qs,
		      const struct virtnet_rx_plan *plan,
		      const struct virtnet_settings *s)
{
	struct bpf_prog *prog = rtnl_dereference(qs->rq[0].xdp_prog);
	unsigned int i, had = qs->pairs, n = virtnet_pairs_all(s), posted;
	int err = virtnet_pairs_init(qs, had, n, s);

	if (!err)
		err = virtnet_pairs_attach(qs, had, n, qs->vi->vqs);
	if (err) {
		virtnet_pairs_free(qs, had, n);
		memset(qs->rq + had, 0, (n - had) * sizeof(*qs->rq));
		memset(qs->sq + had, 0, (n - had) * sizeof(*qs->sq));
		return err;
	}
	for (i = had; i < n; i++) {
		virtnet_rq_retune(&qs->rq[i], plan, prog);
		virtnet_rx_fill(&qs->rq[i], GFP_KERNEL, &posted);
	}
	/* Interrupts look up to here. */
	smp_store_release(&qs->pairs, n);
	for (i = had; i < n; i++)
		virtnet_pair_enable(qs->vi, &qs->rq[i], &qs->sq[i]);
	return 0;
}

/**
 * virtnet_qset_retune() - go over to another plan and another program
 * @qs: the set, enabled; virtnet_qset_tunable()
 * @plan: the plan
 * @prog: the program, or NULL
 *
 * May sleep. Buffers that are in the ring stay there as they are, and get the
 * new layout when they come back. Packets wait in the ring meanwhile.
 */
void virtnet_qset_retune(struct virtnet_qset *qs,
			 const struct virtnet_rx_plan *plan,
			 struct bpf_prog *prog)
{
	bool same = !memcmp(plan, &qs->plan, sizeof(*plan));
	unsigned int i;

	for (i = 0; i < qs->pairs; i++) {
		struct receive_queue *rq = &qs->rq[i];

		if (same) {
			rcu_assign_pointer(rq->xdp_prog, prog);
			continue;
		}
		napi_disable(&rq->napi);
		timer_delete_sync(&rq->refill_timer);
		virtnet_rq_retune(rq, plan, prog);
		virtnet_napi_start(&rq->napi, rq->vq);
	}
	for (i = 0; i < qs->pairs && !prog; i++)
		virtnet_xdp_idle(&qs->sq[i]);
	qs->plan = *plan;
}
