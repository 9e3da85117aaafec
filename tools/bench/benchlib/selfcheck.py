# SPDX-License-Identifier: GPL-2.0
"""The bench against itself: same input, same count; an added cost shows up.

The added cost is ten nops, put into a copy of the driver's sources.
"""

import re
import shutil
from pathlib import Path
from typing import Iterator

from vmlib import kernels, paths, proc
from vmlib.errors import VmError
from vmlib.kernels import Kernel

from . import measure
from .workloads import Workload

NOPS = 10
# runs once per packet that arrives in mergeable buffers
FUNCTION = "receive_mergeable"
NOP_CODE = f'\tasm volatile(".rept {NOPS}; nop; .endr");\n'
# how far apart two boots with different modules may be for other reasons:
# code moves, so a few functions elsewhere take another path
TOLERANCE = 0.5


def _copy_sources(build: Path, target: Path) -> None:
    """What kbuild sees, links followed, without what it has made."""
    shutil.rmtree(target, ignore_errors=True)
    made = shutil.ignore_patterns("*.o", "*.ko", "*.cmd", "*.mod", "*.mod.c", "*.symvers",
                                  "modules.order", "*.d")
    shutil.copytree(build, target, ignore=made)


def _insert_nops(tree: Path, function: str) -> None:
    """Put the nops behind the function's opening brace."""
    pattern = re.compile(rf"^([\w \t*]+\b{function}\([^;{{]*\)\n{{\n)", re.M)
    for source in sorted((tree / "drivers" / "virtnet").glob("*.c")):
        text = source.read_text()
        patched, count = pattern.subn(lambda match: match[1] + NOP_CODE, text)
        if count:
            source.write_text(patched)
            return
    raise VmError(f"bench: no function {function} in drivers/virtnet")


def _build(kernel: Kernel, tree: Path) -> Path:
    env = proc.run([str(paths.KERNEL_TOOL), "env", kernel.kver]).stdout
    kdir = re.search(r"^KDIR=(\S+)", env, re.M)
    if not kdir:
        raise VmError("bench: tools/kernel env gives no KDIR")
    command = [str(paths.KERNEL_TOOL), "run", kernel.kver, "make", "-C", kdir[1].strip("'\""),
               f"M={tree}", "-j2", "modules"]
    done = proc.run(command, timeout=1800, check=False)
    module = tree / "virtnet.ko"
    if done.returncode or not module.exists():
        raise VmError(f"bench: the patched copy does not build:\n{done.stdout[-3000:]}")
    return module


def _patched(kernel: Kernel) -> Path:
    tree = paths.BUILD / "bench" / f"nops-{kernel.release}"
    _copy_sources(kernel.built_module.parent, tree)
    _insert_nops(tree, FUNCTION)
    return _build(kernel, tree)


def run(kernel: Kernel, driver: str, work: Workload) -> Iterator[tuple[bool, str]]:
    """Yield (passed, what) for each check."""
    module = kernels.build(kernel) if driver == "virtnet" else None
    results = [measure.once(kernel, driver, work, module) for _ in range(3)]
    totals = [result.profile.total for result in results]
    yield (len(set(totals)) == 1,
           f"{driver} on {kernel.kver}, {work.name}: three boots count "
           + " ".join(f"{total:.3f}" for total in totals))
    if driver != "virtnet":
        return
    changed = measure.once(kernel, driver, work, _patched(kernel))
    added = changed.profile.by_class["driver"] - results[0].profile.by_class["driver"]
    yield (abs(added - NOPS) <= TOLERANCE,
           f"{NOPS} nops in {FUNCTION} show as {added:+.2f} in the driver's class")
