"""File names, values and layouts of the CSV source."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blocks.sources.csv_files.layout import Column, Layout, NumberFormat, squeeze
from blocks.sources.csv_files.names import compile_pattern, default_pattern, is_temporary, parse_name
from blocks.sources.csv_files.values import CellError, date_parser, money_parser, parser_for, rate_parser, report_cell
from dealbooks.errors import ConfigError

PATTERN = compile_pattern(default_pattern("CompletedSale"))
MONEY = money_parser(NumberFormat(), Column(kind="money"))
EUROPEAN = NumberFormat(decimal_sep=",", thousands_sep=".")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("CompletedSale_20260314.csv", (date(2026, 3, 14), 0, "", False)),
        ("completedsale_20260314_2.CSV", (date(2026, 3, 14), 2, "", False)),
        ("CompletedSale_20260314_221501.csv", (date(2026, 3, 14), 221501, "", False)),
        ("CompletedSale_20260314_LEEDS.csv", (date(2026, 3, 14), 0, "LEEDS", False)),
        ("CompletedSale_20260314_2_LEEDS.csv.gz", (date(2026, 3, 14), 2, "LEEDS", True)),
    ],
)
def test_a_file_name_says_day_issue_and_shop(name: str, expected: tuple[object, ...]) -> None:
    found = parse_name(name, PATTERN)
    assert found is not None
    assert (found.date, found.seq, found.store, found.gz) == expected


@pytest.mark.parametrize(
    "name", ["CompletedSale_20261314.csv", "CompletedSale.csv", "Sales_20260314.csv", "CompletedSale_20260314.csv.part"]
)
def test_other_names_are_not_ours(name: str) -> None:
    assert parse_name(name, PATTERN) is None


@pytest.mark.parametrize("name", [".CompletedSale_20260314.csv", "~x.csv", "x.csv.part", "x.csv.TMP", "x.csv.filepart"])
def test_temporary_names(name: str) -> None:
    assert is_temporary(name)


def test_a_pattern_without_a_date_is_a_configuration_error() -> None:
    with pytest.raises(ConfigError, match="group named date"):
        compile_pattern("^Sale.csv$")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1234.5", "1234.50"),
        ("1,234.50", "1234.50"),
        ("1,23,456.00", "123456.00"),
        ("(1,234.50)", "-1234.50"),
        ("1234.50-", "-1234.50"),
        ("-0.00", "0.00"),
        ("$ 1\u00a0234.50", "1234.50"),
        ("£28,500", "28500.00"),
        ("USD 12.00", "12.00"),
        ("12.00 EUR", "12.00"),
        ("+5", "5.00"),
        ("26150.1250", "26150.125"),
        ('="00123"', "123.00"),
    ],
)
def test_amounts_as_exports_write_them(text: str, expected: str) -> None:
    assert MONEY(text) == expected


@pytest.mark.parametrize(
    "text", ["1e400", "1.5E+04", "NaN", "Infinity", "1,2345", "1,23", "=cmd()", "12..5", "٣", "9" * 16, "1.2.3", "."]
)
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(CellError) as caught:
        MONEY(text)
    assert caught.value.code == "F104"


def test_scientific_notation_says_why() -> None:
    with pytest.raises(CellError, match="scientific notation"):
        MONEY("1e400")


def test_a_point_is_never_taken_for_a_comma() -> None:
    european = money_parser(EUROPEAN, Column(kind="money"))
    assert european("1.234,50") == "1234.50"
    assert european("1234,5") == "1234.50"
    with pytest.raises(CellError):
        european("1,234.50")
    with pytest.raises(CellError):
        european("1.50")


def test_wrong_signs_are_refused_or_flipped_as_the_layout_says() -> None:
    with pytest.raises(CellError) as caught:
        money_parser(NumberFormat(), Column(kind="money", negative="refuse"))("-5.00")
    assert caught.value.code == "F112"
    assert money_parser(NumberFormat(), Column(kind="money", negative="flip"))("-5.00") == "5.00"


@given(st.decimals(min_value=-(10**12), max_value=10**12, places=2, allow_nan=False))
def test_an_amount_reads_the_same_however_it_is_written(amount: Decimal) -> None:
    plain = format(amount, "f") if amount else "0.00"
    ways = [f"{amount:,.2f}", f" {amount:.2f} ".strip(), f"{amount:.4f}"]
    ways.append(f"({abs(amount):,.2f})" if amount < 0 else f"${amount:,.2f}")
    assert {MONEY(way) for way in ways} == {plain}
    european = f"{amount:,.2f}".translate(str.maketrans(",.", ".,"))
    assert money_parser(EUROPEAN, Column(kind="money"))(european) == plain


@given(st.text(max_size=20))
def test_any_text_is_an_amount_or_refused_and_never_another_error(text: str) -> None:
    stripped = text.strip()
    if not stripped:
        return
    try:
        value = MONEY(stripped)
    except CellError:
        return
    assert isinstance(value, str)
    assert Decimal(value).is_finite()


def test_rates_keep_their_decimals() -> None:
    rate = rate_parser(NumberFormat())
    assert (rate("6.000"), rate("8.875%"), rate("0.08875")) == ("6", "8.875", "0.08875")


@pytest.mark.parametrize(
    ("text", "formats", "expected"),
    [
        ("2026-03-14", ["%Y-%m-%d"], "2026-03-14"),
        ("14/03/2026", ["%Y-%m-%d", "%d/%m/%Y"], "2026-03-14"),
        ("14/03/26", ["%d/%m/%y"], "2026-03-14"),
        ("20260314", ["%Y%m%d"], "2026-03-14"),
        ("00/00/0000", ["%d/%m/%Y"], None),
        ("0", ["%d/%m/%Y"], None),
        ("1900-01-01", ["%Y-%m-%d"], None),
    ],
)
def test_dates_by_an_explicit_list_of_formats(text: str, formats: list[str], expected: str | None) -> None:
    assert date_parser(formats, excel_serial=False)(text) == expected


@pytest.mark.parametrize(
    "text", ["03/14/2026", "2026-02-30", "2026111", "46095", "0206-03-14", "next week", "14/03/26"]
)
def test_a_day_and_a_month_are_never_guessed(text: str) -> None:
    with pytest.raises(CellError) as caught:
        date_parser(["%Y-%m-%d", "%d/%m/%Y", "%Y%m%d"], excel_serial=False)(text)
    assert caught.value.code == "F107"


def test_a_spreadsheets_day_number_only_when_the_layout_says_so() -> None:
    assert date_parser(["%Y-%m-%d"], excel_serial=True)("46095") == "2026-03-14"


def test_identifiers_stay_text() -> None:
    read = parser_for(Column(kind="id"), NumberFormat(), (), {}, excel_serial=False)
    assert [read(text) for text in ('="00123"', "'0042", "007", "12E4")] == ["00123", "0042", "007", "12E4"]
    with pytest.raises(CellError) as caught:
        read("1.04E+11")
    assert caught.value.code == "F110"


def test_a_formula_is_text_for_us_and_made_harmless_in_our_reports() -> None:
    read = parser_for(Column(kind="text"), NumberFormat(), (), {}, excel_serial=False)
    assert read("=cmd()") == "=cmd()"
    assert [report_cell(text) for text in ("=cmd()", "+1", "@x", "Quill")] == ["'=cmd()", "'+1", "'@x", "Quill"]


def test_flags_and_listed_values() -> None:
    flag = parser_for(Column(kind="flag"), NumberFormat(), (), {}, excel_serial=False)
    assert [flag(text) for text in ("Y", "no", "TRUE", "0")] == [True, False, True, False]
    with pytest.raises(CellError):
        flag("maybe")
    listed = parser_for(
        Column(kind="text", one_of=("new", "used")), NumberFormat(), (), {"n": "new"}, excel_serial=False
    )
    assert [listed("N"), listed("USED")] == ["new", "used"]
    with pytest.raises(CellError, match="new, used"):
        listed("X")


@pytest.mark.parametrize("name", ["completed_sale", "completed_sale_lines", "deal_events", "opening_stock"])
def test_shipped_layouts_are_read(name: str) -> None:
    layout = Layout.load(name)
    assert layout.layout == f"{name}/1"
    assert set(layout.key) <= set(layout.flat)


def test_headings_are_squeezed() -> None:
    layout = Layout.load("completed_sale")
    for heading in ("Deal Number", "DEAL_NUMBER", "deal-no.", "Deal #", "ro/deal", "Invoice Number"):
        assert layout.by_heading[squeeze(heading)] == "deal_number"
    assert layout.by_heading[squeeze("Trade 1 Actual Cash Value")] == "trade1_acv"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("required: [deal_number, colour]", "required names colour"),
        ("aliases: {total: [deal number]}", "would stand for both"),
        ("dates: {default: ['%B']}", "needs %d, %m"),
        ("numbers: {decimal_sep: ',', thousands_sep: ','}", "same sign"),
        ("csv: {encoding: [klingon]}", "no encoding 'klingon'"),
        ("colour: red", "colour"),
    ],
)
def test_a_wrong_layout_names_file_and_key(tmp_path: Path, change: str, message: str) -> None:
    path = tmp_path / "ours.yaml"
    head = "layout: ours/1\ncolumns: {deal_number: id, total: money}\n"
    required = "" if change.startswith("required") else "required: [deal_number]\n"
    path.write_text(f"{head}{required}key: [deal_number]\n{change}\n")
    with pytest.raises(ConfigError, match=message):
        Layout.load(path)


def test_an_unknown_layout_lists_those_there_are() -> None:
    with pytest.raises(ConfigError) as caught:
        Layout.load("sales")
    assert "completed_sale" in caught.value.fix
