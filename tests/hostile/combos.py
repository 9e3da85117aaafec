# SPDX-License-Identifier: GPL-2.0
"""What every guest of a scenario has in common: six NICs, split and packed in each buffer
mode, all under traffic at once; the script that says in the guest what became of
them; and the verdict on all of it."""

import re
import shlex
from pathlib import Path

from qemu_guest import VhostNic
from scenarios import Scenario
from vmlib import proc, splat
from vmlib.nic import MODES, Nic

# A scenario's events are over by then, and the driver's watchdog (5 s) has looked.
LASTS = 4
ROUNDS = 6
BACK = 5
WATCHDOG = 12
JUMBO = 9000                    # MTU, where a packet may have more than one buffer
PORT = 5201

# Where each line of @nics is a MAC address, MTU, its address, the host's, and a port.
JUDGE = """
answers() {{
    end=$(($(date +%s) + $1))
    while [ $(date +%s) -lt $end ]; do
        ping -c 1 -W 1 $2 >/dev/null 2>&1 && return 0
    done
    return 1
}}

# Both directions, small and large; some rounds also where each of them takes long.
traffic() {{
    since=$(date +%s) rounds=0
    while passed=$(($(date +%s) - since)); do
        [ $passed -lt {lasts} ] || [ $rounds -lt {rounds} ] || break
        [ $passed -lt $((5 * {lasts})) ] || break
        ping -q -c 20 -i 0.01 -W 1 $1
        ping -q -c 10 -i 0.01 -W 1 -s 6000 $1
        rounds=$((rounds + 1))
    done
    for way in {ways}; do
        timeout 10 iperf3 -c $1 -p $2 -t 1 --connect-timeout 2000 $way
    done
}}

find_nic() {{
    tries=0 name=
    while [ -z "$name" ] && [ $tries -lt 100 ]; do
        for path in /sys/class/net/*; do
            read -r found <$path/address && [ "$found" = $1 ] && name=${{path##*/}}
        done 2>/dev/null
        [ -n "$name" ] || sleep 0.1
        tries=$((tries + 1))
    done
}}

judge() {{
    find_nic $1
    ip link set $name mtu $2 up && ip addr add $3/24 dev $name
    if ! answers {before} $4; then
        verdict="no traffic before it began"
    else
        traffic $4 $5 >/dev/null 2>&1
        answers {patience} $4 && verdict=ok || verdict="no traffic any more"
    fi
    ethtool -S $name 2>/dev/null | sed -n "s/^ *rx[0-9]*_/hostile-counter $4 /p
        s/^ *\\([a-z_]*: \\)/hostile-counter $4 device_\\1/p"
    for what in rx_packets rx_bytes; do
        echo "hostile-counter $4 $what: $(cat /sys/class/net/$name/statistics/$what)"
    done
    timeout 20 ip link set $name down 2>/dev/null
    echo "hostile-verdict $4 $verdict"
}}

while read -r line; do
    judge $line &
done <<NICS
{nics}
NICS
wait
"""


def combinations() -> list[Nic]:
    nics: list[Nic] = [VhostNic(packed=packed, mode=mode)
                       for mode in MODES for packed in (False, True)]
    for index, nic in enumerate(nics):
        nic.index = index
    return nics


def mtu(nic: Nic) -> int:
    return 1500 if nic.mode == "small" else JUMBO


def patience(scenario: Scenario) -> int:
    """How long traffic may take to be back: a dead transmit queue is found by a watchdog."""
    return WATCHDOG if re.match("tx|random|gone", scenario.name) else BACK


def script(nics: list[Nic], scenario: Scenario, before: int, tcp: bool = True) -> str:
    """For the guest; @before is its patience, in seconds, until traffic first flows."""
    lines = (f"{nic.mac} {mtu(nic)} {nic.address(False)} {nic.address(True)} {PORT + nic.index}"
             for nic in nics)
    return JUDGE.format(lasts=LASTS, rounds=ROUNDS, before=before, patience=patience(scenario),
                        ways="--bidir" if tcp else "", nics="\n".join(lines))


def servers(nics: list[Nic]) -> list[str]:
    """Whom the guest's iperf3 talks to, as a command for the host's side."""
    each = " ".join(f"{shlex.join(proc.dies_with_us(['iperf3', '-s', '-p', str(PORT + nic.index)]))}"
                    " >/dev/null 2>&1 &" for nic in nics)
    return proc.dies_with_us(["sh", "-c", each + " wait"])


def complaints(text: str) -> str:
    """What the kernel says of itself; that a packet was bad is no complaint."""
    return splat.find("\n".join(line for line in text.splitlines()
                                if "bad gso" not in line and "NETDEV WATCHDOG" not in line))


def first_line(complaint: str) -> str:
    """What it is about: it comes with two lines before it, if there are any."""
    return complaint.strip().splitlines()[min(2, complaint.count("\n"))][:60]


def what(nic: Nic) -> str:
    return f"{'packed' if nic.packed else 'split'} {nic.mode}"


def lies(path: Path, device: dict) -> int:
    """How many packets were wrong: rules that begin together share theirs."""
    groups: dict[str, int] = {}
    when = {number: line.split(":")[0] for number, line in
            enumerate(path.read_text(encoding="utf-8").splitlines(), 1)}
    for rule in device["script"]:
        key = when[rule["line"]]
        groups[key] = max(groups.get(key, 0), rule["applied"])
    return sum(groups.values())


def miscounted(scenario: Scenario, nic: Nic, counters: dict[str, int], device: dict) -> str:
    """Did the driver count what the device did, and nothing that cannot be?"""
    done = lies(scenario.path, device)
    if not scenario.row:
        return ""
    if not done:
        return "the device did nothing wrong"
    sent = sum(queue["packets"] for queue in device["queues"] if queue["kind"] == "rx")
    # a used entry of no packet may be one that was good the last time round
    if scenario.row != 7 and counters["rx_packets"] > sent:
        return f"{counters['rx_packets']} packets received of {sent}"
    if not counters.get(f"device_{scenario.raises}", 1):
        return f"{scenario.raises} does not count it"
    name = scenario.counts
    if name not in counters or (name == "num_buffers" and nic.mode != "mergeable"):
        return ""
    least = most = done
    if nic.mode == "mergeable" and name.startswith("len"):
        least = 1       # a packet in several buffers, all of them wrong, is one
    if name == "num_buffers":
        most = counters[name]   # the buffers behind the first one look like packets, too
    if not least <= counters[name] <= most:
        return f"{name} {counters[name]} of {done}"
    return ""


def verdict(text: str, nics: list[Nic], scenario: Scenario, counted: list[dict]) -> str:
    """What the guest said of its NICs, beside what their devices counted."""
    said = dict(re.findall(r"^hostile-verdict (\S+) (.+?)\r?$", text, re.M))
    for nic, device in zip(nics, counted):
        host = nic.address(True)
        became = said.get(host, "guest died")
        counters: dict[str, int] = {}
        for name, value in re.findall(rf"^hostile-counter {host} (\w+): (\d+)", text, re.M):
            counters[name] = counters.get(name, 0) + int(value)
        if became == "ok":
            became = miscounted(scenario, nic, counters, device) or "ok"
        if became != "ok":
            return f"{what(nic)}: {became}"
    return "ok"
