# SPDX-License-Identifier: GPL-2.0
"""A guest whose NICs are vhost-user devices, each with a tap behind it."""

import functools
import json
import socket
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import dpdk
from device import PROGRAM, ROOT
from frontend import until
from vmlib import kernels, paths, proc, qemu
from vmlib.guest import Guest
from vmlib.nic import NEWER_OFFLOADS, OFFLOADS, Nic


# Of guests where the kernel does not matter.
KVER = "6.12"
GENERIC = "vhost-user-test-device-pci"
CONFIG_SIZE = 24                # of a virtio-net device, without what HASH_TUNNEL adds


@functools.cache
def generic_qemu() -> str:
    """A QEMU that has the generic device: the one at hand, or that of Debian unstable."""
    told = proc.run([qemu.binary(), "-device", f"{GENERIC},help"], check=False).stdout
    if "virtio-id=" in told:
        return qemu.binary()
    unstable = str(ROOT / "tools" / "qemu-unstable")
    proc.run([unstable, "--version"], timeout=3600)         # which fetches it, if need be
    return unstable


@dataclass
class VhostNic(Nic):
    """MSI-X is off: QEMU 7.2 without KVM crashes on it with vhost-user."""

    behaves: bool = False               # has no script, whatever the others have
    listens: ClassVar[bool] = True      # the device does, and QEMU connects

    def netdev_argument(self, fds, forwards=""):
        queues = f",queues={self.pairs}" if self.pairs > 1 else ""
        return f"vhost-user,id={self.netdev},chardev=vhost{self.index}{queues}"

    def properties(self, known):
        return super().properties(known) | {"vectors": "0"}

    def device_options(self, path: Path) -> list[str]:
        """Options of vhost-user-net for this device, whose socket is @path."""
        return ["--socket" if self.listens else "--connect", str(path),
                "--queues", str(self.pairs), "--mac", self.mac]

    def arguments(self, path: Path) -> list[str]:
        """QEMU's, where @path is the device's socket."""
        device = ",".join(f"{key}={value}" for key, value in self.properties(set()).items())
        return ["-chardev", f"socket,id=vhost{self.index},path={path},reconnect=1",
                "-netdev", self.netdev_argument(None), "-device", f"virtio-net-pci,{device}"]


@dataclass
class OwnNic(VhostNic):
    """Whose features, configuration space and control queue are the device's own."""

    def withheld(self) -> list[str]:
        """What is not offered, so that the driver has this ring format and mode."""
        without = [] if self.packed else ["packed"]
        without += [] if self.mode == "mergeable" else ["mrg_rxbuf"]
        return without + ([*OFFLOADS, *NEWER_OFFLOADS] if self.mode == "small" else [])

    def device_options(self, path):
        without = self.withheld()
        return [*super().device_options(path), "--mtu", str(self.host_mtu or 1500),
                *(["--disable", ",".join(without)] if without else [])]


@dataclass
class GenericNic(OwnNic):
    """QEMU's generic device. QEMU wants the back-end to be there from the beginning, which it
    is not with a chardev that connects again by itself: so QEMU listens. It does not pass on
    the reset of one queue, which is therefore not offered."""

    listens = False

    def withheld(self):
        return [*super().withheld(), "ring_reset"]

    def arguments(self, path):
        chosen = {"chardev": f"vhost{self.index}", "id": self.id, "virtio-id": "1",
                  "num_vqs": str(2 * self.pairs + 1), "vq_size": "256",
                  "config_size": str(CONFIG_SIZE)} | self.extra
        chosen |= {"iommu_platform": "on"} if self.iommu else {}
        return ["-chardev", f"socket,id=vhost{self.index},path={path},server=on,wait=on",
                "-device", ",".join([GENERIC, *(f"{k}={v}" for k, v in chosen.items())])]


def device_argv(nics: Sequence[VhostNic], where: Path, backend: str = "tap",
                script: Path | None = None) -> list[str]:
    """A command line that makes all their devices, whose sockets are in @where."""
    argv = [str(PROGRAM), "--json", str(where / "stats.json")]
    for nic in nics:
        argv += [*nic.device_options(where / f"vhost{nic.index}"),
                 "--backend", f"tap:{nic.tap}" if backend == "tap" else backend]
        argv += ["--script", str(script)] if script and not nic.behaves else []
    return argv


def build() -> None:
    """Make the program that is the device; other suites may run at the same time."""
    with proc.locked(paths.BUILD / "vhost-user-net.lock"):
        subprocess.run(["make", "-s", "-j2", "-C", str(ROOT / "tools" / "vhost-user-net")],
                       check=True)


