// SPDX-License-Identifier: GPL-2.0-only
#include <compat/compat.h>
#include <linux/bpf.h>
#include <linux/rtnetlink.h>
#include <linux/skbuff.h>
#include <net/xdp.h>

#include "memdev_ctrl.h"
#include "xdp_env.h"

/* One test at a time. */
static struct xdp_env *xdp_now;

static void xdp_look(struct xdp_seen *seen, struct xdp_buff *xdp)
{
	const struct xdp_metadata_ops *hints = xdp->rxq->dev->xdp_metadata_ops;
	struct skb_shared_info *sinfo = xdp_get_shared_info_from_buff(xdp);
	u32 i, at;

	seen->packets++;
	seen->len = xdp_get_buff_len(xdp);
	seen->linear = xdp->data_end - xdp->data;
	seen->headroom = xdp->data - xdp->data_hard_start;
	seen->frags = xdp_buff_has_frags(xdp) ? sinfo->nr_frags : 0;
	/* The kernel's own answer where a driver has none. */
	seen->hash_err = -EOPNOTSUPP;
	if (hints)
		seen->hash_err = hints->xmo_rx_hash((struct xdp_md *)xdp, &seen->hash,
						    &seen->hash_type);
	memcpy(seen->data, xdp->data, seen->linear);
	for (i = 0, at = seen->linear; i < seen->frags; i++) {
		memcpy(seen->data + at, skb_frag_address(&sinfo->frags[i]),
		       skb_frag_size(&sinfo->frags[i]));
		at += skb_frag_size(&sinfo->frags[i]);
	}
}

/* What the helpers of a real program do. */
static void xdp_adjust(const struct xdp_plan *p, struct xdp_buff *xdp)
{
	if (p->head) {
		memmove(xdp->data + p->head, xdp->data, ETH_HLEN);
		xdp->data += p->head;
		if (p->head < 0)
			memset(xdp->data + ETH_HLEN, 0xcc, -p->head);
		xdp->data_meta = xdp->data;
	}
	if (p->tail > 0)
		memset(xdp->data_end, 0xa5, p->tail);
	xdp->data_end += p->tail;
	if (p->meta) {
		xdp->data_meta = xdp->data - p->meta;
		memset(xdp->data_meta, 0x5a, p->meta);
	}
}

static unsigned int xdp_program(const void *ctx, const struct bpf_insn *insn)
{
	struct xdp_env *x = READ_ONCE(xdp_now);
	struct xdp_buff *xdp = (struct xdp_buff *)ctx;
	struct bpf_redirect_info *ri;

	if (!x)
		return XDP_PASS;
	xdp_look(&x->seen, xdp);
	xdp_adjust(&x->plan, xdp);
	if (x->plan.verdict == XDP_REDIRECT) {
		ri = bpf_net_ctx_get_ri();
		ri->tgt_index = x->plan.target;
		ri->map_id = INT_MAX;
		ri->map_type = BPF_MAP_TYPE_UNSPEC;
		ri->flags = 0;
		ri->tgt_value = READ_ONCE(x->plan.xsk);
		if (ri->tgt_value)
			ri->map_type = BPF_MAP_TYPE_XSKMAP;
	}
	return x->plan.verdict;
}

/* One reference is the test's, so that the core never frees it by itself. */
static struct bpf_prog *xdp_prog_new(bool frags)
{
	struct bpf_prog *prog = bpf_prog_alloc(bpf_prog_size(1), 0);

	if (!prog)
		return NULL;
	prog->type = BPF_PROG_TYPE_XDP;
	prog->bpf_func = xdp_program;
	prog->aux->xdp_has_frags = frags;
	atomic64_set(&prog->aux->refcnt, 1);
	return prog;
}

int xdp_refs(const struct bpf_prog *prog)
{
	return atomic64_read(&prog->aux->refcnt);
}

int xdp_attach_told(struct xdp_env *x, struct bpf_prog *prog, struct netlink_ext_ack *extack)
{
	struct netdev_bpf bpf = { .command = XDP_SETUP_PROG, .prog = prog, .extack = extack };
	int err;

	if (prog)
		bpf_prog_inc(prog);
	rtnl_lock();
	err = x->net->nd->netdev_ops->ndo_bpf(x->net->nd, &bpf);
	rtnl_unlock();
	if (err && prog)
		bpf_prog_put(prog);
	if (!err)
		x->attached = prog;
	return err;
}

/* As the core does it for ip link. */
int xdp_attach(struct xdp_env *x, struct bpf_prog *prog)
{
	return xdp_attach_told(x, prog, NULL);
}

