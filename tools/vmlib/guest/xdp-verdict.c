// SPDX-License-Identifier: GPL-2.0
/*
 * Attaches a program with one verdict until it is told to end: for kernels that
 * xdp-bench does not know, or that have no BTF.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define TAKES_FRAGS	(1U << 5)	/* BPF_F_XDP_HAS_FRAGS */

static int bpf(int command, union bpf_attr *attr, const char *what)
{
	int result = syscall(SYS_bpf, command, attr, sizeof(*attr));

	if (result < 0) {
		fprintf(stderr, "xdp-verdict: %s: %s\n", what, strerror(errno));
		exit(1);
	}
	return result;
}

static int interface(const char *name)
{
	int index = if_nametoindex(name);

	if (!index) {
		fprintf(stderr, "xdp-verdict: no interface %s\n", name);
		exit(1);
	}
	return index;
}

static int load(int verdict, int target)
{
	struct bpf_insn redirect[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 1, .imm = target },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 2, .imm = 0 },
		{ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_redirect },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	struct bpf_insn plain[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = verdict },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_XDP,
		.insns = (uintptr_t)(target ? redirect : plain),
		.insn_cnt = target ? 4 : 2,
		.license = (uintptr_t)"GPL",
		.prog_flags = TAKES_FRAGS,
	};

	return bpf(BPF_PROG_LOAD, &attr, "the program");
}

static int number(const char *verdict)
{
	if (!strcmp(verdict, "pass"))
		return XDP_PASS;
	return strcmp(verdict, "tx") ? XDP_DROP : XDP_TX;
}

int main(int argc, char **argv)
{
	union bpf_attr attr;
	sigset_t ends;
	int which;

	if (argc < 3) {
		fputs("usage: xdp-verdict drop|pass|tx|redirect INTERFACE [TARGET]\n", stderr);
		return 2;
	}
	sigemptyset(&ends);
	sigaddset(&ends, SIGINT);
	sigaddset(&ends, SIGTERM);
	sigprocmask(SIG_BLOCK, &ends, NULL);
	memset(&attr, 0, sizeof(attr));
	attr.link_create.prog_fd = load(number(argv[1]),
					argc > 3 ? interface(argv[3]) : 0);
	attr.link_create.target_ifindex = interface(argv[2]);
	attr.link_create.attach_type = BPF_XDP;
	attr.link_create.flags = XDP_FLAGS_DRV_MODE;
	bpf(BPF_LINK_CREATE, &attr, "attaching");
	return sigwait(&ends, &which);
}
