"""Put postings into the outbox: entries and their effects, in the caller's transaction. Nothing is sent here."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from dealbooks.canonical import canonical_json, canonical_text, compact_text, sha256_hex
from dealbooks.errors import BrokenInvariant
from dealbooks.ledger import EffectSpec, Ledger, Posting, PostingKey
from dealbooks.outbox.states import EffectState, check_move
from dealbooks.store import Tx
from dealbooks.store.tables import effects, entries


def effect_key(key: PostingKey, name: str, length: int = 64) -> str:
    """The wire key of one effect of a posting: a hash in hex, cut to the platform's length."""
    parts = [key.book, key.deal, key.purpose, key.subject, key.version, key.issue, name]
    return hashlib.sha256(json.dumps(parts, ensure_ascii=True).encode()).hexdigest()[:length]


@dataclass(frozen=True, slots=True)
class Planned:
    """A posting with the write calls that carry it, as the ledger translated it."""

    posting: Posting
    effects: tuple[EffectSpec, ...]
    after: tuple[PostingKey, ...] = ()  # postings of the same plan that must stand in the ledger before this one


def enqueue(tx: Tx, ledger: Ledger, planned: Sequence[Planned]) -> list[dict[str, Any]]:
    """Insert entries and effects for postings that are new; returns the new rows of `entries`.

    A posting whose key is known already is left alone when its content is the same. One that was superseded before a
    byte of it left is planned again under its own key, with the content that it has now.

    Raises:
        BrokenInvariant: when a known key comes with other content (the caller should have made a new version).
    """
    ids = [one.posting.key.wire() for one in planned]
    known = _known(tx, ids)
    new_entries: list[dict[str, Any]] = []
    new_effects: list[dict[str, Any]] = []
    again: list[dict[str, Any]] = []
    length = ledger.capabilities.key_length
    names = {one.posting.key: [spec.name for spec in one.effects] for one in planned}
    moved = _moved(tx, planned)
    for one, entry_id in zip(planned, ids, strict=True):
        posting = one.posting
        row = entry_row(posting, tx.at)
        before = known.get(entry_id)
        if before is not None and before["state"] != "superseded":
            if before["body_hash"] != row["body_hash"]:
                raise BrokenInvariant(
                    f"{posting.entry.entry_id} of deal {posting.deal_number} is in the outbox with other amounts.",
                    fix="This is a fault of Dealbooks. Nothing was changed; run 'dealbooks trace' and report it.",
                )
            continue
        waits = {
            f"{other.purpose}/{name}": effect_key(other, name, length)
            for other in one.after
            for name in names.get(other, ())
        }
        rows = effect_rows(one, length, tx.at, waits, moved)
        if before is None:
            new_entries.append(row)
            new_effects += rows
        else:
            new_effects += _plan_again(tx, before, row, rows)
            again.append(row)
        known[entry_id] = row
    for row, seq in zip(new_entries, tx.next_ids("entries", len(new_entries)) if new_entries else (), strict=True):
        row["seq"] = seq
    for row, seq in zip(new_effects, tx.next_ids("effects", len(new_effects)) if new_effects else (), strict=True):
        row["seq"] = seq
    tx.insert("entries", new_entries)
    tx.insert("effects", new_effects)
    return new_entries + again


def entry_row(posting: Posting, at: str) -> dict[str, Any]:
    """The row of `entries` of a posting, without its number."""
    key, body = posting.key, compact_text(posting.entry.as_json())
    return {
        "id": key.wire(), "seq": 0, "book": key.book, "deal_id": key.deal, "entry_id": posting.entry.entry_id,
        "version": key.version, "event": posting.entry.event,
        "accounting_date": posting.entry.accounting_date.isoformat(), "currency": posting.entry.currency,
        "key": compact_text([key.book, key.deal, key.purpose, key.subject, key.version, key.issue]),
        "body": body, "facts": _facts(posting), "body_hash": sha256_hex(body), "state": "planned", "created_at": at,
    }  # fmt: skip


