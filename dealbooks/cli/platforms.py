"""`ledgers` and `sources`: the registry, with what each platform can do, and what the conformance suite says of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from dealbooks.cli import output
from dealbooks.cli.session import JsonOption

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dealbooks.registry import Platform

_RESULT = "conformance.json"
# A capability of `dealbooks.ledger.Capabilities` in an accountant's words.
_WORDS = {
    "key_length": "characters of our key",
    "safe_resend": "sent twice is one document",
    "native_key_seconds": "seconds a key is remembered",
    "searchable": "found by our reference",
    "settle_seconds": "seconds until absent is certain",
    "batch_size": "postings in one go",
    "drafts": "drafts",
    "documents": "invoices and payments",
    "dimensions": "dimensions",
    "attachments": "attachments",
    "lock_dates": "closing date of its own",
    "lasting_refs": "references typed by hand stay",
}


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("ledgers")(ledgers)
    app.command("sources")(sources)


def ledgers(as_json: JsonOption = False) -> None:
    """List the ledgers: what each can do, and how it stands the conformance suite.

    Needs no configuration."""
    from dealbooks.registry import LEDGERS

    result = _result()
    found: list[dict[str, Any]] = [
        {
            "name": one.name, "title": one.title, "capabilities": _capabilities(one),
            "conformance": result["ledgers"].get(one.name, {}),
        }
        for one in LEDGERS.values()
    ]  # fmt: skip
    if as_json:
        output.say_json(found)
        return
    output.table(["name", "ledger"], [(one["name"], one["title"]) for one in found])
    names = [one["name"] for one in found]
    output.table(["can", *names], _capability_rows([one["capabilities"] for one in found]), title="What each can do")
    output.table(
        ["conformance", *names],
        _conformance_rows([one["conformance"] for one in found]),
        title=f"Conformance suite, version {result['version']}, {result['date']}: tests passed (left out)",
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


def _result() -> dict[str, Any]:
    """What the conformance suite found when this version was made."""
    import json
    from importlib.resources import files

    data: dict[str, Any] = json.loads(files("dealbooks").joinpath(_RESULT).read_text(encoding="utf-8"))
    return data


def _capability_rows(all_: Sequence[Mapping[str, Any]]) -> list[tuple[str, ...]]:
    """A row for each capability, a column for each ledger."""
    return [
        (_WORDS.get(name, name.replace("_", " ")), *(_word(name, one[name]) for one in all_))
        for name in (all_[0] if all_ else ())
    ]


def _conformance_rows(all_: Sequence[Mapping[str, Mapping[str, int]]]) -> list[tuple[str, ...]]:
    """A row for each chapter of the suite, and their sum."""
    chapters = sorted({chapter for one in all_ for chapter in one})
    rows = [(chapter, *(_count([one.get(chapter, {})]) for one in all_)) for chapter in chapters]
    return [*rows, ("all", *(_count(list(one.values())) for one in all_))]


def _count(counts: Sequence[Mapping[str, int]]) -> str:
    """Tests that passed, those left out in brackets, and those that failed."""
    passed, skipped, failed = (sum(one.get(name, 0) for one in counts) for name in ("passed", "skipped", "failed"))
    if not passed + skipped + failed:
        return "not run"
    told = f"{passed} ({skipped})" if skipped else str(passed)
    return f"{told}, {failed} failed" if failed else told


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
    found = [one for name, one in vars(module).items() if name.endswith("Settings")]
    return [
        name
        for one in found
        for name in ([field.name for field in fields(one)] if is_dataclass(one) else one.model_fields)
    ]


def _word(name: str, value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None:
        return "any number" if name == "dimensions" else "-"
    return f"{value:.0f}" if isinstance(value, float) else str(value)
