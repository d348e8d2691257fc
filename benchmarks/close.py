"""The close of a month: a million documents matched, and a month of 10,000 deals closed.

`python -m benchmarks.close FOLDER [DOCUMENTS ...]` measures the matching alone. Everything is measured in a process of
its own. DuckDB and datacompy, which are shown for reference, run in an environment of their own, which uv makes from
the lock beside `close_others.py`; where it cannot, they are left out, and that is said.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.close_frames import DEFECTS, PLANTS, write_frames
from benchmarks.process import ROOT, environment, run_module

DOCUMENTS = (10_000, 100_000, 1_000_000)
DEALS = 10_000
MOST_TIMES, MOST_MIB = 3.0, 1500
LINES = (1, 3)  # of a document
_OTHERS = ROOT / "benchmarks" / "close_others.py"


def measure(work: Path, documents: Sequence[int], deals: int) -> dict[str, Any]:
    """Both; printed as they come."""
    figures: dict[str, Any] = {"matching": matching(work, documents)}
    if deals:
        figures["month"] = month(work / "close-month", deals)
    return figures


def matching(work: Path, documents: Sequence[int]) -> list[dict[str, Any]]:
    """Each number of documents, of one line and of three; the largest of one line also by others.

    Raises:
        SystemExit: not all that was planted was found, or something else was.
    """
    kinds = len(PLANTS)
    print(f"\nmatching documents with expected ones, {DEFECTS:.1%} of them with a defect of {kinds} kinds")
    runs = []
    for lines in LINES:
        for size in documents:
            others = lines == LINES[0] and size == max(documents)
            runs.append(_matched(work / f"close-{size}-{lines}", size, lines, others=others))
        mine = [run for run in runs if run["lines"] == lines]
        if len(mine) > 1:
            each = ", ".join(f"{run['classify']['seconds'] / run['documents'] * 1e6:.1f}" for run in mine)
            cpu = ", ".join(f"{run['classify']['cpu'] / run['documents'] * 1e6:.1f}" for run in mine)
            listed = ", ".join(str(run["documents"]) for run in mine)
            print(f"  a document of {lines} lines, at {listed}: {each} µs; of processor time {cpu} µs")
    return runs


def _matched(folder: Path, size: int, lines: int, *, others: bool) -> dict[str, Any]:
    write_frames(folder, size, lines)
    merge = run_module("benchmarks.close_match", ["merge", str(folder)])
    found = run_module("benchmarks.close_match", ["classify", str(folder)])
    if found["missed"] or found["false"]:
        raise SystemExit(f"{found['missed']} defects were missed, {found['false']} are none: {found['by_class']}")
    times, cpu = found["seconds"] / merge["seconds"], found["cpu"] / merge["cpu"]
    print(
        f"  {size} documents, {found['lines'][0]} lines: full classification {found['seconds']:.2f} s,"
        f" bare outer merge {merge['seconds']:.2f} s: {times:.2f} times it (aim: under {MOST_TIMES:.0f}),"
        f" {cpu:.2f} by processor time\n"
        f"    {found['found']} of {found['planted']} defects found under their class, {found['false']} others;"
        f" peak {found['peak_mib']:.0f} MiB, of which {found['held_mib']:.0f} are the frames (aim: under {MOST_MIB});"
        f" merge {merge['peak_mib']:.0f} MiB"
    )
    print("    " + ", ".join(f"{name} {seconds:.2f} s" for name, seconds in found["steps"].items()))
    run = {
        "documents": size, "lines": lines, "merge": merge, "classify": found, "times_the_merge": round(times, 2),
        "times_the_merge_by_cpu": round(cpu, 2),
    }  # fmt: skip
    if others:
        run["others"] = {name: _other(name, folder) for name in ("duckdb", "datacompy")}
    shutil.rmtree(folder)
    return run


def _other(name: str, folder: Path) -> dict[str, Any]:
    """What another program needs for less: a join or a comparison by row, without classes."""
    uv = ROOT / ".uv" / "bin" / "uv"
    command = [str(uv), "run", "--quiet", "--locked", "--no-project", "--script", str(_OTHERS), name, str(folder)]
    try:
        done = subprocess.run(command, cwd=ROOT, env=environment(), check=True, capture_output=True, text=True)
    except (OSError, subprocess.CalledProcessError) as error:
        said = str(getattr(error, "stderr", "") or error).strip().splitlines()
        print(f"    {name}: not measured ({said[-1] if said else error})")
        return {"not_measured": said[-1] if said else str(error)}
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    print(
        f"    for reference {name} {found['version']}: {found['seconds']:.2f} s ({found['cpu']:.2f} s of processor"
        f" time), {found['rows']} rows differ, no classes; peak {found['peak_mib']:.0f} MiB"
    )
    return found


def month(folder: Path, deals: int) -> dict[str, Any]:
    """Deals of a month from drop files to a locked period with its pack."""
    folder.mkdir(parents=True, exist_ok=True)
    posted = run_module("benchmarks.close_month", ["post", str(folder), str(deals)])
    print(
        f"\na month of {posted['in_month']} deals ({posted['deals']} with those around it, {posted['entries']} entries)"
        f" into Beancount, peak {posted['peak_mib']:.0f} MiB"
    )
    _steps(posted, posted["deals"])
    closed = run_module("benchmarks.close_month", ["close", str(folder)])
    print(
        f"its close, shown, then read again, signed and locked: {closed['counts']['matched']} entries matched,"
        f" {closed['counts']['exceptions']} exceptions; peak {closed['peak_mib']:.0f} MiB"
    )
    _steps(closed, posted["in_month"])
    return {"posted": posted, "closed": closed}


def _steps(found: dict[str, Any], deals: int) -> None:
    wall, cpu = found["wall_seconds"], found["cpu_seconds"]
    for name, seconds in wall.items():
        print(f"  {name:<28}{seconds:8.2f} s {cpu[name]:8.2f} s cpu {cpu[name] / deals * 1000:8.3f} ms a deal")
    print(f"  {'together':<28}{sum(wall.values()):8.2f} s {sum(cpu.values()):8.2f} s cpu")


if __name__ == "__main__":
    matching(Path(sys.argv[1]).absolute(), [int(one) for one in sys.argv[2:]] or DOCUMENTS)
