# SPDX-License-Identifier: GPL-2.0
"""The host's side of a guest's network: an unnamed namespace with taps in it.

The namespace lives as long as this process holds it open or QEMU runs in it,
so it cannot be left behind, whatever way the program ends.
"""

import ctypes
import fcntl
import os
import struct
import threading
from typing import Any, Callable, Sequence

from . import proc
from .errors import VmError

CLONE_NEWNET = 0x40000000
TUNSETIFF = 0x400454CA
IFF_TAP, IFF_MULTI_QUEUE, IFF_NO_PI, IFF_VNET_HDR = 0x2, 0x100, 0x1000, 0x4000
_libc = ctypes.CDLL(None, use_errno=True)


def _check(result: int, what: str) -> None:
    if result:
        code = ctypes.get_errno()
        raise VmError(f"{what}: {os.strerror(code)} (needs root)")


class NetNs:
    """A network namespace; what runs in it, or is opened in it, stays in it."""

    def __init__(self) -> None:
        self.fd = self._in_thread(self._make)
        self.run(["ip", "link", "set", "lo", "up"])
        self.run(["sysctl", "-qw", "net.ipv6.conf.default.accept_dad=0",
                  "net.ipv6.conf.default.router_solicitations=0",
                  "net.ipv4.ping_group_range=0 2147483647"])

    @staticmethod
    def _make() -> int:
        _check(_libc.unshare(CLONE_NEWNET), "cannot make a network namespace")
        return os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)

    @staticmethod
    def _in_thread(function: Callable, *args: Any) -> Any:
        """A namespace belongs to a thread, so changes need one that ends."""
        results: list[Any] = []
        errors: list[BaseException] = []

        def body() -> None:
            try:
                results.append(function(*args))
            except BaseException as error:      # handed to the caller below
                errors.append(error)
        thread = threading.Thread(target=body)
        thread.start()
        thread.join()
        if errors:
            raise errors[0]
        return results[0]

    def call(self, function: Callable, *args: Any) -> Any:
        """Call a function inside; sockets it opens belong to the namespace."""
        def inside() -> Any:
            _check(_libc.setns(self.fd, CLONE_NEWNET), "cannot enter the namespace")
            return function(*args)
        return self._in_thread(inside)

    def argv(self, argv: Sequence[str]) -> list[str]:
        """A command line that runs another one inside."""
        return ["nsenter", f"--net=/proc/{os.getpid()}/fd/{self.fd}", "--", *argv]

    def run(self, argv: Sequence[str], **kwargs: Any) -> str:
        return proc.run(self.argv(argv), **kwargs).stdout

    def ip(self, *commands: str) -> None:
        """Run several ip commands in one go."""
        text = "".join(command + "\n" for command in commands)
        self.run(["ip", "-batch", "-"], stdin=None, input=text)

    def _tap(self, name: str, flags: int) -> int:
        fd = os.open("/dev/net/tun", os.O_RDWR | os.O_CLOEXEC)
        request = struct.pack("16sH22x", name.encode(), flags)
        fcntl.ioctl(fd, TUNSETIFF, request)
        return fd

    def taps(self, name: str, pairs: int = 1) -> list[int]:
        """Open a tap with vnet headers, one descriptor for each queue pair."""
        flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR | (IFF_MULTI_QUEUE if pairs > 1 else 0)
        return [self.call(self._tap, name, flags) for _ in range(pairs)]

    def close(self) -> None:
        os.close(self.fd)
