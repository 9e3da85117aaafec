// SPDX-License-Identifier: GPL-2.0
/*
 * Sends back what comes of one EtherType, through AF_XDP sockets, addresses
 * exchanged; everything else goes to the stack. The kernel's interface and
 * nothing else, so that it runs wherever the kernel does.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "xsk-ring.h"

#define FRAMES		1024
#define RING		2048
#define SOCKETS		8
#define ETHERTYPE	0xb588		/* 0x88b5, as the first two bytes are read */
#define SG_BIND		(1 << 4)	/* XDP_USE_SG, newer than some headers */
#define CONTINUED	(1 << 0)	/* XDP_PKT_CONTD */
#define TAKES_FRAGS	(1U << 5)	/* BPF_F_XDP_HAS_FRAGS */
#define PREFER_BUSY	69		/* SO_PREFER_BUSY_POLL */
#define BUSY_BUDGET	70		/* SO_BUSY_POLL_BUDGET */

struct xsk {
	int fd;
	uint8_t *umem;
	struct xsk_rings rings;
	int within;			/* the next buffer continues a packet */
};

static int frame_size = 2048;
static uint16_t bind_flags = XDP_ZEROCOPY | XDP_USE_NEED_WAKEUP;
static int busy;
static unsigned long echoed;
static volatile sig_atomic_t ended;

static void end(int signal)
{
	(void)signal;
	ended = 1;
}

static void die(const char *what)
{
	fprintf(stderr, "xsk-echo: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int must(int result, const char *what)
{
	if (result < 0)
		die(what);
	return result;
}

static long bpf(int command, union bpf_attr *attr)
{
	return syscall(SYS_bpf, command, attr, sizeof(*attr));
}

/* --- the program: of the EtherType to the socket of the queue --- */

#define INSN(c, d, s, o, i) \
	{ .code = (c), .dst_reg = (d), .src_reg = (s), .off = (o), .imm = (i) }

static int load(int map)
{
	struct bpf_insn insns[] = {
		INSN(BPF_LDX | BPF_MEM | BPF_W, 2, 1, 0, 0),	/* data */
		INSN(BPF_LDX | BPF_MEM | BPF_W, 3, 1, 4, 0),	/* data_end */
		INSN(BPF_ALU64 | BPF_MOV | BPF_X, 4, 2, 0, 0),
		INSN(BPF_ALU64 | BPF_ADD | BPF_K, 4, 0, 0, 14),
		INSN(BPF_JMP | BPF_JGT | BPF_X, 4, 3, 8, 0),
		INSN(BPF_LDX | BPF_MEM | BPF_H, 5, 2, 12, 0),
		INSN(BPF_JMP | BPF_JNE | BPF_K, 5, 0, 6, ETHERTYPE),
		INSN(BPF_LDX | BPF_MEM | BPF_W, 2, 1, 16, 0),	/* rx_queue_index */
		INSN(BPF_LD | BPF_IMM | BPF_DW, 1, BPF_PSEUDO_MAP_FD, 0, map),
		INSN(0, 0, 0, 0, 0),
		INSN(BPF_ALU64 | BPF_MOV | BPF_K, 3, 0, 0, XDP_PASS),
		INSN(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_redirect_map),
		INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0),
		INSN(BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, XDP_PASS),
		INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0),
	};
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_XDP,
		.insns = (uintptr_t)insns,
		.insn_cnt = sizeof(insns) / sizeof(insns[0]),
		.license = (uintptr_t)"GPL",
		.prog_flags = TAKES_FRAGS,
	};

	return must(bpf(BPF_PROG_LOAD, &attr), "the program");
}

static int attach(int ifindex)
{
	union bpf_attr attr;
	int map;

	memset(&attr, 0, sizeof(attr));
	attr.map_type = BPF_MAP_TYPE_XSKMAP;
	attr.key_size = sizeof(int);
	attr.value_size = sizeof(int);
	attr.max_entries = SOCKETS;
	map = must(bpf(BPF_MAP_CREATE, &attr), "the map");
	memset(&attr, 0, sizeof(attr));
	attr.link_create.prog_fd = load(map);
	attr.link_create.target_ifindex = ifindex;
	attr.link_create.attach_type = BPF_XDP;
	attr.link_create.flags = XDP_FLAGS_DRV_MODE;
	must(bpf(BPF_LINK_CREATE, &attr), "attaching");
	return map;
}

static void publish(int map, int queue, int fd)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.map_fd = map;
	attr.key = (uintptr_t)&queue;
	attr.value = (uintptr_t)&fd;
	must(bpf(BPF_MAP_UPDATE_ELEM, &attr), "the socket's place in the map");
}

/* --- a socket --- */

static void option(int fd, int level, int name, int value, const char *what)
{
	must(setsockopt(fd, level, name, &value, sizeof(value)), what);
}

/* A frame to receive into. */
static void give(struct xsk *xsk, uint64_t addr)
{
	struct xsk_ring *fill = &xsk->rings.fill;
	uint32_t at = *fill->producer;

	fill->addr[at % RING] = addr - addr % frame_size;
	ring_set(fill->producer, at + 1);
}

