"""Exports for one book and period, as tables for a spreadsheet. Reads our store only.

Journal, trial balance, stock book of margin cars, part-exchanges taken, commission statements, and the tax return with
the lines that feed it. Everything but what was superseded before it was sent is in them; what does not stand in the
ledger yet says so. A sale taken back stands as a negative in the period of its mirror.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from dealbooks.book import Book
from dealbooks.entries import Entry, Line
from dealbooks.errors import UsageError
from dealbooks.house import House
from dealbooks.money import amount_text
from dealbooks.pipeline.recorded import Recorded, bought_from, recorded, sales_of
from dealbooks.pipeline.sheets import Cell, Sheet
from dealbooks.pipeline.taxreturn import lines_sheet, return_sheet
from dealbooks.returns import Span

_ZERO = Decimal(0)
_COMMISSION = "expense.commission_"
_WHAT = {"fi.charged_back": "F&I charged back"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an export is asked for; `form` names a return form, by default the one of the book."""

    house: House
    book: Book
    span: Span
    form: str = ""

    def recorded(self, *, from_beginning: bool = False) -> list[Recorded]:
        """The entries of the book and period."""
        return recorded(self.house, self.book.name, self.span, from_beginning=from_beginning)


def export(house: House, what: str, book: str, period: str, form: str = "") -> Sheet:
    """An export of a book and a period: a month (`2026-09`), a quarter (`2026-Q3`), a year, or `2026-02..2026-04`.

    `what` is a name of `EXPORTS`; `form` names a return form or its file, for the tax return only.

    Raises:
        UsageError: there is no such export, book or form, or the period is not written so.
    """
    if what not in EXPORTS:
        raise UsageError(f"There is no export called {what}.", fix=f"Choose one of {', '.join(EXPORTS)}.")
    if form and what not in RETURNS:
        raise UsageError(f"--form is for {' and '.join(RETURNS)}, not for {what}.", fix="Leave --form out.")
    return EXPORTS[what](Wanted(house, house.book(book), Span.parse(period), form))


def journal(wanted: Wanted) -> Sheet:
    """Every line of every entry that is dated in the period, in the order of dates."""
    columns = (
        "date", "entry", "event", "deal", "state", "account", "account_name", "account_role", "debit", "credit",
        "currency", "tax_code", "location", "department", "stock_no", "note",
    )  # fmt: skip
    rows: list[tuple[Cell, ...]] = []
    for one in wanted.recorded():
        entry = one.entry
        for line in entry.lines:
            number, name = _account(wanted.book, line.role)
            places = line.dimensions
            rows.append(
                (
                    entry.accounting_date.isoformat(), entry.entry_id, entry.event, one.deal, one.state, number, name,
                    line.role, _cut(line.debit, entry.currency), _cut(line.credit, entry.currency), entry.currency,
                    line.tax_code or "", places.get("location", ""), places.get("department", ""),
                    places.get("stock_no", ""), entry.note,
                )
            )  # fmt: skip
    return Sheet(f"journal {wanted.span}", columns, tuple(rows))


def trial_balance(wanted: Wanted) -> Sheet:
    """Every account in base currency: opening, debit and credit of the period, closing. Ours, as expected."""
    book = wanted.book
    sums: dict[str, list[Decimal]] = {}
    for one in wanted.recorded(from_beginning=True):
        inside = one.entry.accounting_date in wanted.span
        for line in one.entry.lines:
            amount = _in_base(one.entry, line)
            row = sums.setdefault(line.role, [_ZERO, _ZERO, _ZERO])
            if inside:
                row[1 if amount > 0 else 2] += abs(amount)
            else:
                row[0] += amount
    rows: list[tuple[Cell, ...]] = []
    for role, (opening, debit, credit) in sums.items():
        number, name = _account(book, role)
        figures = (opening, debit, credit, opening + debit - credit)
        rows.append((number, name, role, book.currency, *(_cut(one, book.currency) for one in figures)))
    columns = ("account", "account_name", "account_role", "currency", "opening", "debit", "credit", "closing")
    ordered = tuple(sorted(rows, key=lambda row: (str(row[0]), str(row[2]))))
    return Sheet(f"trial balance {wanted.span}", columns, ordered)


def stock_book(wanted: Wanted) -> Sheet:
    """Cars sold under the margin scheme in the period, with what HMRC's stock book asks for and the deals know (VAT
    Notice 718/1; gov.uk, VAT margin schemes, keeping records). Date and seller of the purchase are known where the car
    came in part-exchange; otherwise they stand in the purchase ledger. A sale taken back is a negative."""
    columns = (
        "date", "stock_no", "vin", "registration", "description", "purchase_date", "purchased_from", "purchase_deal",
        "purchase_price", "deal", "customer", "selling_price", "margin", "vat", "currency", "taken_back", "state",
    )  # fmt: skip
    sales = [sale for sale in sales_of(wanted.house, wanted.recorded()) if sale.figures.taxes.margin is not None]
    bought = bought_from(wanted.house, wanted.book, {sale.deal.vehicle.stock_no for sale in sales})
    rows: list[tuple[Cell, ...]] = []
    for sale in sales:
        sold, deal, car, sign = sale.figures.taxes.margin, sale.deal, sale.deal.vehicle, sale.sign
        if sold is None:
            continue
        came = bought.get(car.stock_no)
        purchase = ("", "", "") if came is None else (came.on.isoformat(), came.seller, came.deal)
        amounts = (sign * sold.purchase_price, sign * sold.selling_price, sign * sold.margin, sign * sold.vat)
        price, selling, margin, vat = (_cut(amount, deal.currency) for amount in amounts)
        rows.append(
            (
                sale.recorded.entry.accounting_date.isoformat(), sold.stock_no, car.vin, car.registration or "",
                _described(car.year, car.make, car.model, car.trim), *purchase, price, deal.deal_id,
                deal.customer.name or deal.customer.id, selling, margin, vat, deal.currency, "" if sign > 0 else "yes",
                sale.recorded.state,
            )
        )  # fmt: skip
    return Sheet(f"stock book {wanted.span}", columns, tuple(rows))


