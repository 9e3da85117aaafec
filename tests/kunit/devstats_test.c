// SPDX-License-Identifier: GPL-2.0-only
/*
 * Statistics that the device keeps: asked for, checked, shown; and what comes
 * of answers that are not as they have to be.
 */
#include <linux/ethtool.h>
#include <linux/rtnetlink.h>
#include <virtnet/virtnet.h>

#include "memdev_ctrl.h"
#include "net_env.h"

enum stats_lie {
	STATS_HONEST,
	STATS_TYPE,		/* of another class */
	STATS_INDEX,		/* of another queue */
	STATS_SIZE_ZERO,
	STATS_SIZE_SMALL,	/* less than the class has */
	STATS_SIZE_HUGE,	/* beyond what was written */
	STATS_NOTHING,		/* no record at all */
	STATS_LIES
};

static enum stats_lie stats_lie;
static u64 stats_types;

static const struct {
	u8 type;
	u8 count;
} stats_classes[] = {
	{ 0, 6 }, { 1, 4 }, { 2, 4 }, { 3, 2 },
	{ 16, 6 }, { 17, 2 }, { 18, 6 }, { 19, 2 }, { 32, 2 },
};

/* Different for every value of every queue. */
static u64 stats_value(unsigned int vq, unsigned int type, unsigned int i)
{
	return 1000000 + vq * 10000 + type * 100 + i;
}

static u32 stats_record(u8 *p, unsigned int vq, unsigned int class)
{
	struct virtio_net_stats_reply_hdr *hdr = (void *)p;
	u32 i, size = sizeof(*hdr) + stats_classes[class].count * sizeof(u64);
	__le64 *values = (void *)(hdr + 1);

	hdr->type = stats_classes[class].type + (stats_lie == STATS_TYPE);
	hdr->vq_index = cpu_to_le16(vq + (stats_lie == STATS_INDEX));
	hdr->size = cpu_to_le16(stats_lie == STATS_SIZE_ZERO ? 0 :
				stats_lie == STATS_SIZE_SMALL ? size - 8 :
				stats_lie == STATS_SIZE_HUGE ? 0xffff : size);
	for (i = 0; i < stats_classes[class].count; i++)
		values[i] = cpu_to_le64(stats_value(vq, stats_classes[class].type, i));
	return size;
}

static u32 stats_get(const struct virtio_net_ctrl_queue_stats *ask, u8 *reply, u32 room)
{
	u64 types = le64_to_cpu(ask->stats[0].types_bitmap[0]);
	unsigned int i;
	u32 n = 0;

	for (i = 0; i < ARRAY_SIZE(stats_classes); i++)
		if (types & BIT_ULL(stats_classes[i].type) &&
		    n + 8 + 8 * stats_classes[i].count <= room)
			n += stats_record(reply + n, le16_to_cpu(ask->stats[0].vq_index), i);
	return stats_lie == STATS_NOTHING ? 0 : n;
}

static u32 stats_reply(struct memdev_ctrl *ctrl, u8 class, u8 cmd, const u8 *data, u32 len,
		       u8 *reply, u32 room)
{
	if (class != VIRTIO_NET_CTRL_STATS)
		return 0;
	if (cmd == VIRTIO_NET_CTRL_STATS_GET && len == sizeof(struct virtio_net_ctrl_queue_stats))
		return stats_get((const void *)data, reply, room);
	if (room < sizeof(stats_types))
		return 0;
	*(__le64 *)reply = cpu_to_le64(stats_types);
	return sizeof(stats_types);
}

static void stats_tune(struct memdev *dev)
{
	dev->ctrl->reply = stats_reply;
}

static void stats_tune_refuse(struct memdev *dev)
{
	stats_tune(dev);
	dev->ctrl->class_answer[VIRTIO_NET_CTRL_STATS] = MEMDEV_NAK;
}

static struct net_env *stats_start(struct kunit *test, void (*tune)(struct memdev *dev))
{
	static const struct net_param param = { "device stats", NET_MERGEABLE, 0 };
	struct memdev_setup setup = {
		.features = BIT_ULL(VIRTIO_NET_F_CTRL_VQ) | BIT_ULL(VIRTIO_NET_F_DEVICE_STATS),
		.ctrl = true,
		.tune = tune,
	};
	struct net_env *env;

	if (!net_ours())
		kunit_skip(test, "for virtnet only");
	stats_lie = STATS_HONEST;
	env = net_start(test, &param, &setup);
	KUNIT_ASSERT_EQ(test, net_open(env), 0);
	return env;
}

static int stats_count(struct net_env *env)
{
	int n;

	rtnl_lock();
	n = env->nd->ethtool_ops->get_sset_count(env->nd, ETH_SS_STATS);
	rtnl_unlock();
	return n;
}

static long stats_bad(struct net_env *env)
{
	struct virtnet_info *vi = netdev_priv(env->nd);

	return atomic_long_read(&vi->devstats.bad);
}

