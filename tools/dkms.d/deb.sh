# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The Debian package. Sourced by tools/dkms.
#
# Put together with dpkg-deb alone: the package is a source tree and four
# short files, and a guest's administrator may not want debhelper installed.

deb_control() {
	cat <<-END
		Package: virtnet-dkms
		Version: $version
		Architecture: all
		Section: kernel
		Priority: optional
		Maintainer: ${DEBFULLNAME:-virtnet} <${DEBEMAIL:-virtnet@localhost}>
		Installed-Size: $(du -sk --apparent-size "$root" | cut -f1)
		Depends: dkms (>= 3.0.10)
		Recommends: linux-headers-amd64 | linux-headers-generic | linux-headers
		Description: virtio-net guest driver virtnet, as a DKMS module
		 virtnet drives the virtio network devices of virtual machines. It brings the
		 features of the newest in-tree driver, virtio_net, to guests with older
		 kernels, and keeps working through faults of the device.
		 .
		 This package has the module's source. dkms builds it for the kernels that
		 are installed, now and later. It does not take any device away from
		 virtio_net by itself; /usr/share/doc/virtnet-dkms/install.rst tells how.
	END
}

# dkms's own script decides for which of the installed kernels to build.
deb_postinst() {
	cat <<-END
		#!/bin/sh
		set -e
		if [ "\$1" = configure ]; then
			/usr/lib/dkms/common.postinst virtnet $version /usr/share/virtnet-dkms "" "\$2"
		fi
	END
}

# Not only on removal: an upgrade brings another version, or the same version
# with other files, and dkms must let go of these before dpkg replaces them.
deb_prerm() {
	cat <<-END
		#!/bin/sh
		set -e
		case "\$1" in
		remove | upgrade | deconfigure)
			if [ -n "\$(dkms status -m virtnet -v $version)" ]; then
				dkms remove -m virtnet -v $version --all
			fi
			;;
		esac
	END
}

deb_copyright() {
	cat <<-END
		Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
		Upstream-Name: virtnet

		Files: *
		Copyright: the authors of virtnet
		License: GPL-2
		 On Debian systems, the full text of the GNU General Public License, version 2,
		 is in /usr/share/common-licenses/GPL-2.
	END
}

deb_scripts() {
	mkdir -p "$root/DEBIAN"
	deb_control >"$root/DEBIAN/control"
	deb_postinst >"$root/DEBIAN/postinst"
	deb_prerm >"$root/DEBIAN/prerm"
	echo /etc/modprobe.d/virtnet.conf >"$root/DEBIAN/conffiles"
	chmod 755 "$root/DEBIAN/postinst" "$root/DEBIAN/prerm"
}

# Two builds of one commit give the same bytes.
deb_timestamp() {
	git -C "$VIRTNET_TOP" log -1 --format=%ct 2>/dev/null || stat -c %Y "$VIRTNET_TOP/dkms.conf"
}

make_deb() {
	local root=$VIRTNET_TOP/build/deb doc=usr/share/doc/virtnet-dkms
	local deb=$VIRTNET_TOP/build/virtnet-dkms_${version}_all.deb
	command -v dpkg-deb >/dev/null || die "dpkg-deb is missing: a .deb is made on Debian"
	rm -rf "$root"
	(umask 022
	copy_source "$root/usr/src/virtnet-$version"
	install -D -m 644 "$VIRTNET_TOP/tools/dkms.d/modprobe.conf" "$root/etc/modprobe.d/virtnet.conf"
	install -D -m 644 "$VIRTNET_TOP/Documentation/install.rst" "$root/$doc/install.rst"
	deb_copyright >"$root/$doc/copyright"
	deb_scripts)
	SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(deb_timestamp)} \
		dpkg-deb --root-owner-group -b "$root" "$deb" >&2
	printf '%s\n' "$deb"
}
