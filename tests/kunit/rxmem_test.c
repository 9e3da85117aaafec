// SPDX-License-Identifier: GPL-2.0-only
/*
 * Receive memory: every page that goes in comes out, buffers are as large as
 * what arrives, and a packet pins no more than it has to.
 */
#include <kunit/test.h>
#include <linux/rtnetlink.h>
#include <linux/tracepoint.h>
#include <virtnet/rx.h>
#include <virtnet/virtnet.h>

#include "net_env.h"

#define RXMEM_BULK	64000
/* 45 segments of 1448 bytes, and their headers. */
#define RXMEM_LARGEST	65226

/* Pages that pools of an interface took from the system, and gave back. */
struct rxmem_pages {
	const struct net_device *nd;
	atomic_t taken;
	atomic_t returned;
	struct tracepoint *hold;
	struct tracepoint *release;
};

static bool rxmem_ours(const struct rxmem_pages *pages,
		       const struct page_pool *pool)
{
	return pool->slow.netdev == pages->nd;
}

static void rxmem_held(void *data, const struct page_pool *pool,
		       unsigned long page, u32 n)
{
	struct rxmem_pages *pages = data;

	if (rxmem_ours(pages, pool))
		atomic_inc(&pages->taken);
}

static void rxmem_released(void *data, const struct page_pool *pool,
			   unsigned long page, u32 n)
{
	struct rxmem_pages *pages = data;

	if (rxmem_ours(pages, pool))
		atomic_inc(&pages->returned);
}

static void rxmem_find(struct tracepoint *tp, void *data)
{
	struct rxmem_pages *pages = data;

	if (!strcmp(tp->name, "page_pool_state_hold"))
		pages->hold = tp;
	else if (!strcmp(tp->name, "page_pool_state_release"))
		pages->release = tp;
}

static void rxmem_unwatch(void *data)
{
	struct rxmem_pages *pages = data;

	tracepoint_probe_unregister(pages->hold, rxmem_held, pages);
	tracepoint_probe_unregister(pages->release, rxmem_released, pages);
	tracepoint_synchronize_unregister();
}

static struct rxmem_pages *rxmem_watch(struct kunit *test,
				       const struct net_device *nd)
{
	struct rxmem_pages *pages = kunit_kzalloc(test, sizeof(*pages), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, pages);
	pages->nd = nd;
	if (!IS_ENABLED(CONFIG_TRACEPOINTS))
		kunit_skip(test, "takes CONFIG_TRACEPOINTS");
	for_each_kernel_tracepoint(rxmem_find, pages);
	if (!pages->hold || !pages->release)
		kunit_skip(test, "this kernel's page pools have no tracepoints");
	KUNIT_ASSERT_EQ(test, tracepoint_probe_register(pages->hold, rxmem_held, pages), 0);
	KUNIT_ASSERT_EQ(test, tracepoint_probe_register(pages->release, rxmem_released, pages),
			0);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, rxmem_unwatch, pages), 0);
	return pages;
}

static struct receive_queue *rxmem_rq(struct net_env *env)
{
	struct virtnet_info *vi = netdev_priv(env->nd);

	return &vi->qs->rq[0];
}

/* One packet, all the way up. Return: buffers it took. */
static int rxmem_one(struct net_env *env, u32 len)
{
	u64 before = env->packets;
	int n = net_rx(env, len, env->next_seq, 0);

	KUNIT_ASSERT_GT(env->test, n, 0);
	memdev_interrupt(net_rxq(env));
	KUNIT_ASSERT_TRUE(env->test, net_wait(env->packets == before + 1));
	net_settle(env);
	return n;
}

/* Bytes that all slots of the queue hold. */
static u64 rxmem_held_bytes(struct receive_queue *rq)
{
	u64 sum = 0;
	u32 i;

	for (i = 0; i < rq->plan.depth; i++)
		sum += rq->bufs[i].page ? virtnet_rx_buf_size(&rq->bufs[i]) : 0;
	return sum;
}

static u32 rxmem_largest(struct net_env *env)
{
	return env->param->mode == NET_SMALL ? 1514 : 65000;
}

