// SPDX-License-Identifier: GPL-2.0-only
/*
 * XDP: programs come and go while packets are under way; what the device is
 * told for them, and what is refused.
 */
#include <linux/if_vlan.h>
#include <linux/netdevice.h>
#include <linux/rtnetlink.h>
#include <linux/virtio_net.h>
#include <virtnet/virtnet.h>

#include "memdev_ctrl.h"
#include "pkt.h"
#include "xdp_env.h"

#define GSO_OFFLOADS	(BIT_ULL(VIRTIO_NET_F_GUEST_TSO4) | \
			 BIT_ULL(VIRTIO_NET_F_GUEST_TSO6) | \
			 BIT_ULL(VIRTIO_NET_F_GUEST_ECN) | \
			 BIT_ULL(VIRTIO_NET_F_GUEST_USO4) | \
			 BIT_ULL(VIRTIO_NET_F_GUEST_USO6))

static u64 xdp_told(struct xdp_env *x)
{
	const struct memdev_told *t = memdev_ctrl_told(x->net->dev,
						       VIRTIO_NET_CTRL_GUEST_OFFLOADS,
						       VIRTIO_NET_CTRL_GUEST_OFFLOADS_SET);
	__virtio64 v;

	memcpy(&v, t->data, sizeof(v));
	return virtio64_to_cpu(&x->net->dev->vdev, v);
}

static void xdp_works(struct xdp_env *x, u32 seq)
{
	u32 seen = x->seen.packets;

	KUNIT_ASSERT_GT(x->net->test, net_rx(x->net, 900, seq, 0), 0);
	memdev_interrupt(net_rxq(x->net));
	KUNIT_EXPECT_TRUE(x->net->test, net_wait(x->net->kept));
	net_expect(x->net, 900, seq);
	KUNIT_EXPECT_EQ(x->net->test, x->seen.packets, seen + x->attached);
}

/* The device can be told: no reset, the offloads off and on again. */
static void xdp_attach_told_offloads(struct kunit *test)
{
	struct xdp_env *x = xdp_start(test, test->param_value, XDP_FEATURES);
	struct net_device *nd = x->net->nd;
	u64 resets = x->net->dev->resets, gso;
	unsigned int i;

	gso = x->net->dev->features & GSO_OFFLOADS;
	for (i = 0; i < 3; i++) {
		KUNIT_ASSERT_EQ(test, xdp_attach(x, x->prog), 0);
		KUNIT_EXPECT_EQ(test, xdp_refs(x->prog), 2);
		KUNIT_EXPECT_FALSE(test, nd->features & NETIF_F_GRO_HW);
		if (gso)
			KUNIT_EXPECT_EQ(test, xdp_told(x), BIT_ULL(VIRTIO_NET_F_GUEST_CSUM));
		xdp_works(x, i);
		/* Another in its place. */
		KUNIT_ASSERT_EQ(test, xdp_attach(x, x->spare), 0);
		KUNIT_EXPECT_EQ(test, xdp_refs(x->prog), 1);
		KUNIT_EXPECT_EQ(test, xdp_refs(x->spare), 2);
		xdp_works(x, 100 + i);
		KUNIT_ASSERT_EQ(test, xdp_attach(x, NULL), 0);
		KUNIT_EXPECT_EQ(test, xdp_refs(x->spare), 1);
		KUNIT_EXPECT_EQ(test, !!(nd->features & NETIF_F_GRO_HW), !!gso);
		if (gso)
			KUNIT_EXPECT_EQ(test, xdp_told(x),
					BIT_ULL(VIRTIO_NET_F_GUEST_CSUM) | gso);
		xdp_works(x, 200 + i);
	}
	KUNIT_EXPECT_EQ(test, x->net->dev->resets, resets);
}

/* It cannot: it is reset, and not asked for them; afterwards it is again. */
static void xdp_attach_negotiated(struct kunit *test)
{
	struct xdp_env *x = xdp_start(test, test->param_value, 0);
	struct net_device *nd = x->net->nd;
	u64 starts = x->net->dev->driver_oks, gso;
	unsigned int i;

	gso = x->net->dev->features & GSO_OFFLOADS;
	for (i = 0; i < 2; i++) {
		KUNIT_ASSERT_EQ(test, xdp_attach(x, x->prog), 0);
		KUNIT_EXPECT_EQ(test, x->net->dev->acked & GSO_OFFLOADS, 0);
		KUNIT_EXPECT_TRUE(test, x->net->dev->acked & BIT_ULL(VIRTIO_NET_F_GUEST_CSUM));
		KUNIT_EXPECT_FALSE(test, nd->features & NETIF_F_GRO_HW);
		net_settle(x->net);
		xdp_works(x, i);
		KUNIT_ASSERT_EQ(test, xdp_attach(x, NULL), 0);
		KUNIT_EXPECT_EQ(test, x->net->dev->acked & GSO_OFFLOADS, gso);
		KUNIT_EXPECT_EQ(test, !!(nd->features & NETIF_F_GRO_HW), !!gso);
		xdp_works(x, 100 + i);
	}
	KUNIT_EXPECT_EQ(test, x->net->dev->driver_oks - starts, gso ? 4 : 0);
}

