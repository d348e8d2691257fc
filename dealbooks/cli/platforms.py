"""`ledgers` and `sources`: the registry, with what each platform can do."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from dealbooks.cli import output
from dealbooks.cli.session import JsonOption

if TYPE_CHECKING:
    from dealbooks.registry import Platform


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("ledgers")(ledgers)
    app.command("sources")(sources)


def ledgers(as_json: JsonOption = False) -> None:
    """List the ledgers, with what each can do.

    Needs no configuration."""
    from dealbooks.registry import LEDGERS

    found: list[dict[str, Any]] = [
        {"name": one.name, "title": one.title, "capabilities": _capabilities(one)} for one in LEDGERS.values()
    ]
    if as_json:
        output.say_json(found)
        return
    output.table(["name", "ledger"], [(one["name"], one["title"]) for one in found])
    for one in found:
        output.table(
            ["can", "value"],
            [(name.replace("_", " "), _word(value)) for name, value in one["capabilities"].items()],
            title=one["title"],
        )


def sources(as_json: JsonOption = False) -> None:
    """List the sources, with the settings of each.

    Needs no configuration."""
    from dealbooks.registry import SOURCES

    found: list[dict[str, Any]] = [
        {
            "name": one.name, "title": one.title, "default_map": one.default_map,
            "capabilities": {"settings": _settings(one)},
        }
        for one in SOURCES.values()
    ]  # fmt: skip
    if as_json:
        output.say_json(found)
        return
    output.table(
        ["name", "source", "map", "settings"],
        [(one["name"], one["title"], one["default_map"], ", ".join(one["capabilities"]["settings"])) for one in found],
    )


def _capabilities(platform: Platform) -> dict[str, Any]:
    """What a ledger can do, as it says itself when it is built for a book (nothing is connected to)."""
    from dataclasses import asdict

    from dealbooks.book import Book
    from dealbooks.charts import load_chart
    from dealbooks.registry import Services
    from dealbooks.store import Store

    book = Book("any", "ANY", "GBP", "uk", load_chart("uk"))
    services = Services(Store("sqlite://"), Path())
    built = platform.build(
        book=book, title="", locations={}, settings=dict(platform.example), folder=Path(), services=services
    )
    return asdict(built.capabilities)


def _settings(platform: Platform) -> list[str]:
    """The names of a source's settings, as its own settings class has them."""
    from dataclasses import fields, is_dataclass
    from importlib import import_module

    module = import_module(platform.factory.partition(":")[0])
    found = [one for name, one in vars(module).items() if name.endswith("Settings") and is_dataclass(one)]
    return [field.name for one in found for field in fields(one)]


def _word(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "-" if value is None else str(value)
