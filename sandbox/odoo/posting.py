"""Posting an entry, and taking it back: refusals, closed periods, numbers."""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sandbox.odoo import documents, naming, reconcile
from sandbox.odoo.database import Record
from sandbox.odoo.documents import NOTES, PURCHASES, SALES
from sandbox.odoo.env import Env
from sandbox.odoo.errors import user_error, validation_error

_MODEL = "account.move"


def post(env: Env, ids: Sequence[int]) -> None:
    """Post drafts.

    Raises:
        OdooError: one of them cannot be posted; then none is.
    """
    for number in ids:
        _check(env, env.record(_MODEL, number))
    for number in ids:
        _post(env, number)


def _post(env: Env, number: int) -> None:
    move = env.record(_MODEL, number)
    changes: dict[str, Any] = {}
    if move["move_type"] in SALES and not move["invoice_date"]:
        today = env.today.isoformat()
        changes |= {"invoice_date": today, "date": today, "invoice_date_due": move["invoice_date_due"] or today}
    move = {**move, **changes}
    day = documents.accounting_day(move)
    locked = violated(env, move, day)
    if locked:
        start = date.fromisoformat(move["invoice_date"]) if move["invoice_date"] else day
        day = _open_day(env, move, violated(env, move, start) or locked)
        changes["date"] = day.isoformat()
        move = {**move, **changes}
    if naming.named(move) and not move["posted_before"] and _is_automatic(env, move):
        move = {**move, "name": env.traits.draft_name}
    if not naming.named(move):
        changes["name"] = naming.next_name(env, move, day)
    if move["move_type"] in SALES and not move["payment_reference"]:
        changes["payment_reference"] = changes.get("name", move["name"])
    changes |= {"state": "posted", "posted_before": True}
    env[_MODEL].change(number, changes)
    after = env.record(_MODEL, number)
    naming.check_date(after)
    check_unique(env, after)
    documents.settle(env, number)
    reconcile.refresh(env, number)
    env.mark("post", _MODEL, number)


def _is_automatic(env: Env, move: Record) -> bool:
    """Whether a draft's name was drawn by the server for another date: then it draws again."""
    sequence = naming.sequence_of(move["name"])
    return sequence.reset != "never" and sequence.on(documents.accounting_day(move)) != sequence.prefix


def _check(env: Env, move: Record) -> None:
    shown = move["name"] if naming.named(move) else "Draft"
    if move["state"] != "draft":
        raise user_error(f"The entry {shown} (id {move['id']}) must be in draft.")
    lines = [line for line in documents.lines_of(env, move["id"]) if line["display_type"] not in NOTES]
    if not lines:
        raise user_error("You need to add a line before posting.")
    if move["auto_post"] != "no" and move["date"] > env.today.isoformat():
        raise user_error(f"This move is configured to be auto-posted on {move['date']}")
    journal = env.record("account.journal", move["journal_id"])
    if not journal["active"]:
        raise user_error(f"You cannot post an entry in an archived journal ({journal['name']})")
    currency = env.record("res.currency", move["currency_id"])
    if not currency["active"]:
        raise user_error(f"You cannot validate a document with an inactive currency: {currency['name']}")
    for line in lines:
        if is_archived(env, line["account_id"]):
            kind = "an archived" if env.traits.archived_accounts == "active" else "a deprecated"
            raise user_error(f"A line of this move is using {kind} account, you cannot post it.")
    _check_invoice(move)


def _check_invoice(move: Record) -> None:
    if move["move_type"] in SALES and not move["partner_id"]:
        raise user_error("The field 'Customer' is required, please complete it to validate the Customer Invoice.")
    if move["move_type"] in PURCHASES and not move["partner_id"]:
        raise user_error("The field 'Vendor' is required, please complete it to validate the Vendor Bill.")
    if move["move_type"] in PURCHASES and not move["invoice_date"]:
        raise user_error("The Bill/Refund date is required to validate this document.")
    if move["move_type"] != "entry" and move["amount_total"] < 0:
        raise user_error(
            "You cannot validate an invoice with a negative total amount. You should create a credit note instead. "
            "Use the action menu to transform it into a credit note or refund."
        )


