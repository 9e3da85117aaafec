// SPDX-License-Identifier: GPL-2.0
/*
 * Uses everything that include/compat supplies, the way newer kernels want it
 * used, so that each kernel's version of it is compiled, and looked at by
 * sparse, before the driver needs it. Never run.
 */
#include <compat/compat.h>

static int use_features(struct virtio_device *vdev)
{
	u64 want[VIRTIO_FEATURES_U64S];
	u64 have[VIRTIO_FEATURES_U64S];

	virtio_features_from_u64(want, VIRTIO_BIT(VIRTIO_NET_F_CSUM));
	virtio_features_set_bit(want, VIRTIO_NET_F_HOST_UDP_TUNNEL_GSO);
	virtio_features_clear_bit(want, VIRTIO_NET_F_MRG_RXBUF);
	virtio_get_features(vdev, have);
	virtio_features_andnot(want, want, have);
	compat_driver_features(vdev, have);
	virtio_config_driver_disable(vdev);
	virtio_config_driver_enable(vdev);
	return virtio_features_test_bit(want, 3) || virtio_features_equal(want, have) ||
	       compat_has_feature(vdev, VIRTIO_NET_F_GUEST_UDP_TUNNEL_GSO);
}

static int use_virtqueues(struct virtio_device *vdev, struct virtqueue *vq,
			  struct scatterlist *sg)
{
	struct virtqueue_info info[] = { { .name = "vq", .ctx = true } };
	int err = virtio_find_vqs(vdev, 1, &vq, info, NULL);

	err |= virtqueue_reset(vq, NULL, NULL);
	err |= virtqueue_resize(vq, 2, NULL, NULL);
	err |= compat_vq_set_premapped(vq);
	err |= virtqueue_add_inbuf_premapped(vq, sg, 1, sg, NULL, GFP_ATOMIC);
	err |= virtqueue_add_outbuf_premapped(vq, sg, 1, sg, GFP_ATOMIC);
	return virtqueue_dma_dev(vq) ? err : -EINVAL;
}

static dma_addr_t use_mapping(struct virtqueue *vq, struct page *page)
{
	dma_addr_t addr = virtqueue_map_page_attrs(vq, page, 0, 64, DMA_FROM_DEVICE, 0);

	if (virtqueue_map_mapping_error(vq, addr))
		return 0;
	if (virtqueue_map_need_sync(vq, addr)) {
		virtqueue_map_sync_single_range_for_cpu(vq, addr, 0, 64, DMA_FROM_DEVICE);
		virtqueue_map_sync_single_range_for_device(vq, addr, 0, 64, DMA_FROM_DEVICE);
	}
	virtqueue_unmap_page_attrs(vq, addr, 64, DMA_FROM_DEVICE, 0);
	addr = virtqueue_map_single_attrs(vq, page_address(page), 64, DMA_TO_DEVICE, 0);
	virtqueue_unmap_single_attrs(vq, addr, 64, DMA_TO_DEVICE, 0);
	return addr;
}

static struct page *use_page_pool(struct net_device *dev, struct napi_struct *napi)
{
	struct page_pool_params params = {
		.pool_size = 256, .nid = NUMA_NO_NODE, .napi = napi, .netdev = dev,
		.queue_idx = 1, .dma_dir = DMA_FROM_DEVICE, .flags = VIRTNET_PP_FLAG_FRAG,
	};
	struct page_pool *pool = page_pool_create(&params);
	struct page_pool_stats stats = { };
	unsigned int offset, size = 512;
	struct page *page;

	page_pool_put_full_page(pool, page_pool_alloc_pages(pool, GFP_ATOMIC), false);
	page_pool_recycle_direct(pool, page_pool_dev_alloc_pages(pool));
	page = page_pool_dev_alloc_frag(pool, &offset, 2048);
	page_pool_free_va(pool, page_pool_dev_alloc_va(pool, &size), true);
	page = page_pool_dev_alloc(pool, &offset, &size) ?: page;
	if (page_pool_stats_kept())
		page_pool_get_stats(pool, &stats);
	page_pool_disable_direct_recycling(pool);
	return page_pool_get_dma_addr(page) ? page : NULL;
}

static int use_headers(struct sk_buff *skb, struct virtio_net_hdr_v1_hash_tunnel *tnl)
{
	struct virtio_net_hdr hdr;
	int err;

	err = virtio_net_hdr_from_skb(skb, &hdr, true, false, 0);
	__virtio_net_set_hdrlen(skb, &hdr, true);
	err |= virtio_net_hdr_to_skb(skb, &hdr, true);
	err |= virtio_net_hdr_tnl_from_skb(skb, tnl, false, true, 0, false, true);
	err |= virtio_net_hdr_tnl_to_skb(skb, tnl, false, false, true);
	err |= virtio_net_handle_csum_offload(skb, &hdr, false);
	return err | virtio_net_hash_value(&tnl->hash_hdr);
}

static int use_poll(struct napi_struct *napi, int budget)
{
	return 0;
}

