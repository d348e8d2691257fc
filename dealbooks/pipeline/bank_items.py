"""What the store says was booked as money, with the names by which a bank's line can be known. Reads only."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, select

from dealbooks.bank.items import BankItem, Kind
from dealbooks.reconcile.receipts import OthersReceipt
from dealbooks.store.db import Row, read_rows
from dealbooks.store.tables import deal_versions, deals, entries

_CHUNK = 400
_KINDS: Mapping[str, Kind] = {
    "deposit.received": "receipt",
    "payment.received": "receipt",
    "customer.refunded": "refund",
    "contract.funded": "funding",
    "reserve.received": "reserve",
    "trade.paid_off": "payoff",
}
MONEY_EVENTS = tuple(_KINDS)  # events of entries that move money
# How the note of a receipt's correction begins (dealbooks.posting.receipts). Its name alone proves nothing: a receipt
# may be called R1-v2.
_CORRECTS = re.compile(r"Receipt (?P<receipt>\S.*?) was recorded with ")
_GONE = ("cancelled",)


@dataclass(frozen=True, slots=True)
class BankDeal:
    """What of a deal a bank's line can name. `own` are names of single payments: subject -> names."""

    deal_id: str
    number: str
    stock_no: str
    shared: tuple[str, ...]
    customers: tuple[str, ...]
    lender: str
    contract: str
    lienholders: Mapping[str, str]
    own: Mapping[str, tuple[str, ...]]

    @property
    def names(self) -> tuple[str, ...]:
        """Everything that names the deal, or money of it."""
        return (*self.shared, self.contract, *self.lienholders, *(one for some in self.own.values() for one in some))


def bank_deals(conn: Connection, book: str, first: date, last: date, more: Iterable[str] = ()) -> dict[str, BankDeal]:
    """Deals of a book sold in these days, and `more` by their ids."""
    sold = deals.c.accounting_date.between(first.isoformat(), last.isoformat()) & deals.c.state.not_in(_GONE)
    rows = read_rows(conn, select(deals).where((deals.c.book == book) & sold))
    there = {row["id"] for row in rows}
    for some in _chunks(sorted(set(more) - there)):
        rows += read_rows(conn, select(deals).where(deals.c.id.in_(some)))
    stated: dict[str, Any] = {}
    columns = (deal_versions.c.deal_id, deal_versions.c.deal)
    for some in _chunks([row["id"] for row in rows]):
        query = select(*columns).where(deal_versions.c.deal_id.in_(some)).order_by(deal_versions.c.version)
        stated.update((row.deal_id, row.deal) for row in conn.execute(query))
    return {row["id"]: _deal(row, json.loads(stated.get(row["id"], "{}"))) for row in rows}


def _deal(row: Row, body: Mapping[str, Any]) -> BankDeal:
    finance = body.get("finance") or {}
    parties = [body.get(name) or {} for name in ("customer", "co_buyer", "bill_to")]
    trades = [one for one in body.get("trade_ins") or () if one.get("stock_no")]
    own: dict[str, tuple[str, ...]] = {}
    for payment in (*(body.get("payments") or ()), *(body.get("deposits") or ())):
        names = (payment.get("receipt_id"), payment.get("processor_ref"))
        own[payment["receipt_id"]] = tuple(str(name) for name in names if name)
    references = [
        str(value) for value in (body.get("references") or {}).values() if any(c.isdigit() for c in str(value))
    ]
    shared = (row["deal_number"], row["stock_no"], row["vin"], *references)
    return BankDeal(
        deal_id=row["id"], number=row["deal_number"], stock_no=row["stock_no"],
        shared=tuple(dict.fromkeys(one for one in shared if one)),
        customers=tuple(str(one["name"]) for one in parties if one.get("name")),
        lender=str(finance.get("lender") or ""), contract=str(finance.get("contract_no") or ""),
        lienholders={one["stock_no"]: str(one.get("lienholder") or "") for one in trades}, own=own,
    )  # fmt: skip


