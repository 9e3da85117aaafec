# SPDX-License-Identifier: GPL-2.0
"""Packets in VXLAN: unsegmented where device and kernel know UDP tunnels, right everywhere.

QEMU offers the features from 10.2 on, with a host kernel of 6.17 or later.
"""

import json
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Iterator

import traffic
from cases_control import PAIRS, name_of
from cases_device import negotiated
from suite import Context, case, expect, expect_equal
from vmlib import counters, iperf
from vmlib.nic import Nic

VXLAN = "type vxlan id 7 dstport 4789"
TUNNELS = {"GUEST_UDP_TUNNEL_GSO", "HOST_UDP_TUNNEL_GSO"}
# A frame of the tunnel's MTU in its outer headers, and far more than that.
SEGMENT, UNSEGMENTED = 1550, 5000


@dataclass
class Inner(Nic):
    """The wire that is in the tunnel."""

    def address(self, host: bool, version: int = 4) -> str:
        return f"{'fd09::' if version == 6 else '10.9.0.'}{1 if host else 2}"


@contextmanager
def vxlan(ctx: Context, nic: Nic) -> Iterator[Inner]:
    """A tunnel between host and guest through this NIC while the body runs."""
    inner, guest = Inner(index=nic.index), ctx.guest
    assert guest.ns
    guest.ns.ip(f"link add vx0 {VXLAN} remote {nic.address(False)} dev {nic.tap}",
                "link set vx0 up", f"addr add {inner.address(True)}/24 dev vx0",
                f"addr add {inner.address(True, 6)}/64 dev vx0 nodad")
    try:
        guest.sh(f"""modprobe vxlan
            ip link add vx0 {VXLAN} remote {nic.address(True)} dev {guest.interface(nic)} &&
            ip link set vx0 up && ip addr add {inner.address(False)}/24 dev vx0 &&
            ip addr add {inner.address(False, 6)}/64 dev vx0 nodad""")
        yield inner
    finally:
        guest.run("ip link del vx0")
        guest.ns.ip("link del vx0")


def _from_guest(ctx: Context, nic: Nic) -> dict[str, int]:
    """What came out of the guest, as the host counted it."""
    assert ctx.guest.ns
    return json.loads(ctx.guest.ns.run(["ip", "-j", "-s", "link", "show", nic.tap])
                      )[0]["stats64"]["rx"]


def _to_guest(ctx: Context, nic: Nic) -> dict[str, int]:
    stats = counters.ethtool(ctx.guest, ctx.guest.interface(nic))
    return {name: counters.total(stats, "rx", name) for name in ("bytes", "packets")}


def _average(ctx: Context, nic: Nic, inner: Inner, port: int, to_guest: bool) -> float:
    """Bytes in a packet of a bulk transfer, in the direction that carries it."""
    count = _to_guest if to_guest else _from_guest
    before = count(ctx, nic)
    iperf.tcp(ctx.guest, inner, port, to_guest, f"-n {ctx.megabytes // 4}M")
    after = count(ctx, nic)
    return (after["bytes"] - before["bytes"]) / (after["packets"] - before["packets"])


@case("data through VXLAN, unsegmented where device and kernel know tunnels")
def tunnel(ctx: Context) -> None:
    nic, interface = ctx.guest.nics[PAIRS], name_of(ctx, PAIRS)
    known = TUNNELS <= negotiated(ctx, nic)
    wanted = "on" if known else "off"
    shown = ctx.guest.sh(f"ethtool -k {interface}")
    expect(f"tx-udp_tnl-segmentation: {wanted}" in shown, shown)
    with vxlan(ctx, nic) as inner, iperf.server(ctx.guest) as port:
        for version in (4, 6):
            traffic.tcp_echo(ctx.guest, inner, 1 << 20, version)
        for to_guest in (False, True):
            size = _average(ctx, nic, inner, port, to_guest)
            where = f"{size:.0f} bytes in a packet {'to' if to_guest else 'from'} the guest"
            expect(size > UNSEGMENTED if known else size <= SEGMENT, where)
        if known:
            _switched_off(ctx, nic, inner, port)


def _switched_off(ctx: Context, nic: Nic, inner: Inner, port: int) -> None:
    """Each direction by its own feature."""
    interface = ctx.guest.interface(nic)
    names = ("tx-udp_tnl-segmentation", "tx-udp_tnl-csum-segmentation", "rx-gro-hw")

    def switch(state: str) -> None:
        ctx.guest.sh("; ".join(f"ethtool -K {interface} {name} {state}" for name in names))
    switch("off")
    try:
        for to_guest in (False, True):
            size = _average(ctx, nic, inner, port, to_guest)
            expect(size <= SEGMENT, f"{size:.0f} bytes in a packet with tunnels off")
        traffic.tcp_echo(ctx.guest, inner, 1 << 20)
    finally:
        switch("on")
    size = _average(ctx, nic, inner, port, False)
    expect(size > UNSEGMENTED, f"{size:.0f} bytes in a packet with tunnels on again")
    expect_equal("features", TUNNELS <= negotiated(ctx, nic), True)


CASES = (tunnel,)
