/* SPDX-License-Identifier: GPL-2.0 */
#ifndef BENCH_H
#define BENCH_H

/* phases of a measurement: what is subtracted, and what it is taken from */
#define PHASE_CONTROL	0
#define PHASE_MEASURED	1

__attribute__((noreturn, format(printf, 1, 2)))
void die(const char *format, ...);

/* the value of "name=" among the arguments, or the fallback */
const char *arg_text(char **argv, const char *name, const char *fallback);
long arg_number(char **argv, const char *name, long fallback);

void sleep_us(long us);

/* subcommands */
int cmd_bulk(char **argv);
int cmd_flood(char **argv);
int cmd_lockstep(char **argv);
int cmd_pktgen(char **argv);
int cmd_weigh(char **argv);
int cmd_xdp(char **argv);
int cmd_xsksend(char **argv);

#endif
