"""The rules that the QuickBooks sandbox keeps: documents, tax, requestid, batches, queries, and every setting."""

from __future__ import annotations

import random
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from quickbooks_sandbox_support import FAST, Books, deal, fault, journal, paid, side, sold

from sandbox.kit import Call
from sandbox.quickbooks import QuickBooksSandbox, Refusal, Settings, tax_rate, uk, us_automated, us_manual
from sandbox.quickbooks.books import balances

# Documents


def test_totals_of_a_deal_and_the_books() -> None:
    books = Books()
    made = books.made("SalesReceipt", deal(books.customer(), DepositToAccountRef={"value": "35"}))
    assert (made["TotalAmt"], made["TxnTaxDetail"]["TotalTax"]) == (Decimal("19943.75"), Decimal("1093.75"))
    assert made["Line"][-1]["DetailType"] == "SubTotalLineDetail"
    rows = books.get("reports/TrialBalance", end_date="2026-09-01")["Rows"]["Row"]
    found = {row["ColData"][0]["id"]: [cell["value"] for cell in row["ColData"][1:]] for row in rows[:-1]}
    assert found["35"] == ["19943.75", ""]
    assert found["81"] == ["7000.00", ""]
    assert found["90"] == ["", "1093.75"]
    assert rows[-1]["Summary"]["ColData"][1]["value"] == rows[-1]["Summary"]["ColData"][2]["value"] == "26943.75"


