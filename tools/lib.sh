# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What the shell tools share: messages, the cache, locks, Debian packages,
# mirrors of other Debian suites, commands inside a chroot. To be sourced.

VIRTNET_TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
VIRTNET_CACHE=${VIRTNET_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/virtnet}
export VIRTNET_TOP VIRTNET_CACHE

# Everything for people goes to stderr: stdout belongs to results.
say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }
warn() { say "warning: $*"; }
die() { say "$*"; exit 1; }

is_root() { [ "$(id -u)" = 0 ]; }

cache_dir() {
	mkdir -p "$VIRTNET_CACHE/${1:-}" ||
		die "cannot create $VIRTNET_CACHE/${1:-}; set VIRTNET_CACHE to a directory you can write"
	printf '%s\n' "$VIRTNET_CACHE/${1:-}"
}

# with_lock NAME COMMAND...: one at a time, across all tools using this cache.
# The command does not inherit the descriptor, so nothing it leaves running
# can keep the lock. Call it as a plain statement where the command relies on
# set -e, which bash ignores on the left of || and &&.
with_lock() {
	local name=$1 file
	shift
	file=$(cache_dir lock)/$name
	(
		if ! flock -n 9; then
			say "waiting for another tool to finish with '$name'"
			flock 9
		fi
		"$@" 9>&-
	) 9>"$file"
}

# quietly LOGNAME COMMAND...: output to a log, whose end is shown on failure.
quietly() {
	local log rc=0
	log=$(cache_dir log)/$1.log
	shift
	"$@" >"$log" 2>&1 </dev/null || rc=$?
	[ "$rc" = 0 ] && return
	tail -n 20 "$log" | sed 's/^/    /' >&2
	say "failed: $* (all of its output: $log)"
	return "$rc"
}

# --- Debian packages -------------------------------------------------------

require_apt() {
	command -v apt-get >/dev/null ||
		die "this needs Debian's apt-get${1:+ to install $1}; on other systems install the like by hand"
}

missing_packages() {
	local pkg
	for pkg; do
		dpkg-query -W -f '${db:Status-Status}\n' "$pkg" 2>/dev/null |
			grep -qx installed || printf '%s\n' "$pkg"
	done
}

# Were the package lists ever fetched? (A fresh container has none.)
# shellcheck disable=SC2016
have_apt_lists() {
	local file
	while read -r file; do
		[ -e "$file" ] && return 0
	done < <(apt-get indextargets --format '$(FILENAME)' 'Created-By: Packages')
	return 1
}

apt_update() { quietly apt-update apt-get -q update; }

apt_install() {
	DEBIAN_FRONTEND=noninteractive quietly apt-install apt-get -q -y \
		-o DPkg::Lock::Timeout=600 --no-install-recommends install "$@"
}

install_packages() {
	local missing
	mapfile -t missing < <(missing_packages "$@")
	[ "${#missing[@]}" = 0 ] && return
	have_apt_lists || apt_update || die "apt-get update failed: is the network up?"
	apt_install "${missing[@]}" && return
	# Lists that are too old name files the mirror no longer has.
	say "trying again with fresh package lists"
	apt_update && apt_install "${missing[@]}"
}

# need_packages [--for WHY] PACKAGE...: installs what is missing.
need_packages() {
	local why="" missing
	if [ "$1" = --for ]; then
		why=" (for $2)"
		shift 2
	fi
	command -v dpkg-query >/dev/null || require_apt "$*"
	mapfile -t missing < <(missing_packages "$@")
	[ "${#missing[@]}" = 0 ] && return
	require_apt "${missing[*]}"
	is_root || die "missing Debian packages$why; please run: sudo apt-get install --no-install-recommends ${missing[*]}"
	say "installing Debian packages$why: ${missing[*]}"
	with_lock apt install_packages "${missing[@]}" ||
		die "could not install: ${missing[*]}"
}

# --- Mirrors ---------------------------------------------------------------

# Prints "RELEASE COMPONENT CODENAME URI" of each source that apt is set up
# with, whichever of the two formats it is written in. Codenames are known only
# where lists were fetched, and without them apt names its sources on demand.
# shellcheck disable=SC2016
apt_sources() {
	local format='$(RELEASE) $(COMPONENT) $(CODENAME) $(REPO_URI)'
	apt-get indextargets --format "$format" 'Created-By: Packages'
	apt-get indextargets --no-release-info --format "$format" 'Created-By: Packages'
}

