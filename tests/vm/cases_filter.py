# SPDX-License-Identifier: GPL-2.0
"""Cases about which frames the device lets through, by sending it such frames."""

import time
from dataclasses import dataclass

import wire
from cases_control import TWO, name_of
from suite import Context, case, expect, expect_equal
from vmlib.nic import Nic

STRANGER = "02:aa:00:00:00:01"
CHOSEN = "02:bb:00:00:00:02"
GROUP = "01:00:5e:01:02:03"
BROADCAST = "ff:ff:ff:ff:ff:ff"
# More than there are places in the filter of any device.
MANY = 70


@dataclass
class Listener:
    """Sees what the device lets through, without asking it for more."""

    ctx: Context
    nic: Nic
    interface: str
    rounds: int = 0

    def arriving(self, *frames: wire.Plain) -> set[str]:
        """Which of these frames, all put on the wire, arrive."""
        self.rounds += 1
        log, last = f"/run/frames-{self.rounds}", wire.Plain("last", BROADCAST)
        guest = self.ctx.guest
        guest.sh(f"""tcpdump -Z root -p -U -l -A -i {self.interface} 'ether proto {wire.PLAIN_TYPE:#x} or
            (vlan and ether proto {wire.PLAIN_TYPE:#x})' >{log} 2>{log}.err &
            echo $! >{log}.pid
            until grep -q listening {log}.err; do
                kill -0 $(cat {log}.pid) && usleep 50000 || {{ cat {log}.err; exit 1; }}
            done""")
        wire.inject(guest, self.nic, [frame.bytes() for frame in (*frames, last)])
        guest.poll("the last frame", f"grep -q 'frame:last:' {log}")
        text = guest.sh(f"kill $(cat {log}.pid); cat {log}; rm {log}*")
        return {frame.name for frame in frames if f"frame:{frame.name}:" in text}


def _settled(listener: Listener, wanted: set[str], what: str, *frames: wire.Plain) -> None:
    """The stack may tell the device a moment later than it answers its user."""
    end = time.monotonic() + 20
    while (found := listener.arriving(*frames)) != wanted and time.monotonic() < end:
        pass
    expect_equal(f"frames that arrive, {what}", found, wanted)


@case("promiscuous, all-multicast, unicast and multicast filters, by real frames")
def filters(ctx: Context) -> None:
    nic, name, guest = ctx.guest.nics[TWO], name_of(ctx, TWO), ctx.guest
    listener = Listener(ctx, nic, name)
    frames = (wire.Plain("own", nic.mac), wire.Plain("stranger", STRANGER),
              wire.Plain("group", GROUP), wire.Plain("all", BROADCAST))
    _settled(listener, {"own", "all"}, "at first", *frames)
    guest.sh(f"ip link set {name} promisc on")
    _settled(listener, {"own", "stranger", "group", "all"}, "promiscuous", *frames)
    guest.sh(f"ip link set {name} promisc off allmulticast on")
    _settled(listener, {"own", "group", "all"}, "all-multicast", *frames)
    guest.sh(f"ip link set {name} allmulticast off; ip maddr add {GROUP} dev {name}")
    _settled(listener, {"own", "group", "all"}, "with that group", *frames)
    guest.sh(f"""ip maddr del {GROUP} dev {name}
        modprobe macvlan
        ip link add link {name} name mv0 address {STRANGER} type macvlan && ip link set mv0 up""")
    _settled(listener, {"own", "stranger", "all"}, "with a macvlan", *frames)
    guest.sh("ip link del mv0")
    _settled(listener, {"own", "all"}, "in the end", *frames)


@case("more addresses than the filter has room for, then few again")
def overflow(ctx: Context) -> None:
    nic, name, guest = ctx.guest.nics[TWO], name_of(ctx, TWO), ctx.guest
    listener = Listener(ctx, nic, name)
    frames = (wire.Plain("own", nic.mac), wire.Plain("stranger", STRANGER),
              wire.Plain("first", "02:cc:00:00:00:00"),
              wire.Plain("last one", f"02:cc:00:00:00:{MANY - 1:02x}"))
    guest.sh(f"""modprobe macvlan
        for n in $(seq 0 {MANY - 1}); do
        printf 'link add link {name} name mv%d address 02:cc:00:00:00:%02x up type macvlan\\n' \
            $n $n
        done | ip -batch -""")
    try:
        found = listener.arriving(*frames)
        expect({"own", "first", "last one"} <= found, f"only {found} arrive")
    finally:
        guest.sh(f"for n in $(seq 0 {MANY - 1}); do echo link del mv$n; done | ip -batch -")
    _settled(listener, {"own"}, "after they are gone", *frames)


@case("another MAC address, and the old one again")
def mac(ctx: Context) -> None:
    nic, name, guest = ctx.guest.nics[TWO], name_of(ctx, TWO), ctx.guest
    listener = Listener(ctx, nic, name)
    frames = (wire.Plain("old", nic.mac), wire.Plain("new", CHOSEN))
    guest.sh(f"ip link set {name} address {CHOSEN}")
    try:
        _settled(listener, {"new"}, "after the change", *frames)
        answer = guest.run(f"ip link set {name} address {GROUP}")
        expect(answer.code, "a multicast address was taken for a station's")
    finally:
        guest.sh(f"ip link set {name} address {nic.mac}")
    _settled(listener, {"old"}, "after the change back", *frames)


@case("VLANs are let through once they are there, and only then")
def vlans(ctx: Context) -> None:
    nic, name, guest = ctx.guest.nics[TWO], name_of(ctx, TWO), ctx.guest
    listener = Listener(ctx, nic, name)
    frames = tuple(wire.Plain(f"vlan {vid}", nic.mac, vid) for vid in (5, 6, 4094))
    _settled(listener, set(), "without VLANs", *frames)
    guest.sh("""modprobe 8021q
        for vid in 5 4094; do
        ip link add link %s name v$vid type vlan id $vid && ip link set v$vid up || exit
        done""" % name)
    try:
        _settled(listener, {"vlan 5", "vlan 4094"}, "with two VLANs", *frames)
        guest.sh("ip link del v5")
        _settled(listener, {"vlan 4094"}, "with one VLAN", *frames)
    finally:
        guest.run("ip link del v5; ip link del v4094")
    _settled(listener, set(), "in the end", *frames)


CASES = (filters, overflow, mac, vlans)
