# SPDX-License-Identifier: GPL-2.0
"""XDP with programs of xdp-tools: every verdict, traffic through attach and detach."""

import random
import socket
import struct
import time
from contextlib import contextmanager
from typing import Iterator

import traffic
import wire
from cases_control import channels
from cases_data import checked_data
from cases_device import negotiated
from suite import Context, Skip, case, expect, expect_equal
from vmlib import counters, genl, iperf
from vmlib.nic import Nic

BPFFS = "mountpoint -q /sys/fs/bpf || mount -t bpf bpf /sys/fs/bpf"
HOST_MAC = b"\x02\0\0\0\0\x01"
ETHERTYPE = 0x88B5              # local experimental: no protocol of the stack wants it
# NETDEV_XDP_ACT_*, of linux/netdev.h.
BASIC, REDIRECT, NDO_XMIT, ZEROCOPY, RX_SG, NDO_XMIT_SG = 1, 2, 4, 8, 32, 64
RX_HASH = 2                     # NETDEV_XDP_RX_METADATA_HASH
SIZES = (60, 61, 128, 500, 1000, 1499, 1514)


def prepare(ctx: Context) -> None:
    if ctx.guest.run("[ -e /sys/kernel/btf/vmlinux ]").code:
        raise Skip("this kernel has no BTF, which xdp-tools need")
    ctx.guest.sh(BPFFS)


def counter(ctx: Context, interface: str, direction: str, name: str) -> int:
    """A counter of ethtool -S, summed over the queues: as both drivers have it."""
    stats = counters.per_queue(counters.ethtool(ctx.guest, interface))[direction]
    return sum(stats[name].values())


def counted(ctx: Context, interface: str, name: str, wanted: int) -> None:
    """Wait until a counter of receiving is at least that."""
    ctx.guest.poll(f"{name} to be {wanted}", f"ethtool -S {interface} | "
                   f"awk '/^ *rx(_queue_)?[0-9]+_{name}:/ {{ n += $2 }} "
                   f"END {{ exit n < {wanted} }}'")


def restarts(ctx: Context, interface: str) -> int:
    """How often the device was reset to mend something; virtio_net never does."""
    if ctx.driver == "intree":
        return 0
    return counters.ethtool(ctx.guest, interface)["recover_ok"]


@contextmanager
def filtering(ctx: Context, interface: str, features: str = "ethernet") -> Iterator[None]:
    """xdp-filter, which lets everything pass unless told otherwise.

    With the features udp and tcp it aborts at fragments too short for their header.
    """
    ctx.guest.sh(f"xdp-filter load -m native -f {features} {interface}")
    try:
        yield
    finally:
        ctx.guest.sh(f"xdp-filter unload {interface}")


def with_bench(ctx: Context) -> bool:
    """Does xdp-bench run here? It wants BTF, and a tracepoint that 7.2 has not any more."""
    return ctx.kver not in ("7.2", "debug")


@contextmanager
def benching(ctx: Context, verdict: str, *interfaces: str) -> Iterator[None]:
    """A program of that verdict, from when it is attached: xdp-bench's, or else ours."""
    names, interface = " ".join(interfaces), interfaces[0]
    command = (f"xdp-bench {verdict} -m native {names}" if with_bench(ctx) else
               f"xdp-verdict {verdict} {names}")
    ctx.guest.sh(f"{command} >/run/xdp-bench.log 2>&1 & echo $! >/run/xdp-bench.pid")
    try:
        ctx.guest.poll("xdp-bench to attach", f"ip link show {interface} | grep -q 'prog/xdp' || "
                       "{ kill -0 $(cat /run/xdp-bench.pid) || cat /run/xdp-bench.log >&2; "
                       "false; }")
        yield
    finally:
        ctx.guest.sh("pid=$(cat /run/xdp-bench.pid); kill -INT $pid; "
                     "while kill -0 $pid 2>/dev/null; do usleep 50000; done")


def frames(nic: Nic, count: int) -> list[bytes]:
    """Numbered frames of several sizes, from a station that is not there."""
    rng = random.Random("xdp")
    mac = bytes.fromhex(nic.mac.replace(":", ""))
    head = mac + HOST_MAC + struct.pack("!H", ETHERTYPE)
    return [head + struct.pack("!I", number) + rng.randbytes(rng.choice(SIZES) - 18)
            for number in range(count)]


def renewed(ctx: Context, interface: str) -> None:
    """Wait until no buffer is left in the ring that was posted before the program came.

    What such a buffer holds meets the program as an skb, and its verdict is not counted.
    """
    for _ in range(4):
        seen = counter(ctx, interface, "rx", "xdp_packets")
        wire.inject(ctx.guest, ctx.nic, frames(ctx.nic, 80))
        counted(ctx, interface, "xdp_packets", seen + 80)


