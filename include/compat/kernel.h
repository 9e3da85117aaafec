/* SPDX-License-Identifier: GPL-2.0 */
/* Timers, modules, allocation: what has nothing to do with networks. */
#ifndef _COMPAT_KERNEL_H
#define _COMPAT_KERNEL_H

#ifdef HAVE_KUNIT_VISIBILITY_H
#include <kunit/visibility.h>
#endif
#include <linux/hrtimer.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/timer.h>

#ifndef HAVE_TIMER_DELETE_SYNC
static inline int timer_delete_sync(struct timer_list *timer)
{
	return del_timer_sync(timer);
}

static inline int timer_delete(struct timer_list *timer)
{
	return del_timer(timer);
}
#endif

/*
 * Without timer_shutdown_sync() a timer that is armed again by somebody else
 * stays armed: callers must have stopped everybody who might.
 */
#ifndef HAVE_TIMER_SHUTDOWN_SYNC
static inline int timer_shutdown_sync(struct timer_list *timer)
{
	return timer_delete_sync(timer);
}
#endif

#ifndef HAVE_TIMER_CONTAINER_OF
#define timer_container_of(var, callback_timer, timer_fieldname) \
	container_of(callback_timer, typeof(*(var)), timer_fieldname)
#endif

#ifndef HAVE_HRTIMER_SETUP
static inline void hrtimer_setup(struct hrtimer *timer,
				 enum hrtimer_restart (*function)(struct hrtimer *),
				 clockid_t clock, enum hrtimer_mode mode)
{
	hrtimer_init(timer, clock, mode);
	timer->function = function;
}
#endif

/* Without this header there is no KUnit that could want to see anything. */
#ifndef HAVE_KUNIT_VISIBILITY_H
#define VISIBLE_IF_KUNIT static
#define EXPORT_SYMBOL_IF_KUNIT(symbol)
#endif

/*
 * For tests: the nth allocation of this task from here on fails. Where that is
 * not built in compat_fail_nth() says so, and nothing fails.
 */
#ifdef CONFIG_FAULT_INJECTION
static inline bool compat_fail_nth(unsigned int n)
{
	WRITE_ONCE(current->fail_nth, n);
	return true;
}

/* How far it still is to the failure; 0 after it. */
static inline unsigned int compat_fail_left(void)
{
	return READ_ONCE(current->fail_nth);
}
#else
static inline bool compat_fail_nth(unsigned int n)
{
	return false;
}

static inline unsigned int compat_fail_left(void)
{
	return 0;
}
#endif

/* Namespaces were tokens, and a quoted one would be quoted twice. */
#ifndef HAVE_MODULE_IMPORT_NS_STRING
#undef MODULE_IMPORT_NS
#define MODULE_IMPORT_NS(ns) MODULE_INFO(import_ns, ns)
#endif

/* kmalloc_obj(*p), kzalloc_objs(*p, count, gfp): gfp is GFP_KERNEL when left out. */
#ifndef HAVE_KMALLOC_OBJ
#define __compat_gfp(first, gfp, ...) (gfp)
#define __compat_default_gfp(...) __compat_gfp(0, ##__VA_ARGS__, GFP_KERNEL)
#define __compat_obj(alloc, obj, ...) \
	((typeof(obj) *)alloc(sizeof(obj), __compat_default_gfp(__VA_ARGS__)))
#define __compat_objs(alloc, obj, count, ...) \
	((typeof(obj) *)alloc(count, sizeof(obj), __compat_default_gfp(__VA_ARGS__)))
#define kmalloc_obj(obj, ...) __compat_obj(kmalloc, obj, ##__VA_ARGS__)
#define kzalloc_obj(obj, ...) __compat_obj(kzalloc, obj, ##__VA_ARGS__)
#define kvzalloc_obj(obj, ...) __compat_obj(kvzalloc, obj, ##__VA_ARGS__)
#define kmalloc_objs(obj, count, ...) __compat_objs(kmalloc_array, obj, count, ##__VA_ARGS__)
#define kzalloc_objs(obj, count, ...) __compat_objs(kcalloc, obj, count, ##__VA_ARGS__)
#define kvzalloc_objs(obj, count, ...) __compat_objs(kvcalloc, obj, count, ##__VA_ARGS__)
#endif

#endif
