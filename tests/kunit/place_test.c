// SPDX-License-Identifier: GPL-2.0-only
/*
 * A device that lost its place in a packed ring: it must be found, without
 * taking a device that has nothing to say for one.
 */
#include <linux/delay.h>
#include <linux/rtnetlink.h>

#include "rec_env.h"
#include "xsk_env.h"

#define F_RING		(BIT_ULL(VIRTIO_RING_F_EVENT_IDX) | BIT_ULL(VIRTIO_RING_F_INDIRECT_DESC))
#define F_PACKED	BIT_ULL(VIRTIO_F_RING_PACKED)
#define F_DMA		BIT_ULL(VIRTIO_F_ACCESS_PLATFORM)

/* Checks after which everything would have happened. */
#define PLACE_WAIT	(10 * REC_HEALTH_MS)

static const struct net_param place_params[] = {
	{ "mergeable", NET_MERGEABLE, F_PACKED },
	{ "mergeable event indirect", NET_MERGEABLE, F_PACKED | F_RING },
	{ "mergeable dma", NET_MERGEABLE, F_PACKED | F_RING | F_DMA },
	{ "big", NET_BIG, F_PACKED | F_RING },
	{ "small", NET_SMALL, F_PACKED },
};

static void place_desc(const struct net_param *p, char *desc)
{
	strscpy(desc, p->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(place, place_params, place_desc);

static void place_link(struct net_env *env, bool up)
{
	memdev_link_set(env->dev, up);
	KUNIT_EXPECT_TRUE(env->test, net_wait(netif_carrier_ok(env->nd) == up));
}

/* The device says that something changed, but nothing did: a link that was down briefly. */
static void place_changed(struct net_env *env)
{
	memdev_config_changed(env->dev);
	flush_work(&rec_vi(env)->config_work);
}

/* Another process, which begins where a ring begins. */
static void place_forget(struct net_env *env)
{
	memdev_packed_forget(net_rxq(env));
	memdev_packed_forget(net_txq(env));
}

static void place_expect(struct net_env *env, enum virtnet_fault fault, unsigned int n)
{
	struct kunit *test = env->test;

	KUNIT_EXPECT_TRUE(test, net_wait_for(rec_step(env, VIRTNET_STEP_DEVICE) == n, 3));
	KUNIT_EXPECT_EQ(test, rec_count(env, fault), n);
	KUNIT_EXPECT_EQ(test, env->dev->driver_oks, n + 1);
	rec_traffic(env);
	KUNIT_EXPECT_EQ(test, env->dev->driver_oks, n + 1);
}

static void place_expect_left_alone(struct net_env *env)
{
	u64 oks = env->dev->driver_oks;

	msleep(PLACE_WAIT);
	KUNIT_EXPECT_EQ(env->test, rec_count(env, VIRTNET_FAULT_LINK_SILENT), 0);
	KUNIT_EXPECT_EQ(env->test, rec_count(env, VIRTNET_FAULT_LOST_PLACE), 0);
	KUNIT_EXPECT_EQ(env->test, rec_step(env, VIRTNET_STEP_DEVICE), 0);
	KUNIT_EXPECT_EQ(env->test, env->dev->driver_oks, oks);
}

/* Packets that are reported where nobody looks for them; no link changes. */
static void place_jump(struct kunit *test)
{
	struct net_env *env = test->priv;
	unsigned int i;

	rec_traffic(env);
	memdev_packed_jump(net_rxq(env), 1000);
	for (i = 0; i < 40 && !rec_count(env, VIRTNET_FAULT_LOST_PLACE); i++) {
		net_rx(env, 700, i, 0);
		memdev_interrupt(net_rxq(env));
		msleep(REC_HEALTH_MS);
	}
	place_expect(env, VIRTNET_FAULT_LOST_PLACE, 1);
}

/* A device that never gets it right is given up. */
static void place_jump_always(struct kunit *test)
{
	struct net_env *env = test->priv;
	struct virtnet_recovery *r = &rec_vi(env)->recovery;
	unsigned long end = jiffies + 10 * HZ;
	u64 seen = 0;
	u32 seq = 0;

	virtnet_recover_limit = 2;
	while (!READ_ONCE(r->given_up) && time_before(jiffies, end)) {
		rtnl_lock();
		if (net_rxq(env)->live && env->dev->driver_oks > seen) {
			seen = env->dev->driver_oks;
			memdev_packed_jump(net_rxq(env), 1000);
		}
		if (net_rxq(env)->live)
			net_rx(env, 700, seq++, 0);
		rtnl_unlock();
		msleep(REC_HEALTH_MS / 2);
	}
	KUNIT_EXPECT_TRUE(test, READ_ONCE(r->given_up));
	KUNIT_EXPECT_EQ(test, rec_step(env, VIRTNET_STEP_DEVICE), 2);
}

/* Nothing is written, nothing is sent; the link went down and up. */
static void place_restarted(struct kunit *test)
{
	struct net_env *env = test->priv;

	rec_traffic(env);
	place_link(env, false);
	place_forget(env);
	place_link(env, true);
	place_expect(env, VIRTNET_FAULT_LINK_SILENT, 1);
}

/* That it was down nobody saw. And more often than a device is tried that gets no better. */
static void place_restarted_often(struct kunit *test)
{
	struct net_env *env = test->priv;
	unsigned int i;

	virtnet_recover_limit = 2;
	rec_traffic(env);
	for (i = 1; i <= 5; i++) {
		place_forget(env);
		place_changed(env);
		place_expect(env, VIRTNET_FAULT_LINK_SILENT, i);
	}
	KUNIT_EXPECT_FALSE(test, rec_vi(env)->recovery.given_up);
}

/* Rings that nobody used are at their beginning, whoever is behind the device. */
static void place_unused(struct kunit *test)
{
	struct net_env *env = test->priv;

	place_link(env, false);
	place_forget(env);
	place_link(env, true);
	place_expect_left_alone(env);
	rec_traffic(env);
}

/*
 * Silence of a ring that was used says nothing as long as the link does not change,
 * even if it means that the device takes no more buffers: who could tell?
 */
static void place_idle(struct kunit *test)
{
	struct net_env *env = test->priv;

	rec_traffic(env);
	place_expect_left_alone(env);
	rec_traffic(env);
	place_forget(env);
	place_expect_left_alone(env);
}

/* Nor does a change of the link, with traffic behind it. */
static void place_flap(struct kunit *test)
{
	struct net_env *env = test->priv;

	rec_traffic(env);
	place_link(env, false);
	msleep(PLACE_WAIT);
	place_link(env, true);
	rec_traffic(env);
	rec_traffic(env);
	place_expect_left_alone(env);
}

/*
 * Bounce buffers that the ring itself maps (6.1): what the device received lies in
 * them, and the buffers that we know are as they were. Only the link tells.
 */
static void place_bounced(struct kunit *test)
{
	struct net_env *env = test->priv;
	struct memdev_vq *q = net_rxq(env);
	unsigned int i;

	rec_traffic(env);
	memdev_packed_jump(q, 100);
	for (i = 0; i < 10; i++) {
		if (memdev_pop(q, &q->scratch) > 0)
			memdev_use(q, &q->scratch, 700);
		memdev_interrupt(q);
		msleep(REC_HEALTH_MS);
	}
	place_expect_left_alone(env);
	place_changed(env);
	place_expect(env, VIRTNET_FAULT_LINK_SILENT, 1);
}

/*
 * The memory of a socket is its program's too, which may write into what it lent. And
 * it is looked at again once the socket is gone.
 */
static void place_socket(struct kunit *test)
{
	struct xsk_test *t = xsk_start(test, 2048, 0, XSK_LENT);
	struct net_env *env = t->x->net;
	unsigned int i, frame;
	u8 text[64];

	xdp_rx(t->x, 700, 1, 0);
	xsk_expect(t, 700, 1, 1);
	for (i = 0; i < 10; i++) {
		memset(text, i, sizeof(text));
		for (frame = 0; frame < XSK_LENT; frame++)
			xsk_write(&t->s, (u64)frame * 2048 + XDP_PACKET_HEADROOM - 20,
				  text, sizeof(text));
		msleep(REC_HEALTH_MS);
	}
	place_expect_left_alone(env);
	xdp_rx(t->x, 700, 2, 0);
	xsk_expect(t, 700, 2, 1);
	xsk_end(t);
}

/* A split ring has indices. */
static void place_split(struct kunit *test)
{
	static const struct net_param split = { "split", NET_MERGEABLE, F_RING };
	struct net_env *env = net_start(test, &split, NULL);

	KUNIT_ASSERT_EQ(test, net_open(env), 0);
	rec_traffic(env);
	place_link(env, false);
	place_link(env, true);
	place_expect_left_alone(env);
	rec_traffic(env);
}

static struct kunit_case place_cases[] = {
	KUNIT_CASE_PARAM(place_jump, place_gen_params),
	KUNIT_CASE_PARAM(place_jump_always, place_gen_params),
	KUNIT_CASE_PARAM(place_restarted, place_gen_params),
	KUNIT_CASE_PARAM(place_restarted_often, place_gen_params),
	KUNIT_CASE_PARAM(place_unused, place_gen_params),
	KUNIT_CASE_PARAM(place_idle, place_gen_params),
	KUNIT_CASE_PARAM(place_flap, place_gen_params),
	KUNIT_CASE_PARAM(place_bounced, place_gen_params),
	KUNIT_CASE(place_split),
	{}
};

static struct kunit_suite place_suite = {
	.name = "virtnet_place",
	.init = rec_init,
	.test_cases = place_cases,
};

/* It starts its interface by itself. */
static int place_socket_init(struct kunit *test)
{
	virtnet_health_ms = REC_HEALTH_MS;
	return 0;
}

static void place_socket_exit(struct kunit *test)
{
	virtnet_health_ms = 1000;
}

static struct kunit_case place_socket_cases[] = {
	KUNIT_CASE_PARAM(place_socket, place_gen_params),
	{}
};

static struct kunit_suite place_socket_suite = {
	.name = "virtnet_place_xsk",
	.init = place_socket_init,
	.exit = place_socket_exit,
	.test_cases = place_socket_cases,
};
kunit_test_suites(&place_suite, &place_socket_suite);
