"""The figures of a deal and the lines of its entries, against those that an oracle of its own works out."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from decimal import Decimal
from fractions import Fraction

from dealbooks.book import Book
from dealbooks.deal import Deal
from dealbooks.entries import Entry
from dealbooks.posting import Posted
from dealbooks.samples import Step
from tests.posting_oracle import Expected, Sums, charge_back, deposit_tax, digits, exact, rounded, total, unit_of

DEPOSIT_TAX = "deposit_tax"


def check_figures(posted: Posted, want: Expected, step: Step) -> None:
    """Taxes, invoice, gross and commissions are what an independent reckoning makes of the deal; so are the lines."""
    deal, version = posted.deal, posted.deal.deal_version
    if step.name == "cancelled":
        assert not any(entry.event.startswith("sale.") for entry in posted.entries)
        return
    check_invoice(posted, want)
    metrics = posted.metrics
    assert exact(metrics.front_gross) == want.front and exact(metrics.back_gross) == want.back, metrics
    got = [(share.plan.plan_id, share.person, exact(share.amount)) for share in posted.commissions]
    assert got == want.commissions, (got, want.commissions)
    check_splits(posted, want)
    for entry in posted.new:
        if entry.entry_id == f"sale-v{version}":
            check_sums(entry, want.sale)
            check_rounding(entry, deal, want)
        elif entry.entry_id == f"cost-v{version}":
            check_sums(entry, want.costs)
    recorded = {entry.entry_id for entry in posted.entries}
    assert f"sale-v{version}" in recorded
    assert (f"cost-v{version}" in recorded) is bool(want.costs)


def check_invoice(posted: Posted, want: Expected) -> None:
    """Every tax by its code, every line with the tax in it, and the total."""
    rows = sorted((x.code, exact(x.base), exact(x.amount), x.role, x.shown) for x in posted.taxes)
    wanted = sorted((x.code, x.base, x.amount, x.role, x.shown) for x in want.taxes)
    assert rows == wanted, (rows, wanted)
    invoice = posted.invoice
    assert exact(invoice.gross_total) == want.total
    assert exact(invoice.tax_total_shown) == total(x.amount for x in want.taxes if x.shown)
    for line, gross, tax in zip(invoice.lines, want.gross, want.tax_in, strict=True):
        assert (exact(line.gross), exact(line.tax)) == (gross, tax), line
        assert line.net == line.gross - line.tax


def check_splits(posted: Posted, want: Expected) -> None:
    """The parts of a commission are the whole, and none is below nil or a unit off its share."""
    unit = unit_of(posted.deal.base_currency)
    for plan, whole in zip(posted.deal.commission_plans, want.plans, strict=True):
        parts = [exact(share.amount) for share in posted.commissions if share.plan is plan]
        assert total(parts) == whole and min(parts) >= 0
        for part, split in zip(parts, plan.splits, strict=False):
            assert abs(part - whole * split.share) < unit
    assert exact(posted.metrics.commission_total) == total(want.plans)


def check_sums(entry: Entry, want: Sums) -> None:
    """The lines of a sale, summed by part, role, tax code and location."""
    got: Sums = defaultdict(Decimal)
    for line in entry.lines:
        if line.role != "fx.rounding" and line.part != DEPOSIT_TAX:
            got[line.part, line.role, line.tax_code, line.dimensions["location"]] += exact(line.amount.amount)
    got = {key: amount for key, amount in got.items() if amount}
    wrong = {key: (got.get(key), want.get(key)) for key in got.keys() | want.keys() if got.get(key) != want.get(key)}
    assert not wrong, wrong


def check_rounding(entry: Entry, deal: Deal, want: Expected) -> None:
    """A rounding line is the difference to a signed total, within the tolerance; an fx.rounding line is what rounding
    each line to base currency left over. Neither is ever a plug."""
    tolerance = deal.rounding_tolerance
    if tolerance is None:
        tolerance = Decimal(2) if digits(deal.currency) == 0 else Decimal("0.05")
    assert abs(want.rounding) <= tolerance
    shown = [exact(line.amount.amount) for line in entry.lines if line.role == "rounding.difference"]
    assert shown == ([-want.rounding] if want.rounding else [])
    left = Decimal(0)
    if entry.base_currency is not None:
        assert deal.fx_rate is not None and entry.fx_rate == deal.fx_rate
        ordinary = [line for line in entry.lines if line.role != "fx.rounding"]
        for line in ordinary:
            assert line.base is not None
            base = rounded(exact(line.amount.amount) * deal.fx_rate, deal.base_currency)
            assert exact(line.base.amount) == base, line
            left -= base
        assert abs(left) * 2 <= len(ordinary) * unit_of(deal.base_currency)
    written = [line for line in entry.lines if line.role == "fx.rounding"]
    assert [exact(line.base.amount) for line in written if line.base is not None] == ([left] if left else [])
    assert all(line.part == "invoice" for line in written)


def check_money(posted: Posted) -> None:
    """Each receipt is one entry of its own, in full; exchange differences are realised there and nowhere else."""
    deal = posted.deal
    entries = {entry.entry_id: entry for entry in posted.entries}
    for receipt in (*deal.deposits, *deal.payments):
        entry = entries[f"receipt-{receipt.receipt_id}"]
        assert [exact(line.amount.amount) for line in entry.lines if line.role == "cash.undeposited"] == [
            receipt.amount
        ]
    for entry in posted.new:
        for line in entry.lines:
            if line.role == "fx.realised":
                assert entry.event == "payment.received" and line.part == "payment", entry.entry_id
    if deal.currency != deal.base_currency:
        check_exchange(posted, entries)


def check_exchange(posted: Posted, entries: dict[str, Entry]) -> None:
    """Cash at the rate of its day; off the account what is booked there, pro rata, and all of the rest with the payment
    that settles it; the difference is realised."""
    deal, new = posted.deal, {entry.entry_id for entry in posted.new}
    received = [entries[f"receipt-{payment.receipt_id}"] for payment in deal.payments]
    sale = entries.get(f"sale-v{deal.deal_version}")
    due, due_base = on_account([] if sale is None else [sale])
    paid, paid_base = on_account([entry for entry in received if entry.entry_id not in new])
    for payment, entry in zip(deal.payments, received, strict=True):
        if entry.entry_id not in new:
            continue
        assert payment.fx_rate is not None
        cash = rounded(payment.amount * payment.fx_rate, deal.base_currency)
        off = due_base + paid_base
        if payment.amount != due + paid:
            off = rounded(Fraction(due_base) * Fraction(payment.amount) / Fraction(due), deal.base_currency)
        booked = [(line.role, exact(line.base.amount)) for line in entry.lines if line.base is not None]
        got = {role: amount for role, amount in booked if amount}
        want = {"cash.undeposited": cash, "receivable.customer": -off, "fx.realised": off - cash}
        assert got == {role: amount for role, amount in want.items() if amount}, (entry.entry_id, got, want)
        paid, paid_base = paid - payment.amount, paid_base - off


def on_account(entries: list[Entry]) -> tuple[Decimal, Decimal]:
    """The customer's account over entries, in their currency and in base currency."""
    lines = [line for entry in entries for line in entry.lines if line.role == "receivable.customer"]
    in_base = [exact(line.base.amount) for line in lines if line.base is not None]
    return total(exact(line.amount.amount) for line in lines), total(in_base)


