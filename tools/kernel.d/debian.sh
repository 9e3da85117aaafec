# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Debian's own kernels. Headers carry absolute paths, so they are installed:
# on this machine where its Debian has them, in a root of unstable for 7.2.
# Images are only unpacked into the cache, nothing is set up to boot here.

# Prints the root that holds a kernel's headers; empty for this machine.
kernel_chroot() {
	case $1 in
	7.2) printf '%s/unstable\n' "$VIRTNET_CACHE" ;;
	esac
}

make_unstable() {
	local root=$1
	is_root || die "kernel 7.2 and its compiler live in a root of Debian unstable, which only root can make: run this as root (sudo)"
	say "making a root of Debian unstable in $root"
	make_chroot "$root" unstable make
	touch "$root/.complete"
}

# where_apt ROOT COMMAND...: apt's read-only tools for that root's packages.
where_apt() {
	local root=$1
	shift
	if [ -n "$root" ]; then chroot "$root" "$@"; else "$@"; fi
}

# newest_abi ROOT KVER: the newest release whose headers and image both exist.
newest_abi() {
	local root=$1 re="^linux-%s-${2//./\\.}\\.[0-9.+~debu-]*-amd64\$" kind
	for kind in image headers; do
		# shellcheck disable=SC2059
		where_apt "$root" apt-cache pkgnames "linux-$kind-$2." |
			grep -E "$(printf "$re" "$kind")" | sed "s/^linux-$kind-//" | sort -Vu || true
	done | sort -V | uniq -d | tail -n 1
}

# The image may be split into several packages; their dependencies that carry
# the same release in their name are what is wanted, and never the rest.
image_packages() {
	where_apt "$1" apt-get install -s -o Dir::State::status=/dev/null \
		--no-install-recommends "linux-image-$2" |
		awk -v abi="$2" '$1 == "Inst" && index($2, abi) { print $2 }'
}

download_debs() {
	local root=$1 dir=$2
	shift 2
	mkdir -p "$dir"
	if [ -n "$root" ]; then
		quietly download chroot_run "$root" env -C "$dir" apt-get -q -o APT::Sandbox::User=root download "$@"
	else
		quietly download env -C "$dir" apt-get -q -o APT::Sandbox::User=root download "$@"
	fi
}

# unpack_packages ROOT DEST PACKAGE...: downloads and unpacks, installs nothing.
unpack_packages() {
	local root=$1 dest=$2 dir deb
	shift 2
	dir=$(cache_dir tmp)/debs.$$
	download_debs "$root" "$dir" "$@" || die "could not download $*: try again after 'apt-get update'"
	for deb in "$dir"/*.deb; do dpkg-deb -x "$deb" "$dest"; done
	rm -rf "$dir"
}

# Kernels since 2025 unpack into usr/lib/modules, older ones into lib/modules.
module_dir() {
	local dir
	for dir in "$1/usr/lib/modules/$2" "$1/lib/modules/$2"; do
		[ -d "$dir/kernel" ] && { printf '%s\n' "$dir"; return; }
	done
	die "the packages of kernel $2 hold no modules"
}

unpack_image() {
	local root=$1 abi=$2 dest tmp pkgs
	dest=$(cache_dir kernels)/$abi
	tmp=$dest.new
	rm -rf "$tmp"
	mkdir -p "$tmp"
	mapfile -t pkgs < <(image_packages "$root" "$abi")
	[ "${#pkgs[@]}" -gt 0 ] || die "apt does not know how to install linux-image-$abi"
	say "downloading ${pkgs[*]}"
	unpack_packages "$root" "$tmp" "${pkgs[@]}"
	# depmod and modprobe -d look in lib/modules only.
	[ -e "$tmp/lib" ] || ln -s usr/lib "$tmp/lib"
	need_packages --for "indexing kernel modules" kmod
	depmod -b "$tmp" -F "$(first_of "$tmp"/boot/System.map-"$abi" "$tmp"/*/*/*/"$abi"/System.map)" "$abi"
	rm -rf "$dest"
	mv "$tmp" "$dest"
}

first_of() {
	local file
	for file; do
		[ -e "$file" ] && { printf '%s\n' "$file"; return; }
	done
	die "none of these exist: $*"
}

install_headers() {
	local root=$1 abi=$2
	if [ -z "$root" ]; then
		need_packages --for "building modules for $abi" "linux-headers-$abi" make
	elif ! has_kdir "$root/lib/modules/$abi/build"; then
		say "installing linux-headers-$abi in $root"
		chroot_install "$root" make "linux-headers-$abi" ||
			die "could not install linux-headers-$abi in $root; run the same again to look for a newer one"
	fi
}

no_such_kernel() {
	local root=$1 kver=$2
	if [ -n "$root" ]; then
		die "Debian unstable no longer carries kernel $kver (it has: $(where_apt "$root" \
			apt-cache depends linux-image-amd64 | awk '/Depends:/ { print $2; exit }'))"
	fi
	die "apt on this machine has no linux-image-$kver.*-amd64 with headers: kernels 6.1 and 6.12 come from Debian 12 with its security suite; add that to apt's sources and run 'apt-get update'"
}

fetch_debian() {
	local kver=$1 root abi dest moddir
	require_apt "kernel $kver"
	root=$(kernel_chroot "$kver")
	if [ -n "$root" ]; then
		[ -e "$root/.complete" ] || make_unstable "$root"
	elif ! have_apt_lists; then
		is_root || die "apt has no package lists yet; please run: sudo apt-get update"
		with_lock apt apt_update || die "apt-get update failed: is the network up?"
	fi
	abi=$(newest_abi "$root" "$kver")
	[ -n "$abi" ] || no_such_kernel "$root" "$kver"
	install_headers "$root" "$abi"
	unpack_image "$root" "$abi"
	dest=$VIRTNET_CACHE/kernels/$abi
	moddir=$(module_dir "$dest" "$abi")
	write_env "$kver" "KREL=$abi" \
		"KIMAGE=$(first_of "$dest/boot/vmlinuz-$abi" "$moddir/vmlinuz")" \
		"KMODDIR=$moddir" "KDIR=/lib/modules/$abi/build" "KCHROOT=$root"
	say "kernel $abi is ready"
}
