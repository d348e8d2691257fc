"""Events of payments become payments: each is read again at its provider with our own credentials, and what the
provider says becomes a fact of its deal. Nothing of the event itself gets into the books.

A payment that the provider does not know, or has lost, or that is taken for another deal, is for a person; so is one
that cannot be read, after some tries: the others of its provider go on. One that is not confirmed yet is asked for
again; so is every one of a provider that does not answer. One of the test mode is never booked.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from dealbooks.config_told import PaymentsConfig
from dealbooks.errors import StopConnection
from dealbooks.house import House
from dealbooks.money import amount_text
from dealbooks.payments import Payment, UnreadablePayment
from dealbooks.pipeline.events import PAYMENTS, alone, take_events
from dealbooks.pipeline.facts import Fact
from dealbooks.pipeline.facts_entered import source_of, store_row
from dealbooks.pipeline.facts_money import is_withdrawn
from dealbooks.pipeline.records import record_of
from dealbooks.pipeline.tries import tried_again
from dealbooks.store import Tx
from dealbooks.store.db import Row, read_rows
from dealbooks.store.tables import deals, events, facts, inbox

# By which of its ids a payment is read, the best first: a checkout may name a deal that its payment does not.
_IDS = ("checkout_session", "payment_intent", "payment", "charge")
_NAMELESS = "its payment names no deal"


@dataclass(slots=True)
class TakenPayments:
    """What became of payments. `facts`: those that were taken; `known`: that were told before; `pending`: not confirmed
    yet; `review`: for a person; `ignored`: of the test mode. `failures`: providers that could not be read, in words;
    what they have is read by the next run. `sources`: those with a batch that waits to be judged (`take_batches`)."""

    facts: int = 0
    known: int = 0
    pending: int = 0
    review: int = 0
    ignored: int = 0
    failures: list[str] = field(default_factory=list)
    sources: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Plain types."""
        return {
            "facts": self.facts, "known": self.known, "pending": self.pending, "review": self.review,
            "ignored": self.ignored,
        }  # fmt: skip


def take_payments(house: House, *, limit: int = 500) -> TakenPayments:
    """Read the payments of matched events that were not read yet (at most `limit`), and make facts of them. Where an
    event did not say its deal, the payment itself may.

    Raises:
        Overtaken: another process changed the same events; the next run goes on.
    """
    taken = TakenPayments()
    reading = _Reading(house, taken)
    if _name_deals(house, reading, limit):
        take_events(house, limit=limit)
    for row in _rows(house, ("matched",), ("payment.received",), limit):
        reading.take(row)
    taken.sources = tuple(sorted(reading.sources))
    return taken


