// SPDX-License-Identifier: GPL-2.0-only
/*
 * Settings and the control queue: the whole driver on the in-memory device.
 * Every setting is asked for through the operation a user reaches it by, with
 * each way in which a device can answer, and after each reset the device is
 * told all of it again.
 */
#include <linux/ethtool.h>
#include <linux/rtnetlink.h>

#include "memdev_ctrl.h"
#include "settings_env.h"

static KUNIT_GENERATOR(set_gen)
{
	const struct set_wish *w = prev ? (const struct set_wish *)prev + 1 : set_wishes;

	if (w == set_wishes + set_wishes_count)
		return NULL;
	strscpy(desc, w->name, KUNIT_PARAM_DESC_SIZE);
	return w;
}

/* The device is told, and the setting is there. */
static void set_ok(struct kunit *test)
{
	const struct set_wish *w = test->param_value;
	struct net_env *env = set_begin(test, w->features());
	const struct virtnet_settings *before = set_snapshot(test, env);

	KUNIT_EXPECT_EQ(test, set_ask(env, w), 0);
	KUNIT_EXPECT_GT(test, memdev_ctrl_told(env->dev, w->class, w->cmd)->times, 0);
	KUNIT_EXPECT_NE(test, memcmp(before, &set_vi(env)->settings, sizeof(*before)), 0);
	KUNIT_EXPECT_EQ(test, env->dev->ctrl->malformed, 0);
	set_works(test, env, 1);
}

/* Refused in one of three ways: the user hears of it, everything is as before. */
static void set_refused(struct kunit *test)
{
	static const enum memdev_answer how[] = { MEMDEV_NAK, MEMDEV_GARBAGE, MEMDEV_UNWRITTEN };
	const struct set_wish *w = test->param_value;
	struct net_env *env = set_begin(test, w->features());
	const struct virtnet_settings *before = set_snapshot(test, env);
	unsigned int i;
	long naks;

	for (i = 0; i < ARRAY_SIZE(how); i++) {
		naks = atomic_long_read(&set_vi(env)->ctrl.naks);
		env->dev->ctrl->class_answer[w->class] = how[i];
		KUNIT_EXPECT_NE_MSG(test, set_ask(env, w), 0, "answer %u", how[i]);
		env->dev->ctrl->class_answer[w->class] = MEMDEV_OK;
		KUNIT_EXPECT_GT(test, atomic_long_read(&set_vi(env)->ctrl.naks), naks);
		KUNIT_EXPECT_EQ(test, memcmp(before, &set_vi(env)->settings, sizeof(*before)), 0);
	}
	KUNIT_EXPECT_TRUE(test, net_wait(netif_carrier_ok(env->nd)));
	KUNIT_EXPECT_EQ(test, set_ask(env, w), 0);
	set_works(test, env, 2);
}

/* Never answered: bounded, an error, then recovery; the next attempt works. */
static void set_unanswered(struct kunit *test)
{
	const struct set_wish *w = test->param_value;
	struct net_env *env = set_begin(test, w->features());
	const struct virtnet_settings *before = set_snapshot(test, env);
	struct virtnet_info *vi = set_vi(env);
	unsigned long start = jiffies;

	env->dev->ctrl->class_answer[w->class] = MEMDEV_NEVER;
	KUNIT_EXPECT_NE(test, set_ask(env, w), 0);
	KUNIT_EXPECT_TRUE(test, time_before(jiffies, start + 3 * HZ));
	env->dev->ctrl->class_answer[w->class] = MEMDEV_OK;
	KUNIT_EXPECT_GT(test, atomic_long_read(&vi->ctrl.timeouts), 0);
	KUNIT_EXPECT_EQ(test, memcmp(before, &vi->settings, sizeof(*before)), 0);
	KUNIT_EXPECT_TRUE(test, net_wait(atomic_long_read(&vi->recovery.steps[VIRTNET_STEP_DEVICE])));
	KUNIT_EXPECT_TRUE(test, net_wait(netif_carrier_ok(env->nd)));
	KUNIT_EXPECT_EQ(test, set_ask(env, w), 0);
	set_works(test, env, 3);
}

