"""From a posting to QuickBooks' documents: numbers, amounts, accounts, and what is refused before anything is sent."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest
from quickbooks_support import Kept, company, connect, golden, postings_of

from blocks.ledgers.quickbooks import wire
from blocks.ledgers.quickbooks.settings import settings_of
from dealbooks.book import Account
from dealbooks.charts import load_chart
from dealbooks.entries import Entry
from dealbooks.errors import ConfigError
from dealbooks.ledger import Posting
from dealbooks.outbox.enqueue import effect_key
from dealbooks.posting import PostingError

EVERY = [(case, "us") for case in ("G01", "G02", "G03", "G05", "G07", "G08")]
EVERY += [(case, "uk") for case in ("G09", "G10", "G12", "G13", "G14")]


def payloads(books: Kept, case: str) -> Iterator[tuple[Posting, str, dict[str, Any]]]:
    for posting in postings_of(books.book, golden(case)):
        for spec in books.ledger.effects(posting):
            yield posting, spec.name, dict(spec.payload)


def form(books: Kept, case: str, kind: str) -> dict[str, Any]:
    return next(payload for _, _, payload in payloads(books, case) if payload["kind"] == kind)


@pytest.mark.parametrize("receipts", [True, False])
@pytest.mark.parametrize(("case", "regime"), EVERY)
def test_every_payload_keeps_the_rules(tmp_path: Path, case: str, regime: str, receipts: bool) -> None:
    books = connect(tmp_path, regime, sales_receipts=receipts)
    numbers = []
    for posting, name, payload in payloads(books, case):
        assert json.loads(json.dumps(payload)) == payload
        if payload["kind"] in (wire.COVERED, wire.CUSTOMER):
            continue
        body = payload["body"]
        number = body.get("DocNumber") or body["PaymentRefNum"]
        numbers.append(number)
        assert len(number) <= 21
        assert number.endswith(effect_key(posting.key, name, 10))
        assert posting.deal_number in payload["note"]
        control = 0
        for line in body["Line"]:
            detail = line.get("JournalEntryLineDetail")
            if detail is not None:
                account = books.company.tables["Account"][detail["AccountRef"]["value"]]
                control += account["AccountType"] == "Accounts Receivable"
                assert not line["Amount"].startswith("-")
        assert control <= 1
    assert len(set(numbers)) == len(numbers)


def test_amounts_are_sent_as_numbers_with_the_digits_that_were_planned(tmp_path: Path) -> None:
    books = connect(tmp_path, "uk")
    posting = postings_of(books.book, golden("G10"))[0]
    request = next(one for one in books.requests(posting) if one.name == "receipt")
    sent = wire.encoded(replace(request, refs={"customer": "Customer/7"}), 4000)
    assert b'"Amount":10495.00,' in sent
    assert b'"Amount":-2400.00,' in sent
    assert b'"UnitPrice":2400.00' in sent
    body = orjson.loads(sent)
    assert body["CustomerRef"] == {"value": "7"}
    assert wire.key_in(body["PrivateNote"]) == request.key
    assert "VIN WVWZZZAU5JW000321" in body["Line"][0]["Description"]
    assert "stock UL1044" in body["Line"][0]["Description"]


def test_a_memo_that_is_too_long_keeps_our_key(tmp_path: Path) -> None:
    books = connect(tmp_path, "uk")
    posting = postings_of(books.book, golden("G10"))[0]
    request = next(one for one in books.requests(posting) if one.name == "receipt")
    long = replace(request, payload={**request.payload, "note": "n" * 5000}, refs={"customer": "Customer/7"})
    note = orjson.loads(wire.encoded(long, 4000))["PrivateNote"]
    assert len(note) == 4000
    assert wire.key_in(note) == request.key


def test_in_the_united_states_lines_are_tax_or_non_and_the_total_is_ours(tmp_path: Path) -> None:
    body = form(connect(tmp_path, "us"), "G08", wire.RECEIPT)["body"]
    codes = [line["SalesItemLineDetail"]["TaxCodeRef"]["value"] for line in body["Line"]]
    assert codes == ["TAX", "TAX", "TAX", "NON", "NON", "NON", "NON"]
    assert set(body["TxnTaxDetail"]) == {"TotalTax"}
    assert "GlobalTaxCalculation" not in body
    assert body["ShipAddr"] == {"CountrySubDivisionCode": "FL"}


def test_tax_on_no_line_is_carried_by_the_largest(tmp_path: Path) -> None:
    body = form(connect(tmp_path, "us", sales_receipts=False), "G05", wire.INVOICE)["body"]
    taxed = [line for line in body["Line"] if line["SalesItemLineDetail"]["TaxCodeRef"]["value"] == "TAX"]
    assert len(taxed) == 1
    assert body["TxnTaxDetail"]["TotalTax"] == "236.25"


def test_without_automated_sales_tax_a_tax_code_is_named_or_asked_for(tmp_path: Path) -> None:
    setup = company("us", automated_tax=False)
    with pytest.raises(ConfigError, match="no automated sales tax"):
        form(connect(tmp_path / "a", "us", setup=setup), "G08", wire.RECEIPT)
    named = connect(tmp_path / "b", "us", setup=setup, sales_tax_code="Florida")
    assert form(named, "G08", wire.RECEIPT)["body"]["TxnTaxDetail"]["TxnTaxCodeRef"] == {"value": "2"}


def test_in_the_united_kingdom_codes_are_ids_and_the_tax_of_each_rate_is_stated(tmp_path: Path) -> None:
    body = form(connect(tmp_path, "uk"), "G10", wire.RECEIPT)["body"]
    codes = [line["SalesItemLineDetail"]["TaxCodeRef"]["value"] for line in body["Line"]]
    assert codes == ["9", "9", "6", "6", "3", "9"]
    stated = {line["TaxLineDetail"]["TaxRateRef"]["value"]: line["Amount"] for line in body["TxnTaxDetail"]["TaxLine"]}
    assert stated == {"7": "20.00", "10": "0.00"}


def test_prices_with_vat_carry_both_amounts(tmp_path: Path) -> None:
    body = form(connect(tmp_path, "uk", amounts="inclusive"), "G10", wire.RECEIPT)["body"]
    kit = body["Line"][4]
    assert body["GlobalTaxCalculation"] == "TaxInclusive"
    assert (kit["Amount"], kit["SalesItemLineDetail"]["TaxInclusiveAmt"]) == ("100.00", "120.00")


def test_a_payment_waits_for_the_invoice_and_is_applied_to_it(tmp_path: Path) -> None:
    books = connect(tmp_path, "uk", sales_receipts=False)
    sale, receipt = postings_of(books.book, golden("G10"))
    (_, payment) = books.ledger.effects(receipt)
    assert payment.needs == ((sale.key, "invoice"),)
    assert payment.payload["body"]["Line"][0]["LinkedTxn"] == [
        {"TxnId": {"$ref": "sale/invoice"}, "TxnType": "Invoice"}
    ]


def test_location_and_department_are_a_location_and_a_class(tmp_path: Path) -> None:
    body = form(connect(tmp_path, "uk"), "G10", wire.RECEIPT)["body"]
    books = connect(tmp_path / "b", "uk", locations_as="nothing", departments_as="class")
    other = form(books, "G10", wire.RECEIPT)["body"]
    assert body["DepartmentRef"]["value"].startswith("9")
    assert body["Line"][0]["SalesItemLineDetail"]["ClassRef"] == {"value": "901"}
    assert "DepartmentRef" not in other


def test_vin_and_stock_number_go_into_custom_fields_where_there_are_any(tmp_path: Path) -> None:
    books = connect(tmp_path, "uk", custom_fields={"vin": "1", "stock_no": "2"})
    fields = form(books, "G10", wire.RECEIPT)["body"]["CustomField"]
    assert [(field["DefinitionId"], field["StringValue"]) for field in fields] == [
        ("1", "WVWZZZAU5JW000321"),
        ("2", "UL1044"),
    ]


# -- what is refused ---------------------------------------------------------------------------------------------------


def test_an_account_that_is_not_there_is_named_with_its_role_and_book(tmp_path: Path) -> None:
    setup = company("uk")
    rows = [row for row in setup.lists["Account"] if row["Name"] != "Used vehicle sales"]
    items = [row for row in setup.lists["Item"] if row["Name"] != "Used vehicle sales"]
    books = connect(tmp_path, "uk", setup=replace(setup, lists={**setup.lists, "Account": rows, "Item": items}))
    with pytest.raises(ConfigError, match=r"4010 Used vehicle sales.*northgate.*sales\.used_vehicle"):
        list(payloads(books, "G10"))


def test_an_item_that_is_not_there_is_named_and_one_of_several_must_be_chosen(tmp_path: Path) -> None:
    setup = company("uk")
    rows = [row for row in setup.lists["Item"] if row["Name"] != "Used vehicle sales"]
    none = connect(tmp_path / "a", "uk", setup=replace(setup, lists={**setup.lists, "Item": rows}))
    with pytest.raises(ConfigError, match="no product or service with the income account 4010"):
        list(payloads(none, "G10"))
    account = next(row["Id"] for row in setup.lists["Account"] if row["Name"] == "Used vehicle sales")
    twice = [*rows, *({"Id": str(n), "Name": f"Car {n}", "Type": "Service",
                       "IncomeAccountRef": {"value": account}} for n in (801, 802))]  # fmt: skip
    lists = {**setup.lists, "Item": twice}
    several = connect(tmp_path / "b", "uk", setup=replace(setup, lists=lists))
    with pytest.raises(ConfigError, match="several products or services") as caught:
        list(payloads(several, "G10"))
    assert "ledger.items: {sales.used_vehicle: ...}" in caught.value.fix
    chosen = connect(tmp_path / "c", "uk", setup=replace(setup, lists=lists), items={"sales.used_vehicle": "Car 802"})
    line = form(chosen, "G10", wire.RECEIPT)["body"]["Line"][0]
    assert line["SalesItemLineDetail"]["ItemRef"] == {"value": "802"}


def test_an_item_that_posts_elsewhere_is_refused(tmp_path: Path) -> None:
    books = connect(tmp_path, "uk", items={"sales.used_vehicle": "New vehicle sales"})
    with pytest.raises(ConfigError, match="to another account"):
        list(payloads(books, "G10"))


def test_a_location_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no location LEEDS"):
        list(payloads(connect(tmp_path, "uk", setup=company("uk", ["ELSEWHERE"])), "G10"))
    books = connect(tmp_path / "b", "uk", setup=company("uk", ["Leeds North"]), location_names={"LEEDS": "Leeds North"})
    assert form(books, "G10", wire.RECEIPT)["body"]["DepartmentRef"] == {"value": "950"}


def test_a_journal_on_the_account_of_suppliers_is_refused(tmp_path: Path) -> None:
    setup = company("uk")
    rows = [
        {**row, "AccountType": "Accounts Payable"} if row["Name"] == "Commissions payable" else row
        for row in setup.lists["Account"]
    ]
    books = connect(tmp_path, "uk", setup=replace(setup, lists={**setup.lists, "Account": rows}))
    with pytest.raises(PostingError, match="customers or suppliers"):
        list(payloads(books, "G10"))


def test_a_deal_in_another_currency_is_refused(tmp_path: Path) -> None:
    books = connect(tmp_path, "uk")
    posting = postings_of(books.book, golden("G10"))[0]
    entry = Entry.from_json(json.loads(json.dumps(posting.entry.as_json()).replace('"GBP"', '"EUR"')))
    with pytest.raises(PostingError, match="in EUR"):
        books.ledger.effects(replace(posting, entry=entry))


def test_an_account_goes_by_its_name_where_the_company_has_no_numbers(tmp_path: Path) -> None:
    setup = company("uk")
    rows = [{name: value for name, value in row.items() if name != "AcctNum"} for row in setup.lists["Account"]]
    books = connect(tmp_path, "uk", setup=replace(setup, lists={**setup.lists, "Account": rows}))
    books.plan(golden("G10"))
    assert books.drain().clean
    chart = load_chart("uk", {"sales.used_vehicle": Account(number="9", name="Nowhere", type="income")})
    books.ledger.directory.forget()
    books.ledger.directory.book = replace(books.book, chart=chart)
    with pytest.raises(ConfigError, match="no account 9 Nowhere"):
        list(payloads(books, "G10"))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"realm_id": "123", "colour": "red"}, "colour"),
        ({"realm_id": "123", "minor_version": 50}, "minor_version"),
        ({"realm_id": ""}, "which QuickBooks company"),
        ({"realm_id": "abc"}, "which QuickBooks company"),
        ({"realm_id": "123", "amounts": "both"}, "amounts"),
        ({"realm_id": "123"}, "no client_id and no client_secret"),
        ({"realm_id": "123", "client_id": "app"}, "no client_secret"),
        ({"realm_id": "123", "client_id": "app", "client_secret": "s", "base_url": "quickbooks.test"}, "base_url"),
        ({"realm_id": "123", "client_id": "app", "client_secret": "s", "token_url": "ftp://a.test/t"}, "token_url"),
        ({"realm_id": "123", "client_id": "app", "client_secret": "s", "authorize_url": "https://"}, "authorize_url"),
        ({"realm_id": "123", "client_id": "app", "client_secret": "s", "base_url": "http://[a"}, "base_url"),
    ],
)
def test_a_setting_that_is_wrong_is_named(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        settings_of("northgate", given)
    assert "northgate" in caught.value.message


def test_a_credit_memo_is_settled_out_of_clearing_and_the_two_are_applied_to_each_other(tmp_path: Path) -> None:
    books = connect(tmp_path, "us", sales_receipts=False)
    unwind = next(one for one in postings_of(books.book, golden("G08")) if one.entry.event == "sale.unwound")
    made = {spec.name: spec for spec in books.ledger.effects(unwind)}
    assert set(made) == {"customer", "credit-note", "journal", "settlement", "applied"}
    assert made["settlement"].payload["kind"] == wire.JOURNAL
    assert made["applied"].depends_on == ("customer", "settlement", "credit-note")
    body = made["applied"].payload["body"]
    assert body["TotalAmt"] == "0.00"
    assert [line["LinkedTxn"][0]["TxnType"] for line in body["Line"]] == ["JournalEntry", "CreditMemo"]


def test_a_dimension_without_a_field_is_written_with_its_word_whatever_the_text_tells(tmp_path: Path) -> None:
    directory = connect(tmp_path, "uk", locations_as="nothing").ledger.directory
    told = directory.without_place({"location": "Renault", "department": "used", "stock_no": "U1", "party": "C-1"})
    assert told == "location Renault, stock U1"


@pytest.mark.parametrize(
    ("codes", "said", "fix"),
    [
        ({"GB-S": "Standard"}, "no tax code Standard, which books.northgate.ledger.tax_codes.GB-S names", "has: "),
        ({}, "no tax code 20.0% S, which GB-S usually is, and books.northgate.ledger.tax_codes names", "{GB-S: ...}"),
    ],
)
def test_a_tax_code_that_is_missing_is_named_with_the_setting_and_what_to_do(
    tmp_path: Path, codes: dict[str, str], said: str, fix: str
) -> None:
    setup = company("uk")
    others = [row for row in setup.lists["TaxCode"] if row["Name"] != "20.0% S"]
    books = connect(tmp_path, "uk", setup=replace(setup, lists={**setup.lists, "TaxCode": others}), tax_codes=codes)
    with pytest.raises(ConfigError) as caught:
        list(payloads(books, "G10"))
    assert said in caught.value.message
    assert "northgate" in caught.value.message
    assert fix in caught.value.fix
    assert "0.0% Z" in caught.value.fix


def test_a_tax_code_that_no_setting_names_says_so(tmp_path: Path) -> None:
    books = connect(tmp_path, "uk")
    books.ledger.directory.book = replace(books.book, regime="au")
    with pytest.raises(ConfigError, match="does not say which tax code of QuickBooks GB-") as caught:
        list(payloads(books, "G10"))
    assert "of the book northgate needs it" in caught.value.message
