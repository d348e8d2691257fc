"""A child process that never outlives us: a group of its own, ended politely, then killed, with all it started."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

_PR_SET_PDEATHSIG = 1  # Linux, prctl(2): the signal that a process gets when its parent dies
_TAIL_BYTES = 8192


@dataclass(slots=True)
class Child:
    """One program that we started, and its log."""

    title: str
    log: Path
    process: subprocess.Popen[bytes]
    _sink: IO[bytes] = field(repr=False)

    @classmethod
    def start(
        cls,
        title: str,
        command: Sequence[str],
        *,
        environment: Mapping[str, str],
        log: Path,
        folder: Path,
        keep_open: Sequence[int] = (),
    ) -> Child:
        """Start a program in a process group of its own, its output appended to `log`. On Linux it gets SIGTERM even
        when we are killed without a chance to end it."""
        log.parent.mkdir(parents=True, exist_ok=True)
        sink = log.open("ab")
        process = subprocess.Popen(
            list(command),
            env=dict(environment),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=tuple(keep_open),
            preexec_fn=_die_with_parent if sys.platform == "linux" else None,
        )
        return cls(title, log, process, sink)

    @property
    def ended(self) -> bool:
        """Whether it has stopped by itself."""
        return self.process.poll() is not None

    def tail(self, lines: int = 15) -> str:
        """The end of its log."""
        data = self.log.read_bytes()[-_TAIL_BYTES:] if self.log.exists() else b""
        return "\n".join(data.decode(errors="replace").splitlines()[-lines:])

    def wait(self, seconds: float) -> bool:
        """Whether it has stopped within that time."""
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def stop(self, grace: float) -> bool:
        """End the program and all it started; whether it did so by itself within the grace."""
        started = descendants(self.process.pid)
        with contextlib.suppress(ProcessLookupError):
            self.process.terminate()
        in_time = self.wait(grace)
        started |= descendants(self.process.pid)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        # Prefect can give a run a session of its own, which the group's signal does not reach.
        for one in started & _alive():
            with contextlib.suppress(ProcessLookupError):
                os.kill(one.pid, signal.SIGKILL)
        self._sink.close()
        return in_time


def stop_all(children: Sequence[Child], grace: float) -> list[str]:
    """Stop every child, the last started first; the titles of those that had to be killed."""
    return [child.title for child in reversed(children) if not child.stop(grace)]


@dataclass(frozen=True, slots=True)
class _Process:
    """A process, told from another one that gets its number later by when it started."""

    pid: int
    started: str


def descendants(pid: int) -> frozenset[_Process]:
    """What a process has started, and what that has started, as far as it is still alive."""
    parents = _parents()
    found: set[_Process] = set()
    wanted = {pid}
    while wanted:
        new = {process for process, parent in parents.items() if parent in wanted} - found
        found |= new
        wanted = {process.pid for process in new}
    return frozenset(found)


def _alive() -> frozenset[_Process]:
    return frozenset(_parents())


def _parents() -> dict[_Process, int]:
    """Every process with its parent, from /proc (Linux) or ps (elsewhere)."""
    if Path("/proc/self/stat").exists():
        found = {}
        for path in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):
                # pid (name) state ppid ... starttime: the name may hold spaces and brackets (proc_pid_stat(5))
                fields = path.read_text(errors="replace").rpartition(")")[2].split()
                if fields[0] != "Z":
                    found[_Process(int(path.parent.name), fields[19])] = int(fields[1])
        return found
    listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid=,lstart="], capture_output=True, text=True, check=False)
    rows = [line.split(maxsplit=2) for line in listed.stdout.splitlines()]
    return {_Process(int(row[0]), row[2]): int(row[1]) for row in rows if len(row) == 3}


def _die_with_parent() -> None:
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
