# SPDX-License-Identifier: GPL-2.0
"""tools/vm exec: one shell script in a guest with the driver loaded."""

import sys

from . import setup
from .errors import VmError


def main(argv: list[str]) -> int:
    """Boot, load the driver, run the script, report the kernel's complaints."""
    if len(argv) != 1:
        raise VmError("usage: tools/vm exec SCRIPT")
    wanted = setup.settings()
    kernel = setup.prepared_kernel(wanted)
    with setup.make_guest(wanted, kernel, "exec") as guest:
        guest.load(wanted.driver)
        guest.up(guest.nics[0])
        answer = guest.run(argv[0], timeout=3600)
        print(answer.output, end="")
        complaint = guest.splat()
    if complaint:
        print(f"vm: the guest's kernel complained:\n{complaint}", file=sys.stderr)
    return answer.code or (1 if complaint else 0)
