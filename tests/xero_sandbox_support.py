"""The Xero sandbox behind a client, documents to send, and stories that go through most of its calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, ClassVar

import httpx
import orjson
from xero_python.accounting import AccountingApi
from xero_python.api_client import ApiClient
from xero_python.api_client.configuration import Configuration
from xero_python.api_client.oauth2 import OAuth2Token

from sandbox.kit import Answer, Call, Clock, FaultPlan, SandboxTransport, VirtualClock
from sandbox.xero import Settings, XeroSandbox

API = "/api.xro/2.0"
DAY = "2026-11-20"


class Recorded(XeroSandbox):
    """Keeps every call with its answer; `everything`, once it is a list, those of all sandboxes."""

    everything: ClassVar[list[tuple[Call, Answer]] | None] = None

    def __init__(
        self, settings: Settings | None = None, *, clock: Clock | None = None, faults: FaultPlan | None = None
    ) -> None:
        super().__init__(settings, clock=clock, faults=faults)
        self.seen: list[tuple[Call, Answer]] = []

    def handle(self, call: Call) -> Answer:
        answer = super().handle(call)
        self.seen.append((call, answer))
        if self.everything is not None:
            self.everything.append((call, answer))
        return answer


class Xero:
    """A sandbox whose time is moved by hand, and somebody who calls it."""

    def __init__(self, settings: Settings | None = None, *, faults: FaultPlan | None = None) -> None:
        self.clock = VirtualClock(datetime(2026, 11, 20, 9, tzinfo=UTC))
        quiet = settings or Settings(per_minute=10_000, per_day=100_000)
        self.sandbox = Recorded(quiet, clock=self.clock, faults=faults)
        self.http = httpx.Client(transport=SandboxTransport(self.sandbox), base_url="https://xero.test" + API)
        self.http.headers.update(self.sandbox.headers())

    def call(self, method: str, path: str, body: Any = None, key: str = "", **query: Any) -> httpx.Response:
        headers = {"idempotency-key": key} if key else {}
        content = orjson.dumps(body, default=_exact) if body is not None else None
        return self.http.request(method, path, content=content, params=query, headers=headers)

    def put(self, path: str, body: Any, key: str = "", **query: Any) -> httpx.Response:
        return self.call("PUT", path, body, key, **query)

    def post(self, path: str, body: Any, key: str = "", **query: Any) -> httpx.Response:
        return self.call("POST", path, body, key, **query)

    def get(self, path: str, **query: Any) -> httpx.Response:
        return self.call("GET", path, **query)

    def contact(self, number: str = "C-7781") -> str:
        found = self.get(f"/Contacts/{number}")
        if found.status_code == 404:
            found = self.put("/Contacts", {"Contacts": [{"Name": f"Jane O'Neil ({number})", "ContactNumber": number}]})
        return str(found.json()["Contacts"][0]["ContactID"])

    def invoice(self, number: str = "D-20931", key: str = "", **fields: Any) -> dict[str, Any]:
        answer = self.put("/Invoices", {"Invoices": [self.deal(number, **fields)]}, key, unitdp=4)
        assert answer.status_code == 200, answer.text
        return dict(answer.json()["Invoices"][0])

    def deal(self, number: str = "D-20931", **fields: Any) -> dict[str, Any]:
        """The deal of the fact sheet: 16,145.00 after part exchange."""
        return {
            "Type": "ACCREC", "InvoiceNumber": number, "Reference": "HS-99120 / STK-8812",
            "Contact": {"ContactID": self.contact()}, "Date": DAY, "DueDate": DAY, "LineAmountTypes": "Exclusive",
            "CurrencyCode": "GBP", "Status": "AUTHORISED", "Url": "https://crm.example/deals/20931",
            "LineItems": [
                line("Octavia, VIN TMBJJ7NX3PY012345", "18500.00", tax="3700.00", site="Leeds", dept="Used cars"),
                line("Delivery and PDI", "250.00", account="205", site="Leeds"),
                line("Deal discount", "-500.00"),
                line("Vehicle excise duty", "245.00", account="825", kind="NONE"),
                line("Part exchange 2017 Golf AB17 XYZ", "-6000.00", account="631", kind="NONE"),
            ],
            **fields,
        }  # fmt: skip

    def pay(self, number: str, amount: str, key: str = "", account: str = "090", **fields: Any) -> httpx.Response:
        sent = {
            "Invoice": {"InvoiceNumber": number}, "Account": {"Code": account}, "Date": DAY, "Amount": Decimal(amount),
            "Reference": f"{number}:FIN", **fields,
        }  # fmt: skip
        return self.put("/Payments", {"Payments": [sent]}, key)

    def due(self, number: str) -> Decimal:
        return Decimal(str(self.get(f"/Invoices/{number}").json()["Invoices"][0]["AmountDue"]))


def line(
    text: str,
    amount: str,
    *,
    account: str = "200",
    kind: str = "OUTPUT2",
    tax: str = "",
    site: str = "",
    dept: str = "",
) -> dict[str, Any]:
    """A line of a document."""
    found: dict[str, Any] = {
        "Description": text, "Quantity": 1, "UnitAmount": Decimal(amount), "AccountCode": account, "TaxType": kind,
    }  # fmt: skip
    if tax:
        found["TaxAmount"] = Decimal(tax)
    marks = [("Site", site), ("Department", dept)]
    if any(option for _, option in marks):
        found["Tracking"] = [{"Name": name, "Option": option} for name, option in marks if option]
    return found


def journal(amount: str = "16200.00", *, debit: str = "310", credit: str = "630", **fields: Any) -> dict[str, Any]:
    """A journal of cost."""
    return {
        "Narration": "D-20931:COS:1 cost of STK-8812", "Date": DAY, "Status": "POSTED", "LineAmountTypes": "NoTax",
        "ShowOnCashBasisReports": False,
        "JournalLines": [
            {"LineAmount": Decimal(amount), "AccountCode": debit, "Description": "Cost of sale",
             "Tracking": [{"Name": "Site", "Option": "Leeds"}]},
            {"LineAmount": -Decimal(amount), "AccountCode": credit, "Description": "Vehicle stock"},
        ],
        **fields,
    }  # fmt: skip


def messages(answer: httpx.Response) -> list[str]:
    """What a validation says."""
    body = answer.json()
    return [error["Message"] for element in body.get("Elements", ()) for error in element["ValidationErrors"]]


def sdk(sandbox: XeroSandbox, host: str) -> AccountingApi:
    """Xero's own client, pointed at a sandbox on a port."""
    token = {**sandbox.identity.tokens(sandbox.identity.consent()), "expires_at": 4_000_000_000}
    token["scope"] = token["scope"].split()
    held = OAuth2Token(client_id="sandbox-app", client_secret="sandbox-secret")
    client = ApiClient(
        Configuration(oauth2_token=held), oauth2_token_getter=lambda: token, oauth2_token_saver=lambda new: None
    )
    return AccountingApi(client, base_url=host + API)


