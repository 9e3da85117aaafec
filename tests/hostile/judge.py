# SPDX-License-Identifier: GPL-2.0
"""Runs scenarios in QEMU's guests and judges what became of the guest and its traffic."""

import re
import socket
import subprocess
import time
from pathlib import Path
from typing import Iterator

import combos
import traffic
from plan import DEBUG_MEMORY
from qemu_guest import GenericNic, VhostGuest, VhostNic
from scenarios import Outcome, Scenario
from vmlib import paths, proc
from vmlib.errors import GuestDied, VmError
from vmlib.nic import Nic

CANARY = 0xCA11AB1E0DDBA115
CANARIES = ("--canary", hex(CANARY))
# Emulated CPUs, six interfaces at once, and a kernel that checks everything.
BEFORE = 30
JUDGE_SECONDS = 150
# Of QEMU's emulated CPUs one runs at a time, for a tenth of a second if it waits for another.
# A reset waits for the interrupt's handler, which reads the IO-APIC as long as the line is
# busy; if that is the other CPU's, they need their turns for each step, and both stood still
# for up to 20 s.
IRQS_ON_ONE = "irqaffinity=0"
# After a kernel's name: all NICs are behind an IOMMU, and the kernel bounces all they do
# through memory of its own, while the guest's is full of canaries.
BOUNCED = "bounced"
BOUNCING = "swiotlb=force init_on_alloc=0"
# TCP of six NICs, as much as there can be, leaves an emulated CPU no time for anything else.
TCP_RATE = "8M"
NAMES = {"virtnet": "virtnet", "intree": "virtio_net"}


class QuietGuest(VhostGuest):
    """Its devices print no statistics while they run, and may have options."""

    device_options: tuple[str, ...] = ()

    def __init__(self, driver: str, nics: list[Nic], kver: str, **more):
        super().__init__(driver, nics, kver, log_dir=paths.TEST_OUT, **more)
        self.name = f"hostile-{kver}-{driver}"

    def _argv(self, here: Path) -> list[str]:
        argv = super()._argv(here)
        return [argv[0], "--quiet", *self.device_options, *argv[1:]]


class HostileGuest(QuietGuest):
    """Its devices all have the same script, but that of the neighbour."""

    def __init__(self, driver: str, nics: list[Nic], kver: str, **more):
        super().__init__(driver, nics, kver, **more)
        self.checked = kver == "debug"
        self.servers: subprocess.Popen | None = None
        self.bounced = nics[0].iommu
        if self.bounced:
            self.name = f"hostile-{kver}-{BOUNCED}-{driver}"
            self.device_options = CANARIES

    def serve(self) -> None:
        """Answer iperf3 on the host's side, for good."""
        assert self.ns
        self.servers = subprocess.Popen(self.ns.argv(combos.servers(self.nics)),
                                        stdin=subprocess.DEVNULL, start_new_session=True)

    def configure_host(self) -> None:
        super().configure_host()
        assert self.ns
        self.ns.ip(*combos.host_side(self.nics))

    def misbehave(self, script: Path) -> None:
        """Other devices, which have this script, while the guest has no driver."""
        if self.script == script:
            return                      # from the beginning
        if not self.ended():
            self.kill_device()
        self.script = script
        self.start_device()
        self.configure_host()
        proc.poll("QEMU to connect again", self._connected, 20)

    def _connected(self) -> bool:
        found = [chardev["filename"] for chardev in self.monitor("query-chardev")
                 if chardev["label"].startswith("vhost")]
        return len(found) == len(self.nics) and not any(
            name.startswith("disconnected") for name in found)

    def close(self) -> None:
        if self.servers:
            proc.end_tree(self.servers)
            self.servers = None
        super().close()


def one(guest: HostileGuest, scenario: Scenario) -> Outcome:
    before = len(guest.console())
    guest.misbehave(scenario.path)
    guest.load(guest.driver, scenario.options if guest.driver == "virtnet" else "")
    text = guest.run(combos.script(guest.nics, scenario, BEFORE, TCP_RATE),
                     timeout=JUDGE_SECONDS).output
    said = guest.sh("dmesg -c", timeout=20)
    (paths.TEST_OUT / f"{guest.name}-{scenario.name}.log").write_text(text + said,
                                                                      encoding="utf-8")
    complaint = combos.complaint(guest.console()[before:]) or combos.complaint(said)
    if complaint:
        return Outcome(scenario, f"complaint: {complaint}")
    guest.sh(f"rmmod {NAMES[guest.driver]}", timeout=60)
    counted = guest.finish()
    verdict = combos.verdict(text, guest.nics, scenario, counted, guest.driver == "virtnet",
                             guest.checked)
    if verdict == "ok":
        verdict = leaked(counted) or verdict
    return Outcome(scenario, verdict, combos.waited(text))


