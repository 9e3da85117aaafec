# SPDX-License-Identifier: GPL-2.0
"""Looks at frames on the host's tap, with their vnet headers, and checks checksums."""

import socket
import struct
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Iterator, Optional

from vmlib.guest import Guest
from vmlib.nic import Nic

SOL_PACKET, PACKET_VNET_HDR = 263, 15
ETH_P_ALL, ETH_P_IP, ETH_P_IPV6 = 0x0003, 0x0800, 0x86DD
PACKET_OUTGOING = 4
NEEDS_CSUM = 1
GSO_NONE, GSO_ECN = 0, 0x80
TCP, UDP = socket.IPPROTO_TCP, socket.IPPROTO_UDP
CSUM_OFFSET = {TCP: 16, UDP: 6}


def ones_sum(data: bytes) -> int:
    """The 16 bit one's complement sum that IP checksums are made of."""
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return total


def checksum(data: bytes) -> int:
    return ones_sum(data) ^ 0xffff


@dataclass(frozen=True)
class Transport:
    """Where the transport header of a frame is, and what its pseudo header holds."""

    proto: int
    start: int
    end: int
    pseudo: bytes


def find_transport(frame: bytes) -> Optional[Transport]:
    """The TCP or UDP part of a frame; None for others and for fragments."""
    kind = struct.unpack("!H", frame[12:14])[0]
    if kind == ETH_P_IP:
        return _find_ipv4(frame)
    if kind == ETH_P_IPV6:
        return _find_ipv6(frame)
    return None


def _find_ipv4(frame: bytes) -> Optional[Transport]:
    header = frame[14:34]
    fragment = struct.unpack("!H", header[6:8])[0] & 0x3fff
    start = 14 + (header[0] & 15) * 4
    end = 14 + struct.unpack("!H", header[2:4])[0]
    if fragment or header[9] not in CSUM_OFFSET:
        return None
    pseudo = header[12:20] + struct.pack("!BBH", 0, header[9], end - start)
    return Transport(header[9], start, end, pseudo)


def _find_ipv6(frame: bytes) -> Optional[Transport]:
    length, following = struct.unpack("!HB", frame[18:21])
    if following not in CSUM_OFFSET:
        return None
    pseudo = frame[22:54] + struct.pack("!IBBBB", length, 0, 0, 0, following)
    return Transport(following, 54, 54 + length, pseudo)


@dataclass
class Findings:
    """What was seen of one direction."""

    frames: int = 0
    partial: int = 0        # with a checksum left to the receiver
    complete: int = 0       # TCP and UDP with their checksum filled in
    gso: int = 0
    largest: int = 0
    problems: list[str] = field(default_factory=list)


def inspect(header: bytes, frame: bytes, findings: Findings) -> None:
    """Check one frame with its vnet header; note what is wrong with it."""
    flags, gso, _hdr_len, gso_size, start, offset = struct.unpack("<BBHHHH", header)
    findings.frames += 1
    findings.largest = max(findings.largest, len(frame))
    if gso & ~GSO_ECN:
        findings.gso += 1
        if not gso_size or not flags & NEEDS_CSUM:
            findings.problems.append(f"gso type {gso:#x} with size {gso_size}, flags {flags}")
    where = find_transport(frame)
    if not where:
        return
    if where.end > len(frame):
        findings.problems.append(f"{where.end} bytes in the IP header, {len(frame)} on the wire")
        return
    if flags & NEEDS_CSUM:
        findings.partial += 1
        frame = _completed(frame, where, start, offset, findings)
    else:
        findings.complete += 1
    _check_sum(frame, where, findings)


def _completed(frame: bytes, where: Transport, start: int, offset: int,
               findings: Findings) -> bytes:
    """Do what the receiver of a partial checksum has to do."""
    if (start, offset) != (where.start, CSUM_OFFSET[where.proto]):
        findings.problems.append(f"checksum said to be at {start}+{offset}, it is at "
                                 f"{where.start}+{CSUM_OFFSET[where.proto]}")
    at = start + offset
    value = checksum(frame[start:where.end]) or 0xffff
    return frame[:at] + struct.pack("!H", value) + frame[at + 2:]


