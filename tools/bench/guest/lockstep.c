// SPDX-License-Identifier: GPL-2.0
/*
 * Windows in lock-step with the device.
 *
 * The generator's device holds what it is sent until a virtual timer ends.
 * So: send K frames, open the window, sleep past the timer, (read what came,)
 * close the window.  Control windows send the same frames from a twin of the
 * generator, to a device that filters them out.
 *
 * Each window lies between two timer ticks, so that no tick is counted in some
 * windows and not in others: the process finds the ticks' phase once, and
 * starts each window right after one.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"
#include "marks.h"
#include "xsk.h"

#define MAX_FRAME 9014

struct plan {
	int generator, twin;	/* packet sockets */
	int udp;		/* socket that reads what arrives, or -1 */
	int xsk;		/* an AF_XDP socket reads it */
	long burst, windows, warmup, hold_us, length;
	long long period, phase;	/* of the timer tick, in ns */
	unsigned char measured[MAX_FRAME], control[MAX_FRAME];
	long received;
};

static void parse_mac(const char *text, unsigned char *mac)
{
	if (sscanf(text, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", &mac[0], &mac[1], &mac[2],
		   &mac[3], &mac[4], &mac[5]) != 6)
		die("not a MAC address: %s", text);
}

static unsigned short ip_checksum(const void *data, size_t len)
{
	const unsigned short *p = data;
	unsigned long sum = 0;

	for (; len > 1; len -= 2)
		sum += *p++;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

static void make_frame(unsigned char *frame, const char *mac, char **argv, long length)
{
	struct ether_header *eth = (void *)frame;
	struct iphdr *ip = (void *)(eth + 1);
	struct udphdr *udp = (void *)(ip + 1);

	parse_mac(mac, eth->ether_dhost);
	parse_mac("02:00:00:00:00:99", eth->ether_shost);
	eth->ether_type = htons(ETHERTYPE_IP);
	ip->version = 4;
	ip->ihl = 5;
	ip->tot_len = htons(length - sizeof(*eth));
	ip->ttl = 64;
	ip->protocol = IPPROTO_UDP;
	ip->saddr = inet_addr(arg_text(argv, "src", "10.0.1.99"));
	ip->daddr = inet_addr(arg_text(argv, "dst", "10.0.1.1"));
	ip->check = ip_checksum(ip, sizeof(*ip));
	udp->source = htons(4000);
	udp->dest = htons(arg_number(argv, "port", 9));
	udp->len = htons(length - sizeof(*eth) - sizeof(*ip));
}

static int open_raw(const char *ifname)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET };
	int one = 1, fd = socket(AF_PACKET, SOCK_RAW, 0);

	to.sll_ifindex = if_nametoindex(ifname);
	if (fd < 0 || !to.sll_ifindex || bind(fd, (void *)&to, sizeof(to)))
		die("packet socket on %s", ifname);
	if (setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &one, sizeof(one)))
		die("PACKET_QDISC_BYPASS");
	return fd;
}

static int open_udp(long port)
{
	struct sockaddr_in any = { .sin_family = AF_INET, .sin_port = htons(port) };
	int size = 4 << 20, fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	if (fd < 0 || bind(fd, (void *)&any, sizeof(any)))
		die("UDP port %ld", port);
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)))
		die("SO_RCVBUFFORCE");
	return fd;
}

static void send_burst(const struct plan *plan, int fd, const unsigned char *frame)
{
	for (long i = 0; i < plan->burst; i++)
		while (send(fd, frame, plan->length, 0) != plan->length)
			if (errno != ENOBUFS && errno != EAGAIN)
				die("send");
}

static void drain(struct plan *plan)
{
	char buf[MAX_FRAME];

	if (plan->xsk)
		plan->received += xsk_drop();
	while (plan->udp >= 0 && recv(plan->udp, buf, sizeof(buf), 0) > 0)
		plan->received++;
}

static long long now_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * 1000000000ll + now.tv_nsec;
}

/* busy until the next tick, which is when the coarse clock moves on */
static long long wait_for_tick(void)
{
	long long coarse = now_ns(CLOCK_MONOTONIC_COARSE);

	while (now_ns(CLOCK_MONOTONIC_COARSE) == coarse)
		;
	return now_ns(CLOCK_MONOTONIC);
}

static void find_ticks(struct plan *plan)
{
	struct timespec res;

	clock_getres(CLOCK_MONOTONIC_COARSE, &res);
	plan->period = res.tv_nsec;
	wait_for_tick();
	wait_for_tick();
	plan->phase = wait_for_tick() % plan->period;
}

/* sleep until some time after a tick; a period is at least 3 ms long */
static void after_tick(const struct plan *plan, long long us)
{
	long long period = plan->period, now;
	struct timespec until;

	while (period < 3000000)
		period += plan->period;
	now = now_ns(CLOCK_MONOTONIC) - plan->phase;
	now += period - now % period + plan->phase + us * 1000;
	until.tv_sec = now / 1000000000;
	until.tv_nsec = now % 1000000000;
	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
}

static void control_window(struct plan *plan)
{
	after_tick(plan, 100);
	send_burst(plan, plan->twin, plan->control);
	bench_mark(BENCH_MARK_OPEN, PHASE_CONTROL);
	sleep_us(plan->hold_us);
	bench_mark(BENCH_MARK_CLOSE, PHASE_CONTROL);
}

static void measured_window(struct plan *plan, int count)
{
	after_tick(plan, 100);
	send_burst(plan, plan->generator, plan->measured);
	if (count)
		bench_mark(BENCH_MARK_OPEN, PHASE_MEASURED);
	sleep_us(plan->hold_us);
	drain(plan);
	if (count)
		bench_mark(BENCH_MARK_CLOSE, PHASE_MEASURED);
}

int cmd_lockstep(char **argv)
{
	static struct plan plan;

	plan.burst = arg_number(argv, "burst", 32);
	plan.windows = arg_number(argv, "windows", 64);
	plan.warmup = arg_number(argv, "warmup", 32);
	plan.hold_us = arg_number(argv, "hold", 1600);
	plan.length = arg_number(argv, "length", 60);
	plan.udp = arg_number(argv, "read", 0) ? open_udp(arg_number(argv, "port", 9)) : -1;
	plan.xsk = !!*arg_text(argv, "xsk", "");
	if (plan.xsk)
		xsk_open(arg_text(argv, "xsk", NULL));
	plan.generator = open_raw(arg_text(argv, "if", NULL));
	plan.twin = open_raw(arg_text(argv, "twin", NULL));
	make_frame(plan.measured, arg_text(argv, "mac", NULL), argv, plan.length);
	make_frame(plan.control, "02:00:00:00:00:ff", argv, plan.length);
	prctl(PR_SET_TIMERSLACK, 1);
	find_ticks(&plan);
	for (long i = 0; i < plan.warmup; i++) {
		after_tick(&plan, 100);
		send_burst(&plan, plan.twin, plan.control);
		measured_window(&plan, 0);
	}
	plan.received = 0;
	for (long i = 0; i < plan.windows; i++) {
		control_window(&plan);
		measured_window(&plan, 1);
	}
	printf("tick %lld ns, phase %lld\n", plan.period, plan.phase);
	printf("packets %ld\n", plan.burst * plan.windows);
	if ((plan.udp >= 0 || plan.xsk) && plan.received != plan.burst * plan.windows)
		die("only %ld packets were read", plan.received);
	return 0;
}
