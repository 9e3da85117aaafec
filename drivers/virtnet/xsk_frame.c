// SPDX-License-Identifier: GPL-2.0
/*
 * Packets of an AF_XDP socket as frames that outlive the socket's memory: a
 * copy in pages of the kernel's. The kernel's own conversion takes what fits a
 * page, and of several buffers the first.
 */
#include <virtnet/virtnet.h>
#include <virtnet/xdp.h>
#include <virtnet/xsk.h>

/* Bytes of packet in the first page. */
#define VIRTNET_XSK_FRAME_ROOM \
	((u32)(PAGE_SIZE - XDP_PACKET_HEADROOM - VIRTNET_RX_TAILROOM))

/* Another page behind the packet. Return: false without memory. */
static bool virtnet_xsk_frame_page(struct xdp_buff *copy)
{
	struct skb_shared_info *sinfo = xdp_get_shared_info_from_buff(copy);
	struct page *page;

	if (!xdp_buff_has_frags(copy))
		virtnet_xdp_frags_init(copy);
	if (sinfo->nr_frags == MAX_SKB_FRAGS)
		return false;
	page = dev_alloc_page();
	if (page)
		virtnet_xdp_frag(copy, page, 0, 0);
	return page;
}

/* As much as goes into what there is. Return: how much that was. */
static u32 virtnet_xsk_frame_some(struct xdp_buff *copy, const void *from,
				  u32 len)
{
	struct skb_shared_info *sinfo = xdp_get_shared_info_from_buff(copy);
	u32 had = copy->data_end - copy->data;
	skb_frag_t *frag;

	if (!xdp_buff_has_frags(copy)) {
		len = min(len, VIRTNET_XSK_FRAME_ROOM - had);
		memcpy(copy->data_end, from, len);
		copy->data_end += len;
		return len;
	}
	frag = &sinfo->frags[sinfo->nr_frags - 1];
	had = skb_frag_size(frag);
	len = min_t(u32, len, PAGE_SIZE - had);
	memcpy(skb_frag_address(frag) + had, from, len);
	skb_frag_size_add(frag, len);
	sinfo->xdp_frags_size += len;
	return len;
}

static bool virtnet_xsk_frame_add(struct xdp_buff *copy, const void *from,
				  u32 len)
{
	u32 part;

	for (; len; from += part, len -= part) {
		part = virtnet_xsk_frame_some(copy, from, len);
		if (!part && !virtnet_xsk_frame_page(copy))
			return false;
	}
	return true;
}

static bool virtnet_xsk_frame_all(struct xdp_buff *copy, struct xdp_buff *xdp)
{
	const struct skb_shared_info *sinfo;
	const skb_frag_t *frag;
	bool ok;

	ok = virtnet_xsk_frame_add(copy, xdp->data, xdp->data_end - xdp->data);
	if (!xdp_buff_has_frags(xdp))
		return ok;
	sinfo = xdp_get_shared_info_from_buff(xdp);
	for (frag = sinfo->frags; ok && frag < sinfo->frags + sinfo->nr_frags;
	     frag++)
		ok = virtnet_xsk_frame_add(copy, skb_frag_address(frag),
					   skb_frag_size(frag));
	return ok;
}

/**
 * virtnet_xsk_frame() - a frame with a copy of a packet
 * @rq: a queue with a socket; NAPI context
 * @xdp: the packet; the socket's again if this works
 *
 * Return: the frame, or NULL without memory.
 */
struct xdp_frame *virtnet_xsk_frame(struct receive_queue *rq,
				    struct xdp_buff *xdp)
{
	struct xdp_rxq_info rxq = {
		.dev = rq->dev,
		.mem.type = MEM_TYPE_PAGE_ORDER0,
	};
	struct page *page = dev_alloc_page();
	struct xdp_frame *frame = NULL;
	struct xdp_buff copy;

	if (!page)
		return NULL;
	xdp_init_buff(&copy, PAGE_SIZE, &rxq);
	xdp_prepare_buff(&copy, page_address(page), XDP_PACKET_HEADROOM, 0,
			 false);
	if (virtnet_xsk_frame_all(&copy, xdp))
		frame = xdp_convert_buff_to_frame(&copy);
	if (frame)
		xsk_buff_free(xdp);
	else
		xdp_return_buff(&copy);
	return frame;
}