/* An answer after all: it is counted, and taken for no other command's. */
static void set_late(struct kunit *test)
{
	struct net_env *env = set_begin(test, set_features());
	struct virtnet_info *vi = set_vi(env);
	u8 on = 1;

	rtnl_lock();
	env->dev->ctrl->next_answer = MEMDEV_LATE;
	KUNIT_EXPECT_EQ(test, virtnet_ctrl_tell(vi, VIRTIO_NET_CTRL_RX, 0, &on, 1), -ETIMEDOUT);
	/* Closed until the restart: nothing is sent that could be confused. */
	KUNIT_EXPECT_EQ(test, virtnet_ctrl_tell(vi, VIRTIO_NET_CTRL_RX, 1, &on, 1), -ENODEV);
	virtnet_ctrl_open(&vi->ctrl);
	env->dev->ctrl->next_answer = MEMDEV_NAK;
	memdev_ctrl_release(env->dev, MEMDEV_OK);
	KUNIT_EXPECT_EQ(test, virtnet_ctrl_tell(vi, VIRTIO_NET_CTRL_RX, 1, &on, 1), -EIO);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&vi->ctrl.late), 1);
	rtnl_unlock();
	KUNIT_EXPECT_TRUE(test, net_wait(atomic_long_read(&vi->recovery.steps[VIRTNET_STEP_DEVICE])));
}

/* Everything that this driver ever sends, and what a device may do to it. */
struct set_command {
	const char *name;
	u8 class;
	u8 cmd;
	u8 len;
};

#define CMD(c, k, n)	{ #k, VIRTIO_NET_CTRL_##c, VIRTIO_NET_CTRL_##k, n }
static const struct set_command set_commands[] = {
	CMD(RX, RX_PROMISC, 1),
	CMD(RX, RX_ALLMULTI, 1),
	CMD(MAC, MAC_TABLE_SET, 8),
	CMD(MAC, MAC_ADDR_SET, 6),
	CMD(VLAN, VLAN_ADD, 2),
	CMD(VLAN, VLAN_DEL, 2),
	CMD(ANNOUNCE, ANNOUNCE_ACK, 0),
	CMD(MQ, MQ_VQ_PAIRS_SET, 2),
	CMD(MQ, MQ_RSS_CONFIG, 60),
	CMD(GUEST_OFFLOADS, GUEST_OFFLOADS_SET, 8),
	CMD(NOTF_COAL, NOTF_COAL_TX_SET, 8),
	CMD(NOTF_COAL, NOTF_COAL_RX_SET, 8),
	CMD(NOTF_COAL, NOTF_COAL_VQ_SET, 12),
};

static KUNIT_GENERATOR(set_gen_command)
{
	const struct set_command *c = prev ? (const struct set_command *)prev + 1 : set_commands;

	if (c == set_commands + ARRAY_SIZE(set_commands))
		return NULL;
	strscpy(desc, c->name, KUNIT_PARAM_DESC_SIZE);
	return c;
}

static int set_send(struct net_env *env, enum memdev_answer answer)
{
	const struct set_command *c = env->test->param_value;
	static const u8 data[64];

	env->dev->ctrl->next_answer = answer;
	return virtnet_ctrl_tell(set_vi(env), c->class, c->cmd, data, c->len);
}

