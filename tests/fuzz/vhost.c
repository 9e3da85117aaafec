// SPDX-License-Identifier: GPL-2.0
/*
 * The device half of vhost-user: messages in any order and of any content,
 * over memory of any content, with the rings looked at in between.
 *
 * Input: what lies at the start of guest memory (256 bytes), then steps. A
 * step is request, flags, number of descriptors and size of the payload (a
 * byte each), and the payload.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "../../tools/vhost/vhost.h"

#define MEMORY	(64 * 1024)
#define SEED	256

static int listener = -1, memory_fd = -1;
static u8 *memory;
static struct sockaddr_un address = { .sun_family = AF_UNIX };
static struct vhost_dev dev;
static u8 space[64];

static void end(void)
{
	unlink(address.sun_path);
}

static void prepare(void)
{
	vhost_verbosity = VHOST_ERR;
	if (!freopen("/dev/null", "w", stdout))
		abort();
	snprintf(address.sun_path, sizeof(address.sun_path),
		 "/tmp/virtnet-fuzz-%d", getpid());
	unlink(address.sun_path);
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	memory_fd = memfd_create("guest", MFD_CLOEXEC);
	if (loop_init() < 0 || listener < 0 || memory_fd < 0 ||
	    bind(listener, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(listener, 4) < 0 || ftruncate(memory_fd, MEMORY) < 0)
		abort();
	memory = mmap(NULL, MEMORY, PROT_READ | PROT_WRITE, MAP_SHARED,
		      memory_fd, 0);
	if (memory == MAP_FAILED)
		abort();
	atexit(end);
}

static int get_config(struct vhost_dev *d, u32 off, void *buf, u32 len)
{
	(void)d;
	if (off > sizeof(space) || len > sizeof(space) - off)
		return -EINVAL;
	memcpy(buf, space + off, len);
	return 0;
}

static int set_config(struct vhost_dev *d, u32 off, const void *buf, u32 len)
{
	(void)d;
	if (off > sizeof(space) || len > sizeof(space) - off)
		return -EINVAL;
	memcpy(space + off, buf, len);
	return 0;
}

static void features_changed(struct vhost_dev *d)
{
	d->mergeable = vhost_has(d, 15);
	d->hdr_len = 12;
}

/* Move packets through every ring that runs, both ways. */
static void work(void)
{
	static u8 data[2048];
	unsigned int i;

	for (i = 0; i < dev.num_vqs && !dev.memory_lost; i++) {
		struct vhost_vq *vq = &dev.vq[i];
		struct vhost_pkt pkt = { .data = data, .cap = sizeof(data), .len = 700 };

		if (!vhost_vq_live(vq))
			continue;
		if (i & 1)
			vhost_dequeue_burst(vq, &pkt, 1);
		else
			vhost_enqueue_burst(vq, &pkt, 1);
		if (vhost_vq_live(vq) && vhost_vq_wants_call(vq))
			vhost_vq_call(vq);
		if (vhost_vq_live(vq))
			vhost_vq_enable_kick(vq);
	}
}

static void open_fds(int *fds, unsigned int n, u32 request)
{
	bool memfd = request == VU_SET_MEM_TABLE || request == VU_ADD_MEM_REG ||
		     request == VU_SET_LOG_BASE || request == VU_SET_INFLIGHT_FD;

	while (n--)
		fds[n] = memfd ? dup(memory_fd) : eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
}

static void transmit(int fd, struct vu_msg *msg, const int *fds, unsigned int n)
{
	char control[CMSG_SPACE(8 * sizeof(int))] = { 0 };
	struct iovec iov = { msg, sizeof(msg->hdr) + msg->hdr.size };
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *c;

	if (n) {
		mh.msg_control = control;
		mh.msg_controllen = CMSG_SPACE(n * sizeof(int));
		c = CMSG_FIRSTHDR(&mh);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(n * sizeof(int));
		memcpy(CMSG_DATA(c), fds, n * sizeof(int));
	}
	if (sendmsg(fd, &mh, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 && errno != EPIPE)
		errno = 0;
}

/* One message. Return: bytes of input it took, 0 at the end of the input. */
static size_t step(int fd, const u8 *in, size_t left)
{
	static struct vu_msg msg;
	unsigned int nfds, i;
	int fds[8];
	char sink[8192];
	size_t len;

	if (left < 4)
		return 0;
	len = in[3] < left - 4 ? in[3] : left - 4;
	msg.hdr.request = in[0] % (VU_REQUEST_MAX + 2);
	msg.hdr.flags = in[1] & 0x80 ? in[1] & 0x7f : VU_VERSION | (in[1] & 8);
	msg.hdr.size = (u32)len;
	memcpy(msg.raw, in + 4, len);
	nfds = in[2] & 0x0f ? (in[2] & 0x0f) % 9 : 0;
	open_fds(fds, nfds, msg.hdr.request);
	transmit(fd, &msg, fds, nfds);
	for (i = 0; i < nfds; i++)
		close(fds[i]);
	loop_turn(false);
	work();
	while (recv(fd, sink, sizeof(sink), MSG_DONTWAIT) > 0)
		;
	return 4 + len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct vhost_ops ops = {
		.features_changed = features_changed,
		.get_config = get_config, .set_config = set_config,
	};
	size_t at = SEED, took;
	int fd;

	if (listener < 0)
		prepare();
	if (size < SEED)
		return 0;
	memset(memory, 0, MEMORY);
	memcpy(memory, data, SEED);
	memset(&dev, 0, sizeof(dev));
	dev.path = address.sun_path;
	dev.name = "fuzz";
	dev.client = true;
	dev.num_vqs = 5;
	dev.ops = &ops;
	dev.hdr_len = 12;
	dev.features_offered = ~0ULL;
	dev.pfeatures_offered = ~0ULL;
	if (vhost_register(&dev) < 0)
		abort();
	fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	while (at < size && dev.conn.added && (took = step(fd, data + at, size - at)))
		at += took;
	vhost_unregister(&dev);
	close(fd);
	return 0;
}