/* A device that will not switch its offloads off gets no program. */
static void xdp_attach_refused(struct kunit *test)
{
	struct xdp_env *x = xdp_start(test, test->param_value, XDP_FEATURES);
	struct netlink_ext_ack extack = { };

	if (!(x->net->dev->features & GSO_OFFLOADS))
		kunit_skip(test, "nothing to switch off");
	x->net->dev->ctrl->class_answer[VIRTIO_NET_CTRL_GUEST_OFFLOADS] = MEMDEV_NAK;
	KUNIT_EXPECT_LT(test, xdp_attach_told(x, x->prog, &extack), 0);
	KUNIT_EXPECT_NOT_NULL(test, extack._msg);
	KUNIT_EXPECT_EQ(test, xdp_refs(x->prog), 1);
	KUNIT_EXPECT_TRUE(test, x->net->nd->features & NETIF_F_GRO_HW);
	xdp_works(x, 1);
	x->net->dev->ctrl->class_answer[VIRTIO_NET_CTRL_GUEST_OFFLOADS] = MEMDEV_OK;
	KUNIT_EXPECT_EQ(test, xdp_attach(x, x->prog), 0);
	xdp_works(x, 2);
	/* Nor does its refusing to switch them on again keep the program. */
	x->net->dev->ctrl->class_answer[VIRTIO_NET_CTRL_GUEST_OFFLOADS] = MEMDEV_NAK;
	KUNIT_EXPECT_EQ(test, xdp_attach(x, NULL), 0);
	KUNIT_EXPECT_FALSE(test, x->net->nd->features & NETIF_F_GRO_HW);
	xdp_works(x, 3);
}

static int xdp_set_mtu(struct xdp_env *x, int mtu)
{
	int err;

	rtnl_lock();
	err = dev_set_mtu(x->net->nd, mtu);
	rtnl_unlock();
	return err;
}

/* MTU and program have to fit each other, whichever comes first. */
static void xdp_attach_mtu(struct kunit *test)
{
	struct xdp_env *x = xdp_start(test, test->param_value, XDP_FEATURES);
	struct netlink_ext_ack extack = { };
	int first = PAGE_SIZE - XDP_PACKET_HEADROOM - ETH_HLEN - VLAN_HLEN -
		    SKB_DATA_ALIGN(sizeof(struct skb_shared_info)) -
		    memdev_hdr_len(x->net->dev);

	KUNIT_ASSERT_EQ(test, xdp_set_mtu(x, first + 1), 0);
	KUNIT_EXPECT_EQ(test, xdp_attach_told(x, x->spare, &extack), -EINVAL);
	KUNIT_EXPECT_NOT_NULL(test, extack._msg);
	KUNIT_EXPECT_EQ(test, xdp_attach(x, x->prog), 0);
	KUNIT_EXPECT_EQ(test, xdp_attach(x, x->spare), -EINVAL);
	xdp_works(x, 1);
	KUNIT_EXPECT_EQ(test, xdp_set_mtu(x, first), 0);
	KUNIT_EXPECT_EQ(test, xdp_attach(x, x->spare), 0);
	xdp_works(x, 2);
	KUNIT_EXPECT_EQ(test, xdp_set_mtu(x, first + 1), -EINVAL);
	KUNIT_EXPECT_EQ(test, xdp_attach(x, x->prog), 0);
	KUNIT_EXPECT_EQ(test, xdp_set_mtu(x, 9000), 0);
	xdp_works(x, 3);
	if (x->net->param->mode == NET_MERGEABLE)
		KUNIT_EXPECT_EQ(test, xdp_set_mtu(x, 65535), -EINVAL);
	KUNIT_EXPECT_EQ(test, xdp_attach(x, NULL), 0);
	KUNIT_EXPECT_EQ(test, xdp_set_mtu(x, 65535), 0);
}

/* Down, up, and through a reset: the program is a setting like others. */
static void xdp_attach_lives(struct kunit *test)
{
	struct xdp_env *x = xdp_start(test, test->param_value, XDP_FEATURES);
	struct virtnet_info *vi = netdev_priv(x->net->nd);

	net_close(x->net);
	KUNIT_ASSERT_EQ(test, xdp_attach(x, x->prog), 0);
	KUNIT_ASSERT_EQ(test, net_open(x->net), 0);
	xdp_works(x, 1);
	memdev_set_status_bit(x->net->dev, VIRTIO_CONFIG_S_NEEDS_RESET);
	KUNIT_EXPECT_TRUE(test, net_wait_for(atomic_long_read(&vi->recovery.steps[VIRTNET_STEP_DEVICE]), 3));
	KUNIT_EXPECT_TRUE(test, net_wait(netif_carrier_ok(x->net->nd)));
	net_settle(x->net);
	xdp_works(x, 2);
	net_close(x->net);
	KUNIT_ASSERT_EQ(test, net_open(x->net), 0);
	xdp_works(x, 3);
	net_close(x->net);
	KUNIT_ASSERT_EQ(test, xdp_attach(x, NULL), 0);
	KUNIT_ASSERT_EQ(test, net_open(x->net), 0);
	xdp_works(x, 4);
}

