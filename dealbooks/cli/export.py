"""`export`: journal, trial balance, stock book and commissions of a month, as CSV or as an Excel workbook."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from dealbooks.cli import output
from dealbooks.cli.session import JsonOption, Session


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("export")(export)


def export(
    context: typer.Context,
    what: Annotated[str, typer.Argument(help="journal, trial-balance, stock-book (margin cars) or commissions.")],
    book: Annotated[str, typer.Argument(help="The book.")],
    period: Annotated[str, typer.Argument(help="The month, such as 2026-09.")],
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Write .csv or .xlsx; by default CSV is printed.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Write a month of a book for a spreadsheet.

    Texts that a spreadsheet would take for a formula are escaped."""
    from dealbooks.errors import UsageError
    from dealbooks.pipeline.exports import export as make
    from dealbooks.pipeline.sheets import write_csv, write_xlsx

    if out is not None and out.suffix.lower() not in (".csv", ".xlsx"):
        raise UsageError(f"{out} is neither .csv nor .xlsx.", fix="Name a file that ends in one of them.")
    with Session.of(context).house() as house:
        sheet = make(house, what, book, period)
    if out is None:
        if as_json:
            output.say_json(sheet.as_json())
        else:
            write_csv(sheet, sys.stdout)
        return
    try:
        if out.suffix.lower() == ".xlsx":
            write_xlsx(sheet, out)
        else:
            with out.open("w", newline="", encoding="utf-8-sig") as stream:
                write_csv(sheet, stream)
    except OSError as error:
        raise UsageError(f"{out} cannot be written: {error.strerror}.", fix="Name another file.") from error
    if as_json:
        output.say_json({"file": str(out), "rows": len(sheet.rows)})
    else:
        output.say(f"{len(sheet.rows)} rows are in {out}.")
