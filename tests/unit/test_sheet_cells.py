"""Cells that a spreadsheet would take for a formula, and periods and forms that are none."""

from __future__ import annotations

from pathlib import Path

import pytest

from dealbooks.errors import ConfigError, UsageError
from dealbooks.periods import Period
from dealbooks.pipeline.sheets import plain_cell, read_cell
from dealbooks.returns import Span, load_form


@pytest.mark.parametrize(
    "text", ["=1+1", "\n=1+1", "\uff1d1+1", "\uff0b1", "\uff0d1", "\uff20SUM(A1)", "@x", "-1", "+1"]
)
def test_a_cell_that_looks_like_a_formula_is_escaped(text: str) -> None:
    assert plain_cell(text) == f"'{text}"
    assert read_cell(plain_cell(text)) == text


def test_a_plain_cell_stays_as_it_is() -> None:
    assert plain_cell("a=b") == "a=b"
    assert read_cell("'tis") == "'tis"


@pytest.mark.parametrize(
    "text", ["٢٠٢٦-٠٩", "٢٠٢٦", "٢٠٢٦-Q٣", "9999", "9999-12", "9999-Q4", "2026-01..9999-12", "1899-12"]
)
def test_a_period_that_no_book_has_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is not a period"):
        Span.parse(text)
    with pytest.raises(UsageError, match="is not a period"):
        Period.parse(text)


@pytest.mark.parametrize("text", ["root:x:0:0:root:/root:/bin/sh\n", "", "- a\n"])
def test_a_file_that_is_no_form_is_told_so_without_its_content(tmp_path: Path, text: str) -> None:
    file = tmp_path / "passwd"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_form(str(file))
    assert caught.value.message == f"{file} is not a return form."
    assert "uk-vat100" in caught.value.fix
