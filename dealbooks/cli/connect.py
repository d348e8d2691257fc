"""`connect`: a person's consent to write into a ledger, or to read a source, given once in a browser."""

from __future__ import annotations

import webbrowser
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dealbooks.cli import output
from dealbooks.cli.session import Session, Switch

if TYPE_CHECKING:
    from dealbooks.house import House

_PORT = 8765


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("connect")(connect)


def connect(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The book whose ledger is to be connected, or the source.")],
    port: Annotated[
        int, typer.Option("--port", min=1, max=65535, help="Port of this machine that the platform sends you back to.")
    ] = (_PORT),
    browser: Annotated[
        Switch, typer.Option("--open/--no-open", help="Open the consent page in a browser of this machine.")
    ] = True,
) -> None:
    """Give consent to write into a book's ledger, or to read a source.

    Opens the platform's own consent page, waits for its answer, and keeps the token, encrypted, in the store. Needed
    once, and again when the platform does not accept our authorisation any more. Your app at the platform must know
    http://localhost:8765/callback as its redirect address."""
    from dealbooks.errors import UsageError
    from dealbooks.oauth.callback import Callback

    with Session.of(context).house() as house:
        what, connection = _connection(house, name)
        tokens = getattr(connection, "tokens", None)
        if tokens is None:
            raise UsageError(f"{what} needs no consent.", fix="There is nothing to do.")
        with Callback(port) as callback:
            address, state = tokens.consent(callback.address)
            output.say("Give consent on this page:")
            output.say(address)
            if browser:
                webbrowser.open(address)
            given = callback.wait(state)
            code = given.pop("code")
            tokens.consented(code, callback.address, given)
        output.say(f"{name} is connected.")
        for line in connection.reached(given) if name in house.config.books else connection.problems():
            output.say(line)


def _connection(house: House, name: str) -> tuple[str, Any]:
    """What the connection is called, and the ledger of a book or the source itself.

    Raises:
        UsageError: nothing has that name, or both have.
    """
    from dealbooks.errors import UsageError

    books, sources = house.config.books, house.config.sources
    if name in books and name in sources:
        raise UsageError(
            f"A book and a source are both called {name}.", fix="Give one of them another name in dealbooks.yaml."
        )
    if name in books:
        return f"The ledger of {name}", house.ledger(name)
    if name in sources:
        return f"The source {name}", house.source(name)
    raise UsageError(
        f"There is no book and no source called {name!r}; there is {', '.join((*books, *sources))}.",
        fix="See books: and sources: in dealbooks.yaml.",
    )
