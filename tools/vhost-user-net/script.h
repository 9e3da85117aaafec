/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Behaviour scripts: what the device does wrong, and when. The language is
 * described in Documentation/device-scripts.rst.
 *
 * script_parse.c reads, script.c decides when, script_act.c does.
 */
#ifndef SCRIPT_H
#define SCRIPT_H

#include "netdev.h"

enum event {
	EVENT_RX, EVENT_TX, EVENT_CTRL, EVENT_KICK, EVENT_CONNECT, EVENT_START,
	EVENT_COUNT
};

enum trigger { WHEN_NOW, WHEN_AT, WHEN_AFTER, WHEN_EVERY, WHEN_PERIOD };
enum extent { EXTENT_TIMES, EXTENT_FOR, EXTENT_ALWAYS };

enum action {
	/* for as long as the rule is active, to what passes by */
	ACT_USED_LEN, ACT_USED_ID, ACT_HEADER, ACT_HOLD, ACT_LOSE_IRQ,
	ACT_CTRL_NAK, ACT_CTRL_ACK, ACT_REPLY, ACT_ALTERNATE, ACT_FLICKER,
	/* at once */
	ACT_FIRST_INSTANT,
	ACT_USED_IDX = ACT_FIRST_INSTANT, ACT_STALL, ACT_LINK, ACT_FLAP,
	ACT_ANNOUNCE, ACT_CONFIG, ACT_MAC, ACT_IRQ, ACT_STORM, ACT_NEEDS_RESET,
	ACT_DISCONNECT, ACT_DIE, ACT_LOG, ACT_BREAK,
	ACT_COUNT
};

enum queue_kind { QUEUE_RX, QUEUE_TX, QUEUE_CTRL, QUEUE_ALL };

struct rule {
	struct netdev *nd;
	struct rule *next;
	unsigned int line;

	enum trigger trigger;
	enum event event;
	u64 count;		/* events, or nanoseconds */
	u64 seen;
	bool fired;

	enum action action;
	enum queue_kind queue;
	int pair;		/* -1: each */
	u64 value, value2;
	bool duplicate;		/* used_id dup */
	u8 offset, size;	/* header, config or reply field */
	u8 mac[ETH_ALEN];
	char text[64];
	u64 period;		/* of a flap or storm */
	u64 duration;		/* of a stall, flap, storm, absence, flicker */

	enum extent extent;
	u64 times;
	u64 left;		/* how often it still applies */
	u64 until;		/* or until when; ~0: for good */
	u64 applied;

	struct loop_timer when;
	struct loop_timer work;
	u64 work_until;
	bool toggle;
};

struct script {
	struct rule *rules;
	u32 active;		/* a bit for each action with an active rule */
};

int script_load(struct netdev *nd, const char *path);
void script_free(struct netdev *nd);
const struct vhost_hooks *script_hooks(struct netdev *nd);
void script_event(struct netdev *nd, enum event event, u64 n);
void script_config(struct netdev *nd, u8 *space);
bool script_ctrl(struct netdev *nd, u8 class, u8 cmd);
void script_ack(struct netdev *nd, u8 *ack);
void script_reply(struct netdev *nd, u8 *reply, u32 len);
void script_delivered(struct vhost_vq *vq);
void script_report(struct netdev *nd, FILE *f);

/* between the files of the script engine */
int script_parse_line(struct rule *rule, char *line, const char **why);
void script_begin(struct rule *rule);
void script_do(struct rule *rule);

#endif
