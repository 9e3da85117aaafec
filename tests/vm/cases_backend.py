# SPDX-License-Identifier: GPL-2.0
"""Cases with the device in a process of its own, which dies and is started again."""

import time

import traffic
from cases_data import checked_data
from qemu_guest import BackendGuest, VhostNic
from suite import Context, case, expect
from vmlib.nic import Nic

# Until there is traffic again, from when the new process listens. QEMU alone, which
# tries to connect once a second, takes up to one of them.
BACK_SECONDS = 5
KILLS = 3


def backend_nics() -> list[Nic]:
    return [VhostNic(), VhostNic(mode="big")]


def _device(ctx: Context) -> BackendGuest:
    assert isinstance(ctx.guest, BackendGuest)
    return ctx.guest


@case("data through a device in a process of its own")
def data(ctx: Context) -> None:
    for nic in ctx.guest.nics:
        checked_data(ctx, nic, 1500)


def _until_answered(guest: BackendGuest, nic: Nic) -> float:
    """How long the guest gets no answer to pings ten times a second."""
    start = time.monotonic()
    guest.poll("an answer", f"ping -i 0.1 -w 3 {nic.address(True)} | grep -q 'bytes from'")
    return time.monotonic() - start


@case("the device's process is killed and started again under traffic")
def restart(ctx: Context) -> None:
    guest, nic = _device(ctx), ctx.guest.nics[0]
    took = []
    with traffic.streaming(guest, nic) as stream, traffic.flooded(guest, guest.nics[1]):
        for number in range(KILLS):
            guest.kill_device()
            time.sleep(0.5 * number)
            guest.start_device()
            guest.configure_host()
            took.append(_until_answered(guest, nic))
            stream.goes_on(f"after kill {number + 1}", 60)
    expect(max(took) < BACK_SECONDS, f"traffic came back after {took} s")
    for other in guest.nics:
        checked_data(ctx, other, 1500)


CASES = (data, restart)
