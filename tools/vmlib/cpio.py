# SPDX-License-Identifier: GPL-2.0
"""A writer of the cpio "newc" archives that the kernel unpacks as initramfs."""

import os
import stat
from pathlib import Path
from typing import BinaryIO


class CpioWriter:
    """Writes one archive; several archives may follow each other in one initramfs."""

    def __init__(self, out: BinaryIO):
        self._out = out
        self._inode = 0
        self._dirs: set[str] = set()

    def _entry(self, name: str, mode: int, data: bytes = b"", rdev: tuple[int, int] = (0, 0)):
        self._inode += 1
        raw = name.encode() + b"\0"
        fields = (self._inode, mode, 0, 0, 2 if stat.S_ISDIR(mode) else 1, 0,
                  len(data), 0, 0, rdev[0], rdev[1], len(raw), 0)
        header = b"070701" + b"".join(b"%08x" % field for field in fields)
        self._padded(header + raw)
        self._padded(data)

    def _padded(self, data: bytes) -> None:
        self._out.write(data + b"\0" * (-len(data) % 4))

    def directory(self, name: str) -> None:
        """Add a directory and those above it, once."""
        name = name.strip("/")
        if not name or name in self._dirs:
            return
        self.directory(os.path.dirname(name))
        self._dirs.add(name)
        self._entry(name, stat.S_IFDIR | 0o755)

    def data(self, name: str, content: bytes, mode: int = 0o644) -> None:
        self.directory(os.path.dirname(name))
        self._entry(name.strip("/"), stat.S_IFREG | mode, content)

    def file(self, name: str, source: Path) -> None:
        mode = 0o755 if os.access(source, os.X_OK) else 0o644
        self.data(name, source.read_bytes(), mode)

    def symlink(self, name: str, target: str) -> None:
        self.directory(os.path.dirname(name))
        self._entry(name.strip("/"), stat.S_IFLNK | 0o777, target.encode())

    def device(self, name: str, major: int, minor: int) -> None:
        self.directory(os.path.dirname(name))
        self._entry(name.strip("/"), stat.S_IFCHR | 0o600, rdev=(major, minor))

    def close(self) -> None:
        self._entry("TRAILER!!!", 0)
