# SPDX-License-Identifier: GPL-2.0
"""Packets in VXLAN: unsegmented where device and kernel know UDP tunnels, right everywhere.

QEMU offers the features from 10.2 on, with a host kernel of 6.17 or later.
"""

import json
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Iterator

import traffic
from cases_control import PAIRS
from cases_device import negotiated
from suite import Context, case, expect, expect_equal
from vmlib import iperf
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
    path = f"/sys/class/net/{ctx.guest.interface(nic)}/statistics/rx_"
    return {name: int(ctx.guest_value(path + name)) for name in ("bytes", "packets")}


def _average(ctx: Context, nic: Nic, inner: Inner, port: int, to_guest: bool) -> float:
    """Bytes in a packet of a bulk transfer, in the direction that carries it."""
    count = _to_guest if to_guest else _from_guest
    before = count(ctx, nic)
    iperf.tcp(ctx.guest, inner, port, to_guest, f"-n {ctx.megabytes // 4}M")
    after = count(ctx, nic)
    return (after["bytes"] - before["bytes"]) / (after["packets"] - before["packets"])


def _known(ctx: Context, nic: Nic) -> bool:
    """Whether both know tunnels; ethtool has to say so."""
    known = TUNNELS <= negotiated(ctx, nic)
    shown = ctx.guest.sh(f"ethtool -k {ctx.guest.interface(nic)}")
    expect(f"tx-udp_tnl-segmentation: {'on' if known else 'off'}" in shown, shown)
    return known


@contextmanager
def _without(ctx: Context, nic: Nic, *names: str) -> Iterator[None]:
    """These features switched off while the body runs."""
    def switch(state: str) -> None:
        ctx.guest.sh("; ".join(f"ethtool -K {ctx.guest.interface(nic)} {name} {state}"
                               for name in names))
    switch("off")
    try:
        yield
    finally:
        switch("on")


@dataclass
class Tunnel:
    """A tunnel, and which way packets through it are looked at."""

    ctx: Context
    nic: Nic
    inner: Inner
    port: int
    to_guest: bool

    def carries(self, unsegmented: bool) -> None:
        """Data is right, and packets are as large as that."""
        for version in (4, 6):
            traffic.tcp_echo(self.ctx.guest, self.inner, 1 << 20, version)
        size = _average(self.ctx, self.nic, self.inner, self.port, self.to_guest)
        where = f"{size:.0f} bytes in a packet {'to' if self.to_guest else 'from'} the guest"
        expect(size > UNSEGMENTED if unsegmented else size <= SEGMENT, where)


def _through(ctx: Context, to_guest: bool, *names: str) -> None:
    """Each direction by its own features: as they are, without them, with them again."""
    nic = ctx.guest.nics[PAIRS]
    known = _known(ctx, nic)
    with vxlan(ctx, nic) as inner, iperf.server(ctx.guest) as port:
        wire = Tunnel(ctx, nic, inner, port, to_guest)
        wire.carries(known)
        if not known:
            return
        with _without(ctx, nic, *names):
            wire.carries(False)
        wire.carries(True)
    expect_equal("features", TUNNELS <= negotiated(ctx, nic), True)


@case("data through VXLAN out of the guest, unsegmented where device and kernel know tunnels")
def tunnel_out(ctx: Context) -> None:
    # What comes back is not looked at here.
    with _without(ctx, ctx.guest.nics[PAIRS], "rx-gro-hw"):
        _through(ctx, False, "tx-udp_tnl-segmentation", "tx-udp_tnl-csum-segmentation")


@case("data through VXLAN into the guest, unsegmented where device and kernel know tunnels")
def tunnel_in(ctx: Context) -> None:
    _through(ctx, True, "rx-gro-hw")


CASES = (tunnel_out, tunnel_in)
