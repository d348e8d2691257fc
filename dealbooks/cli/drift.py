"""`drift`: what somebody changed in a ledger since the last look."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from dealbooks.cli import output
from dealbooks.cli.faults import NOT_ALL
from dealbooks.cli.output import Column
from dealbooks.cli.session import JsonOption, Session, Switch
from dealbooks.plural import counted

if TYPE_CHECKING:
    from dealbooks.pipeline.drift_found import DriftRow


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("drift")(drift)


def drift(
    context: typer.Context,
    book: Annotated[str, typer.Argument(help="The book.")],
    whole: Annotated[Switch, typer.Option("--whole", help="Read the whole ledger, not only what changed.")] = False,
    known: Annotated[Switch, typer.Option("--known", help="Show what is known; the ledger is not asked.")] = False,
    acknowledge: Annotated[
        list[str] | None,
        typer.Option("--acknowledge", metavar="ID", help="You have seen this finding; needs --who and --note."),
    ] = None,
    who: Annotated[str, typer.Option("--who", help="Who has seen it, by name.")] = "",
    note: Annotated[str, typer.Option("--note", help="Why it may stand, in words that an auditor understands.")] = "",
    as_json: JsonOption = False,
) -> int:
    """Show what was edited, voided, deleted or typed by hand in a book's ledger.

    Looks at what changed since the last look, and keeps what it finds. Nothing is mended and
    nothing is posted. What was acknowledged is open again when it changes.

    Ends 0 when no finding is open, 3 when there are some.
    """
    from dealbooks.pipeline import drift_found
    from dealbooks.pipeline.drift import watch

    with Session.of(context).house() as house:
        house.book_config(book)
        if acknowledge:
            drift_found.acknowledge(house, book, acknowledge, who=who, why=note)
        looked = None if known or acknowledge else watch(house, book, whole=whole)
        open_ = drift_found.findings(house, book)
        seen = drift_found.findings(house, book, ["acknowledged"])
        with house.store.read() as conn:
            at = drift_found.last_look(conn, book)
    if as_json:
        shown = {"book": book, "last_look": at, "look": looked.as_json() if looked is not None else None}
        rows = {"open": [one.as_json() for one in open_], "acknowledged": [one.as_json() for one in seen]}
        output.say_json({**shown, **rows})
        return NOT_ALL if open_ else 0
    _table("Open", open_)
    _table("Acknowledged", seen)
    if looked is not None:
        told = f"{counted(looked.told, 'document was', 'documents were')} changed since the last look"
        how = "The whole ledger was read" if looked.whole else told
        output.say(f"{how}: {counted(len(looked.raised), 'new finding')}, {len(looked.ended)} gone.")
    if open_:
        output.say(f"{counted(len(open_), 'finding waits', 'findings wait')} for a person.")
    else:
        output.say(f"No finding is open. The ledger was last looked at {at[:19] or 'never'}{' UTC' if at else ''}.")
    return NOT_ALL if open_ else 0


def _table(title: str, rows: Sequence[DriftRow]) -> None:
    if not rows:
        return
    seen = any(row.who for row in rows)
    output.table(
        [
            "id", "class", "severity", "month", "where", "currency", Column("difference", amount=True), "by",
            "first seen (UTC)", "what", "acknowledged" if seen else "what mends it",
        ],
        [
            (
                row.finding.id, row.finding.code, row.finding.severity,
                f"{row.finding.period} (closed)" if row.finding.closed else row.finding.period, row.finding.where,
                row.finding.currency, row.finding.difference, row.finding.who, row.first_seen[:16].replace("T", " "),
                row.finding.what, f"{row.who}: {row.why}" if row.who else row.finding.cure,
            )
            for row in rows
        ],
        title=title,
    )  # fmt: skip
