# SPDX-License-Identifier: GPL-2.0
"""The command channel into the guest, over its second serial port.

The guest's half is guest/agent. Answers end with a token made up for each, so
output of any kind passes unharmed, and no network interface is involved.
"""

import re
import secrets
import select
import time
from dataclasses import dataclass
from pathlib import Path

from . import proc
from .errors import CommandFailed, GuestDied


@dataclass(frozen=True)
class Answer:
    """What a command in the guest printed, and its exit code."""

    code: int
    output: str


def _escaped(script: str) -> bytes:
    """A script on one line, for the guest's printf %b."""
    return re.sub(rb"[^!-\[\]-~ ]|^ +| $", lambda match: b"".join(
        b"\\0%03o" % byte for byte in match.group()), script.encode())


class Channel:
    """Runs shell scripts in the guest, one at a time."""

    def __init__(self, path: Path):
        self._socket = proc.connect(path)
        self._socket.setblocking(False)
        self._buffer = b""

    def _more(self, end: float, doing: str) -> None:
        left = end - time.monotonic()
        ready = left > 0 and select.select([self._socket], [], [], left)[0]
        if not ready:
            raise GuestDied(f"no answer from the guest in time, {doing}")
        try:
            data = self._socket.recv(65536)
        except ConnectionError:
            data = b""
        if not data:
            raise GuestDied(f"the guest ended, {doing}")
        self._buffer += data

    def _line(self, end: float, doing: str) -> bytes:
        while b"\n" not in self._buffer:
            self._more(end, doing)
        line, self._buffer = self._buffer.split(b"\n", 1)
        return line

    def wait_ready(self, timeout: float) -> None:
        end = time.monotonic() + timeout
        while self._line(end, "waiting for it to boot") != b"=ready":
            pass

    def _send(self, data: bytes, end: float, doing: str) -> None:
        while data:
            left = end - time.monotonic()
            if left <= 0 or not select.select([], [self._socket], [], left)[1]:
                raise GuestDied(f"the guest takes no commands, {doing}")
            try:
                data = data[self._socket.send(data[:4096]):]
            except ConnectionError:
                raise GuestDied(f"the guest ended, {doing}") from None

    def run(self, script: str, timeout: float) -> Answer:
        """Run a script with the guest's shell, whatever its exit code."""
        doing = f"running '{script.strip()}'"
        end = time.monotonic() + timeout
        token = secrets.token_hex(8).encode()
        self._send(token + b" " + _escaped(script) + b"\n", end, doing)
        mark = b"\n=" + token + b" "
        while mark not in self._buffer:
            self._more(end, doing)
        output, self._buffer = self._buffer.split(mark, 1)
        code = int(self._line(end, doing))
        return Answer(code, output.decode(errors="replace"))

    def sh(self, script: str, timeout: float) -> str:
        """Run a script that must succeed; returns what it printed."""
        answer = self.run(script, timeout)
        if answer.code:
            raise CommandFailed("guest", script, answer.code, answer.output)
        return answer.output

    def close(self) -> None:
        self._socket.close()
