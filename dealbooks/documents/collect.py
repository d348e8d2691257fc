"""From a posted deal to the facts of its sale entry (`invoice_facts`). Pure.

Each line of the deal is found in the entry by what the posting rules put on its entry line: its product, its provider,
or the car (the table of dimensions in posting-rules.md section 1).
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from dealbooks.deal import Deal
from dealbooks.documents import words
from dealbooks.documents.facts import InvoiceFacts, InvoiceLine, InvoiceTax, PaidReceipt, TradedCar
from dealbooks.documents.target import ZERO
from dealbooks.documents.values import CUSTOMER, INVOICE
from dealbooks.entries import Entry
from dealbooks.errors import BrokenInvariant
from dealbooks.money import exact
from dealbooks.posting.arithmetic import cut
from dealbooks.posting.figures import PricedLine
from dealbooks.posting.invoice import INCOME_ROLES, OWED_ROLES
from dealbooks.posting.posted import Posted
from dealbooks.posting.roles import CAR_PRICE

_PREMIUM = "payable.fi_provider"
_DEPOSIT = "asset.recycling_deposit"
_AGENCY = frozenset({"insurance", "fi_product"})
_CAR = "the car"

# An entry line of part `invoice` by what it is of (product, party and role, or the car), and its tax code.
_Places = dict[tuple[str, str, str | None], int]


def invoice_facts(posted: Posted, entry: Entry) -> InvoiceFacts:
    """The facts to be recorded beside the sale entry of the deal's own version; its mirror, and the receipts that
    settle it, are documented with the same facts.

    Raises:
        BrokenInvariant: when the lines of the deal do not add up to the entry.
    """
    deal = posted.deal
    if entry.entry_id != f"sale-v{deal.deal_version}":
        raise ValueError(f"{entry.entry_id} is not the sale entry of version {deal.deal_version}")
    places, taxes_at = _places(entry, {row.code for row in posted.taxes if row.shown})
    lines = _lines(posted, places)
    _check(deal, entry, lines)
    paid, not_paid = _paid_on_the_day(posted, entry)
    additive = deal.tax.regime == "additive"
    return InvoiceFacts(
        entry_id=entry.entry_id,
        deal_number=deal.deal_id,
        customer_name=(deal.bill_to.name if deal.bill_to is not None else deal.customer.name) or deal.billed_to,
        lines=tuple(lines),
        taxes=tuple(
            [
                InvoiceTax(
                    taxes_at.get((row.role, row.code)),
                    row.code,
                    exact(row.rate),
                    row.base,
                    row.role,
                    additive or row.role == "tax.lct",
                )
                for row in posted.taxes
                if row.shown
            ]
        ),
        rates={} if additive else _rates(deal),
        trades=tuple(
            [
                TradedCar(trade.stock_no, words.of_trade(trade), trade.allowance + (trade.input_tax_amount or ZERO))
                for trade in deal.trade_ins
            ]
        ),
        paid=paid,
        not_paid=not_paid,
    )


def _places(entry: Entry, shown: set[str]) -> tuple[_Places, dict[tuple[str, str | None], int]]:
    """Where the lines of part `invoice` stand: those of what is sold, and those of taxes by role and code."""
    places: _Places = {}
    taxes: dict[tuple[str, str | None], int] = {}
    for at, line in enumerate(entry.lines):
        if line.part != INVOICE or line.role == CUSTOMER:
            continue
        dims, role, code = line.dimensions, line.role, line.tax_code
        if "product" in dims:
            places[role, dims["product"], code] = at
        elif "party" in dims:
            places[role, dims["party"], code] = at
        elif "stock_no" in dims:
            places["recycling_deposit" if role == _DEPOSIT else _CAR, "", code] = at
        elif code in shown:
            taxes[role, code] = at
    return places, taxes


def _lines(posted: Posted, places: _Places) -> list[InvoiceLine]:
    """A line whose entry line came to nothing is left out, as it is there."""
    deal = posted.deal
    groups = _groups(deal)
    found: list[InvoiceLine] = []
    for priced in posted.invoice.lines:
        line = priced.line
        kind, code = line.kind, line.tax_code
        taxed_by = groups.get(line.tax_group, ()) if groups and line.taxable else ()
        if kind in CAR_PRICE:
            at = places.get((_CAR, "", code))
        elif kind in OWED_ROLES:
            at = places.get((OWED_ROLES[kind], line.provider or "", code))
        elif kind in INCOME_ROLES:
            at = places.get((INCOME_ROLES[kind], line.line_id, code))
        else:
            at = places.get((kind, "", code))
        if kind in _AGENCY and at is None:
            found += _agency(deal, priced, places, taxed_by)
        elif at is not None:
            found.append(InvoiceLine(at, line.line_id, words.of_line(deal, line), priced.net, priced.tax, taxed_by))
    return found


def _agency(deal: Deal, priced: PricedLine, places: _Places, taxed_by: tuple[str, ...]) -> list[InvoiceLine]:
    """Sold as an agent: the premium and our fee stand apart, as the exemption asks (posting-rules.md section 4). Tax on
    the whole goes to both in proportion."""
    line, text = priced.line, words.of_line(deal, priced.line)
    premium = places.get((_PREMIUM, line.provider or "", line.tax_code))
    fee = places.get(("income.insurance_commission", line.line_id, line.tax_code))
    owed, tax_owed = (ZERO if premium is None else priced.cost), ZERO
    if priced.tax and priced.net:
        tax_owed = priced.tax if fee is None else cut(priced.tax * owed / priced.net, deal.currency)
    found: list[InvoiceLine] = []
    if premium is not None and owed:
        found.append(InvoiceLine(premium, line.line_id, f"{text}: premium", owed, tax_owed, taxed_by))
    if fee is not None:
        net, tax = priced.net - owed, priced.tax - tax_owed
        found.append(InvoiceLine(fee, line.line_id, f"{text}: arranging fee", net, tax, taxed_by))
    return found


def _groups(deal: Deal) -> dict[str, tuple[str, ...]]:
    """Which taxes on top of the price tax a group of lines."""
    components = [one for one in deal.tax.components if one.base is None] if deal.tax.regime == "additive" else []
    if not components:
        return {}
    return {
        group: tuple([one.code for one in components if one.tax_groups is None or group in one.tax_groups])
        for group in {line.tax_group for line in deal.lines if line.taxable}
    }


def _rates(deal: Deal) -> dict[str, Decimal]:
    """The rate of every code on a line; none under the margin scheme, where the document shows no tax."""
    rates = deal.tax.rates
    return {
        code: ZERO if rates[code] == "margin" else exact(rates[code])
        for code in {line.tax_code for line in deal.lines}
        if code is not None and code in rates
    }


def _check(deal: Deal, entry: Entry, lines: list[InvoiceLine]) -> None:
    sums: dict[int, Decimal] = {}
    for line in lines:
        sums[line.at] = sums.get(line.at, ZERO) + line.net
    for at, amount in sums.items():
        posted = -entry.lines[at].amount.amount
        if amount != posted:
            raise BrokenInvariant(
                f"Deal {deal.deal_id}: the lines posted to {entry.lines[at].role} add up to {amount}, and "
                f"{entry.entry_id} has {posted}.",
                fix="This is a fault of Dealbooks. Nothing was posted; report it with the deal.",
            )


def _paid_on_the_day(posted: Posted, entry: Entry) -> tuple[tuple[PaidReceipt, ...], str]:
    """The receipts that pay what the settlements leave open, all of it and all on the day of the sale; or why not."""
    due = sum([line.amount.amount for line in entry.lines if line.role == CUSTOMER], ZERO)
    if due <= 0:
        return (), "nothing is left to be paid by the customer"
    paid: list[PaidReceipt] = []
    day = _day(entry)
    for receipt in posted.new:
        if receipt.event == "payment.received" and _day(receipt) == day:
            if len(receipt.lines) != 2:
                return (), f"{receipt.entry_id} has an exchange difference"
            cash = receipt.lines[0]
            base = None if cash.base is None else cash.base.amount
            paid.append(PaidReceipt(receipt.entry_id, cash.dimensions["method"], cash.amount.amount, base))
    received = sum([receipt.amount for receipt in paid], ZERO)
    if received != due or any(receipt.amount < 0 for receipt in paid):
        told = f"{received} of {due} {entry.currency} was received on {day.isoformat()}, the day of the sale"
        return (), told
    return tuple(paid), ""


def _day(entry: Entry) -> date:
    """Its own day, also where a closed period moved the date on which it is booked."""
    return entry.original_date or entry.accounting_date
