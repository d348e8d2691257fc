"""United States rulebooks: a sale, a trade-in, the days around each change, and what is refused. Figures by hand."""

from __future__ import annotations

import copy
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from dealbooks.book import Book
from dealbooks.determine import determine, load_rulebook, parse_rulebook
from dealbooks.determine.rulebook import SHIPPED, Rulebook
from dealbooks.draft import Determined, Draft
from dealbooks.errors import ConfigError
from dealbooks.posting import case_expected
from tests.determine_support import case, restated, sold, taxed

USA = Book("any", "ANY-DEALER-INC", "USD", "us")
ONE_TRADE = ({"allowance": Decimal("15000.00")},)


def _run(draft: Draft, rules: str | Rulebook) -> Determined:
    rulebook = load_rulebook(rules) if isinstance(rules, str) else rules
    return determine(draft, rulebook=rulebook, book=USA, source_system="drop", locations={})


def _codes(determined: Determined) -> list[str]:
    return sorted({one.code for one in determined.findings})


@pytest.mark.parametrize(
    ("delivered", "base", "amount"),
    [
        # 30,000 less the trade-in of 15,000 within the year's limit, x 6 %
        ("2019-01-01", "25000.00", "1500.00"),
        ("2025-12-31", "19000.00", "1140.00"),
        ("2026-01-01", "18000.00", "1080.00"),
        ("2028-12-31", "16000.00", "960.00"),
        ("2029-01-01", "15000.00", "900.00"),
        ("2031-06-30", "15000.00", "900.00"),
    ],
)
def test_michigan_limits_the_credit_by_the_year_of_delivery(delivered: str, base: str, amount: str) -> None:
    draft = sold("TROY", "US-MI", delivered, "30000.00", trades=ONE_TRADE)
    assert taxed(_run(draft, "us-mi")) == {"US-MI-STATE": (base, amount)}


def test_michigans_limit_grows_by_a_thousand_each_year() -> None:
    rules = load_rulebook("us-mi").tax.trade_in_credits
    assert [(rule.from_.year, rule.cap) for rule in rules[:-1]] == [
        (2019 + year, Decimal(5000 + 1000 * year)) for year in range(10)
    ]
    assert (rules[-1].from_.isoformat(), rules[-1].credit) == ("2029-01-01", "full")


def test_michigan_delivery_decides_and_not_the_contract() -> None:
    draft = sold("TROY", "US-MI", "2026-01-02", "30000.00", trades=ONE_TRADE)
    draft.deal["dates"]["contract"] = "2025-12-30"
    assert taxed(_run(draft, "us-mi"))["US-MI-STATE"] == ("18000.00", "1080.00")


def test_michigan_before_the_rulebook_begins_is_refused_with_its_reason() -> None:
    determined = _run(sold("TROY", "US-MI", "2018-12-31", "30000.00"), "us-mi")
    assert "R008" in _codes(determined)
    assert "2018-12-31" in next(one.message for one in determined.findings if one.code == "R008")


def test_michigan_counts_one_trade_in_and_says_which_is_left_out() -> None:
    trades = ({"allowance": Decimal("4000.00")}, {"allowance": Decimal("9000.00")})
    determined = _run(sold("TROY", "US-MI", "2026-05-01", "30000.00", trades=trades), "us-mi")
    # 30,000 - 9,000 (the higher one, below the limit of 12,000) = 21,000 x 6 %
    assert taxed(determined) == {"US-MI-STATE": ("21000.00", "1260.00")}
    assert [one.get("tax_credit_eligible") for one in determined.deal["trade_ins"]] == [False, None]
    (found,) = (one for one in determined.findings if one.code == "R036")
    assert found.field == "trade_ins[0].tax_credit_eligible"


def test_michigan_takes_the_trade_in_that_the_source_chose() -> None:
    trades = (
        {"allowance": Decimal("4000.00")},
        {"allowance": Decimal("9000.00"), "tax_credit_eligible": False},
    )
    determined = _run(sold("TROY", "US-MI", "2026-05-01", "30000.00", trades=trades), "us-mi")
    assert taxed(determined) == {"US-MI-STATE": ("26000.00", "1560.00")}
    assert "R036" not in _codes(determined)


