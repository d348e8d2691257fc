"""Every role that a deal needs must have an account, before anything of the deal is posted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from dealbooks.book import Book, OtherBook
from dealbooks.charts import account_for
from dealbooks.deal import Deal
from dealbooks.entries import Entry, Line
from dealbooks.errors import ConfigError
from dealbooks.posting.errors import PostingError

_WORDS = {
    "trade": "the trade-in",
    "deposit": "the deposit",
    "deposit_tax": "the tax of the deposit",
    "rebate": "the rebate",
    "incentive": "the manufacturer's incentive",
    "finance": "the finance contract",
    "reserve": "the finance reserve",
    "commission_tax": "the tax in a commission",
    "commission": "the commission",
    "chargeback": "the chargeback",
    "clawback": "the commission that is taken back",
    "chargeback_reserve": "the provision for chargebacks",
    "margin_vat": "the tax on the car's margin",
    "second_hand_credit": "the second-hand credit",
    "payment": "the money that moved",
    "transfer": "the transfer of the car",
    "purchase": "the transfer of the car",
}
_OF_THE_CAR = frozenset({"vehicle", "discount", "recharge"})


def refuse_unmapped(deal: Deal, book: Book, entries: Iterable[Entry], others: Mapping[str, OtherBook]) -> None:
    """Refuse a deal that needs a role which the chart of its book, or of the group's book concerned, does not have.

    Raises:
        PostingError: naming the role, the line of the deal that needs it, and where to give it an account.
    """
    for entry in entries:
        kept = book if entry.legal_entity == book.legal_entity else _other(entry, others)
        if kept is None or kept.chart is None:
            continue
        roles = kept.chart.roles
        for line in entry.lines:
            if line.role not in roles:
                needed = f"{needing(deal, line)} (entry {entry.entry_id}, part {line.part})"
                try:
                    account_for(kept.chart, line.role, needed_by=needed, book=kept.name)
                except ConfigError as error:
                    raise PostingError(deal.deal_id, error.message, fix=error.fix) from error


def needing(deal: Deal, line: Line) -> str:
    """What of the deal an entry's line is for, in words: its line, a trade-in, a receipt, a person."""
    dims = line.dimensions
    if "product" in dims:
        return _deal_line(deal, dims["product"])
    if line.part in ("invoice", "fi_cost"):
        return _of_invoice(deal, line)
    if line.part in ("cost", "margin_vat"):
        return _deal_line(deal, next((one.line_id for one in deal.lines if one.kind == "vehicle"), ""))
    words = _WORDS.get(line.part, f"part {line.part}")
    for name, about in (("receipt", "receipt"), ("person", "of"), ("stock_no", "car")):
        if name in dims:
            return f"{words} ({about} {dims[name]})"
    return words


def _of_invoice(deal: Deal, line: Line) -> str:
    """The deal lines behind an invoice line that names none: those of its party, of its tax code, or the car."""
    if line.role in ("receivable.customer", "rounding.difference", "fx.rounding"):
        return "the total of the invoice"
    if line.role.startswith(("tax.", "payable.sales_tax")):
        return f"tax {line.tax_code} of the invoice"
    party = line.dimensions.get("party")
    mine = [one for one in deal.lines if (one.provider == party if party else one.kind in _OF_THE_CAR)]
    return ", ".join(_deal_line(deal, one.line_id) for one in mine) or "the invoice"


def _deal_line(deal: Deal, line_id: str) -> str:
    line = next((one for one in deal.lines if one.line_id == line_id), None)
    if line is None:
        return "the car"
    words = line.description or line.kind.replace("_", " ")
    return f"line {line.line_id} ({words})"


def _other(entry: Entry, others: Mapping[str, OtherBook]) -> Book | None:
    return others[entry.legal_entity].book if entry.legal_entity in others else None
