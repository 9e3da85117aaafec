// SPDX-License-Identifier: GPL-2.0-only
/*
 * The index dance, step by step: the kernel's virtio_ring on one side, the
 * in-memory device half on the other, no network driver in between.  Proves
 * the device half, and what the driver may rely on.
 */
#include <kunit/test.h>
#include <linux/scatterlist.h>

#include "memdev.h"

#define RING_NUM	8

struct ring_param {
	const char *name;
	u64 features;
};

#define F_PACKED	BIT_ULL(VIRTIO_F_RING_PACKED)
#define F_EVENT		BIT_ULL(VIRTIO_RING_F_EVENT_IDX)
#define F_INDIRECT	BIT_ULL(VIRTIO_RING_F_INDIRECT_DESC)
#define F_DMA		BIT_ULL(VIRTIO_F_ACCESS_PLATFORM)

static const struct ring_param ring_params[] = {
	{ "split", 0 },
	{ "split event", F_EVENT },
	{ "split indirect", F_INDIRECT },
	{ "split event indirect", F_EVENT | F_INDIRECT },
	{ "split event indirect dma", F_EVENT | F_INDIRECT | F_DMA },
	{ "packed", F_PACKED },
	{ "packed event", F_PACKED | F_EVENT },
	{ "packed indirect", F_PACKED | F_INDIRECT },
	{ "packed event indirect", F_PACKED | F_EVENT | F_INDIRECT },
	{ "packed event indirect dma", F_PACKED | F_EVENT | F_INDIRECT | F_DMA },
};

static void ring_param_desc(const struct ring_param *p, char *desc)
{
	strscpy(desc, p->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(ring, ring_params, ring_param_desc);

struct ring_ctx {
	struct memdev *dev;
	struct virtqueue *rx;
	struct virtqueue *tx;
	struct memdev_vq *qrx;
	struct memdev_vq *qtx;
	unsigned int called;
	u8 *mem;		/* RING_NUM * 4 blocks of 64 bytes */
	struct memdev_chain c;
};

#define BLOCK(ctx, i)	((ctx)->mem + 64 * (i))

/* Callbacks have no argument of ours; tests run one at a time. */
static struct ring_ctx *ring_now;

static void ring_called(struct virtqueue *vq)
{
	ring_now->called++;
}

static int ring_find(struct ring_ctx *ctx, bool rx_ctx)
{
	struct virtqueue_info info[] = {
		{ "rx", ring_called, rx_ctx },
		{ "tx", ring_called, false },
	};
	struct virtqueue *vqs[2];
	int err;

	err = virtio_find_vqs(&ctx->dev->vdev, 2, vqs, info, NULL);
	if (err)
		return err;
	ctx->rx = vqs[0];
	ctx->tx = vqs[1];
	ctx->qrx = &ctx->dev->q[0];
	ctx->qtx = &ctx->dev->q[1];
	return 0;
}

static void ring_free_dev(void *data)
{
	memdev_free(data);
}

static int ring_init(struct kunit *test)
{
	const struct ring_param *p = test->param_value;
	struct ring_ctx *ctx = kunit_kzalloc(test, sizeof(*ctx), GFP_KERNEL);
	struct memdev_setup setup = {
		.features = BIT_ULL(VIRTIO_F_VERSION_1) | (p ? p->features : 0),
		.num = RING_NUM,
	};

	KUNIT_ASSERT_NOT_NULL(test, ctx);
	ctx->mem = kunit_kzalloc(test, 64 * 4 * RING_NUM, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, ctx->mem);
	ctx->dev = memdev_new(&setup);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, ctx->dev);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, ring_free_dev, ctx->dev), 0);
	ctx->dev->vdev.features = setup.features;
	ring_now = ctx;
	KUNIT_ASSERT_EQ(test, ring_find(ctx, false), 0);
	test->priv = ctx;
	return 0;
}

static int add(struct ring_ctx *ctx, struct virtqueue *vq, unsigned int block,
	       unsigned int nsegs)
{
	struct scatterlist sg[4];
	unsigned int i;

	sg_init_table(sg, nsegs);
	for (i = 0; i < nsegs; i++)
		sg_set_buf(&sg[i], BLOCK(ctx, block + i), 64);
	if (vq == ctx->rx)
		return virtqueue_add_inbuf(vq, sg, nsegs, BLOCK(ctx, block), GFP_KERNEL);
	return virtqueue_add_outbuf(vq, sg, nsegs, BLOCK(ctx, block), GFP_KERNEL);
}

static bool packed(struct ring_ctx *ctx)
{
	return memdev_has(ctx->dev, VIRTIO_F_RING_PACKED);
}

