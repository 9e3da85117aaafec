# SPDX-License-Identifier: GPL-2.0
"""What this machine must have for guests: programs from Debian packages."""

import os
import subprocess

from . import paths
from .errors import VmError

PACKAGES = ("qemu-system-x86", "iproute2", "iperf3", "util-linux", "procps", "kmod",
            "gcc", "libc6-dev")


def prepare(*more: str) -> None:
    """Install what is missing (as root) or say what to install."""
    script = 'source "$1/tools/lib.sh"; shift; need_packages --for guests "$@"'
    argv = ["bash", "-euo", "pipefail", "-c", script, "vm", str(paths.ROOT), *PACKAGES, *more]
    if subprocess.run(argv, stdin=subprocess.DEVNULL, check=False).returncode:
        raise VmError("some packages are missing, see above")


def flag(name: str) -> bool:
    """A yes-or-no setting from the environment."""
    value = os.environ.get(name, "")
    if value not in ("", "0", "1"):
        raise VmError(f"{name} is '{value}': it is 1 or 0")
    return value == "1"
