/* SPDX-License-Identifier: GPL-2.0 */
/* The little of bpf(2) that the bench needs; no library in the guest. */
#ifndef BENCH_BPF_H
#define BENCH_BPF_H

#include <linux/bpf.h>
#include <stddef.h>

#define INSN(c, d, s, o, i) \
	{ .code = (c), .dst_reg = (d), .src_reg = (s), .off = (o), .imm = (i) }

/* A map of that type with one entry of an int; its descriptor. */
int bpf_map(int type, int value);

/* bpf_redirect_map(@map, 0); its descriptor */
int bpf_redirect_program(int map);

/* The program that returns this verdict; its descriptor. */
int bpf_verdict_program(int verdict);

/* In native mode, for as long as the caller or a child of it lives. */
void bpf_attach(int program, const char *ifname);

#endif