def test_golden_wholesale_at_auction_is_exempt_with_its_certificate() -> None:
    expected = case("G06")["expected"]
    determined = _run(restated("G06"), "us-mi")
    posted = case_expected(dict(determined.deal))
    assert posted["taxes"] == expected["taxes"] == []
    assert posted["metrics"] == expected["metrics"]
    assert posted["closing_balances"] != {}


@pytest.mark.parametrize("rules", ["us-mi", "us-in", "us-tx", "us-va", "us-ky", "us-ny", "us-sc", "us-fl", "us-ca"])
def test_a_dealer_of_another_state_buys_for_resale_only_with_a_certificate(rules: str) -> None:
    store = load_rulebook(rules).locations[0].store_codes[0]
    buyer: dict[str, Any] = {"type": "business", "tax_status": "reseller", "resale_certificate": "OH-1"}
    sale = sold(store, "US-OH", "2026-05-01", "9500.00", deal_type="wholesale", customer=buyer)
    assert set(taxed(_run(sale, rules)).values()) <= {("0.00", "0.00")}
    assert sale.deal["vehicle"]["stock_no"] == "U100"
    del sale.deal["customer"]["resale_certificate"]
    refused = _run(sale, rules)
    assert "R038" in _codes(refused)
    assert "resale_certificate" in next(one.message for one in refused.findings if one.code == "R038")


@pytest.mark.parametrize("rules", ["us-mi", "us-tx", "us-sc"])
@pytest.mark.parametrize("region", ["US-OH", "OH", "Ohio", "CA-ON"])
def test_a_retail_buyer_from_elsewhere_is_refused_where_the_state_has_no_rule(rules: str, region: str) -> None:
    store = load_rulebook(rules).locations[0].store_codes[0]
    determined = _run(sold(store, region, "2026-05-01", "20000.00"), rules)
    assert "R005" in _codes(determined)
    assert "tax" not in determined.deal
    told = next(one.message for one in determined.findings if one.code == "R005")
    assert f"registered at {region}" in told
    assert "tax.jurisdictions" in told


@pytest.mark.parametrize("rules", ["us-in", "us-va", "us-ky", "us-ny"])
@pytest.mark.parametrize("region", ["US-OH", "OH"])
def test_a_retail_buyer_from_elsewhere_pays_no_tax_where_the_law_says_so(rules: str, region: str) -> None:
    store = load_rulebook(rules).locations[0].store_codes[0]
    determined = _run(sold(store, region, "2026-05-01", "20000.00"), rules)
    assert set(taxed(determined).values()) <= {("0.00", "0.00")}
    assert "US-ELSEWHERE" in determined.provenance["tax"]


@pytest.mark.parametrize("rules", ["us-in", "us-va"])
def test_a_state_that_is_spelt_out_is_not_taken_for_elsewhere(rules: str) -> None:
    store = load_rulebook(rules).locations[0].store_codes[0]
    determined = _run(sold(store, "Indiana" if rules == "us-in" else "Virginia", "2026-05-01", "20000.00"), rules)
    assert "R005" in _codes(determined)


def test_florida_charges_a_buyer_from_alabama_the_rate_of_alabama() -> None:
    determined = _run(sold("TAMPA", "US-AL", "2026-05-01", "20000.00"), "us-fl")
    assert taxed(determined) == {"US-FL-STATE": ("20000.00", "400.00")}  # 20,000 x 2 %, no surtax


def test_indiana_gives_full_credit_and_taxes_the_document_fee() -> None:
    draft = sold("CARMEL", "US-IN", "2026-05-01", "28490.00", fees=(("Doc Fee", "249.00"),), trades=ONE_TRADE)
    # 28,490 + 249 - 15,000 = 13,739 x 7 % = 961.73
    assert taxed(_run(draft, "us-in")) == {"US-IN-STATE": ("13739.00", "961.73")}


def test_indiana_a_rebate_stays_in_the_base() -> None:
    draft = sold("CARMEL", "US-IN", "2026-05-01", "20000.00")
    draft.said["rebate"] = Decimal("1500.00")
    assert taxed(_run(draft, "us-in")) == {"US-IN-STATE": ("20000.00", "1400.00")}


