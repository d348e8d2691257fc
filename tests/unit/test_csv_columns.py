"""Optional columns of the shipped layouts: what they decide, from the file to the deal. Figures by hand."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from blocks.sources.csv_files import Layout, judge, records
from dealbooks.book import Book
from dealbooks.deal import Deal
from dealbooks.deal.rules import Known
from dealbooks.determine import load_rulebook
from dealbooks.draft import RawRecord
from dealbooks.errors import ConfigError
from dealbooks.findings import Severity
from dealbooks.mapping import FieldMap
from dealbooks.pipeline.judge import Judged, Setting, judge_record
from dealbooks.posting import case_expected
from tests.csv_support import codes, read, row, staged, text_of, write
from tests.determine_support import CALIFORNIA, FLORIDA, MICHIGAN, ONTARIO, case

CASCADIA = Book("cascadia", "CASCADIA-AUTO-LTD", "CAD", "ca")
HARBOUR = Book("harbour", "HARBOUR-PRESTIGE-PTY-LTD", "AUD", "au")
ISAR = Book("isar", "AUTOHAUS-ISAR-GMBH", "EUR", "eu")
LAYOUT = Layout.load("completed_sale")
LINES = Layout.load("completed_sale_lines")
MAP = FieldMap.load("csv_files")


def judged_file(folder: Path, columns: Mapping[str, str], book: Book, rules: str) -> Judged:
    """Write one sale, read it as a drop file is read, and judge it."""
    (record,) = read(write(folder, text_of([columns])), LAYOUT)
    return judged(record, book, rules)


def judged(record: RawRecord, book: Book, rules: str) -> Judged:
    """Judge a record as the book's configuration does."""
    setting = Setting(book, load_rulebook(rules), MAP, "drop", {}, Known())
    return judge_record(record, setting)


def errors(one: Judged) -> list[tuple[str, str]]:
    return [(found.code, found.message) for found in one.findings if found.severity is Severity.ERROR]


def accepted(one: Judged) -> Deal:
    """The deal, which nothing may refuse."""
    assert errors(one) == []
    assert one.deal is not None
    return one.deal


def taxes(one: Judged) -> list[tuple[str, str, str]]:
    return [(tax["code"], tax["base"], tax["amount"]) for tax in case_expected(dict(one.filled))["taxes"]]


LEASE = row(
    store_code="TROY", sale_date="2026-06-05", deal_type="L", condition="N", customer_id="C-4410", state="US-MI",
    vin="WBA53FJ03SC000555", stock_number="N3300", vehicle_cost="39510.00", vehicle_price="42800.00",
    fee1_name="Acquisition fee", fee1_amount="925.00", fee1_kind="lessor_fee",
    fee1_provider="LESSOR-1", fee2_name="First monthly payment",
    fee2_amount="561.27", fee2_kind="lessor_fee", fee2_provider="LESSOR-1", fee3_name="Title and registration",
    fee3_amount="118.50", tax_total="210.00", rebate="1500.00", finance_amount="40225.00",
    finance_company="Captive lessor", finance_commission="480.00", cash_paid="2889.77", total="44614.77",
)  # fmt: skip
LEASE["region"] = LEASE.pop("state")
TERMS = {
    "Gross Capitalized Cost": "43725.00",
    "Cap Cost Reduction": "3500.00",
    "Residual Value": "24396.00",
    "Money Factor": "0.00215",
    "Withheld_by_Lessor": "1486.27",
}


def test_a_lease_comes_with_its_cap_reduction_and_what_the_lessor_keeps(tmp_path: Path) -> None:
    """G05's deal in Michigan, without its documentary fee: 6 % of the cap reduction of 3,500 is 210.00."""
    one = judged_file(tmp_path, {**LEASE, **TERMS}, MICHIGAN, "us-mi")
    deal, golden = accepted(one), case("G05")["deal"]["finance"]
    assert deal.finance is not None
    for name in ("cap_cost_reduction", "gross_cap_cost", "amount_financed", "withheld_by_lessor", "reserve"):
        assert getattr(deal.finance, name) == Decimal(golden[name]), name
    assert (deal.finance.residual, deal.finance.money_factor) == (Decimal("24396.00"), Decimal("0.00215"))
    assert (deal.deal_type, deal.sale_class, deal.bill_to and deal.bill_to.id) == ("lease", "lease", "LESSOR-1")
    assert taxes(one) == [("US-MI-LEASE", "3500.00", "210.00")]
    # Adjusted cap cost 40,225.00 less 1,486.27 that the lessor keeps
    balances = case_expected(dict(one.filled))["closing_balances"]["MITTEN-AUTO-LLC/USD"]
    assert balances["receivable.contracts_in_transit"] == "38738.73"
    assert balances["payable.lessor"] == "0.00"


