# SPDX-License-Identifier: GPL-2.0
"""Runs the cases of one guest, and goes on with a fresh one when it is spoilt."""

import dataclasses
import time
import traceback
from pathlib import Path
from typing import Optional

import cases_end
from plan import Boot
from suite import Case, Context, Failed, Skip
from tap import Tap
from vmlib import paths, proc, splat
from vmlib.errors import GuestDied, VmError
from vmlib.guest import Guest
from vmlib.kernels import Kernel


class Runner:
    """One guest's part of the suite."""

    def __init__(self, kernel: Kernel, boot: Boot, driver: str, module: Optional[Path], tap: Tap):
        self.kernel, self.boot, self.driver, self.module = kernel, boot, driver, module
        self.tap = tap
        self.boots = 0

    def _title(self, case: Case) -> str:
        return f"{self.kernel.kver} {self.boot.name}: {case.name}"

    def _guest(self) -> Guest:
        suffix = "-intree" if self.driver == "intree" else ""
        again = f"-{self.boots}" if self.boots else ""
        self.boots += 1
        name = f"vm-{self.kernel.kver}{suffix}-{self.boot.name}{again}"
        return self.boot.guest(self.kernel, self.boot.nics, name, self.module, self.boot.cpus,
                               self.boot.memory, command_line=self.boot.command_line,
                               arguments=self.boot.arguments, log_dir=paths.TEST_OUT)

    def run(self) -> None:
        """Run all cases, each exactly once."""
        left = list(self.boot.cases)
        while left:
            guest = self._guest()
            try:
                guest.start()
                self._prepare(guest)
            except (VmError, OSError) as error:
                self._refuse(left, str(error))
                return
            try:
                left = self._run_in(guest, left)
            finally:
                guest.close()

    def _refuse(self, cases: list[Case], why: str) -> None:
        """No guest: the first case shows why, and none of them passes."""
        for case in cases:
            self.tap.not_ok(self._title(case), why)
            why = "there is no guest to run it in, see above"

    def _prepare(self, guest: Guest) -> None:
        try:
            cases_end.before_driver(Context(guest, self.driver, self.kernel.kver))
            guest.load(self.driver)
        except VmError:
            guest.close()
            raise

    def _run_in(self, guest: Guest, cases: list[Case]) -> list[Case]:
        """Run cases until the guest is spoilt; returns those that are left."""
        context = Context(guest, self.driver, self.kernel.kver)
        for number, case in enumerate(cases):
            if not self._run_case(context, case):
                return cases[number + 1:]
        return []

    def _run_case(self, context: Context, case: Case) -> bool:
        """One case; False when the guest cannot be used after it."""
        title = self._title(case)
        start = time.monotonic()
        problem, skipped = self._problem(context, case)
        if proc.alive.ending:
            raise proc.Ending("interrupted")
        complaint = "" if isinstance(problem, GuestDied) else self._complaint(context.guest)
        if problem or complaint:
            why = self._explain(context.guest, problem, complaint)
            if case.virtnet_only and self.driver != "virtnet":
                self.tap.not_expected(title, why)
            else:
                self.tap.not_ok(title, why)
        elif skipped:
            self.tap.skip(title, skipped)
        else:
            self.tap.ok(title, time.monotonic() - start)
        return not complaint and not isinstance(problem, GuestDied)

    @staticmethod
    def _problem(context: Context, case: Case) -> tuple[Optional[Exception], str]:
        try:
            context.settle()
            case.body(context)
        except Skip as reason:
            return None, str(reason)
        except (Failed, VmError, OSError) as problem:
            return problem, ""
        except Exception as problem:    # a mistake in the case itself
            traceback.print_exc()
            return problem, ""
        return None, ""

    @staticmethod
    def _complaint(guest: Guest) -> str:
        """What the guest's kernel complained about since it was asked last."""
        try:
            return splat.find(guest.sh("dmesg -c"))
        except VmError as error:
            return str(error)

    @staticmethod
    def _explain(guest: Guest, problem: Optional[Exception], complaint: str) -> str:
        parts = [f"{type(problem).__name__}: {problem}"] if problem else []
        if complaint:
            parts.append(f"the guest's kernel complained:\n{complaint}")
        elif not isinstance(problem, GuestDied):
            parts.append(Runner._state(guest))
        parts.append(f"logs: {guest.console_log.relative_to(paths.ROOT)}, "
                     f"{guest.command_log.relative_to(paths.ROOT)}")
        return "\n".join(parts)

    @staticmethod
    def _state(guest: Guest) -> str:
        """What one wants to see of a guest in which a case failed, and of its host."""
        protocols = "grep -E '^(Ip|Icmp|Udp|Tcp):' /proc/net/snmp; ss -tmin"
        try:
            inside = guest.run(f"""for dir in /sys/class/net/eth*; do
                ip -s -s link show ${{dir##*/}}; ethtool -S ${{dir##*/}} | grep -v ': 0$'
                done; {protocols}; grep virtio /proc/interrupts""", 60).output
            inside += guest.queue_states()
            if not guest.ns:
                return inside
            outside = guest.ns.run(["sh", "-c", f"ip -s link; {protocols}"])
            return f"{inside}the host:\n{outside}"
        except VmError as error:
            return str(error)


def select(boot: Boot, kver: str, patterns: list[str]) -> Boot:
    """The boot with only those cases whose title has one of the patterns in it."""
    if not patterns:
        return boot
    cases = tuple(case for case in boot.cases
                  if any(p in f"{kver} {boot.name}: {case.name}" for p in patterns))
    return dataclasses.replace(boot, cases=cases)
