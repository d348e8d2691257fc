"""`status`: where everything stands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import typer

from dealbooks.cli import output
from dealbooks.cli.output import Column
from dealbooks.cli.session import JsonOption, Session

_LONGEST = 60  # of a cursor, which may be anything
_EVENTS = {
    "new": "are taken by the next sync", "waiting": "wait for their deal", "review": "are for a person",
    "expired": "found no deal in time",
}  # fmt: skip


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("status")(status)


def status(context: typer.Context, as_json: JsonOption = False) -> None:
    """Show where everything stands, in counts.

    Deals, calls to the ledger, quarantine, files, periods, and who works on what now."""
    from dealbooks.pipeline.status import status as look

    with Session.of(context).house() as house:
        found = look(house)
    if as_json:
        output.say_json(found.as_json())
        return
    amount = Column("count", count=True)
    rows: list[tuple[str, str, str, int]] = []
    for book in found.books:
        rows += [(book.book, "deals", state, count) for state, count in book.deals.items()]
        rows += [(book.book, "calls to the ledger", state, count) for state, count in book.effects.items()]
        rows += [(book.book, "payment facts", state, count) for state, count in book.facts.items()]
        rows += [(book.book, "drift in the ledger", state, count) for state, count in book.drift.items()]
        rows.append((book.book, "quarantine", "open", book.quarantine))
    for book in found.books:
        if not book.standing.sends:
            how = f"paused by {book.standing.who}: {book.standing.why}" if book.standing.paused else "in shadow"
            output.say(f"{book.book} is {how}; nothing of it is sent.")
    if found.unassigned:
        rows.append(("-", "quarantine", "open, of no book yet", found.unassigned))
    output.table(["book", "what", "state", amount], rows, title="Books")
    waiting_for = [(book.book, one.deal, one.state, one.why, one.fix) for book in found.books for one in book.attention]
    if waiting_for:
        output.table(["book", "deal", "state", "why", "what to do"], waiting_for, title="What the ledgers wait for")
    unready = [(book.book, one.deal, "; ".join(one.missing)) for book in found.books for one in book.not_ready]
    if unready:
        output.table(["book", "deal", "posted when"], unready, title="Deals that are not ready")
    periods = [
        (one.book, str(one.period), one.state.value, one.who, one.note) for b in found.books for one in b.periods
    ]
    if periods:
        output.table(["book", "period", "state", "who", "note"], periods, title="Periods that were touched")
    for one in (reopened for book in found.books for reopened in book.reopened):
        until = f"{one.until[:16].replace('T', ' ')} UTC"
        how = f"was to be closed again by {until}: it is overdue" if one.over else f"is out of the lock until {until}"
        output.say(f"{one.period} of {one.book} {how} ({one.who}, approved by {one.approver}: {one.reason}).")
    for half in (one for book in found.books for one in book.half_signed):
        signed = f"{half.who} signed it {half.at[:16].replace('T', ' ')} UTC"
        how = f"dealbooks close {half.book} {half.period} --sign 'NAME' --key FILE"
        output.say(f"{half.period} of {half.book} waits for a second signature ({signed}): {how}")
    files = [
        (one.source, state, count, one.last_rows[:19]) for one in found.sources for state, count in one.files.items()
    ]
    output.table(["source", "files", amount, "last new rows (UTC)"], files, title="Sources")
    swept = [
        (one.source, one.swept.records, _moment(one.swept.last_sweep) or "never", _from(one.swept.cursor),
         _moment(one.swept.asked_at) or "-", _moment(one.last_rows) or "-")
        for one in found.sources if one.swept is not None
    ]  # fmt: skip
    if swept:
        heads = ["last sweep (UTC)", "goes on from", "asked what is gone (UTC)", "last new rows (UTC)"]
        output.table(["source", Column("records", count=True), *heads], swept, title="Sources over an API")
    held = [(one.source, file.name, "; ".join(file.reasons)) for one in found.sources for file in one.held]
    if held:
        output.table(["source", "file", "why"], held, title="Files that are held")
    for lease in found.leases:
        output.say(f"Working now: {lease.name}, by {lease.holder}, until {lease.until[:19]} UTC.")
    if found.events:
        told = ", ".join(f"{count} {_EVENTS[state]}" for state, count in found.events.items())
        output.say(f"Events: {told}. 'dealbooks events' shows them.")
    waiting = sum(book.needs_person for book in found.books) + found.unassigned + found.events.get("review", 0)
    output.say(f"{waiting} things wait for a person." if waiting else "Nothing waits for a person.")


def _moment(at: str) -> str:
    return at[:19].replace("T", " ")


def _from(cursor: Mapping[str, Any] | None) -> str:
    """From where the next sweep goes on, in words."""
    if cursor is None:
        return "everything is read"
    words = ", ".join(f"{name} {value}" for name, value in sorted(cursor.items()))
    return words if len(words) <= _LONGEST else f"{words[:_LONGEST]}..."
