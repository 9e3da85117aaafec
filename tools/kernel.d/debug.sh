# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The debug kernel: Debian's 6.12 source with debug.config, built once for each
# configuration, source version and compiler.

DEBUG_SOURCE=6.12
DEBUG_CONFIG=$TOOLS/kernel.d/debug.config

source_version() {
	dpkg-query -W -f '${Version}' "linux-source-$1" 2>/dev/null || true
}

unpack_source() {
	local version=$1 dir=$2
	[ -e "$dir/.complete" ] && return
	say "unpacking linux-source-$version"
	rm -rf "$dir"
	mkdir -p "$dir"
	tar -C "$dir" --strip-components=1 -xf "/usr/src/linux-source-$version.tar.xz"
	touch "$dir/.complete"
}

# kernel_source VERSION: prints the path of the pristine, unpacked source.
kernel_source() {
	local version=$1 dir
	need_packages --for "the source of kernel $version" "linux-source-$version" xz-utils
	dir=$(cache_dir source)/$version-$(source_version "$version")
	with_lock "source-$version" unpack_source "$version" "$dir"
	printf '%s\n' "$dir"
}

# All that the built kernel depends on, as a short hash: its directory's name.
debug_hash() {
	{
		grep CONFIG_ "$DEBUG_CONFIG"
		source_version "$DEBUG_SOURCE"
		gcc -dumpfullversion 2>/dev/null || true
	} | sha256sum | cut -c1-12
}

debug_dir() { printf '%s/kernels/debug-%s\n' "$VIRTNET_CACHE" "$(debug_hash)"; }

debug_is_current() { grep -qF "$(debug_dir)/" "$(env_file debug)"; }

# Kconfig drops silently what it does not know or what depends on something
# that is off; here that is an error.
check_config() {
	local config=$1 line bad=0
	while IFS= read -r line; do
		case $line in
		CONFIG_*=n) ! grep -q "^${line%=n}=" "$config" || { say "not taken: $line"; bad=1; } ;;
		CONFIG_*) grep -qxF "$line" "$config" || { say "not taken: $line"; bad=1; } ;;
		"# CONFIG_"*" is not set")
			line=${line#\# }
			! grep -q "^${line%% *}=" "$config" || { say "still set: ${line%% *}"; bad=1; }
			;;
		esac
	done <"$DEBUG_CONFIG"
	[ "$bad" = 0 ] || die "the debug kernel's configuration is not what ${DEBUG_CONFIG#"$VIRTNET_TOP"/} asks for"
}

configure_debug() {
	local src=$1 build=$2
	mkdir -p "$build"
	quietly debug-config \
		make -C "$src" O="$build" KCONFIG_ALLCONFIG="$DEBUG_CONFIG" allnoconfig
	check_config "$build/.config"
}

compile_debug() {
	local build=$1 log
	log=$(cache_dir log)/debug-kernel.log
	say "building the debug kernel: some minutes (progress: $log)"
	quietly debug-kernel nice make -C "$build" -j"$(nproc)" bzImage modules ||
		die "the debug kernel does not build"
}

fetch_debug() {
	local src dir build krel
	need_packages --for "building the debug kernel" gcc make bc bison flex kmod \
		dwarves libelf-dev libssl-dev "linux-source-$DEBUG_SOURCE" xz-utils
	is_fetched debug && return
	src=$(kernel_source "$DEBUG_SOURCE")
	dir=$(debug_dir)
	build=$dir/build
	configure_debug "$src" "$build"
	compile_debug "$build"
	quietly debug-install make -C "$build" INSTALL_MOD_PATH="$dir" modules_install
	krel=$(cat "$build/include/config/kernel.release")
	write_env debug "KREL=$krel" "KIMAGE=$build/arch/x86/boot/bzImage" \
		"KMODDIR=$dir/lib/modules/$krel" "KDIR=$build" "KCHROOT="
	say "debug kernel $krel is ready"
}
