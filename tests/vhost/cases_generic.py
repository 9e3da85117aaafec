# SPDX-License-Identifier: GPL-2.0
"""QEMU's generic vhost-user device as a NIC: unlike QEMU's own netdev it leaves the control
queue and the configuration space to the device, which is the only one that could have
answered here."""

import socket

import traffic
from cases import case
from qemu_guest import GenericNic, VhostGuest
from vmlib import iperf, paths
from vmlib.nic import Nic

FRAMES = 50                     # above what the host's stack sends on its own
OTHER = "02:00:00:00:00:42"     # an address that nobody has
MTU = 9000
# Commands until the link goes and comes: each driver has sent fewer than 40 before link().
LINK = "after 40 ctrl: link down\nafter 120 ctrl: link up\n"
NAMES = {"virtnet": "virtnet", "intree": "virtio_net"}


def arrive(guest: VhostGuest, nic: Nic, name: str, destination: str, tag: bytes = b"") -> bool:
    """Send frames from the host; does the guest's interface receive them?"""
    assert guest.ns
    seen = f"/sys/class/net/{name}/statistics/rx_packets"
    before = int(guest.sh(f"cat {seen}"))
    with guest.ns.call(socket.socket, socket.AF_PACKET, socket.SOCK_RAW) as sock:
        sock.bind((nic.tap, 0))
        for _ in range(FRAMES):
            sock.send(bytes.fromhex(destination.replace(":", "")) + b"\x02\0\0\0\0\x09" + tag +
                      b"\x88\xb5" + bytes(50))
    guest.sh(f"ping -c 2 -i 0.2 -W 5 {nic.address(True)}")      # the device has seen them all
    return int(guest.sh(f"cat {seen}")) - before >= FRAMES


def filters(guest: VhostGuest, nic: Nic, name: str) -> None:
    """Receive modes, VLANs and the address, as the device was told."""
    assert arrive(guest, nic, name, nic.mac) and not arrive(guest, nic, name, OTHER)
    guest.sh(f"ip link set {name} promisc on")
    assert arrive(guest, nic, name, OTHER), "promiscuous"
    guest.sh(f"ip link set {name} promisc off")
    assert not arrive(guest, nic, name, OTHER), "not any more"
    vlan = b"\x81\0\0\x05"
    assert not arrive(guest, nic, name, nic.mac, vlan)
    guest.sh("modprobe 8021q")
    guest.sh(f"ip link add link {name} name vlan5 type vlan id 5")
    assert arrive(guest, nic, name, nic.mac, vlan), "VLAN 5"
    guest.sh("ip link del vlan5")
    assert not arrive(guest, nic, name, nic.mac, vlan), "VLAN 5 is gone"


def queues(guest: VhostGuest, nic: Nic, name: str) -> None:
    """How many pairs there are, which of them receive, when they interrupt."""
    assert "Combined:\t2" in guest.sh(f"ethtool -l {name}").split("Current")[0], "pairs"
    for setting in (f"-L {name} combined 1", f"-L {name} combined 2",
                    f"-X {name} start 1 equal 1", f"-C {name} rx-usecs 50 rx-frames 8"):
        guest.sh(f"ethtool {setting}")
        guest.sh(f"ping -q -c {FRAMES} -i 0.01 -W 5 {nic.address(True)}")
    guest.sh(f"ethtool -C {name} rx-usecs 0 rx-frames 1; ethtool -X {name} equal 2")
    hardware = [int(line.split(":")[1]) for line in guest.sh(f"ethtool -S {name}").splitlines()
                if "rx0_hw_packets" in line]
    assert hardware and hardware[0] >= FRAMES, f"the device's own count: {hardware}"


def link(guest: VhostGuest, name: str) -> None:
    """The device takes the link away and brings it back; an interrupt tells the driver."""
    for carrier, commands in ((0, 40), (1, 80)):
        guest.sh(f"for n in $(seq {commands}); do ethtool -C {name} rx-usecs $n || exit; done")
        guest.poll(f"carrier {carrier}", f"[ $(cat /sys/class/net/{name}/carrier) = {carrier} ]")


def starts_over(guest: VhostGuest, nics: list[Nic]) -> None:
    """The next driver sets up everything anew."""
    guest.sh(f"rmmod {NAMES[guest.driver]}")
    guest.load(guest.driver)
    for nic, name in zip(nics, guest.up(*nics)):
        guest.sh(f"ping -c 2 -i 0.2 -W 5 {nic.address(True)}")
        assert arrive(guest, nic, name, nic.mac) and not arrive(guest, nic, name, OTHER)


def generic(driver: str) -> None:
    nics = [GenericNic(pairs=2, host_mtu=MTU, behaves=True),
            GenericNic(pairs=2, packed=True, mode="big", behaves=True),
            GenericNic(packed=True, mode="small")]
    guest = VhostGuest(driver, nics)
    guest.script = paths.TEST_OUT / "generic.script"
    guest.script.write_text(LINK, encoding="utf-8")
    with guest:
        guest.load(driver)
        names = guest.up(*nics)
        for nic in nics:
            traffic.ping_guest(guest, nic, traffic.FEW_SIZES)
            guest.sh(f"ping -c 2 -i 0.2 -W 5 -s 20000 {nic.address(True)}")
        assert f" maxmtu {MTU} " in guest.sh(f"ip -d link show {names[0]}"), "MTU"
        with iperf.server(guest) as port:
            for to_guest in (True, False):
                assert iperf.tcp(guest, nics[1], port, to_guest, "-n 8M -w 256K").bytes > 4 << 20
        for nic, name in zip(nics[:2], names):
            filters(guest, nic, name)
            queues(guest, nic, name)
        link(guest, names[2])
        starts_over(guest, nics)
        assert not guest.splat(), guest.splat()
        counted = guest.finish()
    for device in counted:
        assert device["connects"] == 1 and device["bad_messages"] == 0, device
        assert device["ctrl_commands"] == device["ctrl_ok"] > 0, device
    for device in counted[:2]:
        received = [queue["packets"] for queue in device["queues"] if queue["kind"] == "rx"]
        assert device["filtered"] >= 4 * FRAMES and min(received) >= FRAMES, device


for _driver, _what in (("intree", "in-tree virtio_net"), ("virtnet", "virtnet")):
    case(f"qemu: {_what}, the generic device, its control queue and configuration", _driver)(
        generic)
