// SPDX-License-Identifier: GPL-2.0
/* The bench's program inside the guest: one binary, several subcommands. */
#include <errno.h>
#include <fcntl.h>
#include <linux/random.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>

#include "bench.h"
#include "marks.h"

void die(const char *format, ...)
{
	int error = errno;
	va_list args;

	fputs("bench: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, " (%s)\n", strerror(error));
	exit(1);
}

const char *arg_text(char **argv, const char *name, const char *fallback)
{
	size_t len = strlen(name);

	for (; *argv; argv++)
		if (!strncmp(*argv, name, len) && (*argv)[len] == '=')
			return *argv + len + 1;
	if (!fallback)
		die("argument %s= is missing", name);
	return fallback;
}

long arg_number(char **argv, const char *name, long fallback)
{
	const char *text = arg_text(argv, name, "");

	return *text ? strtol(text, NULL, 0) : fallback;
}

void sleep_us(long us)
{
	struct timespec wait = { us / 1000000, us % 1000000 * 1000 };

	while (nanosleep(&wait, &wait) && errno == EINTR)
		;
}

static int cmd_arm(char **argv)
{
	(void)argv;
	bench_mark(BENCH_MARK_ARM, 0);
	return 0;
}

/*
 * Make the kernel's random numbers ready with a fixed seed: until they are,
 * every interrupt pays for collecting entropy.
 */
static int cmd_seed(char **argv)
{
	struct {
		struct rand_pool_info info;
		char bytes[64];
	} seed = { .info = { .entropy_count = 512, .buf_size = 64 } };
	int fd = open("/dev/random", O_WRONLY);

	(void)argv;
	if (fd < 0 || ioctl(fd, RNDADDENTROPY, &seed))
		die("seeding /dev/random");
	return 0;
}

static int cmd_finish(char **argv)
{
	(void)argv;
	bench_mark(BENCH_MARK_FINISH, 0);
	return 0;
}

static const struct {
	const char *name;
	int (*run)(char **argv);
} commands[] = {
	{ "arm", cmd_arm },
	{ "bulk", cmd_bulk },
	{ "finish", cmd_finish },
	{ "flood", cmd_flood },
	{ "lockstep", cmd_lockstep },
	{ "pktgen", cmd_pktgen },
	{ "seed", cmd_seed },
	{ "weigh", cmd_weigh },
	{ "xdp", cmd_xdp },
	{ "xsksend", cmd_xsksend },
};

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (!strcmp(commands[i].name, name))
			return commands[i].run(argv + 2);
	fprintf(stderr, "usage: bench arm|bulk|finish|flood|lockstep|pktgen|seed|weigh|xdp|xsksend NAME=VALUE...\n");
	return 2;
}
