# SPDX-License-Identifier: GPL-2.0
"""A vhost-user front end small enough to misuse: messages, memory, eventfds."""

import array
import mmap
import os
import select
import socket
import struct
import time

(GET_FEATURES, SET_FEATURES, SET_OWNER, RESET_OWNER, SET_MEM_TABLE, SET_LOG_BASE, SET_LOG_FD,
 SET_VRING_NUM, SET_VRING_ADDR, SET_VRING_BASE, GET_VRING_BASE, SET_VRING_KICK, SET_VRING_CALL,
 SET_VRING_ERR, GET_PROTOCOL_FEATURES, SET_PROTOCOL_FEATURES, GET_QUEUE_NUM, SET_VRING_ENABLE,
 SEND_RARP, NET_SET_MTU, SET_BACKEND_REQ_FD, IOTLB_MSG, SET_VRING_ENDIAN, GET_CONFIG,
 SET_CONFIG) = range(1, 26)
GET_INFLIGHT_FD, SET_INFLIGHT_FD = 31, 32
RESET_DEVICE, VRING_KICK, GET_MAX_MEM_SLOTS, ADD_MEM_REG, REM_MEM_REG, SET_STATUS, \
    GET_STATUS = range(34, 41)

MQ, LOG_SHMFD, RARP, REPLY_ACK, MTU, BACKEND_REQ = range(6)
CONFIG, INFLIGHT_SHMFD, RESET, INBAND, MEM_SLOTS, STATUS = 9, 12, 13, 14, 15, 16

LOG_ALL, PROTOCOL_FEATURES = 26, 30
INDIRECT, EVENT_IDX, VERSION_1, PACKED, IN_ORDER = 28, 29, 32, 34, 35
GUEST_CSUM, MRG_RXBUF, STATUS_F, CTRL_VQ, MQ_F = 1, 15, 16, 17, 22
CTRL_RX, CTRL_VLAN, CTRL_MAC_ADDR, DEVICE_STATS = 18, 19, 23, 50
VQ_NOTF_COAL, NOTF_COAL, HASH_REPORT, RSS, CTRL_GUEST_OFFLOADS = 52, 53, 57, 60, 2

NEED_REPLY, REPLY = 8, 4
TIMEOUT = 10


class Closed(Exception):
    """The device ended the connection."""


def bits(*numbers: int) -> int:
    return sum(1 << n for n in set(numbers))


class Memory:
    """Guest memory: one memory file, one region, a bump allocator."""

    GPA, UVA = 0x100000, 0x7F0000000000

    def __init__(self, size: int = 16 << 20):
        self.size, self.next = size, 4096
        self.fd = os.memfd_create("guest")
        os.ftruncate(self.fd, size)
        self.map: mmap.mmap | None = mmap.mmap(self.fd, size)

    def alloc(self, size: int, align: int = 64) -> int:
        """An offset into the memory; add GPA or UVA for an address."""
        at = (self.next + align - 1) // align * align
        self.next = at + size
        assert self.next <= self.size, "test memory is full"
        return at

    def read(self, at: int, size: int) -> bytes:
        return self.map[at:at + size]

    def write(self, at: int, data: bytes) -> None:
        self.map[at:at + len(data)] = data

    def u16(self, at: int) -> int:
        return struct.unpack_from("<H", self.map, at)[0]

    def put16(self, at: int, value: int) -> None:
        # not pack_into(), which writes zeros first, for the device to see
        self.map[at:at + 2] = (value & 0xFFFF).to_bytes(2, "little")

    def region(self) -> bytes:
        return struct.pack("<QQQQ", self.GPA, self.size, self.UVA, 0)

    def close(self) -> None:
        if self.map:
            self.map.close()
            os.close(self.fd)
        self.map = None


