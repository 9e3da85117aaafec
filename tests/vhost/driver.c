// SPDX-License-Identifier: GPL-2.0
/*
 * Two drivers of packed rings, as fast as they can, joined by the device's switch:
 * one sends frames in a window, the other acknowledges. They kick only if asked,
 * sleep until they are interrupted, and ask for interrupts as Linux does (event
 * index, delayed for sent buffers, not renewed after one that came). So a kick or
 * an interrupt that the device forgets leaves both asleep.
 *
 * A shared library: cases_drivers.py sets the rings up.
 */
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;

#define NUM		256
#define WINDOW		36	/* frames; the other's ring holds them all */
#define F_NEXT		1
#define F_WRITE		2
#define F_AVAIL		(1 << 7)
#define F_USED		(1 << 15)
#define HEADER		12
#define SEQUENCE	(HEADER + 14)
#define PATIENCE	5	/* seconds without a frame until that is a standstill */

enum { EVENT_ENABLE, EVENT_DISABLE, EVENT_DESC };

struct desc {
	u64 addr;
	u32 len;
	u16 id, flags;
};

struct event {
	u16 at, flags;
};

/* What the front end tells of a queue; as in cases_drivers.py. */
struct setup {
	u8 *memory;
	u64 guest;		/* where @memory is for the device */
	u64 desc, driver, device, buffers;
	u32 size;		/* of a buffer */
	int kick, call;
};

struct queue {
	struct setup s;
	volatile struct desc *desc;
	volatile struct event *driver;
	volatile u32 *device;
	bool rx, avail_wrap, used_wrap, triggered;
	u16 next_avail, last_used, added, room, mode, n_ids;
	u16 ids[NUM], slots[NUM];
};

struct guest {
	struct queue rx, tx;
	u8 number;
	bool poll, clean, full, owes;
	u64 sent, acked, got, target;
	u32 random;
	const char *trouble;
};

static atomic_bool stop;

static u32 chance(struct guest *g, u32 n)
{
	g->random = g->random * 1664525 + 1013904223;
	return (g->random >> 8) % n;
}

/* --- ring --- */

static u8 *buffer(const struct queue *q, u16 id)
{
	return q->s.memory + q->s.buffers + (u64)id * q->s.size;
}

/* A chain of parts that follow each other in the next free buffer. */
static void add(struct queue *q, const u32 *parts, unsigned int n)
{
	u16 id = q->ids[--q->n_ids], head = q->next_avail, first = 0, flags;
	u64 at = q->s.guest + q->s.buffers + (u64)id * q->s.size;
	unsigned int i;

	for (i = 0; i < n; at += parts[i++]) {
		volatile struct desc *d = &q->desc[q->next_avail];

		flags = (u16)((q->avail_wrap ? F_AVAIL : F_USED) |
			      (i + 1 < n ? F_NEXT : 0) | (q->rx ? F_WRITE : 0));
		if (i)
			d->flags = flags;
		else
			first = flags;
		d->addr = at;
		d->len = parts[i];
		d->id = id;
		if (++q->next_avail == NUM) {
			q->next_avail = 0;
			q->avail_wrap = !q->avail_wrap;
		}
	}
	q->room = (u16)(q->room - n);
	q->slots[id] = (u16)n;
	q->added = (u16)(q->added + n);
	atomic_thread_fence(memory_order_release);
	q->desc[head].flags = first;
}

static void kick(struct queue *q)
{
	u16 new = q->next_avail, old = (u16)(new - q->added), at, flags;
	u64 one = 1;
	u32 event;

	atomic_thread_fence(memory_order_seq_cst);
	q->added = 0;
	event = *q->device;
	flags = (u16)(event >> 16);
	at = event & 0x7fff;
	if (!!(event & 0x8000) != q->avail_wrap)
		at = (u16)(at - NUM);
	if (flags == EVENT_DISABLE ||
	    (flags == EVENT_DESC && (u16)(new - at - 1) >= (u16)(new - old)))
		return;
	if (write(q->s.kick, &one, sizeof(one)) < 0)
		perror("kick");
}

