# SPDX-License-Identifier: GPL-2.0
"""What a test case is, and what it has to work with."""

from dataclasses import dataclass
from typing import Callable, Sequence

from vmlib import proc
from vmlib.guest import Guest
from vmlib.nic import Nic

# Sends back what comes: a process of its own for each TCP connection, since one
# that both reads and writes a pipe would block itself.
ECHO_SERVERS = """
    read -r echo_server </run/echo.pid && kill -0 $echo_server || {
        socat TCP6-LISTEN:7,fork,reuseaddr,ipv6only=0 EXEC:cat,nofork >/run/tcp-echo.log 2>&1 &
        echo $! >/run/echo.pid
        socat -b 65536 UDP6-LISTEN:7,fork,reuseaddr,ipv6only=0 PIPE >/run/udp-echo.log 2>&1 &
        until ss -tln | grep -q :7 && ss -uln | grep -q :7; do usleep 50000; done
    } 2>/dev/null
"""
MODULES = {"virtnet": "virtnet", "intree": "virtio_net"}


class Failed(Exception):
    """The case's expectation was not met."""


class Skip(Exception):
    """The case does not apply here, for the reason given."""


@dataclass(frozen=True)
class Case:
    """A test: what it is called, what it does, whether only virtnet must pass it.

    Another driver may try: that it fails is no failure of the suite.
    """

    name: str
    body: Callable[["Context"], None]
    virtnet_only: bool = False


def case(name: str, virtnet_only: bool = False) -> Callable:
    """Declare a function to be a test case."""
    return lambda body: Case(name, body, virtnet_only)


def expect(condition: object, message: str) -> None:
    if not condition:
        raise Failed(message)


def expect_equal(what: str, found: object, wanted: object) -> None:
    if found != wanted:
        raise Failed(f"{what}: expected {wanted!r}, found {found!r}")


@dataclass
class Context:
    """A running guest, the driver under test, and helpers for cases."""

    guest: Guest
    driver: str
    kver: str

    @property
    def nic(self) -> Nic:
        return self.guest.nics[0]

    @property
    def module(self) -> str:
        return MODULES[self.driver]

    @property
    def megabytes(self) -> int:
        """How much a bulk transfer moves: the debug kernel is many times slower."""
        return 4 if self.kver == "debug" else 24

    def settle(self) -> None:
        """Bring guest and host to the state every case starts from."""
        self._host_mtus(self.guest.nics)
        self.guest.sh(f"[ -e /sys/module/{self.module} ] || modprobe {self.module} || exit\n"
                      + ECHO_SERVERS + self.guest.up_script(*self.guest.nics))

    def _host_mtus(self, nics: Sequence[Nic]) -> None:
        assert self.guest.ns
        self.guest.ns.ip(*(f"link set {nic.tap} mtu {nic.host_mtu or 1500}" for nic in nics))

    def plug_in(self, *nics: Nic) -> list[str]:
        """NICs that are up with addresses and the same MTU at both ends; their names."""
        self._host_mtus(nics)
        return self.guest.up(*nics)

    def reachable(self, nic: Nic) -> None:
        """Wait until the host answers the guest."""
        host = nic.address(True)
        self.guest.poll(f"{host} to answer", f"ping -q -c 1 -W 3 {host}")

    def driver_of(self, interface: str) -> str:
        return self.guest.sh(f"basename $(readlink /sys/class/net/{interface}/device/driver)"
                             ).strip()

    def guest_value(self, path: str) -> str:
        return self.guest.sh(f"cat {path}").strip()

    def reload(self) -> None:
        self.guest.sh(f"rmmod {self.module}")
        self.guest.load(self.driver)


def wait(what: str, test: Callable[[], object], timeout: float = 60) -> None:
    """Poll for something on the host's side."""
    proc.poll(what, test, timeout)
