// SPDX-License-Identifier: GPL-2.0
/*
 * TCG plugin: guest kernel instructions by address, between marks.
 *
 * Every translated kernel instruction owns a slot with a counter that the
 * translated code increments itself.  A mark executed by the guest opens a
 * window (the counters are remembered) or closes it (the differences are
 * added to the window's phase).  User-space instructions share slot 0.
 *
 * A REP string instruction counts as one instruction; what it repeats is
 * counted apart, because real hardware does not pay an instruction for it.
 * Sixteen-bit stores that reach a device are doorbells.
 *
 * Nothing is instrumented until the guest executes the "arm" mark, so booting
 * costs little.  A window in which the instruction at the address skip=ADDRESS
 * runs (the host names the timer tick) does not count.
 *
 * Arguments: out=FILE (needed), skip=ADDRESS, vhub=PAIRS (see vhub.c).
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "qemu_api.h"
#define BENCH_PLUGIN
#include "../guest/marks.h"
#include "vhub.h"

#define MAX_SLOTS	(1u << 20)
#define HASH_SIZE	(1u << 22)
#define MAX_DOORBELLS	64
#define KERNEL_BASE	0xffff800000000000ull

BENCH_EXPORT int qemu_plugin_version = 1;

struct doorbell {
	uint64_t addr;
	uint64_t in_window;
	uint64_t count[BENCH_PHASES];
};

struct phase {
	uint64_t windows, skipped;
	uint64_t *starts;
	uint64_t *repeats;
};

static const char *out_path;
static uint64_t skip_addr;
static uint32_t skip_slot;
static bool armed, finished;
static qemu_plugin_id_t self;
static int open_phase = -1;

/* slot tables: parallel arrays, so that a window copies only counters */
static uint64_t *slot_addr, *starts, *repeats, *starts_at, *repeats_at;
static uint32_t *hash;
static uint32_t n_slots = 1;

static struct phase phases[BENCH_PHASES];
static struct doorbell doorbells[MAX_DOORBELLS];
static unsigned int n_doorbells;

/* every instruction that is not a REP one adds to this */
static uint64_t executed;
static uint64_t rep_executed;
static uint32_t rep_slot;

static void *zeroed(size_t n, size_t size)
{
	void *p = mmap(NULL, n * size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED) {
		perror("bench plugin: mmap");
		exit(1);
	}
	return p;
}

static uint32_t slot_of(uint64_t addr)
{
	uint32_t h = (addr * 0x9e3779b97f4a7c15ull) >> 42;

	if (addr < KERNEL_BASE)
		return 0;
	while (hash[h]) {
		if (slot_addr[hash[h]] == addr)
			return hash[h];
		h = (h + 1) % HASH_SIZE;
	}
	if (n_slots == MAX_SLOTS) {
		fprintf(stderr, "bench plugin: more than %u kernel instructions\n",
			MAX_SLOTS);
		exit(1);
	}
	slot_addr[n_slots] = addr;
	hash[h] = n_slots;
	return n_slots++;
}

static void window_open(unsigned int phase)
{
	memcpy(starts_at, starts, n_slots * sizeof(*starts));
	memcpy(repeats_at, repeats, n_slots * sizeof(*repeats));
	memset(starts_at + n_slots, 0, (MAX_SLOTS - n_slots) * sizeof(*starts));
	memset(repeats_at + n_slots, 0, (MAX_SLOTS - n_slots) * sizeof(*starts));
	for (unsigned int i = 0; i < n_doorbells; i++)
		doorbells[i].in_window = 0;
	open_phase = phase;
}

static void window_close(void)
{
	int phase = open_phase;
	struct phase *p;

	if (phase < 0)
		return;
	p = &phases[phase];
	open_phase = -1;
	if (skip_slot && starts[skip_slot] != starts_at[skip_slot]) {
		p->skipped++;
		return;
	}
	for (uint32_t i = 0; i < n_slots; i++) {
		p->starts[i] += starts[i] - starts_at[i];
		p->repeats[i] += repeats[i] - repeats_at[i];
	}
	for (unsigned int i = 0; i < n_doorbells; i++)
		doorbells[i].count[phase] += doorbells[i].in_window;
	p->windows++;
}

