# SPDX-License-Identifier: GPL-2.0
"""A virtio-net-pci device of a guest: what it offers and how it is wired."""

from dataclasses import dataclass, field
from typing import Optional

from .errors import VmError

MODES = ("mergeable", "big", "small")
OFFLOADS = ("guest_tso4", "guest_tso6", "guest_ecn", "guest_ufo")
# Where QEMU has them (USO since 8.2); it refuses properties it does not know.
NEWER_OFFLOADS = ("guest_uso4", "guest_uso6")


def check_mode(mode: str) -> str:
    if mode not in MODES:
        raise VmError(f"no buffer mode '{mode}': MODE is one of: {' '.join(MODES)}")
    return mode


def _on(value: bool) -> str:
    return "on" if value else "off"


@dataclass
class Nic:
    """Knobs of one NIC; the defaults are QEMU's, on the modern transport."""

    mode: str = "mergeable"
    packed: bool = False
    indirect: bool = True
    event_idx: bool = True
    transport: str = "modern"           # or transitional, legacy
    iommu: bool = False
    pairs: int = 1
    host_mtu: int = 0
    rx_size: int = 0
    tx_size: int = 0
    speed: int = -1                     # Mbit/s, -1: the device does not say
    duplex: str = ""
    status: bool = True
    bus: str = ""                       # a PCI bus other than the root's
    extra: dict[str, str] = field(default_factory=dict)
    index: int = 0                      # set by the guest it is plugged into

    @property
    def mac(self) -> str:
        return f"52:54:00:12:34:{0x50 + self.index:02x}"

    @property
    def host_mac(self) -> str:
        """That of its tap, where the test has given it one."""
        return f"52:54:00:12:35:{0x50 + self.index:02x}"

    @property
    def tap(self) -> str:
        return f"tap{self.index}"

    @property
    def id(self) -> str:
        return f"nic{self.index}"

    @property
    def netdev(self) -> str:
        return f"net{self.index}"

    def address(self, host: bool, version: int = 4) -> str:
        """Its address, or that of the host on the same wire."""
        last = 1 if host else 2
        if version == 6:
            return f"fd00:{self.index}::{last}"
        return f"10.0.{self.index}.{last}"

    def properties(self, known: set[str]) -> dict[str, str]:
        """The properties QEMU is given for this device."""
        check_mode(self.mode)
        chosen = {"mac": self.mac, "netdev": self.netdev, "id": self.id, "romfile": ""}
        chosen |= self._mode_properties(known) | self._ring_properties()
        if self.transport not in ("modern", "transitional", "legacy"):
            raise VmError(f"no PCI transport '{self.transport}'")
        chosen["disable-legacy"] = _on(self.transport == "modern")
        chosen["disable-modern"] = _on(self.transport == "legacy")
        if self.pairs > 1:
            chosen |= {"mq": "on", "vectors": str(2 * self.pairs + 2)}
        if self.host_mtu:
            chosen["host_mtu"] = str(self.host_mtu)
        if self.speed >= 0:
            chosen |= {"speed": str(self.speed), "duplex": self.duplex or "full"}
        if not self.status:
            chosen["status"] = "off"
        if self.bus:
            chosen["bus"] = self.bus
        return chosen | self.extra

    def _mode_properties(self, known: set[str]) -> dict[str, str]:
        if self.mode == "mergeable":
            return {"mrg_rxbuf": "on"}
        chosen = {"mrg_rxbuf": "off"}
        if self.mode == "small":
            chosen |= {name: "off" for name in OFFLOADS}
            chosen |= {name: "off" for name in NEWER_OFFLOADS if name in known}
        return chosen

    def _ring_properties(self) -> dict[str, str]:
        chosen = {"packed": _on(self.packed), "indirect_desc": _on(self.indirect),
                  "event_idx": _on(self.event_idx)}
        if self.iommu:
            chosen["iommu_platform"] = "on"
        if self.rx_size:
            chosen["rx_queue_size"] = str(self.rx_size)
        if self.tx_size:
            chosen["tx_queue_size"] = str(self.tx_size)
        return chosen

    def netdev_argument(self, fds: Optional[list[int]], forwards: str = "") -> str:
        if fds is None:
            return (f"user,id={self.netdev},net=10.0.{self.index}.0/24,"
                    f"host={self.address(True)},dhcpstart={self.address(False)}{forwards}")
        if len(fds) == 1:
            return f"tap,id={self.netdev},fd={fds[0]}"
        return f"tap,id={self.netdev},fds={':'.join(map(str, fds))}"
