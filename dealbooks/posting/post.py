"""The one way from a deal to its entries: (deal, what is recorded, book, locks) -> entries. Pure.

A version of a deal is one sale entry; money received and later facts are entries of their own, under their own keys;
what is recorded is never worked out again (posting-rules.md section 1).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import localcontext

from dealbooks.book import Book, Locks, OtherBook
from dealbooks.deal import Deal
from dealbooks.entries import Entry
from dealbooks.money import MoneyError
from dealbooks.posting.accounts import refuse_unmapped
from dealbooks.posting.arithmetic import EXACT, ZERO
from dealbooks.posting.chargeback import chargebacks_of
from dealbooks.posting.deposit_tax import DepositTax, deposit_taxes
from dealbooks.posting.errors import PostingError
from dealbooks.posting.facts import fundings_of, payoffs_of, refunds_of, restored_deposits
from dealbooks.posting.figures import Figures, Invoice, Metrics, Taxes
from dealbooks.posting.lifecycle import (
    amendment_items,
    ended,
    mirrors,
    open_items,
    posted_versions,
    refuse_before_sale,
    refuse_other_rate,
    refuse_overpaid,
    refuse_recast,
    standing_version,
)
from dealbooks.posting.posted import History, Posted
from dealbooks.posting.receipts import receipts_of
from dealbooks.posting.sale import figures_of, sale_entries
from dealbooks.posting.sheet import Dated, open_day
from dealbooks.posting.transfer import transfers_of

NO_OTHERS: Mapping[str, OtherBook] = {}


def post_deal(
    deal: Deal,
    *,
    book: Book,
    history: History | None = None,
    locks: Locks | None = None,
    others: Mapping[str, OtherBook] = NO_OTHERS,
) -> Posted:
    """Work out every entry of a deal's life to date.

    Args:
        deal: the newest version of the deal.
        book: the legal entity's book; its chart, when it has one, must have every role that the deal needs.
        history: the entries that are recorded already.
        locks: until when the book is closed. A new entry that would be dated in a closed period is dated on the first
            open day instead, keeps its own date beside it, and says so.
        others: books of other legal entities of the group, by legal entity: an entry for one of them is dated by that
            book's locks, and its roles must be in that book's chart.

    Raises:
        PostingError: when the deal cannot be posted; nothing of it is.
    """
    with localcontext(EXACT):
        try:
            return _post(deal, book, history or History(), locks or Locks(), others)
        except MoneyError as error:
            raise PostingError(deal.deal_id, str(error), fix="Correct the amount in the deal.") from error


def _post(deal: Deal, book: Book, history: History, locks: Locks, others: Mapping[str, OtherBook]) -> Posted:
    _refuse_other_book(deal, book)
    found = history.entries
    end = ended(deal)
    never_sold = not posted_versions(found)
    if end is not None and end.event == "cancelled" and never_sold:
        figures = _no_figures(deal)
        new = _without_sale(deal, end.at, history, locks)
        refuse_overpaid(deal, [*found.values(), *new], history.elsewhere)
        return _posted(deal, book, figures, history, new, others)

    figures = figures_of(deal, found)
    new = transfers_of(deal, found, locks, others)
    taxed: dict[str, DepositTax] = {}
    if (end is None or never_sold) and f"sale-v{deal.deal_version}" not in found:
        refuse_other_rate(deal, found)
        day = _sale_day(deal, found, locks)
        taxed = deposit_taxes(deal, figures.taxes, book.policies, day, found, locks)
        new += _sale(deal, figures, book, found, day, taxed)
    to_date = dict(found)
    for entry in new:
        to_date[entry.entry_id] = entry
    versions = posted_versions(to_date)
    sale = to_date[f"sale-v{versions[-1]}"] if versions else None

    new += receipts_of(deal, sale, found, locks, taxed)
    if deal.fundings:
        new += fundings_of(deal, [*found.values(), *new], found, locks)
    if deal.trade_ins:
        new += payoffs_of(deal, [*found.values(), *new], found, locks)
    if deal.chargebacks:
        new += chargebacks_of(deal, figures, found, locks, ended=end is not None and not never_sold)
    items: tuple[str, ...] = ()
    freed: list[Entry] = []
    if end is not None and versions:
        standing = standing_version(to_date)
        refuse_before_sale(deal, to_date, end.at, f"was {end.event}")
        if standing is not None:
            new += mirrors(to_date, standing, "unwind", open_day(end.at, locks))
        mirror = f"unwind-v{versions[-1]}"
        freed = [entry for entry in [*found.values(), *new] if entry.entry_id == mirror]
        items = open_items(deal, {**found, **{entry.entry_id: entry for entry in new}})
    elif len(versions) > 1:
        items = amendment_items(deal, {**found, **{entry.entry_id: entry for entry in new}})
    if deal.refunds:
        since = deal.accounting_date if end is None else end.at
        restored = restored_deposits(deal, freed, found) if freed else {}
        new += refunds_of(deal, restored, since, [*found.values(), *new], found, locks)
    if end is not None:
        refuse_overpaid(deal, [*found.values(), *new], history.elsewhere)
    return _posted(deal, book, figures, history, new, others, items)


def _sale_day(deal: Deal, found: Mapping[str, Entry], locks: Locks) -> Dated:
    """The day on which this version is booked: the sale's own, of an amendment that of the amendment."""
    if standing_version(found) is None:
        return open_day(deal.accounting_date, locks)
    return open_day(deal.amended_at or deal.accounting_date, locks)


