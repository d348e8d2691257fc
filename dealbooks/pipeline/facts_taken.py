"""Events about deals become facts: rows of a drop folder, what a person enters, what a payment provider says.

A fact is known by its deal, kind and subject (a reference, or the stock number of a part-exchange; capitals and spaces
around it do not matter). The same fact again changes nothing; with another amount, day or method it is refused.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import select

from dealbooks.canonical import canonical_json, compact_json, sha256_hex
from dealbooks.catalogue import found
from dealbooks.findings import Finding
from dealbooks.house import House
from dealbooks.money import MoneyError, exact
from dealbooks.pipeline.corrections import active_overrides, correct_columns
from dealbooks.pipeline.facts import METHOD, Fact, folded
from dealbooks.pipeline.facts_door import unfit
from dealbooks.pipeline.facts_money import BY, is_withdrawn
from dealbooks.pipeline.records import record_of
from dealbooks.pipeline.settings import BookFinder
from dealbooks.pipeline.side_rows import close_rows, other_currency, quarantine_rows
from dealbooks.store import Tx
from dealbooks.store.db import Row
from dealbooks.store.tables import batches, deals, facts, inbox

# What an event is called in a file and on the command line -> the kind of fact.
KINDS = {
    "funded": "funding",
    "reserve_received": "reserve",
    "payoff_paid": "payoff",
    "charged_back": "chargeback",
    "paid": "payment",
    "refunded": "refund",
}


_SAME = "released by"  # how the note of a batch begins whose row a person let out of quarantine


def take_facts(house: House, source: str, batch: int) -> int:
    """Turn the new event rows of a batch into facts; returns how many were new."""
    finder = BookFinder(house, source)
    with house.store.transaction(house.actor, f"facts of batch {batch}") as tx:
        query = select(inbox).where((inbox.c.batch_id == batch) & (inbox.c.state == "new") & (inbox.c.kind == "fact"))
        rows = tx.rows(query.order_by(inbox.c.id))
        fixes = active_overrides(tx.conn, [row["natural_key"] for row in rows])
        refused: list[tuple[Row, list[Finding]]] = []
        told: list[tuple[Row, Row]] = []
        for row in rows:
            fact, findings = _read(tx, row, house, finder, fixes.get(row["natural_key"], ()))
            if fact is None:
                refused.append((row, findings))
            else:
                told.append((row, fact))
        known = _Known(tx, [fact for _, fact in told])
        new, taken = [], []
        for row, fact in told:
            before = known.same(fact)
            if elsewhere := known.elsewhere(fact):
                about = fact["subject"]
                refused.append((row, [found("S024", "reference", about, place=row["place"], reason=elsewhere)]))
            elif before is None:
                new.append(known.add(fact))
                taken.append((row, "applied"))
            elif other := changed(before, fact):
                refused.append((row, [other]))
            elif why := _may_be_other(tx, before, row):
                refused.append((row, [found("S024", "money", "without a reference", place=row["place"], reason=why)]))
            else:
                known.place(before, fact["location"])
                taken.append((row, "unchanged"))
        tx.insert("facts", new)
        tx.change("facts", known.placed)
        for state in ("applied", "unchanged"):
            tx.update("inbox", [row for row, new_state in taken if new_state == state], state=state)
        close_rows(tx, [row for row, _ in taken])
        quarantine_rows(tx, refused)
        return len(new)


class _Known:
    """Facts that were told before, of the deals of some new ones. A fact that names no store is that of any store, and
    belongs to the first that names one: only there it is looked for from then on."""

    def __init__(self, tx: Tx, told: Sequence[Row]) -> None:
        self._new: set[str] = set()
        self._facts: dict[tuple[str, ...], list[Row]] = {}
        self._locations: dict[tuple[str, str], set[str]] = {}
        self._paid: dict[str, list[Row]] = {}  # payments by reference, of any deal
        subjects = sorted({fact["subject"] for fact in told if fact["kind"] == "payment"})
        for start in range(0, len(subjects), 500):
            same = (facts.c.kind == "payment") & facts.c.subject.in_(subjects[start : start + 500])
            for row in tx.rows(select(facts).where(same & (facts.c.state != "withdrawn"))):
                self._paid.setdefault(row["subject"], []).append(row)
        self.placed: list[tuple[Row, Row]] = []
        numbers = sorted({fact["deal_number"] for fact in told})
        for start in range(0, len(numbers), 500):
            some = numbers[start : start + 500]
            for row in tx.rows(select(facts).where(facts.c.deal_number.in_(some)).order_by(facts.c.inbox_id)):
                self._facts.setdefault(_name(row), []).append(row)
            query = select(deals.c.book, deals.c.deal_number, deals.c.location).where(deals.c.deal_number.in_(some))
            for deal in tx.rows(query):
                self._locations.setdefault((deal["book"], deal["deal_number"]), set()).add(deal["location"])

    def same(self, fact: Row) -> Row | None:
        """The fact as it was told before; one that names no store is first given that of the only deal it can mean."""
        places = self._locations.get((fact["book"], fact["deal_number"]), set())
        if not fact["location"] and len(places) == 1:
            fact["location"] = next(iter(places))
        place = fact["location"]
        fits = [one for one in self._facts.get(_name(fact), ()) if not place or one["location"] in ("", place)]
        fits.sort(key=lambda one: (one["location"] != place, changed(one, fact) is not None))
        return fits[0] if fits else None

    def elsewhere(self, fact: Row) -> str:
        """Why a payment cannot be of this deal: a provider gave the reference to one payment, and that is another
        deal's. Empty: it can."""
        if fact["kind"] != "payment":
            return ""
        for one in self._paid.get(fact["subject"], ()):
            same = (one["book"], one["deal_number"]) == (fact["book"], fact["deal_number"])
            if same or is_withdrawn(Fact.of(one)):
                continue
            if any("read_at" in json.loads(each["body"]) for each in (one, fact)):
                return (
                    f"that payment is taken for deal {one['deal_number']} of {one['book']} already; if it is of this "
                    f"one, take it back there first: dealbooks event withdraw {one['deal_number']} {one['subject']}"
                )
        return ""

    def add(self, fact: Row) -> Row:
        """Take a new fact, under its own name from now on."""
        if fact["kind"] == "payment":
            self._paid.setdefault(fact["subject"], []).append(fact)
        fact["id"] = sha256_hex(canonical_json([fact["location"], *_name(fact)]))[:32]
        self._new.add(fact["id"])
        self._facts.setdefault(_name(fact), []).append(fact)
        return fact

    def place(self, before: Row, location: str) -> None:
        """Note the store of a fact that was told without one."""
        if location and not before["location"]:
            if before["id"] not in self._new:
                self.placed.append((dict(before), {"location": location}))
            before["location"] = location