def money_rows(conn: Connection, book: str, first: date, last: date) -> list[Row]:
    """Entries of a book that move money, dated in these days."""
    columns = [column for column in entries.c if column.name not in ("key", "facts")]
    dated = entries.c.accounting_date.between(first.isoformat(), last.isoformat())
    counted = (entries.c.book == book) & dated & entries.c.event.in_(MONEY_EVENTS) & (entries.c.state != "superseded")
    return read_rows(conn, select(*columns).where(counted).order_by(entries.c.seq))


def bank_items(
    rows: Sequence[Row], known: Mapping[str, BankDeal], payers: Mapping[str, tuple[str, ...]]
) -> list[BankItem]:
    """The rows as items; what corrects a receipt is part of it. Money that has not moved (a refund agreed only) is
    none. `payers`: other names of finance companies and lienholders."""
    found: dict[tuple[str, str], BankItem] = {}
    for row in rows:
        body = json.loads(row["body"])
        amount, method = _cash(body["lines"])
        kind = _KINDS[row["event"]]
        subject = row["entry_id"].partition("-")[2]
        corrected = (row["deal_id"], f"receipt-{corrected_receipt(body.get('note', ''))}")
        if kind == "receipt" and corrected in found:
            found[corrected] = replace(found[corrected], amount=found[corrected].amount + amount)
            continue
        deal = known.get(row["deal_id"])
        found[row["deal_id"], row["entry_id"]] = BankItem(
            key=row["id"], kind=kind, deal_id=row["deal_id"], deal=deal.number if deal else row["deal_id"],
            date=date.fromisoformat(body.get("original_date") or row["accounting_date"]), amount=amount,
            currency=row["currency"], method=method, stock_no=deal.stock_no if deal else "",
            names=_names(kind, subject, deal), shared=deal.shared if deal else (),
            parties=_parties(kind, subject, deal, payers),
        )  # fmt: skip
    return [item for item in found.values() if item.amount]


def corrected_receipt(note: str) -> str:
    """The receipt that an entry with this note corrects; empty: it corrects none."""
    found = _CORRECTS.search(note)
    return found["receipt"] if found else ""


def others_items(told: Iterable[OthersReceipt], known: Mapping[str, BankDeal]) -> list[BankItem]:
    """Receipts that others book are at the bank, too."""
    by_number = {deal.number: deal for deal in known.values()}
    found = []
    for one in told:
        deal = by_number.get(one.deal)
        found.append(
            BankItem(
                key=f"told:{one.deal}:{one.reference}", kind="receipt", deal_id=deal.deal_id if deal else one.deal,
                deal=one.deal, date=one.date, amount=one.amount, currency=one.currency, names=(one.reference,),
                shared=deal.shared if deal else (one.deal,), parties=deal.customers if deal else (),
                stock_no=deal.stock_no if deal else "",
            )
        )  # fmt: skip
    return found


def _cash(lines: Iterable[Mapping[str, Any]]) -> tuple[Decimal, str]:
    """What an entry moved on the money accounts, and by which method."""
    amount, method = Decimal(0), ""
    for line in lines:
        if line["account_role"].startswith("cash."):
            amount += Decimal(line["debit"]) - Decimal(line["credit"])
            method = line["dimensions"].get("method", method)
    return amount, method


def _names(kind: Kind, subject: str, deal: BankDeal | None) -> tuple[str, ...]:
    names = [subject]
    if deal is not None:
        names += deal.own.get(subject, ())
        names += [deal.contract] if kind in ("funding", "reserve") else []
    return tuple(dict.fromkeys(name for name in names if name))


def _parties(kind: Kind, subject: str, deal: BankDeal | None, payers: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    if deal is None:
        return ()
    if kind in ("funding", "reserve"):
        found: tuple[str, ...] = (deal.lender, *payers.get(deal.lender, ()))
    elif kind == "payoff":
        owed = deal.lienholders.get(subject, "")
        found = (owed, *payers.get(owed, ()))
    else:
        found = deal.customers
    return tuple(one for one in found if one)


def _chunks(items: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(items), _CHUNK):
        yield items[start : start + _CHUNK]
