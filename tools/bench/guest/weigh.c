// SPDX-License-Identifier: GPL-2.0
/*
 * What bringing an interface up takes from free memory.  All in one process,
 * so that nothing but the interface allocates in between.
 */
#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench.h"

static char text[1 << 16];

/* free pages, with those that are parked on per-CPU lists */
static long free_pages(int fd)
{
	ssize_t len = pread(fd, text, sizeof(text) - 1, 0);
	long sum = 0, n;

	if (len <= 0)
		die("reading /proc/zoneinfo");
	text[len] = 0;
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
		if (sscanf(line, " nr_free_pages %ld", &n) == 1 ||
		    sscanf(line, " count: %ld", &n) == 1)
			sum += n;
	return sum;
}

static void bring_up(int fd, const char *ifname)
{
	struct ifreq req = { 0 };

	strncpy(req.ifr_name, ifname, IFNAMSIZ - 1);
	if (ioctl(fd, SIOCGIFFLAGS, &req))
		die("no interface %s", ifname);
	req.ifr_flags |= IFF_UP;
	if (ioctl(fd, SIOCSIFFLAGS, &req))
		die("%s does not come up", ifname);
}

int cmd_weigh(char **argv)
{
	const char *ifname = arg_text(argv, "if", NULL);
	int zones = open("/proc/zoneinfo", O_RDONLY), fd = socket(AF_INET, SOCK_DGRAM, 0);
	long before;

	if (zones < 0 || fd < 0)
		die("no /proc/zoneinfo or no socket");
	bring_up(fd, "lo");
	before = free_pages(zones);
	before = free_pages(zones);
	bring_up(fd, ifname);
	printf("rxmem %ld\n", (before - free_pages(zones)) * (getpagesize() / 1024));
	return 0;
}
