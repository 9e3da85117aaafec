// SPDX-License-Identifier: GPL-2.0
/*
 * Guest memory: regions mapped from the front end's descriptors, and the two
 * translations (guest physical, front-end virtual), both bounds checked.
 *
 * The front end can shrink a file after we mapped it; touching the lost pages
 * raises SIGBUS. The handler puts anonymous memory there and marks the device,
 * which is then disconnected, so that a broken front end cannot end us.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "internal.h"

static bool inside(const void *map, size_t len, const u8 *addr)
{
	return map && addr >= (const u8 *)map && addr < (const u8 *)map + len;
}

static bool maps(const struct vhost_dev *dev, const u8 *addr)
{
	unsigned int i;

	for (i = 0; i < dev->num_regions; i++)
		if (inside(dev->region[i].map, dev->region[i].map_len, addr))
			return true;
	return inside(dev->log_map, dev->log_map_len, addr) ||
	       inside(dev->inflight_map, dev->inflight_len, addr);
}

static void on_sigbus(int sig, siginfo_t *info, void *context)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	u8 *addr = info->si_addr;
	struct vhost_dev *dev;

	(void)context;
	for (dev = vhost_first(); dev; dev = dev->next) {
		if (!maps(dev, addr))
			continue;
		addr -= (uintptr_t)addr % page;
		if (mmap(addr, page, PROT_READ | PROT_WRITE, MAP_PRIVATE |
			 MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
			break;
		dev->memory_lost = true;
		return;
	}
	signal(sig, SIG_DFL);
	raise(sig);
}

void vhost_mem_guard(void)
{
	struct sigaction sa = {
		.sa_sigaction = on_sigbus,
		.sa_flags = SA_SIGINFO | SA_NODEFER,
	};

	sigaction(SIGBUS, &sa, NULL);
}

/*
 * Map [offset, offset + size) of @fd. The offset need not be page aligned, and
 * huge page files want their own alignment: their block size says which.
 */
void *vhost_map_fd(struct vhost_dev *dev, int fd, u64 size, u64 offset,
		   void **map, size_t *map_len)
{
	struct stat st;
	u64 block, start, end;

	if (!size || offset + size < offset || fstat(fd, &st) < 0) {
		vhost_err(dev, "cannot map size %#llx offset %#llx",
			  (unsigned long long)size, (unsigned long long)offset);
		return NULL;
	}
	if (!S_ISREG(st.st_mode) || (u64)st.st_size < offset + size) {
		vhost_err(dev, "file too short to map: %lld bytes, need %llu",
			  (long long)st.st_size,
			  (unsigned long long)(offset + size));
		return NULL;
	}
	block = max((u64)st.st_blksize, (u64)sysconf(_SC_PAGESIZE));
	start = offset - offset % block;
	end = offset + size + block - 1;
	end -= end % block;
	*map_len = end - start;
	*map = mmap(NULL, *map_len, PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_NORESERVE, fd, (off_t)start);
	if (*map == MAP_FAILED) {
		vhost_err(dev, "mmap: %s", strerror(errno));
		*map = NULL;
		return NULL;
	}
	madvise(*map, *map_len, MADV_DONTDUMP);
	return (u8 *)*map + (offset - start);
}

static bool overlap(u64 a, u64 b, u64 a_len, u64 b_len)
{
	return a < b + b_len && b < a + a_len;
}

static int check_region(struct vhost_dev *dev, const struct vu_region *r)
{
	unsigned int i;

	if (!r->size || r->gpa + r->size < r->gpa || r->uva + r->size < r->uva)
		return -EINVAL;
	if (dev->num_regions >= VHOST_MAX_REGIONS)
		return -ENOSPC;
	for (i = 0; i < dev->num_regions; i++) {
		const struct vhost_region *o = &dev->region[i];

		if (overlap(r->gpa, o->gpa, r->size, o->size) ||
		    overlap(r->uva, o->uva, r->size, o->size))
			return -EEXIST;
	}
	return 0;
}

