"""The one way from a deal to its entries: (deal, what is recorded, book, locks) -> entries. Pure.

A version of a deal is one sale entry; money received and later facts are entries of their own, under their own keys;
what is recorded is never worked out again (posting-rules.md section 1).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from decimal import localcontext

from dealbooks.book import Book, Locks
from dealbooks.charts import account_for
from dealbooks.deal import Deal
from dealbooks.entries import Entry
from dealbooks.errors import ConfigError
from dealbooks.money import MoneyError
from dealbooks.posting.arithmetic import EXACT, ZERO
from dealbooks.posting.errors import PostingError
from dealbooks.posting.facts import fundings_of, payoffs_of, refunds_of, restored_deposits
from dealbooks.posting.figures import Figures, Invoice, Metrics, Taxes
from dealbooks.posting.lifecycle import ended, mirrors, open_items, posted_versions, refuse_recast, standing_version
from dealbooks.posting.posted import History, Posted
from dealbooks.posting.receipts import receipts_of
from dealbooks.posting.sale import figures_of, sale_entries
from dealbooks.posting.sheet import open_day
from dealbooks.posting.transfer import transfers_of


def post_deal(deal: Deal, *, book: Book, history: History | None = None, locks: Locks | None = None) -> Posted:
    """Work out every entry of a deal's life to date.

    Args:
        deal: the newest version of the deal.
        book: the legal entity's book; its chart, when it has one, must have every role that the deal needs.
        history: the entries that are recorded already.
        locks: until when the book is closed. A new entry that would be dated in a closed period is dated on the first
            open day instead, keeps its own date beside it, and says so.

    Raises:
        PostingError: when the deal cannot be posted; nothing of it is.
    """
    with localcontext(EXACT):
        try:
            return _post(deal, book, history or History(), locks or Locks())
        except MoneyError as error:
            raise PostingError(deal.deal_id, str(error), fix="Correct the amount in the deal.") from error


def _post(deal: Deal, book: Book, history: History, locks: Locks) -> Posted:
    _refuse_other_book(deal, book)
    found = history.entries
    end = ended(deal)
    never_sold = not posted_versions(found)
    if end is not None and end.event == "cancelled" and never_sold:
        figures = _no_figures(deal)
        new = _without_sale(deal, end.at, history, locks)
        return _posted(deal, book, figures, history, new)

    figures = figures_of(deal)
    new = transfers_of(deal, found, locks)
    if end is None or never_sold:
        new += _sale(deal, figures, book, history, locks)
    to_date = {**found, **{entry.entry_id: entry for entry in new}}
    versions = posted_versions(to_date)
    sale = to_date[f"sale-v{versions[-1]}"] if versions else None

    new += receipts_of(deal, sale, found, locks)
    new += fundings_of(deal, found, locks)
    new += payoffs_of(deal, found, locks)
    items: tuple[str, ...] = ()
    freed: list[Entry] = []
    if end is not None and versions:
        standing = standing_version(to_date)
        if standing is not None:
            new += mirrors(to_date, standing, "unwind", open_day(end.at, locks))
        mirror = f"unwind-v{versions[-1]}"
        freed = [entry for entry in [*found.values(), *new] if entry.entry_id == mirror]
        items = open_items(deal, {**found, **{entry.entry_id: entry for entry in new}})
    if deal.refunds:
        since = deal.accounting_date if end is None else end.at
        restored = restored_deposits(deal, freed, found) if freed else {}
        new += refunds_of(deal, restored, since, [*found.values(), *new], found, locks)
    return _posted(deal, book, figures, history, new, items)


def _sale(deal: Deal, figures: Figures, book: Book, history: History, locks: Locks) -> list[Entry]:
    """The sale entry of this version, after the mirror of the version that stands, unless it is recorded."""
    found, version = history.entries, deal.deal_version
    if f"sale-v{version}" in found:
        return []
    standing = standing_version(found)
    if standing is None:
        return sale_entries(deal, figures, book.policies, open_day(deal.accounting_date, locks))
    if standing > version:
        raise PostingError(
            deal.deal_id,
            f"this is version {version}, and version {standing} stands in the books",
            fix="Post the newest version of the deal.",
        )
    refuse_recast(deal, found[f"sale-v{standing}"])
    day = open_day(deal.amended_at or deal.accounting_date, locks)
    return [*mirrors(found, standing, "reversal", day), *sale_entries(deal, figures, book.policies, day)]


def _without_sale(deal: Deal, at: date, history: History, locks: Locks) -> list[Entry]:
    """Cancelled before anything was posted: the deposit, and its refund."""
    found = history.entries
    new = receipts_of(deal, None, found, locks)
    if deal.refunds:
        received = [entry for entry in [*found.values(), *new] if entry.event == "deposit.received"]
        restored = restored_deposits(deal, received, found)
        since = min(at, *(refund.date for refund in deal.refunds))
        new += refunds_of(deal, restored, since, [*found.values(), *new], found, locks)
    return new


def _refuse_other_book(deal: Deal, book: Book) -> None:
    if deal.legal_entity != book.legal_entity:
        raise PostingError(
            deal.deal_id,
            f"it belongs to {deal.legal_entity}, and book {book.name} is kept for {book.legal_entity}",
            fix="Post it to the book of its own legal entity.",
        )
    if deal.base_currency != book.currency:
        raise PostingError(
            deal.deal_id,
            f"its base currency is {deal.base_currency}, and book {book.name} is kept in {book.currency}",
            fix="Correct the base currency of the deal.",
        )


def _no_figures(deal: Deal) -> Figures:
    nothing = Invoice(deal.billed_to, deal.currency, ZERO, ZERO, (), ZERO)
    metrics = Metrics(deal.base_currency, ZERO, ZERO, ZERO, foreign=deal.currency != deal.base_currency)
    return Figures(Taxes((), ()), nothing, (), ZERO, metrics, (), ZERO)


def _posted(
    deal: Deal, book: Book, figures: Figures, history: History, new: list[Entry], items: tuple[str, ...] = ()
) -> Posted:
    _refuse_unmapped(deal, book, new)
    return Posted(
        deal=deal,
        entries=tuple(sorted([*history.entries.values(), *new], key=_order)),
        new=tuple(sorted(new, key=_order)),
        taxes=figures.taxes.rows,
        invoice=figures.invoice,
        metrics=figures.metrics,
        commissions=figures.commissions,
        stock_book_sale=figures.taxes.margin,
        stock_book_trades=figures.trades,
        open_items=items,
    )


def _refuse_unmapped(deal: Deal, book: Book, new: Iterable[Entry]) -> None:
    """A role that the deal needs and the chart lacks refuses the deal, before anything is sent."""
    if book.chart is None:
        return
    roles = book.chart.roles
    for entry in new:
        if entry.legal_entity != book.legal_entity:
            continue
        for line in entry.lines:
            if line.role not in roles:
                try:
                    account_for(book.chart, line.role, needed_by=f"{entry.entry_id}, part {line.part}")
                except ConfigError as error:
                    raise PostingError(deal.deal_id, error.message, fix=error.fix) from error


_ORDER = {
    "dealer_trade.posted": 0,
    "purchase.posted": 1,
    "deposit.received": 2,
    "sale.posted": 3,
    "sale.cost_posted": 3,
    "sale.reversed": 3,
    "sale.unwound": 3,
    "payment.received": 4,
    "contract.funded": 5,
    "reserve.received": 5,
    "trade.paid_off": 6,
    "customer.refunded": 7,
}
_OF_VERSION = re.compile(r"(sale|cost|reversal|unwind|reversal-cost|unwind-cost)-v(\d+)")
_STEPS = {"sale": 0, "cost": 1, "reversal": 2, "reversal-cost": 3, "unwind": 4, "unwind-cost": 5}


def _order(entry: Entry) -> tuple[date, int, int, int]:
    stage = _ORDER.get(entry.event, len(_ORDER))
    match = _OF_VERSION.fullmatch(entry.entry_id)
    if match is None:
        return (entry.accounting_date, stage, 0, 0)
    return (entry.accounting_date, stage, int(match[2]), _STEPS[match[1]])
