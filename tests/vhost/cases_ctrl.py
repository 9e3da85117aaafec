# SPDX-License-Identifier: GPL-2.0
"""The control queue: every command of the virtio 1.3 network device."""

import struct

import frontend as vu
from cases import case
from cases_rings import FORMATS, HEADER, MAC, Pair, frame
from device import Device
from frontend import bits, until
from rings import make_queue

OK, ERR = 0, 1
BASE = bits(vu.MRG_RXBUF, vu.CTRL_VQ, vu.CTRL_RX, vu.CTRL_VLAN, vu.CTRL_MAC_ADDR, vu.STATUS_F,
            20, 21)
U64 = struct.Struct("<Q")

# the verification vectors everybody publishes for this hash and this key
KEY = bytes.fromhex("6d5a56da255b0ec24167253d43a38fb0d0ca2bcbae7b30b477cb2da38030f20c"
                    "6a42b73bbeac01fa")
VECTORS = [("66.9.149.187", 2794, "161.142.100.80", 1766, 0x51CCC178, 0x323E8FC2),
           ("199.92.111.2", 14230, "65.69.140.83", 4739, 0xC626B0EA, 0xD718262A),
           ("24.19.198.95", 12898, "12.22.207.184", 38024, 0x5C2B394A, 0xD2D0A5DE)]


class Controlled(Pair):
    """A device with its control queue: three pairs when MQ or RSS is taken."""

    def __init__(self, device: Device, features: int, pairs: int = 1, size: int = 256):
        super().__init__(device, features, size)
        self.more = []
        many = features & bits(vu.MQ_F, vu.RSS)
        for index in range(2, 2 * pairs if many else 2):
            self.more.append(make_queue(self.front, index))
            self.more[-1].start()
        self.ctrl = make_queue(self.front, 2 * pairs if many else 2, 64)
        self.ctrl.start()

    def command(self, cls: int, cmd: int, data: bytes = b"", room: int = 0) -> tuple[int, bytes]:
        """The acknowledgement, and what came back after it."""
        parts: list[bytes | int] = [bytes([cls, cmd])]
        if data:
            parts.append(data)
        parts.append(1)
        if room:
            parts.append(room)
        self.ctrl.add(parts)
        self.ctrl.kick()
        reply = self.ctrl.written(*self.ctrl.wait_used())
        return reply[0], reply[1:]

    def ok(self, cls: int, cmd: int, data: bytes = b"", room: int = 0) -> bytes:
        ack, reply = self.command(cls, cmd, data, room)
        assert ack == OK, f"command {cls}.{cmd} refused"
        return reply

    def refused(self, cls: int, cmd: int, data: bytes = b"") -> None:
        assert self.command(cls, cmd, data)[0] == ERR, f"command {cls}.{cmd} accepted"


def arrives(pair: Pair, data: bytes) -> bool:
    """Send a frame to the echo device so that it returns with the addresses of @data."""
    pair.give(2000)
    pair.send(data[6:12] + data[:6] + data[12:])
    pair.tx.wait_used()
    pair.front.ask(vu.GET_FEATURES)
    used = pair.rx.get()
    if used:
        pair.rx.written(*used)
    return bool(used)


def to(mac: bytes, vlan: int | None = None) -> bytes:
    tag = struct.pack(">HH", 0x8100, vlan) if vlan is not None else b""
    return mac + b"\x02\0\0\0\0\x09" + tag + b"\x88\xb5" + bytes(50)


