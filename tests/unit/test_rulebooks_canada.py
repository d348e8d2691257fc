"""Canadian rulebooks: HST, GST with PST, QST at registration, registrants' trade-ins, price bands. Figures by hand."""

from __future__ import annotations

import copy
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import yaml

from dealbooks.book import Book
from dealbooks.determine import determine, load_rulebook, parse_rulebook
from dealbooks.determine.rulebook import SHIPPED, Rulebook
from dealbooks.draft import Determined, Draft
from dealbooks.errors import ConfigError
from dealbooks.findings import Severity
from dealbooks.posting import case_expected
from tests.determine_support import sold, taxed

CANADA = Book("any", "ANY-DEALER-LTD", "CAD", "ca")
PROVINCES = ["ca-on", "ca-ns", "ca-ab", "ca-bc", "ca-qc", "ca-sk", "ca-mb"]
TEN = Decimal("10000.00")
PRIVATE = ({"allowance": TEN, "seller_tax_status": "non_registrant"},)
REGISTRANT = ({"allowance": TEN, "seller_tax_status": "registrant"},)


def _run(draft: Draft, rules: str | Rulebook) -> Determined:
    rulebook = load_rulebook(rules) if isinstance(rules, str) else rules
    return determine(draft, rulebook=rulebook, book=CANADA, source_system="drop", locations={})


def _sale(rules: str, delivered: str = "2026-05-04", price: str = "40000.00", **more: Any) -> Draft:
    book = load_rulebook(rules)
    return sold(book.locations[0].store_codes[0], book.tax.jurisdictions[0].regions[0], delivered, price, **more)


def _codes(determined: Determined) -> list[str]:
    return sorted({one.code for one in determined.findings})


@pytest.mark.parametrize(
    ("rules", "taxes"),
    [
        ("ca-on", {"CA-HST-ON": ("40000.00", "5200.00")}),
        ("ca-ns", {"CA-HST-NS": ("40000.00", "5600.00")}),
        ("ca-ab", {"CA-GST": ("40000.00", "2000.00")}),
        ("ca-bc", {"CA-GST": ("40000.00", "2000.00"), "CA-BC-PST-CAR": ("40000.00", "2800.00"),
                   "CA-BC-PST": ("0.00", "0.00")}),
        ("ca-qc", {"CA-GST": ("40000.00", "2000.00"), "CA-QST": ("0.00", "0.00")}),
        ("ca-sk", {"CA-GST": ("40000.00", "2000.00"), "CA-SK-PST": ("40000.00", "2400.00")}),
        ("ca-mb", {"CA-GST": ("40000.00", "2000.00"), "CA-MB-RST": ("40000.00", "2800.00")}),
    ],
)  # fmt: skip
def test_a_sale_without_a_trade_in(rules: str, taxes: dict[str, tuple[str, str]]) -> None:
    assert taxed(_run(_sale(rules), rules)) == taxes


@pytest.mark.parametrize(
    ("rules", "taxes"),
    [
        # 40,000 less the trade-in of 10,000 = 30,000 for every tax
        ("ca-on", {"CA-HST-ON": "3900.00"}),
        ("ca-ab", {"CA-GST": "1500.00"}),
        ("ca-bc", {"CA-GST": "1500.00", "CA-BC-PST-CAR": "2100.00"}),
        ("ca-sk", {"CA-GST": "1500.00", "CA-SK-PST": "1800.00"}),
        ("ca-mb", {"CA-GST": "1500.00", "CA-MB-RST": "2100.00"}),
        ("ca-qc", {"CA-GST": "1500.00"}),
    ],
)
def test_a_trade_in_of_a_private_person_reduces_every_tax(rules: str, taxes: dict[str, str]) -> None:
    determined = _run(_sale(rules, trades=PRIVATE), rules)
    found = {code: amount for code, (_, amount) in taxed(determined).items()}
    assert {code: found[code] for code in taxes} == taxes
    assert "input_tax_amount" not in determined.deal["trade_ins"][0]


