// SPDX-License-Identifier: GPL-2.0-only
/*
 * A device that does anything, in an order that follows from a seed: bad
 * lengths, headers, ids, interrupts, configuration, answers to commands;
 * while the user of the interface goes on using it. Afterwards the device
 * behaves, and traffic must flow.
 *
 *	SEED=N SEEDS=1 tools/uml kunit device_random	that seed again
 *	SEED=N SEEDS=M tools/uml kunit device_random	M seeds from N on
 */
#include <linux/delay.h>
#include <linux/etherdevice.h>
#include <linux/ethtool.h>
#include <linux/module.h>
#include <linux/prandom.h>
#include <linux/rtnetlink.h>
#include <virtnet/virtnet.h>

#include "memdev_ctrl.h"
#include "net_env.h"

static uint random_seed = 1;
module_param_named(seed, random_seed, uint, 0444);
MODULE_PARM_DESC(seed, "first seed of the random device (1)");
static uint random_seeds = 24;
module_param_named(seeds, random_seeds, uint, 0444);
MODULE_PARM_DESC(seeds, "how many seeds are tried (24)");
static uint random_steps = 400;
module_param_named(steps, random_steps, uint, 0444);
MODULE_PARM_DESC(steps, "steps of each (400)");

#define RND_PAIRS	2
#define RND_TIMEOUT_MS	20

struct rnd {
	struct net_env *env;
	struct rnd_state state;
	u64 lied_at[2 * RND_PAIRS];	/* driver_oks + 1 when its ids became worthless */
	u8 config[MEMDEV_CONFIG_SIZE];
};

/* Below n. */
static u32 rnd(struct rnd *r, u32 n)
{
	return prandom_u32_state(&r->state) % n;
}

/* A number as a liar would choose it: an edge, or anything. */
static u32 rnd_liar(struct rnd *r)
{
	static const u32 edges[] = {
		0, 1, 11, 12, 13, 26, 60, 255, 256, 1514, 1526, 2048, 4095, 4096, 16384,
		65535, 65536, 69632, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff,
	};

	return rnd(r, 3) ? edges[rnd(r, ARRAY_SIZE(edges))] : prandom_u32_state(&r->state);
}

/* RTNL keeps the driver from resetting the device under our hands. */
static struct memdev_vq *rnd_queue(struct rnd *r)
{
	struct memdev *dev = r->env->dev;
	struct memdev_vq *q = &dev->q[rnd(r, dev->nvqs)];

	return q->live && q->vq && dev->status & VIRTIO_CONFIG_S_DRIVER_OK ? q : NULL;
}

/*
 * The driver may free what it believes used. A device that goes on reading
 * there reads rubbish; ours would stumble over KASAN.
 */
static bool rnd_readable(struct rnd *r, const struct memdev_vq *q)
{
	return q->live && r->lied_at[q->index] != r->env->dev->driver_oks + 1;
}

static void rnd_header(struct rnd *r, struct memdev_rx *rx)
{
	u8 *p = (u8 *)&rx->hdr;
	unsigned int n = 1 + rnd(r, 3);

	while (n--)
		p[rnd(r, sizeof(struct virtio_net_hdr_v1))] = rnd_liar(r);
	rx->lie_num = rnd(r, 2);
}

/* A packet into a receive ring: often a good one. */
static void rnd_rx(struct rnd *r)
{
	struct net_env *env = r->env;
	struct memdev_rx rx = { .data = env->buf };
	unsigned int pair = rnd(r, RND_PAIRS), i;
	struct memdev_vq *q = &env->dev->q[MEMDEV_RX(pair)];
	u32 used[MEMDEV_MAX_RXBUFS];

	if (!rnd_readable(r, q) || !(env->dev->status & VIRTIO_CONFIG_S_DRIVER_OK))
		return;
	rx.len = rnd(r, 4) ? ETH_ZLEN + rnd(r, 1454) : ETH_HLEN + rnd(r, 60000);
	net_fill(env->buf, rx.len, 1);
	if (memdev_has(env->dev, VIRTIO_NET_F_MRG_RXBUF) && !rnd(r, 3))
		rx.nbufs = 1 + rnd(r, 20);
	if (!rnd(r, 3))
		rnd_header(r, &rx);
	for (i = 0; i < ARRAY_SIZE(used); i++)
		used[i] = rnd(r, 4) ? rx.len : rnd_liar(r);
	if (!rnd(r, 5))
		rx.used_len = used;
	memdev_rx(env->dev, pair, &rx);
	if (rnd(r, 4))
		memdev_signal(q);
}

