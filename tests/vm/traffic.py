# SPDX-License-Identifier: GPL-2.0
"""Random data to the guest and back, every byte compared; and floods."""

import random
import select
import socket
import struct
import threading
import time
from contextlib import contextmanager
from typing import Iterator

from suite import Failed, expect
from vmlib.guest import Guest
from vmlib.nic import Nic

ECHO_PORT = 7
SECONDS = 30        # until an answer counts as lost
ICMP = {4: (socket.IPPROTO_ICMP, 8, 0), 6: (socket.IPPROTO_ICMPV6, 128, 129)}
FAMILY = {4: socket.AF_INET, 6: socket.AF_INET6}
FEW_SIZES = (56, 1473, 9000, 65000)
PING_SIZES = (56, 57, 64, 127, 512, 1024, 1400, 1472, 1473, 2000, 2959, 2960, 4096, 8191,
              9000, 16384, 32000, 48211, 65000)


def open_socket(guest: Guest, version: int, kind: int, proto: int = 0) -> socket.socket:
    """A socket on the host's end of the guest's wires."""
    assert guest.ns
    return guest.ns.call(socket.socket, FAMILY[version], kind, proto)


def difference(sent: bytes, received: bytes) -> str:
    """Where two byte strings part."""
    if len(sent) != len(received):
        return f"{len(received)} bytes came back instead of {len(sent)}"
    at = next(i for i, (a, b) in enumerate(zip(sent, received)) if a != b)
    return (f"of {len(sent)} bytes, byte {at} is wrong: sent {sent[at:at + 16].hex()}, "
            f"received {received[at:at + 16].hex()}")


# --- ping --------------------------------------------------------------------

def ping_guest(guest: Guest, nic: Nic, sizes: tuple[int, ...], version: int = 4,
               tries: int = 1) -> None:
    """Echo requests with random payloads from the host; replies compared.

    A loss is an error, unless other traffic is the reason for more than one try.
    """
    proto, request, reply = ICMP[version]
    rng = random.Random(f"ping {version}")
    with open_socket(guest, version, socket.SOCK_DGRAM, proto) as sock:
        sock.connect((nic.address(False, version), 0))
        for number, size in enumerate(sizes, 1):
            payload = rng.randbytes(size)
            header = struct.pack("!BBHHH", request, 0, 0, 0, number)
            answer = _exchange(sock, header + payload, tries, "ping")
            _compare_reply(answer, reply, number, payload)


def _exchange(sock: socket.socket, data: bytes, tries: int, what: str) -> bytes:
    """Send a datagram and wait for the answer to it."""
    sock.settimeout(SECONDS / tries)
    for _ in range(tries):
        try:
            sock.send(data)
            return sock.recv(70000)
        except TimeoutError:
            continue
        except ConnectionError as error:
            raise Failed(f"{what} of {len(data)} bytes: {error}") from None
    raise Failed(f"no answer to {tries} {what} of {len(data)} bytes in {SECONDS} s")


def _compare_reply(answer: bytes, kind: int, number: int, payload: bytes) -> None:
    found = struct.unpack("!BBHHH", answer[:8])
    expect(found[0] == kind and found[4] == number,
           f"a ping of {len(payload)} bytes was answered by type {found[0]}, number {found[4]}")
    if answer[8:] != payload:
        raise Failed("ping: " + difference(payload, answer[8:]))


def ping_host(guest: Guest, nic: Nic, sizes: tuple[int, ...], version: int = 4) -> None:
    """Pings of a pattern from the guest, whose ping compares what comes back."""
    host = nic.address(True, version)
    text = guest.sh(f"""for size in {' '.join(map(str, sizes))}; do
        ping -q -c 2 -i 0.01 -W {SECONDS} -s $size -p 5aa53cc3deadbeef0123456789fedcba {host} ||
            exit
        done""")
    expect("wrong data" not in text, f"ping found wrong data:\n{text}")


# --- UDP and TCP -------------------------------------------------------------

