// SPDX-License-Identifier: GPL-2.0-only
/* List delivery: which packets, when, and the order of what arrives. */
#include <kunit/test.h>
#include <linux/rtnetlink.h>
#include <net/udp.h>
#include <virtnet/rx_list.h>
#include <virtnet/virtnet.h>

#include "net_env.h"
#include "pkt.h"

#define LIST_PACKETS	24

static const enum pkt_kind list_kinds[] = { PKT_UDP4, PKT_TCP4, PKT_UDP6, PKT_TCP6 };

static struct receive_queue *list_rq(struct net_env *env)
{
	struct virtnet_info *vi = netdev_priv(env->nd);

	return &vi->qs->rq[0];
}

static void list_set(struct net_env *env, bool on)
{
	rtnl_lock();
	KUNIT_ASSERT_EQ(env->test, virtnet_set_priv_flags(env->nd, on), 0);
	rtnl_unlock();
	KUNIT_EXPECT_EQ(env->test, virtnet_get_priv_flags(env->nd), on);
}

/* Not while somebody wants UDP merged, and not without the user. */
static void list_listing(struct kunit *test)
{
	struct net_env *env = test->priv;
	struct receive_queue *rq = list_rq(env);

	KUNIT_EXPECT_EQ(test, virtnet_get_priv_flags(env->nd), virtnet_rx_list_default());
	list_set(env, true);
	KUNIT_EXPECT_TRUE(test, virtnet_rx_listing(rq));
	env->nd->features |= NETIF_F_GRO_FRAGLIST;
	KUNIT_EXPECT_FALSE(test, virtnet_rx_listing(rq));
	env->nd->features ^= NETIF_F_GRO_FRAGLIST | NETIF_F_GRO_UDP_FWD;
	KUNIT_EXPECT_FALSE(test, virtnet_rx_listing(rq));
	env->nd->features ^= NETIF_F_GRO_UDP_FWD;
	list_set(env, false);
	KUNIT_EXPECT_FALSE(test, virtnet_rx_listing(rq));
	rtnl_lock();
	KUNIT_EXPECT_EQ(test, virtnet_set_priv_flags(env->nd, BIT(1)), -EINVAL);
	rtnl_unlock();
}

/* A tunnel or a socket with UDP_GRO anywhere ends it, until it is closed. */
static void list_socket(struct kunit *test)
{
	struct net_env *env = test->priv;
	struct receive_queue *rq = list_rq(env);

	if (!virtnet_rx_list_default())
		kunit_skip(test, "this kernel does not tell of UDP sockets that want GRO");
	list_set(env, true);
	udp_encap_enable();
	KUNIT_EXPECT_FALSE(test, virtnet_rx_listing(rq));
	udp_encap_disable();
	KUNIT_EXPECT_TRUE(test, virtnet_rx_listing(rq));
}

/* A packet that carries its number in its payload. */
static void list_send(struct net_env *env, u32 number)
{
	enum pkt_kind kind = list_kinds[number % ARRAY_SIZE(list_kinds)];
	struct memdev_rx rx = {
		.data = env->buf,
		.hdr.hdr.flags = VIRTIO_NET_HDR_F_DATA_VALID,
	};

	rx.len = pkt_build(env->buf, kind, 64);
	memcpy(env->buf + pkt_hdrs(kind), &number, sizeof(number));
	KUNIT_ASSERT_EQ(env->test, memdev_rx(env->dev, 0, &rx), 1);
}

static void list_expect_order(struct net_env *env)
{
	u32 next[ARRAY_SIZE(list_kinds)] = { 0, 1, 2, 3 }, number, i, kind;
	struct net_cap *cap;

	for (i = 0; i < LIST_PACKETS; i++) {
		cap = net_pop_cap(env);
		KUNIT_ASSERT_NOT_NULL(env->test, cap);
		number = *(u32 *)(cap->data + cap->len - 64);
		kind = number % ARRAY_SIZE(list_kinds);
		KUNIT_EXPECT_EQ(env->test, number, next[kind]);
		next[kind] += ARRAY_SIZE(list_kinds);
		kfree(cap);
	}
}

/* Whatever way packets take, those of a flow stay in order and none is lost. */
static void list_order(struct kunit *test)
{
	struct net_env *env = test->priv;
	u32 i, round;

	for (round = 0; round < 4; round++) {
		list_set(env, round & 1);
		for (i = 0; i < LIST_PACKETS; i++)
			list_send(env, i);
		memdev_signal(net_rxq(env));
		KUNIT_ASSERT_TRUE(test, net_wait(env->kept == LIST_PACKETS));
		list_expect_order(env);
	}
}

static struct kunit_case list_cases[] = {
	KUNIT_CASE_PARAM(list_listing, net_gen_mergeable),
	KUNIT_CASE_PARAM(list_socket, net_gen_mergeable),
	KUNIT_CASE_PARAM(list_order, net_gen_mergeable),
	{}
};

static struct kunit_suite list_suite = {
	.name = "virtnet_list",
	.init = net_init,
	.test_cases = list_cases,
};

kunit_test_suite(list_suite);
