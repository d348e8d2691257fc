"""What this process used, and running another one that says so in JSON."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
_STATUS = Path("/proc/self/status")
_CLEAR = Path("/proc/self/clear_refs")
_MIB = 1024


@dataclass(slots=True)
class Stages:
    """Seconds of each stage, as the clock on the wall and as the processor counts them."""

    wall: dict[str, float] = field(default_factory=dict)
    cpu: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def timed(self, name: str) -> Iterator[None]:
        """Add what runs inside to a stage."""
        wall, cpu = time.perf_counter(), time.process_time()
        yield
        self.wall[name] = self.wall.get(name, 0.0) + time.perf_counter() - wall
        self.cpu[name] = self.cpu.get(name, 0.0) + time.process_time() - cpu

    def as_json(self) -> dict[str, Any]:
        """Plain types, rounded to the millisecond."""
        return {
            "wall_seconds": {name: round(value, 3) for name, value in self.wall.items()},
            "cpu_seconds": {name: round(value, 3) for name, value in self.cpu.items()},
        }


def memory_mib() -> float:
    """Resident memory now; where the system does not tell, the highest so far."""
    return _status("VmRSS") or _highest()


def forget_peak() -> None:
    """Let the peak begin at what is resident now, where the system allows it."""
    if _CLEAR.exists():
        _CLEAR.write_text("5", encoding="ascii")


def peak_mib() -> float:
    """The highest resident memory since `forget_peak`, or of the whole process."""
    return _status("VmHWM") or _highest()


def _status(name: str) -> float:
    if not _STATUS.exists():
        return 0.0
    line = next(line for line in _STATUS.read_text(encoding="ascii").splitlines() if line.startswith(name))
    return int(line.split()[1]) / _MIB


def _highest() -> float:
    highest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return highest / (_MIB * _MIB if sys.platform == "darwin" else _MIB)


def environment() -> dict[str, str]:
    """The environment of a process that keeps its compiled modules, as an installed program does: under var."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return kept | {"PYTHONPYCACHEPREFIX": str(ROOT / "var" / "pycache")}


def run_module(module: str, arguments: Sequence[str]) -> dict[str, Any]:
    """Run a module of ours in a process of its own; the JSON that it prints last.

    Raises:
        CalledProcessError: when it fails.
    """
    command = [sys.executable, "-m", module, *arguments]
    done = subprocess.run(command, cwd=ROOT, env=environment(), check=True, stdout=subprocess.PIPE, text=True)
    return _last_json(done.stdout)


def run_together(module: str, each: Sequence[Sequence[str]]) -> tuple[float, list[dict[str, Any]]]:
    """Run a module in one process for each list of arguments, begun together once all of them say that they are ready;
    the seconds until the last has ended, and the JSON that each prints last.

    Raises:
        CalledProcessError: when one fails.
    """
    commands = [[sys.executable, "-m", module, *arguments] for arguments in each]
    pipe = subprocess.PIPE
    running = [
        subprocess.Popen(command, cwd=ROOT, env=environment(), stdin=pipe, stdout=pipe, text=True)
        for command in commands
    ]
    for process in running:
        if process.stdout is not None:
            process.stdout.readline()
    began = time.perf_counter()
    for process in running:
        if process.stdin is not None:
            process.stdin.write("go\n")
            process.stdin.flush()
    with ThreadPoolExecutor(len(running)) as pool:
        printed = [out for out, _ in pool.map(subprocess.Popen.communicate, running)]
    seconds = time.perf_counter() - began
    for process, command in zip(running, commands, strict=True):
        if process.returncode:
            raise subprocess.CalledProcessError(process.returncode, command)
    return seconds, [_last_json(out) for out in printed]


def _last_json(printed: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(printed.strip().splitlines()[-1])
    return found