class FrontEnd:
    """One connection to a device."""

    def __init__(self, path: str, memory: Memory | None = None):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(TIMEOUT)
        self.sock.connect(path)
        self.memory = memory or Memory()
        self.features = self.pfeatures = 0
        self.backend: socket.socket | None = None
        self.queues: list = []

    # --- messages -----------------------------------------------------------

    def raw(self, data: bytes, fds: tuple[int, ...] = ()) -> None:
        control = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))] if fds else []
        try:
            self.sock.sendmsg([data], control)
        except (BrokenPipeError, ConnectionResetError):
            raise Closed from None

    def send(self, request: int, payload: bytes = b"", fds: tuple[int, ...] = (),
             flags: int = 1) -> None:
        self.raw(struct.pack("<III", request, flags, len(payload)) + payload, fds)

    def receive(self) -> tuple[int, bytes, list[int]]:
        """A reply: request, payload, descriptors."""
        fds: list[int] = []
        head = self._read(12, fds)
        request, flags, size = struct.unpack("<III", head)
        assert flags == 1 | REPLY, f"reply flags {flags:#x}"
        return request, self._read(size, fds), fds

    def _read(self, size: int, fds: list[int]) -> bytes:
        data = b""
        while len(data) < size:
            try:
                part, control, _, _ = self.sock.recvmsg(size - len(data),
                                                        socket.CMSG_SPACE(32))
            except ConnectionResetError:
                raise Closed from None
            if not part:
                raise Closed
            for _, _, raw in control:
                got = array.array("i")
                got.frombytes(raw[:len(raw) // 4 * 4])
                fds += got
            data += part
        return data

    def ask(self, request: int, payload: bytes = b"") -> bytes:
        self.send(request, payload)
        answered, data, _ = self.receive()
        assert answered == request, f"asked {request}, answered {answered}"
        return data

    def ask_u64(self, request: int, payload: bytes = b"") -> int:
        return struct.unpack("<Q", self.ask(request, payload))[0]

    def ack(self, request: int, payload: bytes = b"", fds: tuple[int, ...] = ()) -> int:
        """Send, have it acknowledged: 0 or an error."""
        self.send(request, payload, fds, 1 | NEED_REPLY)
        return struct.unpack("<Q", self.receive()[1])[0]

    def must(self, request: int, payload: bytes = b"", fds: tuple[int, ...] = ()) -> None:
        status = self.ack(request, payload, fds)
        assert status == 0, f"request {request} was refused"

    # --- set-up -------------------------------------------------------------

    def negotiate(self, features: int, without: int = 0) -> None:
        """Take all protocol features, and @features; hand over memory."""
        self.send(SET_OWNER)
        self.features = features | bits(PROTOCOL_FEATURES)
        offered = self.ask_u64(GET_FEATURES)
        assert not self.features & ~offered, f"not offered: {self.features & ~offered:#x}"
        self.pfeatures = self.ask_u64(GET_PROTOCOL_FEATURES) & ~without
        self.send(SET_PROTOCOL_FEATURES, struct.pack("<Q", self.pfeatures))
        self.must(SET_FEATURES, struct.pack("<Q", self.features))
        self.give_memory()

    def give_memory(self) -> None:
        self.must(SET_MEM_TABLE, struct.pack("<II", 1, 0) + self.memory.region(),
                  (self.memory.fd,))

    def open_backend_channel(self) -> socket.socket:
        ours, theirs = socket.socketpair(socket.AF_UNIX)
        ours.settimeout(TIMEOUT)
        self.must(SET_BACKEND_REQ_FD, b"", (theirs.fileno(),))
        theirs.close()
        self.backend = ours
        return ours

    def config(self, offset: int, size: int) -> bytes:
        data = self.ask(GET_CONFIG, struct.pack("<III", offset, size, 0) + bytes(size))
        return data[12:]

    def is_closed(self) -> bool:
        """Has the device hung up? Waits a moment for it."""
        try:
            return self.sock.recv(1) == b""
        except (ConnectionResetError, BrokenPipeError):
            return True
        except TimeoutError:
            return False

    def close(self) -> None:
        while self.queues:
            self.queues[0].close()
        self.sock.close()
        if self.backend:
            self.backend.close()


class Event:
    """An eventfd."""

    def __init__(self) -> None:
        self.fd = os.eventfd(0, os.EFD_NONBLOCK)

    def signal(self) -> None:
        os.eventfd_write(self.fd, 1)

    def wait(self, seconds: float = TIMEOUT) -> int:
        """How often it was signalled; 0 after @seconds without."""
        poll = select.poll()
        poll.register(self.fd, select.POLLIN)
        if not poll.poll(seconds * 1000):
            return 0
        return os.eventfd_read(self.fd)

    def close(self) -> None:
        os.close(self.fd)


def until(what: str, test, seconds: float = TIMEOUT) -> None:
    end = time.monotonic() + seconds
    while not test():
        assert time.monotonic() < end, f"{what}: not within {seconds} s"
        time.sleep(0.005)
