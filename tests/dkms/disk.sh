# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# A root as a disk that a guest boots from, all as it was installed: Debian's
# init, udev, its module tree, its initramfs. Sourced by tests/dkms/run.

# The command channel's other half (tools/vmlib) is the one thing added. It
# starts as soon as udev looks for drivers; the rest of the boot is of no interest.
add_agent() {
	local dir=$1
	install -m 755 "$VIRTNET_TOP/tools/vmlib/guest/agent" "$dir/usr/sbin/virtnet-agent"
	cat >"$dir/etc/systemd/system/virtnet-agent.service" <<-'END'
		[Unit]
		Description=commands over the second serial port
		DefaultDependencies=no
		After=systemd-remount-fs.service systemd-udev-trigger.service
		[Service]
		ExecStart=/usr/sbin/virtnet-agent
	END
	mkdir -p "$dir/etc/systemd/system/sysinit.target.wants"
	ln -s ../virtnet-agent.service "$dir/etc/systemd/system/sysinit.target.wants"
}

# What a guest that only runs modules has no use for is left out, for time.
make_disk() {
	local disk=$1 dir=$scratch/disk.d
	mkdir "$dir"
	tar -C "$root" --exclude='./usr/src/linux-*' --exclude=./usr/lib/gcc --exclude='./var/cache/*' \
		--exclude='./var/lib/apt/lists/*' --exclude=./usr/share/doc --exclude=./usr/share/locale \
		--exclude='./proc/*' --exclude='./dev/*' --exclude='./boot/*' --exclude=".$VIRTNET_TOP" \
		-cf - . | tar -C "$dir" -xf - || return 1
	add_agent "$dir"
	mke2fs -q -t ext4 -O ^has_journal -L root -d "$dir" "$disk" 3G || return 1
	rm -rf --one-file-system "$dir"
}

# What the documentation has an administrator do to prefer virtnet: the line
# in modprobe.d, and a new initramfs, in disk2 and initrd2; the root itself is
# left as it was.
prefer_virtnet() {
	local conf=etc/modprobe.d/virtnet.conf initrd=$root/boot/initrd.img-$release rc=0
	cp -a "$root/$conf" "$scratch/virtnet.conf"
	cp -a "$initrd" "$scratch/initrd"
	sed -i 's/^#softdep/softdep/' "$root/$conf"
	in_root update-initramfs -u -k "$release" || rc=1
	cp "$initrd" "$scratch/initrd2"
	cp --sparse=always "$scratch/disk" "$scratch/disk2"
	printf 'rm %s\nwrite %s %s\n' "$conf" "$root/$conf" "$conf" |
		debugfs -w -f - "$scratch/disk2" || rc=1
	cp -a "$scratch/virtnet.conf" "$root/$conf"
	cp -a "$scratch/initrd" "$initrd"
	return $rc
}