def test_texas_a_rebate_and_the_trade_in_come_off_and_the_document_fee_is_not_taxed() -> None:
    draft = sold("AUSTIN", "US-TX", "2026-05-01", "40000.00", fees=(("Doc Fee", "150.00"),), trades=ONE_TRADE)
    draft.said["rebate"] = Decimal("1000.00")
    # 40,000 - 15,000 - 1,000 = 24,000 x 6.25 %
    assert taxed(_run(draft, "us-tx")) == {"US-TX-MV": ("24000.00", "1500.00")}


@pytest.mark.parametrize(
    ("delivered", "rate", "amount"),
    [
        # 20,000 + processing fee of 500 = 20,500, no credit for the trade-in
        ("2014-07-01", "0.0405", "830.25"),
        ("2015-06-30", "0.0405", "830.25"),
        ("2015-07-01", "0.041", "840.50"),
        ("2016-06-30", "0.041", "840.50"),
        ("2016-07-01", "0.0415", "850.75"),
        ("2026-07-04", "0.0415", "850.75"),
    ],
)
def test_virginia_taxes_the_full_price_at_the_rate_of_the_day(delivered: str, rate: str, amount: str) -> None:
    draft = sold("RICHMOND", "US-VA", delivered, "20000.00", fees=(("Processing Fee", "500.00"),), trades=ONE_TRADE)
    determined = _run(draft, "us-va")
    assert taxed(determined) == {"US-VA-SUT": ("20500.00", amount)}
    assert str(determined.deal["tax"]["components"][0]["rate"]) == rate


def test_virginia_a_rebate_reduces_the_price() -> None:
    draft = sold("RICHMOND", "US-VA", "2026-05-01", "20000.00")
    draft.said["rebate"] = Decimal("1000.00")
    assert taxed(_run(draft, "us-va")) == {"US-VA-SUT": ("19000.00", "788.50")}  # 19,000 x 4.15 %


@pytest.mark.parametrize(
    ("delivered", "taxes"),
    [
        # 25,000 - 15,000 = 10,000 x 6 %; the service contract of 1,800 has its own tax since July 2018: 108.00
        ("2018-06-30", {"US-KY-USAGE": ("10000.00", "600.00")}),
        ("2018-07-01", {"US-KY-USAGE": ("10000.00", "600.00"), "US-KY-SALES": ("1800.00", "108.00")}),
    ],
)
def test_kentucky_usage_tax_and_sales_tax_on_warranties(delivered: str, taxes: dict[str, tuple[str, str]]) -> None:
    draft = sold(
        "LEXINGTON", "US-KY", delivered, "25000.00", products=(("vsc", "Warranty", "1800.00"),), trades=ONE_TRADE
    )
    assert taxed(_run(draft, "us-ky")) == taxes


@pytest.mark.parametrize(
    ("delivered", "taxes"), [("2022-12-31", {}), ("2023-01-01", {"US-KY-SALES": ("1800.00", "108.00")})]
)
def test_kentucky_taxes_the_warranty_of_a_buyer_from_elsewhere_since_2023(
    delivered: str, taxes: dict[str, tuple[str, str]]
) -> None:
    draft = sold("LEXINGTON", "US-OH", delivered, "25000.00", products=(("vsc", "Warranty", "1800.00"),))
    assert taxed(_run(draft, "us-ky")) == taxes


def test_new_york_by_the_buyers_county_with_taxed_service_contract() -> None:
    draft = sold(
        "QUEENS", "US-NY", "2026-05-01", "30000.00", postcode="11375", fees=(("Doc Fee", "175.00"),),
        products=(("vsc", "Warranty", "2000.00"),), trades=ONE_TRADE,
    )  # fmt: skip
    # 30,000 - 15,000 + 2,000 = 17,000: 4 %, 4.5 %, 0.375 % = 63.75
    assert taxed(_run(draft, "us-ny")) == {
        "US-NY-STATE": ("17000.00", "680.00"),
        "US-NY-NYC": ("17000.00", "765.00"),
        "US-NY-MCTD": ("17000.00", "63.75"),
    }


@pytest.mark.parametrize(("delivered", "amount"), [("2025-02-28", "1275.00"), ("2025-03-01", "1312.50")])
def test_new_york_suffolk_rose_on_the_first_of_march_2025(delivered: str, amount: str) -> None:
    draft = sold("QUEENS", "US-NY", delivered, "30000.00", postcode="11901")
    assert taxed(_run(draft, "us-ny"))["US-NY-SUFFOLK"] == ("30000.00", amount)  # 4.25 %, then 4.375 %


