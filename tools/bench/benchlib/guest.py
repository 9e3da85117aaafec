# SPDX-License-Identifier: GPL-2.0
"""One boot: the initramfs, QEMU with the counting plugin, and what came of it."""

import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Optional

from vmlib import guestroot, kernels, paths, proc
from vmlib.cpio import CpioWriter
from vmlib.errors import VmError
from vmlib.kernels import Kernel

from .workloads import TEST_MAC, TEST_MAC2, Workload

HERE = Path(__file__).resolve().parents[1]
OUT = paths.BUILD / "bench"
SHARED = paths.ROOT / "tools" / "vmlib" / "guest"      # what both kinds of guests have
GEN_NIC = "0000:00:03.0"
TWIN_NIC = "0000:00:07.0"
TWIN_SINK, FORWARD_SINK = "0000:00:06.0", "0000:00:09.0"
TEST_NICS = ("0000:00:04.0", "0000:00:05.0")
# generated frames are sent this long after the first was handed to the device
GENERATOR_HOLD_NS = 800_000
CPU = "max,-rdrand,-rdseed,-la57,-svm"
CMDLINE = ("console=ttyS0 quiet nokaslr norandmaps panic=-1 audit=0 nowatchdog "
           "rcupdate.rcu_cpu_stall_suppress=1")
TIMEOUT = 600


@dataclass
class Boot:
    """What one boot left behind."""

    counts: Path                    # the plugin's file
    symbols: Optional[Path]         # kallsyms of the core kernel, when asked for
    lines: list[str] = field(default_factory=list)

    def value(self, name: str) -> Optional[int]:
        for line in self.lines:
            match = re.fullmatch(rf"(?:bench: )?{name} (-?\d+)", line)
            if match:
                return int(match.group(1))
        return None

    def sections(self) -> dict[str, dict[str, int]]:
        """Module -> section -> address."""
        found: dict[str, dict[str, int]] = {}
        for line in self.lines:
            match = re.fullmatch(r"bench: section (\S+) (\S+) 0x([0-9a-f]+)", line)
            if match:
                found.setdefault(match[1], {})[match[2]] = int(match[3], 16)
        return found


