# SPDX-License-Identifier: GPL-2.0
"""Peers made by others: DPDK's virtio-user, QEMU with Linux guests, UML."""

import os
import re
import signal
import subprocess
import tempfile
from pathlib import Path

import dpdk
from cases import case
from device import PLAIN, PROGRAM, ROOT, Device
from frontend import until

ECHOED = 100000

def totals(text: str) -> tuple[int, int]:
    """RX and TX totals of testpmd's closing report."""
    rx = re.findall(r"RX-packets: (\d+)\s+RX-dropped", text)
    tx = re.findall(r"TX-packets: (\d+)\s+TX-dropped", text)
    return (int(rx[-1]), int(tx[-1])) if rx and tx else (0, 0)

def echoed(device: Device) -> int:
    """How many packets the device says it returned so far."""
    found = re.findall(r"to guest (\d+) packets", device.text())
    return int(found[-1]) if found else 0


def virtio_user(options: str, queues: int = 1) -> None:
    """testpmd forwards what comes back from the echo device, round and round."""
    with Device("--backend", "echo", "--queues", str(queues), "--stats", "1",
                program=PROGRAM) as device:
        argv = dpdk.command(
            f"net_virtio_user0,path={device.paths[0]},queues={queues},{options}",
            "--forward-mode=io", "--tx-first", f"--rxq={queues}", f"--txq={queues}")
        front = subprocess.Popen(argv, env=dpdk.environment(), stdin=subprocess.PIPE,
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        try:
            until("packets to go round", lambda: echoed(device) > ECHOED or
                  front.poll() is not None, 30)
            front.send_signal(signal.SIGINT)
            text = front.communicate(timeout=30)[0]
        finally:
            front.kill()
            front.wait()
        received, sent = totals(text)
        assert received > ECHOED, f"{received} packets came back\n{text[-2000:]}"
        assert sent >= received
    counted = device.stats["devices"][0]
    assert counted["bad_messages"] == 0
    assert all(q["bad_ring"] == q["bad_chain"] == 0 for q in counted["queues"])

for _name, _options in (("split, in order", "packed_vq=0,in_order=1,mrg_rxbuf=0"),
                        ("split, mergeable", "packed_vq=0,in_order=0,mrg_rxbuf=1"),
                        ("packed, in order, mergeable", "packed_vq=1,in_order=1,mrg_rxbuf=1"),
                        ("packed, not mergeable", "packed_vq=1,in_order=0,mrg_rxbuf=0")):
    case(f"dpdk: virtio-user as the front end, {_name}", _options)(virtio_user)
case("dpdk: virtio-user as the front end, two queue pairs",
     "packed_vq=0,mrg_rxbuf=1", 2)(virtio_user)

def guest_traffic(driver: str) -> None:
    """One guest, three NICs in different ring formats and modes; ping, TCP, a killed device."""
    from qemu_guest import VhostGuest, VhostNic
    from vmlib import iperf
    nics = [VhostNic(), VhostNic(packed=True), VhostNic(packed=True, mode="small", indirect=False,
                                                        event_idx=False),
            VhostNic(mode="big", pairs=2)]
    with VhostGuest(driver, nics) as guest:
        guest.load(driver)
        guest.up(*nics)
        with iperf.server(guest) as port:
            for nic in nics:
                guest.sh(f"ping -c 2 -i 0.2 -W 5 -s 20000 {nic.address(True)}")
                for to_guest in (True, False):
                    # what is in the sockets' buffers in the end does not count as received
                    moved = iperf.tcp(guest, nic, port, to_guest, "-n 8M -w 256K")
                    assert moved.bytes > 4 << 20, f"NIC {nic.index}: {moved}"
            guest.kill_device()
            guest.start_device()
            guest.configure_host()
            # only a split ring says in memory how far its device got
            for nic in (n for n in nics if not n.packed):
                guest.poll(f"NIC {nic.index} after a new device process",
                           f"ping -c 1 -W 2 {nic.address(True)}", 40)
        assert not guest.splat(), guest.splat()
        counted = guest.finish()
    for nic, device in zip(nics, counted):
        assert device["connects"] == 1 and device["bad_messages"] == 0, device
        moved = [device["queues"][i]["packets"] for i in (0, 1)]
        assert nic.packed or all(moved), f"NIC {nic.index}, second process: {moved}"

case("qemu: in-tree virtio_net, four NICs, traffic, device killed and restarted", "intree")(
    guest_traffic)
case("qemu: virtnet, four NICs, traffic, device killed and restarted", "virtnet")(guest_traffic)


def dpdk_guest(driver: str, client: bool) -> None:
    """DPDK's vhost library behind two NICs; it dies and comes back."""
    from qemu_guest import DpdkGuest, VhostNic
    dpdk.testpmd()
    nics = [VhostNic(), VhostNic(mode="big"), VhostNic(packed=True)]
    with DpdkGuest(driver, nics, client) as guest:
        guest.load(driver)
        guest.up(*nics)
        for round_ in range(2):
            for nic in (n for n in nics if not round_ or not n.packed):
                guest.poll(f"an answer from DPDK to NIC {nic.index}, round {round_}",
                           f"ping -c 1 -W 2 {nic.address(True)}", 40)
                for size in (56, 1400):
                    text = guest.sh(f"ping -c 50 -i 0.01 -W 5 -s {size} {nic.address(True)}")
                    assert " 0% packet loss" in text, text
            if not round_:
                guest.kill_device()
                guest.start_device()
        assert not guest.splat(), guest.splat()


for _driver in ("virtnet", "intree"):
    for _client in (False, True):
        case(f"dpdk: {_driver} in a guest, DPDK's vhost library "
             f"{'connects' if _client else 'listens'}, killed and restarted",
             _driver, _client)(dpdk_guest)

UML_SCRIPT = """#!/bin/sh
PATH=/sbin:/usr/sbin:/bin:/usr/bin
for file in net/core/failover.ko drivers/net/net_failover.ko; do
    [ ! -e "$virtnet_modules/$file" ] || insmod "$virtnet_modules/$file"
done
insmod {module} || exit 1
name=$(ls /sys/class/net | grep -E '^(eth|ens|enp)' | head -n 1)
ip link set "$name" up || exit 1
sleep {seconds}
echo "uml-received $(cat /sys/class/net/$name/statistics/rx_packets)"
"""


def uml(driver: str, ring: str) -> None:
    """A receive flood into a UML kernel at native speed."""
    # the guest mounts its own /tmp
    (ROOT / "build" / "uml").mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=ROOT / "build" / "uml") as where:
        script = Path(where) / "script"
        script.write_text(UML_SCRIPT.replace(
            "{module}", '"$virtnet_moddir/virtnet.ko"' if driver == "virtnet" else
            '"$virtnet_modules/drivers/net/virtio_net.ko"').replace("{seconds}", "3"),
                          encoding="utf-8")
        with Device("--backend", "gen:size=60,flows=8", "--disable",
                    "packed" if ring == "split" else "in_order", program=PLAIN) as device:
            got = subprocess.run(
                [str(ROOT / "tools" / "uml"), "run", str(script),
                 f"virtio_uml.device={device.paths[0]}:1", "mem=256M"],
                capture_output=True, text=True, timeout=120, check=False)
            text = got.stdout + got.stderr
            found = re.search(r"uml-received (\d+)", text)
            assert got.returncode == 0 and found, text[-3000:]
        received = int(found.group(1))
        sent = device.stats["devices"][0]["queues"][0]["packets"]
        assert received > ECHOED, f"{received} packets received"
        assert sent >= received
        print(f"  {driver}, {ring}: {received} packets in 3 s")

for _driver in ("intree", "virtnet"):
    for _ring in ("split", "packed"):
        case(f"uml: {_driver}, receive flood, {_ring}", _driver, _ring)(uml)
