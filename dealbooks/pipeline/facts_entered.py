"""Facts that come by no file: a person enters them, or a payment provider has confirmed them.

They go the way of a row of a file: a row of the inbox, sealed in the audit chain, is judged, and becomes a fact or
waits in quarantine with its reasons.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import select

from dealbooks.canonical import canonical_json, sha256_hex
from dealbooks.draft import RawRecord
from dealbooks.errors import UsageError
from dealbooks.findings import Finding
from dealbooks.house import House
from dealbooks.pipeline.batches import source_lease, take_batch
from dealbooks.pipeline.facts import ENDED, METHOD, MONEY, Fact, folded, link_facts
from dealbooks.pipeline.facts_door import unfit_amount, unfit_day, unfit_reference
from dealbooks.pipeline.facts_laid import conflicts
from dealbooks.pipeline.facts_taken import KINDS, changed
from dealbooks.pipeline.person import by_person
from dealbooks.pipeline.records import record_body
from dealbooks.pipeline.work import Wanted, load_work
from dealbooks.store import Tx
from dealbooks.store.db import Row
from dealbooks.store.tables import batches, deals, facts, inbox, quarantine

EVENTS = {kind: event for event, kind in KINDS.items()}
METHODS = ("cash", "card", "bank_transfer", "cheque", "cashier_cheque", "direct_debit")
REASONS = ("cancelled", "early_payoff", "unwind", "other")
ENTERED_BY = "entered by "  # before the name, where a row of the inbox says where it comes from


@dataclass(frozen=True, slots=True)
class Entered:
    """A fact as a person enters it; `deal` is a deal number or internal id. `book` and `location` are needed where the
    deal is not there yet, or where deals of several have that number."""

    deal: str
    kind: str
    amount: Decimal
    day: date
    method: str = ""
    reference: str = ""
    product: str = ""
    reason: str = ""
    stock_no: str = ""
    book: str = ""
    location: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of it: `state` is waiting (for its deal, or to be planned by the next sync), known (told before),
    quarantined, stored (another process works on that source; the next sync takes it), settled, withdrawing or
    withdrawn."""

    book: str
    deal: str
    kind: str
    subject: str
    state: str
    reasons: tuple[str, ...] = ()

    def as_json(self) -> dict[str, object]:
        """Plain types."""
        return {
            "book": self.book, "deal": self.deal, "kind": self.kind, "subject": self.subject, "state": self.state,
            "reasons": list(self.reasons),
        }  # fmt: skip


def enter(house: House, entered: Entered, *, who: str, why: str) -> Outcome:
    """Take a fact that a person enters. It is checked before anything is written.

    Raises:
        UsageError: it cannot be right, and nothing was written.
        LeaseLost: another process works on the deal's source; it is stored, and the next sync takes it.
    """
    who, why = by_person(who, why, "Money is entered by somebody, for a reason.")
    deal = deal_of(house, entered.deal, book=entered.book)
    book, location, number = _place(house, entered, deal)
    _check(house, entered, book)
    data = {
        "book": book, "store_code": location, "deal_number": number, "event": EVENTS[entered.kind],
        "amount": format(entered.amount, "f"), "date": entered.day.isoformat(), "method": entered.method,
        "reference": entered.reference.strip(), "trade_stock_number": entered.stock_no.strip(),
        "product": entered.product.strip(), "reason": entered.reason, "entered_by": who, "why": why,
    }  # fmt: skip
    subject = entered.stock_no if entered.kind == "payoff" else entered.reference
    subject = subject.strip() or ("" if entered.kind == "payoff" else f"{entered.kind}-{data['date']}")
    known = known_fact(house, book, number, location, entered.kind, subject)
    if known is not None:
        if known["state"] == "withdrawn":
            raise UsageError(
                f"{entered.kind} {subject} of deal {number} was withdrawn: {known['note']}.",
                fix="Give other money a --reference of its own.",
            )
        _refuse_changed(known, data, subject)
        return Outcome(book, number, entered.kind, known["subject"], "known")
    if deal is not None:
        _refuse_unfit(house, deal, entered, subject, data)
    source = source_of(house, book, deal)
    key = f"entered:{book}:{sha256_hex(canonical_json([number, location, entered.kind, subject]))[:32]}"
    with house.store.transaction(who, f"enter {entered.kind} of deal {number}: {why}") as tx:
        batch = store_row(tx, source, key, data, f"{ENTERED_BY}{who}")
    if batch is None:
        return Outcome(book, number, entered.kind, subject, "known")
    with source_lease(house, source):
        take_batch(house, source, batch)
    link_facts(house, book)
    state, reasons = _became(house, batch)
    return Outcome(book, number, entered.kind, subject, state, reasons)


