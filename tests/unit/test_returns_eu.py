"""European Union: UStVA, CA3 and VAT3, worked by hand."""

from __future__ import annotations

import json
from decimal import Decimal

from returns_support import amounts, assert_tied, case, returned, unwound

D = Decimal


def _moved(case_id: str, *changes: tuple[str, str]) -> dict[str, object]:
    """A case with other tax codes or rates, as another country has them; its entries stay what they are."""
    text = json.dumps(case(case_id))
    for old, new in changes:
        text = text.replace(f'"{old}"', f'"{new}"')
    found: dict[str, object] = json.loads(text)
    return found


def test_german_margin_taxation_enters_kz_81_with_the_margin_less_its_tax() -> None:
    made = returned("de-ustva", "2026-03", "G17")
    # Margin 16,490 - 13,475 = 3,015; tax 3,015 x 19/119 = 481.39; base 2,533.61, cents left out.
    # The form's tax: 2,533 x 19% = 481.27.
    assert amounts(made) == {"81": D(2533), "81 Steuer": D("481.27"), "83": D("481.27")}
    assert made.box("81").exact == D("2533.61")
    assert_tied(made)
    assert made.net_by_books == D("481.39")


def test_an_intra_community_supply_enters_kz_41_alone() -> None:
    made = returned("de-ustva", "2026-03", "G18")
    assert amounts(made) == {"41": D(18500)}
    assert_tied(made)


def test_a_german_margin_sale_unwound_in_april_is_taken_back_in_april() -> None:
    april = returned("de-ustva", "2026-04", unwound(case("G17"), "2026-04-09"))
    # 19% of -2,533
    assert amounts(april) == {"81": D(-2533), "81 Steuer": D("-481.27"), "83": D("-481.27")}
    assert_tied(april)


def test_odoo_lacks_the_margin_tax_of_a_journal() -> None:
    made = returned("de-ustva", "2026-03", "G17", "G18", ledger="odoo")
    base, supply = made.box("81").ledger, made.box("41").ledger
    assert base is not None and supply is not None
    assert (base.computes, base.adjustment) == (D(0), D(2533))
    assert "grid" in base.reason
    assert (supply.computes, supply.adjustment) == (D(18500), D(0))


def test_french_margin_sale_enters_a1_and_line_08() -> None:
    # The same car at 20%: margin 3,015, of which VAT 20/120 = 502.50; base 2,512.50, half a euro counts as one.
    data = _moved("G17", ("DE-M", "FR-M"), ("DE-S", "FR-S"), ("0.19", "0.20"), ("481.39", "502.50"))
    made = returned("fr-ca3", "2026-03", data)
    assert amounts(made) == {
        "A1": D(2513), "08": D(2513), "08 TVA": D(503), "16": D(503), "28": D(503),
    }  # fmt: skip
    assert_tied(made)


def test_irish_return_holds_the_margin_vat_alone() -> None:
    # 3,015 x 23/123 = 563.78, cents left out.
    data = _moved("G17", ("DE-M", "IE-M"), ("DE-S", "IE-S"), ("0.19", "0.23"), ("481.39", "563.78"))
    made = returned("ie-vat3", "2026-03", data, _moved("G18"))
    assert amounts(made) == {"T1": D(563), "NET": D(563), "E1": D(18500)}
    assert_tied(made)