def _compile(target: Path, sources: list[Path], flags: list[str]) -> Path:
    newest = max(path.stat().st_mtime for folder in (HERE / "plugin", HERE / "guest", SHARED)
                 for path in folder.iterdir())
    if target.exists() and target.stat().st_mtime > newest:
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    command = ["gcc", "-std=gnu11", "-O2", "-Wall", "-Wextra", *flags, "-o",
               str(target), *map(str, sources)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise VmError(f"bench: {target.name} does not compile:\n{done.stderr}")
    return target


def plugin(folder: Path = OUT) -> Path:
    return _compile(folder / "count.so", sorted((HERE / "plugin").glob("*.c")),
                    ["-fPIC", "-shared", "-fvisibility=hidden"])


def program(folder: Path = OUT) -> Path:
    return _compile(folder / "bench", sorted((HERE / "guest").glob("*.c")), ["-static"])


def _load_order(kernel: Kernel, names: tuple[str, ...]) -> list[str]:
    """Module paths, each after those it needs."""
    wanted = kernel.closure(list(names))
    order: list[str] = []

    def visit(name: str) -> None:
        path, *needs = wanted[name]
        for need in needs:
            visit(kernels.module_name(need))
        if path not in order:
            order.append(path)
    for name in names:
        if name in wanted:
            visit(name)
    return order


@dataclass(frozen=True)
class Setup:
    """What to boot: the module files may be patched copies."""

    kernel: Kernel
    driver: str                             # virtnet or intree
    work: Workload
    module: Optional[Path] = None           # virtnet.ko
    replaced: Optional[Path] = None         # another virtio_net.ko than Debian's
    symbols: bool = False
    skip: int = 0                           # windows that run this address do not count
    settings: str = ""                      # shell run on $NIC first
    number: int = 0                         # of several boots

    @property
    def nics(self) -> tuple[str, ...]:
        return TEST_NICS[:self.work.nics]

    @property
    def forwards(self) -> bool:
        """Then somebody must be on the second hub: a hub passes nothing on to nobody."""
        return self.work.nics == 2 and self.work.unit == "packet"

    @property
    def sinks(self) -> tuple[str, ...]:
        return (TWIN_SINK, FORWARD_SINK) if self.forwards else (TWIN_SINK,)

    def modules(self) -> list[str]:
        names = ("virtio_pci", "af_packet", "virtio_net", *self.work.modules)
        return _load_order(self.kernel, names)

    def module_bytes(self, path: str) -> bytes:
        if self.replaced and kernels.module_name(path) == "virtio_net":
            return self.replaced.read_bytes()
        return kernels.read_module(self.kernel.moddir / path)

    def module_files(self) -> dict[str, bytes]:
        """The code of every module that is loaded, by module name."""
        found = {kernels.module_name(path): self.module_bytes(path)
                 for path in self.modules()}
        if self.module:
            found["virtnet"] = self.module.read_bytes()
        return found


def _config(setup: Setup) -> str:
    return (f"DRIVER={setup.driver}\nGEN_NIC={GEN_NIC}\n"
            f"TWIN_NIC={TWIN_NIC}\nSINK_NICS='{' '.join(setup.sinks)}'\n"
            f"TEST_NICS='{' '.join(setup.nics)}'\nSYMBOLS={'yes' if setup.symbols else ''}\nBOOT={setup.number}\n")


def _initramfs(setup: Setup, target: Path) -> None:
    with open(target, "wb") as out:
        with open(guestroot.archive(), "rb") as programs:
            shutil.copyfileobj(programs, out)
        cpio = CpioWriter(out)
        order = setup.modules()
        for path in order:
            cpio.data(f"bench/modules/{kernels.module_name(path)}.ko", setup.module_bytes(path))
        cpio.data("bench/modules/order", "".join(
            f"{kernels.module_name(path)}.ko\n" for path in order).encode())
        for path in _load_order(setup.kernel, ("virtio_blk",)):
            cpio.data(f"bench/modules/{kernels.module_name(path)}.ko", setup.module_bytes(path))
        if setup.module:
            cpio.file("bench/modules/virtnet.ko", setup.module)
        cpio.data("bench/bench", program().read_bytes(), 0o755)
        cpio.data("bench/config", _config(setup).encode())
        cpio.data("bench/workload",
                  f"workload() {{\n{setup.settings}\n{setup.work.script}\n}}\n".encode())
        cpio.data("init", (HERE / "guest" / "init").read_bytes(), 0o755)
        cpio.close()


COMMON = "ioeventfd=off,romfile="


def _hub_nic(name: str, hub: int, slot: int, device: str) -> list[str]:
    return ["-netdev", f"hubport,id={name},hubid={hub}",
            "-device", f"virtio-net-pci,netdev={name},addr={slot},{COMMON},{device}"]


def _vhub_nic(port: str, slot: int, device: str) -> list[str]:
    return ["-device", f"virtio-net-pci,netdev={port},addr={slot},{COMMON},{device}"]


def _network(setup: Setup) -> list[str]:
    """Hub 0: generator and first device under test; hub 1: the second; hub 5: control."""
    work = setup.work
    hold = f"tx=timer,x-txtimer={GENERATOR_HOLD_NS}"
    both_ends = work.unit == "KiB"
    generator = f"mac=02:00:00:00:01:99,{hold}"
    if work.net == "vhub" and not both_ends:
        argv = _vhub_nic("vhub0b", 3, generator)
    else:
        argv = _hub_nic("gen", 0, 3, generator)
    argv += _hub_nic("twin", 5, 7, f"mac=02:00:00:00:01:98,{hold}")
    argv += _hub_nic("twinsink", 5, 6, "mac=02:00:00:00:01:97")
    if setup.forwards:
        argv += _hub_nic("sink", 1, 9, "mac=02:00:00:00:01:96")
    extra = "".join(f",{key}={value}" for key, value in work.device.items())
    for i, mac in enumerate((TEST_MAC, TEST_MAC2)[:work.nics]):
        device = f"mac={mac},tx=timer,x-txtimer={work.tx_hold_ns}{extra}"
        if work.net == "vhub":
            argv += _vhub_nic(f"vhub0{'ab'[i]}", 4 + i, device)
        else:
            argv += _hub_nic(f"test{i}", 2 if both_ends else i, 4 + i, device)
    return argv


def _command(setup: Setup, boot: Boot, initrd: Path) -> list[str]:
    argv = ["qemu-system-x86_64", "-nodefaults", "-no-user-config", "-display", "none",
            "-no-reboot", "-M", "pc-i440fx-7.1,accel=tcg", "-cpu", CPU, "-smp", "1",
            "-m", "1024", "-icount", "shift=0,sleep=off", "-rtc", "base=2025-01-01,clock=vm",
            "-kernel", str(setup.kernel.image), "-initrd", str(initrd),
            "-append", f"{CMDLINE} {setup.work.command_line}".rstrip(),
            "-serial", "stdio",
            "-plugin", f"{plugin()},out={boot.counts},skip={setup.skip:x},"
                       f"vhub={1 if setup.work.net == 'vhub' else 0}"]
    if boot.symbols:
        argv += ["-drive", f"if=none,id=symbols,format=raw,file={boot.symbols}",
                 "-device", "virtio-blk-pci,drive=symbols,addr=8"]
    return argv + _network(setup)


def _check_qemu() -> None:
    """vhub.c fills in a structure of one QEMU release."""
    text = proc.run(["qemu-system-x86_64", "--version"]).stdout
    if not re.search(r"version 7\.2\b", text):
        raise VmError("bench: workloads with offloads need QEMU 7.2 (Debian 12), this is: "
                      + text.splitlines()[0])


def run(setup: Setup) -> Boot:
    """Boot, wait for the guest's power-off, check that it did what it should."""
    if setup.work.net == "vhub":
        _check_qemu()
    OUT.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="virtnet-bench.") as scratch:
        boot = Boot(Path(scratch) / "counts", Path(scratch) / "symbols" if setup.symbols else None)
        if boot.symbols:
            boot.symbols.touch()
            os.truncate(boot.symbols, 32 << 20)
        _initramfs(setup, Path(scratch) / "initrd")
        boot.lines = _console(_command(setup, boot, Path(scratch) / "initrd"))
        _check(setup, boot)
        return _keep(setup, boot)


