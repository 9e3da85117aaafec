# SPDX-License-Identifier: GPL-2.0
"""QEMU itself: which one, what its NIC knows, how it accelerates."""

import functools
import json
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from . import initramfs, paths, proc
from .channel import Channel
from .errors import GuestDied, VmError
from .kernels import Kernel

PROBE_SECONDS = 30
# With a thread for each CPU, a CPU may still run an int3 that the kernel has
# patched away in its own code, and the guest dies of it on a busy machine.
TCG = "tcg,thread=single"
# Emulated, a kernel copies and clears twice as fast where it is not told that REP MOVSB
# and STOSB are: they go byte by byte.
TCG_CPU = "max,-erms,-fsrm"


@functools.cache
def binary() -> str:
    """The QEMU to use: $QEMU, or the one in PATH."""
    name = os.environ.get("QEMU") or "qemu-system-x86_64"
    found = shutil.which(name)
    if not found:
        raise VmError(f"'{name}' is not installed: apt-get install qemu-system-x86")
    return found


@functools.cache
def version() -> str:
    first = proc.run([binary(), "--version"]).stdout.splitlines()[0]
    match = re.search(r"version (\S+)", first)
    return match.group(1) if match else first


@functools.cache
def nic_properties() -> frozenset[str]:
    """The properties this QEMU's virtio-net-pci knows."""
    text = proc.run([binary(), "-device", "virtio-net-pci,help"]).stdout
    return frozenset(re.findall(r"^ +([\w-]+)=", text, re.M))


def machine_arguments(accel: str, cpus: int, memory: int) -> list[str]:
    return [binary(), "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
            "-machine", "q35,usb=off,vmport=off,smbus=off", "-accel", accel,
            "-cpu", TCG_CPU if accel.startswith("tcg") else "host",
            "-smp", str(cpus), "-m", str(memory)]


def port_arguments(name: str, path: Path) -> list[str]:
    """A serial port, or the monitor, on a socket."""
    return ["-chardev", f"socket,id={name},path={path},server=on,wait=off"]


def _probe(kernel: Kernel) -> bool:
    """Does a stock kernel reach our init under KVM? Some nested KVMs only pretend."""
    with tempfile.TemporaryDirectory(prefix="virtnet-kvm.") as name:
        directory = Path(name)
        initramfs.build(kernel, None, directory / "initrd")
        argv = machine_arguments("kvm", 1, 256) + port_arguments("agent", directory / "agent")
        argv += ["-serial", "null", "-serial", "chardev:agent",
                 "-kernel", str(kernel.image), "-initrd", str(directory / "initrd"),
                 "-append", "console=ttyS0 panic=-1"]
        qemu = subprocess.Popen(proc.dies_with_us(argv), stdin=subprocess.DEVNULL,
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        closer = functools.partial(proc.stop, qemu)
        proc.alive.add(closer)
        try:
            return _answers(qemu, directory / "agent")
        finally:
            proc.alive.drop(closer)
            proc.stop(qemu)


def _answers(qemu: subprocess.Popen, socket: Path) -> bool:
    try:
        proc.poll("KVM", lambda: socket.exists() or qemu.poll() is not None, PROBE_SECONDS)
        channel = Channel(socket)
        channel.wait_ready(PROBE_SECONDS)
        channel.close()
        return True
    except (GuestDied, VmError, OSError):
        return False


def accelerator(kernel: Kernel) -> str:
    """KVM where it really works, else TCG; the answer is kept until the next boot."""
    if os.environ.get("VIRTNET_ACCEL"):
        return os.environ["VIRTNET_ACCEL"]
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return TCG
    boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    host = {"boot": boot, "qemu": version()}
    memory = paths.cache() / "kvm.json"
    with proc.locked(paths.cache() / "kvm.lock"):
        if memory.exists():
            known = json.loads(memory.read_text(encoding="utf-8"))
            if known.get("host") == host:
                return "kvm" if known["works"] else TCG
        print("guest: trying whether KVM really works here", flush=True)
        works = _probe(kernel)
        print(f"guest: it does {'' if works else 'not, so guests run under TCG'}", flush=True)
        memory.write_text(json.dumps({"host": host, "works": works}), encoding="utf-8")
    return "kvm" if works else TCG
