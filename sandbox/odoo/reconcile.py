"""What is open on a line, matching debits with credits, and whether an invoice is paid."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from sandbox.odoo.database import Record
from sandbox.odoo.documents import direction, lines_of
from sandbox.odoo.env import Env
from sandbox.odoo.errors import user_error
from sandbox.odoo.values import rounded

_PARTIAL = "account.partial.reconcile"
_LINE = "account.move.line"
_ZERO = Decimal(0)
_OPEN = ("asset_receivable", "liability_payable")


def residuals(env: Env, line: Record) -> dict[str, Any]:
    """What is open on a line, in both currencies."""
    nothing = {"amount_residual": _ZERO, "amount_residual_currency": _ZERO, "reconciled": False}
    if not line["account_id"] or not env.record("account.account", line["account_id"])["reconcile"]:
        return nothing
    open_balance, open_currency = line["balance"], line["amount_currency"]
    for number in env.database.matching(_PARTIAL, "debit_move_id", line["id"]):
        partial = env.record(_PARTIAL, number)
        open_balance -= partial["amount"]
        open_currency -= partial["debit_amount_currency"]
    for number in env.database.matching(_PARTIAL, "credit_move_id", line["id"]):
        partial = env.record(_PARTIAL, number)
        open_balance += partial["amount"]
        open_currency += partial["credit_amount_currency"]
    done = not open_currency  # a difference of exchange that is left in the company's currency is not kept open
    open_balance = _ZERO if done else open_balance
    return {"amount_residual": open_balance, "amount_residual_currency": open_currency, "reconciled": done}


def open_lines(env: Env, move: int) -> list[Record]:
    """An entry's receivable and payable lines on which something is open."""
    found = []
    for line in lines_of(env, move):
        kind = line["account_id"] and env.record("account.account", line["account_id"])["account_type"]
        if kind in _OPEN and residuals(env, line)["amount_residual"]:
            found.append(line)
    return found


def match(env: Env, ids: Sequence[int]) -> None:
    """Match lines of one account: oldest debits against oldest credits.

    Raises:
        OdooError: they cannot be matched with each other.
    """
    lines = [env.record(_LINE, number) for number in ids]
    if len({line["account_id"] for line in lines}) > 1:
        raise user_error("Entries are not from the same account.")
    for line in lines:
        if env.record("account.move", line["move_id"])["state"] != "posted":
            raise user_error("You can only reconcile posted entries.")
        if not env.record("account.account", line["account_id"])["reconcile"]:
            raise user_error("The account does not allow reconciliation.")
        if residuals(env, line)["reconciled"]:
            raise user_error("You are trying to reconcile some entries that are already reconciled.")
    debits = [line["id"] for line in lines if line["balance"] > 0]
    credits_ = [line["id"] for line in lines if line["balance"] < 0]
    while debits and credits_:
        _pair(env, debits[0], credits_[0])
        debits = [number for number in debits if residuals(env, env.record(_LINE, number))["amount_residual"]]
        credits_ = [number for number in credits_ if residuals(env, env.record(_LINE, number))["amount_residual"]]
    for move in dict.fromkeys(line["move_id"] for line in lines):
        refresh(env, move)
        env.mark("allocate", "account.move", move)


def _pair(env: Env, debit: int, credit: int) -> None:
    """Match two lines: in their currency where they share one, else in the company's."""
    first, second = env.record(_LINE, debit), env.record(_LINE, credit)
    left, right = residuals(env, first), residuals(env, second)
    if first["currency_id"] == second["currency_id"]:
        units = min(left["amount_residual_currency"], -right["amount_residual_currency"])
        whole = left if units == left["amount_residual_currency"] else right
        amount, in_debit, in_credit = abs(whole["amount_residual"]), units, units
    else:
        amount = min(left["amount_residual"], -right["amount_residual"])
        in_debit, in_credit = _share(env, first, left, amount), _share(env, second, right, amount)
    env[_PARTIAL].create_one(
        {
            "debit_move_id": debit,
            "credit_move_id": credit,
            "amount": amount,
            "debit_amount_currency": in_debit,
            "credit_amount_currency": in_credit,
        }
    )


