// SPDX-License-Identifier: GPL-2.0-only
/*
 * What makes the in-memory device a NIC: vnet headers, packets in, packets
 * out, link state (virtio 1.3, section 5.1).
 */
#include <compat/compat.h>

#include <linux/netdevice.h>

#include "memdev.h"

/* A well-equipped NIC without a control queue; suites take away or add. */
u64 memdev_features_net(void)
{
	return BIT_ULL(VIRTIO_F_VERSION_1) |
	       BIT_ULL(VIRTIO_NET_F_MAC) |
	       BIT_ULL(VIRTIO_NET_F_STATUS) |
	       BIT_ULL(VIRTIO_NET_F_CSUM) |
	       BIT_ULL(VIRTIO_NET_F_GUEST_CSUM) |
	       BIT_ULL(VIRTIO_NET_F_HOST_TSO4) |
	       BIT_ULL(VIRTIO_NET_F_HOST_TSO6) |
	       BIT_ULL(VIRTIO_NET_F_HOST_ECN) |
	       BIT_ULL(VIRTIO_NET_F_HOST_USO) |
	       BIT_ULL(VIRTIO_NET_F_SPEED_DUPLEX);
}

static bool memdev_has_tunnel(const struct memdev *dev)
{
	return compat_has_feature(&dev->vdev, VIRTIO_NET_F_GUEST_UDP_TUNNEL_GSO) ||
	       compat_has_feature(&dev->vdev, VIRTIO_NET_F_HOST_UDP_TUNNEL_GSO);
}

/* Bytes of the header in front of every packet, as negotiated. */
unsigned int memdev_hdr_len(const struct memdev *dev)
{
	if (memdev_has_tunnel(dev))
		return sizeof(struct virtio_net_hdr_v1_hash_tunnel);
	if (memdev_has(dev, VIRTIO_NET_F_HASH_REPORT))
		return sizeof(struct virtio_net_hdr_v1_hash);
	if (memdev_has(dev, VIRTIO_NET_F_MRG_RXBUF) ||
	    memdev_has(dev, VIRTIO_F_VERSION_1))
		return sizeof(struct virtio_net_hdr_v1);
	return sizeof(struct virtio_net_hdr);
}

/*
 * Bytes of header and packet that go into buffer i: as much as fits, or even
 * shares when the test chose the number of buffers.  The first always takes
 * both headers whole, as every device's does.
 */
static u32 rx_share(const struct memdev_rx *rx, const struct memdev_chain *c,
		    unsigned int hlen, u32 done, unsigned int i)
{
	u32 left = hlen + rx->len - done, share = left;

	if (rx->nbufs > 1 && i + 1 < rx->nbufs) {
		share = DIV_ROUND_UP(i ? left : rx->len, rx->nbufs - i);
		if (!i)
			share = hlen + max_t(u32, share, ETH_HLEN);
	}
	return min3(left, share, c->in_len);
}

/* Take as many buffers as the packet is to lie in. */
static int rx_collect(struct memdev_vq *q, const struct memdev_rx *rx,
		      u32 total, bool mergeable, struct memdev_chain *c)
{
	u32 room = 0;
	unsigned int n = 0;

	while (rx->nbufs ? n < rx->nbufs : room < total) {
		int ret;

		if (n == MEMDEV_MAX_RXBUFS || (n && !mergeable))
			return -EMSGSIZE;
		ret = memdev_pop(q, &c[n]);
		if (ret <= 0)
			return ret ?: -ENOBUFS;
		room += c[n++].in_len;
	}
	return n;
}

static void rx_fill(struct memdev *dev, struct memdev_vq *q,
		    const struct memdev_rx *rx, struct memdev_chain *c, int n)
{
	unsigned int hlen = memdev_hdr_len(dev);
	struct virtio_net_hdr_v1_hash_tunnel hdr = {
		.hash_hdr = rx->hdr,
		.outer_th_offset = cpu_to_le16(rx->outer_th),
		.inner_nh_offset = cpu_to_le16(rx->inner_nh),
	};
	u8 *flat = dev->rx_flat;
	u32 done = 0;
	int i;

	if (!rx->lie_num)
		hdr.hash_hdr.hdr.num_buffers = cpu_to_virtio16(&dev->vdev, n);
	memcpy(flat, &hdr, hlen);
	memcpy(flat + hlen, rx->data, rx->len);
	for (i = 0; i < n; i++) {
		u32 share = rx_share(rx, &c[i], hlen, done, i);

		memdev_write(&c[i], 0, flat + done, share);
		done += share;
		memdev_put(q, &c[i], rx->used_len ? rx->used_len[i] : share);
	}
	memdev_flush(q);
}

