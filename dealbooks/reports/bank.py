"""The bank's side of a reconciliation as Markdown. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from dealbooks.reconcile.model import money_text

if TYPE_CHECKING:
    from dealbooks.bank.items import BankSuggestion
    from dealbooks.pipeline.bank_side import BankReconciliation

_MOST = 200
STATUS_WORDS = {
    "not provided": "Not provided: no statement of an account of this book was imported. Nothing is known of the bank.",
    "agreed": "Agreed: all money that was booked is at the bank, or on its way.",
    "exceptions": "Not agreed: see the exceptions, and what is left to decide.",
}


def bank_rows(bank: BankReconciliation) -> tuple[Sequence[str], list[Sequence[str]]]:
    """Headings and rows of R3, R4 and R5."""
    head = ("Row", "Left", "Right", "", "Count", "Total", "Right count", "Right total", "In transit", "To decide",
            "Fees", "Difference")  # fmt: skip
    rows: list[Sequence[str]] = [
        (
            row.code, row.left, row.right, row.currency, str(row.left_count), money_text(row.left_total, row.currency),
            str(row.right_count), money_text(row.right_total, row.currency), money_text(row.in_transit, row.currency),
            money_text(row.undecided, row.currency), money_text(row.fees, row.currency),
            money_text(row.difference, row.currency),
        )
        for row in bank.rows
    ]  # fmt: skip
    return head, rows


def bank_markdown(bank: BankReconciliation) -> str:
    """Status, rows, which days are covered, and what a person is asked."""
    parts = ["## Bank and payment providers", STATUS_WORDS[bank.status]]
    if bank.status != "not provided":
        head, rows = bank_rows(bank)
        parts.append(_table(head, rows, right=range(4, 12)))
        parts.append(
            _table(
                ("Account", "Covered by statements", "Days of the month without"),
                [(one.account, _spans(one.covered), _spans(one.missing) or "none") for one in bank.coverage],
            )
        )
        parts += _suggestions("To decide: `dealbooks bank accept LINE ITEM`", bank.undecided, bank)
        parts += _suggestions("Suggestions", bank.suggestions, bank)
        parts.append(
            _table(
                ("Other activity on", "", "Lines that the ledger explains", "Others", "In", "Out", "Fees"),
                [
                    (one.account, one.currency, str(one.explained), str(one.count),
                     *(money_text(amount, one.currency) for amount in (one.money_in, one.money_out, one.fees)))
                    for one in bank.others
                ],
                right=range(2, 7),
            )
        )  # fmt: skip
    return "\n\n".join(part for part in parts if part)


def _suggestions(title: str, found: Sequence[BankSuggestion], bank: BankReconciliation) -> list[str]:
    if not found:
        return []
    rows = [
        (_shown(one.items, bank), _shown(one.lines, bank), one.reason) for one in found
    ]  # fmt: skip
    return [f"### {title}", _table(("Booked (item)", "At the bank (line)", "Why"), rows)]


def _shown(keys: Iterable[str], bank: BankReconciliation) -> str:
    return "; ".join(f"{key}: {bank.shown.get(key, '')}" for key in keys)


def _spans(spans: Iterable[tuple[object, object]]) -> str:
    return ", ".join(f"{first} to {last}" for first, last in spans)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], *, right: Iterable[int] = ()) -> str:
    if not rows:
        return ""
    amounts = set(right)
    marks = ["---:" if index in amounts else "---" for index in range(len(head))]
    lines = [_row(head), _row(marks), *(_row(row) for row in rows[:_MOST])]
    more = [f"\n{len(rows) - _MOST} more: see the JSON of this report."] if len(rows) > _MOST else []
    return "\n".join(lines + more)


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(_cell(cell) for cell in cells) + " |"


def _cell(text: str) -> str:
    """Text of others as one harmless cell: no new rows, no markup."""
    flat = " ".join(text.split()).replace("<", "&lt;")
    for mark in ("\\", "|", "`", "["):
        flat = flat.replace(mark, f"\\{mark}")
    return flat
