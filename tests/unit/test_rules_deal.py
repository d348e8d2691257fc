"""Each rule of a deal: a valid deal, broken in one way, gives exactly that finding, in words that say what is wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from dealbooks.catalogue import CATALOGUE
from dealbooks.deal.model import Deal
from dealbooks.deal.rules import Known, check_deal, check_identity
from dealbooks.deal.rules.thresholds import cash_report_us
from dealbooks.findings import Finding

CASES = Path(__file__).parent.parent / "golden" / "cases"
ALONE = Known()
Json = dict[str, Any]


def case(number: str) -> Json:
    (path,) = CASES.glob(f"{number}-*.json")
    loaded: Json = json.loads(path.read_text(encoding="utf-8"))
    return loaded


def broken(number: str, breaks: Callable[[Json], object], known: Known = ALONE) -> list[Finding]:
    deal = deepcopy(case(number)["deal"])
    before = check_deal(Deal.model_validate(deal), known=known)
    assert before == [], f"{number} is not a valid deal to begin with"
    breaks(deal)
    return check_deal(Deal.model_validate(deal), known=known)


def put(path: str, value: object) -> Callable[[Json], None]:
    """Set one field: 'lines.0.unit_price'."""

    def breaks(deal: Json) -> None:
        *way, last = (int(part) if part.isdigit() else part for part in path.split("."))
        at: Any = deal
        for part in way:
            at = at.setdefault(part, {}) if isinstance(at, dict) else at[part]
        at[last] = value

    return breaks


def drop(path: str) -> Callable[[Json], None]:
    def breaks(deal: Json) -> None:
        *way, last = (int(part) if part.isdigit() else part for part in path.split("."))
        at: Any = deal
        for part in way:
            at = at[part]
        del at[last]

    return breaks


def both(*all_: Callable[[Json], object]) -> Callable[[Json], None]:
    def breaks(deal: Json) -> None:
        for one in all_:
            one(deal)

    return breaks


def add(path: str, part: Json) -> Callable[[Json], None]:
    return lambda deal: deal.setdefault(path, []).append(part)


def again(path: str, **changes: object) -> Callable[[Json], None]:
    """A copy of the first part of a list, changed."""
    return lambda deal: deal[path].append({**deal[path][0], **changes})


TRANSFER = {
    "from_entity": "NORTH-LLC", "from_location": "NORTH", "from_department": "used", "from_stock_no": "N1",
    "from_cost": "17000.00", "price": "11240.00", "date": "2026-03-20",
}  # fmt: skip
INSURANCE = {
    "line_id": "9", "kind": "insurance", "quantity": "1", "unit_price": "300.00", "cost": "200.00",
    "provider": "INSURER-1", "tax_code": "GB-E",
}  # fmt: skip
SOUTH = Known(locations=frozenset({"SOUTH"}))
HERE = Known(locations=frozenset({"TAMPA"}), legal_entities=frozenset({"SUNCOAST-MOTORS-LLC"}))
TOO_MUCH = {"funding_id": "F1", "amount": "99999.00", "date": "2026-03-20"}
AHEAD = Known(today=date(2026, 3, 14), future_days=7)
BOOK = Known(sources=frozenset({"cdk"}), base_currency="USD", regime="us")

SHARES = [{"person": "A", "share": "1.5"}, {"person": "B", "share": "-0.5"}]

BROKEN: list[tuple[str, str, Callable[[Json], object], Known, str]] = [
    ("D005", "G01", put("payments.0.amount", "3494.065"), Known(), "3494.065, but USD has 2 decimals"),
    ("D006", "G01", put("vehicle.cost", "-1.00"), Known(), "vehicle.cost is -1.00"),
    ("D007", "G01", put("tax.components.0.rate", "7.25"), Known(), "write a rate as a fraction"),
    ("D010", "G01", put("legal_entity", "OTHER-LLC"), HERE, "the legal entity OTHER-LLC"),
    ("D011", "G01", put("location", "MIAMI"), HERE, "the location MIAMI is not set up"),
    ("D011", "G01", put("vehicle.stock_location", "MIAMI"), HERE, "the location MIAMI is not set up"),
    ("D012", "G01", both(put("base_currency", "CAD"), put("fx_rate", "1.3"), put("payments.0.fx_rate", "1")),
     BOOK, "kept in CAD, but the book is kept"),
    ("D013", "G22", both(put("currency", "KWX"), put("base_currency", "KWX")), Known(), "KWX is not a currency code"),
    ("D014", "G24", drop("fx_rate"), Known(), "no exchange rate above zero"),
    ("D015", "G01", put("fx_rate", "1.2"), Known(), "the rate is not used"),
    ("D016", "G01", put("source_system", "other"), BOOK, "the source other is not configured"),
    ("D017", "G01", put("dates.contract", "2026-03-15"), Known(), "after the delivery on 2026-03-14"),
    ("D018", "G01", put("dates", {}), Known(), "give the delivery date"),
    ("D019", "G01", put("dates.delivery", None), Known(), "dated 2026-03-14 (accounting date)"),
    ("D020", "G01", put("dates.funding", "2026-03-01"), Known(), "before the contract on 2026-03-14"),
    ("D021", "G09", put("deposits.0.date", "2025-12-30"), Known(vat_period_starts=(1, 4, 7, 10)), "no tax point"),
    ("D022", "G01", both(put("deal_version", 2), put("amend_reason", "price")), Known(), "version 2 of the deal"),
    ("D023", "G01", both(put("deal_version", 2), put("amended_at", "2026-03-20")), Known(), "why it was amended"),
    ("D024", "G08", drop("lifecycle.1.reason"), Known(), "unwound on 2026-04-06, but no reason"),
    ("D025", "G01", put("balance_due", "100.00"), Known(), "100.00 USD stay open"),
    ("D026", "G08", put("group_transfer", {**TRANSFER, "price": "11000.00"}), Known(), "for 11000.00, but is in stock"),
    ("D027", "G08", put("group_transfer", {**TRANSFER, "from_entity": "SUNCOAST-MOTORS-LLC"}), Known(), "sells it"),
    ("D027", "G08", put("group_transfer", TRANSFER), HERE, "no book is set up; add the book"),
    ("D028", "G01", put("dates.accounting", "2026-03-22"), AHEAD, "dated 2026-03-22, 8 days after today (2026-03-14)"),
    ("D029", "G08", put("lifecycle.1.at", "2026-01-01"), Known(), "was unwound on 2026-01-01, before its own date"),
    ("D029", "G01", lambda deal: deal.update(deal_version=2, amended_at="2026-03-13", amend_reason="price"), Known(),
     "was amended on 2026-03-13, before its own date 2026-03-14"),
    ("D032", "G06", drop("customer.resale_certificate"), Known(), "Great Lakes Auction has no resale certificate"),
    ("D033", "G13", drop("bill_to"), Known(), "under hire purchase the finance house buys the car"),
    ("D033", "G05", put("bill_to.id", "C-4410"), Known(), "under a lease the lessor buys the car"),
    ("D034", "G13", put("finance.lender", "OTHER-FH"), Known(), "the invoice goes to FINHOUSE-1 and the finance comes"),
    ("D040", "G01", put("vehicle.vin", ""), Known(), "the VIN is missing"),
    ("D041", "G01", put("vehicle.vin", "1HGCY2F57RA00O123"), Known(), "never I, O or Q"),
    ("D041", "G01", put("vehicle.vin", "1HGCY2F57RA0001234"), Known(), "1HGCY2F57RA0001234 cannot be right"),
    ("D042", "G01", put("vehicle.vin", "NHP10-6000123"), Known(), "shorter than a VIN"),
    ("D043", "G01", put("vehicle.vin", "1HGCY2F58RA000123"), Known(), "position 9 should be 7"),
    ("D044", "G09", put("vehicle.vin", "SALEA7BU6S2000765"), Known(), "position 9 would be 5"),
    ("D045", "G02", put("vehicle.stock_no", ""), Known(), "control number"),
    ("D046", "G09", put("vehicle.registration", "NOT-A-PLATE"), Known(), "NOT-A-PLATE does not look like"),
    ("D047", "G01", put("vehicle.year", 2029), Known(), "2029; expected is 1900 to 2028"),
    ("D048", "G01", drop("vehicle.cost"), Known(), "stock cannot be relieved"),
    ("D049", "G01", put("vehicle.cost_currency", "EUR"), Known(), "given in EUR"),
    ("D050", "G13", drop("vehicle.tax_acquisition"), Known(), "how the used car"),
    ("D051", "G11", drop("vehicle.stock_book_purchase_price"), Known(), "stock book is missing"),
    ("D060", "G02", lambda deal: deal["lines"].pop(0), Known(), "has 0 vehicle lines"),
    ("D060", "G01", again("lines", line_id="1b"), Known(), "has 2 vehicle lines"),
    ("D061", "G01", put("lines.0.quantity", "2"), Known(), "the quantity 2; one deal sells one car"),
    ("D062", "G09", put("lines.1.unit_price", "500.00"), Known(), "line 2 (discount) is 500.00"),
    ("D063", "G01", put("lines.1.unit_price", "-5.00"), Known(), "line 2 (accessory) comes to -5.00"),
    ("D064", "G01", put("lines.1.line_id", "1"), Known(), "the line number 1 occurs more than once"),
    ("D065", "G01", drop("lines.3.provider"), Known(), "line 4 (finance and insurance product) does not say who"),
    ("D066", "G10", put("lines.2.cost", "999.00"), Known(), "whose premium is 999.00"),
    ("D067", "G10", drop("lines.2.cost"), Known(), "the premium due to the insurer is missing"),
    ("D068", "G01", drop("lines.3.cost"), Known(), "line 4: no cost is given"),
    ("D069", "G13", add("lines", INSURANCE), Known(), "the invoice goes to the finance house FINHOUSE-1"),
    ("D070", "G01", put("lines.5.cost", "400.00"), Known(), "412.35 is charged for a government fee of 400.00"),
    ("D080", "G09", drop("lines.0.tax_code"), Known(), "line 1: it has no tax code"),
    ("D080", "G09", put("lines.0.tax_code", "GB-X"), Known(), "its tax code GB-X has no rate"),
    ("D080", "G01", drop("lines.0.taxable"), Known(), "not said whether it is taxable"),
    ("D081", "G11", put("vehicle.tax_acquisition", "qualifying"), Known(), "acquired as qualifying"),
    ("D082", "G13", put("finance.reserve_tax_code", "GB-Q"), Known(), "finance.reserve_tax_code is GB-Q"),
    ("D083", "G09", put("tax.rates.GB-S", "20%"), Known(), "the rate of tax code GB-S is 20%"),
    ("D084", "G11", drop("tax.margin_rate"), Known(), "the scheme's rate is missing"),
    ("D085", "G04", drop("tax.components.0.trade_in_credit_cap"), Known(), "does not say how much"),
    ("D086", "G05", both(drop("finance.cap_cost_reduction")), Known(), "cap reduction of the lease"),
    ("D006", "G04", put("tax.components.0.trade_in_credit_cap", "-5.00"), Known(), "trade_in_credit_cap is -5.00"),
    ("D087", "G01", lambda deal: again("components")(deal["tax"]), Known(), "listed more than once for the same lines"),
    ("D089", "G01", put("tax.components", [{"code": "X", "rate": "0.06", "tax_groups": ["vehicle"]}]), Known(),
     "no tax of this deal is charged on that group"),
    ("D090", "G01", put("trade_ins.0.stock_no", ""), Known(), "no stock number of its own"),
    ("D091", "G01", put("trade_ins.0.stock_no", "N4102"), Known(), "already that of the car sold"),
    ("D092", "G01", drop("trade_ins.0.vin"), Known(), "neither a VIN nor a registration"),
    ("D093", "G01", drop("trade_ins.0.lienholder"), Known(), "9120.44 are to be settled"),
    ("D094", "G01", put("trade_ins.0.payoff_good_until", "2026-03-10"), Known(), "good until 2026-03-10"),
    ("D095", "G20", drop("trade_ins.0.input_tax_code"), Known(), "carries input tax"),
    ("D096", "G01", put("trade_ins.0.vin", "2T1BURHE4KC000777"), Known(), "fails its check digit"),
    ("D100", "G01", put("payments.0.receipt_id", "D1"), Known(), "receipt number D1 occurs more than once"),
    ("D101", "G08", again("refunds"), Known(), "R1 occurs more than once among the refunds"),
    ("D102", "G02", put("payments.0.method", "cash"), Known(), "19396.70 USD were taken in cash"),
    ("D103", "G01", put("finance.amount_financed", "0"), Known(), "the amount financed is 0"),
    ("D104", "G05", put("finance.gross_cap_cost", "43000.00"), Known(), "less cap reduction 3500.00 is 39500.00"),
    ("D105", "G24", drop("payments.0.fx_rate"), Known(), "the payment P1 is in"),
    ("D108", "G01", put("fundings", [TOO_MUCH]), Known(), "paid 99999.00 for the contract, but the amount financed is"),
    ("D109", "G05", put("finance.withheld_by_lessor", "99999.00"), Known(), "said to withhold 99999.00"),
    ("D110", "G13", put("commission_plans.0.splits.0.share", "0.7"), Known(), "EXEC-10 add up to 1.1"),
    ("D111", "G01", put("commission_plans", []), Known(), "names no commission plan"),
    ("D112", "G01", put("commission_plans.0.splits", []), Known(), "SALES-25 names nobody"),
    ("D113", "G01", drop("commission_plans.0.rate"), Known(), "SALES-25 needs its rate"),
    ("D113", "G05", drop("commission_plans.0.flat"), Known(), "LEASE-FLAT needs its flat amount"),
    ("D114", "G08", put("commission_plans.0.maximum", "100.00"), Known(), "minimum 150.00 above its maximum 100.00"),
    ("D115", "G01", again("commission_plans"), Known(), "the commission plan SALES-25 occurs more than once"),
    ("D116", "G01", put("deposits.0.date", "2026-03-15"), Known(), "dated 2026-03-15, after the sale on 2026-03-14"),
    ("D117", "G01", put("trade_ins.0.payoff_paid", {"date": "2026-03-01", "method": "cheque"}), Known(),
     "settled on 2026-03-01, before the deal on 2026-03-14"),
    ("D118", "G01", put("commission_plans.0.splits", SHARES), Known(),
     "the share of B is -0.5"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "number", "breaks", "known", "words"), BROKEN, ids=[f"{row[0]}-{i}" for i, row in enumerate(BROKEN)]
)
def test_broken_rule_is_found_alone(
    code: str, number: str, breaks: Callable[[Json], object], known: Known, words: str
) -> None:
    findings = broken(number, breaks, known)
    assert [finding.code for finding in findings] == [code]
    assert words in findings[0].message
    assert findings[0].severity is CATALOGUE[code].severity
    assert findings[0].field


def test_every_rule_of_a_deal_is_broken_by_some_deal_here() -> None:
    elsewhere = {"D030", "D031", "D071", "D106", "D107"}
    rules = {code for code, rule in CATALOGUE.items() if code.startswith("D") and rule.where in ("deal", "gx")}
    assert {row[0] for row in BROKEN} == rules - elsewhere


@pytest.mark.parametrize("path", sorted(CASES.glob("*.json")), ids=lambda path: path.stem[:3])
def test_a_golden_case_has_no_error_and_adds_up(path: Path) -> None:
    loaded = json.loads(path.read_text(encoding="utf-8"))
    deal = Deal.model_validate(loaded.get("deal_amended", loaded["deal"]))
    total = Decimal(loaded["expected"]["invoice"]["gross_total"])
    allowed = {"G14": {"D023", "D025"}, "G18": {"D025"}, "G21": {"D042"}}
    codes = {finding.code for finding in check_deal(deal)}
    assert codes == allowed.get(loaded["id"], set())
    assert check_identity(deal, total) == []


def test_untaxed_sale_between_businesses_needs_a_valid_vat_number() -> None:
    deal = case("G18")["deal"]
    del deal["customer"]["vat_number"]
    assert "D030" in {one.code for one in check_deal(Deal.model_validate(deal))}
    deal["customer"]["vat_number"] = "FR40303265046"
    found = {one.code: one for one in check_deal(Deal.model_validate(deal))}
    assert "D030" not in found
    assert "FR40303265046 is not valid" in found["D031"].message


def test_what_is_not_known_is_not_judged() -> None:
    deal = Deal.model_validate(case("G01")["deal"])
    assert check_deal(deal, known=Known()) == []
    assert {one.code for one in check_deal(deal, known=SOUTH)} == {"D011"}


def test_a_deal_that_does_not_add_up_shows_every_part() -> None:
    loaded = case("G01")
    total = Decimal(loaded["expected"]["invoice"]["gross_total"])
    (finding,) = check_identity(Deal.model_validate(loaded["deal"]), total + 100)
    assert finding.code == "D106"
    for part in ("38723.62", "deposits 500.00", "payments 3494.06", "part-exchange 4879.56", "100.00 are left"):
        assert part in finding.message


@pytest.mark.parametrize(("off", "codes"), [("0.05", ["D107"]), ("0.06", ["D106"]), ("-0.05", ["D107"]), ("0", [])])
def test_the_identity_warns_within_the_tolerance(off: str, codes: list[str]) -> None:
    loaded = case("G01")
    total = Decimal(loaded["expected"]["invoice"]["gross_total"]) + Decimal(off)
    findings = check_identity(Deal.model_validate(loaded["deal"]), total)
    assert [finding.code for finding in findings] == codes


@pytest.mark.parametrize(
    ("number", "inside", "outside"), [("G01", "0.05", "0.06"), ("G21", "2", "3"), ("G22", "0.050", "0.051")]
)
def test_the_signed_total_has_the_tolerance_of_its_currency(number: str, inside: str, outside: str) -> None:
    loaded = case(number)
    total = Decimal(loaded["expected"]["invoice"]["gross_total"])
    for off, codes in ((inside, []), (outside, ["D071"])):
        deal = Deal.model_validate({**loaded["deal"], "contract_total": str(total + Decimal(off))})
        assert [finding.code for finding in check_identity(deal, total) if finding.code == "D071"] == codes


def test_a_total_signed_within_the_tolerance_is_what_is_settled() -> None:
    loaded = case("G07")
    deal = Deal.model_validate(loaded["deal"])
    assert deal.contract_total is not None
    assert check_identity(deal, deal.contract_total - Decimal("0.02")) == []


def test_the_same_tax_on_other_lines_or_another_base_is_no_second_time() -> None:
    deal = case("G01")["deal"]
    (first, *rest) = deal["tax"]["components"]
    deal["tax"]["components"] = [{**first, "tax_groups": ["vehicle"]}, {**first, "tax_groups": ["service"]}, *rest]
    assert "D087" not in {one.code for one in check_deal(Deal.model_validate(deal))}


def test_an_amended_deal_keeps_the_rate_of_its_sale_for_money_of_that_day() -> None:
    deal = case("G24")["deal"]
    sold = deal["dates"]["delivery"]
    del deal["payments"][0]["fx_rate"]
    deal["payments"][0]["date"] = sold
    deal["dates"]["accounting"] = deal["amended_at"] = "2026-12-01"
    deal |= {"deal_version": 2, "amend_reason": "price"}
    assert "D105" not in {one.code for one in check_deal(Deal.model_validate(deal))}
    deal["deal_version"] = 1
    assert "D105" in {one.code for one in check_deal(Deal.model_validate(deal))}


def test_a_payoff_before_the_day_of_an_amendment_is_no_doubt() -> None:
    deal = case("G01")["deal"]
    deal["trade_ins"][0]["payoff_paid"] = {"date": "2026-03-20", "method": "cheque"}
    deal["dates"]["accounting"] = deal["amended_at"] = "2026-04-02"
    deal |= {"deal_version": 2, "amend_reason": "price"}
    assert {one.code for one in check_deal(Deal.model_validate(deal))} == set()


def test_the_duty_to_report_cash_has_its_date_and_its_source() -> None:
    duty = cash_report_us(date(2026, 3, 14))
    assert duty is not None
    assert (duty.above, duty.form, duty.start) == (Decimal(10000), "Form 8300", date(1985, 1, 1))
    assert "6050I" in duty.source
    assert cash_report_us(date(1984, 12, 31)) is None


def test_cash_of_just_the_threshold_is_not_reported() -> None:
    deal = case("G02")["deal"]
    for amount, told in (("10000.00", False), ("10000.01", True)):
        deal["payments"] = [{**deal["payments"][0], "method": "cash", "amount": amount}]
        deal["deposits"] = []
        codes = {one.code for one in check_deal(Deal.model_validate(deal))}
        assert ("D102" in codes) is told
