// SPDX-License-Identifier: GPL-2.0
/* Receive: interrupt, poll and refill, the same for all buffer modes. */
#include <virtnet/rx.h>
#include <virtnet/rx_list.h>
#include <virtnet/virtnet.h>
#include <virtnet/xdp.h>
#include <virtnet/xsk.h>

/**
 * skb_recv_done() - the device used receive buffers
 * @vq: a receive queue; hard interrupt context
 */
void skb_recv_done(struct virtqueue *vq)
{
	struct virtnet_info *vi = vq->vdev->priv;
	struct virtnet_qset *qs = READ_ONCE(vi->qs);
	struct receive_queue *rq;

	if (unlikely(!virtnet_qset_has(qs, vq)))
		return;
	rq = &qs->rq[vq2pair(vq)];
	virtnet_irq_stats_inc(rq->irq_stats);
	ring_schedule(&rq->napi, vq);
}

/* Try again later, less and less often while there is no memory. */
static void virtnet_refill_later(struct receive_queue *rq)
{
	mod_timer(&rq->refill_timer,
		  jiffies + msecs_to_jiffies(rq->backoff_ms));
	rq->backoff_ms = min(rq->backoff_ms * 2, VIRTNET_REFILL_MS_MAX);
}

/**
 * try_fill_recv() - refill the ring and tell the device
 * @rq: the queue; NAPI context
 * @d: counters
 *
 * Without memory a timer schedules NAPI again, which tries anew.
 */
void try_fill_recv(struct receive_queue *rq, struct virtnet_rx_delta *d)
{
	unsigned int posted;
	int err;

	err = virtnet_rx_fill(rq, GFP_ATOMIC, &posted);
	trace_virtnet_refill(rq->dev, rq->index, posted,
			     virtnet_rx_lack(rq), err);
	if (unlikely(rq->xsk)) {
		posted += virtnet_xsk_filled(rq, err);
	} else if (unlikely(err)) {
		d->alloc_fail++;
		virtnet_refill_later(rq);
	} else {
		rq->backoff_ms = VIRTNET_REFILL_MS_MIN;
	}
	if (posted && ring_kick(rq->vq))
		d->kicks++;
}

/* The refill timer: memory is only touched by NAPI, so let NAPI try. */
void virtnet_rx_refill_timer(struct timer_list *t)
{
	struct receive_queue *rq = timer_container_of(rq, t, refill_timer);

	ring_schedule(&rq->napi, rq->vq);
}

/*
 * A queue with a program or a socket. Helpers of programs want more than bottom halves
 * off: bpf_fib_lookup() looks at what RCU protects.
 */
static noinline int virtnet_receive_shown(struct receive_queue *rq,
					  struct bpf_prog *prog, int budget,
					  struct virtnet_rx_delta *d)
{
	int n;

	rcu_read_lock();
	if (unlikely(rq->xsk))
		n = virtnet_receive_xsk(rq, prog, budget, d);
	else
		n = virtnet_receive_xdp(rq, prog, budget, d);
	rcu_read_unlock();
	return n;
}

/**
 * virtnet_receive() - take packets off the ring, in the queue set's mode
 * @rq: the queue; NAPI context
 * @budget: most packets to take; 0 (netpoll) takes none
 * @d: counters
 *
 * Return: packets taken, dropped ones included.
 */
static int virtnet_receive(struct receive_queue *rq, int budget,
			   struct virtnet_rx_delta *d)
{
	struct bpf_prog *prog = rcu_dereference_bh(rq->xdp_prog);

	if (prog || unlikely(rq->xsk))
		return virtnet_receive_shown(rq, prog, budget, d);
	switch (rq->plan.mode) {
	case VIRTNET_RX_SMALL:
		return virtnet_receive_small(rq, budget, d);
	case VIRTNET_RX_BIG:
		return virtnet_receive_big(rq, budget, d);
	default:
		return virtnet_receive_mergeable(rq, budget, d);
	}
}

/* virtio_ring stops using a ring in which it found nonsense. */
static void virtnet_rx_check_broken(struct receive_queue *rq,
				    struct virtnet_rx_delta *d)
{
	if (likely(!virtqueue_is_broken(rq->vq)))
		return;
	d->bad_used += virtnet_report_broken(rq->vi, rq->vq);
}

/* Hand up what GRO would not have merged, all at once. */
static void virtnet_rx_flush_list(struct receive_queue *rq)
{
	netif_receive_skb_list(&rq->list);
	INIT_LIST_HEAD(&rq->list);
}

/**
 * virtnet_poll() - NAPI of a receive queue
 * @napi: its NAPI
 * @budget: most packets to hand up
 *
 * Return: packets handled; @budget to be called again.
 */
int virtnet_poll(struct napi_struct *napi, int budget)
{
	struct receive_queue *rq =
		container_of(napi, struct receive_queue, napi);
	struct virtnet_rx_delta d = { .polls = 1 };
	int done;

	rq->listing = virtnet_rx_listing(rq);
	done = virtnet_receive(rq, budget, &d);
	if (!list_empty(&rq->list))
		virtnet_rx_flush_list(rq);
	if (budget && virtnet_rx_lack(rq) >= rq->refill_at)
		try_fill_recv(rq, &d);
	if (unlikely(rq->xsk && budget) && virtnet_xsk_busy(napi))
		virtnet_xsk_poll_tx(rq->sq, budget);
	virtnet_rx_check_broken(rq, &d);
	virtnet_rx_stats_add(rq->stats, &d);
	if (done == budget)
		return done;
	if (unlikely(rq->adaptive))
		virtnet_rx_dim(rq);
	if (unlikely(rq->defer_us && done)) {
		virtnet_rx_defer(rq);
		napi_complete_done(napi, done);
	} else {
		ring_complete(napi, rq->vq, done, &rq->armed);
	}
	return done;
}
