// SPDX-License-Identifier: GPL-2.0
/* When rules apply: triggers, extents, and the questions hooks ask. */
#include <errno.h>
#include <stdlib.h>

#include "script.h"

/* Is a rule of this kind in force? Uses one turn of it if so. */
static bool in_force(struct rule *r)
{
	if (r->extent == EXTENT_TIMES) {
		if (!r->left)
			return false;
		r->left--;
	} else if (loop_time() >= r->until) {
		return false;
	}
	r->applied++;
	return true;
}

static bool concerns(const struct rule *r, const struct vhost_vq *vq)
{
	bool ctrl = vq->index == netdev_ctrl_index(r->nd);

	if (r->queue == QUEUE_ALL)
		return true;
	if (ctrl || r->queue == QUEUE_CTRL)
		return ctrl && r->queue == QUEUE_CTRL;
	if ((vq->index & 1) != (r->queue == QUEUE_TX))
		return false;
	return r->pair < 0 || vq->index / 2 == r->pair;
}

static struct rule *find(struct script *s, enum action action,
			 const struct vhost_vq *vq)
{
	struct rule *r;

	if (!s || !(s->active & BIT(action)))
		return NULL;
	for (r = s->rules; r; r = r->next)
		if (r->action == action && r->fired &&
		    (!vq || concerns(r, vq)) && in_force(r))
			return r;
	return NULL;
}

static unsigned int on_used(struct vhost_vq *vq, u32 *id, u32 *len)
{
	struct script *s = to_netdev(vq->dev)->script;
	struct rule *r;

	if (find(s, ACT_HOLD, vq))
		return 0;
	r = find(s, ACT_USED_LEN, vq);
	if (r)
		*len = (u32)r->value;
	r = find(s, ACT_USED_ID, vq);
	if (r && !r->duplicate)
		*id = (u32)r->value;
	return r && r->duplicate ? 2 : 1;
}

static void on_header(struct vhost_vq *vq, void *hdr, size_t len)
{
	struct script *s = to_netdev(vq->dev)->script;
	struct rule *r;

	if (!(s->active & BIT(ACT_HEADER)))
		return;
	/* several fields may be wrong at once */
	for (r = s->rules; r; r = r->next)
		if (r->action == ACT_HEADER && r->fired &&
		    (size_t)r->offset + r->size <= len && in_force(r))
			memcpy((u8 *)hdr + r->offset, &r->value, r->size);
}

static bool on_call(struct vhost_vq *vq)
{
	return !find(to_netdev(vq->dev)->script, ACT_LOSE_IRQ, vq);
}

const struct vhost_hooks *script_hooks(struct netdev *nd)
{
	static const struct vhost_hooks hooks = {
		.used = on_used,
		.header = on_header,
		.call = on_call,
	};

	return nd->script ? &hooks : NULL;
}

bool script_ctrl(struct netdev *nd, u8 class, u8 cmd)
{
	(void)class;
	(void)cmd;
	return find(nd->script, ACT_CTRL_NAK, NULL);
}

void script_ack(struct netdev *nd, u8 *ack)
{
	struct rule *r = find(nd->script, ACT_CTRL_ACK, NULL);

	if (r)
		*ack = (u8)r->value;
}

void script_reply(struct netdev *nd, u8 *reply, u32 len)
{
	struct rule *r = len >= 8 ? find(nd->script, ACT_REPLY, NULL) : NULL;

	if (r)
		memcpy(reply + r->offset, &r->value, r->size);
}

/*
 * The driver has the packet now, and looks at it while its header changes. It
 * may have read it already and use the memory otherwise: so not for long, and
 * nothing but the header.
 */
void script_delivered(struct vhost_vq *vq)
{
	struct script *s = to_netdev(vq->dev)->script;
	u8 *at = vq->last_header;
	struct rule *r;
	u64 end;

	if (likely(!s) || !at)
		return;
	vq->last_header = NULL;
	r = find(s, ACT_FLICKER, vq);
	if (!r || (size_t)r->offset + r->size > vq->dev->hdr_len)
		return;
	end = loop_now() + r->duration;
	do {
		memcpy(at + r->offset, &r->value, r->size);
		full_barrier();
		memcpy(at + r->offset, vq->last_header_was + r->offset, r->size);
		full_barrier();
	} while (loop_now() < end);
}

