// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the device half does alike on split and packed rings: take buffers,
 * give them back, interrupt, and touch the memory behind them.
 */
#include <linux/bottom_half.h>
#include <linux/interrupt.h>
#include <linux/string.h>

#include "memdev.h"

/* Take one available buffer.  1: taken, 0: none, negative: a broken ring. */
int memdev_pop(struct memdev_vq *q, struct memdev_chain *c)
{
	int ret;

	if (!q->live)
		return -ENODEV;
	memset(c, 0, offsetof(struct memdev_chain, seg));
	ret = q->ops->pop(q, c);
	if (ret < 0) {
		q->errors++;
		pr_err("memdev: queue %u: driver broke the ring: %d\n",
		       q->index, ret);
	}
	return ret;
}

/* Hand a buffer back, not yet visible to the driver: see memdev_flush(). */
void memdev_put(struct memdev_vq *q, const struct memdev_chain *c, u32 len)
{
	q->ops->put(q, c->id, len, c->ndesc);
}

/* Show everything put since the last flush, all at once. */
void memdev_flush(struct memdev_vq *q)
{
	if (q->live && q->unflushed)
		q->ops->flush(q);
	q->unflushed = 0;
}

void memdev_use(struct memdev_vq *q, const struct memdev_chain *c, u32 len)
{
	memdev_put(q, c, len);
	memdev_flush(q);
}

/* Lie: report any id and any length as used. */
void memdev_used_raw(struct memdev_vq *q, u32 id, u32 len)
{
	q->ops->put(q, id, len, 1);
	memdev_flush(q);
}

/*
 * Deliver the queue's callback, wanted or not, as an interrupt would: with
 * interrupts off, and with softirqs (NAPI) run on the way out.
 */
void memdev_interrupt(struct memdev_vq *q)
{
	unsigned long flags;

	local_bh_disable();
	spin_lock_irqsave(&q->irq_lock, flags);
	q->since_irq = 0;
	q->irqs++;
	if (q->live)
		vring_interrupt(0, q->vq);
	spin_unlock_irqrestore(&q->irq_lock, flags);
	local_bh_enable();
}

/* Interrupt if the driver asked to be told; says whether it did. */
bool memdev_signal(struct memdev_vq *q)
{
	if (!q->live || !q->since_irq)
		return false;
	if (!q->ops->want_irq(q)) {
		q->irqs_held++;
		return false;
	}
	memdev_interrupt(q);
	return true;
}

/* How many buffers the driver has made available and the device not taken. */
unsigned int memdev_available(struct memdev_vq *q)
{
	struct memdev_pos saved = q->pos;
	unsigned int n = 0;

	while (n <= q->num && memdev_pop(q, &q->scratch) > 0)
		n++;
	q->pos = saved;
	return n;
}

/* Walk the segments of one direction, copying len bytes from offset off. */
static u32 memdev_copy(const struct memdev_chain *c, bool write, u32 off,
		       void *buf, u32 len)
{
	u32 done = 0;
	u16 i;

	for (i = 0; i < c->nsegs && done < len; i++) {
		const struct memdev_seg *s = &c->seg[i];
		u32 n;

		if (s->write != write)
			continue;
		if (off >= s->len) {
			off -= s->len;
			continue;
		}
		n = min(s->len - off, len - done);
		if (write)
			memcpy(s->addr + off, buf + done, n);
		else
			memcpy(buf + done, s->addr + off, n);
		done += n;
		off = 0;
	}
	return done;
}

/* Write into a receive buffer; the bytes that fit are returned. */
u32 memdev_write(const struct memdev_chain *c, u32 off, const void *src, u32 len)
{
	return memdev_copy(c, true, off, (void *)src, len);
}

/* Read from a transmit buffer. */
u32 memdev_read(const struct memdev_chain *c, u32 off, void *dst, u32 len)
{
	return memdev_copy(c, false, off, dst, len);
}
