// SPDX-License-Identifier: GPL-2.0
/*
 * Messages: a table says how large each may be and how many descriptors come
 * with it; what does not fit is refused before anybody looks at it.
 *
 * A handler returns 0 or an error. Where the request has a reply of its own
 * the handler sends it, and on error the connection ends, since the front end
 * would wait for ever. Other requests are acknowledged when asked to.
 */
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "internal.h"

typedef int (*handler_t)(struct vhost_dev *dev, struct vu_msg *msg);

struct request {
	const char *name;
	handler_t handle;
	u32 min, max;		/* payload */
	u8 min_fds, max_fds;
	bool replies;
	int needs;			/* protocol feature, or -1 */
};

void vhost_close_fds(struct vu_msg *msg)
{
	while (msg->nfds)
		close(msg->fds[--msg->nfds]);
}

/* The message's descriptor, ours from now on. */
int vhost_take_fd(struct vu_msg *msg)
{
	return msg->nfds ? msg->fds[--msg->nfds] : -1;
}

int vhost_send(struct vhost_dev *dev, int fd, struct vu_msg *msg, int send_fd)
{
	char control[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec iov = {
		.iov_base = msg,
		.iov_len = sizeof(msg->hdr) + msg->hdr.size,
	};
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *c;
	ssize_t n;

	if (send_fd >= 0) {
		mh.msg_control = control;
		mh.msg_controllen = sizeof(control);
		c = CMSG_FIRSTHDR(&mh);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &send_fd, sizeof(int));
	}
	n = sendmsg(fd, &mh, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n == (ssize_t)iov.iov_len)
		return 0;
	vhost_err(dev, "send of request %u: %s", msg->hdr.request,
		  n < 0 ? strerror(errno) : "front end does not read");
	return -EIO;
}

static int reply(struct vhost_dev *dev, struct vu_msg *msg, u32 size, int fd)
{
	msg->hdr.flags = VU_VERSION | VU_FLAG_REPLY;
	msg->hdr.size = size;
	return vhost_send(dev, dev->conn.fd, msg, fd);
}

static int reply_num(struct vhost_dev *dev, struct vu_msg *msg, u64 num)
{
	msg->num = num;
	return reply(dev, msg, sizeof(u64), -1);
}

/* A request of ours, on the channel the front end gave for them. */
int vhost_backend_send(struct vhost_dev *dev, u32 request, const void *payload,
		       u32 size)
{
	static struct vu_msg msg;

	if (dev->backend_fd < 0)
		return -ENOTCONN;
	msg.hdr.request = request;
	msg.hdr.flags = VU_VERSION;
	msg.hdr.size = size;
	if (size)
		memcpy(msg.raw, payload, size);
	return vhost_send(dev, dev->backend_fd, &msg, -1);
}

int vhost_config_changed(struct vhost_dev *dev)
{
	if (!(dev->pfeatures & BIT(VU_PF_CONFIG)))
		return -ENOTCONN;
	return vhost_backend_send(dev, VU_B_CONFIG_CHANGE, NULL, 0);
}

static int get_features(struct vhost_dev *dev, struct vu_msg *msg)
{
	return reply_num(dev, msg, dev->features_offered);
}

static bool any_live(const struct vhost_dev *dev)
{
	unsigned int i;

	for (i = 0; i < dev->num_vqs; i++)
		if (vhost_vq_live(&dev->vq[i]))
			return true;
	return false;
}

/* Rings left disabled by a driver that is gone. */
static void stop_rings(struct vhost_dev *dev)
{
	unsigned int i;

	for (i = 0; i < dev->num_vqs; i++)
		vhost_vq_stop(&dev->vq[i]);
}

