// SPDX-License-Identifier: GPL-2.0-only
/*
 * Recovery from every reason there is, with the least that will do, and what
 * happens where nothing helps.
 */
#include <linux/ethtool.h>
#include <linux/rtnetlink.h>
#include <virtnet/ring.h>
#include <virtnet/rx.h>
#include <virtnet/virtnet.h>

#include "rec_env.h"

#define F_RESET		BIT_ULL(VIRTIO_F_RING_RESET)
#define F_RING		(BIT_ULL(VIRTIO_RING_F_EVENT_IDX) | BIT_ULL(VIRTIO_RING_F_INDIRECT_DESC))
#define F_PACKED	BIT_ULL(VIRTIO_F_RING_PACKED)
#define F_DMA		BIT_ULL(VIRTIO_F_ACCESS_PLATFORM)

/* With queues that can be reset one by one, and without. */
static const struct net_param rec_params[] = {
	{ "whole device, split", NET_MERGEABLE, F_RING },
	{ "whole device, packed", NET_MERGEABLE, F_PACKED },
	{ "single queues, split", NET_MERGEABLE, F_RING | F_RESET },
	{ "single queues, packed", NET_MERGEABLE, F_PACKED | F_RESET },
	{ "single queues, dma", NET_MERGEABLE, F_DMA | F_RESET },
	{ "single queues, big", NET_BIG, F_RESET },
	{ "single queues, small", NET_SMALL, F_RING | F_RESET },
};

static KUNIT_GENERATOR(rec_gen)
{
	const struct net_param *p = prev ? (const struct net_param *)prev + 1 : rec_params;

	if (p == rec_params + ARRAY_SIZE(rec_params))
		return NULL;
	strscpy(desc, p->name, KUNIT_PARAM_DESC_SIZE);
	return p;
}

static bool rec_single(struct net_env *env)
{
	return memdev_has(env->dev, VIRTIO_F_RING_RESET);
}

/*
 * It was mended by a reset of the queue, or of the device where that cannot be,
 * or could not be seen to help: a receive queue may be silent for good reasons.
 */
static void rec_by_queue(struct net_env *env, const struct memdev_vq *q, u64 oks)
{
	struct kunit *test = env->test;
	bool single = rec_single(env) && q == net_txq(env);

	KUNIT_EXPECT_TRUE(test, net_wait_for(rec_step(env, VIRTNET_STEP_QUEUE) +
					     rec_step(env, VIRTNET_STEP_DEVICE), 3));
	KUNIT_EXPECT_EQ(test, rec_step(env, VIRTNET_STEP_QUEUE), single);
	KUNIT_EXPECT_EQ(test, rec_step(env, VIRTNET_STEP_DEVICE), !single);
	KUNIT_EXPECT_EQ(test, env->dev->driver_oks, oks + !single);
	KUNIT_EXPECT_EQ(test, env->dev->queue_resets, single);
	rec_traffic(env);
	KUNIT_EXPECT_EQ(test, env->dev->driver_oks, oks + !single);
}

static void rec_timeout(struct net_env *env)
{
	netif_tx_lock_bh(env->nd);
	env->nd->netdev_ops->ndo_tx_timeout(env->nd, 0);
	netif_tx_unlock_bh(env->nd);
}

/* --- single queues --- */

static void rec_missed_rx(struct kunit *test)
{
	struct net_env *env = test->priv;

	KUNIT_ASSERT_EQ(test, net_rx(env, 700, 1, 0), 1);
	KUNIT_EXPECT_TRUE(test, net_wait_for(env->kept, 5));
	net_expect(env, 700, 1);
	KUNIT_EXPECT_EQ(test, rec_count(env, VIRTNET_FAULT_MISSED_IRQ), 1);
	KUNIT_EXPECT_EQ(test, rec_step(env, VIRTNET_STEP_POLL), 1);
	KUNIT_EXPECT_EQ(test, env->dev->driver_oks, 1);
	rec_traffic(env);
}

static void rec_missed_tx(struct kunit *test)
{
	struct net_env *env = test->priv;
	u64 sent = net_stat(env, "tx", "packets");

	KUNIT_ASSERT_EQ(test, net_send(env, 300, 1, 0), 0);
	KUNIT_ASSERT_TRUE(test, net_wait(net_take(env) == 1));
	KUNIT_EXPECT_TRUE(test, net_wait_for(net_stat(env, "tx", "packets") > sent, 5));
	KUNIT_EXPECT_EQ(test, rec_count(env, VIRTNET_FAULT_MISSED_IRQ), 1);
	KUNIT_EXPECT_EQ(test, env->dev->driver_oks, 1);
	rec_traffic(env);
}