def exchanged(ctx: Context, source: Nic, target: Nic, sent: list[bytes],
              kind: int = ETHERTYPE) -> list[bytes]:
    """Put frames on one wire; those of this type that the guest puts on the other."""
    assert ctx.guest.ns

    def body() -> list[bytes]:
        found: list[bytes] = []
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as sock:
            sock.bind((target.tap, kind))
            sock.settimeout(0.2)
            for at in range(0, len(sent), 8):
                wire.inject(ctx.guest, source, sent[at:at + 8])
                found += _returned(sock, len(sent[at:at + 8]))
                if len(found) < at + len(sent[at:at + 8]):
                    break       # one wait for what is lost is enough
        return found
    return ctx.guest.ns.call(body)


def _returned(sock: socket.socket, count: int) -> list[bytes]:
    found: list[bytes] = []
    end = time.monotonic() + traffic.SECONDS
    while len(found) < count and time.monotonic() < end:
        try:
            data, address = sock.recvfrom(70000)
        except TimeoutError:
            continue
        if address[2] != wire.PACKET_OUTGOING:
            found.append(data)
    return found


def expect_all(found: list[bytes], sent: list[bytes], what: str) -> None:
    expect_equal(f"{what}: frames", len(found), len(sent))
    expect_equal(f"{what}: content behind the addresses", [f[12:] for f in found],
                 [f[12:] for f in sent])


@case("xdp-filter: everything passes, byte by byte", virtnet_only=True)
def passes(ctx: Context) -> None:
    prepare(ctx)
    interface = ctx.guest.interface(ctx.nic)
    with filtering(ctx, interface):
        before = counter(ctx, interface, "rx", "xdp_packets")
        checked_data(ctx, ctx.nic, 1500)
        expect(counter(ctx, interface, "rx", "xdp_packets") > before + 100, "the program saw nothing")
        expect("prog/xdp" in ctx.guest.sh(f"ip link show {interface}"), "it is not native")
    checked_data(ctx, ctx.nic, 1500)
    expect_equal("restarts", restarts(ctx, interface), 0)


@case("xdp-filter: one port is filtered, and others are not", virtnet_only=True)
def filters(ctx: Context) -> None:
    prepare(ctx)
    interface = ctx.guest.interface(ctx.nic)
    with filtering(ctx, interface, "udp"):
        ctx.guest.sh("xdp-filter port 4444 -p udp")
        renewed(ctx, interface)
        drops = counter(ctx, interface, "rx", "xdp_drops")
        wire.inject(ctx.guest, ctx.nic,
                    [wire.udp_frame(ctx.nic, 4444, b"filtered" * 8, True)] * 20)
        counted(ctx, interface, "xdp_drops", drops + 20)
        traffic.ping_guest(ctx.guest, ctx.nic, traffic.FEW_SIZES)
        traffic.tcp_echo(ctx.guest, ctx.nic, 1 << 16)
        expect_equal("dropped", counter(ctx, interface, "rx", "xdp_drops"), drops + 20)


@case("XDP_DROP: nothing gets through, all of it counted", virtnet_only=True)
def drops(ctx: Context) -> None:
    ctx.guest.sh(BPFFS)
    interface = ctx.guest.interface(ctx.nic)
    with benching(ctx, "drop", interface):
        renewed(ctx, interface)
        before = counter(ctx, interface, "rx", "xdp_drops")
        wire.inject(ctx.guest, ctx.nic, frames(ctx.nic, 200))
        counted(ctx, interface, "xdp_drops", before + 200)
    checked_data(ctx, ctx.nic, 1500)


@case("XDP_TX: all comes back as it was", virtnet_only=True)
def reflects(ctx: Context) -> None:
    ctx.guest.sh(BPFFS)
    interface = ctx.guest.interface(ctx.nic)
    sent = frames(ctx.nic, 80 if ctx.kver == "debug" else 400)
    with benching(ctx, "tx", interface):
        renewed(ctx, interface)
        expect_all(exchanged(ctx, ctx.nic, ctx.nic, sent), sent, "XDP_TX")
        expect(counter(ctx, interface, "tx", "xdp_tx") >= len(sent), "xdp_tx does not count it")
    checked_data(ctx, ctx.nic, 1500)


@case("XDP_REDIRECT: from one NIC out of the other", virtnet_only=True)
def redirects(ctx: Context) -> None:
    ctx.guest.sh(BPFFS)
    source, target = ctx.guest.nics[:2]
    names = [ctx.guest.interface(nic) for nic in (source, target)]
    # xdp-bench attaches a program of its own to the target, for which packets must not be large.
    ctx.guest.sh(f"ip link set {names[1]} mtu 1500")
    for kind in ("redirect", "redirect-map") if with_bench(ctx) else ("redirect",):
        sent = frames(source, 200)
        with benching(ctx, kind, *names):
            renewed(ctx, names[0])
            expect_all(exchanged(ctx, source, target, sent), sent, kind)
        expect(counter(ctx, names[1], "tx", "xdp_tx") >= len(sent), "xdp_tx does not count it")
    expect_equal("frames lost", counter(ctx, names[1], "tx", "xdp_tx_drops"), 0)
    checked_data(ctx, source, 1500)


