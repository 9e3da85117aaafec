/* SPDX-License-Identifier: GPL-2.0 */
/* A small event loop: file descriptors (epoll), timers, and nothing else. */
#ifndef VHOST_LOOP_H
#define VHOST_LOOP_H

#include "types.h"

struct loop_source {
	int fd;
	void (*ready)(struct loop_source *src, u32 events);
	void *arg;
	bool added;
};

struct loop_timer {
	u64 when;		/* absolute, CLOCK_MONOTONIC, nanoseconds */
	void (*fire)(struct loop_timer *timer);
	void *arg;
	bool armed;
	struct loop_timer *next;
};

u64 loop_now(void);		/* the clock */
u64 loop_time(void);		/* the clock when this turn of the loop began */
int loop_init(void);
void loop_exit(void);

int loop_add(struct loop_source *src, int fd,
	     void (*ready)(struct loop_source *, u32), void *arg);
int loop_add_write(struct loop_source *src, int fd,
		   void (*ready)(struct loop_source *, u32), void *arg);
void loop_del(struct loop_source *src);

void loop_timer_set(struct loop_timer *timer, u64 when);
void loop_timer_stop(struct loop_timer *timer);

/* One turn: due timers, then what is ready; sleep only if @block. */
void loop_turn(bool block);

#endif
