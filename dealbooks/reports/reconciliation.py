"""The reconciliation of a period as Markdown and CSV. Pure: the same reconciliation gives the same bytes."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from dealbooks.plural import counted
from dealbooks.reconcile.model import ReconException, money_text
from dealbooks.reconcile.words import WORDS
from dealbooks.reports.bank import bank_markdown

if TYPE_CHECKING:
    from dealbooks.pipeline.reconcile import Reconciliation

# A spreadsheet takes a text that begins so for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_MOST_ROWS = 200


def reconciliation_markdown(rec: Reconciliation) -> str:
    """The whole report: result, exceptions first, then the tie-out, units, and what is listed for information."""
    parts = [
        f"# {rec.legal_entity}: reconciliation of {rec.period}",
        f"Book {rec.book}, in {rec.currency}, as of {rec.as_of.isoformat()}. **{result_words(rec)}**",
        _counts(rec),
        _section("Matrix", _matrix(rec)),
        _section("Differences", _exceptions(rec, rec.differences)),
        _section("Not settled at cut-off", _table(
            ("Reference", "Kind", "What", "What mends it"),
            [(item.id, item.kind, item.what, item.cure) for item in rec.cut_off],
        )),
        _section("The ledger reports", "\n".join(f"- {_cell(text)}" for text in rec.problems)),
        _section("Accepted differences", _table(
            ("Reference", "What", "Difference", "Accepted by", "On", "Why"),
            [
                (one.found.id, one.found.what, f"{money_text(one.found.difference, one.found.currency)} "
                 f"{one.found.currency}", one.said.who, one.said.at[:10], one.said.why)
                for one in rec.accepted
            ],
            right=frozenset({2}),
        )),
        _section("Open items", _exceptions(rec, rec.open_items)),
        _section("Tie-out by account", _table(
            ("Account", "", "Opening", "Expected", "Ledger", "By hand", "Difference", "Closing", "Explained by"),
            [
                (row.account, row.currency, *_money(
                    (row.opening, row.expected, row.found, row.other, row.difference, row.closing), row.currency
                ), " ".join(row.explained_by))
                for row in rec.totals
            ],
            right=frozenset(range(2, 8)),
        )),
        _section("Units", _table(
            ("Class", "Expected", "Ledger"),
            [(name, str(ours), str(theirs)) for name, (ours, theirs) in rec.units.items()], right=frozenset({1, 2}),
        )),
        _section("Cars in stock by stock number" if rec.stock_is_kept else "", _table(
            ("Stock number", "", "Opening", "Movement", "Closing"),
            [
                (row.name, row.currency, *_money((row.opening, row.movement, row.closing), row.currency))
                for row in rec.stock
            ],
            right=frozenset({2, 3, 4}),
        )),
        _section("Booked late, from closed periods", _table(
            ("Deal", "Entry", "Its own date", "Booked"),
            [(item.deal, item.entry, item.original.isoformat(), item.booked.isoformat()) for item in rec.late],
        )),
        bank_markdown(rec.bank),
        _section("Receipts of customers that others book", _table(
            ("Deal", "Reference", "Date", "Amount", "In the ledger"),
            [
                (one.deal, one.reference, one.date.isoformat(),
                 f"{money_text(one.amount, one.currency)} {one.currency}", one.ref or "to be matched")
                for one in rec.receipts
            ],
            right=frozenset({3}),
        )),
        _section("Typed by hand, and self-explaining", _table(
            ("Kind", "Reference", "Date", "Text", "Amount", "Clears"),
            [
                (item.kind, item.ref, item.date.isoformat(), item.narration,
                 f"{money_text(item.amount, item.currency)} {item.currency}", item.explains)
                for item in rec.by_hand
            ],
            right=frozenset({4}),
        )),
        _section("What others booked, by person and account", _table(
            ("Who", "Account", "Lines", "Debit", "Credit", "", "Owned by deals"),
            [
                (one.who or "not told", one.account, str(one.count), *_money((one.debit, one.credit), one.currency),
                 one.currency, "yes" if one.owned else "")
                for one in rec.activity
            ],
            right=frozenset({2, 3, 4}),
        )),
    ]  # fmt: skip
    return "\n\n".join(part for part in parts if part) + "\n"


def tie_out_csv(rec: Reconciliation) -> str:
    """One row an account: opening, expected, ledger, by hand, difference, closing, and what explains the difference."""
    rows = [
        [
            _text(row.account), row.currency, _text(" ".join(row.roles)),
            *_money((row.opening, row.expected, row.found, row.other, row.difference, row.closing), row.currency),
            _text(" ".join(row.explained_by)),
        ]
        for row in rec.totals
    ]  # fmt: skip
    head = ["account", "currency", "roles", "opening", "expected", "ledger", "by_hand", "difference", "closing"]
    return _csv([*head, "explained_by"], rows)


def exceptions_csv(rec: Reconciliation) -> str:
    """One row an exception, worst first."""
    rows = [
        [
            found.id, found.code, found.severity.value, _text(found.deal), _text(found.where), _text(found.what),
            _text(found.ours), _text(found.theirs), money_text(found.difference, found.currency), found.currency,
            _text(found.cause), _text(found.cure), rec.since[found.id].words if found.id in rec.since else "",
        ]
        for found in rec.exceptions
    ]  # fmt: skip
    head = ["id", "class", "severity", "deal", "where", "what", "ours", "ledger", "difference", "currency"]
    return _csv([*head, "likely_cause", "cure", "since"], rows)


def _csv(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(head)
    writer.writerows(rows)
    return out.getvalue()


def _text(value: str) -> str:
    """A text cell that no spreadsheet takes for a formula."""
    return f"'{value}" if value.startswith(_FORMULA) else value


def result_words(rec: Reconciliation) -> str:
    """The result in a sentence."""
    if rec.agreed:
        still = f"; {counted(len(rec.open_items), 'open item')}" if rec.open_items else ""
        but = f", but for {counted(len(rec.accepted), 'accepted difference')}" if rec.accepted else ""
        return f"Both sides agree{but}{still}."
    parts = [
        counted(len(rec.differences), "difference") if rec.differences else "",
        f"{counted(len(rec.cut_off), 'deal')} not settled" if rec.cut_off else "",
        f"{counted(len(rec.problems), 'complaint')} of the ledger" if rec.problems else "",
    ]
    return f"Not agreed: {', '.join(part for part in parts if part)}."


def _counts(rec: Reconciliation) -> str:
    counts = rec.counts
    return (
        f"{counted(counts['entries'], 'entry', 'entries')} expected, "
        f"{counted(counts['records'], 'record')} in the ledger, "
        f"{counts['matched']} matched, {counts['by_hand']} typed by hand and self-explaining."
    )


def _matrix(rec: Reconciliation) -> str:
    """R1 to R18: never netted, and what nobody provided is not agreed."""
    heads = ("Row", "Left", "Right", "Status", "Items", "Items", "Total", "Total", "More there", "Less there", "Note")
    return _table(
        heads,
        [
            (
                row.number, row.left, row.right, row.status.value,
                *("" if count is None else str(count) for count in row.counts),
                *("" if amount is None else money_text(amount, row.currency) for amount in row.amounts),
                row.note,
            )
            for row in rec.matrix
        ],
        right=frozenset(range(4, 10)),
    )  # fmt: skip


def _exceptions(rec: Reconciliation, found: Sequence[ReconException]) -> str:
    return _table(
        ("Reference", "Class", "Severity", "What", "Difference", "Since", "Likely cause", "What mends it"),
        [
            (
                one.id, WORDS[one.code].title, one.severity.value, one.what,
                f"{money_text(one.difference, one.currency)} {one.currency}",
                rec.since[one.id].words if one.id in rec.since else "", one.cause, one.cure,
            )
            for one in found
        ],
        right=frozenset({4}),
    )  # fmt: skip


def _section(title: str, body: str) -> str:
    return f"## {title}\n\n{body}" if title and body else ""


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], *, right: frozenset[int] = frozenset()) -> str:
    if not rows:
        return ""
    marks = ["---:" if index in right else "---" for index in range(len(head))]
    lines = [_row(head), _row(marks)] + [_row(row) for row in rows[:_MOST_ROWS]]
    if len(rows) > _MOST_ROWS:
        lines.append(f"\n{len(rows) - _MOST_ROWS} more: see the JSON or CSV of this report.")
    return "\n".join(lines)


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(_cell(cell) for cell in cells) + " |"


def _cell(text: str) -> str:
    """Text of others as one harmless cell: no new rows, no markup."""
    flat = " ".join(text.split())
    for mark in ("\\", "|", "<", "`", "["):
        flat = flat.replace(mark, f"\\{mark}" if mark != "<" else "&lt;")
    return flat


def _money(amounts: Iterable[Decimal], currency: str) -> list[str]:
    return [money_text(amount, currency) for amount in amounts]
