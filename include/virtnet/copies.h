/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Copies of short packets that XDP sends. A transmit queue keeps pieces of memory for them,
 * each behind a vnet header of zeroes, so that a packet needs no frame, takes no page along
 * and is free again with a store.
 */
#ifndef _VIRTNET_COPIES_H
#define _VIRTNET_COPIES_H

#include <linux/mm.h>
#include <linux/string.h>
#include <linux/types.h>

/* Packets of up to so many bytes are worth it. */
#define VIRTNET_PIECE_SHORT	128
/* With the header in front, whichever it is; a part of a page. */
#define VIRTNET_PIECE_SIZE	256
#define VIRTNET_PIECES_PAGE	(PAGE_SIZE / VIRTNET_PIECE_SIZE)
#define VIRTNET_PIECE_ROOM	64

/**
 * struct virtnet_copies - pieces for the XDP_TX packets of a transmit queue
 * @pages: what they are cut from
 * @lens: bytes of the packet in each
 * @free: those that are not in the ring, a stack
 * @nfree: how many
 * @count: how many there are
 * @max: how many there may be, as many as the ring has entries
 *
 * Made when the first packet needs them, page by page, and given back when the queue goes,
 * or the program does while none is in the ring. Under the tx lock.
 */
struct virtnet_copies {
	void **pages;
	u16 *lens;
	u16 *free;
	u16 nfree;
	u16 count;
	u16 max;
};

/* Where the packet of a piece lies; the header ends there. */
static __always_inline void *virtnet_copy_at(void *const *pages,
					     unsigned int index)
{
	return pages[index / VIRTNET_PIECES_PAGE] +
	       index % VIRTNET_PIECES_PAGE * VIRTNET_PIECE_SIZE +
	       VIRTNET_PIECE_ROOM;
}

/*
 * Fill a piece, by copies of a fixed size: what is read behind the packet is not sent.
 * Return: where it lies.
 */
static __always_inline void *virtnet_copy_fill(void *const *pages,
					       unsigned int index,
					       const void *from, u32 len)
{
	void *to = virtnet_copy_at(pages, index);

	BUILD_BUG_ON(VIRTNET_PIECE_ROOM + VIRTNET_PIECE_SHORT >
		     VIRTNET_PIECE_SIZE);
	memcpy(to, from, VIRTNET_PIECE_SHORT / 2);
	if (len > VIRTNET_PIECE_SHORT / 2)
		memcpy(to + VIRTNET_PIECE_SHORT / 2,
		       from + VIRTNET_PIECE_SHORT / 2, VIRTNET_PIECE_SHORT / 2);
	return to;
}

unsigned int virtnet_copies_take(struct virtnet_copies *c, u16 *take,
				 unsigned int n);
void virtnet_copies_free(struct virtnet_copies *c);

static __always_inline void virtnet_copies_put(struct virtnet_copies *c,
					       unsigned int index)
{
	c->free[c->nfree++] = index;
}

#endif
