# SPDX-License-Identifier: GPL-2.0
"""XDP and AF_XDP with programs that nobody here wrote: of xdp-tools, and DPDK's."""

import base64
import io
import random
import socket
import struct
import tarfile
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator

import dpdk
import traffic
import wire
from cases_data import checked_data
from cases_xdp import (HOST_MAC, counter, exchanged, expect_all, filtering, frames, prepare,
                       renewed, restarts)
from suite import Context, case, expect, expect_equal, wait
from vmlib import unstable
from vmlib.guestroot import BPF_OBJECTS

DUMP, DUMP_LOG = "/run/dump.pcap", "/run/xdpdump.log"
TOOLS = "/root/xdp-tools"
TESTPMD, TESTPMD_LOG, TESTPMD_PID = "/root/testpmd", "/run/testpmd.log", "/run/testpmd.pid"
GENERATED = 2000
# Lengths in a capture file of libpcap's first format.
CAPTURE_HEAD, CAPTURE_RECORD = 24, 16
# More than xdpdump buffers of what it writes, and what may be on its way to it.
BUFFER = 16384


def captured(pcap: bytes) -> list[bytes]:
    """The frames of a capture file."""
    order = "<" if pcap[:4] == b"\xd4\xc3\xb2\xa1" else ">"
    found, at = [], CAPTURE_HEAD
    while at < len(pcap):
        size = struct.unpack(order + "I", pcap[at + 8:at + 12])[0]
        at += CAPTURE_RECORD
        found.append(pcap[at:at + size])
        at += size
    return found


@contextmanager
def dumping(ctx: Context, interface: str) -> Iterator[None]:
    """xdpdump, before the program and behind it."""
    ctx.guest.sh(f"xdpdump -i {interface} --rx-capture entry,exit --perf-wakeup 1 --use-pcap "
                 f"-w - >{DUMP} 2>{DUMP_LOG} & echo $! >/run/xdpdump.pid")
    try:
        ctx.guest.sh(f"until grep -q listening {DUMP_LOG}; do kill -0 $(cat /run/xdpdump.pid) || "
                     f"{{ cat {DUMP_LOG}; exit 1; }}; usleep 20000; done")
        yield
    finally:
        ctx.guest.sh("pid=$(cat /run/xdpdump.pid); kill -INT $pid; "
                     "while kill -0 $pid 2>/dev/null; do usleep 20000; done")


@case("xdpdump: each packet as it was, before the program and behind it")
def dump(ctx: Context) -> None:
    prepare(ctx)
    interface, sent = ctx.guest.interface(ctx.nic), frames(ctx.nic, 44)
    more = [sent.pop() for _ in range(4)]
    with filtering(ctx, interface):
        renewed(ctx, interface)
        size = 2 * sum(CAPTURE_RECORD + len(frame) for frame in sent)

        def written(least: int) -> bool:
            # What xdpdump has of the last ones stays in its buffer until more come.
            wire.inject(ctx.guest, ctx.nic, more)
            return int(ctx.guest.sh(f"stat -c %s {DUMP}")) >= least
        with dumping(ctx, interface):
            # It says that it listens a moment before it does.
            wait("xdpdump to see something", lambda: written(CAPTURE_HEAD + 1))
            seen = int(ctx.guest.sh(f"stat -c %s {DUMP}"))
            wire.inject(ctx.guest, ctx.nic, sent)
            wait("xdpdump to write all", lambda: written(seen + size + BUFFER))
        text = ctx.guest.sh(f"base64 {DUMP}")
    found = captured(base64.b64decode(text))
    for frame in sent:
        expect_equal(f"times that a frame of {len(frame)} bytes was seen", found.count(frame), 2)


def upload(ctx: Context, where: str, files: list[Path], port: int = 4711) -> None:
    """Programs and their libraries into a directory, over the network, unless it is there."""
    if ctx.guest.run(f"[ -e {where}/done ]").code == 0:
        return
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as tar:
        for path in files:
            tar.add(path.resolve(), path.name)
    with traffic.open_socket(ctx.guest, 4, socket.SOCK_STREAM) as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind((ctx.nic.address(True), port))
        server.listen(1)
        server.settimeout(traffic.SECONDS)
        ctx.guest.sh(f"mkdir -p {where}; "
                     f"(socat -u TCP:{ctx.nic.address(True)}:{port} - | tar x -C {where} && "
                     f"touch {where}/done) >/run/upload.log 2>&1 &")
        with server.accept()[0] as sock:
            sock.sendall(data.getvalue())
    ctx.guest.poll(f"{where} to be there", f"[ -e {where}/done ]")


def uploaded(where: str, program: str) -> str:
    """A command that runs one of them."""
    return f"{where}/ld-linux-x86-64.so.2 --library-path {where} {where}/{program}"


def newer_tools(ctx: Context) -> str:
    """xdp-tools of Debian unstable: the machine's has no xdp-forward, and its
    xdp-trafficgen believes that kernels from 6.4 on cannot do what it needs."""
    upload(ctx, TOOLS, unstable.files("xdp-tools", "usr/sbin/xdp-trafficgen",
                                      "usr/sbin/xdp-forward", f"{BPF_OBJECTS}/xdp-dispatcher.o"))
    return f"export LIBXDP_OBJECT_PATH={TOOLS}; "


