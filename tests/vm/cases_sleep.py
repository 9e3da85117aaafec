# SPDX-License-Identifier: GPL-2.0
"""Cases in which the whole machine goes to sleep: to memory (ACPI S3), and to a disk.

With one CPU: QEMU's others run wild after its firmware has woken them up, and without
KVM leave little time to the first. What several queues forget is shown where only the
devices are suspended, among the cases of the control guest.
"""

from typing import Callable

import traffic
from cases_data import checked_data
from cases_power import SHOWN, change_back, change_everything, told
from suite import Context, Skip, case, expect, expect_equal
from vmlib.nic import Nic

WOKEN = "/run/woken"
# Where the registers of ACPI are: SeaBIOS 1.16 leaves that 0 on its way back from S3, on
# a Q35 machine, and the next sleep would end at once. The first two words from 0x40 on.
LPC = "/sys/bus/pci/devices/0000:00:1f.0/config"
KEEP = f"dd if={LPC} of=/run/lpc bs=4 skip=16 count=2 2>/dev/null"
RESTORE = f"dd if=/run/lpc of={LPC} bs=4 seek=16 count=2 conv=notrunc 2>/dev/null"
# An XDP program of a verdict on an interface, {0}; and without it again.
ATTACH = """xdp-verdict %s {0} >/dev/null 2>&1 & echo $! >/run/xdp.pid
    until ip link show {0} | grep -q prog/xdp; do kill -0 $(cat /run/xdp.pid) || exit; done"""
DETACH = """kill -INT $(cat /run/xdp.pid)
    while ip link show {0} | grep -q prog/xdp; do :; done"""


def sleep_nics() -> list[Nic]:
    return [Nic(pairs=4, extra={"rss": "on", "hash": "on"}), Nic(mode="big", packed=True)]


def sleep_arguments() -> list[str]:
    """A disk for the image of a hibernation; what is written to it QEMU throws away."""
    return ["-drive", "file.driver=null-co,file.size=1G,file.read-zeroes=on,format=raw,"
            "if=virtio,snapshot=on"]


def _hibernate(ctx: Context) -> None:
    """An image of the memory to the disk, and back from there, without a power cycle.

    6.1 does not open the disk that it swaps to for reading ("Image not found (code -16)"):
    there devices go to sleep and wake up as they do around the image.
    """
    how = ("echo devices >/sys/power/pm_test" if ctx.kver == "6.1" else
           "echo test_resume >/sys/power/disk")
    ctx.guest.sh(f"""modprobe virtio_blk && mkswap /dev/vda >/dev/null && swapon /dev/vda &&
        {how} && echo disk >/sys/power/state""", timeout=300)
    ctx.guest.sh("echo none >/sys/power/pm_test; swapoff /dev/vda")


def _sleep_and_wake(ctx: Context, stream: traffic.Stream) -> None:
    """To S3, and awake again at QEMU's request.

    The guest is not asked for anything before its network answers: what comes to a serial
    port that has not woken up yet is lost.
    """
    qmp = ctx.guest.qmp
    assert qmp
    ctx.guest.sh(f"""rm -f {WOKEN}
        {KEEP} || exit
        (usleep 200000; echo mem >/sys/power/state; echo $? >{WOKEN}) >/dev/null 2>&1 &""")
    qmp.wait_event("SUSPEND")
    qmp.execute("system_wakeup")
    qmp.wait_event("WAKEUP")
    stream.goes_on("after the sleep", 60)
    ctx.guest.poll("to be awake", f"[ -e {WOKEN} ]")
    ctx.guest.sh(RESTORE)
    expect_equal("what the suspend ended with", ctx.guest_value(WOKEN), "0")


def _answered(ctx: Context, nic: Nic) -> bool:
    return not ctx.guest.run(f"ping -q -c 1 -W 1 {nic.address(True)}").code


def _stays(ctx: Context, sleep: Callable[[traffic.Stream], None]) -> None:
    """All settings, the program and the connection outlive the sleep."""
    guest, (nic, other) = ctx.guest, ctx.guest.nics
    interface, filtered = guest.interface(nic), guest.interface(other)
    ctx.reachable(other)
    change_everything(ctx, interface)
    guest.sh(f"ip link set {interface} promisc on; " + (ATTACH % "drop").format(filtered))
    assert guest.ns
    guest.ns.ip(f"neigh flush dev {nic.tap}")
    shown, known = guest.sh(SHOWN.format(interface)), told(ctx, nic)
    try:
        with traffic.streaming(guest, nic) as stream:
            for _ in range(2):
                sleep(stream)
                expect_equal("settings", guest.sh(SHOWN.format(interface)), shown)
                expect_equal("what the device knows", told(ctx, nic), known)
        expect(not _answered(ctx, other), "the XDP program does not drop any more")
    finally:
        guest.run(f"{DETACH.format(filtered)}; ip link set {interface} promisc off")
        change_back(ctx, interface, nic)
        guest.ns.ip(f"neigh flush dev {nic.tap}")
    for one in guest.nics:
        ctx.reachable(one)
        checked_data(ctx, one, 1500)


@case("suspended to memory and woken up (S3) under traffic, with all settings")
def suspend(ctx: Context) -> None:
    if ctx.guest.run("grep -q deep /sys/power/mem_sleep && echo deep >/sys/power/mem_sleep").code:
        raise Skip("this kernel does not know S3")
    _stays(ctx, lambda stream: _sleep_and_wake(ctx, stream))


@case("hibernated, and back from the disk, under traffic, with all settings")
def hibernate(ctx: Context) -> None:
    if ctx.guest.run("grep -q test_resume /sys/power/disk").code:
        raise Skip("this kernel cannot hibernate")

    def sleep(stream: traffic.Stream) -> None:
        _hibernate(ctx)
        stream.goes_on("after the hibernation", 60)
    _stays(ctx, sleep)


CASES = (suspend, hibernate)