static int set_features(struct vhost_dev *dev, struct vu_msg *msg)
{
	u64 changed = msg->num ^ dev->features;

	if (msg->num & ~dev->features_offered) {
		vhost_err(dev, "features %#llx were never offered",
			  (unsigned long long)(msg->num & ~dev->features_offered));
		return -EINVAL;
	}
	if (changed & ~BIT(VHOST_F_LOG_ALL)) {
		if (any_live(dev)) {
			vhost_err(dev, "features may not change while rings run");
			return -EBUSY;
		}
		stop_rings(dev);
	}
	dev->features = msg->num;
	vhost_debug(dev, "features %#llx", (unsigned long long)msg->num);
	if (dev->ops->features_changed)
		dev->ops->features_changed(dev);
	return 0;
}

static int set_owner(struct vhost_dev *dev, struct vu_msg *msg)
{
	(void)msg;
	if (dev->owned)
		vhost_debug(dev, "already owned");
	dev->owned = true;
	return 0;
}

static int reset_device(struct vhost_dev *dev, struct vu_msg *msg)
{
	unsigned int i;

	(void)msg;
	for (i = 0; i < dev->num_vqs; i++)
		vhost_vq_reset(&dev->vq[i]);
	dev->status = 0;
	if (dev->ops->reset)
		dev->ops->reset(dev);
	return 0;
}

static int reset_owner(struct vhost_dev *dev, struct vu_msg *msg)
{
	dev->owned = false;
	return reset_device(dev, msg);
}

static int get_pfeatures(struct vhost_dev *dev, struct vu_msg *msg)
{
	return reply_num(dev, msg, dev->pfeatures_offered);
}

static int set_pfeatures(struct vhost_dev *dev, struct vu_msg *msg)
{
	if (msg->num & ~dev->pfeatures_offered) {
		vhost_err(dev, "protocol features %#llx were never offered",
			  (unsigned long long)(msg->num &
					       ~dev->pfeatures_offered));
		return -EINVAL;
	}
	dev->pfeatures = msg->num;
	vhost_debug(dev, "protocol features %#llx",
		    (unsigned long long)msg->num);
	return 0;
}

static int get_queue_num(struct vhost_dev *dev, struct vu_msg *msg)
{
	/* pairs: the control queue does not count */
	return reply_num(dev, msg, dev->num_vqs / 2);
}

static int send_rarp(struct vhost_dev *dev, struct vu_msg *msg)
{
	u8 mac[6];

	memcpy(mac, msg->raw, sizeof(mac));
	return dev->ops->rarp ? dev->ops->rarp(dev, mac) : -EOPNOTSUPP;
}

static int set_mtu(struct vhost_dev *dev, struct vu_msg *msg)
{
	if (msg->num < 68 || msg->num > 65535) {
		vhost_err(dev, "MTU %llu", (unsigned long long)msg->num);
		return -EINVAL;
	}
	return dev->ops->set_mtu ? dev->ops->set_mtu(dev, (u16)msg->num) : 0;
}

static int set_backend_fd(struct vhost_dev *dev, struct vu_msg *msg)
{
	if (dev->backend_fd >= 0)
		close(dev->backend_fd);
	dev->backend_fd = vhost_take_fd(msg);
	return 0;
}

static bool config_fits(const struct vu_msg *msg)
{
	const struct vu_config *c = &msg->config;

	return c->size <= VU_MAX_CONFIG &&
	       msg->hdr.size == offsetof(struct vu_config, data) + c->size;
}

/* A reply without payload says that this part of the space is not there. */
static int get_config(struct vhost_dev *dev, struct vu_msg *msg)
{
	struct vu_config *c = &msg->config;

	if (!config_fits(msg) || !dev->ops->get_config ||
	    dev->ops->get_config(dev, c->offset, c->data, c->size) < 0) {
		vhost_err(dev, "no config space at %u+%u", c->offset, c->size);
		return reply(dev, msg, 0, -1);
	}
	return reply(dev, msg, msg->hdr.size, -1);
}

static int set_config(struct vhost_dev *dev, struct vu_msg *msg)
{
	const struct vu_config *c = &msg->config;

	if (!config_fits(msg)) {
		vhost_err(dev, "config of %u bytes in a payload of %u",
			  c->size, msg->hdr.size);
		return -EINVAL;
	}
	return dev->ops->set_config ?
	       dev->ops->set_config(dev, c->offset, c->data, c->size) : -EPERM;
}