def _exact(value: Any) -> Any:
    if isinstance(value, Decimal):
        return orjson.Fragment(str(value))
    raise TypeError


def a_sale(xero: Xero) -> None:
    """A deal with its money, its cost, and its end."""
    made = xero.invoice(key="sale-1")
    xero.pay("D-20931", "14000.00", "pay-1", "635")
    rest = xero.pay("D-20931", "2145.00", "pay-2").json()["Payments"][0]
    cost = xero.put("/ManualJournals", {"ManualJournals": [journal()]}, "cost-1").json()["ManualJournals"][0]
    xero.put(f"/Invoices/{made['InvoiceID']}/History", {"HistoryRecords": [{"Details": "VIN TMBJJ7NX3PY012345"}]})
    for path in (f"/Invoices/{made['InvoiceID']}", f"/Invoices/{made['InvoiceID']}/History",
                 f"/Payments/{rest['PaymentID']}", f"/ManualJournals/{cost['ManualJournalID']}"):  # fmt: skip
        xero.get(path)
    xero.post(f"/Payments/{rest['PaymentID']}", {"Status": "DELETED"})
    xero.post(
        f"/ManualJournals/{cost['ManualJournalID']}", {"ManualJournals": [{"Narration": "x", "Status": "VOIDED"}]}
    )


