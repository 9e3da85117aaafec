// SPDX-License-Identifier: GPL-2.0-only
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/rtnetlink.h>
#include <linux/uaccess.h>
#include <linux/workqueue.h>
#include <net/net_namespace.h>
#include <linux/sched/mm.h>
#include <net/sock.h>
#include <net/xdp_sock.h>
#include <virtnet/virtnet.h>

#include "xsk_env.h"

/* --- words of a ring that both sides write --- */

static u32 __user *xsk_word(const struct xsk_ring *ring, u64 off)
{
	return (u32 __user *)(ring->map + off);
}

static u32 xsk_read(struct xsk_env *s, const struct xsk_ring *ring, u64 off)
{
	u32 v = 0;

	KUNIT_EXPECT_EQ(s->test, get_user(v, xsk_word(ring, off)), 0);
	/* Entries are read after the word that says they are there. */
	smp_rmb();
	return v;
}

static void xsk_store(struct xsk_env *s, const struct xsk_ring *ring, u64 off, u32 v)
{
	/* Entries are there before the word that says so, and flags are read after it. */
	smp_mb();
	KUNIT_EXPECT_EQ(s->test, put_user(v, xsk_word(ring, off)), 0);
	/* As above. */
	smp_mb();
}

static void __user *xsk_entry(const struct xsk_ring *ring, u32 i)
{
	return (void __user *)(ring->map + ring->off.desc +
			       (i & (XSK_RING - 1)) * ring->entry);
}

/* --- making one --- */

static int xsk_set(struct xsk_env *s, int name, void *value, unsigned int len)
{
	return READ_ONCE(s->sock->ops)->setsockopt(s->sock, SOL_XDP, name,
						   KERNEL_SOCKPTR(value), len);
}

/* getsockopt() wants its answer in the thread's memory; the first frame will do. */
static int xsk_get(struct xsk_env *s, int name, void *value, int len)
{
	int __user *ulen = (int __user *)(s->umem + 1024);
	void __user *p = (void __user *)s->umem;
	int err;

	if (put_user(len, ulen))
		return -EFAULT;
	err = do_sock_getsockopt(s->sock, false, SOL_XDP, name, USER_SOCKPTR(p),
				 USER_SOCKPTR(ulen));
	return err ?: copy_from_user(value, p, len) ? -EFAULT : 0;
}

static int xsk_map(struct xsk_env *s, struct xsk_ring *ring,
		   const struct xdp_ring_offset *off, u32 entry, u64 pgoff)
{
	ring->off = *off;
	ring->entry = entry;
	ring->map = vm_mmap(s->file, 0, off->desc + XSK_RING * entry,
			    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, pgoff);
	return IS_ERR_VALUE(ring->map) ? (int)ring->map : 0;
}

static int xsk_rings(struct xsk_env *s)
{
	static const int names[] = {
		XDP_UMEM_FILL_RING, XDP_UMEM_COMPLETION_RING, XDP_RX_RING, XDP_TX_RING,
	};
	struct xdp_mmap_offsets off;
	int i, n = XSK_RING, err = 0;

	for (i = 0; i < ARRAY_SIZE(names) && !err; i++)
		err = xsk_set(s, names[i], &n, sizeof(n));
	err = err ?: xsk_get(s, XDP_MMAP_OFFSETS, &off, sizeof(off));
	err = err ?: xsk_map(s, &s->fq, &off.fr, sizeof(u64), XDP_UMEM_PGOFF_FILL_RING);
	err = err ?: xsk_map(s, &s->cq, &off.cr, sizeof(u64), XDP_UMEM_PGOFF_COMPLETION_RING);
	err = err ?: xsk_map(s, &s->rx, &off.rx, sizeof(struct xdp_desc), XDP_PGOFF_RX_RING);
	return err ?: xsk_map(s, &s->tx, &off.tx, sizeof(struct xdp_desc), XDP_PGOFF_TX_RING);
}

static int xsk_umem(struct xsk_env *s, u32 flags)
{
	struct xdp_umem_reg reg = {
		.len = XSK_FRAMES * XSK_FRAME,
		.chunk_size = s->frame,
		.flags = flags,
	};
	bool fresh = !current->mm;

	s->umem = kunit_vm_mmap(s->test, NULL, 0, reg.len, PROT_READ | PROT_WRITE,
				MAP_ANONYMOUS | MAP_PRIVATE, 0);
	/* What is made for the thread then has a reference that nobody drops. */
	if (fresh && current->mm)
		mmdrop(current->mm);
	if (!s->umem || IS_ERR_VALUE(s->umem))
		return -ENOMEM;
	reg.addr = s->umem;
	return xsk_set(s, XDP_UMEM_REG, &reg, sizeof(reg));
}

/* A socket with its memory and rings, not bound. Runs in the test's thread. */
int xsk_open(struct xsk_env *s, struct xdp_env *x, u32 frame, u32 flags)
{
	int err;

	memset(s, 0, sizeof(*s));
	s->x = x;
	s->test = x->net->test;
	s->frame = frame;
	err = sock_create_kern(&init_net, AF_XDP, SOCK_RAW, 0, &s->sock);
	if (err)
		return err;
	s->file = sock_alloc_file(s->sock, 0, NULL);
	if (IS_ERR(s->file))
		return PTR_ERR(s->file);
	err = xsk_umem(s, flags);
	return err ?: xsk_rings(s);
}

