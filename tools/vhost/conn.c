// SPDX-License-Identifier: GPL-2.0
/*
 * Registry and connections: a device listens or connects, reconnects with a
 * growing delay, and reads messages piece by piece as they come.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "internal.h"

#define RETRY_MIN	(100 * NSEC_PER_MSEC)
#define RETRY_MAX	(5 * NSEC_PER_SEC)

static struct vhost_dev *devices;

struct vhost_dev *vhost_first(void)
{
	return devices;
}

int vhost_feature_set(struct vhost_dev *dev, unsigned int bit, bool on)
{
	if (dev->conn.added)
		return -EBUSY;
	if (on)
		dev->features_offered |= BIT(bit);
	else
		dev->features_offered &= ~BIT(bit);
	return 0;
}

static void reset_rings(struct vhost_dev *dev)
{
	unsigned int i;

	for (i = 0; i < dev->num_vqs; i++)
		vhost_vq_reset(&dev->vq[i]);
}

/* Everything a front end told us, gone. */
void vhost_dev_reset(struct vhost_dev *dev)
{
	reset_rings(dev);
	vhost_log_clear(dev);
	vhost_inflight_clear(dev);
	vhost_mem_clear(dev);
	dev->features = 0;
	dev->pfeatures = 0;
	dev->status = 0;
	dev->owned = false;
	dev->memory_lost = false;
}

static void try_connect(struct vhost_dev *dev);

static void retry_later(struct vhost_dev *dev)
{
	loop_timer_set(&dev->retry, loop_time() + dev->retry_delay);
	dev->retry_delay = min(dev->retry_delay * 2, RETRY_MAX);
}

void vhost_disconnect(struct vhost_dev *dev, const char *why)
{
	int fd = dev->conn.fd;

	if (!dev->conn.added)
		return;
	vhost_info(dev, "disconnected: %s", why);
	loop_del(&dev->conn);
	vhost_dev_reset(dev);
	close(fd);
	dev->conn.fd = -1;
	vhost_close_fds(&dev->msg);
	dev->msg_have = 0;
	if (dev->backend_fd >= 0)
		close(dev->backend_fd);
	dev->backend_fd = -1;
	if (dev->ops->connected)
		dev->ops->connected(dev, false);
	if (dev->client && !dev->no_reconnect)
		retry_later(dev);
}

static void take_fds(struct vu_msg *msg, struct msghdr *mh)
{
	struct cmsghdr *c;

	if (mh->msg_flags & MSG_CTRUNC)
		msg->fds_lost = true;
	for (c = CMSG_FIRSTHDR(mh); c; c = CMSG_NXTHDR(mh, c)) {
		size_t i, n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		int fd;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (i = 0; i < n; i++) {
			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(fd));
			if (msg->nfds < VU_MAX_FDS) {
				msg->fds[msg->nfds++] = fd;
			} else {
				close(fd);
				msg->fds_lost = true;
			}
		}
	}
}

