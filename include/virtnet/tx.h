/* SPDX-License-Identifier: GPL-2.0 */
/* Transmit. */
#ifndef _VIRTNET_TX_H
#define _VIRTNET_TX_H

#include <compat/compat.h>

#include <linux/netdevice.h>
#include <virtnet/queues.h>

void skb_xmit_done(struct virtqueue *vq);
int virtnet_poll_tx(struct napi_struct *napi, int budget);
netdev_tx_t virtnet_start_xmit(struct sk_buff *skb, struct net_device *dev);
void virtnet_tx_nudge(struct send_queue *sq);
bool virtnet_tx_look(struct send_queue *sq);
void virtnet_tx_flush(struct send_queue *sq);
void virtnet_tx_unsent(struct send_queue *sq, void *token);
void virtnet_tx_reclaim(struct send_queue *sq);
void virtnet_tx_sent(struct send_queue *sq, unsigned int n, bool kick);
void virtnet_tx_up(struct send_queue *sq, bool up);
void virtnet_tx_drain(struct send_queue *sq);

/* Clear a vnet header: whatever lies behind the fields we set is zero too. */
static __always_inline void virtnet_tx_hdr_clear(void *hdr, u8 len)
{
	if (likely(len == sizeof(struct virtio_net_hdr_mrg_rxbuf)))
		memset(hdr, 0, sizeof(struct virtio_net_hdr_mrg_rxbuf));
	else
		memset(hdr, 0, len);
}

#endif
