"""`connect`: a person's consent to write into a ledger, given once in a browser."""

from __future__ import annotations

import webbrowser
from typing import Annotated, Any

import typer

from dealbooks.cli import output
from dealbooks.cli.session import Session, Switch

_PORT = 8765


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("connect")(connect)


def connect(
    context: typer.Context,
    book: Annotated[str, typer.Argument(help="The book whose ledger is to be connected.")],
    port: Annotated[int, typer.Option("--port", help="Port of this machine that the platform sends you back to.")] = (
        _PORT
    ),
    browser: Annotated[
        Switch, typer.Option("--open/--no-open", help="Open the consent page in a browser of this machine.")
    ] = True,
) -> None:
    """Give consent to write into a book's ledger.

    Opens the ledger's own consent page, waits for its answer, and keeps the token, encrypted, in the store. Needed
    once, and again when the ledger does not accept our authorisation any more. Your app at the platform must know
    http://localhost:8765/callback as its redirect address."""
    from dealbooks.errors import UsageError
    from dealbooks.oauth.callback import Callback

    with Session.of(context).house() as house:
        ledger: Any = house.ledger(book)
        tokens = getattr(ledger, "tokens", None)
        if tokens is None:
            raise UsageError(f"The ledger of {book} needs no consent.", fix="There is nothing to do.")
        with Callback(port) as callback:
            address, state = tokens.consent(callback.address)
            output.say("Give consent on this page:")
            output.say(address)
            if browser:
                webbrowser.open(address)
            given = callback.wait(state)
            code = given.pop("code")
            tokens.consented(code, callback.address, given)
        output.say(f"{book} is connected.")
        for line in ledger.reached(given):
            output.say(line)