@case("control: receive modes and address tables filter what the guest gets")
def filters() -> None:
    uni, multi, bcast = b"\x02\0\0\0\0\x42", b"\x01\0\x5e\0\0\x01", b"\xff" * 6
    with Device("--backend", "echo") as device:
        pair = Controlled(device, BASE)
        assert arrives(pair, to(uni)), "promiscuous at first"
        pair.ok(0, 0, b"\0")
        assert arrives(pair, to(MAC)) and arrives(pair, to(bcast))
        assert not arrives(pair, to(uni)) and not arrives(pair, to(multi))
        table = struct.pack("<I", 1) + uni + struct.pack("<I", 1) + multi
        pair.ok(1, 0, table)
        assert arrives(pair, to(uni)) and arrives(pair, to(multi))
        pair.ok(1, 0, bytes(8))
        assert not arrives(pair, to(uni)) and not arrives(pair, to(multi))
        for cmd, mac in ((1, multi), (2, uni)):             # all multicast, all unicast
            pair.ok(0, cmd, b"\1")
            assert arrives(pair, to(mac))
            pair.ok(0, cmd, b"\0")
            assert not arrives(pair, to(mac))
        pair.ok(0, 5, b"\1")
        assert not arrives(pair, to(bcast))
        pair.ok(1, 1, uni)
        assert arrives(pair, to(uni)) and not arrives(pair, to(MAC))
        assert pair.front.config(0, 6) == uni
        pair.refused(1, 1, multi)
        pair.refused(1, 0, struct.pack("<I", 100) + bytes(10))
        pair.refused(1, 0, struct.pack("<I", 0xFFFFFFFF) + bytes(10))
    assert device.stats["devices"][0]["filtered"] == 8


@case("control: VLAN filter")
def vlans() -> None:
    with Device("--backend", "echo") as device:
        pair = Controlled(device, BASE)
        pair.ok(0, 0, b"\0")
        assert not arrives(pair, to(MAC, 5))
        pair.ok(2, 0, struct.pack("<H", 5))
        assert arrives(pair, to(MAC, 5)) and not arrives(pair, to(MAC, 6))
        pair.ok(2, 1, struct.pack("<H", 5))
        assert not arrives(pair, to(MAC, 5))
        pair.refused(2, 0, struct.pack("<H", 4096))
        pair.refused(2, 0, b"\1")


@case("control: announce, link and their acknowledgement")
def announce() -> None:
    script = "every 100ms announce\n"
    with Device(script=script) as device:
        pair = Controlled(device, BASE)
        channel = pair.front.open_backend_channel()
        request, flags, size = struct.unpack("<III", channel.recv(12))
        assert (request, flags & 3, size) == (2, 1, 0), "not a config change"
        assert struct.unpack("<H", pair.front.config(6, 2))[0] == 3
        pair.ok(3, 0)
        assert struct.unpack("<H", pair.front.config(6, 2))[0] == 1


@case("control: commands that are unknown, short, or of features not taken")
def unknown() -> None:
    with Device() as device:
        pair = Controlled(device, bits(vu.CTRL_VQ, vu.MRG_RXBUF))
        for cls, cmd, data in ((99, 0, b""), (0, 9, b"\1"), (0, 0, b"\1"), (1, 1, MAC),
                               (4, 0, b"\1\0"), (5, 0, bytes(8)), (8, 0, b""), (0, 0, b"")):
            pair.refused(cls, cmd, data)
        # no room for the answer, and nothing but room
        pair.ctrl.add([b"\0\0\1"])
        pair.ctrl.add([4])
        pair.ctrl.kick()
        pair.ctrl.wait_used()
        pair.ctrl.wait_used()
    assert device.stats["devices"][0]["ctrl_ok"] == 0


@case("control: guest offloads, set within what was negotiated")
def offloads() -> None:
    tso4 = 7
    with Device() as device:
        pair = Controlled(device, BASE | bits(vu.CTRL_GUEST_OFFLOADS, vu.GUEST_CSUM, tso4))
        pair.ok(5, 0, U64.pack(0))
        pair.ok(5, 0, U64.pack(bits(vu.GUEST_CSUM, tso4)))
        pair.refused(5, 0, U64.pack(bits(8)))


def udp4(source: str, sport: int, target: str, dport: int, proto: int = 6) -> bytes:
    def quad(text: str) -> bytes:
        return bytes(int(part) for part in text.split("."))
    ip = struct.pack(">BBHHHBBH", 0x45, 0, 40, 0, 0, 64, proto, 0) + quad(source) + quad(target)
    return MAC + b"\x02\0\0\0\0\x09" + b"\x08\0" + ip + struct.pack(">HH", sport, dport) + bytes(16)


def rss_config(types: int, table: list[int], key: bytes = KEY, unclassified: int = 0,
               max_tx: int = 1) -> bytes:
    return (struct.pack("<IHH", types, len(table) - 1, unclassified) +
            struct.pack(f"<{len(table)}H", *table) + struct.pack("<HB", max_tx, len(key)) + key)


