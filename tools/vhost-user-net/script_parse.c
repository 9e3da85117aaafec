// SPDX-License-Identifier: GPL-2.0
/* Reading a script: words of a line into a rule. */
#include <stdlib.h>

#include "script.h"

#define MAX_WORDS	24

struct words {
	char *w[MAX_WORDS];
	unsigned int n, at;
	const char **why;
};

struct field {
	const char *name;
	u8 offset, size;
};

static const struct field header_fields[] = {
	{ "flags", 0, 1 }, { "gso_type", 1, 1 }, { "hdr_len", 2, 2 },
	{ "gso_size", 4, 2 }, { "csum_start", 6, 2 }, { "csum_offset", 8, 2 },
	{ "num_buffers", 10, 2 }, { "hash_value", 12, 4 },
	{ "hash_report", 16, 2 },
};

static const struct field config_fields[] = {
	{ "status", 6, 2 }, { "max_pairs", 8, 2 }, { "mtu", 10, 2 },
	{ "speed", 12, 4 }, { "duplex", 16, 1 }, { "rss_max_key", 17, 1 },
	{ "rss_max_table", 18, 2 }, { "hash_types", 20, 4 },
};

/* of the first record of a statistics reply, or of any reply's bytes */
static const struct field reply_fields[] = {
	{ "type", 0, 1 }, { "index", 2, 2 }, { "size", 6, 2 },
	{ "byte0", 0, 1 }, { "word0", 0, 4 }, { "word1", 4, 4 },
};

static const char *const events[] = {
	[EVENT_RX] = "rx", [EVENT_TX] = "tx", [EVENT_CTRL] = "ctrl",
	[EVENT_KICK] = "kick", [EVENT_CONNECT] = "connect",
	[EVENT_START] = "start",
};

static int fail(struct words *w, const char *why)
{
	*w->why = why;
	return -1;
}

static const char *peek(const struct words *w)
{
	return w->at < w->n ? w->w[w->at] : "";
}

static bool take(struct words *w, const char *word)
{
	if (strcmp(peek(w), word))
		return false;
	w->at++;
	return true;
}

static int number(struct words *w, u64 *value)
{
	const char *s = peek(w);
	char *end;

	*value = strtoull(s, &end, 0);
	if (end == s || *end)
		return fail(w, "a number is wanted");
	w->at++;
	return 0;
}

static bool parse_duration(const char *s, u64 *ns)
{
	static const struct { const char *unit; u64 ns; } units[] = {
		{ "ns", 1 }, { "us", NSEC_PER_USEC }, { "ms", NSEC_PER_MSEC },
		{ "s", NSEC_PER_SEC }, { "m", 60 * NSEC_PER_SEC },
	};
	unsigned int i;
	char *end;

	*ns = strtoull(s, &end, 10);
	for (i = 0; end != s && i < ARRAY_SIZE(units); i++) {
		if (!strcmp(end, units[i].unit)) {
			*ns *= units[i].ns;
			return true;
		}
	}
	return false;
}

static int duration(struct words *w, u64 *ns)
{
	if (!parse_duration(peek(w), ns))
		return fail(w, "a time such as 500ms or 3s is wanted");
	w->at++;
	return 0;
}

static int event(struct words *w, enum event *event)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(events); i++)
		if (take(w, events[i])) {
			*event = (enum event)i;
			return 0;
		}
	return fail(w, "an event is wanted: rx, tx, ctrl, kick, connect or start");
}

/* rx, tx, ctrl, all; rx3 and tx3 for one pair */
static bool queue_word(const char *s, struct rule *r)
{
	static const char *const names[] = { "rx", "tx", "ctrl", "all" };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		size_t len = strlen(names[i]);
		char *end;
		long pair;

		if (strncmp(s, names[i], len))
			continue;
		r->queue = (enum queue_kind)i;
		r->pair = -1;
		if (!s[len])
			return true;
		pair = strtol(s + len, &end, 10);
		if (*end || pair < 0 || pair >= MAX_PAIRS || i > QUEUE_TX)
			return false;
		r->pair = (int)pair;
		return true;
	}
	return false;
}

static void maybe_queue(struct words *w, struct rule *r, enum queue_kind def)
{
	r->queue = def;
	r->pair = -1;
	if (queue_word(peek(w), r))
		w->at++;
}

static int find_field(struct words *w, struct rule *r, const struct field *f,
		      size_t n)
{
	for (; n--; f++) {
		if (take(w, f->name)) {
			r->offset = f->offset;
			r->size = f->size;
			return 0;
		}
	}
	return fail(w, "unknown field");
}

