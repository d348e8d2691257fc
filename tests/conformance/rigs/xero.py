"""Xero: organisations of the United Kingdom, Australia, New Zealand and the United States, each a custom connection."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from conformance import rig
from conformance.deals import BOOK
from conformance.rig import Unable
from xero_support import COUNTRIES, chart_of
from xero_support import Rig as Support

from blocks.ledgers.xero import XeroSettings, connected
from dealbooks.book import Book
from dealbooks.charts import load_chart
from dealbooks.ledger import Ledger, Request
from dealbooks.registry import Services
from sandbox.kit import Fault, SandboxTransport
from sandbox.xero import Settings, XeroSandbox

_CENT = Decimal("0.01")
_DOCUMENTS = ("Invoice", "CreditNote", "Payment", "ManualJournal", "BankTransaction")
_KINDS = {
    "Invoices": "Invoice", "CreditNotes": "CreditNote", "Payments": "Payment", "ManualJournals": "ManualJournal",
    "BankTransactions": "BankTransaction", "Contacts": "Contact",
}  # fmt: skip


class _Furnished(Support):
    """Only what fills an organisation with our chart."""

    def __init__(self, sandbox: XeroSandbox, region: str) -> None:
        self.sandbox, self.country = sandbox, COUNTRIES[region]
        self.chart = chart_of(self.country)
        if "fx.realised" in self.chart.roles:
            own = {role: account.number for role, account in self.chart.roles.items()}
            self.chart = load_chart(self.country.chart, {**own, "fx.realised": "499"})
        self._furnish(("cash.bank", "cash.undeposited"))

    def settings(self) -> dict[str, Any]:
        return self._own()


class Rig(rig.Rig):
    """An organisation with our chart in it."""

    name = "xero"
    sale, journal, money = "invoice", "journal", "payment"
    rates_off_by = Decimal("0.02")  # a rate has six decimals (fact sheet, sections 3.1 and 3.2)
    folded = {"fx.rounding": "fx.realised"}
    figures = {"dimension": "dimensions"}
    nowhere = {"tracking": {}}
    own_limits = {"behaves": {"per_minute": 60, "per_day": 5000}, "per_minute": 60, "per_day": 5000}
    small_pages = {"page_size": 1}
    credit = "CreditNote"
    calls_to_see_no_change = 6  # a list of each kind, and a token
    limits = {Fault.LIMIT_MINUTE: 30.0, Fault.LIMIT_DAY: 3600.0, Fault.LIMIT_CONCURRENT: 1.0}

    def made(self) -> None:
        if self.region not in COUNTRIES:
            raise Unable("the sandbox has no organisation of that country")
        behaves = {
            "currencies": ("USD",),
            "per_minute": 10_000,
            "per_day": 1_000_000,
            **self.settings.pop("behaves", {}),
        }
        self.sandbox = XeroSandbox(
            Settings(country=COUNTRIES[self.region].code, **behaves), clock=self.clock, faults=self.faults
        )
        # Gains of currencies stand on Xero's own account; a cent of rounding goes there too.
        furnished = _Furnished(self.sandbox, self.region)
        self._own = furnished.settings()
        self.counted(self.sandbox)
        self.hand = self.sandbox.hand
        country = COUNTRIES[self.region]
        self.book = Book(BOOK, "ENTITY", country.currency, self.region, furnished.chart)  # type: ignore[arg-type]

    def connected(self, **settings: Any) -> Ledger:
        read = XeroSettings.read(BOOK, self._own | settings)
        services = Services(self.store, self.folder)
        return connected(self.book, read, services, pace=self.clock, transport=SandboxTransport(self.sandbox))

    def balances(self) -> dict[str, Decimal]:
        return self.sandbox.balances()

    def standing(self) -> Mapping[str, int]:
        gone = ("VOIDED", "DELETED")
        found = Counter(kind for (kind, _), doc in self.sandbox.log.standing().items() if doc.get("Status") not in gone)
        return {kind: found[kind] for kind in _DOCUMENTS if found[kind]}

    def written(self) -> int:
        return len(self.sandbox.log.writes)

    def customers(self) -> list[str]:
        standing = self.sandbox.log.standing("Contact")
        return sorted(str(doc["Name"]) for (kind, _), doc in standing.items() if kind == "Contact")

    def known(self, kind: str, name: str) -> None:
        self.hand.enter("Contact", Name=name)

    def change(self, ref: str, what: str) -> None:
        kind, number = _named(ref)
        held = self.hand.see(kind, number)
        if what == "date":
            milliseconds = int(str(held["Date"]).split("(")[1].split("+")[0].rstrip(")/"))
            day = datetime.fromtimestamp(milliseconds / 1000, UTC).date()
            self.hand.edit(kind, number, Date=(day + timedelta(days=1)).isoformat())
            return
        name = "JournalLines" if kind == "ManualJournal" else "LineItems"
        lines = [_plain(line) for line in held[name]]
        if what == "dimension":
            lines = [{**line, "Tracking": []} for line in lines]
        elif what == "tax":
            line = next(line for line in lines if Decimal(line.get("TaxAmount") or 0))
            line["TaxAmount"] = str(Decimal(line["TaxAmount"]) + _CENT)
        elif kind == "ManualJournal":
            lines[0]["LineAmount"] = str(Decimal(lines[0]["LineAmount"]) + _CENT)
            other = next(line for line in lines if line["AccountCode"] != lines[0]["AccountCode"])
            other["LineAmount"] = str(Decimal(other["LineAmount"]) - _CENT)
        else:
            lines[0]["UnitAmount"] = str(Decimal(lines[0]["UnitAmount"]) + _CENT)
            lines[0].pop("LineAmount", None)
        self.hand.edit(kind, number, **{name: lines})

    def void(self, ref: str) -> None:
        kind, number = _named(ref)
        self.hand.void(kind, number)

    def applied(self, ref: str) -> bool:
        raise Unable("what is paid cannot be voided before its payment is removed")

    def delete(self, ref: str) -> None:
        kind, number = _named(ref)
        if kind not in ("Payment", "BankTransaction"):
            raise Unable("what is approved can be voided, not deleted")
        self.hand.delete(kind, number)

    def twin(self, ref: str) -> None:
        kind, number = _named(ref)
        if kind != "ManualJournal":
            raise Unable("an invoice number is unique")
        held = self.hand.see(kind, number)
        lines = [_plain(line) for line in held["JournalLines"]]
        self.hand.enter(
            kind, Narration=held["Narration"], Date=held["Date"], JournalLines=lines, Status="POSTED",
            LineAmountTypes=held["LineAmountTypes"],
        )  # fmt: skip

    def take_number(self, request: Request) -> None:
        contact = self.hand.enter("Contact", Name="Somebody else")["ContactID"]
        number = f"{request.payload['number']}-{request.key[:6]}"
        self.hand.enter("Invoice", Type="ACCREC", InvoiceNumber=number, Contact={"ContactID": contact}, Status="DRAFT")

    def lock(self, until: date | None) -> None:
        self.hand.move_lock(period=until)

    def drop(self, what: str) -> tuple[str, ...]:
        if what == "account":
            gone = self.chart.roles["inventory.used_vehicle"]
            self.hand.archive("Account", gone.number)
            return (gone.number, gone.name, "inventory.used_vehicle")
        if what == "tax":
            self._own = {**self._own, "tax_codes": {**self._own["tax_codes"], "GB-S": "OUTPUT9"}}
            return ("tax rate", "OUTPUT9", "tax_codes.GB-S")
        self.hand.drop_option("Department", "used")
        return ("Department", "used", "department")

    def texts(self, ref: str) -> str:
        kind, number = _named(ref)
        held = self.hand.see(kind, number)
        lines = held.get("LineItems") or held.get("JournalLines") or ()
        heads = [str(held.get(name, "")) for name in ("Reference", "Narration")]
        return "\n".join([*heads, *(str(line.get("Description", "")) for line in lines)])

    def has_texts(self, ref: str) -> bool:
        return not ref.startswith("Allocations")

    def places_of(self, ref: str) -> set[str]:
        kind, number = _named(ref)
        held = self.hand.see(kind, number)
        lines = held.get("LineItems") or held.get("JournalLines") or ()
        return {str(one["Option"]) for line in lines for one in line.get("Tracking") or ()}

    def revoke(self) -> None:
        raise Unable("a custom connection asks for no consent")

    def number(self, account: str) -> str:
        return account

    def kind(self, name: str) -> str:
        return {"invoice": "Invoice", "journal": "ManualJournal", "payment": "Payment"}[name]

    def no_such_ref(self) -> str:
        return "Invoices/00000000-0000-4000-8000-000000000000"

    def typed(self, day: date, amount: Decimal) -> None:
        codes = [self.chart.roles[role].number for role in ("cost_of_sales.used_vehicle", "inventory.used_vehicle")]
        lines = [
            {"LineAmount": str(sign * amount), "AccountCode": code} for sign, code in zip((1, -1), codes, strict=True)
        ]
        self.hand.enter(
            "ManualJournal", Narration="By hand", Date=day.isoformat(), JournalLines=lines, Status="POSTED",
            LineAmountTypes="NoTax",
        )  # fmt: skip

    def spoiled(self, payload: dict[str, Any]) -> dict[str, Any]:
        lines = [{**line, "AccountCode": "99999"} for line in payload["body"]["JournalLines"]]
        return {**payload, "body": {**payload["body"], "JournalLines": lines}}


def _named(ref: str) -> tuple[str, str]:
    resource, _, number = ref.partition("/")
    return _KINDS[resource], number


def _plain(line: Mapping[str, Any]) -> dict[str, Any]:
    """A line as it is sent back."""
    kept = ("LineItemID", "Description", "Quantity", "UnitAmount", "AccountCode", "TaxType", "TaxAmount", "LineAmount")
    made = {name: str(line[name]) for name in kept if line.get(name) is not None}
    made["Tracking"] = [{"Name": one["Name"], "Option": one["Option"]} for one in line.get("Tracking") or ()]
    return made
