# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The part of this tree that a guest needs to build the driver.
# Sourced by tools/dkms.

# dkms.conf is where the version is written down (see there).
source_version() {
	local version
	version=$(sed -n 's/^PACKAGE_VERSION="\(.*\)"$/\1/p' "$VIRTNET_TOP/dkms.conf")
	[ -n "$version" ] || die "no PACKAGE_VERSION in $VIRTNET_TOP/dkms.conf"
	printf '%s\n' "$version"
}

# The driver, and the compile tests that find out what the kernel's headers
# have (Kbuild runs them). No other tests and tools: those need Debian's archive,
# root and a lot of disk.
source_files() (
	cd "$VIRTNET_TOP"
	{
		ls -d dkms.conf Kbuild tools/compat tools/compat.mk
		find drivers include tests/compat -name '*.[ch]' -type f
	} | LC_ALL=C sort
)

# copy_source DIRECTORY: files readable by all, whatever the umask.
copy_source() {
	local to=$1 file
	while read -r file; do
		install -D -m "$([ -x "$VIRTNET_TOP/$file" ] && echo 755 || echo 644)" \
			"$VIRTNET_TOP/$file" "$to/$file"
	done < <(source_files)
}