static int rate(struct words *w, u64 *period)
{
	u64 hz;

	if (number(w, &hz) < 0)
		return -1;
	if (!hz || hz > 1000000)
		return fail(w, "a rate from 1 to 1000000 is wanted");
	if (!take(w, "hz"))
		return fail(w, "hz is missing after the rate");
	*period = NSEC_PER_SEC / hz;
	return 0;
}

static void maybe_duration(struct words *w, u64 *ns)
{
	if (parse_duration(peek(w), ns))
		w->at++;
	else
		*ns = 0;
}

static int act_used_len(struct words *w, struct rule *r)
{
	maybe_queue(w, r, QUEUE_RX);
	return number(w, &r->value);
}

static int act_used_id(struct words *w, struct rule *r)
{
	maybe_queue(w, r, QUEUE_RX);
	r->duplicate = take(w, "dup");
	return r->duplicate ? 0 : number(w, &r->value);
}

static int act_num_buffers(struct words *w, struct rule *r)
{
	r->queue = QUEUE_RX;
	r->pair = -1;
	r->offset = 10;
	r->size = 2;
	return number(w, &r->value);
}

static int act_header(struct words *w, struct rule *r)
{
	r->queue = QUEUE_RX;
	r->pair = -1;
	if (find_field(w, r, header_fields, ARRAY_SIZE(header_fields)) < 0)
		return -1;
	return number(w, &r->value);
}

static int act_flicker(struct words *w, struct rule *r)
{
	if (act_header(w, r) < 0)
		return -1;
	maybe_duration(w, &r->duration);
	if (!r->duration)
		r->duration = NSEC_PER_MSEC;
	return 0;
}

static int act_queue(struct words *w, struct rule *r)
{
	if (!queue_word(peek(w), r))
		return fail(w, "a queue is wanted: rx, tx, ctrl, all, or rx0");
	w->at++;
	return 0;
}

static int act_stall(struct words *w, struct rule *r)
{
	if (act_queue(w, r) < 0)
		return -1;
	maybe_duration(w, &r->duration);
	return 0;
}

static int act_link(struct words *w, struct rule *r)
{
	if (take(w, "flap")) {
		r->action = ACT_FLAP;
		if (rate(w, &r->period) < 0)
			return -1;
		maybe_duration(w, &r->duration);
		return 0;
	}
	r->value = take(w, "up");
	if (!r->value && !take(w, "down"))
		return fail(w, "link up, link down, or link flap N hz");
	return 0;
}

static int act_irq(struct words *w, struct rule *r)
{
	if (take(w, "lose")) {
		r->action = ACT_LOSE_IRQ;
		maybe_queue(w, r, QUEUE_RX);
		return 0;
	}
	if (take(w, "storm")) {
		r->action = ACT_STORM;
		maybe_queue(w, r, QUEUE_RX);
		if (rate(w, &r->period) < 0)
			return -1;
		maybe_duration(w, &r->duration);
		return 0;
	}
	if (!take(w, "spurious"))
		return fail(w, "irq lose, irq spurious, or irq storm N hz");
	maybe_queue(w, r, QUEUE_RX);
	r->value = 1;
	return *peek(w) >= '0' && *peek(w) <= '9' ? number(w, &r->value) : 0;
}

static int parse_mac(struct words *w, struct rule *r)
{
	const char *s = peek(w);
	unsigned int b[ETH_ALEN], i;

	if (sscanf(s, "%2x:%2x:%2x:%2x:%2x:%2x", &b[0], &b[1], &b[2], &b[3],
		   &b[4], &b[5]) != ETH_ALEN)
		return fail(w, "a MAC address is wanted");
	for (i = 0; i < ETH_ALEN; i++)
		r->mac[i] = (u8)b[i];
	w->at++;
	return 0;
}

static int act_config(struct words *w, struct rule *r)
{
	if (take(w, "mac")) {
		r->action = ACT_MAC;
		return parse_mac(w, r);
	}
	if (find_field(w, r, config_fields, ARRAY_SIZE(config_fields)) < 0)
		return -1;
	if (!take(w, "alternate"))
		return number(w, &r->value);
	r->action = ACT_ALTERNATE;
	return number(w, &r->value) < 0 ? -1 : number(w, &r->value2);
}

static int act_mtu(struct words *w, struct rule *r)
{
	r->offset = 10;
	r->size = 2;
	return number(w, &r->value);
}

static int act_ctrl(struct words *w, struct rule *r)
{
	r->queue = QUEUE_CTRL;
	r->pair = -1;
	if (take(w, "nak")) {
		r->action = ACT_CTRL_NAK;
		return 0;
	}
	if (take(w, "hold")) {
		r->action = ACT_HOLD;
		return 0;
	}
	if (take(w, "ack"))
		return number(w, &r->value);
	return fail(w, "ctrl nak, ctrl hold, or ctrl ack N");
}

