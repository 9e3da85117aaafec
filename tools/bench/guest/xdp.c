// SPDX-License-Identifier: GPL-2.0
/* Attach the smallest XDP program with a given verdict, in native mode. */
#include <net/if.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"
#include "bpf.h"

static int verdict_of(const char *name)
{
	static const char *const names[] = {
		[XDP_DROP] = "drop", [XDP_PASS] = "pass", [XDP_TX] = "tx",
	};

	for (int i = 0; i < 4; i++)
		if (names[i] && !strcmp(names[i], name))
			return i;
	die("no XDP verdict '%s'", name);
}

int cmd_xdp(char **argv)
{
	const char *verdict = arg_text(argv, "verdict", "drop");
	int program;

	if (!strcmp(verdict, "redirect"))
		program = bpf_redirect_program(bpf_map(BPF_MAP_TYPE_DEVMAP,
			if_nametoindex(arg_text(argv, "to", NULL))));
	else
		program = bpf_verdict_program(verdict_of(verdict));
	bpf_attach(program, arg_text(argv, "if", NULL));
	/* the link lives as long as its descriptor: leave a process with it */
	if (fork() == 0)
		for (;;)
			pause();
	return 0;
}
