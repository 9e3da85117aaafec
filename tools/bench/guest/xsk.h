/* SPDX-License-Identifier: GPL-2.0 */
#ifndef BENCH_XSK_H
#define BENCH_XSK_H

/* A socket without a copy on queue 0, and the program that feeds it. */
void xsk_open(const char *ifname);

/* Take what came and lend the memory again. Return: packets. */
long xsk_drop(void);

/* Hand @n frames of @length bytes over, and take back what is sent. */
void xsk_send(long n, long length);

/* Return: frames that were handed over and have not come back. */
long xsk_outstanding(void);

#endif
