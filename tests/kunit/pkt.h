/* SPDX-License-Identifier: GPL-2.0-only */
/* Packets with real headers, as a test wants them. */
#ifndef VIRTNET_TEST_PKT_H
#define VIRTNET_TEST_PKT_H

#include <linux/types.h>

enum pkt_kind { PKT_TCP4, PKT_TCP6, PKT_UDP4, PKT_UDP6 };

u32 pkt_build(u8 *buf, enum pkt_kind kind, u32 payload);
u32 pkt_l4(enum pkt_kind kind);		/* offset of the TCP or UDP header */
u32 pkt_hdrs(enum pkt_kind kind);	/* bytes of all headers */
u32 pkt_csum_off(enum pkt_kind kind);	/* of the checksum, in that header */

#endif /* VIRTNET_TEST_PKT_H */
