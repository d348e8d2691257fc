"""What is told of a vehicle identification number."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dealbooks.deal.vin import read_vin


@pytest.mark.parametrize(
    ("vin", "state", "should"),
    [
        ("1HGCY2F57RA000123", "valid", ""),
        (" 1hgcy2f57ra000123 ", "valid", ""),
        ("1HGCY2F58RA000123", "wrong_check_digit", "7"),
        ("SALEA7BU6S2000765", "no_check_digit", "5"),
        ("1M8GDM9AXKP042788", "valid", ""),  # the check digit may be X
        ("6FPAAAJGSW8A12345", "valid", ""),  # Ford Australia uses position 9 for the model
        ("NHP10-6000123", "short", ""),
        ("1HGCY2F57RAO00123", "impossible", ""),
        ("1HGCY2F57RA00012-", "impossible", ""),
        ("1HGCY2F57RA0001234", "impossible", ""),
        ("", "missing", ""),
        (None, "missing", ""),
    ],
)
def test_states(vin: str | None, state: str, should: str) -> None:
    reading = read_vin(vin)
    assert (reading.state, reading.should) == (state, should)


@given(st.text(alphabet="ABCDEFGHJKLMNPRSTUVWXYZ0123456789", min_size=17, max_size=17))
def test_putting_the_right_digit_in_place_makes_a_vin_valid(vin: str) -> None:
    reading = read_vin(vin)
    assert reading.state in ("valid", "wrong_check_digit", "no_check_digit")
    if reading.should:
        assert read_vin(vin[:8] + reading.should + vin[9:]).state == "valid"


@given(st.text(max_size=30))
def test_any_text_is_judged(text: str) -> None:
    assert read_vin(text).state
