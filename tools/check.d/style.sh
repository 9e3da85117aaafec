# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Checks of the source text. Sourced by tools/check.

# What checkpatch says of kernel code here is right, except for:
CHECKPATCH_IGNORE=(
	# Counters are lists of X(name), so that each is named once; and what newer kernels
	# supply as macros that look again at their arguments, compat supplies as such.
	COMPLEX_MACRO
	MACRO_ARG_PRECEDENCE
	MACRO_ARG_REUSE
	MULTISTATEMENT_MACRO_USE_DO_WHILE
	TRAILING_SEMICOLON
	# Operations that only some kernels have are made by a macro, as one-line functions.
	MACRO_WITH_FLOW_CONTROL
	# A macro may have nothing to do on one kernel, and something on another.
	MACRO_ARG_UNUSED
	# Names of the virtio specification: VIRTIO_NET_HASH_REPORT_IPv4. The kernel's own
	# headers, which would allow them, are not where checkpatch looks.
	CAMELCASE
	# What an older kernel lacks may be an EXPORT_ macro, which is defined here, not used.
	EXPORT_SYMBOL
)

# The C files that are kernel code: all of the driver, and tests that run inside a kernel.
kernel_code() {
	(
		cd "$VIRTNET_TOP"
		find drivers include tests/compat -name '*.[ch]'
		find tests tools -name '*.[ch]' -not -path 'tests/compat/*' -print0 |
			xargs -0r grep -lE '#include <(linux/module|kunit/[a-z]*|linux/virtio)\.h>' || true
		find tests/kunit -name '*.h' 2>/dev/null || true
	) | sort -u
}

# The source package is large and three small files of it are wanted.
fetch_checkpatch() {
	local kver=$1 dir=$2 root tmp pkg=linux-source-$1
	root=$KCHROOT
	tmp=$dir.new
	rm -rf "$tmp"
	mkdir -p "$tmp/deb"
	if [ -n "$root" ]; then
		chroot_run "$root" env -C "$tmp/deb" apt-get -q -o APT::Sandbox::User=root download "$pkg"
	else
		env -C "$tmp/deb" apt-get -q -o APT::Sandbox::User=root download "$pkg"
	fi
	dpkg-deb --fsys-tarfile "$tmp"/deb/*.deb |
		tar -xO --wildcards './usr/src/*.tar.xz' |
		tar -xJ -C "$tmp" --strip-components=2 --wildcards '*/scripts/checkpatch.pl' \
			'*/scripts/spelling.txt' '*/scripts/const_structs.checkpatch'
	rm -rf "$tmp/deb" "$dir"
	mv "$tmp" "$dir"
}

# It has rules of its own for include/uapi/, which it knows by relative path, and leaves a list
# of names behind: so it runs in a directory that only has links into the tree.
run_checkpatch() {
	local dir=$1 list files top rc=0
	list=$(IFS=,; echo "${CHECKPATCH_IGNORE[*]}")
	mapfile -t files < <(kernel_code | grep -v /trace.h)
	mkdir -p "$OUT/tree"
	for top in drivers include tests tools; do
		ln -sfn "$VIRTNET_TOP/$top" "$OUT/tree/$top"
	done
	cd "$OUT/tree"
	one_checkpatch "$dir" "$list" "${files[@]}" || rc=1
	# Tracepoints are laid out as all the kernel's are.
	one_checkpatch "$dir" "$list,OPEN_ENDED_LINE,PARENTHESIS_ALIGNMENT" \
		include/virtnet/trace.h || rc=1
	return "$rc"
}

one_checkpatch() {
	local dir=$1 list=$2
	shift 2
	perl "$dir/checkpatch.pl" --no-tree --root=. --strict --terse --no-summary --show-types \
		--ignore "$list" --file "$@" | grep -v '^$' || [ "${PIPESTATUS[0]}" = 0 ]
}

check_checkpatch() {
	local kver=$1 dir
	where "$kver"
	dir=$(cache_dir checkpatch)/$kver
	need_packages --for "make check" perl xz-utils
	[ -x "$dir/checkpatch.pl" ] ||
		with_lock "checkpatch-$kver" quietly checkpatch fetch_checkpatch "$kver" "$dir" ||
		die "could not get checkpatch.pl of kernel $kver out of linux-source-$kver"
	{
		echo "${CHECKPATCH_IGNORE[*]}"
		cat "$dir/checkpatch.pl"
		cd "$VIRTNET_TOP"
		kernel_code
		kernel_code | xargs cat
	} | unless_known "$OUT/$kver.checkpatch.stamp" run_checkpatch "$dir"
}

check_source() {
	python3 "$TOOLS/check.d/source.py" "$VIRTNET_TOP"
}

check_features() {
	python3 "$TOOLS/check.d/features.py" "$VIRTNET_TOP"
}

# Every tracked or new file that says it is for a shell
shell_files() {
	git -C "$VIRTNET_TOP" ls-files -z --cached --others --exclude-standard |
		(cd "$VIRTNET_TOP" && xargs -0 sh -c '
			for f; do
				[ -f "$f" ] || continue
				head -n 3 "$f" | grep -aqE "^#!.*/(ba|da|)sh( |$)|^# shellcheck shell=" && echo "$f"
			done
			true' sh)
}

# What shellcheck cannot know of scripts in several parts, all of which run under set -e:
SHELLCHECK_IGNORE=(
	SC2154 # a variable that another part sets
	SC2034 # a variable that another part reads
	SC2164 # "cd" whose failure ends the script
)

check_shell() {
	local files list
	list=$(IFS=,; echo "${SHELLCHECK_IGNORE[*]}")
	need_packages --for "make check" shellcheck
	mapfile -t files < <(shell_files)
	[ "${#files[@]}" -gt 0 ] || die "found no shell scripts: is this a git checkout?"
	cd "$VIRTNET_TOP"
	{ cat "${files[@]}" "$TOOLS/check.d/style.sh"; shellcheck --version; } |
		unless_known "$OUT/shell.stamp" shellcheck -x -f gcc -S warning -e "$list" "${files[@]}"
}