class _Reading:
    """Reads payments; a provider that does not answer is not asked again in this run."""

    def __init__(self, house: House, taken: TakenPayments) -> None:
        self._house = house
        self._taken = taken
        self._entries = {one.hook: (name, one) for name, one in house.config.payments.items()}
        self._silent: set[str] = set()
        self.sources: set[str] = set()

    def entry(self, row: Row) -> tuple[str, PaymentsConfig] | None:
        """Where the payments of an event's hook are read; None: nowhere, or not any more in this run."""
        found = self._entries.get(row["hook"])
        return None if found is None or found[0] in self._silent else found

    def read(self, name: str, row: Row) -> Payment | None:
        """The payment of an event; what cannot be read is said here.

        Raises:
            StopConnection: the provider cannot be asked now.
            UnreadablePayment: this payment cannot be read.
        """
        ids = json.loads(row["object_ids"])
        wanted = next((ids[one] for one in _IDS if ids.get(one)), "")
        try:
            reader = self._house.payments(name)
            try:
                return reader.payment(wanted) if wanted else None
            finally:
                reader.exchanges()
        except StopConnection as error:
            self._silent.add(name)
            self._taken.failures.append(f"payments {name}: {error.message}")
            raise
        except UnreadablePayment as error:
            self._unread(name, row, error.message)
            raise

    def _unread(self, name: str, row: Row, why: str) -> None:
        """Go on without a payment that cannot be read; it comes last from now on, and a person looks at it some day."""
        do = f"look at it there, then attach event {row['id']} to try again, or: dealbooks events ignore {row['id']}"
        self._taken.failures.append(f"payments {name}: {why} It is of event {row['id']}: {do}")
        tried = tried_again(row["note"], why)
        if tried.enough:
            self._decide(row, "review", f"{why} It was tried {tried.times} times: {do}")
        else:
            self._note(row, tried.note)

    def take(self, row: Row) -> None:
        """What becomes of the payment of one matched event."""
        entry = self.entry(row)
        if entry is None:
            if row["hook"] not in self._entries:
                self._note(row, f"it is not read at its provider: no entry under payments: has hook: {row['hook']}")
            return
        name, config = entry
        try:
            payment = self.read(name, row)
        except (StopConnection, UnreadablePayment):
            return
        if payment is None:
            self._decide(row, "review", f"there is no such payment at {config.platform}: the event may be forged")
            return
        said = f"{payment.id}: {amount_text(payment.amount, payment.currency)} {payment.currency}"
        if not payment.live:
            self._decide(row, "ignored", f"{said}, of the test mode of {config.platform}: it is never booked")
        elif payment.state == "lost":
            self._decide(row, "review", f"{said}, by {config.platform} lost: {payment.why}")
        elif _names_another(row, payment):
            self._decide(
                row, "review", f"{said}: the event names deal {row['deal_ref']}, the payment {payment.deal_ref}"
            )
        elif payment.state == "pending":
            self._taken.pending += 1
            self._note(row, f"{said}, not confirmed yet by {config.platform}")
        else:
            self._book(row, name, config, payment)

    def _book(self, row: Row, name: str, config: PaymentsConfig, payment: Payment) -> None:
        with self._house.store.read() as conn:
            deal = dict(conn.execute(select(deals).where(deals.c.id == row["deal_id"])).mappings().one())
        book = self._house.book_config(deal["book"])
        data = {
            "book": deal["book"], "store_code": deal["location"], "deal_number": deal["deal_number"], "event": "paid",
            "amount": format(payment.amount, "f"), "currency": payment.currency,
            "date": payment.day(book.zone(deal["location"])).isoformat(), "method": payment.method,
            "reference": payment.id, "receipts": config.receipts or book.receipts, "read_at": name,
        }  # fmt: skip
        source = source_of(self._house, deal["book"], deal)
        with self._house.store.transaction(self._house.actor, f"payment {payment.id}, read at {name}") as tx:
            alone(tx)
            rows = self._as_it_was(tx, row)
            if not rows:
                return
            key = f"payment:{name}:{payment.id}"
            other = _taken_elsewhere(tx, key, payment.id, deal)
            if other:
                note = (
                    f"payment {payment.id} is taken for deal {other} already, and is booked once. If it is of "
                    f"{deal['deal_number']}, take it back there (dealbooks event withdraw {other} {payment.id}) and "
                    f"enter it here (dealbooks event add); else: dealbooks events ignore {row['id']}"
                )
                tx.change("events", [(one, {"state": "review", "note": note}) for one in rows])
                self._taken.review += 1
                return
            batch = store_row(tx, source, key, data, f"{name} payment {payment.id}")
            tx.change("events", [(one, {"read_at": tx.at, "note": f"read as {payment.id}"}) for one in rows])
        if batch is None:
            self._taken.known += 1
            return
        self._taken.facts += 1
        self.sources.add(source)

    def _decide(self, row: Row, state: str, note: str) -> None:
        """The payment was read, and is not to be booked. What a person looks at may be read again afterwards."""
        with self._house.store.transaction(self._house.actor, f"payment of event {row['id']}") as tx:
            alone(tx)
            rows = self._as_it_was(tx, row)
            read_at = None if state == "review" else tx.at
            tx.change("events", [(one, {"state": state, "note": note, "read_at": read_at}) for one in rows])
        if not rows:
            return
        if state == "review":
            self._taken.review += 1
        else:
            self._taken.ignored += 1

    def _note(self, row: Row, note: str) -> None:
        if row["note"] == note:
            return
        with self._house.store.transaction(self._house.actor, f"payment of event {row['id']}") as tx:
            alone(tx)
            tx.change("events", [(one, {"note": note}) for one in self._as_it_was(tx, row)])

    def _as_it_was(self, tx: Tx, row: Row) -> list[Row]:
        """The event, unless a person or another process has decided about it since its payment was asked for."""
        same = (events.c.id == row["id"]) & events.c.read_at.is_(None) & (events.c.state == row["state"])
        found = tx.rows(select(events).where(same))
        return [one for one in found if (one["deal_id"], one["rule"]) == (row["deal_id"], row["rule"])]


def _taken_elsewhere(tx: Tx, key: str, payment: str, deal: Row) -> str:
    """The number of another deal that a payment is taken for; empty: of none."""
    mine = (deal["book"], deal["deal_number"])
    withdrawn = set()
    query = select(facts).where((facts.c.kind == "payment") & (facts.c.subject == payment))
    for fact in tx.rows(query):
        if fact["state"] == "withdrawn" or is_withdrawn(Fact.of(fact)):
            withdrawn.add(fact["inbox_id"])
        elif (fact["book"], fact["deal_number"]) != mine:
            return str(fact["deal_number"])
    for row in tx.rows(select(inbox).where((inbox.c.natural_key == key) & (inbox.c.kind == "fact"))):
        told = record_of(row).data
        if row["id"] not in withdrawn and (told.get("book"), told.get("deal_number")) != mine:
            return str(told.get("deal_number"))
    return ""


def _names_another(row: Row, payment: Payment) -> bool:
    """Whether the payment itself names another deal than its event; what a person attached is as the person said."""
    own, told = payment.deal_ref.strip(), row["deal_ref"].strip()
    return bool(own and told) and own != told and row["rule"] != "person"


def _name_deals(house: House, reading: _Reading, limit: int) -> int:
    """Events that name no deal, and have none yet, take the reference that their payment has at its provider."""
    named = 0
    for row in _rows(house, ("waiting",), PAYMENTS, limit):
        entry = reading.entry(row)
        if entry is None or row["deal_ref"] or row["note"] == _NAMELESS:
            continue
        try:
            payment = reading.read(entry[0], row)
        except (StopConnection, UnreadablePayment):
            continue
        ref = payment.deal_ref.strip()[:200] if payment is not None else ""
        with house.store.transaction(house.actor, f"payment of event {row['id']}") as tx:
            alone(tx)
            same = (events.c.id == row["id"]) & (events.c.state == "waiting") & (events.c.deal_ref == "")
            values = {"deal_ref": ref, "state": "new"} if ref else {"note": _NAMELESS}
            tx.change("events", [(one, values) for one in tx.rows(select(events).where(same))])
        named += bool(ref)
    return named


def _rows(house: House, states: Iterable[str], kinds: Iterable[str], limit: int) -> list[Row]:
    """Events of payments that were not read; those that were looked at before come last."""
    wanted = events.c.state.in_(list(states)) & events.c.kind.in_(list(kinds)) & events.c.read_at.is_(None)
    with house.store.read() as conn:
        return read_rows(conn, select(events).where(wanted).order_by(events.c.note != "", events.c.id).limit(limit))
