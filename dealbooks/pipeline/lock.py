"""Lock a period that is signed: evidence and certificate first, out of sight; then, in one transaction, the last look
whether anything moved, the files into their places, and the lock.

A process that was taken over meanwhile (its lease is another's) puts nothing there and locks nothing.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, func, select

from dealbooks.canonical import canonical_json, sha256_hex
from dealbooks.durable import sync_folder
from dealbooks.errors import StopBatch, StopConnection
from dealbooks.periods import Period, PeriodState
from dealbooks.pipeline.certificate import certificate_text, json_text, write_files
from dealbooks.pipeline.cutoff import cut_off
from dealbooks.pipeline.exceptions import closed_with
from dealbooks.pipeline.load import keep_head
from dealbooks.pipeline.obstacles import CloseHouse, Evidence, Obstacle
from dealbooks.pipeline.periods import PeriodRow, find, move
from dealbooks.pipeline.reconcile import Reconciliation
from dealbooks.pipeline.reopened import closed_again, since_reopened
from dealbooks.pipeline.signoff import Shown, end, stands
from dealbooks.reconcile.matrix import RowStatus
from dealbooks.reports import reconciliation_markdown
from dealbooks.store import Lease
from dealbooks.store.audit import heads
from dealbooks.store.tables import (
    acceptances,
    bank_links,
    bank_statements,
    deals,
    entries,
    facts,
    outside_lists,
)

_PROGRAM = "the account that ran the program"


@dataclass(frozen=True, slots=True)
class Locked:
    """A period that was locked: its certificate, the folder of its evidence, and the audit chain's head on it."""

    certificate: Path
    pack: Path | None
    head: tuple[int, str]


def fingerprint(conn: Connection, book: str, month: Period) -> tuple[Any, ...]:
    """What changes whenever something that a close of the period rests on moves in the store: entries, deals, payments
    told beside them, differences that were accepted, bank statements, what was said of their lines, lists of others."""
    days = entries.c.accounting_date.between(month.first.isoformat(), month.last.isoformat())
    mine = (entries.c.book == book) & days
    counted = select(entries.c.state, func.count(), func.max(entries.c.seq)).where(mine).group_by(entries.c.state)
    sold = deals.c.accounting_date <= month.last.isoformat()
    stand = select(deals.c.state, func.count()).where((deals.c.book == book) & sold).group_by(deals.c.state)
    told = select(facts.c.state, facts.c.kind, func.count()).group_by(facts.c.state, facts.c.kind)
    agreed = select(func.count(), func.max(acceptances.c.at)).where(acceptances.c.book == book)
    at_bank = select(bank_statements.c.state, func.count(), func.max(bank_statements.c.id))
    said = select(bank_links.c.id, bank_links.c.state).where(bank_links.c.book == book)
    given = (outside_lists.c.book == book) & (outside_lists.c.period == str(month))
    queries = (
        counted, stand, told.where(facts.c.book == book), agreed,
        at_bank.where(bank_statements.c.book == book).group_by(bank_statements.c.state), said,
        select(outside_lists.c.id, outside_lists.c.state).where(given),
    )  # fmt: skip
    return (
        *(tuple(sorted(tuple(row) for row in conn.execute(query))) for query in queries),
        tuple(item.id for item in cut_off(conn, book, month)),
    )


def lock(
    house: CloseHouse,
    month: Period,
    rec: Reconciliation,
    shown: Shown,
    obstacles: Sequence[Obstacle],
    before: tuple[Any, ...],
    *,
    evidence: Evidence | None,
    lease: Lease | None,
) -> Locked:
    """Lock a period whose signatures are complete. `before` is its fingerprint from before it was reconciled,
    `obstacles` what the signatures accept.

    Raises:
        StopBatch: something of the period moved since; it is open as before.
        LeaseLost: another process took the close over.
        StopConnection: the files cannot be written.
    """
    book, row = rec.book, _closing(house, rec.book, month, shown, lease)
    number = int(json.loads(row.certificate)["number"]) + 1 if row.certificate else 1
    head = heads(house.store)[book]
    certificate = _certificate(house, rec, shown, obstacles, number, head)
    certificate |= since_reopened(house, rec, row)
    name = "certificate" if number == 1 else f"certificate-{number}"
    folder = house.var / "closes" / book / str(month)
    staged = _stage(folder)
    try:
        pack = None
        if evidence is not None:
            pack = "pack" if number == 1 else f"pack-{number}"
            certificate = dict(evidence.keep(rec, certificate, staged / pack))
        text = json_text(certificate)
        write_files(
            staged,
            {
                f"{name}.json": text, f"{name}.txt": certificate_text(certificate),
                f"{name}-report.json": json_text(rec.as_json()), f"{name}-report.md": reconciliation_markdown(rec),
            },
        )  # fmt: skip
        sealed = canonical_json({"number": number, "file": f"{name}.json", "sha256": sha256_hex(text)})
        with house.store.transaction(house.actor, f"close {month}") as tx:
            if lease is not None:
                lease.check(tx)
            who, note = str(certificate["signed_by"]), str(certificate["note"])
            moved = fingerprint(tx.conn, book, month) != before or not stands(tx.conn, shown)
            if moved:
                back = PeriodState.REOPENED if row.certificate else PeriodState.OPEN
                move(tx, book, month, back, who=who, note=note, certificate=row.certificate)
            else:
                move(tx, book, month, PeriodState.LOCKED, who=who, note=note, certificate=sealed)
                end(tx, shown, "closed")
                closed_again(tx, book, month)
                closed_with(tx, book, str(month), _accepted(shown.signatures), who)
                _publish(staged, folder)
    finally:
        shutil.rmtree(staged, ignore_errors=True)
    if moved:
        raise StopBatch(
            f"Something of {month} changed while it was being closed; it is open as before.",
            fix="Let running syncs end, then close again.",
        )
    keep_head(house.store, book, house.ledger(book))
    return Locked(folder / f"{name}.json", None if pack is None else folder / pack, head)