/* Mixed traffic, allocations that fail among it: the interface holds nothing when it is closed. */
static void rxmem_account(struct kunit *test)
{
	static const u32 sizes[] = { 60, 65000, 127, 1514, 600, 30000, 128, 4000 };
	struct net_env *env = net_start(test, test->param_value, NULL);
	struct rxmem_pages *pages = rxmem_watch(test, env->nd);
	unsigned int i, round;

	env->count_only = true;
	for (round = 0; round < 3; round++) {
		KUNIT_ASSERT_EQ(test, net_open(env), 0);
		for (i = 0; i < 160; i++)
			rxmem_one(env, min(sizes[i % ARRAY_SIZE(sizes)], rxmem_largest(env)));
		/* What is left in the ring, and on its way, is part of it. */
		for (i = 0; i < 5; i++)
			net_rx(env, 1000, env->next_seq + i, 0);
		net_close(env);
		KUNIT_EXPECT_GT(test, atomic_read(&pages->taken), 0);
		KUNIT_EXPECT_TRUE_MSG(test, net_wait_for(atomic_read(&pages->returned) ==
							 atomic_read(&pages->taken), 5),
				      "round %u: %d pages taken, %d returned", round,
				      atomic_read(&pages->taken), atomic_read(&pages->returned));
		env->next_seq = 0;
	}
}

/* Each allocation of a poll fails once: a packet may be lost, memory is not. */
static void rxmem_no_memory(struct kunit *test)
{
	struct net_env *env = net_start(test, test->param_value, NULL);
	struct rxmem_pages *pages = rxmem_watch(test, env->nd);
	u32 len[] = { 60, 200, 1400, rxmem_largest(env) }, i, k, sent = 0;
	unsigned int nth;

	if (!compat_fail_nth(0))
		kunit_skip(test, "takes CONFIG_FAULT_INJECTION");
	KUNIT_ASSERT_EQ(test, net_open(env), 0);
	for (i = 0; i < ARRAY_SIZE(len); i++) {
		for (nth = 1; nth < 20; nth++) {
			for (k = 0; k < 3; k++)
				sent += net_rx(env, len[i], sent, 0) > 0;
			net_poll(env, nth);
			net_settle(env);
			net_flush_caps(env);
		}
	}
	memdev_interrupt(net_rxq(env));
	KUNIT_EXPECT_TRUE(test, net_wait(env->packets +
					 net_stat(env, "rx", "skb_alloc_fail") == sent));
	net_flush_caps(env);
	rxmem_one(env, 1400);
	net_expect(env, 1400, env->next_seq);
	net_close(env);
	KUNIT_EXPECT_TRUE(test, net_wait_for(atomic_read(&pages->returned) ==
					     atomic_read(&pages->taken), 5));
}

/* Bulk traffic has few large buffers a moment later, and small traffic small ones again. */
static void rxmem_sizes(struct kunit *test)
{
	struct net_env *env = test->priv;
	struct receive_queue *rq = rxmem_rq(env);
	u64 small = rxmem_held_bytes(rq);
	unsigned int i;

	env->count_only = true;
	KUNIT_EXPECT_LE(test, small, (u64)rq->plan.depth * rq->plan.buf_size);
	KUNIT_EXPECT_GT(test, rxmem_one(env, RXMEM_BULK), 17);
	for (i = 0; i < 30; i++)
		rxmem_one(env, RXMEM_BULK);
	/* All of such a buffer is the packet's: the largest takes four. */
	KUNIT_EXPECT_LE(test, rxmem_one(env, RXMEM_LARGEST), 4);
	KUNIT_EXPECT_LE(test, rxmem_held_bytes(rq), (u64)rq->plan.depth * rq->plan.bulk_size);
	for (i = 0; i < rq->plan.depth + 64; i++)
		rxmem_one(env, 60);
	KUNIT_EXPECT_LE(test, rxmem_held_bytes(rq), small);
}

