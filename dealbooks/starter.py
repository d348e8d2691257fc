"""What `dealbooks init` writes: a configuration that works, and the chart, rulebook, map and layout to edit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from dealbooks.determine import load_rulebook
from dealbooks.errors import UsageError


@dataclass(frozen=True, slots=True)
class Start:
    """What a new house starts from; its rooftops are those of the rulebook."""

    rules: str
    chart: str
    regime: str
    currency: str
    timezone: str
    book: str
    entity: str
    name: str


STARTS: Mapping[str, Start] = {
    one.rules: one
    for one in (
        Start("uk", "uk", "uk", "GBP", "Europe/London", "northgate", "NORTHGATE-MOTORS-LTD", "Northgate Motors Ltd"),
        Start("us-ca", "us", "us", "USD", "America/Los_Angeles", "bayline", "BAYLINE-AUTO-INC", "Bayline Auto Inc"),
        Start("us-fl", "us", "us", "USD", "America/New_York", "suncoast", "SUNCOAST-MOTORS-LLC", "Suncoast Motors LLC"),
    )
}


def starter_files(rules: str) -> dict[str, str]:
    """Path in the new folder -> text.

    Raises:
        UsageError: there is no such rulebook.
    """
    start = STARTS.get(rules)
    if start is None:
        raise UsageError(f"There is no rulebook called {rules}.", fix=f"Choose one of {', '.join(STARTS)}.")
    return {
        "dealbooks.yaml": _config(start),
        f"charts/{start.chart}.yaml": _shipped("charts", start.chart),
        f"rules/{rules}.yaml": _shipped("rulebooks", rules),
        "maps/csv_files.yaml": _shipped("maps", "csv_files"),
        "layouts/completed_sale.yaml": _shipped("layouts", "completed_sale"),
        "inbox/.keep": "",
        ".gitignore": "var/\ninbox/\n",
    }


def write_starter(folder: Path, rules: str, *, force: bool = False) -> list[Path]:
    """Write the files of a new house; without `force` nothing that is there is touched, and nothing is written.

    Raises:
        UsageError: a file is there already, or the folder cannot be written.
    """
    wanted = {folder / path: text for path, text in starter_files(rules).items()}
    there = [path for path in wanted if path.exists()]
    if there and not force:
        raise UsageError(
            f"{', '.join(str(path) for path in there[:3])} is there already; nothing was written.",
            fix="Name another folder, or overwrite with --force.",
        )
    try:
        for path, text in wanted.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{folder} cannot be written: {error.strerror}.", fix="Name another folder.") from error
    return list(wanted)


def _config(start: Start) -> str:
    places = [place.location for place in load_rulebook(start.rules).locations]
    words = {
        "BOOK": start.book, "ENTITY": start.entity, "NAME": start.name, "REGIME": start.regime,
        "CURRENCY": start.currency, "TIMEZONE": start.timezone, "CHART": start.chart, "RULES": start.rules,
        "LOCATIONS": "\n".join(f"      {place}: {{dimension: {place.title()}}}" for place in places),
        "SOURCES": ", ".join(f"{place}: {start.book}" for place in places),
    }  # fmt: skip
    text = files("dealbooks").joinpath("templates", "dealbooks.yaml").read_text(encoding="utf-8")
    for name, value in words.items():
        text = text.replace(f"@{name}@", value)
    return text


def _shipped(kind: str, name: str) -> str:
    return files("dealbooks").joinpath(kind, f"{name}.yaml").read_text(encoding="utf-8")
