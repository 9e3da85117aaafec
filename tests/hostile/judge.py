# SPDX-License-Identifier: GPL-2.0
"""Runs scenarios in guests and judges what became of the guest and its traffic."""

import re
import socket
import time
from pathlib import Path
from typing import Iterator

import traffic
from plan import DEBUG_MEMORY
from qemu_guest import VhostGuest, VhostNic
from scenarios import Scenario
from vmlib import splat
from vmlib.errors import GuestDied, VmError
from vmlib.nic import Nic

# A scenario's events are over by then, and the driver's watchdog (5 s) has looked.
LASTS = 4
BACK = 5
WATCHDOG = 12
CANARY = 0xCA11AB1E0DDBA115
# What a guest does while its device misbehaves: both directions, small and large.
TRAFFIC = """
end=$(($(date +%s) + {seconds}))
while [ $(date +%s) -lt $end ]; do
    ping -q -c 20 -i 0.01 -W 1 {host} >/dev/null
    ping -q -c 10 -i 0.01 -W 1 -s 6000 {host} >/dev/null
done
true
"""


class HostileGuest(VhostGuest):
    """Each NIC's device has a script of its own, or looks for a canary."""

    def __init__(self, driver: str, nics: list[Nic], kver: str, scripts: dict[int, Path],
                 device_options: tuple[str, ...] = (), **more):
        super().__init__(driver, nics, kver, **more)
        self.name = f"hostile-{driver}"
        self.scripts = scripts
        self.device_options = device_options

    def _argv(self, here: Path) -> list[str]:
        argv, given = [], super()._argv(here)
        devices = 0
        for word in given:
            if word == "--socket":
                argv += self._script(devices - 1)
                devices += 1
            argv.append(word)
        argv += self._script(devices - 1)
        return [argv[0], "--quiet", *self.device_options, *argv[1:]]

    def _script(self, index: int) -> list[str]:
        return ["--script", str(self.scripts[index])] if index in self.scripts else []


def nic_for(index: int) -> VhostNic:
    """Ring formats and buffer modes take turns."""
    return VhostNic(packed=index % 2 == 1, mode=("mergeable", "mergeable", "big")[index % 3])


def answers(guest: VhostGuest, nic: Nic, seconds: float) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if guest.run(f"ping -c 1 -W 1 {nic.address(True)}").code == 0:
            return True
    return False


def complaints(text: str) -> str:
    """What the kernel says of itself; that a packet was bad is no complaint."""
    return splat.find("\n".join(line for line in text.splitlines()
                                if "bad gso" not in line and "NETDEV WATCHDOG" not in line))


def first_line(complaint: str) -> str:
    """What it is about: it comes with two lines before it, if there are any."""
    return complaint.strip().splitlines()[min(2, complaint.count("\n"))][:60]


def patience(name: str) -> int:
    """How long traffic may take to be back: a dead transmit queue is found by a watchdog."""
    return WATCHDOG if "tx" in name or "random" in name else BACK


def one(guest: VhostGuest, nic: Nic) -> str:
    """The verdict on one scenario, whose NIC is up."""
    before = len(guest.console())
    if not answers(guest, nic, 10):
        return "no traffic before it began"
    guest.run(TRAFFIC.format(seconds=LASTS, host=nic.address(True)), timeout=120)
    back = answers(guest, nic, patience(guest.scripts[nic.index].stem))
    if not back:
        return "no traffic any more"
    complaint = complaints(guest.console()[before:]) or complaints(guest.sh("dmesg -c"))
    return f"complaint: {first_line(complaint)}" if complaint else "ok"


def boot(kver: str, driver: str, scenarios: list[Scenario]) -> Iterator[tuple[Scenario, str]]:
    """Scenarios in one guest, until one ends it."""
    nics = [nic_for(i) for i in range(len(scenarios))]
    scripts = {i: s.path for i, s in enumerate(scenarios)}
    more = {"command_line": "panic_on_warn=1", "memory": DEBUG_MEMORY} if kver == "debug" else {}
    with HostileGuest(driver, nics, kver, scripts, **more) as guest:
        guest.load(driver)
        guest.run("dmesg -c >/dev/null")
        for scenario, nic in zip(scenarios, nics):
            try:
                guest.up(nic)
                verdict = one(guest, nic)
                guest.run(f"ip link set {guest.interface(nic)} down", timeout=30)
            except (GuestDied, VmError) as error:
                text = splat.find(guest.console())
                what = text.strip().splitlines()[0] if text else str(error).splitlines()[0]
                yield scenario, f"guest died: {what[:60]}"
                return
            yield scenario, verdict


