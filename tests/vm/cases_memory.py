# SPDX-License-Identifier: GPL-2.0
"""Cases about receive memory: mixed traffic, none to be had, bounce buffers."""

import traffic
from cases_data import checked_data
from suite import Case, Context, case, expect, expect_equal
from vmlib.nic import MODES, Nic

# What the guest keeps while the rest of its memory is taken away. Half of the way each time,
# for who takes it needs some himself, on the debug kernel 14 MB of 1100.
SPARE_MB = 28
FILL = f"""
    mkdir -p /run/full && mount -t tmpfs -o size=100% full /run/full || exit
    while free=$(awk '/^MemAvailable/ {{ print int($2 / 1024) }}' /proc/meminfo) &&
          [ $free -gt {SPARE_MB} ]; do
        dd if=/dev/zero bs=1M count=$(((free - {SPARE_MB} + 1) / 2)) 2>/dev/null
    done >/run/full/it
"""
SWIOTLB = "/sys/kernel/debug/swiotlb/io_tlb_used"


@case("bulk and small packets at the same time, random data")
def mixed(ctx: Context) -> None:
    ctx.reachable(ctx.nic)
    with traffic.flooded(ctx.guest, ctx.nic) as flood:
        traffic.tcp_echo(ctx.guest, ctx.nic, ctx.megabytes << 18)
    expect(flood.answered, "nothing of the flood was answered")


@case("random data while memory is nearly used up, and after")
def scarce(ctx: Context) -> None:
    ctx.reachable(ctx.nic)
    ctx.guest.sh(FILL, 120)
    try:
        traffic.tcp_echo(ctx.guest, ctx.nic, 2 << 20)
        traffic.ping_guest(ctx.guest, ctx.nic, traffic.FEW_SIZES, 4, 3)
    finally:
        ctx.guest.run("umount /run/full; rmdir /run/full")
    checked_data(ctx, ctx.nic, 1500)


def bounced_nics() -> list[Nic]:
    """Each buffer mode; what they are told to do makes the driver map its buffers itself."""
    return [Nic(mode=mode, iommu=True, packed=mode == "big") for mode in MODES]


def _bounced_case(index: int, mode: str) -> Case:
    def body(ctx: Context) -> None:
        nic = ctx.guest.nics[index]
        checked_data(ctx, nic, 1500)
        ctx.guest.sh(f"ip link set {ctx.guest.interface(nic)} down")
    return Case(f"{mode} buffers: random data by way of bounce buffers", body)


@case("closed interfaces use no bounce buffers")
def bounced_clean(ctx: Context) -> None:
    ctx.guest.sh("mount -t debugfs debugfs /sys/kernel/debug 2>/dev/null || true")
    expect(int(ctx.guest_value(SWIOTLB)) > 0, "open interfaces use none: nothing to see")
    for nic in ctx.guest.nics:
        ctx.guest.sh(f"ip link set {ctx.guest.interface(nic)} down")
    ctx.guest.sh("sleep 2")
    expect_equal("slots of bounce buffers in use", ctx.guest_value(SWIOTLB), "0")


CASES = (mixed, scarce)
BOUNCED_CASES = tuple(_bounced_case(i, mode) for i, mode in enumerate(MODES)) + (
    mixed, bounced_clean)