static void open_socket(struct xsk *xsk)
{
	struct xdp_umem_reg reg = { .len = (uint64_t)FRAMES * frame_size,
				    .chunk_size = frame_size };
	int i;

	xsk->fd = must(socket(AF_XDP, SOCK_RAW, 0), "a socket");
	xsk->umem = mmap(NULL, reg.len, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (xsk->umem == MAP_FAILED)
		die("memory");
	reg.addr = (uintptr_t)xsk->umem;
	must(setsockopt(xsk->fd, SOL_XDP, XDP_UMEM_REG, &reg, sizeof(reg)), "the memory");
	must(xsk_rings_map(xsk->fd, &xsk->rings, RING), "the rings");
	for (i = 0; i < FRAMES; i++)
		give(xsk, (uint64_t)i * frame_size);
	if (!busy)
		return;
	option(xsk->fd, SOL_SOCKET, PREFER_BUSY, 1, "busy polling");
	option(xsk->fd, SOL_SOCKET, SO_BUSY_POLL, 20, "busy polling");
	option(xsk->fd, SOL_SOCKET, BUSY_BUDGET, 64, "busy polling");
}

static void bind_socket(struct xsk *xsk, int ifindex, int queue)
{
	struct sockaddr_xdp sxdp = { .sxdp_family = AF_XDP, .sxdp_ifindex = ifindex,
				     .sxdp_queue_id = queue, .sxdp_flags = bind_flags };
	struct xdp_options options = { 0 };
	socklen_t len = sizeof(options);

	must(bind(xsk->fd, (struct sockaddr *)&sxdp, sizeof(sxdp)), "bind");
	must(getsockopt(xsk->fd, SOL_XDP, XDP_OPTIONS, &options, &len), "the socket's options");
	printf("queue %d: %s\n", queue,
	       options.flags & XDP_OPTIONS_ZEROCOPY ? "zero copy" : "copy");
}

/* --- packets --- */

static void turn(uint8_t *frame)
{
	uint8_t mac[6];

	memcpy(mac, frame, 6);
	memcpy(frame, frame + 6, 6);
	memcpy(frame + 6, mac, 6);
}

static void reflect(struct xsk *xsk)
{
	struct xsk_ring *rx = &xsk->rings.rx, *tx = &xsk->rings.tx;
	uint32_t end_at = ring_get(rx->producer), at = *rx->consumer;
	uint32_t out = *tx->producer;
	struct xdp_desc *desc;

	for (; at != end_at; at++) {
		desc = &rx->desc[at % RING];
		if (!xsk->within) {
			turn(xsk->umem + desc->addr);
			echoed++;
		}
		xsk->within = desc->options & CONTINUED;
		tx->desc[out++ % RING] = *desc;
	}
	ring_set(tx->producer, out);
	ring_set(rx->consumer, at);
}

static void recycle(struct xsk *xsk)
{
	struct xsk_ring *done = &xsk->rings.done;
	uint32_t end_at = ring_get(done->producer), at = *done->consumer;

	for (; at != end_at; at++)
		give(xsk, done->addr[at % RING]);
	ring_set(done->consumer, at);
}

static void serve(struct xsk *xsk)
{
	reflect(xsk);
	recycle(xsk);
	if (busy || (ring_get(xsk->rings.tx.flags) & XDP_RING_NEED_WAKEUP))
		sendto(xsk->fd, NULL, 0, MSG_DONTWAIT, NULL, 0);
	if (busy || (ring_get(xsk->rings.fill.flags) & XDP_RING_NEED_WAKEUP))
		recvfrom(xsk->fd, NULL, 0, MSG_DONTWAIT, NULL, NULL);
}

static void options(int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "bcmf:")) != -1) {
		if (c == 'b')
			busy = 1;
		else if (c == 'c')
			bind_flags = (bind_flags & ~XDP_ZEROCOPY) | XDP_COPY;
		else if (c == 'm')
			bind_flags |= SG_BIND;
		else if (c == 'f')
			frame_size = atoi(optarg);
		else
			exit(2);
	}
	if (argc - optind < 2 || argc - optind > SOCKETS + 1) {
		fputs("usage: xsk-echo [-b busy polling] [-c copy] [-m several buffers] "
		      "[-f FRAME] INTERFACE QUEUE...\n", stderr);
		exit(2);
	}
}

int main(int argc, char **argv)
{
	static struct xsk xsks[SOCKETS];
	struct pollfd fds[SOCKETS];
	int n, i, map, ifindex;

	options(argc, argv);
	signal(SIGTERM, end);
	signal(SIGINT, end);
	ifindex = if_nametoindex(argv[optind]);
	if (!ifindex)
		die(argv[optind]);
	map = attach(ifindex);
	n = argc - optind - 1;
	for (i = 0; i < n; i++) {
		open_socket(&xsks[i]);
		bind_socket(&xsks[i], ifindex, atoi(argv[optind + 1 + i]));
		publish(map, atoi(argv[optind + 1 + i]), xsks[i].fd);
		fds[i].fd = xsks[i].fd;
		fds[i].events = POLLIN;
	}
	puts("ready");
	fflush(stdout);
	while (!ended) {
		poll(fds, n, busy ? 0 : 20);
		for (i = 0; i < n; i++)
			serve(&xsks[i]);
	}
	printf("echoed %lu\n", echoed);
	return 0;
}
