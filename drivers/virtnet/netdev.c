// SPDX-License-Identifier: GPL-2.0
/* net_device_ops. */
#include <virtnet/tx.h>
#include <virtnet/virtnet.h>
#include <virtnet/xdp.h>
#include <virtnet/xsk.h>

#include <linux/etherdevice.h>

#define VIRTNET_WATCHDOG	(5 * HZ)

static int virtnet_open(struct net_device *dev)
{
	struct virtnet_info *vi = netdev_priv(dev);

	virtnet_recovery_forgive(vi);
	return virtnet_up(vi);
}

static int virtnet_close(struct net_device *dev)
{
	virtnet_down(netdev_priv(dev));
	return 0;
}

static int virtnet_change_mtu(struct net_device *dev, int mtu)
{
	struct virtnet_info *vi = netdev_priv(dev);
	struct virtnet_settings *want = virtnet_settings_edit(vi);
	int err;

	if (!want)
		return -ENOMEM;
	want->mtu = mtu;
	err = virtnet_settings_commit(vi, want, NULL);
	if (!err)
		WRITE_ONCE(dev->mtu, mtu);
	return err;
}

static void virtnet_tx_timeout(struct net_device *dev, unsigned int txqueue)
{
	struct virtnet_info *vi = netdev_priv(dev);

	atomic_long_inc(&vi->stats[txqueue].tx.timeouts);
	netdev_err(dev, "transmit queue %u timed out\n", txqueue);
	virtnet_report_queue(vi, VIRTNET_FAULT_TX_TIMEOUT,
			     txq2vq(txqueue));
}

const struct net_device_ops virtnet_netdev_ops = {
	.ndo_open = virtnet_open,
	.ndo_stop = virtnet_close,
	.ndo_start_xmit = virtnet_start_xmit,
	.ndo_validate_addr = eth_validate_addr,
	.ndo_set_mac_address = virtnet_set_mac_address,
	.ndo_set_rx_mode = virtnet_set_rx_mode,
	.ndo_vlan_rx_add_vid = virtnet_vlan_rx_add_vid,
	.ndo_vlan_rx_kill_vid = virtnet_vlan_rx_kill_vid,
	.ndo_fix_features = virtnet_fix_features,
	.ndo_set_features = virtnet_set_features,
	.ndo_change_mtu = virtnet_change_mtu,
	.ndo_get_stats64 = virtnet_get_stats64,
	.ndo_bpf = virtnet_bpf,
	.ndo_xdp_xmit = virtnet_xdp_xmit,
	.ndo_xsk_wakeup = virtnet_xsk_wakeup,
	.ndo_features_check = passthru_features_check,
	.ndo_tx_timeout = virtnet_tx_timeout,
	.ndo_get_phys_port_name = virtnet_get_phys_port_name,
};

/*
 * Byte queue limits may settle below one full GSO packet. Such packets then leave one
 * or two at a time, each with interrupts of its own (five times as many on 6.1, see
 * Documentation/performance.rst). The user may set byte_queue_limits/limit_min as anywhere.
 */
static void virtnet_init_bql(struct net_device *dev)
{
	unsigned int i;

	for (i = 0; i < dev->num_tx_queues; i++)
		netdev_queue_set_dql_min_limit(netdev_get_tx_queue(dev, i),
					       VIRTNET_FRAME_MAX);
}

/**
 * virtnet_netdev_init() - what the net device is before it is registered
 * @vi: the interface, caps read
 */
void virtnet_netdev_init(struct virtnet_info *vi)
{
	struct net_device *dev = vi->dev;

	dev->netdev_ops = &virtnet_netdev_ops;
	dev->ethtool_ops = &virtnet_ethtool_ops;
	compat_set_stat_ops(dev, &virtnet_stat_ops);
	dev->watchdog_timeo = VIRTNET_WATCHDOG;
	dev->priv_flags |= IFF_LIVE_ADDR_CHANGE | IFF_TX_SKB_NO_LINEAR;
	if (vi->caps.ctrl_rx)
		dev->priv_flags |= IFF_UNICAST_FLT;
	dev->needed_headroom = vi->caps.hdr_len;
	dev->min_mtu = ETH_MIN_MTU;
	dev->max_mtu = vi->caps.mtu ? vi->caps.mtu : ETH_MAX_MTU;
	virtnet_init_features(vi);
	virtnet_init_bql(dev);
	virtnet_xdp_init(vi);
}