@case("control: RSS hash by the published vectors, reported and used to choose queues")
def rss() -> None:
    features = BASE | bits(vu.RSS, vu.HASH_REPORT, vu.MQ_F)
    with Device("--backend", "echo", "--queues", "3") as device:
        pair = Controlled(device, features, 3)
        queues = [pair.rx, pair.more[0], pair.more[2]]
        table = [i % 3 for i in range(128)]
        for types, with_ports in ((1 | 2, True), (1, False)):
            pair.ok(4, 1, rss_config(types, table))
            for source, sport, target, dport, tcp_hash, ip_hash in VECTORS:
                data = udp4(source, sport, target, dport)
                value = tcp_hash if with_ports else ip_hash
                for queue in queues:
                    queue.add([2000])
                pair.send(data[6:12] + data[:6] + data[12:], header=bytes(20))
                queue = queues[table[value & 127]]
                got = queue.written(*queue.wait_used())
                assert struct.unpack_from("<IH", got, 12) == (value, 2 if with_ports else 1)
        pair.ok(4, 1, rss_config(1, table, unclassified=2))
        pair.send(frame(60), header=bytes(20))
        queues[2].wait_used()


@case("control: RSS and hash settings that make no sense are refused")
def rss_refused() -> None:
    with Device("--queues", "3") as device:
        pair = Controlled(device, BASE | bits(vu.RSS, vu.HASH_REPORT, vu.MQ_F), 3)
        good = [0] * 128
        for data in (rss_config(1 << 20, good), rss_config(1, [0] * 100),
                     rss_config(1, [0] * 256), rss_config(1, [3] * 128),
                     rss_config(1, good, bytes(41)), rss_config(1, good, unclassified=3),
                     rss_config(1, good, max_tx=0), rss_config(1, good, max_tx=4),
                     rss_config(1, good)[:-1], rss_config(1, good)[:100], bytes(13)):
            pair.refused(4, 1, data)
        hash_config = struct.pack("<I8xB", 3, len(KEY)) + KEY
        pair.ok(4, 2, hash_config)
        pair.refused(4, 2, hash_config[:-1])
        pair.refused(4, 2, struct.pack("<I8xB", 1 << 9, 0))
        pair.ok(4, 0, struct.pack("<H", 3))
        for count in (0, 4, 0x8000):
            pair.refused(4, 0, struct.pack("<H", count))


def held_back_a_round(features: int) -> None:
    """An interrupt that is due comes, though more than the ring was used until the decision."""
    with Device("--backend", "sink") as device:
        pair = Controlled(device, BASE | bits(vu.NOTF_COAL, vu.EVENT_IDX) | features, size=8)
        tx, chain = pair.tx, pair.tx.place([bytes(HEADER), frame(60)])

        def one() -> None:
            tx.add_chain(chain)
            tx.kick()
            tx.wait_used()
        one()
        assert tx.call_event.wait()             # from here the device knows its last one
        pair.ok(6, 0, struct.pack("<II", 1000, 200000))
        one()
        tx.expect_next()
        for _ in range(4):
            one()
        assert tx.call_event.wait(5), "no interrupt"


for _format, _bit in FORMATS.items():
    case(f"control: {_format}, interrupt held back for more than a ring", _bit)(held_back_a_round)


def starts_over(ring: int) -> None:
    """Settings end with the driver who made them, though the front end says nothing of a
    reset (QEMU's generic device and UML do not): the control queue begins anew. A guest that
    was only stopped goes on where it was."""
    other = b"\x02\0\0\0\0\x42"
    with Device("--backend", "echo") as device:
        pair = Controlled(device, BASE | ring)
        pair.ok(0, 0, b"\0")
        pair.ok(1, 1, other)
        pair.ctrl.start(pair.ctrl.stop())
        assert not arrives(pair, to(MAC)), "another address was set, and is"
        pair.ctrl.stop()
        make_queue(pair.front, 2, 64).start()
        assert arrives(pair, to(MAC)), "promiscuous, as at first"
        assert pair.front.config(0, 6) == other, "the next driver has read this before"


for _format, _bit in FORMATS.items():
    case(f"control: {_format}, a driver that starts over finds nothing set", _bit)(starts_over)


