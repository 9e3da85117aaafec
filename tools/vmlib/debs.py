# SPDX-License-Identifier: GPL-2.0
"""Debian packages whose files are wanted, but which are not to be installed."""

import re
from collections.abc import Iterable
from pathlib import Path

from . import proc
from .errors import CommandFailed, VmError

# The last one has libraries that programs are linked with, whatever its name.
LIBRARY = re.compile(r"^(lib[a-z0-9.+-]*[0-9][a-z0-9.]*|zlib1g|libc6|ibverbs-providers)$")


def libraries_of(packages: Iterable[str]) -> list[str]:
    """The library packages that these depend on, and those that they depend on."""
    found: set[str] = set()
    todo = list(packages)
    while todo:
        text = proc.run(["apt-cache", "depends", "--important", *todo]).stdout
        names = set(re.findall(r"^ +\|?(?:Pre)?Depends: ([^<\s]+)$", text, re.M))
        todo = sorted(name for name in names - found if LIBRARY.match(name))
        found.update(todo)
    return sorted(found)


def _download(names: list[str], where: Path) -> None:
    command = ["apt-get", "download", "-qq", "-o", "APT::Sandbox::User=root", *names]
    try:
        proc.run(command, cwd=where, timeout=600)
    except CommandFailed as failed:
        if not proc.is_root():
            raise VmError(f"{failed}\nrun 'apt-get update' as root and try again") from None
        proc.run(["apt-get", "update", "-qq"], timeout=600)
        proc.run(command, cwd=where, timeout=600)


def unpack(names: Iterable[str], root: Path) -> None:
    """Download packages and unpack them into a directory."""
    where = root.parent / (root.name + ".debs")
    where.mkdir(parents=True, exist_ok=True)
    try:
        _download(list(names), where)
        root.mkdir(parents=True, exist_ok=True)
        for deb in sorted(where.glob("*.deb")):
            proc.run(["dpkg-deb", "-x", str(deb), str(root)])
    finally:
        for deb in where.glob("*.deb"):
            deb.unlink()
        where.rmdir()