def test_a_lease_without_its_cap_reduction_is_refused(tmp_path: Path) -> None:
    one = judged_file(tmp_path, LEASE, MICHIGAN, "us-mi")
    assert "D086" in codes(one.findings)


@pytest.mark.parametrize(
    ("fuel", "rate", "pst"),
    [
        # The band of 60,000: 7 % below 75,000 for a zero-emission car, 10 % from 57,000 for another
        ("Electric", "0.07", "4200.00"),
        ("Plug-in hybrid", "0.07", "4200.00"),
        ("Gasoline", "0.10", "6000.00"),
    ],
)
def test_the_powertrain_chooses_british_columbias_band(tmp_path: Path, fuel: str, rate: str, pst: str) -> None:
    total = Decimal("63000.00") + Decimal(pst)
    columns = row(
        store_code="VANCOUVER", condition="new", region="BC", country="CA", vehicle_cost="55000.00",
        vehicle_price="60000.00", tax_total=f"{total - 60000}", cash_paid=f"{total}", total=f"{total}",
    )  # fmt: skip
    one = judged_file(tmp_path, {**columns, "Fuel Type": fuel}, CASCADIA, "ca-bc")
    deal = accepted(one)
    assert deal.vehicle.powertrain == fuel
    assert next(part.rate for part in deal.tax.components if part.code == "CA-BC-PST-CAR") == Decimal(rate)
    assert "R037" not in codes(one.findings)


def luxury(**more: str) -> dict[str, str]:
    """G15's car, roof transport system and delivery, without the charges outside GST: LCT value 154,750.00."""
    return row(
        store_code="SYDNEY", sale_date="2026-02-11", condition="new", vin="WP1ZZZ9Y8SDA00042", year="2026",
        vehicle_cost="112400.00", vehicle_price="151800.00", fee1_name="Dealer delivery", fee1_amount="2950.00",
        price_includes_tax="Y", **more,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("litres", "threshold", "lct"),
    [
        # (154,750 - 80,567) x 10/11 x 33 % = 22,254.90, as in G15; with 91,387 it is 19,008.90
        ("9.8", "80567.00", "22254.90"),
        ("3.4", "91387.00", "19008.90"),
    ],
)
def test_the_fuel_use_chooses_australias_threshold(tmp_path: Path, litres: str, threshold: str, lct: str) -> None:
    total = f"{Decimal('154750.00') + Decimal(lct)}"
    columns = luxury(total=total, cash_paid=total)
    one = judged_file(tmp_path, {**columns, "LCT": lct, "L/100km": litres}, HARBOUR, "au")
    deal = accepted(one)
    assert deal.vehicle.fuel_l_100km == Decimal(litres)
    assert deal.tax.lct is not None
    assert deal.tax.lct.threshold == Decimal(threshold)
    assert ("AU-LCT", lct) in [(code, amount) for code, _, amount in taxes(one)]


def test_a_luxury_car_without_its_fuel_use_is_refused_and_a_buyer_who_quoted_pays_none(tmp_path: Path) -> None:
    columns = luxury(total="154750.00", cash_paid="154750.00")
    assert "R101" in codes(judged_file(tmp_path, columns, HARBOUR, "au").findings)
    quoted = judged_file(tmp_path, {**columns, "LCT status": "quoted"}, HARBOUR, "au")
    assert accepted(quoted).tax.lct is None


def traded(**more: str) -> dict[str, str]:
    """40,000 in Ontario with a car taken in at 10,000 from a firm that charges HST on it: both taxes in full."""
    return row(
        store_code="OTTAWA", sale_date="2026-05-04", condition="new", region="ON", country="CA",
        customer_type="company", vehicle_cost="37000.00", vehicle_price="40000.00", tax_total="5200.00",
        total="45200.00", trade1_vin="2HGFB2F50EH000135", trade1_allowance="10000.00", trade1_acv="9500.00",
        cash_paid="33900.00", **more,
    )  # fmt: skip


def test_a_registrants_trade_in_brings_its_tax(tmp_path: Path) -> None:
    columns = {**traded(), "Tax status": "HST registered", "Trade 1 HST": "1300.00"}
    one = judged_file(tmp_path, columns, ONTARIO, "ca-on")
    deal = accepted(one)
    (trade,) = deal.trade_ins
    assert deal.customer.tax_status == "registrant"
    assert (trade.seller_tax_status, trade.input_tax_code) == ("registrant", "CA-HST-ON-ITC")
    assert trade.input_tax_amount == Decimal("1300.00")
    assert taxes(one) == [("CA-HST-ON", "40000.00", "5200.00")]
    balances = case_expected(dict(one.filled))["closing_balances"]["MAPLE-RIDGE-AUTO-LTD/CAD"]
    assert (balances["tax.input"], balances["receivable.customer"]) == ("1300.00", "0.00")
    assert "R017" not in codes(one.findings)


