// SPDX-License-Identifier: GPL-2.0
/* Memory of the copies that XDP_TX sends; see <virtnet/copies.h>. */
#include <virtnet/copies.h>

#include <linux/slab.h>

/* Tables for all, before the first. */
static bool virtnet_copies_tables(struct virtnet_copies *c)
{
	const gfp_t gfp = GFP_ATOMIC | __GFP_NOWARN | __GFP_ZERO;

	if (likely(c->free))
		return true;
	c->pages = kmalloc_array(DIV_ROUND_UP(c->max, VIRTNET_PIECES_PAGE),
				 sizeof(*c->pages), gfp);
	c->lens = kmalloc_array(c->max, sizeof(*c->lens), gfp);
	c->free = kmalloc_array(c->max, sizeof(*c->free), gfp);
	if (c->pages && c->lens && c->free)
		return true;
	virtnet_copies_free(c);
	return false;
}

/* A page more of them, if there may be. */
static noinline void virtnet_copies_grow(struct virtnet_copies *c)
{
	unsigned int i, n = min_t(unsigned int, c->max - c->count,
				  VIRTNET_PIECES_PAGE);
	unsigned long page;

	if (!n || !virtnet_copies_tables(c))
		return;
	page = __get_free_page(GFP_ATOMIC | __GFP_NOWARN | __GFP_ZERO);
	if (!page)
		return;
	c->pages[c->count / VIRTNET_PIECES_PAGE] = (void *)page;
	for (i = 0; i < n; i++)
		virtnet_copies_put(c, c->count++);
}

/**
 * virtnet_copies_take() - pieces to be filled
 * @c: those of a queue; tx lock held
 * @take: filled in
 * @n: how many are wanted
 *
 * Return: how many there were, which may be none.
 */
unsigned int virtnet_copies_take(struct virtnet_copies *c, u16 *take,
				 unsigned int n)
{
	if (c->nfree < n)
		virtnet_copies_grow(c);
	n = min_t(unsigned int, n, c->nfree);
	c->nfree -= n;
	memcpy(take, c->free + c->nfree, n * sizeof(*take));
	return n;
}

/* Give the memory back; none of it is in the ring. */
void virtnet_copies_free(struct virtnet_copies *c)
{
	unsigned int i;

	for (i = 0; i < c->count; i += VIRTNET_PIECES_PAGE)
		free_page((unsigned long)c->pages[i / VIRTNET_PIECES_PAGE]);
	kfree(c->pages);
	kfree(c->lens);
	kfree(c->free);
	*c = (struct virtnet_copies){ .max = c->max };
}
