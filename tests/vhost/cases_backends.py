# SPDX-License-Identifier: GPL-2.0
"""Back ends, life and death of connections, migration, inflight, scripts."""

import mmap
import os
import shutil
import socket
import struct
import subprocess
import tempfile
import time
from pathlib import Path

import frontend as vu
from cases import case
from cases_rings import FORMATS, HEADER, MAC, Pair, frame, write_pcap
from device import Device
from frontend import FrontEnd, Memory, bits, until
from rings import make_queue

U64 = struct.Struct("<Q")


def checksum(data: bytes) -> int:
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def check_frame(data: bytes) -> tuple[bytes, int]:
    """Checksums of an IPv4 or IPv6 frame, UDP or TCP; its addresses and source port."""
    ipv6 = data[12:14] == b"\x86\xdd"
    ip = data[14:]
    if ipv6:
        l4, proto, addresses = ip[40:], ip[6], ip[8:40]
        assert struct.unpack(">H", ip[4:6])[0] == len(l4)
    else:
        assert checksum(ip[:20]) == 0xFFFF, "IPv4 checksum"
        total = struct.unpack(">H", ip[2:4])[0]
        l4, proto, addresses = ip[20:total], ip[9], ip[12:20]
    assert checksum(addresses + struct.pack(">IxxxB", len(l4), proto) + l4) == 0xFFFF, "L4 checksum"
    return addresses, struct.unpack(">H", l4[:2])[0]


def generated(spec: str, sizes: list[int], flows: int) -> None:
    count = 4 * flows * len(sizes)
    with Device("--backend", f"gen:{spec},flows={flows},count={count}") as device:
        memory = Memory(64 << 20)
        pair = Pair(device, bits(vu.MRG_RXBUF), memory=memory)
        seen, lengths = set(), []
        for _ in range(count):
            pair.give(max(sizes) + HEADER)
            pair.rx.kick()
            _, data = pair.receive()
            seen.add(check_frame(data))
            assert data[:6] == MAC
            lengths.append(len(data))
        assert len(seen) == flows, f"{len(seen)} flows"
        assert sorted(set(lengths)) == sorted(set(sizes)), sorted(set(lengths))
        time.sleep(0.1)
        assert pair.rx.get() is None, "more than asked for"
    assert device.stats["devices"][0]["backend_stats"]["generated"] == count


case("gen: UDP, one size", "size=60", [60], 1)(generated)
case("gen: UDP, sizes and flows", "size=64/512/1514", [64, 512, 1514], 5)(generated)
case("gen: TCP over IPv6, the internet mix", "size=imix,proto=tcp,ip=6", [74, 590, 1514], 3)(
    generated)


@case("gen: keeps its rate")
def gen_rate() -> None:
    with Device("--backend", "gen:rate=2000,size=60") as device:
        pair = Pair(device, 0, memory=Memory(64 << 20))
        start, got = time.monotonic(), 0
        while time.monotonic() - start < 1:
            while pair.rx.free:
                pair.give(100)
            pair.rx.kick()
            while pair.rx.get():
                got += 1
            time.sleep(0.002)
    assert 1500 < got < 2300, f"{got} packets in a second at 2000"


@case("gen: bad arguments end in an error that says so")
def gen_arguments() -> None:
    for spec, words in (("gen:size=7", "size=N"), ("gen:flows=100000", "flows"),
                        ("pcap:", "give in="), ("nosuch", "no such back end"),
                        ("pcap:in=/etc/hostname", "capture")):
        device = Device("--backend", spec).start()
        code = device.process.wait(10)
        assert code in (1, 2), f"{spec}: ended with {code}"
        assert words in device.text(), f"{spec}: {device.text()}"
        device.log.close()
        shutil.rmtree(device.dir)


