"""Every golden case in every mode: documents and journals together make exactly the entries."""

from __future__ import annotations

import json
from collections import defaultdict
from decimal import Decimal
from functools import lru_cache
from pathlib import Path

import pytest
from documents_support import CASES, TARGETS, Recorded, by_role, counted, recorded_case, sales_documents

from dealbooks.documents import DocumentKind, DocumentSet, Journal, Mode, MoneyDocument, entries_of

Both = tuple[list[DocumentSet], list[DocumentSet]]


@lru_cache(maxsize=64)
def recorded_of(path: Path) -> Recorded:
    return recorded_case(path)


@pytest.fixture(params=CASES, ids=lambda path: path.stem)
def recorded(request: pytest.FixtureRequest) -> Recorded:
    return recorded_of(request.param)


@pytest.fixture(params=TARGETS)
def target_name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def both(recorded: Recorded, target_name: str) -> Both:
    """With the recorded facts, and from the entries alone."""
    target = TARGETS[target_name]
    return recorded.sets(target), recorded.sets(target, with_facts=False)


def test_documents_and_journals_make_exactly_the_entries(recorded: Recorded, both: Both) -> None:
    for sets in both:
        got = {entry_id: counted(lines) for entry_id, lines in entries_of(sets).items()}
        assert got == {entry.entry_id: counted(entry.lines) for entry, _ in recorded.entries}


def test_clearing_ends_at_zero_and_the_customer_at_the_balance_due(
    recorded: Recorded, both: Both, target_name: str
) -> None:
    deal = recorded.deal
    for sets in both:
        sums = by_role(sets, deal.currency)
        assert sums.get("clearing.settlement", Decimal(0)) == 0
        assert sums["receivable.customer"] == deal.balance_due
        if "clearing" in target_name:
            journals = [one for item in sets for one in item.documents if isinstance(one, Journal)]
            assert all(line.role != "receivable.customer" for journal in journals for line in journal.lines)


def test_each_document_is_what_the_customer_is_charged(recorded: Recorded, both: Both) -> None:
    entries = {entry.entry_id: entry for entry, _ in recorded.entries}
    for one in [*both[0], *both[1]]:
        for document in sales_documents([one]):
            entry = entries[document.entry_id]
            sign = -1 if document.kind is DocumentKind.CREDIT_NOTE else 1
            parts = {"invoice"} if one.mode is Mode.INVOICE_AND_JOURNAL else {"invoice", "trade", "deposit", "rebate"}
            parts |= set() if one.mode is Mode.INVOICE_AND_JOURNAL else {"finance"}
            charged = sum(
                (x.amount.amount for x in entry.lines if x.role == "receivable.customer" and x.part in parts),
                Decimal(0),
            )
            added = sum((x.net for x in document.lines if x.part == "settlement"), Decimal(0))
            assert document.total == charged * sign + added
            on_top = sum((tax.amount for tax in document.taxes if tax.on_top), Decimal(0))
            assert sum((line.gross for line in document.lines), Decimal(0)) + on_top == document.total
            assert document.customer == recorded.deal.billed_to
            assert document.total >= 0


def test_journals_and_payments_balance_and_have_names_of_their_own(both: Both) -> None:
    for one in [*both[0], *both[1]]:
        assert one.documents or one.covered_by
        assert len({document.name for document in one.documents}) == len(one.documents)
        for document in one.documents:
            if isinstance(document, Journal):
                lines = document.lines
            elif isinstance(document, MoneyDocument):
                lines = (document.money, *document.lines)
                assert document.applied <= document.amount
            else:
                continue
            balance: dict[str, Decimal] = defaultdict(Decimal)
            for line in lines:
                balance["amount"] += line.amount.amount
                balance["base"] += line.base.amount if line.base is not None else 0
            assert not any(balance.values()), (one.entry_id, document.name)


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_the_invoice_shows_what_the_case_expects(path: Path) -> None:
    expected = json.loads(path.read_text(encoding="utf-8"))["expected"]["invoice"]
    recorded = recorded_of(path)
    version = recorded.deal.deal_version
    document = sales_documents([recorded.documents(f"sale-v{version}", TARGETS["A"])])[0]
    assert (document.customer, document.total) == (expected["bill_to"], Decimal(expected["gross_total"]))
    assert document.tax_total == Decimal(expected["tax_total_shown"])
    shown: dict[str, list[Decimal]] = defaultdict(lambda: [Decimal(0)] * 2)
    for line in document.lines:
        if line.line_id:
            shown[line.line_id] = [a + b for a, b in zip(shown[line.line_id], (line.net, line.tax), strict=True)]
    assert shown == {line["line_id"]: [Decimal(line["net"]), Decimal(line["tax"])] for line in expected["lines"]}