@case("xdp-trafficgen: frames made by the kernel are sent, or counted as dropped",
      virtnet_only=True)
def generated(ctx: Context) -> None:
    prepare(ctx)
    interface = ctx.guest.interface(ctx.nic)
    tools = newer_tools(ctx)
    frames_sent = GENERATED // 10 if ctx.kver == "debug" else GENERATED
    before, lost = (counter(ctx, interface, "tx", name) for name in ("xdp_tx", "xdp_tx_drops"))
    with wire.watched(ctx.guest, ctx.nic) as watch:
        # It may end with 1 when all is sent.
        ctx.guest.run(f"{tools}{uploaded(TOOLS, 'xdp-trafficgen')} udp "
                      f"-m {HOST_MAC.hex(':')} -n {frames_sent} {interface}", timeout=400)
        expect_equal("frames", counter(ctx, interface, "tx", "xdp_tx") - before, frames_sent)
        lost = counter(ctx, interface, "tx", "xdp_tx_drops") - lost
        ctx.reachable(ctx.nic)
    expect(watch.from_guest.frames >= frames_sent - lost,
           f"{watch.from_guest.frames} of {frames_sent} arrived, {lost} were dropped")
    expect_equal("problems", watch.from_guest.problems, [])
    checked_data(ctx, ctx.nic, 1500)


@case("xdp-forward: packets are routed from one NIC to the other", virtnet_only=True)
def forwarded(ctx: Context) -> None:
    prepare(ctx)
    source, target = ctx.guest.nics[:2]
    names = [ctx.guest.interface(nic) for nic in (source, target)]
    forward = f"{newer_tools(ctx)}{uploaded(TOOLS, 'xdp-forward')}"
    ctx.guest.sh(f"ip link set {names[1]} mtu 1500; echo 1 >/proc/sys/net/ipv4/ip_forward")
    ctx.reachable(target)
    rng = random.Random("forward")
    sent = [wire.udp_frame(source, 5555, rng.randbytes(size), True, target.address(True))
            for size in (18, 100, 500, 1000, 1472) * 20]
    ctx.guest.sh(f"{forward} load {' '.join(names)}")
    try:
        renewed(ctx, names[0])
        before = counter(ctx, names[1], "tx", "xdp_tx")
        found = exchanged(ctx, source, target, sent, wire.ETH_P_IP)
        expect(counter(ctx, names[1], "tx", "xdp_tx") >= before + len(sent),
               "not by way of ndo_xdp_xmit")
    finally:
        ctx.guest.sh(f"{forward} unload {' '.join(names)}; echo 0 >/proc/sys/net/ipv4/ip_forward")
    expect_equal("payloads", [f[34:] for f in found], [f[34:] for f in sent])
    findings = wire.Findings()
    for frame in found:
        wire.inspect(bytes(10), frame, findings)
        expect_equal("time to live", frame[22], 63)
    expect_equal("problems", findings.problems, [])
    checked_data(ctx, source, 1500)


@contextmanager
def testpmd(ctx: Context, interface: str) -> Iterator[None]:
    """It sends back what comes, as it is."""
    names = ("net-af-xdp", "mempool-ring", "bus-vdev")
    upload(ctx, TESTPMD, dpdk.files(*names))
    plugins = " ".join(f"-d {TESTPMD}/{path.name}" for path in dpdk.plugins(*names))
    # It writes line by line to terminals only, and ends when it can read something.
    ctx.guest.sh(f"""chmod 755 /; mkdir -p /var/run; echo 'echo $$ >{TESTPMD_PID}
        exec {uploaded(TESTPMD, 'dpdk-testpmd')} -l 0-1 --no-huge --no-shconf -m 64 --no-pci \\
        --no-telemetry {plugins} --vdev=net_af_xdp0,iface={interface} -- \\
        --total-num-mbufs=8192 --forward-mode=io --auto-start' >{TESTPMD}/run
        : >{TESTPMD_LOG}
        sleep 3600 | socat - EXEC:'sh {TESTPMD}/run',pty,stderr >>{TESTPMD_LOG} 2>&1 &
        until grep -q 'Press enter' {TESTPMD_LOG}; do usleep 50000
            kill -0 $! || {{ cat {TESTPMD_LOG}; exit 1; }}; done""")
    try:
        yield
    finally:
        ctx.guest.sh(f"pid=$(cat {TESTPMD_PID}); kill -INT $pid; killall sleep; "
                     "while kill -0 $pid 2>/dev/null; do usleep 50000; done")


@case("AF_XDP: DPDK's testpmd sends back what comes")
def dpdk_echo(ctx: Context) -> None:
    prepare(ctx)
    interface = ctx.guest.interface(ctx.nic)
    sent = frames(ctx.nic, 400)
    before = counter(ctx, interface, "rx", "xdp_redirects")
    with testpmd(ctx, interface):
        expect_all(exchanged(ctx, ctx.nic, ctx.nic, sent), sent, "testpmd")
    expect(counter(ctx, interface, "rx", "xdp_redirects") >= before + len(sent), "not redirected")
    checked_data(ctx, ctx.nic, 1500)
    expect_equal("restarts", restarts(ctx, interface), 0)


CASES = (dump, generated, forwarded)
LONG = (dpdk_echo,)
