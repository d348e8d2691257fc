"""Chargebacks: F&I income that is taken back after the sale, and the commission paid on it (deal-model.md section 8).

What we are owed falls by the amount: the provider of a product, or the lender for the finance reserve. Where the sale
set a provision aside, the provision bears it, else income.chargebacks; tax inside a commission comes back from the
authority. Each person's commission is what the same plan pays on the back gross that is left, less what it paid.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import NamedTuple

from dealbooks.book import Locks
from dealbooks.deal import Chargeback, Deal
from dealbooks.entries import Entry, Line
from dealbooks.posting.arithmetic import ZERO, tax_inside, total
from dealbooks.posting.commission import commissions_of
from dealbooks.posting.errors import PostingError
from dealbooks.posting.figures import Figures
from dealbooks.posting.invoice import owed_to
from dealbooks.posting.roles import with_party
from dealbooks.posting.sheet import Dims, Sheet, entry, open_day
from dealbooks.posting.taxes import rate_of

PART = "chargeback"
COMMISSION_TAX = "commission_tax"
CLAWBACK = "clawback"
EVENT = "fi.charged_back"
_BEARERS = ("income.chargebacks", "liability.chargeback_reserve")


class _Source(NamedTuple):
    """Whose money is taken back: the account it is on, and the tax in it."""

    role: str
    dims: Dims
    tax: Decimal
    code: str | None


def chargebacks_of(
    deal: Deal, figures: Figures, found: Mapping[str, Entry], locks: Locks, *, ended: bool
) -> list[Entry]:
    """Entries `chargeback-<chargeback_id>` that are not recorded yet.

    Raises:
        PostingError: when the deal has no such income, was taken back (`ended`), or is not kept in one currency.
    """
    items = [one for one in deal.chargebacks if one.amount and _entry_id(one) not in found]
    if items and ended:
        raise PostingError(
            deal.deal_id,
            f"chargeback {items[0].chargeback_id} is for a sale that was taken back, and its income with it",
            fix="Leave the chargeback out; enter what the lender or provider settles in the ledger.",
        )
    new: list[Entry] = []
    back, charged = figures.metrics.back_gross - _given_back(found), charged_back(found.values())
    for item in sorted(items, key=lambda one: one.date):
        charged[item.line_id] = charged.get(item.line_id, ZERO) + item.amount
        source = _source(deal, item, charged[item.line_id])
        sheet = Sheet(deal.currency, deal.location, deal.department)
        borne_by = "income.chargebacks" if deal.chargeback_reserve is None else "liability.chargeback_reserve"
        sheet.debit(PART, borne_by, item.amount)
        sheet.credit(PART, source.role, item.amount, source.dims)
        sheet.debit(COMMISSION_TAX, "tax.output", source.tax, (), source.code)
        sheet.credit(COMMISSION_TAX, borne_by, source.tax, (), source.code)
        left = back - (item.amount - source.tax)
        _claw_back(sheet, deal, figures.metrics.front_gross, back, left)
        new.append(entry(deal, _entry_id(item), EVENT, open_day(item.date, locks), sheet.lines()))
        back = left
    return new


def charged_back(entries: Iterable[Entry]) -> dict[str | None, Decimal]:
    """How much recorded chargebacks took back of each line (None: of the finance reserve)."""
    charged: dict[str | None, Decimal] = {}
    for line in _lines_of(entries):
        if line.part == PART and line.role not in _BEARERS:
            of_line = line.dimensions.get("product")
            charged[of_line] = charged.get(of_line, ZERO) - line.amount.amount
    return charged


def _given_back(found: Mapping[str, Entry]) -> Decimal:
    """Income without tax that recorded chargebacks took back."""
    return total(line.amount.amount for line in _lines_of(found.values()) if line.role in _BEARERS)


def _lines_of(entries: Iterable[Entry]) -> Iterator[Line]:
    for one in entries:
        if one.event == EVENT:
            yield from one.lines


def _claw_back(sheet: Sheet, deal: Deal, front: Decimal, before: Decimal, after: Decimal) -> None:
    for paid, due in zip(commissions_of(deal, front, before), commissions_of(deal, front, after), strict=True):
        person = (("person", paid.person),)
        amount = paid.amount - due.amount
        sheet.debit(CLAWBACK, "payable.commission", amount, person, at=paid.location)
        sheet.credit(CLAWBACK, f"expense.commission_{paid.plan.role}", amount, person, at=paid.location)


def _entry_id(item: Chargeback) -> str:
    return f"chargeback-{item.chargeback_id}"


def _source(deal: Deal, item: Chargeback, charged: Decimal) -> _Source:
    """`charged` is what is taken back from the same income up to this one."""
    if deal.currency != deal.base_currency:
        raise PostingError(
            deal.deal_id,
            f"chargeback {item.chargeback_id} is on a deal in {deal.currency}, and the book is kept in "
            f"{deal.base_currency}",
            fix="Enter the chargeback in the ledger by hand.",
        )
    if item.line_id is None:
        finance = deal.finance
        if finance is None or charged > finance.reserve:
            raise _too_much(deal, item, charged, "the finance reserve", ZERO if finance is None else finance.reserve)
        lender = with_party(deal, finance.lender)
        return _Source("receivable.finance_reserve", lender, *_tax(deal, item, finance.reserve_tax_code))
    line = next((line for line in deal.lines if line.line_id == item.line_id), None)
    if line is None or line.kind not in ("fi_product", "insurance"):
        raise PostingError(
            deal.deal_id,
            f"chargeback {item.chargeback_id} is for line {item.line_id}, which is no F&I product of the deal",
            fix="Name the line of the product or the insurance that was given back.",
        )
    price = line.quantity * line.unit_price
    if charged > price:
        raise _too_much(deal, item, charged, f"line {line.line_id}", price)
    provider = (("party", owed_to(deal, line)), ("product", line.line_id))
    code = line.commission_tax_code if line.kind == "insurance" else None
    return _Source("payable.fi_provider", provider, *_tax(deal, item, code))


def _tax(deal: Deal, item: Chargeback, code: str | None) -> tuple[Decimal, str | None]:
    if code is None or deal.tax.regime != "inclusive":
        return ZERO, None
    rate = rate_of(deal, code, f"chargeback {item.chargeback_id}")
    return (tax_inside(item.amount, rate, deal.currency, deal.tax.mode), code) if rate else (ZERO, None)


def _too_much(deal: Deal, item: Chargeback, charged: Decimal, what: str, earned: Decimal) -> PostingError:
    return PostingError(
        deal.deal_id,
        f"with chargeback {item.chargeback_id}, {charged} are taken back, more than {what} brought ({earned})",
        fix="Correct the amount, or the line that it is for.",
    )
