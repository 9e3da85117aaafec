# SPDX-License-Identifier: GPL-2.0
"""Finds what the guest's kernel complains about in its log."""

import re

SPLATS = re.compile("|".join((
    r"\bWARNING: ", r"\bBUG: ", r"\bBUG at ", r"\bOops\b", r"\bKASAN\b.*:", r"\bUBSAN\b",
    r"general protection fault", r"unable to handle", r"Kernel panic", r"Call Trace:",
    r"possible (circular|recursive|irq lock inversion)", r"inconsistent lock state",
    r"suspicious RCU usage", r"INFO: (task|rcu)", r"blocked for more than",
    r"rcu_\w+ (detected|self-detected) stall", r"soft lockup", r"hard LOCKUP",
    r"page_pool_release_retry", r"\bDMA-API: .*(error|leak|debugging out of memory|overlapping|"
    r"device driver|exceeded)", r"ODEBUG:", r"refcount_t:", r"NETDEV WATCHDOG",
    r"unregister_netdevice: waiting", r"Bad page", r"sleeping function called",
    r"scheduling while atomic", r"kmemleak: [1-9]\d* new", r"output\.\d+:id \d+ is not a head",
    r"bad gso", r"hw csum failure", r"rx queue.*not processed", r"Out of memory",
    r"page allocation failure",
)))
# Said by every debug kernel at boot; not complaints.
HARMLESS = re.compile("|".join((
    r"KASAN init", r"KernelAddressSanitizer initialized", r"DMA-API: (preallocated|debugging "
    r"enabled)", r"WARNING: Spectre", r"UBSAN: .*enabled",
)))
CONTEXT = 40


def find(text: str) -> str:
    """The first complaint and what follows it; empty when there is none."""
    lines = text.splitlines()
    for number, line in enumerate(lines):
        if SPLATS.search(line) and not HARMLESS.search(line):
            return "\n".join(lines[max(0, number - 2):number + CONTEXT])
    return ""
