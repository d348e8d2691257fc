"""Reconciling a book: entries of the store against what the ledger lists."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from reconcile_support import BOOK, UK_MARCH, SmallHouse, by_hand, key_of, nudged
from sqlalchemy import select

from dealbooks.errors import UsageError
from dealbooks.ledger import Verdict
from dealbooks.pipeline.reconcile import Reconciliation, reconcile
from dealbooks.store import Store
from dealbooks.store.tables import deals, effects, entries

PERIOD = "2026-03"
# What the golden deals leave open at the end of the month, and nobody planted.
OPEN = {"cit_unpaid", "payoff_late", "customer_balance"}


@pytest.fixture
def house(sqlite_store: Store, tmp_path: Path) -> SmallHouse:
    made = SmallHouse(sqlite_store, tmp_path / "var")
    for name in UK_MARCH:
        made.take(name)
    made.drain()
    return made


def planted(rec: Reconciliation) -> list[tuple[str, str]]:
    return sorted((found.code, found.deal) for found in rec.exceptions if found.code not in OPEN)


def number(house: SmallHouse, name: str) -> str:
    with house.store.read() as conn:
        return conn.execute(select(deals.c.deal_number).where(deals.c.id == name)).scalar_one()


def place_of(house: SmallHouse, name: str, entry_id: str = "sale-v1") -> int:
    return next(i for i, record in enumerate(house.kept.listing) if record.key == key_of(name, entry_id))


def test_a_month_that_agrees(house: SmallHouse) -> None:
    rec = reconcile(house, BOOK, PERIOD)
    assert planted(rec) == []
    assert (rec.agreed, rec.cut_off, rec.problems) == (True, (), ())
    assert rec.counts["matched"] == rec.counts["entries"] == rec.counts["records"] == len(house.kept.listing)
    assert all(row.difference == 0 for row in rec.totals)
    assert all(ours == theirs for ours, theirs in rec.units.values())
    assert sum(theirs for _, theirs in rec.units.values()) == len(UK_MARCH)
    assert json.loads(json.dumps(rec.as_json()))["agreed"] is True


def test_reconciling_changes_nothing_and_gives_the_same_bytes_again(house: SmallHouse) -> None:
    house.kept.listing.pop(place_of(house, "G10"))
    first = json.dumps(reconcile(house, BOOK, PERIOD).as_json())
    house.kept.listing.reverse()
    house.day = date(2026, 6, 30)
    assert json.dumps(reconcile(house, BOOK, PERIOD).as_json()) == first


def test_each_planted_difference_is_named_once(house: SmallHouse) -> None:
    listing = house.kept.listing
    at = place_of(house, "G09")
    listing[at] = nudged(listing[at])
    at = place_of(house, "G11")
    listing.append(replace(listing[at], ref="copy"))
    at = place_of(house, "G12")
    listing[at] = replace(
        listing[at],
        lines=tuple(replace(one, dimensions={**one.dimensions, "location": "HULL"}) for one in listing[at].lines),
    )
    listing.pop(place_of(house, "G10"))
    listing.append(by_hand("hand", "2026-03-09", {"receivable.customer": "5.00", "tax.output": "-5.00"}))
    rec = reconcile(house, BOOK, PERIOD)
    assert planted(rec) == sorted([
        ("edited_after_posting", number(house, "G09")), ("deleted_in_ledger", number(house, "G10")),
        ("duplicate", number(house, "G11")), ("wrong_location", number(house, "G12")),
        ("unexplained_ledger_entry", ""),
    ])  # fmt: skip
    assert not rec.agreed
    shown = {found.code: found for found in rec.exceptions}
    assert abs(shown["edited_after_posting"].difference) == Decimal("0.01")
    assert {row.account for row in rec.totals if row.difference}
    assert all(row.explained_by for row in rec.totals if row.difference)


def test_a_document_that_was_moved_to_another_month_is_named_in_both_and_never_deleted(house: SmallHouse) -> None:
    at = place_of(house, "G10", "receipt-P1")
    house.kept.listing[at] = replace(house.kept.listing[at], date=date(2026, 4, 2))
    assert planted(reconcile(house, BOOK, PERIOD)) == [("wrong_period", number(house, "G10"))]
    april = reconcile(house, BOOK, "2026-04")
    assert planted(april) == [("wrong_period", number(house, "G10"))]
    assert any(row.difference for row in april.totals)


def test_what_is_not_sent_yet_is_cut_off_and_no_exception(house: SmallHouse) -> None:
    house.take("G17")
    rec = reconcile(house, BOOK, PERIOD)
    assert [(item.kind, item.deal_id) for item in rec.cut_off] == [("planned", "G17")]
    assert planted(rec) == []
    assert not rec.agreed
    house.drain()
    assert reconcile(house, BOOK, PERIOD).cut_off == ()


def test_a_refused_deal_is_named_with_its_reason(sqlite_store: Store, tmp_path: Path) -> None:
    house = SmallHouse(sqlite_store, tmp_path)
    house.kept.script = {"*": [Verdict.REFUSED]}
    house.take("G11")
    house.drain()
    [item] = reconcile(house, BOOK, PERIOD).cut_off
    assert item.kind == "refused"
    assert "It said refused" in item.what
    assert not item.may_be_carried


def test_what_a_crash_left_in_doubt_and_the_ledger_shows_is_not_taken_for_a_stranger(house: SmallHouse) -> None:
    house.kept.script = {"*": ["committed, then lost"] * 2}
    house.take("G17")
    with house.store.read() as conn:
        house.kept.hidden = {row.id for row in conn.execute(select(effects).where(effects.c.deal_id == "G17"))}
    house.drain()
    rec = reconcile(house, BOOK, PERIOD)
    assert planted(rec) == []
    assert [(item.kind, item.deal_id) for item in rec.cut_off] == [("unknown", "G17")]
    assert rec.counts["matched"] == len(house.kept.listing)


def test_a_disputed_document_is_named_once(sqlite_store: Store, tmp_path: Path) -> None:
    house = SmallHouse(sqlite_store, tmp_path)
    house.take("G11", only=["sale-v1"])
    with sqlite_store.read() as conn:
        effect = conn.execute(select(effects.c.id)).scalar_one()
    house.kept.altered = {effect: "1.00"}
    house.drain()
    house.kept.listing[0] = nudged(house.kept.listing[0])
    rec = reconcile(house, BOOK, PERIOD)
    assert [found.code for found in rec.exceptions if found.code not in OPEN] == ["amount_mismatch"]
    assert rec.cut_off == ()


def test_rows_in_quarantine_belong_to_the_period_of_their_date(house: SmallHouse) -> None:
    for place, day in enumerate(["2026-03-30", "2026-04-01", "no date"], start=1):
        quarantine(house, place, {"delivery_date": day})
    rec = reconcile(house, BOOK, PERIOD)
    assert [(item.kind, item.deal) for item in rec.cut_off] == [("quarantined", "Q1"), ("quarantined", "Q3")]
    assert "VIN is too short" in rec.cut_off[0].what


def quarantine(house: SmallHouse, place: int, data: dict[str, str]) -> None:
    body = json.dumps({"data": data})
    with house.store.transaction("test", "quarantine") as tx:
        tx.insert("inbox", [{
            "id": 1000 + place, "source": "drop", "dedupe_key": f"k{place}", "kind": "deal", "natural_key": f"n{place}",
            "content_hash": "", "revision": "", "action": "post", "state": "quarantined", "batch_id": None,
            "file_id": None, "place": "", "body": body, "body_hash": "", "deal_id": None, "version": None, "note": "",
            "received_at": tx.at,
        }])  # fmt: skip
        tx.insert("quarantine", [{
            "id": place, "inbox_id": 1000 + place, "source": "drop", "natural_key": f"n{place}", "content_hash": "",
            "book": BOOK, "state": "open", "deal_number": f"Q{place}", "place": "",
            "reasons": json.dumps([{"message": "VIN is too short"}]), "opened_at": tx.at, "closed_at": None,
            "closed_by": "",
        }])  # fmt: skip


def test_an_amendment_agrees_and_a_reversal_alone_is_named(sqlite_store: Store, tmp_path: Path) -> None:
    house = SmallHouse(sqlite_store, tmp_path)
    house.take("G14")
    house.drain()
    assert planted(reconcile(house, BOOK, "2026-02")) == []
    assert planted(reconcile(house, BOOK, PERIOD)) == []
    with sqlite_store.transaction("test", "take the new version away") as tx:
        rows = tx.rows(select(entries).where(entries.c.entry_id == "sale-v2"))
        tx.update("entries", rows, state="superseded")
    house.kept.listing = [record for record in house.kept.listing if record.key != key_of("G14", "sale-v2")]
    assert [code for code, _ in planted(reconcile(house, BOOK, PERIOD))] == ["reversed_without_repost"]


def test_a_deal_that_counts_as_posted_without_entries_is_missing(house: SmallHouse) -> None:
    with house.store.transaction("test", "lose") as tx:
        row = tx.rows(select(deals).where(deals.c.id == "G10"))[0]
        tx.insert("deals", [row | {"id": "LOST", "deal_number": "L-1", "stock_no": "L1", "vin": "L"}])
    assert planted(reconcile(house, BOOK, PERIOD)) == [("missing_in_ledger", "L-1")]


def test_a_ledger_that_complains_does_not_agree(house: SmallHouse) -> None:
    house.kept.complaints = ["main.beancount, line 3: an account is not open."]
    rec = reconcile(house, BOOK, PERIOD)
    assert not rec.agreed
    assert rec.problems == ("main.beancount, line 3: an account is not open.",)


def test_a_period_is_written_as_year_and_month(house: SmallHouse) -> None:
    with pytest.raises(UsageError):
        reconcile(house, BOOK, "March")


def test_records_that_share_a_reference_are_told_apart(house: SmallHouse) -> None:
    for amount in ("5.00", "6.00"):
        amounts = {"receivable.customer": amount, "tax.output": f"-{amount}"}
        house.kept.listing.append(by_hand("main.beancount:7", "2026-03-09", amounts))
    rec = reconcile(house, BOOK, PERIOD)
    assert sorted(found.difference for found in rec.exceptions if found.code == "unexplained_ledger_entry") == [
        Decimal("5.00"),
        Decimal("6.00"),
    ]