@pytest.mark.parametrize(("stated", "flagged"), [("1300.01", False), ("1200.00", True)])
def test_a_trade_ins_tax_that_is_not_its_rate_is_flagged(tmp_path: Path, stated: str, *, flagged: bool) -> None:
    paid = f"{Decimal('35200.00') - Decimal(stated)}"
    columns = {**traded(), "cash_paid": paid, "customer_tax_status": "registrant", "trade1_input_tax": stated}
    one = judged_file(tmp_path, columns, ONTARIO, "ca-on")
    assert accepted(one).trade_ins[0].input_tax_amount == Decimal(stated)
    told = [found.message for found in one.findings if found.code == "R017"]
    assert [("1200.00" in text and "1300.00" in text) for text in told] == [True] * flagged


def test_no_tax_on_a_trade_in_is_no_tax_and_a_negative_one_is_refused(tmp_path: Path) -> None:
    columns = row(trade1_allowance="5000.00", trade1_input_tax="0.00", cash_paid="23500.00")
    (record,) = read(write(tmp_path, text_of([columns])), LAYOUT)
    assert record.findings == []
    assert "input_tax_amount" not in MAP.draft(record).deal["trade_ins"][0]
    (record,) = read(write(tmp_path, text_of([{**columns, "trade1_input_tax": "-650.00"}])), LAYOUT)
    assert codes(record.findings) == ["F112"]


def test_a_trade_in_that_does_not_count_for_tax_leaves_the_base(tmp_path: Path) -> None:
    columns = row(
        store_code="OTTAWA", sale_date="2026-05-04", condition="new", region="ON", country="CA",
        vehicle_cost="37000.00", vehicle_price="40000.00", tax_total="5200.00", total="45200.00",
        trade1_allowance="10000.00", trade1_acv="9500.00", cash_paid="35200.00", trade1_seller_status="non_registrant",
        trade1_tax_credit_eligible="N",
    )  # fmt: skip
    one = judged_file(tmp_path, columns, ONTARIO, "ca-on")
    assert accepted(one).trade_ins[0].tax_credit_eligible is False
    assert taxes(one) == [("CA-HST-ON", "40000.00", "5200.00")]
    columns |= {"trade1_tax_credit_eligible": "Y", "tax_total": "3900.00", "total": "43900.00", "cash_paid": "33900.00"}
    assert taxes(judged_file(tmp_path, columns, ONTARIO, "ca-on")) == [("CA-HST-ON", "30000.00", "3900.00")]


WHOLESALE = row(
    store_code="TROY", sale_date="2026-02-17", deal_type="W", condition="used", customer_id="AUCTION-DET",
    customer_type="company", region="MI", country="US", vin="1N4AL3APXGC000112", stock_number="U6610",
    vehicle_cost="5200.00", recon_cost="318.40", vehicle_price="4450.00", fee1_name="Seller fee", fee1_amount="-215.00",
    bank_transfer_paid="4235.00", total="4235.00", cash_paid="",
)  # fmt: skip


def test_a_wholesale_with_its_certificate_bears_no_tax_and_one_without_is_flagged(tmp_path: Path) -> None:
    """G06."""
    stated = {**WHOLESALE, "Tax Status": "Dealer", "Resale Cert #": "RC-4471"}
    one = judged_file(tmp_path, stated, MICHIGAN, "us-mi")
    deal, expected = accepted(one), case("G06")["expected"]
    assert (deal.customer.tax_status, deal.customer.resale_certificate) == ("reseller", "RC-4471")
    assert "R038" not in codes(one.findings)
    posted = case_expected(dict(one.filled))
    assert posted["taxes"] == expected["taxes"] == []
    assert posted["closing_balances"]["MITTEN-AUTO-LLC/USD"] == expected["closing_balances"]["MITTEN-AUTO-LLC/USD"]
    assert "R038" in codes(judged_file(tmp_path, WHOLESALE, MICHIGAN, "us-mi").findings)


@pytest.mark.parametrize("written", ["dealer_trade", "Dealer Trade", "DX"])
@pytest.mark.parametrize(("book", "rules", "store", "region"), [
    (FLORIDA, "us-fl", "TAMPA", "FL"), (CALIFORNIA, "us-ca", "FREMONT", "CA"), (MICHIGAN, "us-mi", "TROY", "MI"),
])  # fmt: skip
def test_a_dealer_trade(tmp_path: Path, written: str, book: Book, rules: str, store: str, region: str) -> None:
    columns = row(
        store_code=store, sale_date="2026-05-01", deal_type=written, condition="new", region=region, country="US",
        vehicle_cost="28000.00", customer_type="company", customer_tax_status="reseller", resale_certificate="RC-1",
    )  # fmt: skip
    one = judged_file(tmp_path, columns, book, rules)
    assert accepted(one).deal_type == "dealer_trade"
    assert sum((Decimal(amount) for _, _, amount in taxes(one)), Decimal(0)) == 0


