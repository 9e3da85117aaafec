# SPDX-License-Identifier: GPL-2.0
"""Boot as often as needed, and turn what came back into results."""

import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Optional

from vmlib import kernels
from vmlib.errors import VmError
from vmlib.kernels import Kernel

from . import guest, profile
from .guest import Setup
from .profile import Profile
from .workloads import Workload

# the timer tick: a window that it falls into does not count
TICK = "update_process_times"


@dataclass
class Result:
    """One driver on one workload of one kernel."""

    kver: str
    driver: str
    workload: str
    headline: float             # what the workload's title speaks of
    rxmem_kib: Optional[int]
    each: list[float]           # the headlines of its boots
    profile: Profile

    def as_json(self) -> dict:
        data = dict(asdict(self), boots=len(self.each))
        data["profile"]["by_function"] = [
            [kind, name, round(count, 3)]
            for (kind, name), count in self.profile.by_function.items() if abs(count) >= 0.05]
        data["profile"]["calls"] = {
            name: round(count, 4) for name, count in self.profile.calls.items()
            if abs(count) >= 0.01}
        return data


def _core_symbols(kernel: Kernel, work: Workload) -> Path:
    """The core kernel's symbols: a boot of their own fetches them, once per kernel."""
    path = guest.core_symbols_file(kernel)
    if not path.exists():
        print(f"bench: fetching the symbols of {kernel.release} from a guest", flush=True)
        guest.run(Setup(kernel, "intree", work, symbols=True))
    return path


def _tick_address(core: Path) -> int:
    for line in core.read_text().splitlines():
        address, _, name = line.split()[:3]
        if name == TICK:
            return int(address, 16)
    raise VmError(f"bench: no {TICK} in {core}")


def once(kernel: Kernel, driver: str, work: Workload, module: Optional[Path] = None,
         number: int = 0) -> Result:
    """One boot; those of different numbers differ in when TCP connections begin."""
    core = _core_symbols(kernel, work)
    settings = ""
    if driver == "virtnet":
        settings = f"{work.settings}\n{os.environ.get('GUEST_SETUP', '')}"
    setup = Setup(kernel, driver, work, module=module, settings=settings, number=number,
                  skip=_tick_address(core) if work.lockstep else 0)
    boot = guest.run(setup)
    symbols = profile.Symbols(core, setup.module_files(), boot.sections())
    units = boot.value("packets")
    if not units:
        raise VmError(f"bench: {work.name} did not say how many packets it was")
    made = profile.make(profile.read_counts(boot.counts), symbols, units)
    headline = sum(made.by_class[kind] for kind in work.classes) if work.classes else made.total
    return Result(kernel.kver, driver, work.name, headline, boot.value("rxmem"),
                  [headline], made)


def _mean(results: list[Result]) -> Result:
    """The mean headline of several boots; the profile is the last one's."""
    last = results[-1]
    last.each = [result.headline for result in results]
    last.headline = sum(last.each) / len(results)
    return last


def measure(kernel: Kernel, driver: str, work: Workload, boots: int = 1,
            module: Optional[Path] = None) -> Result:
    if driver == "virtnet" and module is None:
        module = kernels.build(kernel)
    return _mean([once(kernel, driver, work, module, number) for number in range(boots)])
