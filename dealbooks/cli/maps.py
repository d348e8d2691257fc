"""`map check`: what a field map makes of a record."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dealbooks.cli import output
from dealbooks.cli.faults import NOT_ALL
from dealbooks.cli.session import JsonOption, Session


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Field maps.", rich_markup_mode=None, no_args_is_help=True)
    group.callback()(_group)
    group.command("check")(check)
    app.add_typer(group, name="map")


def _group() -> None:
    """Field maps: which column of a source is which field of a deal."""


def check(
    context: typer.Context,
    source: Annotated[str, typer.Argument(help="The source, as dealbooks.yaml names it.")],
    sample: Annotated[
        Path | None,
        typer.Option(
            "--sample",
            metavar="FILE",
            exists=True,
            dir_okay=False,
            help="A file as the source would drop it; for a source over an API one record as JSON.",
        ),
    ] = None,
    key: Annotated[
        str, typer.Option("--key", metavar="ID", help="Read the record with this id at the source now.")
    ] = "",
    as_json: JsonOption = False,
) -> int:
    """Show what the field map makes of one record.

    Every field, where it comes from, the columns that are not used, and what the deal still lacks. Without --sample or
    --key it is the newest deal that arrived; where none has yet, one that a source over an API has now.

    Ends 0 when everything fits, 3 when a value was refused.
    """
    from dealbooks.pipeline.mapcheck import check_map

    with Session.of(context).house() as house:
        found = check_map(house, source, sample, key=key)
    if as_json:
        output.say_json(found.as_json())
        return 0 if found.fits else NOT_ALL
    output.table(
        ["field", "from", "value", "status"],
        [(row.field, row.origin, row.value, row.status) for row in found.rows],
        title=f"{found.map} on {found.place}",
    )
    for text in found.wrong:
        output.say(f"Refused: {text}")
    for text in found.missing:
        output.say(f"Missing for a deal: {text}")
    return 0 if found.fits else NOT_ALL