@case("pcap: what goes in comes out")
def pcap() -> None:
    frames = [frame(60 + i * 37) for i in range(20)]
    with tempfile.TemporaryDirectory() as where:
        source, target = Path(where) / "in.pcap", Path(where) / "out.pcap"
        write_pcap(source, frames)
        with Device("--backend", f"pcap:in={source},out={target}") as device:
            pair = Pair(device, 0)
            for data in frames:
                pair.give(2000)
                pair.rx.kick()
                assert pair.receive()[1] == data
                pair.send(data)
                pair.tx.wait_used()
        out = target.read_bytes()[24:]
        for data in frames:
            length = struct.unpack_from("<I", out, 8)[0]
            assert out[16:16 + length] == data
            out = out[16 + length:]
        assert not out


@case("l2: two devices, learning, flooding, and offloads the receiver lacks")
def l2() -> None:
    tcp_header = bytes.fromhex("04d2 0050 00000001 00000000 5018 ffff 0000 0000")
    with Device("--backend", "l2:lan", sockets=3) as device:
        csum = Pair(device, bits(0, 11, vu.MRG_RXBUF), index=0)     # may leave offloads open
        plain = Pair(device, bits(vu.MRG_RXBUF), index=1)
        third = Pair(device, bits(vu.MRG_RXBUF), index=2)
        macs = [b"\x02\0\0\0\0" + bytes([i]) for i in (1, 2, 3)]
        pairs = (csum, plain, third)
        for pair in pairs:
            for _ in range(32):
                pair.give(2000)
            pair.rx.kick()
        csum.send(macs[1] + macs[0] + bytes(50))                    # unknown: to all others
        assert plain.receive()[1][6:12] == third.receive()[1][6:12] == macs[0]
        plain.send(macs[0] + macs[1] + bytes(50))                   # known: to one
        assert csum.receive()[1][6:12] == macs[1]
        plain.front.ask(vu.GET_FEATURES)
        assert third.rx.get() is None, "flooded what it knew"
        payload = bytes(i & 255 for i in range(4000))
        ip = struct.pack(">BBHHHBBH", 0x45, 0, 4040, 7, 0x4000, 64, 6, 0) + bytes([10, 0, 0, 1] * 2)
        whole = macs[1] + macs[0] + b"\x08\0" + ip + tcp_header + payload
        csum.send(whole, header=struct.pack("<BBHHHHH", 1, 1, 54, 1460, 34, 16, 0))
        data = b""
        for sequence in (1, 1461, 2921):
            _, segment = plain.receive()
            check_frame(segment)
            assert struct.unpack_from(">I", segment, 38)[0] == sequence
            data += segment[54:]
        assert data == payload
    assert device.stats["devices"][1]["segmented"] == 3


@case("tap: frames to and from an interface of the host")
def tap() -> None:
    name = f"vut{os.getpid() % 100000}"
    with Device("--backend", f"tap:{name}") as device:
        pair = Pair(device, bits(vu.MRG_RXBUF))
        subprocess.run(["sysctl", "-qw", f"net.ipv6.conf.{name}.disable_ipv6=1"], check=True)
        subprocess.run(["ip", "link", "set", name, "up"], check=True)
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x88B5)) as raw:
            raw.bind((name, 0x88B5))
            raw.settimeout(5)
            pair.send(frame(300))
            assert raw.recv(2000) == frame(300)
            for _ in range(600):                        # more than the ring holds
                raw.send(frame(100))
            for turn in range(600):
                pair.give(200)
                if turn % 100 == 99:
                    pair.rx.kick()
                    for _ in range(100):
                        assert pair.receive()[1] == frame(100)
                    pair.rx.chains.clear()


@case("connection: RARP is broadcast where the guest's packets go")
def rarp() -> None:
    with Device("--backend", "l2", sockets=2) as device:
        Pair(device, bits(vu.MRG_RXBUF), index=0)
        other = Pair(device, bits(vu.MRG_RXBUF), index=1)
        other.give(200)
        other.rx.kick()
        other.front.ask(vu.GET_FEATURES)
        device.fronts[0].must(vu.SEND_RARP, MAC + b"\0\0")
        data = other.receive()[1]
        assert data[:14] == b"\xff" * 6 + MAC + b"\x80\x35" and len(data) == 60


