// SPDX-License-Identifier: GPL-2.0
/* ethtool operations: thin, they edit settings or read state. */
#include <virtnet/diag.h>
#include <virtnet/rx.h>
#include <virtnet/rx_list.h>
#include <virtnet/virtnet.h>

#include <linux/ethtool.h>
#include <linux/virtio_config.h>
#include <linux/virtio_net.h>

static void virtnet_get_drvinfo(struct net_device *dev,
				struct ethtool_drvinfo *info)
{
	struct virtnet_info *vi = netdev_priv(dev);

	strscpy(info->driver, VIRTNET_DRIVER_NAME, sizeof(info->driver));
	strscpy(info->version, VIRTNET_VERSION, sizeof(info->version));
	strscpy(info->bus_info, dev_name(vi->vdev->dev.parent),
		sizeof(info->bus_info));
}

static int virtnet_get_sset_count(struct net_device *dev, int sset)
{
	switch (sset) {
	case ETH_SS_STATS:
		return virtnet_stats_count(netdev_priv(dev));
	case ETH_SS_TEST:
		return VIRTNET_SELF_TESTS;
	case ETH_SS_PRIV_FLAGS:
		return virtnet_priv_flags_count();
	default:
		return -EOPNOTSUPP;
	}
}

static void virtnet_get_strings(struct net_device *dev, u32 sset, u8 *data)
{
	if (sset == ETH_SS_TEST)
		virtnet_self_test_strings(data);
	else if (sset == ETH_SS_STATS)
		virtnet_stats_strings(netdev_priv(dev), data);
	else if (sset == ETH_SS_PRIV_FLAGS)
		virtnet_priv_flags_strings(data);
}

static void virtnet_get_ethtool_stats(struct net_device *dev,
				      struct ethtool_stats *stats, u64 *data)
{
	virtnet_stats_values(netdev_priv(dev), data);
}

static void virtnet_get_ringparam(struct net_device *dev,
				  struct ethtool_ringparam *ring,
				  struct kernel_ethtool_ringparam *kring,
				  struct netlink_ext_ack *extack)
{
	struct virtnet_info *vi = netdev_priv(dev);

	ring->rx_max_pending = vi->caps.rx_ring_max;
	ring->tx_max_pending = vi->caps.tx_ring_max;
	ring->rx_pending = vi->settings.rx_ring;
	ring->tx_pending = vi->settings.tx_ring;
}

static int virtnet_set_ringparam(struct net_device *dev,
				 struct ethtool_ringparam *ring,
				 struct kernel_ethtool_ringparam *kring,
				 struct netlink_ext_ack *extack)
{
	struct virtnet_info *vi = netdev_priv(dev);
	struct virtnet_settings *want = virtnet_settings_edit(vi);

	if (!want)
		return -ENOMEM;
	want->rx_ring = ring->rx_pending;
	want->tx_ring = ring->tx_pending;
	return virtnet_settings_commit(vi, want, extack);
}

static void virtnet_get_channels(struct net_device *dev,
				 struct ethtool_channels *channels)
{
	struct virtnet_info *vi = netdev_priv(dev);

	channels->max_combined = vi->caps.max_pairs;
	channels->combined_count = vi->settings.pairs;
}

static int virtnet_set_channels(struct net_device *dev,
				struct ethtool_channels *channels)
{
	struct virtnet_info *vi = netdev_priv(dev);
	struct virtnet_settings *want = virtnet_settings_edit(vi);

	if (!want)
		return -ENOMEM;
	want->pairs = channels->combined_count;
	return virtnet_settings_commit(vi, want, NULL);
}

/* What the device says of its link, where it does; else the user's word. */
static int virtnet_get_link_ksettings(struct net_device *dev,
				      struct ethtool_link_ksettings *cmd)
{
	struct virtnet_info *vi = netdev_priv(dev);
	u32 speed = vi->settings.speed;
	u8 duplex = vi->settings.duplex;