/* Where the headers end is a hint: packets in large buffers arrive whole, whatever it says. */
static void rxmem_heads(struct kunit *test)
{
	static const u32 lens[] = { 2047, 2048, 4000, 9000, 16372, 16373, RXMEM_LARGEST };
	const u16 told[] = {
		0, 13, 33, 34, 66, VIRTNET_COPYBREAK, VIRTNET_COPYBREAK + 1, 0xffff,
	};
	struct net_env *env = test->priv;
	struct memdev_rx rx = { .data = env->buf };
	unsigned int i;

	env->count_only = true;
	for (i = 0; i < 30; i++)
		rxmem_one(env, RXMEM_BULK);
	env->count_only = false;
	for (i = 0; i < ARRAY_SIZE(lens) * ARRAY_SIZE(told); i++) {
		rx.len = lens[i % ARRAY_SIZE(lens)];
		rx.hdr.hdr.hdr_len = cpu_to_virtio16(&env->dev->vdev,
						     told[i / ARRAY_SIZE(lens)]);
		net_fill(env->buf, rx.len, i);
		KUNIT_ASSERT_GT(test, memdev_rx(env->dev, 0, &rx), 0);
		memdev_interrupt(net_rxq(env));
		KUNIT_ASSERT_TRUE(test, net_wait(env->kept));
		net_expect(env, rx.len, i);
		net_settle(env);
	}
	KUNIT_EXPECT_EQ(test, net_stat(env, "rx", "drops"), 0);
}

/*
 * Traffic of both kinds does not make a queue go back and forth, nor hold more than bulk
 * does: it leaves the lean buffers, and goes over to bulk.
 */
static void rxmem_mixed(struct kunit *test)
{
	struct net_env *env = test->priv;
	struct receive_queue *rq = rxmem_rq(env);
	unsigned int i, turns = 0;
	u32 want = rq->want;

	env->count_only = true;
	for (i = 0; i < 400; i++) {
		rxmem_one(env, i % 3 ? 60 : RXMEM_BULK);
		turns += rq->want != want;
		want = rq->want;
	}
	KUNIT_EXPECT_LE(test, turns, 2);
	KUNIT_EXPECT_LE(test, rxmem_held_bytes(rq), (u64)rq->plan.depth * rq->plan.bulk_size);
}

/* The queue's buffers are such that skbs are built in them. */
static void rxmem_leave_lean(struct net_env *env)
{
	struct receive_queue *rq = rxmem_rq(env);
	unsigned int i;

	env->count_only = true;
	for (i = 0; i < rq->plan.depth + 64; i++)
		rxmem_one(env, 1514);
	env->count_only = false;
	KUNIT_EXPECT_EQ(env->test, rq->want, virtnet_rx_layout(&rq->plan));
}

/*
 * A queue begins with buffers that hold a frame and no more, keeps them while packets are
 * copied, and loses none: frames of each length arrive whole, in one buffer.
 */
static void rxmem_lean(struct kunit *test)
{
	struct net_env *env = test->priv;
	struct receive_queue *rq = rxmem_rq(env);
	u32 len, lean = rq->plan.lean_size;

	KUNIT_EXPECT_EQ(test, rxmem_held_bytes(rq), (u64)rq->plan.depth * lean);
	for (len = 60; len <= 1522; len += 17) {
		KUNIT_EXPECT_EQ(test, rxmem_one(env, len), 1);
		net_expect(env, len, env->next_seq);
		if (len < lean / VIRTNET_COPY_PART)
			KUNIT_EXPECT_EQ(test, rq->want, lean);
	}
	KUNIT_EXPECT_EQ(test, rq->want, virtnet_rx_layout(&rq->plan));
	rxmem_leave_lean(env);
	/* But for a few that are missing until it is worth a doorbell. */
	KUNIT_EXPECT_GE(test, rxmem_held_bytes(rq),
			(u64)(rq->plan.depth - rq->refill_at) * rq->plan.buf_size);
}

/* Neighbours in a page that one packet gets are one fragment of it, and hold the page once. */
static void rxmem_neighbours(struct kunit *test)
{
	struct net_env *env = net_start(test, test->param_value, NULL);
	struct rxmem_pages *pages = rxmem_watch(test, env->nd);
	unsigned int i, frags = U8_MAX;
	struct net_cap *cap;

	KUNIT_ASSERT_EQ(test, net_open(env), 0);
	env->count_only = true;
	for (i = 0; i < 80; i++)
		rxmem_one(env, RXMEM_LARGEST);
	env->count_only = false;
	for (i = 0; i < 8; i++) {
		rxmem_one(env, RXMEM_LARGEST);
		cap = net_pop_cap(env);
		KUNIT_ASSERT_NOT_NULL(test, cap);
		KUNIT_EXPECT_TRUE(test, net_is(cap->data, RXMEM_LARGEST, env->next_seq));
		KUNIT_EXPECT_GE(test, cap->truesize, 4 * rxmem_rq(env)->plan.bulk_size);
		frags = min_t(unsigned int, frags, cap->nr_frags);
		kfree(cap);
	}
	KUNIT_EXPECT_LE(test, frags, 3);
	net_close(env);
	KUNIT_EXPECT_TRUE(test, net_wait_for(atomic_read(&pages->returned) ==
					     atomic_read(&pages->taken), 5));
}

