// SPDX-License-Identifier: GPL-2.0
/*
 * The packet generator: frames of one size or a mix, at a rate or as fast as
 * the guest takes them, in a number of flows, all with right checksums. What
 * the guest sends is counted and dropped.
 *
 * Frames are built once, when the device starts, and only copied after that.
 */
#include <errno.h>
#include <stdlib.h>

#include "netdev.h"
#include "packet.h"

#define MAX_TEMPLATES	4096
#define MAX_SIZES	16

/* 7:4:1, the usual simple mix of internet traffic */
static const u32 imix[] = {
	60, 590, 60, 60, 590, 60, 1514, 60, 590, 60, 60, 590,
};

struct gen {
	struct vhost_pkt *frames;
	u8 *memory;
	unsigned int n_frames, next;
	u32 sizes[MAX_SIZES];
	unsigned int n_sizes;
	u64 rate;		/* packets a second, 0: flood */
	u64 count;		/* stop after that many, 0: never */
	unsigned int flows;
	bool ipv6, partial;
	u8 proto;
	u64 sent, missed, due_base;
	u64 started;
	struct loop_timer timer;
};

static int parse_sizes(struct gen *g, const char *args)
{
	char text[128], *p = text, *end;

	if (!spec_get(args, "size", text, sizeof(text))) {
		g->sizes[g->n_sizes++] = 60;
		return 0;
	}
	if (!strcmp(text, "imix")) {
		memcpy(g->sizes, imix, sizeof(imix));
		g->n_sizes = ARRAY_SIZE(imix);
		return 0;
	}
	do {
		unsigned long size = strtoul(p, &end, 0);

		if (end == p || (*end && *end != '/') || size < 42 ||
		    size > 65535 || g->n_sizes == MAX_SIZES)
			return -EINVAL;
		g->sizes[g->n_sizes++] = (u32)size;
		p = end + 1;
	} while (*end);
	return 0;
}

static void gen_fired(struct loop_timer *timer)
{
	struct netdev *nd = timer->arg;

	nd->rx_ready = true;
}

static int gen_open(struct netdev *nd, const char *args)
{
	struct gen *g = calloc(1, sizeof(*g));
	char text[16];

	if (!g)
		return -ENOMEM;
	nd->be = g;
	if (parse_sizes(g, args) < 0) {
		vhost_err(&nd->vdev, "gen: size=N, size=N/N/..., or size=imix; N from 42 to 65535");
		return -EINVAL;
	}
	g->rate = spec_num(args, "rate", 0);
	g->count = spec_num(args, "count", 0);
	g->flows = (unsigned int)spec_num(args, "flows", 1);
	if (!g->flows || g->flows * g->n_sizes > MAX_TEMPLATES) {
		vhost_err(&nd->vdev, "gen: flows times sizes: 1 to %u",
			  MAX_TEMPLATES);
		return -EINVAL;
	}
	g->proto = spec_get(args, "proto", text, sizeof(text)) &&
		   !strcmp(text, "tcp") ? PROTO_TCP : PROTO_UDP;
	g->ipv6 = spec_get(args, "ip", text, sizeof(text)) &&
		  !strcmp(text, "6");
	g->partial = spec_get(args, "csum", text, sizeof(text)) &&
		     !strcmp(text, "partial");
	g->timer.fire = gen_fired;
	g->timer.arg = nd;
	return 0;
}

static void gen_clear(struct gen *g)
{
	free(g->frames);
	free(g->memory);
	g->frames = NULL;
	g->memory = NULL;
	g->n_frames = 0;
}

static void gen_close(struct netdev *nd)
{
	struct gen *g = nd->be;

	loop_timer_stop(&g->timer);
	gen_clear(g);
	free(g);
}

