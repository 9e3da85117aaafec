// SPDX-License-Identifier: GPL-2.0
/*
 * Dirty logging: a bitmap shared with the front end, one bit for each 4 KiB
 * of guest physical memory written while VHOST_F_LOG_ALL is on.
 */
#include <errno.h>
#include <sys/mman.h>

#include "internal.h"

#define LOG_PAGE	4096

void vhost_log_clear(struct vhost_dev *dev)
{
	if (dev->log_map)
		munmap(dev->log_map, dev->log_map_len);
	dev->log_map = NULL;
	dev->log = NULL;
	dev->log_len = 0;
}

int vhost_log_set(struct vhost_dev *dev, const struct vu_log *log, int fd)
{
	void *map;
	size_t map_len;
	u8 *host = vhost_map_fd(dev, fd, log->size, log->offset, &map,
				&map_len);

	if (!host)
		return -EINVAL;
	vhost_log_clear(dev);
	dev->log = host;
	dev->log_len = log->size;
	dev->log_map = map;
	dev->log_map_len = map_len;
	vhost_info(dev, "dirty log of %llu bytes",
		   (unsigned long long)log->size);
	return 0;
}

void vhost_log_write(struct vhost_dev *dev, u64 gpa, u64 len)
{
	u64 page, last;

	if (!dev->log || !vhost_has(dev, VHOST_F_LOG_ALL) || !len)
		return;
	last = (gpa + len - 1) / LOG_PAGE;
	for (page = gpa / LOG_PAGE; page <= last; page++) {
		if (page / 8 >= dev->log_len)
			return;
		__atomic_fetch_or(&dev->log[page / 8], (u8)BIT(page % 8),
				  __ATOMIC_RELEASE);
	}
}

/* A write to the ring: log address given with VU_VRING_F_LOG. */
void vhost_log_ring(struct vhost_vq *vq, u64 off, u64 len)
{
	if (unlikely(vq->dev->log && vq->addr.flags & VU_VRING_F_LOG))
		vhost_log_write(vq->dev, vq->addr.log + off, len);
}
