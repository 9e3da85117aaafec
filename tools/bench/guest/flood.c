// SPDX-License-Identifier: GPL-2.0
/* Send the same small frame for some seconds, and say how many went out. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"

#define BATCH 64

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

int cmd_flood(char **argv)
{
	static unsigned char frame[60] = { 2, 0, 0, 0, 0, 0xff, 2, 0, 0, 0, 0, 1, 0x88, 0xb5 };
	struct sockaddr_ll to = { .sll_family = AF_PACKET };
	double start, end, length = arg_number(argv, "seconds", 2);
	int one = 1, fd = socket(AF_PACKET, SOCK_RAW, 0);
	long sent = 0;

	to.sll_ifindex = if_nametoindex(arg_text(argv, "if", NULL));
	if (fd < 0 || bind(fd, (void *)&to, sizeof(to)) ||
	    setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &one, sizeof(one)))
		die("packet socket");
	for (start = seconds(); (end = seconds()) < start + length;)
		for (int i = 0; i < BATCH; i++)
			if (send(fd, frame, sizeof(frame), 0) > 0)
				sent++;
			else if (errno != ENOBUFS && errno != EAGAIN)
				die("send");
	printf("rate %.0f\n", sent / (end - start));
	return 0;
}
