"""Matching documents with expected ones, in a process of its own: `python -m benchmarks.close_match WHAT FOLDER`.

WHAT is `merge` (a bare pandas outer merge of the frames) or `classify` (every difference with its class: the first
pass over the frames, then `dealbooks.reconcile.match` over what did not agree there). Prints JSON: seconds of three
runs, the peak of memory, and of a classification how it stands against what was planted.
"""

from __future__ import annotations

import gc
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.close_frames import FIRST, LAST, NOTHING, load_frame
from benchmarks.process import forget_peak, memory_mib, peak_mib
from dealbooks.charts import load_chart
from dealbooks.entries import Entry, Line
from dealbooks.ledger import Record, RecordLine
from dealbooks.money import Money
from dealbooks.reconcile import AccountMap, Expected, MatchPolicy, match
from tasks.firstpass import Verdict, first_pass

RUNS = 3
_CARRIED = frozenset({"tax_code", "location", "department", "stock_no"})
_REST = [one for one in Verdict if one is not Verdict.AGREES]


def merge(ours: pd.DataFrame, theirs: pd.DataFrame) -> int:
    """Bare: every line of both sides, beside each other."""
    on = ["key", "line"] if ours["line"].any() else ["key"]
    return len(ours.merge(theirs, on=on, how="outer"))


class Classifier:
    """Full classification of two frames, as reconciling does it. `seconds` by step."""

    def __init__(self) -> None:
        self._policy = MatchPolicy(FIRST, LAST, "GBP", AccountMap(load_chart("uk")), carried=_CARRIED)
        self.seconds: dict[str, float] = {}

    def __call__(self, ours: pd.DataFrame, theirs: pd.DataFrame) -> list[tuple[str, str]]:
        """(key, class) of everything that does not agree."""
        began = time.perf_counter()
        standing = ours[ours["state"] == "posted"]  # a document of one that was replaced never agrees
        rest = first_pass(standing, theirs, _CARRIED).of(*_REST)
        passed = time.perf_counter()
        expected = list(self._expected(ours[ours["key"].isin(rest)]))
        records = list(self._records(theirs[theirs["key"].isin(rest)]))
        made = time.perf_counter()
        result = match(expected, records, self._policy)
        self.seconds = {
            "first pass": passed - began, "the rest as documents": made - passed,
            "match the rest": time.perf_counter() - made,
        }  # fmt: skip
        keys = {record.ref: record.key for record in records}
        return [(keys.get(one.subject, one.subject.partition(" ")[0]), one.code) for one in result.exceptions]

    def _expected(self, rows: pd.DataFrame) -> Iterator[Expected]:
        for document in _documents(rows):
            head = document[0]
            lines = tuple(
                Line("", row.account, Money(_amount(row), row.currency), row.tax_code or None, _dimensions(row))
                for row in document
            )
            entry = Entry("sale-v1", "sale.posted", date.fromordinal(head.day), "uk", head.currency, lines)
            yield Expected(head.key, entry, head.state, bool(head.seen), stock_no=head.stock_no)

    def _records(self, rows: pd.DataFrame) -> Iterator[Record]:
        for document in _documents(rows):
            head = document[0]
            lines = tuple(
                RecordLine(
                    self._policy.accounts.of_role(row.account), _amount(row), row.currency,
                    {**_dimensions(row), "tax_code": row.tax_code},
                )
                for row in document if row.account != NOTHING
            )  # fmt: skip
            yield Record(f"T-{head.document}", head.key, date.fromordinal(head.day), "", lines)


def _documents(rows: pd.DataFrame) -> Iterator[list[Any]]:
    lines: list[Any] = []
    for row in rows.itertuples(index=False):
        if lines and row.document != lines[0].document:
            yield lines
            lines = []
        lines.append(row)
    if lines:
        yield lines


def _amount(row: Any) -> Decimal:
    return Decimal(int(row.amount)).scaleb(-2)


def _dimensions(row: Any) -> dict[str, str]:
    return {"location": row.location, "department": row.department, "stock_no": row.stock_no}


def measure(what: str, folder: Path) -> dict[str, Any]:
    """Seconds of each run, and the peak of memory with the frames in it."""
    ours, theirs = load_frame(folder / "ours.npz"), load_frame(folder / "theirs.npz")
    classify = Classifier()
    gc.collect()
    held = memory_mib()
    forget_peak()
    seconds: list[float] = []
    used: list[float] = []
    steps: list[dict[str, float]] = []
    found: list[tuple[str, str]] = []
    for _ in range(RUNS):
        began, cpu = time.perf_counter(), time.process_time()
        if what == "merge":
            merge(ours, theirs)
        else:
            found = classify(ours, theirs)
        seconds.append(round(time.perf_counter() - began, 3))
        used.append(round(time.process_time() - cpu, 3))
        steps.append(classify.seconds)
    median = sorted(range(RUNS), key=lambda run: seconds[run])[RUNS // 2]
    figures: dict[str, Any] = {
        "seconds": seconds[median], "runs": seconds, "cpu": sorted(used)[RUNS // 2],
        "held_mib": round(held, 1), "peak_mib": round(peak_mib(), 1),
        "lines": [len(ours), len(theirs)],
    }  # fmt: skip
    if what == "classify":
        planted = json.loads((folder / "planted.json").read_text("ascii"))
        figures |= {"steps": {name: round(value, 3) for name, value in steps[median].items()}}
        figures |= judged(found, planted)
    return figures


def judged(found: list[tuple[str, str]], planted: Mapping[str, str]) -> dict[str, Any]:
    """What was found of what was planted, and what else."""
    right = {(key, code) for key, code in found} & set(planted.items())
    return {
        "planted": len(planted), "found": len(right), "missed": len(planted) - len(right),
        "false": len(found) - len(right), "by_class": dict(sorted(Counter(code for _, code in right).items())),
    }  # fmt: skip


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1], Path(sys.argv[2]))))