def test_new_york_an_address_in_a_county_that_is_not_listed_is_refused() -> None:
    determined = _run(sold("QUEENS", "US-NY", "2026-05-01", "30000.00", postcode="14201"), "us-ny")
    assert "R005" in _codes(determined)


LEASE: dict[str, Any] = {
    "finance": {
        "lender": "Captive lessor", "amount_financed": Decimal("40225.00"), "cap_cost_reduction": Decimal("3500.00"),
        "gross_cap_cost": Decimal("43725.00"),
    },
}  # fmt: skip


@pytest.mark.parametrize(
    ("rules", "region", "postcode", "taxes"),
    [
        ("us-mi", "US-MI", "", {"US-MI-LEASE": ("3500.00", "210.00")}),
        ("us-in", "US-IN", "", {"US-IN-LEASE": ("3500.00", "245.00")}),
        ("us-ca", "US-CA", "94536", {"US-CA-ALAMEDA-LEASE": ("3500.00", "358.75")}),
        # No cap reduction rule: the lessor's full price of 42,800, without credit for the lessee's trade-in
        ("us-tx", "US-TX", "", {"US-TX-MV": ("42800.00", "2675.00")}),
        ("us-va", "US-VA", "", {"US-VA-SUT": ("42800.00", "1776.20")}),
    ],
)
def test_leases_on_the_cap_reduction_or_on_the_full_price(
    rules: str, region: str, postcode: str, taxes: dict[str, tuple[str, str]]
) -> None:
    store = load_rulebook(rules).locations[0].store_codes[0]
    draft = sold(
        store, region, "2026-06-05", "42800.00", condition="new", deal_type="lease", postcode=postcode,
        trades=ONE_TRADE, **copy.deepcopy(LEASE),
    )  # fmt: skip
    determined = _run(draft, rules)
    assert taxed(determined) == taxes
    assert determined.deal["bill_to"]["id"] == "LESSOR-1"
    assert determined.deal["finance"]["type"] == "lease"


@pytest.mark.parametrize("rules", ["us-ky", "us-ny", "us-fl"])
def test_a_lease_is_refused_where_its_tax_is_not_covered(rules: str) -> None:
    book = load_rulebook(rules)
    region = next(place.regions[0] for place in book.tax.jurisdictions)
    draft = sold(book.locations[0].store_codes[0], region, "2026-06-05", "42800.00", deal_type="lease")
    determined = _run(draft, rules)
    assert "R005" in _codes(determined)
    assert "lease" in next(one.message for one in determined.findings if one.code == "R005")


def test_golden_lease_by_a_rule_of_its_own_state() -> None:
    """G05 is of a state without name: Michigan's lease rule at 6.75 % and under the case's code gives its tax."""
    golden = case("G05")
    text = (SHIPPED / "us-mi.yaml").read_text(encoding="utf-8")
    data = yaml.safe_load(text)
    component = data["tax"]["jurisdictions"][1]["components"][0]
    component |= {"code": "US-LEASE-CAPRED", "rate": "0.0675"}
    deal = golden["deal"]
    draft = sold(
        "TROY", "US-MI", "2026-06-05", "42800.00", condition="new", deal_type="lease",
        finance={**{key: deal["finance"][key] for key in ("cap_cost_reduction", "gross_cap_cost", "amount_financed")},
                 "lender": "LESSOR-1"},
    )  # fmt: skip
    determined = _run(draft, parse_rulebook(yaml.safe_dump(data)))
    (row,) = golden["expected"]["taxes"]
    assert taxed(determined) == {row["code"]: (row["base"], row["amount"])}
    assert determined.deal["bill_to"]["id"] == deal["bill_to"]["id"]


def test_florida_limits_the_countys_surtax_and_not_the_states_tax() -> None:
    draft = sold("TAMPA", "US-FL", "2026-05-01", "30000.00", postcode="33602", trades=ONE_TRADE)
    # 30,000 - 15,000 = 15,000: 6 % of all of it, 1.5 % of the first 5,000
    taxes = taxed(_run(draft, "us-fl"))
    assert taxes["US-FL-STATE"] == ("15000.00", "900.00")
    assert taxes["US-FL-HILLSBOROUGH"] == ("5000.00", "75.00")


