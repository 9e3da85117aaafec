# SPDX-License-Identifier: GPL-2.0
"""Cases about what the driver tells those who look for what is wrong."""

import json
import re
import struct
import time

import traffic
from cases_control import PAIRS, name_of
from suite import Context, Skip, case, expect, expect_equal
from vmlib import counters, features, genl
from vmlib.nic import Nic

DEBUGFS = "/sys/kernel/debug/virtnet"
TRACING = "/sys/kernel/tracing"


def self_test(ctx: Context, interface: str, how: str) -> None:
    answer = ctx.guest.run(f"ethtool -t {interface} {how}")
    results = dict(re.findall(r"^(\w.*?)\s+\(\S+\)\s+(\d+)$", answer.output, re.M))
    expect("The test result is PASS" in answer.output and not answer.code, answer.output)
    expect_equal("results", results, {name: "0" for name in
                                      ("Control queue", "Interrupts", "Rings", "Restart")})


@case("ethtool -t online and offline, under traffic", virtnet_only=True)
def tested(ctx: Context) -> None:
    with traffic.streaming(ctx.guest, ctx.guest.nics[PAIRS]) as stream:
        for how in ("online", "offline"):
            self_test(ctx, name_of(ctx, PAIRS), how)
            stream.goes_on(f"after the {how} test")
    for nic in ctx.guest.nics:
        self_test(ctx, ctx.guest.interface(nic), "offline")
        ctx.reachable(nic)


def _agreed(ctx: Context, nic: Nic) -> set[str]:
    interface = ctx.guest.interface(nic)
    return set(features.names(ctx.guest_value(f"/sys/class/net/{interface}/device/features")))


