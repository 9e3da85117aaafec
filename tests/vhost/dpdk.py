# SPDX-License-Identifier: GPL-2.0
"""DPDK's testpmd from Debian's packages, unpacked into the cache, not installed.

Only what testpmd and the virtio and vhost drivers link to is fetched: the
dynamic linker says what is missing, and Debian's package names follow from
the names of DPDK's libraries.
"""

import os
import re
import subprocess
from pathlib import Path

from cases import Skip

CACHE = Path(os.environ.get("VIRTNET_CACHE") or Path.home() / ".cache" / "virtnet") / "dpdk"
LIB = "usr/lib/x86_64-linux-gnu"
PLUGINS = ("net-virtio", "net-vhost", "mempool-ring", "bus-vdev")
OTHERS = {"libibverbs": "libibverbs1", "libmlx5": "ibverbs-providers", "libjansson":
          "libjansson4", "libfdt": "libfdt1", "libnuma": "libnuma1", "libpcap": "libpcap0.8",
          "libbsd": "libbsd0", "libmd": "libmd0", "libnl-3": "libnl-3-200",
          "libnl-route-3": "libnl-route-3-200", "libxdp": "libxdp1", "libbpf": "libbpf1",
          "libarchive": "libarchive13", "libatomic": "libatomic1", "libmana": "ibverbs-providers"}


def fetch(names: set[str]) -> None:
    """Download packages and unpack them."""
    debs = CACHE / "debs"
    debs.mkdir(parents=True, exist_ok=True)
    got = subprocess.run(["apt-get", "-q", "download", *sorted(names)], cwd=debs,
                         capture_output=True, text=True, check=False)
    if got.returncode:
        raise Skip(f"apt-get download {' '.join(sorted(names))}: {got.stderr.strip()[-200:]}")
    for deb in debs.glob("*.deb"):
        subprocess.run(["dpkg", "-x", str(deb), str(CACHE)], check=True)
        deb.unlink()


def environment() -> dict[str, str]:
    lib = CACHE / LIB
    return dict(os.environ, LD_LIBRARY_PATH=f"{lib}:{plugin_dir()}")


def plugin_dir() -> Path:
    found = sorted((CACHE / LIB / "dpdk").glob("pmds-*"))
    return found[-1] if found else CACHE / LIB


def missing(binaries: list[Path]) -> set[str]:
    """Names of libraries the dynamic linker does not find."""
    text = subprocess.run(["ldd", *map(str, binaries)], env=environment(), capture_output=True,
                          text=True, check=False).stdout
    return set(re.findall(r"^\s*(\S+) => not found", text, re.M))


def package_of(library: str) -> str:
    """librte_net_virtio.so.23 is in librte-net-virtio23, _mlx5 in -mlx5-23."""
    name, _, version = library.partition(".so.")
    if name.startswith("librte_"):
        return name.replace("_", "-") + ("-" if name[-1].isdigit() else "") + version
    if name in OTHERS:
        return OTHERS[name]
    raise Skip(f"testpmd wants {library}, and its package is not known here")


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
    if not program.exists():
        fetch({"dpdk-dev"} | {f"librte-{name}{release()}" for name in PLUGINS})
    for _ in range(8):
        wanted = {package_of(lib) for lib in missing([program, *plugins()])}
        if not wanted:
            return program
        fetch(wanted)
    raise Skip("testpmd's libraries do not come together")


def plugins() -> list[Path]:
    return [path for name in PLUGINS
            for path in plugin_dir().glob(f"librte_{name.replace('-', '_')}.so.??")]


def command(vdev: str, *options: str, prefix: str = "test",
            more: list[str] | None = None) -> list[str]:
    """testpmd on this virtual device (and @more), without huge pages or PCI."""
    argv = [str(testpmd()), "-l", "0-1", "--no-huge", "-m", "256", "--no-pci", "--no-telemetry",
            f"--file-prefix={prefix}{os.getpid()}"]
    # an installed DPDK loads its own drivers, and may not find them twice
    installed = list((Path("/") / LIB / "dpdk").glob("pmds-*/librte_net_virtio.so*"))
    for plugin in [] if installed else plugins():
        argv += ["-d", str(plugin)]
    return argv + [f"--vdev={vdev}", *(more or []), "--", "--total-num-mbufs=4096", *options]