	if (vi->caps.speed_duplex) {
		virtio_cread_le(vi->vdev, struct virtio_net_config, speed,
				&speed);
		virtio_cread_le(vi->vdev, struct virtio_net_config, duplex,
				&duplex);
	}
	cmd->base.speed = ethtool_validate_speed(speed) ? speed :
							  SPEED_UNKNOWN;
	cmd->base.duplex = ethtool_validate_duplex(duplex) ? duplex :
							     DUPLEX_UNKNOWN;
	cmd->base.port = PORT_OTHER;
	return 0;
}

static int virtnet_set_link_ksettings(struct net_device *dev,
				      const struct ethtool_link_ksettings *cmd)
{
	struct virtnet_info *vi = netdev_priv(dev);
	struct virtnet_settings *want;
	int err;

	if (vi->caps.speed_duplex)
		return -EOPNOTSUPP;
	want = virtnet_settings_edit(vi);
	if (!want)
		return -ENOMEM;
	err = ethtool_virtdev_set_link_ksettings(dev, cmd, &want->speed,
						 &want->duplex);
	if (!err)
		return virtnet_settings_commit(vi, want, NULL);
	kvfree(want);
	return err;
}

static int virtnet_get_tunable(struct net_device *dev,
			       const struct ethtool_tunable *tuna, void *data)
{
	struct virtnet_info *vi = netdev_priv(dev);

	if (tuna->id != ETHTOOL_RX_COPYBREAK)
		return -EOPNOTSUPP;
	*(u32 *)data = vi->settings.copybreak;
	return 0;
}

/* Running queues take it over from the next packet on. */
static int virtnet_set_tunable(struct net_device *dev,
			       const struct ethtool_tunable *tuna,
			       const void *data)
{
	struct virtnet_info *vi = netdev_priv(dev);
	u32 bytes = *(const u32 *)data;
	unsigned int i;

	if (tuna->id != ETHTOOL_RX_COPYBREAK)
		return -EOPNOTSUPP;
	if (bytes > VIRTNET_COPYBREAK_MAX)
		return -EINVAL;
	vi->settings.copybreak = bytes;
	for (i = 0; vi->qs && i < vi->qs->pairs; i++)
		WRITE_ONCE(vi->qs->rq[i].copybreak, bytes);
	return 0;
}

VIRTNET_RXFH(virtnet_get_rxfh, virtnet_set_rxfh,
	     virtnet_get_rxfh_fields, virtnet_set_rxfh_fields,
	     virtnet_get_rx_ring_count)

const struct ethtool_ops virtnet_ethtool_ops = {
	.supported_coalesce_params = VIRTNET_COALESCE_PARAMS,
	.get_drvinfo = virtnet_get_drvinfo,
	.reset = virtnet_reset,
	.get_link = ethtool_op_get_link,
	.get_regs_len = virtnet_get_regs_len,
	.get_regs = virtnet_get_regs,
	.self_test = virtnet_self_test,
	.get_tunable = virtnet_get_tunable,
	.set_tunable = virtnet_set_tunable,
	.get_sset_count = virtnet_get_sset_count,
	.get_strings = virtnet_get_strings,
	.get_ethtool_stats = virtnet_get_ethtool_stats,
	.get_priv_flags = virtnet_get_priv_flags,
	.set_priv_flags = virtnet_set_priv_flags,
	.get_ringparam = virtnet_get_ringparam,
	.set_ringparam = virtnet_set_ringparam,
	.get_channels = virtnet_get_channels,
	.set_channels = virtnet_set_channels,
	.get_rxfh_key_size = virtnet_get_rxfh_key_size,
	.get_rxfh_indir_size = virtnet_get_rxfh_indir_size,
	VIRTNET_RXFH_OPS(virtnet_get_rxfh, virtnet_set_rxfh,
			 virtnet_get_rxfh_fields, virtnet_set_rxfh_fields,
			 virtnet_get_rx_ring_count)
	.get_coalesce = virtnet_get_coalesce,
	.set_coalesce = virtnet_set_coalesce,
	.get_per_queue_coalesce = virtnet_get_per_queue_coalesce,
	.set_per_queue_coalesce = virtnet_set_per_queue_coalesce,
	.get_ts_info = ethtool_op_get_ts_info,
	.get_link_ksettings = virtnet_get_link_ksettings,
	.set_link_ksettings = virtnet_set_link_ksettings,
};
