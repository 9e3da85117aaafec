/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Short integer names, bits, and the ways guest memory is read and written.
 *
 * Guest memory changes under our feet: whatever is read from it goes once
 * through vget(), into a private copy, before it is looked at.
 */
#ifndef VHOST_TYPES_H
#define VHOST_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int64_t s64;

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
	       "virtio 1 is little endian and so must this host be");

#define BIT(n)			(1ULL << (n))
#define ARRAY_SIZE(a)		(sizeof(a) / sizeof((a)[0]))
#define min(a, b)		((a) < (b) ? (a) : (b))
#define max(a, b)		((a) > (b) ? (a) : (b))
#define likely(x)		__builtin_expect(!!(x), 1)
#define unlikely(x)		__builtin_expect(!!(x), 0)
#define container_of(ptr, type, member) \
	((type *)(void *)((char *)(ptr) - offsetof(type, member)))
#define printf_like(f, a)	__attribute__((format(printf, f, a)))

/* one access each, of memory the guest shares */
#define vget(p)			__atomic_load_n((p), __ATOMIC_RELAXED)
#define vget_acquire(p)		__atomic_load_n((p), __ATOMIC_ACQUIRE)
#define vset(p, v)		__atomic_store_n((p), (v), __ATOMIC_RELAXED)
#define vset_release(p, v)	__atomic_store_n((p), (v), __ATOMIC_RELEASE)
#define full_barrier()		__atomic_thread_fence(__ATOMIC_SEQ_CST)

#define NSEC_PER_SEC		1000000000ULL
#define NSEC_PER_MSEC		1000000ULL
#define NSEC_PER_USEC		1000ULL

#endif