static struct vhost_region *find_same(struct vhost_dev *dev,
				      const struct vu_region *r)
{
	unsigned int i;

	for (i = 0; i < dev->num_regions; i++) {
		struct vhost_region *o = &dev->region[i];

		if (o->gpa == r->gpa && o->uva == r->uva && o->size == r->size)
			return o;
	}
	return NULL;
}

int vhost_mem_add(struct vhost_dev *dev, const struct vu_region *r, int fd)
{
	struct vhost_region *region = find_same(dev, r);
	int err;

	if (region) {
		region->uses++;
		return 0;
	}
	region = &dev->region[dev->num_regions];
	err = check_region(dev, r);
	if (err) {
		vhost_err(dev, "memory region %#llx+%#llx refused: %s",
			  (unsigned long long)r->gpa,
			  (unsigned long long)r->size, strerror(-err));
		return err;
	}
	region->host = vhost_map_fd(dev, fd, r->size, r->offset,
				    &region->map, &region->map_len);
	if (!region->host)
		return -EINVAL;
	region->gpa = r->gpa;
	region->uva = r->uva;
	region->size = r->size;
	region->uses = 1;
	dev->num_regions++;
	vhost_debug(dev, "memory %#llx+%#llx mapped",
		    (unsigned long long)r->gpa, (unsigned long long)r->size);
	return 0;
}

int vhost_mem_remove(struct vhost_dev *dev, const struct vu_region *r)
{
	struct vhost_region *o = find_same(dev, r);

	if (!o) {
		vhost_err(dev, "no memory region %#llx+%#llx to remove",
			  (unsigned long long)r->gpa,
			  (unsigned long long)r->size);
		return -ENOENT;
	}
	if (--o->uses)
		return 0;
	munmap(o->map, o->map_len);
	*o = dev->region[--dev->num_regions];
	dev->last_region = NULL;
	return 0;
}

void vhost_mem_clear(struct vhost_dev *dev)
{
	while (dev->num_regions) {
		struct vhost_region *r = &dev->region[--dev->num_regions];

		munmap(r->map, r->map_len);
	}
	dev->last_region = NULL;
}

static struct vhost_region *find_gpa(struct vhost_dev *dev, u64 gpa)
{
	struct vhost_region *r = dev->last_region;
	unsigned int i;

	if (likely(r && gpa - r->gpa < r->size))
		return r;
	for (i = 0; i < dev->num_regions; i++) {
		r = &dev->region[i];
		if (gpa - r->gpa < r->size)
			return dev->last_region = r;
	}
	return NULL;
}

/*
 * Guest physical to ours. *len comes in as what is wanted and leaves as what
 * is there in one piece; NULL when not even one byte is.
 */
u8 *vhost_gpa(struct vhost_dev *dev, u64 gpa, u64 *len)
{
	struct vhost_region *r = find_gpa(dev, gpa);
	u64 off;

	if (unlikely(!r))
		return NULL;
	off = gpa - r->gpa;
	*len = min(*len, r->size - off);
	return r->host + off;
}

/* Front-end virtual to ours: all of @len in one region, or NULL. */
void *vhost_uva(struct vhost_dev *dev, u64 uva, u64 len)
{
	unsigned int i;

	for (i = 0; i < dev->num_regions; i++) {
		struct vhost_region *r = &dev->region[i];
		u64 off = uva - r->uva;

		if (off < r->size && len <= r->size - off)
			return r->host + off;
	}
	return NULL;
}

int vhost_copy_from(struct vhost_dev *dev, u64 gpa, void *buf, size_t len)
{
	u8 *to = buf;

	while (len) {
		u64 part = len;
		u8 *from = vhost_gpa(dev, gpa, &part);

		if (!from)
			return -EFAULT;
		memcpy(to, from, part);
		to += part;
		gpa += part;
		len -= part;
	}
	return 0;
}
