"""Trace: the whole story of one deal, in the order in which it happened. Reads only.

What arrived and when, what was determined by which rule, warnings and corrections, versions, entries, what was sent and
what the ledger answered, every exchange with a ledger over HTTP, the facts that came beside it, and quarantine.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
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
from dealbooks.pipeline.said import Said, said_of
from dealbooks.pipeline.said_sources import said_to_sources
from dealbooks.pipeline.states import DEAL_STATES, state_of
from dealbooks.pipeline.waits import not_ready
from dealbooks.pipeline.work import issue_of
from dealbooks.store.db import Row
from dealbooks.store.tables import (
    deal_aliases,
    deal_versions,
    deals,
    effects,
    entries,
    events,
    facts,
    files,
    inbox,
    overrides,
    quarantine,
)

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
    may be posted."""

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
        story = _story(conn, row)
    if story.state != "accepted":
        return story
    missing = [words for one in not_ready(house, story.book, deal=story.deal_id) for words in one.missing]
    waits = f" It waits until {' and '.join(missing)}." if missing else ""
    return replace(story, meaning=story.meaning + waits, waits_for=tuple(missing))


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
        found = _rows(conn, select(deals).where(condition).order_by(deals.c.book, deals.c.id))
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
        found = _rows(conn, query)
        return found[0] if found else None
    return None


def _story(conn: Connection, deal: Row) -> Story:
    keys = [row["natural_key"] for row in _rows(conn, select(deal_aliases).where(deal_aliases.c.deal_id == deal["id"]))]
    versions = _rows(
        conn, select(deal_versions).where(deal_versions.c.deal_id == deal["id"]).order_by(deal_versions.c.version)
    )
    known_facts = _rows(
        conn,
        select(facts, inbox.c.place)
        .join(inbox, inbox.c.id == facts.c.inbox_id)
        .where(
            (facts.c.deal_id == deal["id"])
            | (
                (facts.c.deal_id.is_(None))
                & (facts.c.book == deal["book"])
                & (facts.c.deal_number == deal["deal_number"])
            )
        ),
    )
    arrived = _arrived(conn, keys, [row["inbox_id"] for row in known_facts])
    rows = _rows(conn, select(entries).where(entries.c.deal_id == deal["id"]).order_by(entries.c.seq))
    names = {row["id"]: _called(row) for row in rows}
    moments = [
        *arrived, *_corrections(conn, keys), *_quarantined(conn, keys), *_versions(versions), *_facts(known_facts),
        *_events(conn, deal["id"]),
        *_entries(rows, names), *_effects(conn, deal, names),
    ]  # fmt: skip
    held = bool(versions) and versions[-1]["state"] == "held"
    state = state_of(deal["state"], held=held)
    newest = versions[-1] if versions else None
    about = {
        "customer": deal["customer"], "vin": deal["vin"], "stock_no": deal["stock_no"], "location": deal["location"],
        "source": deal["source"], "accounting_date": deal["accounting_date"], "version": str(deal["version"]),
        "posted_version": str(deal["posted_version"]),
    }  # fmt: skip
    waits = _rows(conn, _open_quarantine(keys))
    meaning = DEAL_STATES.get(state, "")
    if waits:
        meaning += f" Newer content waits in quarantine under {', '.join(str(row['id']) for row in waits)}."
    return Story(
        deal["deal_number"], deal["id"], deal["book"], state, meaning, about, _in_order(moments),
        json.loads(newest["provenance"]) if newest else {}, said_of(conn, deal["book"], deal["id"], names),
        reads=said_to_sources(conn, keys),
    )  # fmt: skip


def _refused_story(conn: Connection, ref: str) -> Story:
    """A deal that never got through: all we have is what arrived and why it was refused."""
    condition = (quarantine.c.deal_number == ref) | quarantine.c.natural_key.endswith(f":{ref}", autoescape=True)
    if ref.isdecimal():
        condition |= quarantine.c.id == int(ref)
    found = _rows(conn, select(quarantine).where(condition).order_by(quarantine.c.id))
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
    moments = [*_arrived(conn, keys, [last["inbox_id"]]), *_corrections(conn, keys), *_quarantined(conn, keys)]
    state = "quarantined" if last["state"] == "open" else str(last["state"])
    about = {"source": last["source"], "place": last["place"], "quarantine_number": str(last["id"])}
    return Story(
        last["deal_number"] or last["place"], "", last["book"], state, DEAL_STATES.get(state, ""), about,
        _in_order(moments), reads=said_to_sources(conn, keys),
    )  # fmt: skip


