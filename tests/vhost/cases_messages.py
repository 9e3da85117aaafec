# SPDX-License-Identifier: GPL-2.0
"""Messages: right ones are answered, wrong ones refused, and nothing crashes."""

import os
import random
import socket
import struct
import time

import frontend as vu
from cases import case
from device import Device
from frontend import Closed, FrontEnd, Memory, bits, until

U64 = struct.Struct("<Q")
STATE = struct.Struct("<II")
BASIC = bits(vu.VERSION_1, vu.MRG_RXBUF)


def ready(device: Device, features: int = BASIC) -> FrontEnd:
    front = device.connect()
    front.negotiate(features)
    return front


def still_serves(device: Device) -> None:
    """A fresh front end gets an answer."""
    assert not device.dead(), device.text()[-2000:]
    front = None
    end = time.monotonic() + 5
    while True:
        try:
            front = device.connect()
            assert front.ask_u64(vu.GET_FEATURES) & 1 << vu.VERSION_1
            front.close()
            return
        except (Closed, OSError):
            assert time.monotonic() < end, "no longer answers"
            time.sleep(0.02)


@case("messages: every request that has an answer is answered")
def answers() -> None:
    with Device("--queues", "3", "--mtu", "1400") as device:
        front = ready(device)
        assert front.ask_u64(vu.GET_QUEUE_NUM) == 3
        assert front.ask_u64(vu.GET_MAX_MEM_SLOTS) >= 32
        config = front.config(0, 24)
        mac, status, pairs, mtu = struct.unpack_from("<6sHHH", config)
        assert mac == bytes.fromhex("52540076 6e00".replace(" ", "")), mac.hex()
        assert (status, pairs, mtu) == (1, 3, 1400)
        front.must(vu.SET_STATUS, U64.pack(0xF))
        assert front.ask_u64(vu.GET_STATUS) == 0xF
        front.must(vu.NET_SET_MTU, U64.pack(9000))
        assert struct.unpack("<H", front.config(10, 2))[0] == 9000
        base = front.ask(vu.GET_VRING_BASE, STATE.pack(1, 0))
        assert STATE.unpack(base) == (1, 0)
        front.must(vu.RESET_DEVICE)
        assert front.ask_u64(vu.GET_STATUS) == 0
        front.must(vu.RESET_OWNER)


@case("messages: config space reads are bounded")
def config_bounds() -> None:
    with Device() as device:
        front = ready(device)
        assert len(front.config(0, 256)) == 256
        for offset, size, sent in ((257, 1, 1), (0, 256, 10), (0xFFFFFFFF, 2, 2), (0, 0, 4),
                                   (200, 100, 100)):
            front.send(vu.GET_CONFIG, struct.pack("<III", offset, size, 0) + bytes(sent))
            assert front.receive()[1] == b"", f"config {offset}+{size} was given"
        assert front.ack(vu.SET_CONFIG, struct.pack("<III", 6, 2, 0) + b"xx") != 0
        front.must(vu.SET_CONFIG, struct.pack("<III", 0, 6, 0) + b"\x02abcde")
        assert front.config(0, 6) == b"\x02abcde"