/* Idle queues, and such as hold what the device did not use, are left alone. */
static void rec_quiet(struct kunit *test)
{
	struct net_env *env = test->priv;

	KUNIT_ASSERT_EQ(test, net_send(env, 300, 1, 0), 0);
	msleep(500);
	KUNIT_EXPECT_EQ(test, rec_count(env, VIRTNET_FAULT_MISSED_IRQ), 0);
	KUNIT_EXPECT_EQ(test, rec_step(env, VIRTNET_STEP_QUEUE), 0);
	KUNIT_EXPECT_EQ(test, env->dev->driver_oks, 1);
	/* The doorbell may have been lost. */
	KUNIT_EXPECT_GT(test, rec_step(env, VIRTNET_STEP_KICK), 0);
	rec_traffic(env);
}

/* Interrupts that never come: the queue is set up anew. */
static void rec_no_irq(struct kunit *test)
{
	struct net_env *env = test->priv;
	u64 oks = env->dev->driver_oks;
	unsigned int i;

	for (i = 0; i < 3; i++) {
		KUNIT_ASSERT_EQ(test, net_rx(env, 700, i, 0), 1);
		KUNIT_EXPECT_TRUE(test, net_wait_for(env->kept == i + 1, 5));
	}
	KUNIT_EXPECT_EQ(test, rec_count(env, VIRTNET_FAULT_STUCK_RX), 1);
	rec_by_queue(env, net_rxq(env), oks);
}

/* A ring without buffers, and nobody who would fill it: no interrupt comes. */
static void rec_starved(struct kunit *test)
{
	struct net_env *env = test->priv;
	struct receive_queue *rq = &rec_vi(env)->qs->rq[0];
	struct virtnet_rx_buf *buf;

	net_settle(env);
	net_rxq(env)->live = false;
	while ((buf = virtqueue_detach_unused_buf(rq->vq)))
		virtnet_rx_buf_put(rq, buf);
	KUNIT_EXPECT_TRUE(test, net_wait_for(rec_count(env, VIRTNET_FAULT_STUCK_RX), 3));
	KUNIT_EXPECT_TRUE(test, net_wait(rq->nr_free < rq->plan.depth));
	KUNIT_EXPECT_GE(test, rec_step(env, VIRTNET_STEP_KICK), 1);
	KUNIT_EXPECT_EQ(test, env->dev->driver_oks, 1);
}

static void rec_bad_rx(struct kunit *test)
{
	struct net_env *env = test->priv;
	u64 oks = env->dev->driver_oks;

	memdev_used_raw(net_rxq(env), 0xfff0, 100);
	memdev_interrupt(net_rxq(env));
	KUNIT_EXPECT_TRUE(test, net_wait(rec_count(env, VIRTNET_FAULT_BAD_USED)));
	rec_by_queue(env, net_rxq(env), oks);
	KUNIT_EXPECT_EQ(test, rec_count(env, VIRTNET_FAULT_BAD_USED), 1);
	KUNIT_EXPECT_EQ(test, net_stat(env, "rx", "bad_used"), 1);
}

static void rec_bad_tx(struct kunit *test)
{
	struct net_env *env = test->priv;
	u64 oks = env->dev->driver_oks, drops = net_stat(env, "tx", "drops");

	KUNIT_ASSERT_EQ(test, net_send(env, 500, 1, 2), 0);
	memdev_used_raw(net_txq(env), 0xfff0, 0);
	memdev_interrupt(net_txq(env));
	KUNIT_EXPECT_TRUE(test, net_wait(rec_count(env, VIRTNET_FAULT_BAD_USED)));
	rec_by_queue(env, net_txq(env), oks);
	KUNIT_EXPECT_EQ(test, net_stat(env, "tx", "bad_used"), 1);
	KUNIT_EXPECT_EQ(test, net_stat(env, "tx", "drops"), drops + 1);
}

