// SPDX-License-Identifier: GPL-2.0-only
/*
 * The in-memory device's control queue, asked by the test itself: what it is
 * told, it remembers; how it answers, the test decides.
 */
#include <kunit/test.h>
#include <linux/delay.h>
#include <linux/scatterlist.h>

#include "memdev_ctrl.h"
#include "net_env.h"

struct ctrl_ctx {
	struct memdev *dev;
	struct virtqueue *cvq;
	struct memdev_ctrl *ctrl;
	struct virtio_net_ctrl_hdr hdr;
	u8 data[64];
	u8 reply[64];
	u8 ack;
};

static void ctrl_done(struct virtqueue *vq)
{
}

static void ctrl_free_dev(void *data)
{
	memdev_free(data);
}

static int ctrl_init(struct kunit *test)
{
	struct virtqueue_info info[] = {
		{ "rx", ctrl_done }, { "tx", ctrl_done }, { "control", ctrl_done },
	};
	struct memdev_setup setup = {
		.features = BIT_ULL(VIRTIO_F_VERSION_1) | BIT_ULL(VIRTIO_NET_F_CTRL_VQ),
		.ctrl = true,
	};
	struct ctrl_ctx *ctx = kunit_kzalloc(test, sizeof(*ctx), GFP_KERNEL);
	struct virtqueue *vqs[3];

	KUNIT_ASSERT_NOT_NULL(test, ctx);
	ctx->dev = memdev_new(&setup);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, ctx->dev);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, ctrl_free_dev, ctx->dev), 0);
	ctx->dev->vdev.features = setup.features;
	KUNIT_ASSERT_EQ(test, virtio_find_vqs(&ctx->dev->vdev, 3, vqs, info, NULL), 0);
	ctx->cvq = vqs[2];
	ctx->ctrl = ctx->dev->ctrl;
	test->priv = ctx;
	return 0;
}

/* Send a command; the token is the context, so a late answer can be told. */
static void ctrl_send(struct kunit *test, u8 class, u8 cmd, u32 len, u32 reply)
{
	struct ctrl_ctx *ctx = test->priv;
	struct scatterlist hdr, data, back, ack, *sgs[4];
	unsigned int out = 0, in = 0;

	ctx->hdr.class = class;
	ctx->hdr.cmd = cmd;
	ctx->ack = 0xff;
	sg_init_one(&hdr, &ctx->hdr, sizeof(ctx->hdr));
	sg_init_one(&data, ctx->data, max(len, 1u));
	sg_init_one(&back, ctx->reply, max(reply, 1u));
	sg_init_one(&ack, &ctx->ack, 1);
	sgs[out++] = &hdr;
	if (len)
		sgs[out++] = &data;
	sgs[out + in++] = &ack;
	if (reply)
		sgs[out + in++] = &back;
	KUNIT_ASSERT_EQ(test, virtqueue_add_sgs(ctx->cvq, sgs, out, in, ctx, GFP_KERNEL), 0);
	virtqueue_kick(ctx->cvq);
}

static bool ctrl_answered(struct ctrl_ctx *ctx)
{
	unsigned int len;

	return virtqueue_get_buf(ctx->cvq, &len) == ctx;
}

static void ctrl_ok(struct kunit *test)
{
	struct ctrl_ctx *ctx = test->priv;
	const struct memdev_told *told;

	memcpy(ctx->data, "\x52\x54\x00\x01\x02\x03", 6);
	ctrl_send(test, VIRTIO_NET_CTRL_MAC, VIRTIO_NET_CTRL_MAC_ADDR_SET, 6, 0);
	KUNIT_EXPECT_TRUE(test, net_wait(ctrl_answered(ctx)));
	KUNIT_EXPECT_EQ(test, ctx->ack, VIRTIO_NET_OK);
	told = memdev_ctrl_told(ctx->dev, VIRTIO_NET_CTRL_MAC, VIRTIO_NET_CTRL_MAC_ADDR_SET);
	KUNIT_EXPECT_EQ(test, told->times, 1);
	KUNIT_EXPECT_EQ(test, told->len, 6);
	KUNIT_EXPECT_MEMEQ(test, told->data, ctx->data, 6);
	ctx->dev->vdev.config->reset(&ctx->dev->vdev);
	KUNIT_EXPECT_EQ(test, told->times, 0);
}

static void ctrl_vlans(struct kunit *test)
{
	struct ctrl_ctx *ctx = test->priv;

	ctx->data[0] = 0x23;
	ctx->data[1] = 0x01;
	ctrl_send(test, VIRTIO_NET_CTRL_VLAN, VIRTIO_NET_CTRL_VLAN_ADD, 2, 0);
	KUNIT_EXPECT_TRUE(test, net_wait(ctrl_answered(ctx)));
	KUNIT_EXPECT_TRUE(test, test_bit(0x123, ctx->ctrl->state.vlans));
	ctrl_send(test, VIRTIO_NET_CTRL_VLAN, VIRTIO_NET_CTRL_VLAN_DEL, 2, 0);
	KUNIT_EXPECT_TRUE(test, net_wait(ctrl_answered(ctx)));
	KUNIT_EXPECT_FALSE(test, test_bit(0x123, ctx->ctrl->state.vlans));
	KUNIT_EXPECT_EQ(test, ctx->ctrl->malformed, 0);
}

