"""`python -m benchmarks`: all of them, one after another. Prints the figures and leaves them in var/bench.json."""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from benchmarks import close, gateway, lane, ledgers, startup, sweeping
from benchmarks.data import write_backfill
from benchmarks.process import ROOT, run_module, run_together
from dealbooks.config import load_config

SIZES = (1000, 5000, 20_000)
FULL = 100_000
READING = 4000
POSTING = (1000, 10_000, 50_000)
MOST_RATIO, LEAST_RATE, MOST_MIB, LEAST_READING = 2.0, 300, 250, 800
LEAST_POSTING = 3000


def main(arguments: Sequence[str] | None = None) -> None:
    """Run what was asked for."""
    asked = _parser().parse_args(arguments)
    sizes = sorted({*asked.deals, *((FULL,) if asked.full else ())})
    work = asked.work.absolute()
    figures: dict[str, Any] = {"machine": _machine()}
    print(f"{figures['machine']['cores']} cores, load {figures['machine']['load']}, Python {platform.python_version()}")
    shutil.rmtree(work, ignore_errors=True)
    figures["startup"] = _startup()
    figures["reading"] = _reading(work, asked.reading)
    figures["posting"] = _posting(asked.posting)
    figures["ledgers"] = ledgers.measure(work, asked.ledger_deals)
    figures["gateway"] = _shown(gateway, work)
    figures["sweep"] = _shown(sweeping, work)
    figures["fast lane"] = _shown(lane, work, str(asked.lane_deals))
    figures["close"] = close.measure(work, asked.close_documents, asked.close_deals)
    figures["backfill"] = [_backfill(work, size) for size in sizes]
    figures["slope"] = _slope(figures["backfill"])
    shutil.rmtree(work, ignore_errors=True)
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    asked.out.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    print(f"\nfigures: {asked.out}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--deals", type=int, nargs="+", default=list(SIZES), help="sizes of the backfills")
    parser.add_argument("--full", action="store_true", help=f"also {FULL} deals")
    parser.add_argument("--reading", type=int, default=READING, help="deals of the reading benchmark")
    parser.add_argument("--posting", type=int, nargs="+", default=list(POSTING), help="deals of the posting benchmark")
    parser.add_argument("--ledger-deals", type=int, default=ledgers.DEALS, help="deals into ledgers over HTTP")
    parser.add_argument("--lane-deals", type=int, default=lane.DEALS, help="deals through the fast lane")
    parser.add_argument(
        "--close-documents", type=int, nargs="+", default=list(close.DOCUMENTS), help="documents to match"
    )
    parser.add_argument("--close-deals", type=int, default=close.DEALS, help="deals of the month to close; 0: none")
    parser.add_argument("--work", type=Path, default=ROOT / "var" / "bench", help="folder for the work; emptied")
    parser.add_argument("--out", type=Path, default=ROOT / "var" / "bench.json", help="file for the figures")
    return parser


def _shown(module: ModuleType, work: Path, *more: str) -> dict[str, Any]:
    """A benchmark that has a process and a folder of its own."""
    name = module.__name__.rpartition(".")[2]
    found = run_module(module.__name__, [str(work / name), *more])
    module.show(found)
    return found


def _machine() -> dict[str, Any]:
    return {
        "cores": os.cpu_count(),
        "load": " ".join(f"{value:.2f}" for value in os.getloadavg()),
        "system": platform.platform(),
        "python": platform.python_version(),
    }


def _fresh(work: Path, deals: int, run: str) -> Path:
    """A folder of its own for each run. None is deleted before the end: some file systems are slow in making files
    just after many were deleted, which would count as work of the next run."""
    folder = work / f"{run}-{deals}"
    folder.mkdir(parents=True)
    write_backfill(folder, deals)
    return folder


def _startup() -> dict[str, Any]:
    found: dict[str, Any] = startup.measure()
    print(f"\ndealbooks --help: {found['help_mean'] * 1000:.0f} ms (bare Python {found['python_mean'] * 1000:.0f} ms)")
    return found


def _reading(work: Path, deals: int) -> dict[str, Any]:
    found = run_module("benchmarks.reading", [str(_fresh(work, deals, "reading"))])
    wall, cpu = sum(found["wall_seconds"].values()), sum(found["cpu_seconds"].values())
    found |= {"deals_per_second": round(deals / wall, 1), "deals_per_cpu_second": round(deals / cpu, 1)}
    print(f"\nreading {deals} deals to entries, one core, nothing durable (aim: {LEAST_READING} deals/s)")
    _shares(found)
    print(f"  {deals / wall:.0f} deals/s; by processor time {deals / cpu:.0f} deals/s")
    return found


