# SPDX-License-Identifier: GPL-2.0
"""A NIC's counters in the guest: ethtool -S and ip -s, read and summed up."""

import json
import re

from .guest import Guest

# virtio_net says rx_queue_0_packets on 6.1 and rx0_packets later.
PER_QUEUE = re.compile(r"^(rx|tx)(?:_queue_)?(\d+)_(\w+)$")


def ethtool(guest: Guest, interface: str) -> dict[str, int]:
    """All counters of ethtool -S."""
    text = guest.sh(f"ethtool -S {interface}")
    return {name: int(value) for name, value in re.findall(r"^ +(\S+): (\d+)$", text, re.M)}


def per_queue(stats: dict[str, int]) -> dict[str, dict[str, dict[int, int]]]:
    """Counters as [direction][name][queue number]."""
    found: dict[str, dict[str, dict[int, int]]] = {"rx": {}, "tx": {}}
    for key, value in stats.items():
        match = PER_QUEUE.match(key)
        if match:
            direction, number, name = match.groups()
            found[direction].setdefault(name, {})[int(number)] = value
    return found


def total(stats: dict[str, int], direction: str, name: str) -> int:
    """A per-queue counter, summed over the queues."""
    return sum(per_queue(stats)[direction].get(name, {}).values())


def link(guest: Guest, interface: str) -> dict[str, dict[str, int]]:
    """The totals of ip -s -s link, as ["rx"|"tx"][name]."""
    return parse_link(guest.sh(f"ip -j -s -s link show {interface}"))


def parse_link(text: str) -> dict[str, dict[str, int]]:
    """The totals in the JSON of ip -s link."""
    return json.loads(text)[0]["stats64"]


def link_drops(stats: dict[str, dict[str, int]]) -> int:
    """Packets the interface lost, whatever the reason."""
    return sum(stats[side][name] for side in ("rx", "tx") for name in ("dropped", "errors"))