@pytest.mark.parametrize(
    ("rules", "taxes", "charged", "code"),
    [
        # Two supplies: GST/HST on the full 40,000, and the seller charges it on 10,000; the province takes the net.
        ("ca-on", {"CA-HST-ON": "5200.00"}, "1300.00", "CA-HST-ON-ITC"),
        ("ca-ab", {"CA-GST": "2000.00"}, "500.00", "CA-GST-ITC"),
        ("ca-bc", {"CA-GST": "2000.00", "CA-BC-PST-CAR": "2100.00"}, "500.00", "CA-GST-ITC"),
        ("ca-sk", {"CA-GST": "2000.00", "CA-SK-PST": "1800.00"}, "500.00", "CA-GST-ITC"),
        ("ca-mb", {"CA-GST": "2000.00", "CA-MB-RST": "2100.00"}, "500.00", "CA-GST-ITC"),
        ("ca-qc", {"CA-GST": "2000.00"}, "500.00", "CA-GST-ITC"),
    ],
)
def test_a_trade_in_of_a_registrant_is_a_supply_of_its_own(
    rules: str, taxes: dict[str, str], charged: str, code: str
) -> None:
    determined = _run(_sale(rules, trades=REGISTRANT), rules)
    found = {one: amount for one, (_, amount) in taxed(determined).items()}
    assert {one: found[one] for one in taxes} == taxes
    (trade,) = determined.deal["trade_ins"]
    assert (str(trade["input_tax_amount"]), trade["input_tax_code"]) == (charged, code)
    assert "two supplies" in next(
        rule.source for rule in load_rulebook(rules).tax.trade_in_credits if "registrant" in rule.sellers
    )


def test_a_registrants_trade_in_posts_its_input_tax() -> None:
    draft = _sale("ca-on", trades=REGISTRANT)
    determined = _run(draft, "ca-on")
    # 40,000 + 5,200 - 10,000 - 1,300 = 33,900 paid
    paid = {"receipt_id": "P1", "amount": "33900.00", "method": "bank_transfer", "date": "2026-05-04"}
    posted = case_expected({**determined.deal, "payments": [paid]})
    balances = posted["closing_balances"]["ANY-DEALER-LTD/CAD"]
    assert balances["tax.input"] == "1300.00"
    assert balances["tax.output"] == "-5200.00"
    assert balances["receivable.customer"] == "0.00"


@pytest.mark.parametrize(
    ("customer", "status"),
    [
        ({"type": "individual"}, "non_registrant"),
        ({"type": "individual", "tax_status": "registrant"}, "registrant"),
        ({"type": "business", "tax_status": "registrant"}, "registrant"),
        ({"type": "business", "tax_status": "consumer"}, "non_registrant"),
    ],
)
def test_the_sellers_status_follows_the_buyer_when_it_is_not_stated(customer: dict[str, Any], status: str) -> None:
    determined = _run(_sale("ca-on", trades=({"allowance": TEN},), customer=customer), "ca-on")
    assert determined.deal["trade_ins"][0]["seller_tax_status"] == status
    assert "tax.trade_in_sellers" in determined.provenance["trade_ins[0].seller_tax_status"]


def test_a_business_whose_registration_is_not_known_is_refused() -> None:
    determined = _run(_sale("ca-on", trades=({"allowance": TEN},), customer={"type": "business"}), "ca-on")
    (found,) = (one for one in determined.findings if one.code == "R034")
    assert found.severity is Severity.ERROR
    assert found.field == "trade_ins[0].seller_tax_status"
    assert "registered for GST/HST" in found.message


def test_two_trade_ins_of_different_sellers_where_one_tax_only_is_charged() -> None:
    trades = (
        {"allowance": Decimal("6000.00"), "seller_tax_status": "registrant"},
        {"allowance": Decimal("4000.00"), "seller_tax_status": "private"},
    )
    determined = _run(_sale("ca-on", trades=trades), "ca-on")
    # HST on 40,000 - 4,000 = 36,000; the registrant charges 13 % of 6,000
    assert taxed(determined) == {"CA-HST-ON": ("36000.00", "4680.00")}
    first, second = determined.deal["trade_ins"]
    assert (first["tax_credit_eligible"], str(first["input_tax_amount"])) == (False, "780.00")
    assert "input_tax_amount" not in second


