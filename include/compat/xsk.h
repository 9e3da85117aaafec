/* SPDX-License-Identifier: GPL-2.0 */
/* AF_XDP. */
#ifndef _COMPAT_XSK_H
#define _COMPAT_XSK_H

#include <linux/netdevice.h>
#include <net/xdp.h>
#include <net/xdp_sock_drv.h>

/* Which NAPI a socket is to poll; newer kernels know from netif_queue_set_napi(). */
static inline void compat_xdp_rxq_set_napi(struct xdp_rxq_info *rxq, struct napi_struct *napi)
{
#ifdef HAVE_XSK_POOL_GET_NAPI_ID
	rxq->napi_id = napi->napi_id;
#endif
}

/* A buffer knows its pool; an older kernel wants to be told. */
#ifndef HAVE_XSK_SYNC_WITHOUT_POOL
static inline void compat_xsk_buff_dma_sync_for_cpu(struct xdp_buff *xdp)
{
	xsk_buff_dma_sync_for_cpu(xdp, container_of(xdp, struct xdp_buff_xsk, xdp)->pool);
}

#define xsk_buff_dma_sync_for_cpu compat_xsk_buff_dma_sync_for_cpu
#endif

/* Set in the flags of the memory of a socket that takes packets of several buffers. */
#ifdef HAVE_XSK_MULTI_BUFFER
#define COMPAT_XDP_UMEM_SG XDP_UMEM_SG_FLAG
#else
#define COMPAT_XDP_UMEM_SG 0
#endif

/*
 * Packets of several buffers: a further buffer is added to the first. False where there is no
 * room for it, or where the kernel knows only one buffer; the caller drops the packet.
 */
#ifdef HAVE_XSK_MULTI_BUFFER

#ifndef HAVE_XSK_BUFF_ADD_FRAG_HEAD
static inline bool compat_xsk_buff_add_frag(struct xdp_buff *head, struct xdp_buff *xdp)
{
	struct skb_shared_info *sinfo = xdp_get_shared_info_from_buff(head);
	struct xsk_buff_pool *pool = container_of(xdp, struct xdp_buff_xsk, xdp)->pool;
	u64 at = xdp->data - pool->addrs;
	unsigned int size = xdp->data_end - xdp->data;

	if (!xdp_buff_has_frags(head)) {
		sinfo->nr_frags = 0;
		sinfo->xdp_frags_size = 0;
		xdp_buff_set_frags_flag(head);
	} else if (unlikely(sinfo->nr_frags == MAX_SKB_FRAGS)) {
		return false;
	}
	__skb_fill_page_desc_noacc(sinfo, sinfo->nr_frags++, pool->umem->pgs[at >> PAGE_SHIFT],
				   offset_in_page(at), size);
	sinfo->xdp_frags_size += size;
	xsk_buff_add_frag(xdp);
	return true;
}

#define xsk_buff_add_frag compat_xsk_buff_add_frag
#endif

/* Tells before registration how many buffers a packet may have; 1 without fragments. */
static inline void compat_set_xdp_zc_max_segs(struct net_device *dev, unsigned int segs)
{
	dev->xdp_zc_max_segs = segs;
}

#else

static inline bool xsk_buff_add_frag(struct xdp_buff *head, struct xdp_buff *xdp)
{
	return false;
}

static inline struct xdp_buff *xsk_buff_get_frag(const struct xdp_buff *first)
{
	return NULL;
}

static inline bool xsk_is_eop_desc(const struct xdp_desc *desc)
{
	return true;
}

static inline void compat_set_xdp_zc_max_segs(struct net_device *dev, unsigned int segs)
{
}

#endif

#endif
