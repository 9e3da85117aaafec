# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The part of this tree that a guest needs to build the driver.
# Sourced by tools/dkms.

# As dkms itself finds it out; it has variables that are not set here.
source_version() (
	set +u
	# shellcheck source=/dev/null
	. "$VIRTNET_TOP/dkms.conf"
	[ -n "$PACKAGE_VERSION" ] || die "no VIRTNET_VERSION in include/virtnet/virtnet.h"
	printf '%s\n' "$PACKAGE_VERSION"
)

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
