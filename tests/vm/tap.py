# SPDX-License-Identifier: GPL-2.0
"""Results in TAP, to a file and shortly to the terminal."""

import threading
from pathlib import Path


class Tap:
    """One suite's results; may be used by several threads."""

    def __init__(self, path: Path):
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = open(path, "w", encoding="utf-8")
        self._file.write("TAP version 13\n")
        self._lock = threading.Lock()
        self._count = self.failed = self.skipped = self.todo = 0

    @property
    def passed(self) -> int:
        return self._count - self.failed - self.skipped - self.todo

    def ok(self, name: str, seconds: float) -> None:
        self._result("ok", name, "", f"({seconds:.1f} s)")

    def skip(self, name: str, why: str) -> None:
        self._result("ok", name, f" # SKIP {why}")
        self.skipped += 1

    def not_ok(self, name: str, why: str) -> None:
        self._result("not ok", name, "", detail=why)
        self.failed += 1

    def not_expected(self, name: str, why: str) -> None:
        """A failure that is worth a line, and no more."""
        self._result("not ok", name, " # TODO virtnet's alone", detail=why)
        self.todo += 1

    def _result(self, verdict: str, name: str, suffix: str, remark: str = "",
                detail: str = "") -> None:
        lines = "".join(f"#    {line}\n" for line in detail.splitlines())
        with self._lock:
            self._count += 1
            self._file.write(f"{verdict} {self._count} - {name}{suffix}\n{lines}")
            self._file.flush()
            print(f"{verdict} {name}{suffix} {remark}\n{lines}", end="", flush=True)

    def close(self) -> None:
        with self._lock:
            self._file.write(f"1..{self._count}\n")
            self._file.close()