static int get_inflight(struct vhost_dev *dev, struct vu_msg *msg)
{
	int fd = vhost_inflight_get(dev, &msg->inflight);
	int err = reply(dev, msg, offsetof(struct vu_inflight, padding), fd);

	if (fd >= 0)
		close(fd);
	return err;
}

static int set_inflight(struct vhost_dev *dev, struct vu_msg *msg)
{
	if (any_live(dev)) {
		vhost_err(dev, "inflight region may not change while rings run");
		return -EBUSY;
	}
	if (!msg->nfds)
		return -EINVAL;
	return vhost_inflight_set(dev, &msg->inflight, msg->fds[0]);
}

static int set_log_base(struct vhost_dev *dev, struct vu_msg *msg)
{
	int err = msg->nfds ? vhost_log_set(dev, &msg->log, msg->fds[0]) :
			      -EINVAL;

	return err ? err : reply_num(dev, msg, 0);
}

/* An eventfd to signal on log writes; the front end polls instead. */
static int set_log_fd(struct vhost_dev *dev, struct vu_msg *msg)
{
	(void)dev;
	(void)msg;
	return 0;
}

static int get_status(struct vhost_dev *dev, struct vu_msg *msg)
{
	return reply_num(dev, msg, dev->status);
}

static int set_status(struct vhost_dev *dev, struct vu_msg *msg)
{
	if (msg->num > 0xff) {
		vhost_err(dev, "status %#llx", (unsigned long long)msg->num);
		return -EINVAL;
	}
	vhost_debug(dev, "status %#x", (unsigned int)msg->num);
	dev->status = (u8)msg->num;
	return msg->num ? 0 : reset_device(dev, msg);
}

