# SPDX-License-Identifier: GPL-2.0
"""Cases that end a guest: the driver goes, and nothing may remain of it."""

import re

from suite import Context, Skip, case, expect
from vmlib import proc

TRACING = "/sys/kernel/tracing"
# A buffer of its own: the usual one is emptied when a module goes whose events were used.
POOLS = f"{TRACING}/instances/pools"
KMEMLEAK = "/sys/kernel/debug/kmemleak"
RELEASE = re.compile(r"page_pool_release: page_pool=(\S+) inflight=(-?\d+)")


def before_driver(ctx: Context) -> None:
    """What has to run before the driver is loaded for the first time."""
    ctx.guest.run(f"mount -t tracefs tracefs {TRACING} 2>/dev/null; "
                  f"mkdir {POOLS}; echo 1 >{POOLS}/events/page_pool/page_pool_release/enable; "
                  f"[ -e {KMEMLEAK} ] && echo clear >{KMEMLEAK}")


def _unload(ctx: Context) -> None:
    ctx.guest.sh(f"killall -q socat; rmmod {ctx.module}")


@case("after unloading, no page is in flight from a page pool")
def page_pools(ctx: Context) -> None:
    if ctx.guest.run(f"[ -e {POOLS}/events/page_pool/page_pool_release ]").code:
        raise Skip("this kernel does not trace page pools")
    _unload(ctx)
    pools: dict[str, int] = {}

    def all_empty() -> bool:
        text = ctx.guest.sh(f"grep page_pool_release: {POOLS}/trace || true")
        pools.update((pool, int(count)) for pool, count in RELEASE.findall(text))
        return not any(pools.values())
    proc.poll("all page pools to be empty", all_empty, 60, 0.5)
    if not pools and ctx.driver == "intree":
        raise Skip("this driver has no page pool here")
    expect(pools, "no page pool was released: nothing to see")


@case("kmemleak finds nothing")
def kmemleak(ctx: Context) -> None:
    if ctx.guest.run(f"[ -e {KMEMLEAK} ]").code:
        raise Skip("this kernel has no kmemleak")
    _unload(ctx)
    # It reports what is older than some seconds, and is sure from the second scan on.
    ctx.guest.sh(f"sleep 7; echo scan >{KMEMLEAK}; sleep 7; echo scan >{KMEMLEAK}", timeout=900)
    found = ctx.guest.sh(f"cat {KMEMLEAK}")
    expect(not found.strip(), f"kmemleak reports:\n{found}")


CASES = (page_pools, kmemleak)
