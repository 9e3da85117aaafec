// SPDX-License-Identifier: GPL-2.0
/*
 * Bulk TCP: "bulk role=send" writes without end, "bulk role=receive" reads,
 * lets the connection settle, and counts a number of KiB.  The data is checked
 * before and after the window (checking it inside would be counted too).
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench.h"
#include "marks.h"

#define CHUNK	65536
#define PERIOD	251	/* no power of two, so that shifted data shows */

/*
 * What is read before the window.  Not only the connection settles: what the boot freed
 * fills the per-CPU page lists almost to their limit, and when they come to it, 6.1
 * empties all of them at once, some 13000 pages.  That is to be over.
 */
#define SETTLE_KIB	65536

/*
 * What is counted.  Some of it waits in the receiver's socket when the window opens, and
 * other data does when it closes: megabytes more or less, which this is to outweigh.
 */
#define WINDOW_KIB	65536

static char buf[CHUNK + PERIOD];

static int tcp_socket(void)
{
	int one = 1, fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)))
		die("TCP socket");
	return fd;
}

static int sender(struct sockaddr_in *addr)
{
	unsigned long long done = 0;
	int fd = tcp_socket();
	ssize_t n;

	for (size_t i = 0; i < sizeof(buf); i++)
		buf[i] = i % PERIOD;
	if (connect(fd, (void *)addr, sizeof(*addr)))
		die("connect");
	while ((n = write(fd, buf + done % PERIOD, CHUNK)) > 0)
		done += n;
	return 0;	/* the receiver has enough */
}

static unsigned long long offset;

static void read_kib(int fd, long kib, int check)
{
	unsigned long long end = offset + ((unsigned long long)kib << 10);

	while (offset < end) {
		ssize_t n = read(fd, buf, CHUNK);

		if (n <= 0)
			die("read");
		for (ssize_t i = 0; check && i < n; i++)
			if ((unsigned char)buf[i] != (offset + i) % PERIOD)
				die("wrong data at %llu", offset + i);
		offset += n;
	}
}

static int receiver(struct sockaddr_in *addr, char **argv)
{
	unsigned long long from;
	int fd = tcp_socket();

	if (bind(fd, (void *)addr, sizeof(*addr)) || listen(fd, 1))
		die("listen");
	puts("listening");
	fflush(stdout);
	fd = accept(fd, NULL, NULL);
	if (fd < 0)
		die("accept");
	read_kib(fd, 64, 1);
	read_kib(fd, arg_number(argv, "settle", SETTLE_KIB), 0);
	from = offset;
	bench_mark(BENCH_MARK_OPEN, PHASE_MEASURED);
	read_kib(fd, arg_number(argv, "kib", WINDOW_KIB), 0);
	bench_mark(BENCH_MARK_CLOSE, PHASE_MEASURED);
	printf("packets %llu\n", (offset - from) >> 10);
	read_kib(fd, 64, 1);
	return 0;
}

int cmd_bulk(char **argv)
{
	struct sockaddr_in addr = { .sin_family = AF_INET };

	addr.sin_port = htons(arg_number(argv, "port", 5001));
	addr.sin_addr.s_addr = inet_addr(arg_text(argv, "address", NULL));
	if (!strcmp(arg_text(argv, "role", "receive"), "send"))
		return sender(&addr);
	return receiver(&addr, argv);
}
