# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The Debian roots that packages are installed in. Each has a base in the
# cache, which is made once and then only read; a test gets a writable view of
# it that disappears with the test. Sourced by tests/dkms/run.

KEY=2 # of the bases; change it when they have to be made anew

# Where the clean Debian 12 gets its kernel from: the security suite has the
# newest, where this machine's apt knows it.
add_security_suite() {
	local root=$1 mirror
	mirror=$(suite_mirror bookworm-security 2>/dev/null) || return 0
	printf 'deb %s bookworm-security main\n' "$mirror" >>"$root/etc/apt/sources.list"
	chroot_apt "$root" update
}

# What a guest has whose administrator is about to install a dkms package. The
# kernel comes last, for its initramfs then has to be made only once.
make_bookworm() {
	local root=$1
	say "making a root of Debian 12 (once, about 4 minutes)"
	make_chroot "$root" bookworm
	add_security_suite "$root"
	chroot_apt "$root" install dkms openssl initramfs-tools systemd-sysv udev zstd kmod \
		iproute2 iputils-ping ethtool || die "could not install dkms in a root of Debian 12"
	chroot_apt "$root" install linux-image-amd64 linux-headers-amd64 ||
		die "could not install a kernel in a root of Debian 12"
}

# The root that kernel 7.2 is built in, copied, as it is not ours to change.
make_unstable() {
	local root=$1
	"$VIRTNET_TOP/tools/kernel" fetch 7.2
	say "making a root of Debian unstable with dkms (once)"
	rm -rf --one-file-system "$root"
	cp -a --reflink=auto "$VIRTNET_CACHE/unstable" "$root"
	chroot_apt "$root" install dkms openssl || {
		# The copy's package lists may name files that unstable no longer has.
		chroot_apt "$root" update && chroot_apt "$root" install dkms openssl
	} || die "could not install dkms in a root of Debian unstable"
}

make_base() {
	local suite=$1 base=$2
	[ ! -e "$base" ] || return 0
	"make_$suite" "$base.new"
	rm -rf "$base.new/var/cache/apt/archives"/*.deb
	mv "$base.new" "$base"
}

# open_root SUITE: sets $root to a view of that suite's base. Mounts need no
# taking down: this runs in a mount namespace of its own (see run).
open_root() {
	local suite=$1 base
	base=$(cache_dir dkms)/$suite-$KEY
	with_lock "dkms-$suite" make_base "$suite" "$base"
	root=$scratch/$suite
	mkdir -p "$root" "$scratch/$suite.upper" "$scratch/$suite.work"
	if ! mount -t overlay overlay "$root" \
		-o "lowerdir=$base,upperdir=$scratch/$suite.upper,workdir=$scratch/$suite.work" 2>/dev/null; then
		say "no overlay file system here: copying the root instead"
		cp -a --reflink=auto "$base/." "$root"
	fi
	chroot_run "$root" true
	release=$(newest_headers "$root")
}

# The kernel whose headers are installed in a root.
newest_headers() {
	local dir newest=
	for dir in "$1"/usr/lib/modules/*/build "$1"/lib/modules/*/build; do
		[ ! -L "$dir" ] || newest=$(basename "$(dirname "$dir")")
	done
	[ -n "$newest" ] || die "no kernel headers in $1"
	printf '%s\n' "$newest"
}

# Every file of a root with its kind, mode and owner, and the contents where
# dkms and module tools write. Left out is what any use of apt changes, and
# dkms's own signing key, which it makes on its first build and keeps.
snapshot() {
	cd "$1"
	find . \( -path ./proc -o -path ./sys -o -path ./dev -o -path ./run -o -path ./tmp -o \
		-path ./var/log -o -path ./var/cache/apt -o -path ./var/lib/apt \) -prune -o \
		! -path './var/lib/dkms/mok.*' -printf '%p %y %m %u %g %l\n' | LC_ALL=C sort
	find etc boot usr/lib/modules usr/src var/lib/dkms -type f ! -name 'mok.*' \
		-exec sha256sum {} + | LC_ALL=C sort -k2
}

# changed_since NAME: what is different now; nothing when all is as it was.
changed_since() {
	(snapshot "$root") | diff "$scratch/$1.list" - | grep '^[<>]' || true
}

remember() {
	(snapshot "$root") >"$scratch/$1.list"
}
