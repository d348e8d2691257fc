"""A company of the sandbox: its documents as they stand, its numbers, and the commit of every change to the log."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.kit import Write
from sandbox.quickbooks.preferences import company_info, preferences
from sandbox.quickbooks.refusals import duplicate_name, inactive, invalid_reference, not_found
from sandbox.quickbooks.settings import Settings
from sandbox.quickbooks.setup import CompanySetup
from sandbox.quickbooks.shapes import SHAPES

Document = Mapping[str, Any]
PEOPLE = ("Customer", "Vendor", "Employee")
NAMES = (*PEOPLE, "Account", "Item", "Class", "Department", "PaymentMethod", "Term", "TaxCode", "TaxRate")
SALES = ("SalesReceipt", "Invoice", "CreditMemo", "RefundReceipt")
TRANSACTIONS = (*SALES, "Payment", "JournalEntry")
INDEXED = ("DocNumber", "PaymentRefNum")
KINDS = (*NAMES, *TRANSACTIONS, "CompanyInfo", "Preferences")
_CLASSIFICATION = {
    "Bank": "Asset", "Accounts Receivable": "Asset", "Other Current Asset": "Asset", "Fixed Asset": "Asset",
    "Other Asset": "Asset", "Accounts Payable": "Liability", "Credit Card": "Liability",
    "Other Current Liability": "Liability", "Long Term Liability": "Liability", "Equity": "Equity",
    "Income": "Revenue", "Other Income": "Revenue", "Cost of Goods Sold": "Expense", "Expense": "Expense",
    "Other Expense": "Expense",
}  # fmt: skip
# Accounts that the platform itself posts to; made when a chart has none.
_OWN = {
    "AccountsReceivable": ("Accounts Receivable (A/R)", "Accounts Receivable"),
    "UndepositedFunds": ("Undeposited Funds", "Other Current Asset"),
    "SalesTaxPayable": ("Sales Tax Payable", "Other Current Liability"),
    "DiscountsRefundsGiven": ("Discounts given", "Income"),
}


class Company:
    """The state of one realm. Documents are never changed in place: every commit stores a new one."""

    def __init__(
        self, setup: CompanySetup, settings: Settings, now: Callable[[], datetime], log: Callable[[Write], None]
    ) -> None:
        self.setup = setup
        self.settings = settings
        self.now = now
        self._log = log
        self._zone = ZoneInfo(setup.zone)
        self._ids = itertools.count(1)
        self._name_ids = {kind: itertools.count(1) for kind in NAMES}
        self.tables: dict[str, dict[str, Document]] = {kind: {} for kind in KINDS}
        self.created: dict[tuple[str, str], datetime] = {}
        self.changed: dict[tuple[str, str], datetime] = {}
        self.deleted: dict[tuple[str, str], datetime] = {}
        self.hidden: set[tuple[str, str]] = set()  # what the rest of a running batch must not see
        self.own: dict[str, str] = {}
        self.index: dict[tuple[str, str, str], dict[str, None]] = {}  # by kind, field and value: the ids
        self.names: dict[tuple[str, str], tuple[str, str]] = {}
        self.settling: dict[tuple[str, str], dict[str, None]] = {}  # by kind and id: the payments that settle it
        for kind, rows in setup.lists.items():
            for row in rows:
                self._listed(kind, dict(row))
        self._own_accounts()
        self.tables["CompanyInfo"]["1"] = self._stamped("CompanyInfo", company_info(setup), None)
        self.tables["Preferences"]["1"] = self._stamped("Preferences", preferences(setup), None)

    @property
    def in_us(self) -> bool:
        """Companies elsewhere have tax codes by number, and GlobalTaxCalculation."""
        return self.setup.country == "US"

    @property
    def closed_to(self) -> date | None:
        """The closing date of the books, as the preferences have it."""
        prefs = self.tables["Preferences"]["1"]["AccountingInfoPrefs"]
        return date.fromisoformat(prefs["BookCloseDate"]) if prefs.get("BookCloseDate") else None

    def today(self) -> str:
        """The day where the company is."""
        return self.now().astimezone(self._zone).date().isoformat()

    def stamp(self, moment: datetime) -> str:
        """A time as the platform writes it for this company."""
        return moment.astimezone(self._zone).isoformat(timespec="seconds")

    def get(self, kind: str, ref: str) -> Document:
        """A document as it stands.

        Raises:
            Refusal: it is not there (610).
        """
        found = self.tables[kind].get(ref)
        if found is None or (kind, ref) in self.hidden:
            raise not_found()
        return found

    def reference(self, given: object, kind: str, path: str) -> dict[str, str]:
        """A reference with its name, to what is there and active.

        Raises:
            Refusal: 2500, or 610 for what is inactive.
        """
        ref = str(given.get("value", "")) if isinstance(given, Mapping) else ""
        found = self.tables[kind].get(ref)
        if found is None or (kind, ref) in self.hidden:
            raise invalid_reference(path)
        if not found["Active"]:
            raise inactive(self.settings.inactive_code, path)
        return {"value": ref, "name": str(found.get("DisplayName") or found.get("Name") or "")}

    def account_type(self, ref: str) -> str:
        """The AccountType of an account that is there."""
        return str(self.tables["Account"][ref]["AccountType"])

    def put(self, kind: str, document: Mapping[str, Any], *, action: str, key: str = "") -> Document:
        """Commit a document: a new one (without `Id`) or the next state of one. It goes to the log as it stands."""
        ref = str(document.get("Id") or self._free(kind))
        before = self.tables[kind].get(ref)
        if before is not None:
            self._indexed(kind, before, forget=True)
        stored = self._stamped(kind, {**document, "Id": ref}, before)
        self.tables[kind][ref] = stored
        self._indexed(kind, stored)
        self._log(Write(self.now(), action, kind, ref, stored, key))
        return stored

    def remove(self, kind: str, ref: str, *, key: str = "") -> None:
        """Delete a document for good."""
        gone = self.tables[kind].pop(ref)
        self._indexed(kind, gone, forget=True)
        self.created.pop((kind, ref), None)
        self.changed.pop((kind, ref), None)
        self.deleted[kind, ref] = self.now()
        self._log(Write(self.now(), "delete", kind, ref, gone, key))

    def name_free(self, kind: str, name: str, ref: str) -> None:
        """Check that a name may be used: one name over customers, vendors and employees.

        Raises:
            Refusal: 6240.
        """
        mine = (kind, ref)
        if self.names.get(name_key(kind, name), mine) != mine:
            raise duplicate_name()

    def _listed(self, kind: str, row: Mapping[str, Any]) -> str:
        """A row that was there before anybody looked."""
        ref = str(row.get("Id") or self._free(kind))
        long_ago = self.now() - timedelta(days=400)
        stored = self._stamped(kind, name_defaults(kind, {**row, "Id": ref}), None, long_ago)
        self.tables[kind][ref] = stored
        self._indexed(kind, stored)
        return ref

    def _free(self, kind: str) -> str:
        numbers = self._name_ids.get(kind, self._ids)
        return next(ref for ref in map(str, numbers) if ref not in self.tables[kind])

    def _own_accounts(self) -> None:
        for subtype, (name, kind) in _OWN.items():
            chart = self.tables["Account"]
            fit = [ref for ref, row in chart.items() if row.get("AccountSubType") == subtype]
            if kind == "Accounts Receivable":
                fit += [ref for ref, row in chart.items() if row["AccountType"] == kind]
            row = {"Name": name, "AccountType": kind, "AccountSubType": subtype}
            self.own[subtype] = fit[0] if fit else self._listed("Account", row)

    def _stamped(
        self, kind: str, document: Mapping[str, Any], before: Document | None, moment: datetime | None = None
    ) -> Document:
        ref, now = str(document["Id"]), moment or self.now()
        first = self.created.setdefault((kind, ref), now)
        self.changed[kind, ref] = now
        token = "0" if before is None else str(int(before["SyncToken"]) + 1)
        meta = {"CreateTime": self.stamp(first), "LastUpdatedTime": self.stamp(now)}
        return {**document, "domain": "QBO", "sparse": False, "SyncToken": token, "MetaData": meta}

    def _indexed(self, kind: str, document: Document, *, forget: bool = False) -> None:
        ref = document["Id"]
        if kind in NAMES:
            name = name_key(kind, str(document.get("DisplayName") or document.get("Name") or ""))
            if forget:
                self.names.pop(name, None)
            else:
                self.names[name] = (kind, ref)
            return
        if kind == "Payment":
            for line in document["Line"]:
                link = line["LinkedTxn"][0]
                payments = self.settling.setdefault((link["TxnType"], link["TxnId"]), {})
                if forget:
                    payments.pop(ref, None)
                else:
                    payments[ref] = None
        for field in INDEXED:
            if value := document.get(field):
                known = self.index.setdefault((kind, field, value), {})
                if forget:
                    known.pop(ref, None)
                else:
                    known[ref] = None


def name_key(kind: str, name: str) -> tuple[str, str]:
    """Under which a name is unique: small and capital letters are the same [R], and people share theirs."""
    return ("person" if kind in PEOPLE else kind, name.casefold())


def name_defaults(kind: str, document: Mapping[str, Any]) -> dict[str, Any]:
    """A row of a list with what the platform adds to it."""
    made = {"Active": True, **document}
    name = made.get("DisplayName") or made.get("Name")
    if kind in PEOPLE:
        made = {"PrintOnCheckName": name, **made}
    if kind == "Customer":
        made = {"Taxable": True, **made}
    if kind == "Account":
        made["Classification"] = _CLASSIFICATION.get(str(made["AccountType"]), "Asset")
    if kind == "Item":
        made = {"Type": "Service", "Taxable": False, "UnitPrice": Decimal(0), "TrackQtyOnHand": False, **made}
    if "FullyQualifiedName" in SHAPES[kind]:
        made["FullyQualifiedName"] = name
    return made