@case("connection: client mode connects, and connects again after a break")
def client() -> None:
    with tempfile.TemporaryDirectory() as where:
        path = f"{where}/sock"
        device = Device("--backend", "echo", client=True)
        device.argv[device.argv.index(device.paths[0])] = path
        with device:
            time.sleep(0.3)                             # it retries until we listen
            with socket.socket(socket.AF_UNIX) as listener:
                listener.bind(path)
                listener.listen()
                listener.settimeout(5)
                for _ in range(3):
                    front = FrontEnd.__new__(FrontEnd)
                    front.sock = listener.accept()[0]
                    front.sock.settimeout(5)
                    assert front.ask_u64(vu.GET_FEATURES)
                    front.sock.close()
    assert device.stats["devices"][0]["connects"] >= 3


@case("connection: a second front end is turned away, the first one goes on")
def second() -> None:
    with Device("--backend", "echo") as device:
        pair = Pair(device, 0)
        assert device.connect().is_closed()
        pair.give(200)
        pair.send(frame(60))
        assert len(pair.receive()[1]) == 60


@case("connection: in-band notifications instead of eventfds")
def inband() -> None:
    with Device("--backend", "echo", "--inband") as device:
        front = device.connect()
        front.negotiate(bits(vu.VERSION_1, vu.MRG_RXBUF))
        channel = front.open_backend_channel()
        rx, tx = (make_queue(front, i) for i in range(2))
        rx.start(inband=True)
        tx.start(inband=True)
        rx.add([500])
        tx.add([bytes(HEADER) + frame(60)])
        front.must(vu.VRING_KICK, struct.pack("<II", 1, 0))
        rx.wait_used()
        called = set()
        while called != {0, 1}:
            request, _, size, index, _ = struct.unpack("<IIIII", channel.recv(20))
            assert (request, size) == (4, 8), "not an interrupt"
            called.add(index)


def as_virtio_uml(features: int) -> None:
    """virtio_uml: base 0 for either format, disable and set up anew, never a stop."""
    wanted = bits(vu.REPLY_ACK, vu.BACKEND_REQ, vu.CONFIG)
    with Device("--backend", "echo") as device:
        first = device.connect()            # agreed on and acknowledged in one message
        first.must(vu.SET_PROTOCOL_FEATURES, U64.pack(wanted))
        first.close()
        device.says("disconnected")
        front = device.connect()
        features |= bits(vu.VERSION_1, vu.MRG_RXBUF)
        front.negotiate(features, ~wanted)
        for turn in range(3):
            front.must(vu.SET_FEATURES, U64.pack(front.features))
            front.give_memory()
            rx, tx = (make_queue(front, i) for i in range(2))
            for queue in (rx, tx):
                queue.start(base=0, enable=False)
            for queue in (rx, tx):
                queue.enable(True)
            for size in range(60, 70 + turn):
                rx.add([500])
                tx.add([bytes(HEADER) + frame(size)])
                tx.kick()
                assert rx.wait_used()[1] == HEADER + size
            for queue in (tx, rx):
                queue.enable(False)
            front.memory.write(tx.avail, bytes(1024))           # the driver's again
            tx.kick()
            front.ask(vu.GET_FEATURES)
    assert all(q["bad_ring"] == 0 for q in device.stats["devices"][0]["queues"])


case("connection: set up again as virtio_uml does, split", 0)(as_virtio_uml)
case("connection: set up again as virtio_uml does, packed", bits(vu.PACKED))(as_virtio_uml)


def spinning(features: int) -> None:
    """A device that polls asks for no kicks and misses no packet."""
    with Device("--backend", "echo", "--poll") as device:
        pair = Pair(device, features)
        for size in range(60, 160):
            pair.give(500)
            pair.tx.add([bytes(HEADER) + frame(size)])          # no kick
            assert len(pair.receive()[1]) == size
    assert device.stats["devices"][0]["queues"][1]["kicks"] == 0


