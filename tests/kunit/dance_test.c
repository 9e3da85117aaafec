// SPDX-License-Identifier: GPL-2.0-only
/*
 * The index dance of the whole driver: what it posts, when it rings, what it
 * takes back and refills, in each buffer mode on each ring, step by step.
 */
#include "net_env.h"

#define WRAP_PACKETS	70000

static bool has_event(struct net_env *env)
{
	return memdev_has(env->dev, VIRTIO_RING_F_EVENT_IDX);
}

static bool is_packed(struct net_env *env)
{
	return memdev_has(env->dev, VIRTIO_F_RING_PACKED);
}

static u16 rx_pos(struct net_env *env)
{
	return net_rxq(env)->ops->driver_pos(net_rxq(env));
}

/* A position n entries of ndesc descriptors each further on. */
static u16 pos_add(struct net_env *env, u16 pos, unsigned int n, unsigned int ndesc)
{
	unsigned int slot, wrap = BIT(VRING_PACKED_EVENT_F_WRAP_CTR);

	if (!is_packed(env))
		return pos + n;
	slot = (pos & ~wrap) + n * ndesc;
	if (slot >= net_rxq(env)->num)
		return (slot - net_rxq(env)->num) | (~pos & wrap);
	return slot | (pos & wrap);
}

/* Descriptors that one receive buffer takes in the ring. */
static unsigned int rx_ndesc(struct net_env *env)
{
	struct memdev_vq *q = net_rxq(env);
	struct memdev_pos saved = q->pos;
	unsigned int n = 0;

	if (memdev_pop(q, &env->chain) == 1)
		n = env->chain.ndesc;
	q->pos = saved;
	return n;
}

static void rx_one(struct kunit *test, struct net_env *env, u32 seq)
{
	KUNIT_ASSERT_EQ(test, net_rx(env, 300, seq, 0), 1);
	KUNIT_EXPECT_TRUE(test, memdev_signal(net_rxq(env)));
	KUNIT_EXPECT_TRUE(test, net_wait(env->kept));
	net_expect(env, 300, seq);
}

/* Opened: the ring is full of buffers, the device was told. */
static void dance_rx_fill(struct kunit *test)
{
	struct net_env *env = test->priv;
	struct memdev_vq *q = net_rxq(env);
	unsigned int ndesc = rx_ndesc(env), posted = memdev_available(q);

	KUNIT_ASSERT_GT(test, ndesc, 0);
	/* Nearly all of the ring; big mode stops at some megabytes. */
	KUNIT_EXPECT_LE(test, posted * ndesc, q->num);
	if (env->param->mode != NET_BIG)
		KUNIT_EXPECT_GE(test, posted, q->num / ndesc * 7 / 8);
	else
		KUNIT_EXPECT_GE(test, posted, min(q->num / ndesc * 7 / 8, 48u));
	KUNIT_EXPECT_EQ(test, q->vq->num_free, q->num - posted * ndesc);
	KUNIT_EXPECT_EQ(test, rx_pos(env),
			pos_add(env, is_packed(env) ? 0x8000 : 0, posted, ndesc));
	KUNIT_EXPECT_GE(test, q->kicks, 1);
	KUNIT_EXPECT_EQ(test, q->ops->device_pos(q), is_packed(env) ? 0x8000 : 0);
	if (has_event(env) && !is_packed(env))
		KUNIT_EXPECT_EQ(test, q->ops->driver_event(q), 0);
	KUNIT_EXPECT_EQ(test, q->errors, 0);
}

/*
 * One buffer used, at each of many: seen, waited for the next, and replaced,
 * at the latest when an eighth is gone.  None is lost, none posted twice.
 */
