"""From the new entries of a deal to postings: under their keys, in their books, with what a reader wants to know."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from dealbooks.deal import Deal
from dealbooks.documents import InvoiceFacts, invoice_facts
from dealbooks.entries import Entry
from dealbooks.house import House
from dealbooks.ledger import Party, Posting, PostingKey
from dealbooks.pipeline.keys import posting_key
from dealbooks.pipeline.work import Work
from dealbooks.posting import Posted


def postings_of(
    house: House, book: str, item: Work, posted: Posted, new: Sequence[Entry], *, without: Collection[str]
) -> list[Posting]:
    """A posting for each new entry of a deal; `without` are names of recorded entries that are superseded."""
    sales = _sales(house, book, item, without)
    if house.ledger(book).capabilities.documents:
        sales |= {entry.entry_id: invoice_facts(posted, entry) for entry in new if entry.event == "sale.posted"}
    return [_posting(house, book, item, posted.deal, entry, sales) for entry in new]


def posting_again(house: House, book: str, item: Work, deal: Deal, entry: Entry) -> Posting:
    """The posting of an entry that is recorded, under the issue that `item` names; `deal` is its version of the deal,
    `book` the deal's own book."""
    return _posting(house, book, item, deal, entry, _sales(house, book, item, ()))


def _sales(house: House, book: str, item: Work, without: Collection[str]) -> dict[str, InvoiceFacts]:
    """The facts of each recorded sale of the deal, oldest first, where the book's ledger takes documents."""
    if not house.ledger(book).capabilities.documents:
        return {}
    return {
        row["entry_id"]: InvoiceFacts.from_json(json.loads(row["facts"]))
        for row in sorted(item.entry_rows, key=lambda row: row["version"])
        if row["facts"] and row["entry_id"] not in without
    }


def _sale_of(entry: Entry, sales: Mapping[str, InvoiceFacts]) -> str:
    """The sale that an entry is, takes back, or belongs to: for money, the one that stands."""
    if entry.entry_id in sales:
        return entry.entry_id
    if entry.reverses is not None:
        return entry.reverses
    return list(sales)[-1] if sales else ""


def _parties(deal: Deal) -> dict[str, Party]:
    customer, address = deal.customer, deal.customer.address
    found = {
        customer.id: Party(
            customer.id, customer.name or customer.id, business=customer.type == "business",
            street=address.line1 if address else "", city=address.city if address else "",
            region=(address.region if address else "") or customer.region, postcode=address.postcode if address else "",
            country=address.country if address else "", vat_number=customer.vat_number or "",
        )
    }  # fmt: skip
    if deal.bill_to is not None and deal.bill_to.id not in found:
        found[deal.bill_to.id] = Party(deal.bill_to.id, deal.bill_to.name or deal.bill_to.id, business=True)
    return found


def _posting(
    house: House, book: str, item: Work, deal: Deal, entry: Entry, sales: Mapping[str, InvoiceFacts]
) -> Posting:
    target = book if entry.legal_entity == house.book(book).legal_entity else house.book_of_entity(entry.legal_entity)
    reverses = _key(target, item, entry.reverses) if entry.reverses else None
    sale = _sale_of(entry, sales) if target == book else ""
    return Posting(
        _key(target, item, entry.entry_id), entry, deal_number=deal.deal_id, vin=deal.vehicle.vin,
        stock_no=deal.vehicle.stock_no, customer_name=deal.customer.name or deal.customer.id, reverses=reverses,
        parties=_parties(deal), invoice=sales.get(sale),
        sale=_key(target, item, sale) if sale else None,
    )  # fmt: skip


def _key(target: str, item: Work, entry_id: str) -> PostingKey:
    """The key of an entry as it stands: of its newest issue."""
    key, issue = posting_key(target, item.deal["id"], entry_id), item.issues.get(entry_id, 0)
    return replace(key, issue=issue) if issue else key