def store_row(tx: Tx, source: str, key: str, data: Mapping[str, object], place: str) -> int | None:
    """Store what was told as a row of the inbox, in a batch of its own; the batch, or None when just that was told
    before under that key."""
    content = sha256_hex(canonical_json(dict(data)))
    dedupe = f"{key}#{content[:32]}"
    chosen = (inbox.c.source == source) & (inbox.c.dedupe_key == dedupe)
    if tx.conn.execute(select(inbox.c.id).where(chosen)).first() is not None:
        return None
    record = RawRecord(key, content, dict(data), (1, 0, 0), location=place)
    body = record_body(record)
    batch = tx.next_ids("batches")[0]
    tx.insert(
        "batches",
        [
            {
                "id": batch, "source": source, "state": "extracted", "row_count": 1,
                "summary": json.dumps({"note": place}), "created_at": tx.at,
            }
        ],
    )  # fmt: skip
    tx.insert(
        "inbox",
        [
            {
                "id": tx.next_ids("inbox")[0], "source": source, "dedupe_key": dedupe, "kind": "fact",
                "natural_key": key, "content_hash": content, "revision": json.dumps(list(record.revision)),
                "action": "post", "state": "new", "batch_id": batch, "file_id": None, "place": place, "body": body,
                "body_hash": sha256_hex(body), "deal_id": None, "version": None, "note": "", "received_at": tx.at,
            }
        ],
    )  # fmt: skip
    return batch


def source_of(house: House, book: str, deal: Row | None) -> str:
    """The source under which a fact of a deal is kept: the deal's own, else the book's first.

    Raises:
        UsageError: no source has deals of that book.
    """
    if deal is not None and deal["source"] in house.config.sources:
        return str(deal["source"])
    own = house.book_config(book).source_of_record
    names = [own] if own else []
    names += [name for name, one in house.config.sources.items() if book in one.books.values()]
    if not names:
        raise UsageError(f"No source has deals of {book}.", fix="Add one under sources: in dealbooks.yaml.")
    return names[0]


def deal_of(house: House, ref: str, *, book: str = "") -> Row | None:
    """A deal by its number or internal id; None when there is none.

    Raises:
        UsageError: more than one is called so.
    """
    wanted = (deals.c.deal_number == ref.strip()) | (deals.c.id == ref.strip())
    with house.store.read() as conn:
        query = select(deals).where(wanted & (deals.c.book == book) if book else wanted).order_by(deals.c.id)
        found = [dict(row) for row in conn.execute(query).mappings()]
    if len(found) > 1:
        listed = ", ".join(f"{row['id']} ({row['book']}, {row['location']})" for row in found[:10])
        raise UsageError(f"{len(found)} deals are called {ref}.", fix=f"Name one by its internal id: {listed}.")
    return found[0] if found else None


def _place(house: House, entered: Entered, deal: Row | None) -> tuple[str, str, str]:
    """Book, location and number of the deal."""
    if deal is not None:
        return deal["book"], deal["location"], deal["deal_number"]
    if not entered.book:
        raise UsageError(
            f"There is no deal {entered.deal}.",
            fix="Correct the number; for money that comes before its deal, name its book with --book.",
        )
    places = house.book_config(entered.book).locations
    if entered.location and entered.location not in places:
        raise UsageError(
            f"{entered.book} has no location {entered.location}.", fix=f"It has {', '.join(sorted(places))}."
        )
    if not entered.location and len(places) > 1 and house.config.events.store_numbers:
        raise UsageError(
            f"{entered.book} has several stores, and each may give the number {entered.deal.strip()} to a deal.",
            fix=f"Say whose deal it will be with --location: {', '.join(sorted(places))}.",
        )
    return entered.book, entered.location, entered.deal.strip()