def test_two_trade_ins_that_two_taxes_treat_differently_are_refused() -> None:
    trades = (
        {"allowance": Decimal("6000.00"), "seller_tax_status": "registrant"},
        {"allowance": Decimal("4000.00"), "seller_tax_status": "private"},
    )
    determined = _run(_sale("ca-bc", trades=trades), "ca-bc")
    (found,) = (one for one in determined.findings if one.code == "R035")
    assert "CA-GST" in found.message
    assert "separate deals" in found.message


@pytest.mark.parametrize(("delivered", "amount"), [("2025-03-31", "6000.00"), ("2025-04-01", "5600.00")])
def test_nova_scotia_fell_to_14_percent_in_april_2025(delivered: str, amount: str) -> None:
    assert taxed(_run(_sale("ca-ns", delivered), "ca-ns")) == {"CA-HST-NS": ("40000.00", amount)}


@pytest.mark.parametrize(("delivered", "amount"), [("2019-06-30", "2400.00"), ("2019-07-01", "2100.00")])
def test_manitoba_fell_to_7_percent_in_july_2019(delivered: str, amount: str) -> None:
    assert taxed(_run(_sale("ca-mb", delivered, trades=PRIVATE), "ca-mb"))["CA-MB-RST"] == ("30000.00", amount)


@pytest.mark.parametrize(
    ("delivered", "base", "amount"), [("2018-04-10", "40000.00", "2400.00"), ("2018-04-11", "30000.00", "1800.00")]
)
def test_saskatchewan_restored_the_trade_in_in_april_2018(delivered: str, base: str, amount: str) -> None:
    assert taxed(_run(_sale("ca-sk", delivered, trades=PRIVATE), "ca-sk"))["CA-SK-PST"] == (base, amount)


@pytest.mark.parametrize(("delivered", "amount"), [("2017-07-31", "2400.00"), ("2017-08-01", "2460.00")])
def test_saskatchewan_taxes_insured_warranties_since_august_2017_without_gst(delivered: str, amount: str) -> None:
    taxes = taxed(_run(_sale("ca-sk", delivered, products=(("insurance", "Insured warranty", "1000.00"),)), "ca-sk"))
    assert taxes["CA-GST"] == ("40000.00", "2000.00")
    assert taxes["CA-SK-PST"][1] == amount  # 6 % of 40,000, then of 41,000


@pytest.mark.parametrize("rules", PROVINCES)
def test_before_the_rulebook_begins_a_sale_is_refused(rules: str) -> None:
    first = min(rule.from_ for rule in load_rulebook(rules).tax.jurisdictions)
    determined = _run(_sale(rules, first.replace(year=first.year - 1).isoformat()), rules)
    assert "R008" in _codes(determined)


@pytest.mark.parametrize("rules", PROVINCES)
def test_a_buyer_of_another_province_is_refused_with_the_reason(rules: str) -> None:
    draft = _sale(rules)
    draft.deal["customer"]["address"] = {"region": "CA-NB", "country": "CA", "postcode": "E1A 1A1"}
    determined = _run(draft, rules)
    assert "R005" in _codes(determined)
    assert "CA-NB E1A 1A1" in next(one.message for one in determined.findings if one.code == "R005")


@pytest.mark.parametrize(
    ("price", "rate", "amount"),
    [
        ("54999.99", "0.07", "3850.00"),
        ("55000.00", "0.08", "4400.00"),
        ("55999.99", "0.08", "4480.00"),
        ("56000.00", "0.09", "5040.00"),
        ("57000.00", "0.10", "5700.00"),
        ("124999.99", "0.10", "12500.00"),
        ("125000.00", "0.15", "18750.00"),
        ("150000.00", "0.20", "30000.00"),
    ],
)
def test_british_columbia_taxes_the_whole_price_at_the_rate_of_its_band(price: str, rate: str, amount: str) -> None:
    determined = _run(_sale("ca-bc", price=price, vehicle={"powertrain": "Petrol"}), "ca-bc")
    assert taxed(determined)["CA-BC-PST-CAR"] == (price, amount)
    assert str(determined.deal["tax"]["components"][1]["rate"]) == rate
    assert "tax.bands[BC-PASSENGER-VEHICLE]" in determined.provenance["tax.components[1].rate"]