/* Each value is shown under its own name, for its own queue. */
static void stats_shown(struct kunit *test)
{
	struct net_env *env;

	stats_types = ~0ULL;
	env = stats_start(test, stats_tune);
	KUNIT_EXPECT_EQ(test, net_stat(env, "rx", "hw_notifications"), stats_value(0, 0, 0));
	KUNIT_EXPECT_EQ(test, net_stat(env, "rx", "hw_drop_overruns"), stats_value(0, 0, 5));
	KUNIT_EXPECT_EQ(test, net_stat(env, "rx", "hw_csum_bad"), stats_value(0, 1, 3));
	KUNIT_EXPECT_EQ(test, net_stat(env, "rx", "hw_gso_bytes_coalesced"), stats_value(0, 2, 3));
	KUNIT_EXPECT_EQ(test, net_stat(env, "rx", "hw_ratelimit_bytes"), stats_value(0, 3, 1));
	KUNIT_EXPECT_EQ(test, net_stat(env, "tx", "hw_packets"), stats_value(1, 16, 1));
	KUNIT_EXPECT_EQ(test, net_stat(env, "tx", "hw_needs_csum"), stats_value(1, 17, 1));
	KUNIT_EXPECT_EQ(test, net_stat(env, "tx", "hw_gso_bytes_noseg"), stats_value(1, 18, 5));
	KUNIT_EXPECT_EQ(test, net_stat(env, "tx", "hw_ratelimit_packets"), stats_value(1, 19, 0));
	KUNIT_EXPECT_EQ(test, stats_bad(env), 0);
	KUNIT_EXPECT_EQ(test, env->dev->ctrl->malformed, 0);
}

/* Only what the device keeps has a name. */
static void stats_some(struct kunit *test)
{
	struct net_env *env;

	stats_types = BIT_ULL(0) | BIT_ULL(17);
	env = stats_start(test, stats_tune);
	KUNIT_EXPECT_EQ(test, net_stat(env, "rx", "hw_bytes"), stats_value(0, 0, 2));
	KUNIT_EXPECT_FALSE(test, net_has_stat(env, "rx", "hw_csum_bad"));
	KUNIT_EXPECT_FALSE(test, net_has_stat(env, "tx", "hw_bytes"));
	KUNIT_EXPECT_EQ(test, net_stat(env, "tx", "hw_csum_none"), stats_value(1, 17, 0));
}

/* An answer that is wrong in any way counts as such, and shows no number. */
static void stats_lies(struct kunit *test)
{
	struct net_env *env;
	long bad;
	int n;

	stats_types = ~0ULL;
	env = stats_start(test, stats_tune);
	n = stats_count(env);
	for (stats_lie = STATS_TYPE; stats_lie < STATS_LIES; stats_lie++) {
		bad = stats_bad(env);
		KUNIT_EXPECT_EQ_MSG(test, net_stat(env, "rx", "hw_packets"), 0, "lie %u",
				    stats_lie);
		KUNIT_EXPECT_GT_MSG(test, stats_bad(env), bad, "lie %u", stats_lie);
		KUNIT_EXPECT_EQ(test, stats_count(env), n);
	}
	stats_lie = STATS_HONEST;
	KUNIT_EXPECT_EQ(test, net_stat(env, "rx", "hw_packets"), stats_value(0, 0, 1));
}

/* Closed, refused: zeros, and as many values as ever. */
static void stats_closed(struct kunit *test)
{
	struct net_env *env;
	int n;

	stats_types = ~0ULL;
	env = stats_start(test, stats_tune);
	n = stats_count(env);
	env->dev->ctrl->answer = MEMDEV_NAK;
	KUNIT_EXPECT_EQ(test, net_stat(env, "tx", "hw_packets"), 0);
	env->dev->ctrl->answer = MEMDEV_OK;
	net_close(env);
	KUNIT_EXPECT_EQ(test, net_stat(env, "tx", "hw_packets"), 0);
	KUNIT_EXPECT_EQ(test, stats_count(env), n);
}

/* A device that does not say what it keeps has nothing to show. */
static void stats_refused(struct kunit *test)
{
	struct net_env *env;

	stats_types = ~0ULL;
	env = stats_start(test, stats_tune_refuse);
	KUNIT_EXPECT_FALSE(test, net_has_stat(env, "rx", "hw_packets"));
	KUNIT_EXPECT_TRUE(test, net_has_stat(env, "rx", "packets"));
}

static struct kunit_case stats_cases[] = {
	KUNIT_CASE(stats_shown),
	KUNIT_CASE(stats_some),
	KUNIT_CASE(stats_lies),
	KUNIT_CASE(stats_closed),
	KUNIT_CASE(stats_refused),
	{}
};

static struct kunit_suite stats_suite = {
	.name = "virtnet_devstats",
	.test_cases = stats_cases,
};
kunit_test_suite(stats_suite);