def _check(house: House, entered: Entered, book: str) -> None:
    currency = house.book_config(book).currency
    if entered.kind not in EVENTS:
        raise UsageError(f"There is no kind {entered.kind}.", fix=f"Choose one of {', '.join(sorted(EVENTS))}.")
    if entered.amount <= 0:
        raise UsageError(
            f"The amount is {entered.amount}.", fix="Give what moved, above zero; money back is --kind refund."
        )
    for given, option, reason in (
        (entered.amount, "--amount", unfit_amount(entered.amount, currency)),
        (entered.day, "--date", unfit_day(entered.day, house.today(book))),
        (repr(entered.reference), "--reference", unfit_reference(entered.reference.strip())),
        (repr(entered.stock_no), "--stock-number", unfit_reference(entered.stock_no.strip())),
        (repr(entered.product), "--product", unfit_reference(entered.product.strip())),
    ):
        if reason:
            raise UsageError(f"{option} {given} cannot be taken: {reason}.", fix=f"Correct {option}.")
    if entered.method and entered.method not in METHODS:
        raise UsageError(f"There is no method {entered.method}.", fix=f"Choose one of {', '.join(METHODS)}.")
    if entered.reason and entered.reason not in REASONS:
        raise UsageError(f"There is no reason {entered.reason}.", fix=f"Choose one of {', '.join(REASONS)}.")
    for given, option, kind in (
        (entered.product, "--product", "chargeback"), (entered.reason, "--reason", "chargeback"),
        (entered.stock_no, "--stock-number", "payoff"),
    ):  # fmt: skip
        if given and entered.kind != kind:
            raise UsageError(f"{option} is for --kind {kind}.", fix=f"Leave {option} out.")


def known_fact(house: House, book: str, number: str, location: str, kind: str, subject: str) -> Row | None:
    """A fact that was told before, by its name."""
    named = (facts.c.book == book) & (facts.c.deal_number == number) & (facts.c.kind == kind)
    with house.store.read() as conn:
        rows = [dict(row) for row in conn.execute(select(facts).where(named)).mappings()]
    fits = [row for row in rows if folded(row["subject"]) == folded(subject)]
    return next((row for row in fits if not location or row["location"] in ("", location)), None)


def _refuse_changed(known: Row, data: Mapping[str, str], subject: str) -> None:
    body = {"amount": data["amount"], "date": data["date"], "method": data["method"]}
    if "product" in json.loads(known["body"]):
        body["product"] = data["product"]
    now = known | {"subject": subject, "body": json.dumps(body)}
    other: Finding | None = changed(known, now)
    if other is not None:
        raise UsageError(f"{other.message[:1].upper()}{other.message[1:]}.", fix="Give another --reference.")


def _refuse_unfit(house: House, deal: Row, entered: Entered, subject: str, data: Mapping[str, str]) -> None:
    """Hold it against the deal as it stands now, as the next sync will."""
    if deal["state"] == "before_go_live":
        raise UsageError(
            f"Deal {deal['deal_number']} is from before go-live and is never posted.",
            fix="Enter the money in the ledger by hand.",
        )
    if deal["state"] in ENDED and entered.kind not in MONEY:
        raise UsageError(
            f"The sale of deal {deal['deal_number']} was taken back, so that a {entered.kind} is not posted by itself.",
            fix="Enter it in the ledger by hand.",
        )
    body = {
        "amount": data["amount"], "date": data["date"], "method": data["method"] or METHOD,
        "product": data["product"], "reason": data["reason"],
    }  # fmt: skip
    fact = Fact({"id": "entered", "state": "waiting"}, entered.kind, subject, body)
    for work in load_work(house, [deal["id"]], Wanted({deal["id"]: None}, {deal["id"]: [fact]})):
        wrong = conflicts(work.canonical, [fact], work.recorded.values()) | work.money().wrong
        if wrong and entered.kind != "payment":  # what a payment is, a person can say afterwards
            said = wrong["entered"]
            raise UsageError(f"{said[:1].upper()}{said[1:]}.", fix="Correct what is entered, or the deal's record.")


def _became(house: House, batch: int) -> tuple[str, tuple[str, ...]]:
    with house.store.read() as conn:
        row = conn.execute(select(inbox.c.id, inbox.c.state).where(inbox.c.batch_id == batch)).one()
        waits = (quarantine.c.inbox_id == row.id) & (quarantine.c.state == "open")
        reasons = conn.execute(select(quarantine.c.reasons).where(waits)).scalar()
        taken = conn.execute(select(batches.c.state).where(batches.c.id == batch)).scalar_one()
    if reasons is not None:
        return "quarantined", tuple(Finding.from_json(one).message for one in json.loads(reasons))
    return ("known" if row.state == "unchanged" else "waiting" if taken == "validated" else "stored"), ()
