"""The report of a reconciliation: Markdown and CSV that cannot be turned into something else."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from pathlib import Path

import pytest
from reconcile_support import BOOK, SmallHouse, by_hand

from dealbooks.pipeline.reconcile import Reconciliation, reconcile
from dealbooks.reports import exceptions_csv, reconciliation_markdown, tie_out_csv
from dealbooks.store import Store


@pytest.fixture
def rec(sqlite_store: Store, tmp_path: Path) -> Reconciliation:
    house = SmallHouse(sqlite_store, tmp_path)
    house.take("G10")
    house.drain()
    amounts = {"receivable.customer": "5.00", "tax.output": "-5.00"}
    house.kept.listing.append(by_hand("=cmd|' /C calc'!A0", "2026-03-09", amounts, "a|b\n<script>"))
    return reconcile(house, BOOK, "2026-03")


def test_the_tie_out_adds_up_row_by_row(rec: Reconciliation) -> None:
    rows = list(csv.DictReader(io.StringIO(tie_out_csv(rec))))
    assert len(rows) == len(rec.totals)
    assert {row["difference"] for row in rows} >= {"0.00", "5.00", "-5.00"}
    assert all(not row["account"].startswith("=") for row in rows)


def test_a_text_that_a_spreadsheet_would_run_is_escaped_and_a_negative_amount_is_not(rec: Reconciliation) -> None:
    [row] = [row for row in csv.DictReader(io.StringIO(exceptions_csv(rec))) if row["class"].startswith("unexplained")]
    assert row["where"].startswith("'=cmd")
    names = ["+1", "-1", "@sum", "\tx", "=1"]
    totals = tuple(replace(rec.totals[0], account=name) for name in names)
    shown = list(csv.reader(io.StringIO(tie_out_csv(replace(rec, totals=totals)))))[1:]
    assert [line[0] for line in shown] == [f"'{name}" for name in names]
    assert any(cell.startswith("-") for line in csv.reader(io.StringIO(tie_out_csv(rec))) for cell in line)


def test_the_report_says_what_is_wrong_first_and_no_text_breaks_its_tables(rec: Reconciliation) -> None:
    text = reconciliation_markdown(rec)
    assert "Not agreed: 1 difference." in text
    assert text.index("## Differences") < text.index("## Tie-out by account")
    assert "<script>" not in text
    assert "a|b" not in text
    assert text == reconciliation_markdown(rec)
