"""What holds for every deal: balance, settlement, mirrors, splits, closed periods."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dealbooks.book import Book, Locks, Policies
from dealbooks.charts import load_chart
from dealbooks.deal import Deal, LifecycleEvent, Refund
from dealbooks.entries import Entry
from dealbooks.posting import History, Posted, explain, post_deal
from dealbooks.posting.commission import plan_amount
from tests.strategies import REGIONS, deals

ordinary = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
BASE_REGIONS = tuple(region for region in REGIONS if region != "uk_export")

# Dimensions beside location and department; every other role has the stock number (posting-rules.md section 1).
DIMENSIONS = {
    "receivable.customer": {"party", "stock_no"}, "receivable.manufacturer": {"party", "stock_no"},
    "receivable.contracts_in_transit": {"party", "stock_no"}, "receivable.finance_company": {"party", "stock_no"},
    "receivable.finance_reserve": {"party", "stock_no"}, "payable.trade_payoff": {"party", "stock_no"},
    "payable.customer_deposits": {"party", "receipt"}, "payable.customer_refund": {"party"},
    "payable.government_fees": {"party"}, "payable.lessor": {"party"}, "payable.fi_provider": {"party"},
    "cash.undeposited": {"method"}, "cash.bank": {"method"}, "payable.commission": {"person"},
    "expense.commission_sales": {"person"}, "expense.commission_finance": {"person"},
    "expense.commission_manager": {"person"}, "sales.accessories": {"product"}, "income.doc_fee": {"product"},
    "income.admin_fee": {"product"}, "income.fi_products": {"product"}, "income.insurance_commission": {"product"},
    "cost_of_sales.accessories": {"product"}, "cost_of_sales.fi_products": {"product"}, "inventory.parts": {"product"},
    "tax.output": set(), "tax.margin": set(), "tax.lct": set(), "payable.sales_tax": set(),
    "rounding.difference": set(), "fx.rounding": set(), "fx.realised": set(), "income.chargebacks": set(),
    "liability.chargeback_reserve": set(),
}  # fmt: skip


def book_of(deal: Deal, fi_presentation: str = "gross") -> Book:
    policies = Policies.model_validate({"fi_presentation": fi_presentation})
    return Book("book", deal.legal_entity, deal.base_currency, "us", None, policies)


def post(deal: Deal, *entries: Entry, closed: date | None = None) -> Posted:
    return post_deal(deal, book=book_of(deal), history=History.of(entries), locks=Locks(closed))


def by_role(entries: Iterable[Entry]) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for entry in entries:
        for line in entry.lines:
            sums[f"{line.role} {entry.currency}"] += line.amount.amount
            sums[f"{line.role} base"] += (line.base or line.amount).amount
    return {role: amount for role, amount in sums.items() if amount}


def assert_balanced(entry: Entry) -> None:
    parts: dict[str, Decimal] = defaultdict(Decimal)
    base = Decimal(0)
    for line in entry.lines:
        assert line.amount or (line.base is not None and line.role in ("fx.rounding", "fx.realised"))
        assert line.amount.currency == entry.currency
        parts["part " + line.part] += line.amount.amount
        parts["location " + line.dimensions["location"]] += line.amount.amount
        if entry.base_currency is not None:
            assert line.base is not None and line.base.currency == entry.base_currency
            base += line.base.amount
    assert not any(parts.values()), (entry.entry_id, dict(parts))
    assert base == 0
    assert entry.total_debit == entry.total_credit


@given(deals())
@ordinary
def test_every_entry_part_and_location_balances(deal: Deal) -> None:
    posted = post(deal)
    assert posted.entries
    for entry in posted.entries:
        assert_balanced(entry)


@given(deals())
@ordinary
def test_lines_are_merged_and_carry_exactly_their_dimensions(deal: Deal) -> None:
    for entry in post(deal).entries:
        keys = [(x.part, x.role, x.tax_code, tuple(sorted(x.dimensions.items()))) for x in entry.lines]
        assert len(keys) == len(set(keys))
        for line in entry.lines:
            want = DIMENSIONS.get(line.role, {"stock_no"}) | {"location", "department"}
            want = want | {"product"} if (line.part, line.role) == ("fi_cost", "payable.fi_provider") else want
            assert set(line.dimensions) == want, line


@given(deals())
@ordinary
def test_the_customers_account_ends_at_balance_due(deal: Deal) -> None:
    closing = by_role(post(deal).entries)
    assert closing.get(f"receivable.customer {deal.currency}", Decimal(0)) == deal.balance_due
    if deal.currency != deal.base_currency and deal.balance_due == 0:
        assert "receivable.customer base" not in closing
    assert not any(role.startswith(("payable.customer_deposits", "interbranch.clearing")) for role in closing)


@given(deals())
@ordinary
def test_the_same_deal_again_changes_nothing(deal: Deal) -> None:
    first = post(deal)
    again = post(deal, *first.entries)
    assert again.new == ()
    assert again.entries == first.entries == first.new
    assert again.as_expected() == first.as_expected()


@given(deals(BASE_REGIONS), st.integers(1, 500))
@ordinary
def test_amended_and_amended_back_nets_to_the_first_version(deal: Deal, more: int) -> None:
    first = post(deal)
    car = deal.lines[0].model_copy(update={"unit_price": deal.lines[0].unit_price + more})
    changed = {"deal_version": 2, "amended_at": date(2026, 3, 20), "lines": (car, *deal.lines[1:])}
    second = post(deal.model_copy(update=changed), *first.entries)
    third = post(deal.model_copy(update={"deal_version": 3, "amended_at": date(2026, 3, 25)}), *second.entries)

    assert {entry.entry_id for entry in third.new} == {"reversal-v2", "sale-v3"}
    assert by_role(third.entries) == by_role(first.entries)
    assert all(entry in third.entries for entry in (*first.entries, *second.entries))


@given(deals())
@ordinary
def test_unwound_leaves_only_the_money(deal: Deal) -> None:
    first = post(deal)
    unwound = deal.model_copy(update={"lifecycle": (LifecycleEvent(at=date(2026, 4, 6), event="unwound"),)})
    second = post(unwound, *first.entries)
    for entry in second.new:
        assert entry.event == "sale.unwound" and entry.reverses is not None
        assert_balanced(entry)
    facts = [entry for entry in first.entries if not entry.event.startswith("sale.")]
    assert by_role(second.entries) == by_role(facts)


@given(deals(BASE_REGIONS))
@ordinary
def test_unwound_and_refunded_leaves_no_debt(deal: Deal) -> None:
    amounts = [x.amount for x in deal.deposits] + [x.amount for x in deal.payments]
    taken = sum(amounts, Decimal(0))
    refunds = (
        Refund.model_validate({"refund_id": "R1", "amount": str(taken), "method": "cheque", "date": "2026-04-07"}),
    )
    ended = (LifecycleEvent(at=date(2026, 4, 6), event="unwound"),)
    posted = post(deal.model_copy(update={"lifecycle": ended, "refunds": refunds if taken else ()}))
    closing = by_role(posted.entries)
    assert not any(role.startswith(("receivable.customer", "payable.customer_deposits")) for role in closing)


@given(deals())
@ordinary
def test_splits_equal_the_whole(deal: Deal) -> None:
    posted = post(deal)
    metrics = posted.metrics
    for plan in deal.commission_plans:
        parts = [share.amount for share in posted.commissions if share.plan is plan]
        assert len(parts) == len(plan.splits)
        assert sum(parts) == plan_amount(deal, plan, metrics.front_gross, metrics.back_gross)
        assert min(parts) >= 0
    assert metrics.commission_total == sum((share.amount for share in posted.commissions), Decimal(0))


@given(deals())
@ordinary
def test_taxes_posted_are_taxes_shown(deal: Deal) -> None:
    posted = post(deal)
    sale = next(entry for entry in posted.entries if entry.event == "sale.posted")
    for row in posted.taxes:
        found = [x.amount.amount for x in sale.lines if x.role == row.role and x.tax_code == row.code]
        assert -sum(found, Decimal(0)) == row.amount
    for line in posted.invoice.lines:
        assert line.net + line.tax == line.gross
    assert posted.invoice.tax_total_shown == sum((row.amount for row in posted.taxes if row.shown), Decimal(0))


@given(deals(), st.dates(date(2026, 3, 1), date(2026, 4, 30)))
@ordinary
def test_nothing_is_dated_in_a_closed_period(deal: Deal, closed: date) -> None:
    dates = {entry.entry_id: entry.accounting_date for entry in post(deal).entries}
    for entry in post(deal, closed=closed).entries:
        own = dates[entry.entry_id]
        if own <= closed:
            assert entry.accounting_date == date.fromordinal(closed.toordinal() + 1)
            assert entry.original_date == own
            assert closed.isoformat() in entry.note
        else:
            assert (entry.accounting_date, entry.original_date) == (own, None)


@given(deals(BASE_REGIONS))
@ordinary
def test_presentation_of_products_changes_no_gross(deal: Deal) -> None:
    gross = post_deal(deal, book=book_of(deal, "gross"))
    net = post_deal(deal, book=book_of(deal, "net"))
    assert net.metrics == gross.metrics
    assert net.invoice == gross.invoice
    sale = next(entry for entry in net.entries if entry.event == "sale.posted")
    assert not any(line.part == "fi_cost" or line.role == "income.fi_products" for line in sale.lines)
    for entry in net.entries:
        assert_balanced(entry)


@given(deals())
@ordinary
def test_entries_survive_the_journey_through_json_and_every_line_is_explained(deal: Deal) -> None:
    posted = post(deal)
    for entry in posted.entries:
        assert Entry.from_json(entry.as_json()) == entry
    explained = explain(posted)
    assert len(explained) == sum(len(entry.lines) for entry in posted.entries)
    assert all("section" in text for _, _, text in explained)


@given(deals())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_shipped_chart_has_every_role_that_a_deal_of_its_region_needs(deal: Deal) -> None:
    regions = {"USD": "us", "GBP": "uk", "AUD": "au", "EUR": "eu", "CAD": "ca", "NZD": "nz", "JPY": "jp", "KWD": "gulf"}
    book = Book("book", deal.legal_entity, deal.base_currency, "us", load_chart(regions[deal.base_currency]))
    assert post_deal(deal, book=book).entries
