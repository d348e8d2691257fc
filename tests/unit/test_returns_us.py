"""United States: sales tax by jurisdiction code, worked by hand."""

from __future__ import annotations

from decimal import Decimal

from returns_support import assert_tied, returned

D = Decimal
COLUMNS = ("Gross sales", "Exempt sales and deductions", "Taxable sales", "Tax")


def _row(made: object, code: str) -> tuple[Decimal, ...]:
    return tuple(made.box(code, title).amount for title in COLUMNS)  # type: ignore[attr-defined]


def test_florida_with_trade_in_credit_and_capped_surtax() -> None:
    made = returned("us-sales-tax", "2026-03", "G01")
    # Gross: 32,400 + 495 + 899 + 2,195 + 795 = 36,784; title and tag (412.35) are the state's.
    # State: base 21,989 (trade-in of 14,000, GAP of 795 not taxed), 6% = 1,319.34. County: 5,000 of the car, 75.00;
    # its surtax on the service contract of 2,195: 32.93.
    assert _row(made, "US-FL-STATE") == (D(36784), D(14795), D(21989), D("1319.34"))
    assert _row(made, "US-FL-HILLSBOROUGH") == (D(36784), D(31784), D(5000), D(75))
    assert _row(made, "US-FL-HILLSBOROUGH-SW") == (D(36784), D(34589), D(2195), D("32.93"))
    assert_tied(made)
    assert made.net_by_form == made.net_by_books == D("1427.27")


def test_an_unwind_in_april_is_a_negative_of_april() -> None:
    march, april = (returned("us-sales-tax", month, "G08") for month in ("2026-03", "2026-04"))
    # 14,995 + 899 + 1,495 = 17,389; state base 14,889 after the trade-in of 2,500.
    assert _row(march, "US-FL-STATE") == (D(17389), D(2500), D(14889), D("893.34"))
    assert _row(april, "US-FL-STATE") == (D(-17389), D(-2500), D(-14889), D("-893.34"))
    assert_tied(april)


def test_a_sale_for_resale_is_exempt() -> None:
    made = returned("us-sales-tax", "2026-02", "G06")
    # Hammer price 4,450; the auction's fee is no deduction from sales.
    assert _row(made, "US-RESALE") == (D(4450), D(4450), D(0), D(0))
    assert_tied(made)


def test_tax_on_a_lease_is_on_the_capitalised_cost_reduction() -> None:
    made = returned("us-sales-tax", "2026-06", "G05")
    assert made.box("US-LEASE-CAPRED", "Taxable sales").amount == D(3500)
    assert made.box("US-LEASE-CAPRED", "Tax").amount == D("236.25")
    assert_tied(made)


def test_quickbooks_is_not_compared_where_it_has_no_return() -> None:
    made = returned("us-sales-tax", "2026-03", "G01", ledger="quickbooks")
    assert all(box.ledger is None for box in made.boxes)
