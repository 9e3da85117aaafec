/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A virtio-net device held in memory: the device half of the rings, driven
 * step by step by a test.
 *
 * The driver half is the kernel's own virtio_ring.  The device half never
 * calls into it: it reads and writes the ring's memory through the addresses
 * the driver gave, as any device does.  Nothing happens by itself: packets,
 * completions and interrupts appear when a test asks for them, so that every
 * test is repeatable.
 */
#ifndef VIRTNET_TEST_MEMDEV_H
#define VIRTNET_TEST_MEMDEV_H

#include <linux/device.h>
#include <linux/if_ether.h>
#include <linux/virtio.h>
#include <linux/virtio_config.h>
#include <linux/virtio_net.h>
#include <linux/virtio_ring.h>
#include <linux/workqueue.h>

#define MEMDEV_MAX_SEGS		64
#define MEMDEV_MAX_QUEUES	33
#define MEMDEV_CONFIG_SIZE	128
#define MEMDEV_MAX_RXBUFS	64	/* per packet */
#define MEMDEV_MAX_PKT		(160 * 1024)

struct memdev;
struct memdev_ctrl;
struct memdev_vq;
struct net_device;

/* One piece of guest memory that the driver lent to the device. */
struct memdev_seg {
	void *addr;
	u32 len;
	bool write;
};

/* One buffer: the chain of descriptors behind one available entry. */
struct memdev_chain {
	u16 id;
	u16 ndesc;		/* ring descriptors taken, not indirect ones */
	u16 nsegs;
	bool indirect;
	u32 in_len;		/* bytes that the device may write */
	u32 out_len;		/* bytes that the device may read */
	struct memdev_seg seg[MEMDEV_MAX_SEGS];
};

/* Where the device half stands in a ring; may be saved and put back. */
struct memdev_pos {
	u16 avail;		/* split: free running; packed: slot */
	u16 used;
	bool avail_wrap;	/* packed only */
	bool used_wrap;
};

/* What differs between the two ring layouts. */
struct memdev_ring_ops {
	int (*pop)(struct memdev_vq *q, struct memdev_chain *c);
	void (*put)(struct memdev_vq *q, u32 id, u32 len, u16 ndesc);
	void (*flush)(struct memdev_vq *q);
	bool (*want_irq)(struct memdev_vq *q);
	void (*kick_never)(struct memdev_vq *q);
	void (*kick_always)(struct memdev_vq *q);
	void (*kick_after)(struct memdev_vq *q, u16 n);
	u16 (*driver_pos)(struct memdev_vq *q);	/* next entry to be added */
	u16 (*driver_event)(struct memdev_vq *q);	/* next used awaited */
	u16 (*device_pos)(struct memdev_vq *q);	/* next used to be written */
};

struct memdev_vq {
	struct memdev *dev;
	struct virtqueue *vq;
	const struct memdev_ring_ops *ops;
	spinlock_t irq_lock;	/* held while a callback runs */
	u16 index;
	u16 num;
	bool live;		/* between find_vqs and reset */
	void *desc;
	void *driver;		/* avail ring, or driver event suppression */
	void *device;		/* used ring, or device event suppression */

	struct memdev_pos pos;
	u16 unflushed;		/* put since the last flush */
	u16 held_slot;		/* packed: first descriptor, shown last */
	u16 held_flags;
	u16 since_irq;		/* used entries (packed: slots) since the last signal */

	u64 kicks;
	u64 irqs;		/* callbacks delivered */
	u64 irqs_held;		/* callbacks the driver did not want */
	u64 errors;		/* the driver broke the ring's rules */
	struct memdev_chain scratch;

	/* Called on each kick, in the driver's context. */
	void (*on_kick)(struct memdev_vq *q);
	struct delayed_work work;	/* for behaviours that answer by themselves */
	void *priv;
};

/* What a test may ask for before the device exists. */
struct memdev_setup {
	u64 features;
	u64 more_features;	/* from bit 64 on; not all kernels look at them */
	u16 pairs;		/* 0: one */
	u16 num;		/* ring size, 0: 64 */
	bool ctrl;		/* add a control queue behind the pairs */
	bool no_generation;	/* transport without config generation */
	unsigned int config_len;	/* 0: whole struct virtio_net_config */
	const char *driver;	/* NULL: the module parameter's */
	void (*tune)(struct memdev *dev);	/* before the driver sees it */
};

struct memdev {
	struct virtio_device vdev;
	struct device *parent;
	struct memdev_setup setup;
	u64 features;		/* what the device offers */
	u64 more_features;
	u64 acked;		/* what the driver accepted last */
	u8 status;
	u32 generation;
	bool vanished;		/* surprise removal: all reads give 0xff */
	bool generation_restless;	/* never the same twice */
	int fail_find_vqs;	/* errno for the next find_vqs */
	int fail_queue_reset;

