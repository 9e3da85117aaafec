/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The back-end half of vhost-user as a library.
 *
 * A program fills in struct vhost_dev (socket path, features, callbacks),
 * registers it, and turns the loop. When the front end has handed over memory
 * and rings, ops->new_device() says so; from then on vhost_enqueue_burst() and
 * vhost_dequeue_burst() move packets.
 *
 * One thread. Nothing here trusts what the front end or the guest writes.
 */
#ifndef VHOST_H
#define VHOST_H

#include <linux/virtio_ring.h>
#include <sys/uio.h>

#include "loop.h"
#include "proto.h"

#define VHOST_MAX_REGIONS	64
#define VHOST_MAX_VQS		130
#define VHOST_MAX_SEGS		8192	/* segments of one packet or batch */
#define VHOST_MAX_CHAINS	1024	/* buffers one packet is spread over */
#define VHOST_MAX_QUEUE_SIZE	32768

#define VIRTIO_F_NOTIFY_ON_EMPTY	24
#define VIRTIO_F_ANY_LAYOUT		27
#define VIRTIO_F_INDIRECT_DESC		28
#define VIRTIO_F_EVENT_IDX		29
#define VIRTIO_F_VERSION_1		32
#define VIRTIO_F_ACCESS_PLATFORM	33
#define VIRTIO_F_RING_PACKED		34
#define VIRTIO_F_IN_ORDER		35
#define VIRTIO_F_ORDER_PLATFORM		36
#define VIRTIO_F_RING_RESET		40

struct vhost_dev;
struct vhost_vq;

/* A descriptor chain taken from a ring; its segments lie in dev->sg. */
struct vhost_chain {
	u16 id;			/* head index, or buffer id when packed */
	u16 ndesc;		/* ring slots it takes, when packed */
	u32 first;		/* first segment */
	u32 n_out, n_in;	/* segments to read, then segments to write */
	u32 out_len, in_len;
	u16 slot, at;		/* packed: in the inflight record */
	bool again;		/* taken from that record, not from the ring */
};

struct vhost_sg {
	struct iovec iov[VHOST_MAX_SEGS];
	u64 gpa[VHOST_MAX_SEGS];
	u32 n;
};

struct vhost_vq_stats {
	u64 kicks;
	u64 calls;
	u64 calls_suppressed;
	u64 chains;
	u64 packets;
	u64 bytes;
	u64 full;		/* enqueue found no buffer */
	u64 too_small;		/* buffer smaller than the packet */
	u64 bad_chain;		/* chain refused: address, length, loop */
	u64 bad_ring;		/* ring itself makes no sense: stopped */
	u64 canaries;		/* found in what the driver posts */
};

/*
 * Where a program that wants to misbehave gets hold of things. All may be
 * NULL; used() and header() may change what they are shown.
 */
struct vhost_hooks {
	/* How often it is reported: usually once; 0 keeps it. */
	unsigned int (*used)(struct vhost_vq *vq, u32 *id, u32 *len);
	void (*header)(struct vhost_vq *vq, void *hdr, size_t len);
	bool (*call)(struct vhost_vq *vq);	/* false: do not interrupt */
};

/* Ring position, as much as vhost_vq_rewind() must put back. */
struct vhost_pos {
	u16 avail;
	bool wrap;
	u32 sg;
	u32 redo;
};

struct vhost_vq {
	struct vhost_dev *dev;
	u16 index;

	/* told by the front end */
	u32 num;
	struct vu_addr addr;
	bool has_addr;
	bool has_kick;
	bool enabled;
	int call_fd;
	bool call_is_socket;	/* UML: no SIGIO from an eventfd there */
	int err_fd;
	struct loop_source kick;

