# SPDX-License-Identifier: GPL-2.0
"""Programs of Debian unstable, with the libraries they bring."""

import re
from pathlib import Path

from . import paths, proc


def files(package: str, *programs: str) -> list[Path]:
    """Programs and other files of a package, by their paths, and what programs load."""
    # Before the last line it tells what it installs, if it does.
    told = proc.run([str(paths.ROOT / "tools" / "unstable"), package], timeout=900).stdout
    root = Path(told.splitlines()[-1])
    text = proc.run(["chroot", str(root), "sh", "-c", 'ldd "$@" || :', "ldd",
                     *("/" + name for name in programs)]).stdout
    libraries = sorted(set(re.findall(r"(/\S+) \(0x", text)))
    return [root / name for name in programs] + [Path(f"{root}{name}") for name in libraries]
