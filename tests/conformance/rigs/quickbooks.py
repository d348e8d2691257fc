"""QuickBooks Online: a company in the United States with automated sales tax, one in the United Kingdom with VAT."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from conformance import rig
from conformance.deals import BOOK
from conformance.rig import CURRENCIES, Unable
from pydantic import SecretStr
from quickbooks_support import FAST, company, consent

from blocks.ledgers.quickbooks import QuickBooksSettings, connected
from dealbooks.book import Book
from dealbooks.charts import load_chart
from dealbooks.ledger import Ledger, Request
from dealbooks.registry import Services
from sandbox.kit import Fault, SandboxTransport
from sandbox.quickbooks import QuickBooksSandbox, Settings
from sandbox.quickbooks.books import balances

_CENT = Decimal("0.01")
_FORMS = ("Invoice", "SalesReceipt", "CreditMemo")
_DOCUMENTS = (*_FORMS, "Payment", "RefundReceipt", "JournalEntry")


class Rig(rig.Rig):
    """A company with the lists that the shipped chart needs."""

    name = "quickbooks"
    foreign = finds_customers_by_id = False
    sale, journal, money = "invoice", "journal", "payment"
    folded = {"clearing.settlement": "receivable.customer"}
    modes = {"invoices": {}, "long sales receipts": {"sales_receipts": True}}
    figures = {"dimension": "lines"}
    nowhere = {"locations_as": "nothing", "departments_as": "nothing"}
    # One call at a time: threads that each move a virtual clock would call in another second than the planned one.
    own_limits = {
        "behaves": {"per_second": 10, "per_minute": 500}, "calls_per_second": 10, "calls_per_minute": 500,
        "calls_at_once": 1,
    }  # fmt: skip
    small_pages = {"page_size": 2}
    calls_to_see_no_change = 2  # one, and a token
    unlinks = {"behaves": {"linked_void": "unlink"}}
    credit = "CreditMemo"
    limits = {Fault.LIMIT_SECOND: 0.0, Fault.LIMIT_MINUTE: 0.0, Fault.LIMIT_CONCURRENT: 0.0}

    def made(self) -> None:
        if self.region not in ("us", "uk"):
            raise Unable("the sandbox has companies in the United States and in the United Kingdom only")
        behaves = {**FAST, **self.settings.pop("behaves", {})}
        setup = company(self.region)
        self.sandbox = QuickBooksSandbox([setup], settings=Settings(**behaves), clock=self.clock, faults=self.faults)
        self.counted(self.sandbox)
        self.hand = self.sandbox.hand()
        self.book = Book(BOOK, "", CURRENCIES[self.region], self.region, chart=load_chart(self.region))  # type: ignore[arg-type]

    def connected(self, **settings: Any) -> Ledger:
        given = {"sales_receipts": False, "calls_per_second": 100_000, "calls_per_minute": 100_000, **settings}
        read = QuickBooksSettings(
            realm_id=self.sandbox.company().setup.realm, client_id="sandbox-app",
            client_secret=SecretStr("sandbox-secret"), base_url="http://quickbooks.test",
            token_url="http://quickbooks.test/oauth2/v1/tokens/bearer", **given,
        )  # fmt: skip
        services = Services(self.store, self.folder)
        made = connected(self.book, read, services, transport=SandboxTransport(self.sandbox), pace=self.clock)
        if not getattr(self, "_consented", False):
            consent(made, self.sandbox, self.clock)
            self._consented = True
        return made

    def balances(self) -> dict[str, Decimal]:
        held = self.sandbox.company()
        numbers = {row["Id"]: row["AcctNum"] for row in held.tables["Account"].values() if row.get("AcctNum")}
        sums: dict[str, Decimal] = defaultdict(Decimal)
        own = {self.chart.roles[role].number: self.chart.roles[into].number for role, into in self.folded.items()}
        for ref, amount in balances(held, "2099-12-31").items():
            number = numbers.get(ref, ref)
            sums[own.get(number, number)] += amount
        return {number: amount for number, amount in sorted(sums.items()) if amount}

    def standing(self) -> Mapping[str, int]:
        tables = self.sandbox.company().tables
        return Counter({kind: len(tables[kind]) for kind in _DOCUMENTS if tables[kind]})

    def written(self) -> int:
        return len(self.sandbox.log.writes)

    def customers(self) -> list[str]:
        return sorted(str(row["DisplayName"]) for row in self.sandbox.company().tables["Customer"].values())

    def known(self, kind: str, name: str) -> None:
        self.hand.type(kind.capitalize(), {"DisplayName": name})

    def change(self, ref: str, what: str) -> None:
        kind, _, number = ref.partition("/")
        held = self.hand.read(kind, number)
        if what == "date":
            day = date.fromisoformat(held["TxnDate"]) + timedelta(days=1)
            self.hand.edit(kind, number, TxnDate=day.isoformat())
            return
        if what == "tax":
            self.hand.edit(kind, number, TxnTaxDetail=_taxed(held["TxnTaxDetail"]))
            return
        lines = [dict(line) for line in held["Line"] if line["DetailType"] != "SubTotalLineDetail"]
        if what == "dimension":
            for line in lines:
                detail = dict(line[line["DetailType"]])
                detail.pop("ClassRef", None)
                line[line["DetailType"]] = detail
        else:
            for line in lines[:2] if kind == "JournalEntry" else lines[:1]:
                line["Amount"] = str(Decimal(line["Amount"]) + _CENT)
                detail = dict(line[line["DetailType"]])
                if "UnitPrice" in detail:
                    detail["UnitPrice"] = line["Amount"]
                line[line["DetailType"]] = detail
        self.hand.edit(kind, number, Line=lines)

    def void(self, ref: str) -> None:
        kind, _, number = ref.partition("/")
        if kind == "JournalEntry":
            raise Unable("a journal entry can be deleted, not voided")
        self.hand.void(kind, number)

    def applied(self, ref: str) -> bool:
        kind, _, number = ref.partition("/")
        return any(line.get("LinkedTxn") for line in self.hand.read(kind, number)["Line"])

    def delete(self, ref: str) -> None:
        kind, _, number = ref.partition("/")
        self.hand.delete(kind, number)

    def twin(self, ref: str) -> None:
        kind, _, number = ref.partition("/")
        self.hand.prefer(warn_duplicates=False)
        held = self.hand.read(kind, number)
        gone = ("Id", "SyncToken", "MetaData", "Balance", "LinkedTxn")
        lines = [
            {name: value for name, value in line.items() if name not in ("Id", "LinkedTxn")}
            for line in held["Line"]
            if line["DetailType"] != "SubTotalLineDetail"
        ]
        self.hand.type(kind, {**{name: value for name, value in held.items() if name not in gone}, "Line": lines})

    def take_number(self, request: Request) -> None:
        item = next(iter(self.sandbox.company().tables["Item"]))
        customer = self.hand.type("Customer", {"DisplayName": "Somebody else"})["Id"]
        detail = {"ItemRef": {"value": item}, "TaxCodeRef": {"value": "9"}}
        line = {"Amount": "1.00", "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": detail}
        self.hand.type(
            "Invoice", {"DocNumber": request.payload["number"], "CustomerRef": {"value": customer}, "Line": [line]}
        )

    def lock(self, until: date | None) -> None:
        self.hand.close_books(until)

    def drop(self, what: str) -> tuple[str, ...]:
        tables = self.sandbox.company().tables
        if what == "account":
            gone = self.chart.roles["inventory.used_vehicle"]
            (ref,) = [ref for ref, row in tables["Account"].items() if row.get("AcctNum") == gone.number]
            del tables["Account"][ref]
            return (gone.number, gone.name, "inventory.used_vehicle")
        if what == "tax":
            (ref,) = [ref for ref, row in tables["TaxCode"].items() if row["Name"] == "20.0% S"]
            del tables["TaxCode"][ref]
            return ("tax code", "20.0% S")
        (ref,) = [ref for ref, row in tables["Class"].items() if row["Name"] == "used"]
        self.hand.deactivate("Class", ref)
        return ("class", "used")

    def texts(self, ref: str) -> str:
        kind, _, number = ref.partition("/")
        held = self.hand.read(kind, number)
        lines = [str(line.get("Description", "")) for line in held["Line"]]
        return "\n".join([str(held.get("PrivateNote", "")), *lines, str(held.get("CustomField", ""))])

    def places_of(self, ref: str) -> set[str]:
        kind, _, number = ref.partition("/")
        held = self.hand.read(kind, number)
        found = [held.get("DepartmentRef")]
        for line in held["Line"]:
            detail = line.get(line["DetailType"]) or {}
            found += [detail.get("ClassRef"), detail.get("DepartmentRef")]
        return {str(one["name"]) for one in found if one}

    def revoke(self) -> None:
        self.sandbox.disconnect()

    def number(self, account: str) -> str:
        return account.split(" ")[0]

    def kind(self, name: str) -> str:
        return {"invoice": "Invoice", "journal": "JournalEntry", "payment": "Payment"}[name]

    def no_such_ref(self) -> str:
        return "Invoice/999999"

    def typed(self, day: date, amount: Decimal) -> None:
        numbers = [self.chart.roles[role].number for role in ("cost_of_sales.used_vehicle", "inventory.used_vehicle")]
        held = self.sandbox.company().tables["Account"].values()
        accounts = [next(row["Id"] for row in held if row.get("AcctNum") == number) for number in numbers]
        lines = [
            {"Amount": str(amount), "DetailType": "JournalEntryLineDetail",
             "JournalEntryLineDetail": {"PostingType": side, "AccountRef": {"value": ref}}}
            for side, ref in zip(("Debit", "Credit"), accounts, strict=True)
        ]  # fmt: skip
        self.hand.type("JournalEntry", {"TxnDate": day.isoformat(), "Line": lines})

    def spoiled(self, payload: dict[str, Any]) -> dict[str, Any]:
        lines = [
            {**line, "JournalEntryLineDetail": {**line["JournalEntryLineDetail"], "AccountRef": {"value": "99999"}}}
            for line in payload["body"]["Line"]
        ]
        return {**payload, "body": {**payload["body"], "Line": lines}}


def _taxed(detail: Mapping[str, Any]) -> dict[str, Any]:
    """Tax that is a cent more, on its first rate that has any."""
    lines = [dict(line) for line in detail["TaxLine"]]
    line = next(line for line in lines if Decimal(line["Amount"]))
    line["Amount"] = str(Decimal(line["Amount"]) + _CENT)
    return {**detail, "TotalTax": str(Decimal(detail["TotalTax"]) + _CENT), "TaxLine": lines}
