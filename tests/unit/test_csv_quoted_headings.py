"""Files whose fields all stand in quotation marks, as many programs write them."""

from __future__ import annotations

from pathlib import Path

import pytest

from blocks.sources.csv_files.delimiter import find_header
from blocks.sources.csv_files.faults import FileFault
from blocks.sources.csv_files.layout import Layout


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_headings_in_quotation_marks_are_headings(tmp_path: Path, separator: str) -> None:
    file = tmp_path / "bank.csv"
    rows = [("Date", "Amount", "Description; in words"), ("2026-07-15", "5.00", "X, Y|Z")]
    text = "".join(separator.join(f'"{field}"' for field in row) + "\n" for row in rows)
    file.write_text(text, encoding="utf-8")
    header = find_header(file, "utf-8", Layout.load("bank"), file.name)
    assert (header.delimiter, header.width, header.missing) == (separator, 3, ())
    assert [column for _, column, _ in header.columns] == ["booked", "amount"]


def test_a_quotation_mark_that_is_not_closed_is_still_named(tmp_path: Path) -> None:
    file = tmp_path / "bank.csv"
    file.write_text('"Date","Amount\n2026-07-15,5.00\n', encoding="utf-8")
    with pytest.raises(FileFault, match="quotation mark"):
        find_header(file, "utf-8", Layout.load("bank"), file.name)
