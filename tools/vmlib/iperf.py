# SPDX-License-Identifier: GPL-2.0
"""iperf3 between a guest and the host's end of its wire."""

import json
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