int xsk_bind(struct xsk_env *s, u16 queue, u16 flags)
{
	struct sockaddr_xdp sxdp = {
		.sxdp_family = AF_XDP,
		.sxdp_ifindex = s->x->net->nd->ifindex,
		.sxdp_queue_id = queue,
		.sxdp_flags = flags,
	};

	s->queue = queue;
	/* Kernels differ in what they call the type. */
	return READ_ONCE(s->sock->ops)->bind(s->sock, (void *)&sxdp, sizeof(sxdp));
}

static void xsk_unmap(struct xsk_ring *ring)
{
	if (ring->map && !IS_ERR_VALUE(ring->map))
		vm_munmap(ring->map, ring->off.desc + XSK_RING * ring->entry);
}

/* Does the driver have the memory of a socket for the queue? */
static bool xsk_has(struct xdp_env *x, u16 queue)
{
	struct virtnet_info *vi = netdev_priv(x->net->nd);
	bool has;

	rtnl_lock();
	has = vi->settings.xsk[queue];
	rtnl_unlock();
	return has;
}

/* As close() does it; a bound queue is given back by the kernel's work item. */
void xsk_close(struct xsk_env *s)
{
	WRITE_ONCE(s->x->plan.xsk, NULL);
	synchronize_net();
	xsk_unmap(&s->fq);
	xsk_unmap(&s->cq);
	xsk_unmap(&s->rx);
	xsk_unmap(&s->tx);
	vm_munmap(s->umem, XSK_FRAMES * XSK_FRAME);
	fput(s->file);
	flush_delayed_fput();
	KUNIT_EXPECT_TRUE(s->test, net_wait(!xsk_has(s->x, s->queue)));
	s->file = NULL;
}

bool xsk_is_zc(struct xsk_env *s)
{
	struct xdp_options opts = { };

	KUNIT_EXPECT_EQ(s->test, xsk_get(s, XDP_OPTIONS, &opts, sizeof(opts)), 0);
	return opts.flags & XDP_OPTIONS_ZEROCOPY;
}

/* Does the driver have the memory of any socket? */
bool xsk_bound(struct xdp_env *x)
{
	struct virtnet_info *vi = netdev_priv(x->net->nd);
	bool any;

	rtnl_lock();
	any = memchr_inv(vi->settings.xsk, 0, sizeof(vi->settings.xsk));
	rtnl_unlock();
	return any;
}

/* --- what a program does with it --- */

u32 xsk_flags(struct xsk_env *s, struct xsk_ring *ring)
{
	return xsk_read(s, ring, ring->off.flags);
}

/* Entries that wait for the program (cq, rx) or for the kernel (fq, tx). */
u32 xsk_ready(struct xsk_env *s, struct xsk_ring *ring)
{
	return xsk_read(s, ring, ring->off.producer) - xsk_read(s, ring, ring->off.consumer);
}

static void xsk_give_at(struct xsk_env *s, u64 addr)
{
	u32 prod = xsk_read(s, &s->fq, s->fq.off.producer);

	KUNIT_EXPECT_EQ(s->test, copy_to_user(xsk_entry(&s->fq, prod), &addr, sizeof(addr)), 0);
	xsk_store(s, &s->fq, s->fq.off.producer, prod + 1);
}

/* Frames to receive into. */
u32 xsk_give(struct xsk_env *s, u32 first, u32 n)
{
	u32 i;

	for (i = 0; i < n; i++)
		xsk_give_at(s, (u64)(first + i) * s->frame);
	return n;
}

/* One packet out of the ring, its frames given back. Return: bytes; 0 for none. */
u32 xsk_take(struct xsk_env *s, u8 *data, struct xsk_got *got)
{
	u32 cons = xsk_read(s, &s->rx, s->rx.off.consumer);
	struct xdp_desc desc;

	memset(got, 0, sizeof(*got));
	do {
		if (!xsk_ready(s, &s->rx))
			return 0;
		if (copy_from_user(&desc, xsk_entry(&s->rx, cons), sizeof(desc)) ||
		    got->len + desc.len > MEMDEV_MAX_PKT ||
		    copy_from_user(data + got->len, (void __user *)(s->umem + desc.addr),
				   desc.len)) {
			KUNIT_FAIL(s->test, "a descriptor that leads nowhere");
			return 0;
		}
		got->len += desc.len;
		got->frames++;
		xsk_store(s, &s->rx, s->rx.off.consumer, ++cons);
		xsk_give_at(s, desc.addr & ~((u64)s->frame - 1));
	} while (desc.options & XDP_PKT_CONTD);
	return got->len;
}

void xsk_write(struct xsk_env *s, u64 addr, const u8 *data, u32 len)
{
	KUNIT_EXPECT_EQ(s->test, copy_to_user((void __user *)(s->umem + addr), data, len), 0);
}