/* The watchdog's call: everything was sent, and it was only missed. */
static void rec_tx_poll(struct kunit *test)
{
	struct net_env *env = test->priv;

	virtnet_health_ms = 60000;
	net_close(env);
	KUNIT_ASSERT_EQ(test, net_open(env), 0);
	KUNIT_ASSERT_EQ(test, net_send(env, 300, 1, 0), 0);
	KUNIT_ASSERT_TRUE(test, net_wait(net_take(env) == 1));
	rec_timeout(env);
	KUNIT_EXPECT_TRUE(test, net_wait(rec_step(env, VIRTNET_STEP_POLL)));
	msleep(400);
	KUNIT_EXPECT_EQ(test, rec_step(env, VIRTNET_STEP_KICK), 0);
	KUNIT_EXPECT_EQ(test, env->dev->driver_oks, 2);
	rec_traffic(env);
}

static void rec_swallow(struct memdev_vq *q)
{
	while (memdev_pop(q, &q->scratch) > 0)
		memdev_put(q, &q->scratch, 0);
	memdev_flush(q);
}

/* ... or the device had not heard the doorbell. */
static void rec_tx_kick(struct kunit *test)
{
	struct net_env *env = test->priv;

	KUNIT_ASSERT_EQ(test, net_send(env, 300, 1, 0), 0);
	KUNIT_ASSERT_TRUE(test, net_wait(memdev_available(net_txq(env))));
	net_txq(env)->on_kick = rec_swallow;
	rec_timeout(env);
	KUNIT_EXPECT_TRUE(test, net_wait(rec_step(env, VIRTNET_STEP_KICK)));
	msleep(400);
	net_txq(env)->on_kick = NULL;
	KUNIT_EXPECT_EQ(test, rec_count(env, VIRTNET_FAULT_TX_TIMEOUT), 1);
	KUNIT_EXPECT_EQ(test, rec_step(env, VIRTNET_STEP_QUEUE), 0);
	KUNIT_EXPECT_EQ(test, env->dev->driver_oks, 1);
	rec_traffic(env);
}

/* ... or nothing helps but a reset, and the second time that of the device. */
static void rec_tx_stuck(struct kunit *test)
{
	struct net_env *env = test->priv;
	u64 oks = env->dev->driver_oks;

	KUNIT_ASSERT_EQ(test, net_send(env, 300, 1, 4), 0);
	rec_timeout(env);
	rec_by_queue(env, net_txq(env), oks);
	if (!rec_single(env))
		return;
	KUNIT_ASSERT_EQ(test, net_send(env, 300, 1, 4), 0);
	rec_timeout(env);
	KUNIT_EXPECT_TRUE(test, net_wait_for(rec_step(env, VIRTNET_STEP_DEVICE), 3));
	KUNIT_EXPECT_EQ(test, rec_step(env, VIRTNET_STEP_QUEUE), 1);
	KUNIT_EXPECT_EQ(test, rec_count(env, VIRTNET_FAULT_TX_TIMEOUT), 2);
	rec_traffic(env);
}

/* A reset after which nothing is sent; few packets, so that nobody else would notice. */
static void rec_tx_in_vain(struct kunit *test)
{
	struct net_env *env = test->priv;

	if (!rec_single(env))
		kunit_skip(test, "queues of this device are not reset alone");
	KUNIT_ASSERT_EQ(test, net_send(env, 300, 1, 0), 0);
	rec_timeout(env);
	KUNIT_EXPECT_TRUE(test, net_wait_for(rec_step(env, VIRTNET_STEP_QUEUE), 3));
	msleep(300);
	KUNIT_EXPECT_EQ(test, rec_step(env, VIRTNET_STEP_DEVICE), 0);
	KUNIT_ASSERT_EQ(test, net_send(env, 300, 2, 0), 0);
	KUNIT_EXPECT_TRUE(test, net_wait_for(rec_step(env, VIRTNET_STEP_DEVICE), 3));
	KUNIT_EXPECT_EQ(test, rec_step(env, VIRTNET_STEP_QUEUE), 1);
	KUNIT_EXPECT_EQ(test, rec_count(env, VIRTNET_FAULT_TX_TIMEOUT), 2);
	rec_traffic(env);
}

