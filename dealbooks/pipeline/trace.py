"""Trace: the whole story of one deal, in the order in which it happened. Reads only.

What arrived and when, what was determined by which rule, warnings and corrections, versions, entries, what was sent and
what the ledger answered, every exchange with a ledger over HTTP, the facts that came beside it, and quarantine.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Connection, or_, select

from dealbooks.entries import Entry
from dealbooks.errors import UsageError
from dealbooks.events.words import KIND_WORDS, RULE_WORDS
from dealbooks.findings import Finding
from dealbooks.house import House
from dealbooks.money import amount_text
from dealbooks.pipeline.decisions import DECISIONS, decision
from dealbooks.pipeline.said import Said, Sent, said_of
from dealbooks.pipeline.said_sources import Timed, readings_of, said_in, said_to_sources
from dealbooks.pipeline.states import DEAL_STATES, state_of
from dealbooks.pipeline.trace_rows import CHUNK, DealRows, Records, deal_rows
from dealbooks.pipeline.waits import missing_of
from dealbooks.pipeline.work import issue_of
from dealbooks.store.db import Row, read_rows
from dealbooks.store.tables import deal_aliases, deals, quarantine

_S = {
    "unchanged": "the same content again, nothing to do",
    "superseded": "older than what we have",
    "accepted": "accepted",
    "quarantined": "put into quarantine",
    "ignored": "ignored",
    "applied": "taken",
    "waiting": "waits",
    "new": "not judged yet",
}
# Of what happened in the same moment, in which order it is told.
_ORDER = ("arrived", "event", "correction", "quarantine", "version", "fact", "entry", "sent", "ledger")


@dataclass(frozen=True, slots=True)
class Moment:
    """One thing that happened: when (UTC), of which kind, in words, and the details under it."""

    at: str
    kind: str
    text: str
    details: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Plain types."""
        return {"at": self.at, "kind": self.kind, "text": self.text, "details": list(self.details)}