#define R(name, fn, lo, hi, fd_lo, fd_hi, rep, pf) \
	[VU_##name] = { #name, fn, lo, hi, fd_lo, fd_hi, rep, pf }
#define S(type)	sizeof(struct type)

static const struct request requests[VU_REQUEST_MAX] = {
	R(GET_FEATURES, get_features, 0, 0, 0, 0, true, -1),
	R(SET_FEATURES, set_features, 8, 8, 0, 0, false, -1),
	R(SET_OWNER, set_owner, 0, 0, 0, 0, false, -1),
	R(RESET_OWNER, reset_owner, 0, 8, 0, 0, false, -1),
	R(SET_MEM_TABLE, vhost_handle_memory, 8, S(vu_memory), 0, VU_MAX_FDS,
	  false, -1),
	R(SET_LOG_BASE, set_log_base, S(vu_log), S(vu_log), 1, 1, true,
	  VU_PF_LOG_SHMFD),
	R(SET_LOG_FD, set_log_fd, 0, 8, 1, 1, false, -1),
	R(SET_VRING_NUM, vhost_handle_ring, 8, 8, 0, 0, false, -1),
	R(SET_VRING_ADDR, vhost_handle_ring, S(vu_addr), S(vu_addr), 0, 0,
	  false, -1),
	R(SET_VRING_BASE, vhost_handle_ring, 8, 8, 0, 0, false, -1),
	R(GET_VRING_BASE, vhost_handle_ring, 8, 8, 0, 0, true, -1),
	R(SET_VRING_KICK, vhost_handle_ring, 8, 8, 0, 1, false, -1),
	R(SET_VRING_CALL, vhost_handle_ring, 8, 8, 0, 1, false, -1),
	R(SET_VRING_ERR, vhost_handle_ring, 8, 8, 0, 1, false, -1),
	R(GET_PROTOCOL_FEATURES, get_pfeatures, 0, 0, 0, 0, true, -1),
	R(SET_PROTOCOL_FEATURES, set_pfeatures, 8, 8, 0, 0, false, -1),
	R(GET_QUEUE_NUM, get_queue_num, 0, 0, 0, 0, true, VU_PF_MQ),
	R(SET_VRING_ENABLE, vhost_handle_ring, 8, 8, 0, 0, false, -1),
	R(SEND_RARP, send_rarp, 8, 8, 0, 0, false, VU_PF_RARP),
	R(NET_SET_MTU, set_mtu, 8, 8, 0, 0, false, VU_PF_MTU),
	R(SET_BACKEND_REQ_FD, set_backend_fd, 0, 8, 1, 1, false,
	  VU_PF_BACKEND_REQ),
	R(GET_CONFIG, get_config, 12, S(vu_config), 0, 0, true, VU_PF_CONFIG),
	R(SET_CONFIG, set_config, 12, S(vu_config), 0, 0, false, VU_PF_CONFIG),
	R(GET_INFLIGHT_FD, get_inflight, 20, S(vu_inflight), 0, 0, true,
	  VU_PF_INFLIGHT_SHMFD),
	R(SET_INFLIGHT_FD, set_inflight, 20, S(vu_inflight), 1, 1, false,
	  VU_PF_INFLIGHT_SHMFD),
	R(RESET_DEVICE, reset_device, 0, 0, 0, 0, false, VU_PF_RESET_DEVICE),
	R(VRING_KICK, vhost_handle_ring, 8, 8, 0, 0, false,
	  VU_PF_INBAND_NOTIFICATIONS),
	R(GET_MAX_MEM_SLOTS, vhost_handle_memory, 0, 0, 0, 0, true,
	  VU_PF_CONFIGURE_MEM_SLOTS),
	R(ADD_MEM_REG, vhost_handle_memory, 40, 40, 0, 1, false,
	  VU_PF_CONFIGURE_MEM_SLOTS),
	R(REM_MEM_REG, vhost_handle_memory, 40, 40, 0, 1, false,
	  VU_PF_CONFIGURE_MEM_SLOTS),
	R(SET_STATUS, set_status, 8, 8, 0, 0, false, VU_PF_STATUS),
	R(GET_STATUS, get_status, 0, 0, 0, 0, true, VU_PF_STATUS),
};

/* Why a message cannot be handled, or NULL. */
static const char *unfit(const struct vhost_dev *dev, const struct vu_msg *msg,
			 const struct request *r)
{
	if (!r)
		return "unknown request";
	if (msg->fds_lost)
		return "too many file descriptors";
	if (msg->hdr.size < r->min)
		return "payload too short";
	if (msg->hdr.size > r->max)
		return "payload too long";
	if (msg->nfds < r->min_fds)
		return "file descriptor missing";
	if (msg->nfds > r->max_fds)
		return "unexpected file descriptor";
	if (r->needs >= 0 && !(dev->pfeatures & BIT(r->needs)))
		return "protocol feature was not negotiated";
	return NULL;
}

static void refuse(struct vhost_dev *dev, const struct vu_msg *msg,
		   const struct request *r, const char *why)
{
	dev->bad_messages++;
	vhost_err(dev, "%s (request %u, payload %u bytes, %u fds): %s",
		  r ? r->name : "?", msg->hdr.request, msg->hdr.size,
		  msg->nfds, why);
}

void vhost_handle(struct vhost_dev *dev, struct vu_msg *msg)
{
	u32 nr = msg->hdr.request;
	const struct request *r = nr < VU_REQUEST_MAX && requests[nr].handle ?
				  &requests[nr] : NULL;
	bool ack = msg->hdr.flags & VU_FLAG_NEED_REPLY;
	const char *why = unfit(dev, msg, r);
	int err = -EPROTO;

	if (why) {
		refuse(dev, msg, r, why);
	} else {
		vhost_debug(dev, "%s", r->name);
		err = r->handle(dev, msg);
		if (err)
			refuse(dev, msg, r, strerror(-err));
	}
	if (!dev->conn.added)
		return;
	if (r && r->replies) {
		if (err)
			vhost_disconnect(dev, "no reply possible");
		return;
	}
	/* virtio_uml wants the very message acknowledged that agrees on it */
	if (ack && dev->pfeatures & BIT(VU_PF_REPLY_ACK))
		reply_num(dev, msg, err ? 1 : 0);
}
