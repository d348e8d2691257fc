"""A backfill from drop files to posted, in a process of its own: `python -m benchmarks.backfill FOLDER [SOURCE ...]`.

When everything is imported it prints a line and waits for one, so that several processes can begin together. Then it
prints JSON: seconds of each stage, start-up apart, and the memory beyond that of the idle process with its imports.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from benchmarks.process import Stages, forget_peak, memory_mib, peak_mib

# Everything that a run imports on its way, so that start-up is not counted as work.
_LATER = (
    "alembic.command", "blocks.ledgers.beancount.factory", "blocks.sources.csv_files.factory", "dealbooks.house",
    "dealbooks.pipeline.sync", "expectations.frame", "expectations.validator", "great_expectations.expectations",
    "great_expectations.render.renderer.page_renderer", "great_expectations.render.view.view", "pandas",
    "sqlalchemy.dialects.sqlite",
)  # fmt: skip


def run(folder: Path, sources: Sequence[str] = ()) -> dict[str, Any]:
    """Take up, check, plan and post everything in the folder's inboxes, as `dealbooks sync` does; of these sources only
    when there are any."""
    from dealbooks.config import load_config
    from dealbooks.house import House
    from dealbooks.pipeline.extract import extract
    from dealbooks.pipeline.facts import link_facts
    from dealbooks.pipeline.load import load
    from dealbooks.pipeline.sync import SyncResult, take_batches
    from dealbooks.pipeline.transform import transform

    stages, result = Stages(), SyncResult()
    peaks: dict[str, float] = {}
    with House.open(load_config(folder / "dealbooks.yaml"), actor="benchmark") as house:
        idle = memory_mib()
        forget_peak()
        chosen = list(sources or house.config.sources)
        books = [book for name in chosen for book in dict.fromkeys(house.source_config(name).books.values())]
        for source in chosen:
            with stages.timed("extract"):
                result.extracted.append(extract(house, source))
        peaks["extract"] = peak_mib()
        for source in chosen:
            with stages.timed("validate"):
                take_batches(house, source, result)
        peaks["validate"] = peak_mib()
        for book in books:
            with stages.timed("transform"):
                link_facts(house, book)
                result.transformed.append(transform(house, book))
            peaks["transform"] = max(peaks.get("transform", 0), peak_mib())
            with stages.timed("load"):
                result.loaded.append(load(house, book))
        peaks["load"] = peak_mib()
    if result.exit_code:
        raise SystemExit(f"not every deal was posted: {result.as_json()}")
    return stages.as_json() | {
        "deals": sum(one.accepted for one in result.validated),
        "entries": sum(one.posted for one in result.loaded),
        "idle_mib": round(idle, 1),
        "peak_mib": {name: round(value, 1) for name, value in peaks.items()},
    }


def main() -> None:
    """Run it and print the figures."""
    began = time.perf_counter()
    for name in _LATER:
        import_module(name)
    started = time.perf_counter() - began
    print("ready", flush=True)
    sys.stdin.readline()
    print(json.dumps({"startup_seconds": round(started, 3)} | run(Path(sys.argv[1]), sys.argv[2:])))


if __name__ == "__main__":
    main()
