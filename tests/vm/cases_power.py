# SPDX-License-Identifier: GPL-2.0
"""Cases in which machine, device, link or CPUs go away and come back under traffic."""

import os

import traffic
from cases_control import CPUS, HASHING, PAIRS, SINGLE, TWO, channels, every_queue_works, name_of, refused
from cases_filter import CHOSEN
from suite import Context, Skip, case, expect, expect_equal
from vmlib import migrate
from vmlib.nic import Nic

# Each takes 25 ms, on the debug kernel ten times that: a thousand of them with LONG=1.
CYCLES = 1000 if os.environ.get("LONG") else 200
CYCLES_DEBUG = 50


# --- suspend -----------------------------------------------------------------------

KEY = ":".join(f"{byte:02x}" for byte in range(1, 41))
# What a user can see of the settings of an interface, volatile values left out.
SHOWN = """
    ip -o link show {0} | grep -o 'mtu [0-9]*\\|link/ether [0-9a-f:]*\\|<[^>]*>'
    for what in -l -g -k -c -x; do ethtool $what {0} 2>&1; done
    for vlan in /proc/net/vlan/*; do echo $vlan; done
"""


def told(ctx: Context, nic: Nic) -> dict:
    """What the device itself knows: its MAC address, filters, VLANs."""
    assert ctx.guest.qmp
    found, = ctx.guest.qmp.execute("query-rx-filter", name=nic.id)
    for table in ("unicast-table", "multicast-table", "vlan-table"):
        found[table].sort()
    return found


def _can_suspend(ctx: Context) -> None:
    if ctx.guest.run("grep -q devices /sys/power/pm_test && grep -q mem /sys/power/state").code:
        raise Skip("this kernel cannot suspend to memory")


def _suspend(ctx: Context) -> None:
    """All devices to sleep and awake again, as in a suspend to memory.

    The machine itself stays awake, unlike in the guest that does nothing else.
    """
    ctx.guest.sh("""echo devices >/sys/power/pm_test && echo mem >/sys/power/state
        code=$?; echo none >/sys/power/pm_test; exit $code""")


def change_everything(ctx: Context, interface: str) -> None:
    """Settings that differ from what the device begins with, those there are."""
    ctx.guest.sh(f"""modprobe 8021q
        ip link set {interface} address {CHOSEN} mtu 1400 &&
        ip link add link {interface} name v7 type vlan id 7 && ip link set v7 up""")
    for optional in ("-L {} combined 3", "-G {} rx 128 tx 64", f"-X {{}} hkey {KEY}",
                     "-X {} weight 0 1 2", "-K {} rx-gro-hw off",
                     "-K {} tx-udp-segmentation off", "-C {} rx-usecs 20",
                     "-N {} rx-flow-hash udp4 sd"):
        ctx.guest.run("ethtool " + optional.format(interface))


def change_back(ctx: Context, interface: str, nic: Nic) -> None:
    ctx.guest.run(f"""ip link del v7
        ip link set {interface} address {nic.mac} mtu 1500
        ethtool -X {interface} default; ethtool -L {interface} combined 4
        ethtool -G {interface} rx 256 tx 256; ethtool -K {interface} rx-gro-hw on
        ethtool -N {interface} rx-flow-hash udp4 sdfn
        ip addr replace {nic.address(False, 6)}/64 dev {interface} nodad""")


@case("suspended and resumed, with all settings and the connection")
def suspend(ctx: Context) -> None:
    _can_suspend(ctx)
    nic, interface = ctx.guest.nics[HASHING], name_of(ctx, HASHING)
    change_everything(ctx, interface)
    expect_equal("channels", channels(ctx, interface)[1], 3)
    assert ctx.guest.ns
    ctx.guest.ns.ip(f"neigh flush dev {nic.tap}")
    shown, known = ctx.guest.sh(SHOWN.format(interface)), told(ctx, nic)
    try:
        with traffic.streaming(ctx.guest, nic) as stream:
            for number in range(2):
                _suspend(ctx)
                stream.goes_on(f"after suspend {number + 1}", 60)
                expect_equal("settings", ctx.guest.sh(SHOWN.format(interface)), shown)
                expect_equal("what the device knows", told(ctx, nic), known)
        every_queue_works(ctx, nic, channels(ctx, interface)[1], interface)
    finally:
        change_back(ctx, interface, nic)
        ctx.guest.ns.ip(f"neigh flush dev {nic.tap}")
    for other in ctx.guest.nics:
        ctx.reachable(other)


@case("suspended with the interface down, then brought up")
def suspend_down(ctx: Context) -> None:
    _can_suspend(ctx)
    nic, interface = ctx.guest.nics[TWO], name_of(ctx, TWO)
    ctx.guest.sh(f"ip link set {interface} down; ip link set {interface} address {CHOSEN}")
    _suspend(ctx)
    expect_equal("MAC", ctx.guest_value(f"/sys/class/net/{interface}/address"), CHOSEN)
    ctx.guest.sh(f"""ip link set {interface} address {nic.mac} up
        ip addr replace {nic.address(False, 6)}/64 dev {interface} nodad""")
    ctx.reachable(nic)
    every_queue_works(ctx, nic, 2)