# Cloud images name a file with a list of mirrors; the first will do.
plain_mirror() {
	local uri=${1%/} file
	case $uri in
	mirror+file:*)
		file=/${uri#mirror+file:}
		uri=$(grep -oEm1 '^[a-z+]+:[^[:space:]]+' "$file" || true)
		;;
	esac
	printf '%s\n' "${uri%/}"
}

# suite_mirror SUITE: where that Debian suite is found, as this machine's apt
# configuration has it: the suite's own source, or else the archive that the
# machine itself was installed from, which carries the other suites too.
suite_mirror() {
	local suite=$1 own uri
	require_apt
	own=$(. /etc/os-release && printf '%s' "${VERSION_CODENAME:-unstable}")
	uri=$(apt_sources | awk -v suite="$suite" -v own="$own" '
		$2 == "main" && $4 !~ /^cdrom:/ {
			if ($1 == suite || $3 == suite)
				exact = exact ? exact : $4
			else if (suite !~ /-security$/ &&
				 ($1 == own || $1 ~ /^(oldoldstable|oldstable|stable|testing|unstable|sid)$/))
				near = near ? near : $4
		}
		END { print exact ? exact : near }')
	uri=$(plain_mirror "$uri")
	[ -n "$uri" ] ||
		die "apt on this machine has no Debian source to find '$suite' with: see /etc/apt/sources.list"
	printf '%s\n' "$uri"
}

# --- Chroots ---------------------------------------------------------------

# chroot_run ROOT COMMAND...: runs it in the current directory inside that root,
# with the project tree, the cache and /tmp at their own paths. The mounts live
# in a mount namespace of the command's own: they end with it, however it ends.
chroot_run() {
	local root=$1
	shift
	is_root || die "commands in $root need root: run this as root (sudo)"
	# shellcheck disable=SC2016
	unshare --mount --propagation private bash -euc '
		root=$1 top=$2 cache=$3 cwd=$PWD
		shift 3
		mount -t proc proc "$root/proc"
		# In a container its nodes are mounts too.
		mount --rbind /dev "$root/dev"
		for dir in /tmp "$cache" "$top" "$cwd"; do
			[ "$dir" = / ] && continue
			mkdir -p "$root$dir"
			mount --bind "$dir" "$root$dir"
		done
		exec chroot "$root" /usr/bin/env -C "$cwd" PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"
	' chroot_run "$root" "$VIRTNET_TOP" "$VIRTNET_CACHE" "$@"
}

# make_chroot ROOT SUITE [PACKAGE,...]: a minimal Debian of that suite, whose
# package lists are fetched.
make_chroot() {
	local root=$1 suite=$2 include=${3:-} mirror
	mirror=$(suite_mirror "$suite")
	need_packages --for "a root of Debian $suite" debootstrap
	case $mirror in https:*) include+=${include:+,}ca-certificates ;; esac
	rm -rf --one-file-system "$root"
	quietly "debootstrap-$suite" debootstrap --variant=minbase \
		${include:+--include="$include"} "$suite" "$root" "$mirror" ||
		die "debootstrap of Debian $suite failed"
	printf 'deb %s %s main\n' "$mirror" "$suite" >"$root/etc/apt/sources.list"
	chroot_apt_conf >"$root/etc/apt/apt.conf.d/90virtnet"
	chroot_apt "$root" update || die "apt-get update in $root failed"
}

# A mirror may be a frozen copy, whose Release files expire; a proxy that the
# machine needs is needed in there too.
chroot_apt_conf() {
	echo 'Acquire::Check-Valid-Until "false";'
	echo 'APT::Install-Recommends "false";'
	apt-config dump | grep -E '^Acquire::https?::Proxy' || true
}

chroot_apt() {
	local root=$1
	shift
	quietly "apt-${root##*/}" chroot_run "$root" env DEBIAN_FRONTEND=noninteractive \
		apt-get -q -y "$@"
}

# chroot_install ROOT PACKAGE...
chroot_install() {
	local root=$1
	shift
	chroot_apt "$root" install "$@" && return
	say "trying again with fresh package lists"
	chroot_apt "$root" update && chroot_apt "$root" install "$@"
}
