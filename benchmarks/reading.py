"""From drop files to entries without the durable writes, on one core: `python -m benchmarks.reading FOLDER`.

Reading, mapping, determining, checking (also with Great Expectations) and the posting rules, which a deal is judged by
too; no store and no ledger.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from benchmarks.process import Stages
from dealbooks.config import load_config
from dealbooks.draft import RawRecord
from dealbooks.findings import has_errors
from dealbooks.house import House
from dealbooks.pipeline.cutter import BATCH_ROWS
from dealbooks.pipeline.garbage import seldom_collected
from dealbooks.pipeline.judge import ToJudge, judge_records
from dealbooks.pipeline.settings import BookFinder


@seldom_collected()
def run(folder: Path) -> dict[str, Any]:
    """Seconds of each step. The engine's first batch, which imports it, is not counted."""
    stages = Stages()
    deals = entries = 0
    with House.open(load_config(folder / "dealbooks.yaml")) as house:
        _warm_up(house)
        for name in house.config.sources:
            finder = BookFinder(house, name)
            for batch in _batches(house, name, stages):
                made = _judge(house, finder, batch, stages, f"{name}-{deals}")
                deals += len(batch)
                entries += made
    return stages.as_json() | {"deals": deals, "entries": entries}


def _warm_up(house: House) -> None:
    name = next(iter(house.config.sources))
    first = next(_batches(house, name, Stages()))[:1]
    _judge(house, BookFinder(house, name), first, Stages(), "warm-up")


def _batches(house: House, name: str, stages: Stages) -> Iterator[list[RawRecord]]:
    drop = house.source(name)
    for candidate in drop.look(house.clock()).ready:
        with stages.timed("file"):
            staged = drop.stage(candidate, house.var / "archive")
            judgement = drop.judge(staged)
        records = drop.records(staged, judgement)
        while True:
            with stages.timed("read"):
                batch = list(islice(records, BATCH_ROWS))
            if not batch:
                break
            yield batch


def _judge(house: House, finder: BookFinder, batch: Sequence[RawRecord], stages: Stages, name: str) -> int:
    with stages.timed("judge"):
        settings = [finder.setting(record) for record in batch]
        rows = [
            ToJudge(record, setting) for record, setting in zip(batch, settings, strict=True) if setting is not None
        ]
        judged = list(zip(rows, judge_records(rows), strict=True))
    with stages.timed("expectations"):
        to_check = [
            house.check_row(number, key=row.record.natural_key, draft=one.draft, deal=one.filled)
            for number, (row, one) in enumerate(judged, 1)
        ]
        outcome = house.validator.check(to_check, name=name)
    refused = any(has_errors(one.findings) for _, one in judged) or any(map(has_errors, outcome.findings.values()))
    if refused or len(judged) != len(batch):
        raise SystemExit("not every deal was accepted")
    return sum(len(one.posted.entries) for _, one in judged if one.posted is not None)


if __name__ == "__main__":
    print(json.dumps(run(Path(sys.argv[1]))))
