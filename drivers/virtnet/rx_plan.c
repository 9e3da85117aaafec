// SPDX-License-Identifier: GPL-2.0
/* What receive buffers look like: which of the three modes, how large, how many. */
#include <virtnet/rx.h>
#include <virtnet/virtnet.h>

/* Most memory that the chains of one big-mode queue may hold. */
#define VIRTNET_BIG_MEM		(4608 * 1024)
/* A mergeable buffer while packets are small: two to a page. */
#define VIRTNET_MERGEABLE_SIZE	2048
/*
 * The same while all packets are copied: five to two pages. Nothing is built in it, so that
 * a standard frame with two VLAN tags and its vnet header still take but one.
 */
#define VIRTNET_LEAN_SIZE	1600

/* Largest frame that fits a small-mode buffer of half a page. */
static u32 virtnet_frame_size(u32 mtu)
{
	return ETH_HLEN + VLAN_HLEN + max_t(u32, mtu, ETH_DATA_LEN);
}

static void virtnet_plan_small(struct virtnet_rx_plan *plan, u32 room)
{
	plan->mode = VIRTNET_RX_SMALL;
	plan->buf_size = SKB_DATA_ALIGN(plan->headroom + room) +
			 VIRTNET_RX_TAILROOM;
	/* A program may make the packet longer. */
	if (plan->headroom == XDP_PACKET_HEADROOM)
		plan->buf_size = PAGE_SIZE;
	plan->pages = 1;
}

static void virtnet_plan_big(struct virtnet_rx_plan *plan, u32 room)
{
	u32 first = PAGE_SIZE - plan->headroom - VIRTNET_RX_TAILROOM;
	u32 depth;

	plan->mode = VIRTNET_RX_BIG;
	plan->buf_size = PAGE_SIZE;
	plan->pages = 1;
	if (room > first)
		plan->pages += DIV_ROUND_UP(room - first, PAGE_SIZE);
	depth = VIRTNET_BIG_MEM / (plan->pages * PAGE_SIZE);
	plan->depth = min_t(u32, plan->depth, depth);
}

/**
 * virtnet_rx_plan() - how receive buffers must look for these settings
 * @plan: filled in
 * @caps: what the device offered
 * @s: what the user asked for
 *
 * Mergeable where the device can; otherwise big if a packet can exceed the
 * standard frame, else small (virtio 1.3, 5.1.6.3.1).
 */
void virtnet_rx_plan(struct virtnet_rx_plan *plan,
		     const struct virtnet_caps *caps,
		     const struct virtnet_settings *s)
{
	bool gso = virtnet_gso_possible(caps, s);
	u32 frame = gso ? VIRTNET_FRAME_MAX : virtnet_frame_size(s->mtu);

	/* What is not copied is no shorter than what virtnet_mergeable_hang() cuts off it. */
	BUILD_BUG_ON(VIRTNET_COPYBREAK * VIRTNET_COPY_PART > VIRTNET_LEAN_SIZE);
	memset(plan, 0, sizeof(*plan));
	plan->headroom = s->xdp_prog ? XDP_PACKET_HEADROOM :
				       NET_SKB_PAD + NET_IP_ALIGN;
	plan->depth = virtnet_rx_depth(s);
	if (caps->mrg_rxbuf) {
		plan->mode = VIRTNET_RX_MERGEABLE;
		plan->buf_size = s->xdp_prog ? PAGE_SIZE :
					       VIRTNET_MERGEABLE_SIZE;
		plan->bulk_size = s->xdp_prog ? 0 : VIRTNET_BULK_SIZE;
		plan->lean_size = s->xdp_prog ? 0 : VIRTNET_LEAN_SIZE;
		plan->pages = 1;
	} else if (gso || s->mtu > ETH_DATA_LEN) {
		virtnet_plan_big(plan, caps->hdr_len + frame);
	} else {
		virtnet_plan_small(plan, caps->hdr_len + frame);
	}
}