@pytest.mark.parametrize(
    ("changes", "code", "element"),
    [
        ({"Line": []}, "2020", "Line"),
        ({"Line": [{"DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {}}]}, "2020", "Line.Amount"),
        ({"CustomerRef": {"value": "77"}}, "2500", "CustomerRef"),
        ({"Line": [sold("1.00", "9999")]}, "2500", "Line.SalesItemLineDetail.ItemRef"),
        ({"Line": [sold("1.00", code="3")]}, "2500", "Line.SalesItemLineDetail.TaxCodeRef"),
        ({"Line": [sold("1.00", Qty=2)]}, "6070", "UnitPrice * Qty"),
        ({"Line": [sold("-1.00", code="NON")]}, "6000", "0 or greater"),
        ({"DocNumber": "1234567890123456789012"}, "2050", "Max:21"),
        ({"Colour": "red"}, "2010", "Colour"),
        ({"TxnDate": "20th"}, "2010", "TxnDate"),
        ({"Line": [sold("1e400")]}, "2010", "Amount"),
        ({"CurrencyRef": {"value": "EUR"}}, "6000", "Multi-currency"),
        ({"DepositToAccountRef": {"value": "101"}}, "6000", "deposit account"),
    ],
)
def test_sales_form_is_refused(changes: dict[str, Any], code: str, element: str) -> None:
    books = Books()
    found, detail = books.refused("SalesReceipt", {**deal(books.customer()), **changes})
    assert found == code
    assert element in detail


def test_what_is_inactive_cannot_be_used() -> None:
    books = Books()
    customer = books.customer()
    assert books.hand.deactivate("Account", "104")["Name"] == "Doc Fee Income (deleted)"
    assert books.refused("SalesReceipt", deal(customer))[0] == "610"
    books.hand.reactivate("Account", "104")
    assert books.made("SalesReceipt", deal(customer))["Id"]


def test_numbers_are_unique_only_while_the_warning_is_on() -> None:
    books = Books()
    body = deal(books.customer())
    first = books.made("Invoice", body)["Id"]
    code, detail = books.refused("Invoice", body)
    assert code == "6140"
    assert f"TxnType=Invoice with TxnId={first}" in detail
    assert books.made("SalesReceipt", body)["DocNumber"] == "D-10482"
    assert books.made("Invoice", body, include="allowduplicatedocnum")["DocNumber"] == "D-10482"
    books.hand.prefer(warn_duplicates=False)
    assert books.made("Invoice", body)["Id"]


def test_names_are_unique_over_people() -> None:
    books = Books()
    books.hand.type("Vendor", {"DisplayName": "Pat Doe"})
    assert books.refused("Customer", {"DisplayName": "pat doe"})[0] == "6240"


def test_automated_tax_and_who_may_override_it() -> None:
    books = Books()
    body = {**deal(books.customer()), "DocNumber": "", "TxnTaxDetail": {"TotalTax": "1000.00"}}
    made = books.made("Invoice", body)["TxnTaxDetail"]
    assert (made["TotalTax"], made["TaxLine"][0]["TaxLineDetail"]["OverrideDeltaAmount"]) == (1000, Decimal("-93.75"))
    body["TxnTaxDetail"] = {"TotalTax": "1000.00", "UseAutomatedSalesTax": True}
    assert books.made("Invoice", body)["TxnTaxDetail"]["TotalTax"] == Decimal("1093.75")
    body["TxnTaxDetail"] = {"TotalTax": "1000.00", "UseAutomatedSalesTax": False}
    assert books.made("Invoice", body)["TxnTaxDetail"]["TotalTax"] == 1000
    books.hand.prefer(allow_tax_override=False)
    assert books.made("Invoice", body)["TxnTaxDetail"]["TotalTax"] == Decimal("1093.75")


def test_an_override_is_prorated_over_the_rates() -> None:
    books = Books(us_automated(engine={"TX": ("3", "4")}))
    made = books.made("Invoice", deal(books.customer()))
    assert [line["Amount"] for line in made["TxnTaxDetail"]["TaxLine"]] == [Decimal("942.89"), Decimal("150.86")]
    rates = [tax_rate(ref, f"Rate {ref}", "1") for ref in ("3", "4", "5")]
    lists = {**us_automated().lists, "TaxRate": rates, "TaxCode": []}
    books = Books(us_automated(engine={"TX": ("3", "4", "5")}, lists=lists))
    made = books.made("Invoice", deal(books.customer(), TxnTaxDetail={"TotalTax": "1.00"}))["TxnTaxDetail"]
    assert [str(line["Amount"]) for line in made["TaxLine"]] == ["0.33", "0.33", "0.34"]


def test_tax_by_code_where_it_is_not_automated() -> None:
    books = Books(us_manual())
    body = {**deal(books.customer()), "TxnTaxDetail": {"TxnTaxCodeRef": {"value": "5"}}}
    assert books.made("Invoice", body)["TxnTaxDetail"]["TotalTax"] == Decimal("1268.75")


def _british(books: Books, way: str, *lines: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"CustomerRef": {"value": books.customer()}, "GlobalTaxCalculation": way, "Line": list(lines), **more}


def test_vat_on_top() -> None:
    books = Books(uk())
    lines = sold("18500.00", code="3"), sold("250.00", "47", "3"), sold("-500.00", "41", "3"), sold("245.00", "47", "9")
    made = books.made("Invoice", _british(books, "TaxExcluded", *lines, sold("-6000.00", "44", "9")))
    assert (made["TxnTaxDetail"]["TotalTax"], made["TotalAmt"]) == (3650, 16145)


def test_vat_inside_the_price() -> None:
    books = Books(uk())
    line = sold("8.33", code="3", TaxInclusiveAmt="9.99")
    made = books.made("Invoice", _british(books, "TaxInclusive", *[line] * 3))
    assert (made["TotalAmt"], made["TxnTaxDetail"]["TotalTax"]) == (Decimal("29.97"), Decimal("5.00"))
    assert [one["Amount"] for one in made["Line"]] == [Decimal(text) for text in ("8.33", "8.33", "8.31", "24.97")]


@pytest.mark.parametrize("code", ["TAX", "NON", "20.0% S", "77"])
def test_vat_needs_a_code_of_the_company(code: str) -> None:
    books = Books(uk())
    found, detail = books.refused("SalesReceipt", _british(books, "TaxExcluded", sold("1.00", code=code)))
    assert (found, "VAT rate" in detail) == ("6000", True)


def test_a_journal_must_balance_and_name_its_customer() -> None:
    books = Books()
    customer = books.customer()
    cost = side("Debit", "21150.00", "80"), side("Credit", "21150.00", "81")
    assert books.made("JournalEntry", journal(*cost))["TotalAmt"] == 21150
    assert "not in balance" in books.refused("JournalEntry", journal(cost[0], side("Credit", "1.00", "81")))[1]
    owed = side("Credit", "5.00", "84", customer)
    assert "must choose a customer" in books.refused("JournalEntry", journal(cost[0], side("Credit", "5", "84")))[1]
    assert books.made("JournalEntry", journal(side("Debit", "5.00", "62"), owed))["Id"]
    assert "only one" in books.refused("JournalEntry", journal(side("Debit", "5.00", "84", customer), owed))[1]
    assert books.refused("JournalEntry", journal(side("Debit", "-5", "62"), side("Credit", "-5", "62")))[0] == "6000"


def test_payments_settle_and_a_second_one_is_not_refused() -> None:
    books = Books()
    customer = books.customer()
    invoice = books.made("Invoice", deal(customer))
    assert books.made("Payment", paid(customer, "10000.00", invoice["Id"]))["UnappliedAmt"] == 0
    assert books.get(f"invoice/{invoice['Id']}")["Invoice"]["Balance"] == Decimal("9943.75")
    again = books.made("Payment", paid(customer, "10000.00", invoice["Id"]))
    assert again["UnappliedAmt"] == Decimal("56.25")
    read = books.get(f"invoice/{invoice['Id']}")["Invoice"]
    assert (read["Balance"], len(read["LinkedTxn"])) == (0, 2)
    assert books.refused("Payment", paid(customer, "1.00", invoice["Id"], applied="2.00"))[0] == "6000"
    assert books.refused("Payment", paid(books.customer("Other"), "1.00", invoice["Id"]))[0] == "6000"
    with pytest.raises(Refusal):
        books.hand.void("Invoice", invoice["Id"])
    books.hand.delete("Payment", again["Id"])
    assert books.get(f"invoice/{invoice['Id']}")["Invoice"]["Balance"] == Decimal("9943.75")


def test_a_journal_on_the_customers_account_settles_an_invoice() -> None:
    books = Books()
    customer = books.customer()
    invoice = books.made("Invoice", deal(customer))["Id"]
    credit = journal(side("Debit", "3000.00", "62"), side("Credit", "3000.00", "84", customer))
    entry = books.made("JournalEntry", credit)["Id"]
    links = [("Invoice", invoice), ("JournalEntry", entry)]
    lines = [{"Amount": "3000.00", "LinkedTxn": [{"TxnId": ref, "TxnType": kind}]} for kind, ref in links]
    body = {**paid(customer, "0.00"), "Line": lines}
    assert books.made("Payment", body)["UnappliedAmt"] == 0
    assert books.get(f"invoice/{invoice}")["Invoice"]["Balance"] == Decimal("16943.75")


def test_a_credit_memo_settles_an_invoice() -> None:
    books = Books()
    customer = books.customer()
    invoice = books.made("Invoice", deal(customer))["Id"]
    credit = books.made("CreditMemo", deal(customer, Line=[sold("100.00")], TxnTaxDetail={}))["Id"]
    links = [("Invoice", invoice, "206.25"), ("CreditMemo", credit, "106.25")]
    lines = [{"Amount": amount, "LinkedTxn": [{"TxnId": ref, "TxnType": kind}]} for kind, ref, amount in links]
    books.made("Payment", {**paid(customer, "100.00"), "Line": lines})
    assert books.get(f"creditmemo/{credit}")["CreditMemo"]["RemainingCredit"] == 0
    assert books.get(f"invoice/{invoice}")["Invoice"]["Balance"] == Decimal("19737.50")
    assert sum(balances(books.sandbox.company(), "2026-09-01").values()) == 0


def test_closed_books_take_nothing() -> None:
    books = Books()
    made = books.made("Invoice", deal(books.customer()))
    books.hand.close_books(date(2026, 9, 1))
    assert books.get("preferences")["Preferences"]["AccountingInfoPrefs"]["BookCloseDate"] == "2026-09-01"
    named = {"Id": made["Id"], "SyncToken": "0", "sparse": True}
    moved = {**named, "TxnDate": "2026-09-02"}
    assert {books.refused("Invoice", one)[0] for one in (deal("1"), moved)} == {"6210"}
    assert books.refused("Invoice", named, operation="delete")[0] == "6210"
    books.hand.close_books(None)
    assert books.made("Invoice", moved)["TxnDate"] == "2026-09-02"


def test_sparse_update_keeps_and_full_update_blanks() -> None:
    books = Books()
    made = books.made("Invoice", deal(books.customer()))
    kept = books.made("Invoice", {"Id": made["Id"], "SyncToken": "0", "sparse": True, "PONumber": "7"})
    assert (kept["PrivateNote"], kept["TotalAmt"]) == (made["PrivateNote"], made["TotalAmt"])
    full = {**deal("1"), "Id": made["Id"], "SyncToken": "1"}
    del full["PrivateNote"]
    assert "PrivateNote" not in books.made("Invoice", full)


def test_a_journal_is_not_voided_and_nobody_says_so() -> None:
    books = Books()
    made = books.made("JournalEntry", journal(side("Debit", "1", "62"), side("Credit", "1", "61")))
    answer = books.post("journalentry", {"Id": made["Id"], "SyncToken": "0"}, operation="void")
    assert answer["BatchItemResponse"] == []
    assert books.get(f"journalentry/{made['Id']}")["JournalEntry"]["TotalAmt"] == 1


# requestid


def test_a_repeat_gets_the_first_answer_even_when_the_document_is_gone() -> None:
    books = Books()
    body = deal(books.customer())
    first = books.made("Invoice", body, requestid="k1")
    assert books.made("Invoice", {**body, "PrivateNote": "other"}, requestid="k1")["PrivateNote"] == body["PrivateNote"]
    books.hand.delete("Invoice", first["Id"])
    assert books.made("Invoice", body, requestid="k1") == first
    assert fault(books.get(f"invoice/{first['Id']}"))[0] == "610"
    assert books.made("Invoice", body, requestid="k2")["Id"] != first["Id"]
    created = [write for write in books.sandbox.log.writes if write.action == "create" and write.kind == "Invoice"]
    assert [(write.key, write.document["TotalAmt"]) for write in created] == [
        ("k1", Decimal("19943.75")), ("k2", Decimal("19943.75")),
    ]  # fmt: skip


def test_a_refusal_is_not_kept_and_a_key_has_a_longest_length() -> None:
    books = Books()
    customer = books.customer()
    assert books.refused("Invoice", {**deal(customer), "Line": []}, requestid="k")[0] == "2020"
    assert books.made("Invoice", deal(customer), requestid="k")["Id"]
    assert books.refused("Invoice", deal(customer), requestid="k" * 51)[0] == "2050"


def test_two_companies_do_not_share_keys() -> None:
    sandbox = QuickBooksSandbox([us_automated(), us_manual()], settings=Settings(**FAST))
    for realm in sandbox.companies:
        token = sandbox.connect(realm)["access_token"]
        call = Call.of(
            "POST", f"/v3/company/{realm}/customer?requestid=k", {"Authorization": f"Bearer {token}"},
            b'{"DisplayName": "Pat"}',
        )  # fmt: skip
        sandbox.handle(call)
    assert len(sandbox.log.writes) == 2


# Batches


def _item(name: str, body: dict[str, Any], kind: str = "Invoice") -> dict[str, Any]:
    return {"bId": name, "operation": "create", kind: body}


def test_batch_is_not_atomic_and_each_item_is_done_once() -> None:
    books = Books()
    customer = books.customer()
    bad = {**deal(customer), "DocNumber": "2", "Line": []}
    body = {"BatchItemRequest": [_item("a", deal(customer)), _item("b", bad)]}
    first = books.post("batch", body, requestid="run")["BatchItemResponse"]
    assert ["Invoice" in one for one in first] == [True, False]
    body["BatchItemRequest"][1] = _item("b", {**deal(customer), "DocNumber": "2"})
    second = books.post("batch", body, requestid="run")["BatchItemResponse"]
    assert second[0] == first[0]
    assert second[1]["Invoice"]["DocNumber"] == "2"
    assert [write.key for write in books.sandbox.log.writes if write.kind == "Invoice"] == ["run/a", "run/b"]


def test_batch_items_do_not_see_each_other() -> None:
    books = Books()
    body = {"BatchItemRequest": [_item("a", {"DisplayName": "New"}, "Customer"), _item("b", deal("1"))]}
    answer = books.post("batch", body)["BatchItemResponse"]
    assert fault(answer[1])[0] == "2500"


@pytest.mark.parametrize(
    ("names", "key", "code"),
    [
        ([str(number) for number in range(31)], "", "6000"),
        (["a", "a"], "", "2010"),
        (["elevenchars"], "run", "2050"),
        (["a"], "k" * 37, "2050"),
    ],
)
def test_batch_rules(names: list[str], key: str, code: str) -> None:
    books = Books()
    body = {"BatchItemRequest": [_item(name, {"DisplayName": name}, "Customer") for name in names]}
    assert fault(books.post("batch", body, requestid=key))[0] == code


# Queries


def test_queries() -> None:
    books = Books()
    customer = books.customer()
    for number in range(5):
        books.made("Invoice", {**deal(customer), "DocNumber": f"D-{number}", "TxnDate": f"2026-09-0{number + 1}"})
    found = books.query("select * from Invoice")
    assert [row["DocNumber"] for row in found["Invoice"]] == ["D-4", "D-3", "D-2", "D-1", "D-0"]
    text = "select DocNumber from Invoice where TxnDate >= '2026-09-02' and TxnDate <= '2026-09-04' ORDERBY TxnDate"
    assert [row["DocNumber"] for row in books.query(text)["Invoice"]] == ["D-1", "D-2", "D-3"]
    assert books.query(f"{text} STARTPOSITION 3 MAXRESULTS 2")["Invoice"][0]["DocNumber"] == "D-3"
    assert len(books.query("select * from Invoice where DocNumber in ('D-1', 'D-2')")["Invoice"]) == 2
    assert len(books.query("select * from Invoice where DocNumber like 'D-%'")["Invoice"]) == 5
    assert books.query("select count(*) from Invoice where CustomerRef = '1'")["totalCount"] == 5
    assert books.query("select * from Invoice where DocNumber = 'none'") == {}
    assert len(books.query(r"select * from Customer where DisplayName = 'Jane O\'Neil'")["Customer"]) == 1


def test_inactive_rows_are_shown_when_asked_for() -> None:
    books = Books()
    books.hand.deactivate("Class", "5000000000000021")
    assert books.query("select count(*) from Class")["totalCount"] == 1
    assert books.query("select count(*) from Class where Active in (true, false)")["totalCount"] == 2


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("select * from Invoice where PrivateNote = 'x'", "4001"),
        ("select * from Payment where DocNumber = 'x'", "4001"),
        ("select * from Invoice where Nothing = 'x'", "4001"),
        ("select * from Invoice where Id = '1' or Id = '2'", "4000"),
        ("select * from Invoice where DocNumber = 'O'Neil'", "4000"),
        ("select * from Nothing", "4001"),
        ("select * from Invoice maxresults 1001", "4001"),
        ("select * from Invoice startposition 0", "4001"),
        ("", "4000"),
    ],
)
def test_queries_that_are_refused(text: str, code: str) -> None:
    assert fault(Books().query(text))[0] == code


def test_changes_reach_back_thirty_days() -> None:
    books = Books()
    made = books.made("Invoice", deal(books.customer()))
    books.hand.delete("Invoice", made["Id"])
    answer = books.get("cdc", entities="Invoice,Payment", changedSince="2026-08-31T00:00:00-08:00")
    rows = answer["CDCResponse"][0]["QueryResponse"]
    assert (rows[0]["Invoice"][0]["status"], rows[1]) == ("Deleted", {})
    assert fault(books.get("cdc", entities="Invoice", changedSince="2026-07-01T00:00:00Z"))[0] == "6000"


def test_a_discount_takes_its_share_of_the_tax_base() -> None:
    books = Books()
    customer = books.customer()
    line = {"DetailType": "DiscountLineDetail", "DiscountLineDetail": {"PercentBased": True, "DiscountPercent": 10}}
    body = deal(customer, Line=[sold("1000.00"), line], TxnTaxDetail={}, DocNumber="")
    assert books.made("Invoice", body)["TotalAmt"] == Decimal("962.50")
    assert books.made("Invoice", {**body, "ApplyTaxAfterDiscount": True})["TotalAmt"] == Decimal("956.25")
    assert "one discount" in books.refused("Invoice", {**body, "Line": [sold("1.00"), line, line]})[1]


def test_a_deposit_lowers_the_balance_of_an_invoice() -> None:
    books = Books()
    body = deal(books.customer(), Deposit="500.00")
    assert books.refused("Invoice", body)[0] == "2020"
    made = books.made("Invoice", {**body, "DepositToAccountRef": {"value": "35"}})
    assert made["Balance"] == Decimal("19443.75")
    found = balances(books.sandbox.company(), "2026-09-01")
    assert (found["35"], found["84"], sum(found.values())) == (500, Decimal("19443.75"), 0)


def test_custom_fields_are_three_short_texts() -> None:
    books = Books()
    customer = books.customer()
    values = [{"DefinitionId": ref, "StringValue": "STK-4471"} for ref in ("1", "4")]
    made = books.made("Invoice", deal(customer, CustomField=values))
    assert [value["Name"] for value in made["CustomField"]] == ["VIN"]
    long = [{"DefinitionId": "1", "StringValue": "x" * 32}]
    assert books.refused("Invoice", deal(customer, CustomField=long))[0] == "2050"
    entry = journal(side("Debit", "1", "62"), side("Credit", "1", "61"), CustomField=values)
    assert "CustomField" not in books.made("JournalEntry", entry)


def test_numbers_are_given_where_the_company_gives_them() -> None:
    books = Books(us_automated(custom_numbers=False))
    body = deal(books.customer(), DocNumber="")
    assert [books.made("Invoice", body)["DocNumber"] for _ in range(2)] == ["1001", "1002"]
    books = Books()
    body = deal(books.customer(), DocNumber="")
    assert "DocNumber" not in books.made("Invoice", body)
    assert books.made("Invoice", {**body, "DocNumber": "AUTO_GENERATE"})["DocNumber"] == "1001"


# Settings: what is recalled can be told otherwise


@pytest.mark.parametrize(
    ("setting", "kind", "changes", "expected"),
    [
        ({"negative_total": True}, "Invoice", {"Line": [sold("-1.00", code="NON")]}, "-1.00"),
        ({"amount_checked": False}, "Invoice", {"Line": [sold("1.00", code="NON", Qty=2)]}, "1.00"),
        ({"inactive_code": "2500"}, "Invoice", {"ClassRef": {"value": "5000000000000022"}}, "2500"),
        ({"number_length": 5}, "Invoice", {}, "2050"),
        ({"customer_required": frozenset({"SalesReceipt"})}, "SalesReceipt", {"CustomerRef": {}}, "2020"),
        ({"deposit_types": frozenset({"Bank"})}, "SalesReceipt", {}, "6000"),
        ({"ast_no_base": "keep"}, "Invoice", {"Line": [sold("1.00", code="NON")]}, "1094.75"),
        ({}, "Invoice", {"Line": [sold("1.00", code="NON")]}, "1.00"),
    ],
)
def test_settings_of_documents(setting: dict[str, Any], kind: str, changes: dict[str, Any], expected: str) -> None:
    books = Books(**setting)
    books.hand.deactivate("Class", "5000000000000022")
    answer = books.post(kind.lower(), deal(books.customer(), **changes))
    assert expected == (str(answer[kind]["TotalAmt"]) if kind in answer else fault(answer)[0])


def test_setting_of_an_override_without_a_word() -> None:
    books = Books(us_automated(allow_tax_override=False), ast_silent="preference")
    made = books.made("Invoice", deal(books.customer(), TxnTaxDetail={"TotalTax": "1.00"}))
    assert made["TxnTaxDetail"]["TotalTax"] == Decimal("1093.75")


def test_setting_of_manual_override() -> None:
    tax = {"TxnTaxCodeRef": {"value": "2"}, "TotalTax": "1.00"}
    for honoured, total in ((True, Decimal("1.00")), (False, Decimal("1093.75"))):
        books = Books(us_manual(), manual_override=honoured)
        assert books.made("Invoice", deal(books.customer(), TxnTaxDetail=tax))["TxnTaxDetail"]["TotalTax"] == total


@pytest.mark.parametrize(
    ("setting", "way", "tax", "total"),
    [
        ({}, "TaxExcluded", "0.51", "3.06"),
        ({"tax_rounding": "line"}, "TaxExcluded", "0.51", "3.06"),
        ({}, "TaxInclusive", "0.51", "3.06"),
        ({"inclusive_amount": "gross"}, "TaxInclusive", "0.43", "2.55"),
        ({"inclusive_amount": "gross", "tax_rounding": "line"}, "TaxInclusive", "0.42", "2.55"),
    ],
)
def test_settings_of_vat(setting: dict[str, Any], way: str, tax: str, total: str) -> None:
    books = Books(uk(), **setting)
    made = books.made("Invoice", _british(books, way, *[sold("0.85", code="3")] * 3))
    assert (str(made["TxnTaxDetail"]["TotalTax"]), str(made["TotalAmt"])) == (tax, total)


def test_setting_of_stated_tax_lines() -> None:
    line = {"Amount": "20.01", "DetailType": "TaxLineDetail", "TaxLineDetail": {"TaxRateRef": {"value": "7"}}}
    for honoured, tax in ((True, "20.01"), (False, "20.00")):
        books = Books(uk(), tax_lines_honoured=honoured)
        body = _british(books, "TaxExcluded", sold("100.00", code="3"), TxnTaxDetail={"TaxLine": [line]})
        assert str(books.made("Invoice", body)["TxnTaxDetail"]["TotalTax"]) == tax


def test_settings_of_payments() -> None:
    books = Books(linked_void="unlink", over_linked="cut")
    customer = books.customer()
    invoice = books.made("Invoice", deal(customer))["Id"]
    payment = books.made("Payment", paid(customer, "5.00", invoice, applied="9.00"))
    assert (payment["Line"][0]["Amount"], payment["UnappliedAmt"]) == (5, 0)
    books.hand.void("Invoice", invoice)
    assert books.get(f"payment/{payment['Id']}")["Payment"]["UnappliedAmt"] == 5


def test_settings_of_journals() -> None:
    books = Books(journal_void="refuse", one_control_line=False)
    customer = books.customer()
    made = books.made("JournalEntry", journal(side("Debit", "1", "84", customer), side("Credit", "1", "84", customer)))
    assert books.refused("JournalEntry", {"Id": made["Id"], "SyncToken": "0"}, operation="void")[0] == "500"


def test_settings_of_keys() -> None:
    books = Books(refusals_kept=True, other_body="refuse", request_id_life=60)
    customer = books.customer()
    bad = deal(customer, Line=[])
    assert {books.refused("Invoice", bad, requestid="k")[0] for _ in range(2)} == {"2020"}
    assert books.refused("Invoice", deal(customer), requestid="k")[0] == "6000"
    books.clock.sleep(60)
    assert books.made("Invoice", deal(customer), requestid="k")["Id"]


def test_settings_of_numbers_and_filters() -> None:
    books = Books(shared_numbers=True, also_filterable=frozenset({"Invoice.PrivateNote"}))
    body = deal(books.customer())
    books.made("Invoice", body)
    assert books.refused("SalesReceipt", body)[0] == "6140"
    assert len(books.query("select * from Invoice where PrivateNote like 'deal=%'")["Invoice"]) == 1


# Whatever comes


_JUNK: tuple[Any, ...] = (
    None, "", [], {}, "x", "\ud800", 0, -1, "1e999", "NaN", True, 10**30, [[]], [{}], [None], {"value": {"a": 1}},
    {"value": "84"}, "2026-13-01", "2026-09-03T00:00:00Z", "Invoice", "TAX",
)  # fmt: skip


def _spoilt(dice: random.Random, body: Any) -> Any:
    """The same with one thing in it taken away or put otherwise, as deep as the dice say."""
    if not isinstance(body, (dict, list)) or not body or dice.random() < 0.15:
        return dice.choice(_JUNK)
    place = dice.choice(list(body) if isinstance(body, dict) else range(len(body)))
    copied = body.copy()
    if dice.random() < 0.2:
        del copied[place]
    else:
        copied[place] = _spoilt(dice, body[place])
    return copied


@pytest.mark.parametrize("setup", [us_automated(), us_manual(), uk()], ids=["automated", "manual", "uk"])
def test_whatever_is_sent_gets_an_answer_and_the_books_balance(setup: Any) -> None:
    dice = random.Random(4)
    books = Books(setup)
    customer = books.customer()
    code = "TAX" if books.sandbox.company().in_us else "3"
    form = deal(customer, Line=[sold("100.00", code=code), sold("-50.00", "44", code)], DocNumber="")
    invoice = books.made("Invoice", form)["Id"]
    bodies = dict.fromkeys(("Invoice", "SalesReceipt", "CreditMemo"), form)
    bodies["Payment"] = paid(customer, "1.00", invoice)
    bodies["JournalEntry"] = journal(side("Debit", "5.00", "62"), side("Credit", "5.00", "84", customer))
    taken = 0
    for _ in range(600):
        kind = dice.choice(list(bodies))
        answer = books.post(kind.lower(), _spoilt(dice, bodies[kind]))
        assert kind in answer or "Fault" in answer
        taken += kind in answer
        answer = books.post("batch", _spoilt(dice, {"BatchItemRequest": [_item("1", {**form, "Deposit": 1})]}))
        assert "BatchItemResponse" in answer or "Fault" in answer
    assert taken > 30
    assert sum(balances(books.sandbox.company(), "2099-12-31").values()) == 0