/*
 * Put a packet into the receive ring, without an interrupt.  Returns the
 * number of buffers used, -ENOBUFS when the driver posted too few, -EMSGSIZE
 * when the packet does not fit the way it was asked for.
 */
int memdev_rx(struct memdev *dev, unsigned int pair, const struct memdev_rx *rx)
{
	struct memdev_vq *q = &dev->q[MEMDEV_RX(pair)];
	bool mergeable = memdev_has(dev, VIRTIO_NET_F_MRG_RXBUF);
	struct memdev_chain *c = dev->rx_chains;
	struct memdev_pos pos = q->pos;
	int n;

	if (!(dev->status & VIRTIO_CONFIG_S_DRIVER_OK))
		return -ENODEV;
	if (rx->nbufs > MEMDEV_MAX_RXBUFS ||
	    rx->len > MEMDEV_MAX_PKT - sizeof(rx->hdr))
		return -EMSGSIZE;
	n = rx_collect(q, rx, memdev_hdr_len(dev) + rx->len, mergeable, c);
	if (n < 0)
		q->pos = pos;
	else
		rx_fill(dev, q, rx, c, n);
	return n;
}

/*
 * Take a packet from the transmit ring, without giving the buffer back.
 * 1: taken (tx->data, room for MEMDEV_MAX_PKT, holds it), 0: none.
 */
int memdev_tx_pop(struct memdev *dev, unsigned int pair, struct memdev_tx *tx,
		  struct memdev_chain *c)
{
	struct memdev_vq *q = &dev->q[MEMDEV_TX(pair)];
	struct virtio_net_hdr_v1_hash_tunnel hdr = { };
	int ret = memdev_pop(q, c);

	if (ret <= 0)
		return ret;
	if (c->in_len || c->out_len < memdev_hdr_len(dev)) {
		q->errors++;
		return -EPROTO;
	}
	tx->nsegs = c->nsegs;
	tx->ndesc = c->ndesc;
	tx->indirect = c->indirect;
	memdev_read(c, 0, &hdr, memdev_hdr_len(dev));
	tx->hdr = hdr.hash_hdr.hdr;
	tx->outer_th = le16_to_cpu(hdr.outer_th_offset);
	tx->inner_nh = le16_to_cpu(hdr.inner_nh_offset);
	tx->len = c->out_len - memdev_hdr_len(dev);
	if (tx->data)
		memdev_read(c, memdev_hdr_len(dev), tx->data,
			    min_t(u32, tx->len, MEMDEV_MAX_PKT));
	return 1;
}

/* The same, and the buffer goes back at once; no interrupt. */
int memdev_tx_take(struct memdev *dev, unsigned int pair, struct memdev_tx *tx)
{
	struct memdev_vq *q = &dev->q[MEMDEV_TX(pair)];
	int ret = memdev_tx_pop(dev, pair, tx, &q->scratch);

	if (ret > 0)
		memdev_use(q, &q->scratch, 0);
	return ret;
}

static void tx_swallow(struct work_struct *work)
{
	struct memdev_vq *q = container_of(to_delayed_work(work), struct memdev_vq, work);

	while (memdev_pop(q, &q->scratch) > 0)
		memdev_put(q, &q->scratch, 0);
	memdev_flush(q);
	memdev_signal(q);
}

static void tx_kicked(struct memdev_vq *q)
{
	queue_delayed_work(system_wq, &q->work, 0);
}

/* Let the device send by itself, as a real one would, on every kick. */
void memdev_tx_auto(struct memdev *dev, bool on)
{
	unsigned int pair;

	for (pair = 0; pair < dev->setup.pairs; pair++) {
		struct memdev_vq *q = &dev->q[MEMDEV_TX(pair)];

		q->on_kick = NULL;
		cancel_delayed_work_sync(&q->work);
		INIT_DELAYED_WORK(&q->work, tx_swallow);
		if (on)
			q->on_kick = tx_kicked;
		if (on && q->live)
			queue_delayed_work(system_wq, &q->work, 0);
	}
}

/* Change the link in config space and tell the driver. */
void memdev_link_set(struct memdev *dev, bool up)
{
	memdev_config(dev)->status =
		cpu_to_virtio16(&dev->vdev, up ? VIRTIO_NET_S_LINK_UP : 0);
	memdev_config_changed(dev);
}
