/* SPDX-License-Identifier: GPL-2.0 */
/*
 * As much of the kernel as the driver's pure functions need, for programs:
 * the fuzzers compile those files of the driver as they are. Whatever header
 * they ask for, they get this one (see tools/fuzz).
 */
#ifndef FUZZ_KERNEL_H
#define FUZZ_KERNEL_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/types.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef __u16 __virtio16;
typedef __u16 __sum16;

#define __packed		__attribute__((packed))
#define likely(x)		(x)
#define unlikely(x)		(x)
#define ARRAY_SIZE(a)		(sizeof(a) / sizeof((a)[0]))
#define BIT(n)			(1UL << (n))
#define BIT_ULL(n)		(1ULL << (n))
#define BITS_PER_TYPE(t)	(sizeof(t) * 8)
#define offsetofend(t, m)	(offsetof(t, m) + sizeof(((t *)0)->m))
#define min_t(t, a, b)		((t)(a) < (t)(b) ? (t)(a) : (t)(b))
#define max_t(t, a, b)		((t)(a) > (t)(b) ? (t)(a) : (t)(b))
#define clamp_t(t, v, lo, hi)	min_t(t, max_t(t, v, lo), hi)
#define le16_to_cpu(v)		(v)
#define le32_to_cpu(v)		(v)
#define le64_to_cpu(v)		(v)
#define is_power_of_2(n)	((n) && !((n) & ((n) - 1)))
#define rounddown_pow_of_two(n)	(1UL << (63 - __builtin_clzl(n)))
#define barrier()		__asm__ volatile("" ::: "memory")
#define EXPORT_SYMBOL_IF_KUNIT(sym)

#define ETH_ALEN		6
#define ETH_HLEN		14
#define ETH_MIN_MTU		68
#define GSO_BY_FRAGS		0xffff

/* --- virtio ------------------------------------------------------------- */

struct device {
	int unused;
};

struct virtio_device;

struct virtio_config_ops {
	void (*get)(struct virtio_device *vdev, unsigned int off, void *buf,
		    unsigned int len);
	u32 (*generation)(struct virtio_device *vdev);
	u64 (*get_features)(struct virtio_device *vdev);
};

#define VIRTIO_FEATURES_U64S	2

struct virtio_device {
	struct device dev;
	union {
		u64 features;
		u64 features_array[VIRTIO_FEATURES_U64S];
	};
	const struct virtio_config_ops *config;
};

#define VIRTIO_F_VERSION_1	32
#define VIRTIO_F_ANY_LAYOUT	27
#define VIRTIO_F_RING_RESET	40

/* As on a kernel that has them all. */
#define VIRTNET_EXTENDED_FEATURES(...) __VA_ARGS__

static inline bool virtio_has_feature(const struct virtio_device *vdev,
				      unsigned int bit)
{
	return vdev->features_array[bit / 64] >> bit % 64 & 1;
}

static inline void __virtio_set_bit(struct virtio_device *vdev,
				    unsigned int bit)
{
	vdev->features_array[bit / 64] |= BIT_ULL(bit % 64);
}

static inline void __virtio_clear_bit(struct virtio_device *vdev,
				      unsigned int bit)
{
	vdev->features_array[bit / 64] &= ~BIT_ULL(bit % 64);
}

#define compat_has_feature	virtio_has_feature

static inline void virtio_get_features(struct virtio_device *vdev, u64 *to)
{
	to[0] = vdev->config->get_features(vdev);
	to[1] = 0;
}

static inline bool virtio_features_test_bit(const u64 *features,
					    unsigned int bit)
{
	return features[bit / 64] >> bit % 64 & 1;
}

static inline bool virtio_is_little_endian(const struct virtio_device *vdev)
{
	return virtio_has_feature(vdev, VIRTIO_F_VERSION_1);
}

/* Both byte orders are one here: what a device says is any number anyway. */
#define virtio_cread(vdev, structname, member, ptr)			\
	(vdev)->config->get(vdev, offsetof(structname, member), ptr,	\
			    sizeof(((structname *)0)->member))
#define virtio_cread_le			virtio_cread

static inline u16 __virtio16_to_cpu(bool little_endian, __virtio16 v)
{
	return little_endian ? v : (u16)(v << 8 | v >> 8);
}

#define __cpu_to_virtio16	__virtio16_to_cpu

static inline void __attribute__((format(printf, 2, 3)))
dev_warn(struct device *dev, const char *fmt, ...)
{
	(void)dev;
	(void)fmt;
}

#define dev_err	dev_warn

static inline unsigned int num_possible_cpus(void)
{
	return 4;
}

#define nr_cpu_ids	4U

/* The kernel's %pM means nothing to libc. */
#pragma clang diagnostic ignored "-Wformat"
#pragma clang diagnostic ignored "-Wformat-extra-args"

static inline bool is_zero_ether_addr(const u8 *a)
{
	return !(a[0] | a[1] | a[2] | a[3] | a[4] | a[5]);
}

static inline bool is_valid_ether_addr(const u8 *a)
{
	return !(a[0] & 1) && !is_zero_ether_addr(a);
}

static inline void eth_zero_addr(u8 *a)
{
	memset(a, 0, ETH_ALEN);
}

#include <linux/ip.h>
#include <linux/virtio_net.h>
#include "../../include/compat/uapi.h"

/* --- packets: only what the compiler wants to see --------------------------- */

enum { CHECKSUM_NONE, CHECKSUM_UNNECESSARY, CHECKSUM_COMPLETE, CHECKSUM_PARTIAL };
struct skb_shared_info {
	u32 gso_type;
	u32 gso_size;
};

struct sk_buff {
	u32 len;
	u8 ip_summed;
	u8 csum_level;
	struct skb_shared_info shared;
};

#define skb_is_gso(skb)			((skb)->shared.gso_size)
#define pskb_may_pull(skb, n)		((n) <= (skb)->len)
#define skb_set_network_header(skb, at)	((void)(skb), (void)(at))

static inline bool skb_partial_csum_set(struct sk_buff *skb, u16 start, u16 off)
{
	skb->ip_summed = CHECKSUM_PARTIAL;
	return (u32)start + off + 2 <= skb->len;
}

static inline int virtio_net_hdr_to_skb(struct sk_buff *skb,
					const struct virtio_net_hdr *hdr, bool le)
{
	(void)skb;
	(void)hdr;
	(void)le;
	return 0;
}

static inline int
virtio_net_hdr_tnl_to_skb(struct sk_buff *skb,
			  const struct virtio_net_hdr_v1_hash_tunnel *hdr,
			  bool tunnel, bool csum, bool le)
{
	(void)tunnel;
	(void)csum;
	return virtio_net_hdr_to_skb(skb, (const void *)hdr, le);
}

static inline int
virtio_net_hdr_tnl_from_skb(const struct sk_buff *skb,
			    struct virtio_net_hdr_v1_hash_tunnel *hdr,
			    bool tunnel, bool le, int vlan, bool has_data,
			    bool hdrlen)
{
	(void)skb;
	(void)hdr;
	(void)tunnel;
	(void)le;
	(void)vlan;
	(void)has_data;
	(void)hdrlen;
	return 0;
}

#include <virtnet/caps.h>
#include <virtnet/vnet_hdr.h>

/* What must hold, or the fuzzer has found something. */
#define MUST(cond) do {							\
	if (!(cond)) {							\
		fprintf(stderr, "%s:%d: not so: %s\n", __FILE__,	\
			__LINE__, #cond);				\
		abort();						\
	}								\
} while (0)

#endif
