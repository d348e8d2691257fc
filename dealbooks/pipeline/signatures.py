"""Events of signatures are confirmed: each contract is read again at its provider with our own credentials, and only
what the provider says counts: that all have signed, when, and for which deal.

Until then the event waits. A contract that is not there, or was declined or voided, or that names another deal than its
event, is for a person; so is one that cannot be read, after some tries. One that is not signed by all yet is asked for
again; so is every one of a provider that does not answer. One of the test mode counts for no live book.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from dealbooks import registry
from dealbooks.config_told import SignaturesConfig
from dealbooks.errors import ConfigError, StopConnection
from dealbooks.house import House
from dealbooks.pipeline.events import SIGNED, TakenEvents, alone, take_events, unproven
from dealbooks.pipeline.tries import tried_again
from dealbooks.signatures import Signature, UnreadableSignature
from dealbooks.store import Tx
from dealbooks.store.db import Row, read_rows, stamp
from dealbooks.store.tables import events

_IDS = ("envelope", "agreement", "signature_request")
_LONGEST_REF = 200


@dataclass(slots=True)
class TakenSignatures:
    """What became of events of signatures. `confirmed`: by their provider; `pending`: not signed by all yet; `review`:
    for a person. `failures`: providers that could not be read, in words; what they have is read by the next run.
    `events`: what became of the confirmed ones, and of events that came meanwhile."""

    confirmed: int = 0
    pending: int = 0
    review: int = 0
    failures: list[str] = field(default_factory=list)
    events: TakenEvents = field(default_factory=TakenEvents)

    def as_json(self) -> dict[str, Any]:
        """Plain types."""
        return {"confirmed": self.confirmed, "pending": self.pending, "review": self.review}


def take_signatures(house: House, *, limit: int = 500) -> TakenSignatures:
    """Read the contracts of events that wait to be confirmed (at most `limit`), and find the deals of those that are.

    Raises:
        Overtaken: another process changed the same events; the next run goes on.
    """
    taken = TakenSignatures()
    reading = _Reading(house, taken)
    for row in _rows(house, reading.entries, limit):
        reading.take(row)
    if taken.confirmed:
        taken.events = take_events(house, limit=limit)
    return taken


class _Reading:
    """Reads contracts; a provider that does not answer is not asked again in this run."""

    def __init__(self, house: House, taken: TakenSignatures) -> None:
        self._house = house
        self._taken = taken
        self.entries = {one.hook: (name, one) for name, one in house.config.signatures.items()}
        self._silent: set[str] = set()

    def take(self, row: Row) -> None:
        """What becomes of one event."""
        name, config = self.entries[row["hook"]]
        if name in self._silent:
            return
        ids = json.loads(row["object_ids"])
        wanted = next((ids[one] for one in _IDS if ids.get(one)), "")
        try:
            reader = self._house.signatures(name)
            try:
                found = reader.signature(wanted) if wanted else None
            finally:
                reader.exchanges()
        except (ConfigError, StopConnection) as error:
            self._silent.add(name)
            self._taken.failures.append(f"signatures {name}: {error.words}")
        except UnreadableSignature as error:
            self._unread(name, row, error.words)
        else:
            self._decide(name, config, row, found)

    def _unread(self, name: str, row: Row, why: str) -> None:
        """Go on without a contract that cannot be read; a person looks at it some day."""
        do = f"look at it there, then attach event {row['id']} to its deal, or: dealbooks events ignore {row['id']}"
        self._taken.failures.append(f"signatures {name}: {why} It is of event {row['id']}: {do}")
        tried = tried_again(row["note"], why)
        if tried.enough:
            self._review(row, f"{why} It was tried {tried.times} times: {do}")
        else:
            self._write(row, {"state": "waiting", "note": tried.note})

    def _decide(self, name: str, config: SignaturesConfig, row: Row, found: Signature | None) -> None:
        title = registry.signature_platform(config.platform).title
        if found is None:
            self._review(
                row,
                f"the account that signatures: {name} reads at {title} has no such contract: the event is of another "
                "account, or forged",
            )
        elif found.state == "lost":
            self._review(row, f"by {title} it is not signed: {found.why}")
        elif found.state == "pending":
            self._taken.pending += 1
            self._write(row, {"state": "waiting", "note": f"by {title} not all have signed yet; it is asked for again"})
        elif row["deal_ref"].strip() not in ("", found.deal_ref):
            told = found.deal_ref or "none"
            self._review(row, f"it names deal {row['deal_ref']}, and the contract at {title} names {told}")
        else:
            self._confirm(name, row, found)

    def _confirm(self, name: str, row: Row, found: Signature) -> None:
        """The event says from now on what its provider says."""
        people = f"{found.signers} {'person' if found.signers == 1 else 'people'}"
        values: Row = {
            "state": "new", "deal_ref": found.deal_ref[:_LONGEST_REF], "text": found.text,
            "note": f"signed by {people}, read at {name}",
        }  # fmt: skip
        if found.completed is not None:
            values["occurred_at"] = stamp(found.completed)
        if not found.live:
            values["test"] = "yes"
        if self._write(row, values, read=True):
            self._taken.confirmed += 1

    def _review(self, row: Row, note: str) -> None:
        if self._write(row, {"state": "review", "note": note}):
            self._taken.review += 1

    def _write(self, row: Row, values: Row, *, read: bool = False) -> bool:
        """Change the event, unless a person or another process has decided about it since its contract was asked for;
        whether it was changed, or stands so already."""
        if not read and all(row[name] == value for name, value in values.items()):
            return True
        with self._house.store.transaction(self._house.actor, f"contract of event {row['id']}") as tx:
            alone(tx)
            rows = _as_it_was(tx, row)
            tx.change("events", [(one, values | ({"read_at": tx.at} if read else {})) for one in rows])
        return bool(rows)


def _as_it_was(tx: Tx, row: Row) -> list[Row]:
    same = (events.c.id == row["id"]) & events.c.read_at.is_(None) & (events.c.state == row["state"])
    found = tx.rows(select(events).where(same))
    return [one for one in found if (one["deal_id"], one["rule"]) == (row["deal_id"], row["rule"])]


def _rows(house: House, hooks: dict[str, tuple[str, SignaturesConfig]], limit: int) -> list[Row]:
    """Events to be confirmed, also those that a person was to look at before their provider could be read; what was
    looked at before comes last."""
    if not hooks:
        return []
    asked = [note for _, one in hooks.values() if (note := unproven(one.platform))]
    open_ = (events.c.state == "waiting") | ((events.c.state == "review") & events.c.note.in_(asked))
    wanted = open_ & (events.c.kind == SIGNED) & events.c.read_at.is_(None) & events.c.hook.in_(list(hooks))
    with house.store.read() as conn:
        return read_rows(conn, select(events).where(wanted).order_by(events.c.note != "", events.c.id).limit(limit))
