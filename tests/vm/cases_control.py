# SPDX-License-Identifier: GPL-2.0
"""Cases about settings that the device is told: changed under traffic, seen in what passes."""

import re
from contextlib import contextmanager
from typing import Iterator

import traffic
import wire
from suite import Context, Skip, case, expect, expect_equal
from vmlib import counters, genl, iperf
from vmlib.nic import Nic

# The NICs of this guest. Each is behind a port of its own, so that it can be unplugged.
HASHING, PAIRS, TWO, SINGLE = range(4)
PORTS = [f"pcie-root-port,id=port{n},chassis={n + 1},slot={n + 1}" for n in range(4)]
CPUS = 4


def ctrl_nics() -> list[Nic]:
    return [Nic(pairs=4, bus="port0", extra={"rss": "on", "hash": "on"}),
            Nic(pairs=4, bus="port1"),
            Nic(pairs=2, bus="port2", packed=True),
            Nic(mode="small", bus="port3")]


def ctrl_arguments() -> list[str]:
    return [word for port in PORTS for word in ("-device", port)]


def name_of(ctx: Context, number: int) -> str:
    return ctx.guest.interface(ctx.guest.nics[number])


def channels(ctx: Context, interface: str) -> tuple[int, int]:
    """Queue pairs: as many as there can be, and as many as there are."""
    text = ctx.guest.sh(f"ethtool -l {interface}")
    most, now = re.findall(r"^Combined:\s+(\d+)$", text, re.M)
    return int(most), int(now)


def packets_per_queue(ctx: Context, interface: str, side: str) -> dict[int, int]:
    """By ethtool -S; newer virtio_net tells netdev-genl only."""
    stats = counters.ethtool(ctx.guest, interface)
    if f"{side}0_packets" not in stats and (number := genl.family(ctx.guest)) is not None:
        stats = genl.queue_statistics(ctx.guest, number, interface)
    return counters.per_queue(stats)[side]["packets"]


def every_queue_works(ctx: Context, nic: Nic, pairs: int, interface: str = "") -> None:
    """Each CPU sends through a queue of its own, and every queue sends and is answered."""
    interface = interface or ctx.guest.interface(nic)
    before = packets_per_queue(ctx, interface, "tx")
    ctx.guest.sh(f"""for cpu in $(seq 0 {CPUS - 1}); do
        taskset $(printf %x $((1 << cpu))) ping -q -c 3 -i 0.05 -W 20 {nic.address(True)} || exit
        done""")
    after = packets_per_queue(ctx, interface, "tx")
    used = {queue for queue in after if after[queue] - before.get(queue, 0) >= 3}
    expect_equal("transmit queues that were used", used & set(range(pairs)), set(range(pairs)))


@contextmanager
def carrier_stays(ctx: Context, interface: str) -> Iterator[None]:
    """Nobody else hears of what the body changes: bonds, bridges, routing daemons."""
    changes = f"/sys/class/net/{interface}/carrier_changes"
    before = ctx.guest_value(changes)
    yield
    if ctx.driver == "virtnet":
        expect_equal("carrier changes", ctx.guest_value(changes), before)


def refused(ctx: Context, command: str) -> str:
    """A command that must fail; what it says."""
    answer = ctx.guest.run(command)
    expect(answer.code, f"'{command}' was not refused")
    return answer.output


# --- channels, rings ------------------------------------------------------------

@case("1, 2 and 4 queue pairs: all that there are, each of them works")
def pairs(ctx: Context) -> None:
    for number, wanted in ((HASHING, 4), (PAIRS, 4), (TWO, 2), (SINGLE, 1)):
        interface = name_of(ctx, number)
        if ctx.driver == "intree" and channels(ctx, interface)[1] < wanted:
            ctx.guest.sh(f"ethtool -L {interface} combined {wanted}")
        expect_equal(f"channels of {interface}", channels(ctx, interface), (wanted, wanted))
        ctx.reachable(ctx.guest.nics[number])
        every_queue_works(ctx, ctx.guest.nics[number], wanted)


@case("ethtool -L up and down under iperf3")
def set_channels(ctx: Context) -> None:
    for number, steps in ((PAIRS, (1, 3, 4)), (TWO, (1, 2))):
        nic, interface = ctx.guest.nics[number], name_of(ctx, number)
        with carrier_stays(ctx, interface), iperf.running(ctx.guest, nic) as load:
            for count in steps:
                ctx.guest.sh(f"ethtool -L {interface} combined {count}")
                expect_equal("channels", channels(ctx, interface)[1], count)
                load.goes_on(f"with {count} channels")
        refused(ctx, f"ethtool -L {interface} combined {steps[-1] + 1}")
        expect_equal("channels after one was refused", channels(ctx, interface)[1], steps[-1])
        every_queue_works(ctx, nic, steps[-1])