static void dance_rx_steps(struct kunit *test)
{
	struct net_env *env = test->priv;
	struct memdev_vq *q = net_rxq(env);
	unsigned int ndesc = rx_ndesc(env), posted = memdev_available(q), i;
	u16 start = rx_pos(env), used = q->ops->device_pos(q);

	if (!net_ours())
		kunit_skip(test, "the kernel's driver refills in other steps");
	for (i = 0; i < 3 * q->num; i++) {
		unsigned int had = memdev_available(q), now;
		u16 pos = rx_pos(env);

		KUNIT_ASSERT_EQ(test, net_rx(env, 300, i, 0), 1);
		used = pos_add(env, used, 1, ndesc);
		KUNIT_EXPECT_EQ(test, q->ops->device_pos(q), used);
		KUNIT_EXPECT_EQ(test, memdev_available(q), had - 1);
		KUNIT_EXPECT_EQ(test, rx_pos(env), pos);
		KUNIT_EXPECT_TRUE(test, memdev_signal(q));
		KUNIT_EXPECT_TRUE(test, net_wait(env->kept));
		net_expect(env, 300, i);
		now = memdev_available(q);
		KUNIT_ASSERT_GE(test, now, posted - posted / 8);
		KUNIT_ASSERT_LE(test, now, posted);
		KUNIT_EXPECT_EQ(test, rx_pos(env), pos_add(env, pos, now - (had - 1), ndesc));
		if (has_event(env))
			KUNIT_ASSERT_EQ(test, q->ops->driver_event(q), used);
	}
	/* As many posted in all as used and still out. */
	if (!is_packed(env))
		KUNIT_EXPECT_EQ(test, (u16)(rx_pos(env) - start),
				3 * q->num - (posted - memdev_available(q)));
	KUNIT_EXPECT_EQ(test, q->errors, 0);
}

/* Packets one by one until the driver has posted n more buffers. */
static void rx_until_posted(struct kunit *test, struct net_env *env, u64 kicks,
			    unsigned int n)
{
	struct memdev_vq *q = net_rxq(env);
	unsigned int posted = 0, i;

	for (i = 0; posted < n && i < q->num; i++) {
		unsigned int had = memdev_available(q);

		rx_one(test, env, i);
		posted += memdev_available(q) - (had - 1);
		KUNIT_EXPECT_EQ_MSG(test, q->kicks, kicks + (posted >= n),
				    "%u of %u posted", posted, n);
	}
	KUNIT_EXPECT_GE(test, posted, n);
}

/* The doorbell: never, always once per poll, or when the event is passed. */
static void dance_rx_kicks(struct kunit *test)
{
	struct net_env *env = test->priv;
	struct memdev_vq *q = net_rxq(env);
	unsigned int i, lap, ndesc = rx_ndesc(env), burst = memdev_available(q) / 4;
	u64 kicks;

	if (!net_ours())
		kunit_skip(test, "the kernel's driver refills in other steps");
	for (lap = 0; lap < 20; lap++) {
		q->ops->kick_never(q);
		kicks = q->kicks;
		for (i = 0; i < burst; i++)
			rx_one(test, env, lap);
		KUNIT_EXPECT_EQ(test, q->kicks, kicks);

		q->ops->kick_always(q);
		for (i = 0; i < min(burst, 60u); i++)
			KUNIT_ASSERT_EQ(test, net_rx(env, 300, i, 0), 1);
		memdev_signal(q);
		net_settle(env);
		KUNIT_EXPECT_EQ(test, q->kicks, kicks + 1);
		net_flush_caps(env);
		if (!has_event(env))
			continue;
		q->ops->kick_after(q, is_packed(env) ? 2 * ndesc + 1 : 3);
		rx_until_posted(test, env, q->kicks, 3);
	}
}

