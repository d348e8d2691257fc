"""The history checker, on histories written by hand."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from sim_checker import Held, Paper, Source, Verdict, check, read_odoo

from sandbox.kit import Write, WriteLog

DAY = "2026-03-05"
SETTLES = frozenset({"1100"})
SALE = {"1100": Decimal("120.00"), "4010": Decimal("-100.00"), "2200": Decimal("-20.00")}
PAID = {"1200": Decimal("120.00"), "1100": Decimal("-120.00")}
SOURCE = Source(
    "UK-1", "C-1", tuple(((DAY, code), amount) for part in (SALE, PAID) for code, amount in part.items())
)  # fmt: skip


def paper(ref: str, postings: dict[str, Decimal], *, deal: str = "UK-1", kind: str = "Invoice") -> Paper:
    return Paper(kind, ref, DAY, postings, (f"Deal {deal}, sale", "abc"))


def judged(*papers: Paper, customers: tuple[tuple[str, ...], ...] = ()) -> list[Verdict]:
    return check(Held(papers, customers), [SOURCE], SETTLES)


def wrong(*papers: Paper) -> list[tuple[str, str]]:
    return [(verdict.deal, verdict.wrong) for verdict in judged(*papers)]


INVOICE, PAYMENT = paper("1", SALE), paper("2", PAID, kind="Payment")


def test_each_once_is_nothing_wrong() -> None:
    assert judged(INVOICE, PAYMENT) == []


@pytest.mark.parametrize("papers", [(), (INVOICE,), (PAYMENT,)])
def test_what_is_not_there_is_lost(papers: tuple[Paper, ...]) -> None:
    assert wrong(*papers) == [("UK-1", "lost")]


def test_the_same_document_twice_is_doubled() -> None:
    assert wrong(INVOICE, PAYMENT, paper("3", PAID, kind="Payment")) == [("UK-1", "doubled")]


def test_the_same_money_as_another_kind_of_document_is_doubled() -> None:
    assert wrong(INVOICE, PAYMENT, paper("3", PAID, kind="JournalEntry")) == [("UK-1", "doubled")]


def test_a_document_and_its_mirror_twice_are_doubled_although_the_sums_are_right() -> None:
    mirror = {code: -amount for code, amount in SALE.items()}
    more = [paper(ref, part) for ref, part in (("3", SALE), ("4", mirror))]
    assert wrong(INVOICE, PAYMENT, *more) == [("UK-1", "doubled")]


def test_another_amount_is_wrong_by_a_cent_too() -> None:
    off = {**SALE, "4010": Decimal("-99.99"), "2200": Decimal("-20.01")}
    assert wrong(paper("1", off), PAYMENT) == [("UK-1", "wrong amount")]


def test_another_account_or_another_day_is_no_posting_of_the_deal() -> None:
    assert wrong(paper("1", {**SALE, "4010": Decimal(0), "4000": Decimal("-100.00")}), PAYMENT) != []
    assert judged(Paper("Invoice", "1", "2026-03-06", SALE, ("UK-1",)), PAYMENT) != []


def test_a_document_of_no_deal_is_stray() -> None:
    assert wrong(INVOICE, PAYMENT, paper("9", SALE, deal="UK-12")) == [("no deal", "stray")]


def test_a_customer_who_is_there_twice_is_told() -> None:
    found = judged(INVOICE, PAYMENT, customers=(("Ann", "C-1"), ("Ann (C-1)",), ("Bob", "C-10")))
    assert [(verdict.deal, verdict.wrong) for verdict in found] == [("customer C-1", "doubled customer")]


def test_drafts_and_deleted_moves_of_odoo_do_not_count() -> None:
    log = WriteLog()

    def write(action: str, ref: str, state: str) -> None:
        lines: Any = tuple({"account_id": int(code), "balance": amount} for code, amount in SALE.items())
        move = {"move_type": "entry", "date": DAY, "state": state, "ref": "UK-1 sale-v1", "lines": lines}
        log.add(Write(datetime(2026, 9, 1, tzinfo=UTC), action, "account.move", ref, move))

    write("create", "1", "draft")
    write("post", "1", "posted")
    write("create", "2", "draft")
    write("post", "3", "posted")
    write("delete", "3", "posted")
    held = read_odoo(log, {code: code for code in SALE})
    assert [(one.ref, one.postings) for one in held.papers] == [("1", SALE)]
