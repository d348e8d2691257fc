"""A table on a terminal: as a table where its columns fit, else a row under the other.

No word is broken, so that every reference, date and amount can be read and copied. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

_GAP = 2  # between columns: the padding, and the line of the heading
_WHOLE = 18  # a cell up to this width stands on one line: a date with its time, a reference
_TEXT = 24  # what a column of sentences needs to be read
_SHORT = 40  # in a list, cells up to this width share a line


@dataclass(frozen=True, slots=True)
class Head:
    """A heading, and whether its column is of figures."""

    title: str
    right: bool


def draw(heads: Sequence[Head], rows: Sequence[Sequence[str]], width: int, *, title: str = "") -> RenderableType:
    """A table of texts, to be printed on so many columns."""
    shown = title and Text(title, style="bold")
    widths = column_widths(heads, rows, width)
    if widths is None:
        return _listed(heads, rows, width, title)
    made = Table(
        title=shown or None,
        title_justify="left",
        box=SIMPLE_HEAD,
        show_edge=False,
        pad_edge=False,
        padding=(0, 1, 0, 0),
    )
    for head, wide in zip(heads, widths, strict=True):
        made.add_column(head.title, justify="right" if head.right else "left", width=wide, overflow="fold")
    for row in rows:
        made.add_row(*map(Text, row))
    return Group(made, Text())


def column_widths(heads: Sequence[Head], rows: Sequence[Sequence[str]], width: int) -> list[int] | None:
    """How wide each column is, with no word of it broken; None: so many do not fit."""
    natural, least = [], []
    for at, head in enumerate(heads):
        cells = [head.title, *(row[at] for row in rows)]
        widest = max(map(cell_len, cells))
        word = max((cell_len(word) for cell in cells for word in cell.split()), default=0)
        natural.append(widest)
        least.append(widest if head.right or widest <= _WHOLE else max(word, min(widest, _TEXT)))
    left = width - _GAP * (len(heads) - 1)
    if sum(least) > left:
        return None
    if sum(natural) <= left:
        return natural
    # The widest give way until all fit, none to less than it needs.
    most = max(natural)
    while sum(_at_most(most, natural, least)) > left:
        most -= 1
    return _at_most(most, natural, least)


def _at_most(most: int, natural: Sequence[int], least: Sequence[int]) -> list[int]:
    return [max(need, min(whole, most)) for whole, need in zip(natural, least, strict=True)]


def _listed(heads: Sequence[Head], rows: Sequence[Sequence[str]], width: int, title: str) -> RenderableType:
    """Each row as lines of its own: the first cell on its line, short cells side by side, long ones below."""
    made: list[RenderableType] = [Text(title, style="bold italic")] if title else []
    for row in rows:
        cells = [(head.title, cell) for head, cell in zip(heads[1:], row[1:], strict=True) if cell]
        made.append(Text(row[0] or heads[0].title, style="bold", overflow="fold"))
        for short, some in groupby(cells, key=lambda pair: cell_len(pair[1]) <= _SHORT):
            named = [Text.assemble((f"{name}: " if name else "", "dim"), value) for name, value in some]
            lines = _flowed(named, width - 2) if short else named
            made += [Padding(line, (0, 0, 0, 2), expand=False) for line in lines]
        made.append(Text())
    return Group(*made)


def _flowed(cells: Sequence[Text], width: int) -> list[Text]:
    """Cells side by side, as many a line as fit whole."""
    lines: list[Text] = []
    for cell in cells:
        if lines and lines[-1].cell_len + 3 + cell.cell_len <= width:
            lines[-1] = Text.assemble(lines[-1], "   ", cell)
        else:
            lines.append(cell)
    return lines
