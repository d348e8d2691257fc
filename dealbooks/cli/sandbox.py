"""`sandbox`: a stand-in of a platform on this machine, to try a connection against."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dealbooks.cli import output
from dealbooks.cli.session import Session

if TYPE_CHECKING:
    from dealbooks.config import Config

_LEDGERS = ("odoo", "quickbooks", "xero")
_SOURCES = ("google_sheets", "hubspot", "odoo", "salesforce")
_PLATFORMS = tuple(sorted({*_LEDGERS, *_SOURCES}))
# The countries that a stand-in can be of, by regime.
_COUNTRIES = {"us": "US", "uk": "GB", "au": "AU", "nz": "NZ"}
_SALES_OF = "uk"  # the regime that the sample sales are of
_WIDE = 10_000  # characters: no line of YAML is broken
_BOOK, _PLACE = "northgate", "LEEDS"  # as `dealbooks init` makes them


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("sandbox")(sandbox)


def sandbox(
    context: typer.Context,
    platform: Annotated[str, typer.Argument(help=f"One of {', '.join(_PLATFORMS)}.")],
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="Port of this machine; by default any that is free.")
    ] = 0,
    book: Annotated[
        str,
        typer.Option(
            "--book",
            help="The book that is kept in it: it gets its accounts, locations and departments. A source gets sales of "
            "its first location.",
        ),
    ] = "",
) -> None:
    """Serve a stand-in of a ledger or a source on this machine, until Ctrl-C.

    It keeps the platform's rules and limits, and everything in memory: nothing of it remains. A source has a few
    completed sales of a dealership in the United Kingdom. It prints the settings of a connection to it, for
    dealbooks.yaml. docs/ledgers.md and docs/sources.md tell how to try it."""
    from importlib import import_module

    from dealbooks.errors import UsageError
    from dealbooks.yamlfile import read_yaml

    if platform not in _PLATFORMS:
        raise UsageError(f"There is no sandbox of {platform}.", fix=f"Choose one of {', '.join(_PLATFORMS)}.")
    config = Session.of(context).config() if book else None
    module: Any = import_module(f"sandbox.{platform}.furnish")
    wanted = {}
    if config is not None and platform in _LEDGERS:
        wanted = {"books": _books(config, book, module.COUNTRIES, platform)}
    ledger = source = None
    if platform in _SOURCES and not (platform in _LEDGERS and config and _regime(config, book) != _SALES_OF):
        made, source = module.selling(_names(platform), _place(config, book, platform), **wanted)
        ledger = module.as_ledger(made) if platform in _LEDGERS else None
    else:
        made, ledger = module.furnished(**wanted)
    try:
        running, bound = import_module("sandbox.kit.server").server(made, port)
    except OSError as error:
        raise UsageError(
            f"Port {port} of this machine cannot be listened on: {error.strerror or error}.",
            fix="Choose another with --port, or none: then it is one that is free.",
        ) from error
    address = f"http://127.0.0.1:{bound.getsockname()[1]}"
    made.served_at(address)
    output.say(f"{platform} answers at {address} until Ctrl-C.")
    variables: dict[str, str] = {}
    if ledger is not None:
        kept = read_yaml(config.file)["books"][book]["ledger"] if config is not None else {}
        section = _section(kept, platform, ledger, address, variables)
        where = "put this into dealbooks.yaml, in place of the 'ledger:' section of the book:"
        output.say(f"To keep {book or 'a book'} in it, {where}")
        _say_yaml("ledger", section, 4)
    if source is not None:
        section = _section({}, platform, source, address, variables)
        section["books"] = {_place(config, book, platform): book or _BOOK}
        output.say("To take deals from it, put this at the end of dealbooks.yaml, where its 'sources:' stand:")
        _say_yaml(module.NAME, section, 2)
    output.say("and this into the terminal where you use it:")
    for name, value in variables.items():
        output.say(f"    export {name}={shlex.quote(value)}")
    running.run(sockets=[bound])


def _say_yaml(title: str, section: Mapping[str, Any], indent: int) -> None:
    """A section as a person writes it: a line for each setting."""
    import yaml

    output.say(f"{' ' * indent}{title}:")
    for name, value in section.items():
        nested = isinstance(value, Mapping | list)
        text = yaml.safe_dump(value if nested else {name: value}, default_flow_style=nested, width=_WIDE).rstrip()
        output.say(f"{' ' * (indent + 2)}{f'{name}: ' if nested else ''}{text}")


def _section(
    kept: Mapping[str, Any], platform: str, found: Any, address: str, variables: dict[str, str]
) -> dict[str, Any]:
    """The settings of a connection with those of the stand-in in their places; what its secrets are in the environment
    is added to `variables`."""
    section: dict[str, Any] = {"platform": platform}
    section |= kept if kept.get("platform") == platform else {}
    section |= found.settings
    section |= {name: f"{address}{path}" for name, path in found.addresses.items()}
    section |= {name: f"${{{platform.upper()}_{name.upper()}}}" for name in found.secrets}
    variables |= {f"{platform}_{name}".upper(): value for name, value in found.secrets.items()}
    return section


def _names(platform: str) -> Collection[str]:
    """What the shipped field map of a source reads."""
    from dealbooks.mapping import FieldMap
    from dealbooks.registry import source_platform

    return FieldMap.load(source_platform(platform).default_map).reads()


def _place(config: Config | None, book: str, platform: str) -> str:
    """The location of the sample sales.

    Raises:
        UsageError: there is no such book, or it is of another country than the sales.
    """
    from dealbooks.errors import UsageError

    if config is None:
        return _PLACE
    if (regime := _regime(config, book)) != _SALES_OF:
        raise UsageError(
            f"The sample sales of {platform} are of the regime {_SALES_OF}, and {book} is of {regime}.",
            fix="Try it with a book that 'dealbooks init --rules uk' makes in another folder.",
        )
    return next(iter(config.books[book].locations))


def _regime(config: Config, book: str) -> str:
    """The regime of a book. Raises UsageError."""
    from dealbooks.house import House

    return House(config).book_config(book).regime


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