def _check_sum(frame: bytes, where: Transport, findings: Findings) -> None:
    at = where.start + CSUM_OFFSET[where.proto]
    if where.proto == UDP and frame[at:at + 2] == b"\0\0" and frame[12:14] == b"\x08\0":
        findings.problems.append("UDP without a checksum")
    elif checksum(where.pseudo + frame[where.start:where.end]):
        findings.problems.append(f"wrong checksum in {frame[:96].hex()}")
    if frame[12:14] == b"\x08\0" and checksum(frame[14:14 + (frame[14] & 15) * 4]):
        findings.problems.append(f"wrong IP header checksum in {frame[:96].hex()}")


class Watch(threading.Thread):
    """Inspects everything that passes a tap."""

    def __init__(self, guest: Guest, nic: Nic):
        super().__init__(daemon=True)
        assert guest.ns
        self.from_guest, self.to_guest = Findings(), Findings()
        self._end = threading.Event()
        self._socket = guest.ns.call(self._open, nic.tap)

    @staticmethod
    def _open(tap: str) -> socket.socket:
        sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        sock.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 24)
        sock.bind((tap, ETH_P_ALL))
        sock.settimeout(0.1)
        return sock

    def run(self) -> None:
        while True:
            try:
                data, address = self._socket.recvfrom(70000)
            except TimeoutError:
                if self._end.is_set():
                    return
                continue
            outgoing = address[2] == PACKET_OUTGOING
            inspect(data[:10], data[10:], self.to_guest if outgoing else self.from_guest)

    def stop(self) -> None:
        """Look at what is queued still, then end."""
        self._end.set()
        self.join()
        self._socket.close()


@contextmanager
def watched(guest: Guest, nic: Nic) -> Iterator[Watch]:
    watch = Watch(guest, nic)
    watch.start()
    try:
        yield watch
    finally:
        watch.stop()


# --- frames of our own ---------------------------------------------------------

def udp_frame(source: Nic, port: int, payload: bytes, good: bool, to: str = "") -> bytes:
    """An Ethernet frame with UDP for the guest, or beyond; its checksum right or wrong."""
    src = socket.inet_aton(source.address(True))
    dst = socket.inet_aton(to or source.address(False))
    length = 8 + len(payload)
    udp = struct.pack("!HHHH", 4000, port, length, 0) + payload
    value = checksum(src + dst + struct.pack("!BBH", 0, UDP, length) + udp) or 0xffff
    value = value if good else value ^ 0x5555
    udp = udp[:6] + struct.pack("!H", value) + udp[8:]
    header = struct.pack("!BBHHHBBH", 0x45, 0, 20 + length, 1, 0, 64, UDP, 0) + src + dst
    header = header[:10] + struct.pack("!H", checksum(header)) + header[12:]
    mac = bytes.fromhex(source.mac.replace(":", ""))
    return mac + b"\x02\0\0\0\0\x01" + struct.pack("!H", ETH_P_IP) + header + udp


def inject(guest: Guest, nic: Nic, frames: list[bytes]) -> None:
    """Put frames on the wire as they are, towards the guest."""
    assert guest.ns

    def body() -> None:
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as sock:
            sock.bind((nic.tap, 0))
            for frame in frames:
                sock.send(frame)
    guest.ns.call(body)


PLAIN_TYPE = 0x88b5     # for local experiments: no protocol listens to it


@dataclass(frozen=True)
class Plain:
    """A frame for a destination, perhaps in a VLAN, that can be told from others."""

    name: str
    destination: str
    vlan: int = 0

    def bytes(self) -> bytes:
        tag = struct.pack("!HH", 0x8100, self.vlan) if self.vlan else b""
        text = f"frame:{self.name}:".encode()
        return (bytes.fromhex(self.destination.replace(":", "")) + b"\x02\0\0\0\0\x01" + tag +
                struct.pack("!H", PLAIN_TYPE) + text.ljust(64, b"."))
