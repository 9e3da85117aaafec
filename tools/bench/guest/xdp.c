// SPDX-License-Identifier: GPL-2.0
/* Attach the smallest XDP program with a given verdict, in native mode. */
#include <linux/bpf.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bench.h"

static long bpf(int cmd, union bpf_attr *attr)
{
	return syscall(SYS_bpf, cmd, attr, sizeof(*attr));
}

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

static int load(int verdict)
{
	const struct bpf_insn code[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = verdict },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	char log[4096] = "";
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_XDP,
		.insns = (uintptr_t)code,
		.insn_cnt = sizeof(code) / sizeof(code[0]),
		.license = (uintptr_t)"GPL",
		.log_buf = (uintptr_t)log,
		.log_size = sizeof(log),
		.log_level = 1,
	};
	int fd = bpf(BPF_PROG_LOAD, &attr);

	if (fd < 0)
		die("loading the XDP program: %s", log);
	return fd;
}

int cmd_xdp(char **argv)
{
	const char *ifname = arg_text(argv, "if", NULL);
	union bpf_attr attr = { 0 };

	attr.link_create.prog_fd = load(verdict_of(arg_text(argv, "verdict", "drop")));
	attr.link_create.target_ifindex = if_nametoindex(ifname);
	attr.link_create.attach_type = BPF_XDP;
	attr.link_create.flags = XDP_FLAGS_DRV_MODE;
	if (bpf(BPF_LINK_CREATE, &attr) < 0)
		die("attaching XDP to %s", ifname);
	/* the link lives as long as its descriptor: leave a process with it */
	if (fork() == 0)
		for (;;)
			pause();
	return 0;
}
