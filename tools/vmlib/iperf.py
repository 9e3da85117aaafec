# SPDX-License-Identifier: GPL-2.0
"""iperf3 between a guest and the host's end of its wire."""

import json
import re
import socket
import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Iterator

from . import proc
from .errors import VmError
from .guest import Guest
from .nic import Nic

PORT = 5201


@dataclass(frozen=True)
class Throughput:
    """What one run moved."""

    gbits: float
    bytes: int
    retransmits: int


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def server(guest: Guest) -> Iterator[int]:
    """A server on the host's side; yields its port."""
    # User networking shares the ports of this machine.
    port = PORT if guest.ns else _free_port()
    argv = ["iperf3", "-s", "-p", str(port), "--forceflush"]
    if guest.ns:
        argv = guest.ns.argv(proc.dies_with_us(argv))
    else:
        argv = proc.dies_with_us([*argv, "-B", "127.0.0.1"])
    process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, text=True, start_new_session=True)
    closer = partial(proc.stop, process)
    proc.alive.add(closer)
    try:
        assert process.stdout
        if not any("listening" in line for line in process.stdout):
            raise VmError("the iperf3 server on this machine does not start")
        yield port
    finally:
        proc.alive.drop(closer)
        closer()


def _run(guest: Guest, command: str) -> dict:
    """What iperf3 reports at its end; again while the server is not done with the last run."""
    for _ in range(20):
        report = json.loads(guest.sh(command, timeout=300))
        if "sum_received" in report["end"]:
            return report["end"]
        error = report.get("error", "no result")
        if "busy" not in error:
            raise VmError(f"{command}: {error}")
        time.sleep(1)
    raise VmError(f"{command}: the server stays busy")


def tcp(guest: Guest, nic: Nic, port: int, to_guest: bool, amount: str) -> Throughput:
    """One TCP run; amount is iperf3's -t or -n with its value."""
    way = "-R" if to_guest else ""
    end = _run(guest, f"iperf3 -J {amount} -p {port} -c {nic.address(True)} {way}")
    received = end["sum_received"]
    return Throughput(received["bits_per_second"] / 1e9, received["bytes"],
                      end["sum_sent"].get("retransmits", 0))


class Background:
    """Several TCP streams of iperf3 both ways, until the end of running()."""

    LOG = "/run/iperf3.log"
    INTERVAL = re.compile(r"^\[SUM\]\[(TX|RX)-C\].* sec +([\d.]+) +\w*Bytes", re.M)
    # Of a stream each way: emulated CPUs are to have time for other things.
    RATE = "10M"

    def __init__(self, guest: Guest, nic: Nic, port: int, streams: int):
        self._guest = guest
        # Emptied first, in the foreground: the last one's intervals are not this one's.
        self._guest.sh(f""": >{self.LOG}
            iperf3 -c {nic.address(True)} -p {port} -P {streams} -b {self.RATE} \
            --bidir -t 3600 -i 0.25 --forceflush >>{self.LOG} 2>&1 &
            echo $! >/run/iperf3.pid""")

    def intervals(self) -> int:
        """Quarters of a second with data, in the direction that has fewer of them."""
        text = self._guest.sh(f"grep -F '[SUM]' {self.LOG} || true")
        ways = [way for way, amount in self.INTERVAL.findall(text) if float(amount)]
        return min(ways.count("TX"), ways.count("RX"))

    def goes_on(self, what: str, seconds: float = 30) -> None:
        """Wait until data moves both ways, for longer than an interval already begun."""
        enough = self.intervals() + 2
        proc.poll(f"iperf3 to move data {what}", lambda: self.intervals() >= enough, seconds, 0.3)

    def stop(self) -> None:
        self._guest.sh("kill -INT $(cat /run/iperf3.pid) 2>/dev/null || true")
        self._guest.poll("iperf3 to end", "! kill -0 $(cat /run/iperf3.pid) 2>/dev/null")

    def check(self) -> None:
        """It ended because it was told to, and lost no connection before."""
        text = self._guest.sh(f"grep -v '^\\[' {self.LOG}")
        others = text.replace("iperf3: interrupt - the client has terminated", "")
        if "error" in others or others == text:
            raise VmError(f"iperf3 did not run to its end: {text.strip()}")


@contextmanager
def running(guest: Guest, nic: Nic, streams: int = 4) -> Iterator[Background]:
    """iperf3 both ways while the body runs; no connection may be lost in it."""
    with server(guest) as port:
        load = Background(guest, nic, port, streams)
        try:
            load.goes_on("before anything was done")
            yield load
            load.goes_on("after all")
        finally:
            load.stop()
        load.check()