/* Too few packets for the queue to be stopped, and more of them now and then. */
static void rec_tx_few(struct kunit *test)
{
	struct net_env *env = test->priv;
	u64 oks = env->dev->driver_oks;
	unsigned int i;

	virtnet_health_unsent = 10;
	for (i = 0; i < 20 && !rec_count(env, VIRTNET_FAULT_TX_TIMEOUT); i++) {
		KUNIT_ASSERT_EQ(test, net_send(env, 300, i, 0), 0);
		msleep(50);
	}
	KUNIT_EXPECT_FALSE(test, netif_tx_queue_stopped(netdev_get_tx_queue(env->nd, 0)));
	KUNIT_EXPECT_EQ(test, rec_count(env, VIRTNET_FAULT_TX_TIMEOUT), 1);
	rec_by_queue(env, net_txq(env), oks);
}

/* Without a link it is the network that takes no packets. */
static void rec_tx_no_link(struct kunit *test)
{
	struct net_env *env = test->priv;

	virtnet_health_unsent = 2;
	KUNIT_ASSERT_EQ(test, net_send(env, 300, 1, 0), 0);
	netif_carrier_off(env->nd);
	msleep(500);
	KUNIT_EXPECT_EQ(test, rec_count(env, VIRTNET_FAULT_TX_TIMEOUT), 0);
	netif_carrier_on(env->nd);
	KUNIT_EXPECT_TRUE(test, net_wait_for(rec_count(env, VIRTNET_FAULT_TX_TIMEOUT), 3));
	rec_traffic(env);
}

/* A device that is paused for long: each reset is in vain, and it is never given up. */
static void rec_tx_paused(struct kunit *test)
{
	struct net_env *env = test->priv;
	unsigned long end = jiffies + 15 * HZ;

	virtnet_recover_limit = 2;
	virtnet_health_unsent = 2;
	while (rec_step(env, VIRTNET_STEP_DEVICE) < 4 && time_before(jiffies, end)) {
		if (rec_up(env) && !memdev_available(net_txq(env)))
			KUNIT_ASSERT_EQ(test, net_send(env, 300, 1, 0), 0);
		msleep(20);
	}
	KUNIT_EXPECT_EQ(test, rec_step(env, VIRTNET_STEP_DEVICE), 4);
	KUNIT_EXPECT_FALSE(test, rec_vi(env)->recovery.given_up);
	rec_traffic(env);
}

/* A queue that cannot be reset after all. */
static void rec_queue_fails(struct kunit *test)
{
	struct net_env *env = test->priv;
	u64 oks = env->dev->driver_oks;

	env->dev->fail_queue_reset = -EIO;
	KUNIT_ASSERT_EQ(test, net_send(env, 500, 1, 2), 0);
	memdev_used_raw(net_txq(env), 0xfff0, 0);
	memdev_interrupt(net_txq(env));
	KUNIT_EXPECT_TRUE(test, net_wait_for(rec_step(env, VIRTNET_STEP_DEVICE), 3));
	KUNIT_EXPECT_EQ(test, env->dev->driver_oks, oks + 1);
	rec_traffic(env);
}

/* --- the device --- */

static void rec_device(struct net_env *env, enum virtnet_fault fault)
{
	struct kunit *test = env->test;

	KUNIT_EXPECT_TRUE(test, net_wait_for(rec_step(env, VIRTNET_STEP_DEVICE), 5));
	KUNIT_EXPECT_EQ(test, rec_count(env, fault), 1);
	KUNIT_EXPECT_EQ(test, env->dev->driver_oks, 2);
	rec_traffic(env);
	KUNIT_EXPECT_EQ(test, rec_step(env, VIRTNET_STEP_DEVICE), 1);
	KUNIT_EXPECT_EQ(test, rec_count(env, fault), 1);
}

/* Even if the interrupt that says so does not come. */
static void rec_needs_reset(struct kunit *test)
{
	struct net_env *env = test->priv;

	env->dev->status |= VIRTIO_CONFIG_S_NEEDS_RESET;
	rec_device(env, VIRTNET_FAULT_NEEDS_RESET);
}

/* The device has forgotten all about us. */
static void rec_restarted(struct kunit *test)
{
	struct net_env *env = test->priv;

	env->dev->vdev.config->reset(&env->dev->vdev);
	rec_device(env, VIRTNET_FAULT_RESTARTED);
}

static void rec_broken(struct kunit *test)
{
	struct net_env *env = test->priv;

	virtio_break_device(&env->dev->vdev);
	rec_device(env, VIRTNET_FAULT_BROKEN);
	KUNIT_EXPECT_EQ(test, rec_count(env, VIRTNET_FAULT_BAD_USED), 0);
}

