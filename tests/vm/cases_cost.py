# SPDX-License-Identifier: GPL-2.0
"""What each kind of change costs a running interface: carrier, packets, silence.

LONG=1 only. The figures in Documentation/interruptions.rst are what it prints.
"""

import socket
import struct
import threading
import time
from dataclasses import dataclass
from typing import Callable

import traffic
from cases_sleep import ATTACH, DETACH
from suite import Context, case, expect_equal
from vmlib.nic import Nic

EVERY = 0.005           # seconds between two pings
BEFORE, AFTER = 0.2, 0.6
ROUNDS = 3
# Single queues can be reset, where the kernel can; only the whole device; with RSS.
SINGLE, WHOLE, HASHING = range(3)


def cost_nics() -> list[Nic]:
    return [Nic(pairs=2), Nic(pairs=2, extra={"queue_reset": "off"}),
            Nic(pairs=2, extra={"rss": "on", "hash": "on"})]


class Probe(threading.Thread):
    """Numbered pings at a steady pace, and when the answers came."""

    def __init__(self, ctx: Context, nic: Nic):
        super().__init__(daemon=True)
        self._end = threading.Event()
        self._socket = traffic.open_socket(ctx.guest, 4, socket.SOCK_DGRAM, socket.IPPROTO_ICMP)
        self._socket.connect((nic.address(False), 0))
        self._socket.settimeout(0.2)
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self.sent = 0
        self.answers: dict[int, float] = {}

    def run(self) -> None:
        self._listener.start()
        start = time.monotonic()
        while not self._end.is_set():
            self._socket.send(struct.pack("!BBHHH", 8, 0, 0, 0, self.sent) + bytes(56))
            self.sent += 1
            time.sleep(max(0.0, start + self.sent * EVERY - time.monotonic()))

    def _listen(self) -> None:
        """Until all are answered, or after the last nothing comes for a while."""
        while not self._end.is_set() or len(self.answers) < self.sent:
            try:
                answer = self._socket.recv(2048)
            except TimeoutError:
                if self._end.is_set():
                    return
                continue
            self.answers[struct.unpack("!H", answer[6:8])[0]] = time.monotonic()

    def stop(self) -> None:
        self._end.set()
        self.join()
        self._listener.join()
        self._socket.close()

    @property
    def lost(self) -> int:
        return self.sent - len(self.answers)

    @property
    def silence(self) -> float:
        """The longest time without an answer, in ms."""
        times = sorted(self.answers.values())
        return 1000 * max(b - a for a, b in zip(times, times[1:]))


@dataclass
class Cost:
    """Of one change, made once."""

    carrier: int
    lost: int
    silence: float


@dataclass
class Change:
    """Something to be done to an interface, and what takes it back."""

    number: int
    what: str
    there: str
    back: str = ""

    def scripts(self, interface: str) -> tuple[str, str]:
        return (self.there.format(interface), (self.back or self.there).format(interface))


SMALL, LARGE = "ethtool -G {} rx 128 tx 128", "ethtool -G {} rx 256 tx 256"
CHANGES = (
    Change(SINGLE, "nothing at all", "true"),
    Change(SINGLE, "promisc", "ip link set {} promisc on", "ip link set {} promisc off"),
    Change(SINGLE, "ethtool -G, device with queue reset", SMALL, LARGE),
    Change(WHOLE, "ethtool -G, device without", SMALL, LARGE),
    Change(SINGLE, "MTU, device with queue reset", "ip link set {} mtu 4000",
           "ip link set {} mtu 1500"),
    Change(WHOLE, "MTU, device without", "ip link set {} mtu 4000", "ip link set {} mtu 1500"),
    Change(SINGLE, "ethtool -L", "ethtool -L {} combined 1", "ethtool -L {} combined 2"),
    Change(SINGLE, "ethtool -K rx-gro-hw", "ethtool -K {} rx-gro-hw off",
           "ethtool -K {} rx-gro-hw on"),
    Change(SINGLE, "ethtool -K rx", "ethtool -K {} rx off", "ethtool -K {} rx on"),
    Change(HASHING, "ethtool -X", "ethtool -X {} weight 0 1", "ethtool -X {} default"),
    Change(SINGLE, "XDP attached, detached", ATTACH % "pass", DETACH),
    Change(SINGLE, "ethtool --reset all", "ethtool --reset {} all"),
)


def _measure(ctx: Context, nic: Nic, change: Callable[[], object]) -> Cost:
    changes = f"/sys/class/net/{ctx.guest.interface(nic)}/carrier_changes"
    before = int(ctx.guest_value(changes))
    probe = Probe(ctx, nic)
    probe.start()
    try:
        time.sleep(BEFORE)
        change()
        time.sleep(AFTER)
    finally:
        probe.stop()
    return Cost(int(ctx.guest_value(changes)) - before, probe.lost, probe.silence)


def _middle_and_worst(values: list[float]) -> str:
    return f"{sorted(values)[len(values) // 2]:.0f} ({max(values):.0f})"


def _say(ctx: Context, change: Change, found: str) -> None:
    print(f"#    {ctx.kver} {ctx.driver}, {change.what}: {found}", flush=True)


def _cost(ctx: Context, change: Change) -> int:
    """A change and the change back, several times each; how often the carrier changed."""
    nic = ctx.guest.nics[change.number]
    there, back = change.scripts(ctx.guest.interface(nic))
    if (answer := ctx.guest.run(there)).code:
        _say(ctx, change, "not possible: " + " ".join(answer.output.split()))
        return 0
    ctx.guest.sh(back)
    ctx.reachable(nic)
    costs = [_measure(ctx, nic, lambda: ctx.guest.sh(script))
             for _ in range(ROUNDS) for script in (there, back)]
    carrier = max(cost.carrier for cost in costs)
    _say(ctx, change, f"carrier {carrier}, lost {_middle_and_worst([c.lost for c in costs])}, "
         f"silence {_middle_and_worst([c.silence for c in costs])} ms")
    return carrier


@case("what each kind of change costs: carrier, packets, silence")
def cost(ctx: Context) -> None:
    for nic in ctx.guest.nics:
        ctx.reachable(nic)
    carrier = {change.what: _cost(ctx, change) for change in CHANGES}
    if ctx.driver == "virtnet":
        expect_equal("carrier changes", carrier, dict.fromkeys(carrier, 0))


CASES = (cost,)