def test_british_columbia_accessories_and_fees_choose_the_band_too() -> None:
    draft = _sale("ca-bc", price="54500.00", fees=(("Admin fee", "499.00"), ("Freight and PDI", "1.00")))
    draft.deal["vehicle"]["powertrain"] = "gasoline"
    assert taxed(_run(draft, "ca-bc"))["CA-BC-PST-CAR"] == ("55000.00", "4400.00")


def test_british_columbia_the_band_is_chosen_after_the_trade_in_unless_the_file_says_otherwise() -> None:
    draft = _sale("ca-bc", price="60000.00", trades=PRIVATE, vehicle={"powertrain": "diesel"})
    assert taxed(_run(draft, "ca-bc"))["CA-BC-PST-CAR"] == ("50000.00", "3500.00")  # 7 % of 50,000
    data = yaml.safe_load((SHIPPED / "ca-bc.yaml").read_text(encoding="utf-8"))
    for table in data["tax"]["bands"]:
        table["price"] = "before_trade_in"
    other = parse_rulebook(yaml.safe_dump(data))
    assert taxed(_run(draft, other))["CA-BC-PST-CAR"] == ("50000.00", "5000.00")  # 10 %, the band of 60,000


@pytest.mark.parametrize(
    ("delivered", "condition", "rate"),
    [
        ("2022-02-22", "new", "0.10"),
        ("2022-02-23", "new", "0.07"),
        ("2027-02-22", "new", "0.07"),
        ("2027-02-23", "new", "0.10"),
        ("2022-02-22", "used", "0.10"),
        ("2022-02-23", "used", "0.00"),
        ("2025-04-30", "used", "0.00"),
        ("2025-05-01", "used", "0.07"),
    ],
)
def test_british_columbia_zero_emission_cars_by_date(delivered: str, condition: str, rate: str) -> None:
    draft = _sale("ca-bc", delivered, "70000.00", condition=condition, vehicle={"powertrain": "Battery-electric"})
    determined = _run(draft, "ca-bc")
    assert str(determined.deal["tax"]["components"][1]["rate"]) == rate
    assert taxed(determined)["CA-BC-PST-CAR"][0] == "70000.00"
    assert "R037" not in _codes(determined)


@pytest.mark.parametrize(("price", "flagged"), [("54000.00", False), ("70000.00", True), ("160000.00", False)])
def test_british_columbia_an_unknown_powertrain_is_flagged_where_it_matters(price: str, flagged: bool) -> None:
    determined = _run(_sale("ca-bc", price=price, condition="new"), "ca-bc")
    assert ("R037" in _codes(determined)) is flagged
    if flagged:
        (found,) = (one for one in determined.findings if one.code == "R037")
        assert (found.severity, found.value) == (Severity.WARNING, "0.10")
        assert "0.07" in found.message


def test_british_columbia_without_a_band_table_in_force_the_sale_is_refused() -> None:
    data = yaml.safe_load((SHIPPED / "ca-bc.yaml").read_text(encoding="utf-8"))
    data["tax"]["bands"][0]["to"] = date(2026, 5, 3)
    draft = _sale("ca-bc", "2026-05-04")
    draft.said["taxes"] = [{"name": "PST", "rate": Decimal("0.07"), "amount": Decimal("2800.00")}]
    determined = _run(draft, parse_rulebook(yaml.safe_dump(data)))
    (found,) = (one for one in determined.findings if one.severity is Severity.ERROR)
    assert (found.code, found.field, found.value) == ("R008", "tax.components[1].rate", "BC-PASSENGER-VEHICLE")
    assert "tax.bands" in found.message


def test_british_columbia_a_warranty_bears_7_percent_and_no_trade_in_credit() -> None:
    draft = _sale("ca-bc", products=(("vsc", "Warranty", "2000.00"),), trades=PRIVATE, vehicle={"powertrain": "petrol"})
    taxes = taxed(_run(draft, "ca-bc"))
    assert taxes["CA-BC-PST"] == ("2000.00", "140.00")
    assert taxes["CA-GST"] == ("32000.00", "1600.00")


