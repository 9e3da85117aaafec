// SPDX-License-Identifier: GPL-2.0
/* An AF_XDP socket by the kernel's interface alone, and transmit through it. */
#include <linux/if_ether.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "../../vmlib/guest/xsk-ring.h"
#include "bench.h"
#include "bpf.h"
#include "marks.h"
#include "xsk.h"

#define FRAMES	2048
#define FRAME	2048
#define RING	1024
#define SENDERS	1024		/* the last frames are for transmit */

static struct {
	int fd;
	unsigned char *umem;
	struct xsk_rings rings;
	long sent, back;
} xsk;

static void lend(uint64_t addr)
{
	struct xsk_ring *fill = &xsk.rings.fill;
	uint32_t at = *fill->producer;

	fill->addr[at % RING] = addr - addr % FRAME;
	ring_set(fill->producer, at + 1);
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
	if (setsockopt(xsk.fd, SOL_XDP, XDP_UMEM_REG, &reg, sizeof(reg)) ||
	    xsk_rings_map(xsk.fd, &xsk.rings, RING))
		die("AF_XDP: the memory or the rings");
	for (uint64_t i = 0; i < FRAMES - SENDERS; i++)
		lend(i * FRAME);
	bind_to(ifname);
	bpf_attach(bpf_redirect_program(bpf_map(BPF_MAP_TYPE_XSKMAP, xsk.fd)), ifname);
}

long xsk_drop(void)
{
	struct xsk_ring *rx = &xsk.rings.rx;
	uint32_t end = ring_get(rx->producer), at = *rx->consumer;
	long n = (int32_t)(end - at);

	for (; at != end; at++)
		lend(rx->desc[at % RING].addr);
	ring_set(rx->consumer, at);
	return n;
}

static void reap(void)
{
	struct xsk_ring *done = &xsk.rings.done;
	uint32_t end = ring_get(done->producer);

	xsk.back += (int32_t)(end - *done->consumer);
	ring_set(done->consumer, end);
}

long xsk_outstanding(void)
{
	reap();
	return xsk.sent - xsk.back;
}

/* memory comes back in the order in which it was handed over */
static void make_descs(long n, long length)
{
	struct xsk_ring *tx = &xsk.rings.tx;
	uint32_t at = *tx->producer;

	for (; n; n--, at++, xsk.sent++) {
		struct xdp_desc *desc = &tx->desc[at % RING];

		desc->addr = (FRAMES - SENDERS + xsk.sent % SENDERS) * (uint64_t)FRAME;
		desc->len = length;
		desc->options = 0;
	}
	ring_set(tx->producer, at);
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
