# SPDX-License-Identifier: GPL-2.0
"""Two UML guests at native speed, joined by the device's learning switch."""

import json
import os
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator

from cases import case
from device import PLAIN, ROOT, Device
from frontend import until
from vmlib import proc

SECONDS = 3
SETUP = """#!/bin/sh
PATH=/sbin:/usr/sbin:/bin:/usr/bin
for file in net/core/failover.ko drivers/net/net_failover.ko; do
    [ ! -e "$virtnet_modules/$file" ] || insmod "$virtnet_modules/$file"
done
insmod {module} || exit 1
ip link set lo up
name=$(ls /sys/class/net | grep -E '^(eth|ens|enp)' | head -n 1)
ip addr add 10.9.0.{number}/24 dev "$name"
ip link set "$name" up || exit 1
"""
# One server for both ways: between two there would be a moment without.
SERVER = "iperf3 -s >/dev/null &\necho server-ready\nwait\n"
# With -J iperf3 ends with 0 even if nobody listens: look for what it measured.
CLIENT = """
for way in "" -R; do
    tries=0
    until iperf3 -J -t {seconds} -c 10.9.0.1 $way >/run/report &&
            grep -q sum_received /run/report; do
        tries=$((tries + 1)); [ $tries -lt 10 ] || exit 1
        sleep 1
    done
    echo "iperf-report $(tr -d '\\n\\t' </run/report)"
done
"""
MODULES = {"virtnet": '"$virtnet_moddir/virtnet.ko"',
           "intree": '"$virtnet_modules/drivers/net/virtio_net.ko"'}


@contextmanager
def instance(number: int, driver: str, script: str, where: str,
             socket: str) -> Iterator[tuple[subprocess.Popen, Path]]:
    """A UML guest with this address; its console goes to a file."""
    path, log = Path(where) / f"script{number}", Path(where) / f"log{number}"
    path.write_text(SETUP.replace("{module}", MODULES[driver]).replace("{number}", str(number))
                    + script, encoding="utf-8")
    with open(log, "wb") as out:
        process = subprocess.Popen(
            [str(ROOT / "tools" / "uml"), "run", str(path),
             f"virtio_uml.device={socket}:1", "mem=256M"], stdin=subprocess.DEVNULL,
            stdout=out, stderr=out, start_new_session=True, env=os.environ | {"UML_NAME": f"loopback{number}",
                                                      "UML_TIMEOUT": "120"})
    try:
        yield process, log
    finally:
        proc.end_tree(process)


def rates(text: str) -> list[float]:
    """Gbit/s received, of each report in a guest's console."""
    reports = [line.split(" ", 1)[1] for line in text.splitlines()
               if line.startswith("iperf-report ")]
    return [json.loads(r)["end"]["sum_received"]["bits_per_second"] / 1e9 for r in reports]


def loopback(driver: str, packed: bool) -> None:
    (ROOT / "build" / "uml").mkdir(parents=True, exist_ok=True)
    # the guests mount a /tmp of their own
    with tempfile.TemporaryDirectory(dir=ROOT / "build" / "uml") as where:
        with Device("--backend", "l2", *([] if packed else ["--disable", "packed"]),
                    sockets=2, program=PLAIN) as device:
            with instance(1, driver, SERVER, where, device.paths[0]) as (server, log):
                until("the server's guest",
                      lambda: server.poll() is not None or b"server-ready" in log.read_bytes(), 60)
                client = instance(2, driver, CLIENT.replace("{seconds}", str(SECONDS)), where,
                                  device.paths[1])
                with client as (process, report):
                    code = process.wait(90)
                    text = report.read_text(encoding="utf-8", errors="replace")
                    got = rates(text)
                    assert code == 0 and len(got) == 2, text[-3000:]
        print(f"  {driver}, {'packed' if packed else 'split'}: "
              f"{got[0]:.2f} and {got[1]:.2f} Gbit/s")
        assert min(got) > 0.05, got


for _packed in (False, True):
    for _driver in ("virtnet", "intree"):
        case(f"loopback: {_driver} in two UML guests, iperf3 both ways, "
             f"{'packed' if _packed else 'split'}", _driver, _packed)(loopback)
