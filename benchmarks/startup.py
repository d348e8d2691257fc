"""How long `dealbooks --help` takes, beside a Python that does nothing."""

from __future__ import annotations

import json
import shlex
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.process import environment

RUNS = 10


def measure() -> dict[str, float]:
    """Mean and least seconds of the command, and of a bare Python."""
    command = [str(Path(sys.executable).with_name("dealbooks")), "--help"]
    bare = [sys.executable, "-c", "0"]
    helped, nothing = _times(command), _times(bare)
    return {
        "help_mean": round(statistics.mean(helped), 4),
        "help_least": round(min(helped), 4),
        "python_mean": round(statistics.mean(nothing), 4),
        "ratio": round(statistics.mean(helped) / statistics.mean(nothing), 1),
    }


def _times(command: list[str]) -> list[float]:
    if shutil.which("hyperfine"):
        return _by_hyperfine(command)
    times = []
    for _ in range(RUNS + 1):
        began = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment())
        times.append(time.perf_counter() - began)
    return times[1:]  # the first one warms the disk's cache


def _by_hyperfine(command: list[str]) -> list[float]:
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "times.json"
        options = ["-N", "--warmup", "1", "--runs", str(RUNS), "--style", "none", "--export-json", str(out)]
        subprocess.run(["hyperfine", *options, shlex.join(command)], check=True, env=environment())
        found: list[float] = json.loads(out.read_text(encoding="utf-8"))["results"][0]["times"]
    return found