static void ctrl_answers(struct kunit *test)
{
	static const struct { enum memdev_answer answer; u8 ack; } how[] = {
		{ MEMDEV_NAK, VIRTIO_NET_ERR },
		{ MEMDEV_GARBAGE, 0x5a },
		{ MEMDEV_UNWRITTEN, 0xff },
		{ MEMDEV_OK, VIRTIO_NET_OK },
	};
	struct ctrl_ctx *ctx = test->priv;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(how); i++) {
		ctx->ctrl->next_answer = how[i].answer;
		ctrl_send(test, VIRTIO_NET_CTRL_RX, VIRTIO_NET_CTRL_RX_PROMISC, 1, 0);
		KUNIT_EXPECT_TRUE(test, net_wait(ctrl_answered(ctx)));
		KUNIT_EXPECT_EQ(test, ctx->ack, how[i].ack);
	}
	KUNIT_EXPECT_EQ(test, ctx->ctrl->commands, 4);
	KUNIT_EXPECT_EQ(test, memdev_ctrl_told(ctx->dev, 0, 0)->times, 1);
}

static void ctrl_late_and_never(struct kunit *test)
{
	struct ctrl_ctx *ctx = test->priv;

	ctx->ctrl->next_answer = MEMDEV_LATE;
	ctrl_send(test, VIRTIO_NET_CTRL_RX, VIRTIO_NET_CTRL_RX_PROMISC, 1, 0);
	KUNIT_EXPECT_TRUE(test, net_wait(ctx->ctrl->nheld == 1));
	msleep(50);
	KUNIT_EXPECT_FALSE(test, ctrl_answered(ctx));
	memdev_ctrl_release(ctx->dev, MEMDEV_OK);
	KUNIT_EXPECT_TRUE(test, ctrl_answered(ctx));
	KUNIT_EXPECT_EQ(test, ctx->ack, VIRTIO_NET_OK);

	ctx->ctrl->next_answer = MEMDEV_NEVER;
	ctrl_send(test, VIRTIO_NET_CTRL_RX, VIRTIO_NET_CTRL_RX_PROMISC, 1, 0);
	KUNIT_EXPECT_TRUE(test, net_wait(ctx->ctrl->commands == 2));
	msleep(50);
	memdev_ctrl_release(ctx->dev, MEMDEV_OK);
	KUNIT_EXPECT_FALSE(test, ctrl_answered(ctx));
	ctx->dev->vdev.config->reset(&ctx->dev->vdev);
	KUNIT_EXPECT_PTR_EQ(test, virtqueue_detach_unused_buf(ctx->cvq), (void *)ctx);
}

static u32 ctrl_count(struct memdev_ctrl *ctrl, u8 class, u8 cmd, const u8 *data,
		      u32 len, u8 *reply, u32 room)
{
	memset(reply, data[0] + cmd, room);
	return room;
}

static void ctrl_replies(struct kunit *test)
{
	struct ctrl_ctx *ctx = test->priv;

	ctx->ctrl->reply = ctrl_count;
	ctx->data[0] = 7;
	ctrl_send(test, VIRTIO_NET_CTRL_NOTF_COAL, VIRTIO_NET_CTRL_NOTF_COAL_VQ_GET, 1, 16);
	KUNIT_EXPECT_TRUE(test, net_wait(ctrl_answered(ctx)));
	KUNIT_EXPECT_EQ(test, ctx->ack, VIRTIO_NET_OK);
	KUNIT_EXPECT_EQ(test, ctx->reply[0], 7 + VIRTIO_NET_CTRL_NOTF_COAL_VQ_GET);
	KUNIT_EXPECT_EQ(test, ctx->reply[15], 7 + VIRTIO_NET_CTRL_NOTF_COAL_VQ_GET);
	KUNIT_EXPECT_EQ(test, ctx->reply[16], 0);
}

/* Commands that are none: refused, counted, nothing remembered. */
static void ctrl_malformed(struct kunit *test)
{
	struct ctrl_ctx *ctx = test->priv;

	ctrl_send(test, 200, 1, 4, 0);
	KUNIT_EXPECT_TRUE(test, net_wait(ctrl_answered(ctx)));
	KUNIT_EXPECT_EQ(test, ctx->ack, VIRTIO_NET_ERR);
	ctrl_send(test, 1, 200, 4, 0);
	KUNIT_EXPECT_TRUE(test, net_wait(ctrl_answered(ctx)));
	KUNIT_EXPECT_EQ(test, ctx->ack, VIRTIO_NET_ERR);
	KUNIT_EXPECT_EQ(test, ctx->ctrl->malformed, 2);
	KUNIT_EXPECT_EQ(test, ctx->ctrl->commands, 0);
}

static struct kunit_case ctrl_cases[] = {
	KUNIT_CASE(ctrl_ok),
	KUNIT_CASE(ctrl_vlans),
	KUNIT_CASE(ctrl_answers),
	KUNIT_CASE(ctrl_late_and_never),
	KUNIT_CASE(ctrl_replies),
	KUNIT_CASE(ctrl_malformed),
	{}
};

static struct kunit_suite ctrl_suite = {
	.name = "virtnet_memctrl",
	.init = ctrl_init,
	.test_cases = ctrl_cases,
};

kunit_test_suite(ctrl_suite);
