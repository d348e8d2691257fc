"""Text for a person at a terminal, plain text for a pipe, JSON for a program.

On a terminal tables are drawn, amounts grouped and aligned right; a table that is too wide is listed, a row under the
other. Through a pipe a table is its headings and rows, one a line, cells parted by tabs, amounts plain, no colour.
Control characters in data never reach a terminal.
"""

from __future__ import annotations

import json
import sys
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol, TypeVar

import typer


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table; an amount or a count is aligned right."""

    title: str
    amount: bool = False
    count: bool = False


Cell = str | int | Decimal | None


class AsJson(Protocol):
    """What can be told as JSON."""

    def as_json(self) -> Any:
        """Plain types."""


_One = TypeVar("_One", bound=AsJson)


def on_terminal() -> bool:
    """Whether stdout is a terminal."""
    return sys.stdout.isatty()


def say(text: str = "") -> None:
    """A line of text."""
    typer.echo(clean(text))


def working(text: str) -> None:
    """That something has begun which takes a while: for who sits at a terminal, never in what a program reads."""
    if sys.stderr.isatty():
        typer.echo(clean(text), err=True)


def say_json(data: Any) -> None:
    """Data as JSON, the only thing on stdout."""
    typer.echo(json.dumps(data, indent=2, ensure_ascii=False))


def heading(text: str) -> None:
    """The title of what follows."""
    if on_terminal():
        from rich.console import Console
        from rich.text import Text

        Console(highlight=False).print(Text(clean(text), style="bold"))
    else:
        say(text)


def table(columns: Sequence[Column | str], rows: Iterable[Sequence[Cell]], *, title: str = "") -> None:
    """A table, with a title before it."""
    heads = [column if isinstance(column, Column) else Column(column) for column in columns]
    listed = [list(row) for row in rows]
    if on_terminal():
        _drawn(heads, listed, title)
        return
    if title:
        say(title)
    typer.echo("\t".join(head.title for head in heads))
    for row in listed:
        typer.echo("\t".join(_plain(cell) for cell in row))


def listed(
    found: Sequence[_One],
    columns: Sequence[Column | str],
    row: Callable[[_One], Sequence[Cell]],
    *,
    as_json: bool,
    title: str = "",
) -> None:
    """Things of a kind: a table with a row for each, or all as JSON."""
    if as_json:
        say_json([one.as_json() for one in found])
    else:
        table(columns, map(row, found), title=title)


def pairs(rows: Iterable[tuple[str, Cell]]) -> None:
    """Names and values, one a line; empty values are left out."""
    shown = [(name, _plain(value)) for name, value in rows if value not in (None, "")]
    if not on_terminal():
        for name, value in shown:
            typer.echo(f"{name}\t{value}")
        return
    width = max((len(name) for name, _ in shown), default=0)
    for name, value in shown:
        typer.echo(f"{name:<{width}}  {value}")


def grouped(amount: str | Decimal) -> str:
    """An amount as it is shown on a terminal: thousands apart. For the eye only."""
    return format(Decimal(amount), ",")


def clean(text: str) -> str:
    """Text without control characters, which could move a terminal's cursor or change its colours."""
    return "".join(" " if unicodedata.category(char) in ("Cc", "Cf") and char != "\n" else char for char in text)


def _plain(cell: Cell) -> str:
    if cell is None:
        return ""
    text = format(cell, "f") if isinstance(cell, Decimal) else str(cell)
    return clean(text.replace("\n", " ").replace("\t", " "))


def _shown(head: Column, cell: Cell) -> str:
    if head.amount and cell not in (None, ""):
        return grouped(str(cell))
    if head.count and isinstance(cell, int):
        return format(cell, ",")
    return _plain(cell)


def _drawn(heads: Sequence[Column], rows: Sequence[Sequence[Cell]], title: str) -> None:
    from rich.console import Console

    from dealbooks.cli.drawn import Head, draw

    console = Console(highlight=False)
    named = [Head(head.title, head.amount or head.count) for head in heads]
    texts = [[_shown(head, cell) for head, cell in zip(heads, row, strict=True)] for row in rows]
    console.print(draw(named, texts, console.width, title=clean(title)))
