"""Payloads of Salesforce and HubSpot as trees, and what both have in common."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blocks.sources.api.fields import Fields, line_names
from blocks.sources.api.sales import country_of, day_of, exact, kind_of, moment_of
from blocks.sources.hubspot import fields as hubspot_fields
from blocks.sources.hubspot import trees as hubspot
from blocks.sources.hubspot.settings import HubSpotSettings
from blocks.sources.salesforce import fields as salesforce_fields
from blocks.sources.salesforce import trees as salesforce
from blocks.sources.salesforce.settings import SalesforceSettings
from dealbooks.canonical import canonical_json
from dealbooks.record_ids import salesforce_id
from sandbox.salesforce.wire import Double, checked


def sf_settings(**more: Any) -> SalesforceSettings:
    return SalesforceSettings.model_validate({"url": "https://x.my.salesforce.com", "client_id": "k", **more})


def sf_fields(settings: SalesforceSettings, *paths: str) -> Fields:
    described: dict[str, dict[str, dict[str, Any]]] = {
        "Opportunity": {
            "VIN__c": {"type": "string"}, "Deposit__c": {"type": "currency", "scale": 2},
            "Sold_At__c": {"type": "datetime"}, "Km__c": {"type": "double", "scale": 0},
        },
        "OpportunityLineItem": {
            "UnitPrice": {"type": "currency", "scale": 2}, "TotalPrice": {"type": "currency", "scale": 2},
            "Cost__c": {"type": "currency", "scale": 2}, "Line_Type__c": {"type": "picklist"},
        },
    }  # fmt: skip
    return salesforce_fields.chosen(paths, settings, described)


ROW = """{"Id": "0065e0000000001AAA", "Name": "Golf", "StageName": "Closed Won", "IsWon": true, "IsDeleted": false,
 "SystemModstamp": "2026-11-20T10:15:07.000+0000", "CloseDate": "2026-11-20", "AccountId": "0015e0000000001AAA",
 "VIN__c": "WVWZZZ1KZAW000123", "Deposit__c": 1.0E7, "Sold_At__c": "2026-11-20T23:30:00.000+0000", "Km__c": 12.0,
 "Account": {"Id": "0015e0000000001AAA", "Name": "Ann Smith", "IsPersonAccount": true,
   "BillingStreet": "1 High Street\\r\\nFlat 2", "BillingCountry": "united kingdom"}}"""


def parsed(text: str) -> Any:
    return json.loads(text, parse_float=Decimal)


def line(place: int, **more: Any) -> dict[str, Any]:
    return {"Id": f"00k5e000000000{place}AAA", "SortOrder": None, "Quantity": 1, "UnitPrice": Decimal("1.0"),
            "TotalPrice": Decimal("1.0"), "Description": None, "IsDeleted": False, "Product2": None} | more  # fmt: skip


def test_an_opportunity_as_a_tree() -> None:
    settings = sf_settings(timezone="Australia/Sydney", kinds={"Protection": "product"}, currency="GBP")
    fields = sf_fields(settings, "VIN__c", "Deposit__c", "Sold_At__c", "Km__c", "lines.Cost__c", "buyer.name")
    lines = [
        line(2, Product2={"ProductCode": "W1", "Name": "Warranty", "Family": "Protection"},
             TotalPrice=Decimal("499.99000000000001"), Cost__c=Decimal("200.0"), SortOrder=2),
        line(1, Line_Type__c="Vehicle", Description=" Golf \n GTI", UnitPrice=Decimal("1.845E4"),
             TotalPrice=Decimal("18450.0"), SortOrder=1),
        line(3, Line_Type__c="Trade-In", TotalPrice=Decimal("-3000.0"), SortOrder=3),
    ]  # fmt: skip
    record = salesforce.record(parsed(ROW), lines, fields, settings)
    assert record.data["VIN__c"] == "WVWZZZ1KZAW000123"
    assert record.data["Deposit__c"] == "10000000"
    assert record.data["Sold_At__c"] == "2026-11-21"
    assert record.data["Km__c"] == "12"
    assert record.data["buyer"] == {
        "id": "0015e0000000001AAA", "type": "individual", "name": "Ann Smith", "street": "1 High Street, Flat 2",
        "country": "GB",
    }  # fmt: skip
    assert [(one["kind"], one["amount"]) for one in record.data["lines"]] == [
        ("vehicle", "18450"), ("product", "499.99"), ("trade_in", "-3000"),
    ]  # fmt: skip
    assert record.data["lines"][0]["name"] == "Golf GTI"
    assert record.data["lines"][1]["Cost__c"] == "200"
    assert record.data["total"] == "18949.99"
    assert (record.changed_at, record.counts) == ("2026-11-20T10:15:07.000000Z", True)
    assert "SystemModstamp" not in record.data
    assert canonical_json(record.data)


def test_net_amounts_have_no_total() -> None:
    settings = sf_settings(amounts="net")
    record = salesforce.record(parsed(ROW), [line(1)], sf_fields(settings), settings)
    assert record.data["price_includes_tax"] is False
    assert "total" not in record.data


def test_fields_behind_a_relation_stand_below_it() -> None:
    settings = sf_settings()
    fields = salesforce_fields.chosen(("Owner.Name", "Account.Fleet__c"), settings, {"Account": {"Fleet__c": {}}})
    row = parsed(ROW) | {"Owner": {"Name": "Sam Seller"}}
    row["Account"]["Fleet__c"] = "F1"
    data = salesforce.record(row, [], fields, settings).data
    assert (data["Owner"], data["Account"]) == ({"Name": "Sam Seller"}, {"Fleet__c": "F1"})


@given(st.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", min_size=15, max_size=15))
def test_a_short_id_becomes_a_long_one(short: str) -> None:
    assert salesforce_id(short) == checked(short)
    assert salesforce_id(checked(short)) == checked(short)


@given(st.decimals(min_value=-(10**12), max_value=10**12, places=2))
def test_amounts_survive_the_way_java_writes_them(amount: Decimal) -> None:
    written = json.loads(f"{Double(amount):f}", parse_float=Decimal)
    assert exact(written, 2) == amount


def hs_fields(settings: HubSpotSettings, *paths: str) -> Fields:
    described = {
        "deals": {"vin": {"type": "string"}, "deposit": {"type": "number"}, "delivery_date": {"type": "date"},
                  "signed_at": {"type": "datetime"}, "demo": {"type": "bool"}},
        "line_items": {"cost": {"type": "number"}, "line_type": {"type": "enumeration"}},
    }  # fmt: skip
    return hubspot_fields.chosen(paths, settings, described)


def test_a_deal_of_hubspot_as_a_tree() -> None:
    settings = HubSpotSettings(timezone="Europe/London", fields={"vin_no": "vin"})
    fields = hs_fields(settings, "vin_no", "deposit", "delivery_date", "signed_at", "demo", "lines.kind.cost", "absent")
    assert fields.missing == ("absent",)
    deal = {
        "id": "31415",
        "properties": {
            "dealname": "Golf", "vin": "WVW", "deposit": "500.00", "delivery_date": "1790121600000", "demo": "false",
            "signed_at": "2026-07-31T23:30:00.000Z", "closedate": "2026-07-31T23:30:00Z", "deal_currency_code": "GBP",
            "hs_lastmodifieddate": "2026-08-01T10:00:00.123Z", "amount": "18450.00",
        },
    }  # fmt: skip
    lines = [
        {"id": "9002", "properties": {"name": "Doc fee", "line_type": "Fee", "price": "99.50", "quantity": "2"}},
        {"id": "9001", "properties": {"name": "Golf", "line_type": "vehicle", "price": "18450.00", "quantity": "1",
                                      "amount": "18450.000", "hs_position_on_quote": "0", "cost": "15000"}},
    ]  # fmt: skip
    buyer = {"id": "77", "properties": {"firstname": " Ann", "lastname": "Smith", "country": "Ireland", "zip": ""}}
    record = hubspot.record(deal, lines, buyer, fields, settings)
    assert record.data == {
        "id": "31415", "vin_no": "WVW", "deposit": "500", "delivery_date": "2026-09-23", "signed_at": "2026-08-01",
        "demo": False, "sale_date": "2026-08-01", "currency": "GBP", "total": "18649", "price_includes_tax": True,
        "buyer": {"id": "77", "type": "individual", "name": "Ann Smith", "country": "IE"},
        "lines": [
            {"cost": "15000", "index": 1, "id": "9001", "kind": "vehicle", "name": "Golf", "quantity": "1",
             "price": "18450", "amount": "18450"},
            {"index": 2, "id": "9002", "kind": "fee", "name": "Doc fee", "quantity": "2", "price": "99.5",
             "amount": "199"},
        ],
    }  # fmt: skip
    assert record.changed_at == "2026-08-01T10:00:00.123000Z"
    assert record.place == "HubSpot deal 31415 (Golf)"


@pytest.mark.parametrize(
    ("words", "kind"),
    [(("Trade-In",), "trade_in"), ((None, "CAR"), "vehicle"), (("unknown", "fee"), "fee"), ((), "product")],
)
def test_what_a_line_is(words: tuple[str | None, ...], kind: str) -> None:
    assert kind_of(words, {"car": "vehicle"}, "product") == kind


def test_a_value_that_no_calendar_has_stays_for_the_map_to_refuse() -> None:
    settings = HubSpotSettings()
    far = "253402300800000000"
    assert hubspot.told(far, "datetime", settings) == far
    assert hubspot.told("ten", "number", settings) == "ten"


def test_days_moments_and_countries() -> None:
    assert day_of("2026-11-20", "Asia/Tokyo") == "2026-11-20"
    assert day_of("2026-11-20T20:00:00Z", "Asia/Tokyo") == "2026-11-21"
    assert moment_of("1790000000001").microsecond == 1000
    assert country_of("UK", None, {"UK": "GB"}) == "GB"
    assert country_of("de", None, {}) == "DE"
    assert country_of("Nowhere", None, {}) == "Nowhere"
    assert country_of("Germany", "DE", {}) == "DE"


@pytest.mark.parametrize("value", ["abc", "NaN", "Infinity", 1.5])
def test_what_is_no_exact_number_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="number"):
        exact(value)


def test_a_path_to_lines_names_their_fields_and_what_a_filter_looks_at() -> None:
    read = ("customer.name", "lines", "lines.cost", "lines[*].vat", "lines.kind", "vin", "lines.a.b")
    assert line_names(read) == {"cost", "a", "b"}
    assert line_names(read, own=("cost",)) == {"kind", "a", "b"}
