# SPDX-License-Identifier: GPL-2.0
"""From counted addresses to functions, and from functions to classes."""

import bisect
import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from vmlib.errors import VmError

from . import elf

CONTROL, MEASURED = 0, 1
USER = "user space"
UNKNOWN = "generated code"

# The first pattern that matches names the class; modules under test come first.
CLASSES = (
    ("ring", r"(__)?virtqueue_|vring_|vring\b|detach_buf|virtio_|vp_|vm_|sg_|__sg_|"
             r"skb_to_sgvec|__skb_to_sgvec|dma_|debug_dma|iommu_dma|swiotlb|"
             r"more_used|iowrite16|iowrite32|update_last_used"),
    ("pages", r"page_pool|__page_pool|alloc_pages|__alloc_pages|__alloc_frozen|get_page_from|"
              r"free_frozen|free_unref|__free_pages|free_pages|__get_free|rmqueue|page_frag|"
              r"skb_page_frag|__page_frag|folio|__folio|put_page|__put_page|clear_page|"
              r"free_pcp|free_one_page|__rmqueue|prep_new|post_alloc|free_large|"
              r"page_counter|__free_one|zone_watermark|__zone_watermark|napi_pp|kernel_init_pages|"
              r"policy_node|alloc_frozen|net_mp|mod_zone_page|__mod_zone|"
              r"free_the_page|first_online|should_fail_alloc|__isolate_free|"
              r"get_pfnblock|next_zones|__next_zones|compound|destroy_large"),
    ("skb", r"skb_(?!defer)|__skb|kfree_skb|__kfree_skb|consume_skb|__consume|napi_skb|"
            r"napi_consume|__napi_kfree|napi_build|__napi_build|build_skb|__build_skb|"
            r"__alloc_skb|alloc_skb|__napi_alloc_skb|napi_alloc|__netdev_alloc|netdev_alloc|"
            r"__finalize_skb|kmem_cache|__kmem|kmalloc|__kmalloc|kfree\b|__slab|___slab|"
            r"slab_|kfree_|__kfree|ksize|pskb|__pskb|sock_wfree|sock_rfree|memcg_slab|"
            r"setup_object|cmpxchg_double_slab|new_slab|refill_|__pcs|__refill|alloc_from_pcs|"
            r"free_to_pcs|kmem|obj_cgroup|should_failslab|dev_kfree"),
    ("memory", r"memcpy|memset|memmove|__memcpy|__memset|__memmove|rep_|clear_page|"
               r"_?copy_(to|from)|copy_user|__check_object|check_heap|check_stack|"
               r"csum_|__csum|copyin|copyout|memcmp|_copy_"),
    ("irq", r"asm_|common_interrupt|sysvec|irq|__irq|handle_|__handle|note_int|"
            r"do_softirq|__do_softirq|net_rx_action|__napi_poll|napi_complete|__napi_schedule|"
            r"napi_schedule|napi_|msi|pci_msi|apic|x2apic|native_apic|raise_softirq|"
            r"__raise_softirq|error_|sync_regs|idle|do_idle|cpu_|cpuidle|default_idle|"
            r"tick|hrtimer|__hrtimer|timer|sched|__sched|schedule|rcu|__rcu|ktime|"
            r"add_interrupt|fixup|paranoid|restore_regs|ack_|mask_|unmask_|generic_handle|"
            r"run_timer|call_timer|__run_timer|clockevents|lapic|enqueue_|dequeue_|"
            r"update_|try_to_wake|ttwu|pick_|select_|finish_task|__switch|switch_|context_sw"),
)
_COMPILED = tuple((name, re.compile(pattern)) for name, pattern in CLASSES)
CLASS_ORDER = ("driver", "ring", "pages", "skb", "memory", "irq", "stack", USER)


def classify(function: str, module: str) -> str:
    if module in ("virtnet", "virtio_net"):
        return "driver"
    if function == USER:
        return USER
    for name, pattern in _COMPILED:
        if pattern.match(function):
            return name
    return "stack"


