/* SPDX-License-Identifier: GPL-2.0 */
/* One network device: what it offers, what the driver set, where packets go. */
#ifndef NETDEV_H
#define NETDEV_H

#include <stdio.h>

#include "../vhost/vhost.h"
#include "net.h"

#define MAX_PAIRS	64
#define BURST		64
#define BUF_SIZE	(65536 + 256)
#define MAC_TABLE	256

struct netdev;
struct script;

struct backend {
	const char *name;
	const char *args;	/* for --help */
	const char *help;
	bool wants_data;	/* reads what the guest sends */
	int (*open)(struct netdev *nd, const char *args);
	void (*close)(struct netdev *nd);
	void (*start)(struct netdev *nd);
	void (*stop)(struct netdev *nd);
	void (*offloads)(struct netdev *nd);
	/* packets from the guest */
	void (*transmit)(struct netdev *nd, unsigned int pair,
			 struct vhost_pkt *pkts, unsigned int n);
	/* bring packets for the guest; true: call again at once */
	bool (*poll)(struct netdev *nd);
	void (*report)(struct netdev *nd, FILE *f);
};

struct coal {
	u32 packets;
	u32 usecs;
	struct loop_timer timer;
};

struct rss {
	bool on;
	bool hash_on;
	u32 types;
	u16 mask;
	u16 unclassified;
	u16 table[RSS_TABLE_MAX];
	u8 key[RSS_KEY_MAX];
	u8 key_len;
	u16 max_tx;
	u32 tunnel_types;
};

/* what DEVICE_STATS wants beyond the ring's own counters */
struct queue_stats {
	u64 drops;
	u64 overruns;
	u64 malformed;
	u64 needs_csum;
	u64 csum_valid;
	u64 csum_none;
	u64 gso_packets;
	u64 gso_bytes;
};

struct netdev {
	struct vhost_dev vdev;
	char name[32];
	struct netdev *next;

	/* given on the command line */
	u8 mac[ETH_ALEN];
	u16 mtu;
	u32 speed;
	u8 duplex;
	u16 max_pairs;

	/* as the driver sees it now */
	struct net_config config;
	u16 active_pairs;
	u64 offloads;
	bool rx_mode[6];
	u8 table[MAC_TABLE][ETH_ALEN];
	unsigned int n_unicast, n_multicast;
	u64 vlans[4096 / 64];
	struct rss rss;
	struct coal coal[2 * MAX_PAIRS];
	struct coal rx_coal, tx_coal;	/* the device-wide setting */
	u64 ctrl_commands;
	u64 ctrl_ok;

	/* work */
	bool poll_mode;
	u64 tx_ready;		/* a bit for each pair */
	bool rx_ready;		/* the back end may have something */
	bool ctrl_ready;
	u64 stalled_tx;		/* pairs a script has stopped */
	u64 stalled_rx;
	bool stalled_ctrl;

	const struct backend *backend;
	void *be;
	struct script *script;

	struct queue_stats rxq[MAX_PAIRS];
	struct queue_stats txq[MAX_PAIRS];
	u64 filtered;
	u64 segmented;
};

static inline struct netdev *to_netdev(struct vhost_dev *dev)
{
	return container_of(dev, struct netdev, vdev);
}

extern struct netdev *netdevs;

/* netdev.c */
struct netdev *netdev_new(void);
int netdev_start(struct netdev *nd);
void netdev_free(struct netdev *nd);
bool netdev_work(struct netdev *nd);
void netdev_signal(struct netdev *nd, struct vhost_vq *vq);
void netdev_apply_offloads(struct netdev *nd, u64 offloads);
unsigned int netdev_ctrl_index(const struct netdev *nd);
void netdev_set_link(struct netdev *nd, bool up);
void netdev_wake(struct netdev *nd);

/* input.c: packets towards the guest; how many were taken */
unsigned int netdev_input(struct netdev *nd, struct vhost_pkt *pkts,
			  unsigned int n, bool may_wait);

/* ctrl.c */
bool ctrl_work(struct netdev *nd, struct vhost_vq *vq);

/* defaults of what the driver can set */
void netdev_defaults(struct netdev *nd);

/* options.c */
const char *spec_get(const char *args, const char *key, char *buf, size_t len);
u64 spec_num(const char *args, const char *key, u64 def);
int feature_bit(const char *name);
void feature_list(FILE *f);
const struct backend *backend_find(const char *spec, const char **args);

extern const struct backend backend_sink, backend_echo, backend_gen,
	backend_tap, backend_pcap, backend_l2;
extern const struct backend *const backends[];

/* stats.c */
void stats_print(FILE *f);
int stats_json(const char *path);

#endif