def leaked(counted: list[dict]) -> str:
    """Did devices that look for canaries find some in what they were given?"""
    found = sum(queue["canaries"] for device in counted for queue in device["queues"])
    return f"{found} pieces of old memory" if found else ""


def death(guest: HostileGuest, error: Exception) -> str:
    said = str(error).splitlines()[0].split(",")[0]
    return f"guest died: {combos.complaint(guest.console()) or said}"


def make_guest(kver: str, driver: str, generic: bool) -> HostileGuest:
    kernel, _, how = kver.partition("-")
    if how not in ("", BOUNCED):
        raise VmError(f"hostile: no '{how}': after a kernel and - may stand {BOUNCED}")
    words = [IRQS_ON_ONE, *(["panic_on_warn=1"] if kernel == "debug" else []),
             *([BOUNCING] if how else [])]
    nics = combos.combinations(GenericNic if generic else VhostNic, iommu=bool(how))
    return HostileGuest(driver, nics, kernel, command_line=" ".join(words),
                        memory=DEBUG_MEMORY if kernel == "debug" else 768)


def boot(kver: str, driver: str, scenarios: list[Scenario]) -> Iterator[Outcome]:
    """Scenarios of one kind of NIC in one guest, until one leaves it so that it can be of no
    more use. QEMU's generic device is of use for one: QEMU does not outlive that its back-end
    goes while the guest has no driver."""
    generic = scenarios[0].nic == "generic"
    guest = make_guest(kver, driver, generic)
    guest.script = scenarios[0].path if generic else None
    with guest:
        guest.serve()
        if guest.bounced:
            guest.sh(FILL, timeout=FILL_SECONDS)
        guest.run("modprobe 8021q; dmesg -c >/dev/null")
        for scenario in scenarios[:1] if generic else scenarios:
            try:
                outcome = one(guest, scenario)
            except (GuestDied, VmError) as error:
                yield Outcome(scenario, death(guest, error))
                return
            yield outcome
            if outcome.verdict.startswith("complaint"):
                return


def survive(kver: str, driver: str, scenarios: list[Scenario]) -> Iterator[Outcome]:
    """Each scenario; a guest that suffered is replaced."""
    for nic in ("", "generic"):
        left = [scenario for scenario in scenarios if scenario.nic == nic]
        while left:
            done = 0
            for outcome in boot(kver, driver, left):
                done += 1
                yield outcome
            assert done, "a guest that tells nothing"
            left = left[done:]


FILL_SECONDS = 170
FILL = """
free=$(awk '/MemFree/ { print int($2 / 1024) }' /proc/meminfo)
mkdir -p /mnt
mount -t tmpfs -o size=90% canary /mnt
printf '\\025\\241\\333\\015\\036\\253\\021\\312' >/tmp/c
while [ $(wc -c </tmp/c) -lt 1048576 ]; do cat /tmp/c /tmp/c >/tmp/d; mv /tmp/d /tmp/c; done
n=0
while [ $n -lt $((free - free / 16 - 8)) ]; do cat /tmp/c >/mnt/$n || break; n=$((n + 1)); done
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


class CanaryGuest(QuietGuest):
    """Its devices count the canaries in what they are given to write."""

    device_options = CANARIES


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


def _silent(guest: VhostGuest, nic: VhostNic) -> bool:
    """Traffic in all sizes; is nothing answered?"""
    return any(guest.run(f"ping -q -c 40 -i 0.01 -W 5 -s {size} {nic.address(True)}").code
               for size in (56, 1400, 9000))


def stale_memory(kver: str, driver: str) -> str:
    """Memory full of canaries, then traffic through bounce buffers: how many get out?"""
    nics = [VhostNic(iommu=True), VhostNic(iommu=True, mode="big"),
            VhostNic(iommu=True, packed=True)]
    silent = []
    with CanaryGuest(driver, nics, kver, memory=384, command_line=BOUNCING) as guest:
        guest.sh(FILL, timeout=FILL_SECONDS)
        guest.load(driver)
        guest.up(*nics)
        for nic in nics:
            if _silent(guest, nic):
                silent.append(combos.what(nic))
            else:
                _rewritten(guest, nic)
        used = int(guest.sh(f"cat {combos.BOUNCE_SLOTS}"))
        counted = guest.finish()
    old = leaked(counted)
    print(f"  {driver} on {kver}: bounce buffers in use {used}, {old or 'no canaries'}")
    wrong = [old] if old else []
    wrong += [f"{what}: no traffic" for what in silent]
    wrong += [combos.NO_BOUNCE] if not used else []
    return ", ".join(wrong) or "ok"