class Symbols:
    """Names for kernel addresses: the core kernel's and those of its modules."""

    def __init__(self, core: Path, modules: dict[str, bytes],
                 sections: dict[str, dict[str, int]]):
        found: dict[int, tuple[str, str]] = {}
        for line in core.read_text().splitlines():
            address, kind, name = line.split()[:3]
            if kind in "tTwW":
                found.setdefault(int(address, 16), (name, ""))
        for module, data in modules.items():
            placed = sections.get(module, {})
            for section, offset, name, _ in elf.functions(data):
                if section in placed:
                    found[placed[section] + offset] = (name, module)
        if 0 in found or len(found) < 1000:
            raise VmError(f"bench: {core} holds no addresses: remove it and run again")
        self._addresses = sorted(found)
        self._names = [found[address] for address in self._addresses]
        self._core_end = max(a for a, (_, module) in found.items() if not module)
        self._module_end = {module: base + 0x100000 for module, parts in sections.items()
                            for base in [max(parts.values())]}

    def lookup(self, address: int) -> tuple[str, str]:
        """(function, module) of an address; generated code has a name of its own."""
        if address == 0:
            return USER, ""
        i = bisect.bisect_right(self._addresses, address) - 1
        if i < 0:
            return UNKNOWN, ""
        name, module = self._names[i]
        if not module and address > self._core_end + 0x10000:
            return UNKNOWN, ""
        if module and address > self._module_end[module]:
            return UNKNOWN, ""
        return name, module

    def address(self, *names: str) -> int:
        """Where the first of these functions that exists is."""
        where = {name: at for at, (name, _) in zip(self._addresses, self._names)}
        return next((where[name] for name in names if name in where), 0)

    def entry(self, address: int) -> bool:
        i = bisect.bisect_left(self._addresses, address)
        return i < len(self._addresses) and self._addresses[i] == address


@dataclass
class Phase:
    """One phase of a plugin file."""

    windows: int = 0
    skipped: int = 0
    starts: Counter = field(default_factory=Counter)    # by address
    repeats: Counter = field(default_factory=Counter)
    doorbells: Counter = field(default_factory=Counter)


def read_counts(path: Path) -> dict[int, Phase]:
    phases: dict[int, Phase] = {}
    lines = path.read_text().splitlines()
    if not lines or lines[-1] != "end":
        raise VmError(f"bench: {path} is not complete")
    for line in lines[:-1]:
        word, *rest = line.split()
        if word == "phase":
            phase = phases.setdefault(int(rest[0]), Phase())
            phase.windows, phase.skipped = int(rest[2]), int(rest[4])
        elif word == "doorbell":
            phase.doorbells[0] += int(rest[1])
        else:
            address = int(word, 16)
            phase.starts[address] += int(rest[0])
            phase.repeats[address] += int(rest[1])
    return phases


@dataclass
class Profile:
    """Instructions per unit of one boot."""

    total: float
    by_class: dict[str, float]
    by_function: dict[tuple[str, str], float]   # (class, function)
    calls: dict[str, float]                     # function -> entries per unit
    repeats: float
    doorbells: float
    interrupts: float


def _difference(phases: dict[int, Phase], kind: str) -> Counter:
    """Per measured window, less the control window."""
    result: Counter = Counter()
    for number, sign in ((MEASURED, 1), (CONTROL, -1)):
        if number in phases:
            share = sign / phases[number].windows
            for key, count in getattr(phases[number], kind).items():
                result[key] += count * share
    return result


def _interrupts(phases: dict[int, Phase], symbols: Symbols) -> float:
    count = 0.0
    for address, n in _difference(phases, "starts").items():
        if symbols.entry(address) and symbols.lookup(address)[0] == "vring_interrupt":
            count += n
    return count


def make(phases: dict[int, Phase], symbols: Symbols, units: float) -> Profile:
    """Subtract the control phase and attribute what is left."""
    if MEASURED not in phases or not units:
        raise VmError("bench: nothing was measured")
    if CONTROL in phases and not _interrupts(phases, symbols):
        raise VmError("bench: the device under test never interrupted: nothing arrived")
    units /= phases[MEASURED].windows + phases[MEASURED].skipped
    by_function: Counter = Counter()
    calls: Counter = Counter()
    for address, count in _difference(phases, "starts").items():
        name, module = symbols.lookup(address)
        by_function[(classify(name, module), name)] += count
        if symbols.entry(address):
            calls[name] += count
    by_class: Counter = Counter()
    for (kind, _), count in by_function.items():
        by_class[kind] += count
    return Profile(
        total=sum(by_class.values()) / units,
        by_class={kind: by_class[kind] / units for kind in CLASS_ORDER},
        by_function={key: count / units for key, count in by_function.most_common()},
        calls={name: count / units for name, count in calls.items()},
        repeats=sum(_difference(phases, "repeats").values()) / units,
        doorbells=_difference(phases, "doorbells")[0] / units,
        interrupts=_interrupts(phases, symbols) / units)