static bool indirect(struct ring_ctx *ctx)
{
	return memdev_has(ctx->dev, VIRTIO_RING_F_INDIRECT_DESC);
}

/* The driver's position after n more entries (or slots) from the start. */
static u16 pos_after(struct ring_ctx *ctx, unsigned int entries, unsigned int slots)
{
	if (!packed(ctx))
		return entries;
	return slots % RING_NUM |
	       (slots / RING_NUM % 2 ? 0 : BIT(VRING_PACKED_EVENT_F_WRAP_CTR));
}

static void expect_segs(struct kunit *test, struct ring_ctx *ctx,
			unsigned int block, unsigned int nsegs, bool write)
{
	unsigned int i;

	KUNIT_ASSERT_EQ(test, ctx->c.nsegs, nsegs);
	KUNIT_EXPECT_EQ(test, ctx->c.indirect, indirect(ctx) && nsegs > 1);
	KUNIT_EXPECT_EQ(test, ctx->c.ndesc, ctx->c.indirect ? 1 : nsegs);
	for (i = 0; i < nsegs; i++) {
		KUNIT_EXPECT_PTR_EQ(test, ctx->c.seg[i].addr, (void *)BLOCK(ctx, block + i));
		KUNIT_EXPECT_EQ(test, ctx->c.seg[i].len, 64);
		KUNIT_EXPECT_EQ(test, ctx->c.seg[i].write, write);
	}
}

/* Transmit: add, see it, use it, get it back; each index at each step. */
static void ring_tx_steps(struct kunit *test)
{
	struct ring_ctx *ctx = test->priv;
	unsigned int len, slots = 0, i;

	for (i = 0; i < 3; i++) {
		unsigned int nsegs = i + 1, taken = indirect(ctx) ? 1 : nsegs;
		unsigned int room = ctx->tx->num_free;

		KUNIT_ASSERT_EQ(test, add(ctx, ctx->tx, 0, nsegs), 0);
		slots += taken;
		KUNIT_EXPECT_EQ(test, ctx->qtx->ops->driver_pos(ctx->qtx),
				pos_after(ctx, i + 1, slots));
		KUNIT_EXPECT_EQ(test, ctx->tx->num_free, room - taken);
		KUNIT_EXPECT_EQ(test, memdev_available(ctx->qtx), 1);
		KUNIT_EXPECT_NULL(test, virtqueue_get_buf(ctx->tx, &len));

		KUNIT_ASSERT_EQ(test, memdev_pop(ctx->qtx, &ctx->c), 1);
		expect_segs(test, ctx, 0, nsegs, false);
		KUNIT_EXPECT_EQ(test, memdev_pop(ctx->qtx, &ctx->qtx->scratch), 0);
		KUNIT_EXPECT_EQ(test, ctx->tx->num_free, room - taken);

		memdev_use(ctx->qtx, &ctx->c, 0);
		KUNIT_EXPECT_PTR_EQ(test, virtqueue_get_buf(ctx->tx, &len),
				    (void *)BLOCK(ctx, 0));
		KUNIT_EXPECT_EQ(test, len, 0);
		KUNIT_EXPECT_EQ(test, ctx->tx->num_free, room);
		KUNIT_EXPECT_NULL(test, virtqueue_get_buf(ctx->tx, &len));
	}
	KUNIT_EXPECT_EQ(test, ctx->qtx->errors, 0);
}

/* Receive: the device writes, the lengths arrive as reported, in any order. */
static void ring_rx_steps(struct kunit *test)
{
	struct ring_ctx *ctx = test->priv;
	static const unsigned int order[] = { 2, 0, 3, 1 };
	struct memdev_chain *c = kunit_kcalloc(test, 4, sizeof(*c), GFP_KERNEL);
	unsigned int i, len;
	char *got;

	KUNIT_ASSERT_NOT_NULL(test, c);
	for (i = 0; i < 4; i++)
		KUNIT_ASSERT_EQ(test, add(ctx, ctx->rx, i, 1), 0);
	KUNIT_EXPECT_EQ(test, memdev_available(ctx->qrx), 4);
	for (i = 0; i < 4; i++)
		KUNIT_ASSERT_EQ(test, memdev_pop(ctx->qrx, &c[i]), 1);
	for (i = 0; i < 4; i++) {
		KUNIT_EXPECT_EQ(test, memdev_write(&c[order[i]], 0, "hello", 5), 5);
		memdev_use(ctx->qrx, &c[order[i]], 5 + i);
	}
	for (i = 0; i < 4; i++) {
		got = virtqueue_get_buf(ctx->rx, &len);
		KUNIT_ASSERT_PTR_EQ(test, (void *)got, (void *)BLOCK(ctx, order[i]));
		KUNIT_EXPECT_EQ(test, len, 5 + i);
		KUNIT_EXPECT_MEMEQ(test, got, "hello", 5);
	}
	KUNIT_EXPECT_EQ(test, ctx->rx->num_free, RING_NUM);
}

