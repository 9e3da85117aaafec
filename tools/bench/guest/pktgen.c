// SPDX-License-Identifier: GPL-2.0
/* Run the kernel's packet generator, as set up by the script, in a window. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"
#include "marks.h"

static void start(void)
{
	int fd = open("/proc/net/pktgen/pgctrl", O_WRONLY);

	/* this returns when all packets are sent */
	if (fd < 0 || write(fd, "start\n", 6) != 6)
		die("starting pktgen");
	close(fd);
}

int cmd_pktgen(char **argv)
{
	long packets = arg_number(argv, "count", 0);

	start();
	bench_mark(BENCH_MARK_OPEN, PHASE_MEASURED);
	start();
	bench_mark(BENCH_MARK_CLOSE, PHASE_MEASURED);
	printf("packets %ld\n", packets);
	return 0;
}