static bool more(const struct queue *q)
{
	u16 flags = q->desc[q->last_used].flags;

	return !!(flags & F_AVAIL) == !!(flags & F_USED) &&
	       !!(flags & F_USED) == q->used_wrap;
}

static void ask_at(struct queue *q, unsigned int ahead)
{
	unsigned int at = q->last_used + ahead;
	bool wrap = q->used_wrap;

	if (at >= NUM) {
		at -= NUM;
		wrap = !wrap;
	}
	q->driver->at = (u16)(at | (unsigned int)wrap << 15);
}

/* The next used buffer, -1 without one. */
static int get(struct queue *q)
{
	u16 id;

	if (!more(q))
		return -1;
	atomic_thread_fence(memory_order_acquire);
	id = q->desc[q->last_used].id;
	if (id >= NUM || !q->slots[id])
		return -1;	/* and no more: it will be noticed */
	q->ids[q->n_ids++] = id;
	q->room = (u16)(q->room + q->slots[id]);
	q->last_used = (u16)(q->last_used + q->slots[id]);
	q->slots[id] = 0;
	if (q->last_used >= NUM) {
		q->last_used = (u16)(q->last_used - NUM);
		q->used_wrap = !q->used_wrap;
	}
	if (q->mode == EVENT_DESC) {
		ask_at(q, 0);
		atomic_thread_fence(memory_order_seq_cst);
	}
	return id;
}

static void quiet(struct queue *q)
{
	if (q->mode == EVENT_DISABLE)
		return;
	q->mode = EVENT_DISABLE;
	if (!q->triggered)	/* else it will not come again */
		q->driver->flags = EVENT_DISABLE;
}

/* Ask for an interrupt that many entries ahead; false if there is something now. */
static bool listen_for(struct queue *q, unsigned int ahead)
{
	q->triggered = false;
	ask_at(q, ahead);
	atomic_thread_fence(memory_order_release);
	if (q->mode != EVENT_DESC) {
		q->mode = EVENT_DESC;
		q->driver->flags = EVENT_DESC;
	}
	atomic_thread_fence(memory_order_seq_cst);
	return !more(q);
}

static bool interrupted(struct queue *q)
{
	u64 count;

	if (read(q->s.call, &count, sizeof(count)) != sizeof(count) || !more(q))
		return false;
	q->triggered = true;
	return true;
}

/* --- guest --- */

static void refill(struct guest *g)
{
	while (g->rx.room)
		add(&g->rx, &g->rx.s.size, 1);
	kick(&g->rx);
}

static void receive(struct guest *g, int id)
{
	u8 *p = buffer(&g->rx, (u16)id);
	u64 sequence;
	u16 pieces;

	memcpy(&pieces, p + HEADER - 2, sizeof(pieces));
	memcpy(&sequence, p + SEQUENCE, sizeof(sequence));
	while (--pieces)
		if (get(&g->rx) < 0) {
			g->trouble = "a packet lacks a buffer";
			return;
		}
	if (!g->number) {
		g->acked = sequence;
	} else if (sequence != g->got) {
		g->trouble = "a frame is lost";
	} else {
		g->got++;
		g->owes = true;
	}
}

static void poll_rx(struct guest *g)
{
	unsigned int n;
	int id;

	for (n = 0; n < 64 && (id = get(&g->rx)) >= 0; n++)
		receive(g, id);
	if (g->rx.room > 32)
		refill(g);
	g->poll = n == 64 || !listen_for(&g->rx, 0);
	if (g->poll)
		quiet(&g->rx);
}

static void clean_tx(struct guest *g)
{
	quiet(&g->tx);
	while (get(&g->tx) >= 0)
		;
}

static void frame(struct guest *g, u64 sequence, u32 size)
{
	static const u8 head[] = { 2, 2, 2, 2, 2, 0, 2, 2, 2, 2, 2, 0, 0x88, 0xb5 };
	u8 *p = buffer(&g->tx, g->tx.ids[g->tx.n_ids - 1]);
	const u32 ways[][3] = {
		{ HEADER + size }, { HEADER, size }, { HEADER, 30, size - 30 }
	};
	unsigned int way = chance(g, 3);

	memset(p, 0, HEADER);
	memcpy(p + HEADER, head, sizeof(head));
	p[HEADER + 5] = !g->number;
	p[HEADER + 11] = g->number;
	memcpy(p + SEQUENCE, &sequence, sizeof(sequence));
	add(&g->tx, ways[way], way + 1);
}

