"""Calls on the QuickBooks sandbox in process, and the documents that its tests send."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from sandbox.kit import Answer, Call, FaultPlan, VirtualClock
from sandbox.quickbooks import CompanySetup, QuickBooksSandbox, Settings, us_automated

FAST = {"per_second": 100_000, "per_minute": 100_000, "batches_per_minute": 100_000}


class Books:
    """One company of a sandbox on a clock of its own, and an app that calls it."""

    def __init__(self, setup: CompanySetup | None = None, faults: FaultPlan | None = None, **settings: Any) -> None:
        self.clock = VirtualClock()
        given = Settings(**{**FAST, **settings})
        self.sandbox = QuickBooksSandbox([setup or us_automated()], settings=given, clock=self.clock, faults=faults)
        self.realm = self.sandbox.company().setup.realm
        self.hand = self.sandbox.hand()
        self.token = self.sandbox.connect()["access_token"]

    def answer(self, method: str, path: str, body: object = None, token: str = "", **query: str) -> Answer:
        """A call as the app makes it."""
        target = f"/v3/company/{self.realm}/{path}?{urlencode({'minorversion': '75', **query})}"
        headers = {"Authorization": f"Bearer {token or self.token}", "Content-Type": "application/json"}
        sent = b"" if body is None else json.dumps(body, default=str).encode()
        return self.sandbox.handle(Call.of(method, target, headers, sent))

    def post(self, path: str, body: object, **query: str) -> dict[str, Any]:
        """What a POST answers, numbers as Decimal."""
        return _read(self.answer("POST", path, body, **query))

    def get(self, path: str, **query: str) -> dict[str, Any]:
        """What a GET answers."""
        return _read(self.answer("GET", path, **query))

    def query(self, text: str) -> dict[str, Any]:
        """The QueryResponse, or the Fault."""
        answer = self.get("query", query=text)
        return dict(answer.get("QueryResponse", answer))

    def made(self, kind: str, body: object, **query: str) -> dict[str, Any]:
        """A document that must be taken."""
        answer = self.post(kind.lower(), body, **query)
        assert kind in answer, answer
        return dict(answer[kind])

    def refused(self, kind: str, body: object, **query: str) -> tuple[str, str]:
        """Code and detail of a document that must be refused."""
        return fault(self.post(kind.lower(), body, **query))

    def customer(self, name: str = "Jane O'Neil") -> str:
        """A new customer."""
        return str(self.made("Customer", {"DisplayName": name})["Id"])


def fault(answer: Mapping[str, Any]) -> tuple[str, str]:
    """Code and detail of a fault."""
    assert "Fault" in answer, answer
    error = answer["Fault"]["Error"][0]
    return error["code"], error["Detail"]


def _read(answer: Answer) -> dict[str, Any]:
    found = json.loads(answer.body, parse_float=Decimal)
    assert isinstance(found, dict)
    return found


def sold(amount: str, item: str = "41", code: str = "TAX", **more: Any) -> dict[str, Any]:
    """A line of a sales form: one of an item."""
    quantity = -1 if amount.startswith("-") else 1
    detail = {
        "ItemRef": {"value": item},
        "Qty": quantity,
        "UnitPrice": amount.lstrip("-"),
        "TaxCodeRef": {"value": code},
    }
    return {"Amount": amount, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {**detail, **more}}


def deal(customer: str, **more: Any) -> dict[str, Any]:
    """The example deal of a car sold with a trade-in: 19,943.75 with 1,093.75 of tax."""
    lines = [sold("24500.00"), sold("-7000.00", "44"), sold("1200.00", "46", "NON"), sold("150.00", "47", "NON")]
    return {
        "DocNumber": "D-10482", "TxnDate": "2026-09-01", "CustomerRef": {"value": customer}, "Line": lines,
        "ShipAddr": {"Line1": "14 Elm St", "City": "Austin", "CountrySubDivisionCode": "TX", "PostalCode": "78704"},
        "PrivateNote": "deal=D-10482;rev=1", "TxnTaxDetail": {"TotalTax": "1093.75"}, **more,
    }  # fmt: skip


def side(posting: str, amount: str, account: str, customer: str = "") -> dict[str, Any]:
    """A line of a journal entry."""
    detail: dict[str, Any] = {"PostingType": posting, "AccountRef": {"value": account}}
    if customer:
        detail["Entity"] = {"Type": "Customer", "EntityRef": {"value": customer}}
    return {"Amount": amount, "DetailType": "JournalEntryLineDetail", "JournalEntryLineDetail": detail}


def journal(*lines: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A journal entry."""
    return {"TxnDate": "2026-09-01", "Line": list(lines), **more}


def paid(customer: str, amount: str, invoice: str = "", applied: str = "") -> dict[str, Any]:
    """A payment, applied to an invoice or to none."""
    link = [{"Amount": applied or amount, "LinkedTxn": [{"TxnId": invoice, "TxnType": "Invoice"}]}] if invoice else []
    return {"CustomerRef": {"value": customer}, "TotalAmt": amount, "TxnDate": "2026-09-01", "Line": link}
