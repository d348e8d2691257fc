"""`audit verify`: prove that nobody changed what was recorded."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dealbooks.cli import output
from dealbooks.cli.faults import FAULT
from dealbooks.cli.output import Column
from dealbooks.cli.session import JsonOption, Session
from dealbooks.plural import counted


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="The audit chains over everything.", rich_markup_mode=None, no_args_is_help=True)
    group.callback()(_group)
    group.command("verify")(verify)
    app.add_typer(group, name="audit")


def _group() -> None:
    """The audit chains over everything that was recorded."""


def verify(
    context: typer.Context,
    head: Annotated[
        list[Path] | None,
        typer.Option(
            "--head",
            metavar="FILE",
            exists=True,
            dir_okay=False,
            help="A close certificate (JSON) or a file of heads kept outside the store; may be given several times.",
        ),
    ] = None,
    as_json: JsonOption = False,
) -> int:
    """Prove that nothing was changed by hand.

    Every audit chain and every row that it covers is walked, and held against heads kept outside the store. Heads
    that are kept beside the ledgers are always used. Ends 0 when nothing was changed, 1 when something was.
    """
    from dealbooks.pipeline.heads import heads_in_file, heads_of_ledgers, prove

    with Session.of(context).house() as house:
        kept = heads_of_ledgers(house)
        for file in head or ():
            kept += heads_in_file(file)
        report = prove(house.store, kept)
    if as_json:
        output.say_json(report.as_json() | {"held_against": [one.as_json() for one in kept]})
        return 0 if report.intact else FAULT
    if report.breaks:
        output.table(["where", "what is wrong"], [(one.where, one.message) for one in report.breaks], title="Broken")
    output.table(
        ["chain", Column("links", count=True), "head"],
        [(book, links, digest) for book, (links, digest) in report.heads.items()],
    )
    outside = f"held against {counted(len(kept), 'head')} kept" if kept else "no head is kept"
    verdict = "nothing was changed by hand" if report.intact else f"first broken: {report.breaks[0].where}"
    walked = f"{counted(report.links, 'link')} and {counted(report.rows, 'row')}"
    output.say(f"{walked}, {outside} outside the store: {verdict}.")
    return 0 if report.intact else FAULT