def _moved(tx: Tx, planned: Sequence[Planned]) -> dict[tuple[PostingKey, str], str]:
    """Of needed postings that were issued again: effects that stood and so kept their key, by posting and name."""
    wanted = {other.wire(): other for one in planned for spec in one.effects for other, _ in spec.needs if other.issue}
    found: dict[tuple[PostingKey, str], str] = {}
    if wanted:
        live = effects.c.entry.in_(sorted(wanted)) & (effects.c.state != EffectState.SUPERSEDED.value)
        for row in tx.conn.execute(select(effects.c.id, effects.c.entry, effects.c.name).where(live)):
            found[wanted[row.entry], row.name] = row.id
    return found


def _facts(posting: Posting) -> str:
    """The invoice's facts, kept beside a sale: its mirror and its payments are made from them."""
    if posting.invoice is None or posting.entry.event != "sale.posted":
        return ""
    return compact_text(posting.invoice.as_json())


def _known(tx: Tx, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    columns = [column for column in entries.c if column.name not in ("body", "facts")]
    for start in range(0, len(ids), 500):
        chosen = entries.c.id.in_(ids[start : start + 500])
        found.update((row["id"], row) for row in tx.rows(select(*columns).where(chosen)))
    return found


def _plan_again(
    tx: Tx, before: dict[str, Any], row: dict[str, Any], rows: Sequence[dict[str, Any]]
) -> list[dict[str, Any]]:
    """A reversal or a receipt that was superseded unsent and is needed again has the key that it had: it is one thing.
    What of it was sent (its customer) stays; returned are effects that it did not have before."""
    content = ("event", "accounting_date", "currency", "body", "facts", "body_hash", "state")
    tx.change("entries", [(before, {name: row[name] for name in content})])
    old = {one["id"]: one for one in tx.rows(select(effects).where(effects.c.entry == before["id"]))}
    renewed = ("state", "payload", "request_hash", "waits_for", "subject", "next_at", "updated_at", "reason")
    pairs = []
    for new in rows:
        held = old.get(new["id"])
        if held is not None and held["state"] == EffectState.SUPERSEDED.value:
            if held["ref"]:
                raise BrokenInvariant(
                    f"{row['entry_id']} stood in the ledger as {held['ref']}, and would be made under that key again.",
                    fix="This is a fault of Dealbooks. Nothing was changed; run 'dealbooks trace' and report it.",
                )
            check_move(new["id"], held["state"], EffectState(new["state"]))
            pairs.append((held, {name: new[name] for name in renewed}))
    tx.change("effects", pairs)
    return [new for new in rows if new["id"] not in old]


def effect_rows(
    planned: Planned,
    length: int,
    at: str,
    after: Mapping[str, str],
    moved: Mapping[tuple[PostingKey, str], str] | None = None,
) -> list[dict[str, Any]]:
    """The rows of `effects` of a posting, without their numbers. Each waits for `after` too; `moved` are effects of
    needed postings that have another key than that of their posting."""
    rows = []
    posting, kept = planned.posting, moved or {}
    entry_id = posting.key.wire()
    for spec in planned.effects:
        waits = {name: effect_key(posting.key, name, length) for name in spec.depends_on} | dict(after)
        for other, name in spec.needs:
            waits[f"{other.purpose}/{name}"] = kept.get((other, name)) or effect_key(other, name, length)
        payload = canonical_json(dict(spec.payload))
        rows.append(
            {
                "id": effect_key(posting.key, spec.name, length), "seq": 0, "book": posting.key.book,
                "deal_id": posting.key.deal, "entry": entry_id, "name": spec.name, "version": posting.key.version,
                "state": (EffectState.HELD if waits else EffectState.PENDING).value,
                "payload": payload, "request_hash": sha256_hex(payload), "waits_for": canonical_text(waits),
                "subject": spec.subject,
                "attempts": 0, "token": 0, "next_at": at, "sent_at": "", "ref": "", "figures": "", "reason": "",
                "updated_at": at,
            }
        )  # fmt: skip
    return rows


def waiting_on(tx: Tx, deal_ids: Sequence[str]) -> list[dict[str, Any]]:
    """Held effects of some deals."""
    found: list[dict[str, Any]] = []
    for start in range(0, len(deal_ids), 500):
        chosen = effects.c.deal_id.in_(deal_ids[start : start + 500]) & (effects.c.state == EffectState.HELD.value)
        found += tx.rows(select(effects).where(chosen))
    return found