/* A burst becomes visible at the flush, not before. */
static void ring_burst(struct kunit *test)
{
	struct ring_ctx *ctx = test->priv;
	unsigned int i, len;

	for (i = 0; i < 4; i++)
		KUNIT_ASSERT_EQ(test, add(ctx, ctx->rx, i, 1), 0);
	for (i = 0; i < 4; i++) {
		KUNIT_ASSERT_EQ(test, memdev_pop(ctx->qrx, &ctx->c), 1);
		memdev_put(ctx->qrx, &ctx->c, 10 + i);
		KUNIT_EXPECT_NULL(test, virtqueue_get_buf(ctx->rx, &len));
	}
	memdev_flush(ctx->qrx);
	for (i = 0; i < 4; i++) {
		KUNIT_EXPECT_PTR_EQ(test, virtqueue_get_buf(ctx->rx, &len),
				    (void *)BLOCK(ctx, i));
		KUNIT_EXPECT_EQ(test, len, 10 + i);
	}
}

static u64 kick_delta(struct ring_ctx *ctx)
{
	u64 before = ctx->qtx->kicks;

	virtqueue_kick(ctx->tx);
	return ctx->qtx->kicks - before;
}

static void drain_tx(struct ring_ctx *ctx)
{
	unsigned int len;

	while (memdev_pop(ctx->qtx, &ctx->c) > 0)
		memdev_use(ctx->qtx, &ctx->c, 0);
	while (virtqueue_get_buf(ctx->tx, &len))
		;
}

/* Doorbells: always, never, and after the n-th buffer with the event index. */
static void ring_kicks(struct kunit *test)
{
	struct ring_ctx *ctx = test->priv;
	unsigned int lap, i;

	for (lap = 0; lap < 3 * RING_NUM; lap++) {
		ctx->qtx->ops->kick_always(ctx->qtx);
		KUNIT_ASSERT_EQ(test, add(ctx, ctx->tx, 0, 1), 0);
		KUNIT_EXPECT_EQ(test, kick_delta(ctx), 1);
		ctx->qtx->ops->kick_never(ctx->qtx);
		KUNIT_ASSERT_EQ(test, add(ctx, ctx->tx, 1, 1), 0);
		KUNIT_EXPECT_EQ(test, kick_delta(ctx), 0);
		drain_tx(ctx);
		if (!memdev_has(ctx->dev, VIRTIO_RING_F_EVENT_IDX))
			continue;
		ctx->qtx->ops->kick_after(ctx->qtx, 3);
		for (i = 1; i <= 5; i++) {
			KUNIT_ASSERT_EQ(test, add(ctx, ctx->tx, i, 1), 0);
			KUNIT_EXPECT_EQ_MSG(test, kick_delta(ctx), i == 3,
					    "lap %u, buffer %u", lap, i);
		}
		drain_tx(ctx);
	}
}

/* Adding many and kicking once rings once; a burst over the event rings. */
static void ring_kick_burst(struct kunit *test)
{
	struct ring_ctx *ctx = test->priv;
	unsigned int lap, i;

	for (lap = 0; lap < 2 * RING_NUM; lap++) {
		ctx->qtx->ops->kick_always(ctx->qtx);
		if (memdev_has(ctx->dev, VIRTIO_RING_F_EVENT_IDX))
			ctx->qtx->ops->kick_after(ctx->qtx, 2);
		for (i = 0; i < 5; i++)
			KUNIT_ASSERT_EQ(test, add(ctx, ctx->tx, i, 1), 0);
		KUNIT_EXPECT_EQ(test, kick_delta(ctx), 1);
		drain_tx(ctx);
	}
}

static bool use_one(struct ring_ctx *ctx)
{
	if (memdev_pop(ctx->qrx, &ctx->c) != 1)
		return false;
	memdev_use(ctx->qrx, &ctx->c, 1);
	return true;
}

