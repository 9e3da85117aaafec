# SPDX-License-Identifier: GPL-2.0
"""Cases about what the device says, and what the driver says about itself."""

import re
import time
from typing import Callable

import traffic
from cases_data import checked_data
from suite import Context, Failed, Skip, case, expect, expect_equal, wait
from vmlib import counters, features
from vmlib.nic import Nic


def negotiated(ctx: Context, nic: Nic) -> set[str]:
    interface = ctx.guest.interface(nic)
    return set(features.names(ctx.guest_value(f"/sys/class/net/{interface}/device/features")))


def check_features(ctx: Context, nic: Nic) -> None:
    """The NIC is what the case says it is, and the driver takes what it offers."""
    found = negotiated(ctx, nic)
    big = nic.mode != "small"
    # virtnet has no use for tables of descriptors where packets come in one each
    tables = nic.indirect and (ctx.driver == "intree" or nic.mode != "mergeable")
    wanted = {"MRG_RXBUF": nic.mode == "mergeable", "GUEST_TSO4": big, "GUEST_TSO6": big,
              "RING_PACKED": nic.packed, "INDIRECT_DESC": tables,
              "EVENT_IDX": nic.event_idx, "VERSION_1": nic.transport != "legacy",
              "STATUS": nic.status, "MTU": bool(nic.host_mtu), "CSUM": True, "GUEST_CSUM": True,
              "HOST_TSO4": True, "HOST_TSO6": True, "HOST_ECN": True, "MAC": True,
              "SPEED_DUPLEX": nic.speed >= 0, "ACCESS_PLATFORM": nic.iommu}
    for name, on in wanted.items():
        expect((name in found) == on, f"feature {name} is {'missing' if on else 'present'}: "
               f"{' '.join(sorted(found))}")


@case("the features of this mode are negotiated")
def feature_bits(ctx: Context) -> None:
    for nic in ctx.guest.nics:
        check_features(ctx, nic)


@case("ethtool -i, -g, -k and -S say what is true")
def ethtool(ctx: Context) -> None:
    interface = ctx.guest.interface(ctx.nic)
    info = dict(re.findall(r"^(\S+): (.*)$", ctx.guest.sh(f"ethtool -i {interface}"), re.M))
    expect_equal("driver", info.get("driver"), ctx.module)
    bus = ctx.guest.sh(f"basename $(readlink -f /sys/class/net/{interface}/device/..)").strip()
    expect_equal("bus-info", info.get("bus-info"), bus)
    sizes = ctx.guest.sh(f"ethtool -g {interface}")
    expect_equal("ring sizes", re.findall(r"^[RT]X:\s+(\d+)$", sizes, re.M), ["256"] * 4)
    offloads = ctx.guest.sh(f"ethtool -k {interface}")
    for name in ("rx-checksumming", "tx-checksumming", "scatter-gather",
                 "tcp-segmentation-offload", "generic-receive-offload"):
        expect(f"{name}: on" in offloads, f"{name} is not on:\n{offloads}")
    expect(counters.ethtool(ctx.guest, interface), "ethtool -S shows nothing")


@case("MAC, MTU, speed and duplex come from the device")
def identity(ctx: Context) -> None:
    for nic in ctx.guest.nics:
        base = f"/sys/class/net/{ctx.guest.interface(nic)}/"
        expect_equal("MAC", ctx.guest_value(base + "address"), nic.mac)
        expect_equal("MTU", ctx.guest_value(base + "mtu"), str(nic.host_mtu or 1500))
        if nic.speed >= 0:
            expect_equal("speed", ctx.guest_value(base + "speed"), str(nic.speed))
            expect_equal("duplex", ctx.guest_value(base + "duplex"), nic.duplex or "full")
        else:
            expect_equal("speed", ctx.guest_value(base + "speed"), "-1")


@case("the carrier follows the link")
def carrier(ctx: Context) -> None:
    path = f"/sys/class/net/{ctx.guest.interface(ctx.nic)}/carrier"
    for _ in range(2):
        for up in (False, True):
            ctx.guest.set_link(ctx.nic, up)
            ctx.guest.poll(f"carrier {int(up)}", f"[ $(cat {path}) = {int(up)} ]")
    ctx.reachable(ctx.nic)


