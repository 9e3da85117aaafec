// SPDX-License-Identifier: GPL-2.0-only
/* Reads behaviour scripts and lets the in-memory device follow them. */
#include <linux/ctype.h>
#include <linux/kernel_read_file.h>
#include <linux/vmalloc.h>

#include "script.h"

static const struct {
	const char *name;
	enum script_action action;
} script_words[] = {
	{ "used_len", SCRIPT_USED_LEN }, { "used_id", SCRIPT_USED_ID },
	{ "num_buffers", SCRIPT_NUM_BUFFERS }, { "header", SCRIPT_HEADER },
	{ "lose", SCRIPT_IRQ_LOSE }, { "used_idx", SCRIPT_USED_IDX },
	{ "storm", SCRIPT_IRQ_STORM }, { "stall", SCRIPT_STALL },
	{ "break", SCRIPT_BREAK }, { "disconnect", SCRIPT_DISCONNECT },
};

#define FIELD(name) { #name, offsetof(struct virtio_net_hdr_v1, name), \
		      sizeof_field(struct virtio_net_hdr_v1, name) }
static const struct {
	const char *name;
	u8 offset, size;
} script_fields[] = {
	FIELD(flags), FIELD(gso_type), FIELD(hdr_len), FIELD(gso_size),
	FIELD(csum_start), FIELD(csum_offset),
};

static bool script_queue(struct script_rule *r, const char *word)
{
	bool tx = !strncmp(word, "tx", 2), rx = !strncmp(word, "rx", 2);

	if (tx)
		r->tx = true;
	return tx || rx || !strcmp(word, "all");
}

static bool script_field(struct script_rule *r, const char *word)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(script_fields); i++) {
		if (strcmp(word, script_fields[i].name))
			continue;
		r->offset = script_fields[i].offset;
		r->size = script_fields[i].size;
		return true;
	}
	return false;
}

/* "500ms", "2s" */
static bool script_time(struct script_rule *r, const char *word)
{
	char *end;
	u64 n = simple_strtoull(word, &end, 0);

	if (end == word || !*end)
		return false;
	r->msecs = !strcmp(end, "s") ? n * 1000 : n;
	return !strcmp(end, "s") || !strcmp(end, "ms");
}

static bool script_action(struct script_rule *r, const char *word)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(script_words); i++) {
		if (strcmp(word, script_words[i].name))
			continue;
		r->action = script_words[i].action;
		r->left = 1;
		return true;
	}
	return !strcmp(word, "irq");
}

/* One word behind the colon; *number is what has not found its place yet. */
static bool script_word(struct script_rule *r, const char *word, bool *number)
{
	u64 n;

	if (r->action == SCRIPT_ACTIONS)
		return script_action(r, word) || script_queue(r, word);
	if (!kstrtoull(word, 0, &n)) {
		if (*number)
			r->left = n;
		else
			r->value = n;
		*number = true;
		return true;
	}
	if (!strcmp(word, "dup")) {
		r->dup = true;
		*number = true;
		return true;
	}
	return !strcmp(word, "once") || !strcmp(word, "times") || !strcmp(word, "hz") ||
	       !strcmp(word, "for") || script_action(r, word) || script_queue(r, word) ||
	       script_field(r, word) || script_time(r, word);
}

/* "after N rx: ..." */
static int script_line(struct script *s, char *line)
{
	struct script_rule *r = &s->rule[s->rules];
	char *colon = strchr(line, ':'), event[4] = "", *word;
	bool number = false;

	if (s->rules == SCRIPT_RULES || !colon)
		return -EINVAL;
	*colon = 0;
	memset(r, 0, sizeof(*r));
	r->action = SCRIPT_ACTIONS;
	if (sscanf(line, "after %llu %3s", &r->after, event) != 2)
		return -EINVAL;
	r->tx_event = !strcmp(event, "tx");
	line = colon + 1;
	while ((word = strsep(&line, " ")))
		if (*word && !script_word(r, word, &number))
			return -EINVAL;
	if (r->action == SCRIPT_ACTIONS)
		return -EINVAL;
	s->rules++;
	return 0;
}

/* Read a script. Return: 0, or what is wrong with the file. */
int script_load(struct script *s, struct net_env *env, const char *path)
{
	void *buf = NULL;
	char *text, *line;
	ssize_t len;
	int err = 0;

	memset(s, 0, sizeof(*s));
	s->env = env;
	len = kernel_read_file_from_path(path, 0, &buf, 4000, NULL, READING_UNKNOWN);
	if (len < 0)
		return len;
	text = kstrndup(buf, len, GFP_KERNEL);
	vfree(buf);
	if (!text)
		return -ENOMEM;
	for (buf = text; !err && (line = strsep((char **)&buf, "\n"));) {
		line[strcspn(line, "#")] = 0;
		line = strim(line);
		if (*line)
			err = script_line(s, line);
	}
	kfree(text);
	return err;
}

/* --- what a rule does --- */

static bool script_lasts(struct script_rule *r)
{
	if (!r->fired)
		return false;
	return r->until ? time_before(jiffies, r->until) : r->left;
}

/* Is such a rule in force? It is used up by being found. */
static struct script_rule *script_find(struct script *s, enum script_action action, bool tx)
{
	struct script_rule *r;

	for (r = s->rule; r < s->rule + s->rules; r++) {
		if (r->action != action || r->tx != tx || !script_lasts(r))
			continue;
		if (!r->until)
			r->left--;
		return r;
	}
	return NULL;
}

static bool script_packed(const struct script *s)
{
	return memdev_has(s->env->dev, VIRTIO_F_RING_PACKED);
}

