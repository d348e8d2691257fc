"""`export`: journal, trial balance, stock book, commissions and tax return of a period, as CSV, workbook or table."""

from __future__ import annotations

import sys
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dealbooks.cli import output
from dealbooks.cli.session import JsonOption, Session
from dealbooks.plural import counted

if TYPE_CHECKING:
    from dealbooks.pipeline.sheets import Sheet


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("export")(export)


def export(
    context: typer.Context,
    what: Annotated[
        str,
        typer.Argument(
            help="journal, trial-balance, stock-book (margin cars), part-exchanges, commissions (by person), "
            "vat-return (each box, also GST and US sales tax) or vat-return-lines (what feeds each box)."
        ),
    ],
    book: Annotated[str, typer.Argument(help="The book.")],
    period: Annotated[
        str, typer.Argument(help="A month (2026-09), a quarter (2026-Q3), a year, or months (2026-02..2026-04).")
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="FILE", help="Write .csv or .xlsx; by default a table on a terminal, CSV through a pipe."
        ),
    ] = None,
    form: Annotated[
        str,
        typer.Option("--form", metavar="FORM", help="Return form: a shipped name or a file, not the book's own."),
    ] = "",
    as_json: JsonOption = False,
) -> None:
    """Write a period of a book for a spreadsheet.

    Texts that a spreadsheet would take for a formula are escaped."""
    from dealbooks.errors import UsageError
    from dealbooks.pipeline.exports import export as make
    from dealbooks.pipeline.sheets import write_csv, write_xlsx

    if out is not None and out.suffix.lower() not in (".csv", ".xlsx"):
        raise UsageError(f"{out} is neither .csv nor .xlsx.", fix="Name a file that ends in one of them.")
    with Session.of(context).house() as house:
        sheet = make(house, what, book, period, form)
    if out is None:
        if as_json:
            output.say_json(sheet.as_json())
        elif output.on_terminal():
            _draw(sheet)
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
        output.say(f"{counted(len(sheet.rows), 'row is', 'rows are')} in {out}.")


def _draw(sheet: Sheet) -> None:
    """A table for a terminal; columns that are empty throughout are left out."""
    amounts = {index for row in sheet.rows for index, cell in enumerate(row) if isinstance(cell, Decimal)}
    used = [
        index for index in range(len(sheet.columns)) if any(row[index] not in (None, "") for row in sheet.rows)
    ] or list(range(len(sheet.columns)))
    heads = [output.Column(sheet.columns[index].replace("_", " "), amount=index in amounts) for index in used]
    output.table(heads, [[row[index] for index in used] for row in sheet.rows], title=sheet.title)
