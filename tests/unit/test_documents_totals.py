"""What a ledger makes of a document as sent: equal to ours, refused with the difference named, or carried."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from documents_support import case, counted, record, sales_documents

from dealbooks.deal import Deal
from dealbooks.documents import DocumentLine, Target, TaxCode, TaxDiffers, documents_of, entries_of, ledger_tax
from dealbooks.posting import PostingError

ZERO = Decimal(0)
GB = {
    "GB-S": TaxCode("20.0% S", Decimal("0.20")),
    "GB-M": TaxCode("No VAT"),
    "GB-E": TaxCode("Exempt"),
    "GB-O": TaxCode("No VAT"),
}
COMPUTED = Target(tax="computed", amounts="inclusive")
EXCLUSIVE = Target(tax="computed", amounts="exclusive")


def uk_deal(*prices: str, kind: str = "accessory", **tax: Any) -> Deal:
    """A standard-rated car of 1.20, and lines at these prices."""
    lines = [{"line_id": "car", "kind": "vehicle", "unit_price": "1.20", "tax_code": "STD"}]
    lines += [
        {"line_id": str(number), "kind": kind, "unit_price": price, "tax_code": "STD"}
        for number, price in enumerate(prices, 1)
    ]
    total = sum((Decimal(line["unit_price"]) for line in lines), ZERO)
    return Deal.model_validate(
        {
            "source_system": "test", "deal_id": "UK-1", "deal_type": "retail", "sale_class": "used",
            "legal_entity": "ENTITY", "location": "MAIN", "department": "used",
            "currency": "GBP", "base_currency": "GBP", "dates": {"delivery": "2026-03-12"},
            "customer": {"id": "C-1"}, "vehicle": {"vin": "1HGCY2F57RA000123", "stock_no": "S1", "cost": "1"},
            "lines": lines, "tax": {"regime": "inclusive", "rates": {"STD": "0.20"}, "rounding": "line", **tax},
            "balance_due": str(total),
        }
    )  # fmt: skip


def sale(deal: Deal, target: Target) -> Any:
    return sales_documents([record(deal).documents("sale-v1", target)])[0]


# -- the ledger's arithmetic ---------------------------------------------------------------------------------------


def test_by_line_and_by_document_differ_by_a_cent() -> None:
    # 3 x 1.03 at 20 % inside: 0.1717 each, so 0.17 by line (0.51), and 0.515 -> 0.52 on the sum; the car has 0.20.
    deal = uk_deal("1.03", "1.03", "1.03")
    by_line = sale(deal, COMPUTED)
    assert [line.tax for line in by_line.lines] == [Decimal("0.20")] + 3 * [Decimal("0.17")]
    assert ledger_tax(by_line, COMPUTED).codes == {"STD": Decimal("0.71")}
    by_document = replace(COMPUTED, rounding="document")
    assert ledger_tax(by_line, by_document).codes == {"STD": Decimal("0.72")}  # 4.29 / 6 = 0.715
    with pytest.raises(TaxDiffers) as refused:
        sale(deal, by_document)
    assert (refused.value.code, refused.value.theirs, refused.value.ours) == ("STD", Decimal("0.72"), Decimal("0.71"))
    assert refused.value.difference == Decimal("0.01")
    assert "Deal UK-1" in refused.value.message and "+0.01" in refused.value.message
    assert "round" in refused.value.fix


def test_floor_takes_the_cent_away() -> None:
    deal = uk_deal("1.03", "1.03", "1.03")
    floor = replace(COMPUTED, rounding="document", rounding_mode="floor")
    assert sale(deal, floor).tax_total == Decimal("0.71")


def test_a_document_rounded_by_largest_remainder_agrees_line_by_line() -> None:
    deal = uk_deal("1.03", "1.03", "1.03", rounding="document")
    document = sale(deal, replace(COMPUTED, rounding="document"))
    theirs = ledger_tax(document, replace(COMPUTED, rounding="document"))
    assert theirs.lines == tuple(line.tax for line in document.lines)
    assert document.tax_total == Decimal("0.72")


def test_prices_without_tax_are_computed_from_the_net() -> None:
    # 0.15 with tax: 0.025 -> 0.03, net 0.12; on the net 0.024 -> 0.02.
    deal = uk_deal("0.15")
    assert sale(deal, COMPUTED).tax_total == Decimal("0.23")
    with pytest.raises(TaxDiffers) as refused:
        sale(deal, EXCLUSIVE)
    assert refused.value.difference == Decimal("-0.01")


def test_net_prices_by_document_give_the_tax_back_by_largest_remainder() -> None:
    # Nets 1.00, 0.12 and 0.12: 0.20, 0.024 and 0.024 of tax, 0.248 -> 0.25; the cents over go to the two 0.024.
    deal = uk_deal("0.15", "0.15")
    document = sale(deal, Target())
    theirs = ledger_tax(document, replace(EXCLUSIVE, rounding="document"))
    assert theirs.lines == (Decimal("0.20"), Decimal("0.03"), Decimal("0.02"))
    assert theirs.codes == {"STD": Decimal("0.25")}


def test_a_line_that_is_a_cent_apart_is_refused_though_the_totals_agree() -> None:
    # 0.03 and a discount of 0.03: once per document they have no tax; by line 0.01 and -0.01.
    deal = uk_deal("0.03", "-0.03", rounding="document")
    document = sale(deal, replace(COMPUTED, rounding="document"))
    assert ledger_tax(document, COMPUTED).codes == {"STD": document.tax_total}
    with pytest.raises(TaxDiffers, match="on line 1 ") as refused:
        sale(deal, COMPUTED)
    assert refused.value.difference == Decimal("0.01")
    assert sale(deal, EXCLUSIVE).tax_total == document.tax_total  # then no account depends on it


def test_a_stated_tax_is_never_computed() -> None:
    deal = uk_deal("1.03", "1.03", "1.03")
    document = sale(deal, Target(tax="stated", rounding="document", amounts="inclusive"))
    assert document.tax_total == Decimal("0.71")


# -- carried -------------------------------------------------------------------------------------------------------


def test_a_difference_within_tolerance_is_carried_and_taken_back_by_journal() -> None:
    deal = uk_deal("0.15")
    target = replace(EXCLUSIVE, carry_up_to=Decimal("0.05"))
    recorded = record(deal)
    made = recorded.documents("sale-v1", target)
    document = sales_documents([made])[0]
    rounding = [line for line in document.lines if line.role == "rounding.difference"]
    assert [line.net for line in rounding] == [Decimal("0.01")]
    assert document.tax_total == Decimal("0.22")  # as the ledger computes it
    assert document.total == Decimal("1.35")  # as the customer agreed
    entry, _ = recorded.entry("sale-v1")
    assert counted(entries_of([made])["sale-v1"]) == counted(entry.lines)


def test_a_difference_beyond_the_tolerance_is_refused() -> None:
    with pytest.raises(TaxDiffers):
        sale(uk_deal("0.15"), replace(EXCLUSIVE, carry_up_to=Decimal("0.005")))


def test_prices_with_tax_are_never_carried() -> None:
    # The total is right whatever the tax is; a line of rounding would make it wrong.
    deal = uk_deal("1.03", "1.03", "1.03")
    with pytest.raises(TaxDiffers):
        sale(deal, replace(COMPUTED, rounding="document", carry_up_to=Decimal("0.05")))


def test_the_signed_total_of_a_sheet_is_a_line_of_rounding() -> None:
    document = sales_documents([case("G07").documents("sale-v1", Target())])[0]
    rounding = [line for line in document.lines if line.role == "rounding.difference"]
    assert [(line.net, line.code) for line in rounding] == [(Decimal("0.01"), "")]


# -- codes ---------------------------------------------------------------------------------------------------------


def test_a_margin_car_goes_out_gross_under_a_code_without_tax() -> None:
    target = replace(COMPUTED, tax_codes=GB, no_tax="No VAT")
    document = sales_documents([case("G10").documents("sale-v1", target)])[0]
    car = next(line for line in document.lines if line.line_id == "1")
    assert (car.net, car.tax, car.code, car.tax_code) == (Decimal("10495.00"), ZERO, "No VAT", "GB-M")
    assert document.tax_total == Decimal("20.00")


def test_a_margin_car_under_a_taxed_code_is_refused() -> None:
    target = replace(COMPUTED, tax_codes=GB | {"GB-M": TaxCode("20.0% S", Decimal("0.20"))})
    with pytest.raises(TaxDiffers) as refused:
        case("G10").documents("sale-v1", target)
    assert (refused.value.code, refused.value.ours) == ("GB-M", ZERO)
    assert refused.value.theirs == Decimal("1765.67")  # 10,495.00 / 6 = 1,749.17 and 99.00 / 6 = 16.50
    assert "GB-M" in refused.value.fix


def test_a_rate_that_the_ledger_has_otherwise_is_refused() -> None:
    target = replace(COMPUTED, tax_codes=GB | {"GB-S": TaxCode("17.5% S", Decimal("0.175"))})
    with pytest.raises(TaxDiffers) as refused:
        case("G10").documents("sale-v1", target)
    assert refused.value.code == "GB-S"


def test_a_code_that_the_ledger_does_not_have_is_named() -> None:
    with pytest.raises(PostingError, match="tax code GB-E has no tax code in the ledger"):
        case("G10").documents("sale-v1", replace(COMPUTED, tax_codes={k: v for k, v in GB.items() if k != "GB-E"}))


def test_a_taxed_product_shown_as_commission_has_its_tax_on_both_lines() -> None:
    product = {"line_id": "w", "kind": "fi_product", "unit_price": "600.00", "tax_code": "STD"}
    plain = uk_deal()
    data = plain.as_json() | {"balance_due": "601.20"}
    data["lines"] = [*data["lines"], product | {"cost": "300.00", "provider": "WARRANTYCO"}]
    recorded = record(Deal.model_validate(data), fi_presentation="net")
    document = sales_documents([recorded.documents("sale-v1", COMPUTED)])[0]
    assert [(line.role, str(line.net), str(line.tax)) for line in document.lines[1:]] == [
        ("payable.fi_provider", "300.00", "60.00"),
        ("income.insurance_commission", "200.00", "40.00"),
    ]
    for text in ("premium", "arranging fee"):
        assert any(line.description.endswith(text) for line in document.lines)


# -- taxes on top of the price -------------------------------------------------------------------------------------


def test_us_sales_tax_is_stated_on_the_document_and_its_lines_are_taxable_or_not() -> None:
    target = Target(taxable="TAX", no_tax="NON")
    document = sales_documents([case("G01").documents("sale-v1", target)])[0]
    posted = {tax.tax_code: tax.amount for tax in document.taxes}
    entry, _ = case("G01").entry("sale-v1")
    assert posted == {line.tax_code: -line.amount.amount for line in entry.lines if line.role == "payable.sales_tax"}
    assert all(tax.on_top for tax in document.taxes) and document.amounts == "exclusive"
    assert {line.code for line in document.lines} == {"TAX", "NON"}
    assert {line.code for line in document.lines if line.role == "payable.government_fees"} == {"NON"}


def test_a_canadian_ledger_has_a_code_for_the_tax_on_top() -> None:
    entry, facts = case("G19").entry("sale-v1")
    assert facts is not None
    code = facts.taxes[0].code
    target = Target(tax_codes={code: TaxCode("HST ON", Decimal("0.13"))}, no_tax="Exempt")
    document = sales_documents([documents_of(entry, target, facts)])[0]
    assert [(tax.code, tax.rate) for tax in document.taxes] == [("HST ON", Decimal("0.13"))]
    assert {line.code for line in document.lines} == {"HST ON", "Exempt"}


def test_us_sales_tax_with_a_cap_cannot_be_left_to_the_ledger() -> None:
    with pytest.raises(TaxDiffers) as refused:
        case("G01").documents("sale-v1", Target(tax="computed"))
    assert "send it as a line" in refused.value.fix


def test_us_sales_tax_as_lines_of_their_own_is_always_ours() -> None:
    target = Target(tax="computed", taxes_on_top="lines", no_tax="NON")
    document = sales_documents([case("G01").documents("sale-v1", target)])[0]
    assert document.taxes == ()
    taxes = [line for line in document.lines if line.role == "payable.sales_tax"]
    assert taxes and all(isinstance(line, DocumentLine) and line.code == "NON" for line in taxes)


def test_a_plain_sales_tax_is_what_the_ledger_computes() -> None:
    # California, no trade-in credit: the rate on the taxable lines, which any ledger computes alike.
    document = sales_documents([case("G02").documents("sale-v1", Target(tax="computed", rounding="document"))])[0]
    assert ledger_tax(document, Target(tax="computed", rounding="document")).codes == {
        tax.tax_code: tax.amount for tax in document.taxes
    }


def test_luxury_car_tax_is_on_top_and_has_no_gst() -> None:
    as_line = sales_documents([case("G15").documents("sale-v1", replace(COMPUTED, taxes_on_top="lines"))])[0]
    lct = [line for line in as_line.lines if line.role == "tax.lct"]
    assert len(lct) == 1 and lct[0].tax == ZERO and lct[0].code == ""
    assert as_line.amounts == "inclusive"
    as_tax = sales_documents([case("G15").documents("sale-v1", Target())])[0]
    assert [(tax.amount, tax.on_top) for tax in as_tax.taxes if tax.role == "tax.lct"] == [(lct[0].net, True)]
    assert as_tax.total == as_line.total


def test_the_rate_of_a_tax_is_not_known_from_the_entry_alone() -> None:
    entry, _ = case("G02").entry("sale-v1")
    with pytest.raises(PostingError, match=r"the rate of tax .* is not known"):
        documents_of(entry, Target(tax="computed"))


# -- currencies ----------------------------------------------------------------------------------------------------


def test_yen_is_rounded_down_once_a_document() -> None:
    right = replace(COMPUTED, rounding="document", rounding_mode="floor")
    document = sales_documents([case("G21").documents("sale-v1", right)])[0]
    assert all(line.net == line.net.to_integral_value() for line in document.lines)
    with pytest.raises(TaxDiffers) as refused:
        case("G21").documents("sale-v1", replace(right, rounding_mode="half_up"))
    assert refused.value.difference == 1


def test_dinars_have_three_decimals() -> None:
    document = sales_documents([case("G22").documents("sale-v1", COMPUTED)])[0]
    assert document.currency == "KWD" and document.total.as_tuple().exponent == -3
