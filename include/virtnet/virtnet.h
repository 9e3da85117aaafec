/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The interface, and who is who:
 *
 *   main.c      module, driver registration
 *   probe.c     probe, remove, config changes, suspend and resume
 *   caps.c      what the device offered: validated once
 *   settings.c  what the user asked for: checked, applied
 *   replay.c    telling the device of the settings, item by item:
 *   rxmode.c      rx mode, addresses, VLANs
 *   offload.c     receive offloads; net device features
 *   channels.c    queue pairs, their CPUs
 *   rss.c         receive hashing
 *   coalesce.c    interrupt moderation
 *   dim.c         the same, following the traffic
 *   ctrl.c      the control queue
 *   link.c      carrier, announcements
 *   device.c    the device's life: negotiate, virtqueues, run, quiesce
 *   queues.c    queue sets
 *   rx*.c       receive; one file per buffer mode
 *   vnet_hdr.c  the header gate
 *   tx.c        transmit
 *   xdp*.c      programs on received packets; see <virtnet/xdp.h>
 *   xsk*.c      AF_XDP sockets; see <virtnet/xsk.h>
 *   queue_reset.c resetting single queues
 *   recovery.c  reasons, and the work that mends
 *   health.c    what nobody reports
 *   standby.c   another NIC that takes over
 *   netdev.c    net_device_ops
 *   ethtool.c, stats.c
 *   devstats.c  statistics that the device keeps
 *   reply.c     what it answers to commands, judged
 *   qstats.c    statistics and NAPI of queues, for netdev-genl
 *   selftest.c  ethtool -t
 *   features.c  names of the feature bits
 *   regs.c      ethtool -d
 *   debugfs.c   the state of rings and NAPI
 *   trace.c     tracepoints
 */
#ifndef _VIRTNET_H
#define _VIRTNET_H

#include <compat/compat.h>

#include <linux/atomic.h>
#include <linux/netdevice.h>
#include <linux/ethtool.h>
#include <linux/notifier.h>
#include <linux/virtio.h>
#include <linux/workqueue.h>
#include <virtnet/caps.h>
#include <virtnet/channels.h>
#include <virtnet/coalesce.h>
#include <virtnet/ctrl.h>
#include <virtnet/devstats.h>
#include <virtnet/queues.h>
#include <virtnet/recovery.h>
#include <virtnet/replay.h>
#include <virtnet/rss.h>
#include <virtnet/rxmode.h>
#include <virtnet/settings.h>
#include <virtnet/stats.h>

#define VIRTNET_DRIVER_NAME "virtnet"
#define VIRTNET_VERSION "0.1.0"

struct failover;

/**
 * enum virtnet_state - what the device is doing for us
 * @VIRTNET_IDLE: reset, no virtqueues: it cannot touch memory
 * @VIRTNET_LIVE: virtqueues exist and are empty (between probe and first open)
 * @VIRTNET_RUNNING: buffers posted, NAPI on
 */
enum virtnet_state {
	VIRTNET_IDLE,
	VIRTNET_LIVE,
	VIRTNET_RUNNING,
};

/**
 * struct virtnet_announce - announcements the device asks for
 * @work: makes them
 * @last: jiffies of the last one
 * @ever: there was one
 * @done: how many were made
 * @limited: how many were put off, and perhaps became one
 */
struct virtnet_announce {
	struct delayed_work work;
	unsigned long last;
	bool ever;
	atomic_long_t done;
	atomic_long_t limited;
};

