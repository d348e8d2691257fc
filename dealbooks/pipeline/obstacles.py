"""What stands in the way of a close, and what closing needs of a house and of the evidence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import Connection, func, select

from dealbooks.canonical import sha256_hex
from dealbooks.closing.texts import one_line
from dealbooks.errors import UsageError
from dealbooks.ledger import Record
from dealbooks.periods import Period, PeriodState
from dealbooks.pipeline.periods import states
from dealbooks.pipeline.reconcile import ReconcileHouse, Reconciliation, holds_a_close
from dealbooks.reconcile import ReconException
from dealbooks.reconcile.lists import KINDS
from dealbooks.store.tables import entries

OPENING_EVENT = "opening.balance"
PEOPLE = "payroll"  # the list whose references are people


class CloseHouse(ReconcileHouse, Protocol):
    """What this module needs of a house."""

    @property
    def var(self) -> Path:
        """The folder for reports and certificates."""

    @property
    def actor(self) -> str:
        """Who or what runs this."""


@dataclass(frozen=True, slots=True)
class Drafted:
    """A draft of the evidence, as it is shown before it is signed: its page, and its files with their SHA-256."""

    page: Path
    files: Mapping[str, str]
    versions: Mapping[str, str]


class Evidence(Protocol):
    """What keeps the evidence of a close beside its certificate."""

    def see(self, record: Record) -> None:
        """Take in a record of the ledger, as the reconciliation reads it."""

    def draft(self, rec: Reconciliation) -> Drafted:
        """Write the evidence as a draft, for who is to sign. Raises StopConnection."""

    def keep(self, rec: Reconciliation, certificate: Mapping[str, Any], folder: Path) -> Mapping[str, Any]:
        """Write the evidence into a folder, durable on return; gives the certificate with what proves the evidence.

        Raises:
            StopConnection: the folder cannot be written to.
        """


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Something that stands in the way of a close. `acceptable`: a person may accept it by its id, or by its class,
    with a note; the others must be mended. `deal` is the number of the deal that it is about, if it is about one;
    `about` the cars or accounts, and never a person."""

    id: str
    code: str
    what: str
    cure: str
    acceptable: bool
    deal: str = ""
    about: str = ""

    def as_json(self) -> dict[str, Any]:
        """Plain types."""
        return {
            "id": self.id, "code": self.code, "what": self.what, "cure": self.cure, "acceptable": self.acceptable,
            "deal": self.deal,
        }  # fmt: skip


def obstacles(house: CloseHouse, book: str, month: Period, rec: Reconciliation) -> tuple[Obstacle, ...]:
    """Everything that stands in the way of closing a period that was reconciled."""
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
    found += [
        Obstacle(item.id, item.kind, item.what, item.cure, item.may_be_carried, item.deal) for item in rec.cut_off
    ]
    found += [
        Obstacle(sha256_hex(text)[:10], "ledger_problem", f"The ledger reports: {text}", "Mend it in the ledger.", True)
        for text in rec.problems
    ]
    found += [
        Obstacle(one.id, one.code, one.what, one.cure, True, one.deal, about_of(one))
        for one in rec.exceptions
        if holds_a_close(one)
    ]
    return tuple(found)


def about_of(found: ReconException) -> str:
    """The cars that an exception is about, else its place in a list, else its accounts; never a person."""
    if found.stock_nos:
        return f"stock number {', '.join(found.stock_nos)}"
    kind, _, reference = found.subject.partition(" ")
    if kind in KINDS:
        return f"{kind} list" if kind == PEOPLE else f"{kind} list, {reference}"
    return ", ".join(dict.fromkeys(delta.account for delta in found.deltas))


def accepted_notes(accept: Iterable[str], note: str, found: Sequence[Obstacle]) -> dict[str, str]:
    """Which obstacles a person accepts, and with which note: id -> note. Each is given as `ID`, as its class, or as
    `ID=NOTE`; `note` is for those that have none of their own. What is named by its id keeps its own note.

    Raises:
        UsageError: there is no such obstacle, it must be mended, or there is no note, or one that is none.
    """
    notes: dict[str, str] = {}
    for given in sorted(accept, key=lambda one: any(one.partition("=")[0] == item.id for item in found)):
        name, _, own = given.partition("=")
        meant = [item for item in found if name in (item.id, item.code)]
        if not meant:
            raise UsageError(
                f"There is nothing to accept under “{name}”.",
                fix="dealbooks close without --sign lists what there is.",
            )
        said = one_line(own, f"The note of {name}") or note.strip()
        fixed = [item for item in meant if not item.acceptable]
        if fixed:
            raise UsageError(f"This cannot be accepted, it must be mended: {fixed[0].what}", fix=fixed[0].cure)
        if not said:
            raise UsageError("Exceptions are accepted with a reason.", fix="Say why with --note, or --accept ID=WHY.")
        notes |= dict.fromkeys((item.id for item in meant), said)
    return notes


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