/* Interrupts: off while polling, re-armed with the race noticed. */
static void ring_interrupts(struct kunit *test)
{
	struct ring_ctx *ctx = test->priv;
	unsigned int lap, len;

	/* A packed ring asks for exact events only once it has been off. */
	virtqueue_disable_cb(ctx->rx);
	for (lap = 0; lap < 3 * RING_NUM; lap++) {
		unsigned int called = ctx->called;

		KUNIT_ASSERT_EQ(test, add(ctx, ctx->rx, 0, 1), 0);
		KUNIT_ASSERT_EQ(test, add(ctx, ctx->rx, 1, 1), 0);
		KUNIT_ASSERT_EQ(test, add(ctx, ctx->rx, 2, 1), 0);
		KUNIT_EXPECT_TRUE(test, virtqueue_enable_cb(ctx->rx));
		KUNIT_ASSERT_TRUE(test, use_one(ctx));
		KUNIT_EXPECT_TRUE(test, memdev_signal(ctx->qrx));
		KUNIT_EXPECT_EQ(test, ctx->called, called + 1);

		virtqueue_disable_cb(ctx->rx);
		KUNIT_EXPECT_NOT_NULL(test, virtqueue_get_buf(ctx->rx, &len));
		KUNIT_ASSERT_TRUE(test, use_one(ctx));
		KUNIT_EXPECT_FALSE(test, memdev_signal(ctx->qrx));
		KUNIT_EXPECT_EQ(test, ctx->called, called + 1);

		/* Used behind the driver's back: arming must say so. */
		KUNIT_EXPECT_FALSE(test, virtqueue_enable_cb(ctx->rx));
		KUNIT_EXPECT_NOT_NULL(test, virtqueue_get_buf(ctx->rx, &len));
		KUNIT_EXPECT_TRUE(test, virtqueue_enable_cb(ctx->rx));
		ctx->qrx->since_irq = 0;
		KUNIT_ASSERT_TRUE(test, use_one(ctx));
		KUNIT_EXPECT_TRUE(test, memdev_signal(ctx->qrx));
		KUNIT_EXPECT_EQ(test, ctx->called, called + 2);
		KUNIT_EXPECT_NOT_NULL(test, virtqueue_get_buf(ctx->rx, &len));
	}
}

/* Full and empty: -ENOSPC leaves no trace, one completion makes one room. */
static void ring_full_empty(struct kunit *test)
{
	struct ring_ctx *ctx = test->priv;
	unsigned int i, lap, len;

	for (i = 0; i < RING_NUM; i++)
		KUNIT_ASSERT_EQ(test, add(ctx, ctx->tx, i, 1), 0);
	for (lap = 0; lap < 3 * RING_NUM; lap++) {
		KUNIT_EXPECT_EQ(test, ctx->tx->num_free, 0);
		KUNIT_EXPECT_EQ(test, add(ctx, ctx->tx, 0, 1), -ENOSPC);
		KUNIT_EXPECT_EQ(test, memdev_available(ctx->qtx), RING_NUM);
		KUNIT_ASSERT_EQ(test, memdev_pop(ctx->qtx, &ctx->c), 1);
		memdev_use(ctx->qtx, &ctx->c, 0);
		KUNIT_EXPECT_PTR_EQ(test, virtqueue_get_buf(ctx->tx, &len),
				    (void *)BLOCK(ctx, lap % RING_NUM));
		KUNIT_ASSERT_EQ(test, add(ctx, ctx->tx, lap % RING_NUM, 1), 0);
	}
	drain_tx(ctx);
	KUNIT_EXPECT_EQ(test, ctx->tx->num_free, RING_NUM);
	KUNIT_EXPECT_EQ(test, memdev_pop(ctx->qtx, &ctx->c), 0);
	KUNIT_EXPECT_NULL(test, virtqueue_get_buf(ctx->tx, &len));
}

/* Past the wrap of every 16-bit index, with mixed chain lengths. */
static void ring_wrap(struct kunit *test)
{
	struct ring_ctx *ctx = test->priv;
	unsigned int n, len, bad = 0;

	for (n = 0; n < 70000 && !bad; n++) {
		unsigned int block = n % 5, nsegs = 1 + n % 3;

		bad += add(ctx, ctx->tx, block, nsegs) != 0;
		bad += memdev_pop(ctx->qtx, &ctx->c) != 1;
		bad += ctx->c.nsegs != nsegs;
		bad += ctx->c.seg[0].addr != BLOCK(ctx, block);
		memdev_use(ctx->qtx, &ctx->c, n & 0xff);
		bad += virtqueue_get_buf(ctx->tx, &len) != BLOCK(ctx, block);
		bad += len != (n & 0xff);
		if (!(n & 0x3ff))
			cond_resched();
	}
	KUNIT_EXPECT_EQ_MSG(test, bad, 0, "first wrong at buffer %u", n - 1);
	if (!packed(ctx)) {
		KUNIT_EXPECT_EQ(test, ctx->qtx->pos.avail, (u16)70000);
		KUNIT_EXPECT_EQ(test, ctx->qtx->pos.used, (u16)70000);
	}
	KUNIT_EXPECT_EQ(test, ctx->tx->num_free, RING_NUM);
}

