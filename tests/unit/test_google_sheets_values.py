"""Cells and headings of a spreadsheet as values of a deal."""

from __future__ import annotations

import json
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blocks.sources.google_sheets.cells import BadCell, Reading, serial_day
from blocks.sources.google_sheets.factory import settings_of
from blocks.sources.google_sheets.table import Wanted, letters, table_of
from dealbooks.errors import StopConnection
from sandbox.google_sheets.ranges import letters as letters_of_sandbox

_ID = "1AbCdEfGhIjKlMnOpQrStUvWxYz"


def reading(**settings: Any) -> Reading:
    return Reading(settings_of("crm", {"spreadsheet": _ID, **settings}), "America/Los_Angeles", "en_US")


def from_google(number: float) -> Any:
    """A number as an answer holds it."""
    return json.loads(json.dumps(number), parse_float=Decimal)


@given(st.integers(-(10**11), 10**11))
def test_an_amount_comes_back_to_the_cent(cents: int) -> None:
    amount = Decimal(cents).scaleb(-2)
    told = reading().value("sale_price", from_google(float(amount)), 2)
    assert Decimal(str(told)) == amount


@pytest.mark.parametrize(
    ("cell", "digits", "told"),
    [
        (0.1 + 0.2, 2, "0.3"), (18450.1, 2, "18450.1"), (2.675, 2, "2.68"), (-0.001, 2, "0"), (1e-9, 2, "0"),
        (1234567.4, 0, "1234567"), (1.2345, 3, "1.235"), (12.0, 2, "12"), (10000, 2, "10000"),
    ],
)  # fmt: skip
def test_amounts_have_the_decimals_of_their_currency(cell: float, digits: int, told: str) -> None:
    assert reading().value("sale_price", from_google(cell), digits) == told


def test_text_that_is_a_plain_number_is_an_amount() -> None:
    assert reading().value("sale_price", "18450.00", 2) == "18450"


@pytest.mark.parametrize("locale", ["de_DE", "fr_FR", "es_ES", "pt_BR", "id_ID"])
def test_text_that_may_be_thousands_in_the_locale_of_the_sheet_is_not_guessed(locale: str) -> None:
    there = Reading(reading().settings, "Europe/Berlin", locale)
    assert reading().value("sale_price", "18.450", 3) == "18.45"
    with pytest.raises(BadCell, match=rf"may be thousands, or decimals: 18\.450 \({locale}\)"):
        there.value("sale_price", "18.450", 2)
    assert there.value("sale_price", "18450.00", 2) == "18450"
    assert there.value("sale_price", Decimal("18.45"), 2) == "18.45"


@pytest.mark.parametrize(
    ("column", "cell", "said"),
    [
        ("sale_price", "18.450,00", r"text, not a number: 18\.450,00 \(en_US\)"), ("sale_price", True, "tick box"),
        ("sale_price", "£100", "text, not a number"), ("sale_price", Decimal("1e18"), "too large"),
        ("sale_price", "#REF!", "shows #REF!"), ("make", "#N/A", "shows #N/A"), ("vin", "Loading...", "shows Loading"),
        ("vin", 12345678901234567, "a number, not text"), ("stock_no", 123, "a number, not text: 123"),
        ("year", Decimal("2022.5"), "a number, not text: 2022.5"), ("sale_date", "20/11/2026", "text, not a date"),
        ("sale_date", 20261120, "the number 20261120, not a date"), ("sale_date", 2026, "not a date"),
        ("sale_date", "2026-02-30", "no date"), ("sale_date", True, "not a date"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_said(column: str, cell: Any, said: str) -> None:
    with pytest.raises(BadCell, match=said):
        reading().value(column, cell, 2)


def test_decimals_beyond_the_currency_can_be_refused_but_not_the_noise_of_doubles() -> None:
    strict = reading(extra_decimals="refuse")
    assert strict.value("sale_price", from_google(0.1 + 0.2), 2) == "0.3"
    with pytest.raises(BadCell, match="more than 2 decimals"):
        strict.value("sale_price", Decimal("1.005"), 2)


@given(st.dates(date(1980, 1, 1), date(2099, 12, 31)), st.floats(0, 0.99999))
def test_a_serial_number_is_its_day_at_any_time_of_day(day: date, fraction: float) -> None:
    number = from_google((day - date(1899, 12, 30)).days + fraction)
    assert reading().value("sale_date", number, None) == day.isoformat()


def test_the_days_of_the_fact_sheet() -> None:
    assert serial_day(Decimal("46346")) == serial_day(Decimal("46346.5")) == date(2026, 11, 20)
    assert serial_day(Decimal(46346)) == date(1899, 12, 30) + timedelta(days=46346)


def test_a_moment_is_a_day_in_the_time_zone_of_the_spreadsheet() -> None:
    assert reading().value("sale_date", "2026-11-20T03:00:00Z", None) == "2026-11-19"
    assert reading().value("sale_date", "2026-11-20", None) == "2026-11-20"


def test_whole_numbers_are_text_where_nothing_is_lost_by_it() -> None:
    assert reading().value("year", 2022, None) == "2022"
    assert reading().value("deal_id", Decimal("1042.0"), None) == "1042"
    assert reading(whole_numbers=["stock_no"]).value("stock_no", 123, None) == "123"
    assert reading().value("stock_no", " 00123 ", None) == "00123"
    assert reading().value("make", "  ", None) is None


def test_columns_of_an_own_map_have_the_kind_that_is_set() -> None:
    own = reading(amounts_in=["admin_fee"], dates_in=["handed_over"])
    assert own.value("admin_fee", Decimal("99.5"), 2) == "99.5"
    assert own.value("handed_over", 46346, 2) == "2026-11-20"


def test_headings_are_found_by_name_wherever_they_stand() -> None:
    rows = [["Report"], [" stock NO.", "", "Deal-ID", "Chassis"], ["U1", "", "GS-1"], [], ["", "", "", ""], ["U2"]]
    table = table_of("Deals", rows, 2, Wanted(("deal_id", "stock_no", "vin"), ("currency",), {"vin": "Chassis"}), "crm")
    assert table.places == {"deal_id": 2, "stock_no": 0, "vin": 3}
    assert list(table.rows) == [(3, ["U1", "", "GS-1", ""]), (6, ["U2", "", "", ""])]
    assert table.where(3, "vin") == "Deals!D3 (Chassis)"


def test_a_heading_that_is_missing_or_stands_twice_stops_the_source() -> None:
    wanted = Wanted(("deal_id", "vin", "stock_no"), (), {})
    with pytest.raises(StopConnection, match="no heading for columns that are read: stock_no, vin") as caught:
        table_of("Deals", [["Deal ID", "V.I.N. number"]], 1, wanted, "crm")
    assert "without: [stock_no, vin]" in caught.value.fix
    with pytest.raises(StopConnection, match="VIN stands over columns B and D"):
        table_of("Deals", [["Deal ID", "VIN", "Stock no", "vin"]], 1, wanted, "crm")
    with pytest.raises(StopConnection, match="no heading for columns"):
        table_of("Deals", [], 1, wanted, "crm")


@given(st.integers(0, 18_277))
def test_letters_of_columns_are_those_of_the_screen(place: int) -> None:
    assert letters(place) == letters_of_sandbox(place)
    assert letters(701) == "ZZ"
