# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Which kernel the person means. Sourced by tools/install and tools/dkms.

# The release of a prepared kernel tree, as uname -r prints it there: Debian's
# 6.1 calls itself something else in its makefiles.
tree_release() {
	local file=$1/include/generated/utsrelease.h
	[ -r "$file" ] ||
		die "$1 is no prepared kernel tree (no include/generated/utsrelease.h in it)"
	sed -n 's/^#define UTS_RELEASE "\(.*\)"$/\1/p' "$file"
}

# KREL or KVER may be a release or, as everywhere in this project, just 6.1,
# 6.12 or 7.2: then it is the kernel that tools/kernel has for that version.
named_release() {
	local name=${KREL:-${KVER:-}} env
	if [ -n "${KDIR:-}" ]; then
		tree_release "$KDIR"
	elif [ -z "$name" ]; then
		uname -r
	elif [[ $name =~ ^[0-9]+\.[0-9]+$|^debug$ ]]; then
		env=$("$VIRTNET_TOP/tools/kernel" env "$name") || exit 1
		(eval "$env" && printf '%s\n' "$KREL")
	else
		printf '%s\n' "$name"
	fi
}