def ring_sizes(ctx: Context, interface: str) -> list[str]:
    """RX and TX, as they are."""
    text = ctx.guest.sh(f"ethtool -g {interface}")
    return re.findall(r"^[RT]X:\s+(\d+)$", text, re.M)[2:]


@case("ethtool -G smaller and larger under iperf3")
def set_rings(ctx: Context) -> None:
    nic, interface = ctx.guest.nics[PAIRS], name_of(ctx, PAIRS)
    sizes = ring_sizes(ctx, interface)
    answer = ctx.guest.run(f"ethtool -G {interface} rx 64 tx 64")
    if answer.code and ctx.driver == "intree":
        raise Skip("virtio_net cannot do it with this device")
    expect_equal("ethtool -G", answer.output, "")
    with carrier_stays(ctx, interface), iperf.running(ctx.guest, nic) as load:
        for rx, tx in ((64, 64), (256, 64), (256, 256)):
            ctx.guest.run(f"ethtool -G {interface} rx {rx} tx {tx}")
            expect_equal("rings", ring_sizes(ctx, interface), [str(rx), str(tx)])
            load.goes_on(f"with rings of {rx} and {tx}")
    refused(ctx, f"ethtool -G {interface} rx 512")
    # virtio_net takes it, and receives nothing any more.
    if ctx.driver == "virtnet":
        refused(ctx, f"ethtool -G {interface} rx 1")
    expect_equal("rings after two were refused", ring_sizes(ctx, interface), sizes)
    every_queue_works(ctx, nic, channels(ctx, interface)[1])


# --- receive hashing --------------------------------------------------------------

def table(ctx: Context, interface: str) -> list[int]:
    text = ctx.guest.sh(f"ethtool -x {interface}")
    return [int(n) for row in re.findall(r"^ +\d+: +((?:\d+ *)+)$", text, re.M)
            for n in row.split()]


def key(ctx: Context, interface: str) -> str:
    text = ctx.guest.sh(f"ethtool -x {interface}")
    found = re.search(r"RSS hash key:\n(\S+)", text)
    return found[1] if found else ""


def queues_hit(ctx: Context, nic: Nic) -> set[int]:
    """The receive queues that get a number of UDP flows from the host."""
    interface = ctx.guest.interface(nic)
    before = packets_per_queue(ctx, interface, "rx")
    traffic.udp_flows(ctx.guest, nic, 64)
    after = packets_per_queue(ctx, interface, "rx")
    return {queue for queue in after if after[queue] - before[queue] >= 4}


@case("ethtool -X: table, key and fields, by where packets arrive")
def rss(ctx: Context) -> None:
    nic, interface = ctx.guest.nics[HASHING], name_of(ctx, HASHING)
    if "Operation not supported" in ctx.guest.run(f"ethtool -x {interface}").output:
        raise Skip("this driver does not take the device's hashing")
    ctx.guest.sh(f"ethtool -L {interface} combined 4 2>/dev/null || true")
    expect_equal("queues used by flows at first", queues_hit(ctx, nic), {0, 1, 2, 3})
    for weights, queues in (("0 0 1 0", {2}), ("1 1 0 0", {0, 1}), ("1 1 1 1", {0, 1, 2, 3})):
        ctx.guest.sh(f"ethtool -X {interface} weight {weights}")
        expect_equal("table", set(table(ctx, interface)), queues)
        expect_equal(f"queues used with weight {weights}", queues_hit(ctx, nic), queues)
    new_key = ":".join(f"{n:02x}" for n in range(1, 41))
    ctx.guest.sh(f"ethtool -X {interface} hkey {new_key}")
    expect_equal("key", key(ctx, interface), new_key)
    ctx.guest.sh(f"ethtool -N {interface} rx-flow-hash udp4 sd")
    expect_equal("queues used without ports in the hash", len(queues_hit(ctx, nic)), 1)
    ctx.guest.sh(f"ethtool -N {interface} rx-flow-hash udp4 sdfn; ethtool -X {interface} default")
    expect_equal("queues used by flows in the end", queues_hit(ctx, nic), {0, 1, 2, 3})


@case("a table that leads to a channel that is off is refused, the old one stays",
      virtnet_only=True)
