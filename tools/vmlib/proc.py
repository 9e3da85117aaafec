# SPDX-License-Identifier: GPL-2.0
"""Running host programs, waiting by polling, and never leaving anything behind."""

import atexit
import fcntl
import os
import shlex
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Callable, Iterator, Optional, Sequence, TypeVar

from .errors import CommandFailed, VmError

T = TypeVar("T")
RUN_PREFIX = "virtnet-vm."


def run(argv: Sequence[str], timeout: float = 120, check: bool = True,
        **kwargs) -> subprocess.CompletedProcess:
    """Run a host program to its end and return it with its mixed output."""
    kwargs.setdefault("stdin", subprocess.DEVNULL)
    try:
        done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, timeout=timeout, errors="replace", **kwargs)
    except FileNotFoundError:
        raise VmError(f"'{argv[0]}' is not installed on this machine") from None
    except subprocess.TimeoutExpired as late:
        raise VmError(f"host: '{shlex.join(argv)}' did not end within {timeout:.0f} s\n"
                      f"{late.stdout or ''}") from None
    if check and done.returncode:
        raise CommandFailed("host", shlex.join(argv), done.returncode, done.stdout)
    return done


def dies_with_us(argv: Sequence[str]) -> list[str]:
    """A command line whose process the kernel kills when the starting thread ends."""
    return ["setpriv", "--pdeathsig", "KILL", *argv]


def poll(what: str, test: Callable[[], Optional[T]], timeout: float = 60,
         pause: float = 0.05) -> T:
    """Call test until it returns something true; its last error explains a failure."""
    end = time.monotonic() + timeout
    while True:
        value = test()
        if value:
            return value
        if time.monotonic() > end:
            raise VmError(f"waited {timeout:.0f} s in vain for {what}")
        time.sleep(pause)


def connect(path: Path, timeout: float = 30) -> socket.socket:
    """Connect to a program that is just starting: its socket's name is there first,
    and somebody who listens a moment later."""
    def attempt() -> Optional[socket.socket]:
        sock = socket.socket(socket.AF_UNIX)
        try:
            sock.connect(str(path))
        except (ConnectionRefusedError, FileNotFoundError):
            sock.close()
            return None
        return sock
    return poll(f"somebody to listen on {path.name}", attempt, timeout)


class Ending(Exception):
    """The program ends, so nothing new is started."""


class Registry:
    """Everything alive that has to be closed, whatever way the program ends."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._closers: list[Callable[[], None]] = []
        self.ending = False

    def add(self, closer: Callable[[], None]) -> None:
        """To be called before the thing is made that will have to be closed."""
        with self._lock:
            if self.ending:
                raise Ending("not started any more")
            self._closers.append(closer)

    def drop(self, closer: Callable[[], None]) -> None:
        with self._lock:
            if closer in self._closers:
                self._closers.remove(closer)

    def close_all(self) -> None:
        """Close in reverse order; nothing can be added after that."""
        self.ending = True
        while True:
            with self._lock:
                if not self._closers:
                    return
                closer = self._closers.pop()
            closer()


alive = Registry()
atexit.register(alive.close_all)


def end_on_signals() -> None:
    """Turn signals that end us into exceptions, so that everything is closed."""
    def leave(number: int, _frame: object) -> None:
        raise SystemExit(128 + number)
    signal.signal(signal.SIGINT, signal.default_int_handler)    # also in the background
    signal.signal(signal.SIGTERM, leave)
    signal.signal(signal.SIGHUP, leave)


def sweep_leftovers() -> None:
    """Remove run directories whose owner is gone (it was killed with SIGKILL).

    Processes, taps and namespaces of such a run are already gone: the kernel
    kills the processes with their parent, and the namespaces have no name.
    """
    for path in Path(tempfile.gettempdir()).glob(RUN_PREFIX + "*"):
        try:
            with open(path / "lock", "a", encoding="ascii") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(path, ignore_errors=True)
        except OSError:
            continue    # in use, or somebody else's


class RunDir:
    """A private directory for sockets, held by a lock so that others can tell it lives."""

    def __init__(self) -> None:
        self.path = Path(tempfile.mkdtemp(prefix=RUN_PREFIX))
        self._lock = open(self.path / "lock", "w", encoding="ascii")
        fcntl.flock(self._lock, fcntl.LOCK_EX)

    def close(self) -> None:
        shutil.rmtree(self.path, ignore_errors=True)
        self._lock.close()


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold an exclusive lock, so that parallel runs fill the cache once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def stop(process: subprocess.Popen, patience: float = 3) -> None:
    """End a process that we started, gently first."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            process.kill()
    process.wait()


def _children() -> dict[int, list[int]]:
    """Of every process there is."""
    found: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = stat.read_text(encoding="ascii", errors="replace")
        except OSError:
            continue        # it has ended meanwhile
        found.setdefault(int(text.rpartition(")")[2].split()[1]), []).append(int(stat.parent.name))
    return found


def end_tree(process: subprocess.Popen) -> None:
    """End a process and all that came from it: what runs under timeout(1) has a process
    group of its own, and a UML kernel even a session."""
    children, tree = _children(), [process.pid]
    for pid in tree:
        tree += children.get(pid, [])
    if process.poll() is None:
        for pid in tree:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    process.wait()


def is_root() -> bool:
    return os.geteuid() == 0