def survive(kver: str, driver: str,
            scenarios: list[Scenario]) -> Iterator[tuple[Scenario, str]]:
    """Each scenario's verdict; a guest that dies is replaced."""
    left = list(scenarios)
    while left:
        done = 0
        for scenario, verdict in boot(kver, driver, left[:8]):
            done += 1
            yield scenario, verdict
        assert done, "a guest that tells nothing"
        left = left[done:]


FILL = """
free=$(awk '/MemFree/ {{ print int($2 / 1024) }}' /proc/meminfo)
mount -t tmpfs -o size=90% canary /mnt 2>/dev/null || {{ mkdir -p /mnt; mount -t tmpfs canary /mnt; }}
printf '\\025\\241\\333\\015\\036\\253\\021\\312' >/tmp/c
while [ $(wc -c </tmp/c) -lt 1048576 ]; do cat /tmp/c /tmp/c >/tmp/d; mv /tmp/d /tmp/c; done
n=0
while [ $n -lt $((free - 24)) ]; do cat /tmp/c >/mnt/$n || break; n=$((n + 1)); done
umount /mnt
"""


# Who decrypts in place leaves plain text behind in memory that is used again. Written here
# are canaries, one for each way in which a frame may be aligned.
REWRITE = """
modprobe -a sch_ingress cls_flower act_pedit act_gact
tc qdisc add dev {0} clsact
tc filter add dev {0} ingress protocol ip flower ip_proto udp dst_port 9 action pedit \\
    munge offset 64 u32 set 0x15a1db0d munge offset 68 u32 set 0x1eab11ca \\
    munge offset 76 u32 set 0x15a1db0d munge offset 80 u32 set 0x1eab11ca \\
    munge offset 90 u16 set 0x15a1 munge offset 92 u32 set 0xdb0d1eab \\
    munge offset 96 u16 set 0x11ca munge offset 102 u16 set 0x15a1 \\
    munge offset 104 u32 set 0xdb0d1eab munge offset 108 u16 set 0x11ca \\
    pipe action drop
"""


def _rewritten(guest: VhostGuest, nic: VhostNic) -> None:
    """Packets that the stack writes to before it lets them go, as many as twice the ring."""
    interface = guest.interface(nic)
    guest.sh(REWRITE.format(interface))
    with traffic.open_socket(guest, 4, socket.SOCK_DGRAM) as sock:
        for _ in range(8):
            for _ in range(64):
                sock.sendto(bytes(1400), (nic.address(False), 9))
            time.sleep(0.1)
    seen = guest.sh(f"tc -s filter show dev {interface} ingress")
    counted = sum(map(int, re.findall(r"action order 1:.*?Sent \d+ bytes (\d+) pkt", seen, re.S)))
    if counted < 256:
        raise VmError(f"{counted} of 512 packets were rewritten:\n{seen}")


def stale_memory(kver: str, driver: str) -> str:
    """Memory full of canaries, then traffic through bounce buffers: how many get out?"""
    nics = [VhostNic(iommu=True), VhostNic(iommu=True, mode="big"),
            VhostNic(iommu=True, packed=True)]
    with HostileGuest(driver, nics, kver, {}, ("--canary", hex(CANARY)), memory=384,
                      command_line="swiotlb=force init_on_alloc=0") as guest:
        guest.sh(FILL.format(), timeout=170)
        guest.load(driver)
        guest.up(*nics)
        for nic in nics:
            for size in (56, 1400, 9000):
                guest.sh(f"ping -q -c 40 -i 0.01 -W 5 -s {size} {nic.address(True)}")
            _rewritten(guest, nic)
        used = guest.sh("cat /sys/kernel/debug/swiotlb/io_tlb_used 2>/dev/null || echo unknown")
        counted = guest.finish()
    found = sum(queue["canaries"] for device in counted for queue in device["queues"])
    print(f"  {driver} on {kver}: bounce buffers in use {used.strip()}, canaries {found}")
    return "ok" if not found else f"{found} pieces of old memory"
