"""A closed period that is taken out of the lock: by somebody, for a reason, approved, and for some days only; and what
was changed in it until it was closed again (period-close.md PC-8)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from dealbooks.canonical import sha256_hex
from dealbooks.closing.texts import LONGEST_NAME, name_key, one_line
from dealbooks.errors import UsageError
from dealbooks.periods import Period, PeriodState
from dealbooks.pipeline.obstacles import CloseHouse
from dealbooks.pipeline.periods import PeriodRow, move, states
from dealbooks.pipeline.reconcile import Reconciliation
from dealbooks.pipeline.signoff import end, waiting
from dealbooks.store import Store, Tx
from dealbooks.store.db import read_rows, stamp
from dealbooks.store.tables import deals, entries, reopenings


@dataclass(frozen=True, slots=True)
class Reopening:
    """A period that is out of the lock now: who asked, who approved, why, since when and until when. `over`: that time
    has passed, and it still is."""

    book: str
    period: str
    who: str
    approver: str
    reason: str
    at: str
    until: str
    over: bool

    def as_json(self) -> dict[str, Any]:
        """Plain types."""
        return {
            "book": self.book, "period": self.period, "who": self.who, "approver": self.approver,
            "reason": self.reason, "at": self.at, "until": self.until, "over": self.over,
        }  # fmt: skip


def reopen(
    house: CloseHouse, book: str, period: str, *, who: str, reason: str, approver: str, days: int | None = None
) -> PeriodRow:
    """Take a period out of the lock; its certificate stays as the signature that no longer holds. Only the last closed
    period can be reopened: later ones rest on it. `days` is for how long, by default the book's `close.reopen_days`.

    Raises:
        UsageError: there is no reason, the approver is missing or is who asks, it is not closed, a later one is, or
            it is for longer than the book allows.
    """
    month = Period.parse(period)
    house.book(book)
    who = one_line(who, "The name of who asks", LONGEST_NAME)
    approver = one_line(approver, "The name of who approves", LONGEST_NAME)
    reason = one_line(reason, "The reason")
    if not who or not reason:
        raise UsageError("A period is reopened by somebody, for a reason.", fix="Give --who and --reason.")
    if not approver or name_key(approver) == name_key(who):
        raise UsageError(
            "Reopening a period is approved by somebody else than who asks for it.", fix="Name them with --approver."
        )
    most = house.book_config(book).close.reopen_days
    days = most if days is None else days
    if not 1 <= days <= most:
        raise UsageError(
            f"A period of {book} is reopened for {most} days at most, and at least for one.",
            fix=f"Give --days 1 to {most}, or change books.{book}.close.reopen_days.",
        )
    until = stamp(house.store.clock() + timedelta(days=days))
    with house.store.transaction(house.actor, f"reopen {month}") as tx:
        known = states(tx.conn, book)
        if known.get(month) is not PeriodState.LOCKED:
            raise UsageError(f"{month} of {book} is not closed.", fix="'dealbooks status' shows the periods.")
        later = [one for one, state in known.items() if one > month and state is PeriodState.LOCKED]
        if later:
            raise UsageError(
                f"{month} of {book} cannot be reopened while {max(later)} is closed.", fix=f"Reopen {max(later)} first."
            )
        shown = waiting(tx.conn, book, month)
        if shown is not None:
            end(tx, shown, "superseded")
        row = move(tx, book, month, PeriodState.REOPENED, who=who, note=f"{reason} (approved by {approver})")
        number = len(read_rows(tx.conn, select(reopenings.c.id).where(_of(book, month)))) + 1
        tx.insert(
            "reopenings",
            [
                {
                    "id": f"{book}/{month}/{number}", "book": book, "period": str(month), "state": "open", "who": who,
                    "approver": approver, "reason": reason, "at": tx.at, "until": until,
                }
            ],
        )  # fmt: skip
        return row


def closed_again(tx: Tx, book: str, month: Period) -> None:
    """The period is locked again, in the transaction that locks it."""
    tx.update("reopenings", read_rows(tx.conn, _open(_of(book, month))), state="closed")


def reopened_now(store: Store, book: str) -> tuple[Reopening, ...]:
    """The periods of a book that are out of the lock, oldest first."""
    now = store.now()
    with store.read() as conn:
        rows = read_rows(conn, _open(reopenings.c.book == book).order_by(reopenings.c.period))
    return tuple(
        Reopening(
            row["book"], row["period"], row["who"], row["approver"], row["reason"], row["at"], row["until"],
            row["until"] < now,
        )
        for row in rows
    )  # fmt: skip


def since_reopened(house: CloseHouse, rec: Reconciliation, row: PeriodRow) -> dict[str, Any]:
    """For the certificate of a period that was closed before: who took it out of the lock and why, the entries that
    were booked or taken out since, and the accounts that stand otherwise than on the certificate before. Nothing for
    one that never was."""
    if not row.certificate:
        return {}
    month = Period.parse(rec.period)
    with house.store.read() as conn:
        told = read_rows(conn, _open(_of(rec.book, month)))
        since = min((one["at"] for one in told), default="")
        query = (
            select(entries.c.event, entries.c.accounting_date, entries.c.state, entries.c.created_at,
                   entries.c.entry_id, deals.c.deal_number)
            .join(deals, deals.c.id == entries.c.deal_id, isouter=True)
            .where((entries.c.book == rec.book) & (entries.c.created_at > since))
            .where(entries.c.accounting_date.between(month.first.isoformat(), month.last.isoformat()))
            .order_by(entries.c.seq)
        )  # fmt: skip
        booked = read_rows(conn, query) if since else []
    before = json.loads(row.certificate)
    old = _certificate_before(house.var / "closes" / rec.book / rec.period / before["file"], before["sha256"])
    return {
        "since_reopened": {
            "certificate": before["number"],
            "reopened": [{name: one[name] for name in ("who", "approver", "reason", "at", "until")} for one in told],
            "entries": [
                {
                    "deal": one["deal_number"] or one["entry_id"], "event": one["event"],
                    "date": one["accounting_date"], "state": one["state"],
                }
                for one in booked
            ],
            "accounts": [] if old is None else _accounts(old["totals"], [one.as_json() for one in rec.totals]),
            "accounts_compared": old is not None,
        }
    }  # fmt: skip


def _certificate_before(file: Path, sha256: str) -> Mapping[str, Any] | None:
    """The certificate that no longer holds, if its file is still as it was sealed."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return None
    if sha256_hex(text) != sha256:
        return None
    found: Mapping[str, Any] = json.loads(text)
    return found


def _accounts(old: Sequence[Mapping[str, Any]], new: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Accounts whose movement in the ledger is another one than it was."""
    was = {(row["account"], row["currency"]): row["found"] for row in old}
    now = {(row["account"], row["currency"]): row["found"] for row in new}
    return [
        {"account": account, "currency": currency, "was": was.get((account, currency), "0"),
         "is": now.get((account, currency), "0")}
        for account, currency in sorted({*was, *now})
        if was.get((account, currency)) != now.get((account, currency))
    ]  # fmt: skip


def _of(book: str, month: Period) -> Any:
    return (reopenings.c.book == book) & (reopenings.c.period == str(month))


def _open(condition: Any) -> Any:
    return select(reopenings).where(condition & (reopenings.c.state == "open"))
