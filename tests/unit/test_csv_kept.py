"""Rows kept by the judge: reading them is reading the file again, and they go as they came."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from csv_support import NAME, row, staged, text_of, write

from blocks.sources.csv_files import Judgement, Layout, judge, kept, records
from blocks.sources.csv_files.stage import StagedFile
from dealbooks.draft import RawRecord

SALES = [
    row(),
    row(deal_number="A-2", total="NaN", customer_name="Renée \u2028 Ash"),
    row(deal_number="A-3", store_code=""),
    row(),  # the same again
    row(deal_number="A-4", revision="1"),
    row(deal_number="A-4", revision="2", total="1.00"),  # newer
    row(deal_number="A-5"),
    row(deal_number="A-5", vehicle_price="1.00"),  # contradicts it
    row(deal_number=""),
    row(deal_number="A-6", action="V", void_date="2026-04-01"),
]
COLUMNS = dict.fromkeys(name for sale in SALES for name in sale)
GOOD = [row(deal_number=f"B-{number}", total="28500.00") for number in range(200)]
TEXT = text_of([dict.fromkeys(COLUMNS, "") | sale for sale in [*SALES, *GOOD]]) + "a,row,too,short\n"


def _sales(folder: Path) -> tuple[StagedFile, Judgement, Layout]:
    one, layout = staged(write(folder, TEXT, NAME)), Layout.load("completed_sale")
    return one, judge(one, layout), layout


def _lines(folder: Path) -> tuple[StagedFile, Judgement, Layout]:
    parts = {"deal_number": "", "line_no": "", "line_type": "fee", "amount": "5.00", "description": "DOC"}
    sale = parts | {name: value for name, value in row().items() if name not in ("vehicle_price", "cash_paid")}
    rows = [
        sale | {"deal_number": deal, "line_no": str(number), "line_type": kind}
        for number, kind in enumerate(("vehicle", "fee", "product"), 1)
        for deal in ("A-1", "", "A-2")
    ]
    rows += [sale | {"deal_number": f"B-{number}", "line_no": "1", "line_type": "vehicle"} for number in range(200)]
    layout = Layout.load("completed_sale_lines")
    path = write(folder, text_of(rows), "CompletedSaleLines_20260314.csv")
    one = staged(path, layout.layout, layout.file_prefix)
    return one, judge(one, layout), layout


@pytest.mark.parametrize("make", [_sales, _lines])
@pytest.mark.parametrize("in_memory", [kept._IN_MEMORY, 1])
def test_kept_rows_are_those_of_the_file(
    make: object, in_memory: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "_IN_MEMORY", in_memory)
    one, judgement, layout = make(tmp_path)  # type: ignore[operator]
    stored = Judgement.from_json(json.loads(json.dumps(judgement.as_json(), default=str)))
    assert (stored, stored.kept) == (judgement, None)
    assert judgement.accepted
    assert judgement.kept is not None
    assert judgement.kept.there
    first = list(records(one, judgement, layout, "drop"))
    assert not judgement.kept.there
    again = list(records(one, stored, layout, "drop"))
    assert first == again
    assert list(records(one, judgement, layout, "drop")) == again  # once taken, the file is read
    assert any(record.findings for record in first)
    assert len(list(tmp_path.iterdir())) == 1  # what is kept on the disk has no name there


def test_rows_that_are_not_read_to_the_end_are_let_go(tmp_path: Path) -> None:
    one, judgement, layout = _sales(tmp_path)
    reading = records(one, judgement, layout, "drop")
    assert isinstance(next(iter(reading)), RawRecord)
    reading.close()  # type: ignore[attr-defined]
    assert judgement.kept is not None
    assert not judgement.kept.there


def test_of_a_held_or_empty_file_nothing_is_kept(tmp_path: Path) -> None:
    layout = Layout.load("completed_sale")
    for content, status in ((text_of([row(total="x")] * 30), "held"), (text_of([row()]).splitlines()[0], "empty")):
        judgement = judge(staged(write(tmp_path, content + "\n")), layout)
        assert (judgement.status, judgement.kept) == (status, None)
