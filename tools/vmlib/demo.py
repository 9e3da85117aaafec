# SPDX-License-Identifier: GPL-2.0
"""tools/vm demo: real traffic through the driver, and a summary of what it did."""

import re
import time

from . import counters, features, iperf, qemu, setup
from .errors import VmError
from .guest import Guest
from .iperf import Throughput

SECONDS = 3
MANY = 12       # counters shown before only non-zero ones are


class Progress:
    """Headings with the time passed, so that it is visible what takes how long."""

    def __init__(self) -> None:
        self._start = time.monotonic()

    def say(self, text: str) -> None:
        print(f"[{time.monotonic() - self._start:5.1f} s] {text}", flush=True)

    @staticmethod
    def show(text: str) -> None:
        for line in text.splitlines():
            if line.strip():
                print("          " + line.rstrip(), flush=True)


def _ping(guest: Guest, size: int) -> str:
    host = guest.nics[0].address(True)
    text = guest.sh(f"ping -q -c 5 -i 0.1 -s {size} {host}")
    lost = re.search(r"([\d.]+)% packet loss", text)
    times = re.search(r"= [\d.]+/([\d.]+)/", text)
    return (f"{size} bytes: {lost.group(1) if lost else '?'} % lost, "
            f"{times.group(1) if times else '?'} ms on average")


def _offloads(guest: Guest, interface: str) -> str:
    """What ethtool -k has switched on, in one line."""
    text = guest.sh(f"ethtool -k {interface}")
    return " ".join(re.findall(r"^\t?(\S+): on", text, re.M))


def _counters_text(stats: dict[str, int]) -> str:
    """Counters worth reading: all when they are few, else those that count."""
    shown = {name: value for name, value in stats.items() if value or len(stats) <= MANY}
    hidden = len(stats) - len(shown)
    lines = [f"{name:28} {value}" for name, value in shown.items()]
    return "\n".join(lines + [f"(and {hidden} that are 0)"] * bool(hidden))


def _describe(guest: Guest, interface: str, progress: Progress) -> None:
    progress.say("driver (ethtool -i)")
    progress.show(guest.sh(f"ethtool -i {interface} | head -n 5"))
    progress.say("negotiated features")
    bits = guest.sh(f"cat /sys/class/net/{interface}/device/features")
    progress.show(" ".join(features.names(bits)))
    progress.say("offloads that are on (ethtool -k)")
    progress.show(_offloads(guest, interface))


def _traffic(guest: Guest, progress: Progress) -> dict[str, Throughput]:
    progress.say("pinging the host")
    sizes = (56, 1472, 65000) if guest.ns else (56, 1400)
    for size in sizes:
        progress.show(_ping(guest, size))
    results = {}
    with iperf.server(guest) as port:
        for name, to_guest in (("guest to host", False), ("host to guest", True)):
            progress.say(f"iperf3, {name}, {SECONDS} s")
            results[name] = iperf.tcp(guest, guest.nics[0], port, to_guest, f"-t {SECONDS}")
    return results


def _summary(guest: Guest, interface: str, results: dict[str, Throughput]) -> str:
    lines = [f"{name}: {one.gbits:6.2f} Gbit/s, {one.bytes / 1e6:.0f} MB, "
             f"{one.retransmits} retransmits" for name, one in results.items()]
    totals = counters.link(guest, interface)
    lines.append(f"packets: {totals['rx']['packets']} received, {totals['tx']['packets']} sent, "
                 f"{counters.link_drops(totals)} dropped by the interface")
    return "\n".join(lines)


def main(_argv: list[str]) -> int:
    """The whole demonstration; fails when the kernel complained."""
    progress = Progress()
    wanted = setup.settings()
    progress.say(f"preparing kernel {wanted.kver} and this machine's programs")
    kernel = setup.prepared_kernel(wanted)
    if wanted.driver == "virtnet":
        progress.say(f"building virtnet.ko for {kernel.release}")
    guest = setup.make_guest(wanted, kernel, "demo")
    rings = "packed" if wanted.packed else "split"
    wire = "tap with vnet headers" if guest.tap else "user networking (not root: no offloads)"
    progress.say(f"booting {kernel.release}: QEMU {qemu.version()}, "
                 f"{qemu.accelerator(kernel).split(',')[0]}, virtio-net-pci, "
                 f"{wanted.mode} buffers, {rings} rings, {wire}")
    with guest:
        complaint = _demonstrate(guest, wanted.driver, progress)
    progress.say("the guest and its network are gone")
    if complaint:
        raise VmError(f"the guest's kernel complained:\n{complaint}")
    return 0


def _demonstrate(guest: Guest, driver: str, progress: Progress) -> str:
    module = "virtnet.ko" if driver == "virtnet" else "the kernel's own virtio_net"
    progress.say(f"loading {module}")
    guest.load(driver)
    interface, = guest.up(guest.nics[0])
    progress.say(f"{interface} is up, with address {guest.nics[0].address(False)}")
    _describe(guest, interface, progress)
    results = _traffic(guest, progress)
    progress.say("counters (ethtool -S)")
    progress.show(_counters_text(counters.ethtool(guest, interface)))
    progress.say("summary")
    progress.show(_summary(guest, interface, results))
    return guest.splat()