def _name(fact: Row) -> tuple[str, ...]:
    return fact["book"], fact["deal_number"], fact["kind"], folded(fact["subject"])


def changed(before: Row, now: Row) -> Finding | None:
    """What is told with other words now; None when it is the same fact."""
    old, new = _terms(before), _terms(now)
    names = [name for name in old if old[name] != new[name]]
    if not names:
        return None
    was, now_is = (" and ".join(f"{name} {terms[name]}" for name in names) for terms in (old, new))
    subject = now["subject"] or "the settlement"
    return found("S013", names[0], subject, deal=now["deal_number"], before=was, now=now_is)


def _terms(fact: Row) -> dict[str, Any]:
    body = json.loads(fact["body"])
    terms: dict[str, Any] = {
        "amount": exact(body["amount"]), "date": body["date"],
        "method": (body["method"] or METHOD).replace("_", " "),
    }  # fmt: skip
    return terms | {"product": folded(body["product"])} if "product" in body else terms


def _read(tx: Tx, row: Row, house: House, finder: BookFinder, fixes: Sequence[Row]) -> tuple[Row | None, list[Finding]]:
    record = record_of(row)
    record.findings = correct_columns(record, fixes)
    store_code = str(record.data.get("store_code") or "")
    told = str(record.data.get("book") or "")  # by a person or a payment provider, who say it themselves
    book = told if told in house.config.books else finder.book_of_store(store_code)
    if book is None:
        return None, [*record.findings, found("S017", "store_code", store_code, source=row["source"])]
    data = record.data
    kind = KINDS.get(str(data.get("event") or ""))
    missing = [name for name in ("deal_number", "event", "amount", "date") if not data.get(name)]
    if record.findings or missing or kind is None:
        gaps = [found("S014", name, "", place=row["place"]) for name in missing if name not in _named(record.findings)]
        return None, [*record.findings, *gaps]
    unfit = [*other_currency(data, row["place"], house.book(book).currency), *_unfit(data, row["place"])]
    if unfit:
        return None, unfit
    if not told and not store_code:
        stores = [location for location, of in house.source_config(row["source"]).books.items() if of == book]
        if len(stores) > 1 and house.config.events.store_numbers:
            return None, [_without_store(data, book, stores, row["place"])]
        store_code = stores[0] if len(stores) == 1 else ""
    if (wrong := _unfit_fact(data, kind, house.book(book).currency, house.today(book), row["place"])) is not None:
        return None, [wrong]
    subject = _subject(data, kind)
    place = finder.location_of_store(book, store_code) if store_code and not told else store_code
    body = {"amount": str(data["amount"]), "date": str(data["date"]), "method": str(data.get("method") or "")}
    if kind == "chargeback":
        body |= {"product": str(data.get("product") or "").strip(), "reason": str(data.get("reason") or "")}
    if kind == "payment":
        body["receipts"] = str(data.get("receipts") or house.book_config(book).receipts)
        body[BY] = str(data.get("read_at") or ("a person" if data.get("entered_by") else row["source"]))
        body |= {"read_at": str(data["read_at"])} if data.get("read_at") else {}
    return {
        "id": "", "book": book, "location": place, "deal_number": str(data["deal_number"]), "deal_id": None,
        "kind": kind, "subject": subject, "body": compact_json(body), "inbox_id": row["id"], "state": "waiting",
        "note": "", "created_at": tx.at,
    }, []  # fmt: skip