static ssize_t receive(struct vhost_dev *dev, void *buf, size_t len)
{
	char control[CMSG_SPACE(VU_MAX_FDS * sizeof(int))];
	struct iovec iov = { .iov_base = buf, .iov_len = len };
	struct msghdr mh = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	ssize_t n = recvmsg(dev->conn.fd, &mh, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	if (n > 0)
		take_fds(&dev->msg, &mh);
	return n;
}

/* Why a header cannot be followed by anything sensible, or NULL. */
static const char *bad_header(const struct vu_header *hdr)
{
	if ((hdr->flags & VU_VERSION_MASK) != VU_VERSION)
		return "message of another protocol version";
	if (hdr->flags & VU_FLAG_REPLY)
		return "reply to nothing";
	if (hdr->size > VU_MAX_PAYLOAD)
		return "message longer than any we know";
	return NULL;
}

/* Read what is there; true when a whole message is. */
static bool read_message(struct vhost_dev *dev)
{
	size_t have = dev->msg_have, hdr = sizeof(dev->msg.hdr);
	size_t want = have < hdr ? hdr : hdr + dev->msg.hdr.size;
	const char *why;
	ssize_t n;

	n = receive(dev, (u8 *)&dev->msg + have, want - have);
	if (n < 0) {
		if (errno != EAGAIN && errno != EINTR)
			vhost_disconnect(dev, strerror(errno));
		return false;
	}
	if (!n) {
		if (have)
			vhost_err(dev, "message cut short after %zu bytes",
				  have);
		vhost_disconnect(dev, "closed by the front end");
		return false;
	}
	dev->msg_have += (size_t)n;
	if (dev->msg_have < hdr)
		return false;
	why = bad_header(&dev->msg.hdr);
	if (why) {
		dev->bad_messages++;
		vhost_err(dev, "request %u flags %#x size %u: %s",
			  dev->msg.hdr.request, dev->msg.hdr.flags,
			  dev->msg.hdr.size, why);
		vhost_disconnect(dev, "protocol error");
		return false;
	}
	return dev->msg_have == hdr + dev->msg.hdr.size;
}

/*
 * One message a turn, in as many pieces as it comes: a front end that always has the
 * next one ready would otherwise keep the rings waiting.
 */
static void conn_ready(struct loop_source *src, u32 events)
{
	struct vhost_dev *dev = src->arg;
	size_t before;

	(void)events;
	do {
		before = dev->msg_have;
		if (read_message(dev)) {
			dev->msg_have = 0;
			dev->messages++;
			vhost_handle(dev, &dev->msg);
			vhost_close_fds(&dev->msg);
			dev->msg.fds_lost = false;
			return;
		}
	} while (dev->conn.added && dev->msg_have != before);
}

static void connected(struct vhost_dev *dev, int fd)
{
	vhost_dev_reset(dev);
	dev->msg_have = 0;
	dev->msg.nfds = 0;
	dev->msg.fds_lost = false;
	dev->retry_delay = RETRY_MIN;
	dev->connects++;
	if (loop_add(&dev->conn, fd, conn_ready, dev) < 0) {
		close(fd);
		return;
	}
	vhost_info(dev, "front end connected");
	if (dev->ops->connected)
		dev->ops->connected(dev, true);
}

static void listener_ready(struct loop_source *src, u32 events)
{
	struct vhost_dev *dev = src->arg;
	int fd = accept4(src->fd, NULL, NULL, SOCK_CLOEXEC);

	(void)events;
	if (fd < 0)
		return;
	if (dev->conn.added) {
		vhost_err(dev, "a second front end was turned away");
		close(fd);
		return;
	}
	connected(dev, fd);
}

static int unix_address(struct vhost_dev *dev, struct sockaddr_un *sa)
{
	memset(sa, 0, sizeof(*sa));
	sa->sun_family = AF_UNIX;
	if (strlen(dev->path) >= sizeof(sa->sun_path)) {
		vhost_err(dev, "socket path is longer than %zu characters",
			  sizeof(sa->sun_path) - 1);
		return -ENAMETOOLONG;
	}
	memcpy(sa->sun_path, dev->path, strlen(dev->path));
	return 0;
}

static void retry_fired(struct loop_timer *timer)
{
	try_connect(timer->arg);
}

static void try_connect(struct vhost_dev *dev)
{
	struct sockaddr_un sa;
	int fd;

	if (unix_address(dev, &sa) < 0)
		return;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && !connect(fd, (struct sockaddr *)&sa, sizeof(sa))) {
		connected(dev, fd);
		return;
	}
	vhost_debug(dev, "connect %s: %m", dev->path);
	if (fd >= 0)
		close(fd);
	retry_later(dev);
}

static int start_listening(struct vhost_dev *dev)
{
	struct sockaddr_un sa;
	struct stat st;
	int fd, err;

	if (unix_address(dev, &sa) < 0)
		return -ENAMETOOLONG;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	/* a socket left behind by a process that died is in the way */
	if (!lstat(dev->path, &st) && S_ISSOCK(st.st_mode))
		unlink(dev->path);
	if (bind(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0 ||
	    listen(fd, 16) < 0) {
		err = -errno;
		vhost_err(dev, "cannot listen at %s: %m", dev->path);
		close(fd);
		return err;
	}
	return loop_add(&dev->listener, fd, listener_ready, dev);
}

static void stop_listening(struct vhost_dev *dev)
{
	if (dev->listener.fd < 0)
		return;
	loop_del(&dev->listener);
	close(dev->listener.fd);
	dev->listener.fd = -1;
	unlink(dev->path);
}

/*
 * Be gone for a while: no connection, and none taken or tried. Who tries is told so at
 * once: QEMU, if it were let wait for an answer, would keep its guest standing still.
 */
void vhost_pause(struct vhost_dev *dev, bool on)
{
	if (on) {
		vhost_disconnect(dev, "paused");
		loop_timer_stop(&dev->retry);
		stop_listening(dev);
	} else if (dev->client) {
		try_connect(dev);
	} else {
		start_listening(dev);
	}
}

int vhost_register(struct vhost_dev *dev)
{
	unsigned int i;

	if (!dev->num_vqs || dev->num_vqs > VHOST_MAX_VQS)
		return -EINVAL;
	vhost_mem_guard();
	dev->backend_fd = -1;
	dev->conn.fd = -1;
	dev->listener.fd = -1;
	dev->retry.fire = retry_fired;
	dev->retry.arg = dev;
	dev->retry_delay = RETRY_MIN;
	for (i = 0; i < dev->num_vqs; i++)
		vhost_vq_init(dev, i);
	dev->next = devices;
	devices = dev;
	if (!dev->client)
		return start_listening(dev);
	try_connect(dev);
	return 0;
}

void vhost_unregister(struct vhost_dev *dev)
{
	struct vhost_dev **p;

	dev->no_reconnect = true;
	vhost_disconnect(dev, "shutting down");
	loop_timer_stop(&dev->retry);
	stop_listening(dev);
	for (p = &devices; *p; p = &(*p)->next) {
		if (*p == dev) {
			*p = dev->next;
			break;
		}
	}
}