def _sale(
    deal: Deal, figures: Figures, book: Book, found: Mapping[str, Entry], day: Dated, taxed: Mapping[str, DepositTax]
) -> list[Entry]:
    """The sale entry of this version, after the mirror of the version that stands."""
    version = deal.deal_version
    standing = standing_version(found)
    if standing is None:
        return sale_entries(deal, figures, book.policies, day, taxed)
    if standing > version:
        raise PostingError(
            deal.deal_id,
            f"this is version {version}, and version {standing} stands in the books",
            fix="Post the newest version of the deal.",
        )
    refuse_before_sale(deal, found, deal.amended_at or deal.accounting_date, "was amended")
    refuse_recast(deal, found[f"sale-v{standing}"])
    return [*mirrors(found, standing, "reversal", day), *sale_entries(deal, figures, book.policies, day, taxed)]


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
    deal: Deal,
    book: Book,
    figures: Figures,
    history: History,
    new: list[Entry],
    others: Mapping[str, OtherBook],
    items: tuple[str, ...] = (),
) -> Posted:
    refuse_unmapped(deal, book, new, others)
    ordered = tuple(sorted(new, key=_order))
    return Posted(
        deal=deal,
        entries=tuple(sorted([*history.entries.values(), *ordered], key=_order)) if history.entries else ordered,
        new=ordered,
        taxes=figures.taxes.rows,
        invoice=figures.invoice,
        metrics=figures.metrics,
        commissions=figures.commissions,
        stock_book_sale=figures.taxes.margin,
        stock_book_trades=figures.trades,
        open_items=items,
        worked_taxes=figures.taxes,
        second_hand_credit=figures.second_hand_credit,
    )


_OF_VERSIONS = 3  # the stage of the entries of a version
_ORDER = {
    "dealer_trade.posted": 0,
    "purchase.posted": 1,
    "deposit.received": 2,
    "sale.posted": _OF_VERSIONS,
    "sale.cost_posted": _OF_VERSIONS,
    "sale.reversed": _OF_VERSIONS,
    "sale.unwound": _OF_VERSIONS,
    "payment.received": 4,
    "contract.funded": 5,
    "reserve.received": 5,
    "trade.paid_off": 6,
    "fi.charged_back": 6,
    "customer.refunded": 7,
}
_STEPS = {"sale": 0, "cost": 1, "reversal": 2, "reversal-cost": 3, "unwind": 4, "unwind-cost": 5}


def _order(entry: Entry) -> tuple[date, int, int, int]:
    stage = _ORDER.get(entry.event, len(_ORDER))
    if stage != _OF_VERSIONS:
        return (entry.accounting_date, stage, 0, 0)
    purpose, _, version = entry.entry_id.rpartition("-v")
    return (entry.accounting_date, stage, int(version), _STEPS[purpose])
