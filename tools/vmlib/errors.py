# SPDX-License-Identifier: GPL-2.0
"""Errors that are shown to the user as one message, without a traceback."""


class VmError(Exception):
    """Something went wrong in a way the message explains."""


class GuestDied(VmError):
    """The guest stopped answering or its QEMU process ended."""


class CommandFailed(VmError):
    """A command, in the guest or on the host, ended with a non-zero code."""

    def __init__(self, where: str, command: str, code: int, output: str):
        super().__init__(f"{where}: '{command.strip()}' ended with {code}\n{output.rstrip()}")
        self.code = code
        self.output = output
