// SPDX-License-Identifier: GPL-2.0
/*
 * A tap interface: the guest's frames appear on it, with their offloads, and
 * the host's frames go to the guest. One queue; the packet that did not fit
 * the guest's ring is kept until it does.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

#include "netdev.h"

#ifndef TUN_F_USO4
#define TUN_F_USO4	0x20
#define TUN_F_USO6	0x40
#endif

struct tap {
	int fd;
	struct loop_source src;
	u8 buf[BUF_SIZE];
	struct vhost_pkt pkt;
	bool kept;
	u64 errors;
};

#define TAP_HDR	12	/* virtio 1 header without the hash part */

static int open_tun(struct netdev *nd, const char *name)
{
	struct ifreq ifr = { .ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR };
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	int hdr = TAP_HDR, err;

	if (fd < 0) {
		err = -errno;
		vhost_err(&nd->vdev, "/dev/net/tun: %m (load the tun module?)");
		return err;
	}
	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	if (ioctl(fd, TUNSETIFF, &ifr) < 0 ||
	    ioctl(fd, TUNSETVNETHDRSZ, &hdr) < 0) {
		err = -errno;
		vhost_err(&nd->vdev, "tap %s: %m (are you root, is it free?)",
			  name);
		close(fd);
		return err;
	}
	vhost_info(&nd->vdev, "tap interface %s", ifr.ifr_name);
	return fd;
}

static void tap_ready(struct loop_source *src, u32 events)
{
	struct netdev *nd = src->arg;

	(void)events;
	nd->rx_ready = true;
}

static int tap_open(struct netdev *nd, const char *args)
{
	struct tap *t = calloc(1, sizeof(*t));

	if (!t)
		return -ENOMEM;
	nd->be = t;
	t->fd = open_tun(nd, args);
	return t->fd < 0 ? t->fd : 0;
}

static void tap_stop(struct netdev *nd)
{
	struct tap *t = nd->be;

	loop_del(&t->src);
	t->kept = false;
}

static void tap_close(struct netdev *nd)
{
	struct tap *t = nd->be;

	tap_stop(nd);
	if (t->fd >= 0)
		close(t->fd);
	free(t);
}

/* Only what the guest accepts may come out of the tap. */
static void tap_offloads(struct netdev *nd)
{
	static const struct { int feature; unsigned int flag; } map[] = {
		{ F_GUEST_CSUM, TUN_F_CSUM }, { F_GUEST_TSO4, TUN_F_TSO4 },
		{ F_GUEST_TSO6, TUN_F_TSO6 }, { F_GUEST_ECN, TUN_F_TSO_ECN },
		{ F_GUEST_UFO, TUN_F_UFO },
	};
	struct tap *t = nd->be;
	unsigned int i, flags = 0;
	unsigned int uso = TUN_F_USO4 | TUN_F_USO6;

	if (!t)
		return;
	for (i = 0; i < ARRAY_SIZE(map); i++)
		if (nd->offloads & BIT(map[i].feature))
			flags |= map[i].flag;
	if (!(flags & TUN_F_CSUM))
		flags = 0;
	/* both or none there, and only since Linux 6.2 */
	if (flags && nd->offloads & BIT(F_GUEST_USO4) &&
	    nd->offloads & BIT(F_GUEST_USO6) &&
	    !ioctl(t->fd, TUNSETOFFLOAD, flags | uso))
		return;
	if (ioctl(t->fd, TUNSETOFFLOAD, flags) < 0)
		vhost_err(&nd->vdev, "tap offloads %#x: %m", flags);
}

static void tap_start(struct netdev *nd)
{
	struct tap *t = nd->be;

	tap_offloads(nd);
	loop_add(&t->src, t->fd, tap_ready, nd);
}

static void tap_transmit(struct netdev *nd, unsigned int pair,
			 struct vhost_pkt *pkts, unsigned int n)
{
	struct tap *t = nd->be;
	unsigned int i;

	for (i = 0; i < n; i++) {
		struct iovec iov[2] = {
			{ &pkts[i].hdr, TAP_HDR },
			{ pkts[i].data, pkts[i].len },
		};

		pkts[i].hdr.num_buffers = 0;
		if (writev(t->fd, iov, 2) < 0) {
			nd->txq[pair].drops++;
			t->errors++;
			vhost_debug(&nd->vdev, "tap write: %m");
		}
	}
}

static bool tap_read(struct tap *t)
{
	struct iovec iov[2];
	ssize_t n;

	memset(&t->pkt.hdr, 0, sizeof(t->pkt.hdr));
	iov[0].iov_base = &t->pkt.hdr;
	iov[0].iov_len = TAP_HDR;
	iov[1].iov_base = t->buf;
	iov[1].iov_len = sizeof(t->buf);
	n = readv(t->fd, iov, 2);
	if (n <= TAP_HDR)
		return false;
	t->pkt.data = t->buf;
	t->pkt.len = (u32)(n - TAP_HDR);
	t->kept = true;
	return true;
}

static bool tap_poll(struct netdev *nd)
{
	struct tap *t = nd->be;
	unsigned int i;

	for (i = 0; i < BURST; i++) {
		if (!t->kept && !tap_read(t)) {
			if (!t->src.added)
				loop_add(&t->src, t->fd, tap_ready, nd);
			return false;
		}
		if (!netdev_input(nd, &t->pkt, 1, true)) {
			/* until the guest kicks the tap need not wake us */
			loop_del(&t->src);
			return false;
		}
		t->kept = false;
	}
	return true;
}

static void tap_report(struct netdev *nd, FILE *f)
{
	const struct tap *t = nd->be;

	fprintf(f, "\"write_errors\": %llu", (unsigned long long)t->errors);
}

const struct backend backend_tap = {
	.name = "tap",
	.args = "NAME",
	.help = "a tap interface of the host, with offloads",
	.wants_data = true,
	.open = tap_open,
	.close = tap_close,
	.start = tap_start,
	.stop = tap_stop,
	.offloads = tap_offloads,
	.poll = tap_poll,
	.transmit = tap_transmit,
	.report = tap_report,
};
