"""The Xero sandbox: its documents, money, contacts, and a person's hand."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from xero_python.accounting import Contact, Contacts
from xero_python.exceptions import BadRequestException, NotFoundException
from xero_sandbox_support import DAY, STORIES, Recorded, Xero, journal, line, messages, sdk, sdk_story

from sandbox.kit import VirtualClock
from sandbox.kit.server import serving
from sandbox.xero import Invalid, Settings
from sandbox.xero.reports import trial_balance


def balanced(xero: Xero) -> None:
    """The ledger balances in every journal, and so does the trial balance."""
    for entry in xero.sandbox.books.journals:
        assert sum(part.net for part in entry.lines) == 0
    total = trial_balance(xero.sandbox.books, date(2026, 12, 31))["Rows"][-1]["Rows"][0]["Cells"]
    assert total[1]["Value"] == total[2]["Value"]
    assert total[3]["Value"] == total[4]["Value"]


# Xero's own client


def test_xeros_own_client_creates_reads_lists_and_is_refused() -> None:
    sandbox = Recorded(clock=VirtualClock(datetime(2026, 11, 20, 9, tzinfo=UTC)))
    tenant = sandbox.books.tenant
    with serving(sandbox) as host:
        api = sdk(sandbox, host)
        sdk_story(sandbox, api)
        invoice = api.get_invoice(tenant, "D-1").invoices[0]
        assert (invoice.total, invoice.amount_due, invoice.status) == (
            Decimal("22200.00"),
            Decimal("22000.00"),
            "AUTHORISED",
        )
        assert invoice.date == date(2026, 11, 20) or invoice.date.date() == date(2026, 11, 20)
        assert invoice.line_items[0].tax_amount == Decimal("3700.00")
        assert invoice.line_items[0].tracking[0].option == "Leeds"
        contacts = Contacts(contacts=[Contact(name=f"Buyer {n}", contact_number=f"B-{n}") for n in range(5)])
        first = api.create_contacts(tenant, contacts, idempotency_key="five")
        again = api.create_contacts(tenant, contacts, idempotency_key="five")
        assert [one.contact_id for one in first.contacts] == [one.contact_id for one in again.contacts]
        second = api.get_contacts(tenant, page=2, page_size=4, order="Name ASC")
        assert (len(second.contacts), second.pagination.item_count, second.pagination.page_count) == (2, 6, 2)
        with pytest.raises(BadRequestException) as refused:
            api.create_contacts(tenant, contacts, idempotency_key="other")
        assert refused.value.error_data["ErrorNumber"] == 10
        with pytest.raises(NotFoundException):
            api.get_contact(tenant, "no-such-number")
    assert len([write for write in sandbox.log.writes if write.kind == "Contact"]) == 6
    assert sandbox.balances()["090"] == Decimal("200.00")


# Invoices


def test_the_deal_of_the_fact_sheet_comes_to_its_total() -> None:
    xero = Xero()
    made = xero.invoice()
    assert (made["SubTotal"], made["TotalTax"], made["Total"], made["AmountDue"]) == (12495, 3650, 16145, 16145)
    assert [item["TaxAmount"] for item in made["LineItems"]] == [3700, 50, -100, 0, 0]
    assert made["Date"] == "/Date(1795132800000+0000)/"
    assert made["DateString"] == "2026-11-20T00:00:00"
    assert xero.sandbox.balances() == {
        "200": Decimal("-18000.00"), "205": Decimal("-250.00"), "610": Decimal("16145.00"),
        "631": Decimal("6000.00"), "820": Decimal("-3650.00"), "825": Decimal("-245.00"),
    }  # fmt: skip
    write = xero.sandbox.log.writes[-1]
    assert (write.action, write.kind, write.document["InvoiceNumber"]) == ("create", "Invoice", "D-20931")
    assert write.document["Total"] == Decimal("16145.00")


@pytest.mark.parametrize(
    ("amounts", "amount", "kind", "sums"),
    [
        ("Inclusive", "120.00", "OUTPUT2", ("100.00", "20.00", "120.00")),
        ("Inclusive", "99.99", "OUTPUT2", ("83.32", "16.67", "99.99")),
        ("Exclusive", "0.13", "OUTPUT2", ("0.13", "0.03", "0.16")),
        ("Exclusive", "-0.13", "OUTPUT2", None),
        ("Exclusive", "100.00", "RROUTPUT", ("100.00", "5.00", "105.00")),
        ("NoTax", "100.00", "OUTPUT2", ("100.00", "0.00", "100.00")),
    ],
)
def test_tax_is_computed_by_the_line(amounts: str, amount: str, kind: str, sums: tuple[str, ...] | None) -> None:
    xero = Xero()
    sent = xero.deal("D-1", LineAmountTypes=amounts, LineItems=[line("car", amount, kind=kind)])
    answer = xero.put("/Invoices", {"Invoices": [sent]})
    if sums is None:
        assert messages(answer) == ["The document total cannot be negative"]
        return
    write = xero.sandbox.log.writes[-1].document
    assert (write["SubTotal"], write["TotalTax"], write["Total"]) == tuple(Decimal(one) for one in sums)
    balanced(xero)


def test_a_tax_amount_may_differ_a_little() -> None:
    xero = Xero()
    assert xero.invoice("D-1", LineItems=[line("car", "100.00", tax="20.05")])["TotalTax"] == 20.05
    far = xero.put("/Invoices", {"Invoices": [xero.deal("D-2", LineItems=[line("car", "100.00", tax="20.06")])]})
    assert messages(far) == ["Tax amount 20.06 is incorrect for OUTPUT2 tax type, should be 20.00"]
    xero.sandbox.settings.tax_override = None
    assert xero.invoice("D-3", LineItems=[line("car", "100.00", tax="7.00")])["TotalTax"] == 7


def test_quantities_discounts_and_decimals() -> None:
    xero = Xero()
    lines = [
        {**line("litres", "1.2345"), "Quantity": Decimal("10")},
        {**line("rate", "100.00"), "DiscountRate": 10},
        {**line("amount", "100.00"), "DiscountAmount": Decimal("2.50")},
        {"Description": "from the line", "Quantity": 4, "LineAmount": Decimal("10.00"), "AccountCode": "200"},
        {"Description": "a remark"},
    ]
    made = xero.invoice("D-1", LineItems=lines)
    assert [item["LineAmount"] for item in made["LineItems"]] == [12.35, 90, 97.5, 10, 0]
    coarse = xero.put("/Invoices", {"Invoices": [xero.deal("D-2", LineItems=lines[:1])]}).json()["Invoices"][0]
    assert (coarse["LineItems"][0]["UnitAmount"], coarse["SubTotal"]) == (1.23, 12.3)
    wrong = xero.deal("D-3", LineItems=[{**line("x", "10.00"), "LineAmount": 11}])
    assert messages(xero.put("/Invoices", {"Invoices": [wrong]})) == [
        "The line total 11 does not match the expected line total 10.00"
    ]


def test_a_total_that_does_not_add_up_is_ignored_or_refused() -> None:
    xero = Xero()
    assert xero.invoice("D-1", Total=1)["Total"] == 16145
    xero.sandbox.settings.total_mismatch = "refuse"
    refused = xero.put("/Invoices", {"Invoices": [xero.deal("D-2", Total=1)]})
    assert messages(refused) == ["The document total 1 does not equal the sum of the lines 16145.00"]


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"LineItems": [line("x", "1", account="999")]}, "Account code '999' is not a valid code for this document."),
    ({"LineItems": [line("x", "1", account="610")]}, "Account code '610' is not a valid code for this document."),
    ({"LineItems": [line("x", "1", account="090")]}, "Account code '090' is not a valid code for this document."),
    ({"LineItems": [line("x", "1", kind="OUTPUT9")]},
     "The TaxType code OUTPUT9 does not exist or cannot be used for this type of transaction."),
    ({"LineItems": [line("x", "1", kind="INPUT2")]},
     "The TaxType code INPUT2 does not exist or cannot be used for this type of transaction."),
    ({"LineItems": [line("x", "1", account="429")]},
     "The TaxType code 'OUTPUT2' cannot be used with account code '429'."),
    ({"LineItems": [line("x", "1", site="Paris")]},
     "The tracking option Paris of Site does not exist or is not active"),
    ({"LineItems": [line("", "1")]}, "Description needs to be at least 1 char long"),
    ({"LineItems": []}, "One or more line items must be specified"),
    ({"LineItems": [line("x", "1") | {"Tracking": [{"Name": "Site", "Option": "Leeds"}] * 3}]},
     "A line can have at most 2 tracking categories"),
    ({"DueDate": None}, "Due Date cannot be empty"),
    ({"Date": "yesterday"}, "Date is not a valid date"),
    ({"CurrencyCode": "EUR"}, "Organisation is not subscribed to currency EUR"),
    ({"Url": "https://my.xero.com/1"}, "The Url must be an absolute address and must not contain xero"),
    ({"InvoiceNumber": "D" * 256}, "The length of InvoiceNumber must be 255 characters or fewer"),
    ({"Contact": {}}, "A Contact must be specified for this type of transaction"),
    ({"Type": "SALE"}, "The document type is missing or not valid"),
    ({"Status": "PAID"}, "The status PAID is not valid"),
]  # fmt: skip


@pytest.mark.parametrize(("fields", "message"), REFUSED, ids=[text[:40] for _, text in REFUSED])
def test_an_invoice_that_breaks_a_rule_is_refused(fields: dict[str, Any], message: str) -> None:
    xero = Xero()
    answer = xero.put("/Invoices", {"Invoices": [xero.deal(**fields)]})
    assert answer.status_code == 400
    assert message in messages(answer)
    assert [write.kind for write in xero.sandbox.log.writes] == ["Contact"]


def test_put_refuses_a_number_that_is_taken_and_post_overwrites() -> None:
    xero = Xero()
    first = xero.invoice("D-1")
    taken = xero.put("/Invoices", {"Invoices": [xero.deal("d-1")]})
    assert messages(taken) == ["Invoice # must be unique."]
    cheap = xero.deal("D-1", LineItems=[line("car", "1.00")])
    over = xero.post("/Invoices", {"Invoices": [cheap]}).json()["Invoices"][0]
    assert (over["InvoiceID"], over["Total"]) == (first["InvoiceID"], 1.2)
    assert xero.sandbox.balances()["610"] == Decimal("1.20")
    balanced(xero)


def test_lines_keep_their_ids_only_where_these_are_sent() -> None:
    xero = Xero()
    before = xero.invoice("D-1")["LineItems"]
    sent = [{**line("kept", "1.00"), "LineItemID": before[0]["LineItemID"]}, line("new", "2.00")]
    after = xero.post("/Invoices/D-1", {"LineItems": sent}).json()["Invoices"][0]["LineItems"]
    assert after[0]["LineItemID"] == before[0]["LineItemID"]
    assert after[1]["LineItemID"] not in {item["LineItemID"] for item in before}


def test_a_void_keeps_its_number_and_a_deleted_draft_frees_it() -> None:
    xero = Xero()
    xero.invoice("D-1")
    xero.post("/Invoices/D-1", {"Status": "VOIDED"})
    assert messages(xero.put("/Invoices", {"Invoices": [xero.deal("D-1")]})) == ["Invoice # must be unique."]
    assert xero.sandbox.balances() == {}
    xero.invoice("D-2", Status="DRAFT")
    xero.post("/Invoices/D-2", {"Status": "DELETED"})
    assert xero.invoice("D-2")["Status"] == "AUTHORISED"
    assert xero.get("/Invoices/D-2").json()["Invoices"][0]["Status"] == "AUTHORISED"
    assert ("Invoice", xero.get("/Invoices/D-1").json()["Invoices"][0]["InvoiceID"]) not in xero.sandbox.log.standing()


def test_drafts_are_not_in_the_ledger_until_they_are_approved() -> None:
    xero = Xero()
    made = xero.invoice("D-1", Status="DRAFT")
    assert xero.sandbox.balances() == {}
    assert messages(xero.pay("D-1", "1.00")) == ["Payments can only be made against Authorised documents"]
    xero.post(f"/Invoices/{made['InvoiceID']}", {"Status": "AUTHORISED"})
    assert xero.sandbox.balances()["610"] == Decimal("16145.00")
    refused = xero.post(f"/Invoices/{made['InvoiceID']}", {"Status": "DELETED"})
    assert messages(refused) == ["The status cannot be changed from AUTHORISED to DELETED"]


def test_an_own_number_is_made_where_none_is_sent() -> None:
    xero = Xero()
    xero.invoice("INV-0001")
    deal = xero.deal()
    del deal["InvoiceNumber"]
    assert xero.put("/Invoices", {"Invoices": [deal]}).json()["Invoices"][0]["InvoiceNumber"] == "INV-0002"


def test_one_bad_element_fails_the_call_or_only_itself() -> None:
    xero = Xero()
    pair = {"Invoices": [xero.deal("D-1"), xero.deal("D-1")]}
    assert xero.put("/Invoices", pair).status_code == 400
    assert xero.get("/Invoices/D-1").status_code == 404
    assert xero.sandbox.books.journals == []
    answer = xero.put("/Invoices", pair, summarizeErrors="false")
    assert answer.status_code == 200
    good, bad = answer.json()["Invoices"]
    assert (good["StatusAttributeString"], good["HasErrors"]) == ("OK", False)
    assert (bad["StatusAttributeString"], bad["HasErrors"]) == ("ERROR", True)
    assert bad["ValidationErrors"] == [{"Message": "Invoice # must be unique."}]
    assert [write.kind for write in xero.sandbox.log.writes] == ["Contact", "Invoice"]


def test_lock_dates_hold_for_new_documents_voids_and_payments() -> None:
    xero = Xero()
    xero.invoice("D-1")
    xero.sandbox.hand.move_lock(period=date(2026, 11, 20))
    text = "The document date cannot be before the period lock date, currently set at 20-Nov-2026"
    assert messages(xero.put("/Invoices", {"Invoices": [xero.deal("D-2")]})) == [text]
    assert messages(xero.post("/Invoices/D-1", {"Status": "VOIDED"})) == [text]
    assert messages(xero.pay("D-1", "1.00")) == [text]
    assert messages(xero.put("/ManualJournals", {"ManualJournals": [journal()]})) == [text]
    assert xero.pay("D-1", "1.00", Date="2026-11-21").status_code == 200
    found = xero.get("/Organisation").json()["Organisations"][0]
    assert found["PeriodLockDate"] == "/Date(1795132800000+0000)/"
    xero.sandbox.hand.move_lock(year=date(2026, 12, 31))
    assert "end of year lock date, currently set at 31-Dec-2026" in messages(xero.pay("D-1", "1.00"))[0]


def test_an_archived_account_or_contact_refuses() -> None:
    xero = Xero()
    xero.sandbox.hand.archive("Account", "205")
    assert messages(xero.put("/Invoices", {"Invoices": [xero.deal("D-1")]})) == [
        "Account code '205' has been archived, or deleted."
    ]
    xero.sandbox.hand.unarchive("Account", "205")
    deal = xero.deal("D-1")
    xero.sandbox.hand.archive("Contact", "C-7781")
    assert "has been archived" in messages(xero.put("/Invoices", {"Invoices": [deal]}))[0]
    with pytest.raises(Invalid, match="system account"):
        xero.sandbox.hand.archive("Account", "610")


@pytest.mark.parametrize(
    ("country", "kind", "tax"), [("GB", "OUTPUT2", "20.00"), ("AU", "OUTPUT", "10.00"), ("NZ", "OUTPUT2", "15.00"),
                                 ("US", "TAX001", "8.25")],
)  # fmt: skip
def test_organisations_of_four_countries(country: str, kind: str, tax: str) -> None:
    xero = Xero(Settings(country=country))
    own = xero.get("/Organisation").json()["Organisations"][0]
    rates = {rate["TaxType"]: rate for rate in xero.get("/TaxRates").json()["TaxRates"]}
    assert rates[kind]["CanApplyToRevenue"]
    made = xero.invoice("D-1", CurrencyCode=own["BaseCurrency"], LineItems=[line("car", "100.00", kind=kind)])
    assert Decimal(str(made["TotalTax"])) == Decimal(tax)
    kinds = {account.get("SystemAccount") for account in xero.get("/Accounts").json()["Accounts"]}
    assert {"DEBTORS", "CREDITORS", "GST", "RETAINEDEARNINGS"} <= kinds


# Money


def test_payments_settle_reopen_and_never_exceed_what_is_due() -> None:
    xero = Xero()
    xero.invoice()
    xero.pay("D-20931", "14000.00", account="635")
    assert xero.due("D-20931") == Decimal("2145.00")
    over = messages(xero.pay("D-20931", "2145.01"))
    assert over == ["Payment amount exceeds the amount outstanding on this document"]
    assert messages(xero.pay("D-20931", "100.00", account="200")) == ["The account cannot be used for payments"]
    assert messages(xero.pay("D-20931", "0.00")) == ["Payment amount must be greater than zero"]
    last = xero.pay("D-20931", "2145.00").json()["Payments"][0]
    assert last["Invoice"]["Status"] == "PAID"
    assert xero.get("/Invoices/D-20931").json()["Invoices"][0]["FullyPaidOnDate"] == "/Date(1795132800000+0000)/"
    assert messages(xero.post("/Invoices/D-20931", {"Status": "VOIDED"})) != []
    gone = xero.post(f"/Payments/{last['PaymentID']}", {"Status": "DELETED"}).json()["Payments"][0]
    assert gone["Status"] == "DELETED"
    assert xero.due("D-20931") == Decimal("2145.00")
    assert messages(xero.post(f"/Payments/{last['PaymentID']}", {"Status": "DELETED"})) == [
        "Payment has already been deleted"
    ]
    assert xero.sandbox.balances()["635"] == Decimal("14000.00")
    balanced(xero)


def test_a_repeated_part_payment_is_taken_twice() -> None:
    xero = Xero()
    xero.invoice()
    xero.pay("D-20931", "500.00", "key-1")
    xero.pay("D-20931", "500.00", "key-2")
    assert xero.due("D-20931") == Decimal("15145.00")


def test_credit_notes_prepayments_and_overpayments_are_allocated() -> None:
    xero = Xero()
    STORIES["credits"](xero)
    invoice = xero.get("/Invoices/D-2").json()["Invoices"][0]
    assert (invoice["AmountCredited"], invoice["AmountDue"]) == (640, 15505)
    assert [len(invoice[name]) for name in ("CreditNotes", "Prepayments", "Overpayments")] == [1, 1, 1]
    note = xero.get("/CreditNotes/D-2-C1").json()["CreditNotes"][0]
    assert (note["Status"], note["RemainingCredit"], len(note["Allocations"])) == ("PAID", 0, 1)
    assert messages(xero.post("/Invoices/D-2", {"Status": "VOIDED"})) != []
    assert xero.sandbox.balances()["610"] == Decimal("15505.00")
    assert "830" not in xero.sandbox.balances()
    path = f"/CreditNotes/{note['CreditNoteID']}/Allocations"
    more = {"Amount": 1, "Date": DAY, "Invoice": {"InvoiceID": invoice["InvoiceID"]}}
    assert messages(xero.put(path, more)) == ["Only authorised documents can be allocated"]
    assert xero.call("DELETE", f"{path}/{note['Allocations'][0]['AllocationID']}").json()["IsDeleted"]
    assert xero.due("D-2") == Decimal("15625.00")
    assert messages(xero.put(path, {**more, "Amount": 121})) == [
        "The allocation amount exceeds the remaining credit or the amount due"
    ]
    assert [write.action for write in xero.sandbox.log.writes].count("allocate") == 3
    balanced(xero)


def test_bank_transactions_take_no_tax_of_ours_and_need_a_bank() -> None:
    xero = Xero()
    sent = {"Type": "RECEIVE", "Contact": {"ContactID": xero.contact()}, "BankAccount": {"Code": "090"}, "Date": DAY,
            "LineItems": [line("plates", "30.00", account="206", tax="6.01")]}  # fmt: skip
    assert messages(xero.put("/BankTransactions", {"BankTransactions": [sent]})) == [
        "Tax amount 6.01 is incorrect for OUTPUT2 tax type, should be 6.00"
    ]
    sent["LineItems"] = [line("plates", "30.00", account="206")]
    made = xero.put("/BankTransactions", {"BankTransactions": [sent]}).json()["BankTransactions"][0]
    assert xero.sandbox.balances() == {"090": 36, "206": -30, "820": -6}
    xero.post(f"/BankTransactions/{made['BankTransactionID']}", {"Status": "DELETED"})
    assert xero.sandbox.balances() == {}
    sent["BankAccount"] = {"Code": "200"}
    assert messages(xero.put("/BankTransactions", {"BankTransactions": [sent]})) == [
        "A valid bank account must be specified"
    ]


def test_manual_journals_balance_and_keep_off_accounts() -> None:
    xero = Xero()
    made = xero.put("/ManualJournals", {"ManualJournals": [journal()]}).json()["ManualJournals"][0]
    assert xero.sandbox.balances() == {"310": Decimal("16200.00"), "630": Decimal("-16200.00")}
    for code in ("610", "800", "960", "090", "632"):
        refused = xero.put("/ManualJournals", {"ManualJournals": [journal(credit=code)]})
        assert messages(refused) == [f"Account code '{code}' cannot be used in a manual journal"]
    crooked = journal()
    crooked["JournalLines"][0]["LineAmount"] = Decimal("16200.01")
    assert messages(xero.put("/ManualJournals", {"ManualJournals": [crooked]})) == [
        "The total debits must equal total credits. Out of balance by 0.01"
    ]
    assert "Narration must be specified" in messages(
        xero.put("/ManualJournals", {"ManualJournals": [journal(Narration="")]})
    )
    gone = {"Narration": made["Narration"], "Status": "VOIDED"}
    xero.post(f"/ManualJournals/{made['ManualJournalID']}", {"ManualJournals": [gone]})
    assert xero.sandbox.balances() == {}
    again = xero.post(f"/ManualJournals/{made['ManualJournalID']}", {"Status": "VOIDED"})
    assert again.status_code == 400
    taxed = journal("100.00", debit="429", LineAmountTypes="Exclusive")
    taxed["JournalLines"][0]["TaxType"] = "INPUT2"
    taxed["JournalLines"][1]["LineAmount"] = Decimal("-120.00")
    assert xero.put("/ManualJournals", {"ManualJournals": [taxed]}).status_code == 200
    assert xero.sandbox.balances() == {"429": 100, "630": -120, "820": 20}


def test_a_credit_note_and_a_prepayment_are_paid_back() -> None:
    xero = Xero()
    contact = {"ContactID": xero.contact()}
    note = {"Type": "ACCRECCREDIT", "CreditNoteNumber": "C-1", "Contact": contact, "Date": DAY, "Status": "AUTHORISED",
            "LineItems": [line("less", "100.00")]}  # fmt: skip
    xero.put("/CreditNotes", {"CreditNotes": [note]})
    back = {"CreditNote": {"CreditNoteNumber": "C-1"}, "Account": {"Code": "090"}, "Date": DAY, "Amount": 120}
    paid = xero.put("/Payments", {"Payments": [back]}).json()["Payments"][0]
    assert (paid["PaymentType"], paid["CreditNote"]["Status"]) == ("ARCREDITPAYMENT", "PAID")
    assert xero.sandbox.balances() == {"090": -120, "200": 100, "820": 20}
    sent = {"Type": "RECEIVE-PREPAYMENT", "Contact": contact, "BankAccount": {"Code": "090"}, "Date": DAY,
            "LineItems": [line("Deposit", "500.00", account="830", kind="NONE")]}  # fmt: skip
    bank = xero.put("/BankTransactions", {"BankTransactions": [sent]}).json()["BankTransactions"][0]
    back = {"Prepayment": {"PrepaymentID": bank["PrepaymentID"]}, "Account": {"Code": "090"}, "Date": DAY}
    assert xero.put("/Payments", {"Payments": [{**back, "Amount": 501}]}).status_code == 400
    xero.put("/Payments", {"Payments": [{**back, "Amount": 500}]})
    assert xero.sandbox.balances() == {"090": -120, "200": 100, "820": 20}
    balanced(xero)


def test_a_foreign_currency_stands_in_the_ledger_at_its_rate() -> None:
    xero = Xero(Settings(currencies=("EUR",)))
    made = xero.invoice("D-1", CurrencyCode="EUR", CurrencyRate=Decimal("1.25"), LineItems=[line("car", "100.00")])
    assert (made["Total"], made["CurrencyRate"]) == (120, 1.25)
    assert xero.sandbox.balances() == {"200": -80, "610": 96, "820": -16}
    xero.pay("D-1", "120.00")
    assert xero.sandbox.balances() == {"090": 96, "200": -80, "820": -16}


def test_what_is_only_recalled_can_be_set_otherwise() -> None:
    xero = Xero(Settings(approvals_a_month=1, unknown_tracking="drop", texts={"number": "taken: choose another"}))
    made = xero.invoice("D-1", LineItems=[line("x", "1.00", site="Paris")])
    assert made["LineItems"][0]["Tracking"] == []
    assert messages(xero.put("/Invoices", {"Invoices": [xero.deal("D-1")]})) == ["taken: choose another"]
    assert "number of approved invoices" in messages(xero.put("/Invoices", {"Invoices": [xero.deal("D-2")]}))[0]
    xero.sandbox.settings.approvals_a_month = None
    xero.sandbox.settings.voided_number_taken = False
    xero.post("/Invoices/D-1", {"Status": "VOIDED"})
    assert xero.invoice("D-1")["Status"] == "AUTHORISED"
    xero.sandbox.settings.max_rows = 1
    assert "more than 1 rows" in xero.get("/Invoices").json()["Message"]
    xero.sandbox.settings.all_or_nothing = False
    assert xero.put("/Invoices", {"Invoices": [xero.deal("D-5"), xero.deal("D-1")]}).status_code == 400
    assert xero.get("/Invoices/D-5").status_code == 200


# Contacts


def test_contacts_are_unique_by_name_and_number() -> None:
    xero = Xero()
    xero.contact("C-1")
    same = {"Name": "jane o'neil (c-1)", "ContactNumber": "C-1"}
    assert len(messages(xero.put("/Contacts", {"Contacts": [same]}))) == 2
    merged = xero.post("/Contacts", {"Contacts": [{**same, "EmailAddress": "jane@example.com"}]}).json()["Contacts"][0]
    assert merged["ContactID"] == xero.contact("C-1")
    assert merged["EmailAddress"] == "jane@example.com"
    assert messages(xero.put("/Contacts", {"Contacts": [{"Name": "B", "EmailAddress": "nothing"}]})) == [
        "The email address is not valid"
    ]
    assert messages(xero.put("/Contacts", {"Contacts": [{"Name": "B", "ContactNumber": "9" * 51}]})) == [
        "The length of ContactNumber must be 50 characters or fewer"
    ]
    xero.sandbox.hand.archive("Contact", "C-1")
    assert xero.get("/Contacts").json()["Contacts"] == []
    assert len(xero.get("/Contacts", includeArchived="true").json()["Contacts"]) == 1
    assert xero.put("/Contacts", {"Contacts": [{"Name": "Jane O'Neil (C-1)"}]}).status_code == 200


def test_fields_beside_the_id_change_the_contact() -> None:
    xero = Xero()
    contact = xero.contact()
    xero.invoice("D-1", Contact={"ContactID": contact, "EmailAddress": "new@example.com"})
    assert xero.get(f"/Contacts/{contact}").json()["Contacts"][0]["EmailAddress"] == "new@example.com"
    by_name = xero.invoice("D-2", Contact={"Name": "Somebody New"})
    assert by_name["Contact"]["Name"] == "Somebody New"


# A person's hand


def test_a_person_edits_voids_deletes_and_types() -> None:
    xero = Xero()
    hand = xero.sandbox.hand
    xero.invoice("D-1", "key-1")
    hand.edit("Invoice", "D-1", LineItems=[line("changed", "10.00")])
    assert xero.due("D-1") == Decimal("12.00")
    hand.edit("Invoice", "D-1", Reference="typed over")
    paid = hand.pay("D-1", "090", "2.00", date(2026, 11, 20))
    with pytest.raises(Invalid, match="payment or credit"):
        hand.void("Invoice", "D-1")
    with pytest.raises(Invalid, match="only deleted"):
        hand.edit("Payment", paid["PaymentID"], Reference="other")
    hand.delete("Payment", paid["PaymentID"])
    hand.void("Invoice", "D-1")
    copy = xero.deal("D-1 again")
    hand.enter("Invoice", **copy)
    typed = hand.enter("ManualJournal", **journal(Narration="typed by hand"))
    hand.void("ManualJournal", typed["ManualJournalID"])
    assert xero.get("/Invoices", createdByMyApp="true").json()["Invoices"][0]["InvoiceNumber"] == "D-1"
    assert {write.key for write in xero.sandbox.log.writes if write.kind != "Contact"} == {"key-1", ""}
    assert hand.see("Invoice", "D-1 again")["Total"] == Decimal("16145.00")
    hand.change_tax("OUTPUT2", "25")
    assert xero.invoice("D-9", LineItems=[line("x", "100.00")])["TotalTax"] == 25
    hand.drop_option("Site", "Leeds")
    assert xero.put("/Invoices", {"Invoices": [xero.deal("D-10")]}).status_code == 400
    with pytest.raises(KeyError):
        hand.void("Invoice", "D-99")
    balanced(xero)


def test_what_a_hand_may_not_do_leaves_nothing_behind() -> None:
    xero = Xero()
    before = (len(xero.sandbox.log.writes), xero.sandbox.balances())
    with pytest.raises(Invalid):
        xero.sandbox.hand.enter("Invoice", Type="ACCREC", Contact={"Name": "New"}, Status="AUTHORISED", LineItems=[])
    assert (len(xero.sandbox.log.writes), xero.sandbox.balances()) == before
    assert xero.get("/Contacts").json()["Contacts"] == []


# Whatever happens


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["sell", "pay", "unpay", "void", "edit", "credit", "lock"]),
                          st.integers(0, 3), st.decimals("0.01", "300", places=2)), max_size=14))  # fmt: skip
def test_the_ledger_balances_and_agrees_with_what_is_due(steps: list[tuple[str, int, Decimal]]) -> None:
    xero = Xero()
    payments: list[str] = []
    for step, place, amount in steps:
        number = f"D-{place}"
        if step == "sell":
            xero.put("/Invoices", {"Invoices": [xero.deal(number, LineItems=[line("car", str(amount))])]})
        elif step == "pay":
            answer = xero.pay(number, str(amount))
            payments += [item["PaymentID"] for item in answer.json().get("Payments", [])]
        elif step == "unpay" and payments:
            xero.post(f"/Payments/{payments.pop()}", {"Status": "DELETED"})
        elif step == "void":
            xero.post(f"/Invoices/{number}", {"Status": "VOIDED"})
        elif step == "edit":
            xero.post(f"/Invoices/{number}", {"LineItems": [line("other", str(amount), kind="RROUTPUT")]})
        elif step == "credit":
            note = {"Type": "ACCRECCREDIT", "Contact": {"ContactID": xero.contact()}, "Date": DAY,
                    "Status": "AUTHORISED", "LineItems": [line("less", str(amount))]}  # fmt: skip
            made = xero.put("/CreditNotes", {"CreditNotes": [note]}).json()["CreditNotes"][0]
            held = xero.get(f"/Invoices/{number}").json()
            if isinstance(held, dict):
                link = {"Amount": amount, "Date": DAY, "Invoice": {"InvoiceID": held["Invoices"][0]["InvoiceID"]}}
                xero.put(f"/CreditNotes/{made['CreditNoteID']}/Allocations", {"Allocations": [link]})
    books = xero.sandbox.books
    due = sum((doc["AmountDue"] for doc in books.all("Invoice")), Decimal(0))
    left = sum((doc["RemainingCredit"] for doc in books.all("CreditNote")), Decimal(0))
    assert xero.sandbox.balances().get("610", Decimal(0)) == due - left
    assert all(doc["AmountDue"] >= 0 for doc in books.all("Invoice"))
    balanced(xero)


def test_the_same_seed_gives_the_same_answers() -> None:
    def told(seed: int) -> list[bytes]:
        xero = Xero(Settings(seed=seed, per_minute=1000))
        STORIES["sale"](xero)
        return [answer.body for _, answer in xero.sandbox.seen]

    assert told(1) == told(1)
    assert told(1) != told(2)
