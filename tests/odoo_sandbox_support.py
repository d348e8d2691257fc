"""What the tests of the Odoo sandbox share: calls of JSON-2, and documents as they are sent."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sandbox.kit import Call, FaultPlan, VirtualClock
from sandbox.odoo import OdooSandbox, Settings

TODAY = datetime(2026, 11, 23, 9, tzinfo=UTC)
CUSTOMER, SALES, STOCK, COST, DEBTORS, BANK_JOURNAL = 6, 100, 71, 106, 74, 12
VAT, VAT_INSIDE = 5, 6


class Refused(Exception):
    """The sandbox refused a call."""

    def __init__(self, status: int, body: dict[str, Any]) -> None:
        super().__init__(f"{status} {body['name']}: {body['message']}")
        self.status = status
        self.kind = str(body["name"]).rpartition(".")[2]
        self.message = str(body["message"])


class Office:
    """A sandbox with a customer (id 6), and its JSON-2 calls."""

    def __init__(self, faults: FaultPlan | None = None, **settings: Any) -> None:
        self.clock = VirtualClock(TODAY)
        self.box = OdooSandbox(Settings(**settings), clock=self.clock, faults=faults)
        self.box.add("res.partner", name="Jo Buyer", ref="CRM-1")

    def __call__(self, model: str, method: str, **body: Any) -> Any:
        """One call; amounts of the answer are Decimal."""
        headers = {"authorization": f"bearer {self.box.api_key}"}
        answer = self.box.handle(Call("POST", f"/json/2/{model}/{method}", {}, headers, json.dumps(body).encode()))
        told = json.loads(answer.body, parse_float=Decimal)
        if answer.status >= 400:
            raise Refused(answer.status, told)
        return told

    def invoice(self, *lines: dict[str, Any], post: bool = False, **values: Any) -> int:
        """An invoice of the customer, dated 20 November 2026; one line of 100 without tax unless lines are given."""
        commands = [[0, 0, line] for line in lines or (line("Vehicle", "100"),)]
        given = {"move_type": "out_invoice", "partner_id": CUSTOMER, "invoice_date": "2026-11-20", **values}
        number = int(self("account.move", "create", vals_list=[{**given, "invoice_line_ids": commands}])[0])
        if post:
            self("account.move", "action_post", ids=[number])
        return number

    def entry(self, *lines: tuple[int, str], post: bool = False, **values: Any) -> int:
        """A journal entry: lines of an account and a balance, debit positive."""
        commands = [[0, 0, {"account_id": account, "name": "x", "balance": amount}] for account, amount in lines]
        given = {"move_type": "entry", "date": "2026-11-20", **values, "line_ids": commands}
        number = int(self("account.move", "create", vals_list=[given])[0])
        if post:
            self("account.move", "action_post", ids=[number])
        return number

    def move(self, number: int, *fields: str) -> dict[str, Any]:
        """A move as it reads."""
        return dict(self("account.move", "read", ids=[number], fields=list(fields), load=None)[0])

    def pay(self, move: int, amount: str, **values: Any) -> Any:
        """The wizard's two calls."""
        context = {"active_model": "account.move", "active_ids": [move], "dont_redirect_to_payments": True}
        given = {"amount": amount, "journal_id": BANK_JOURNAL, "payment_date": "2026-11-21", **values}
        wizard = self("account.payment.register", "create", vals_list=[given], context=context)
        return self("account.payment.register", "action_create_payments", ids=wizard, context=context)


def line(name: str, price: str, *taxes: int, **values: Any) -> dict[str, Any]:
    """An invoice line; without taxes it says so."""
    return {"name": name, "quantity": 1, "price_unit": float(price), "tax_ids": [[6, 0, list(taxes)]], **values}