static int xdp_gso(struct xdp_env *x, enum pkt_kind kind, u8 type, u32 payload)
{
	struct virtio_device *vdev = &x->net->dev->vdev;
	struct memdev_rx rx = { .data = x->net->buf };
	struct virtio_net_hdr_v1 *h = &rx.hdr.hdr;

	rx.len = pkt_build(x->net->buf, kind, payload);
	h->flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
	h->csum_start = cpu_to_virtio16(vdev, pkt_l4(kind));
	h->csum_offset = cpu_to_virtio16(vdev, pkt_csum_off(kind));
	h->gso_type = type;
	h->gso_size = cpu_to_virtio16(vdev, 1000);
	h->hdr_len = cpu_to_virtio16(vdev, pkt_hdrs(kind));
	return memdev_rx(x->net->dev, 0, &rx);
}

/* What was in the ring already: the program sees the packets it stands for. */
static void xdp_attach_gso(struct kunit *test)
{
	struct xdp_env *x = xdp_start(test, test->param_value, XDP_FEATURES);
	u64 bytes = net_stat(x->net, "rx", "bytes");

	if (!(x->net->dev->features & GSO_OFFLOADS))
		kunit_skip(test, "no large packets in this mode");
	x->plan.verdict = XDP_DROP;
	KUNIT_ASSERT_GT(test, xdp_gso(x, PKT_TCP4, VIRTIO_NET_HDR_GSO_TCPV4, 20000), 0);
	KUNIT_ASSERT_GT(test, xdp_gso(x, PKT_TCP6, VIRTIO_NET_HDR_GSO_TCPV6, 20000), 0);
	KUNIT_ASSERT_GT(test, xdp_gso(x, PKT_UDP4, VIRTIO_NET_HDR_GSO_UDP_L4, 20000), 0);
	KUNIT_ASSERT_GT(test, net_rx(x->net, 700, 1, 0), 0);
	KUNIT_ASSERT_EQ(test, xdp_attach(x, x->prog), 0);
	KUNIT_EXPECT_TRUE_MSG(test, net_wait(x->seen.packets == 61), "%u", x->seen.packets);
	net_settle(x->net);
	KUNIT_EXPECT_EQ(test, xdp_stat(x, "xdp_slow"), 61);
	KUNIT_EXPECT_EQ(test, net_stat(x->net, "rx", "drops"), 0);
	KUNIT_EXPECT_EQ(test, net_stat(x->net, "rx", "bytes") - bytes,
			20 * (3000 + pkt_hdrs(PKT_TCP4) + pkt_hdrs(PKT_TCP6) +
			      pkt_hdrs(PKT_UDP4)) + 700);
	KUNIT_EXPECT_EQ(test, x->net->packets, 0);
}

/* Buffers of before have no headroom; the ring is new once it went around. */
static void xdp_attach_ring(struct kunit *test)
{
	struct xdp_env *x = xdp_start(test, test->param_value, XDP_FEATURES);
	unsigned int i;
	u64 slow;

	KUNIT_ASSERT_EQ(test, xdp_attach(x, x->prog), 0);
	for (i = 0; i < 20; i++)
		xdp_works(x, i);
	slow = xdp_stat(x, "xdp_slow");
	KUNIT_EXPECT_GT(test, slow, 0);
	x->plan.verdict = XDP_DROP;
	for (i = 0; i < 8; i++)
		xdp_rx_burst(x, 60, i, 32);
	KUNIT_EXPECT_LE(test, xdp_stat(x, "xdp_slow"), 256);
	slow = xdp_stat(x, "xdp_slow");
	xdp_rx_burst(x, 60, i, 32);
	KUNIT_EXPECT_EQ(test, xdp_stat(x, "xdp_slow"), slow);
	/* And back: what is left of the program's buffers is used as it is. */
	x->plan.verdict = XDP_PASS;
	KUNIT_ASSERT_EQ(test, xdp_attach(x, NULL), 0);
	for (i = 0; i < 40; i++)
		xdp_works(x, i);
}

static struct kunit_case xdp_attach_cases[] = {
	KUNIT_CASE_PARAM(xdp_attach_told_offloads, net_gen_modes),
	KUNIT_CASE_PARAM(xdp_attach_negotiated, net_gen_modes),
	KUNIT_CASE_PARAM(xdp_attach_refused, net_gen_modes),
	KUNIT_CASE_PARAM(xdp_attach_mtu, net_gen_modes),
	KUNIT_CASE_PARAM(xdp_attach_lives, net_gen_modes),
	KUNIT_CASE_PARAM(xdp_attach_gso, net_gen_modes),
	KUNIT_CASE_PARAM(xdp_attach_ring, net_gen_modes),
	{}
};

static struct kunit_suite xdp_attach_suite = {
	.name = "virtnet_xdp_attach",
	.test_cases = xdp_attach_cases,
};
kunit_test_suite(xdp_attach_suite);
