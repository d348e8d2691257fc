"""Calls that need not be made: reads of a batch together, customers looked up once. Nothing is believed for it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import fakes
import pytest
import sim_deals
import xero_support
from fakes import FakeLedger, posting
from quickbooks_support import Kept, connect
from sqlalchemy import select

from dealbooks.ledger import Outcome, Posting, Request
from dealbooks.outbox import Drain, Planned, enqueue
from dealbooks.store import Store
from dealbooks.store.schema import ensure
from dealbooks.store.tables import effects, exchanges
from sandbox.kit import Fault, FaultPlan

DEALS = 6


def deals(names: int = DEALS) -> list[Posting]:
    """Sales with their receipts: six deals, six people, of whom some may have one name."""
    found: list[Posting] = []
    for number in range(1, DEALS + 1):
        case = sim_deals.case_of("G11", number, number, f"Gwen Prothero {number % names}")
        found += sim_deals.postings_of(json.dumps({"deal": case["deal"]}))
    return found


def planned(kept: Kept, postings: list[Posting]) -> None:
    made = [Planned(one, kept.ledger.effects(one)) for one in on_book(postings, kept.book.name)]
    with kept.store.transaction("test", "enqueue") as tx:
        enqueue(tx, kept.ledger, made)


def said(store: Store) -> Counter[str]:
    """Calls since the lists were looked up, by what they were."""
    with store.read() as conn:
        told = conn.execute(select(exchanges.c.what).where(exchanges.c.status == 200)).scalars()
        return Counter(" ".join(what.split()[:2]) for what in told)


def states(store: Store) -> Counter[str]:
    with store.read() as conn:
        return Counter(conn.execute(select(effects.c.state)).scalars())


def quickbooks(tmp_path: Path, faults: FaultPlan | None = None) -> Kept:
    case = sim_deals.case_of("G11", 1, 1)
    return connect(tmp_path, "uk", entity=case["deal"]["legal_entity"], faults=faults)


def drain(kept: Kept) -> None:
    Drain(kept.store, kept.book.name, kept.ledger).run()


def on_book(postings: list[Posting], book: str) -> list[Posting]:
    return [
        replace(
            one,
            key=replace(one.key, book=book),
            sale=replace(one.sale, book=book) if one.sale else None,
            reverses=replace(one.reverses, book=book) if one.reverses else None,
        )
        for one in postings
    ]


def test_quickbooks_is_asked_once_for_a_batch(tmp_path: Path) -> None:
    kept = quickbooks(tmp_path)
    planned(kept, deals())
    drain(kept)
    calls = said(kept.store)
    assert set(states(kept.store)) == {"posted"}
    assert calls["create customer"] == DEALS
    # Before they are made, and when they are read back; nobody is read by himself.
    assert calls["list Customer"] <= 3
    assert not [what for what in calls if what.startswith("read ") and what.split()[1] in ("Customer", "SalesReceipt")]


def test_what_a_query_of_quickbooks_does_not_show_is_read_by_itself(tmp_path: Path) -> None:
    plan = FaultPlan()
    kept = quickbooks(tmp_path, plan)
    planned(kept, deals())
    # The look-up of the customers; then the first query that reads back lags and shows none of what was just made.
    plan.order([None, Fault.LAGGING_SEARCH], "read")
    drain(kept)
    assert plan.hits[Fault.LAGGING_SEARCH] == 1
    assert set(states(kept.store)) == {"posted"}
    assert sum(number for what, number in said(kept.store).items() if what.startswith("read ")) >= DEALS


def test_people_of_one_name_in_one_batch_are_kept_apart_in_quickbooks(tmp_path: Path) -> None:
    kept = quickbooks(tmp_path)
    planned(kept, deals(names=1))
    drain(kept)
    assert set(states(kept.store)) == {"posted"}
    assert len(kept.company.tables["Customer"]) == DEALS


def test_answers_that_were_lost_are_looked_up_together_in_quickbooks(tmp_path: Path) -> None:
    plan = FaultPlan()
    kept = quickbooks(tmp_path, plan)
    planned(kept, deals())
    plan.order([None] * (2 * DEALS) + [Fault.RESET] * DEALS)
    for _ in range(3):
        drain(kept)
        kept.clock.sleep(5)
    assert plan.hits[Fault.RESET] == DEALS
    assert set(states(kept.store)) == {"posted"}
    documents = sum(len(kept.company.tables[kind]) for kind in ("SalesReceipt", "JournalEntry", "Payment", "Invoice"))
    assert documents == len({write.key for write in kept.sandbox.log.writes if write.kind != "Customer"})


def test_xero_is_asked_once_for_a_batch(tmp_path: Path) -> None:
    rig = xero_support.Rig(tmp_path)
    rig.put(*deals())
    assert rig.drain().clean
    calls = said(rig.store)
    assert calls["create the"] >= 4 * DEALS
    assert calls["list Contacts"] <= 3
    assert calls["list Invoices"] <= 2
    assert not [what for what in calls if what.startswith(("read Contacts", "read Invoices", "read ManualJournals"))]


@pytest.mark.parametrize("resource", ["Contacts", "Invoices", "ManualJournals", "Payments"])
def test_what_a_list_of_xero_does_not_show_is_read_by_itself(tmp_path: Path, resource: str) -> None:
    rig = xero_support.Rig(tmp_path)
    rig.put(*deals())
    reads = rig.ledger._reads
    whole = reads._whole
    reads._whole = lambda asked, params: None if asked == resource else whole(asked, params)  # type: ignore[method-assign]
    assert rig.drain().clean, "a filter that is not taken costs calls, and nothing else"
    assert said(rig.store)[f"read {resource}"] >= DEALS


def test_a_contact_that_is_known_is_read_back_and_not_looked_for_again(tmp_path: Path) -> None:
    rig = xero_support.Rig(tmp_path)
    first, second = (sim_deals.case_of("G11", number, 1) for number in (1, 2))
    rig.put(*sim_deals.postings_of(json.dumps({"deal": first["deal"]})))
    assert rig.drain().clean
    before = said(rig.store)
    rig.put(*sim_deals.postings_of(json.dumps({"deal": second["deal"]})))
    assert rig.drain().clean
    after = said(rig.store)
    assert after["list Contacts"] == before["list Contacts"]
    assert after["read Contacts"] == before["read Contacts"] + 1


def test_what_one_effect_has_made_several_find_in_one_batch(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path / 'store.db'}")
    ensure(store)
    ledger = FakeLedger(subject="party:LENDER")
    sent: list[list[str]] = []
    original = ledger.send

    def counting(requests: Sequence[Request]) -> list[Outcome]:
        sent.append([one.subject for one in requests])
        return original(requests)

    ledger.send = counting  # type: ignore[method-assign]
    with store.transaction("test", "enqueue") as tx:
        enqueue(tx, ledger, fakes.planned(ledger, *(posting(f"D{number}") for number in range(5))))
    assert Drain(store, "northgate", ledger).run().clean
    assert sent == [["party:LENDER"], ["party:LENDER"] * 4], "the first alone, since nobody knows whether it is there"
