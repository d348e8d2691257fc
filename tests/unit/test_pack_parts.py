"""Parts of a pack by themselves: names of files, figures as they are shown, bars, the ledger as Beancount text."""

from __future__ import annotations

import io
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from dealbooks.ledger import Record, RecordLine
from dealbooks.pack.archive import workbook
from dealbooks.pack.beancheck import check_proof
from dealbooks.pack.beancount_text import period_text
from dealbooks.pack.ledgercopy import LedgerCopy
from dealbooks.pack.registers import bucket
from dealbooks.pack.shown import amount_shown, deal_file, percent
from dealbooks.pack.totals import _plain
from dealbooks.pipeline.sheets import Sheet
from dealbooks.reconcile import AccountMap

FIRST, LAST = date(2026, 9, 1), date(2026, 9, 30)


def record(ref: str, day: date, *lines: tuple[str, str], text: str = "a sale") -> Record:
    return Record(ref, "", day, text, tuple(RecordLine(name, Decimal(amount), "GBP") for name, amount in lines))


def text_of(*records: Record) -> str:
    copy = LedgerCopy(AccountMap(None), FIRST, LAST)
    for one in records:
        copy.see(one)
    return period_text("A book", "GBP", None, copy)


def complaints(text: str) -> list[str]:
    said, found = check_proof({"beancount/period.beancount": text.encode()})
    if "not installed" in said:
        pytest.skip("bean-check is not installed")
    return [what for _, what in found]


@given(st.text(max_size=60), st.text(max_size=20))
def test_a_deals_file_stays_in_its_folder(number: str, deal_id: str) -> None:
    name = deal_file(number, deal_id)
    assert name.startswith("deals/")
    assert name.count("/") == 1
    assert name.isascii()
    assert ".." not in name
    assert name != deal_file(number, deal_id + "x")


@given(st.decimals(min_value=-(10**12), max_value=10**12, places=2))
def test_a_figure_reads_back_as_it_was(amount: Decimal) -> None:
    assert Decimal(_plain(amount_shown(amount))) == amount


@pytest.mark.parametrize(
    ("days", "name"),
    [(0, "0 to 5 days"), (5, "0 to 5 days"), (6, "6 to 10 days"), (15, "11 to 15 days"), (30, "16 to 30 days"),
     (31, "over 30 days")],
)  # fmt: skip
def test_ages_are_grouped_as_schedules_do(days: int, name: str) -> None:
    assert bucket(days) == name


@given(st.text(max_size=20), st.sampled_from(["", "\uffff", "\ufffe", "\ud800", "\x0b", "=1+1"]))
def test_any_text_can_stand_in_a_workbook_and_none_is_a_formula(text: str, odd: str) -> None:
    content = workbook([Sheet("odd", ("name",), ((odd + text,),))], date(2026, 3, 31))
    page = load_workbook(io.BytesIO(content)).worksheets[0]
    [[cell]] = list(page.iter_rows(min_row=2, max_row=2, max_col=1))
    assert cell.data_type != "f"
    assert not str(cell.value or "").startswith("=")


def test_each_column_of_a_workbook_holds_its_widest_figure_and_is_headed_in_words() -> None:
    rows = (("x" * 500, Decimal("-12345678901.23"), 1_000_000), ("y", None, None))
    content = workbook([Sheet("wide", ("what_mends_it", "by_hand", "id"), rows)], date(2026, 3, 31))
    page = load_workbook(io.BytesIO(content)).worksheets[0]
    assert [cell.value for cell in page[1]] == ["What mends it", "By hand", "Reference"]
    text, amount, count = (page.column_dimensions[name].width for name in "ABC")
    assert 40 < text < 80
    assert amount > len("-12,345,678,901.23")
    assert count > len("1,000,000")


def test_a_rate_is_shown_as_percent() -> None:
    assert [percent(rate) for rate in ("0.20", "0.0725", "0", "", "exempt")] == ["20%", "7.25%", "0%", "", "exempt"]


def test_odd_names_and_texts_make_a_ledger_that_adds_up() -> None:
    text = text_of(
        record("1", date(2026, 8, 3), ("4010 Sales / used", "-10.00"), ("1100 Debtors", "10.00")),
        record("2", date(2026, 9, 3), ("4010 Sales - used", "-5.00"), ("1100 Debtors", "5.00"), text='a "b" \\ c\n; d'),
        record("3", date(2026, 9, 4), ("現金", "-5.00"), ("", "5.00"), text=""),
        record("4", date(2026, 10, 1), ("1100 Debtors", "1.00"), ("4010 Sales / used", "-1.00")),
    )
    assert complaints(text) == []
    assert "4010-Sales-used-2" in text  # two accounts that would have one name stay two
    assert '"a \\"b\\" \\\\ c ; d"' in text
    assert "2026-10-01 *" not in text  # after the period


def test_a_ledger_that_lists_only_the_period_still_adds_up() -> None:
    assert complaints(text_of(record("1", date(2026, 8, 3), ("1100 Debtors", "10.00")))) == []


def test_a_record_that_is_out_of_balance_is_not_hidden() -> None:
    text = text_of(record("1", date(2026, 9, 3), ("1100 Debtors", "10.00"), ("4010 Sales", "-9.99")))
    assert any("balance" in what for what in complaints(text))