/* What a packet of this length pins, when the queue expects that much. */
static u32 rxmem_truesize(struct net_env *env, u32 len)
{
	struct net_cap *cap;
	u32 truesize;

	rxmem_one(env, len);
	cap = net_pop_cap(env);
	KUNIT_ASSERT_NOT_NULL(env->test, cap);
	KUNIT_EXPECT_TRUE(env->test, net_is(cap->data, len, env->next_seq));
	truesize = cap->truesize;
	kfree(cap);
	return truesize;
}

/* To the byte: copied up to the limit, from there on the buffer goes up. */
static void rxmem_copybreak(struct kunit *test)
{
	struct net_env *env = test->priv;
	struct receive_queue *rq = rxmem_rq(env);
	u32 limit, buf = rq->plan.buf_size;

	rxmem_leave_lean(env);
	/* Without a limit only what fills less than an eighth is copied. */
	WRITE_ONCE(rq->copybreak, 0);
	KUNIT_EXPECT_LT(test, rxmem_truesize(env, buf / 8 - 1), buf);
	KUNIT_EXPECT_GE(test, rxmem_truesize(env, buf / 8), buf);
	for (limit = 256; limit <= 1024; limit *= 2) {
		WRITE_ONCE(rq->copybreak, limit);
		KUNIT_EXPECT_LT(test, rxmem_truesize(env, limit), buf);
		KUNIT_EXPECT_GE(test, rxmem_truesize(env, limit + 1), buf);
	}
	/* A copy of the common kind is a slice of a page, and no more. */
	KUNIT_EXPECT_LE(test, rxmem_truesize(env, VIRTNET_COPYBREAK),
			SKB_TRUESIZE(0) + VIRTNET_COPY_SIZE);
}

/* A copied packet leaves its buffer to the ring: no page is taken for it. */
static void rxmem_in_place(struct kunit *test)
{
	struct net_env *env = net_start(test, test->param_value, NULL);
	struct rxmem_pages *pages = rxmem_watch(test, env->nd);
	unsigned int i, taken;

	KUNIT_ASSERT_EQ(test, net_open(env), 0);
	env->count_only = true;
	rxmem_one(env, 60);
	taken = atomic_read(&pages->taken);
	for (i = 0; i < 600; i++)
		rxmem_one(env, 60);
	/* Pages for the copies go round. */
	KUNIT_EXPECT_LE(test, atomic_read(&pages->taken) - taken, 4);
}

static int rxmem_init(struct kunit *test)
{
	if (!net_ours())
		kunit_skip(test, "looks into virtnet's receive queue");
	return 0;
}

static int rxmem_init_open(struct kunit *test)
{
	return rxmem_init(test) ?: net_init(test);
}

static struct kunit_case rxmem_cases[] = {
	KUNIT_CASE_PARAM(rxmem_account, net_gen_params),
	KUNIT_CASE_PARAM(rxmem_no_memory, net_gen_modes),
	KUNIT_CASE_PARAM(rxmem_in_place, net_gen_modes),
	KUNIT_CASE_PARAM(rxmem_neighbours, net_gen_mergeable),
	{}
};

static struct kunit_suite rxmem_suite = {
	.name = "virtnet_rxmem",
	.init = rxmem_init,
	.test_cases = rxmem_cases,
};

static struct kunit_case rxmem_size_cases[] = {
	KUNIT_CASE_PARAM(rxmem_lean, net_gen_mergeable),
	KUNIT_CASE_PARAM(rxmem_sizes, net_gen_mergeable),
	KUNIT_CASE_PARAM(rxmem_heads, net_gen_mergeable),
	KUNIT_CASE_PARAM(rxmem_mixed, net_gen_one_mergeable),
	KUNIT_CASE_PARAM(rxmem_copybreak, net_gen_one_mergeable),
	{}
};

static struct kunit_suite rxmem_size_suite = {
	.name = "virtnet_rxmem_size",
	.init = rxmem_init_open,
	.test_cases = rxmem_size_cases,
};

kunit_test_suites(&rxmem_suite, &rxmem_size_suite);
