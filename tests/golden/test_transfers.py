"""Two cases worked by hand: a car from another legal entity of the group, one with the other entity's books closed."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from dealbooks.cli.app import app
from dealbooks.posting import case_expected

CASES = sorted(Path(__file__).parent.joinpath("transfers").glob("*.json"))


def _lines(entry: dict[str, Any]) -> Counter[str]:
    return Counter(json.dumps(line, sort_keys=True) for line in entry["lines"])


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_a_transfer_between_two_books_comes_out_as_worked_by_hand(path: Path) -> None:
    case = json.loads(path.read_text(encoding="utf-8"))
    got, want = case_expected(case["deal"], None, case.get("scenario")), case["expected"]
    assert set(got) == set(want)
    for key in set(want) - {"entries"}:
        assert got[key] == want[key], key
    assert [one["entry_id"] for one in got["entries"]] == [one["entry_id"] for one in want["entries"]]
    for ours, theirs in zip(got["entries"], want["entries"], strict=True):
        assert ours | {"lines": []} == theirs | {"lines": []}
        assert _lines(ours) == _lines(theirs), ours["entry_id"]
    shown = CliRunner().invoke(app, ["plan", "--case", str(path), "--json"])
    assert json.loads(shown.stdout) == got


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_each_ledger_balances_and_the_two_mirror_each_other(path: Path) -> None:
    balances = json.loads(path.read_text(encoding="utf-8"))["expected"]["closing_balances"]
    cents = {name: {role: int(text.replace(".", "")) for role, text in book.items()} for name, book in balances.items()}
    assert all(sum(book.values()) == 0 for book in cents.values())
    owed = [amount for book in cents.values() for role, amount in book.items() if role.endswith(".intercompany")]
    assert len(owed) == 2
    assert sum(owed) == 0
