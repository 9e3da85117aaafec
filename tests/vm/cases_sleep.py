# SPDX-License-Identifier: GPL-2.0
"""Cases in which the whole machine goes to sleep: suspend to memory, ACPI S3.

With one CPU: QEMU's others run wild after its firmware has woken them up, and without
KVM leave little time to the first. What several queues forget is shown where only the
devices are suspended, among the cases of the control guest.
"""

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


@case("suspended to memory and woken up (S3) under traffic, with all settings")
def sleep(ctx: Context) -> None:
    guest, (nic, other) = ctx.guest, ctx.guest.nics
    if guest.run("grep -q deep /sys/power/mem_sleep && echo deep >/sys/power/mem_sleep").code:
        raise Skip("this kernel does not know S3")
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
                _sleep_and_wake(ctx, stream)
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


CASES = (sleep,)
