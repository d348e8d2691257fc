"""`lists`: what only others can tell of a month: the stock count, statements, floorplan, payroll, the factory."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dealbooks.cli import output
from dealbooks.cli.periods import BookArgument, PeriodArgument
from dealbooks.cli.session import JsonOption, Session
from dealbooks.plural import counted


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True, help="Lists of a month that others give, for the reconciliation.")
    group.command("import")(take)
    group.command("show")(show)
    app.add_typer(group, name="lists")


def take(
    context: typer.Context,
    kind: Annotated[
        str, typer.Argument(metavar="KIND", help="stock, lender, provider, floorplan, payroll or factory.")
    ],
    book: BookArgument,
    period: PeriodArgument,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A CSV file; docs/close.md shows its columns.")],
    as_json: JsonOption = False,
) -> None:
    """Take a list for a month of a book; it replaces an earlier one of its kind.

    The next reconcile holds it against the ledger. The file's hash is kept in the audit chain. A list for a month that
    is closed changes no certificate; it counts when the month is reopened and closed again.
    """
    from dealbooks.pipeline.lists import import_list
    from dealbooks.pipeline.periods import is_closed

    with Session.of(context).house() as house:
        found = import_list(house, kind, book, period, file)
        closed = is_closed(house, book, found.period)
    if as_json:
        output.say_json({**found.as_json(), "month_closed": closed})
        return
    rows = counted(len(found.rows), "row")
    output.say(f"{found.file}, {rows}, is the {found.kind} list of {found.period}, {found.book}.")
    if closed:
        output.say(
            f"{found.period} of {book} is closed, and its certificate stays as it is. 'dealbooks reconcile {book} "
            f"{found.period}' shows what the list says now. It counts when the month is closed again: "
            f"'dealbooks reopen {book} {found.period}' takes it out of the lock."
        )


def show(
    context: typer.Context,
    book: Annotated[str, typer.Argument(help="The book; by default all.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Show the lists that were imported, also those that were replaced."""
    from dealbooks.pipeline.lists import all_lists

    with Session.of(context).house() as house:
        found = all_lists(house, book)
    output.listed(
        found,
        ["book", "month", "list", "file", "rows", "state", "imported"],
        lambda one: (one.book, one.period, one.kind, one.file, str(len(one.rows)), one.state,
                     one.at[:16].replace("T", " ")),
        as_json=as_json,
    )  # fmt: skip
