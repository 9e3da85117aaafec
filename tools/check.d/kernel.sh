# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Checks that depend on a kernel: its compiler warnings, its sparse annotations,
# its checkpatch, its headers, its structure layouts. Sourced by tools/check;
# each function gets a KVER, prints what is wrong and fails.

# where KVER: sets KREL, KDIR and KCHROOT.
where() {
	local env
	env=$("$TOOLS/kernel" env "$1")
	eval "$env"
}

# A build of its own, because other flags than "make" uses would rebuild everything there.
kernel_out() { printf '%s\n' "$VIRTNET_TOP/build/check/$1"; }

kernel_make() {
	local kver=$1
	shift
	"$TOOLS/kernel" run "$kver" make -C "$KDIR" M="$(kernel_out "$kver")" \
		--no-print-directory -j"$(nproc)" "$@" modules
}

# complaints LOG: what the compiler or sparse said, without the progress of the build
complaints() {
	grep -vE '^ +(CC|LD|AR|BTF|MODPOST|CHECK|CLEAN|UPD|GEN) |^make|^Skipping BTF|C=[12] specified, but sparse' "$1" || true
}

check_build() {
	local kver=$1 log rc=0
	where "$kver"
	log=$OUT/$kver.build.full
	link_sources "$(kernel_out "$kver")"
	kernel_make "$kver" -k W=1 KCFLAGS=-Werror >"$log" 2>&1 || rc=$?
	complaints "$log"
	[ "$rc" = 0 ] || tail -n 1 "$log"
	return "$rc"
}

# unless_known FILE COMMAND...: runs the command unless FILE says that it was content with the same
# input, which is read from stdin.
unless_known() {
	local stamp=$1 hash
	shift
	hash=$(sha256sum)
	[ -e "$stamp" ] && [ "$(cat "$stamp")" = "$hash" ] && return
	rm -f "$stamp"
	"$@" || return
	printf '%s\n' "$hash" >"$stamp"
}

# All that a compiler or sparse sees of this tree
kernel_inputs() {
	cat "$VIRTNET_TOP"/Kbuild "$OUT/$1/virtnet_config.h"
	find "$VIRTNET_TOP/drivers" "$VIRTNET_TOP/include" -name '*.[ch]' -print0 |
		sort -z | xargs -0 cat
}

need_sparse() {
	if [ -z "$KCHROOT" ]; then
		need_packages --for "make check" sparse
	elif ! [ -x "$KCHROOT/usr/bin/sparse" ]; then
		chroot_install "$KCHROOT" sparse
	fi
}

# sparse is told to look at all files again, of which none needs compiling after "build".
# (C=2 would say the same, but first looks for a script that Debian's headers lack.)
run_sparse() {
	local kver=$1 log=$OUT/$1.sparse.full rc=0
	kernel_make "$kver" -k W=1 KCFLAGS=-Werror KBUILD_CHECKSRC=2 CF=-Wsparse-error >"$log" 2>&1 || rc=$?
	grep -q '^ *CHECK ' "$log" || {
		echo "sparse was not run:"
		tail -n 20 "$log"
		return 1
	}
	complaints "$log"
	return "$rc"
}

check_sparse() {
	local kver=$1
	where "$kver"
	need_sparse
	[ -e "$OUT/$kver/virtnet_config.h" ] || check_build "$kver" >/dev/null ||
		die "nothing for sparse to look at: the build check failed"
	{
		kernel_inputs "$kver"
		echo "$KREL"
		"$TOOLS/kernel" run "$kver" sparse --version
	} | unless_known "$OUT/$kver.sparse.stamp" run_sparse "$kver"
}

# Everything in include/compat, whether the driver uses it already or not
run_uses() {
	local kver=$1 out=$OUT/$1.uses log=$OUT/$1.uses.full rc=0
	mkdir -p "$out"
	ln -sfn "$VIRTNET_TOP/tests/compat/uses.c" "$out/uses.c"
	cat >"$out/Kbuild" <<-EOF
	obj-m := uses.o
	ccflags-y := -I$VIRTNET_TOP/include -I$VIRTNET_TOP/build/compat/$kver
	EOF
	# From the beginning: sparse only looks at what is compiled.
	"$TOOLS/kernel" run "$kver" make -C "$KDIR" M="$out" --no-print-directory W=1 \
		KCFLAGS=-Werror KBUILD_CHECKSRC=1 CF=-Wsparse-error clean modules >"$log" 2>&1 || rc=$?
	complaints "$log"
	return "$rc"
}

check_compat() {
	local kver=$1
	"$TOOLS/compat" compare "$kver"
	where "$kver"
	need_sparse
	cat "$VIRTNET_TOP"/include/compat/*.h "$VIRTNET_TOP/include/uapi/virtnet_uapi.h" \
		"$VIRTNET_TOP/tests/compat/uses.c" "$VIRTNET_TOP/build/compat/$kver/compat.txt" |
		unless_known "$OUT/$kver.uses.stamp" run_uses "$kver"
}

check_each() {
	local kver=6.12
	where "$kver"
	{
		echo "$KREL"
		cat "$TOOLS/compat" "$VIRTNET_TOP"/tests/compat/*.c
	} | unless_known "$OUT/each.stamp" "$TOOLS/compat" each "$kver"
}

check_pahole() {
	local kver=$1
	need_packages --for "make check" dwarves
	[ -e "$OUT/$kver/virtnet.ko" ] || check_build "$kver" >/dev/null ||
		die "no structures to look at: the build check failed"
	python3 "$TOOLS/check.d/pahole.py" "$OUT/$kver/virtnet.ko" \
		"$VIRTNET_TOP/tests/check/pahole.expect"
}
