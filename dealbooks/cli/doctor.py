"""`doctor`: is everything there that is needed, and does it answer."""

from __future__ import annotations

from typing import Annotated

import typer

from dealbooks.cli import output
from dealbooks.cli.faults import NOT_ALL
from dealbooks.cli.session import JsonOption, Session, Switch


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("doctor")(doctor)


def doctor(
    context: typer.Context,
    upgrade_store: Annotated[
        Switch, typer.Option("--upgrade-store", help="Bring the store to the schema of this version. Copy it first.")
    ] = False,
    online: Annotated[
        Switch, typer.Option("--online", help="Also ask the ledgers that are reached over the internet.")
    ] = False,
    as_json: JsonOption = False,
) -> int:
    """Check that everything is there and answers.

    Versions, configuration, store, charts, rulebooks, ledgers, drop folders, disk and the Prefect server. Each line
    is ok, a warning or a problem, with what to do. Of a ledger over the internet only what is known here is looked at,
    unless --online asks it for its company, its closing date and everything that the book needs there. Ends 0 when
    there is no problem, 3 when there is one.
    """
    from dealbooks.doctor import examine

    found = list(examine(Session.of(context).config_file, upgrade_store=upgrade_store, online=online))
    columns = ("state", "what", "found", "what to do")
    output.listed(found, columns, lambda one: (one.state, one.what, one.found, one.fix), as_json=as_json)
    return NOT_ALL if any(one.state == "problem" for one in found) else 0
