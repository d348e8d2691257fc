"""Money is exact: read from text, rounded once, and never lost when it is split."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dealbooks.money import Money, MoneyError, allocate, amount_text, exact, minor_digits, minor_unit, round_amount
from dealbooks.posting.arithmetic import spread_tax, tax_inside

CURRENCIES = st.sampled_from(["GBP", "JPY", "KWD", "CLF"])
WEIGHTS = st.lists(st.integers(0, 10**6), min_size=1, max_size=8).filter(any)


def units(number: int, currency: str) -> Decimal:
    return Decimal(number) * minor_unit(currency)


@given(st.integers(-(10**12), 10**12), WEIGHTS, CURRENCIES)
@settings(max_examples=200, deadline=None)
def test_a_split_amount_is_never_changed(number: int, weights: list[int], currency: str) -> None:
    total = units(number, currency)
    parts = allocate(total, [Decimal(weight) for weight in weights], currency)
    assert sum(parts) == total
    whole = sum(weights)
    for part, weight in zip(parts, weights, strict=True):
        assert part == round_amount(part, currency)
        assert abs(Fraction(part) - Fraction(total) * weight / whole) < Fraction(minor_unit(currency))


def test_left_over_units_go_to_the_largest_remainders_first_listed_first() -> None:
    third = [Fraction(1, 3)] * 3
    assert allocate(Decimal("100.00"), third, "GBP") == [Decimal("33.34"), Decimal("33.33"), Decimal("33.33")]
    assert allocate(Decimal("-0.05"), third, "GBP") == [Decimal("-0.02"), Decimal("-0.02"), Decimal("-0.01")]
    assert allocate(Decimal("905.85"), [Decimal("0.3334"), Decimal("0.3333"), Decimal("0.3333")], "USD") == [
        Decimal("302.01"),
        Decimal("301.92"),
        Decimal("301.92"),
    ]


@pytest.mark.parametrize("weights", [[], [Decimal(0)], [Decimal(2), Decimal(-1)]])
def test_weights_that_cannot_split_are_refused(weights: list[Decimal]) -> None:
    with pytest.raises(MoneyError):
        allocate(Decimal("1.00"), weights, "GBP")


@pytest.mark.parametrize(
    "value",
    [
        12.5, 0.0, float("nan"), float("inf"), True, None, b"1", "NaN", "Infinity", "-inf", "1e400", "1E5", "1,000.00",
        "", " 1", "1 ", "٣", "1_000", "0x10", "1.", ".5", "9" * 16, "0." + "1" * 13, Decimal("NaN"), Decimal("1e400"),
        Decimal("Infinity"),
    ],
)  # fmt: skip
def test_what_is_not_a_plain_number_is_refused(value: object) -> None:
    with pytest.raises(MoneyError):
        exact(value)


@given(st.decimals(-(10**12), 10**12, places=4))
def test_text_and_back_is_the_same_amount(value: Decimal) -> None:
    assert exact(format(value, "f")) == value


@pytest.mark.parametrize(
    ("currency", "digits", "text"),
    [("GBP", 2, "7.00"), ("JPY", 0, "7"), ("KWD", 3, "7.000"), ("CLF", 4, "7.0000")],
)
def test_minor_units(currency: str, digits: int, text: str) -> None:
    assert minor_digits(currency) == digits
    assert amount_text(Decimal(7), currency) == text
    assert amount_text(Decimal("-0"), currency) == amount_text(Decimal(0), currency)
    with pytest.raises(MoneyError):
        Money(Decimal(7) + minor_unit(currency) / 2, currency)


def test_an_unknown_currency_is_refused() -> None:
    with pytest.raises(MoneyError):
        minor_digits("gbp")


def test_half_a_cent_rounds_away_from_zero_and_floor_towards_it() -> None:
    assert round_amount(Decimal("11.125"), "USD") == Decimal("11.13")
    assert round_amount(Decimal("-11.125"), "USD") == Decimal("-11.13")
    assert round_amount(Fraction(-100, 3), "JPY", "floor") == Decimal(-33)
    assert round_amount(Decimal("-11.129"), "USD", "floor") == Decimal("-11.12")


def test_two_currencies_are_never_added() -> None:
    with pytest.raises(MoneyError):
        Money(Decimal(1), "GBP") + Money(Decimal(1), "EUR")
    with pytest.raises(MoneyError):
        Money.total([Money(Decimal(1), "GBP")], "EUR")


@given(st.integers(-(10**9), 10**9), st.sampled_from(["0.20", "0.19", "0.10", "0.15", "0.077"]), CURRENCIES)
def test_tax_inside_a_price_is_the_exact_fraction_rounded_once(number: int, rate: str, currency: str) -> None:
    price = units(number, currency)
    for mode in ("half_up", "floor"):
        want = round_amount(Fraction(price) * Fraction(rate) / (1 + Fraction(rate)), currency, mode)
        assert tax_inside(price, Decimal(rate), currency, mode) == want


@given(st.lists(st.integers(-(10**7), 10**9), min_size=1, max_size=8), CURRENCIES)
def test_document_tax_given_back_to_lines_is_the_document_tax(numbers: list[int], currency: str) -> None:
    amounts = [units(number, currency) for number in numbers]
    taxes = spread_tax(amounts, Decimal("0.10"), currency, "floor")
    assert sum(taxes) == tax_inside(sum(amounts, Decimal(0)), Decimal("0.10"), currency, "floor")


def test_japan_document_tax() -> None:
    amounts = [Decimal(1234573), Decimal(33008), Decimal(17654)]
    assert spread_tax(amounts, Decimal("0.10"), "JPY", "floor") == [Decimal(112234), Decimal(3000), Decimal(1605)]