@case("control: coalescing holds interrupts back, per device and per queue")
def coalescing() -> None:
    features = BASE | bits(vu.NOTF_COAL, vu.VQ_NOTF_COAL)
    with Device("--backend", "sink") as device:
        pair = Controlled(device, features)
        pair.ok(6, 0, struct.pack("<II", 4, 300000))            # tx: 4 packets or 0.3 s
        pair.send(frame(60))
        pair.tx.wait_used()
        assert not pair.tx.call_event.wait(0.1), "not held back"
        assert pair.tx.call_event.wait(1), "never came"
        for _ in range(4):
            pair.send(frame(60))
            pair.tx.wait_used()
        assert pair.tx.call_event.wait(0.1), "four packets are enough"
        pair.ok(6, 2, struct.pack("<HHII", 1, 0, 2, 200000))
        reply = pair.ok(6, 3, struct.pack("<HH", 1, 0), room=8)
        assert struct.unpack("<II", reply) == (2, 200000)
        reply = pair.ok(6, 3, struct.pack("<HH", 0, 0), room=12)
        assert struct.unpack("<HHII", reply) == (0, 0, 0, 0)
        pair.refused(6, 2, struct.pack("<HHII", 9, 0, 2, 2))
        pair.refused(6, 3, struct.pack("<HH", 2, 0))
        pair.refused(6, 1, struct.pack("<II", 1, 0xFFFFFFFF))


@case("control: device statistics count what went through")
def statistics() -> None:
    with Device("--backend", "echo") as device:
        pair = Controlled(device, BASE | bits(vu.DEVICE_STATS))
        types = U64.unpack(pair.ok(8, 0, room=8))[0]
        assert types == 1 << 32 | 0xF << 16 | 0xF
        for size in (60, 100):
            pair.give(2000)
            pair.send(frame(size))
            pair.receive()
        ask = struct.pack("<HHHHQ", 0, 0, 0, 0, 1) + struct.pack("<HHHHQ", 1, 0, 0, 0, 1 << 16)
        reply = pair.ok(8, 1, ask, room=112)
        for offset, kind, index in ((0, 0, 0), (56, 16, 1)):
            got_kind, _, got_index, _, size = struct.unpack_from("<BBHHH", reply, offset)
            assert (got_kind, got_index, size) == (kind, index, 56)
            _, packets, total = struct.unpack_from("<QQQ", reply, offset + 8)
            assert (packets, total) == (2, 160)
        reply = pair.ok(8, 1, struct.pack("<HHHHQ", 2, 0, 0, 0, 1 << 32), room=24)
        assert struct.unpack_from("<QQ", reply, 8) == (3, 2), "commands, ok"
        pair.refused(8, 1, struct.pack("<HHHHQ", 0, 0, 0, 0, 1 << 16))
        pair.refused(8, 1, struct.pack("<HHHHQ", 77, 0, 0, 0, 1))
        assert pair.command(8, 1, ask, room=20)[0] == ERR, "no room for the reply"


@case("control: in split and packed, a thousand commands")
def many() -> None:
    for ring in (0, bits(vu.PACKED, vu.INDIRECT)):
        with Device("--quiet") as device:
            pair = Controlled(device, BASE | ring)
            for turn in range(1000):
                pair.ok(0, turn % 2, bytes([turn & 1]))
        assert device.stats["devices"][0]["ctrl_ok"] == 1000


@case("control: commands held back and acknowledged wrongly by script")
def misbehaves() -> None:
    script = "after 1 ctrl: ctrl nak\nafter 2 ctrl: ctrl ack 0x7f\nafter 3 ctrl: ctrl hold\n"
    with Device(script=script) as device:
        pair = Controlled(device, BASE)
        pair.ok(0, 1, b"\1")
        pair.refused(0, 1, b"\1")
        assert pair.command(0, 1, b"\1")[0] == 0x7F
        pair.ctrl.add([b"\0\0", b"\1", 1])
        pair.ctrl.kick()
        until("the command", lambda: device.process and pair.front.ask(vu.GET_FEATURES))
        assert pair.ctrl.get() is None, "held command came back"
        pair.ok(0, 1, b"\1")
