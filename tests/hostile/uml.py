# SPDX-License-Identifier: GPL-2.0
"""Scenarios at native speed: a UML guest with every checker the kernel has (KASAN,
lockdep, DMA debugging, kmemleak), which hands its control queue to the device."""

import json
import os
import re
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator

import combos
from qemu_guest import OwnNic, device_argv
from scenarios import Outcome, Scenario
from vmlib import paths, proc
from vmlib.errors import VmError
from vmlib.netns import NetNs

TIMEOUT = 240
ALL_THERE_IS = "0"              # to iperf3
# What KVER says is for others: "uml" is no version of a kernel.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "KVER"} | {
    "UML_KASAN": "1"}
NICS = combos.combinations(OwnNic)
MODULES = {"virtnet": "$virtnet_moddir/virtnet.ko",
           "intree": "$virtnet_modules/drivers/net/virtio_net.ko"}
SCRIPT = """#!/bin/sh
for ko in lib/dim/dimlib net/core/failover drivers/net/net_failover; do
    [ ! -e "$virtnet_modules/$ko.ko" ] || insmod "$virtnet_modules/$ko.ko" || exit 1
done
insmod "{module}" {options} || exit 1
leaks=/sys/kernel/debug/kmemleak
{judge}
rmmod {name} || exit 1
echo scan >$leaks; sleep 6; echo scan >$leaks
sed 's/^/hostile-leak /' $leaks
"""


@contextmanager
def devices(where: Path, script: Path) -> Iterator[None]:
    """One process with all devices, and the host's side of them in a namespace, where
    iperf3 is answered."""
    ns, servers = NetNs(), None
    argv = device_argv(NICS, where, script=script)
    argv.insert(1, "--quiet")
    with open(where / "device.log", "wb") as log:
        process = subprocess.Popen(proc.dies_with_us(ns.argv(argv)), stdin=subprocess.DEVNULL,
                                   stdout=log, stderr=log)
    try:
        proc.poll("the devices to listen", lambda: all(
            (where / f"vhost{nic.index}").exists() for nic in NICS), 20)
        ns.ip(*(f"link set {nic.tap} up address {nic.host_mac}" for nic in NICS),
              *(f"addr add {nic.address(True)}/24 dev {nic.tap}" for nic in NICS),
              *combos.host_side(NICS))
        servers = subprocess.Popen(ns.argv(combos.servers(NICS)), stdin=subprocess.DEVNULL,
                                   start_new_session=True)
        yield
        process.terminate()
        code = process.wait(20)
        text = (where / "device.log").read_text(encoding="utf-8", errors="replace")
        assert code == 0 and "Sanitizer" not in text, f"the device ended with {code}\n{text}"
    finally:
        if servers:
            proc.end_tree(servers)
        proc.stop(process)
        ns.close()


def guest(where: Path, driver: str, scenario: Scenario) -> str:
    """Runs one; everything it said."""
    name = {"virtnet": "virtnet", "intree": "virtio_net"}[driver]
    script = where / "guest"
    script.write_text(SCRIPT.format(
        module=MODULES[driver], options=scenario.options if driver == "virtnet" else "", name=name,
        judge=combos.script(NICS, scenario, 10, ALL_THERE_IS)), encoding="utf-8")
    # A warning is a failure, but no panic, which would come before its stack.
    argv = [str(paths.ROOT / "tools" / "uml"), "run", str(script), "kmemleak=on",
            "mem=768M", "ipv6.disable_ipv6=1",
            *(f"virtio_uml.device={where}/vhost{nic.index}:1" for nic in NICS)]
    env = ENVIRONMENT | {"UML_NAME": f"hostile-{driver}", "UML_TIMEOUT": str(TIMEOUT)}
    process = subprocess.Popen(argv, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, text=True, errors="replace",
                               start_new_session=True)
    try:
        return process.communicate(timeout=TIMEOUT + 30)[0]
    finally:
        proc.end_tree(process)


def verdict(text: str, driver: str, scenario: Scenario, counted: list[dict]) -> str:
    """What became of the six, and of the guest."""
    complaint = combos.complaint(text)
    if complaint:
        return f"complaint: {complaint}"
    became = combos.verdict(text, NICS, scenario, counted, driver == "virtnet", True)
    if became != "ok":
        return became
    if "script ended with 0" not in text:
        return "guest died"
    leak = re.search(r"^hostile-leak (unreferenced .+?)\r?$", text, re.M)
    return leak[1] if leak else "ok"


def survive(driver: str, scenarios: list[Scenario]) -> Iterator[Outcome]:
    done = proc.run([str(paths.ROOT / "tools" / "uml"), "module"], timeout=3600, check=False,
                    env=ENVIRONMENT)
    if done.returncode:
        raise VmError(f"hostile: no UML kernel or no driver for it:\n{done.stdout[-3000:]}")
    scratches = paths.BUILD / "uml"
    for folder in (scratches, paths.TEST_OUT):
        folder.mkdir(parents=True, exist_ok=True)
    for scenario in scenarios:
        with tempfile.TemporaryDirectory(dir=scratches) as scratch:
            where = Path(scratch)
            with devices(where, scenario.path):
                text = guest(where, driver, scenario)
            (paths.TEST_OUT / f"hostile-uml-{driver}-{scenario.name}.log").write_text(
                text, encoding="utf-8")
            counted = json.loads((where / "stats.json").read_text(encoding="utf-8"))["devices"]
        yield Outcome(scenario, verdict(text, driver, scenario, counted), combos.waited(text))
