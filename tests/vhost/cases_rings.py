# SPDX-License-Identifier: GPL-2.0
"""Rings: both formats, every feature, and rings that make no sense."""

import os
import random
import struct
import tempfile
from pathlib import Path

import frontend as vu
from cases import case
from device import Device
from frontend import FrontEnd, Memory, bits, until
from rings import INDIRECT_F, NEXT, WRITE, Queue, make_queue

HEADER = 12
MAC = bytes.fromhex("52540076 6e00".replace(" ", ""))
OTHER = b"\x02\0\0\0\0\x01"
STATE = struct.Struct("<II")
FORMATS = {"split": 0, "packed": bits(vu.PACKED)}


def frame(size: int, rng: random.Random | None = None) -> bytes:
    body = rng.randbytes(size - 14) if rng else bytes(size - 14)
    return OTHER + MAC + b"\x88\xb5" + body


def write_pcap(path: Path, frames: list[bytes]) -> None:
    records = b"".join(struct.pack("<IIII", i, 0, len(f), len(f)) + f
                       for i, f in enumerate(frames))
    path.write_bytes(struct.pack("<IHHIIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1) + records)


def echoed(data: bytes) -> bytes:
    """What the echo back end makes of a frame."""
    return data[6:12] + data[:6] + data[12:]


class Pair:
    """A receive and a transmit queue, started."""

    def __init__(self, device: Device, features: int, size: int = 256,
                 memory: Memory | None = None, index: int = 0):
        self.front: FrontEnd = device.connect(index, memory)
        self.front.negotiate(features | bits(vu.VERSION_1))
        self.rx, self.tx = (make_queue(self.front, i, size) for i in range(2))
        self.rx.start()
        self.tx.start()

    def give(self, *parts: int, indirect: bool = False) -> None:
        self.rx.add(list(parts), indirect)

    def send(self, data: bytes, cut: list[int] | None = None, indirect: bool = False,
             header: bytes = bytes(HEADER)) -> int:
        """Send a frame in pieces cut at the given places of header and frame."""
        whole = header + data
        places = [0, *(cut or []), len(whole)]
        parts = [whole[a:b] for a, b in zip(places, places[1:]) if a < b]
        ident = self.tx.add(list(parts), indirect)
        self.tx.kick()
        return ident

    def receive(self) -> tuple[bytes, bytes]:
        """One packet, from as many buffers as its header says."""
        first = self.rx.written(*self.rx.wait_used())
        count = struct.unpack_from("<H", first, 10)[0]
        rest = b"".join(self.rx.written(*self.rx.wait_used()) for _ in range(count - 1))
        return first[:HEADER], first[HEADER:] + rest


def traffic(features: int, rounds: int = 300) -> None:
    """Frames of random sizes in random pieces come back as they went."""
    rng = random.Random(features)
    mergeable = features & bits(vu.MRG_RXBUF)
    with Device("--backend", "echo") as device:
        pair = Pair(device, features, 256, Memory(64 << 20))
        indirect = bool(features & bits(vu.INDIRECT))
        for turn in range(rounds):
            data = frame(rng.choice([14, 60, 61, 1514, 9000, rng.randrange(14, 30000)]), rng)
            room = 0
            while room < HEADER + len(data):
                size = rng.choice([64, 700, 1526]) if mergeable else HEADER + len(data)
                if mergeable and room > 8 * 1526:
                    size = 20000
                split = rng.randrange(1, size)
                pair.give(*([split, size - split] if turn % 3 else [size]),
                          indirect=indirect and turn % 2 == 0)
                room += size
            pair.rx.kick()
            cuts = sorted(rng.sample(range(1, HEADER + len(data)), rng.randrange(4)))
            ident = pair.send(data, cuts, indirect)
            assert pair.tx.wait_used()[0] == ident
            header, got = pair.receive()
            assert got == echoed(data), f"turn {turn}: {len(got)} bytes of {len(data)}"
            assert header[:10] == bytes(10)
    queues = device.stats["devices"][0]["queues"]
    assert [q["packets"] for q in queues] == [rounds, rounds]


for _format, _bit in FORMATS.items():
    for _mode, _feature in (("mergeable", bits(vu.MRG_RXBUF)), ("big buffers", 0)):
        for _extra, _more in (("plain", 0), ("indirect", bits(vu.INDIRECT)),
                              ("event index", bits(vu.EVENT_IDX)),
                              ("indirect, event index, in order",
                               bits(vu.INDIRECT, vu.EVENT_IDX, vu.IN_ORDER))):
            case(f"rings: {_format}, {_mode}, {_extra}", _bit | _feature | _more)(traffic)


def wrap_around(features: int) -> None:
    """More packets than 16-bit indices count."""
    with Device("--backend", "sink", "--quiet") as device:
        pair = Pair(device, features, 256)
        chain = pair.tx.place([bytes(HEADER) + frame(60)])
        sent = done = 0
        while done < 70000:
            while pair.tx.free and sent < 70000:
                pair.tx.add_chain(chain)
                sent += 1
            pair.tx.kick()
            pair.tx.wait_used()
            done += 1
            while pair.tx.get():
                done += 1
    assert device.stats["devices"][0]["queues"][1]["packets"] == 70000


for _format, _bit in FORMATS.items():
    case(f"rings: {_format}, 70000 packets through 256 entries", _bit)(wrap_around)


def suppression(features: int) -> None:
    """Interrupts come when asked for, and only then."""
    with Device("--backend", "sink") as device:
        pair = Pair(device, features)
        tx = pair.tx
        pair.send(frame(60))
        assert tx.call_event.wait(), "no interrupt"
        tx.wait_used()
        if features & bits(vu.PACKED):
            pair.front.memory.put16(tx.avail + 2, 1)            # disable
        else:
            tx.suppress(60000 if features & bits(vu.EVENT_IDX) else None)
        pair.send(frame(60))
        tx.wait_used()
        assert not tx.call_event.wait(0.1), "an interrupt nobody asked for"
        if features & bits(vu.EVENT_IDX):
            event = 4                       # after the fifth packet
            if features & bits(vu.PACKED):
                pair.front.memory.put16(tx.avail, event | 1 << 15)
                pair.front.memory.put16(tx.avail + 2, 2)
            else:
                tx.suppress(event)
            for _ in range(2):
                pair.send(frame(60))
                tx.wait_used()
            assert not tx.call_event.wait(0.1), "an interrupt before its entry"
            pair.send(frame(60))
            assert tx.call_event.wait(), "no interrupt at its entry"


for _format, _bit in FORMATS.items():
    for _extra, _more in (("flags", 0), ("event index", bits(vu.EVENT_IDX))):
        case(f"rings: {_format}, interrupt suppression by {_extra}", _bit | _more)(suppression)


def in_parts(features: int) -> None:
    """A packet waits for buffers that come one by one, each with a kick only if asked for."""
    with tempfile.TemporaryDirectory() as where:
        source = Path(where) / "in.pcap"
        data = [frame(4000 + i) for i in range(200)]
        write_pcap(source, data)
        with Device("--backend", f"pcap:in={source}") as device:
            pair = Pair(device, features | bits(vu.MRG_RXBUF), 64, Memory(64 << 20))
            for one in data:
                while not pair.rx.ready():
                    assert pair.rx.free, "the ring is full, and nobody fetches a packet"
                    before = pair.rx.added()
                    pair.give(600)
                    pair.rx.kick_if_wanted(before)
                    for _ in range(2):          # the second answer is of a later turn
                        pair.front.ask(vu.GET_FEATURES)
                assert pair.receive()[1] == one


for _format, _bit in FORMATS.items():
    for _extra, _more in (("flags", 0), ("event index", bits(vu.EVENT_IDX))):
        case(f"rings: {_format}, a packet larger than the buffers at hand, {_extra}",
             _bit | _more)(in_parts)


def forgotten(features: int) -> None:
    """A front end that no longer has the protocol features sets its rings up again, and
    again: it cannot enable or disable them. Both directions go on."""
    with Device("--backend", "gen:size=60,rate=2000") as device:
        pair = Pair(device, features)
        front = pair.front
        for turn in range(3):
            for _ in range(20):
                pair.give(200)
            pair.rx.kick()
            for _ in range(10):
                pair.receive()
            pair.send(frame(60))
            pair.tx.wait_used()
            if turn == 0:
                pair.rx.enable(False)
                pair.tx.enable(False)
                front.features &= ~bits(vu.PROTOCOL_FEATURES)
                front.must(vu.SET_FEATURES, struct.pack("<Q", front.features))
            pair.rx.close()
            pair.tx.close()
            pair.rx, pair.tx = (make_queue(front, i) for i in range(2))
            for queue in (pair.rx, pair.tx):
                queue.start(enable=False)


for _format, _bit in FORMATS.items():
    case(f"rings: {_format}, set up again without protocol features", _bit)(forgotten)


@case("rings: disabled and kicked at the same moment, then enabled again")
def kick_while_disabled() -> None:
    with Device("--backend", "sink") as device:
        pair = Pair(device, 0)
        with device.halted():                               # to find both in one turn
            pair.front.send(vu.SET_VRING_ENABLE, STATE.pack(1, 0))
            pair.tx.kick()
        pair.front.ask(vu.GET_FEATURES)
        pair.tx.enable(True)
        for _ in range(3):
            pair.send(frame(60))
            pair.tx.wait_used()


def among_messages(features: int) -> None:
    """A ring does not wait until the front end has nothing more to say: a packet that came
    with three messages is sent before the last of them, which stops the ring."""
    with Device("--backend", "sink") as device:
        pair = Pair(device, features)
        with device.halted():                               # to find all of it in one turn
            for _ in range(2):
                pair.front.send(vu.GET_FEATURES)
            pair.front.send(vu.GET_VRING_BASE, STATE.pack(1, 0))
            pair.send(frame(60))
        for _ in range(3):
            pair.front.receive()
        assert pair.tx.get(), "the ring was stopped before it had its turn"


for _format, _bit in FORMATS.items():
    case(f"rings: {_format}, a packet among messages that are already there", _bit)(among_messages)


def small_buffers(features: int) -> None:
    """A packet that fits no buffer is dropped and counted; the next one passes."""
    with Device("--backend", "echo") as device:
        pair = Pair(device, features)
        for _ in range(4):
            pair.give(200)
        pair.send(frame(1000))
        pair.send(frame(100))
        assert len(pair.receive()[1]) == 100
    assert device.stats["devices"][0]["queues"][0]["too_small"] == 1


for _format, _bit in FORMATS.items():
    case(f"rings: {_format}, packet larger than a buffer that cannot merge", _bit)(small_buffers)


def canaries(features: int) -> None:
    """Old memory is found in what the driver posts: to be written, and to be read."""
    word = bytes.fromhex("0123456789abcdef")
    with Device("--backend", "sink", "--canary", hex(int.from_bytes(word, "little"))) as device:
        pair = Pair(device, features)
        pair.send(frame(100), [5])
        pair.send(frame(100), header=b"\0\0" + word + b"\0\0")
        pair.send(frame(61)[:-9] + word + b"\0", [20], indirect=True)
        for _ in range(3):
            pair.tx.wait_used()
    queues = device.stats["devices"][0]["queues"]
    assert [q["canaries"] for q in queues] == [0, 2], queues
    with Device("--backend", "echo", "--canary", hex(int.from_bytes(word, "little"))) as device:
        pair = Pair(device, features)
        chain = pair.rx.place([500, 1500])
        for at, offset in ((chain[0][0], 0), (chain[0][0], 11), (chain[1][0], 1500 - 8)):
            pair.front.memory.write(at + offset, word)
        pair.rx.add_chain(chain)
        pair.send(frame(60))
        pair.receive()
    queues = device.stats["devices"][0]["queues"]
    assert queues[0]["canaries"] == 3 and not queues[1]["canaries"], queues


for _format, _bit in FORMATS.items():
    case(f"rings: {_format}, canaries in what is posted", _bit | bits(vu.INDIRECT))(canaries)


def restart(features: int) -> None:
    """Stop where it stands, start again there, with the buffers still posted."""
    with Device("--backend", "echo") as device:
        pair = Pair(device, features)
        for turn in range(5):
            for _ in range(3):
                pair.give(2000)
            for size in (60, 70 + turn):
                pair.send(frame(size))
                assert len(pair.receive()[1]) == size
            bases = pair.rx.stop(), pair.tx.stop()
            pair.rx.start(bases[0])
            pair.tx.start(bases[1])
            pair.send(frame(300))
            assert len(pair.receive()[1]) == 300


for _format, _bit in FORMATS.items():
    case(f"rings: {_format}, stopped and started again", _bit | bits(vu.MRG_RXBUF))(restart)


def memory_moves(features: int) -> None:
    """A new memory table while rings run: same memory, other front-end addresses."""
    with Device("--backend", "echo") as device:
        pair = Pair(device, features)
        pair.give(2000)
        pair.give(2000)
        pair.send(frame(60))
        pair.receive()
        pair.front.give_memory()
        pair.send(frame(61))
        assert len(pair.receive()[1]) == 61
        # memory without the rings in it: they stop, and the device lives
        other = Memory(1 << 20)
        pair.front.must(vu.SET_MEM_TABLE, STATE.pack(1, 0) + struct.pack(
            "<QQQQ", 0, 1 << 20, 0x1000, 0), (other.fd,))
        pair.tx.kick()
        assert pair.tx.err_event.wait(), "no error reported"
        other.close()


for _format, _bit in FORMATS.items():
    case(f"rings: {_format}, memory table changed under them", _bit)(memory_moves)


def fresh(device: Device, features: int) -> tuple[Pair, Queue]:
    pair = Pair(device, features)
    return pair, pair.tx


def split_only(name: str, spoil, reports: bool) -> None:
    """Spoil a split transmit ring; @reports: through the error eventfd."""
    def run() -> None:
        with Device("--backend", "sink") as device:
            pair, tx = fresh(device, bits(vu.INDIRECT))
            spoil(pair.front.memory, tx)
            tx.kick()
            if reports:
                assert tx.err_event.wait(), "ring goes on"
            else:
                ident, length = tx.wait_used()
                assert (ident, length) == (0, 0)
            assert pair.front.ask_u64(vu.GET_FEATURES)
        stats = device.stats["devices"][0]["queues"][1]
        assert stats["bad_ring" if reports else "bad_chain"] == 1, stats
    case(f"rings: split, {name}")(run)


def one(*descriptors: tuple[int, int, int, int]):
    """Write descriptors (address, length, flags, next), make the first available."""
    def spoil(memory: Memory, tx: Queue) -> None:
        for slot, desc in enumerate(descriptors):
            memory.write(tx.desc + 16 * slot, struct.pack("<QIHH", *desc))
        tx.publish(0)
    return spoil


def indirect_table(entries: int, *descriptors: tuple[int, int, int, int], length: int = 0):
    def spoil(memory: Memory, tx: Queue) -> None:
        table = memory.alloc(16 * entries, 16)
        for slot, desc in enumerate(descriptors):
            memory.write(table + 16 * slot, struct.pack("<QIHH", *desc))
        tx.put_desc(0, table, length or 16 * entries, INDIRECT_F)
        tx.publish(0)
    return spoil


def jump(memory: Memory, tx: Queue) -> None:
    memory.put16(tx.avail + 2, 1000)


G = Memory.GPA
split_only("available index jumps ahead", jump, True)
split_only("head out of range", lambda m, q: q.publish(256), True)
split_only("address outside memory", one((1 << 50, 100, 0, 0)), False)
split_only("address 2^64 - 1", one(((1 << 64) - 1, 100, 0, 0)), False)
split_only("buffer across the end of memory", one((G + (16 << 20) - 50, 100, 0, 0)), False)
split_only("length 2^32 - 1", one((G, 0xFFFFFFFF, 0, 0)), False)
split_only("lengths that add up to 2^32",
           one((G, 1 << 23, NEXT, 1), (G, 1 << 23, NEXT, 0)), False)
split_only("next points to itself", one((G, 16, NEXT, 0)), False)
split_only("next out of range", one((G, 16, NEXT, 256)), False)
split_only("readable after writable", one((G, 16, NEXT | WRITE, 1), (G, 16, 0, 0)), False)
split_only("nothing to read", one((G, 1600, WRITE, 0)), False)
split_only("shorter than the header", one((G, 5, 0, 0)), False)
split_only("indirect table of 0 bytes", one((G, 0, INDIRECT_F, 0)), False)
split_only("indirect table of 17 bytes", one((G, 17, INDIRECT_F, 0)), False)
split_only("indirect table outside memory", one((1 << 40, 160, INDIRECT_F, 0)), False)
split_only("indirect and next", one((G, 160, INDIRECT_F | NEXT, 1)), False)
split_only("indirect inside indirect", indirect_table(2, (G, 32, INDIRECT_F, 0)), False)
split_only("indirect table that loops",
           indirect_table(2, (G, 16, NEXT, 1), (G, 16, NEXT, 0)), False)
split_only("indirect next out of the table", indirect_table(2, (G, 16, NEXT, 2)), False)


@case("rings: indirect descriptor that was not negotiated")
def indirect_unasked() -> None:
    with Device("--backend", "sink") as device:
        pair, tx = fresh(device, 0)
        one((G, 160, INDIRECT_F, 0))(pair.front.memory, tx)
        tx.kick()
        assert tx.wait_used() == (0, 0)


@case("rings: packed, a chain that never ends")
def packed_endless() -> None:
    with Device("--backend", "sink") as device:
        pair, tx = fresh(device, bits(vu.PACKED))
        for slot in range(256):
            pair.front.memory.write(tx.desc + 16 * slot,
                                    struct.pack("<QIHH", G, 16, slot, NEXT | 1 << 7))
        tx.kick()
        assert tx.err_event.wait(), "ring goes on"


@case("rings: packed, bad address in the middle of a chain")
def packed_bad_middle() -> None:
    with Device("--backend", "sink") as device:
        pair, tx = fresh(device, bits(vu.PACKED))
        good = tx.place([bytes(100)])[0]
        tx.add_chain([good, (1 << 50, 100, False), good])
        tx.kick()
        assert tx.wait_used() == (0, 0)
        ident = pair.send(frame(60))
        assert tx.wait_used()[0] == ident, "the ring lost its place"
    assert device.stats["devices"][0]["queues"][1]["packets"] == 1


def bad_receive(features: int) -> None:
    """A receive ring with bad buffers between good ones still delivers."""
    with Device("--backend", "echo") as device:
        pair = Pair(device, features)
        pair.give(300)
        pair.rx.add_chain([(1 << 50, 300, True)])
        for _ in range(8):
            pair.give(300)
        pair.send(frame(1000))
        seen = []
        until("a packet", lambda: seen.append(pair.rx.get()) or
              len([u for u in seen if u and u[1]]) >= 4)
        data = b"".join(pair.rx.written(*u) for u in seen if u and u[1])
        assert len(data) == HEADER + 1000
    assert device.stats["devices"][0]["queues"][0]["bad_chain"] == 1


for _format, _bit in FORMATS.items():
    case(f"rings: {_format}, bad receive buffer among good ones",
         _bit | bits(vu.MRG_RXBUF))(bad_receive)


@case("rings: addresses outside memory, misaligned, size not a power of two")
def bad_addresses() -> None:
    with Device("--backend", "sink") as device:
        front = device.connect()
        front.negotiate(bits(vu.VERSION_1))
        for what, size, shift in (("outside", 256, 1 << 40), ("misaligned", 256, 3),
                                  ("size 100", 100, 0)):
            queue = make_queue(front, 1, size)
            queue.desc += shift
            queue.start()
            queue.kick()
            queue.stop()
            queue.close()
        text = device.text()
        for words in ("is outside the memory", "is misaligned", "not a power of two"):
            assert words in text, f"no word about: {words}"


@case("rings: memory file cut off under a running ring")
def memory_lost() -> None:
    with Device("--backend", "echo") as device:
        memory = Memory(8 << 20)
        pair = Pair(device, 0, memory=memory)
        for _ in range(10):
            pair.give(2000)
        pair.send(frame(100))
        pair.receive()
        memory.map.close()
        memory.map = None
        os.ftruncate(memory.fd, 4096)
        pair.tx.kick()
        assert pair.front.is_closed(), "goes on without memory"
        memory.map = None
        os.close(memory.fd)
        front = device.connect()
        assert front.ask_u64(vu.GET_FEATURES)


@case("rings: a driver that scribbles over rings and buffers, seeds 1 to 200")
def scribble() -> None:
    with Device("--backend", "echo", "--quiet") as device:
        for seed in range(1, 201):
            rng = random.Random(seed)
            memory = Memory(1 << 20)
            front = device.connect()
            front.negotiate(bits(vu.VERSION_1, *(b for b in (
                vu.MRG_RXBUF, vu.PACKED, vu.INDIRECT, vu.EVENT_IDX) if rng.random() < 0.5)))
            pair = Pair.__new__(Pair)
            pair.front = front
            pair.rx, pair.tx = (make_queue(front, i, 32) for i in range(2))
            pair.rx.start()
            pair.tx.start()
            scribble_once(pair, rng)
            front.ask(vu.GET_FEATURES)
            front.close()
            device.fronts.clear()
            front.memory.close()
            memory.close()
            until("the connection to end", lambda: disconnected(device))


def disconnected(device: Device) -> bool:
    """Quiet devices do not say so: try whether it takes a new front end."""
    front = device.connect()
    try:
        front.ask(vu.GET_FEATURES)
        return True
    except vu.Closed:
        return False
    finally:
        front.close()
        device.fronts.clear()


def scribble_once(pair: Pair, rng: random.Random) -> None:
    memory = pair.front.memory
    for _ in range(20):
        pair.give(rng.choice([20, 300, 1600]))
        pair.rx.free = pair.rx.free or [0]
    for _ in range(10):
        queue = rng.choice([pair.rx, pair.tx])
        where = rng.choice([queue.desc, queue.avail, queue.used]) + rng.randrange(0, 128, 2)
        value = rng.choice([0, 1, 2, 4, 0xFFFF, 0x8000, rng.randrange(65536)])
        memory.put16(where, value)
        queue.kick()