class BackendGuest(Guest):
    """One vhost-user-net process serves all its NICs."""

    device: subprocess.Popen | None = None
    backend = "tap"
    script: Path | None = None          # of each device

    def _argv(self, here: Path) -> list[str]:
        return device_argv(self.nics, here, self.backend, self.script)

    def configure_host(self) -> None:
        """The taps come and go with the device: keep addresses that the guest has learned."""
        assert self.ns
        self.ns.ip(*(f"link set {nic.tap} address {nic.host_mac}"
                     for nic in self.nics))
        super().configure_host()

    def start_device(self) -> None:
        assert self._run and self.ns
        here = self._run.path
        with open(here / "device.log", "ab") as log:
            self.device = subprocess.Popen(
                proc.dies_with_us(self.ns.argv(self._argv(here))), stdin=subprocess.DEVNULL,
                stdout=log, stderr=log)
        until("the device to listen", lambda: self.ended() or self._begun(here))
        assert not self.ended(), (here / "device.log").read_text(encoding="utf-8")[-2000:]

    def _begun(self, here: Path) -> bool:
        """Do those that listen do so, and are the taps of the others there?"""
        assert self.ns
        there = {name for _, name in self.ns.call(socket.if_nameindex)}
        return all((here / f"vhost{nic.index}").exists() if nic.listens else
                   self.backend != "tap" or nic.tap in there for nic in self.nics)

    def ended(self) -> bool:
        return self.device is None or self.device.poll() is not None

    def kill_device(self) -> None:
        assert self.device and self._run
        self.device.kill()
        self.device.wait()
        for nic in (n for n in self.nics if n.listens):
            (self._run.path / f"vhost{nic.index}").unlink()

    def _arguments(self):
        self.start_device()
        assert self._run
        argv = super()._arguments()
        if any(isinstance(nic, GenericNic) for nic in self.nics):
            argv[0] = generic_qemu()
        argv += ["-object", f"memory-backend-memfd,id=mem,size={self.memory}M,share=on",
                 "-numa", "node,memdev=mem"]
        return argv

    def _nic_arguments(self, nic):
        assert self._run
        return nic.arguments(self._run.path / f"vhost{nic.index}")

    def finish(self) -> list[dict]:
        """End the device in order; what it counted."""
        assert self.device and self._run
        self.device.terminate()
        code = self.device.wait(20)
        log = (self._run.path / "device.log").read_text(encoding="utf-8")
        assert code == 0 and "Sanitizer" not in log, f"device ended with {code}\n{log[-3000:]}"
        return json.loads((self._run.path / "stats.json").read_text(encoding="utf-8"))["devices"]

    def close(self) -> None:
        if self.device and not self.ended():
            self.device.kill()
            self.device.wait()
        super().close()


class VhostGuest(BackendGuest):
    """The same for this directory's suite."""

    def __init__(self, driver: str, nics: list[Nic], kver: str = KVER, **more):
        kernel = kernels.get(kver)
        module = kernels.build(kernel) if driver == "virtnet" else None
        super().__init__(kernel, nics, f"vhost-{driver}", module, **more)
        self.driver = driver


class DpdkGuest(VhostGuest):
    """Behind its NICs is DPDK's vhost library: testpmd answers ARP and pings."""

    def __init__(self, driver: str, nics: list[Nic], client: bool, **more):
        super().__init__(driver, nics, tap=False, **more)
        self.client = client            # DPDK connects, QEMU listens
        self.name = f"dpdk-{driver}"

    def start_device(self) -> None:
        assert self._run
        here = self._run.path
        vdevs = [f"net_vhost{nic.index},iface={here}/vhost{nic.index},queues={nic.pairs},"
                 f"client={int(self.client)}" for nic in self.nics]
        argv = dpdk.command(vdevs[0], "--forward-mode=icmpecho",
                            more=[f"--vdev={vdev}" for vdev in vdevs[1:]])
        with open(here / "device.log", "ab") as log:
            self.device = subprocess.Popen(proc.dies_with_us(argv), env=dpdk.environment(),
                                           stdin=subprocess.PIPE, stdout=log, stderr=log)
        if not self.client:
            sockets = [here / f"vhost{nic.index}" for nic in self.nics]
            until("testpmd to listen", lambda: self.dead() or all(s.exists() for s in sockets), 30)

    def dead(self) -> bool:
        assert self.device and self._run
        if self.device.poll() is None:
            return False
        text = (self._run.path / "device.log").read_text(encoding="utf-8", errors="replace")
        raise AssertionError(f"testpmd ended with {self.device.returncode}\n{text[-2000:]}")

    def kill_device(self) -> None:
        assert self.device
        self.device.kill()
        self.device.wait()
        if not self.client:
            super().kill_device()

    def configure_host(self) -> None:
        """There is no host's side but testpmd."""

    def _nic_arguments(self, nic):
        argv = super()._nic_arguments(nic)
        if self.client:
            argv[1] = argv[1].replace("reconnect=1", "server=on,wait=off")
        return argv