def rss_refused(ctx: Context) -> None:
    interface = name_of(ctx, HASHING)
    ctx.guest.sh(f"ethtool -L {interface} combined 2; ethtool -X {interface} weight 0 1")
    try:
        old = table(ctx, interface)
        refused(ctx, f"ethtool -X {interface} weight 0 0 0 1")
        refused(ctx, f"ethtool -L {interface} combined 1")
        expect_equal("table", table(ctx, interface), old)
        expect_equal("channels", channels(ctx, interface)[1], 2)
        ctx.reachable(ctx.guest.nics[HASHING])
        refused(ctx, f"ethtool -X {name_of(ctx, PAIRS)} equal 1")
    finally:
        ctx.guest.run(f"ethtool -X {interface} default; ethtool -L {interface} combined 4")


# --- receive offloads ---------------------------------------------------------------

def _is_on(ctx: Context, interface: str, feature: str) -> bool:
    return f"{feature}: on" in ctx.guest.sh(f"ethtool -k {interface}")


def _gro_hw(ctx: Context, interface: str) -> str:
    """What the driver calls large packets that the device hands over."""
    text = ctx.guest.sh(f"ethtool -k {interface}")
    for name in ("rx-gro-hw", "large-receive-offload"):
        if f"{name}: on" in text and f"{name}: on [fixed]" not in text:
            return name
    raise Skip("this driver cannot switch them")


def _seen_by_guest(ctx: Context, nic: Nic, stream: traffic.Stream) -> wire.Findings:
    with stream.silence, wire.watched(ctx.guest, nic) as watch:
        traffic.tcp_echo(ctx.guest, nic, 1 << 20, 4)
    expect(not watch.to_guest.problems, "; ".join(watch.to_guest.problems[:5]))
    return watch.to_guest


@case("ethtool -K: large packets and checksums of received packets, under traffic")
def offloads(ctx: Context) -> None:
    nic, interface = ctx.guest.nics[PAIRS], name_of(ctx, PAIRS)
    feature = _gro_hw(ctx, interface)
    with carrier_stays(ctx, interface), traffic.streaming(ctx.guest, nic) as stream:
        expect(_seen_by_guest(ctx, nic, stream).gso, "no unsegmented packet to the guest at first")
        ctx.guest.sh(f"ethtool -K {interface} {feature} off")
        stream.goes_on("with large packets off")
        expect_equal("unsegmented packets to the guest", _seen_by_guest(ctx, nic, stream).gso, 0)
        if ctx.guest.run(f"ethtool -K {interface} rx off").code == 0 and \
                not _is_on(ctx, interface, "rx-checksumming"):
            stream.goes_on("with receive checksums off")
            expect_equal("partial checksums to the guest", _seen_by_guest(ctx, nic, stream).partial, 0)
        else:
            expect(ctx.driver == "intree", "receive checksums cannot be switched off")
        ctx.guest.sh(f"ethtool -K {interface} rx on {feature} on")
        stream.goes_on("with both on again")
        expect(_seen_by_guest(ctx, nic, stream).gso, "no unsegmented packet to the guest any more")


# --- MTU ------------------------------------------------------------------------------

# What a tap can do at most, and what it gives a guest that can do more.
TAP_MTU = 65521


@case("MTU from 68 to 65535 and back under iperf3")
def mtu(ctx: Context) -> None:
    nic, interface = ctx.guest.nics[PAIRS], name_of(ctx, PAIRS)
    host, guest = nic.address(True), ctx.guest
    with carrier_stays(ctx, interface), iperf.running(guest, nic) as load:
        for size in (9000, 65535, 68, 1500):
            guest.sh(f"ip link set {interface} mtu {size}")
            guest.host_mtu(nic, min(size, TAP_MTU))
            expect_equal("MTU", guest.sh(f"cat /sys/class/net/{interface}/mtu").strip(), str(size))
            fits = min(size, TAP_MTU) - 28
            # What was learned of the path while both ends were about to change is forgotten.
            guest.ns.ip("route flush cache")
            guest.poll(f"pings of {fits} bytes", f"""ip route flush cache
                ping -q -c 1 -W 9 -M do -s {fits} {host}""")
            if size >= 576:
                load.goes_on(f"with MTU {size}", 60)
    refused(ctx, f"ip link set {interface} mtu 67")
    guest.ns.ip("route flush cache")
    # The kernel drops IPv6 addresses below 1280.
    guest.ns.ip(f"addr replace {nic.address(True, 6)}/64 dev {nic.tap} nodad")
    guest.sh(f"ip addr replace {nic.address(False, 6)}/64 dev {interface} nodad")
    every_queue_works(ctx, nic, channels(ctx, interface)[1])


CASES = (pairs, set_channels, set_rings, rss, rss_refused, offloads, mtu)