def check_chargebacks(posted: Posted, want: Expected) -> None:
    """Each chargeback is one entry; those who were paid for the income give back what the same plan now pays less."""
    taken = Decimal(0)
    for item in sorted(posted.deal.chargebacks, key=lambda one: one.date):
        entry = next(entry for entry in posted.new if entry.entry_id == f"chargeback-{item.chargeback_id}")
        sums, more = charge_back(posted.deal, want, taken, item)
        check_sums(entry, sums)
        taken += more


def check_deposit_tax(posted: Posted, want: Expected, book: Book) -> None:
    """A deposit of an earlier VAT period than its sale is taxed when it comes, and the sale takes that back whole."""
    deal = posted.deal
    entries = {entry.entry_id: entry for entry in posted.entries}
    sale = entries.get(f"sale-v{deal.deal_version}")
    if sale is None:
        return
    left = taxed_deposits(sale)
    received = Decimal(0)
    for deposit in deal.deposits:
        entry = entries[f"receipt-{deposit.receipt_id}"]
        got = taxed_deposits(entry)
        if deal.deal_version == 1 and entry in posted.new:
            early = quarter(entry.accounting_date) < quarter(sale.accounting_date)
            due = (
                deposit_tax(deal, want, received, deposit.amount) if early and book.policies.vat_period_starts else None
            )
            assert got == ({} if due is None else {due[:2]: -due[2]}), (got, due)
        received += deposit.amount
        for account, amount in got.items():
            left[account] = left.get(account, Decimal(0)) + amount
    assert not any(left.values()), left


def taxed_deposits(entry: Entry) -> dict[tuple[str, str], Decimal]:
    """The tax of deposits in an entry, by role and code."""
    found: dict[tuple[str, str], Decimal] = {}
    for line in entry.lines:
        if line.part == DEPOSIT_TAX and line.role != "payable.customer_deposits":
            found[line.role, line.tax_code or ""] = found.get((line.role, line.tax_code or ""), Decimal(0)) + exact(
                line.amount.amount
            )
    return found


def quarter(day: date) -> tuple[int, int]:
    return day.year, (day.month - 1) // 3
