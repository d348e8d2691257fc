"""Cut-off: deals of a period (or earlier) that are not settled, each with what it waits for. Reads only."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, select

from dealbooks.outbox import EffectState
from dealbooks.periods import Period
from dealbooks.reconcile.model import exception_id
from dealbooks.store.tables import deal_versions, deals, effects, entries, facts, inbox, quarantine

# Where a raw record says when the sale was; the first that is there decides.
_DATES = ("accounting_date", "delivery_date", "sale_date", "deal_date", "contract_date", "payment_date", "date")
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}")
_S = EffectState
_WORST = (_S.DISPUTED, _S.REFUSED, _S.UNKNOWN, _S.SENDING, _S.PENDING, _S.HELD)
_WORDS: Mapping[str, tuple[str, str]] = {
    "disputed": (
        "stands in the ledger with other figures than ours, or was taken away there",
        "dealbooks trace {deal} shows both sides, and what can be done",
    ),
    "refused": ("was refused by the ledger", "dealbooks trace {deal} shows why; mend it and run dealbooks sync"),
    "unknown": ("may or may not be in the ledger yet", "dealbooks drain looks it up"),
    "planned": ("is not sent yet", "dealbooks drain sends it"),
    "waiting": (
        "is accepted, and waits to be posted",
        "dealbooks sync; dealbooks trace {deal} shows what it waits for",
    ),
    "held": ("has an amendment that waits for approval", "dealbooks plan, then dealbooks sync --plan"),
    "quarantined": ("is in quarantine", "dealbooks quarantine show {deal}"),
    "fact": ("has a payment that could not be booked", "dealbooks trace {deal}"),
}


@dataclass(frozen=True, slots=True)
class CutOff:
    """A deal that keeps the period from being complete. `kind` is quarantined, waiting, held, fact, planned, unknown,
    disputed or refused. The first four may be carried into the next period when a person accepts that; the others are
    dated in this period and must be settled first."""

    kind: str
    deal: str
    deal_id: str
    subject: str
    what: str
    cure: str

    @property
    def id(self) -> str:
        """Names it in this and every later run."""
        return exception_id(self.kind, self.subject)

    @property
    def may_be_carried(self) -> bool:
        """Whether it can be accepted: it would be posted in the next open period, as a late deal."""
        return self.kind in ("quarantined", "waiting", "held", "fact")

    def as_json(self) -> dict[str, Any]:
        """Plain types."""
        return {"id": self.id, "kind": self.kind, "deal": self.deal, "what": self.what, "cure": self.cure}


def cut_off(conn: Connection, book: str, period: Period) -> tuple[CutOff, ...]:
    """What is not settled of deals and entries dated in the period or before, in a stable order."""
    last = period.last
    found = [*_in_flight(conn, book, last), *_not_planned(conn, book, last), *_quarantined(conn, book, last)]
    found += _facts(conn, book, last)
    return tuple(sorted(found, key=lambda item: (item.kind, item.deal, item.subject)))


def _item(kind: str, deal: str, deal_id: str, subject: str, more: str = "") -> CutOff:
    words, cure = _WORDS[kind]
    return CutOff(
        kind, deal, deal_id, subject, f"Deal {deal} {words}{f': {more}' if more else ''}.", cure.format(deal=deal)
    )


def _in_flight(conn: Connection, book: str, last: date) -> list[CutOff]:
    """Deals with an entry of the period that does not stand in the ledger, by the worst state of its calls."""
    query = (
        select(entries.c.deal_id, entries.c.entry_id, deals.c.deal_number, effects.c.state, effects.c.reason)
        .join(effects, effects.c.entry == entries.c.id)
        .join(deals, deals.c.id == entries.c.deal_id, isouter=True)
        .where((entries.c.book == book) & (entries.c.state == "planned"))
        .where(entries.c.accounting_date <= last.isoformat())
        .where(effects.c.state.not_in([_S.POSTED.value, _S.SUPERSEDED.value]))
    )
    worst: dict[str, tuple[int, str, str, str]] = {}
    for row in conn.execute(query):
        number = row.deal_number or row.entry_id
        subject = row.deal_id if row.deal_number else f"{row.deal_id}/{row.entry_id}"
        rank = [state.value for state in _WORST].index(row.state)
        mine = (rank, number, row.deal_id, row.reason)
        worst[subject] = min(worst.get(subject, mine), mine)
    return [
        _item(_kind(_WORST[rank]), number, deal_id, subject, reason.rstrip("."))
        for subject, (rank, number, deal_id, reason) in worst.items()
    ]


def _kind(state: EffectState) -> str:
    if state in (_S.DISPUTED, _S.REFUSED):
        return state.value
    return "unknown" if state in (_S.UNKNOWN, _S.SENDING) else "planned"


def _not_planned(conn: Connection, book: str, last: date) -> list[CutOff]:
    query = (
        select(deal_versions.c.deal_id, deal_versions.c.state, deals.c.deal_number)
        .join(deals, deals.c.id == deal_versions.c.deal_id)
        .where((deal_versions.c.book == book) & deal_versions.c.state.in_(["accepted", "held"]))
        .where(deals.c.accounting_date <= last.isoformat())
        .order_by(deal_versions.c.deal_id, deal_versions.c.version)
    )
    newest = {row.deal_id: row for row in conn.execute(query)}
    return [
        _item("held" if row.state == "held" else "waiting", row.deal_number, row.deal_id, row.deal_id)
        for row in newest.values()
    ]


def _quarantined(conn: Connection, book: str, last: date) -> list[CutOff]:
    """Rows in quarantine, also those of which no book is known. One dated after the period is not of it; one without
    a date that can be read may be."""
    query = (
        select(quarantine, inbox.c.body)
        .join(inbox, inbox.c.id == quarantine.c.inbox_id, isouter=True)
        .where((quarantine.c.state == "open") & quarantine.c.book.in_([book, ""]))
    )
    found = []
    for row in conn.execute(query).mappings():
        day = _date_of(row["body"])
        if day is not None and day > last:
            continue
        reasons = json.loads(row["reasons"])
        number = row["deal_number"] or row["place"]
        found.append(
            _item("quarantined", number, "", row["natural_key"], reasons[0]["message"].rstrip(".") if reasons else "")
        )
    return found


def _date_of(body: str | None) -> date | None:
    data = json.loads(body or "{}")
    data = data.get("data", data)
    for name in _DATES:
        text = str(data.get(name) or "")[:10]
        if _ISO.fullmatch(text):
            try:
                return date.fromisoformat(text)
            except ValueError:
                continue  # 2026-02-31: that is what it is in quarantine for
    return None


def _facts(conn: Connection, book: str, last: date) -> list[CutOff]:
    query = (
        select(facts.c.id, facts.c.body, facts.c.note, facts.c.kind, facts.c.deal_number, facts.c.deal_id)
        .where((facts.c.book == book) & facts.c.state.in_(["waiting", "conflict"]))
        .order_by(facts.c.id)
    )
    found = []
    for row in conn.execute(query):
        day = _date_of(row.body)
        if day is None or day <= last:
            found.append(_item("fact", row.deal_number, row.deal_id or "", row.id, row.note or row.kind))
    return found
