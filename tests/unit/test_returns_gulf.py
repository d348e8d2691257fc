"""Gulf states: VAT returns of the Emirates, Saudi Arabia and Bahrain; Kuwait has none."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from returns_support import amounts, assert_tied, case, returned

from dealbooks.errors import UsageError
from dealbooks.returns import choose_form

D = Decimal


@pytest.mark.parametrize(
    ("form", "country", "vat", "base", "input_box"),
    [
        # Margin 3,015 of G17: x 5/105 = 143.57; x 15/115 = 393.26.
        ("ae-vat201", "AE", "143.57", "2871.43", "9 VAT"),
        ("sa-vat", "SA", "393.26", "2621.74", "7 VAT"),
    ],
)
def test_a_margin_sale_enters_box_1_with_the_margin_less_its_vat(
    form: str, country: str, vat: str, base: str, input_box: str
) -> None:
    rate = {"AE": "0.05", "SA": "0.15"}[country]
    text = json.dumps(case("G17"))
    for old, new in (("DE-M", f"{country}-M"), ("DE-S", f"{country}-S"), ("0.19", rate), ("481.39", vat)):
        text = text.replace(f'"{old}"', f'"{new}"')
    made = returned(form, "2026-03", json.loads(text))
    assert amounts(made) == {"1": D(base), "1 VAT": D(vat), "NET": D(vat)}
    assert made.box(input_box).amount == D(0)
    assert_tied(made)


def test_bahrain_keeps_three_decimals() -> None:
    text = json.dumps(case("G09")).replace('"GB-S"', '"BH-S"').replace('"GB-O"', '"BH-O"')
    made = returned("bh-vat", "2026-03", json.loads(text))
    assert amounts(made) == {"1": D("52499.990"), "1 VAT": D("10500.000"), "NET": D("10500.000")}
    assert str(made.box("1").amount) == "52499.990"
    assert_tied(made)


def test_kuwait_has_no_return_and_says_so() -> None:
    with pytest.raises(UsageError, match="no return for regime gulf in KWD"):
        choose_form("gulf", "KWD", ())