def part_exchanges(wanted: Wanted) -> Sheet:
    """Cars taken in part-exchange in the period: their purchase side of the stock book, at the full allowance, whatever
    the ledger stocks them at (deal-model.md section 6). One that was taken back is a negative."""
    columns = (
        "date", "stock_no", "vin", "registration", "description", "purchased_from", "seller_status", "purchase_price",
        "ledger_stock_value", "input_tax", "currency", "deal", "taken_back", "state",
    )  # fmt: skip
    rows: list[tuple[Cell, ...]] = []
    for sale in sales_of(wanted.house, wanted.recorded()):
        deal, sign = sale.deal, sale.sign
        for taken in sale.figures.trades:
            trade = taken.trade
            amounts = (
                taken.tax_purchase_price, taken.ledger_stock_value,
                taken.input_tax_inside + (trade.input_tax_amount or _ZERO),
            )  # fmt: skip
            rows.append(
                (
                    sale.recorded.entry.accounting_date.isoformat(), trade.stock_no, trade.vin or "",
                    trade.registration or "", _described(trade.year, trade.make, trade.model, ""),
                    deal.customer.name or deal.customer.id, (trade.seller_tax_status or "").replace("_", " "),
                    *(_cut(sign * amount, deal.currency) for amount in amounts), deal.currency, deal.deal_id,
                    "" if sign > 0 else "yes", sale.recorded.state,
                )
            )  # fmt: skip
    return Sheet(f"part-exchanges {wanted.span}", columns, tuple(rows))


def commissions(wanted: Wanted) -> Sheet:
    """The commission statement of each person: what every deal of the period brought, in the book's currency, with the
    person's running total beside it. A sale taken back is a negative; so is a commission clawed back later."""
    columns = (
        "person", "date", "plan", "role", "deal", "stock_no", "customer", "location", "what", "amount", "person_total",
        "currency", "taken_back", "state",
    )  # fmt: skip
    found: list[tuple[str, str, list[Cell], Decimal, str, str]] = []
    known = wanted.recorded()
    for sale in sales_of(wanted.house, known):
        deal, sign = sale.deal, sale.sign
        for share in sale.figures.commissions:
            about: list[Cell] = [
                share.plan.plan_id, share.plan.role, deal.deal_id, deal.vehicle.stock_no,
                deal.customer.name or deal.customer.id, share.location or deal.location,
                "earned" if sign > 0 else "sale taken back",
            ]  # fmt: skip
            day = sale.recorded.entry.accounting_date.isoformat()
            back = "" if sign > 0 else "yes"
            found.append((share.person, day, about, sign * share.amount, back, sale.recorded.state))
    for one in known:
        if one.entry.event.startswith("sale."):
            continue
        for line in one.entry.lines:
            if line.role.startswith(_COMMISSION) and "person" in line.dimensions:
                about = [
                    "", line.role.removeprefix(_COMMISSION), one.deal, line.dimensions.get("stock_no", ""), "",
                    line.dimensions.get("location", ""), _WHAT.get(one.entry.event, one.entry.event),
                ]  # fmt: skip
                day, amount = one.entry.accounting_date.isoformat(), _in_base(one.entry, line)
                back = "yes" if amount < 0 else ""
                found.append((line.dimensions["person"], day, about, amount, back, one.state))
    totals: dict[str, Decimal] = {}
    rows: list[tuple[Cell, ...]] = []
    for person, day, about, amount, back, state in sorted(found, key=lambda row: (row[0], row[1])):
        totals[person] = totals.get(person, _ZERO) + amount
        currency = wanted.book.currency
        figures = (_cut(amount, currency), _cut(totals[person], currency), currency)
        rows.append((person, day, *about, *figures, back, state))
    return Sheet(f"commissions {wanted.span}", columns, tuple(rows))


def vat_return(wanted: Wanted) -> Sheet:
    """The tax return of the period: each box, with the adjustment to make in the ledger's own return."""
    return return_sheet(wanted.house, wanted.book, wanted.span, wanted.form)


def vat_return_lines(wanted: Wanted) -> Sheet:
    """Each line of each deal that feeds a box of the tax return."""
    return lines_sheet(wanted.house, wanted.book, wanted.span, wanted.form)


RETURNS = ("vat-return", "vat-return-lines")
EXPORTS: Mapping[str, Callable[[Wanted], Sheet]] = {
    "journal": journal,
    "trial-balance": trial_balance,
    "stock-book": stock_book,
    "part-exchanges": part_exchanges,
    "commissions": commissions,
    "vat-return": vat_return,
    "vat-return-lines": vat_return_lines,
}


# -- inside --------------------------------------------------------------------------------------------------------


def _described(year: int | None, *words: str) -> str:
    return " ".join(word for word in ("" if year is None else str(year), *words) if word)


def _in_base(entry: Entry, line: Line) -> Decimal:
    return line.amount.amount if line.base is None else line.base.amount


def _cut(amount: Decimal, currency: str) -> Decimal:
    """An amount with the decimals of its currency: nothing is 0.00."""
    return Decimal(amount_text(amount, currency))


def _account(book: Book, role: str) -> tuple[str, str]:
    account = None if book.chart is None else book.chart.roles.get(role)
    return ("", role) if account is None else (account.number, account.name)