def test_quebec_collects_qst_on_what_is_sold_beside_the_car_only() -> None:
    draft = _sale(
        "ca-qc", price="20000.00", fees=(("Frais: administration", "400.00"), ("QST payable to SAAQ", "1496.25")),
        products=(("vsc", "Garantie", "1600.00"),),
        trades=({"allowance": Decimal("5000.00"), "seller_tax_status": "private"},),
    )  # fmt: skip
    determined = _run(draft, "ca-qc")
    # Revenu Quebec's example: GST on 20,000 - 5,000, here with 2,000 of other supplies: 17,000 x 5 % = 850.
    # QST: 2,000 x 9.975 % = 199.50; that of the car, 1,496.25, is passed through to the SAAQ.
    assert taxed(determined) == {"CA-GST": ("17000.00", "850.00"), "CA-QST": ("2000.00", "199.50")}
    fee = next(line for line in determined.deal["lines"] if line.get("provider") == "SAAQ")
    assert (fee["kind"], fee["taxable"]) == ("government_fee", False)


@pytest.mark.parametrize("rules", PROVINCES)
def test_a_dealer_pays_gst_or_hst_and_no_provincial_tax(rules: str) -> None:
    buyer: dict[str, Any] = {"type": "business", "tax_status": "registrant", "resale_certificate": "PST-1"}
    taxes = taxed(_run(_sale(rules, deal_type="wholesale", customer=buyer), rules))
    (code,) = taxes
    assert code.startswith(("CA-GST", "CA-HST"))
    assert taxes[code][0] == "40000.00"


@pytest.mark.parametrize("rules", PROVINCES)
def test_a_lease_is_refused_as_its_tax_is_not_covered(rules: str) -> None:
    determined = _run(_sale(rules, deal_type="lease"), rules)
    assert "R005" in _codes(determined)


@pytest.mark.parametrize("rules", PROVINCES)
def test_an_exempt_buyer_pays_no_tax(rules: str) -> None:
    taxes = taxed(_run(_sale(rules, customer={"tax_status": "exempt"}), rules))
    assert {amount for _, amount in taxes.values()} == {"0.00"}


def _data() -> Any:
    return copy.deepcopy(yaml.safe_load((SHIPPED / "ca-bc.yaml").read_text(encoding="utf-8")))


def _no_rate(data: Any) -> None:
    del data["tax"]["jurisdictions"][0]["components"][0]["rate"]


def _unknown_table(data: Any) -> None:
    data["tax"]["jurisdictions"][0]["components"][1]["bands"] = "TABLE-7"


def _descending(data: Any) -> None:
    data["tax"]["bands"][0]["bands"].reverse()


def _cap_without_capped(data: Any) -> None:
    data["tax"]["trade_in_credits"][0]["cap"] = "5000.00"


def _unknown_tax(data: Any) -> None:
    data["tax"]["trade_in_credits"][0]["components"] = ["CA-NOTHING"]


def _per_cent(data: Any) -> None:
    data["tax"]["bands"][0]["bands"][1]["rate"] = "8"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (_no_rate, "tax CA-GST needs either a rate or the name of its band table"),
        (_unknown_table, "names the band table TABLE-7, which is not under tax.bands"),
        (_descending, "the bands begin at 0.00 and rise"),
        (_cap_without_capped, "credit: capped and cap go together"),
        (_unknown_tax, "names the tax CA-NOTHING, which no jurisdiction charges"),
        (_per_cent, "8 is no rate: write a rate as a fraction of 1, 7.25 percent as 0.0725"),
    ],
)
def test_a_wrong_table_is_refused_with_its_reason(change: Any, told: str) -> None:
    data = _data()
    change(data)
    with pytest.raises(ConfigError) as refused:
        parse_rulebook(yaml.safe_dump(data), "rules/bc.yaml")
    assert told in refused.value.message
    assert "rules/bc.yaml" in refused.value.message
