# SPDX-License-Identifier: GPL-2.0
"""DPDK's testpmd from Debian's packages, unpacked into the cache, not installed.

Only testpmd, the drivers for virtio, vhost and AF_XDP and the libraries that
their packages depend on are fetched.
"""

import os
import re
import subprocess
from pathlib import Path

from cases import Skip
from vmlib import debs, proc

CACHE = Path(os.environ.get("VIRTNET_CACHE") or Path.home() / ".cache" / "virtnet") / "dpdk"
LIB = "usr/lib/x86_64-linux-gnu"
PLUGINS = ("net-virtio", "net-vhost", "mempool-ring", "bus-vdev")
# Needed in guests only.
GUEST_PLUGINS = ("net-af-xdp",)
# A program brings its own libraries, but runs on this machine's C library.
RUNNING = {"libc6", "libgcc-s1"}


def environment() -> dict[str, str]:
    # Some packages have their libraries in /lib, which is the same on a machine.
    libs = (CACHE / LIB, CACHE / LIB.removeprefix("usr/"), plugin_dir())
    return dict(os.environ, LD_LIBRARY_PATH=":".join(map(str, libs)))


def plugin_dir() -> Path:
    found = sorted((CACHE / LIB / "dpdk").glob("pmds-*"))
    return found[-1] if found else CACHE / LIB


def release() -> str:
    """What DPDK's library packages end in."""
    names = subprocess.run(["apt-cache", "pkgnames", "librte-net-virtio"], capture_output=True,
                           text=True, check=True).stdout.split()
    found = sorted(n.removeprefix("librte-net-virtio") for n in names)
    if not found:
        raise Skip("no DPDK packages here (librte-net-virtio*)")
    return found[-1]


def testpmd() -> Path:
    """The program, with all it needs beside it."""
    program = CACHE / "usr" / "bin" / "dpdk-testpmd"
    # Several suites want it, and run at the same time.
    with proc.locked(CACHE / "lock"):
        if not program.exists() or not plugins(*GUEST_PLUGINS):
            wanted = ["dpdk-dev",
                      *(f"librte-{name}{release()}" for name in PLUGINS + GUEST_PLUGINS)]
            libraries = set(debs.libraries_of(wanted)) - RUNNING
            debs.unpack([*wanted, *sorted(libraries)], CACHE)
    return program


def plugins(*names: str) -> list[Path]:
    return [path for name in names
            for path in plugin_dir().glob(f"librte_{name.replace('-', '_')}.so.??")]


def files(*names: str) -> list[Path]:
    """The program with these drivers and all libraries, the C library too."""
    own = [testpmd(), *plugins(*names)]
    text = subprocess.run(["ldd", *map(str, own)], env=environment(), capture_output=True,
                          text=True, check=True).stdout
    return [*own, *map(Path, sorted(set(re.findall(r"(/\S+) \(0x", text)) - set(map(str, own))))]


def command(vdev: str, *options: str, prefix: str = "test",
            more: list[str] | None = None) -> list[str]:
    """testpmd on this virtual device (and @more), without huge pages or PCI."""
    argv = [str(testpmd()), "-l", "0-1", "--no-huge", "-m", "256", "--no-pci", "--no-telemetry",
            f"--file-prefix={prefix}{os.getpid()}"]
    # an installed DPDK loads its own drivers, and may not find them twice
    installed = list((Path("/") / LIB / "dpdk").glob("pmds-*/librte_net_virtio.so*"))
    for plugin in [] if installed else plugins(*PLUGINS):
        argv += ["-d", str(plugin)]
    return argv + [f"--vdev={vdev}", *(more or []), "--", "--total-num-mbufs=4096", *options]
