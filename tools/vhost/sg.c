// SPDX-License-Identifier: GPL-2.0
/*
 * Segments: a descriptor's guest range becomes one host range for each region
 * it touches; copies into them mark the pages for migration.
 */
#include <errno.h>

#include "internal.h"

int vhost_sg_add(struct vhost_vq *vq, struct vhost_chain *chain, u64 gpa,
		 u32 len, bool write)
{
	struct vhost_dev *dev = vq->dev;
	struct vhost_sg *sg = &dev->sg;
	u64 left = len;

	if (!write && chain->n_in)
		return -EPROTO;		/* readable after writable */
	if (__builtin_add_overflow(write ? chain->in_len : chain->out_len, len,
				   write ? &chain->in_len : &chain->out_len))
		return -EOVERFLOW;
	while (left) {
		u64 part = left;
		u8 *host = vhost_gpa(dev, gpa, &part);

		if (unlikely(!host))
			return -EFAULT;
		if (unlikely(sg->n >= VHOST_MAX_SEGS))
			return -E2BIG;
		sg->iov[sg->n].iov_base = host;
		sg->iov[sg->n].iov_len = part;
		sg->gpa[sg->n++] = gpa;
		if (write)
			chain->n_in++;
		else
			chain->n_out++;
		gpa += part;
		left -= part;
	}
	return 0;
}

size_t vhost_sg_read(struct vhost_dev *dev, const struct vhost_chain *chain,
		     size_t off, void *buf, size_t len)
{
	const struct iovec *iov = dev->sg.iov + chain->first;
	const struct iovec *end = iov + chain->n_out;
	size_t done = 0;

	for (; iov < end && done < len; iov++) {
		size_t part;

		if (off >= iov->iov_len) {
			off -= iov->iov_len;
			continue;
		}
		part = min(iov->iov_len - off, len - done);
		memcpy((u8 *)buf + done, (u8 *)iov->iov_base + off, part);
		done += part;
		off = 0;
	}
	return done;
}

size_t vhost_sg_write(struct vhost_dev *dev, const struct vhost_chain *chain,
		      size_t off, const void *buf, size_t len)
{
	u32 i = chain->first + chain->n_out;
	u32 end = i + chain->n_in;
	size_t done = 0;

	for (; i < end && done < len; i++) {
		const struct iovec *iov = &dev->sg.iov[i];
		size_t part;

		if (off >= iov->iov_len) {
			off -= iov->iov_len;
			continue;
		}
		part = min(iov->iov_len - off, len - done);
		memcpy((u8 *)iov->iov_base + off, (const u8 *)buf + done, part);
		if (unlikely(dev->log))
			vhost_log_write(dev, dev->sg.gpa[i] + off, part);
		done += part;
		off = 0;
	}
	return done;
}

/* How often @what lies in what a chain lets us see, wherever it begins. */
unsigned int vhost_sg_find(const struct vhost_dev *dev,
			   const struct vhost_chain *chain, u64 what)
{
	u32 i = chain->first, end = i + chain->n_out + chain->n_in;
	unsigned int found = 0;

	for (; i < end; i++) {
		const u8 *at = dev->sg.iov[i].iov_base;
		const u8 *stop = at + dev->sg.iov[i].iov_len;

		while ((at = memmem(at, (size_t)(stop - at), &what, sizeof(what)))) {
			at += sizeof(what);
			found++;
		}
	}
	return found;
}