@case("messages: refused with an error, connection kept")
def refused() -> None:
    wrong: list[tuple[str, int, bytes]] = [
        ("unknown request", 999, b""),
        ("request 0", 0, b""),
        ("features never offered", vu.SET_FEATURES, U64.pack(1 << 41)),
        ("protocol features never offered", vu.SET_PROTOCOL_FEATURES, U64.pack(1 << 60)),
        ("features too short", vu.SET_FEATURES, b"abc"),
        ("features too long", vu.SET_FEATURES, bytes(9)),
        ("queue out of range", vu.SET_VRING_NUM, STATE.pack(200, 256)),
        ("queue size 0", vu.SET_VRING_NUM, STATE.pack(0, 0)),
        ("queue size 65536", vu.SET_VRING_NUM, STATE.pack(0, 65536)),
        ("kick without descriptor", vu.SET_VRING_KICK, U64.pack(0)),
        ("call of queue 77", vu.SET_VRING_CALL, U64.pack(77 | 1 << 8)),
        ("enable with 2", vu.SET_VRING_ENABLE, STATE.pack(0, 2)),
        ("address too short", vu.SET_VRING_ADDR, bytes(39)),
        ("memory table without descriptors", vu.SET_MEM_TABLE,
         STATE.pack(1, 0) + Memory(4096).region()),
        ("memory table of 9 regions", vu.SET_MEM_TABLE, STATE.pack(9, 0) + bytes(9 * 32)),
        ("memory table of 2^32 - 1", vu.SET_MEM_TABLE, STATE.pack(0xFFFFFFFF, 0)),
        ("memory table cut short", vu.SET_MEM_TABLE, STATE.pack(2, 0) + bytes(32)),
        ("add region without descriptor", vu.ADD_MEM_REG, bytes(8) + Memory(4096).region()),
        ("remove region that is not there", vu.REM_MEM_REG, bytes(40)),
        ("MTU 67", vu.NET_SET_MTU, U64.pack(67)),
        ("MTU 2^40", vu.NET_SET_MTU, U64.pack(1 << 40)),
        ("status 2^32", vu.SET_STATUS, U64.pack(1 << 32)),
        ("IOTLB", vu.IOTLB_MSG, bytes(32)),
        ("in-band kick, not negotiated", vu.VRING_KICK, STATE.pack(0, 0)),
        ("log descriptor without one", vu.SET_LOG_FD, b""),
        ("RARP too short", vu.SEND_RARP, b"1234567"),
    ]
    with Device() as device:
        front = ready(device)
        for what, request, payload in wrong:
            assert front.ack(request, payload) != 0, f"{what} was accepted"
        assert front.ask_u64(vu.GET_FEATURES), "gone after refusing"
    refused_count = device.stats["devices"][0]["bad_messages"]
    assert refused_count == len(wrong), f"{refused_count} counted of {len(wrong)}"


@case("messages: memory regions that cannot be mapped are refused")
def bad_regions() -> None:
    memory = Memory(1 << 20)
    pipe = os.pipe()
    full = (1 << 64) - 1
    wrong = [
        ("beyond the file", (0, 2 << 20, 0, 0), memory.fd),
        ("offset beyond the file", (0, 4096, 0, 1 << 30), memory.fd),
        ("size 0", (0, 0, 0, 0), memory.fd),
        ("gpa wraps", (full - 100, 4096, 0, 0), memory.fd),
        ("uva wraps", (0, 4096, full - 100, 0), memory.fd),
        ("offset wraps", (0, 4096, 0, full - 100), memory.fd),
        ("a pipe", (0, 4096, 0, 0), pipe[0]),
    ]
    with Device() as device:
        front = ready(device)
        for what, region, fd in wrong:
            payload = STATE.pack(1, 0) + struct.pack("<QQQQ", *region)
            assert front.ack(vu.SET_MEM_TABLE, payload, (fd,)) != 0, f"{what} was accepted"
        part = struct.pack("<QQQQ", Memory.GPA + 4096, 4096, 1 << 20, 0)
        twice = STATE.pack(2, 0) + memory.region() + part
        assert front.ack(vu.SET_MEM_TABLE, twice, (memory.fd, memory.fd)) != 0, "overlap"
        front.give_memory()
    for fd in pipe:
        os.close(fd)
    memory.close()


@case("messages: regions come and go one by one")
def single_regions() -> None:
    with Device() as device:
        front = device.connect()
        front.negotiate(BASIC)
        extra = Memory(1 << 20)
        far = struct.pack("<QQQQ", 1 << 40, 1 << 20, 1 << 41, 0)
        front.must(vu.ADD_MEM_REG, bytes(8) + far, (extra.fd,))
        front.must(vu.ADD_MEM_REG, bytes(8) + far, (extra.fd,))     # as QEMU does, for each pair
        other = struct.pack("<QQQQ", (1 << 40) + 4096, 4096, 1 << 42, 0)
        assert front.ack(vu.ADD_MEM_REG, bytes(8) + other, (extra.fd,)) != 0, "overlap"
        front.must(vu.REM_MEM_REG, bytes(8) + far)
        front.must(vu.REM_MEM_REG, bytes(8) + far)
        assert front.ack(vu.REM_MEM_REG, bytes(8) + far) != 0, "removed too often"
        extra.close()


