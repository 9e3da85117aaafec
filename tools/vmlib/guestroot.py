# SPDX-License-Identifier: GPL-2.0
"""The programs of the guest: taken from Debian packages, without installing them here.

The packages are downloaded with apt and unpacked into the cache; only the
programs named below and the libraries they load go into the initramfs.
"""

import hashlib
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from . import debs, paths, proc
from .cpio import CpioWriter
from .errors import VmError

PACKAGES = ("busybox-static", "dash", "iproute2", "ethtool", "iperf3", "iputils-ping",
            "tcpdump", "socat", "xdp-tools")
PROGRAMS = ("bin/dash", "bin/ip", "sbin/tc", "bin/ss", "sbin/bridge", "sbin/ethtool",
            "usr/bin/iperf3", "bin/ping", "usr/bin/tcpdump", "usr/bin/socat", "usr/sbin/xdp-bench",
            "usr/sbin/xdp-filter", "usr/sbin/xdp-loader", "usr/sbin/xdpdump")
BPF_OBJECTS = "usr/lib/x86_64-linux-gnu/bpf"
LOADER = "lib64/ld-linux-x86-64.so.2"
GUEST_FILES = Path(__file__).parent / "guest"


def _unpack(root: Path) -> None:
    print("guest: fetching the guest's programs: " + " ".join(PACKAGES), flush=True)
    debs.unpack([*PACKAGES, *debs.libraries_of(PACKAGES)], root)


def _needed(root: Path, program: Path) -> set[str]:
    """Paths, inside root, of the libraries a program loads (asks root's own loader)."""
    triplet = "x86_64-linux-gnu"
    path = ":".join(str(root / part / triplet) for part in ("lib", "usr/lib"))
    text = proc.run([str(root / LOADER), "--library-path", path, "--list", str(program)]).stdout
    if "not found" in text:
        raise VmError(f"guest: a library of {program.name} is missing:\n{text}")
    found = set(re.findall(r"=> (\S+) \(", text))
    return {name.removeprefix(str(root)) for name in found}


def _pack(root: Path, archive: Path) -> None:
    temporary = archive.with_suffix(".new")
    with open(temporary, "wb") as out:
        cpio = CpioWriter(out)
        for name in ("proc", "sys", "dev", "run", "tmp", "root", "mnt", "etc"):
            cpio.directory(name)
        cpio.device("dev/console", 5, 1)
        _pack_programs(root, cpio)
        _pack_own_files(cpio)
        cpio.close()
    temporary.rename(archive)


def _pack_programs(root: Path, cpio: CpioWriter) -> None:
    busybox = root / "bin/busybox"
    libraries = {"/" + LOADER}
    names = set(subprocess.check_output([busybox, "--list"], text=True).split())
    cpio.file("bin/busybox", busybox)
    for program in PROGRAMS:
        libraries |= _needed(root, root / program)
        cpio.file("usr/bin/" + Path(program).name, (root / program).resolve())
    for name in sorted(names - {"busybox", "sh"}):
        cpio.symlink("bin/" + name, "busybox")
    cpio.symlink("bin/sh", "/usr/bin/dash")
    for program in sorted((root / BPF_OBJECTS).glob("*.o")):
        cpio.file(f"{BPF_OBJECTS}/{program.name}", program)
    for library in sorted(libraries):
        cpio.file(library, Path(str(root) + library).resolve())


def _compiled(source: Path) -> bytes:
    """A program of ours, without libraries."""
    with tempfile.TemporaryDirectory() as where:
        program = Path(where) / source.stem
        proc.run(["gcc", "-O2", "-Wall", "-static", "-o", str(program), str(source)])
        return program.read_bytes()


def _pack_own_files(cpio: CpioWriter) -> None:
    for source in sorted(GUEST_FILES.glob("*.c")):
        cpio.data(f"usr/bin/{source.stem}", _compiled(source), 0o755)
    cpio.data("init", (GUEST_FILES / "init").read_bytes(), 0o755)
    cpio.data("sbin/agent", (GUEST_FILES / "agent").read_bytes(), 0o755)
    cpio.data("lib/nics-up", (GUEST_FILES / "nics-up").read_bytes())
    cpio.data("etc/passwd", b"root::0:0:root:/root:/bin/sh\n")
    cpio.data("etc/group", b"root:x:0:\n")
    cpio.data("etc/profile", (GUEST_FILES / "profile").read_bytes())


def _key() -> str:
    """Changes with the list of packages, the guest's own files and this code."""
    digest = hashlib.sha256()
    sources = [Path(__file__), Path(__file__).with_name("cpio.py"), *sorted(GUEST_FILES.iterdir())]
    for source in sources:
        digest.update(source.read_bytes())
    return digest.hexdigest()[:16]


def archive() -> Path:
    """The cpio archive with the guest's programs, made when it is not in the cache."""
    base = paths.cache() / "guest"
    packages = hashlib.sha256(" ".join(PACKAGES).encode()).hexdigest()[:8]
    root, result = base / f"root-{packages}", base / f"programs-{_key()}.cpio"
    with proc.locked(base / "lock"):
        if not (root / ".complete").exists():
            for old in base.glob("root-*"):
                shutil.rmtree(old)
            _unpack(root)
            (root / ".complete").touch()
        if not result.exists():
            paths.drop_unused(base, "programs-*.cpio")
            _pack(root, result)
        result.touch()
    return result
