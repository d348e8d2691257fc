"""Every golden case, to the minor unit (posting-rules.md section 9)."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from dealbooks.posting import case_expected

CASES = sorted(Path(__file__).parent.joinpath("cases").glob("*.json"))


def _lines(entry: dict[str, Any]) -> Counter[str]:
    return Counter(json.dumps(line, sort_keys=True) for line in entry["lines"])


def _head(entry: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in entry.items() if key != "lines"}


@pytest.fixture(params=CASES, ids=lambda path: path.stem)
def case(request: pytest.FixtureRequest) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(request.param.read_text(encoding="utf-8"))
    return data


def test_there_are_all_the_cases() -> None:
    assert len(CASES) == 24


def test_case_comes_out_as_expected(case: dict[str, Any]) -> None:
    got = case_expected(case["deal"], case.get("deal_amended"), case.get("scenario"))
    want = case["expected"]

    assert set(got) == set(want)
    for key in set(want) - {"entries"}:
        assert got[key] == want[key], key
    got_entries = {entry["entry_id"]: entry for entry in got["entries"]}
    want_entries = {entry["entry_id"]: entry for entry in want["entries"]}
    assert set(got_entries) == set(want_entries)
    assert len(got["entries"]) == len(want["entries"])
    for entry_id, entry in want_entries.items():
        assert _head(got_entries[entry_id]) == _head(entry)
        assert _lines(got_entries[entry_id]) == _lines(entry), entry_id


def test_plain_json_comes_out(case: dict[str, Any]) -> None:
    got = case_expected(case["deal"], case.get("deal_amended"), case.get("scenario"))
    assert json.loads(json.dumps(got)) == got
