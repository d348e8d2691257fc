"""Going live: a book in shadow begins to post. What somebody has typed into the ledger by hand meanwhile is found first
by VIN, stock number, deal number, or by amount and day; and a person says of each whether it is the same sale.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from dealbooks.entries import Entry
from dealbooks.errors import UsageError
from dealbooks.house import House
from dealbooks.ledger import Record
from dealbooks.money import amount_text
from dealbooks.outbox import EffectState
from dealbooks.pipeline.standing import Standing, stand, standing_of
from dealbooks.store import Tx
from dealbooks.store.tables import deal_versions, deals, effects, entries

_AROUND = timedelta(days=14)  # a sale typed by hand may bear another day: that of delivery, or of payment
_SHORT = 4  # a shorter number is found in any text
_UNSENT = (EffectState.HELD.value, EffectState.PENDING.value)


@dataclass(frozen=True, slots=True)
class Likeness:
    """A planned sale, and a transaction of the ledger, not ours, that may be the same sale."""

    deal_id: str
    deal: str
    vin: str
    stock_no: str
    day: str
    amount: str
    ref: str
    narration: str
    record_day: str
    why: str

    def as_json(self) -> dict[str, Any]:
        """Plain types."""
        return {
            "deal_id": self.deal_id, "deal": self.deal, "vin": self.vin, "stock_no": self.stock_no, "date": self.day,
            "amount": self.amount, "in_ledger": self.ref, "narration": self.narration,
            "in_ledger_date": self.record_day, "why": self.why,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class WentLive:
    """What going live did: how many postings will be sent now, and which deals are left as somebody typed them."""

    standing: Standing
    to_send: int
    left: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """Plain types."""
        return {"standing": self.standing.as_json(), "to_send": self.to_send, "left_as_typed": list(self.left)}


def look_alike(house: House, book: str) -> list[Likeness]:
    """Planned sales of a book that may be in its ledger already, typed by hand; oldest first.

    Raises:
        StopConnection: the ledger cannot be read now.
    """
    sales = _planned_sales(house, book)
    if not sales:
        return []
    days = [date.fromisoformat(row["accounting_date"]) for row in sales]
    ledger = house.ledger(book)
    ledger.get_ready()
    foreign = [one for one in ledger.records(min(days) - _AROUND, max(days) + _AROUND) if not one.key]
    found = [like for row in sales for record in foreign if (like := _alike(row, record)) is not None]
    return sorted(found, key=lambda one: (one.day, one.deal, one.ref))


def go_live(house: House, book: str, *, who: str, typed: Collection[str] = ()) -> WentLive:
    """Let a book post. `typed` are the deals (internal ids) that stand in the ledger as somebody typed them: nothing of
    them is ever posted.

    Raises:
        UsageError: the book is live already, or who is missing.
        StopConnection: the ledger cannot be reached, or is not connected yet.
    """
    now = standing_of(house, book)
    if now.mode == "live":
        raise UsageError(f"{book} is live already.", fix="'dealbooks status' shows how each book stands.")
    if not who.strip():
        raise UsageError("A book goes live by somebody's word.", fix="Give --who.")
    house.ledger(book).get_ready()
    with house.store.transaction(house.actor, f"go live {book}") as tx:
        left = _leave(tx, book, sorted(typed))
        told = "went live" + (f"; left as typed by hand: {', '.join(left)}" if left else "")
        standing = stand(tx, Standing(book, "live", now.paused, who.strip(), told))
        to_send = len(tx.rows(select(entries).where((entries.c.book == book) & (entries.c.state == "planned"))))
    return WentLive(standing, to_send, tuple(left))


def _planned_sales(house: House, book: str) -> list[Mapping[str, Any]]:
    query = (
        select(entries.c.deal_id, entries.c.accounting_date, entries.c.body, entries.c.currency)
        .add_columns(deals.c.deal_number, deals.c.vin, deals.c.stock_no)
        .join(deals, deals.c.id == entries.c.deal_id)
        .where((entries.c.book == book) & (entries.c.state == "planned") & (entries.c.event == "sale.posted"))
        .order_by(entries.c.seq)
    )
    with house.store.read() as conn:
        return [dict(row) for row in conn.execute(query).mappings()]


def _alike(row: Mapping[str, Any], record: Record) -> Likeness | None:
    entry = Entry.from_json(json.loads(row["body"]))
    total = entry.total_debit
    day = date.fromisoformat(row["accounting_date"])
    text = f"{record.narration} {record.ref}"
    named = [
        (word, value)
        for word, value in (("VIN", row["vin"]), ("stock number", row["stock_no"]), ("number", row["deal_number"]))
        if len(value) >= _SHORT and _stands_in(value, text)
    ]
    if named:
        why = " and ".join(f"its {word} {value}" for word, value in named)
    elif abs(record.date - day) <= _AROUND and _amounts(entry) & {abs(one.amount) for one in record.lines}:
        why = "an amount of the sale, at about its day"
    else:
        return None
    return Likeness(
        row["deal_id"], row["deal_number"], row["vin"], row["stock_no"], row["accounting_date"],
        f"{row['currency']} {amount_text(total, row['currency'])}", record.ref, record.narration,
        record.date.isoformat(), why,
    )  # fmt: skip


def _amounts(entry: Entry) -> set[Decimal]:
    """The amounts by which a person would know a sale: what the customer owes, and the price of the car."""
    return {
        abs(line.amount.amount)
        for line in entry.lines
        if line.role == "receivable.customer" or line.role.startswith("sales.")
    } - {Decimal(0)}


def _stands_in(value: str, text: str) -> bool:
    """Whether a number stands in a text, whole; capitals, blanks and hyphens do not matter."""
    letters = [re.escape(letter) for letter in value if letter.isalnum()]
    return re.search(r"(?<![a-z0-9])" + r"[\s\-/.]*".join(letters) + r"(?![a-z0-9])", text, re.IGNORECASE) is not None


def _leave(tx: Tx, book: str, typed: Sequence[str]) -> list[str]:
    """Take what is planned of these deals out of the outbox, for good."""
    if not typed:
        return []
    ours = tx.rows(select(deals).where((deals.c.book == book) & deals.c.id.in_(typed)))
    if unknown := sorted(set(typed) - {row["id"] for row in ours}):
        raise UsageError(f"{book} has no deal {', '.join(unknown)}.", fix="Run go-live again; it lists them.")
    sent = select(effects).where(effects.c.deal_id.in_(typed) & (effects.c.book == book))
    calls = tx.rows(sent)
    if any(row["state"] not in (*_UNSENT, EffectState.SUPERSEDED.value) for row in calls):
        raise UsageError("Something of these deals was sent already.", fix="'dealbooks trace DEAL' shows what.")
    tx.update("effects", _in(calls, _UNSENT), state=EffectState.SUPERSEDED.value, updated_at=tx.at)
    planned = tx.rows(select(entries).where(entries.c.deal_id.in_(typed) & (entries.c.book == book)))
    tx.update("entries", _in(planned, ("planned",)), state="superseded")
    versions = tx.rows(select(deal_versions).where(deal_versions.c.deal_id.in_(typed)))
    tx.update("deal_versions", _in(versions, ("accepted", "planned")), state="before_go_live")
    tx.update("deals", ours, state="before_go_live", updated_at=tx.at)
    return sorted(row["deal_number"] for row in ours)


def _in(rows: Iterable[Any], states: Collection[str]) -> list[Any]:
    return [row for row in rows if row["state"] in states]
