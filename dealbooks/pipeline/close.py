"""Close a period of a book: reconcile, show what stands in the way, and, signed by people, lock it with a proof.

    open -> shown -> signed (by two people where the book asks for that) -> closing -> locked

Whoever signs, signs what was shown. So the ledger is read again, whole, when somebody signs: where the two readings do
not say the same, the signature does not count, and what differs is shown. One reading that the ledger changed under is
found the same way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dealbooks.canonical import sha256_hex
from dealbooks.closing.signers import Signer
from dealbooks.closing.statement import FORMAT, content_hash, is_content
from dealbooks.closing.texts import LONGEST_NAME, one_line
from dealbooks.errors import UsageError
from dealbooks.periods import Period, PeriodState
from dealbooks.pipeline.certificate import json_text, write_files
from dealbooks.pipeline.exceptions import keep
from dealbooks.pipeline.lock import fingerprint, lock
from dealbooks.pipeline.obstacles import CloseHouse, Drafted, Evidence, Obstacle, accepted_notes, obstacles
from dealbooks.pipeline.periods import find
from dealbooks.pipeline.reconcile import Reconciliation, reconcile
from dealbooks.pipeline.separate import check_separate
from dealbooks.pipeline.signoff import Shown, add_signature, check_signer, show, waiting
from dealbooks.reconcile.model import money_text
from dealbooks.reports import exceptions_csv, reconciliation_markdown, tie_out_csv
from dealbooks.store import Lease
from dealbooks.store.audit import heads


@dataclass(frozen=True, slots=True)
class CloseResult:
    """What a close did. `obstacles` still stand in the way; `accepted` were accepted with a note. `shown` is what
    people sign; `changed` says in words what is otherwise than when it was shown before, so that nothing was signed.
    `certificate` is the file, `pack` the folder of its evidence, and `head` the audit chain's head, when the period was
    locked."""

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
    shown: Shown | None = None
    changed: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Plain types."""
        return {
            "book": self.book, "period": self.period, "state": self.state.value, "closed": self.closed,
            "obstacles": [item.as_json() for item in self.obstacles],
            "accepted": [item.as_json() for item in self.accepted],
            "certificate": None if self.certificate is None else str(self.certificate),
            "pack": None if self.pack is None else str(self.pack),
            "audit_head": None if self.head is None else {"links": self.head[0], "hash": self.head[1]},
            "sign_off": None if self.shown is None else self.shown.as_json(), "changed": list(self.changed),
            "reconciliation": self.reconciliation.as_json(),
        }  # fmt: skip


def close(
    house: CloseHouse,
    book: str,
    period: str,
    *,
    sign: Signer | str | None = None,
    note: str = "",
    accept: Sequence[str] = (),
    evidence: Evidence | None = None,
    lease: Lease | None = None,
    run: str = "",
) -> CloseResult:
    """Close a period. Without `sign` it only shows what there is to sign, and what stands in the way. With it (who
    signs; a name alone counts as typed), what was shown before must be what is read now; then it is signed, and with
    the last signature and nothing in the way, locked. `accept` names obstacles by id or class, or as `ID=NOTE`; each
    needs a note. `evidence` keeps the pack (`dealbooks.pack.close_with_pack` hands it in), `lease` is the one under
    which this runs, `run` the flow run that shows it.

    Raises:
        UsageError: the period is closed already, an accepted id is none, something is accepted without a note, a name
            or a note is none that can stand on a certificate, or this person cannot sign it.
        StopBatch: something of the period moved while it was being closed; nothing was closed.
        LeaseLost: another process took the close over.
        StopConnection: the ledger cannot be read now.
    """
    month = Period.parse(period)
    house.book(book)
    note = one_line(note, "The note")
    signer = Signer(one_line(sign, "The name of who signs", LONGEST_NAME)) if isinstance(sign, str) else sign
    if signer is not None and not signer.name:
        raise UsageError("A close is signed by a person.", fix="Give the name of who signs, such as --sign 'Ann Lee'.")
    with house.store.read() as conn:
        if find(conn, book, month).state is PeriodState.LOCKED:
            raise UsageError(
                f"{month} of {book} is closed already.",
                fix="dealbooks reopen takes it out of the lock, with an approver.",
            )
        before = fingerprint(conn, book, month)
        asked = waiting(conn, book, month)
    if signer is not None and asked is not None:
        check_signer(asked, signer)
    if signer is not None:
        check_separate(house, book, month, asked, signer)
    rec = keep(house, reconcile(house, book, period, see=None if evidence is None else evidence.see)).rec
    page = write_report(house, rec)
    found = obstacles(house, book, month, rec)
    drafted = Drafted(page, {}, {}) if evidence is None else evidence.draft(rec)
    shown, other = _show(house, month, rec, found, drafted, lease, run)
    notes = {} if signer is not None and other is not None else accepted_notes(accept, note, found)
    notes = {**notes, **shown.accepted}
    accepted = tuple(item for item in found if item.id in notes)
    left = tuple(item for item in found if item.id not in notes)
    with house.store.read() as conn:
        state = find(conn, book, month).state
    changed = () if other is None else shown.changed
    if signer is None or other is not None or left:
        return CloseResult(book, str(month), state, False, left, accepted, rec, shown=shown, changed=changed)
    with house.store.transaction(house.actor, f"sign {month}") as tx:
        if lease is not None:
            lease.check(tx)
        given = [
            {"id": item.id, "code": item.code, "note": notes[item.id]}
            for item in accepted if item.id not in shown.accepted
        ]  # fmt: skip
        shown = add_signature(tx, shown, signer, note=note, accepted=given)
    if shown.wanted:
        return CloseResult(book, str(month), state, False, (), accepted, rec, shown=shown)
    done = lock(house, month, rec, shown, accepted, before, evidence=evidence, lease=lease)
    return CloseResult(
        book, str(month), PeriodState.LOCKED, True, (), accepted, rec, done.certificate, done.head, done.pack, shown
    )


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


def _show(
    house: CloseHouse,
    month: Period,
    rec: Reconciliation,
    found: Sequence[Obstacle],
    drafted: Drafted,
    lease: Lease | None,
    run: str,
) -> tuple[Shown, Shown | None]:
    """Keep what was read for who is to sign it; what was shown before, where that was something else."""
    links, digest = heads(house.store).get(rec.book, (0, ""))
    files = {name: value for name, value in drafted.files.items() if is_content(name)}
    statement = {
        "format": FORMAT, "book": rec.book, "legal_entity": rec.legal_entity, "currency": rec.currency,
        "period": rec.period, "agreed": rec.agreed, "four_eyes": house.book_config(rec.book).close.four_eyes,
        "report_sha256": sha256_hex(json_text(rec.as_json())), "pack_sha256": content_hash(files),
        "versions": dict(drafted.versions), "audit_head": {"book": rec.book, "links": links, "hash": digest},
    }  # fmt: skip
    seen = {
        "obstacles": [{**item.as_json(), "about": item.about} for item in found], "files": files,
        "closing": {f"{row.account} {row.currency}": money_text(row.closing, row.currency) for row in rec.totals},
    }  # fmt: skip
    with house.store.transaction(house.actor, f"show {month} for signing") as tx:
        if lease is not None:
            lease.check(tx)
        return show(tx, rec.book, month, statement, seen, page=str(drafted.page), run=run)
