# SPDX-License-Identifier: GPL-2.0
"""The guest's initramfs: programs, the modules of its kernel, and virtnet.ko.

Each part is a cpio archive of its own: the first two are cached, the last is
made for each boot. The kernel unpacks archives that follow each other.
"""

import hashlib
import shutil
from pathlib import Path
from typing import Optional

from . import guestroot, kernels, paths, proc
from .cpio import CpioWriter
from .kernels import Kernel

AT_BOOT = ("virtio_pci", "af_packet", "button")
ON_DEMAND = ("virtio_net", "8021q", "dummy", "veth", "sch_fq", "sch_ingress", "cls_u32",
             "cls_flower", "act_mirred", "act_gact", "act_csum", "act_pedit", "sch_netem",
             "bridge", "macvlan", "vxlan", "virtio_blk")


def _module_line(path: str, needs: list[str]) -> str:
    def plain(name: str) -> str:
        return name[:name.index(".ko") + 3]
    return f"{plain(path)}: {' '.join(plain(need) for need in needs)}\n"


def _pack_modules(kernel: Kernel, archive: Path) -> None:
    base = f"lib/modules/{kernel.release}/"
    wanted = kernel.closure([*AT_BOOT, *ON_DEMAND])
    temporary = archive.with_suffix(".new")
    with open(temporary, "wb") as out:
        cpio = CpioWriter(out)
        for path, *_ in wanted.values():
            plain = path[:path.index(".ko") + 3]
            cpio.data(base + plain, kernels.read_module(kernel.moddir / path))
        cpio.data("lib/modules/at-boot", _at_boot(kernel).encode())
        cpio.data(base + "modules.dep", _index(kernel, None).encode())
        for name in ("modules.alias", "modules.symbols", "modules.softdep"):
            cpio.data(base + name, b"")
        cpio.close()
    temporary.rename(archive)


def _at_boot(kernel: Kernel) -> str:
    return "".join(f"{name}\n" for name in AT_BOOT if kernel.has_module(name))


def _index(kernel: Kernel, module: Optional[Path]) -> str:
    """A modules.dep of what is in the guest, with virtnet.ko when there is one."""
    wanted = kernel.closure([*AT_BOOT, *ON_DEMAND])
    lines = [_module_line(path, needs) for path, *needs in wanted.values()]
    if module:
        needs = kernel.closure(kernels.modinfo_depends(module))
        paths_needed = [path for path, *_ in needs.values()]
        lines.append(_module_line("extra/virtnet.ko", paths_needed))
    return "".join(lines)


def _key(kernel: Kernel) -> str:
    digest = hashlib.sha256(Path(__file__).read_bytes())
    digest.update((kernel.moddir / "modules.dep").read_bytes())
    for path, *_ in kernel.closure(["virtio_pci", "virtio_net", "8021q"]).values():
        digest.update((kernel.moddir / path).read_bytes())
    return digest.hexdigest()[:16]


def _modules_archive(kernel: Kernel) -> Path:
    base = paths.cache() / "guest"
    name = f"modules-{kernel.kver}-"
    result = base / f"{name}{_key(kernel)}.cpio"
    with proc.locked(base / "lock"):
        if not result.exists():
            paths.drop_unused(base, name + "*")
            _pack_modules(kernel, result)
        result.touch()
    return result


def build(kernel: Kernel, module: Optional[Path], target: Path) -> None:
    """Write the initramfs of one boot to target."""
    with open(target, "wb") as out:
        for part in (guestroot.archive(), _modules_archive(kernel)):
            with open(part, "rb") as source:
                shutil.copyfileobj(source, out)
        if module:
            base = f"lib/modules/{kernel.release}/"
            cpio = CpioWriter(out)
            cpio.file(base + "extra/virtnet.ko", module)
            cpio.data(base + "modules.dep", _index(kernel, module).encode())
            cpio.close()