static void rec_user(struct kunit *test)
{
	struct net_env *env = test->priv;
	u32 flags = ETH_RESET_ALL;
	int err;

	rtnl_lock();
	err = env->nd->ethtool_ops->reset(env->nd, &flags);
	rtnl_unlock();
	KUNIT_EXPECT_EQ(test, err, 0);
	KUNIT_EXPECT_EQ(test, flags & ETH_RESET_DMA, 0);
	rec_device(env, VIRTNET_FAULT_USER);
	net_close(env);
	rtnl_lock();
	err = env->nd->ethtool_ops->reset(env->nd, &flags);
	rtnl_unlock();
	KUNIT_EXPECT_NE(test, err, 0);
}

/* A restart that does not work is tried again. */
static void rec_no_start(struct kunit *test)
{
	struct net_env *env = test->priv;

	env->dev->fail_find_vqs = -ENOMEM;
	env->dev->status |= VIRTIO_CONFIG_S_NEEDS_RESET;
	KUNIT_EXPECT_TRUE(test, net_wait_for(rec_step(env, VIRTNET_STEP_DEVICE), 5));
	KUNIT_EXPECT_EQ(test, rec_count(env, VIRTNET_FAULT_NO_START), 1);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&rec_vi(env)->recovery.failures), 1);
	rec_traffic(env);
}

/* Unplugged: nobody waits for an answer, and the end is bounded. */
static void rec_gone(struct kunit *test)
{
	struct net_env *env = test->priv;
	u64 resets = env->dev->resets;

	memdev_vanish(env->dev);
	KUNIT_EXPECT_TRUE(test, net_wait_for(atomic_long_read(
			  &rec_vi(env)->recovery.surrenders), 3));
	KUNIT_EXPECT_FALSE(test, netif_carrier_ok(env->nd));
	KUNIT_EXPECT_EQ(test, env->dev->resets, resets);
	net_close(env);
	KUNIT_EXPECT_EQ(test, env->dev->resets, resets);
	KUNIT_EXPECT_NE(test, net_open(env), 0);
	/* The core complains of a device that is removed without a reset. */
	env->dev->vanished = false;
	KUNIT_ASSERT_EQ(test, net_open(env), 0);
	rec_traffic(env);
}

/* A device that does not get better: a few resets, then an end of it. */
static void rec_limit(struct kunit *test)
{
	struct net_env *env = test->priv;
	struct virtnet_recovery *r = &rec_vi(env)->recovery;
	unsigned long end = jiffies + 6 * HZ;
	u64 resets;

	virtnet_recover_limit = 2;
	while (!r->given_up && time_before(jiffies, end)) {
		if (env->dev->status & VIRTIO_CONFIG_S_DRIVER_OK)
			env->dev->status |= VIRTIO_CONFIG_S_NEEDS_RESET;
		schedule_timeout_uninterruptible(1);
	}
	KUNIT_EXPECT_TRUE(test, net_wait(atomic_long_read(&r->surrenders) == 1));
	KUNIT_EXPECT_EQ(test, rec_step(env, VIRTNET_STEP_DEVICE), 2);
	KUNIT_EXPECT_TRUE(test, net_wait(!netif_carrier_ok(env->nd)));
	resets = env->dev->resets;
	msleep(300);
	KUNIT_EXPECT_EQ(test, env->dev->resets, resets);
	KUNIT_EXPECT_EQ(test, env->dev->status, 0);
	net_close(env);
	KUNIT_ASSERT_EQ(test, net_open(env), 0);
	rec_traffic(env);
}

/* Nothing runs while the interface is down. */
static void rec_down(struct kunit *test)
{
	struct net_env *env = test->priv;

	KUNIT_EXPECT_TRUE(test, delayed_work_pending(&rec_vi(env)->recovery.health));
	net_close(env);
	KUNIT_EXPECT_FALSE(test, delayed_work_pending(&rec_vi(env)->recovery.health));
}

/* --- ring sizes --- */

static int rec_rings(struct net_env *env, u32 rx, u32 tx)
{
	struct ethtool_ringparam ring = { .rx_pending = rx, .tx_pending = tx };
	int err;

	rtnl_lock();
	err = env->nd->ethtool_ops->set_ringparam(env->nd, &ring, NULL, NULL);
	rtnl_unlock();
	return err;
}

