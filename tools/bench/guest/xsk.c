// SPDX-License-Identifier: GPL-2.0
/* An AF_XDP socket by the kernel's interface alone, and transmit through it. */
#include <linux/if_ether.h>
#include <linux/if_xdp.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "bench.h"
#include "bpf.h"
#include "marks.h"
#include "xsk.h"

#define FRAMES	2048
#define FRAME	2048
#define RING	1024
#define SENDERS	1024		/* the last frames are for transmit */

struct ring {
	uint32_t *producer, *consumer, *flags;
	void *desc;
};

static struct {
	int fd;
	unsigned char *umem;
	struct ring fill, done, rx, tx;
	long sent, back;
} xsk;

static uint32_t get(const uint32_t *p)
{
	return __atomic_load_n(p, __ATOMIC_ACQUIRE);
}

static void set(uint32_t *p, uint32_t v)
{
	__atomic_store_n(p, v, __ATOMIC_SEQ_CST);
}

static void option(int name, const void *value, socklen_t len)
{
	if (setsockopt(xsk.fd, SOL_XDP, name, value, len))
		die("AF_XDP: option %d", name);
}

static void map_ring(struct ring *ring, const struct xdp_ring_offset *off, size_t entry,
		     off_t where)
{
	char *base = mmap(NULL, off->desc + RING * entry, PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_POPULATE, xsk.fd, where);

	if (base == MAP_FAILED)
		die("AF_XDP: a ring");
	ring->producer = (uint32_t *)(base + off->producer);
	ring->consumer = (uint32_t *)(base + off->consumer);
	ring->flags = (uint32_t *)(base + off->flags);
	ring->desc = base + off->desc;
}

static void map_rings(void)
{
	struct xdp_mmap_offsets off;
	socklen_t len = sizeof(off);
	int entries = RING;

	option(XDP_UMEM_FILL_RING, &entries, sizeof(entries));
	option(XDP_UMEM_COMPLETION_RING, &entries, sizeof(entries));
	option(XDP_RX_RING, &entries, sizeof(entries));
	option(XDP_TX_RING, &entries, sizeof(entries));
	if (getsockopt(xsk.fd, SOL_XDP, XDP_MMAP_OFFSETS, &off, &len))
		die("AF_XDP: the rings' layout");
	map_ring(&xsk.fill, &off.fr, 8, XDP_UMEM_PGOFF_FILL_RING);
	map_ring(&xsk.done, &off.cr, 8, XDP_UMEM_PGOFF_COMPLETION_RING);
	map_ring(&xsk.rx, &off.rx, sizeof(struct xdp_desc), XDP_PGOFF_RX_RING);
	map_ring(&xsk.tx, &off.tx, sizeof(struct xdp_desc), XDP_PGOFF_TX_RING);
}

static void lend(uint64_t addr)
{
	uint32_t at = *xsk.fill.producer;

	((uint64_t *)xsk.fill.desc)[at % RING] = addr - addr % FRAME;
	set(xsk.fill.producer, at + 1);
}

static void bind_to(const char *ifname)
{
	struct sockaddr_xdp to = {
		.sxdp_family = AF_XDP,
		.sxdp_ifindex = if_nametoindex(ifname),
		.sxdp_flags = XDP_ZEROCOPY | XDP_USE_NEED_WAKEUP,
	};

	if (bind(xsk.fd, (struct sockaddr *)&to, sizeof(to)))
		die("AF_XDP without a copy on %s", ifname);
}

void xsk_open(const char *ifname)
{
	struct xdp_umem_reg reg = { .len = FRAMES * FRAME, .chunk_size = FRAME };

	xsk.fd = socket(AF_XDP, SOCK_RAW, 0);
	xsk.umem = mmap(NULL, reg.len, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (xsk.fd < 0 || xsk.umem == MAP_FAILED)
		die("AF_XDP: no socket or no memory");
	reg.addr = (uintptr_t)xsk.umem;
	option(XDP_UMEM_REG, &reg, sizeof(reg));
	map_rings();
	for (uint64_t i = 0; i < FRAMES - SENDERS; i++)
		lend(i * FRAME);
	bind_to(ifname);
	bpf_attach(bpf_redirect_program(bpf_map(BPF_MAP_TYPE_XSKMAP, xsk.fd)), ifname);
}

long xsk_drop(void)
{
	uint32_t end = get(xsk.rx.producer), at = *xsk.rx.consumer;
	long n = (int32_t)(end - at);

	for (; at != end; at++)
		lend(((struct xdp_desc *)xsk.rx.desc)[at % RING].addr);
	set(xsk.rx.consumer, at);
	return n;
}

static void reap(void)
{
	uint32_t end = get(xsk.done.producer);

	xsk.back += (int32_t)(end - *xsk.done.consumer);
	set(xsk.done.consumer, end);
}

long xsk_outstanding(void)
{
	reap();
	return xsk.sent - xsk.back;
}

/* memory comes back in the order in which it was handed over */
static void make_descs(long n, long length)
{
	uint32_t at = *xsk.tx.producer;

	for (; n; n--, at++, xsk.sent++) {
		struct xdp_desc *desc = &((struct xdp_desc *)xsk.tx.desc)[at % RING];

		desc->addr = (FRAMES - SENDERS + xsk.sent % SENDERS) * (uint64_t)FRAME;
		desc->len = length;
		desc->options = 0;
	}
	set(xsk.tx.producer, at);
}

void xsk_send(long n, long length)
{
	while (xsk_outstanding() + n > SENDERS)
		sendto(xsk.fd, NULL, 0, MSG_DONTWAIT, NULL, 0);
	make_descs(n, length);
	sendto(xsk.fd, NULL, 0, MSG_DONTWAIT, NULL, 0);
}

static void send_all(long packets, long burst, long length)
{
	for (; packets > 0; packets -= burst)
		xsk_send(burst, length);
	while (xsk_outstanding())
		sleep_us(100);
}

/* frames to nobody, like pktgen's */
static void make_frames(void)
{
	static const unsigned char head[] = { 2, 0, 0, 0, 0, 0xff, 2, 0, 0, 0, 0, 1, 8, 0 };

	for (long i = FRAMES - SENDERS; i < FRAMES; i++)
		memcpy(xsk.umem + i * FRAME, head, sizeof(head));
}

int cmd_xsksend(char **argv)
{
	long packets = arg_number(argv, "count", 4096);
	long burst = arg_number(argv, "burst", 32);

	xsk_open(arg_text(argv, "if", NULL));
	make_frames();
	send_all(packets, burst, ETH_ZLEN);
	bench_mark(BENCH_MARK_OPEN, PHASE_MEASURED);
	send_all(packets, burst, ETH_ZLEN);
	bench_mark(BENCH_MARK_CLOSE, PHASE_MEASURED);
	printf("packets %ld\n", packets);
	return 0;
}
