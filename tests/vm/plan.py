# SPDX-License-Identifier: GPL-2.0
"""Which guests are booted for a kernel, and which cases each of them runs."""

import dataclasses
import os
from dataclasses import dataclass, field

import cases_backend
import cases_control
import cases_cost
import cases_data
import cases_device
import cases_diag
import cases_end
import cases_filter
import cases_life
import cases_memory
import cases_power
import cases_sleep
import cases_tunnel
import cases_variants
import cases_xdp
import cases_xdp_tools
import cases_xsk
from qemu_guest import BackendGuest
from suite import Case
from vmlib.guest import Guest
from vmlib.nic import MODES, Nic

LONG = bool(os.environ.get("LONG"))
CONTROL = (*cases_control.CASES, *cases_filter.CASES, *cases_diag.CASES, *cases_tunnel.CASES,
           *cases_power.CASES, *cases_end.CASES)
MAIN = (*cases_device.CASES, *cases_data.CASES, *cases_memory.CASES, *cases_life.CASES,
        *cases_end.CASES)
XDP = (*cases_xdp.CASES, *cases_xdp_tools.CASES, *cases_xsk.CASES, *cases_end.CASES)
XDP_LONG = (*cases_xdp.LONG, *cases_xdp_tools.LONG)
# Of these, what takes most locks and memory; all of them with LONG=1.
CONTROL_DEBUG = (cases_control.set_channels, cases_control.rss, cases_diag.netdev_genl,
                 cases_power.suspend, *cases_end.CASES)
DEBUG_MEMORY = 1536


@dataclass
class Boot:
    """One guest of the matrix."""

    name: str
    nics: list[Nic]
    cases: tuple[Case, ...] = MAIN
    memory: int = 512
    cpus: int = 2
    guest: type[Guest] = Guest
    command_line: str = ""
    arguments: list[str] = field(default_factory=list)


def _pair(mode: str, packed: bool) -> list[Nic]:
    """The NIC of a combination, and one whose device knows more about itself."""
    return [Nic(mode=mode, packed=packed),
            Nic(mode=mode, packed=packed, host_mtu=9000, speed=10000, duplex="full")]


def _combination(mode: str, packed: bool) -> Boot:
    return Boot(f"{mode}-{'packed' if packed else 'split'}", _pair(mode, packed))


def _control() -> Boot:
    """The guest whose settings are changed, and which is moved and put to sleep."""
    return Boot("control", cases_control.ctrl_nics(), CONTROL, cpus=cases_control.CPUS,
                arguments=cases_control.ctrl_arguments())


def _long_boots() -> list[Boot]:
    """What measures rather than tests."""
    return [Boot("cost", cases_cost.cost_nics(), cases_cost.CASES)] if LONG else []


def _debug_boots() -> list[Boot]:
    """Mergeable and big on the debug kernel, one of them behind an IOMMU; and control.

    Programs in mergeable mode, behind another; in the other modes with LONG=1.
    """
    boots = [_combination(mode, packed) for mode in ("mergeable", "big")
             for packed in (False, True)]
    # The second NIC is not behind it: virtio_net, which gets that one for a while,
    # maps its big buffers so that two share a cache line, which this kernel refuses.
    nics = _pair("big", True)
    nics[0].iommu = True
    boots[-1] = Boot("big-packed-iommu", nics,
                     command_line="intel_iommu=on",
                     arguments=["-device", "intel-iommu"])
    nics = _pair("mergeable", False)
    nics[0].iommu = True
    boots.append(Boot("xdp-mergeable-split-iommu", nics, XDP, command_line="intel_iommu=on",
                      arguments=["-device", "intel-iommu"]))
    control = _control()
    boots += _xdp_boots()[1:] if LONG else []
    boots.append(control if LONG else dataclasses.replace(control, cases=CONTROL_DEBUG))
    for boot in boots:
        boot.memory = DEBUG_MEMORY
        boot.command_line += " panic_on_warn=1 kmemleak=on"
    return boots


def _xdp_boots() -> list[Boot]:
    """Each buffer mode once, and in one of them what takes its time."""
    return [Boot(f"xdp-{mode}-{'packed' if packed else 'split'}",
                 [*_pair(mode, packed), Nic(mode=mode, packed=packed, pairs=4)],
                 (*more, *XDP))
            for mode, packed, more in (("mergeable", False, XDP_LONG), ("big", True, ()),
                                       ("small", False, ()))]


def boots(kver: str) -> list[Boot]:
    """All guests of one kernel's matrix."""
    if kver == "debug":
        return _debug_boots()
    variants = Boot("variants", cases_variants.variant_nics(),
                    (*cases_variants.CASES, *cases_end.CASES))
    bounced = Boot("bounced", cases_memory.bounced_nics(),
                   (*cases_memory.BOUNCED_CASES, *cases_end.CASES),
                   command_line="swiotlb=force")
    backend = Boot("vhost-user", cases_backend.backend_nics(),
                   (*cases_backend.CASES, *cases_end.CASES), guest=BackendGuest)
    sleep = Boot("sleep", cases_sleep.sleep_nics(), cases_sleep.CASES, cpus=1,
                 arguments=cases_sleep.sleep_arguments())
    return [_control(), backend, variants, bounced, sleep, *_xdp_boots(), *_long_boots()] + [
        _combination(mode, packed) for mode in MODES for packed in (False, True)]