/* What the driver still has out comes back when the queue is taken down. */
static void ring_detach(struct kunit *test)
{
	struct ring_ctx *ctx = test->priv;
	unsigned int i, n = 0;

	for (i = 0; i < 5; i++)
		KUNIT_ASSERT_EQ(test, add(ctx, ctx->tx, i, 1), 0);
	ctx->dev->vdev.config->reset(&ctx->dev->vdev);
	KUNIT_EXPECT_EQ(test, memdev_pop(ctx->qtx, &ctx->c), -ENODEV);
	while (virtqueue_detach_unused_buf(ctx->tx))
		n++;
	KUNIT_EXPECT_EQ(test, n, 5);
	KUNIT_EXPECT_EQ(test, ctx->tx->num_free, RING_NUM);
}

/* Lies about the id break the queue; they never yield somebody's buffer. */
static void ring_lies(struct kunit *test)
{
	static const u32 ids[] = { RING_NUM, 0xffff, 5 };
	struct ring_ctx *ctx = test->priv;
	unsigned int i, len;

	for (i = 0; i < ARRAY_SIZE(ids); i++) {
		KUNIT_ASSERT_EQ(test, add(ctx, ctx->rx, 0, 1), 0);
		KUNIT_ASSERT_EQ(test, memdev_pop(ctx->qrx, &ctx->c), 1);
		memdev_used_raw(ctx->qrx, ids[i], 64);
		KUNIT_EXPECT_NULL(test, virtqueue_get_buf(ctx->rx, &len));
		KUNIT_EXPECT_TRUE(test, virtqueue_is_broken(ctx->rx));
		KUNIT_EXPECT_EQ(test, add(ctx, ctx->rx, 1, 1), -EIO);
		ctx->dev->vdev.config->reset(&ctx->dev->vdev);
		KUNIT_EXPECT_NOT_NULL(test, virtqueue_detach_unused_buf(ctx->rx));
		ctx->dev->vdev.config->del_vqs(&ctx->dev->vdev);
		KUNIT_ASSERT_EQ(test, ring_find(ctx, false), 0);
	}
}

/* The same buffer used twice: given once, then the queue is broken. */
static void ring_used_twice(struct kunit *test)
{
	struct ring_ctx *ctx = test->priv;
	unsigned int len;

	KUNIT_ASSERT_EQ(test, add(ctx, ctx->rx, 0, 1), 0);
	KUNIT_ASSERT_EQ(test, add(ctx, ctx->rx, 1, 1), 0);
	KUNIT_ASSERT_EQ(test, memdev_pop(ctx->qrx, &ctx->c), 1);
	memdev_use(ctx->qrx, &ctx->c, 64);
	memdev_use(ctx->qrx, &ctx->c, 64);
	KUNIT_EXPECT_PTR_EQ(test, virtqueue_get_buf(ctx->rx, &len), (void *)BLOCK(ctx, 0));
	KUNIT_EXPECT_NULL(test, virtqueue_get_buf(ctx->rx, &len));
	KUNIT_EXPECT_TRUE(test, virtqueue_is_broken(ctx->rx));
	ctx->dev->vdev.config->reset(&ctx->dev->vdev);
	KUNIT_EXPECT_NOT_NULL(test, virtqueue_detach_unused_buf(ctx->rx));
}

static struct kunit_case ring_cases[] = {
	KUNIT_CASE_PARAM(ring_tx_steps, ring_gen_params),
	KUNIT_CASE_PARAM(ring_rx_steps, ring_gen_params),
	KUNIT_CASE_PARAM(ring_burst, ring_gen_params),
	KUNIT_CASE_PARAM(ring_kicks, ring_gen_params),
	KUNIT_CASE_PARAM(ring_kick_burst, ring_gen_params),
	KUNIT_CASE_PARAM(ring_interrupts, ring_gen_params),
	KUNIT_CASE_PARAM(ring_full_empty, ring_gen_params),
	KUNIT_CASE_PARAM(ring_wrap, ring_gen_params),
	KUNIT_CASE_PARAM(ring_detach, ring_gen_params),
	KUNIT_CASE_PARAM(ring_lies, ring_gen_params),
	KUNIT_CASE_PARAM(ring_used_twice, ring_gen_params),
	{}
};

static struct kunit_suite ring_suite = {
	.name = "virtnet_ring",
	.init = ring_init,
	.test_cases = ring_cases,
};

kunit_test_suite(ring_suite);