@case("the link changes while the interface is down, and under load")
def carrier_while_down(ctx: Context) -> None:
    interface = ctx.guest.interface(ctx.nic)
    ctx.guest.sh(f"ip link set {interface} down")
    ctx.guest.set_link(ctx.nic, False)
    ctx.guest.sh(f"ip link set {interface} up")
    path = f"/sys/class/net/{interface}/carrier"
    ctx.guest.poll("carrier 0", f"[ $(cat {path}) = 0 ]")
    ctx.guest.set_link(ctx.nic, True)
    ctx.guest.up(ctx.nic)
    with traffic.flooded(ctx.guest, ctx.nic):
        for up in (False, True) * 5:
            ctx.guest.set_link(ctx.nic, up)
    ctx.guest.poll("carrier 1", f"[ $(cat {path}) = 1 ]")
    ctx.reachable(ctx.nic)


def _at_rest(what: str, *readers: Callable[[], dict]) -> list[dict]:
    """What several counters say at a moment in which none of them moves."""
    found: list[dict] = []

    def once() -> bool:
        found[:] = [read() for read in readers]
        return found == [read() for read in readers]
    wait(f"{what} without traffic", once)
    return found


@case("ip -s -s link and ethtool -S agree to the packet")
def totals(ctx: Context) -> None:
    interface = ctx.guest.interface(ctx.nic)
    checked_data(ctx, ctx.nic, 1500)
    # Polls and commands count on: the driver looks after an idle device, too.
    link, queues = _at_rest(
        "a moment", lambda: counters.link(ctx.guest, interface),
        lambda: {side: {name: kept[name] for name in ("packets", "bytes") if name in kept}
                 for side, kept in counters.per_queue(
                     counters.ethtool(ctx.guest, interface)).items()})
    if ctx.driver == "intree" and "packets" not in queues["rx"]:
        raise Skip("virtio_net has no packets per queue in ethtool -S here")
    for side in ("rx", "tx"):
        for name in ("packets", "bytes"):
            expect(name in queues[side], f"ethtool -S has no {side}0_{name}")
            expect_equal(f"{side} {name}: ethtool -S against ip -s",
                         sum(queues[side][name].values()), link[side][name])
            expect(link[side][name] > 100, f"{side} {name} is only {link[side][name]}")


@case("the counters count what passed")
def counting(ctx: Context) -> None:
    """Against the host's own count; in both, a frame is one however large."""
    interface = ctx.guest.interface(ctx.nic)

    before, host_before = _both_ends(ctx, interface)
    traffic.ping_guest(ctx.guest, ctx.nic, traffic.PING_SIZES)
    traffic.udp_echo(ctx.guest, ctx.nic, 4)

    def differences() -> list[str]:
        after, host_after = _both_ends(ctx, interface)
        expect_equal("packets lost", counters.link_drops(after), counters.link_drops(before))
        found = {f"{side} {name}": (after[side][name] - before[side][name],
                                    host_after[other][name] - host_before[other][name])
                 for side, other in (("rx", "tx"), ("tx", "rx")) for name in ("packets", "bytes")}
        return [f"the guest's {what} are {guest}, {host} for the host"
                for what, (guest, host) in found.items() if guest != host]
    # What was sent is counted when the device is known to be done with it.
    left = differences()
    for _ in range(10):
        if not left:
            return
        time.sleep(1)
        left = differences()
    raise Failed("; ".join(left))


def _both_ends(ctx: Context, interface: str) -> list[dict]:
    """Neighbours are asked for, groups joined at any time: read when nothing moves."""
    return _at_rest("guest and host", lambda: counters.link(ctx.guest, interface),
                    lambda: _host_totals(ctx))


def _host_totals(ctx: Context) -> dict[str, dict[str, int]]:
    assert ctx.guest.ns
    return counters.parse_link(ctx.guest.ns.run(
        ["ip", "-j", "-s", "-s", "link", "show", ctx.nic.tap]))


CASES = (feature_bits, ethtool, identity, carrier, carrier_while_down, totals, counting)