@case("messages: what cannot be followed ends the connection, not the device")
def ends_connection() -> None:
    wrong = {
        "version 0": struct.pack("<III", 1, 0, 0),
        "version 2": struct.pack("<III", 1, 2, 0),
        "a reply": struct.pack("<III", 1, 5, 0),
        "payload of 4 GiB": struct.pack("<III", 2, 1, 0xFFFFFFFF),
        "payload of 5000": struct.pack("<III", 2, 1, 5000),
        "base of queue 99": struct.pack("<III", 11, 1, 8) + STATE.pack(99, 0),
        "text": b"GET / HTTP/1.1\r\n\r\n",
    }
    with Device() as device:
        for what, data in wrong.items():
            front = device.connect()
            front.raw(data)
            assert front.is_closed(), f"{what}: connection stays"
            front.close()
        still_serves(device)


@case("messages: cut short at every byte")
def truncated() -> None:
    whole = struct.pack("<III", vu.SET_MEM_TABLE, 1, 40) + STATE.pack(1, 0) + bytes(32)
    with Device() as device:
        for length in range(1, len(whole)):
            front = device.connect()
            front.raw(whole[:length])
            front.close()
            until("the connection to end", lambda n=length: device.text().count(
                "disconnected") == n)
        still_serves(device)


@case("messages: byte by byte, and many in one write")
def pieces() -> None:
    with Device() as device:
        front = device.connect()
        for byte in struct.pack("<III", vu.GET_FEATURES, 1, 0):
            front.raw(bytes([byte]))
            time.sleep(0.001)
        assert front.receive()[0] == vu.GET_FEATURES
        front.raw(struct.pack("<III", vu.GET_FEATURES, 1, 0) * 100)
        for _ in range(100):
            assert front.receive()[0] == vu.GET_FEATURES


@case("messages: descriptors too many, or where none belong")
def descriptors() -> None:
    with Device() as device:
        front = ready(device)
        spare = [os.open("/dev/null", os.O_RDONLY) for _ in range(30)]
        assert front.ack(vu.SET_FEATURES, U64.pack(front.features), tuple(spare[:1])) != 0
        assert front.ack(vu.SET_VRING_CALL, U64.pack(0), tuple(spare[:2])) != 0
        assert front.ack(vu.SET_MEM_TABLE, STATE.pack(1, 0) + front.memory.region(),
                         tuple(spare)) != 0
        # not something epoll can wait for
        file = os.open("/etc/hostname", os.O_RDONLY)
        assert front.ack(vu.SET_VRING_KICK, U64.pack(0), (file,)) != 0
        for fd in [*spare, file]:
            os.close(fd)
        assert device.process
        fds = len(os.listdir(f"/proc/{device.process.pid}/fd"))
        assert fds < 25, f"the device holds {fds} descriptors"