# -- what happened -------------------------------------------------------------------------------------------------


def _arrived(conn: Connection, keys: Sequence[str], inbox_ids: Sequence[int]) -> list[Moment]:
    columns = [column for column in inbox.c if column.name != "body"]
    query = (
        select(*columns, files.c.name.label("file"))
        .join(files, files.c.id == inbox.c.file_id, isouter=True)
        .where(inbox.c.natural_key.in_(keys) | inbox.c.id.in_(inbox_ids))
    )
    kinds = {"fact": "an event about the deal", "opening": "an opening balance"}
    told = []
    for row in _rows(conn, query):
        what = kinds.get(row["kind"], "a void of the deal" if row["action"] == "void" else "the deal")
        became = _S.get(row["state"], row["state"])
        note = row["note"] if row["note"] and row["note"] != "the same content again" else ""
        details = [f"source {row['source']}, batch {row['batch_id']}, content {row['content_hash'][:12]}"]
        if note:
            details.append(note)
        told.append(Moment(row["received_at"], "arrived", f"{what} in {row['place']}: {became}", tuple(details)))
    return told


def _corrections(conn: Connection, keys: Sequence[str]) -> list[Moment]:
    query = select(overrides).where(overrides.c.natural_key.in_(keys)).order_by(overrides.c.id)
    return [
        Moment(
            row["at"],
            "correction",
            f"{row['who']} corrected {row['field']}: {row['old'] or 'nothing'} -> {row['new']}",
            (f"why: {row['why']}", f"the correction is {row['state']}"),
        )
        for row in _rows(conn, query)
    ]  # fmt: skip


def _open_quarantine(keys: Sequence[str]) -> Any:
    return select(quarantine).where(quarantine.c.natural_key.in_(keys) & (quarantine.c.state == "open"))


def _quarantined(conn: Connection, keys: Sequence[str]) -> list[Moment]:
    told = []
    for row in _rows(conn, select(quarantine).where(quarantine.c.natural_key.in_(keys)).order_by(quarantine.c.id)):
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


def _events(conn: Connection, deal_id: str) -> list[Moment]:
    query = select(events).where(events.c.deal_id == deal_id).order_by(events.c.id)
    told = []
    for row in _rows(conn, query):
        happened = f", on {row['occurred_at'][:16].replace('T', ' ')} UTC" if row["occurred_at"] else ""
        found = f"event {row['id']}, {row['state']}"
        details = [f"{found}: {RULE_WORDS[row['rule']]}" if row["rule"] else found]
        details += [row["note"]] if row["note"] else []
        text = f"{row['hook']} told: {KIND_WORDS.get(row['kind'], row['kind'])}{happened}"
        told.append(Moment(row["received_at"], "event", text, tuple(details)))
    return told


def _entries(rows: Iterable[Row], names: Mapping[str, str]) -> list[Moment]:
    told = []
    for row in rows:
        entry = Entry.from_json(json.loads(row["body"]))
        total = amount_text(entry.total_debit, entry.currency)
        details = [f"key {row['id']}"] + ([entry.note] if entry.note else [])
        text = (
            f"{names[row['id']]} ({entry.event}) dated {entry.accounting_date}: "
            f"{entry.currency} {total}, {row['state']}"
        )
        told.append(Moment(row["created_at"], "entry", text, tuple(details)))
    return told


def _called(row: Row) -> str:
    """An entry by its name; one that was issued again also by which issue it is."""
    issue = issue_of(row)
    return f"{row['entry_id']}, issue {issue + 1}" if issue else str(row["entry_id"])


def _effects(conn: Connection, deal: Row, names: Mapping[str, str]) -> list[Moment]:
    columns = [column for column in effects.c if column.name != "payload"]
    query = select(*columns).where(effects.c.deal_id == deal["id"]).order_by(effects.c.seq)
    told = []
    for row in _rows(conn, query):
        told += _sent(row, names.get(row["entry"], row["entry"][:12]), deal["deal_number"])
    return told


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


def _rows(conn: Connection, query: Any) -> list[Row]:
    return [dict(row) for row in conn.execute(query).mappings()]
