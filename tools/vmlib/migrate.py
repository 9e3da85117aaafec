# SPDX-License-Identifier: GPL-2.0
"""Moves a running guest from one QEMU to another on this machine.

Each QEMU has taps of its own, as on two hosts; a bridge joins them with the
host's end of the wire, and learns from the guest's announcements where it is.
"""

import json

from . import proc
from .errors import VmError
from .guest import Guest

SIDES = ("-a", "-b")


def prepare(guest: Guest) -> None:
    """Put a bridge between the taps and the host's end of each wire."""
    assert guest.ns
    for nic in guest.nics:
        bridge = f"br{nic.index}"
        mac = json.loads(guest.ns.run(["ip", "-j", "link", "show", nic.tap]))[0]["address"]
        guest.ns.ip(f"link add {bridge} address {mac} type bridge",
                    f"addr flush dev {nic.tap}", f"link set {nic.tap} master {bridge}",
                    f"link set {bridge} up mtu {nic.host_mtu or 1500}",
                    f"addr add {nic.address(True)}/24 dev {bridge}",
                    f"addr add {nic.address(True, 6)}/64 dev {bridge} nodad")


def move(guest: Guest) -> None:
    """Migrate; returns when the guest runs in the other QEMU and the first has ended.

    The CPUs stand still while memory is copied. An emulated CPU may write to a page
    just while its dirty bit is being cleared, and the copy would lack that.
    """
    assert guest.ns and guest.qmp
    side = SIDES[guest.side == SIDES[0]]
    guest.qmp.execute("stop")
    process, qmp, channel = guest.launch_other(side)
    try:
        qmp.execute("migrate", uri=f"unix:{guest.directory}/state{side}")
        proc.poll("the migration", lambda: _done(qmp.execute("query-migrate")), 120, 0.2)
    finally:
        channel.close()
        qmp.close()
        proc.stop(process)
    # Not before: what was flooded to a tap that nobody reads would come back as an echo.
    for nic in guest.nics:
        guest.ns.ip(f"link set {nic.tap}{side} name {nic.tap}",
                    f"link set {nic.tap} up mtu {nic.host_mtu or 1500} master br{nic.index}")
    guest.qmp.execute("cont")


def _done(progress: dict) -> bool:
    if progress.get("status") in ("failed", "cancelled"):
        raise VmError(f"QEMU: migration {progress['status']}: {progress.get('error-desc')}")
    return progress.get("status") == "completed"
