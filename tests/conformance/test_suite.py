"""The suite itself: every ledger has a rig, every skip a reason, and the result that is shown is that of this suite."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import lru_cache
from pathlib import Path

import pytest
from conformance import results
from conformance.table import RIGS, Table

from dealbooks.registry import LEDGERS

_HERE = Path(__file__).parent


@lru_cache
def _collected() -> dict[str, dict[str, list[str]]]:
    """Names of the tests of this suite, by ledger and chapter."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", str(_HERE)]
    said = subprocess.run(command, capture_output=True, text=True, check=True, cwd=_HERE.parent.parent).stdout
    return results.by_chapter(line.strip() for line in said.splitlines())


def test_every_ledger_of_the_registry_has_a_rig() -> None:
    assert sorted(RIGS) == sorted(LEDGERS)
    assert {name: rig.name for name, rig in RIGS.items()} == {name: name for name in LEDGERS}


def test_every_skip_names_a_test_a_reason_and_a_source() -> None:
    known = {
        ledger: {test for tests in chapters.values() for test in tests} for ledger, chapters in _collected().items()
    }
    for row in Table.read().rows:
        assert row.why
        assert row.source
        for test in row.tests:
            names = known[row.ledger]
            assert test in names or test in {name.partition("[")[0] for name in names}, f"{row.ledger}: {test}"


@pytest.mark.parametrize("name", sorted(LEDGERS))
def test_the_result_that_is_kept_is_that_of_this_suite(name: str) -> None:
    """Write it anew with `python -m pytest tests/conformance --write-results`."""
    kept = json.loads(results.FILE.read_text(encoding="utf-8"))["ledgers"][name]
    chapters = _collected()[name]
    assert sorted(kept) == sorted(chapters)
    for chapter, tests in chapters.items():
        counts = kept[chapter]
        assert (chapter, counts["tests"]) == (chapter, results.digest(tests))
        assert counts["passed"] + counts["skipped"] + counts["failed"] == len(tests)
        assert counts["skipped"] == sum(1 for test in tests if Table.read().row(name, test) is not None)
        assert counts["failed"] == 0