/* Every buffer used before the driver looks: none lost, all replaced. */
static void dance_rx_empty(struct kunit *test)
{
	struct net_env *env = test->priv;
	struct memdev_vq *q = net_rxq(env);
	unsigned int posted = memdev_available(q), lap, i;

	env->count_only = true;
	for (lap = 0; lap < 5; lap++) {
		u64 packets = env->packets;

		net_settle(env);
		for (i = 0; net_rx(env, 200, env->next_seq + i, 0) == 1; i++)
			;
		KUNIT_EXPECT_LE(test, i, posted);
		KUNIT_EXPECT_GE(test, i, posted - posted / 8);
		KUNIT_EXPECT_EQ(test, net_rx(env, 200, 0, 0), -ENOBUFS);
		KUNIT_EXPECT_TRUE(test, memdev_signal(q));
		KUNIT_EXPECT_TRUE(test, net_wait(env->packets == packets + i));
		net_settle(env);
		KUNIT_EXPECT_GE(test, memdev_available(q), posted - posted / 8);
	}
	KUNIT_EXPECT_EQ(test, env->wrong, 0);
}

/*
 * Enough packets for each index to pass its end: a packed ring's is the ring
 * size, a split ring's 65535, which takes a while and is done once per mode.
 */
static unsigned int wrap_count(struct net_env *env)
{
	bool once = !strcmp(strchr(env->param->name, ' '), " split event indirect");

	return once ? WRAP_PACKETS : 20 * net_rxq(env)->num;
}

static void dance_rx_wrap(struct kunit *test)
{
	struct net_env *env = test->priv;
	unsigned int n = wrap_count(env), i;
	struct memdev_vq *q = net_rxq(env);

	env->count_only = true;
	for (i = 0; i < n; i++) {
		if (net_rx(env, 60, i, 0) != 1)
			break;
		if (i % 8 == 7 || i + 1 == n)
			memdev_signal(q);
		if (i % 1024 == 0)
			cond_resched();
	}
	KUNIT_EXPECT_EQ(test, i, n);
	KUNIT_EXPECT_TRUE(test, net_wait(env->packets == n));
	KUNIT_EXPECT_EQ(test, env->wrong, 0);
	KUNIT_EXPECT_EQ(test, q->errors, 0);
	if (!is_packed(env))
		KUNIT_EXPECT_EQ(test, q->ops->device_pos(q), (u16)n);
}

/* A packet sent: announced, taken, and freed only when the device says so. */
static void dance_tx_steps(struct kunit *test)
{
	struct net_env *env = test->priv;
	struct memdev_vq *q = net_txq(env);
	unsigned int room = q->vq->num_free, i;

	for (i = 0; i < 3 * q->num; i++) {
		q->ops->kick_always(q);
		q->kicks = 0;
		KUNIT_ASSERT_EQ(test, net_send(env, 400, i, 0), 0);
		KUNIT_ASSERT_EQ(test, memdev_available(q), 1);
		KUNIT_EXPECT_EQ(test, q->kicks, 1);
		KUNIT_ASSERT_EQ(test, memdev_tx_pop(env->dev, 0, &env->tx, &env->chain), 1);
		KUNIT_EXPECT_TRUE(test, net_is(env->tx.data, env->tx.len, i));
		KUNIT_EXPECT_EQ(test, q->vq->num_free, room - env->chain.ndesc);
		memdev_use(q, &env->chain, 0);
		KUNIT_EXPECT_EQ(test, q->vq->num_free, room - env->chain.ndesc);
		KUNIT_EXPECT_TRUE(test, memdev_signal(q));
		KUNIT_EXPECT_TRUE(test, net_wait(q->vq->num_free == room));
	}
	KUNIT_EXPECT_EQ(test, q->errors, 0);
}

/* No doorbell where the device wants none; the packet is there all the same. */
static void dance_tx_no_kick(struct kunit *test)
{
	struct net_env *env = test->priv;
	struct memdev_vq *q = net_txq(env);
	unsigned int i;

	for (i = 0; i < 20; i++) {
		u64 kicks = q->kicks;

		q->ops->kick_never(q);
		KUNIT_ASSERT_EQ(test, net_send(env, 100, i, 0), 0);
		KUNIT_EXPECT_EQ(test, q->kicks, kicks);
		KUNIT_ASSERT_EQ(test, net_take(env), 1);
		KUNIT_EXPECT_TRUE(test, net_is(env->tx.data, env->tx.len, i));
		memdev_signal(q);
	}
}