static bool wants_to_send(const struct guest *g)
{
	if (g->full)
		return false;
	return g->number ? g->owes :
			   g->sent < g->target && g->sent - g->acked < WINDOW;
}

static void flush_tx(struct guest *g)
{
	kick(&g->tx);
	g->clean |= !listen_for(&g->tx, (NUM - g->tx.room) * 3U / 4);
}

/* A burst; some end as if the ring were full, until sent buffers come back. */
static void send_some(struct guest *g)
{
	unsigned int burst = 1 + chance(g, 16);

	while (burst-- && wants_to_send(g)) {
		clean_tx(g);
		if (g->number)
			frame(g, g->got, 60);
		else
			frame(g, g->sent++, 60 + (chance(g, 4) ? chance(g, 8900) : 0));
		g->owes = false;
		g->full = g->tx.room < 6 || !chance(g, 40);
		if (!burst || g->full || !chance(g, 4))
			flush_tx(g);
	}
	if (g->tx.added)
		flush_tx(g);
}

/* Everything that is to be done now; false if there was nothing. */
static bool work(struct guest *g)
{
	bool busy = false;

	if (interrupted(&g->rx)) {
		quiet(&g->rx);
		g->poll = true;
	}
	g->clean |= interrupted(&g->tx);
	if (g->clean) {
		clean_tx(g);
		g->full = false;
		g->clean = !listen_for(&g->tx, 0);
		busy = true;
	}
	if (g->poll) {
		poll_rx(g);
		busy = true;
	}
	if (wants_to_send(g)) {
		send_some(g);
		busy = true;
	}
	return busy;
}

static void *live(void *arg)
{
	struct guest *g = arg;
	struct pollfd calls[] = {
		{ .fd = g->rx.s.call, .events = POLLIN },
		{ .fd = g->tx.s.call, .events = POLLIN },
	};
	time_t last = time(NULL);
	u64 before = 0;

	while (!stop && !g->trouble && (g->number || g->acked < g->target)) {
		bool busy = work(g);

		if (g->acked + g->got != before) {
			before = g->acked + g->got;
			last = time(NULL);
		} else if (time(NULL) - last > PATIENCE) {
			g->trouble = "asleep, and nobody wakes it";
		}
		if (!busy)
			poll(calls, 2, 1000);
	}
	stop = true;
	return NULL;
}

static void queue_init(struct queue *q, const struct setup *s, bool rx)
{
	u16 i;

	memset(q, 0, sizeof(*q));
	q->s = *s;
	q->desc = (void *)(s->memory + s->desc);
	q->driver = (void *)(s->memory + s->driver);
	q->device = (void *)(s->memory + s->device);
	q->rx = rx;
	q->avail_wrap = true;
	q->used_wrap = true;
	q->room = NUM;
	for (i = 0; i < NUM; i++)
		q->ids[q->n_ids++] = i;
}

/*
 * Frames in flight until @target of them were acknowledged. @setups: rx and tx of
 * the sender, then of the other. What went wrong, or NULL.
 */
const char *drivers(const struct setup *setups, u64 target, u32 seed)
{
	static struct guest guests[2];
	pthread_t threads[2];
	unsigned int i;

	stop = false;
	for (i = 0; i < 2; i++) {
		struct guest *g = &guests[i];

		memset(g, 0, sizeof(*g));
		g->number = (u8)i;
		g->target = target;
		g->random = seed + i;
		queue_init(&g->rx, &setups[2 * i], true);
		queue_init(&g->tx, &setups[2 * i + 1], false);
		quiet(&g->tx);
		g->poll = true;
		refill(g);
	}
	usleep(20000);		/* for the device to know the buffers */
	for (i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, live, &guests[i]);
	for (i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	return guests[0].trouble ? guests[0].trouble : guests[1].trouble;
}
