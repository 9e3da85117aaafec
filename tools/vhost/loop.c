// SPDX-License-Identifier: GPL-2.0
/*
 * The event loop. Timers are few (a handful a device), so a sorted list
 * serves. A callback may delete any source: the events of the same turn that
 * still wait for it are struck out.
 */
#include <errno.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "loop.h"

#define BATCH	64

static int epfd = -1;
static struct epoll_event batch[BATCH];
static int batch_len;
static struct loop_timer *timers;
static u64 turn_time;

u64 loop_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (u64)ts.tv_sec * NSEC_PER_SEC + (u64)ts.tv_nsec;
}

u64 loop_time(void)
{
	return turn_time;
}

int loop_init(void)
{
	turn_time = loop_now();
	epfd = epoll_create1(EPOLL_CLOEXEC);
	return epfd < 0 ? -errno : 0;
}

void loop_exit(void)
{
	close(epfd);
	epfd = -1;
}

static int add(struct loop_source *src, int fd, u32 events,
	       void (*ready)(struct loop_source *, u32), void *arg)
{
	struct epoll_event ev = { .events = events, .data.ptr = src };

	loop_del(src);
	src->fd = fd;
	src->ready = ready;
	src->arg = arg;
	if (epoll_ctl(epfd, EPOLL_CTL_ADD, fd, &ev) < 0)
		return -errno;
	src->added = true;
	return 0;
}

int loop_add(struct loop_source *src, int fd,
	     void (*ready)(struct loop_source *, u32), void *arg)
{
	return add(src, fd, EPOLLIN, ready, arg);
}

int loop_add_write(struct loop_source *src, int fd,
		   void (*ready)(struct loop_source *, u32), void *arg)
{
	return add(src, fd, EPOLLOUT, ready, arg);
}

void loop_del(struct loop_source *src)
{
	int i;

	if (!src->added)
		return;
	epoll_ctl(epfd, EPOLL_CTL_DEL, src->fd, NULL);
	src->added = false;
	for (i = 0; i < batch_len; i++)
		if (batch[i].data.ptr == src)
			batch[i].data.ptr = NULL;
}

void loop_timer_stop(struct loop_timer *timer)
{
	struct loop_timer **p;

	if (!timer->armed)
		return;
	for (p = &timers; *p; p = &(*p)->next) {
		if (*p == timer) {
			*p = timer->next;
			break;
		}
	}
	timer->armed = false;
}

void loop_timer_set(struct loop_timer *timer, u64 when)
{
	struct loop_timer **p = &timers;

	loop_timer_stop(timer);
	timer->when = when;
	while (*p && (*p)->when <= when)
		p = &(*p)->next;
	timer->next = *p;
	*p = timer;
	timer->armed = true;
}

static void run_timers(void)
{
	/* a timer re-arms itself for later than loop_time(), so this ends */
	while (timers && timers->when <= turn_time) {
		struct loop_timer *timer = timers;

		timers = timer->next;
		timer->armed = false;
		timer->fire(timer);
	}
}

static int wait_events(bool block)
{
	struct timespec ts = { 0, 0 };
	u64 now;

	if (block && timers) {
		now = loop_now();
		if (timers->when > now) {
			ts.tv_sec = (time_t)((timers->when - now) / NSEC_PER_SEC);
			ts.tv_nsec = (long)((timers->when - now) % NSEC_PER_SEC);
		}
	}
	return epoll_pwait2(epfd, batch, BATCH,
			    block && !timers ? NULL : &ts, NULL);
}

void loop_turn(bool block)
{
	int i, n = wait_events(block);

	batch_len = n > 0 ? n : 0;
	turn_time = loop_now();
	run_timers();
	for (i = 0; i < batch_len; i++) {
		struct loop_source *src = batch[i].data.ptr;

		if (src)
			src->ready(src, batch[i].events);
	}
	batch_len = 0;
}
