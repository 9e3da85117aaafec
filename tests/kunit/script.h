/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Behaviour scripts for the in-memory device: the part of the language of
 * Documentation/device-scripts.rst that concerns rings, packets and interrupts.
 */
#ifndef VIRTNET_TEST_SCRIPT_H
#define VIRTNET_TEST_SCRIPT_H

#include "net_env.h"

#define SCRIPT_RULES	8

enum script_action {
	SCRIPT_USED_LEN,
	SCRIPT_USED_ID,
	SCRIPT_NUM_BUFFERS,
	SCRIPT_HEADER,
	SCRIPT_IRQ_LOSE,
	/* from here on at once, lasting for a time at most */
	SCRIPT_USED_IDX,
	SCRIPT_IRQ_STORM,
	SCRIPT_STALL,
	SCRIPT_BREAK,
	SCRIPT_DISCONNECT,
	SCRIPT_ACTIONS
};

struct script_rule {
	enum script_action action;
	bool tx_event;		/* counts packets sent, not received ones */
	u64 after, seen;
	bool fired;
	bool tx;		/* the queue it is about */
	bool dup;
	u32 value;
	u8 offset, size;	/* of the header's field */
	u64 left;		/* uses to come */
	u32 msecs;
	unsigned long until;
	u64 generation;		/* driver_oks when it fired */
};

struct script {
	struct net_env *env;
	struct script_rule rule[SCRIPT_RULES];
	unsigned int rules;
	u64 lies;		/* packets that the driver has to drop */
};

int script_load(struct script *s, struct net_env *env, const char *path);
void script_step(struct script *s, u32 seq);
bool script_over(const struct script *s);
void script_end(struct script *s);

#endif /* VIRTNET_TEST_SCRIPT_H */