void script_config(struct netdev *nd, u8 *space)
{
	struct rule *r = find(nd->script, ACT_ALTERNATE, NULL);

	if (!r)
		return;
	memcpy(space + r->offset, r->toggle ? &r->value2 : &r->value, r->size);
	r->toggle = !r->toggle;
}

static void fire(struct rule *r)
{
	r->fired = true;
	vhost_debug(&r->nd->vdev, "script line %u", r->line);
	if (r->action >= ACT_FIRST_INSTANT) {
		r->applied++;
		script_do(r);
		return;
	}
	if (r->extent == EXTENT_TIMES)
		r->left += r->times;
	else if (r->extent == EXTENT_FOR)
		r->until = loop_time() + r->times;
	else
		r->until = ~0ULL;
	r->nd->script->active |= (u32)BIT(r->action);
}

static void when_fired(struct loop_timer *timer)
{
	struct rule *r = timer->arg;

	if (r->trigger == WHEN_PERIOD)
		loop_timer_set(timer, loop_time() + r->count);
	fire(r);
}

/* The clock of a script starts when the device first runs. */
static void start_clock(struct script *s)
{
	struct rule *r;

	for (r = s->rules; r; r = r->next)
		if ((r->trigger == WHEN_AT || r->trigger == WHEN_PERIOD) &&
		    !r->when.armed && !r->fired)
			loop_timer_set(&r->when, loop_time() + r->count);
}

void script_event(struct netdev *nd, enum event event, u64 n)
{
	struct script *s = nd->script;
	struct rule *r;

	if (likely(!s))
		return;
	if (event == EVENT_START)
		start_clock(s);
	for (r = s->rules; r; r = r->next) {
		if (r->event != event || (r->trigger != WHEN_AFTER &&
					  r->trigger != WHEN_EVERY))
			continue;
		r->seen += n;
		if (r->seen < r->count ||
		    (r->fired && r->trigger == WHEN_AFTER))
			continue;
		if (r->trigger == WHEN_EVERY)
			r->seen %= r->count;
		fire(r);
	}
}

static int add_line(struct netdev *nd, struct rule ***tail, char *text,
		    unsigned int line, const char *path)
{
	struct rule *r = calloc(1, sizeof(*r));
	const char *why = NULL;
	int ret;

	if (!r)
		return -ENOMEM;
	r->nd = nd;
	r->line = line;
	r->when.fire = when_fired;
	r->when.arg = r;
	ret = script_parse_line(r, text, &why);
	if (ret <= 0) {
		free(r);
		if (ret < 0)
			vhost_err(&nd->vdev, "%s:%u: %s (see Documentation/device-scripts.rst)",
				  path, line, why);
		return ret ? -EINVAL : 0;
	}
	**tail = r;
	*tail = &r->next;
	return 0;
}

int script_load(struct netdev *nd, const char *path)
{
	FILE *f = fopen(path, "r");
	unsigned int line = 0;
	struct rule **tail, *r;
	char text[512];
	int err = 0;

	if (!f) {
		vhost_err(&nd->vdev, "script %s: %m", path);
		return -errno;
	}
	script_free(nd);
	nd->script = calloc(1, sizeof(*nd->script));
	if (!nd->script)
		err = -ENOMEM;
	else
		tail = &nd->script->rules;
	while (!err && fgets(text, sizeof(text), f))
		err = add_line(nd, &tail, text, ++line, path);
	fclose(f);
	if (err)
		return err;
	for (r = nd->script->rules; r; r = r->next)
		if (r->trigger == WHEN_NOW)
			fire(r);
	return 0;
}

void script_free(struct netdev *nd)
{
	struct script *s = nd->script;

	if (!s)
		return;
	while (s->rules) {
		struct rule *r = s->rules;

		s->rules = r->next;
		loop_timer_stop(&r->when);
		loop_timer_stop(&r->work);
		free(r);
	}
	free(s);
	nd->script = NULL;
}

void script_report(struct netdev *nd, FILE *f)
{
	struct rule *r;
	const char *sep = "";

	fprintf(f, "[");
	for (r = nd->script ? nd->script->rules : NULL; r; r = r->next) {
		fprintf(f, "%s{\"line\": %u, \"applied\": %llu}", sep, r->line,
			(unsigned long long)r->applied);
		sep = ", ";
	}
	fprintf(f, "]");
}