/**
 * struct virtnet_info - private part of the net device
 * @vdev: the virtio device
 * @dev: the net device
 * @qs: the running queue set; NULL unless @state is VIRTNET_RUNNING
 * @caps: what the device offered
 * @settings: what the user asked for, as applied; RTNL
 * @state: RTNL, or the only user during probe and remove
 * @stopping: no new recovery work is to be queued; set by remove
 * @stats: counters of each possible pair
 * @dma_dev: whom receive buffers are mapped for by us, NULL if not by us
 * @premapped: the rings take addresses from us, mapped or physical
 * @plain_hdr: a vnet header of zeroes, for the device to read
 * @vqs: virtqueues while not idle, 2 * caps.dev_pairs of them and, where
 *	there is one, the control queue
 * @vq_names: their names, kept for as long as the virtio core may print them
 * @config_work: reads a changed config space
 * @recovery: faults seen and what is done about them
 * @ctrl: the control queue
 * @replay_failed: bitmap of enum virtnet_replay_id that did not get through
 *	when the device was started last; RTNL
 * @replay_failures: all there ever were
 * @feat_cleared: caps.feat_cleared, as a counter
 * @rx_mode_work: takes over the addresses that the stack listens to
 * @announce: announcements
 * @spread_work: spreads the queues over CPUs after some came or went
 * @cpu_node: gets us told of that
 * @failover: the interface above, if we are a standby
 * @reboot: gets us told of the end
 * @devstats: statistics that the device keeps
 * @debugfs: this interface's directory, NULL or an error without debugfs
 */
struct virtnet_info {
	struct virtio_device *vdev;
	struct net_device *dev;
	struct virtnet_qset *qs;
	struct virtnet_caps caps;
	struct virtnet_settings settings;
	enum virtnet_state state;
	bool stopping;
	struct virtnet_pair_stats *stats;
	struct device *dma_dev;
	bool premapped;
	struct virtio_net_hdr_v1_hash_tunnel *plain_hdr;
	struct virtqueue **vqs;
	const char **vq_names;
	struct work_struct config_work;
	struct virtnet_recovery recovery;
	struct virtnet_ctrl ctrl;
	unsigned long replay_failed;
	atomic_long_t replay_failures;
	atomic_long_t feat_cleared;
	struct work_struct rx_mode_work;
	struct virtnet_announce announce;
	struct delayed_work spread_work;
	struct hlist_node cpu_node;
	struct failover *failover;
	struct notifier_block reboot;
	struct virtnet_devstats devstats;
	struct dentry *debugfs;
};

extern const struct net_device_ops virtnet_netdev_ops;
extern const struct ethtool_ops virtnet_ethtool_ops;
extern const struct netdev_stat_ops virtnet_stat_ops;

/* probe.c */
int virtnet_probe(struct virtio_device *vdev);
void virtnet_remove(struct virtio_device *vdev);
void virtnet_config_changed(struct virtio_device *vdev);
int virtnet_freeze(struct virtio_device *vdev);
int virtnet_restore(struct virtio_device *vdev);

/* device.c: RTNL held, or before registration */
bool virtnet_device_gone(struct virtio_device *vdev);
unsigned int virtnet_vqs_count(const struct virtnet_caps *caps);
int virtnet_device_start(struct virtnet_info *vi, bool negotiate);
void virtnet_device_stop(struct virtnet_info *vi);
int virtnet_run(struct virtnet_info *vi, struct virtnet_qset *qs);
struct virtnet_qset *virtnet_halt(struct virtnet_info *vi);
int virtnet_switch(struct virtnet_info *vi, struct virtnet_qset *qs,
		   bool *told);
int virtnet_up(struct virtnet_info *vi);
void virtnet_down(struct virtnet_info *vi);
int virtnet_restart(struct virtnet_info *vi);

/* queue_reset.c: RTNL held */
int virtnet_queue_restart(struct virtnet_info *vi, unsigned int index);
int virtnet_queue_lend(struct virtnet_info *vi, unsigned int pair,
		       struct virtnet_xsk *xsk);
int virtnet_exchange(struct virtnet_info *vi, struct virtnet_qset *qs);

/* standby.c */
int virtnet_standby_start(struct virtnet_info *vi);
void virtnet_standby_stop(struct virtnet_info *vi);
int virtnet_get_phys_port_name(struct net_device *dev, char *buf, size_t len);

/* netdev.c */
void virtnet_netdev_init(struct virtnet_info *vi);

#endif