/* What was sent: taken, given back with any length, kept, or out of order. */
static void rnd_tx(struct rnd *r)
{
	struct memdev_vq *q = &r->env->dev->q[MEMDEV_TX(rnd(r, RND_PAIRS))];
	unsigned int n = rnd(r, 8);

	while (rnd_readable(r, q) && n-- && memdev_pop(q, &r->env->chain) == 1)
		if (rnd(r, 20))
			memdev_use(q, &r->env->chain, rnd(r, 4) ? 0 : rnd_liar(r));
	if (q->live && rnd(r, 4))
		memdev_signal(q);
}

/* Nonsense in a ring. */
static void rnd_ring(struct rnd *r)
{
	struct memdev_vq *q = rnd_queue(r);

	if (!q || q->index >= ARRAY_SIZE(r->lied_at))
		return;
	r->lied_at[q->index] = r->env->dev->driver_oks + 1;
	if (rnd(r, 2))
		memdev_used_raw(q, rnd_liar(r), rnd_liar(r));
	else if (!memdev_has(r->env->dev, VIRTIO_F_RING_PACKED))
		memdev_split_jump(q, rnd_liar(r));
	memdev_interrupt(q);
}

static void rnd_interrupt(struct rnd *r)
{
	struct memdev_vq *q = rnd_queue(r);
	unsigned int n = rnd(r, 20);

	while (q && n--)
		memdev_interrupt(q);
}

static void rnd_config(struct rnd *r)
{
	struct memdev *dev = r->env->dev;

	if (rnd(r, 8))
		dev->config[rnd(r, dev->config_len)] = rnd_liar(r);
	else
		dev->status |= VIRTIO_CONFIG_S_NEEDS_RESET;
	memdev_config_changed(dev);
}

static void rnd_answers(struct rnd *r)
{
	static const enum memdev_answer how[] = {
		MEMDEV_OK, MEMDEV_OK, MEMDEV_NAK, MEMDEV_GARBAGE, MEMDEV_UNWRITTEN,
		MEMDEV_LATE, MEMDEV_NEVER,
	};

	r->env->dev->ctrl->next_answer = how[rnd(r, ARRAY_SIZE(how))];
	if (!rnd(r, 3))
		memdev_ctrl_release(r->env->dev, MEMDEV_OK);
}

/* --- the other side: somebody uses the interface --- */

static void rnd_send(struct rnd *r)
{
	struct net_env *env = r->env;
	unsigned int n = rnd(r, 10);

	while (n--)
		net_send(env, ETH_ZLEN + rnd(r, 1400), 2, rnd(r, 5));
}

static void rnd_user(struct rnd *r)
{
	struct net_device *nd = r->env->nd;
	struct ethtool_channels ch = { .combined_count = 1 + rnd(r, RND_PAIRS) };

	rtnl_lock();
	switch (rnd(r, 6)) {
	case 0:
		dev_set_mtu(nd, 68 + rnd(r, 9000));
		break;
	case 1:
		nd->ethtool_ops->set_channels(nd, &ch);
		break;
	case 2:
		dev_set_promiscuity(nd, 1);
		dev_set_promiscuity(nd, -1);
		break;
	case 3:
		nd->netdev_ops->ndo_vlan_rx_add_vid(nd, htons(ETH_P_8021Q), rnd(r, 4095));
		break;
	case 4:
		dev_close(nd);
		dev_open(nd, NULL);
		break;
	default:
		if (netif_running(nd))
			nd->netdev_ops->ndo_tx_timeout(nd, 0);
	}
	rtnl_unlock();
}

static void rnd_device(struct rnd *r)
{
	static void (* const acts[])(struct rnd *r) = {
		rnd_rx, rnd_rx, rnd_rx, rnd_rx, rnd_rx, rnd_rx, rnd_tx, rnd_tx, rnd_tx,
		rnd_interrupt, rnd_config, rnd_answers, rnd_ring,
	};
	unsigned int n = ARRAY_SIZE(acts) - !!rnd(r, 4);

	rtnl_lock();
	acts[rnd(r, n)](r);
	rtnl_unlock();
}