def _share(env: Env, line: Record, held: dict[str, Any], amount: Decimal) -> Decimal:
    """The part of an open amount in the line's own currency."""
    whole = abs(held["amount_residual_currency"])
    share = whole * amount / abs(held["amount_residual"])
    return rounded(share, env.places(line["currency_id"]))


def unmatch(env: Env, ids: Sequence[int]) -> None:
    """Undo everything that lines were matched with."""
    touched: dict[int, None] = {}
    for line in ids:
        for side in ("debit_move_id", "credit_move_id"):
            for number in env.database.matching(_PARTIAL, side, line):
                partial = env.record(_PARTIAL, number)
                env.database.remove(_PARTIAL, number)
                for end in ("debit_move_id", "credit_move_id"):
                    touched[env.record(_LINE, partial[end])["move_id"]] = None
    for move in touched:
        refresh(env, move)
        env.mark("allocate", "account.move", move)


def _matched(env: Env, move: int) -> list[Record]:
    """The entries that an entry's open lines were matched with."""
    found: dict[int, None] = {}
    for line in lines_of(env, move):
        for side, other in (("debit_move_id", "credit_move_id"), ("credit_move_id", "debit_move_id")):
            for number in env.database.matching(_PARTIAL, side, line["id"]):
                found[env.record(_LINE, env.record(_PARTIAL, number)[other])["move_id"]] = None
    return [env.record("account.move", number) for number in found]


def payments_of(env: Env, move: int) -> tuple[int, ...]:
    """Payments that an invoice was matched with, and those without an entry that name it."""
    found = [other["origin_payment_id"] for other in _matched(env, move) if other["origin_payment_id"]]
    return tuple(sorted({*found, *(payment["id"] for payment in _without_entry(env, move))}))


def invoices_of(env: Env, payment: Record) -> tuple[int, ...]:
    """Invoices that a payment was matched with."""
    if not payment["move_id"]:
        return tuple(payment["invoice_ids"])
    matched = _matched(env, payment["move_id"])
    return tuple(sorted(other["id"] for other in matched if other["move_type"] != "entry"))


def _without_entry(env: Env, move: int) -> list[Record]:
    """Payments of an invoice that made no entry, because the journal has no outstanding account."""
    if env.settings.outstanding_accounts:
        return []
    payments = [payment for _, payment in env.database.all("account.payment")]
    return [payment for payment in payments if move in payment["invoice_ids"] and not payment["move_id"]]


def refresh(env: Env, number: int) -> None:
    """What is open on an entry and how far it is paid."""
    move = env.record("account.move", number)
    if move["move_type"] == "entry" or move["state"] != "posted":
        return
    terms = [residuals(env, line) for line in lines_of(env, number) if line["display_type"] == "payment_term"]
    sign = -direction(move)
    open_currency = sign * sum((term["amount_residual_currency"] for term in terms), _ZERO)
    open_balance = sum((term["amount_residual"] for term in terms), _ZERO)
    env["account.move"].change(
        number,
        {
            "amount_residual": open_currency,
            "amount_residual_signed": open_balance,
            "payment_state": _state(env, move, open_currency),
        },
        quiet=True,
    )


def _state(env: Env, move: Record, residual: Decimal) -> str:
    paid = "in_payment" if env.settings.edition == "enterprise" else "paid"
    others = _matched(env, move["id"])
    if not residual and (others or not move["amount_total"]):
        if not others:
            return "paid"
        reverse = {"out_invoice": "out_refund", "in_invoice": "in_refund", "out_receipt": "out_refund"}
        wanted = reverse.get(move["move_type"], "")
        if not any(other["origin_payment_id"] for other in others):
            return "reversed" if any(other["move_type"] == wanted for other in others) else "paid"
        return paid
    if others:
        return "partial"
    done = env.traits.payment_states[1]
    covered = sum((payment["amount"] for payment in _without_entry(env, move["id"]) if payment["state"] == done), _ZERO)
    return "in_payment" if covered and covered >= residual else "partial" if covered else "not_paid"
