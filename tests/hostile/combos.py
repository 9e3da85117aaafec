# SPDX-License-Identifier: GPL-2.0
"""What every guest of a scenario has in common: six NICs, split and packed in each buffer
mode, all under traffic at once, and one that behaves; the script that says in the guest
what became of them; and the verdict on all of it."""

import re
import shlex
from pathlib import Path

from qemu_guest import OwnNic, VhostNic
from scenarios import Scenario
from vmlib import proc, splat
from vmlib.nic import MODES, Nic

# A scenario's events are over by then, and the driver's watchdog (5 s) has looked.
LASTS = 4
ROUNDS = 6
JUMBO = 9000                    # MTU, where a packet may have more than one buffer
PIECES = 4                      # buffers of the largest ping, where they hold 1500 bytes each
PORT = 5201
PING_EVERY = 0.2                # seconds, of the neighbour
NAP = 0.1                       # seconds, of who asks for the lock of all settings
# Seconds that others wait at most, and where the kernel checks all it does.
OTHERS_WAIT, OTHERS_WAIT_CHECKED = 1, 5
UNKNOWN = 99.9
TIMESTAMP = re.compile(r"^\[ *\d+\.\d+\] ")
NO_BOUNCE = "no bounce buffers"
BOUNCE_SLOTS = "/sys/kernel/debug/swiotlb/io_tlb_used"
SLOW = 20                       # seconds, to tell a NIC that is late from one that is dead

# Where each line of @nics is a MAC address, MTU, its address, the host's, a port, and the
# host's MAC address.
JUDGE = """
# Within so many seconds, whichever ping it is that the answer belongs to.
answers() {{
    since=$(date +%s) left=$1
    while [ $left -gt 0 ]; do
        ping -c 1 -i 0.2 -w $left $2 >/dev/null 2>&1 && return 0
        left=$(($1 + since - $(date +%s)))
    done
    return 1
}}

# What may reset a device has the CPU that its interrupts have, see IRQS_ON_ONE.
meanwhile() {{
    taskset 1 sh -c 'name=$0 && {meanwhile}' $name
}}

# Both directions, small and large, for some seconds and some rounds; also if those are slow.
traffic() {{
    rounds=0 enough=$(($(date +%s) + {lasts})) most=$(($(date +%s) + 10 * {lasts}))
    while [ $(date +%s) -lt $enough ] ||
          {{ [ $rounds -lt {rounds} ] && [ $(date +%s) -lt $most ]; }}; do
        {{ meanwhile >/dev/null 2>&1 || echo; }} >>/run/refused-$1 &
        ping -q -c 20 -i 0.01 -W 1 $1
        ping -q -c 10 -i 0.01 -W 1 -s 6000 $1
        wait
        rounds=$((rounds + 1))
    done
    timeout 10 iperf3 -c $1 -p $2 -t 1 -b {rate} --connect-timeout 2000 --bidir
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

verdict() {{
    answers {before} $2 || {{ echo no traffic before it began; return; }}
    traffic $2 $3 >/dev/null 2>&1
    over=$(date +%s)
    answers {within} $2 || {{ answers {slow} $2 && echo "no traffic for $(($(date +%s) - over)) s" ||
                              echo no traffic any more; return; }}
    meanwhile >/dev/null 2>&1 || {{ echo refuses settings in the end; return; }}
    counters $2
    taskset 1 timeout 20 ip link set $1 down && echo ok || echo does not close
}}

counters() {{
    ethtool -S $name | sed -n "s/^ *rx[0-9]*_/hostile-counter $1 /p
        s/^ *\\([a-z_]*: \\)/hostile-counter $1 \\1/p" >/run/counters-$1
    for what in rx_packets rx_bytes; do
        echo "hostile-counter $1 $what: $(cat /sys/class/net/$name/statistics/$what)"
    done >>/run/counters-$1
    echo "hostile-counter $1 refused: $(wc -l </run/refused-$1)
hostile-counter $1 bounced: $(cat {slots} 2>/dev/null)
hostile-counter $1 seconds: $(($(date +%s) - begin))" >>/run/counters-$1
}}

# Each end is told where the other one is: otherwise lies about answers to ARP, one a second,
# may be all that a device comes to for as long as it is given to do its worst.
judge() {{
    find_nic $1
    begin=$(date +%s)
    rm -f /run/refused-$4 /run/counters-$4
    taskset 1 ip link set $name mtu $2 up && ip addr add $3/24 dev $name
    ip neigh replace $4 lladdr $6 dev $name nud permanent
    became=$(verdict $name $4 $5)
    cat /run/counters-$4 2>/dev/null
    echo "hostile-verdict $4 $became"
}}

# The neighbour: how long its pings take, and who asks for the lock of all settings, which
# is done without another process, for that alone takes its time here.
watch() {{
    find_nic {mac}
    taskset 1 ip link set $name up && ip addr add {address}/24 dev $name
    ping -i {every} {peer} >/run/pings 2>&1 &
    while [ -e /run/judging ]; do
        read -r begin rest </proc/uptime
        echo 1000 >/sys/class/net/lo/tx_queue_len
        read -r end rest </proc/uptime
        echo "hostile-lock $begin $end"
        sleep {nap}
    done >/run/locks
    kill -INT $!         # which lets it write what it has
    taskset 1 ip link set $name down
}}

rm -f /run/judged-*
touch /run/judging
watch &
judges=
while read -r line; do
    judge $line >/run/judged-${{line%% *}} &
    judges="$judges $!"
done <<NICS
{nics}
NICS
wait $judges
rm /run/judging
wait
cat /run/judged-*
cat /run/locks
sed -n 's/.*seq=\\([0-9]*\\) .*time=\\([0-9.]*\\) ms.*/hostile-ping \\1 \\2/p
    s/^\\([0-9]*\\) packets transmitted.*/hostile-ping \\1 0/p' /run/pings
"""


