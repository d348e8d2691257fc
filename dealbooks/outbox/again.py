"""Issue again what somebody took away in the ledger: a person's command, and the only one that makes a second document.

The ledger is asked first. What still stands there is left as it is, under the key that it has; what is gone is planned
under a key of the next issue, so that a look-up or a replayed answer can never take the one for the other. Only effects
that are gone, with what only ties them to others, are made again.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from dealbooks.canonical import canonical_text
from dealbooks.errors import BrokenInvariant, Overtaken, UsageError
from dealbooks.ledger import Joins, Ledger, PostingKey, Presence
from dealbooks.outbox.enqueue import Planned, effect_key, effect_rows, entry_row
from dealbooks.outbox.requests import requests_of
from dealbooks.outbox.settle import settle_deals
from dealbooks.outbox.states import EffectState, check_move
from dealbooks.store import Lease, Store, Tx
from dealbooks.store.db import Row, read_rows
from dealbooks.store.tables import effects, entries

_S = EffectState
_DONE = (_S.POSTED.value, _S.DISPUTED.value)
_NOT_DONE = (_S.HELD.value, _S.PENDING.value, _S.REFUSED.value)


@dataclass(frozen=True, slots=True)
class Seen:
    """The effects of a deal in one book, and what the ledger shows of them now. `names` calls entries (by `entries.id`)
    by their names, `gone` are effects that the books no longer have, `joins` what each is set against: effect ids, and
    whether it is a document of its own."""

    rows: tuple[Row, ...]
    names: Mapping[str, str]
    gone: frozenset[str]
    joins: Mapping[str, tuple[frozenset[str], bool]]

    @property
    def gone_entries(self) -> tuple[str, ...]:
        """Names of entries of which a document is gone."""
        found = [self.names[row["entry"]] for row in self.rows if row["id"] in self.gone and not row["subject"]]
        return tuple(dict.fromkeys(found))

    def called(self, row: Row) -> str:
        """An effect in words."""
        ref = f" ({row['ref']})" if row["ref"] else ""
        return f"{self.names[row['entry']]}, {row['name']}{ref}"


@dataclass(frozen=True, slots=True)
class Choice:
    """What is issued again: effects, and the entries (`entries.id`) that they belong to. `by_hand` are documents that
    stand, and were set against one that is gone: the ledger freed them, and nothing of ours sets them back."""

    effects: frozenset[str]
    entries: tuple[str, ...]
    by_hand: tuple[Row, ...]


def look(store: Store, book: str, ledger: Ledger, deal_id: str, lease: Lease) -> Seen:
    """Ask the ledger about everything that it was sent of a deal. Changes nothing.

    Raises:
        StopConnection: the ledger cannot be read now.
    """
    with store.read() as conn:
        own = (entries.c.book == book) & (entries.c.deal_id == deal_id) & (entries.c.state != "superseded")
        names = {row.id: row.entry_id for row in conn.execute(select(entries.c.id, entries.c.entry_id).where(own))}
        mine = (effects.c.book == book) & (effects.c.deal_id == deal_id) & (effects.c.state != _S.SUPERSEDED.value)
        rows = read_rows(conn, select(effects).where(mine).order_by(effects.c.seq))
    rows = [row for row in rows if row["entry"] in names]
    requests = dict(zip((row["id"] for row in rows), requests_of(store, rows, lease.held), strict=True))
    refs = {row["id"]: row["ref"] for row in rows if row["ref"]}
    unsure = [row["id"] for row in rows if row["state"] == _S.UNKNOWN.value and not row["ref"]]
    size = ledger.capabilities.batch_size
    for start in range(0, len(unsure), size):
        some = unsure[start : start + size]
        for one, found in zip(some, ledger.find([requests[one] for one in some]), strict=True):
            if found.presence is Presence.FOUND:
                refs[one] = found.ref
    asked = sorted(set(refs.values()))
    away: set[str] = set()
    for start in range(0, len(asked), size):
        away |= {reading.ref for reading in ledger.read(asked[start : start + size]) if reading.gone}
    joins = {}
    for row in rows:
        waits = json.loads(row["waits_for"])
        joined: Joins = ledger.joins(requests[row["id"]])
        joins[row["id"]] = frozenset(waits[name] for name in joined.refs if name in waits), joined.document
    return Seen(tuple(rows), names, frozenset(one for one, ref in refs.items() if ref in away), joins)


def choose(seen: Seen, wanted: Collection[str]) -> Choice:
    """What has to be made again so that the wanted entries (by name) stand whole.

    Raises:
        UsageError: the ledger still shows one of them, or something of them is on its way.
    """
    for name in wanted:
        if name not in seen.gone_entries:
            raise _why_not(seen, name)
    again = {
        row["id"] for row in seen.rows
        if row["id"] in seen.gone and not row["subject"] and seen.names[row["entry"]] in wanted
    }  # fmt: skip
    more = again
    while more:
        more = {row["id"] for row in seen.rows if row["id"] not in again and _comes_along(seen, row, again)}
        again |= more
    chosen = [row for row in seen.rows if row["id"] in again]
    touched = tuple(dict.fromkeys(row["entry"] for row in chosen))
    for row in seen.rows:
        concerned = row["entry"] in touched or not again.isdisjoint(_waits(row))
        if concerned and row["id"] not in again and row["state"] in (_S.SENDING.value, _S.UNKNOWN.value):
            raise UsageError(
                f"It is not known yet whether {seen.called(row)} is in the ledger.",
                fix="Run 'dealbooks drain' until it is, then give this command again.",
            )
    by_hand = tuple(
        row for row in seen.rows
        if row["id"] not in again and row["state"] in _DONE and not again.isdisjoint(seen.joins[row["id"]][0])
    )  # fmt: skip
    return Choice(frozenset(again), touched, by_hand)


def _comes_along(seen: Seen, row: Row, again: set[str]) -> bool:
    rows = [one for one in seen.rows if one["id"] in again]
    if row["subject"]:  # a customer: only one that is gone, and that something made again refers to
        return row["id"] in seen.gone and any(row["id"] in _waits(one) for one in rows)
    same_entry = any(one["entry"] == row["entry"] for one in rows)
    if row["id"] in seen.gone:
        same_ref = any(one["ref"] and one["ref"] == row["ref"] for one in rows)
        return same_entry or same_ref or not again.isdisjoint(_waits(row))
    if row["state"] in _NOT_DONE:  # it may hold the key of one that is gone
        return same_entry or (row["state"] != _S.HELD.value and not again.isdisjoint(_waits(row)))
    joined, document = seen.joins[row["id"]]
    return not document and row["state"] in _DONE and not again.isdisjoint(joined)


def _waits(row: Row) -> set[str]:
    return set(json.loads(row["waits_for"]).values())


def _why_not(seen: Seen, name: str) -> UsageError:
    own = [row for row in seen.rows if seen.names[row["entry"]] == name and not row["subject"]]
    if not own:
        listed = ", ".join(sorted(set(seen.names.values()))) or "nothing"
        return UsageError(f"The deal has no {name} in the ledger.", fix=f"Name one of these entries: {listed}.")
    if any(row["state"] in _DONE for row in own):
        refs = ", ".join(dict.fromkeys(row["ref"] for row in own if row["ref"]))
        return UsageError(
            f"The ledger still shows {name} ({refs}): it is not issued a second time.",
            fix="Void or delete it in the ledger first, if it is to be replaced; 'dealbooks trace' shows it.",
        )
    states = ", ".join(sorted({row["state"] for row in own}))
    return UsageError(
        f"{name} is on its way to the ledger ({states}): it is not issued a second time.",
        fix="Run 'dealbooks drain', and look at 'dealbooks trace'.",
    )


def issue_again(
    tx: Tx, ledger: Ledger, seen: Seen, choice: Choice, planned: Sequence[Planned], *, who: str, why: str
) -> list[Row]:
    """Write the next issue of the chosen entries, in the caller's transaction; `planned` holds each of them under its
    new key, as the ledger translated it now. Returns the new effects. Nothing is sent here.

    Raises:
        UsageError: the ledger's settings changed so that what still stands does not fit what would be made now.
        Overtaken: something of it changed since it was looked at.
    """
    _check_unchanged(tx, seen)
    length = ledger.capabilities.key_length
    rows = {row["id"]: row for row in seen.rows}
    old_entry = {seen.names[entry]: entry for entry in choice.entries}
    new_entries: list[Row] = []
    made: list[Row] = []
    stays: dict[str, str] = {}  # effect that stands -> the entry that it now belongs to
    now: dict[str, str] = {}  # effect as it would be called -> effect that it is
    for one in planned:
        entry = entry_row(one.posting, tx.at)
        new_entries.append(entry)
        own = {row["name"]: row for row in seen.rows if row["entry"] == old_entry[one.posting.entry.entry_id]}
        kept = {name: row for name, row in own.items() if row["id"] not in choice.effects}
        fresh = effect_rows(one, length, tx.at, {})
        _check_fits(seen, kept, fresh)
        for row in fresh:
            if row["name"] in kept:
                stays[kept[row["name"]]["id"]] = entry["id"]
                now[row["id"]] = kept[row["name"]]["id"]
                continue
            before = own.get(row["name"])
            if before is not None:
                now[before["id"]] = row["id"]
                row["waits_for"] = canonical_text(
                    json.loads(before["waits_for"]) | json.loads(row["waits_for"])
                )  # also what it waited for beside its own documents, such as the mirror of the version before
            made.append(row)
    now |= {key: row_id for key, row_id in _called(tx, rows.values(), length).items() if key not in now}
    for row in made:
        waits = {name: now.get(effect, effect) for name, effect in json.loads(row["waits_for"]).items()}
        row["waits_for"] = canonical_text(waits)
        row["state"] = (_S.HELD if waits else _S.PENDING).value
    _write(tx, seen, choice, new_entries, made, stays, now, f"Issued again by {who}: {why}")
    return made


def _write(
    tx: Tx,
    seen: Seen,
    choice: Choice,
    new_entries: Sequence[Row],
    made: Sequence[Row],
    stays: Mapping[str, str],
    now: Mapping[str, str],
    reason: str,
) -> None:
    for row, seq in zip(new_entries, tx.next_ids("entries", len(new_entries)), strict=True):
        row["seq"] = seq
    for row, seq in zip(made, tx.next_ids("effects", len(made)), strict=True):
        row["seq"] = seq
    columns = [column for column in entries.c if column.name not in ("body", "facts")]
    old = tx.rows(select(*columns).where(entries.c.id.in_(choice.entries)))
    tx.update("entries", old, state="superseded")
    tx.insert("entries", new_entries)
    gone = [row for row in seen.rows if row["id"] in choice.effects]
    for row in gone:
        check_move(row["id"], row["state"], _S.SUPERSEDED)
    done = tx.update("effects", gone, state=_S.SUPERSEDED.value, reason=reason, updated_at=tx.at)
    pairs = []
    for row in seen.rows:
        if row["id"] in choice.effects:
            continue
        waits = {name: now.get(effect, effect) for name, effect in json.loads(row["waits_for"]).items()}
        changed = {"entry": stays.get(row["id"], row["entry"]), "waits_for": canonical_text(waits)}
        if any(row[name] != value for name, value in changed.items()):
            pairs.append((row, changed))
    tx.change("effects", pairs)
    tx.insert("effects", made)
    settle_deals(tx, done)


def _called(tx: Tx, rows: Collection[Row], length: int) -> dict[str, str]:
    """Effects that have another key than that of the entry that they belong to now, by the latter."""
    chosen = entries.c.id.in_(sorted({row["entry"] for row in rows}))
    keys = {
        row["id"]: PostingKey(*json.loads(row["key"]))
        for row in tx.rows(select(entries.c.id, entries.c.key).where(chosen))
    }
    named = {effect_key(keys[row["entry"]], row["name"], length): row["id"] for row in rows}
    return {key: effect for key, effect in named.items() if key != effect}


def _check_unchanged(tx: Tx, seen: Seen) -> None:
    """The book's leases are ours; what a person changed beside them is seen here."""
    now: dict[str, Any] = {}
    listed = [row["id"] for row in seen.rows]
    for start in range(0, len(listed), 500):
        query = select(effects).where(effects.c.id.in_(listed[start : start + 500]))
        now |= {row["id"]: row for row in tx.rows(query)}
    if any(now.get(row["id"]) != row for row in seen.rows):
        raise Overtaken(
            "Another process changed the deal while this one asked the ledger about it.",
            fix="Nothing was written. Run again.",
        )


def _check_fits(seen: Seen, kept: Mapping[str, Row], fresh: Sequence[Row]) -> None:
    names = {row["name"] for row in fresh}
    strange = [row for name, row in kept.items() if name not in names]
    if strange:
        listed = "; ".join(seen.called(row) for row in strange)
        raise UsageError(
            f"The settings of the ledger have changed since it was posted: {listed} would not be made now.",
            fix="Void or delete that in the ledger too, and give this command again, or put the settings back.",
        )
    if not names - set(kept):
        raise BrokenInvariant(
            "Nothing of the entry would be made again.",
            fix="This is a fault of Dealbooks. Nothing was changed; report it.",
        )
