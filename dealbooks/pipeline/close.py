"""Close a period of a book: reconcile, show what stands in the way, and, signed by a person, lock it with a proof.

    open -> closing -> (something stands in the way: open again) | certificate on disk -> locked, in one transaction

The lock is one transaction that looks once more whether anything of the period has moved since it was reconciled. The
certificate is on the disk before, so that a locked period always has one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import Connection, func, select

from dealbooks.canonical import canonical_json, sha256_hex
from dealbooks.errors import StopBatch, UsageError
from dealbooks.ledger import Record
from dealbooks.periods import Period, PeriodState
from dealbooks.pipeline.certificate import certificate_text, json_text, write_files
from dealbooks.pipeline.cutoff import cut_off
from dealbooks.pipeline.load import keep_head
from dealbooks.pipeline.periods import PeriodRow, find, move, states
from dealbooks.pipeline.reconcile import ReconcileHouse, Reconciliation, holds_a_close, reconcile
from dealbooks.reports import exceptions_csv, reconciliation_markdown, tie_out_csv
from dealbooks.store.audit import heads
from dealbooks.store.tables import deals, entries

OPENING_EVENT = "opening.balance"


class CloseHouse(ReconcileHouse, Protocol):
    """What this module needs of a house."""

    @property
    def var(self) -> Path:
        """The folder for reports and certificates."""

    @property
    def actor(self) -> str:
        """Who or what runs this."""


class Evidence(Protocol):
    """What keeps the evidence of a close beside its certificate."""

    def see(self, record: Record) -> None:
        """Take in a record of the ledger, as the reconciliation reads it."""

    def keep(self, rec: Reconciliation, certificate: Mapping[str, Any], folder: Path) -> Mapping[str, Any]:
        """Write the evidence into a folder, durable on return; gives the certificate with what proves the evidence.

        Raises:
            StopConnection: the folder cannot be written to.
        """


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Something that stands in the way of a close. `acceptable`: a person may accept it by its id, or by its class,
    with a note; the others must be mended."""

    id: str
    code: str
    what: str
    cure: str
    acceptable: bool

    def as_json(self) -> dict[str, Any]:
        """Plain types."""
        return {
            "id": self.id, "code": self.code, "what": self.what, "cure": self.cure, "acceptable": self.acceptable,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class CloseResult:
    """What a close did. `obstacles` still stand in the way; `accepted` were accepted with the note. `certificate` is
    the file, `pack` the folder of its evidence, and `head` the audit chain's head, when the period was locked."""

    book: str
    period: str
    state: PeriodState
    closed: bool
    obstacles: tuple[Obstacle, ...]
    accepted: tuple[Obstacle, ...]
    reconciliation: Reconciliation
    certificate: Path | None = None
    head: tuple[int, str] | None = None
    pack: Path | None = None

    def as_json(self) -> dict[str, Any]:
        """Plain types."""
        return {
            "book": self.book, "period": self.period, "state": self.state.value, "closed": self.closed,
            "obstacles": [item.as_json() for item in self.obstacles],
            "accepted": [item.as_json() for item in self.accepted],
            "certificate": None if self.certificate is None else str(self.certificate),
            "pack": None if self.pack is None else str(self.pack),
            "audit_head": None if self.head is None else {"links": self.head[0], "hash": self.head[1]},
            "reconciliation": self.reconciliation.as_json(),
        }  # fmt: skip


def close(
    house: CloseHouse,
    book: str,
    period: str,
    *,
    sign: str | None = None,
    note: str = "",
    accept: Sequence[str] = (),
    evidence: Evidence | None = None,
) -> CloseResult:
    """Close a period. Without `sign` it only shows what stands in the way; with it (the name of the person who signs)
    and nothing in the way, the period is locked and a certificate written. `accept` names obstacles by id or class; it
    needs a note. `evidence` keeps the pack of a period that is signed (`dealbooks.pack.close_with_pack` hands it in).

    Raises:
        UsageError: the period is closed already, an accepted id is none, or something is accepted without a note.
        StopBatch: something of the period moved while it was being closed; nothing was closed.
        StopConnection: the ledger cannot be read now.
    """
    month = Period.parse(period)
    house.book(book)
    signed = sign.strip() if sign is not None else None
    if signed == "":
        raise UsageError("A close is signed by a person.", fix="Give the name of who signs, such as --sign 'Ann Lee'.")
    if accept and not note.strip():
        raise UsageError("Exceptions are accepted with a reason.", fix="Say why with --note.")
    with house.store.read() as conn:
        if find(conn, book, month).state is PeriodState.LOCKED:
            raise UsageError(
                f"{month} of {book} is closed already.",
                fix="dealbooks reopen takes it out of the lock, with an approver.",
            )
    before = _moved(house, book, month) if signed is not None else ()
    rec = reconcile(house, book, period, see=None if evidence is None else evidence.see)
    write_report(house, rec)
    obstacles = _obstacles(house, book, month, rec)
    _check_accepted(accept, obstacles)
    accepted = tuple(item for item in obstacles if item.acceptable and (item.id in accept or item.code in accept))
    left = tuple(item for item in obstacles if item not in accepted)
    with house.store.read() as conn:
        state = find(conn, book, month).state
    if signed is None or left:
        return CloseResult(book, str(month), state, False, left, accepted, rec)
    return _lock(house, book, month, rec, accepted, before, signed, note, evidence)


def reopen(house: CloseHouse, book: str, period: str, *, who: str, reason: str, approver: str) -> PeriodRow:
    """Take a period out of the lock; its certificate stays as the signature that no longer holds. Only the last closed
    period can be reopened: later ones rest on it.

    Raises:
        UsageError: there is no reason, the approver is missing or is who asks, it is not closed, a later one is.
    """
    month = Period.parse(period)
    house.book(book)
    who, reason, approver = who.strip(), reason.strip(), approver.strip()
    if not who or not reason:
        raise UsageError("A period is reopened by somebody, for a reason.", fix="Give --who and --reason.")
    if not approver or approver.casefold() == who.casefold():
        raise UsageError(
            "Reopening a period is approved by somebody else than who asks for it.", fix="Name them with --approver."
        )
    with house.store.transaction(house.actor, f"reopen {month}") as tx:
        known = states(tx.conn, book)
        if known.get(month) is not PeriodState.LOCKED:
            raise UsageError(f"{month} of {book} is not closed.", fix="'dealbooks status' shows the periods.")
        later = [one for one, state in known.items() if one > month and state is PeriodState.LOCKED]
        if later:
            raise UsageError(
                f"{month} of {book} cannot be reopened while {max(later)} is closed.", fix=f"Reopen {max(later)} first."
            )
        return move(tx, book, month, PeriodState.REOPENED, who=who, note=f"{reason} (approved by {approver})")


def write_report(house: CloseHouse, rec: Reconciliation) -> Path:
    """Save a reconciliation under reports/ as Markdown, JSON and CSV; returns the Markdown file. The same
    reconciliation gives the same bytes."""
    folder, name = house.var / "reports", f"{rec.book}-{rec.period}"
    write_files(
        folder,
        {
            f"{name}-tie-out.csv": tie_out_csv(rec), f"{name}-exceptions.csv": exceptions_csv(rec),
            f"{name}.json": json_text(rec.as_json()), f"{name}.md": reconciliation_markdown(rec),
        },
    )  # fmt: skip
    return folder / f"{name}.md"


def _obstacles(house: CloseHouse, book: str, month: Period, rec: Reconciliation) -> tuple[Obstacle, ...]:
    found: list[Obstacle] = []
    if month.last >= house.today(book):
        found.append(
            Obstacle(
                "not-over", "not_over", f"{month} is not over yet.", f"Close after {month.last.isoformat()}.", False
            )
        )
    with house.store.read() as conn:
        earlier = _earlier_open(conn, book, month, house.book_config(book).post_from)
    found += [
        Obstacle(f"open-{one}", "earlier_open", f"{one} is not closed yet.", f"dealbooks close {book} {one}", False)
        for one in earlier
    ]
    found += [Obstacle(item.id, item.kind, item.what, item.cure, item.may_be_carried) for item in rec.cut_off]
    found += [
        Obstacle(sha256_hex(text)[:10], "ledger_problem", f"The ledger reports: {text}", "Mend it in the ledger.", True)
        for text in rec.problems
    ]
    found += [Obstacle(one.id, one.code, one.what, one.cure, True) for one in rec.exceptions if holds_a_close(one)]
    return tuple(found)


def _earlier_open(conn: Connection, book: str, month: Period, go_live: date | None) -> list[Period]:
    """Earlier periods that have something of ours in them and are not locked. What lies before go-live, or before the
    first period that was ever closed, was closed with it; opening balances open no period."""
    known = states(conn, book)
    dated = (entries.c.accounting_date < month.first.isoformat()) & (entries.c.event != OPENING_EVENT)
    query = select(func.substr(entries.c.accounting_date, 1, 7)).where((entries.c.book == book) & dated).distinct()
    used = {Period.parse(row[0]) for row in conn.execute(query)}
    start = min((one for one, state in known.items() if state is PeriodState.LOCKED), default=None)
    if go_live is not None:
        start = min(start, Period.of(go_live)) if start is not None else Period.of(go_live)
    used = {one for one in used if start is None or one >= start} | {one for one in known if one < month}
    return sorted(one for one in used if known.get(one) is not PeriodState.LOCKED)


def _check_accepted(accept: Iterable[str], obstacles: Sequence[Obstacle]) -> None:
    for given in accept:
        meant = [item for item in obstacles if given in (item.id, item.code)]
        if not meant:
            raise UsageError(
                f"There is nothing to accept under “{given}”.",
                fix="dealbooks close without --sign lists what there is.",
            )
        fixed = [item for item in meant if not item.acceptable]
        if fixed:
            raise UsageError(f"This cannot be accepted, it must be mended: {fixed[0].what}", fix=fixed[0].cure)


def _moved(house: CloseHouse, book: str, month: Period) -> tuple[Any, ...]:
    with house.store.read() as conn:
        return _fingerprint(conn, book, month)


def _fingerprint(conn: Connection, book: str, month: Period) -> tuple[Any, ...]:
    """What changes whenever something of the period moves in the store: its entries by state, its deals by state."""
    days = entries.c.accounting_date.between(month.first.isoformat(), month.last.isoformat())
    mine = (entries.c.book == book) & days
    counted = select(entries.c.state, func.count(), func.max(entries.c.seq)).where(mine).group_by(entries.c.state)
    sold = deals.c.accounting_date <= month.last.isoformat()
    stand = select(deals.c.state, func.count()).where((deals.c.book == book) & sold).group_by(deals.c.state)
    unsettled = tuple(item.id for item in cut_off(conn, book, month))
    return (
        tuple(sorted(tuple(row) for row in conn.execute(counted))),
        tuple(sorted(tuple(row) for row in conn.execute(stand))),
        unsettled,
    )


def _lock(
    house: CloseHouse,
    book: str,
    month: Period,
    rec: Reconciliation,
    accepted: Sequence[Obstacle],
    before: tuple[Any, ...],
    sign: str,
    note: str,
    evidence: Evidence | None,
) -> CloseResult:
    with house.store.transaction(house.actor, f"closing {month}") as tx:
        row = find(tx.conn, book, month)
        if row.state is not PeriodState.CLOSING:
            move(tx, book, month, PeriodState.CLOSING, who=sign, note=note)
    head = heads(house.store)[book]
    number = int(json.loads(row.certificate)["number"]) + 1 if row.certificate else 1
    certificate = _certificate(house, rec, accepted, sign, note, number, head)
    name = "certificate" if number == 1 else f"certificate-{number}"
    folder = house.var / "closes" / book / str(month)
    pack = None
    if evidence is not None:
        pack = folder / ("pack" if number == 1 else f"pack-{number}")
        certificate = dict(evidence.keep(rec, certificate, pack))
    text = json_text(certificate)
    write_files(
        folder,
        {
            f"{name}.json": text, f"{name}.txt": certificate_text(certificate),
            f"{name}-report.json": json_text(rec.as_json()), f"{name}-report.md": reconciliation_markdown(rec),
        },
    )  # fmt: skip
    sealed = canonical_json({"number": number, "file": f"{name}.json", "sha256": sha256_hex(text)})
    with house.store.transaction(house.actor, f"close {month}") as tx:
        moved = _fingerprint(tx.conn, book, month) != before
        back = PeriodState.REOPENED if row.certificate else PeriodState.OPEN
        move(
            tx, book, month, back if moved else PeriodState.LOCKED, who=sign, note=note,
            certificate=row.certificate if moved else sealed,
        )  # fmt: skip
    if moved:
        raise StopBatch(
            f"Something of {month} changed while it was being closed; it is open as before.",
            fix="Let running syncs end, then close again.",
        )
    keep_head(house.store, book, house.ledger(book))
    return CloseResult(
        book, str(month), PeriodState.LOCKED, True, (), tuple(accepted), rec, folder / f"{name}.json", head, pack
    )


def _certificate(
    house: CloseHouse,
    rec: Reconciliation,
    accepted: Sequence[Obstacle],
    sign: str,
    note: str,
    number: int,
    head: tuple[int, str],
) -> dict[str, Any]:
    report = rec.as_json()
    return {
        "certificate": number, "legal_entity": rec.legal_entity, "book": rec.book, "currency": rec.currency,
        "period": rec.period, "first_day": Period.parse(rec.period).first.isoformat(),
        "last_day": Period.parse(rec.period).last.isoformat(), "signed_by": sign, "prepared_by": house.actor,
        "signed_at": datetime.fromisoformat(house.store.now()).astimezone(UTC).isoformat(timespec="seconds"),
        "note": note.strip(), "agreed": rec.agreed, "counts": dict(rec.counts), "units": report["units"],
        "totals": report["totals"], "accepted": [item.as_json() for item in accepted],
        "accepted_before": report["accepted"],
        "report_sha256": sha256_hex(json_text(report)),
        "audit_head": {"book": rec.book, "links": head[0], "hash": head[1]},
    }  # fmt: skip