def combinations(kind: type[VhostNic] = VhostNic, iommu: bool = False) -> list[Nic]:
    """The six, and their neighbour."""
    nics: list[Nic] = [kind(packed=packed, mode=mode, iommu=iommu)
                       for mode in MODES for packed in (False, True)]
    nics.append(kind(behaves=True, iommu=iommu))
    for index, nic in enumerate(nics):
        nic.index = index
        if issubclass(kind, OwnNic):
            nic.host_mtu = mtu(nic)
    return nics


def liars(nics: list[Nic]) -> list[Nic]:
    """All but the neighbour, which is the last."""
    return nics[:-1]


def mtu(nic: Nic) -> int:
    return 1500 if nic.mode == "small" else JUMBO


def host_side(nics: list[Nic]) -> list[str]:
    """What the guest's script expects of the host's taps, which are up, as commands for ip."""
    return [*(f"link set {nic.tap} mtu {mtu(nic)}" for nic in nics),
            *(f"neigh replace {nic.address(False)} lladdr {nic.mac} dev {nic.tap} nud permanent"
              for nic in liars(nics))]


def script(nics: list[Nic], scenario: Scenario, before: int, rate: str) -> str:
    """For the guest; @before is its patience, in seconds, until traffic first flows, and
    @rate that of TCP, each way of each NIC (iperf3 -b)."""
    lines = (f"{nic.mac} {mtu(nic)} {nic.address(False)} {nic.address(True)} {PORT + nic.index} "
             f"{nic.host_mac}" for nic in liars(nics))
    near = nics[-1]
    return JUDGE.format(lasts=LASTS, rounds=ROUNDS, before=before, within=scenario.within,
                        slow=SLOW, slots=BOUNCE_SLOTS, meanwhile=scenario.meanwhile, nap=NAP,
                        rate=rate, every=PING_EVERY, mac=near.mac, address=near.address(False),
                        peer=near.address(True), nics="\n".join(lines))


def servers(nics: list[Nic]) -> list[str]:
    """Whom the guest's iperf3 talks to, as a command for the host's side."""
    each = " ".join(f"{shlex.join(proc.dies_with_us(['iperf3', '-s', '-p', str(PORT + nic.index)]))}"
                    " >/dev/null 2>&1 &" for nic in liars(nics))
    return proc.dies_with_us(["sh", "-c", each + " wait"])


def complaint(text: str) -> str:
    """What the kernel says of itself, in a line; what it says of the device is no complaint."""
    lines = (line for line in text.splitlines() if not any(
        said in line for said in ("bad gso", "NETDEV WATCHDOG", "is not a head")))
    found = splat.find("\n".join(lines)).splitlines()
    return next((TIMESTAMP.sub("", line.strip())[:60] for line in found
                 if splat.SPLATS.search(line)), "")


def what(nic: Nic) -> str:
    return f"{'packed' if nic.packed else 'split'} {nic.mode}"