def _posting(sizes: Sequence[int]) -> list[dict[str, Any]]:
    """From a deal to its entries and documents; building the deal from JSON is shown beside it, not counted."""
    runs: list[dict[str, Any]] = []
    for size in sizes:
        found = run_module("benchmarks.posting", [str(size)])
        rates = {}
        for clock in ("wall", "cpu"):
            seconds = found[f"{clock}_seconds"]
            rates[clock] = size / (seconds["post"] + seconds["documents"])
        found |= {"deals_per_second": round(rates["wall"], 1), "deals_per_cpu_second": round(rates["cpu"], 1)}
        print(f"\nposting {size} deals to {found['entries']} entries and {found['documents']} documents, one core")
        _shares(found)
        print(
            f"  post and documents: {rates['wall']:.0f} deals/s (aim: {LEAST_POSTING});"
            f" by processor time {rates['cpu']:.0f} deals/s"
        )
        runs.append(found)
    return runs


def _backfill(work: Path, size: int) -> dict[str, Any]:
    """In one process; and with one process a source at the same time, as the deployments run."""
    folder = _fresh(work, size, "alone")
    _, [found] = run_together("benchmarks.backfill", [[str(folder)]])
    floor = run_module("benchmarks.floor", [str(folder / "books"), str(work / f"floor-{size}")])
    folder = _fresh(work, size, "together")
    sources = list(load_config(folder / "dealbooks.yaml").sources)
    together, parts = run_together("benchmarks.backfill", [[str(folder), source] for source in sources])
    if sum(part["entries"] for part in parts) != found["entries"]:
        raise SystemExit("the processes side by side did not post what one alone posts")
    wall, cpu = sum(found["wall_seconds"].values()), sum(found["cpu_seconds"].values())
    memory = max(found["peak_mib"].values()) - found["idle_mib"]
    found |= {
        "floor": floor,
        "seconds": round(wall, 3),
        "deals_per_second": round(size / wall, 1),
        "deals_per_cpu_second": round(size / cpu, 1),
        "floor_deals_per_second": round(size / floor["seconds"], 1),
        "times_the_floor": round(wall / floor["seconds"], 2),
        "memory_over_idle_mib": round(memory, 1),
        "side_by_side": {
            "processes": len(parts),
            "seconds": round(together, 3),
            "deals_per_second": round(size / together, 1),
            "times_the_floor": round(together / floor["seconds"], 2),
        },
    }
    print(f"\nbackfill of {size} deals, {found['entries']} entries (start-up {found['startup_seconds']:.1f} s apart)")
    _shares(found)
    print(f"  {size / wall:.0f} deals/s (aim: {LEAST_RATE}); by processor time {size / cpu:.0f} deals/s")
    print(f"  {len(parts)} processes, one a source: {size / together:.0f} deals/s (aim: {LEAST_RATE})")
    print(
        f"  floor: {size / floor['seconds']:.0f} deals/s; {wall / floor['seconds']:.2f} times it in one process,"
        f" {together / floor['seconds']:.2f} times side by side (aim: {MOST_RATIO})"
    )
    print(f"  memory: {memory:.0f} MiB over the idle process's {found['idle_mib']:.0f} (aim: {MOST_MIB})")
    return found


def _shares(found: dict[str, Any]) -> None:
    total = sum(found["wall_seconds"].values())
    for name, seconds in found["wall_seconds"].items():
        each = seconds / found["deals"] * 1000
        print(f"  {name:<13}{seconds:8.2f} s {seconds / total:6.0%} {each:8.3f} ms a deal")


def _slope(runs: Sequence[dict[str, Any]]) -> dict[str, float]:
    """How the cost of a deal changes with the number of deals: least squares, and the last against the first."""
    if len(runs) < 2:
        return {}
    found: dict[str, float] = {}
    for clock in ("wall", "cpu"):
        costs = [sum(run[f"{clock}_seconds"].values()) / run["deals"] * 1000 for run in runs]
        slope = _least_squares([run["deals"] for run in runs], costs) * 1000
        found[f"{clock}_ms_a_deal_per_1000_deals"] = round(slope, 5)
        found[f"{clock}_last_against_first"] = round(costs[-1] / costs[0], 3)
        listed = ", ".join(f"{each:.2f} ms at {run['deals']}" for run, each in zip(runs, costs, strict=True))
        print(f"\ncost of a deal by {clock} time: {listed}; slope {slope:+.4f} ms per 1000 deals")
    return found


def _least_squares(sizes: Sequence[int], costs: Sequence[float]) -> float:
    size, cost = sum(sizes) / len(sizes), sum(costs) / len(costs)
    slope = sum((x - size) * (y - cost) for x, y in zip(sizes, costs, strict=True))
    return slope / sum((x - size) ** 2 for x in sizes)


if __name__ == "__main__":
    main()
