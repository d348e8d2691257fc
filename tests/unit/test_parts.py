"""What single documents tell has one class, whether a close finds it or the drift watch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from reconcile_support import BOOK, POLICY, UK_MARCH, SmallHouse, expected_of, key_of, nudged, record_of, sale_of

from dealbooks.drift.sides import judged, sides_of
from dealbooks.ledger import Record
from dealbooks.pipeline.parts import told_by_documents
from dealbooks.pipeline.reconcile import reconcile
from dealbooks.reconcile import Expected, match
from dealbooks.reconcile.byhand import Standing
from dealbooks.store import Store

# What the golden deals leave open at the end of the month, and nobody planted.
OPEN = {"cit_unpaid", "payoff_late", "customer_balance"}


@dataclass
class Asked:
    """A ledger that is asked for single documents."""

    there: Mapping[str, Record | None]
    asked: list[str] = field(default_factory=list)

    def listed(self, refs: Sequence[str]) -> Mapping[str, Record | None]:
        self.asked += refs
        return {ref: self.there.get(ref) for ref in refs}

    def read(self, refs: Sequence[str]) -> list[Any]:
        return []


def two_documents() -> tuple[Expected, Record, Record]:
    """A sale that has an invoice and a journal."""
    item = replace(sale_of(expected_of("G10"), "G10"), refs=("Invoice/1", "Journal/2"))
    whole = record_of(item)
    half = len(whole.lines) // 2
    return (
        item,
        replace(whole, ref="Invoice/1", lines=whole.lines[:half]),
        replace(whole, ref="Journal/2", lines=whole.lines[half:]),
    )


def both(item: Expected, records: Sequence[Record], there: Mapping[str, Record | None]) -> tuple[list[Any], list[Any]]:
    """(class, what) that a close finds, and that the drift watch finds."""
    ledger: Any = Asked(there)
    marked = [replace(one, key=one.key or item.key) for one in records]
    bare = {one.ref for one in records if not one.key}
    closed = told_by_documents(match([item], marked, POLICY, Standing()), [item], marked, bare, ledger, POLICY)
    owners = dict.fromkeys((item.key, *item.refs), item.key)
    gone = [ref for ref, record in there.items() if record is None]
    more = [record for record in there.values() if record is not None]
    drifted = judged(sides_of([item], [*records, *more], owners), gone, POLICY)
    return [(one.code, one.what) for one in closed.exceptions], [(one.code, one.what) for one in drifted]


@pytest.mark.parametrize(
    ("code", "words"), [("deleted_in_ledger", "Journal/2, part of"), ("voided_in_ledger", "Journal/2, part of")]
)
def test_one_of_several_documents_that_is_gone_has_one_class(code: str, words: str) -> None:
    item, invoice, journal = two_documents()
    there = {"Journal/2": None if code == "deleted_in_ledger" else replace(journal, lines=())}
    closed, drifted = both(item, [invoice], there)
    assert closed == drifted
    [(found, what)] = closed
    assert found == code
    assert words in what


def test_a_mark_that_was_taken_out_has_one_class() -> None:
    item, invoice, journal = two_documents()
    closed, drifted = both(item, [invoice, replace(journal, key="")], {})
    assert closed == drifted
    [(found, what)] = closed
    assert found == "edited_after_posting"
    assert "our reference was taken out of Journal/2" in what


def test_the_ledger_is_asked_only_for_what_is_in_doubt() -> None:
    item, invoice, journal = two_documents()
    ledger: Any = Asked({})
    for records in ([invoice, journal], [invoice, nudged(journal)]):
        result = match([item], records, POLICY, Standing())
        told = told_by_documents(result, [item], records, (), ledger, POLICY)
        assert told.exceptions == result.exceptions
    assert ledger.asked == []


def test_a_month_in_which_marks_were_taken_out_still_adds_up(sqlite_store: Store, tmp_path: Path) -> None:
    house = SmallHouse(sqlite_store, tmp_path / "var")
    for name in UK_MARCH:
        house.take(name)
    house.drain()
    for at, record in enumerate(house.kept.listing):
        if record.key in (key_of("G10", "sale-v1"), key_of("G09", "sale-v1")):
            house.kept.listing[at] = replace(record, key="")
    rec = reconcile(house, BOOK, "2026-03")
    assert [one.code for one in rec.exceptions if one.code not in OPEN] == ["edited_after_posting"] * 2
    assert all(row.difference == 0 for row in rec.totals)