def lies(path: Path, device: dict) -> int:
    """How often the device did wrong: rules that begin together share their packets."""
    when = [line.split(":")[0] for line in path.read_text(encoding="utf-8").splitlines()]
    groups: dict[str, int] = {}
    for rule in device["script"]:
        key = when[rule["line"] - 1]
        groups[key] = max(groups.get(key, 0), rule["applied"])
    return sum(groups.values())


def miscounted(scenario: Scenario, nic: Nic, counters: dict[str, int], done: int) -> str:
    """Did virtnet count what the device did, and nothing that cannot be?"""
    if scenario.counts and not (scenario.counts == "num_buffers" and nic.mode != "mergeable"):
        counted, least, most = counters[scenario.counts], done, done
        if nic.mode == "mergeable" and scenario.counts.startswith("len"):
            least = done // PIECES      # all of them wrong, they are one packet
        if scenario.counts == "num_buffers":
            most = counted      # the buffers behind the first one look like packets, too
        if not least <= counted <= most:
            return f"{scenario.counts} {counted} of {done}"
    for name in scenario.raises.split():
        if not counters[name]:
            return f"{name} does not count it"
    for name in scenario.never.split():
        if counters[name]:
            return f"{name} {counters[name]}"
    if counters["announced"] > counters["seconds"] + 2:
        return f"{counters['announced']} announcements in {counters['seconds']} s"
    return ""


def untrue(scenario: Scenario, nic: Nic, counters: dict[str, int], device: dict, ours: bool) -> str:
    """Was there what the scenario is about, and do the counters agree?"""
    done = lies(scenario.path, device)
    if not done:
        return "the device did nothing wrong"
    if nic.iommu and not counters["bounced"]:
        return NO_BOUNCE
    sent = sum(queue["packets"] for queue in device["queues"] if queue["kind"] == "rx")
    # a used entry of no packet may be one that was good the last time round
    if scenario.row not in (0, 7) and counters["rx_packets"] > sent:
        return f"{counters['rx_packets']} packets received of {sent}"
    return miscounted(scenario, nic, counters, done) if ours else ""


def waited(text: str) -> dict[str, float]:
    """The longest that others had to wait, in seconds of the guest's time: for the lock of
    all settings, for the CPU after a nap, and for the answer to a ping by a NIC that behaves,
    lost ones included."""
    asked = [(float(begin), float(end)) for begin, end in
             re.findall(r"^hostile-lock ([\d.]+) ([\d.]+)\r?$", text, re.M)]
    # The last line is how many there were in all.
    pings = [(int(number), float(ms) / 1000) for number, ms in
             re.findall(r"^hostile-ping (\d+) ([\d.]+)\r?$", text, re.M)]
    lost = [(after - before - 1) * PING_EVERY for (before, _), (after, _) in
            zip(pings, pings[1:])]
    naps = [begin - end - NAP for (_, end), (begin, _) in zip(asked, asked[1:])]
    return {"lock": max([end - begin for begin, end in asked], default=UNKNOWN),
            "cpu": max(naps, default=UNKNOWN),
            "ping": max([seconds for _, seconds in pings] + lost, default=UNKNOWN)}


def patient(scenario: Scenario, waits: dict[str, float], nics: int, checked: bool) -> bool:
    """Was that as long as others may have to wait, at most? For the CPU that is longer: two
    emulated ones have one thread of QEMU, and that has what the host has left for it."""
    most = OTHERS_WAIT_CHECKED if checked else OTHERS_WAIT
    return (waits["ping"] <= most and waits["lock"] <= most + scenario.held * nics and
            waits["cpu"] <= OTHERS_WAIT_CHECKED)


def verdict(text: str, nics: list[Nic], scenario: Scenario, counted: list[dict],
            ours: bool, checked: bool) -> str:
    """What the guest said of its NICs, beside what their devices counted."""
    said = dict(re.findall(r"^hostile-verdict (\S+) (.+?)\r?$", text, re.M))
    for nic, device in zip(liars(nics), liars(counted), strict=True):
        host = nic.address(True)
        became = said.get(host, "guest died")
        counters: dict[str, int] = {}
        for name, value in re.findall(rf"^hostile-counter {host} (\w+): (\d+)", text, re.M):
            counters[name] = counters.get(name, 0) + int(value)
        if became == "ok":
            try:
                became = untrue(scenario, nic, counters, device, ours) or "ok"
            except KeyError as missing:
                became = f"no counter {missing}"
        if became != "ok":
            return f"{what(nic)}: {became}"
    waits = waited(text)
    if patient(scenario, waits, len(liars(nics)), checked):
        return "ok"
    return f"others waited {max(waits.values()):.1f} s"
