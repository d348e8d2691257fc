"""The Odoo sandbox's figures over random documents: they balance, add up, and come back to nothing when reversed."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from odoo_sandbox_support import COST, DEBTORS, STOCK, VAT, VAT_INSIDE, Office, line

_CENTS = st.integers(-500_000, 5_000_000).map(lambda cents: f"{cents / 100:.2f}")
_LINES = st.lists(
    st.tuples(_CENTS, st.sampled_from([(), (VAT,), (VAT_INSIDE,), (7,)]), st.sampled_from([0, 0, 5, 12.5])),
    min_size=1,
    max_size=6,
)


def _lines(drawn: list[tuple[str, tuple[int, ...], float]]) -> list[dict[str, Any]]:
    return [line("x", price, *taxes, discount=discount) for price, taxes, discount in drawn]


def _open(office: Office) -> dict[int, Decimal]:
    rows = office("account.move.line", "search_read", domain=[["parent_state", "=", "posted"]],
                  fields=["account_id", "balance"], load=None)  # fmt: skip
    found: dict[int, Decimal] = {}
    for row in rows:
        found[row["account_id"]] = found.get(row["account_id"], Decimal(0)) + row["balance"]
    return {account: amount for account, amount in found.items() if amount}


@settings(max_examples=60, deadline=None)
@given(_LINES, st.sampled_from(["round_per_line", "round_globally"]))
def test_an_invoice_balances_and_adds_up(drawn: list[tuple[str, tuple[int, ...], float]], rounding: str) -> None:
    office = Office(rounding=rounding)
    number = office.invoice(*_lines(drawn))
    found = office.move(number, "amount_untaxed", "amount_tax", "amount_total", "amount_total_signed", "line_ids")
    rows = office("account.move.line", "read", ids=found["line_ids"], fields=["balance", "debit", "credit"])
    assert sum(row["balance"] for row in rows) == 0
    assert all(row["debit"] - row["credit"] == row["balance"] for row in rows)
    assert found["amount_untaxed"] + found["amount_tax"] == found["amount_total"] == found["amount_total_signed"]
    kept = sum((Decimal(price) * (100 - Decimal(str(discount))) / 100
                for price, taxes, discount in drawn if taxes in ((), (VAT_INSIDE,))), Decimal(0))  # fmt: skip
    on_top = sum((Decimal(price) * (100 - Decimal(str(discount))) / 100 * {(VAT,): 120, (7,): 105}[taxes] / 100
                  for price, taxes, discount in drawn if taxes in ((VAT,), (7,))), Decimal(0))  # fmt: skip
    assert abs(found["amount_total"] - kept - on_top) <= Decimal("0.01") * (len(drawn) + 3)


@settings(max_examples=25, deadline=None)
@given(_LINES)
def test_a_reversed_invoice_leaves_nothing(drawn: list[tuple[str, tuple[int, ...], float]]) -> None:
    office = Office()
    number = office.invoice(*_lines(drawn), line("Vehicle", "900000"), post=True)
    given = [{"move_ids": [[6, 0, [number]]], "date": "2026-11-23"}]
    wizard = office("account.move.reversal", "create", vals_list=given)
    note = office("account.move.reversal", "refund_moves", ids=wizard)["res_id"]
    office("account.move", "action_post", ids=[note])
    assert _open(office) == {}


@pytest.mark.parametrize("later", ["1.10", "1.20", "1.30"])
def test_a_foreign_invoice_is_paid_whatever_the_rate_has_become(later: str) -> None:
    """100 EUR at 1.20 are 83.33 GBP; paid at another rate the debtor owes nothing in euros."""
    office = Office()
    euro = office.box.find("res.currency", ["name", "=", "EUR"])[0]
    office.box.add("res.currency.rate", name="2026-01-01", rate="1.20", currency_id=euro)
    number = office.invoice(currency_id=euro, post=True)
    office.box.add("res.currency.rate", name="2026-11-21", rate=later, currency_id=euro)
    office.pay(number, "40", currency_id=euro)
    assert office.move(number, "amount_residual", "payment_state")["amount_residual"] == 60
    office.pay(number, "60", currency_id=euro)
    found = office.move(number, "amount_total_signed", "amount_residual", "payment_state")
    assert (found["amount_residual"], found["payment_state"]) == (0, "paid")
    assert found["amount_total_signed"] == Decimal("83.33")


def test_a_draft_entry_is_changed_by_one_side_at_a_time() -> None:
    office = Office()
    number = office.entry((COST, "10"), (STOCK, "-10"))
    cost, stock = office.move(number, "line_ids")["line_ids"]
    office(
        "account.move", "write", ids=[number], vals={"line_ids": [[1, cost, {"debit": 12}], [1, stock, {"credit": 12}]]}
    )
    rows = office("account.move.line", "read", ids=[cost, stock], fields=["balance"])
    assert [row["balance"] for row in rows] == [12, -12]


def test_a_credit_note_settles_the_invoice_it_is_matched_with() -> None:
    office = Office()
    number = office.invoice(line("Vehicle", "100", VAT), post=True)
    given = [{"move_ids": [[6, 0, [number]]], "date": "2026-11-23"}]
    note = office("account.move.reversal", "refund_moves",
                  ids=office("account.move.reversal", "create", vals_list=given))["res_id"]  # fmt: skip
    office("account.move", "action_post", ids=[note])
    domain = [["move_id", "in", [number, note]], ["account_id", "=", DEBTORS]]
    office("account.move.line", "reconcile", ids=office("account.move.line", "search", domain=domain))
    assert office.move(number, "payment_state")["payment_state"] == "reversed"
    assert office.move(note, "amount_residual")["amount_residual"] == 0
