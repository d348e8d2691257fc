"""Tables on a terminal: nothing that somebody copies is broken, however narrow it is."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from dealbooks.cli.drawn import Head, column_widths, draw
from dealbooks.plural import counted

HEADS = [
    Head("id", right=False), Head("class", right=False), Head("where", right=False), Head("difference", right=True),
    Head("what", right=False),
]  # fmt: skip
ROW = [
    "59f0851e11", "unexplained_ledger_entry", "main.beancount:11, 2026-08-06", "1,234,567.85",
    "main.beancount:11 was typed by hand by Sam Booth on 1002 Used vehicle stock and 1200 Bank account.",
]  # fmt: skip


def printed(rows: list[list[str]], width: int, heads: list[Head] = HEADS) -> list[str]:
    console = Console(width=width, file=io.StringIO(), highlight=False)
    console.print(draw(heads, rows, width, title="Open"))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines()


@pytest.mark.parametrize("width", [40, 60, 80, 100, 160])
def test_no_word_is_broken_at_any_width(width: int) -> None:
    lines = printed([ROW, ROW], width)
    assert max(map(len, lines)) <= width
    words = " ".join(lines).split()
    for cell in ROW:
        for word in cell.split():
            assert words.count(word) >= 2, word


def test_what_fits_is_a_table_and_what_does_not_a_list() -> None:
    assert column_widths(HEADS, [ROW], 160) is not None
    assert "difference" in printed([ROW], 160)[1]
    narrow = printed([ROW], 80)
    assert column_widths(HEADS, [ROW], 60) is None
    assert narrow[0].strip() == "Open"


def test_a_list_names_each_cell_and_leaves_out_what_is_empty() -> None:
    lines = printed([["59f0851e11", "", "bank", "85.00", "x" * 50]], 40)
    assert [line.strip() for line in lines[1:3]] == ["59f0851e11", "where: bank   difference: 85.00"]
    assert not any("class" in line for line in lines)


@given(st.lists(st.lists(st.text("ab1- ", max_size=50), min_size=5, max_size=5), max_size=4), st.integers(20, 200))
def test_widths_fit_or_there_are_none(rows: list[list[str]], width: int) -> None:
    widths = column_widths(HEADS, rows, width)
    if widths is None:
        return
    assert sum(widths) + 2 * (len(widths) - 1) <= width
    for at, wide in enumerate(widths):
        assert all(len(word) <= wide for row in rows for word in row[at].split())
    assert column_widths(HEADS, rows, width + 1) is not None


@pytest.mark.parametrize(
    ("number", "words"), [(0, "0 entries"), (1, "1 entry"), (2, "2 entries"), (1234, "1,234 entries")]
)
def test_one_is_singular(number: int, words: str) -> None:
    assert counted(number, "entry", "entries") == words
    assert counted(1, "difference") == "1 difference"
