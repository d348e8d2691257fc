"""Random deals of every region as documents: nothing is lost, in any mode, and what the ledger computes is known."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from documents_support import TARGETS, by_role, counted, record, sales_documents
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from dealbooks.deal import Deal, LifecycleEvent
from dealbooks.documents import Mode, Target, TaxDiffers, entries_of, ledger_tax
from dealbooks.money import minor_unit
from tests.strategies import deals

ordinary = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])

_ROUNDING = st.builds(
    Target,
    tax=st.just("computed"),
    amounts=st.sampled_from(["inclusive", "exclusive"]),
    rounding=st.sampled_from(["line", "document"]),
    rounding_mode=st.sampled_from(["half_up", "floor"]),
    taxes_on_top=st.just("lines"),
)


def _unwound(deal: Deal) -> Deal:
    return deal.model_copy(update={"lifecycle": (LifecycleEvent(at=date(2026, 4, 2), event="unwound"),)})


_POLICIES = st.fixed_dictionaries(
    {
        "fi_presentation": st.sampled_from(["gross", "net"]),
        "vat_period_starts": st.sampled_from([(), (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)]),
    }
)


@given(deals(), st.sampled_from(sorted(TARGETS)), st.booleans(), st.booleans(), _POLICIES)
@ordinary
def test_documents_make_exactly_the_entries(
    deal: Deal, name: str, unwound: bool, with_facts: bool, policies: dict[str, Any]
) -> None:
    assume(policies["fi_presentation"] == "gross" or deal.currency == deal.base_currency)
    early = [deposit.model_copy(update={"date": date(2026, 2, 20)}) for deposit in deal.deposits]
    deal = deal.model_copy(update={"deposits": tuple(early)})
    recorded = record(deal, _unwound(deal), **policies) if unwound else record(deal, **policies)
    sets = recorded.sets(TARGETS[name], with_facts=with_facts)
    got = {entry_id: counted(lines) for entry_id, lines in entries_of(sets).items()}
    assert got == {entry.entry_id: counted(entry.lines) for entry, _ in recorded.entries}
    sums = by_role(sets, deal.currency)
    assert sums.get("clearing.settlement", Decimal(0)) == 0
    for document in sales_documents(sets):
        assert document.total >= 0
    for one in sets:
        for fallback in one.fallbacks:
            assert fallback.reason and fallback.wanted is not fallback.used


@given(deals(), _ROUNDING)
@ordinary
def test_a_ledger_that_would_compute_another_tax_is_refused_by_its_difference(deal: Deal, target: Target) -> None:
    recorded = record(deal)
    entry_id = "sale-v1"
    document = sales_documents([recorded.documents(entry_id, Target(amounts=target.amounts, taxes_on_top="lines"))])[0]
    theirs = ledger_tax(document, target)
    posted = {tax.tax_code: tax.amount for tax in document.taxes}
    same = all(posted.get(code, 0) == amount for code, amount in theirs.codes.items())
    try:
        recorded.documents(entry_id, target)
    except TaxDiffers as refused:
        assert refused.difference == refused.theirs - refused.ours != 0
        assert abs(refused.difference) <= len(document.lines) * minor_unit(deal.currency)
        if not same:
            assert theirs.codes[refused.code] == refused.theirs
            assert posted.get(refused.code, 0) == refused.ours
        else:
            assert (target.rounding, target.amounts) == ("line", "inclusive")
    else:
        assert same


@given(deals(regions=("uk", "au", "nz")), st.booleans())
@ordinary
def test_a_carried_difference_leaves_the_books_and_the_total_as_they_are(deal: Deal, document_rounding: bool) -> None:
    rounding = "document" if document_rounding else "line"
    target = replace(TARGETS["A"], tax="computed", rounding=rounding, taxes_on_top="lines", carry_up_to=Decimal("0.05"))
    recorded = record(deal)
    stated = sales_documents([recorded.documents("sale-v1", Target(taxes_on_top="lines"))])[0]
    made = recorded.documents("sale-v1", target)
    document = sales_documents([made])[0]
    assert document.total == stated.total
    theirs = ledger_tax(document, target)
    assert {tax.tax_code: tax.amount for tax in document.taxes} == dict(theirs.codes)
    entry, _ = recorded.entry("sale-v1")
    assert counted(entries_of([made])["sale-v1"]) == counted(entry.lines)


@given(deals())
@ordinary
def test_settlements_are_on_the_invoice_or_it_says_why_not(deal: Deal) -> None:
    made = record(deal).documents("sale-v1", TARGETS["B"])
    document = sales_documents([made])[0]
    if made.mode is Mode.INVOICE_WITH_SETTLEMENTS:
        paid = sum((payment.amount for payment in deal.payments), Decimal(0))
        assert document.total == paid + deal.balance_due
    else:
        assert "exceed" in made.fallbacks[0].reason
        assert deal.balance_due < 0