static void set_answers(struct kunit *test)
{
	static const struct { enum memdev_answer answer; int err; } how[] = {
		{ MEMDEV_OK, 0 }, { MEMDEV_NAK, -EIO }, { MEMDEV_GARBAGE, -EIO },
		{ MEMDEV_UNWRITTEN, -EIO }, { MEMDEV_LATE, -ETIMEDOUT }, { MEMDEV_OK, 0 },
		{ MEMDEV_NEVER, -ETIMEDOUT }, { MEMDEV_OK, 0 },
	};
	struct net_env *env = set_begin(test, set_features());
	struct virtnet_ctrl *ctrl = &set_vi(env)->ctrl;
	long naks = atomic_long_read(&ctrl->naks);
	unsigned int i;

	rtnl_lock();
	for (i = 0; i < ARRAY_SIZE(how); i++) {
		unsigned long start = jiffies;

		KUNIT_EXPECT_EQ_MSG(test, set_send(env, how[i].answer), how[i].err,
				    "answer %u", how[i].answer);
		KUNIT_EXPECT_TRUE(test, time_before(jiffies, start + HZ));
		if (how[i].err == -ETIMEDOUT)
			KUNIT_EXPECT_EQ(test, set_send(env, MEMDEV_OK), -ENODEV);
		memdev_ctrl_release(env->dev, MEMDEV_NAK);
		virtnet_ctrl_open(ctrl);
	}
	rtnl_unlock();
	KUNIT_EXPECT_EQ(test, atomic_long_read(&ctrl->naks), naks + 3);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&ctrl->timeouts), 2);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&ctrl->late), 1);
	KUNIT_EXPECT_TRUE(test, net_wait_for(atomic_long_read(
			  &set_vi(env)->recovery.steps[VIRTNET_STEP_DEVICE]), 3));
	KUNIT_EXPECT_TRUE(test, net_wait(netif_carrier_ok(env->nd)));
	set_works(test, env, 6);
}

/* An answer that takes a while is waited for. */
static void set_slow(struct kunit *test)
{
	struct net_env *env = set_begin(test, set_features());

	virtnet_ctrl_timeout_ms = 2000;
	env->dev->ctrl->delay_ms = 600;
	KUNIT_EXPECT_EQ(test, set_ask(env, &set_wishes[0]), 0);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&set_vi(env)->ctrl.timeouts), 0);
}

/* Everything that a user asked for, told to a device that forgot it all. */
static void set_replay_all(struct kunit *test, u64 (*features)(void))
{
	struct net_env *env = set_begin(test, features());
	const struct virtnet_settings *before;
	const struct set_wish *w;

	for (w = set_wishes; w < set_wishes + set_wishes_count; w++)
		if (w->features == features)
			KUNIT_EXPECT_EQ_MSG(test, set_ask(env, w), 0, "%s", w->name);
	before = set_snapshot(test, env);
	net_close(env);
	KUNIT_EXPECT_EQ(test, memdev_ctrl_told(env->dev, VIRTIO_NET_CTRL_RX, 0)->times, 0);
	KUNIT_ASSERT_EQ(test, net_open(env), 0);
	KUNIT_EXPECT_EQ(test, memcmp(before, &set_vi(env)->settings, sizeof(*before)), 0);
	for (w = set_wishes; w < set_wishes + set_wishes_count; w++)
		if (w->features == features)
			KUNIT_EXPECT_GT_MSG(test,
					    memdev_ctrl_told(env->dev, w->class, w->cmd)->times,
					    0, "%s", w->name);
	KUNIT_EXPECT_EQ(test, set_vi(env)->replay_failed, 0);
	set_works(test, env, 4);
}

static void set_replay(struct kunit *test)
{
	set_replay_all(test, set_features);
}

static void set_replay_hash(struct kunit *test)
{
	set_replay_all(test, set_hash_features);
}

/* A device that refuses what it is told after a reset: it runs, nothing is lost. */
static void set_replay_refused(struct kunit *test)
{
	struct net_env *env = set_begin(test, set_features());
	struct virtnet_info *vi = set_vi(env);

	rtnl_lock();
	KUNIT_EXPECT_EQ(test, set_coal(env), 0);
	rtnl_unlock();
	net_close(env);
	env->dev->ctrl->class_answer[VIRTIO_NET_CTRL_NOTF_COAL] = MEMDEV_NAK;
	KUNIT_ASSERT_EQ(test, net_open(env), 0);
	KUNIT_EXPECT_EQ(test, vi->replay_failed, BIT(VIRTNET_REPLAY_COAL));
	KUNIT_EXPECT_EQ(test, atomic_long_read(&vi->replay_failures), 1);
	KUNIT_EXPECT_EQ(test, vi->settings.rx_coal.usecs, 9);
	set_works(test, env, 5);
	net_close(env);
	env->dev->ctrl->class_answer[VIRTIO_NET_CTRL_NOTF_COAL] = MEMDEV_OK;
	KUNIT_ASSERT_EQ(test, net_open(env), 0);
	KUNIT_EXPECT_EQ(test, vi->replay_failed, 0);
}