static void script_jump(struct script *s, struct memdev_vq *q, u16 n)
{
	if (script_packed(s))
		memdev_packed_jump(q, n);
	else
		memdev_split_jump(q, n);
	memdev_interrupt(q);
}

/* It comes back as another process, which finds its place only where the ring tells it. */
static void script_back(struct script *s)
{
	if (script_packed(s)) {
		memdev_packed_forget(net_rxq(s->env));
		memdev_packed_forget(net_txq(s->env));
	}
	memdev_link_set(s->env->dev, true);
}

static void script_fire(struct script *s, struct script_rule *r)
{
	struct memdev_vq *q = r->tx ? net_txq(s->env) : net_rxq(s->env);

	r->fired = true;
	r->generation = s->env->dev->driver_oks;
	if (r->msecs)
		r->until = jiffies + msecs_to_jiffies(r->msecs);
	if (r->action == SCRIPT_DISCONNECT)
		memdev_link_set(s->env->dev, false);
	if (r->action == SCRIPT_USED_IDX)
		script_jump(s, q, r->value);
}

static void script_event(struct script *s, bool tx)
{
	struct script_rule *r;

	for (r = s->rule; r < s->rule + s->rules; r++)
		if (r->tx_event == tx && !r->fired && ++r->seen >= r->after)
			script_fire(s, r);
}

static bool script_header(struct script *s, struct memdev_rx *rx)
{
	struct script_rule *r;
	bool lied = false;

	for (r = s->rule; r < s->rule + s->rules; r++) {
		if (r->action != SCRIPT_HEADER || !script_lasts(r))
			continue;
		r->left--;
		memcpy((u8 *)&rx->hdr + r->offset, &r->value, r->size);
		lied = true;
	}
	r = script_find(s, SCRIPT_NUM_BUFFERS, false);
	if (!r)
		return lied;
	rx->lie_num = true;
	rx->hdr.hdr.num_buffers = cpu_to_virtio16(&s->env->dev->vdev, r->value);
	return lied || memdev_has(s->env->dev, VIRTIO_NET_F_MRG_RXBUF);
}

/* A buffer used under another id, or twice. */
static void script_wrong_id(struct script *s, struct memdev_vq *q, struct script_rule *r)
{
	struct memdev_chain *c = &s->env->chain;

	if (memdev_pop(q, c) != 1)
		return;
	if (r->dup) {
		memdev_put(q, c, 100);
		memdev_put(q, c, 100);
		memdev_flush(q);
	} else {
		memdev_used_raw(q, r->value, 100);
	}
	memdev_interrupt(q);
}

static void script_rx(struct script *s, u32 seq)
{
	struct net_env *env = s->env;
	struct memdev_rx rx = { .data = env->buf, .len = 700 };
	struct script_rule *r = script_find(s, SCRIPT_USED_ID, false), *len;
	struct memdev_vq *q = net_rxq(env);
	bool lied;

	if (r) {
		script_wrong_id(s, q, r);
		return;
	}
	net_fill(env->buf, rx.len, seq);
	lied = script_header(s, &rx);
	len = script_find(s, SCRIPT_USED_LEN, false);
	if (len)
		rx.used_len = &len->value;
	if (memdev_rx(env->dev, 0, &rx) <= 0)
		return;
	s->lies += lied || len;
	script_event(s, false);
	if (!script_find(s, SCRIPT_IRQ_LOSE, false))
		memdev_signal(q);
}

static bool script_stalled(struct script *s)
{
	struct script_rule *r;

	for (r = s->rule; r < s->rule + s->rules; r++) {
		if (r->action == SCRIPT_STALL && r->tx && script_lasts(r))
			return true;
		if (r->action == SCRIPT_BREAK && r->tx && r->fired &&
		    r->generation == s->env->dev->driver_oks)
			return true;
	}
	return false;
}

static void script_tx(struct script *s)
{
	struct memdev_vq *q = net_txq(s->env);
	struct script_rule *r;

	if (script_stalled(s))
		return;
	r = script_find(s, SCRIPT_USED_ID, true);
	if (r) {
		script_wrong_id(s, q, r);
		return;
	}
	while (q->live && memdev_pop(q, &s->env->chain) == 1) {
		memdev_use(q, &s->env->chain, 0);
		script_event(s, true);
	}
	memdev_signal(q);
}

static void script_storm(struct script *s)
{
	struct script_rule *r;
	unsigned int i;

	for (r = s->rule; r < s->rule + s->rules; r++) {
		for (i = 0; r->action == SCRIPT_IRQ_STORM && script_lasts(r) && i < 50; i++) {
			memdev_interrupt(net_rxq(s->env));
			memdev_interrupt(net_txq(s->env));
		}
		if (r->action == SCRIPT_DISCONNECT && r->fired && !script_lasts(r) && r->left) {
			r->left = 0;
			script_back(s);
		}
	}
}

/* A packet each way, as the script has it. RTNL held: nobody resets the device. */
void script_step(struct script *s, u32 seq)
{
	struct net_env *env = s->env;

	if (!net_rxq(env)->live || !(env->dev->status & VIRTIO_CONFIG_S_DRIVER_OK))
		return;
	script_storm(s);
	script_rx(s, seq);
	script_tx(s);
}

/* Has everything happened that depends on time? */
bool script_over(const struct script *s)
{
	const struct script_rule *r;

	for (r = s->rule; r < s->rule + s->rules; r++)
		if (r->until && time_before(jiffies, r->until))
			return false;
	return true;
}

/* The device behaves from now on. */
void script_end(struct script *s)
{
	s->rules = 0;
	memdev_link_set(s->env->dev, true);
}