def udp_sizes(rng: random.Random, mtu: int) -> list[int]:
    """Sizes around what fits a frame, the largest, and some of every magnitude."""
    edges = [1, 2, 17, 18, 19, mtu - 49, mtu - 48, mtu - 47, mtu - 29, mtu - 28, mtu - 27,
             4096, 16384, 65000, 65507]
    return edges + [rng.randint(1, 2 ** bits) for bits in range(3, 16) for _ in range(2)]


def udp_echo(guest: Guest, nic: Nic, version: int = 4, mtu: int = 1500,
             tries: int = 1) -> None:
    """Datagrams of many sizes, one after another, each compared."""
    rng = random.Random(f"udp {version} {mtu}")
    sizes = udp_sizes(rng, mtu)
    with open_socket(guest, version, socket.SOCK_DGRAM) as sock:
        sock.connect((nic.address(False, version), ECHO_PORT))
        for size in sizes:
            data = rng.randbytes(size)
            answer = _exchange(sock, data, tries, "datagram")
            if answer != data:
                raise Failed("UDP: " + difference(data, answer))


def udp_flows(guest: Guest, nic: Nic, flows: int, packets: int = 2) -> None:
    """Small datagrams from many ports, which nobody answers."""
    for _ in range(flows):
        with open_socket(guest, 4, socket.SOCK_DGRAM) as sock:
            for _ in range(packets):
                sock.sendto(b"flow", (nic.address(False), ECHO_PORT + 1))


def _send_in_pieces(sock: socket.socket, data: bytes, rng: random.Random) -> None:
    """Writes of many sizes, so that segments of many sizes are sent."""
    view = memoryview(data)
    try:
        while view:
            size = rng.choice((rng.randint(1, 100), rng.randint(100, 3000),
                               rng.randint(3000, 65536)))
            sock.sendall(view[:size])
            view = view[size:]
        sock.shutdown(socket.SHUT_WR)
    except OSError:
        pass        # the receiving half reports it


def _receive_all(sock: socket.socket, amount: int) -> bytes:
    parts = []
    while amount:
        try:
            part = sock.recv(min(amount, 1 << 20))
        except (TimeoutError, ConnectionError) as error:
            raise Failed(f"TCP: {amount} bytes are missing: {error}") from None
        if not part:
            raise Failed(f"TCP: the connection ended, {amount} bytes are missing")
        parts.append(part)
        amount -= len(part)
    return b"".join(parts)


def tcp_echo(guest: Guest, nic: Nic, size: int, version: int = 4) -> None:
    """A stream to the guest and back at the same time, compared."""
    rng = random.Random(f"tcp {version} {size}")
    data = rng.randbytes(size)
    with open_socket(guest, version, socket.SOCK_STREAM) as sock:
        sock.settimeout(SECONDS)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.connect((nic.address(False, version), ECHO_PORT))
        sender = threading.Thread(target=_send_in_pieces, args=(sock, data, rng))
        sender.start()
        try:
            answer = _receive_all(sock, size)
        finally:
            sock.close()
            sender.join()
    if answer != data:
        raise Failed("TCP: " + difference(data, answer))


# --- floods ------------------------------------------------------------------