/* A burst is one doorbell, rung when its last packet is in the ring. */
static void dance_tx_burst(struct kunit *test)
{
	struct net_env *env = test->priv;
	struct memdev_vq *q = net_txq(env);
	unsigned int lap, i;

	net_no_bql(env);
	for (lap = 0; lap < 10; lap++) {
		u64 kicks = q->kicks;

		q->ops->kick_always(q);
		KUNIT_ASSERT_EQ(test, net_send_burst(env, 100, 100 * lap, 16), 0);
		KUNIT_EXPECT_EQ(test, q->kicks, kicks + 1);
		for (i = 0; i < 16; i++) {
			KUNIT_ASSERT_EQ(test, net_take(env), 1);
			KUNIT_EXPECT_TRUE(test, net_is(env->tx.data, env->tx.len,
						       100 * lap + i));
		}
		KUNIT_EXPECT_EQ(test, net_take(env), 0);
		memdev_signal(q);
	}
}

/* Full: the queue stops before a packet is lost, and wakes when there is room. */
static void dance_tx_full(struct kunit *test)
{
	struct net_env *env = test->priv;
	struct netdev_queue *txq = netdev_get_tx_queue(env->nd, 0);
	struct memdev_vq *q = net_txq(env);
	unsigned int room = q->vq->num_free, sent = 0, got = 0, lap;

	net_no_bql(env);
	for (lap = 0; lap < 3; lap++) {
		while (!netif_xmit_stopped(txq) && sent - got <= q->num)
			KUNIT_ASSERT_EQ(test, net_send(env, 100, sent++, 0), 0);
		KUNIT_EXPECT_TRUE(test, netif_xmit_stopped(txq));
		KUNIT_EXPECT_EQ(test, memdev_available(q), sent - got);
		/* These wait in the qdisc. */
		KUNIT_EXPECT_EQ(test, net_send(env, 100, sent++, 0), 0);
		KUNIT_EXPECT_EQ(test, net_send(env, 100, sent++, 0), 0);
		KUNIT_EXPECT_EQ(test, memdev_available(q), sent - got - 2);

		while (net_take(env) == 1)
			KUNIT_EXPECT_TRUE(test, net_is(env->tx.data, env->tx.len, got++));
		KUNIT_EXPECT_TRUE(test, memdev_signal(q));
		KUNIT_EXPECT_TRUE(test, net_wait(!netif_xmit_stopped(txq)));
		KUNIT_EXPECT_TRUE(test, net_wait(memdev_available(q) == 2));
		while (net_take(env) == 1)
			KUNIT_EXPECT_TRUE(test, net_is(env->tx.data, env->tx.len, got++));
		KUNIT_EXPECT_EQ(test, got, sent);
		memdev_signal(q);
		KUNIT_EXPECT_TRUE(test, net_wait(q->vq->num_free == room));
	}
	if (net_ours()) {
		KUNIT_EXPECT_EQ(test, net_stat(env, "tx", "stop"), 3);
		KUNIT_EXPECT_EQ(test, net_stat(env, "tx", "wake"), 3);
		KUNIT_EXPECT_EQ(test, net_stat(env, "tx", "drops"), 0);
	}
}

static void dance_tx_wrap(struct kunit *test)
{
	struct net_env *env = test->priv;
	unsigned int n = wrap_count(env), i, bad = 0;
	struct memdev_vq *q = net_txq(env);

	net_no_bql(env);
	for (i = 0; i < n && !bad; i++) {
		bad += net_send(env, 60, i, 0) != 0;
		bad += net_take(env) != 1;
		bad += !net_is(env->tx.data, env->tx.len, i);
		if (i % 8 == 7)
			memdev_signal(q);
		if (i % 1024 == 0)
			cond_resched();
	}
	KUNIT_EXPECT_EQ_MSG(test, bad, 0, "at packet %u", i);
	KUNIT_EXPECT_EQ(test, q->errors, 0);
	if (!is_packed(env))
		KUNIT_EXPECT_EQ(test, q->ops->device_pos(q), (u16)n);
}

