// SPDX-License-Identifier: GPL-2.0
/* What rules do at once: stall, flap, storm, announce, disconnect, die. */
#include <stdlib.h>
#include <unistd.h>

#include "script.h"

static u64 pairs_of(const struct rule *r)
{
	return r->pair < 0 ? ~0ULL : BIT(r->pair);
}

static void set_stall(struct rule *r, bool on)
{
	struct netdev *nd = r->nd;
	bool all = r->queue == QUEUE_ALL;
	u64 pairs = pairs_of(r);

	if (all || r->queue == QUEUE_RX)
		nd->stalled_rx = on ? nd->stalled_rx | pairs :
				      nd->stalled_rx & ~pairs;
	if (all || r->queue == QUEUE_TX)
		nd->stalled_tx = on ? nd->stalled_tx | pairs :
				      nd->stalled_tx & ~pairs;
	if (all || r->queue == QUEUE_CTRL)
		nd->stalled_ctrl = on;
	vhost_info(&nd->vdev, "script: stall %s", on ? "begins" : "ends");
	if (!on)
		netdev_wake(nd);
}

static void stall_over(struct loop_timer *timer)
{
	set_stall(timer->arg, false);
}

static void stall(struct rule *r)
{
	set_stall(r, true);
	if (!r->duration)
		return;
	r->work.fire = stall_over;
	r->work.arg = r;
	loop_timer_set(&r->work, loop_time() + r->duration);
}

/* What is done over and over: a flap, a storm. */
static void each_queue(struct rule *r, void (*fn)(struct rule *, struct vhost_vq *))
{
	struct netdev *nd = r->nd;
	unsigned int ctrl = netdev_ctrl_index(nd), i;

	for (i = 0; i < nd->vdev.num_vqs; i++) {
		struct vhost_vq *vq = &nd->vdev.vq[i];
		bool hit = r->queue == QUEUE_ALL;

		if (i == ctrl)
			hit |= r->queue == QUEUE_CTRL;
		else if (r->queue == (i & 1 ? QUEUE_TX : QUEUE_RX))
			hit |= r->pair < 0 || (unsigned int)r->pair == i / 2;
		if (hit && vhost_vq_live(vq))
			fn(r, vq);
	}
}

static void one_call(struct rule *r, struct vhost_vq *vq)
{
	u64 i;

	for (i = 0; i < r->value; i++)
		vhost_vq_call(vq);
}

static void skip_used(struct rule *r, struct vhost_vq *vq)
{
	vhost_vq_skip_used(vq, (u16)r->value);
	vhost_vq_call(vq);
}

static void break_queue(struct rule *r, struct vhost_vq *vq)
{
	(void)r;
	vq->broken = true;
}

static void repeat(struct loop_timer *timer)
{
	struct rule *r = timer->arg;

	if (loop_time() >= r->work_until) {
		if (r->action == ACT_FLAP)
			netdev_set_link(r->nd, true);
		return;
	}
	loop_timer_set(timer, loop_time() + r->period);
	if (r->action == ACT_STORM) {
		each_queue(r, one_call);
		return;
	}
	r->toggle = !r->toggle;
	netdev_set_link(r->nd, !r->toggle);
}

static void start_repeating(struct rule *r)
{
	r->work.fire = repeat;
	r->work.arg = r;
	r->work_until = r->duration ? loop_time() + r->duration : ~0ULL;
	if (r->action == ACT_STORM)
		r->value = 1;
	loop_timer_set(&r->work, loop_time() + r->period);
}

static void set_config(struct rule *r)
{
	memcpy((u8 *)&r->nd->config + r->offset, &r->value, r->size);
	vhost_config_changed(&r->nd->vdev);
}

static void set_mac(struct rule *r)
{
	memcpy(r->nd->mac, r->mac, ETH_ALEN);
	memcpy(r->nd->config.mac, r->mac, ETH_ALEN);
	vhost_config_changed(&r->nd->vdev);
}

static void announce(struct rule *r)
{
	r->nd->config.status |= S_ANNOUNCE;
	vhost_config_changed(&r->nd->vdev);
}

static void needs_reset(struct rule *r)
{
	r->nd->vdev.status |= 0x40;	/* DEVICE_NEEDS_RESET */
	vhost_config_changed(&r->nd->vdev);
}

static void pause_over(struct loop_timer *timer)
{
	struct rule *r = timer->arg;

	vhost_pause(&r->nd->vdev, false);
}

static void disconnect(struct rule *r)
{
	if (!r->duration) {
		vhost_disconnect(&r->nd->vdev, "by script");
		return;
	}
	vhost_pause(&r->nd->vdev, true);
	r->work.fire = pause_over;
	r->work.arg = r;
	loop_timer_set(&r->work, loop_time() + r->duration);
}

static void die(struct rule *r)
{
	vhost_info(&r->nd->vdev, "dies by script");
	_exit((int)r->value);
}

void script_do(struct rule *r)
{
	switch (r->action) {
	case ACT_USED_IDX:
		each_queue(r, skip_used);
		break;
	case ACT_STALL:
		stall(r);
		break;
	case ACT_LINK:
		netdev_set_link(r->nd, r->value);
		break;
	case ACT_FLAP:
	case ACT_STORM:
		start_repeating(r);
		break;
	case ACT_ANNOUNCE:
		announce(r);
		break;
	case ACT_CONFIG:
		set_config(r);
		break;
	case ACT_MAC:
		set_mac(r);
		break;
	case ACT_IRQ:
		each_queue(r, one_call);
		break;
	case ACT_BREAK:
		each_queue(r, break_queue);
		break;
	case ACT_NEEDS_RESET:
		needs_reset(r);
		break;
	case ACT_DISCONNECT:
		disconnect(r);
		break;
	case ACT_DIE:
		die(r);
		break;
	default:
		vhost_info(&r->nd->vdev, "script: %s", r->text);
	}
}