@pytest.mark.parametrize(
    ("rules", "store", "region", "postcode", "first", "last"),
    [
        ("us-fl", "CLEARWATER", "US-FL", "33701", "2026-01-01", "2029-12-31"),
        ("us-ca", "FREMONT", "US-CA", "94536", "2025-01-01", None),
        ("us-in", "CARMEL", "US-IN", "", "2008-04-01", None),
        ("us-sc", "COLUMBIA", "US-SC", "", "2017-07-01", None),
        ("us-tx", "AUSTIN", "US-TX", "", "2014-08-01", None),
        ("us-ny", "QUEENS", "US-NY", "11375", "2014-01-31", None),
    ],
)
def test_outside_its_days_a_rulebook_refuses_the_sale(
    rules: str, store: str, region: str, postcode: str, first: str, last: str | None
) -> None:
    day = date.fromisoformat(first)
    inside, outside = [day], [day - timedelta(1)]
    if last is not None:
        inside.append(date.fromisoformat(last))
        outside.append(date.fromisoformat(last) + timedelta(1))
    for delivered in inside:
        assert taxed(_run(sold(store, region, delivered.isoformat(), "20000.00", postcode=postcode), rules))
    for delivered in outside:
        refused = _run(sold(store, region, delivered.isoformat(), "20000.00", postcode=postcode), rules)
        assert "R008" in _codes(refused), delivered


@pytest.mark.parametrize(("rounding", "amount"), [("document", "1.41"), ("line", "1.40")])
def test_tax_is_rounded_by_line_or_on_the_document_as_the_file_says(rounding: str, amount: str) -> None:
    data = yaml.safe_load((SHIPPED / "us-in.yaml").read_text(encoding="utf-8"))
    data["tax"]["jurisdictions"][0]["rounding"] = rounding
    draft = sold("CARMEL", "US-IN", "2026-05-01", "10.05", fees=(("Doc Fee", "10.05"),))
    # 7 % of 10.05 is 0.7035: twice 0.70 by line, 1.407 on the sum
    assert taxed(_run(draft, parse_rulebook(yaml.safe_dump(data)))) == {"US-IN-STATE": ("20.10", amount)}


@pytest.mark.parametrize(
    ("price", "base", "amount"),
    [
        ("9999.00", "9999.00", "499.95"),
        ("10000.00", "10000.00", "500.00"),
        ("24999.99", "9999.99", "500.00"),  # 24,999.99 less the trade-in of 15,000, 5 % is 499.9995
        ("60000.00", "10000.00", "500.00"),
    ],
)
def test_south_carolina_charges_at_most_five_hundred(price: str, base: str, amount: str) -> None:
    trades = ONE_TRADE if Decimal(price) > 15000 else ()
    determined = _run(sold("COLUMBIA", "US-SC", "2026-05-01", price, trades=trades), "us-sc")
    assert taxed(determined) == {"US-SC-IMF": (base, amount)}


def test_a_tax_that_a_jurisdiction_charges_twice_is_refused() -> None:
    data = yaml.safe_load((SHIPPED / "us-in.yaml").read_text(encoding="utf-8"))
    data["tax"]["jurisdictions"][0]["components"] *= 2
    with pytest.raises(ConfigError, match="jurisdiction US-IN charges US-IN-STATE twice"):
        parse_rulebook(yaml.safe_dump(data))


@settings(max_examples=80, deadline=None)
@given(
    price=st.integers(100, 9_000_000),
    allowances=st.lists(st.integers(0, 4_000_000), max_size=3),
    year=st.integers(2019, 2031),
)
def test_michigan_taxes_the_price_less_one_trade_in_up_to_the_years_limit(
    price: int, allowances: list[int], year: int
) -> None:
    trades = tuple({"allowance": Decimal(cents) / 100} for cents in allowances)
    draft = sold("TROY", "US-MI", f"{year}-07-01", str(Decimal(price) / 100), trades=trades)
    limit = 100 * 1000 * (year - 2014) if year < 2029 else price
    base = max(price - min(max(allowances, default=0), limit), 0)
    assert taxed(_run(draft, "us-mi"))["US-MI-STATE"][0] == f"{Decimal(base) / 100:.2f}"
