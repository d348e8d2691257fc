"""The state of one organisation: its documents, its ledger, and a way to take back what a failed call began."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml

from sandbox.kit import Clock, Write, WriteLog
from sandbox.xero.settings import Settings
from sandbox.xero.texts import TEXTS
from sandbox.xero.wire import Doc, Invalid

ID_FIELDS = {
    "Invoice": "InvoiceID", "CreditNote": "CreditNoteID", "Payment": "PaymentID", "Contact": "ContactID",
    "BankTransaction": "BankTransactionID", "Prepayment": "PrepaymentID", "Overpayment": "OverpaymentID",
    "ManualJournal": "ManualJournalID", "Account": "AccountID", "TaxRate": "TaxType",
    "TrackingCategory": "TrackingCategoryID",
}  # fmt: skip
_INDEXED = {
    "Invoice": ("InvoiceNumber",), "CreditNote": ("CreditNoteNumber",), "Contact": ("ContactNumber", "Name"),
    "Account": ("Code", "SystemAccount"), "TrackingCategory": ("Name",),
}  # fmt: skip
_DATA = Path(__file__).with_name("organisations.yaml")


@dataclass(frozen=True, slots=True)
class Posting:
    """A line of the ledger, in the organisation's currency: debit positive. Tax is shown beside the line it is on."""

    account: str
    net: Decimal
    tax: Decimal = Decimal(0)
    tax_type: str = ""
    description: str = ""
    tracking: tuple[Mapping[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Journal:
    """What one change did to the ledger."""

    number: int
    ref: str
    kind: str  # Xero's SourceType
    source: str
    date: date
    created: datetime
    reference: str
    lines: tuple[Posting, ...]


@cache
def _data() -> Doc:
    found: Doc = yaml.safe_load(_DATA.read_text(encoding="utf-8"))
    return found


Render = Callable[["Books", str, Doc], Doc]


class Books:
    """One organisation. Documents are never changed in place: `save` puts a new one in the old one's stead."""

    def __init__(
        self, tenant: str, country: str, settings: Settings, clock: Clock, log: WriteLog, dice: random.Random,
        render: Render,
    ) -> None:  # fmt: skip
        data = _data()
        self.facts: Doc = data["organisations"][country]
        self.tenant, self.country, self.settings, self.clock = tenant, country, settings, clock
        self.name: str = self.facts["name"]
        self.currency: str = self.facts["currency"]
        self.period_lock: date | None = None
        self.year_lock: date | None = None
        self.created = clock.now()
        self.journals: list[Journal] = []
        self.notes: dict[str, list[Doc]] = {}
        self.app = ""  # whose call it is; nothing: a person's hand
        self._log, self._dice, self._render = log, dice, render
        self._tables: dict[str, dict[str, Doc]] = {}
        self._index: dict[tuple[str, str, str], list[str]] = {}
        self._entries: dict[str, list[Journal]] = {}
        self._undo: list[Callable[[], object]] = []
        self._writes: list[tuple[str, str, str]] = []
        self._counters: dict[str, int] = {}
        self._furnish(data)

    def text(self, name: str, /, **parts: Any) -> str:
        """What Xero says."""
        return (self.settings.texts.get(name) or TEXTS[name]).format(**parts)

    def invalid(self, name: str, /, **parts: Any) -> Invalid:
        """A refusal with one message."""
        return Invalid([self.text(name, **parts)])

    def new_id(self) -> str:
        """An id as Xero makes them."""
        return str(uuid.UUID(int=self._dice.getrandbits(128), version=4))

    def today(self) -> date:
        """The day where the organisation is."""
        return self.clock.now().astimezone(ZoneInfo(self.facts["timezone"]["iana"])).date()

    def next_number(self, prefix: str) -> str:
        """The next number of a series that Xero counts by itself."""
        self._counters[prefix] = self._counters.get(prefix, 0) + 1
        return f"{prefix}-{self._counters[prefix]:04d}"

    # Documents

    def get(self, kind: str, ref: str) -> Doc | None:
        """A document by its id."""
        return self._tables.get(kind, {}).get(str(ref).lower() if kind != "TaxRate" else str(ref))

    def find(self, kind: str, name: str, value: Any) -> list[Doc]:
        """Documents by an indexed field; case does not count."""
        table = self._tables.get(kind, {})
        return [table[ref] for ref in self._index.get((kind, name, str(value).casefold()), ())]

    def all(self, kind: str) -> Iterator[Doc]:
        """All documents of a kind, the oldest first."""
        return iter(list(self._tables.get(kind, {}).values()))

    def account(self, code: str) -> Doc:
        """An account that must be there, by code or system name."""
        return (self.find("Account", "Code", code) or self.find("Account", "SystemAccount", code))[0]

    def save(self, kind: str, doc: Doc, action: str, *, bump: bool = True) -> Doc:
        """Put a document in its place, and remember it for the log."""
        ref = str(doc[ID_FIELDS[kind]])
        table = self._tables.setdefault(kind, {})
        old = table.get(ref)
        if bump or old is None:
            doc = {**doc, "UpdatedDateUTC": self.clock.now()}
        self._put(kind, ref, old, doc)
        self._undo.append(lambda: self._put(kind, ref, doc, old))
        if action:
            self._writes.append((action, kind, ref))
        return doc

    def _put(self, kind: str, ref: str, old: Doc | None, new: Doc | None) -> None:
        for name in _INDEXED.get(kind, ()):
            if old and old.get(name):
                self._index[kind, name, str(old[name]).casefold()].remove(ref)
            if new and new.get(name):
                self._index.setdefault((kind, name, str(new[name]).casefold()), []).append(ref)
        if new is None:
            self._tables[kind].pop(ref, None)
        else:
            self._tables[kind][ref] = new

    # The ledger

    def post(self, kind: str, source: str, day: date, reference: str, lines: list[Posting]) -> None:
        """Enter a change into the ledger; what rounding leaves goes to the rounding account."""
        rest = sum((line.net for line in lines), Decimal(0))
        if rest:
            lines = [*lines, Posting(self.account("ROUNDING")["AccountID"], -rest, description="Rounding")]
        kept = tuple(line for line in lines if line.net or line.tax)
        number = len(self.journals) + 1
        entry = Journal(number, self.new_id(), kind, source, day, self.clock.now(), reference, kept)
        self.journals.append(entry)
        held = self._entries.setdefault(source, [])
        held.append(entry)
        self._undo.append(lambda: (self.journals.pop(), held.pop()))

    def reverse(self, source: str) -> None:
        """Take back what stands in the ledger for a document, on the day it was entered."""
        standing: dict[tuple[str, date, str], dict[tuple[str, str], Decimal]] = {}
        for entry in self._entries.get(source, ()):
            sums = standing.setdefault((entry.kind, entry.date, entry.reference), {})
            for line in entry.lines:
                name = (line.account, line.tax_type)
                sums[name] = sums.get(name, Decimal(0)) + line.net
        for (kind, when, reference), sums in standing.items():
            lines = [Posting(account, -net, tax_type=tax) for (account, tax), net in sums.items() if net]
            if lines:
                self.post(kind, source, when, reference, lines)

    def note(self, ref: str, changes: str, details: str, user: str = "") -> Doc:
        """A line of a document's history."""
        line = {
            "Changes": changes,
            "DateUTC": self.clock.now(),
            "User": user or self.app or "A person",
            "Details": details,
        }
        held = self.notes.setdefault(ref, [])
        held.append(line)
        self._undo.append(held.pop)
        return line

    # A call

    def mark(self) -> tuple[int, int]:
        """Where we are, for `back`."""
        return len(self._undo), len(self._writes)

    def back(self, mark: tuple[int, int]) -> None:
        """Take back everything since the mark."""
        while len(self._undo) > mark[0]:
            self._undo.pop()()
        del self._writes[mark[1] :]

    def commit(self, key: str = "") -> None:
        """The changes hold: into the log with them, each document as it stands now."""
        writes, self._writes = self._writes, []
        self._undo.clear()
        now = self.clock.now()
        for action, kind, ref in writes:
            doc = self.get(kind, ref)
            if doc is not None:
                self._log.add(Write(now, action, kind, ref, self._render(self, kind, doc), key))

    # The beginning

    def _furnish(self, data: Doc) -> None:
        types = self.facts["types"]
        for rate in self.facts["tax_rates"]:
            self.add_tax_rate(rate["type"], rate["name"], Decimal(rate["rate"]), rate.get("sales", False),
                              rate.get("purchases", False))  # fmt: skip
        for account in data["accounts"]:
            self.add_account(
                account["code"], account["name"], account["type"], tax=types.get(account.get("tax", ""), types["none"]),
                system=account.get("system", ""), payments=account.get("payments", False),
            )  # fmt: skip
        for name, options in data["tracking"].items():
            self.add_tracking(name, options)
        self._undo.clear()
        self._writes.clear()

    def add_account(
        self, code: str, name: str, kind: str, *, tax: str = "", system: str = "", payments: bool = False
    ) -> Doc:
        """One more account."""
        doc: Doc = {
            "AccountID": self.new_id(), "Code": code, "Name": name, "Status": "ACTIVE", "Type": kind,
            "TaxType": tax or self.facts["types"]["none"], "Class": _CLASSES.get(kind, "EXPENSE"),
            "EnablePaymentsToAccount": payments,
        }  # fmt: skip
        if system:
            doc["SystemAccount"] = system
        if kind == "BANK":
            doc |= {"BankAccountType": "BANK", "BankAccountNumber": f"1234{code}", "CurrencyCode": self.currency}
        return self.save("Account", doc, "")

    def add_tax_rate(self, kind: str, name: str, rate: Decimal, sales: bool, purchases: bool) -> Doc:  # noqa: FBT001
        """One more tax rate."""
        doc: Doc = {
            "Name": name, "TaxType": kind, "Status": "ACTIVE", "CanApplyToAssets": True, "CanApplyToEquity": True,
            "CanApplyToExpenses": purchases, "CanApplyToLiabilities": True, "CanApplyToRevenue": sales,
            "DisplayTaxRate": rate, "EffectiveRate": rate,
            "TaxComponents": [{"Name": name, "Rate": rate, "IsCompound": False, "IsNonRecoverable": False}],
        }  # fmt: skip
        return self.save("TaxRate", doc, "")

    def add_tracking(self, name: str, options: list[str]) -> Doc:
        """One more tracking category."""
        listed = [{"TrackingOptionID": self.new_id(), "Name": option, "Status": "ACTIVE"} for option in options]
        doc: Doc = {"TrackingCategoryID": self.new_id(), "Name": name, "Status": "ACTIVE", "Options": listed}
        return self.save("TrackingCategory", doc, "")


_CLASSES = {
    "BANK": "ASSET", "CURRENT": "ASSET", "FIXED": "ASSET", "INVENTORY": "ASSET", "NONCURRENT": "ASSET",
    "PREPAYMENT": "ASSET", "CURRLIAB": "LIABILITY", "LIABILITY": "LIABILITY", "TERMLIAB": "LIABILITY",
    "PAYG": "LIABILITY", "EQUITY": "EQUITY", "REVENUE": "REVENUE", "SALES": "REVENUE", "OTHERINCOME": "REVENUE",
}  # fmt: skip