static void write_phase(FILE *f, unsigned int n)
{
	const struct phase *p = &phases[n];

	fprintf(f, "phase %u windows %" PRIu64 " skipped %" PRIu64 "\n", n,
		p->windows, p->skipped);
	for (uint32_t i = 0; i < n_slots; i++)
		if (p->starts[i] || p->repeats[i])
			fprintf(f, "%" PRIx64 " %" PRIu64 " %" PRIu64 "\n",
				slot_addr[i], p->starts[i], p->repeats[i]);
	for (unsigned int i = 0; i < n_doorbells; i++)
		if (doorbells[i].count[n])
			fprintf(f, "doorbell %" PRIx64 " %" PRIu64 "\n",
				doorbells[i].addr, doorbells[i].count[n]);
}

static void write_results(void)
{
	FILE *f;

	if (finished)
		return;
	finished = true;
	f = fopen(out_path, "w");
	if (!f) {
		perror(out_path);
		return;
	}
	for (unsigned int i = 0; i < BENCH_PHASES; i++)
		if (phases[i].windows)
			write_phase(f, i);
	fputs("end\n", f);
	fclose(f);
}

static void arm(void);

static void on_mark(unsigned int cpu, void *data)
{
	uint32_t mark = (uintptr_t)data;

	(void)cpu;
	switch (mark >> 8 & 0xff) {
	case BENCH_MARK_OPEN:
		window_open((mark & 0xff) % BENCH_PHASES);
		break;
	case BENCH_MARK_CLOSE:
		window_close();
		break;
	case BENCH_MARK_FINISH:
		write_results();
		break;
	case BENCH_MARK_ARM:
		arm();
		break;
	}
}

/*
 * Translated code comes back to a REP instruction once for each repetition.
 * When nothing else ran since the last time, it is a repetition.
 */
static void on_rep(unsigned int cpu, void *data)
{
	uint32_t slot = (uintptr_t)data;

	(void)cpu;
	if (slot == rep_slot && executed == rep_executed)
		repeats[slot]++;
	else
		starts[slot]++;
	rep_slot = slot;
	rep_executed = executed;
}

static void on_store16(unsigned int cpu, qemu_plugin_meminfo_t info,
		       uint64_t vaddr, void *data)
{
	struct qemu_plugin_hwaddr *hw;
	uint64_t addr;
	unsigned int i;

	(void)cpu;
	(void)data;
	if (open_phase < 0 || qemu_plugin_mem_size_shift(info) != 1)
		return;
	hw = qemu_plugin_get_hwaddr(info, vaddr);
	if (!hw || !qemu_plugin_hwaddr_is_io(hw))
		return;
	addr = qemu_plugin_hwaddr_phys_addr(hw);
	for (i = 0; i < n_doorbells && doorbells[i].addr != addr; i++)
		;
	if (i == MAX_DOORBELLS)
		return;
	if (i == n_doorbells) {
		doorbells[i].addr = addr;
		n_doorbells++;
	}
	doorbells[i].in_window++;
}

/* the mark in these bytes, or 0 */
static uint32_t mark_in(const uint8_t *code, size_t size)
{
	uint32_t disp;

	if (size != 7 || code[0] != 0x0f || code[1] != 0x1f || code[2] != 0x80)
		return 0;
	memcpy(&disp, code + 3, sizeof(disp));
	return (disp & BENCH_MARK_MASK) == BENCH_MARK ? disp : 0;
}

/* length of the prefixes (legacy, then REX) in front of the opcode */
static size_t prefixes(const uint8_t *code, size_t size, bool *rep, bool *opsz)
{
	size_t i;

	for (i = 0; i < size; i++) {
		if (code[i] == 0xf2 || code[i] == 0xf3)
			*rep = true;
		else if (code[i] == 0x66)
			*opsz = true;
		else if ((code[i] & 0xf0) != 0x40)
			break;
	}
	return i;
}

static bool is_string_op(uint8_t op)
{
	return (op >= 0xa4 && op <= 0xa7) || (op >= 0xaa && op <= 0xaf) ||
	       (op >= 0x6c && op <= 0x6f);
}

