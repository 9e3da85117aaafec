/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An AF_XDP socket as a program has it, in the thread of a test: memory of its
 * own, four rings in it, and the kernel's own code behind them.
 */
#ifndef VIRTNET_TEST_XSK_ENV_H
#define VIRTNET_TEST_XSK_ENV_H

#include <linux/if_xdp.h>
#include <linux/net.h>

#include "xdp_env.h"

#define XSK_FRAMES	512
#define XSK_RING	512
#define XSK_FRAME	4096

/* Where the parts of a ring are, in the thread's memory. */
struct xsk_ring {
	unsigned long map;
	struct xdp_ring_offset off;
	u32 entry;
};

struct xsk_env {
	struct xdp_env *x;
	struct kunit *test;
	struct socket *sock;
	struct file *file;
	unsigned long umem;
	u32 frame;		/* bytes of a frame */
	u16 queue;		/* it was bound to */
	struct xsk_ring fq, cq, rx, tx;
};

/* What a socket got: one packet, put together in data. */
struct xsk_got {
	u32 len;
	u32 frames;
};

/* As the kernel's redirects find it. */
static inline struct xdp_sock *xsk_sock(const struct xsk_env *s)
{
	return (struct xdp_sock *)s->sock->sk;
}

int xsk_open(struct xsk_env *s, struct xdp_env *x, u32 frame, u32 flags);
int xsk_bind(struct xsk_env *s, u16 queue, u16 flags);
void xsk_close(struct xsk_env *s);
bool xsk_is_zc(struct xsk_env *s);
bool xsk_bound(struct xdp_env *x);
u32 xsk_give(struct xsk_env *s, u32 first, u32 n);
u32 xsk_take(struct xsk_env *s, u8 *data, struct xsk_got *got);
u32 xsk_ready(struct xsk_env *s, struct xsk_ring *ring);
u32 xsk_flags(struct xsk_env *s, struct xsk_ring *ring);
void xsk_write(struct xsk_env *s, u64 addr, const u8 *data, u32 len);
void xsk_queue(struct xsk_env *s, u64 addr, u32 len, u32 options);
u64 xsk_completed(struct xsk_env *s);
void xsk_wake(struct xsk_env *s, u32 flags);

/* Frames to receive into, of those there are; the rest is for sending. */
#define XSK_LENT	256

struct xsk_test {
	struct xdp_env *x;
	struct xsk_env s;
	struct xsk_got got;
};

struct xsk_test *xsk_start(struct kunit *test, u32 frame, u16 flags, u32 lent);
void xsk_end(struct xsk_test *t);
void xsk_expect(struct xsk_test *t, u32 len, u32 seq, u32 frames);
void xsk_send(struct xsk_test *t, u32 frame, u32 len, u32 seq);
void xsk_sent(struct xsk_test *t, u32 len, u32 seq);

#endif /* VIRTNET_TEST_XSK_ENV_H */
