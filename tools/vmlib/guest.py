# SPDX-License-Identifier: GPL-2.0
"""A guest: one QEMU with its kernel, NICs, console log and command channel."""

import os
import subprocess
from pathlib import Path
from typing import Any, Optional

from . import initramfs, proc, qemu, splat
from .channel import Answer, Channel
from .errors import GuestDied, VmError
from .kernels import Kernel
from .netns import NetNs
from .nic import Nic
from .qmp import Qmp

# Emulated CPUs on a busy machine may stand still for long: no clock that has to
# be measured against another, and patience before a standstill is a complaint.
COMMAND_LINE = ("console=ttyS0 loglevel=5 panic=-1 8250.nr_uarts=2 mitigations=off "
                "no_timer_check random.trust_cpu=on tsc=unstable clocksource=hpet "
                "watchdog_thresh=60 rcupdate.rcu_cpu_stall_timeout=300 "
                "suspend.pm_test_delay=1")
BOOT_SECONDS = 240
COMMAND_SECONDS = 180


class Guest:
    """Boot with start(), always end with close()."""

    def __init__(self, kernel: Kernel, nics: list[Nic], name: str,
                 module: Optional[Path] = None, cpus: int = 2, memory: int = 512,
                 command_line: str = "", arguments: Optional[list[str]] = None,
                 tap: bool = True, interactive: bool = False,
                 log_dir: Optional[Path] = None):
        self.kernel, self.nics, self.name, self.module = kernel, nics, name, module
        self.cpus, self.memory = cpus, memory
        self.command_line = f"{COMMAND_LINE} {command_line}"
        self.arguments = arguments or []
        self.interactive = interactive
        self.tap = tap
        self.forwards = ""              # slirp's, where there is no tap
        self.ns: Optional[NetNs] = None
        self.qmp: Optional[Qmp] = None
        self.side = ""                  # of a migration: in the names of taps and sockets
        self._channel: Optional[Channel] = None
        self._process: Optional[subprocess.Popen] = None
        self._run: Optional[proc.RunDir] = None
        self._tap_fds: list[int] = []
        self.log_dir = log_dir          # None: logs end with the guest
        for index, nic in enumerate(nics):
            nic.index = index

    # --- life ---------------------------------------------------------------

    def start(self) -> "Guest":
        proc.alive.add(self.close)
        try:
            self._start()
        except BaseException:
            self.close()
            raise
        return self

    def _start(self) -> None:
        self._run = proc.RunDir()
        self._open_logs(self.log_dir or self._run.path)
        if self.tap:
            self.ns = NetNs()
        initramfs.build(self.kernel, self.module, self._run.path / "initrd")
        self._launch(self._arguments())
        self._connect()
        assert self._channel
        try:
            self._channel.wait_ready(BOOT_SECONDS)
        except GuestDied as death:
            raise self._explained(death) from None
        if self.ns:
            self.configure_host()

    def _connect(self) -> None:
        """To the sockets of the QEMU that was launched last."""
        assert self._run
        sockets = [self._run.path / (name + self.side) for name in ("agent", "qmp")]
        proc.poll("QEMU to start", lambda: self._gone() or all(s.exists() for s in sockets))
        self._check_alive()
        self.qmp = Qmp(sockets[1])
        self._channel = Channel(sockets[0])

    def launch_other(self, side: str) -> tuple[subprocess.Popen, Qmp, Channel]:
        """Launch a second QEMU that waits for this guest's state; returns the first one."""
        assert self._run and self._process and self.qmp and self._channel
        first = (self._process, self.qmp, self._channel)
        self.side = side
        self._launch([*self._arguments(), "-incoming", f"unix:{self._run.path}/state{side}"])
        self._connect()
        return first

    @property
    def directory(self) -> Path:
        """Where its sockets are while it runs."""
        assert self._run
        return self._run.path

    def _open_logs(self, where: Path) -> None:
        where.mkdir(parents=True, exist_ok=True)
        self.console_log = where / f"{self.name}.console.log"
        self.qemu_log = where / f"{self.name}.qemu.log"
        self.command_log = where / f"{self.name}.commands.log"
        for log in (self.command_log, self.console_log):
            log.write_text("", encoding="utf-8")

    def _arguments(self) -> list[str]:
        assert self._run
        here = self._run.path
        argv = qemu.machine_arguments(qemu.accelerator(self.kernel), self.cpus, self.memory)
        console = "stdio,signal=off" if self.interactive else "null"
        argv += ["-chardev", f"{console},id=console,logfile={self.console_log},logappend=on"]
        for name in ("agent", "qmp"):
            argv += qemu.port_arguments(name, here / (name + self.side))
        shell = " virtnet.shell" if self.interactive else ""
        argv += ["-serial", "chardev:console", "-serial", "chardev:agent",
                 "-mon", "chardev=qmp,mode=control",
                 "-kernel", str(self.kernel.image), "-initrd", str(here / "initrd"),
                 "-append", self.command_line + shell, *self.arguments]
        for nic in self.nics:
            argv += self._nic_arguments(nic)
        return argv

    def _nic_arguments(self, nic: Nic) -> list[str]:
        fds = None
        if self.ns:
            fds = self.ns.taps(nic.tap + self.side, nic.pairs)
            self._tap_fds += fds
        device = ",".join(f"{key}={value}" for key, value in self._properties(nic).items())
        return ["-netdev", nic.netdev_argument(fds, self.forwards),
                "-device", f"virtio-net-pci,{device}"]

    @staticmethod
    def _properties(nic: Nic) -> dict[str, str]:
        return nic.properties(set(qemu.nic_properties()))

    def _launch(self, argv: list[str]) -> None:
        command = proc.dies_with_us(argv)
        if self.ns:
            command = self.ns.argv(command)
        # Ctrl-C is for this program, which then ends QEMU.
        quiet = None if self.interactive else subprocess.DEVNULL
        with open(self.qemu_log, "w", encoding="utf-8") as errors:
            self._process = subprocess.Popen(
                command, pass_fds=self._tap_fds, stdin=quiet, stdout=quiet, stderr=errors,
                start_new_session=not self.interactive)
        for fd in self._tap_fds:
            os.close(fd)
        self._tap_fds = []

    def close(self) -> None:
        """End QEMU and with it taps and namespace; may be called again."""
        proc.alive.drop(self.close)
        if self._process:
            proc.stop(self._process)
        for part in (self._channel, self.qmp, self.ns, self._run):
            if part:
                part.close()
        for fd in self._tap_fds:
            os.close(fd)
        self._process = self._channel = self.qmp = self.ns = self._run = None
        self._tap_fds = []

    def __enter__(self) -> "Guest":
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()

    def _gone(self) -> bool:
        return self._process is not None and self._process.poll() is not None

    def _check_alive(self) -> None:
        if self._gone():
            raise VmError(f"QEMU did not start: {self.qemu_log.read_text().strip()}")

    def wait(self) -> None:
        """Wait until the guest ends by itself."""
        if self._process:
            self._process.wait()

    def _explained(self, death: GuestDied) -> GuestDied:
        text = self.console()
        what = splat.find(text) or "\n".join(text.splitlines()[-30:])
        return GuestDied(f"{death}\nfrom {self.console_log.name}:\n{what}")

    # --- commands -----------------------------------------------------------

    def run(self, script: str, timeout: float = COMMAND_SECONDS) -> Answer:
        """Run a shell script in the guest; its exit code is for the caller."""
        if not self._channel:
            raise GuestDied(f"guest {self.name} is not running")
        try:
            answer = self._channel.run(script, timeout)
        except GuestDied as death:
            raise self._explained(death) from None
        with open(self.command_log, "a", encoding="utf-8") as log:
            log.write(f"# {script}\n{answer.output}= {answer.code}\n")
        return answer

    def sh(self, script: str, timeout: float = COMMAND_SECONDS) -> str:
        """Run a shell script that must succeed; returns what it printed."""
        answer = self.run(script, timeout)
        if answer.code:
            raise VmError(f"guest: '{script.strip()}' ended with {answer.code}\n"
                          f"{answer.output.rstrip()}")
        return answer.output

    def poll(self, what: str, script: str, timeout: float = 60) -> None:
        """Wait until a script succeeds in the guest."""
        proc.poll(f"the guest: {what}", lambda: self.run(script).code == 0, timeout)

    def console(self) -> str:
        return self.console_log.read_text(encoding="utf-8", errors="replace")

    def splat(self) -> str:
        """The first complaint of the guest's kernel, from its console and its log."""
        found = splat.find(self.console())
        return found or splat.find(self.sh("dmesg"))

    def queue_states(self) -> str:
        """What QEMU knows of the first queue pair of each NIC, a line each."""
        if not self.qmp:
            return ""
        lines = []
        for path in (found["path"] for found in self.qmp.execute("x-query-virtio")
                     if found["name"] == "virtio-net"):
            for number, name in enumerate(("rx0", "tx0")):
                state = self.qmp.execute("x-query-virtio-queue-status", path=path, queue=number)
                lines.append(f"{path} {name}: " + " ".join(
                    f"{key}={state[key]}" for key in sorted(state) if key not in
                    ("name", "queue-index", "vring-align", "vring-num-default")) + "\n")
        return "".join(lines)

    # --- network ------------------------------------------------------------

    def configure_host(self) -> None:
        """Give the host's side of each NIC its addresses."""
        assert self.ns
        commands = []
        for nic in self.nics:
            commands += [f"link set {nic.tap} up mtu {nic.host_mtu or 1500}",
                         f"addr add {nic.address(True)}/24 dev {nic.tap}",
                         f"addr add {nic.address(True, 6)}/64 dev {nic.tap} nodad"]
        self.ns.ip(*commands)

    def host_mtu(self, nic: Nic, mtu: int) -> None:
        assert self.ns
        self.ns.ip(f"link set {nic.tap} mtu {mtu}")

    def interface(self, nic: Nic) -> str:
        """The guest's name of a NIC, which changes with its driver; "" without one."""
        return self.sh(f"""for dir in /sys/class/net/eth*; do
            read -r mac <$dir/address && [ "$mac" = {nic.mac} ] && echo ${{dir##*/}}
            done 2>/dev/null; true""").strip()

    def virtio_device(self, nic: Nic) -> str:
        """A NIC's name on the guest's virtio bus; it needs a driver just now."""
        link = f"/sys/class/net/{self.interface(nic)}/device"
        return self.sh(f"basename $(readlink -f {link})").strip()

    def up_script(self, *nics: Nic) -> str:
        """A script that brings NICs up with addresses and MTU and prints their names."""
        lines = "\n".join(f"{nic.mac} {nic.host_mtu or 1500} {nic.address(False)} "
                          f"{nic.address(False, 6)}" for nic in nics)
        return f"exec <<EOF\n{lines}\nEOF\n. /lib/nics-up\n"

    def up(self, *nics: Nic) -> list[str]:
        """Bring NICs up; returns their names once all have a carrier."""
        return self.sh(self.up_script(*nics)).split()

    def load(self, driver: str, options: str = "") -> None:
        """Load the driver under test, with parameters of its module."""
        self.sh(f"modprobe {'virtnet' if driver == 'virtnet' else 'virtio_net'} {options}")

    def set_link(self, nic: Nic, up: bool) -> None:
        """Plug or pull the NIC's cable."""
        self.monitor("set_link", name=nic.id, up=up)

    def unplug(self, nic: Nic) -> None:
        """Take the device out, as the guest's hotplug lets it go; its wire stays."""
        self.monitor("device_del", id=nic.id)
        assert self.qmp
        while self.qmp.wait_event("DEVICE_DELETED")["data"].get("device") != nic.id:
            pass

    def plug(self, nic: Nic) -> None:
        """Put the device back in."""
        assert self.qmp
        self.qmp.request("device_add", {"driver": "virtio-net-pci", **self._properties(nic)})

    def monitor(self, command: str, **arguments: Any) -> Any:
        if not self.qmp:
            raise GuestDied(f"guest {self.name} is not running")
        return self.qmp.execute(command, **arguments)