@dataclass(frozen=True, slots=True)
class Story:
    """A deal's whole story. `state` is the one state that it is in now, `meaning` what that is and what comes next.
    `determined` says for each field that we filled which rule did (of the newest version), `exchanges` what was said to
    a ledger over HTTP, `reads` what was said to sources when the deal was read, `waits_for` what is missing before it
    may be posted. `entries` are all that were ever made for it, oldest first, each with its state."""

    deal: str
    deal_id: str
    book: str
    state: str
    meaning: str
    about: Mapping[str, str]
    moments: tuple[Moment, ...]
    determined: Mapping[str, str] = field(default_factory=dict)
    exchanges: tuple[Said, ...] = ()
    waits_for: tuple[str, ...] = ()
    reads: tuple[Said, ...] = ()
    entries: tuple[tuple[Entry, str], ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Plain types."""
        return {
            "deal": self.deal, "deal_id": self.deal_id, "book": self.book, "state": self.state,
            "meaning": self.meaning, "about": dict(self.about), "determined": dict(self.determined),
            "waits_for": list(self.waits_for), "moments": [one.as_json() for one in self.moments],
            "exchanges": [one.as_json() for one in self.exchanges],
            "reads": [one.as_json() for one in self.reads],
        }  # fmt: skip


def trace(house: House, ref: str) -> Story:
    """The story of a deal, by its deal number, internal id, VIN, stock number, or a number of the quarantine list.

    Raises:
        UsageError: nothing, or more than one deal, is called so; the message names them.
    """
    wanted = ref.strip()
    with house.store.read() as conn:
        row = deal_called(conn, wanted)
        if row is None:
            return _refused_story(conn, wanted)
    (story,) = stories(house, [row["id"]])
    return story


def stories(house: House, ids: Sequence[str]) -> Iterator[Story]:
    """The stories of deals that are there, by internal id, in the order of the ids. Some hundreds are read at a time,
    of one moment of the store."""
    for start in range(0, len(ids), CHUNK):
        with house.store.read() as conn:
            told = _stories(conn, ids[start : start + CHUNK])
        missing: dict[str, tuple[str, ...]] = {}
        for book in sorted({one.book for one in told if one.state == "accepted"}):
            wanted = [one.deal_id for one in told if one.state == "accepted" and one.book == book]
            missing |= missing_of(house, book, wanted)
        for one in told:
            yield _waiting(one, missing.get(one.deal_id, ()))


def _waiting(story: Story, missing: tuple[str, ...]) -> Story:
    """The story of a deal that may not be posted yet, if it is one."""
    if not missing:
        return story
    return replace(story, meaning=f"{story.meaning} It waits until {' and '.join(missing)}.", waits_for=missing)


def need_deal(conn: Connection, ref: str) -> Row:
    """The deal that a person names (see `deal_called`).

    Raises:
        UsageError: none, or more than one, is called so.
    """
    deal = deal_called(conn, ref.strip())
    if deal is None:
        raise UsageError(f"No deal is called {ref}.", fix="Give its number, VIN, stock number or internal id.")
    return deal


def deal_called(conn: Connection, ref: str) -> Row | None:
    """The deal that a person names by its number, internal id, VIN, stock number or a number of the quarantine list.

    Raises:
        UsageError: more than one deal is called so; the message names them.
    """
    names = (deals.c.deal_number == ref) | (deals.c.id == ref)
    cars = or_(deals.c.vin == ref.upper(), deals.c.stock_no == ref)
    for condition in (names, cars):
        found = read_rows(conn, select(deals).where(condition).order_by(deals.c.book, deals.c.id))
        if len(found) > 1:
            listed = ", ".join(f"{row['id']} ({row['deal_number']}, {row['book']})" for row in found[:10])
            raise UsageError(f"{len(found)} deals are called {ref}.", fix=f"Name one by its internal id: {listed}.")
        if found:
            return found[0]
    if ref.isdecimal():
        query = (
            select(deals)
            .join(deal_aliases, deal_aliases.c.deal_id == deals.c.id)
            .join(quarantine, quarantine.c.natural_key == deal_aliases.c.natural_key)
            .where(quarantine.c.id == int(ref))
        )
        found = read_rows(conn, query)
        return found[0] if found else None
    return None


def _stories(conn: Connection, ids: Sequence[str]) -> list[Story]:
    chosen = list(deal_rows(conn, ids))
    names = {rows.deal["id"]: {row["id"]: _called(row) for row in rows.entries} for rows in chosen}
    exchanges = said_of(conn, [_what_was_sent(rows, names[rows.deal["id"]]) for rows in chosen])
    reads = said_in(conn, readings_of(row for rows in chosen for row in rows.own))
    return [_story(rows, names[rows.deal["id"]], exchanges.get(rows.deal["id"], ()), reads) for rows in chosen]


def _story(rows: DealRows, names: Mapping[str, str], exchanges: tuple[Said, ...], reads: Mapping[str, Timed]) -> Story:
    deal, newest = rows.deal, rows.versions[-1] if rows.versions else None
    made = tuple((Entry.from_json(json.loads(row["body"])), row["state"]) for row in rows.entries)
    moments = [
        *_arrived(rows.arrived), *_corrections(rows.corrections), *_quarantined(rows.refused),
        *_versions(rows.versions), *_facts(rows.facts),
        *_events(rows.events), *_entries(rows.entries, made, names), *_effects(rows.effects, deal, names),
    ]  # fmt: skip
    state = state_of(deal["state"], held=newest is not None and newest["state"] == "held")
    about = {
        "customer": deal["customer"], "vin": deal["vin"], "stock_no": deal["stock_no"], "location": deal["location"],
        "source": deal["source"], "accounting_date": deal["accounting_date"], "version": str(deal["version"]),
        "posted_version": str(deal["posted_version"]),
    }  # fmt: skip
    waits = [str(row["id"]) for row in rows.refused if row["state"] == "open"]
    meaning = DEAL_STATES.get(state, "")
    if waits:
        meaning += f" Newer content waits in quarantine under {', '.join(waits)}."
    return Story(
        deal["deal_number"], deal["id"], deal["book"], state, meaning, about, _in_order(moments),
        json.loads(newest["provenance"]) if newest else {}, exchanges,
        reads=said_to_sources(reads, readings_of(rows.own)), entries=made,
    )  # fmt: skip


def _what_was_sent(rows: DealRows, names: Mapping[str, str]) -> Sent:
    """What the ledger was sent of a deal, to find what was said about it."""
    planned = {row["id"]: row["created_at"] for row in rows.entries}
    mine = [row for row in rows.effects if row["entry"] in planned]
    return Sent(
        rows.deal["id"], rows.deal["book"], {row["id"]: f"{names[row['entry']]}, {row['name']}" for row in mine},
        min((planned[row["entry"]] for row in mine), default=""), max((row["updated_at"] for row in mine), default=""),
    )  # fmt: skip


def _refused_story(conn: Connection, ref: str) -> Story:
    """A deal that never got through: all we have is what arrived and why it was refused."""
    condition = (quarantine.c.deal_number == ref) | quarantine.c.natural_key.endswith(f":{ref}", autoescape=True)
    if ref.isdecimal():
        condition |= quarantine.c.id == int(ref)
    found = read_rows(conn, select(quarantine).where(condition).order_by(quarantine.c.id))
    keys = sorted({row["natural_key"] for row in found})
    if len(keys) > 1:
        exact = [row for row in found if str(row["id"]) == ref]
        if not exact:
            numbers = ", ".join(str(row["id"]) for row in found if row["state"] == "open")
            raise UsageError(f"Several rows are called {ref}.", fix=f"Name one by its quarantine number: {numbers}.")
        keys = [exact[0]["natural_key"]]
        found = [row for row in found if row["natural_key"] == keys[0]]
    if not found:
        raise UsageError(
            f"No deal is called {ref}.",
            fix="Give a deal number, VIN, stock number, internal id or quarantine number. A file that is held whole has"
            " no deals yet: see 'dealbooks status'.",
        )
    last = found[-1]
    (key,), records = keys, Records.under(conn, keys)
    arrived = records.arrived.get(key, ())
    moments = [
        *_arrived(arrived), *_corrections(records.corrections.get(key, ())),
        *_quarantined(records.refused.get(key, ())),
    ]  # fmt: skip
    state = "quarantined" if last["state"] == "open" else str(last["state"])
    about = {"source": last["source"], "place": last["place"], "quarantine_number": str(last["id"])}
    return Story(
        last["deal_number"] or last["place"], "", last["book"], state, DEAL_STATES.get(state, ""), about,
        _in_order(moments), reads=said_to_sources(said_in(conn, readings_of(arrived)), readings_of(arrived)),
    )  # fmt: skip


# -- what happened -------------------------------------------------------------------------------------------------


def _arrived(rows: Iterable[Row]) -> Iterator[Moment]:
    kinds = {"fact": "an event about the deal", "opening": "an opening balance"}
    for row in rows:
        what = kinds.get(row["kind"], "a void of the deal" if row["action"] == "void" else "the deal")
        became = _S.get(row["state"], row["state"])
        note = row["note"] if row["note"] and row["note"] != "the same content again" else ""
        details = [f"source {row['source']}, batch {row['batch_id']}, content {row['content_hash'][:12]}"]
        if note:
            details.append(note)
        yield Moment(row["received_at"], "arrived", f"{what} in {row['place']}: {became}", tuple(details))


def _corrections(rows: Iterable[Row]) -> list[Moment]:
    return [
        Moment(
            row["at"],
            "correction",
            f"{row['who']} corrected {row['field']}: {row['old'] or 'nothing'} -> {row['new']}",
            (f"why: {row['why']}", f"the correction is {row['state']}"),
        )
        for row in rows
    ]  # fmt: skip


def _quarantined(rows: Iterable[Row]) -> list[Moment]:
    told = []
    for row in rows:
        reasons = _findings(row["reasons"])
        told.append(Moment(row["opened_at"], "quarantine", f"into quarantine as number {row['id']}", reasons))
        if row["closed_at"]:
            left = f"out of quarantine (number {row['id']}): {row['closed_by'] or row['state']}"
            told.append(Moment(row["closed_at"], "quarantine", left))
    return told


def _versions(rows: Iterable[Row]) -> list[Moment]:
    told = []
    for row in rows:
        note = f", {row['note']}" if row["note"] else ""
        details = [f"configuration {row['config_hash'][:12]}", *_findings(row["warnings"])]
        told.append(
            Moment(row["created_at"], "version", f"version {row['version']} ({row['state']}{note})", tuple(details))
        )
    return told


def _facts(rows: Iterable[Row]) -> list[Moment]:
    names = {
        "funding": "the lender paid", "reserve": "finance reserve came", "payoff": "a settlement was paid",
        "chargeback": "income was charged back", "payment": "the customer paid", "refund": "money was given back",
    }  # fmt: skip
    told = []
    for row in rows:
        body = json.loads(row["body"])
        text = f"{names.get(row['kind'], row['kind'])}: {body['amount']} on {body['date']} ({row['state']})"
        details = [f"told by {row['place']}"] + ([row["note"]] if row["note"] else [])
        told.append(Moment(row["created_at"], "fact", text, tuple(details)))
    return told


def _events(rows: Iterable[Row]) -> list[Moment]:
    told = []
    for row in rows:
        happened = f", on {row['occurred_at'][:16].replace('T', ' ')} UTC" if row["occurred_at"] else ""
        found = f"event {row['id']}, {row['state']}"
        details = [f"{found}: {RULE_WORDS[row['rule']]}" if row["rule"] else found]
        details += [row["note"]] if row["note"] else []
        text = f"{row['hook']} told: {KIND_WORDS.get(row['kind'], row['kind'])}{happened}"
        told.append(Moment(row["received_at"], "event", text, tuple(details)))
    return told


def _entries(rows: Iterable[Row], made: Iterable[tuple[Entry, str]], names: Mapping[str, str]) -> list[Moment]:
    told = []
    for row, (entry, _) in zip(rows, made, strict=True):
        total = amount_text(entry.total_debit, entry.currency)
        details = [f"key {row['id']}"] + ([entry.note] if entry.note else [])
        text = (
            f"{names[row['id']]} ({entry.event}) dated {entry.accounting_date}: "
            f"{entry.currency} {total} debited and credited, {row['state']}"
        )
        told.append(Moment(row["created_at"], "entry", text, tuple(details)))
    return told


def _called(row: Row) -> str:
    """An entry by its name; one that was issued again also by which issue it is."""
    issue = issue_of(row)
    return f"{row['entry_id']}, issue {issue + 1}" if issue else str(row["entry_id"])


def _effects(rows: Iterable[Row], deal: Row, names: Mapping[str, str]) -> list[Moment]:
    return [
        one for row in rows for one in _sent(row, names.get(row["entry"], row["entry"][:12]), deal["deal_number"])
    ]  # fmt: skip


def _sent(row: Row, entry: str, deal: str) -> list[Moment]:
    name = f"{entry}, {row['name']}"
    told = []
    if row["sent_at"]:
        tries = "once" if row["attempts"] == 1 else f"{row['attempts']} times"
        told.append(Moment(row["sent_at"], "sent", f"{name}: sent to the ledger ({tries})", (f"key {row['id']}",)))
    details = []
    if row["ref"]:
        details.append(f"the ledger calls it {row['ref']}")
    if row["figures"]:
        figures = [f"{key} {value}" for key, value in json.loads(row["figures"]).items() if value]
        details.append("the ledger shows " + ", ".join(figures))
    if row["reason"]:
        details.append(row["reason"])
    if row["state"] in DECISIONS:
        details.append(f"key {row['id']}")
        do = decision(row["state"], shown=bool(row["figures"]), book=row["book"], deal=deal, effect=row["id"])
        details.append(f"what to do: {do}")
    if row["sent_at"] or row["state"] not in ("pending", "held"):
        told.append(Moment(row["updated_at"], "ledger", f"{name}: {row['state']}", tuple(details)))
    else:
        told.append(Moment(row["updated_at"], "ledger", f"{name}: {row['state']}, not sent yet", tuple(details)))
    return told


def _findings(text: str) -> tuple[str, ...]:
    found = [Finding.from_json(one) for one in json.loads(text or "[]")]
    return tuple(f"{one.code}: {one.message}" for one in found)


def _in_order(moments: Iterable[Moment]) -> tuple[Moment, ...]:
    return tuple(sorted(moments, key=lambda one: (one.at, _ORDER.index(one.kind))))
