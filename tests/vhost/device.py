# SPDX-License-Identifier: GPL-2.0
"""Runs the program under test, the build with sanitizers, and judges its end."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from typing import Iterator

from frontend import FrontEnd, Memory, until

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = ROOT / "build" / "tools" / "vhost-user-net-asan"
PLAIN = ROOT / "build" / "tools" / "vhost-user-net"


class Device:
    """vhost-user-net with one device or several; use with `with`."""

    def __init__(self, *options: str, sockets: int = 1, script: str = "",
                 per_socket: tuple[str, ...] = (), program: Path = PROGRAM,
                 client: bool = False, prefix: tuple[str, ...] = ()):
        self.dir = Path(tempfile.mkdtemp(prefix="vhost-test-"))
        self.paths = [str(self.dir / f"s{i}") for i in range(sockets)]
        self.argv = [*prefix, str(program), *options, "--json", str(self.dir / "stats.json"), "-v"]
        for path in self.paths:
            self.argv += ["--connect" if client else "--socket", path, *per_socket]
        if script:
            (self.dir / "script").write_text(script, encoding="utf-8")
            self.argv += ["--script", str(self.dir / "script")]
        self.client = client
        self.process: subprocess.Popen | None = None
        self.fronts: list[FrontEnd] = []
        self.stats: dict = {}

    def start(self) -> "Device":
        env = dict(os.environ, ASAN_OPTIONS="abort_on_error=0:exitcode=99:detect_leaks=1",
                   UBSAN_OPTIONS="print_stacktrace=1")
        self.log = open(self.dir / "log", "ab")
        self.process = subprocess.Popen(self.argv, stdin=subprocess.DEVNULL, stdout=self.log,
                                        stderr=self.log, env=env)
        if not self.client:
            until("the device to listen",
                  lambda: self.dead() or all(map(os.path.exists, self.paths)))
        return self

    def dead(self) -> bool:
        return self.process is not None and self.process.poll() is not None

    def connect(self, index: int = 0, memory: Memory | None = None) -> FrontEnd:
        until("the device to listen", lambda: self.listens(index, memory))
        return self.fronts[-1]

    def listens(self, index: int = 0, memory: Memory | None = None) -> bool:
        """Does it take one more connection? Its socket is there a moment before it listens."""
        try:
            self.fronts.append(FrontEnd(self.paths[index], memory))
        except (ConnectionRefusedError, FileNotFoundError):
            assert not self.dead(), self.text()[-2000:]
            return False
        return True

    @contextlib.contextmanager
    def halted(self) -> Iterator[None]:
        """What happens meanwhile it finds all at once."""
        assert self.process
        state = Path(f"/proc/{self.process.pid}/stat")
        self.process.send_signal(signal.SIGSTOP)
        until("the device to stop", lambda: state.read_text().rsplit(")")[-1].split()[0] == "T")
        yield
        self.process.send_signal(signal.SIGCONT)

    def text(self) -> str:
        return (self.dir / "log").read_text(encoding="utf-8", errors="replace")

    def says(self, words: str) -> None:
        """Wait until the device has said this."""
        until(f"the device to say '{words}'", lambda: words in self.text())

    def kill(self) -> None:
        assert self.process
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.log.close()
        for path in self.paths:
            Path(path).unlink(missing_ok=True)

    def stop(self) -> None:
        """End it in order; complain about how it ended."""
        assert self.process
        if not self.dead():
            self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"does not end\n{self.text()[-3000:]}") from None
        self.log.close()
        text = self.text()
        assert "Sanitizer" not in text and "runtime error" not in text, text[-4000:]
        assert code == 0, f"ended with {code}\n{text[-3000:]}"
        with open(self.dir / "stats.json", encoding="utf-8") as file:
            self.stats = json.load(file)

    def __enter__(self) -> "Device":
        return self.start()

    def __exit__(self, kind: object, *_: object) -> None:
        for front in self.fronts:
            front.close()
            front.memory.close()
        try:
            if kind is None:
                self.stop()
            elif self.process and not self.dead():
                self.process.kill()
                self.process.wait()
        finally:
            shutil.rmtree(self.dir, ignore_errors=True)
