"""`exceptions`: what became of the differences that earlier runs of a reconciliation found."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer

from dealbooks.cli import output
from dealbooks.cli.faults import NOT_ALL
from dealbooks.cli.output import Column
from dealbooks.cli.session import JsonOption, Session, Switch
from dealbooks.plural import counted

if TYPE_CHECKING:
    from dealbooks.pipeline.exceptions import ExceptionRow


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("exceptions")(exceptions)


def exceptions(
    context: typer.Context,
    book: Annotated[str, typer.Argument(help="The book.")],
    period: Annotated[str, typer.Argument(help="The month, such as 2026-09; by default all.")] = "",
    solved: Annotated[Switch, typer.Option("--solved", help="Show those that are solved, and by what.")] = False,
    acknowledge: Annotated[
        list[str] | None,
        typer.Option("--acknowledge", metavar="ID", help="You have looked at this one; needs --who and --note."),
    ] = None,
    who: Annotated[str, typer.Option("--who", help="Who has looked at it, by name.")] = "",
    note: Annotated[str, typer.Option("--note", help="What is done about it.")] = "",
    as_json: JsonOption = False,
) -> int:
    """Show the exceptions of a book: since when each is known, what people said, and what became of them.

    Shows what 'dealbooks reconcile' and 'dealbooks close' found; the ledger is not asked. To acknowledge accepts
    nothing: a close still asks. One that changes, or is still there in the next month, is open again.

    Ends 0 when none is open, 3 when some are.
    """
    from dealbooks.periods import Period
    from dealbooks.pipeline import exceptions as kept
    from dealbooks.reconcile.life import ACKNOWLEDGED, GONE

    with Session.of(context).house() as house:
        house.book_config(book)
        month = str(Period.parse(period)) if period else ""
        if acknowledge:
            kept.acknowledge(house, book, acknowledge, who=who, why=note)
        open_ = kept.exceptions_of(house, book, period=month)
        seen = kept.exceptions_of(house, book, [ACKNOWLEDGED], period=month)
        gone = kept.exceptions_of(house, book, [GONE], period=month)
        today = house.today(book)
    if as_json:
        rows = {"open": open_, "acknowledged": seen} | ({"solved": gone} if solved else {})
        shown = {name: [{**one.as_json(), "days": one.age(today)} for one in own] for name, own in rows.items()}
        output.say_json({"book": book, "period": month, **shown})
    elif solved:
        _solved(gone)
        output.say(f"{counted(len(gone), 'exception is', 'exceptions are')} solved.")
    else:
        _standing("Open", open_, today)
        _standing("Acknowledged", seen, today)
        now = counted(len(open_), "exception is", "exceptions are")
        output.say(f"{now} open, {len(seen)} acknowledged, {len(gone)} solved (--solved).")
    return NOT_ALL if open_ and not solved else 0


def _standing(title: str, rows: Sequence[ExceptionRow], today: date) -> None:
    if rows:
        output.table(
            [
                "id", "class", "severity", "month", "where", "what", "currency", Column("difference", amount=True),
                "since", Column("days", count=True), "what mends it",
            ],
            [
                (
                    row.id, row.code, row.severity, row.period, row.where, row.what, row.currency, row.difference,
                    row.since_words, row.age(today), f"{row.who}: {row.why}" if row.who else row.cure,
                )
                for row in rows
            ],
            title=title,
        )  # fmt: skip


def _solved(rows: Sequence[ExceptionRow]) -> None:
    if rows:
        output.table(
            ["id", "class", "month", "where", "what", "since", "solved (UTC)", "by what"],
            [
                (
                    row.id, row.code, row.period, row.where, row.what, row.since_words, row.gone_at[:16],
                    row.gone_by,
                )
                for row in rows
            ],
            title="Solved",
        )  # fmt: skip
