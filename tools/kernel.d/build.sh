# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Building the module for one kernel into build/<release>/, which holds links
# to the sources: the kernel's build system writes next to what it compiles,
# and this way never into the source tree, so kernels can be built at once.

# What kbuild needs to see of the tree; tests/kunit is for VIRTNET_KUNIT=y.
BUILD_PATHS=(Kbuild drivers include tools/compat tools/compat.mk tests/compat tests/kunit)

link_sources() {
	local out=$1 file
	mkdir -p "$out"
	find "$out" -xtype l -delete
	while IFS= read -r file; do
		[ -L "$out/$file" ] && continue
		mkdir -p "$(dirname "$out/$file")"
		ln -sfn "$VIRTNET_TOP/$file" "$out/$file"
	done < <(cd "$VIRTNET_TOP" && find "${BUILD_PATHS[@]}" -type f)
}

# What was built against another tree of the same release, or one configured
# otherwise, does not fit, and kbuild does not look. All but the links was built.
forget_other_tree() {
	local out=$1 tree=$2
	[ "$(cat "$out/.tree" 2>/dev/null)" = "$tree" ] && return
	find "$out" -type f -delete
	printf '%s\n' "$tree" >"$out/.tree"
}

# The release that modules built against a kernel tree are for. (Debian sets it
# apart from what "make kernelrelease" says.)
kdir_release() {
	local file=$1/include/generated/utsrelease.h
	[ -e "$1/Makefile" ] || die "KDIR=$1 is not a kernel build tree: it has no Makefile"
	[ -e "$file" ] ||
		die "KDIR=$1 is not prepared for building modules: run 'make modules_prepare' in it"
	sed -n 's/^#define UTS_RELEASE "\(.*\)"$/\1/p' "$file"
}

running_kdir() {
	local dir
	dir=/lib/modules/$(uname -r)/build
	[ -e "$dir/Makefile" ] || die "no headers of the running kernel ($(uname -r)) here.
  install them:           apt-get install linux-headers-\$(uname -r)
  or name a kernel:       make KVER=6.12        (6.1, 6.12, 7.2 or debug)
  or name a kernel tree:  make KDIR=/path/to/prepared/linux"
	printf '%s\n' "$dir"
}

kbuild_locked() {
	local out=$1 chroot=$2 kdir=$3
	shift 3
	link_sources "$out"
	forget_other_tree "$out" "$chroot:$kdir:$(cksum <"$chroot$kdir/include/generated/autoconf.h")"
	run_where "$chroot" make -C "$kdir" M="$out" -j"$(nproc)" --no-print-directory "$@" modules ||
		die "the build in ${out#"$VIRTNET_TOP"/} failed"
}

build_for() {
	local krel=$1 chroot=$2 kdir=$3 out
	shift 3
	out=$VIRTNET_TOP/build/$krel
	with_lock "build-$(printf %s "$out" | md5sum | cut -c1-12)" \
		kbuild_locked "$out" "$chroot" "$kdir" "$@"
	say "built ${out#"$VIRTNET_TOP"/}/virtnet.ko for kernel $krel"
}

cmd_build() {
	local kver=""
	case ${1:-} in
	"" | *=*) ;;
	*)
		kver=$1
		shift
		;;
	esac
	if [ -n "$kver" ]; then
		fetch "$kver"
		load_env "$kver"
	else
		KDIR=${KDIR:-$(running_kdir)}
		KREL=$(kdir_release "$KDIR")
		KCHROOT=""
	fi
	[ -e "$VIRTNET_TOP/Kbuild" ] || die "no Kbuild in $VIRTNET_TOP"
	build_for "$KREL" "$KCHROOT" "$KDIR" "$@"
}