static void build(struct netdev *nd, struct gen *g, unsigned int i, u8 *data)
{
	static const u8 src[ETH_ALEN] = { 0x52, 0x54, 0, 0x67, 0x65, 0x6e };
	unsigned int flow = i % g->flows;
	const struct frame_spec spec = {
		.src_mac = src,
		.dst_mac = nd->config.mac,
		.size = g->sizes[i / g->flows % g->n_sizes],
		.ipv6 = g->ipv6,
		.proto = g->proto,
		.sport = (u16)(1024 + flow),
		.dport = 9,
		.src_ip = 0xc6336401 + flow / 64,	/* 198.51.100.1 up */
		.dst_ip = 0xc0000202,			/* 192.0.2.2 */
		.partial = g->partial && nd->offloads & BIT(F_GUEST_CSUM),
	};

	g->frames[i].data = data;
	g->frames[i].len = frame_build(data, &spec, &g->frames[i].hdr);
}

static void gen_start(struct netdev *nd)
{
	struct gen *g = nd->be;
	unsigned int i, n = g->flows * g->n_sizes;
	size_t total = 0;
	u8 *p;

	gen_clear(g);
	for (i = 0; i < n; i++)
		total += max(g->sizes[i / g->flows % g->n_sizes], 74u);
	g->frames = calloc(n, sizeof(*g->frames));
	g->memory = malloc(total);
	if (!g->frames || !g->memory)
		return;
	for (i = 0, p = g->memory; i < n; i++) {
		build(nd, g, i, p);
		p += max(g->sizes[i / g->flows % g->n_sizes], 74u);
	}
	g->n_frames = n;
	g->started = loop_time();
	g->due_base = g->sent;
	g->missed = 0;
}

/* How many to send now; sets the timer when it is not yet time for one. */
static unsigned int due(struct gen *g)
{
	u64 now, target, done = g->sent - g->due_base + g->missed;
	unsigned int n = BURST;

	if (g->count)
		n = (unsigned int)min((u64)n, g->count - g->sent);
	if (!g->rate)
		return n;
	now = loop_now();
	target = (now - g->started) / NSEC_PER_USEC * g->rate / 1000000;
	if (target <= done) {
		loop_timer_set(&g->timer, max(loop_time() + 1, g->started +
			       (done + 1) * NSEC_PER_SEC / g->rate + 1));
		return 0;
	}
	return (unsigned int)min((u64)n, target - done);
}

static bool gen_poll(struct netdev *nd)
{
	struct gen *g = nd->be;
	struct vhost_pkt burst[BURST];
	unsigned int i, n, taken;

	if (!g->n_frames || (g->count && g->sent >= g->count))
		return false;
	n = due(g);
	if (!n)
		return false;
	for (i = 0; i < n; i++)
		burst[i] = g->frames[(g->next + i) % g->n_frames];
	taken = netdev_input(nd, burst, n, true);
	g->sent += taken;
	g->next = (g->next + taken) % g->n_frames;
	if (taken == n)
		return true;
	if (!g->rate)
		return false;	/* until the guest kicks */
	g->missed += n - taken;	/* a rate does not wait for the guest */
	return true;
}

static void gen_transmit(struct netdev *nd, unsigned int pair,
			 struct vhost_pkt *pkts, unsigned int n)
{
	(void)nd;
	(void)pair;
	(void)pkts;
	(void)n;
}

static void gen_report(struct netdev *nd, FILE *f)
{
	const struct gen *g = nd->be;

	fprintf(f, "\"generated\": %llu, \"missed\": %llu",
		(unsigned long long)g->sent, (unsigned long long)g->missed);
}

const struct backend backend_gen = {
	.name = "gen",
	.args = "size=N[/N...]|imix,rate=PPS,flows=N,count=N,proto=udp|tcp,ip=4|6,csum=full|partial",
	.help = "generate packets for the guest",
	.open = gen_open,
	.close = gen_close,
	.start = gen_start,
	.poll = gen_poll,
	.transmit = gen_transmit,
	.report = gen_report,
};