static void xdp_end(void *data)
{
	struct xdp_env *x = data;

	if (x->attached && x->net->nd)
		KUNIT_EXPECT_EQ(x->net->test, xdp_attach(x, NULL), 0);
	WRITE_ONCE(xdp_now, NULL);
	synchronize_net();
	if (x->prog) {
		KUNIT_EXPECT_EQ(x->net->test, xdp_refs(x->prog), 1);
		bpf_prog_free(x->prog);
	}
	if (x->spare) {
		KUNIT_EXPECT_EQ(x->net->test, xdp_refs(x->spare), 1);
		bpf_prog_free(x->spare);
	}
	kvfree(x->seen.data);
}

static struct xdp_env *xdp_start_setup(struct kunit *test, const struct net_param *param,
				       const struct memdev_setup *setup)
{
	struct xdp_env *x = kunit_kzalloc(test, sizeof(*x), GFP_KERNEL);

	if (!net_ours())
		kunit_skip(test, "about virtnet's own XDP");
	KUNIT_ASSERT_NOT_NULL(test, x);
	x->net = net_start(test, param, setup);
	x->plan.verdict = XDP_PASS;
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, xdp_end, x), 0);
	x->seen.data = kvzalloc(MEMDEV_MAX_PKT, GFP_KERNEL);
	x->prog = xdp_prog_new(true);
	x->spare = xdp_prog_new(false);
	KUNIT_ASSERT_NOT_NULL(test, x->seen.data);
	KUNIT_ASSERT_NOT_NULL(test, x->prog);
	KUNIT_ASSERT_NOT_NULL(test, x->spare);
	KUNIT_ASSERT_EQ(test, net_open(x->net), 0);
	net_no_bql(x->net);
	WRITE_ONCE(xdp_now, x);
	return x;
}

/* The same as below, with a device that is seen to first. */
struct xdp_env *xdp_start_tuned(struct kunit *test, const struct net_param *param, u64 features,
				void (*tune)(struct memdev *dev))
{
	struct memdev_setup setup = {
		.features = features,
		.tune = tune,
		.ctrl = features & BIT_ULL(VIRTIO_NET_F_CTRL_VQ),
	};

	return xdp_start_setup(test, param, &setup);
}

/* The same, with a device of so many pairs. */
struct xdp_env *xdp_start_pairs(struct kunit *test, const struct net_param *param, u64 features,
				unsigned int pairs)
{
	struct memdev_setup setup = {
		.features = features,
		.pairs = pairs,
		.ctrl = true,
	};

	return xdp_start_setup(test, param, &setup);
}

/* An open interface, and a program that takes fragments; not attached. */
struct xdp_env *xdp_start(struct kunit *test, const struct net_param *param, u64 features)
{
	return xdp_start_tuned(test, param, features, NULL);
}

/* The usual beginning: attached, and none of the old buffers left. */
int xdp_init_test(struct kunit *test)
{
	struct xdp_env *x;
	unsigned int i;

	if (!test->param_value)
		return 0;
	x = xdp_start(test, test->param_value, XDP_FEATURES);
	test->priv = x;
	KUNIT_ASSERT_EQ(test, xdp_attach(x, x->prog), 0);
	x->plan.verdict = XDP_DROP;
	for (i = 0; i < 8; i++)
		xdp_rx_burst(x, 60, i * 32, 32);
	x->plan.verdict = XDP_PASS;
	return 0;
}

/* A packet in, and the program run on it. */
void xdp_rx(struct xdp_env *x, u32 len, u32 seq, unsigned int nbufs)
{
	u32 before = x->seen.packets;

	KUNIT_ASSERT_GT(x->net->test, net_rx(x->net, len, seq, nbufs), 0);
	memdev_interrupt(net_rxq(x->net));
	KUNIT_EXPECT_TRUE_MSG(x->net->test, net_wait(x->seen.packets > before),
			      "packet %u of %u bytes did not reach the program", seq, len);
	net_settle(x->net);
}

/* Several behind one interrupt. */
void xdp_rx_burst(struct xdp_env *x, u32 len, u32 seq, unsigned int n)
{
	u32 want = x->seen.packets, i, part;

	for (; n; n -= part) {
		part = min(n, memdev_available(net_rxq(x->net)));
		KUNIT_ASSERT_GT(x->net->test, part, 0);
		for (i = 0; i < part; i++)
			net_rx(x->net, len, seq++, 0);
		want += part;
		memdev_interrupt(net_rxq(x->net));
		KUNIT_EXPECT_TRUE(x->net->test, net_wait(x->seen.packets == want));
		net_settle(x->net);
	}
}

u64 xdp_stat(struct xdp_env *x, const char *name)
{
	return net_stat(x->net, "rx", name);
}
