# SPDX-License-Identifier: GPL-2.0
"""The command line of tools/vm."""

import os
import sys
from typing import Callable

from . import demo, execute, proc, shell
from .errors import VmError

USAGE = """\
usage: tools/vm demo            real traffic through the driver, and what it did
       tools/vm shell           an interactive guest with the driver loaded
       tools/vm exec SCRIPT     run a shell script in a guest, print what it prints

Set in the environment:
  KVER=6.1|6.12|7.2|debug       the guest's kernel (6.12)
  DRIVER=virtnet|intree         the driver (virtnet)
  MODE=mergeable|big|small      the receive buffer mode the NIC leads to (mergeable)
  PACKED=1                      packed rings rather than split ones
  QEMU=, VIRTNET_ACCEL=         another QEMU, or a fixed -accel
  VIRTNET_CACHE=                where downloads are kept (~/.cache/virtnet)
"""
COMMANDS: dict[str, Callable[[list[str]], int]] = {
    "demo": demo.main, "shell": shell.main, "exec": execute.main,
}


def main(argv: list[str]) -> int:
    """Run a command; errors with a known cause end as one message."""
    if not argv or argv[0] in ("help", "-h", "--help"):
        print(USAGE, end="")
        return 0 if argv else 2
    command = COMMANDS.get(argv[0])
    if not command:
        print(f"vm: unknown command '{argv[0]}'\n{USAGE}", end="", file=sys.stderr)
        return 2
    return guarded(lambda: command(argv[1:]))


def guarded(body: Callable[[], int]) -> int:
    """Run body so that nothing is left behind, whatever way it ends."""
    os.environ.setdefault("LC_ALL", "C.UTF-8")
    proc.end_on_signals()
    proc.sweep_leftovers()
    try:
        return body()
    except VmError as error:
        sys.stdout.flush()
        print(f"vm: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nvm: interrupted", file=sys.stderr)
        return 130
    finally:
        proc.alive.close_all()
