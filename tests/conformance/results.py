"""The result of the suite, kept in the package for `dealbooks ledgers`. Written by
`python -m pytest tests/conformance --write-results`; a run of some chapters leaves the others as they are."""

from __future__ import annotations

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import dealbooks

FILE = Path(dealbooks.__file__).parent / "conformance.json"
_NODE = re.compile(
    r"(?:.*/)?conformance/test_(?P<chapter>\w+)\.py::(?P<function>\w+)\[(?P<ledger>\w+)(?:-(?P<rest>.*))?\]"
)


@dataclass(frozen=True)
class Named:
    """A test of one ledger: its chapter is its module, its name has the ledger left out."""

    ledger: str
    chapter: str
    test: str


def named(nodeid: str) -> Named | None:
    """A test by pytest's id; None when it is not of one ledger."""
    found = _NODE.fullmatch(nodeid)
    if found is None or found["chapter"] == "suite":  # of the suite itself, not of a ledger
        return None
    rest = f"[{found['rest']}]" if found["rest"] else ""
    return Named(found["ledger"], found["chapter"].replace("_", " "), found["function"] + rest)


def by_chapter(nodeids: Iterable[str]) -> dict[str, dict[str, list[str]]]:
    """Names of tests by ledger and chapter."""
    found: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for nodeid in nodeids:
        test = named(nodeid)
        if test is not None:
            found[test.ledger][test.chapter].append(test.test)
    return found


def digest(tests: Iterable[str]) -> str:
    """Of the names of tests: another suite has another."""
    return hashlib.sha256("\n".join(sorted(tests)).encode()).hexdigest()[:16]


def write(outcomes: Mapping[str, str]) -> None:
    """Keep what became of each test, by its id."""
    ledgers: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))["ledgers"] if FILE.exists() else {}
    for ledger, chapters in sorted(by_chapter(outcomes).items()):
        ledgers.setdefault(ledger, {})
        for chapter, tests in sorted(chapters.items()):
            counts = dict.fromkeys(("passed", "skipped", "failed"), 0)
            for nodeid, outcome in outcomes.items():
                test = named(nodeid)
                if test is not None and (test.ledger, test.chapter) == (ledger, chapter):
                    counts[outcome] += 1
            ledgers[ledger][chapter] = counts | {"tests": digest(tests)}
    data = {"version": version("dealbooks"), "date": datetime.now(UTC).date().isoformat(), "ledgers": ledgers}
    FILE.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