/* A descriptor to be sent; nobody is told. */
void xsk_queue(struct xsk_env *s, u64 addr, u32 len, u32 options)
{
	struct xdp_desc desc = { .addr = addr, .len = len, .options = options };
	u32 prod = xsk_read(s, &s->tx, s->tx.off.producer);

	KUNIT_EXPECT_EQ(s->test, copy_to_user(xsk_entry(&s->tx, prod), &desc, sizeof(desc)), 0);
	xsk_store(s, &s->tx, s->tx.off.producer, prod + 1);
}

/* The next frame that was sent, taken off the ring; ~0 for none. */
u64 xsk_completed(struct xsk_env *s)
{
	u32 cons = xsk_read(s, &s->cq, s->cq.off.consumer);
	u64 addr = ~0ull;

	if (!xsk_ready(s, &s->cq))
		return addr;
	KUNIT_EXPECT_EQ(s->test, copy_from_user(&addr, xsk_entry(&s->cq, cons), sizeof(addr)), 0);
	xsk_store(s, &s->cq, s->cq.off.consumer, cons + 1);
	return addr;
}

/* What sendto() and recvfrom() come to. */
void xsk_wake(struct xsk_env *s, u32 flags)
{
	struct net_device *nd = s->x->net->nd;

	rcu_read_lock();
	KUNIT_EXPECT_EQ(s->test, nd->netdev_ops->ndo_xsk_wakeup(nd, 0, flags), 0);
	rcu_read_unlock();
	net_settle(s->x->net);
}

/* --- a test of one socket --- */

struct xsk_test *xsk_start(struct kunit *test, u32 frame, u16 flags, u32 lent)
{
	struct xsk_test *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, t);
	t->x = xdp_start(test, test->param_value, XDP_FEATURES);
	KUNIT_ASSERT_EQ(test, xdp_attach(t->x, t->x->prog), 0);
	KUNIT_ASSERT_EQ(test, xsk_open(&t->s, t->x, frame, 0), 0);
	xsk_give(&t->s, 0, lent);
	KUNIT_ASSERT_EQ(test, xsk_bind(&t->s, 0, flags | XDP_ZEROCOPY | XDP_USE_NEED_WAKEUP), 0);
	KUNIT_ASSERT_TRUE(test, xsk_is_zc(&t->s));
	net_settle(t->x->net);
	t->x->plan.xsk = xsk_sock(&t->s);
	t->x->plan.verdict = XDP_REDIRECT;
	return t;
}

/* The socket goes, and leaves an interface that works. */
void xsk_end(struct xsk_test *t)
{
	struct net_env *env = t->x->net;

	xsk_close(&t->s);
	t->x->plan.verdict = XDP_PASS;
	net_flush_caps(env);
	xdp_rx(t->x, 700, 4711, 0);
	KUNIT_EXPECT_TRUE(env->test, net_wait(env->kept));
	net_expect(env, 700, 4711);
	KUNIT_EXPECT_EQ(env->test, xdp_attach(t->x, NULL), 0);
	net_close(env);
	KUNIT_EXPECT_TRUE(env->test, net_wait(!net_pools(env)));
	KUNIT_EXPECT_EQ(env->test, net_rxq(env)->errors, 0);
	KUNIT_EXPECT_EQ(env->test, net_txq(env)->errors, 0);
}

/* The packet reaches the socket, whole, in so many frames. */
void xsk_expect(struct xsk_test *t, u32 len, u32 seq, u32 frames)
{
	struct kunit *test = t->s.test;

	KUNIT_EXPECT_TRUE_MSG(test, net_wait(xsk_take(&t->s, t->x->seen.data, &t->got)),
			      "packet %u of %u bytes did not reach the socket", seq, len);
	KUNIT_EXPECT_EQ(test, t->got.len, len);
	KUNIT_EXPECT_EQ(test, t->got.frames, frames);
	KUNIT_EXPECT_TRUE_MSG(test, net_is(t->x->seen.data, len, seq),
			      "packet %u of %u bytes has other content", seq, len);
}

void xsk_send(struct xsk_test *t, u32 frame, u32 len, u32 seq)
{
	u64 addr = (u64)frame * t->s.frame + seq % 256;

	net_fill(t->x->net->buf, len, seq);
	xsk_write(&t->s, addr, t->x->net->buf, len);
	xsk_queue(&t->s, addr, len, 0);
}

void xsk_sent(struct xsk_test *t, u32 len, u32 seq)
{
	struct net_env *env = t->x->net;

	KUNIT_EXPECT_TRUE(env->test, net_wait(net_take(env) == 1));
	KUNIT_EXPECT_EQ(env->test, env->tx.len, len);
	KUNIT_EXPECT_TRUE_MSG(env->test, net_is(env->tx.data, len, seq), "packet %u", seq);
	KUNIT_EXPECT_EQ(env->test, env->tx.hdr.flags, 0);
	KUNIT_EXPECT_EQ(env->test, env->tx.hdr.gso_type, VIRTIO_NET_HDR_GSO_NONE);
}
