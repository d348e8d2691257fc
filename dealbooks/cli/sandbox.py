"""`sandbox`: a stand-in of a platform on this machine, to try a connection against."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from dealbooks.cli import output
from dealbooks.cli.session import Session

if TYPE_CHECKING:
    from dealbooks.config import Config

_PLATFORMS = ("odoo", "quickbooks", "xero")
# The countries that a stand-in can be of, by regime.
_COUNTRIES = {"us": "US", "uk": "GB", "au": "AU", "nz": "NZ"}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("sandbox")(sandbox)


def sandbox(
    context: typer.Context,
    platform: Annotated[str, typer.Argument(help=f"One of {', '.join(_PLATFORMS)}.")],
    port: Annotated[int, typer.Option("--port", help="Port of this machine; by default any that is free.")] = 0,
    book: Annotated[
        str, typer.Option("--book", help="Give it the accounts, locations and departments of this book.")
    ] = "",
) -> None:
    """Serve a stand-in of a ledger on this machine, until Ctrl-C.

    It keeps the platform's rules and limits, and everything in memory: nothing of it remains. It prints the settings of
    a connection to it, for dealbooks.yaml. docs/ledgers.md tells how to try a ledger on it."""
    from importlib import import_module

    from dealbooks.errors import UsageError

    if platform not in _PLATFORMS:
        raise UsageError(f"There is no sandbox of {platform}.", fix=f"Choose one of {', '.join(_PLATFORMS)}.")
    module: Any = import_module(f"sandbox.{platform}.furnish")
    books = _books(Session.of(context).config(), book, module.COUNTRIES, platform) if book else None
    made, found = module.furnished(books)
    running, bound = import_module("sandbox.kit.server").server(made, port)
    address = f"http://127.0.0.1:{bound.getsockname()[1]}"
    output.say(f"{platform} answers at {address} until Ctrl-C. The ledger of a book is connected to it by:")
    output.say("    ledger:")
    output.say(f"      platform: {platform}")
    for name, value in found.settings.items():
        output.say(f'      {name}: "{value}"')
    for name, value in found.secrets.items():
        output.say(f"      {name}: {value}")
    for name, path in found.addresses.items():
        output.say(f"      {name}: {address}{path}")
    running.run(sockets=[bound])


def _books(config: Config, book: str, countries: tuple[str, ...], platform: str) -> Any:
    """The book as the sandbox wants it: plain data.

    Raises:
        UsageError: there is no such book, or no stand-in of its country.
    """
    from importlib import import_module

    from dealbooks.errors import UsageError
    from dealbooks.house import House

    kit = import_module("sandbox.kit.sample")
    house = House(config)
    settings, chart = house.book_config(book), house.chart(book)
    country = _COUNTRIES.get(settings.regime, "")
    if country not in countries:
        raise UsageError(
            f"There is no sandbox of {platform} for the regime {settings.regime}.",
            fix="Leave --book out, and create the accounts of its chart there.",
        )
    accounts = [kit.SampleAccount(role, one.number, one.name, one.type) for role, one in chart.roles.items()]
    places = [place.dimension or code for code, place in settings.locations.items()]
    return kit.SampleBooks(settings.name, country, settings.currency, accounts, places)