static int act_reply(struct words *w, struct rule *r)
{
	if (find_field(w, r, reply_fields, ARRAY_SIZE(reply_fields)) < 0)
		return -1;
	return number(w, &r->value);
}

static int act_disconnect(struct words *w, struct rule *r)
{
	maybe_duration(w, &r->duration);
	return 0;
}

static int act_die(struct words *w, struct rule *r)
{
	r->value = 0;
	return *peek(w) ? number(w, &r->value) : 0;
}

static int act_log(struct words *w, struct rule *r)
{
	size_t len = 0;

	while (w->at < w->n && len < sizeof(r->text))
		len += (size_t)snprintf(r->text + len, sizeof(r->text) - len,
					"%s ", w->w[w->at++]);
	return 0;
}

static int act_none(struct words *w, struct rule *r)
{
	(void)w;
	(void)r;
	return 0;
}

static int act_skip(struct words *w, struct rule *r)
{
	maybe_queue(w, r, QUEUE_RX);
	return number(w, &r->value);
}

static const struct {
	const char *word;
	enum action action;
	int (*parse)(struct words *w, struct rule *r);
} actions[] = {
	{ "used_len", ACT_USED_LEN, act_used_len },
	{ "used_id", ACT_USED_ID, act_used_id },
	{ "used_idx", ACT_USED_IDX, act_skip },
	{ "num_buffers", ACT_HEADER, act_num_buffers },
	{ "header", ACT_HEADER, act_header },
	{ "flicker", ACT_FLICKER, act_flicker },
	{ "hold", ACT_HOLD, act_queue },
	{ "stall", ACT_STALL, act_stall },
	{ "break", ACT_BREAK, act_queue },
	{ "irq", ACT_IRQ, act_irq },
	{ "link", ACT_LINK, act_link },
	{ "announce", ACT_ANNOUNCE, act_none },
	{ "config", ACT_CONFIG, act_config },
	{ "mtu", ACT_CONFIG, act_mtu },
	{ "ctrl", ACT_CTRL_ACK, act_ctrl },
	{ "reply", ACT_REPLY, act_reply },
	{ "needs_reset", ACT_NEEDS_RESET, act_none },
	{ "disconnect", ACT_DISCONNECT, act_disconnect },
	{ "die", ACT_DIE, act_die },
	{ "log", ACT_LOG, act_log },
};

static int parse_trigger(struct words *w, struct rule *r)
{
	r->trigger = WHEN_NOW;
	if (take(w, "at")) {
		r->trigger = WHEN_AT;
		return duration(w, &r->count);
	}
	if (take(w, "every") && parse_duration(peek(w), &r->count)) {
		r->trigger = WHEN_PERIOD;
		w->at++;
	} else if (take(w, "after") || w->at) {
		r->trigger = !strcmp(w->w[0], "after") ? WHEN_AFTER :
							 WHEN_EVERY;
		if (number(w, &r->count) < 0)
			return -1;
		if (event(w, &r->event) < 0)
			return -1;
	}
	return r->trigger == WHEN_NOW || r->count ? 0 :
	       fail(w, "a count or period of 0 makes no sense");
}

static int parse_action(struct words *w, struct rule *r)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(actions); i++) {
		if (!take(w, actions[i].word))
			continue;
		r->action = actions[i].action;
		return actions[i].parse(w, r);
	}
	return fail(w, "unknown action");
}

static int parse_extent(struct words *w, struct rule *r)
{
	r->extent = EXTENT_TIMES;
	r->times = 1;
	if (take(w, "always")) {
		r->extent = EXTENT_ALWAYS;
	} else if (take(w, "for")) {
		r->extent = EXTENT_FOR;
		if (duration(w, &r->times) < 0)
			return -1;
	} else if (!take(w, "once") && w->at < w->n) {
		if (number(w, &r->times) < 0)
			return -1;
		if (!take(w, "times"))
			return fail(w, "once, N times, for TIME or always");
	}
	return w->at == w->n ? 0 : fail(w, "words left over at the end");
}

/* 1: a rule, 0: nothing on this line, -1: error, *why says what */
int script_parse_line(struct rule *r, char *line, const char **why)
{
	struct words w = { .why = why };
	char *colon, *p, *save = NULL;

	line[strcspn(line, "#\r\n")] = 0;
	/* a colon ends the trigger; those of a MAC address have no space */
	colon = strstr(line, ": ");
	if (colon)
		*colon = ' ';
	for (p = strtok_r(line, " \t", &save); p && w.n < MAX_WORDS;
	     p = strtok_r(NULL, " \t", &save))
		w.w[w.n++] = p;
	if (!w.n)
		return 0;
	if (parse_trigger(&w, r) < 0 || parse_action(&w, r) < 0 ||
	    parse_extent(&w, r) < 0)
		return -1;
	return 1;
}
