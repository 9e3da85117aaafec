// SPDX-License-Identifier: GPL-2.0
/* Messages about one ring, and about memory, which rings depend on. */
#include <errno.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "internal.h"

static void kicked(struct vhost_vq *vq)
{
	vq->stats.kicks++;
	if (vq->dev->ops->kicked)
		vq->dev->ops->kicked(vq);
}

static void kick_ready(struct loop_source *src, u32 events)
{
	struct vhost_vq *vq = src->arg;
	u64 count;

	if (!(events & EPOLLIN) ||
	    read(src->fd, &count, sizeof(count)) <= 0) {
		vhost_err(vq->dev, "queue %u: kick descriptor failed",
			  vq->index);
		loop_del(src);
		return;
	}
	kicked(vq);
}

/* There is no message that enables or disables a ring: its kick does. */
static bool kick_enables(const struct vhost_vq *vq)
{
	return !vhost_has(vq->dev, VHOST_USER_F_PROTOCOL_FEATURES);
}

static int set_num(struct vhost_vq *vq, u32 num)
{
	if (vhost_vq_live(vq) && !kick_enables(vq))
		return -EBUSY;
	/*
	 * virtio_uml only disables before it sets up anew; once its driver has
	 * restarted the device it forgets the protocol features, and not even that.
	 */
	vhost_vq_stop(vq);
	if (!num || num > VHOST_MAX_QUEUE_SIZE)
		return -EINVAL;
	vq->num = num;
	return 0;
}

/* May come while the ring runs, to switch logging on or off. */
static int set_addr(struct vhost_vq *vq, const struct vu_addr *addr)
{
	if (!vhost_vq_live(vq))
		vhost_vq_stop(vq);
	vq->addr = *addr;
	vq->has_addr = true;
	if (!vq->started) {
		vhost_vq_start(vq);
		return 0;
	}
	if (vhost_vq_translate(vq) < 0) {
		vhost_vq_broken(vq, "new ring address is not in memory");
		return -EFAULT;
	}
	return 0;
}

static int set_kick(struct vhost_vq *vq, int fd)
{
	int old = vq->kick.fd, err;

	loop_del(&vq->kick);
	if (old >= 0)
		close(old);
	vq->kick.fd = -1;
	vq->has_kick = true;
	if (fd >= 0) {
		err = loop_add(&vq->kick, fd, kick_ready, vq);
		if (err) {
			vq->kick.fd = -1;
			vq->has_kick = false;
			close(fd);
			return err;
		}
	}
	vhost_vq_start(vq);
	if (kick_enables(vq))
		vhost_vq_enable(vq, true);
	return 0;
}

static int set_call(struct vhost_vq *vq, int fd)
{
	struct stat st;

	if (vq->call_fd >= 0)
		close(vq->call_fd);
	vq->call_fd = fd;
	vq->call_is_socket = fd >= 0 && !fstat(fd, &st) &&
			     S_ISSOCK(st.st_mode);
	/* an interrupt may have been lost while there was none */
	if (fd >= 0 && vhost_vq_live(vq))
		vhost_vq_call(vq);
	return 0;
}

static int set_err(struct vhost_vq *vq, int fd)
{
	if (vq->err_fd >= 0)
		close(vq->err_fd);
	vq->err_fd = fd;
	return 0;
}

static int set_fd(struct vhost_vq *vq, struct vu_msg *msg)
{
	int fd = -1;

	if (!(msg->num & VU_VRING_NOFD)) {
		fd = vhost_take_fd(msg);
		if (fd < 0)
			return -EBADF;
	}
	if (msg->hdr.request == VU_SET_VRING_KICK)
		return set_kick(vq, fd);
	if (msg->hdr.request == VU_SET_VRING_CALL)
		return set_call(vq, fd);
	return set_err(vq, fd);
}

static int get_base(struct vhost_vq *vq, struct vu_msg *msg)
{
	vhost_vq_stop(vq);
	vq->has_kick = false;
	loop_del(&vq->kick);
	msg->state.num = vhost_vq_get_base(vq);
	msg->hdr.flags = VU_VERSION | VU_FLAG_REPLY;
	return vhost_send(vq->dev, vq->dev->conn.fd, msg, -1);
}

static int enable(struct vhost_vq *vq, u32 on)
{
	if (on > 1)
		return -EINVAL;
	/* QEMU enables before it sets the features */
	if (!(vq->dev->features_offered & BIT(VHOST_USER_F_PROTOCOL_FEATURES)))
		return -EPROTO;
	vhost_vq_enable(vq, on);
	return 0;
}