def _console(argv: list[str]) -> list[str]:
    try:
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=TIMEOUT, check=False)
    except subprocess.TimeoutExpired as late:
        raise VmError(f"bench: the guest did not end within {TIMEOUT} s:\n"
                      f"{(late.stdout or b'').decode(errors='replace')[-2000:]}") from None
    text = done.stdout.decode(errors="replace")
    return [line.strip("\r\n\0 ") for line in text.split("\n")]


def _check(setup: Setup, boot: Boot) -> None:
    text = "\n".join(boot.lines)
    wanted = {"virtnet": "virtnet", "intree": "virtio_net"}[setup.driver]
    used = re.search(r"bench: driver (\S+)", text)
    if "bench: done" not in boot.lines or "bench-failed" in text:
        raise VmError(f"bench: {setup.work.name} failed in the guest:\n{text[-3000:]}")
    if not used or used[1] != wanted:
        raise VmError(f"bench: the device was driven by {used and used[1]}, not {wanted}")
    if re.search(r"^bench: (?!driver|rxmem|section|done)", text, re.M):
        raise VmError(f"bench: the guest complained:\n{text[-3000:]}")


def _keep(setup: Setup, boot: Boot) -> Boot:
    name = f"{setup.kernel.kver}-{setup.driver}-{setup.work.name}"
    counts = OUT / "raw" / f"{name}.counts"
    counts.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(boot.counts, counts)
    (OUT / "raw" / f"{name}.console").write_text("\n".join(boot.lines))
    boot.counts = counts
    if boot.symbols:
        core = boot.symbols.read_bytes().split(b"\nend\n")[0]
        boot.symbols = core_symbols_file(setup.kernel)
        boot.symbols.parent.mkdir(parents=True, exist_ok=True)
        boot.symbols.write_bytes(core)
    return boot


def core_symbols_file(kernel: Kernel) -> Path:
    return paths.cache() / "bench" / f"kallsyms-{kernel.release}"