static void use_netdev(struct net_device *dev, struct napi_struct *napi, skb_frag_t *frag)
{
	static const struct netdev_stat_ops stat_ops;
	struct netdev_queue *txq = netdev_get_tx_queue(dev, 0);

	compat_set_stat_ops(dev, &stat_ops);
	netif_napi_add_config(dev, napi, use_poll, 0);
	netif_napi_set_irq(napi, 1);
	netif_queue_set_napi(dev, 0, NETDEV_QUEUE_TYPE_RX, napi);
	if (netif_txq_maybe_stop(txq, 1, 2, 3) >= 0)
		netif_txq_completed_wake(txq, 1, 2, 3, 4);
	netdev_tx_reset_subqueue(dev, 0);
	netdev_lock_ops(dev);
	netdev_unlock_ops(dev);
	skb_frag_fill_page_desc(frag, NULL, 0, 0);
}

static bool use_xdp(struct net_device *dev, struct sk_buff *skb, struct xdp_buff *xdp)
{
	static const struct xdp_metadata_ops metadata_ops;

	compat_init_xdp_features(dev, NETDEV_XDP_ACT_BASIC | NETDEV_XDP_ACT_RX_SG);
	compat_set_xdp_metadata_ops(dev, &metadata_ops);
	compat_set_xdp_zc_max_segs(dev, 4);
	xdp_set_features_flag(dev, NETDEV_XDP_ACT_BASIC);
	xdp_set_features_flag_locked(dev, NETDEV_XDP_ACT_BASIC);
	xdp_features_set_redirect_target(dev, true);
	xdp_features_clear_redirect_target(dev);
	xdp_update_skb_frags_info(skb, 1, 2, 3, xdp_buff_get_skb_flags(xdp));
	xsk_buff_dma_sync_for_cpu(xdp);
	return xsk_buff_add_frag(xdp, xsk_buff_get_frag(xdp)) && xsk_is_eop_desc(NULL);
}

static int use_get_rxfh(struct net_device *dev, struct ethtool_rxfh_param *rxfh)
{
	rxfh->hfunc = ETH_RSS_HASH_TOP;
	return 0;
}

static int use_set_rxfh(struct net_device *dev, struct ethtool_rxfh_param *rxfh,
			struct netlink_ext_ack *extack)
{
	NL_SET_ERR_MSG_MOD(extack, "no");
	return -EOPNOTSUPP;
}

static int use_get_fields(struct net_device *dev, struct ethtool_rxfh_fields *fields)
{
	fields->data = RXH_IP_SRC;
	return 0;
}

static int use_set_fields(struct net_device *dev, const struct ethtool_rxfh_fields *fields,
			  struct netlink_ext_ack *extack)
{
	return -EOPNOTSUPP;
}

static u32 use_rings(struct net_device *dev)
{
	return 1;
}

static int use_get_ts_info(struct net_device *dev, struct kernel_ethtool_ts_info *info)
{
	return ethtool_op_get_ts_info(dev, info);
}

VIRTNET_RXFH(use_get_rxfh, use_set_rxfh, use_get_fields, use_set_fields, use_rings)

static const struct ethtool_ops use_ethtool_ops = {
	.get_ts_info = use_get_ts_info,
	VIRTNET_RXFH_OPS(use_get_rxfh, use_set_rxfh, use_get_fields, use_set_fields, use_rings)
};

static enum hrtimer_restart use_hrtimer(struct hrtimer *timer)
{
	return HRTIMER_NORESTART;
}

struct use_timers {
	struct timer_list timer;
	struct hrtimer hrtimer;
};

static int *use_kernel(struct use_timers *use, struct timer_list *t, struct dim *dim)
{
	struct use_timers *same = timer_container_of(same, t, timer);
	struct dim_sample sample = { };
	u8 text[ETH_GSTRING_LEN];
	int *p = kmalloc_obj(*p);
	u8 *end = text;

	ethtool_puts(&end, "name");
	hrtimer_setup(&use->hrtimer, use_hrtimer, CLOCK_MONOTONIC, HRTIMER_MODE_REL);
	timer_delete(&same->timer);
	timer_delete_sync(&use->timer);
	timer_shutdown_sync(&use->timer);
	net_dim(dim, &sample);
	kfree(p);
	return kzalloc_objs(*p, 3, GFP_ATOMIC);
}

static int use_device_call(struct virtio_device *vdev)
{
	return 0;
}

static void use_shutdown(struct virtio_device *vdev)
{
}

static struct virtio_driver use_driver __maybe_unused = {
	VIRTNET_DRIVER_FREEZE(use_device_call, use_device_call)
	VIRTNET_DRIVER_RESET(use_device_call, use_device_call)
	VIRTNET_DRIVER_SHUTDOWN(use_shutdown)
};

/* For the compiler: all of the above is wanted. */
static const void *const used[] __used = {
	use_features, use_virtqueues, use_mapping, use_page_pool, use_headers, use_netdev,
	use_xdp, use_kernel, use_device_call, use_shutdown, &use_ethtool_ops,
};

MODULE_IMPORT_NS("NETDEV_INTERNAL");
MODULE_DESCRIPTION("uses of include/compat");
MODULE_LICENSE("GPL");
