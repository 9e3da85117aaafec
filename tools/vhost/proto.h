/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The vhost-user protocol on the wire, as QEMU's docs/interop/vhost-user.rst
 * gives it: request numbers, protocol feature bits, payloads.
 */
#ifndef VHOST_PROTO_H
#define VHOST_PROTO_H

#include "types.h"

#define VU_VERSION		1
#define VU_VERSION_MASK		3
#define VU_FLAG_REPLY		BIT(2)
#define VU_FLAG_NEED_REPLY	BIT(3)
#define VU_MAX_PAYLOAD		4096
#define VU_MAX_FDS		8
#define VU_MAX_CONFIG		256
#define VU_VRING_MASK		0xff
#define VU_VRING_NOFD		BIT(8)

enum vu_request {
	VU_GET_FEATURES = 1,
	VU_SET_FEATURES,
	VU_SET_OWNER,
	VU_RESET_OWNER,
	VU_SET_MEM_TABLE,
	VU_SET_LOG_BASE,
	VU_SET_LOG_FD,
	VU_SET_VRING_NUM,
	VU_SET_VRING_ADDR,
	VU_SET_VRING_BASE,
	VU_GET_VRING_BASE,
	VU_SET_VRING_KICK,
	VU_SET_VRING_CALL,
	VU_SET_VRING_ERR,
	VU_GET_PROTOCOL_FEATURES,
	VU_SET_PROTOCOL_FEATURES,
	VU_GET_QUEUE_NUM,
	VU_SET_VRING_ENABLE,
	VU_SEND_RARP,
	VU_NET_SET_MTU,
	VU_SET_BACKEND_REQ_FD,
	VU_IOTLB_MSG,
	VU_SET_VRING_ENDIAN,
	VU_GET_CONFIG,
	VU_SET_CONFIG,
	VU_GET_INFLIGHT_FD = 31,
	VU_SET_INFLIGHT_FD,
	VU_RESET_DEVICE = 34,
	VU_VRING_KICK,
	VU_GET_MAX_MEM_SLOTS,
	VU_ADD_MEM_REG,
	VU_REM_MEM_REG,
	VU_SET_STATUS,
	VU_GET_STATUS,
	VU_REQUEST_MAX
};

/* what the back-end sends on its own channel */
enum vu_backend_request {
	VU_B_CONFIG_CHANGE = 2,
	VU_B_VRING_CALL = 4,
	VU_B_VRING_ERR = 5,
};

#define VHOST_F_LOG_ALL			26
#define VHOST_USER_F_PROTOCOL_FEATURES	30

#define VU_PF_MQ			0
#define VU_PF_LOG_SHMFD			1
#define VU_PF_RARP			2
#define VU_PF_REPLY_ACK			3
#define VU_PF_MTU			4
#define VU_PF_BACKEND_REQ		5
#define VU_PF_CONFIG			9
#define VU_PF_INFLIGHT_SHMFD		12
#define VU_PF_RESET_DEVICE		13
#define VU_PF_INBAND_NOTIFICATIONS	14
#define VU_PF_CONFIGURE_MEM_SLOTS	15
#define VU_PF_STATUS			16

struct vu_header {
	u32 request;
	u32 flags;
	u32 size;
} __attribute__((packed));

struct vu_state {
	u32 index;
	u32 num;
} __attribute__((packed));

#define VU_VRING_F_LOG	1

struct vu_addr {
	u32 index;
	u32 flags;
	u64 desc;
	u64 used;
	u64 avail;
	u64 log;
} __attribute__((packed));

struct vu_region {
	u64 gpa;
	u64 size;
	u64 uva;
	u64 offset;
} __attribute__((packed));

struct vu_memory {
	u32 num;
	u32 padding;
	struct vu_region region[VU_MAX_FDS];
} __attribute__((packed));

struct vu_single_region {
	u64 padding;
	struct vu_region region;
} __attribute__((packed));

struct vu_log {
	u64 size;
	u64 offset;
} __attribute__((packed));

struct vu_config {
	u32 offset;
	u32 size;
	u32 flags;
	u8 data[VU_MAX_CONFIG];
} __attribute__((packed));

struct vu_inflight {
	u64 size;
	u64 offset;
	u16 num_queues;
	u16 queue_size;
	u32 padding;
} __attribute__((packed));

struct vu_msg {
	struct vu_header hdr;
	union {
		u64 num;
		struct vu_state state;
		struct vu_addr addr;
		struct vu_memory memory;
		struct vu_single_region single;
		struct vu_log log;
		struct vu_config config;
		struct vu_inflight inflight;
		u8 raw[VU_MAX_PAYLOAD];
	} __attribute__((packed));
	int fds[VU_MAX_FDS];
	unsigned int nfds;
	bool fds_lost;		/* more arrived than we had room for */
};

#endif
