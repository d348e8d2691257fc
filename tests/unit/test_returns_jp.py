"""Japan: consumption tax worked back from totals, by hand."""

from __future__ import annotations

from decimal import Decimal

from returns_support import amounts, assert_tied, case, returned, unwound

D = Decimal


def test_tax_is_worked_back_from_the_total_cut_to_thousands() -> None:
    made = returned("jp-consumption", "2026-04", "G21")
    # Taxable sales with tax: 1,234,573 + 33,008 + 17,654 = 1,285,235 (the recycling deposit of 10,490 is exempt).
    # x 100/110 = 1,168,395.4 -> 1,168,000; x 7.8% = 91,104 -> 91,100; x 22/78 = 25,694.9 -> 25,600; together 116,700.
    assert amounts(made) == {
        "S": D(1285235), "1": D(1168000), "2": D(91104), "9": D(91100), "20": D(25600), "26": D(116700),
    }  # fmt: skip
    assert_tied(made)
    # The invoices' own tax, cut per document: 116,839.
    assert made.net_by_books == D(116839)


def test_a_sale_taken_back_in_may() -> None:
    may = returned("jp-consumption", "2026-05", unwound(case("G21"), "2026-05-07"))
    assert may.box("S").amount == D(-1285235)
    assert may.box("1").amount == D(-1168000)
    assert_tied(may)
