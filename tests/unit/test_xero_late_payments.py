"""Payments that come to Xero after their sale was taken back: made once, whatever fails around them, and no credit note
that made way for one stays off the invoices."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
import xero_support
from sqlalchemy import select
from xero_support import Rig, postings_of

from dealbooks.errors import StopConnection
from dealbooks.ledger import Posting, PostingKey
from dealbooks.outbox import Drain
from dealbooks.store.tables import effects
from sandbox.kit import FaultPlan, SandboxTransport
from sandbox.kit.faults import Fault
from sandbox.xero import money

pytestmark = pytest.mark.long

Before = Callable[[httpx.Request], bool]


def again(request: httpx.Request) -> bool:
    """The payment, after the credit note was taken off."""
    return request.method == "PUT" and request.headers.get("idempotency-key", "").endswith("-2")


def taking_off(request: httpx.Request) -> bool:
    """The credit note is taken off the invoice."""
    return request.method == "DELETE"


class Line(SandboxTransport):
    """The network: it is cut at the first call that `at` names, for so many calls more. `lost`: that call is done, and
    its answer lost; `never`: it is not done."""

    at: Before = staticmethod(lambda request: False)
    how = "answered"
    down = 0
    calls = 0
    hits = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        kind = type(self)
        if kind.down and "/api.xro" in request.url.path:
            kind.down -= 1
            raise httpx.ConnectError("down", request=request)
        if kind.hits or not kind.at(request):
            return super().handle_request(request)
        kind.hits, kind.down = 1, kind.calls
        if kind.how == "never":
            raise httpx.ConnectError("down", request=request)
        response = super().handle_request(request)
        if kind.how == "lost":
            raise httpx.ReadTimeout("lost", request=request)
        return response


@pytest.fixture
def line(monkeypatch: pytest.MonkeyPatch) -> type[Line]:
    cut = type("Cut", (Line,), {})
    monkeypatch.setattr(xero_support, "SandboxTransport", cut)
    return cut


def late(folder: Path, amount: str, *, unwound: bool) -> Rig:
    """A sale that was posted and taken back, and a payment of it that has not got there."""
    plan = FaultPlan()
    rig = Rig(folder, faults=plan)
    sale, receipt, *later = postings_of("G14")
    lines = tuple(
        replace(each, amount=replace(each.amount, amount=Decimal(amount).copy_sign(each.amount.amount)))
        for each in receipt.entry.lines
    )
    rig.put(sale)
    assert rig.drain().clean
    rig.put(replace(receipt, entry=replace(receipt.entry, lines=lines)), *(later[:1] if unwound else later))
    plan.order([Fault.TIMEOUT_BEFORE])
    rig.drain()
    rig.clock.sleep(1000)
    return rig


def standing(rig: Rig, kind: str) -> list[Mapping[str, Any]]:
    return [doc for (each, _), doc in rig.sandbox.log.standing().items() if each == kind]


def payments(rig: Rig) -> list[Decimal]:
    return [doc["Amount"] for doc in standing(rig, "Payment") if "receipt-P1" in doc["Reference"]]


def open_notes_and_invoices(rig: Rig) -> tuple[Decimal, Decimal]:
    notes = sum((doc["RemainingCredit"] for doc in standing(rig, "CreditNote")), Decimal(0))
    return notes, sum((doc["AmountDue"] for doc in standing(rig, "Invoice")), Decimal(0))


def waiting(rig: Rig) -> dict[str, tuple[str, str]]:
    with rig.store.read() as conn:
        rows = conn.execute(select(effects).where(effects.c.state != "posted")).mappings()
        return {row["name"]: (row["state"], row["reason"]) for row in rows}


@pytest.mark.parametrize("at", [again, taking_off])
@pytest.mark.parametrize("how", ["answered", "lost", "never"])
@pytest.mark.parametrize(("amount", "unwound"), [("5000.00", True), ("5000.00", False), ("18000.00", False)])
def test_the_network_goes_down_around_a_late_payment_and_it_is_made_once(
    tmp_path: Path, line: type[Line], at: Before, how: str, amount: str, unwound: bool
) -> None:  # fmt: skip
    line.at, line.how, line.calls = staticmethod(at), how, 6
    rig = late(tmp_path, amount, unwound=unwound)
    for _ in range(12):
        try:
            if rig.drain().clean:
                break
        except StopConnection:
            pass
        if unwound:
            rig.ledger = rig.connected()  # as another process would
        rig.clock.sleep(1000)
    assert line.hits == 1
    assert waiting(rig) == {}
    assert payments(rig) == [Decimal(amount)]
    notes, invoices = open_notes_and_invoices(rig)
    assert min(notes, invoices) == 0, "credit notes are set against invoices as far as both go"
    assert notes - invoices == Decimal(amount) - (Decimal(0) if unwound else Decimal("17949.50"))


def test_a_late_payment_that_was_made_is_found_by_its_key(tmp_path: Path, line: type[Line]) -> None:
    line.at, line.how = staticmethod(again), "lost"
    rig = late(tmp_path, "5000.00", unwound=True)
    rig.drain()
    assert line.hits == 1
    assert (waiting(rig), payments(rig)) == ({}, [Decimal("5000.00")])


def test_a_search_that_lags_does_not_hide_the_credit_note_that_was_taken_off(tmp_path: Path, line: type[Line]) -> None:
    line.at, line.how = staticmethod(again), "lost"
    rig = late(tmp_path, "5000.00", unwound=True)
    assert rig.sandbox.faults is not None
    rig.sandbox.faults.order([Fault.LAGGING_SEARCH] * 60, "read")
    assert rig.drain().clean
    assert line.hits == 1
    assert rig.sandbox.faults.hits[Fault.LAGGING_SEARCH] >= 1
    assert open_notes_and_invoices(rig) == (Decimal("5000.00"), Decimal(0))


def test_a_process_that_ends_before_it_set_the_credit_note_back_leaves_that_to_the_next(
    tmp_path: Path, line: type[Line]
) -> None:
    class Killed(Exception):
        pass

    rig = late(tmp_path, "5000.00", unwound=True)

    def dies(request: httpx.Request) -> bool:
        if request.method == "GET" and payments(rig):
            raise Killed
        return False

    line.at = staticmethod(dies)
    with pytest.raises(Killed):
        rig.drain()
    line.at = staticmethod(lambda request: False)
    rig.ledger = rig.connected()
    assert rig.settled().clean
    assert payments(rig) == [Decimal("5000.00")]
    assert open_notes_and_invoices(rig) == (Decimal("5000.00"), Decimal(0))


def test_a_late_payment_that_is_refused_leaves_the_credit_note_where_it_was(tmp_path: Path) -> None:
    rig = late(tmp_path, "5000.00", unwound=True)
    rig.sandbox.hand.move_lock(period=date(2026, 3, 3))  # the payment is older, the credit note is not
    rig.drain()
    state, reason = waiting(rig)["payment"]
    assert (state, "closed in Xero" in reason) == ("refused", True)
    assert open_notes_and_invoices(rig) == (Decimal(0), Decimal(0))
    rig.sandbox.hand.move_lock()
    rig.clock.sleep(400)
    Drain(rig.store, "book", rig.ledger).send_refused_again("controller")
    assert rig.drain().clean
    assert open_notes_and_invoices(rig) == (Decimal("5000.00"), Decimal(0))


def test_a_payment_that_exceeds_its_invoice_takes_no_credit_note_off(tmp_path: Path, line: type[Line]) -> None:
    rig = late(tmp_path, "18000.01", unwound=True)
    line.at = staticmethod(taking_off)
    rig.drain()
    assert waiting(rig)["payment"][0] == "refused"
    assert line.hits == 0


@pytest.mark.parametrize(("deals", "made"), [(("US", "100"), True), (("100", "200"), False)])
def test_a_credit_note_is_paid_out_of_before_it_is_set_against_the_invoice_of_its_deal(
    tmp_path: Path, deals: tuple[str, str], made: bool
) -> None:  # fmt: skip
    plan = FaultPlan()
    rig = Rig(tmp_path, "us", faults=plan)
    sale, *_, unwind = (one for one in postings_of("G08") if one.entry.event.startswith("sale"))
    rig.put(sale, *_numbered([sale], "100"), *_numbered([sale], "200"))
    assert rig.drain().clean
    rig.put(unwind)
    plan.order([None, None, Fault.TIMEOUT_BEFORE])  # the credit note, the journal, and the payment out of the note
    rig.drain()
    assert set(waiting(rig)) == {"settlement", "allocation"}
    (note,) = standing(rig, "CreditNote")
    for invoice in standing(rig, "Invoice"):
        if invoice["InvoiceNumber"].startswith(deals):  # set against it by hand, or by a payment in doubt
            data = {
                "Amount": invoice["AmountDue"],
                "Date": "2026-12-01",
                "Invoice": {"InvoiceID": invoice["InvoiceID"]},
            }
            money.allocate(rig.sandbox.books, "CreditNote", note["CreditNoteID"], data)
            rig.sandbox.books.commit()
    rig.clock.sleep(1000)
    rig.drain()
    assert set(waiting(rig)) == (set() if made else {"settlement", "allocation"})
    held = [one["Amount"] for one in rig.sandbox.hand.see("CreditNote", note["CreditNoteID"])["Allocations"]]
    assert held == [Decimal("1978.62")] * (1 if made else 2), "what somebody set against another deal stays there"


def _numbered(postings: list[Posting], number: str) -> list[Posting]:
    def key(one: PostingKey | None) -> PostingKey | None:
        return None if one is None else replace(one, deal=f"D{number}")

    return [
        replace(one, key=replace(one.key, deal=f"D{number}"), deal_number=number, sale=key(one.sale),
                reverses=key(one.reverses))
        for one in postings
    ]  # fmt: skip


@pytest.mark.parametrize("other", ["100-1", "100 1", "1001"])
def test_a_deal_whose_number_begins_alike_keeps_its_credit_note(tmp_path: Path, other: str) -> None:
    rig = Rig(tmp_path, "us")
    for posting in _numbered(postings_of("G08")[:4], other) + _numbered(postings_of("G08"), "100"):
        rig.put(posting)
        assert rig.settled().clean, waiting(rig)
    left = {doc["CreditNoteNumber"].rsplit("-", 2)[0]: doc["RemainingCredit"] for doc in standing(rig, "CreditNote")}
    assert left == {other: Decimal("1978.62"), "100": Decimal(0)}


def test_what_a_late_payment_leaves_of_a_credit_note_is_not_set_against_a_deal_whose_number_begins_alike(
    tmp_path: Path,
) -> None:
    rig = Rig(tmp_path)
    sale, receipt, unwind, *_ = postings_of("G14")
    rig.put(*_numbered([sale], "100"), *_numbered([sale], "100-1"))
    rig.put(*_numbered([unwind], "100"))
    assert rig.settled().clean
    rig.put(*_numbered([receipt], "100"))
    assert rig.settled().clean, waiting(rig)
    (note,) = standing(rig, "CreditNote")
    assert note["RemainingCredit"] == payments(rig)[0]
    due = {doc["InvoiceNumber"].rsplit("-", 2)[0]: doc["AmountDue"] for doc in standing(rig, "Invoice")}
    assert due == {"100": Decimal(0), "100-1": Decimal("18000.00")}