/* Each doorbell of a refill brings more packets, announced only if wanted. */
static void race_rx_kicked(struct memdev_vq *q)
{
	struct net_env *env = q->priv;

	unsigned int i;

	q->ops->kick_always(q);
	for (i = 0; i < 8 && env->sent < 1000; i++)
		if (net_rx(env, 100, env->sent, 0) == 1)
			env->sent++;
	memdev_signal(q);
}

/*
 * A packet used after the driver last looked and before it re-armed its
 * callback: nobody will interrupt for it, the driver must look once more.
 */
static void dance_rx_race(struct kunit *test)
{
	struct net_env *env = test->priv;
	struct memdev_vq *q = net_rxq(env);
	unsigned int i;

	if (!net_ours())
		kunit_skip(test, "the kernel's driver refills in other steps");
	env->count_only = true;
	q->priv = env;
	q->ops->kick_always(q);
	for (i = 0; i < 8; i++)
		KUNIT_ASSERT_EQ(test, net_rx(env, 100, env->sent++, 0), 1);
	q->on_kick = race_rx_kicked;
	memdev_signal(q);
	KUNIT_EXPECT_TRUE(test, net_wait(env->packets == 1000));
	net_settle(env);
	q->on_kick = NULL;
	KUNIT_EXPECT_EQ(test, env->wrong, 0);
	KUNIT_EXPECT_GT_MSG(test, q->irqs_held, 50, "the race was not met");
}

/* The device sends within the doorbell and interrupts only if wanted. */
static void race_tx_kicked(struct memdev_vq *q)
{
	q->ops->kick_always(q);
	while (memdev_pop(q, &q->scratch) > 0)
		memdev_put(q, &q->scratch, 0);
	memdev_flush(q);
	memdev_signal(q);
}

/* A device as fast as that never leaves the queue stopped, nor a packet out. */
static void dance_tx_race(struct kunit *test)
{
	struct net_env *env = test->priv;
	struct memdev_vq *q = net_txq(env);
	unsigned int room = q->vq->num_free, i;

	q->ops->kick_always(q);
	q->on_kick = race_tx_kicked;
	for (i = 0; i < 4 * q->num; i++)
		KUNIT_ASSERT_EQ(test, net_send(env, 100, i, i % 7), 0);
	KUNIT_EXPECT_TRUE(test, net_wait(q->vq->num_free == room));
	net_settle(env);
	q->on_kick = NULL;
	if (net_ours())
		KUNIT_EXPECT_EQ(test, net_stat(env, "tx", "packets"), i);
}

static struct kunit_case dance_cases[] = {
	KUNIT_CASE_PARAM(dance_rx_fill, net_gen_params),
	KUNIT_CASE_PARAM(dance_rx_steps, net_gen_params),
	KUNIT_CASE_PARAM(dance_rx_kicks, net_gen_params),
	KUNIT_CASE_PARAM(dance_rx_empty, net_gen_params),
	KUNIT_CASE_PARAM_ATTR(dance_rx_wrap, net_gen_params, { .speed = KUNIT_SPEED_SLOW }),
	KUNIT_CASE_PARAM(dance_tx_steps, net_gen_params),
	KUNIT_CASE_PARAM(dance_tx_no_kick, net_gen_params),
	KUNIT_CASE_PARAM(dance_tx_burst, net_gen_params),
	KUNIT_CASE_PARAM(dance_tx_full, net_gen_params),
	KUNIT_CASE_PARAM(dance_rx_race, net_gen_params),
	KUNIT_CASE_PARAM(dance_tx_race, net_gen_params),
	KUNIT_CASE_PARAM_ATTR(dance_tx_wrap, net_gen_params, { .speed = KUNIT_SPEED_SLOW }),
	{}
};

static struct kunit_suite dance_suite = {
	.name = "virtnet_dance",
	.init = net_init,
	.test_cases = dance_cases,
};
kunit_test_suite(dance_suite);
