# SPDX-License-Identifier: GPL-2.0
"""tools/vm shell: an interactive guest with the driver loaded."""

import os
import shutil
import sys
import termios
from contextlib import contextmanager
from typing import Iterator

from . import setup
from .guest import Guest

MOTD = """
{interface}: {driver} on {release}, address {guest}, this machine is {host}.
Programs: ip ethtool tc ping iperf3 tcpdump socat, and busybox's. 'exit' ends the guest.
{outside}
"""


@contextmanager
def _terminal_kept() -> Iterator[None]:
    """QEMU sets the terminal to raw mode; put it back however QEMU ends."""
    if not sys.stdin.isatty():
        yield
        return
    saved = termios.tcgetattr(sys.stdin)
    try:
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, saved)


def _outside(guest: Guest) -> str:
    if not guest.ns:
        return "User networking (not root): no real offloads, and nobody can connect to here."
    enter = " ".join(guest.ns.argv(["bash"]))
    return f"The other end of the wire, from another terminal here:\n  {enter}"


def _welcome(guest: Guest, driver: str) -> None:
    card = guest.nics[0]
    interface, = guest.up(card)
    size = shutil.get_terminal_size()
    motd = MOTD.format(interface=interface, driver=driver, release=guest.kernel.release,
                       guest=card.address(False), host=card.address(True),
                       outside=_outside(guest))
    term = os.environ.get("TERM", "linux")
    guest.sh(f"""cat >/run/motd <<'EOF'{motd}EOF
        printf 'TERM=%s\\n' {term} >/run/env
        stty -F /dev/ttyS0 rows {size.lines} cols {size.columns}
        touch /run/shell-go""")


def main(_argv: list[str]) -> int:
    """Boot and hand the console to the terminal until the guest ends."""
    wanted = setup.settings()
    kernel = setup.prepared_kernel(wanted)
    with _terminal_kept(), setup.make_guest(wanted, kernel, "shell", interactive=True) as guest:
        guest.load(wanted.driver)
        _welcome(guest, wanted.driver)
        guest.wait()
    return 0