def _registers(ctx: Context, interface: str) -> list[int]:
    dump = "hexdump -v -e '1/1 \"%02x\"'"
    text = ctx.guest.sh(f"ethtool -d {interface} raw on | {dump}")
    data = bytes.fromhex("".join(text.split()))
    return list(struct.unpack(f"<{len(data) // 4}I", data[:len(data) // 4 * 4]))


@case("features by name in debugfs, by number in ethtool -d, as in sysfs", virtnet_only=True)
def feature_names(ctx: Context) -> None:
    for nic in ctx.guest.nics:
        device = ctx.guest.virtio_device(nic)
        text = ctx.guest.sh(f"cat {DEBUGFS}/{device}/features")
        named = {name for _, name, how in re.findall(r"^ *(\d+) (\S+) +(.*)$", text, re.M)
                 if how == "agreed"}
        expect_equal("features agreed on", named, _agreed(ctx, nic))
        words = _registers(ctx, ctx.guest.interface(nic))
        bits = "".join(f"{word:032b}"[::-1] for word in words[6:10])
        expect_equal("features in the dump", set(features.names(bits)), named)
        expect_equal("pairs in the dump", words[12], nic.pairs)


@case("debugfs shows the rings and NAPI of every queue", virtnet_only=True)
def queues(ctx: Context) -> None:
    for nic in ctx.guest.nics:
        text = ctx.guest.sh(f"cat {DEBUGFS}/{ctx.guest.virtio_device(nic)}/queues")
        expect(f"interface {ctx.guest.interface(nic)} is running" in text, text)
        for side in ("rx", "tx"):
            found = re.findall(rf"^{side}\d+: ring 256 free \d+ avail \S+ used \S+ .*napi", text,
                               re.M)
            expect_equal(f"{side} queues", len(found), nic.pairs)
        sizes = [int(size) for size in re.findall(r" buffers \w+ (\d+) posted ", text)]
        expect_equal("queues with a size of buffers", len(sizes), nic.pairs)
        expect(all(1500 <= size <= 16384 for size in sizes), f"bytes of a buffer: {sizes}")
    down = ctx.guest.nics[PAIRS]
    interface, device = ctx.guest.interface(down), ctx.guest.virtio_device(down)
    ctx.guest.sh(f"ip link set {interface} down")
    text = ctx.guest.sh(f"cat {DEBUGFS}/{device}/queues")
    expect("is not running" in text and "rx0" not in text, text)
    ctx.guest.sh(f"ip link set {interface} up")
    ctx.guest.sh(f"""ip addr replace {down.address(False, 6)}/64 dev {interface} nodad""")
    ctx.reachable(down)


@case("tracepoints: packets, refill, control commands", virtnet_only=True)
def tracepoints(ctx: Context) -> None:
    guest, interface = ctx.guest, name_of(ctx, PAIRS)
    guest.run(f"mount -t tracefs tracefs {TRACING} 2>/dev/null")
    events = f"{TRACING}/events/virtnet"
    found = set(guest.sh(f"cd {events} && echo virtnet_*").split())
    expect_equal("tracepoints", found, {"virtnet_rx", "virtnet_tx", "virtnet_refill",
                                        "virtnet_ctrl", "virtnet_recover"})
    guest.sh(f"echo >{TRACING}/trace; echo 1 >{events}/enable")
    try:
        traffic.ping_guest(guest, guest.nics[PAIRS], (56,) * 12)
        guest.sh(f"ip link set {interface} promisc on; ip link set {interface} promisc off")
        for event in ("virtnet_rx", "virtnet_tx", "virtnet_refill", "virtnet_ctrl"):
            guest.poll(f"event {event}", f"grep -q '{event}: {interface} ' {TRACING}/trace")
        lines = guest.sh(f"grep 'virtnet_rx: {interface} ' {TRACING}/trace").splitlines()
        whole = [line for line in lines if re.search(r" len=98 skb=\S+ flags=0x\d gso=0x?0", line)]
        expect(len(whole) >= 12, f"{len(whole)} pings were traced; {lines[:3]}")
    finally:
        guest.run(f"echo 0 >{events}/enable; echo >{TRACING}/trace")


@case("rx-copybreak is shown and set", virtnet_only=True)
def copybreak(ctx: Context) -> None:
    interface = name_of(ctx, PAIRS)
    show = f"ethtool --get-tunable {interface} rx-copybreak"
    before = re.search(r"rx-copybreak: (\d+)", ctx.guest.sh(show))
    expect(before, "no rx-copybreak")
    try:
        for value in (0, 1500, 2048):
            ctx.guest.sh(f"ethtool --set-tunable {interface} rx-copybreak {value}")
            expect(f"rx-copybreak: {value}\n" in ctx.guest.sh(show), f"{value} is not shown")
            traffic.ping_guest(ctx.guest, ctx.guest.nics[PAIRS], traffic.FEW_SIZES)
        answer = ctx.guest.run(f"ethtool --set-tunable {interface} rx-copybreak 100000")
        expect(answer.code, "rx-copybreak 100000 was taken")
    finally:
        ctx.guest.sh(f"ethtool --set-tunable {interface} rx-copybreak {before[1]}")


# --- the same by other ways ----------------------------------------------------------

def _shown_twice(ctx: Context, number: int, interface: str) -> tuple[dict, dict]:
    """What netdev-genl tells of the queues, and ethtool -S of the same."""
    told = genl.queue_statistics(ctx.guest, number, interface)
    shown = counters.ethtool(ctx.guest, interface)
    for name in told:
        if ctx.driver == "virtnet" and name.endswith("_alloc_fail"):
            shown[name] += shown[name.replace("_alloc_fail", "_skb_alloc_fail")]
    return told, {name: shown.get(name) for name in told}


def _interrupt_numbers(ctx: Context, interface: str) -> dict[str, int]:
    device = ctx.guest.sh(f"basename $(readlink -f /sys/class/net/{interface}/device)").strip()
    text = ctx.guest.sh("cat /proc/interrupts")
    rows = re.findall(rf"^ *(\d+):.* {device}-(input|output)\.(\d+)$", text, re.M)
    return {f"{'rx' if way == 'input' else 'tx'}{pair}": int(irq) for irq, way, pair in rows}


@case("netdev-genl agrees with ethtool -S, and knows the NAPI of each queue")
def netdev_genl(ctx: Context) -> None:
    nic, interface = ctx.guest.nics[PAIRS], name_of(ctx, PAIRS)
    number = genl.family(ctx.guest)
    if number is None:
        raise Skip("this kernel has no netdev-genl")
    traffic.ping_guest(ctx.guest, nic, traffic.FEW_SIZES)
    traffic.udp_flows(ctx.guest, nic, 16)
    # A packet of the kernel's own may come between the two looks.
    for _ in range(4):
        told, shown = _shown_twice(ctx, number, interface)
        if told == shown:
            break
        time.sleep(1)
    expect_equal("ethtool -S", shown, told)
    pairs = nic.pairs if ctx.driver == "virtnet" else 1
    wanted = {f"{side}{pair}_packets" for side in genl.SIDES for pair in range(pairs)}
    expect(wanted <= told.keys(), f"of {sorted(wanted)} there are {sorted(told)}")
    expect(sum(told[name] for name in wanted), "no packet was counted")
    known = genl.interrupts(ctx.guest, number, interface)
    if ctx.driver == "virtnet":
        right = _interrupt_numbers(ctx, interface)
        # A NAPI that nobody may poll busily has no number, and newer kernels then do not tell
        # of it: those of transmit queues.
        receiving = {queue for queue in right if queue.startswith("rx")}
        expect(receiving <= known.keys() <= right.keys(), f"queues with a NAPI: {sorted(known)}")
        told = {queue: irq for queue, irq in known.items() if irq is not None}
        expect_equal("interrupts", told, {queue: right[queue] for queue in told.keys() | receiving})


@case("ethtool --json -k says what ethtool -k says")
def as_json(ctx: Context) -> None:
    interface = name_of(ctx, PAIRS)
    found, = json.loads(ctx.guest.sh(f"ethtool --json -k {interface}"))
    text = dict(re.findall(r"^\s*(\S+): (on|off)", ctx.guest.sh(f"ethtool -k {interface}"), re.M))
    states = {name: "on" if state["active"] else "off" for name, state in found.items()
              if isinstance(state, dict)}
    expect({"rx-checksumming", "tx-udp-segmentation"} <= states.keys(), f"{states}")
    expect_equal("ethtool -k", {name: text.get(name) for name in states}, states)


CASES = (tested, feature_names, queues, tracepoints, copybreak, netdev_genl, as_json)
