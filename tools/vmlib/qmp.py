# SPDX-License-Identifier: GPL-2.0
"""A client of QEMU's monitor protocol."""

import json
from pathlib import Path
from typing import Any

from . import proc
from .errors import GuestDied, VmError


class Qmp:
    """Sends commands to one QEMU; events that come in between are kept."""

    def __init__(self, path: Path, timeout: float = 60):
        self._socket = proc.connect(path)
        self._socket.settimeout(timeout)
        self._lines = self._socket.makefile("r", encoding="utf-8")
        self.events: list[dict] = []
        self._receive()     # the greeting
        self.execute("qmp_capabilities")

    def _receive(self) -> dict:
        try:
            line = self._lines.readline()
        except OSError as error:
            raise GuestDied(f"QEMU's monitor does not answer: {error}") from None
        if not line:
            raise GuestDied("QEMU closed its monitor")
        return json.loads(line)

    def execute(self, command: str, **arguments: Any) -> Any:
        """Run one command; underscores in argument names stand for dashes."""
        return self.request(command, {name.replace("_", "-"): value
                                      for name, value in arguments.items()})

    def request(self, command: str, arguments: dict[str, Any]) -> Any:
        """Run one command, with its arguments' names as they are."""
        request = {"execute": command, "arguments": arguments}
        self._socket.sendall(json.dumps(request).encode() + b"\n")
        while True:
            reply = self._receive()
            if "event" in reply:
                self.events.append(reply)
            elif "error" in reply:
                raise VmError(f"QEMU: {command}: {reply['error']['desc']}")
            else:
                return reply["return"]

    def wait_event(self, name: str) -> dict:
        """Wait for an event of that name that was not asked for before."""
        while True:
            for event in self.events:
                if event["event"] == name:
                    self.events.remove(event)
                    return event
            reply = self._receive()
            if "event" in reply:
                self.events.append(reply)

    def close(self) -> None:
        self._lines.close()
        self._socket.close()