def _without_store(data: Mapping[str, Any], book: str, stores: Sequence[str], place: str) -> Finding:
    reason = (
        f"it is given without its store, and {book} has several ({', '.join(sorted(stores))}), each of which may have "
        "a deal of that number. Say which by store_code, with 'dealbooks quarantine fix'; where no two deals of the "
        "group have the same number, set events: {store_numbers: false}"
    )
    return found("S024", "deal_number", str(data["deal_number"]), place=place, reason=reason)


def _may_be_other(tx: Tx, before: Row, row: Row) -> str:
    """Why money that is told without a reference may be other money than as much that was told before; empty: it has a
    reference, or a person said that it is the same, by releasing it from quarantine."""
    data = record_of(row).data
    if before["kind"] == "payoff" or before["subject"] != f"{before['kind']}-{data.get('date')}":
        return ""
    if str(data.get("reference") or "").strip() or before["inbox_id"] == row["id"]:
        return ""
    said = batches.c.summary.contains(f'"note": "{_SAME}', autoescape=True)
    same = (inbox.c.natural_key == row["natural_key"]) & (inbox.c.content_hash == row["content_hash"])
    query = select(inbox.c.id).join(batches, batches.c.id == inbox.c.batch_id)
    taken = (inbox.c.id == row["id"]) | (inbox.c.state == "unchanged")
    if tx.conn.execute(query.where(same & taken & said).limit(1)).first() is not None:
        return ""
    first = tx.conn.execute(select(inbox.c.place).where(inbox.c.id == before["inbox_id"])).scalar() or "before"
    return (
        f"as much was told for that day already ({first}). If it is other money, give it a reference with 'dealbooks "
        "quarantine fix'; if it is the same, say so with 'dealbooks quarantine release'"
    )


def _subject(data: Mapping[str, Any], kind: str) -> str:
    if kind == "payoff":
        return str(data.get("trade_stock_number") or "").strip()
    return str(data.get("reference") or "").strip() or f"{kind}-{data['date']}"


def _unfit_fact(data: Mapping[str, Any], kind: str, currency: str, today: date, place: str) -> Finding | None:
    wrong = unfit(data, _subject(data, kind), currency, today)
    if wrong is None:
        return None
    field, value, reason = wrong
    return found("S024", field, value[:80], place=place, reason=reason)


def _named(findings: Sequence[Finding]) -> set[str]:
    return {one.field for one in findings}


def _unfit(data: Mapping[str, Any], place: str) -> list[Finding]:
    """What a person put in place of what the file said is read as strictly."""
    findings = []
    try:
        if exact(str(data["amount"])) <= 0:
            findings.append(found("S019", "amount", data["amount"], place=place))
    except MoneyError as error:
        findings.append(found("S010", "amount", data["amount"], reason=str(error)))
    try:
        date.fromisoformat(str(data["date"]))
    except ValueError:
        findings.append(found("S010", "date", data["date"], reason="it is not a date such as 2026-03-31"))
    return findings
