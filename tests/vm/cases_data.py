# SPDX-License-Identifier: GPL-2.0
"""Cases that move data and compare every byte of it."""

import traffic
import wire
from suite import Context, Skip, case, expect, expect_equal
from vmlib import iperf
from vmlib.nic import Nic

JUMBO = 9000


def checked_data(ctx: Context, nic: Nic, mtu: int, tries: int = 1) -> None:
    """A little of everything over one NIC."""
    ctx.reachable(nic)
    traffic.ping_guest(ctx.guest, nic, traffic.PING_SIZES, 4, tries)
    traffic.udp_echo(ctx.guest, nic, 4, mtu, tries)
    traffic.tcp_echo(ctx.guest, nic, ctx.megabytes << 15, 4)


@case("ping 56 to 65000 bytes, random data, both ways")
def ping(ctx: Context) -> None:
    for version in (4, 6):
        traffic.ping_host(ctx.guest, ctx.nic, traffic.FEW_SIZES, version)
        traffic.ping_guest(ctx.guest, ctx.nic, traffic.PING_SIZES, version)


@case("UDP of many sizes, random data there and back")
def udp(ctx: Context) -> None:
    ctx.reachable(ctx.nic)
    traffic.udp_echo(ctx.guest, ctx.nic, 4)
    traffic.udp_echo(ctx.guest, ctx.nic, 6)


@case("TCP, random data there and back")
def tcp(ctx: Context) -> None:
    traffic.tcp_echo(ctx.guest, ctx.nic, ctx.megabytes << 18, 4)
    traffic.tcp_echo(ctx.guest, ctx.nic, ctx.megabytes << 18, 6)