def sent_by(ctx: Context, interface: str, queues: range) -> int:
    """Frames of XDP that left by these queues."""
    stats = counters.per_queue(counters.ethtool(ctx.guest, interface))["tx"]["xdp_tx"]
    return sum(stats.get(queue, 0) for queue in queues)


@case("XDP_TX by queues of its own, where the device has enough", virtnet_only=True)
def own_queues(ctx: Context) -> None:
    ctx.guest.sh(BPFFS)
    nic = next((nic for nic in ctx.guest.nics if nic.pairs >= 2 * ctx.guest.cpus), None)
    if not nic:
        raise Skip("no NIC with twice as many queues as CPUs")
    interface, stack = ctx.guest.interface(nic), range(ctx.guest.cpus)
    resets = restarts(ctx, interface)
    expect_equal("channels", channels(ctx, interface)[1], len(stack))
    for _ in range(2):
        with benching(ctx, "tx", interface):
            sent = frames(nic, 80)
            shared = sent_by(ctx, interface, stack)
            own = sent_by(ctx, interface, range(len(stack), nic.pairs))
            expect_all(exchanged(ctx, nic, nic, sent), sent, "XDP_TX")
            expect_equal("sent by the stack's queues", sent_by(ctx, interface, stack), shared)
            expect(sent_by(ctx, interface, range(len(stack), nic.pairs)) >= own + len(sent),
                   "not sent by queues of its own")
            expect_equal("channels", channels(ctx, interface)[1], len(stack))
        checked_data(ctx, nic, 1500)
    expect_equal("restarts", restarts(ctx, interface), resets)


@case("attached and detached under traffic: no reset, nothing dead", virtnet_only=True)
def cycles(ctx: Context) -> None:
    prepare(ctx)
    interface = ctx.guest.interface(ctx.nic)
    with traffic.flooded(ctx.guest, ctx.nic) as flood:
        for _ in range(4):
            with filtering(ctx, interface):
                ctx.reachable(ctx.nic)
            ctx.reachable(ctx.nic)
    expect(flood.answered > flood.sent // 2, f"{flood.answered} of {flood.sent} were answered")
    expect_equal("restarts", restarts(ctx, interface), 0)
    checked_data(ctx, ctx.nic, 1500)


@case("iperf3 runs on while programs come and go", virtnet_only=True)
def iperf_cycles(ctx: Context) -> None:
    prepare(ctx)
    interface = ctx.guest.interface(ctx.nic)
    ctx.guest.sh(f"""(while [ ! -e /run/calm-xdp ]; do
        xdp-filter load -m native -f ethernet {interface} && xdp-filter unload {interface} || break
        done; touch /run/done-xdp) >/run/xdp-cycles.log 2>&1 &""")
    try:
        with iperf.server(ctx.guest) as port:
            for to_guest in (True, False):
                moved = iperf.tcp(ctx.guest, ctx.nic, port, to_guest, "-t 4")
                expect(moved.bytes > 1 << 20, f"only {moved.bytes} bytes in 4 seconds")
    finally:
        ctx.guest.run("touch /run/calm-xdp; until [ -e /run/done-xdp ]; do usleep 50000; done; "
                      f"xdp-filter unload {interface}; rm /run/*-xdp")
    checked_data(ctx, ctx.nic, 1500)


@case("a program that takes one buffer is refused with a large MTU, and says why",
      virtnet_only=True)
def refused(ctx: Context) -> None:
    prepare(ctx)
    nic = next(nic for nic in ctx.guest.nics if nic.host_mtu > 4000)
    interface = ctx.guest.interface(nic)
    answer = ctx.guest.run(f"ip link set {interface} xdpdrv obj /usr/lib/x86_64-linux-gnu/bpf/"
                           "xsk_def_xdp_prog_5.3.o sec xdp")
    expect(answer.code, "it was taken")
    expect("MTU too large" in answer.output, f"no reason given: {answer.output}")
    checked_data(ctx, nic, nic.host_mtu)


@case("netdev-genl tells what the interface can do with programs")
def told(ctx: Context) -> None:
    number = genl.family(ctx.guest)
    if number is None:
        raise Skip("this kernel has no netdev-genl")
    found = genl.device(ctx.guest, number, ctx.guest.interface(ctx.nic))
    wanted = BASIC | REDIRECT | (ZEROCOPY if ctx.kver == "7.2" else 0)
    if ctx.driver == "virtnet":
        wanted |= ZEROCOPY | NDO_XMIT | RX_SG | NDO_XMIT_SG
        segments = 18 if ctx.nic.mode == "mergeable" else 1
        expect_equal("buffers of a packet of AF_XDP", found["zc_max_segs"], segments)
        hashes = "HASH_REPORT" in negotiated(ctx, ctx.nic)
        expect_equal("hints", found.get("rx_metadata", 0), RX_HASH if hashes else 0)
    expect_equal("features", found["xdp_features"] & wanted, wanted)


CASES = (passes, filters, drops, reflects, redirects, own_queues, refused, told)
LONG = (cycles, iperf_cycles)