	/* state */
	bool started;
	bool broken;
	bool packed;
	bool event_idx;
	union {
		struct vring_desc *desc;
		struct vring_packed_desc *pdesc;
	};
	union {
		struct vring_avail *avail;
		struct vring_packed_desc_event *driver_event;
	};
	union {
		struct vring_used *used;
		struct vring_packed_desc_event *device_event;
	};
	u16 last_avail;
	u16 put_back;		/* entries after last_avail that were not enough */
	u16 avail_seen;		/* split: avail->idx when last read */
	u16 used_idx;
	bool avail_wrap;
	bool used_wrap;
	u16 signalled;		/* used_idx at the last interrupt check */
	bool signalled_valid;
	u32 unsignalled;	/* chains used since then */
	u32 unsignalled_slots;	/* packed: the ring entries they took */
	u32 pending;		/* used, not yet shown to the driver */
	u16 first_pending;	/* packed: slot whose flags are written last */
	u16 first_flags;
	void *inflight;		/* struct inflight_split or inflight_packed */
	u16 *redo;		/* heads in flight when the last back-end died */
	u32 redo_len, redo_pos;

	struct vhost_vq_stats stats;
	u8 *last_header;	/* with hooks: of the packet enqueued last ... */
	u8 last_header_was[20];	/* ... and what it said */
	void *priv;		/* the program's */
};

struct vhost_region {
	u64 gpa;
	u64 size;
	u64 uva;
	u8 *host;
	void *map;
	size_t map_len;
	u32 uses;		/* QEMU adds it once for each queue pair */
};

struct vhost_ops {
	/* a first pair of rings runs / none runs any more */
	int (*new_device)(struct vhost_dev *dev);
	void (*destroy_device)(struct vhost_dev *dev);
	void (*vring_state_changed)(struct vhost_dev *dev, unsigned int index,
				    bool on);
	/* told to go on elsewhere than where it was: most likely a new ring */
	void (*vring_moved)(struct vhost_dev *dev, unsigned int index);
	void (*features_changed)(struct vhost_dev *dev);
	void (*connected)(struct vhost_dev *dev, bool yes);
	void (*kicked)(struct vhost_vq *vq);
	/* return 0 or a negative error */
	int (*get_config)(struct vhost_dev *dev, u32 off, void *buf, u32 len);
	int (*set_config)(struct vhost_dev *dev, u32 off, const void *buf,
			  u32 len);
	void (*reset)(struct vhost_dev *dev);
	int (*rarp)(struct vhost_dev *dev, const u8 mac[6]);
	int (*set_mtu)(struct vhost_dev *dev, u16 mtu);
};

struct vhost_dev {
	/* filled in by the program before vhost_register() */
	const char *path;
	const char *name;
	bool client;
	bool no_reconnect;
	u64 features_offered;
	u64 pfeatures_offered;
	unsigned int num_vqs;
	const struct vhost_ops *ops;
	const struct vhost_hooks *hooks;
	size_t hdr_len;		/* of the packet header; set by features_changed */
	u64 canary;		/* look for it in what the driver posts; 0: do not */
	void *priv;

	/* state */
	u64 features;
	u64 pfeatures;
	u8 status;
	bool owned;
	bool running;
	bool mergeable;
	bool memory_lost;	/* the front end took mapped pages away */
	struct vhost_region region[VHOST_MAX_REGIONS];
	unsigned int num_regions;
	struct vhost_region *last_region;
	u8 *log;
	size_t log_len;
	void *log_map;
	size_t log_map_len;
	void *inflight_map;
	size_t inflight_len;
	unsigned int inflight_queues, inflight_size;
	u64 inflight_clock;
	struct vhost_vq vq[VHOST_MAX_VQS];
	struct vhost_sg sg;
	struct vhost_chain chain[VHOST_MAX_CHAINS];

	/* connection */
	struct loop_source listener;
	struct loop_source conn;
	struct loop_timer retry;
	u64 retry_delay;
	int backend_fd;
	struct vu_msg msg;
	size_t msg_have;
	u64 messages;
	u64 bad_messages;
	u64 connects;
	struct vhost_dev *next;
};

