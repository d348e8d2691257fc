"""A person who works in QuickBooks Online itself: no requestid, and nobody tells the app."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import date
from typing import Any

from sandbox.quickbooks.company import Company, Document
from sandbox.quickbooks.operations import operate
from sandbox.quickbooks.preferences import OVERRIDE, WARNING


class Hand:
    """A person's hand on one company. What the platform refuses to anybody raises `Refusal`."""

    def __init__(self, company: Company, alone: AbstractContextManager[Any]) -> None:
        self._company = company
        self._alone = alone  # the sandbox does one thing at a time

    def read(self, kind: str, ref: str) -> Document:
        """A document as it stands; raises `Refusal` (610) where it is not there."""
        return self._company.get(kind, ref)

    def type(self, kind: str, document: Mapping[str, Any]) -> Document:
        """Type a new document or a new row of a list."""
        return self._done(kind, document)

    def edit(self, kind: str, ref: str, **changes: Any) -> Document:
        """Change fields of a document or of a row; the rest stays."""
        with self._alone:
            if kind in ("TaxCode", "TaxRate"):
                return self._company.put(kind, {**self.read(kind, ref), **changes}, action="update")
            return self._done(kind, {**self._named(kind, ref), "sparse": True, **changes})

    def void(self, kind: str, ref: str) -> Document:
        """Void a sales receipt, an invoice or a payment."""
        with self._alone:
            return self._done(kind, self._named(kind, ref), "void")

    def delete(self, kind: str, ref: str) -> None:
        """Delete a transaction for good."""
        with self._alone:
            self._done(kind, self._named(kind, ref), "delete")

    def deactivate(self, kind: str, ref: str) -> Document:
        """Make an account, an item, a customer, a class, ... inactive."""
        return self.edit(kind, ref, Active=False)

    def reactivate(self, kind: str, ref: str) -> Document:
        """Make it active again."""
        return self.edit(kind, ref, Active=True)

    def close_books(self, until: date | None) -> None:
        """Close the books up to a day, that day too; None opens them."""
        with self._alone:
            before = self._company.tables["Preferences"]["1"]
            section = {name: value for name, value in before["AccountingInfoPrefs"].items() if name != "BookCloseDate"}
            if until is not None:
                section["BookCloseDate"] = until.isoformat()
            self._company.put("Preferences", {**before, "AccountingInfoPrefs": section}, action="update")

    def prefer(self, *, warn_duplicates: bool | None = None, allow_tax_override: bool | None = None) -> None:
        """Switch the warning about numbers used twice, and what apps may do to automated sales tax."""
        wanted = {WARNING: warn_duplicates, OVERRIDE: allow_tax_override}
        with self._alone:
            before = self._company.tables["Preferences"]["1"]
            pairs = [
                {**pair, "Value": str(on).lower()} if (on := wanted.get(pair["Name"])) is not None else pair
                for pair in before["OtherPrefs"]["NameValue"]
            ]
            self._company.put("Preferences", {**before, "OtherPrefs": {"NameValue": pairs}}, action="update")

    def _done(self, kind: str, body: Mapping[str, Any], operation: str = "") -> Document:
        with self._alone:
            made: Document = operate(self._company, kind, body, operation=operation)[kind]
        return made

    def _named(self, kind: str, ref: str) -> dict[str, str]:
        return {"Id": ref, "SyncToken": str(self.read(kind, ref)["SyncToken"])}