@case("messages: in an order nobody sends them")
def out_of_order() -> None:
    memory = Memory(1 << 20)
    addr = struct.pack("<IIQQQQ", 0, 0, memory.UVA, memory.UVA + 8192, memory.UVA + 4096, 0)
    requests: list[tuple[int, bytes, tuple[int, ...]]] = [
        (vu.SET_VRING_ENABLE, STATE.pack(0, 1), ()),
        (vu.SET_VRING_ADDR, addr, ()),
        (vu.SET_VRING_KICK, U64.pack(0), (os.eventfd(0),)),
        (vu.SET_VRING_NUM, STATE.pack(0, 64), ()),
        (vu.SET_VRING_BASE, STATE.pack(0, 0x12345678), ()),
        (vu.SET_MEM_TABLE, STATE.pack(1, 0) + memory.region(), (memory.fd,)),
        (vu.SET_FEATURES, U64.pack(bits(vu.VERSION_1, vu.PACKED)), ()),
        (vu.SET_FEATURES, U64.pack(bits(vu.VERSION_1)), ()),
        (vu.SET_PROTOCOL_FEATURES, U64.pack(0), ()),
        (vu.SET_VRING_CALL, U64.pack(0), (os.eventfd(0),)),
        (vu.RESET_DEVICE, b"", ()), (vu.RESET_OWNER, b"", ()),
        (vu.SET_MEM_TABLE, STATE.pack(0, 0), ()),
    ]
    order = random.Random(1)
    with Device() as device:
        for _ in range(150):
            front = device.connect()
            order.shuffle(requests)
            try:
                for request, payload, fds in requests:
                    front.send(request, payload, fds)
                front.ask(vu.GET_FEATURES)
            except Closed:
                pass
            front.close()
            while device.text().count("front end connected") != \
                    device.text().count("disconnected"):
                time.sleep(0.002)
        still_serves(device)
    for _, _, fds in requests:
        for fd in fds:
            if fd != memory.fd:
                os.close(fd)
    memory.close()


def random_message(rng: random.Random, fds: list[int]) -> tuple[bytes, tuple[int, ...]]:
    request = rng.choice([rng.randrange(0, 45), rng.randrange(1 << 32), rng.randrange(1, 19)])
    flags = rng.choice([1, 9, 1, 1, 9, 9, 1, rng.randrange(1 << 32)])
    size = rng.choice([0, 8, 8, 8, 40, 40, 12, 20, 24, rng.randrange(300)])
    kind = rng.randrange(3)
    if kind == 0:
        payload = rng.randbytes(size)
    elif kind == 1:
        payload = bytes(size)
    else:
        words = [rng.choice([0, 1, 2, 3, 255, 256, 0xFFFFFFFF, 4096, 1 << 31])
                 for _ in range(size // 4)]
        payload = struct.pack(f"<{len(words)}I", *words).ljust(size, b"\0")
    attached = tuple(rng.choice(fds) for _ in range(rng.choice([0, 0, 0, 1, 1, 2, 8])))
    return struct.pack("<III", request, flags, len(payload)) + payload, attached


def fuzz(front: FrontEnd, rng: random.Random, fds: list[int]) -> None:
    front.sock.setblocking(False)
    try:
        if rng.random() < 0.7:
            front.sock.setblocking(True)
            front.negotiate(BASIC | (bits(vu.PACKED) if rng.random() < 0.5 else 0))
            front.sock.setblocking(False)
        for _ in range(rng.randrange(1, 40)):
            data, attached = random_message(rng, fds)
            front.raw(data, attached)
            try:
                front.sock.recv(65536)
            except BlockingIOError:
                pass
    except (Closed, ConnectionError, BlockingIOError):
        pass


def connect_again(device: Device) -> FrontEnd:
    """The device may still have the last front end's messages to read."""
    fronts: list[FrontEnd] = []

    def one() -> bool:
        try:
            front = device.connect()
            front.ask(vu.GET_FEATURES)
            fronts.append(front)
        except (BlockingIOError, Closed):
            assert not device.dead(), device.text()[-3000:]
        return bool(fronts)
    until("the device to take connections", one)
    return fronts[0]


@case("messages: 600 connections of random messages, seeds 1 to 600")
def random_messages() -> None:
    memory = Memory(1 << 20)
    other = socket.socketpair()
    fds = [memory.fd, os.eventfd(0, os.EFD_NONBLOCK), os.open("/dev/null", os.O_RDWR),
           other[0].fileno()]
    with Device("--quiet") as device:
        for seed in range(1, 601):
            front = connect_again(device)
            try:
                fuzz(front, random.Random(seed), fds)
            except (TimeoutError, AssertionError) as error:
                raise AssertionError(f"seed {seed}: {error}") from None
            front.close()
            device.fronts.clear()
            front.memory.close()
            if seed % 50 == 0:
                still_serves(device)
    for fd in fds[1:3]:
        os.close(fd)
    memory.close()
