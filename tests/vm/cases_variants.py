# SPDX-License-Identifier: GPL-2.0
"""Cases for a guest whose NICs each differ from the usual in one way."""

import traffic
from cases_data import checked_data
from cases_device import check_features
from suite import Case, Context, case, expect, expect_equal
from vmlib.nic import Nic

# What each NIC of that guest is, in order.
VARIANTS: dict[str, Nic] = {
    "transitional PCI": Nic(transport="transitional"),
    "legacy PCI": Nic(transport="legacy"),
    "legacy PCI, small buffers": Nic(transport="legacy", mode="small"),
    "legacy PCI, big buffers": Nic(transport="legacy", mode="big"),
    "split without indirect": Nic(indirect=False),
    "packed without indirect": Nic(indirect=False, packed=True),
    "split without event index": Nic(event_idx=False),
    "packed without event index": Nic(event_idx=False, packed=True),
    "without status": Nic(status=False),
    "rings of 1024": Nic(rx_size=1024, tx_size=256),
    "2 queue pairs": Nic(pairs=2),
}


def variant_nics() -> list[Nic]:
    return list(VARIANTS.values())


def _variant_case(name: str, nic: Nic) -> Case:
    def body(ctx: Context) -> None:
        check_features(ctx, nic)
        checked_data(ctx, nic, 1500)
    return Case(f"{name}: features and data", body)


@case("without status the carrier is always on")
def no_status(ctx: Context) -> None:
    nic = VARIANTS["without status"]
    base = f"/sys/class/net/{ctx.guest.interface(nic)}/"
    before = ctx.guest_value(base + "carrier_changes")
    ctx.guest.set_link(nic, False)
    expect_equal("carrier", ctx.guest_value(base + "carrier"), "1")
    ctx.guest.set_link(nic, True)
    ctx.reachable(nic)
    expect_equal("changes of the carrier", ctx.guest_value(base + "carrier_changes"), before)


@case("ring sizes are the device's")
def ring_sizes(ctx: Context) -> None:
    interface = ctx.guest.interface(VARIANTS["rings of 1024"])
    text = ctx.guest.sh(f"ethtool -g {interface} | awk '$1 == \"RX:\" {{ print $2 }}'")
    expect_equal("ethtool -g RX, maximum and current", text.split(), ["1024", "1024"])


@case("all of them unloaded and loaded under traffic")
def reload_all(ctx: Context) -> None:
    nics = ctx.guest.nics
    with traffic.flooded(ctx.guest, nics[0]), traffic.flooded(ctx.guest, nics[5]):
        ctx.reload()
        ctx.plug_in(*nics)
    for nic in nics:
        ctx.reachable(nic)
        expect(ctx.driver_of(ctx.guest.interface(nic)) == ctx.module, "another driver took it")


CASES = tuple(_variant_case(name, nic) for name, nic in VARIANTS.items()) + (
    no_status, ring_sizes, reload_all)
