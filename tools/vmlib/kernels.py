# SPDX-License-Identifier: GPL-2.0
"""Kernels to boot, as tools/kernel describes them, and their module trees."""

import lzma
import re
import shlex
import subprocess
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from . import paths, proc
from .errors import VmError

KVERS = ("6.1", "6.12", "7.2", "debug")
DRIVERS = ("virtnet", "intree")


def check_kver(kver: str) -> str:
    if kver not in KVERS:
        raise VmError(f"no kernel '{kver}' here: KVER is one of: {' '.join(KVERS)}")
    return kver


def check_driver(driver: str) -> str:
    if driver not in DRIVERS:
        raise VmError(f"no driver '{driver}' here: DRIVER is one of: {' '.join(DRIVERS)}")
    return driver


def module_name(path: str) -> str:
    """The name the kernel gives a module file."""
    return re.sub(r"\.ko(\.\w+)?$", "", Path(path).name).replace("-", "_")


def modinfo_depends(module: Path) -> list[str]:
    """The modules a .ko names as its dependencies."""
    match = re.search(rb"\0depends=([^\0]*)\0", module.read_bytes())
    names = match.group(1).decode().split(",") if match else []
    return [name for name in names if name]


def read_module(path: Path) -> bytes:
    """The content of a module file, decompressed."""
    if path.suffix == ".xz":
        return lzma.decompress(path.read_bytes())
    if path.suffix == ".zst":
        return subprocess.check_output(["zstd", "-dcq", str(path)])
    return path.read_bytes()


@dataclass(frozen=True)
class Kernel:
    """One kernel: its image, its modules and where it is built against."""

    kver: str
    release: str
    image: Path
    moddir: Path

    @cached_property
    def _dependencies(self) -> dict[str, list[str]]:
        """modules.dep: each module's path, followed by those it needs."""
        found = {}
        for line in (self.moddir / "modules.dep").read_text().splitlines():
            path, _, needs = line.partition(":")
            found[module_name(path)] = [path, *needs.split()]
        return found

    def has_module(self, name: str) -> bool:
        return name in self._dependencies

    def closure(self, names: list[str]) -> dict[str, list[str]]:
        """The named modules and all they need; those built in are left out."""
        wanted: dict[str, list[str]] = {}
        todo = [name for name in names if self.has_module(name)]
        while todo:
            name = todo.pop()
            if name not in wanted:
                wanted[name] = self._dependencies[name]
                todo += [module_name(path) for path in wanted[name][1:]]
        return wanted

    @property
    def built_module(self) -> Path:
        return paths.BUILD / self.release / "virtnet.ko"


def _tool(*argv: str) -> None:
    """Run tools/kernel with its messages shown, since it may take a while."""
    done = subprocess.run([str(paths.KERNEL_TOOL), *argv], stdin=subprocess.DEVNULL,
                          check=False)
    if done.returncode:
        raise VmError(f"'tools/kernel {' '.join(argv)}' failed")


def get(kver: str) -> Kernel:
    """Make a kernel available and describe it."""
    check_kver(kver)
    _tool("fetch", kver)
    text = proc.run([str(paths.KERNEL_TOOL), "env", kver]).stdout
    values = dict(word.split("=", 1) for word in shlex.split(text) if "=" in word)
    return Kernel(kver, values["KREL"], Path(values["KIMAGE"]), Path(values["KMODDIR"]))


def build(kernel: Kernel) -> Path:
    """Build virtnet.ko for a kernel; the full output is shown only on failure."""
    done = proc.run([str(paths.KERNEL_TOOL), "build", kernel.kver], timeout=1800, check=False)
    if done.returncode or not kernel.built_module.exists():
        raise VmError(f"virtnet.ko does not build for {kernel.release}:\n{done.stdout}")
    return kernel.built_module