@case("iperf3 TCP both ways")
def iperf3(ctx: Context) -> None:
    wanted = ctx.megabytes << 20
    with iperf.server(ctx.guest) as port:
        for to_guest in (False, True):
            moved = iperf.tcp(ctx.guest, ctx.nic, port, to_guest, f"-n {wanted}")
            # What is under way when the sender is done does not count.
            expect(moved.bytes >= wanted // 2, f"moved {moved.bytes} bytes of {wanted}")
            expect(moved.retransmits * 1448 < wanted // 5,
                   f"{moved.retransmits} segments of {wanted >> 20} MB were sent again")


def _has(ctx: Context, interface: str, feature: str, on: bool) -> bool:
    text = ctx.guest.sh(f"ethtool -k {interface}")
    return f"{feature}: {'on' if on else 'off'}" in text


def _watched_transfer(ctx: Context) -> wire.Watch:
    with wire.watched(ctx.guest, ctx.nic) as watch:
        traffic.udp_echo(ctx.guest, ctx.nic, 4)
        traffic.tcp_echo(ctx.guest, ctx.nic, 1 << 20, 4)
        traffic.tcp_echo(ctx.guest, ctx.nic, 1 << 19, 6)
    for side in (watch.from_guest, watch.to_guest):
        expect(not side.problems, f"{len(side.problems)} of {side.frames} frames are wrong: "
               + "; ".join(side.problems[:5]))
    return watch


@case("checksums and segmentation of what is sent are right, offloads on")
def checksum_offloaded(ctx: Context) -> None:
    ctx.reachable(ctx.nic)
    seen = _watched_transfer(ctx)
    expect(seen.from_guest.partial, "no frame with its checksum left to the device was sent")
    expect(seen.from_guest.gso, "no frame with its segmentation left to the device was sent")
    if ctx.nic.mode == "small":
        expect_equal("unsegmented frames to a guest that cannot take them", seen.to_guest.gso, 0)
        expect(seen.to_guest.largest <= 1514, f"a frame of {seen.to_guest.largest} bytes to a "
               "guest with 1500 byte buffers")
    else:
        expect(seen.to_guest.gso, "the guest was sent no unsegmented frame")


@case("checksums of what is sent are right, offloads off")
def checksum_in_software(ctx: Context) -> None:
    interface = ctx.guest.interface(ctx.nic)
    ctx.guest.sh(f"ethtool -K {interface} tx off")
    try:
        expect(_has(ctx, interface, "tx-checksumming", False), "ethtool -K tx off changed nothing")
        ctx.reachable(ctx.nic)
        seen = _watched_transfer(ctx)
        expect_equal("frames left to the device to complete", seen.from_guest.partial, 0)
        expect(seen.from_guest.complete, "no TCP or UDP was seen")
    finally:
        ctx.guest.sh(f"ethtool -K {interface} tx on tso on")


@case("data is right with the receive checksum offload off")
def receive_checksum_off(ctx: Context) -> None:
    interface = ctx.guest.interface(ctx.nic)
    if ctx.guest.run(f"ethtool -K {interface} rx off").code or \
            not _has(ctx, interface, "rx-checksumming", False):
        raise Skip("this driver cannot switch it off")
    try:
        checked_data(ctx, ctx.nic, 1500)
    finally:
        ctx.guest.sh(f"ethtool -K {interface} rx on")


def _checksum_errors(ctx: Context) -> int:
    """The kernel's count of UDP packets with a wrong checksum."""
    text = ctx.guest.sh("grep ^Udp: /proc/net/snmp")
    names, values = (line.split() for line in text.splitlines())
    return int(values[names.index("InCsumErrors")])


@case("a packet with a wrong checksum is refused, a right one delivered")
def wrong_checksum(ctx: Context) -> None:
    ctx.guest.sh("socat -u UDP4-RECV:4001 CREATE:/run/arrived >/dev/null 2>&1 &")
    ctx.guest.poll("the receiver", "ss -uln | grep -q :4001")
    before = _checksum_errors(ctx)
    frames = [wire.udp_frame(ctx.nic, 4001, text, good) for text, good in
              ((b"good one\n", True), (b"wrong one\n", False), (b"good two\n", True))]
    wire.inject(ctx.guest, ctx.nic, frames)
    try:
        ctx.guest.poll("the last packet", "grep -q 'good two' /run/arrived")
        expect_equal("what arrived", ctx.guest.sh("cat /run/arrived"), "good one\ngood two\n")
        expect_equal("checksum errors counted", _checksum_errors(ctx) - before, 1)
    finally:
        ctx.guest.run("pkill -f UDP4-RECV:4001; rm -f /run/arrived")


def _has_large_buffers(ctx: Context, nic: Nic) -> bool:
    return nic.mode != "small" or nic.host_mtu > 1500


@case("MTU 9000 chosen by the administrator")
def mtu_plain(ctx: Context) -> None:
    interface, nic = ctx.guest.interface(ctx.nic), ctx.nic
    if ctx.driver == "intree" and not _has_large_buffers(ctx, nic):
        raise Skip("virtio_net takes the MTU but then cannot receive into its small buffers")
    answer = ctx.guest.run(f"ip link set {interface} mtu {JUMBO}")
    ctx.guest.host_mtu(nic, JUMBO)
    if answer.code:
        expect(not _has_large_buffers(ctx, nic), f"MTU 9000 is refused: {answer.output}")
        ctx.guest.host_mtu(nic, 1500)
        checked_data(ctx, nic, 1500)
        return
    checked_data(ctx, nic, JUMBO)


@case("MTU 9000 given by the device")
def mtu_from_device(ctx: Context) -> None:
    nic = ctx.guest.nics[1]
    interface = ctx.guest.interface(nic)
    expect_equal("MTU", ctx.guest_value(f"/sys/class/net/{interface}/mtu"), str(JUMBO))
    answer = ctx.guest.run(f"ip link set {interface} mtu {JUMBO + 1}")
    expect(answer.code, "an MTU above what the device allows was accepted")
    checked_data(ctx, nic, JUMBO)


@case("MTU lowered and raised again under load")
def mtu_change(ctx: Context) -> None:
    interface = ctx.guest.interface(ctx.nic)
    with traffic.flooded(ctx.guest, ctx.nic):
        for mtu in (1280, 1400, 1500):
            ctx.guest.sh(f"ip link set {interface} mtu {mtu}")
            ctx.guest.host_mtu(ctx.nic, mtu)
    checked_data(ctx, ctx.nic, 1500)


CASES = (ping, udp, tcp, iperf3, checksum_offloaded, checksum_in_software, receive_checksum_off,
         wrong_checksum, mtu_plain, mtu_from_device, mtu_change)
