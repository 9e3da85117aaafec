// SPDX-License-Identifier: GPL-2.0
/*
 * Adaptive interrupt moderation: the kernel's DIM says for each queue how long
 * an interrupt may be put off. The device is told, queue by queue where it can
 * be, else by the longest delay that any queue wants. A device without
 * moderation is not asked: then NAPI of a receive queue that had packets looks
 * again after that time, and only re-arms the interrupt when there were none.
 */
#include <virtnet/dim.h>
#include <virtnet/ring.h>
#include <virtnet/virtnet.h>

#include <linux/rtnetlink.h>

static bool virtnet_dim_is_tx(const struct virtnet_dim *dim)
{
	return dim->vq % 2;
}

static struct dim_cq_moder virtnet_dim_moder(const struct virtnet_dim *dim)
{
	const struct dim *d = &dim->dim;

	return virtnet_dim_is_tx(dim) ?
	       net_dim_get_tx_moderation(d->mode, d->profile_ix) :
	       net_dim_get_rx_moderation(d->mode, d->profile_ix);
}

/* The longest delay among the queues of that direction. */
static u16 virtnet_dim_longest(const struct virtnet_qset *qs, bool tx)
{
	u16 usecs = 0;
	unsigned int i;

	for (i = 0; i < qs->pairs; i++)
		usecs = max(usecs, tx ? qs->sq[i].dim.usecs :
					qs->rq[i].dim.usecs);
	return usecs;
}

/* RTNL held. A device that refuses is not asked again. */
static void virtnet_dim_tell(struct virtnet_dim *dim,
			     const struct dim_cq_moder *moder)
{
	bool tx = virtnet_dim_is_tx(dim);
	struct virtnet_info *vi = dim->vi;
	struct virtnet_coal c = { .usecs = moder->usec, .frames = moder->pkts };
	u16 before = virtnet_dim_longest(vi->qs, tx);
	int err = 0;

	dim->usecs = moder->usec;
	if (vi->caps.vq_notf_coal) {
		err = virtnet_coal_tell_queue(vi, dim->vq, &c);
	} else {
		c.usecs = virtnet_dim_longest(vi->qs, tx);
		if (c.usecs != before)
			err = virtnet_coal_tell_all(vi, tx, &c);
	}
	if (!err)
		return;
	netdev_warn(vi->dev, "adaptive moderation of %s queue %u off: %pe\n",
		    tx ? "transmit" : "receive", dim->vq / 2, ERR_PTR(err));
	if (tx)
		WRITE_ONCE(vi->qs->sq[dim->vq / 2].adaptive, false);
	else
		WRITE_ONCE(vi->qs->rq[dim->vq / 2].adaptive, false);
}

/*
 * Whoever holds RTNL may be waiting for this work to end: so a decision that
 * finds it taken is dropped. There will be another.
 */
static void virtnet_dim_work(struct work_struct *work)
{
	struct virtnet_dim *dim = container_of(work, struct virtnet_dim,
					       dim.work);
	struct dim_cq_moder moder = virtnet_dim_moder(dim);
	struct virtnet_info *vi = dim->vi;

	if (!virtnet_coal_by_device(&vi->caps)) {
		WRITE_ONCE(vi->qs->rq[dim->vq / 2].defer_us, moder.usec);
	} else if (rtnl_trylock()) {
		virtnet_dim_tell(dim, &moder);
		rtnl_unlock();
	}
	dim->dim.state = DIM_START_MEASURE;
}

/* NAPI of the queue, which is adaptive; after a poll. */
void virtnet_rx_dim(struct receive_queue *rq)
{
	const struct virtnet_rq_stats *s = rq->stats;
	struct dim_sample sample = { };

	dim_update_sample(u64_stats_read(&s->polls),
			  u64_stats_read(&s->packets),
			  u64_stats_read(&s->bytes), &sample);
	net_dim(&rq->dim.dim, &sample);
}

/* The same for transmit, with the tx lock held. */
void virtnet_tx_dim(struct send_queue *sq)
{
	const struct virtnet_sq_stats *s = sq->stats;
	struct dim_sample sample = { };

	dim_update_sample(u64_stats_read(&s->polls),
			  u64_stats_read(&s->packets),
			  u64_stats_read(&s->bytes), &sample);
	net_dim(&sq->dim.dim, &sample);
}

/* Hard interrupt context. */
enum hrtimer_restart virtnet_rx_defer_timer(struct hrtimer *timer)
{
	struct receive_queue *rq = container_of(timer, struct receive_queue,
						defer_timer);

	ring_schedule(&rq->napi, rq->vq);
	return HRTIMER_NORESTART;
}

/**
 * virtnet_rx_defer() - look again later, instead of re-arming the interrupt
 * @rq: the queue; its NAPI, before it completes
 */
void virtnet_rx_defer(struct receive_queue *rq)
{
	hrtimer_start(&rq->defer_timer,
		      ns_to_ktime((u64)READ_ONCE(rq->defer_us) * NSEC_PER_USEC),
		      HRTIMER_MODE_REL_PINNED);
}

void virtnet_dim_init(struct virtnet_dim *dim, struct virtnet_info *vi, u16 vq)
{
	INIT_WORK(&dim->dim.work, virtnet_dim_work);
	dim->dim.mode = DIM_CQ_PERIOD_MODE_START_FROM_EQE;
	dim->vi = vi;
	dim->vq = vq;
}

static void virtnet_dim_fresh(struct virtnet_dim *dim)
{
	struct dim *d = &dim->dim;

	d->state = DIM_START_MEASURE;
	d->tune_state = DIM_PARKING_ON_TOP;
	d->profile_ix = 0;
	d->steps_left = 0;
	d->steps_right = 0;
	d->tired = 0;
	memset(&d->prev_stats, 0, sizeof(d->prev_stats));
	dim->usecs = 0;
}

/**
 * virtnet_dim_start() - let the queues adapt that the user wants to
 * @vi: the interface, with queues; RTNL held
 */
void virtnet_dim_start(struct virtnet_info *vi)
{
	const struct virtnet_settings *s = &vi->settings;
	struct virtnet_qset *qs = vi->qs;
	unsigned int i;

	for (i = 0; i < qs->pairs; i++) {
		virtnet_dim_fresh(&qs->rq[i].dim);
		virtnet_dim_fresh(&qs->sq[i].dim);
		WRITE_ONCE(qs->rq[i].adaptive, s->rxq_coal[i].adaptive);
		WRITE_ONCE(qs->sq[i].adaptive, s->txq_coal[i].adaptive);
	}
}

/**
 * virtnet_dim_stop() - no more decisions, and none under way
 * @qs: the running set; RTNL may be held
 *
 * What the device was told last stays.
 */
void virtnet_dim_stop(struct virtnet_qset *qs)
{
	unsigned int i;

	for (i = 0; i < qs->pairs; i++) {
		WRITE_ONCE(qs->rq[i].adaptive, false);
		WRITE_ONCE(qs->sq[i].adaptive, false);
	}
	/* A poll that saw them on may be under way. */
	synchronize_net();
	for (i = 0; i < qs->pairs; i++) {
		cancel_work_sync(&qs->rq[i].dim.dim.work);
		cancel_work_sync(&qs->sq[i].dim.dim.work);
		WRITE_ONCE(qs->rq[i].defer_us, 0);
	}
}