static void rnd_step(struct rnd *r)
{
	switch (rnd(r, 16)) {
	case 0:
		if (!rnd(r, 4))
			rnd_user(r);
		break;
	case 1:
	case 2:
		rnd_send(r);
		break;
	case 3:
		usleep_range(1000, 2000);
		break;
	default:
		rnd_device(r);
	}
	/* The stack keeps up, as it would with time to spare. */
	local_bh_disable();
	local_bh_enable();
	net_flush_caps(r->env);
}

/* From here on the device does as it should; it asks for a reset to begin with. */
static void rnd_behave(struct rnd *r)
{
	struct memdev *dev = r->env->dev;

	rtnl_lock();
	dev->ctrl->next_answer = MEMDEV_OK;
	memdev_ctrl_forget(dev);
	memcpy(dev->config, r->config, sizeof(r->config));
	dev->status |= VIRTIO_CONFIG_S_NEEDS_RESET;
	memdev_config_changed(dev);
	rtnl_unlock();
}

static bool rnd_up(struct rnd *r)
{
	struct net_env *env = r->env;

	return !(env->dev->status & VIRTIO_CONFIG_S_NEEDS_RESET) && net_rxq(env)->live &&
	       memdev_available(net_rxq(env)) && netif_carrier_ok(env->nd);
}

static bool rnd_gets_one(struct rnd *r)
{
	struct net_env *env = r->env;

	net_flush_caps(env);
	rtnl_lock();
	if (rnd_up(r) && net_rx(env, 700, 9, 0) > 0)
		memdev_interrupt(net_rxq(env));
	rtnl_unlock();
	return net_wait(env->kept);
}

static void rnd_seed_run(struct kunit *test, u32 seed, const struct net_param *p)
{
	struct memdev_setup setup = {
		.features = BIT_ULL(VIRTIO_NET_F_CTRL_VQ) | BIT_ULL(VIRTIO_NET_F_CTRL_RX) |
			    BIT_ULL(VIRTIO_NET_F_CTRL_VLAN) | BIT_ULL(VIRTIO_NET_F_MQ) |
			    BIT_ULL(VIRTIO_NET_F_CTRL_MAC_ADDR) |
			    BIT_ULL(VIRTIO_NET_F_GUEST_ANNOUNCE) |
			    BIT_ULL(VIRTIO_NET_F_NOTF_COAL) | BIT_ULL(VIRTIO_NET_F_MTU),
		.pairs = RND_PAIRS,
		.ctrl = true,
	};
	struct rnd *r = kunit_kzalloc(test, sizeof(*r), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, r);
	kunit_info(test, "seed %u: %s", seed, p->name);
	prandom_seed_state(&r->state, seed);
	r->env = net_start(test, p, &setup);
	memcpy(r->config, r->env->dev->config, sizeof(r->config));
	KUNIT_ASSERT_EQ(test, net_open(r->env), 0);
	for (i = 0; i < random_steps; i++)
		rnd_step(r);
	rnd_behave(r);
	KUNIT_EXPECT_TRUE_MSG(test, net_wait_for(rnd_up(r) && rnd_gets_one(r), 5),
			      "seed %u: no traffic 5 s after the device began to behave", seed);
	net_close(r->env);
	net_remove(r->env);
}

static void rnd_end(void *ms)
{
	virtnet_ctrl_timeout_ms = (unsigned long)ms;
	virtnet_cpus = 0;
}

static void random_device(struct kunit *test)
{
	unsigned long was = virtnet_ctrl_timeout_ms;
	u32 i;

	if (!net_ours())
		kunit_skip(test, "the kernel's driver waits for its control queue for ever");
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, rnd_end, (void *)was), 0);
	virtnet_ctrl_timeout_ms = RND_TIMEOUT_MS;
	virtnet_cpus = RND_PAIRS;
	for (i = 0; i < random_seeds; i++)
		rnd_seed_run(test, random_seed + i,
			     &net_params[(random_seed + i) % net_params_count]);
}

static struct kunit_case random_cases[] = {
	KUNIT_CASE_ATTR(random_device, { .speed = KUNIT_SPEED_SLOW }),
	{}
};

static struct kunit_suite random_suite = {
	.name = "virtnet_device_random",
	.test_cases = random_cases,
};

kunit_test_suite(random_suite);