# --- devices and CPUs that come and go ------------------------------------------------

@case("unplugged and plugged in again under traffic")
def unplug(ctx: Context) -> None:
    nic, staying = ctx.guest.nics[PAIRS], ctx.guest.nics[TWO]
    with traffic.flooded(ctx.guest, nic), traffic.streaming(ctx.guest, staying) as stream:
        for _ in range(2):
            ctx.guest.unplug(nic)
            expect_equal("interface of what was unplugged", ctx.guest.interface(nic), "")
            stream.goes_on("with the other NIC gone")
            ctx.guest.plug(nic)
            ctx.plug_in(nic)
            ctx.reachable(nic)
    every_queue_works(ctx, nic, 4 if ctx.driver == "virtnet" else 1)


def _affinity(ctx: Context, interface: str) -> dict[str, str]:
    """The CPUs of each queue's interrupt."""
    device = ctx.guest.sh(f"basename $(readlink -f /sys/class/net/{interface}/device)").strip()
    text = ctx.guest.sh(f"""grep {device}-.*put /proc/interrupts | while read -r irq rest; do
        echo ${{rest##* }} $(cat /proc/irq/${{irq%:}}/smp_affinity_list)
        done""")
    return dict(line.split() for line in text.splitlines())


def _set_cpu(ctx: Context, cpu: int, online: bool) -> None:
    ctx.guest.sh(f"echo {int(online)} >/sys/devices/system/cpu/cpu{cpu}/online")


@case("CPUs go offline and online under traffic")
def cpu_hotplug(ctx: Context) -> None:
    nic, interface = ctx.guest.nics[PAIRS], name_of(ctx, PAIRS)
    with traffic.streaming(ctx.guest, nic) as stream, traffic.flooded(ctx.guest, nic):
        for cpu in range(CPUS - 1, 0, -1):
            _set_cpu(ctx, cpu, False)
            stream.goes_on(f"without CPU {cpu}")
        for cpu in range(1, CPUS):
            _set_cpu(ctx, cpu, True)
            stream.goes_on(f"with CPU {cpu} again")
    if ctx.driver == "virtnet":
        ctx.guest.poll("each pair to have a CPU of its own", f"""
            [ $(cat /sys/class/net/{interface}/queues/tx-*/xps_cpus | sort -u | wc -l) = {CPUS} ]""")
    every_queue_works(ctx, nic, channels(ctx, interface)[1])
    if ctx.driver == "virtnet":
        wanted = {str(cpu) for cpu in range(CPUS)}
        found = _affinity(ctx, interface)
        expect_equal("CPUs of the interrupts", set(found.values()), wanted)
        for pair in range(CPUS):
            both = {found[name] for name in found if name.endswith(f"put.{pair}")}
            expect_equal(f"CPUs of pair {pair}", len(both), 1)


@case("200 changes of the link under traffic")
def link_storm(ctx: Context) -> None:
    nic, interface = ctx.guest.nics[TWO], name_of(ctx, TWO)
    path = f"/sys/class/net/{interface}/carrier"
    with traffic.streaming(ctx.guest, nic) as stream, traffic.flooded(ctx.guest, nic):
        for up in (False, True) * 100:
            ctx.guest.set_link(nic, up)
        ctx.guest.poll("carrier 1", f"[ $(cat {path}) = 1 ]")
        stream.goes_on("after the storm", 60)
        ctx.guest.set_link(nic, False)
        ctx.guest.poll("carrier 0", f"[ $(cat {path}) = 0 ]")
        ctx.guest.set_link(nic, True)
        ctx.guest.poll("carrier 1", f"[ $(cat {path}) = 1 ]")
    every_queue_works(ctx, nic, channels(ctx, interface)[1])


@case("opened and closed again and again, a thousand times with LONG=1")
def cycles(ctx: Context) -> None:
    nic, interface = ctx.guest.nics[SINGLE], name_of(ctx, SINGLE)
    count = CYCLES_DEBUG if ctx.kver == "debug" else CYCLES
    ctx.guest.sh(f"""for n in $(seq {count}); do
        printf 'link set {interface} %s\\n' down up
        done | ip -batch -""", timeout=900)
    ctx.reachable(nic)
    every_queue_works(ctx, nic, 1)


# --- migration -----------------------------------------------------------------------

@case("migrated to another QEMU under traffic")
def migration(ctx: Context) -> None:
    guest, nic = ctx.guest, ctx.guest.nics[PAIRS]
    migrate.prepare(guest)
    for one in guest.nics:
        ctx.reachable(one)
    shown = guest.sh(SHOWN.format(name_of(ctx, PAIRS)))
    with traffic.streaming(guest, nic) as stream:
        for number in range(2):
            migrate.move(guest)
            stream.goes_on(f"after migration {number + 1}", 60)
    expect_equal("settings", guest.sh(SHOWN.format(name_of(ctx, PAIRS))), shown)
    for one, pairs in zip(guest.nics, (4, 4, 2, 1)):
        every_queue_works(ctx, one, pairs if ctx.driver == "virtnet" else 1)


CASES = (suspend, suspend_down, unplug, cpu_hotplug, link_storm, cycles, migration)
