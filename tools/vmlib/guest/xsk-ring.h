/* SPDX-License-Identifier: GPL-2.0 */
/* The four rings of an AF_XDP socket, by the kernel's interface alone. */
#ifndef XSK_RING_H
#define XSK_RING_H

#include <linux/if_xdp.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/socket.h>

struct xsk_ring {
	uint32_t *producer, *consumer, *flags;
	union {
		void *entries;
		uint64_t *addr;			/* of the first two */
		struct xdp_desc *desc;		/* of the others */
	};
};

struct xsk_rings {
	struct xsk_ring fill, done, rx, tx;
};

static inline uint32_t ring_get(const uint32_t *index)
{
	return __atomic_load_n(index, __ATOMIC_ACQUIRE);
}

/* Also before a look at whether the other side has to be woken. */
static inline void ring_set(uint32_t *index, uint32_t value)
{
	__atomic_store_n(index, value, __ATOMIC_SEQ_CST);
}

static inline int xsk_ring_map(int fd, struct xsk_ring *ring, const struct xdp_ring_offset *off,
			       size_t bytes, off_t where)
{
	char *base = mmap(NULL, off->desc + bytes, PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_POPULATE, fd, where);

	if (base == MAP_FAILED)
		return -1;
	ring->producer = (uint32_t *)(base + off->producer);
	ring->consumer = (uint32_t *)(base + off->consumer);
	ring->flags = (uint32_t *)(base + off->flags);
	ring->entries = base + off->desc;
	return 0;
}

/* All four, of @n entries each. Return: 0, or -1 and errno. */
static inline int xsk_rings_map(int fd, struct xsk_rings *rings, int n)
{
	static const int names[] = { XDP_UMEM_FILL_RING, XDP_UMEM_COMPLETION_RING, XDP_RX_RING,
				     XDP_TX_RING };
	struct xdp_mmap_offsets off;
	socklen_t len = sizeof(off);

	for (int i = 0; i < 4; i++)
		if (setsockopt(fd, SOL_XDP, names[i], &n, sizeof(n)))
			return -1;
	if (getsockopt(fd, SOL_XDP, XDP_MMAP_OFFSETS, &off, &len) ||
	    xsk_ring_map(fd, &rings->fill, &off.fr, n * sizeof(uint64_t),
			 XDP_UMEM_PGOFF_FILL_RING) ||
	    xsk_ring_map(fd, &rings->done, &off.cr, n * sizeof(uint64_t),
			 XDP_UMEM_PGOFF_COMPLETION_RING) ||
	    xsk_ring_map(fd, &rings->rx, &off.rx, n * sizeof(struct xdp_desc),
			 XDP_PGOFF_RX_RING))
		return -1;
	return xsk_ring_map(fd, &rings->tx, &off.tx, n * sizeof(struct xdp_desc),
			    XDP_PGOFF_TX_RING);
}

#endif