def is_archived(env: Env, account: int) -> bool:
    """Whether an account may no longer be used."""
    held = env.record("account.account", account)[env.traits.archived_accounts]
    return not held if env.traits.archived_accounts == "active" else bool(held)


def violated(env: Env, move: Record, day: date) -> date | None:
    """The latest lock date on or after a day that counts for this entry."""
    company = env.record("res.company", move["company_id"])
    journal = env.record("account.journal", move["journal_id"])["type"]
    names = ["fiscalyear_lock_date", "hard_lock_date"]
    if any(line["tax_ids"] or line["tax_line_id"] for line in documents.lines_of(env, move["id"])):
        names.append("tax_lock_date")
    if journal in ("sale", "purchase"):
        names.append(f"{journal}_lock_date")
    held = [date.fromisoformat(company[name]) for name in names if company.get(name)]
    return max((lock for lock in held if day <= lock), default=None)


def check_lock(env: Env, move: Record) -> None:
    """An entry of a closed period cannot be changed.

    Raises:
        OdooError: it is in one.
    """
    lock = violated(env, move, documents.accounting_day(move))
    if lock is not None:
        raise user_error(f"You cannot add/modify entries prior to and inclusive of: {lock.isoformat()}.")


def _open_day(env: Env, move: Record, lock: date) -> date:
    """The date that the server moves an entry to when its own is closed: for an invoice today, but no later than the
    end of the first open year (or month, if the numbers start anew each month); for an entry the end of the first open
    month (or year), or today if that is earlier (confirmed by the recording and the 19.0 source)."""
    first = lock + timedelta(days=1)
    last = naming.last_name(env, move)
    reset = naming.sequence_of(last).reset if last else "month"
    month_end = first.replace(day=calendar.monthrange(first.year, first.month)[1])
    if move["move_type"] in SALES:
        if reset == "month":
            return min(env.today, month_end)
        return min(env.today, date(first.year, 12, 31)) if reset == "year" else first
    if reset == "month":
        past = (env.today.year, env.today.month) > (first.year, first.month)
        return month_end if past else max(first, env.today)
    if reset == "year":
        return date(first.year, 12, 31) if env.today.year > first.year else max(first, env.today)
    return first


def check_unique(env: Env, move: Record) -> None:
    """No two posted entries of a journal share a name.

    Raises:
        OdooError: another one has it.
    """
    for number in env.database.matching(_MODEL, "name", move["name"]):
        other = env.record(_MODEL, number)
        if number != move["id"] and other["state"] == "posted" and other["journal_id"] == move["journal_id"]:
            raise validation_error("Another entry with the same name already exists.")


def to_draft(env: Env, ids: Sequence[int]) -> None:
    """Back to draft.

    Raises:
        OdooError: an entry is a draft, hashed, or in a closed period.
    """
    for number in ids:
        move = env.record(_MODEL, number)
        if move["state"] not in ("posted", "cancel"):
            raise user_error("Only posted/cancelled journal entries can be reset to draft.")
        if move["inalterable_hash"]:
            raise user_error("You cannot reset to draft a locked journal entry.")
        if move["state"] == "posted":
            check_lock(env, move)
        reconcile.unmatch(env, [line["id"] for line in documents.lines_of(env, number)])
        env[_MODEL].change(number, {"state": "draft", "payment_state": "not_paid"})
        documents.settle(env, number)


def cancel(env: Env, ids: Sequence[int]) -> None:
    """Cancel: out of the books, its number kept."""
    for number in ids:
        if env.record(_MODEL, number)["state"] == "posted":
            to_draft(env, [number])
        if env.record(_MODEL, number)["state"] != "draft":
            raise user_error("Only draft journal entries can be cancelled.")
        zero = {"amount_residual": Decimal(0), "amount_residual_signed": Decimal(0)}
        env[_MODEL].change(number, {"state": "cancel", "auto_post": "no", **zero})
        env.mark("void", _MODEL, number)