def _closing(house: CloseHouse, book: str, month: Period, shown: Shown, lease: Lease | None) -> PeriodRow:
    with house.store.transaction(house.actor, f"closing {month}") as tx:
        if lease is not None:
            lease.check(tx)
        row = find(tx.conn, book, month)
        if row.state is not PeriodState.CLOSING:
            move(tx, book, month, PeriodState.CLOSING, who=str(shown.signatures[0]["name"]))
    return row


def _stage(folder: Path) -> Path:
    """A folder beside the place where the files go, on the same disk. What a killed close left there is removed."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return Path(tempfile.mkdtemp(prefix=".closing-", dir=folder))
    except OSError as error:
        raise StopConnection(
            f"{folder} cannot be written to: {error.strerror}.", fix="Check the disk and the rights, then run again."
        ) from error


def _publish(staged: Path, folder: Path) -> None:
    """Put what was made into its place. What a close that was killed right before its lock left there is replaced."""
    try:
        for made in sorted(staged.iterdir()):
            there = folder / made.name
            if there.is_dir():
                shutil.rmtree(there)
            made.replace(there)
        staged.rmdir()
        sync_folder(folder)
    except OSError as error:
        raise StopConnection(
            f"{folder} cannot be written to: {error.strerror}.", fix="Check the disk and the rights, then run again."
        ) from error
    for left in folder.glob(".closing-*"):
        if left != staged:
            shutil.rmtree(left, ignore_errors=True)


def _certificate(
    house: CloseHouse,
    rec: Reconciliation,
    shown: Shown,
    obstacles: Sequence[Obstacle],
    number: int,
    head: tuple[int, str],
) -> dict[str, Any]:
    report = rec.as_json()
    now = datetime.fromisoformat(house.store.now()).astimezone(UTC).isoformat(timespec="seconds")
    notes = [str(one["note"]) for one in shown.signatures if one["note"]]
    prepared = {"part": "prepared by", "name": house.actor, "identified_by": _PROGRAM, "at": now}
    return {
        "certificate": number, "legal_entity": rec.legal_entity, "book": rec.book, "currency": rec.currency,
        "period": rec.period, "first_day": Period.parse(rec.period).first.isoformat(),
        "last_day": Period.parse(rec.period).last.isoformat(),
        "signed_by": " and ".join(str(one["name"]) for one in shown.signatures), "prepared_by": house.actor,
        "signed_at": now, "note": "; ".join(dict.fromkeys(notes)), "agreed": rec.agreed, "counts": dict(rec.counts),
        "units": report["units"], "totals": report["totals"],
        "not_provided": [
            {"row": row.number, "left": row.left, "right": row.right}
            for row in rec.matrix if row.status is RowStatus.NOT_PROVIDED
        ],
        "accepted": [{**item.as_json(), **_said(shown.signatures, item.id)} for item in obstacles],
        "accepted_before": report["accepted"], "late": report["late"],
        "report_sha256": sha256_hex(json_text(report)),
        "audit_head": {"book": rec.book, "links": head[0], "hash": head[1]},
        "versions": shown.statement["versions"], "statement": dict(shown.statement),
        "signatures": [*(dict(one) for one in shown.signatures), prepared],
    }  # fmt: skip


def _accepted(signatures: Sequence[Mapping[str, Any]]) -> dict[str, tuple[str, str]]:
    """By whom each exception was accepted, and with which note."""
    return {item["id"]: (str(one["name"]), str(item["note"])) for one in signatures for item in one["accepted"]}


def _said(signatures: Sequence[Mapping[str, Any]], obstacle: str) -> dict[str, str]:
    """The note with which an exception was accepted, and by whom."""
    found = ((one["name"], item["note"]) for one in signatures for item in one["accepted"] if item["id"] == obstacle)
    name, note = next(found)
    return {"note": str(note), "who": str(name)}
