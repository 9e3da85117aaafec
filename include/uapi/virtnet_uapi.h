/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Constants of the virtio specification's network device that headers of some
 * kernels lack. A definition that is there already is the same, which the
 * compiler checks, so that none of this is conditional. The structures are in
 * <compat/uapi.h>.
 */
#ifndef _UAPI_VIRTNET_H
#define _UAPI_VIRTNET_H

#include <linux/types.h>
#include <linux/virtio_net.h>

/* Feature bits */
#define VIRTIO_NET_F_DEVICE_STATS 50	/* statistics kept by the device */
#define VIRTIO_NET_F_VQ_NOTF_COAL 52	/* interrupt moderation for each queue */
#define VIRTIO_NET_F_NOTF_COAL 53	/* interrupt moderation */
#define VIRTIO_NET_F_GUEST_USO4 54	/* large UDP packets are received: IPv4 */
#define VIRTIO_NET_F_GUEST_USO6 55	/* the same: IPv6 */
#define VIRTIO_NET_F_HOST_USO 56	/* large UDP packets may be sent */
#define VIRTIO_NET_F_GUEST_HDRLEN 59	/* hdr_len of sent packets is exact */
#define VIRTIO_NET_F_GUEST_UDP_TUNNEL_GSO 65
#define VIRTIO_NET_F_GUEST_UDP_TUNNEL_GSO_CSUM 66
#define VIRTIO_NET_F_HOST_UDP_TUNNEL_GSO 67
#define VIRTIO_NET_F_HOST_UDP_TUNNEL_GSO_CSUM 68

/* Bits 65 and 66 as VIRTIO_NET_CTRL_GUEST_OFFLOADS_SET has them */
#define VIRTIO_NET_F_GUEST_UDP_TUNNEL_GSO_MAPPED 46
#define VIRTIO_NET_F_GUEST_UDP_TUNNEL_GSO_CSUM_MAPPED 47

/* The packet header */
#define VIRTIO_NET_HDR_F_UDP_TUNNEL_CSUM 8
#define VIRTIO_NET_HDR_GSO_UDP_L4 5
#define VIRTIO_NET_HDR_GSO_UDP_TUNNEL_IPV4 0x20
#define VIRTIO_NET_HDR_GSO_UDP_TUNNEL_IPV6 0x40
#define VIRTIO_NET_HDR_GSO_UDP_TUNNEL (VIRTIO_NET_HDR_GSO_UDP_TUNNEL_IPV4 | \
				       VIRTIO_NET_HDR_GSO_UDP_TUNNEL_IPV6)

/* Control commands: interrupt moderation of one queue */
#define VIRTIO_NET_CTRL_NOTF_COAL_VQ_SET 2
#define VIRTIO_NET_CTRL_NOTF_COAL_VQ_GET 3

/* Control commands: device statistics */
#define VIRTIO_NET_CTRL_STATS 8
#define VIRTIO_NET_CTRL_STATS_QUERY 0
#define VIRTIO_NET_CTRL_STATS_GET 1

/* The classes of statistics, as asked for ... */
#define VIRTIO_NET_STATS_TYPE_RX_BASIC (1ULL << 0)
#define VIRTIO_NET_STATS_TYPE_RX_CSUM (1ULL << 1)
#define VIRTIO_NET_STATS_TYPE_RX_GSO (1ULL << 2)
#define VIRTIO_NET_STATS_TYPE_RX_SPEED (1ULL << 3)
#define VIRTIO_NET_STATS_TYPE_TX_BASIC (1ULL << 16)
#define VIRTIO_NET_STATS_TYPE_TX_CSUM (1ULL << 17)
#define VIRTIO_NET_STATS_TYPE_TX_GSO (1ULL << 18)
#define VIRTIO_NET_STATS_TYPE_TX_SPEED (1ULL << 19)
#define VIRTIO_NET_STATS_TYPE_CVQ (1ULL << 32)

/* ... and as answered */
#define VIRTIO_NET_STATS_TYPE_REPLY_RX_BASIC 0
#define VIRTIO_NET_STATS_TYPE_REPLY_RX_CSUM 1
#define VIRTIO_NET_STATS_TYPE_REPLY_RX_GSO 2
#define VIRTIO_NET_STATS_TYPE_REPLY_RX_SPEED 3
#define VIRTIO_NET_STATS_TYPE_REPLY_TX_BASIC 16
#define VIRTIO_NET_STATS_TYPE_REPLY_TX_CSUM 17
#define VIRTIO_NET_STATS_TYPE_REPLY_TX_GSO 18
#define VIRTIO_NET_STATS_TYPE_REPLY_TX_SPEED 19
#define VIRTIO_NET_STATS_TYPE_REPLY_CVQ 32

#endif
