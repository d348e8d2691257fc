"""Windows of time of a source, its trees, and the paths that a map reads."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blocks.sources.api import Window, instant, number_text, plain, utc_text, windows
from dealbooks.map_paths import paths_of
from dealbooks.pipeline.keys import record_key

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def test_the_first_window_is_from_the_beginning_to_a_little_before_now() -> None:
    assert list(windows(None, NOW, overlap=60, behind=5)) == [Window(None, NOW - timedelta(seconds=5))]


def test_a_window_begins_a_little_before_the_last_one_ended() -> None:
    (first,) = windows(None, NOW, overlap=60, behind=5)
    later = NOW + timedelta(hours=1)
    (second,) = windows(first.done, later, overlap=60, behind=5)
    assert second.since == first.until - timedelta(seconds=60)
    assert second.until == later - timedelta(seconds=5)


def test_a_window_that_was_left_is_gone_on_with_and_then_comes_a_fresh_one() -> None:
    (first,) = windows(None, NOW, overlap=60, behind=5)
    left, fresh = windows(first.at("0065", part=1), NOW + timedelta(days=2), overlap=60, behind=5)
    assert (left.since, left.until, left.part, left.after) == (None, first.until, 1, "0065")
    assert fresh.since == first.until - timedelta(seconds=60)
    assert (fresh.part, fresh.after) == (0, "")


def test_a_clock_that_was_set_back_makes_no_window_that_ends_before_it_begins() -> None:
    (first,) = windows(None, NOW, overlap=60, behind=5)
    (second,) = windows(first.done, NOW - timedelta(days=1), overlap=60, behind=5)
    assert second.since is not None
    assert second.until >= second.since


_MOMENTS = st.datetimes(datetime(1970, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis wants naive bounds


@given(_MOMENTS, _MOMENTS)
def test_text_order_is_time_order(one: datetime, other: datetime) -> None:
    assert (utc_text(one) < utc_text(other)) == (one < other)
    assert instant(utc_text(one)) == one


def test_a_time_without_a_zone_is_utc() -> None:
    assert instant("2026-11-20 12:00:00") == NOW
    assert instant("2026-11-20T13:00:00+01:00") == NOW


@pytest.mark.parametrize(
    ("value", "text"),
    [("10000.00", "10000"), ("0.10", "0.1"), ("-0.00", "0"), ("1E+3", "1000"), ("100", "100"), ("-5.50", "-5.5")],
)
def test_equal_amounts_are_equal_texts(value: str, text: str) -> None:
    assert number_text(Decimal(value)) == text


def test_a_tree_is_plain_and_has_no_floats() -> None:
    moment = datetime(2026, 11, 20, 13, 0, tzinfo=timezone(timedelta(hours=1)))
    tree = plain({"a": [Decimal("1.50"), 2, True, None], "b": date(2026, 11, 20), "c": moment, "d": ("x",)})
    assert tree == {"a": ["1.5", 2, True, None], "b": "2026-11-20", "c": utc_text(NOW), "d": ["x"]}
    with pytest.raises(TypeError, match="float"):
        plain({"a": 1.5})


@pytest.mark.parametrize(
    ("expression", "paths"),
    [
        ("name", {"name"}),
        ("account.name", {"account.name"}),
        ("plus(lines[0].price, fee)", {"lines.price", "fee"}),
        ("lines[?kind=='car'].price | [0]", {"lines.kind", "lines.price"}),
        ("order.lines[?kind=='car'].price", {"order.lines.kind", "order.lines.price"}),
        ("sort_by(lines, &amount)[-1].name", {"lines.amount", "lines.name"}),
        ("words(first, owner.last) || 'nobody'", {"first", "owner.last"}),
        ("lines[].taxes[].rate", {"lines.taxes.rate"}),
        ("{x: a, y: b.c}", {"a", "b.c"}),
        ("length(lines)", {"lines"}),
        ("@", set()),
    ],
)
def test_the_paths_that_an_expression_reads(expression: str, paths: set[str]) -> None:
    assert paths_of(expression) == paths


def test_keys_of_records_fit_the_store_and_stay_apart() -> None:
    assert record_key("odoo", "erp", "77") == "odoo:erp:77"
    long = record_key("google_sheets", "sheet", "A" * 500)
    assert len(long) < 200
    assert long != record_key("google_sheets", "sheet", "A" * 501)
