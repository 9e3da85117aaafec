/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Marks: what a guest program executes to talk to the counting plugin.
 *
 * A mark is a seven-byte nop, "nopl disp32(%rax)", whose displacement says
 * what is meant.  Hardware, and QEMU without the plugin, do nothing on it.
 *
 *   displacement = BENCH_MARK | operation << 8 | phase
 */
#ifndef BENCH_MARKS_H
#define BENCH_MARKS_H

#define BENCH_MARK		0x56620000u
#define BENCH_MARK_MASK		0xffff0000u
#define BENCH_MARK_OPEN		1u	/* start counting for a phase */
#define BENCH_MARK_CLOSE	2u	/* stop, and add to that phase */
#define BENCH_MARK_FINISH	3u	/* write everything down */
#define BENCH_MARK_ARM		4u	/* count from here on (boot is over) */

#define BENCH_PHASES		4u

#ifndef BENCH_PLUGIN
#define bench_mark(op, phase) \
	asm volatile(".byte 0x0f, 0x1f, 0x80\n\t.long %c0" \
		     :: "i" (BENCH_MARK | ((op) << 8) | (phase)) : "memory")
#endif

#endif
