// SPDX-License-Identifier: GPL-2.0
/* What is said to people: one line each, on stderr, with the device's name. */
#include <stdarg.h>
#include <stdio.h>

#include "vhost.h"

enum vhost_level vhost_verbosity = VHOST_INFO;

void vhost_say(enum vhost_level level, const struct vhost_dev *dev,
	       const char *fmt, ...)
{
	static u64 second, lines;
	va_list args;

	if (level > vhost_verbosity)
		return;
	/* a guest can cause errors at any rate: a hundred a second will do */
	if (loop_time() / NSEC_PER_SEC != second) {
		second = loop_time() / NSEC_PER_SEC;
		lines = 0;
	}
	if (level == VHOST_ERR && ++lines > 100)
		return;
	fprintf(stderr, "%s: %s", dev ? dev->name : "vhost-user-net",
		level == VHOST_ERR ? "error: " : "");
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
}
