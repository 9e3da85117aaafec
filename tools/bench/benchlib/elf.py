# SPDX-License-Identifier: GPL-2.0
"""Functions of a relocatable ELF file (a kernel module), by section and offset."""

import struct
from typing import Iterator

SHT_SYMTAB = 2
STT_NOTYPE, STT_FUNC = 0, 2


def _name(strings: bytes, at: int) -> str:
    return strings[at:strings.index(b"\0", at)].decode()


def _sections(data: bytes) -> list[tuple]:
    shoff, = struct.unpack_from("<Q", data, 0x28)
    size, count, _ = struct.unpack_from("<HHH", data, 0x3a)
    return [struct.unpack_from("<IIQQQQIIQQ", data, shoff + i * size) for i in range(count)]


def functions(data: bytes) -> Iterator[tuple[str, int, str, int]]:
    """Yield (section, offset, name, size) of each function."""
    if data[:6] != b"\x7fELF\x02\x01":
        raise ValueError("not a 64-bit little-endian ELF file")
    sections = _sections(data)
    index, = struct.unpack_from("<H", data, 0x3e)
    start, size = sections[index][4:6]
    names = data[start:start + size]
    for section in sections:
        if section[1] != SHT_SYMTAB:
            continue
        start, size = sections[section[6]][4:6]
        strings = data[start:start + size]
        for at in range(section[4], section[4] + section[5], 24):
            name, info, _, where, value, length = struct.unpack_from("<IBBHQQ", data, at)
            if info & 15 == STT_FUNC and 0 < where < len(sections):
                yield (_name(names, sections[where][0]), value, _name(strings, name), length)