	u8 config[MEMDEV_CONFIG_SIZE];
	unsigned int config_len;
	u64 config_reads;
	u64 config_writes;
	u64 config_overruns;	/* accesses beyond config_len */
	u64 resets;
	u64 queue_resets;
	u64 driver_oks;
	void (*on_config_get)(struct memdev *dev, unsigned int off, unsigned int len);
	void (*on_queue)(struct memdev_vq *q);	/* a queue was started */
	void (*on_status)(struct memdev *dev, u8 status);

	struct memdev_ctrl *ctrl;	/* see memdev_ctrl.h; NULL without */
	struct memdev_chain *rx_chains;	/* scratch of memdev_rx() */
	u8 *rx_flat;
	unsigned int nvqs;
	struct memdev_vq q[MEMDEV_MAX_QUEUES];
	struct completion *released;
	void *priv;
};

#define vdev_to_memdev(v)	container_of(v, struct memdev, vdev)
#define MEMDEV_RX(pair)		(2 * (pair))
#define MEMDEV_TX(pair)		(2 * (pair) + 1)

/* memdev.c: the transport */
extern char *memdev_driver;
struct memdev *memdev_new(const struct memdev_setup *setup);
int memdev_bind(struct memdev *dev);
void memdev_unbind(struct memdev *dev);
void memdev_free(struct memdev *dev);
struct net_device *memdev_netdev(struct memdev *dev);
void memdev_config_changed(struct memdev *dev);
void memdev_set_status_bit(struct memdev *dev, u8 bit);
void memdev_vanish(struct memdev *dev);
void *memdev_guest(struct memdev_vq *q, u64 addr, u32 len);

static inline bool memdev_has(const struct memdev *dev, unsigned int bit)
{
	return dev->vdev.features & BIT_ULL(bit);
}

static inline struct virtio_net_config *memdev_config(struct memdev *dev)
{
	return (struct virtio_net_config *)dev->config;
}

/* memdev_ring.c: both layouts */
int memdev_pop(struct memdev_vq *q, struct memdev_chain *c);
void memdev_put(struct memdev_vq *q, const struct memdev_chain *c, u32 len);
void memdev_flush(struct memdev_vq *q);
void memdev_use(struct memdev_vq *q, const struct memdev_chain *c, u32 len);
void memdev_used_raw(struct memdev_vq *q, u32 id, u32 len);
void memdev_interrupt(struct memdev_vq *q);
bool memdev_signal(struct memdev_vq *q);
unsigned int memdev_available(struct memdev_vq *q);
u32 memdev_write(const struct memdev_chain *c, u32 off, const void *src, u32 len);
u32 memdev_read(const struct memdev_chain *c, u32 off, void *dst, u32 len);

extern const struct memdev_ring_ops memdev_split_ops;
extern const struct memdev_ring_ops memdev_packed_ops;
void memdev_split_start(struct memdev_vq *q);
void memdev_packed_start(struct memdev_vq *q);

/* memdev_split.c: only this layout can say these lies */
void memdev_split_jump(struct memdev_vq *q, u16 n);

/* memdev_packed.c: the same */
void memdev_packed_jump(struct memdev_vq *q, u16 n);
void memdev_packed_forget(struct memdev_vq *q);

/* memdev_net.c: what makes it a NIC */
struct memdev_rx {
	const void *data;
	u32 len;
	struct virtio_net_hdr_v1_hash hdr;
	u16 outer_th;		/* where headers of a tunnel lie, if negotiated */
	u16 inner_nh;
	unsigned int nbufs;	/* spread over so many, 0: as few as will do */
	bool lie_num;		/* leave hdr's num_buffers as it is */
	const u32 *used_len;	/* lie: the lengths to report, one per buffer */
};

struct memdev_tx {
	struct virtio_net_hdr_v1 hdr;
	u16 outer_th;
	u16 inner_nh;
	u32 len;
	u16 nsegs;
	u16 ndesc;
	bool indirect;
	u8 *data;
};

unsigned int memdev_hdr_len(const struct memdev *dev);
int memdev_rx(struct memdev *dev, unsigned int pair, const struct memdev_rx *rx);
int memdev_tx_pop(struct memdev *dev, unsigned int pair, struct memdev_tx *tx,
		  struct memdev_chain *c);
int memdev_tx_take(struct memdev *dev, unsigned int pair, struct memdev_tx *tx);
void memdev_tx_auto(struct memdev *dev, bool on);
void memdev_link_set(struct memdev *dev, bool up);
u64 memdev_features_net(void);

#endif /* VIRTNET_TEST_MEMDEV_H */