/* The device asks for announcements faster than they are wanted. */
static void set_announce(struct kunit *test)
{
	struct net_env *env = set_begin(test, set_features());
	struct virtnet_info *vi = set_vi(env);
	unsigned int i;

	for (i = 0; i < 50; i++) {
		memdev_config(env->dev)->status =
			cpu_to_virtio16(&env->dev->vdev, VIRTIO_NET_S_LINK_UP |
					VIRTIO_NET_S_ANNOUNCE);
		memdev_config_changed(env->dev);
		flush_work(&vi->config_work);
	}
	KUNIT_EXPECT_TRUE(test, net_wait(memdev_ctrl_told(env->dev, VIRTIO_NET_CTRL_ANNOUNCE,
							  0)->times));
	KUNIT_EXPECT_LE(test, atomic_long_read(&vi->announce.done), 3);
	KUNIT_EXPECT_GT(test, atomic_long_read(&vi->announce.limited), 0);
	memdev_config(env->dev)->status = cpu_to_virtio16(&env->dev->vdev, VIRTIO_NET_S_LINK_UP);
}

/* ... or again while the first one waits for RTNL: still one. */
static void set_announce_again(struct kunit *test)
{
	struct net_env *env = set_begin(test, set_features());
	struct virtnet_info *vi = set_vi(env);
	unsigned int i;

	memdev_config(env->dev)->status =
		cpu_to_virtio16(&env->dev->vdev, VIRTIO_NET_S_LINK_UP | VIRTIO_NET_S_ANNOUNCE);
	rtnl_lock();
	for (i = 0; i < 2; i++) {
		virtnet_link_update(vi);
		msleep(50);
	}
	rtnl_unlock();
	KUNIT_EXPECT_TRUE(test, net_wait(atomic_long_read(&vi->announce.done)));
	msleep(300);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&vi->announce.done), 1);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&vi->announce.limited), 1);
	memdev_config(env->dev)->status = cpu_to_virtio16(&env->dev->vdev, VIRTIO_NET_S_LINK_UP);
}

/* The device uses queues that it was told to leave alone, and interrupts for them. */
static void set_untold(struct kunit *test)
{
	struct net_env *env = set_begin(test, set_features());
	struct ethtool_channels ch = { .combined_count = 1 };
	struct memdev_vq *q;
	unsigned int i;

	rtnl_lock();
	KUNIT_ASSERT_EQ(test, env->nd->ethtool_ops->set_channels(env->nd, &ch), 0);
	rtnl_unlock();
	/* Without the rings of the others: until then they stay, unused. */
	net_close(env);
	KUNIT_ASSERT_EQ(test, net_open(env), 0);
	for (i = MEMDEV_RX(1); i < MEMDEV_RX(SET_PAIRS); i++) {
		q = &env->dev->q[i];
		memdev_used_raw(q, 0, 64);
		memdev_flush(q);
		memdev_interrupt(q);
	}
	set_works(test, env, 3);
}

static struct kunit_case set_cases[] = {
	KUNIT_CASE_PARAM(set_ok, set_gen),
	KUNIT_CASE_PARAM(set_refused, set_gen),
	KUNIT_CASE_PARAM(set_unanswered, set_gen),
	KUNIT_CASE(set_late),
	KUNIT_CASE_PARAM(set_answers, set_gen_command),
	KUNIT_CASE(set_slow),
	KUNIT_CASE(set_replay),
	KUNIT_CASE(set_replay_hash),
	KUNIT_CASE(set_replay_refused),
	KUNIT_CASE(set_announce),
	KUNIT_CASE(set_announce_again),
	KUNIT_CASE(set_untold),
	{}
};

static struct kunit_suite set_suite = {
	.name = "virtnet_settings",
	.test_cases = set_cases,
};
kunit_test_suite(set_suite);
