# SPDX-License-Identifier: GPL-2.0
"""Generic netlink with a guest's kernel: its netdev family, queue by queue.

The guest has no program that knows the family. Requests are made and answers read
here; a socket program in the guest carries the bytes.
"""

import struct
from typing import Iterator, Optional

from .errors import VmError
from .guest import Guest

CTRL, GET_FAMILY, FAMILY_ID, FAMILY_NAME = 16, 3, 1, 2
REQUEST, DUMP = 0x1, 0x300
ERROR, DONE = 2, 3
ENOENT = 2
# Commands of the netdev family, and attributes of their answers (linux/netdev.h).
DEV_GET, QUEUE_GET, NAPI_GET, QSTATS_GET = 1, 10, 11, 12
# The attribute that names the interface has another number in each of them.
IFINDEX = {DEV_GET: 1, QUEUE_GET: 2, NAPI_GET: 1, QSTATS_GET: 1}
DEVICE = {"xdp_features": 3, "zc_max_segs": 4, "rx_metadata": 5}
QUEUE = {"id": 1, "type": 3, "napi": 4}
NAPI = {"id": 2, "irq": 3}
QSTATS = {"type": 2, "id": 3, "rx_packets": 8, "rx_bytes": 9, "tx_packets": 10, "tx_bytes": 11,
          "rx_alloc_fail": 12, "tx_stop": 33, "tx_wake": 34}
SCOPE, SCOPE_QUEUE = 4, 1
SIDES = ("rx", "tx")

# socket(AF_NETLINK, SOCK_RAW, NETLINK_GENERIC) to the kernel; it has answered all long before.
CARRY = ("printf '%b' '{}' | socat -t 1 -b 65536 - SOCKET-DATAGRAM:16:3:16:x{} | "
         "hexdump -v -e '1/1 \"%02x\"'")
TO_KERNEL = "00" * 10


def _attribute(kind: int, value: bytes) -> bytes:
    size = 4 + len(value)
    return struct.pack("<HH", size, kind) + value + bytes(-size % 4)


def _message(family: int, flags: int, command: int, attributes: bytes) -> bytes:
    body = struct.pack("<BBH", command, 1, 0) + attributes
    return struct.pack("<IHHII", 16 + len(body), family, flags, 1, 0) + body


def _pieces(data: bytes, header: str) -> Iterator[tuple[int, bytes]]:
    """Type and content of what follows one another, each with its length in front."""
    at, size = 0, struct.calcsize(header)
    while at + size <= len(data):
        length, kind = struct.unpack_from(header, data, at)[:2]
        if length < size:
            raise VmError(f"netlink: a length of {length}")
        yield kind, data[at + size:at + length]
        at += length + -length % 4


def _ask(guest: Guest, message: bytes) -> list[dict[int, bytes]]:
    """The attributes of each answer; the error of a request that is refused is in key -1."""
    octal = "".join(f"\\0{byte:03o}" for byte in message)
    data = bytes.fromhex(guest.sh(CARRY.format(octal, TO_KERNEL)))
    found = []
    for kind, body in _pieces(data, "<IHHII"):
        if kind == ERROR:
            found.append({-1: body[:4]})
        elif kind != DONE:
            found.append(dict(_pieces(body[4:], "<HH")))
    return found


def family(guest: Guest) -> Optional[int]:
    """The number of the netdev family; None on a kernel without."""
    answer, = _ask(guest, _message(CTRL, REQUEST, GET_FAMILY,
                                   _attribute(FAMILY_NAME, b"netdev\0")))
    if -1 not in answer:
        return int.from_bytes(answer[FAMILY_ID], "little")
    error, = struct.unpack("<i", answer[-1])
    if error != -ENOENT:
        raise VmError(f"netlink: error {error}")
    return None


def _told(guest: Guest, request: bytes, command: int, names: dict[str, int]
          ) -> list[dict[str, int]]:
    """Answers to a request, by names, as far as there is something in them."""
    found = []
    for answer in _ask(guest, request):
        if -1 in answer:
            raise VmError(f"netlink: command {command}: error "
                          f"{struct.unpack('<i', answer[-1])[0]}")
        found.append({name: int.from_bytes(answer[kind], "little")
                      for name, kind in names.items() if kind in answer})
    return found


def _index(guest: Guest, command: int, interface: str) -> bytes:
    index = int(guest.sh(f"cat /sys/class/net/{interface}/ifindex"))
    return _attribute(IFINDEX[command], struct.pack("<I", index))


def dump(guest: Guest, number: int, command: int, interface: str, names: dict[str, int],
         more: bytes = b"") -> list[dict[str, int]]:
    """Everything a command tells of one interface."""
    attributes = _index(guest, command, interface) + more
    return _told(guest, _message(number, REQUEST | DUMP, command, attributes), command, names)


def device(guest: Guest, number: int, interface: str) -> dict[str, int]:
    """What is told of the interface itself, of which there is no dump of one."""
    request = _message(number, REQUEST, DEV_GET, _index(guest, DEV_GET, interface))
    found, = _told(guest, request, DEV_GET, DEVICE)
    return found


def queue_statistics(guest: Guest, number: int, interface: str) -> dict[str, int]:
    """Names as in ethtool -S, rx0_packets, and their values."""
    scope = _attribute(SCOPE, struct.pack("<I", SCOPE_QUEUE))
    found = {}
    for queue in dump(guest, number, QSTATS_GET, interface, QSTATS, scope):
        side = SIDES[queue["type"]]
        for name, value in queue.items():
            if name.startswith(side + "_"):
                found[f"{side}{queue['id']}_{name.removeprefix(side + '_')}"] = value
    return found


def interrupts(guest: Guest, number: int, interface: str) -> dict[str, Optional[int]]:
    """The interrupt of each queue that has a NAPI, where the kernel tells it."""
    napis = {napi["id"]: napi.get("irq")
             for napi in dump(guest, number, NAPI_GET, interface, NAPI)}
    return {f"{SIDES[queue['type']]}{queue['id']}": napis.get(queue["napi"])
            for queue in dump(guest, number, QUEUE_GET, interface, QUEUE) if "napi" in queue}