def some_credits(xero: Xero) -> None:
    """A credit note, a prepayment, an overpayment, money without an invoice."""
    invoice = xero.invoice("D-2")
    contact = {"ContactID": xero.contact()}
    note = {"Type": "ACCRECCREDIT", "CreditNoteNumber": "D-2-C1", "Contact": contact, "Date": DAY,
            "Status": "AUTHORISED", "LineItems": [line("Goodwill", "100.00")]}  # fmt: skip
    made = xero.put("/CreditNotes", {"CreditNotes": [note]}, "cn-1").json()["CreditNotes"][0]
    link = {"Amount": Decimal("120.00"), "Date": DAY, "Invoice": {"InvoiceID": invoice["InvoiceID"]}}
    xero.put(f"/CreditNotes/{made['CreditNoteID']}/Allocations", {"Allocations": [link]})
    for kind, item in (("RECEIVE-PREPAYMENT", line("Deposit", "500.00", account="830", kind="NONE")),
                       ("RECEIVE-OVERPAYMENT", {"Description": "Too much", "UnitAmount": 20, "AccountCode": "610"}),
                       ("RECEIVE", line("Number plates", "30.00", account="206"))):  # fmt: skip
        sent = {"Type": kind, "Contact": contact, "BankAccount": {"Code": "090"}, "Date": DAY, "Reference": f"R {kind}",
                "LineItems": [item]}  # fmt: skip
        bank = xero.put("/BankTransactions", {"BankTransactions": [sent]}).json()["BankTransactions"][0]
        for name in ("Prepayment", "Overpayment"):
            if f"{name}ID" in bank:
                link["Amount"] = Decimal(str(bank["Total"]))
                xero.put(f"/{name}s/{bank[f'{name}ID']}/Allocations", {"Allocations": [link]})
                xero.get(f"/{name}s", page=1)
    xero.get(f"/CreditNotes/{made['CreditNoteID']}")
    xero.get("/BankTransactions", page=1, where='Reference=="R RECEIVE"')


def lists(xero: Xero) -> None:
    """Every list, filters, pages, settings."""
    for number in ("D-31", "D-32", "D-33"):
        xero.invoice(number)
    xero.get("/Invoices", page=2, pageSize=2, order="InvoiceNumber DESC")
    xero.get("/Invoices", InvoiceNumbers="D-31,D-33", summaryOnly="true")
    xero.get("/Invoices", where='Type=="ACCREC" AND Date>=DateTime(2026,11,01)', page=1)
    for path in ("Contacts", "Accounts", "TaxRates", "TrackingCategories", "Organisation", "Payments", "ManualJournals",
                 "CreditNotes", "Invoices", "Currencies", "Reports/TrialBalance"):  # fmt: skip
        xero.get(f"/{path}")
    xero.get("/Contacts", searchTerm="O'Neil", page=1)
    xero.get("/Journals", offset=0)


def refusals(xero: Xero) -> None:
    """What is not accepted, in each of Xero's forms."""
    xero.invoice("D-41")
    xero.put("/Invoices", {"Invoices": [xero.deal("D-41")]})
    xero.put("/Invoices", {"Invoices": [xero.deal("D-41"), xero.deal("D-42")]}, summarizeErrors="false")
    xero.put("/Invoices", {"Invoices": [xero.deal("D-43", LineItems=[line("x", "1", account="999", kind="OUTPUT9")])]})
    xero.pay("D-41", "99999.00")
    xero.put("/ManualJournals", {"ManualJournals": [journal(credit="610")]})
    xero.put("/Contacts", {"Contacts": [{"Name": "Jane O'Neil (C-7781)"}]})
    xero.get("/Invoices", where="Nonsense==1")