/* What the device gets to see, and what it keeps of its settings. */
static void rec_resize(struct kunit *test)
{
	struct net_env *env = test->priv;
	bool single = rec_single(env);
	u64 oks = env->dev->driver_oks;
	unsigned int sent = 0;

	KUNIT_EXPECT_NE(test, rec_rings(env, 16, 256), 0);
	KUNIT_EXPECT_NE(test, rec_rings(env, 64, 512), 0);
	KUNIT_EXPECT_EQ(test, env->dev->driver_oks, oks);
	KUNIT_ASSERT_EQ(test, rec_rings(env, 64, 32), 0);
	KUNIT_EXPECT_EQ(test, env->dev->driver_oks, oks + !single);
	KUNIT_EXPECT_EQ(test, env->dev->queue_resets, single ? 2 : 0);
	KUNIT_EXPECT_TRUE(test, net_wait(netif_carrier_ok(env->nd)));
	KUNIT_EXPECT_LE(test, memdev_available(net_rxq(env)), 64);
	KUNIT_EXPECT_GT(test, memdev_available(net_rxq(env)), 0);
	net_no_bql(env);
	while (!netif_tx_queue_stopped(netdev_get_tx_queue(env->nd, 0)) && sent < 300)
		KUNIT_ASSERT_EQ(test, net_send_burst(env, 100, sent++, 1), 0);
	KUNIT_EXPECT_LE(test, sent, 32);
	rec_traffic(env);
	KUNIT_ASSERT_EQ(test, rec_rings(env, 256, 256), 0);
	/* Without indirect descriptors a chain takes many. */
	KUNIT_EXPECT_GT(test, memdev_available(net_rxq(env)),
			env->param->mode == NET_BIG ? 12 : 200);
	rec_traffic(env);
	KUNIT_EXPECT_EQ(test, net_stat(env, "rx", "drops"), 0);
}

/* A queue that refuses to be reset: the device is, and it works all the same. */
static void rec_resize_fails(struct kunit *test)
{
	struct net_env *env = test->priv;

	env->dev->fail_queue_reset = -EIO;
	KUNIT_ASSERT_EQ(test, rec_rings(env, 64, 64), 0);
	KUNIT_EXPECT_EQ(test, env->dev->driver_oks, 2);
	rec_traffic(env);
}

static struct kunit_case rec_cases[] = {
	KUNIT_CASE_PARAM(rec_missed_rx, rec_gen),
	KUNIT_CASE_PARAM(rec_missed_tx, rec_gen),
	KUNIT_CASE_PARAM(rec_quiet, rec_gen),
	KUNIT_CASE_PARAM(rec_no_irq, rec_gen),
	KUNIT_CASE_PARAM(rec_starved, rec_gen),
	KUNIT_CASE_PARAM(rec_bad_rx, rec_gen),
	KUNIT_CASE_PARAM(rec_bad_tx, rec_gen),
	KUNIT_CASE_PARAM(rec_tx_poll, rec_gen),
	KUNIT_CASE_PARAM(rec_tx_kick, rec_gen),
	KUNIT_CASE_PARAM(rec_tx_stuck, rec_gen),
	KUNIT_CASE_PARAM(rec_tx_in_vain, rec_gen),
	KUNIT_CASE_PARAM(rec_tx_few, rec_gen),
	KUNIT_CASE_PARAM(rec_tx_no_link, rec_gen),
	KUNIT_CASE_PARAM(rec_tx_paused, rec_gen),
	KUNIT_CASE_PARAM(rec_queue_fails, rec_gen),
	KUNIT_CASE_PARAM(rec_needs_reset, rec_gen),
	KUNIT_CASE_PARAM(rec_restarted, rec_gen),
	KUNIT_CASE_PARAM(rec_broken, rec_gen),
	KUNIT_CASE_PARAM(rec_user, rec_gen),
	KUNIT_CASE_PARAM(rec_no_start, rec_gen),
	KUNIT_CASE_PARAM(rec_gone, rec_gen),
	KUNIT_CASE_PARAM(rec_limit, rec_gen),
	KUNIT_CASE_PARAM(rec_down, rec_gen),
	KUNIT_CASE_PARAM(rec_resize, rec_gen),
	KUNIT_CASE_PARAM(rec_resize_fails, rec_gen),
	{}
};

static struct kunit_suite rec_suite = {
	.name = "virtnet_recovery",
	.init = rec_init,
	.test_cases = rec_cases,
};
kunit_test_suite(rec_suite);