class Flood(threading.Thread):
    """Echo requests of many sizes to the guest until stopped.

    New ones go out as answers come in, and after a pause as long as those took:
    a slow guest is kept busy, with time left for what the case does in it. When
    none come, because the interface is gone, a few go out all the same.
    """

    WINDOW, TRICKLE, PAUSE = 8, 3, 0.1

    def __init__(self, guest: Guest, nic: Nic):
        super().__init__(daemon=True)
        self._guest, self._nic = guest, nic
        self._end = threading.Event()
        self.sent = self.answered = 0

    def run(self) -> None:
        rng = random.Random("flood")
        payload = rng.randbytes(3000)
        with open_socket(self._guest, 4, socket.SOCK_DGRAM, socket.IPPROTO_ICMP) as sock:
            sock.setblocking(False)
            address = (self._nic.address(False), 0)
            credit = self.WINDOW
            while not self._end.is_set():
                start = time.monotonic()
                for _ in range(credit):
                    self._send(sock, payload[:rng.randint(1, 3000)], address)
                credit = self._answers(sock) or self.TRICKLE
                time.sleep(min(time.monotonic() - start, self.PAUSE))

    def _send(self, sock: socket.socket, payload: bytes, address: tuple[str, int]) -> None:
        try:
            sock.sendto(struct.pack("!BBHHH", 8, 0, 0, 0, self.sent & 0xffff) + payload, address)
            self.sent += 1
        except OSError:
            pass        # the link is down just now, or the queue full

    def _answers(self, sock: socket.socket) -> int:
        """How many came, waiting a little for the first."""
        count, patience = 0, self.PAUSE
        while count < self.WINDOW and select.select([sock], [], [], patience)[0]:
            try:
                sock.recv(4096)
            except OSError:
                pass
            count, patience = count + 1, 0
        self.answered += count
        return count

    def stop(self) -> None:
        self._end.set()
        self.join()


@contextmanager
def flooded(guest: Guest, nic: Nic) -> Iterator[Flood]:
    """Traffic both ways while the body runs: a flood in, pings and answers out."""
    assert guest.ns
    guest.ns.ip(f"neigh replace {nic.address(False)} lladdr {nic.mac} dev {nic.tap}")
    calm = f"/run/calm-{nic.index}"
    guest.sh(f"""(while [ ! -e {calm} ]; do
        timeout 9 ping -q -i 0.02 -w 3 -s 1400 {nic.address(True)} || usleep 50000
        done; rm {calm}) >/dev/null 2>&1 &""")
    flood = Flood(guest, nic)
    flood.start()
    try:
        yield flood
    finally:
        flood.stop()
        guest.ns.ip(f"neigh del {nic.address(False)} dev {nic.tap}")
        guest.run(f"touch {calm}; while [ -e {calm} ]; do killall -q ping; usleep 20000; done")


# --- a connection that has to last ---------------------------------------------

class Stream(threading.Thread):
    """One TCP connection to the guest's echo server: random data there and back, compared."""

    CHUNK, PAUSE = 8192, 0.005

    def __init__(self, guest: Guest, nic: Nic):
        super().__init__(daemon=True)
        self._end = threading.Event()
        self.silence = threading.Lock()     # nothing is sent while somebody holds it
        self.bytes = 0
        self.trouble = ""
        self._socket = open_socket(guest, 4, socket.SOCK_STREAM)
        self._socket.settimeout(SECONDS)
        self._socket.connect((nic.address(False), ECHO_PORT))
        # Longer than any interruption that a case makes.
        self._socket.settimeout(4 * SECONDS)

    def run(self) -> None:
        rng = random.Random("stream")
        try:
            while not self._end.is_set():
                data = rng.randbytes(rng.randint(1, self.CHUNK))
                with self.silence:
                    self._socket.sendall(data)
                    answer = _receive_all(self._socket, len(data))
                time.sleep(self.PAUSE)
                if answer != data:
                    self.trouble = difference(data, answer)
                    return
                self.bytes += len(data)
        except (OSError, Failed) as error:
            self.trouble = str(error) or type(error).__name__

    def goes_on(self, what: str, seconds: float = SECONDS) -> float:
        """Wait for new data to come back; returns how long that took."""
        before, start = self.bytes, time.monotonic()
        while self.bytes == before:
            expect(not self.trouble, f"the connection was lost, {what}: {self.trouble}")
            waited = time.monotonic() - start
            expect(waited < seconds, f"nothing came through for {waited:.0f} s, {what}")
            time.sleep(0.02)
        return time.monotonic() - start

    def stop(self) -> None:
        self._end.set()
        self.join()
        self._socket.close()


@contextmanager
def streaming(guest: Guest, nic: Nic) -> Iterator[Stream]:
    """A connection that must outlast the body, with data that is compared."""
    stream = Stream(guest, nic)
    stream.start()
    try:
        stream.goes_on("before anything was done")
        yield stream
        stream.goes_on("after all")
    finally:
        stream.stop()