def settings_story(xero: Xero) -> None:
    """What an owner sets through the API."""
    account = xero.put("/Accounts", {"Code": "222", "Name": "Warranty income", "Type": "REVENUE"}).json()["Accounts"][0]
    xero.post(f"/Accounts/{account['AccountID']}", {"Accounts": [{"Status": "ARCHIVED"}]})
    parts = [{"Name": "VAT", "Rate": Decimal("12.5")}]
    xero.put("/TaxRates", {"TaxRates": [{"Name": "Reduced", "TaxComponents": parts, "ReportTaxType": "OUTPUT"}]})
    category = xero.get("/TrackingCategories").json()["TrackingCategories"][0]
    xero.put(f"/TrackingCategories/{category['TrackingCategoryID']}/Options", {"Options": [{"Name": "Hull"}]})


STORIES: Mapping[str, Callable[[Xero], None]] = {
    "sale": a_sale, "credits": some_credits, "lists": lists, "refusals": refusals, "settings": settings_story,
}  # fmt: skip


def sdk_story(sandbox: XeroSandbox, api: AccountingApi) -> None:
    """Xero's own client creates, reads and lists."""
    from xero_python.accounting import (
        Account,
        Contact,
        Contacts,
        Invoice,
        Invoices,
        LineAmountTypes,
        LineItem,
        LineItemTracking,
        ManualJournal,
        ManualJournalLine,
        ManualJournals,
        Payment,
        Payments,
    )

    tenant = sandbox.books.tenant
    made = api.create_contacts(tenant, Contacts(contacts=[Contact(name="Ann Khan", contact_number="C-1")]))
    buyer = Contact(contact_id=made.contacts[0].contact_id)
    car = LineItem(
        description="Octavia", quantity=Decimal(1), unit_amount=Decimal("18500.00"), account_code="200",
        tax_type="OUTPUT2", tracking=[LineItemTracking(name="Site", option="Leeds")],
    )  # fmt: skip
    sent = Invoice(
        type="ACCREC", invoice_number="D-1", contact=buyer, date=date(2026, 11, 20), due_date=date(2026, 11, 20),
        line_items=[car], line_amount_types=LineAmountTypes.EXCLUSIVE, status="AUTHORISED",
    )  # fmt: skip
    api.create_invoices(tenant, Invoices(invoices=[sent]), summarize_errors=False, unitdp=4, idempotency_key="sdk-1")
    paid = Payment(
        invoice=Invoice(invoice_number="D-1"), account=Account(code="090"), date=date(2026, 11, 20),
        amount=Decimal("200.00"), reference="D-1:P1",
    )  # fmt: skip
    api.create_payments(tenant, Payments(payments=[paid]), idempotency_key="sdk-2")
    lines = [ManualJournalLine(line_amount=Decimal(amount), account_code=code)
             for amount, code in (("50.00", "310"), ("-50.00", "630"))]  # fmt: skip
    cost = ManualJournal(narration="D-1:COS", date=date(2026, 11, 20), status="POSTED", journal_lines=lines)
    api.create_manual_journals(tenant, ManualJournals(manual_journals=[cost]), idempotency_key="sdk-3")
    api.get_invoices(tenant, where='Type=="ACCREC"', page=1, page_size=50)
    api.get_organisations(tenant)
    api.get_accounts(tenant)
    api.get_tax_rates(tenant)
    api.get_tracking_categories(tenant)
    api.get_payments(tenant, page=1)
    api.get_manual_journals(tenant, page=1)
    api.get_report_trial_balance(tenant, date=date(2026, 11, 30))