def test_the_first_registration_tells_a_new_means_of_transport(tmp_path: Path) -> None:
    """A used car with 9,000 km, first registered three months before: new for VAT, so without VAT to France."""
    columns = row(
        store_code="MUENCHEN", sale_date="2026-03-14", condition="gebrauchtwagen", country="FR", customer_type="person",
        year="2025", odometer="9000", odometer_unit="km", tax_acquisition="qualifying", vat_scheme="zero",
        vehicle_cost="20000.00", date_first_registered="2025-12-20",
    )  # fmt: skip
    columns["store_code"] = load_rulebook("eu-de").locations[0].store_codes[0]
    one = judged_file(tmp_path, columns, ISAR, "eu-de")
    assert one.draft.said["first_registration"] == "2025-12-20"
    assert "R106" in codes(one.findings)
    old = judged_file(tmp_path, {**columns, "date_first_registered": "2025-03-01"}, ISAR, "eu-de")
    assert "R107" in codes(old.findings)


@pytest.mark.parametrize(
    ("written", "known"),
    [("Gebrauchtwagen", "used"), ("Vorführwagen", "demo"), ("neuf", "new"), ("Occasion", "used"), ("新車", "new")],
)
def test_the_condition_in_other_languages(tmp_path: Path, written: str, known: str) -> None:
    (record,) = read(write(tmp_path, text_of([row(condition=written)])), LAYOUT)
    assert record.data["condition"] == known


def test_a_file_without_the_columns_has_the_content_that_it_always_had(tmp_path: Path) -> None:
    """Fixed values: a row that came before these columns were known is no change when it comes again."""
    full = row(deal_type="W", condition="U", trade1_allowance="5000.00", trade1_acv="4000.00", cash_paid="23500.00")
    plain, more = read(
        write(tmp_path, text_of([{**full, "deal_type": "", "trade1_acv": ""}, {**full, "deal_number": "A-2"}]))
    )
    assert plain.content_hash == "ca7b0e976657fbd679734ad9659c2b5133a2655401b94a55b33aab8fcb8176dd"
    assert more.content_hash == "2a1da0fbe9fda709b7c548c091c231987ea7ef162d58894be7af868e92f452ba"


def test_the_same_deal_in_lines(tmp_path: Path) -> None:
    """The registrant's trade-in and its tax, one line each."""
    head = {"deal_number": "A-1", "store_code": "OTTAWA", "sale_date": "2026-05-04", "condition": "new", "region": "ON",
            "country": "CA", "customer_id": "C-1", "customer_type": "company", "customer_tax_status": "registrant",
            "vin": "2T3W1RFV7PC104233", "stock_number": "N0442", "total": "45200.00"}  # fmt: skip
    lines = [
        {"line_type": "vehicle", "amount": "40000.00", "cost": "37000.00"},
        {"line_type": "tax", "amount": "5200.00"},
        {"line_type": "trade_tax", "amount": "1300.00", "code": "U0442A"},
        {"line_type": "trade_allowance", "amount": "10000.00", "cost": "9500.00", "code": "U0442A"},
        {"line_type": "payment", "amount": "33900.00", "method": "bank_transfer"},
    ]
    blank = {"line_type": "", "amount": "", "cost": "", "code": "", "method": "", "tax_credit_eligible": ""}
    rows: list[dict[str, Any]] = [{**head, **blank, **lines[0]}]
    rows += [
        {**dict.fromkeys(head, ""), "deal_number": "A-1", "store_code": "OTTAWA", **blank, **line} for line in lines[1:]
    ]
    rows[3]["tax_credit_eligible"] = "Y"
    path = write(tmp_path, text_of(rows), "CompletedSaleLines_20260504.csv")
    file = staged(path, "completed_sale_lines/1", "CompletedSaleLines")
    (record,) = records(file, judge(file, LINES), LINES, "drop")
    assert record.findings == []
    one = judged(record, ONTARIO, "ca-on")
    (trade,) = accepted(one).trade_ins
    assert (trade.input_tax_amount, trade.tax_credit_eligible) == (Decimal("1300.00"), True)


@pytest.mark.parametrize("policy", ["hold", "reverse_and_repost"])
def test_a_policy_for_changes_is_refused_with_what_holds_instead(tmp_path: Path, policy: str) -> None:
    text = (Path(__file__).parents[2] / "dealbooks" / "layouts" / "completed_sale.yaml").read_text(encoding="utf-8")
    path = tmp_path / "ours.yaml"
    path.write_text(text.replace("on_change: {", f"on_change: {{policy: {policy}, "), encoding="utf-8")
    with pytest.raises(ConfigError, match=r"on_change: .*leave out policy.*amend_limit"):
        Layout.load(path)