struct vhost_pkt {
	u8 *data;
	u32 cap;		/* dequeue: room at data, 0 to skip the bytes */
	u32 len;		/* length of the frame, whatever cap was */
	struct vhost_net_hdr {
		u8 flags;
		u8 gso_type;
		u16 hdr_len;
		u16 gso_size;
		u16 csum_start;
		u16 csum_offset;
		u16 num_buffers;
		u32 hash_value;
		u16 hash_report;
		u16 padding;
	} __attribute__((packed)) hdr;
};

/* registry and connection (registry.c, conn.c) */
int vhost_register(struct vhost_dev *dev);
void vhost_unregister(struct vhost_dev *dev);
struct vhost_dev *vhost_first(void);
void vhost_disconnect(struct vhost_dev *dev, const char *why);
void vhost_pause(struct vhost_dev *dev, bool on);
int vhost_feature_set(struct vhost_dev *dev, unsigned int bit, bool on);
int vhost_config_changed(struct vhost_dev *dev);

static inline bool vhost_has(const struct vhost_dev *dev, unsigned int bit)
{
	return dev->features & BIT(bit);
}

/* memory (mem.c): every guest address passes through these */
u8 *vhost_gpa(struct vhost_dev *dev, u64 gpa, u64 *len);
void *vhost_uva(struct vhost_dev *dev, u64 uva, u64 len);
int vhost_copy_from(struct vhost_dev *dev, u64 gpa, void *buf, size_t len);

/* rings (vq.c, split.c, packed.c) */
static inline bool vhost_vq_live(const struct vhost_vq *vq)
{
	return vq->started && vq->enabled && !vq->broken;
}

int vhost_vq_pop(struct vhost_vq *vq, struct vhost_chain *chain);
struct vhost_pos vhost_vq_pos(const struct vhost_vq *vq);
void vhost_vq_rewind(struct vhost_vq *vq, struct vhost_pos pos);
void vhost_vq_push(struct vhost_vq *vq, const struct vhost_chain *chain,
		   u32 len);
void vhost_vq_flush(struct vhost_vq *vq);
bool vhost_vq_wants_call(struct vhost_vq *vq);
void vhost_vq_call(struct vhost_vq *vq);
bool vhost_vq_enable_kick(struct vhost_vq *vq);
void vhost_vq_disable_kick(struct vhost_vq *vq);
void vhost_vq_skip_used(struct vhost_vq *vq, u16 by);

/* segments of a chain (sg.c) */
size_t vhost_sg_read(struct vhost_dev *dev, const struct vhost_chain *chain,
		     size_t off, void *buf, size_t len);
size_t vhost_sg_write(struct vhost_dev *dev, const struct vhost_chain *chain,
		      size_t off, const void *buf, size_t len);
unsigned int vhost_sg_find(const struct vhost_dev *dev,
			   const struct vhost_chain *chain, u64 what);

/* packets (burst.c): both return how many were taken */
unsigned int vhost_enqueue_burst(struct vhost_vq *vq, struct vhost_pkt *pkts,
				 unsigned int n);
unsigned int vhost_dequeue_burst(struct vhost_vq *vq, struct vhost_pkt *pkts,
				 unsigned int n);
size_t vhost_rarp(u8 frame[60], const u8 mac[6]);

/* messages to people (log.c) */
enum vhost_level { VHOST_ERR, VHOST_INFO, VHOST_DEBUG };
extern enum vhost_level vhost_verbosity;
void vhost_say(enum vhost_level level, const struct vhost_dev *dev,
	       const char *fmt, ...) printf_like(3, 4);

#define vhost_err(dev, ...)	vhost_say(VHOST_ERR, dev, __VA_ARGS__)
#define vhost_info(dev, ...)	vhost_say(VHOST_INFO, dev, __VA_ARGS__)
#define vhost_debug(dev, ...)	vhost_say(VHOST_DEBUG, dev, __VA_ARGS__)

#endif
