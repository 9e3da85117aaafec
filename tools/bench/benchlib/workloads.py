# SPDX-License-Identifier: GPL-2.0
"""The workloads: how the machine looks, what the guest does, what is counted.

A workload's script is shell that runs in the guest with $GEN, $TWIN, $NIC and
$NIC2 set to the interfaces of the generator, of its twin for control windows, and of the
devices under test. Generators and sinks are up already.
"""

from dataclasses import dataclass, field, replace

# the address that frames meant for the interface under test carry
TEST_MAC = "02:00:00:00:01:01"
TEST_MAC2 = "02:00:00:00:01:02"

SETTLE = "sleep 0.5"

DROP_AT_INGRESS = """
	up_and_weigh $NIC
	tc qdisc add dev $NIC clsact || fail "clsact"
	tc filter add dev $NIC ingress matchall action drop || fail "tc filter"
"""


def lockstep(length: int = 60, burst: int = 32, more: str = "") -> str:
    """The guest's command line for windows of a burst each."""
    windows = max(64, min(512, 4096 // burst))
    return (f"\t{SETTLE}\n"
            f"\tbench lockstep if=$GEN twin=$TWIN mac={TEST_MAC} length={length} burst={burst} "
            f"windows={windows} warmup={max(16, 1024 // burst)} {more} || fail lockstep\n")


def pktgen(burst: int) -> str:
    """Transmit of 64-byte frames; the generator's device filters them out."""
    return f"""
	up_and_weigh $NIC
	pg=/proc/net/pktgen
	echo "add_device $NIC" > $pg/kpktgend_0 || fail pktgen
	for set in "count 4096" "pkt_size 60" "delay 0" "clone_skb 0" "burst {burst}" \\
		"dst 10.0.1.2" "dst_mac 02:00:00:00:00:ff"; do
		echo "$set" > $pg/$NIC || fail "pktgen $set"
	done
	{SETTLE}
	bench pktgen count=4096
"""


@dataclass(frozen=True)
class Workload:
    """One measurement; device properties apply to the devices under test."""

    name: str
    title: str
    script: str
    unit: str = "packet"
    nics: int = 1
    device: dict[str, str] = field(default_factory=dict)
    classes: tuple[str, ...] = ()       # what the headline counts; empty is all
    net: str = "hub"                    # or vhub: with offloads
    modules: tuple[str, ...] = ()
    tx_hold_ns: int = 100_000           # how long devices under test hold a transmit
    settings: str = ""                  # shell that is run on $NIC first, virtnet only
    command_line: str = ""              # of the guest's kernel, beside the usual

    @property
    def boots(self) -> int:
        """How many make a figure: the rhythm of TCP depends on when it begins."""
        return 3 if self.unit == "KiB" else 1

    @property
    def lockstep(self) -> bool:
        """Measured in windows between timer ticks, with control windows."""
        return "bench lockstep" in self.script


LIST = "ethtool --set-priv-flags $NIC rx-list-delivery on || fail flags"
GRO = LIST.replace(" on ", " off ")
INGRESS = ("sch_ingress", "cls_matchall", "act_gact")
TX_ONLY = ("driver", "ring")

FORWARD = f"""
	up_and_weigh $NIC
	quiet_up $NIC2
	ip addr add 10.0.1.1/24 dev $NIC
	ip addr add 10.0.2.1/24 dev $NIC2
	ip neigh add 10.0.2.9 lladdr 02:00:00:00:00:ff dev $NIC2 || fail neigh
	echo 1 > /proc/sys/net/ipv4/ip_forward
	for f in all $NIC; do echo 0 > /proc/sys/net/ipv4/conf/$f/rp_filter; done
{lockstep(more="dst=10.0.2.9")}"""

UDP_SOCKET = f"""
	up_and_weigh $NIC
	ip addr add 10.0.1.1/24 dev $NIC
	for f in all $NIC; do echo 0 > /proc/sys/net/ipv4/conf/$f/rp_filter; done
{lockstep(length=1514, more="read=1 port=7000")}"""

TWO_ENDS = """
	# windows that full packets fit into from the beginning; namespaces inherit them
	for f in tcp_rmem tcp_wmem; do
		echo "4096 4194304 16777216" > /proc/sys/net/ipv4/$f || fail "$f"
	done
	ip netns add peer || fail netns
	up_and_weigh $NIC
	quiet_up $NIC2
	ip link set $NIC2 netns peer || fail "move $NIC2"
	ip addr add 10.0.1.1/24 dev $NIC
	ip -n peer link set lo up
	ip -n peer link set $NIC2 up
	ip -n peer addr add 10.0.1.2/24 dev $NIC2
	ip neigh add 10.0.1.2 lladdr 02:00:00:00:01:02 dev $NIC
	# a packet is half a congestion window at most, which would grow for seconds
	ip route replace 10.0.1.0/24 dev $NIC initcwnd 256 || fail route
	ip -n peer neigh add 10.0.1.1 lladdr 02:00:00:00:01:01 dev $NIC2
	# where in time the connection begins differs from boot to boot
	usleep $((BOOT * 1370 + 1))
	(ip netns exec peer bench bulk role=receive address=10.0.1.2; echo ended > /tmp/ended) > /tmp/receiver 2>&1 &
	sleep 0.5
	bench bulk role=send address=10.0.1.2 || true
	sleep 0.5
	cat /tmp/receiver
"""


# checksums stay offloaded, segmentation is done in software
NO_TSO = {f"{side}_{kind}": "off" for side in ("host", "guest")
          for kind in ("tso4", "tso6", "ufo", "ecn")}


# What a burst of 64 KB packets takes to send: they arrive as one.
BURST_HOLD_NS = 3_000_000


def _xdp(verdict: str) -> str:
    return (f"\tup_and_weigh $NIC\n"
            f"\tbench xdp if=$NIC verdict={verdict} || fail xdp\n")


# virtio_net's ndo_xdp_xmit wants a program on the target too
REDIRECT = f"""
	up_and_weigh $NIC
	quiet_up $NIC2
	bench xdp if=$NIC2 verdict=pass || fail xdp
	bench xdp if=$NIC verdict=redirect to=$NIC2 || fail xdp
{lockstep()}"""

XSK_SEND = f"""
	up_and_weigh $NIC
	{SETTLE}
	bench xsksend if=$NIC count=4096 burst=BURST || fail xsksend
"""


def _base() -> list[Workload]:
    return [
        Workload("tx64", "tx64, pktgen", pktgen(1), classes=TX_ONLY, modules=("pktgen",)),
        Workload("tx64-burst", "tx64, bursts of 16", pktgen(16), classes=TX_ONLY,
                 modules=("pktgen",)),
        Workload("rx64-drop", "rx64, dropped by tc at ingress",
                 DROP_AT_INGRESS + lockstep(), modules=INGRESS, settings=GRO),
        Workload("rx64-xdp-drop", "rx64, XDP_DROP", _xdp("drop") + lockstep()),
        Workload("rx64-xdp-tx", "rx64, XDP_TX", _xdp("tx") + lockstep()),
        Workload("rx64-xdp-redirect", "rx64, XDP_REDIRECT to another NIC", REDIRECT, nics=2),
        Workload("rx64-xsk-drop", "rx64, AF_XDP socket without a copy, dropped",
                 "\tup_and_weigh $NIC\n" + lockstep(more="xsk=$NIC"), classes=TX_ONLY),
        Workload("tx64-xsk", "tx64, AF_XDP socket without a copy",
                 XSK_SEND.replace("BURST", "32"), classes=TX_ONLY),
        Workload("rx1500-udp", "rx1500 to a UDP socket, read", UDP_SOCKET),
        Workload("forward64", "forward 64-byte packets", FORWARD, nics=2, settings=LIST),
        Workload("tcp-gso", "bulk TCP, 64 KB GSO, both ends", TWO_ENDS, unit="KiB",
                 nics=2, net="vhub", tx_hold_ns=BURST_HOLD_NS),
        Workload("tcp-mtu", "bulk TCP, MTU frames, both ends", TWO_ENDS, unit="KiB",
                 nics=2, net="vhub", tx_hold_ns=100_000, device=NO_TSO),
        Workload("rx64-xdp-drop-1", "one packet per interrupt, XDP_DROP",
                 _xdp("drop") + lockstep(burst=1)),
        Workload("rx64-drop-1", "one packet per interrupt, dropped by tc",
                 DROP_AT_INGRESS + lockstep(burst=1), modules=INGRESS, settings=GRO),
        Workload("rx64-drop-128", "128 packets per interrupt, dropped by tc",
                 DROP_AT_INGRESS + lockstep(burst=128), modules=INGRESS, settings=GRO),
    ]


def _variant(work: Workload, suffix: str, title: str, net: str = "hub",
             **device: str) -> Workload:
    return replace(work, name=f"{work.name}-{suffix}", title=f"{work.title}, {title}",
                   device=device, net=net)


def _bounced(work: Workload) -> Workload:
    """Behind bounce buffers: the device may see nothing else of the guest's memory."""
    return replace(work, name=f"{work.name}-bounced", title=f"{work.title}, bounce buffers",
                   device={"iommu_platform": "on", "disable-legacy": "on"},
                   command_line="swiotlb=force")


def _listed(work: Workload) -> Workload:
    return replace(work, name=f"{work.name}-list", title=f"{work.title}, list delivery",
                   settings=LIST)


def catalogue() -> dict[str, Workload]:
    """All workloads by name, in the order they are run and printed."""
    found = {work.name: work for work in _base()}
    drop, send = found["rx64-drop"], found["tx64"]
    more = [
        _listed(drop), _listed(found["rx1500-udp"]), _listed(found["rx64-drop-1"]),
        _variant(drop, "packed", "packed ring", packed="on"),
        _variant(send, "packed", "packed ring", packed="on"),
        *(_variant(found[name], "packed", "packed ring", packed="on")
          for name in ("rx64-xdp-drop", "rx64-xdp-tx")),
        _variant(drop, "small", "small buffers", mrg_rxbuf="off"),
        _variant(drop, "big", "big buffers", net="vhub", mrg_rxbuf="off"),
        _bounced(drop), _bounced(send), _bounced(found["rx1500-udp"]), _bounced(found["tcp-gso"]),
    ]
    found.update((work.name, work) for work in more)
    return found