static void instrument(struct qemu_plugin_insn *insn)
{
	const uint8_t *code = qemu_plugin_insn_data(insn);
	size_t size = qemu_plugin_insn_size(insn);
	uint32_t slot = slot_of(qemu_plugin_insn_vaddr(insn));
	bool rep = false, opsz = false;
	uint32_t mark = mark_in(code, size);
	size_t op = prefixes(code, size, &rep, &opsz);

	if (mark)
		qemu_plugin_register_vcpu_insn_exec_cb(insn, on_mark,
						       QEMU_PLUGIN_CB_NO_REGS,
						       (void *)(uintptr_t)mark);
	if (rep && op < size && is_string_op(code[op])) {
		qemu_plugin_register_vcpu_insn_exec_cb(insn, on_rep,
						       QEMU_PLUGIN_CB_NO_REGS,
						       (void *)(uintptr_t)slot);
		return;
	}
	qemu_plugin_register_vcpu_insn_exec_inline(insn, QEMU_PLUGIN_INLINE_ADD_U64,
						   &starts[slot], 1);
	qemu_plugin_register_vcpu_insn_exec_inline(insn, QEMU_PLUGIN_INLINE_ADD_U64,
						   &executed, 1);
	if (opsz && slot && op < size && (code[op] == 0x89 || code[op] == 0xc7))
		qemu_plugin_register_vcpu_mem_cb(insn, on_store16,
						 QEMU_PLUGIN_CB_NO_REGS,
						 QEMU_PLUGIN_MEM_W, NULL);
}

/* before the arm mark, only marks are looked for */
static void look_for_mark(struct qemu_plugin_insn *insn)
{
	uint32_t mark = mark_in(qemu_plugin_insn_data(insn),
				qemu_plugin_insn_size(insn));

	if (mark)
		qemu_plugin_register_vcpu_insn_exec_cb(insn, on_mark,
						       QEMU_PLUGIN_CB_NO_REGS,
						       (void *)(uintptr_t)mark);
}

static void on_translate(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	(void)id;
	for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);

		if (armed)
			instrument(insn);
		else
			look_for_mark(insn);
	}
}

static void on_exit_qemu(qemu_plugin_id_t id, void *data)
{
	(void)id;
	(void)data;
	write_results();
}

static void register_callbacks(qemu_plugin_id_t id)
{
	qemu_plugin_register_vcpu_tb_trans_cb(id, on_translate);
	qemu_plugin_register_atexit_cb(id, on_exit_qemu, NULL);
}

/* everything is to be translated anew, this time with counters */
static void arm(void)
{
	if (armed)
		return;
	armed = true;
	qemu_plugin_reset(self, register_callbacks);
}

static void allocate(void)
{
	slot_addr = zeroed(MAX_SLOTS, sizeof(*slot_addr));
	starts = zeroed(MAX_SLOTS, sizeof(*starts));
	repeats = zeroed(MAX_SLOTS, sizeof(*repeats));
	starts_at = zeroed(MAX_SLOTS, sizeof(*starts_at));
	repeats_at = zeroed(MAX_SLOTS, sizeof(*repeats_at));
	hash = zeroed(HASH_SIZE, sizeof(*hash));
	for (unsigned int i = 0; i < BENCH_PHASES; i++) {
		phases[i].starts = zeroed(MAX_SLOTS, sizeof(uint64_t));
		phases[i].repeats = zeroed(MAX_SLOTS, sizeof(uint64_t));
	}
}

BENCH_EXPORT int qemu_plugin_install(qemu_plugin_id_t id,
				     const struct qemu_info_t *info,
				     int argc, char **argv)
{
	(void)info;
	for (int i = 0; i < argc; i++) {
		if (!strncmp(argv[i], "out=", 4))
			out_path = strdup(argv[i] + 4);
		else if (!strncmp(argv[i], "skip=", 5))
			skip_addr = strtoull(argv[i] + 5, NULL, 16);
		else if (!strncmp(argv[i], "vhub=", 5))
			vhub_install(id, atoi(argv[i] + 5));
	}
	if (!out_path) {
		fputs("bench plugin: say where to write with out=FILE\n", stderr);
		return 1;
	}
	self = id;
	allocate();
	skip_slot = slot_of(skip_addr);
	register_callbacks(id);
	return 0;
}