case("poll: split, no kicks", bits(vu.EVENT_IDX))(spinning)
case("poll: packed, no kicks", bits(vu.PACKED))(spinning)


@case("migration: pages and rings that were written are in the log")
def dirty_log() -> None:
    page = 4096
    with Device("--backend", "echo") as device:
        memory = Memory(4 << 20)
        pair = Pair(device, bits(vu.MRG_RXBUF, vu.LOG_ALL), memory=memory)
        pages = (memory.GPA + memory.size) // page
        log_fd = os.memfd_create("log")
        os.ftruncate(log_fd, pages // 8 + 8)
        pair.front.send(vu.SET_LOG_BASE, struct.pack("<QQ", pages // 8 + 8, 0), (log_fd,))
        pair.front.receive()
        log = mmap.mmap(log_fd, pages // 8 + 8)
        for queue in (pair.rx, pair.tx):
            front, uva = pair.front, memory.UVA
            front.must(vu.SET_VRING_ADDR, struct.pack(
                "<IIQQQQ", queue.index, 1, uva + queue.desc, uva + queue.used,
                uva + queue.avail, memory.GPA + queue.used))
        memory.alloc(0, page)
        buffer = memory.alloc(2 * page, page)
        pair.rx.add_chain([(buffer + page - 50, 1000, True)])
        pair.send(frame(100))
        pair.receive()

        def dirty() -> set[int]:
            return {p for p in range(pages) if log[p // 8] >> p % 8 & 1}
        wanted = {(memory.GPA + at) // page for at in (
            buffer, buffer + page, pair.rx.used, pair.tx.used)}
        assert dirty() == wanted, f"{dirty()} rather than {wanted}"
        front.must(vu.SET_FEATURES, U64.pack(front.features & ~bits(vu.LOG_ALL)))
        log[:] = bytes(len(log))
        pair.give(1000)
        pair.send(frame(100))
        pair.receive()
        log.close()
        os.close(log_fd)


def give_inflight(front: FrontEnd, fd: int, payload: bytes) -> None:
    front.must(vu.SET_INFLIGHT_FD, payload, (fd,))


def inflight(ring: int, indirect: bool, before: int) -> None:
    """@before packets pass, so that the record's free list is not in order any more."""
    features = bits(vu.VERSION_1, vu.MRG_RXBUF, vu.INDIRECT) | ring
    memory = Memory()
    device = Device("--backend", "echo",
                    script=f"after {before} tx: hold tx 3 times\n" if before else
                    "hold tx 3 times\n").start()
    front = FrontEnd(device.paths[0], memory)
    front.negotiate(features)
    front.send(vu.GET_INFLIGHT_FD, struct.pack("<QQHH", 0, 0, 2, 256))
    _, region, fds = front.receive()
    assert struct.unpack_from("<Q", region)[0] and len(fds) == 1
    give_inflight(front, fds[0], region)
    rx, tx = (make_queue(front, i) for i in range(2))
    rx.start()
    tx.start()
    for i in range(before):
        ident = tx.add([bytes(HEADER)] + [frame(60)[j::3] for j in range(i % 4 + 1)], indirect)
        tx.kick()
        assert tx.wait_used()[0] == ident
    held = [tx.add([bytes(HEADER), frame(60 + i)], indirect) for i in range(3)]
    passed = tx.add([bytes(HEADER) + frame(70)])
    tx.kick()
    assert tx.wait_used()[0] == passed
    device.kill()
    front.queues.clear()                # they go on with the next one
    front.close()
    device.argv = device.argv[:device.argv.index("--script")]
    with device:
        again = device.connect(0, memory)
        again.negotiate(features)
        give_inflight(again, fds[0], region)
        rx.front = tx.front = again
        again.queues = [rx, tx]
        rx.start()
        tx.start(None if ring else memory.u16(tx.used + 2))
        tx.kick()
        order = [tx.wait_used()[0] for _ in held]
        assert order == held, f"{order} rather than {held}"
        for i in range(600):            # more than a round of the ring
            last = tx.add([bytes(HEADER)] + [frame(80)[j::2] for j in range(i % 2 + 1)], indirect)
            tx.kick()
            assert tx.wait_used()[0] == last
    assert device.stats["devices"][0]["queues"][1]["packets"] == 603
    os.close(fds[0])


for _format, _ring in FORMATS.items():
    for _indirect in (False, True):
        for _before in (0, 5, 300):
            case(f"inflight: {_format}{', indirect' if _indirect else ''}, what a killed device "
                 f"held is served by the next one, after {_before} packets",
                 _ring, _indirect, _before)(inflight)


@case("inflight: regions that do not fit are refused")
def inflight_refused() -> None:
    with Device() as device:
        front = device.connect()
        front.negotiate(bits(vu.VERSION_1))
        for queues, size in ((0, 256), (200, 256), (1, 0)):
            front.send(vu.GET_INFLIGHT_FD, struct.pack("<QQHH", 0, 0, queues, size))
            _, data, fds = front.receive()
            assert struct.unpack_from("<Q", data)[0] == 0 and not fds
        small = os.memfd_create("small")
        os.ftruncate(small, 100)
        for size, queues, entries in ((100, 2, 256), (1 << 40, 2, 256), (100, 1, 0)):
            assert front.ack(vu.SET_INFLIGHT_FD, struct.pack("<QQHH", size, 0, queues, entries),
                             (small,)) != 0
        os.close(small)


def crafted(rule: str, check) -> None:
    """One thing done wrong, on the packet the rule names, and on no other."""
    for ring in (0, bits(vu.PACKED)):
        with Device("--backend", "echo", script=f"after 1 rx: {rule}\n") as device:
            pair = Pair(device, ring | bits(vu.MRG_RXBUF))
            results = []
            for _ in range(3):
                pair.give(500)
                pair.send(frame(60))
                ident, length = pair.rx.wait_used()
                header = pair.front.memory.read(pair.rx.chains[ident][0][0], HEADER)
                results.append((ident, length, header))
            good = 60 + HEADER
            assert results[0][1] == results[2][1] == good, results
            assert check(results[1]), f"{rule}: {results[1]}"
        assert device.stats["devices"][0]["script"] == [{"line": 1, "applied": 1}]


case("script: used_len", "used_len 0xffffffff", lambda r: r[1] == 0xFFFFFFFF)(crafted)
case("script: used_len 0", "used_len 0 once", lambda r: r[1] == 0)(crafted)
case("script: num_buffers", "num_buffers 0 once", lambda r: r[2][10:12] == b"\0\0")(crafted)
case("script: header field", "header gso_type 0x7f", lambda r: r[2][1] == 0x7F)(crafted)


@case("script: a header that goes on changing while the driver has it")
def flicker() -> None:
    with Device("--backend", "echo",
                script="after 1 rx: flicker gso_type 0x7f 500ms\n") as device:
        pair = Pair(device, bits(vu.MRG_RXBUF))
        for shown in ({0}, {0, 0x7F}, {0}):
            pair.give(500)
            pair.send(frame(60))
            ident, length = pair.rx.wait_used()
            at, end = pair.rx.chains[ident][0][0], time.monotonic() + 0.2
            seen: set[int] = set()
            while time.monotonic() < end:
                seen.add(pair.front.memory.read(at + 1, 1)[0])
            assert seen == shown and length == 60 + HEADER, (seen, shown, length)
            pair.front.ask(vu.GET_FEATURES)         # it is through with it
            assert pair.front.memory.read(at, HEADER)[:2] == b"\0\0"
    assert device.stats["devices"][0]["script"] == [{"line": 1, "applied": 1}]


@case("script: used_id, used_idx, stall, lost and spurious interrupts")
def script_rings() -> None:
    script = """
        after 1 tx: used_id tx 77        # an id nobody posted
        after 2 tx: irq lose tx
        after 3 tx: stall tx 300ms
        after 4 tx: irq spurious tx 1
        after 4 tx: used_id tx dup
        after 6 tx: used_idx tx 10
        """
    with Device("--backend", "sink", script=script) as device:
        pair = Pair(device, 0)
        tx = pair.tx
        first = pair.send(frame(60))
        assert tx.wait_used()[0] == first and tx.call_event.wait()
        pair.send(frame(60))
        assert tx.wait_used()[0] == 77 and not tx.call_event.wait(0.1), "id 77, no interrupt"
        start = time.monotonic()
        pair.send(frame(60))
        tx.wait_used()
        pair.send(frame(60))
        tx.wait_used()
        assert time.monotonic() - start > 0.25, "no stall"
        device.says("stall ends")
        twice = pair.send(frame(60))
        assert [tx.wait_used()[0], tx.wait_used()[0]] == [twice, twice]
        before = pair.front.memory.u16(tx.used + 2)
        pair.send(frame(60))
        until("the index to jump",
              lambda: pair.front.memory.u16(tx.used + 2) == before + 11)


@case("script: link down and up, flap, config values, needs_reset")
def script_config() -> None:
    script = """
        at 50ms: link down
        at 100ms: link up
        at 150ms: config max_pairs 0
        at 200ms: config mac 01:02:03:04:05:06
        at 250ms: mtu 1
        at 300ms: needs_reset
        at 350ms: link flap 50 hz 200ms
        """
    with Device(script=script) as device:
        pair = Pair(device, bits(vu.STATUS_F))
        channel = pair.front.open_backend_channel()
        seen = []
        end = time.monotonic() + 1
        channel.settimeout(0.3)
        while time.monotonic() < end:
            try:
                channel.recv(12)
            except TimeoutError:
                break
            seen.append(pair.front.config(0, 12))
        status = [struct.unpack_from("<H", c, 6)[0] & 1 for c in seen]
        assert status[:2] == [0, 1] and status.count(0) >= 3 and status[-1] == 1, status
        mac, _, pairs, mtu = struct.unpack_from("<6sHHH", seen[-1])
        assert (mac, pairs, mtu) == (bytes(range(1, 7)), 0, 1)
        assert pair.front.ask_u64(vu.GET_STATUS) & 0x40


@case("script: disconnect, alternate, die")
def script_end() -> None:
    script = "config max_pairs alternate 1 8 always\nat 300ms: disconnect\n"
    with Device(script=script) as device:
        pair = Pair(device, bits(vu.STATUS_F))
        values = [pair.front.config(8, 2)[0] for _ in range(4)]
        assert values == [1, 8, 1, 8], values
        assert pair.front.is_closed()
    with Device(script="after 1 tx: disconnect 500ms\n") as device:
        pair = Pair(device, 0)
        start = time.monotonic()
        pair.send(frame(60))
        assert pair.front.is_closed()
        assert not device.listens(), "who connects is let wait"
        assert device.connect().ask_u64(vu.GET_FEATURES)
        assert 0.4 < time.monotonic() - start < 3, "not gone for half a second"
    device = Device(script="after 1 tx: die 7\n").start()
    pair = Pair(device, 0)
    pair.send(frame(60))
    assert device.process.wait(5) == 7
    pair.front.close()
    device.log.close()
    shutil.rmtree(device.dir)


@case("script: lines that make no sense are named")
def script_errors() -> None:
    for line in ("frobnicate", "after rx: die", "after 0 rx: die", "stall tx 3 parsecs",
                 "header nosuch 1", "link sideways", "irq storm rx 0 hz", "at 3: die",
                 "config mac 1:2", "used_len", "used_len 1 twice", "after 5 pings: die",
                 "every 3: die", "hold rx99999"):
        device = Device(script=f"\n# comment\n{line}\n").start()
        assert device.process.wait(10) == 2, line
        assert "script:3: " in device.text(), f"{line}: {device.text()}"
        device.log.close()
        shutil.rmtree(device.dir)
