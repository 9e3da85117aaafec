# SPDX-License-Identifier: GPL-2.0
"""Cases in which the driver comes and goes while packets fly."""

import traffic
from cases_data import checked_data
from suite import MODULES, Context, Skip, case, expect_equal
from vmlib.nic import Nic

DRIVERS = "/sys/bus/virtio/drivers"


@case("opened and closed under traffic")
def open_close(ctx: Context) -> None:
    interface = ctx.guest.interface(ctx.nic)
    with traffic.flooded(ctx.guest, ctx.nic):
        for _ in range(3):
            ctx.guest.sh(f"printf 'link set {interface} %s\\n' down up down up down up | "
                         "ip -batch -")
            ctx.reachable(ctx.nic)
    checked_data(ctx, ctx.nic, 1500)


@case("module unloaded and loaded under traffic")
def reload(ctx: Context) -> None:
    with traffic.flooded(ctx.guest, ctx.nic):
        for _ in range(2):
            ctx.reload()
            ctx.plug_in(*ctx.guest.nics)
            ctx.reachable(ctx.nic)
    for nic in ctx.guest.nics:
        checked_data(ctx, nic, nic.host_mtu or 1500)


def move(ctx: Context, device: str, source: str, target: str) -> None:
    """The two commands by which a NIC goes from one driver to another."""
    ctx.guest.sh(f"echo {device} >{DRIVERS}/{source}/unbind")
    ctx.guest.sh(f"echo {device} >{DRIVERS}/{target}/bind")


@case("unbound and bound through sysfs under traffic")
def unbind_bind(ctx: Context) -> None:
    device = ctx.guest.virtio_device(ctx.nic)
    with traffic.flooded(ctx.guest, ctx.nic):
        for _ in range(2):
            move(ctx, device, ctx.module, ctx.module)
            ctx.plug_in(ctx.nic)
            ctx.reachable(ctx.nic)
    checked_data(ctx, ctx.nic, 1500)


def _owned(ctx: Context, nic: Nic, module: str) -> None:
    """A NIC is up with this driver, and carries data while another has traffic."""
    interface, = ctx.plug_in(nic)
    expect_equal(f"driver of {interface}", ctx.driver_of(interface), module)
    ctx.reachable(nic)
    traffic.ping_guest(ctx.guest, nic, traffic.FEW_SIZES, tries=3)


def _with_two_drivers(ctx: Context) -> None:
    if ctx.driver != "virtnet":
        raise Skip("virtnet is not in this guest")


@case("a NIC moves from virtnet to virtio_net and back, the other one stays", virtnet_only=True)
def handover(ctx: Context) -> None:
    _with_two_drivers(ctx)
    staying, moving = ctx.guest.nics[:2]
    theirs = MODULES["intree"]
    ctx.guest.load("intree")
    device = ctx.guest.virtio_device(moving)
    try:
        with traffic.flooded(ctx.guest, staying):
            for source, target in ((ctx.module, theirs), (theirs, ctx.module)) * 2:
                move(ctx, device, source, target)
                _owned(ctx, moving, target)
        expect_equal("driver of the other NIC",
                     ctx.driver_of(ctx.guest.interface(staying)), ctx.module)
    finally:
        ctx.guest.run(f"rmmod {theirs}")
    for nic in (staying, moving):
        checked_data(ctx, nic, nic.host_mtu or 1500)


@case("virtnet, loaded again beside virtio_net, has its NICs back", virtnet_only=True)
def reload_beside_intree(ctx: Context) -> None:
    _with_two_drivers(ctx)
    ctx.guest.load("intree")
    try:
        ctx.reload()
        for nic in ctx.guest.nics:
            _owned(ctx, nic, ctx.module)
    finally:
        ctx.guest.run(f"rmmod {MODULES['intree']}")


CASES = (open_close, reload, unbind_bind, handover, reload_beside_intree)