int vhost_handle_ring(struct vhost_dev *dev, struct vu_msg *msg)
{
	u32 request = msg->hdr.request;
	bool fd_form = request == VU_SET_VRING_KICK ||
		       request == VU_SET_VRING_CALL ||
		       request == VU_SET_VRING_ERR;
	u32 index = fd_form ? (u32)(msg->num & VU_VRING_MASK) :
			      msg->state.index;
	struct vhost_vq *vq;

	if (index >= dev->num_vqs) {
		vhost_err(dev, "queue %u of %u", index, dev->num_vqs);
		return -EINVAL;
	}
	vq = &dev->vq[index];
	if (fd_form)
		return set_fd(vq, msg);
	switch (request) {
	case VU_SET_VRING_NUM:
		return set_num(vq, msg->state.num);
	case VU_SET_VRING_ADDR:
		return set_addr(vq, &msg->addr);
	case VU_SET_VRING_BASE:
		vhost_vq_set_base(vq, msg->state.num);
		return 0;
	case VU_GET_VRING_BASE:
		return get_base(vq, msg);
	case VU_SET_VRING_ENABLE:
		return enable(vq, msg->state.num);
	default:
		kicked(vq);
		return 0;
	}
}

/* After memory moved: rings that ran must still be in it. */
static void retranslate(struct vhost_dev *dev)
{
	unsigned int i;

	for (i = 0; i < dev->num_vqs; i++) {
		struct vhost_vq *vq = &dev->vq[i];

		if (!vq->started) {
			vhost_vq_start(vq);
			continue;
		}
		if (vhost_vq_translate(vq) < 0) {
			vhost_vq_broken(vq, "ring is not in the new memory");
			vhost_vq_stop(vq);
		}
	}
}

static int set_table(struct vhost_dev *dev, struct vu_msg *msg)
{
	u32 i, n = msg->memory.num;
	int err = 0;

	if (n > VU_MAX_FDS || msg->nfds != n ||
	    msg->hdr.size < offsetof(struct vu_memory, region) +
			    n * sizeof(struct vu_region)) {
		vhost_err(dev, "memory table of %u regions, %u descriptors", n,
			  msg->nfds);
		return -EINVAL;
	}
	for (i = 0; i < dev->num_vqs; i++)
		if (dev->vq[i].started)
			vhost_vq_flush(&dev->vq[i]);
	vhost_mem_clear(dev);
	for (i = 0; i < n && !err; i++)
		err = vhost_mem_add(dev, &msg->memory.region[i], msg->fds[i]);
	if (err)
		vhost_mem_clear(dev);
	retranslate(dev);
	return err;
}

static int max_slots(struct vhost_dev *dev, struct vu_msg *msg)
{
	msg->num = VHOST_MAX_REGIONS;
	msg->hdr.flags = VU_VERSION | VU_FLAG_REPLY;
	msg->hdr.size = sizeof(u64);
	return vhost_send(dev, dev->conn.fd, msg, -1);
}

static int add_region(struct vhost_dev *dev, struct vu_msg *msg)
{
	int err = msg->nfds ? vhost_mem_add(dev, &msg->single.region,
					    msg->fds[0]) : -EBADF;

	retranslate(dev);
	return err;
}

int vhost_handle_memory(struct vhost_dev *dev, struct vu_msg *msg)
{
	int err;

	switch (msg->hdr.request) {
	case VU_SET_MEM_TABLE:
		return set_table(dev, msg);
	case VU_GET_MAX_MEM_SLOTS:
		return max_slots(dev, msg);
	case VU_ADD_MEM_REG:
		return add_region(dev, msg);
	default:
		err = vhost_mem_remove(dev, &msg->single.region);
		retranslate(dev);
		return err;
	}
}

static bool pair_live(const struct vhost_dev *dev, unsigned int rx)
{
	return vhost_vq_live(&dev->vq[rx]) && vhost_vq_live(&dev->vq[rx + 1]);
}

/* Tell the program when a first pair runs, and when the last one stops. */
void vhost_update_running(struct vhost_dev *dev)
{
	bool running = false;
	unsigned int i;

	for (i = 0; i + 1 < dev->num_vqs && !running; i += 2)
		running = pair_live(dev, i);
	if (running == dev->running)
		return;
	dev->running = running;
	vhost_info(dev, running ? "running" : "stopped");
	if (running && dev->ops->new_device)
		dev->ops->new_device(dev);
	if (!running && dev->ops->destroy_device)
		dev->ops->destroy_device(dev);
}
