"""What the store holds of banks and payment providers: statements, their lines, and which days they cover."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Protocol

from sqlalchemy import Connection, select

from dealbooks.bank.camt import NOTIFICATION
from dealbooks.bank.model import BankLine
from dealbooks.config import BookConfig, Config
from dealbooks.config_told import BankAccountConfig
from dealbooks.errors import UsageError
from dealbooks.store import Store
from dealbooks.store.db import Row, read_rows
from dealbooks.store.tables import bank_lines, bank_statements

# Of a statement: taken, refused with words, taken back by a person. A line is taken, or withdrawn with its statement.
TAKEN, HELD, WITHDRAWN = "taken", "held", "withdrawn"


class BankHouse(Protocol):
    """What taking statements needs of a house."""

    @property
    def config(self) -> Config:
        """The configuration."""

    @property
    def store(self) -> Store:
        """The store."""

    @property
    def actor(self) -> str:
        """Who or what runs this."""

    def book_config(self, name: str) -> BookConfig:
        """Settings of a book."""


@dataclass(frozen=True, slots=True)
class Imported:
    """A statement of a file, under its `number` in the store: `state` is taken, known (its file was taken before), held
    or withdrawn; `new` lines of it are in no statement before it; `note` says why it is held or withdrawn, or what was
    assumed."""

    number: int
    account: str
    statement: str
    state: str
    format: str
    first: str
    last: str
    lines: int
    new: int
    opening: str
    closing: str
    currency: str
    file: str
    note: str = ""
    at: str = ""

    def as_json(self) -> dict[str, Any]:
        """Plain types."""
        return {name: getattr(self, name) for name in self.__slots__}


def imported(row: Row, new: int = 0) -> Imported:
    """A statement from its row."""
    return Imported(
        number=row["id"], account=row["account"], statement=row["statement"], state=row["state"], format=row["format"],
        first=row["first_day"], last=row["last_day"], lines=row["line_count"], new=new, opening=row["opening"],
        closing=row["closing"], currency=row["currency"], file=row["file"], note=row["note"], at=row["imported_at"],
    )  # fmt: skip


def account_config(house: BankHouse, account: str) -> BankAccountConfig:
    """Settings of an account.

    Raises:
        UsageError: naming those there are.
    """
    found = house.config.bank_accounts.get(account)
    if found is None:
        known = ", ".join(sorted(house.config.bank_accounts))
        message = f"There is no bank account called {account!r}"
        if known:
            raise UsageError(
                f"{message}; there is {known}.",
                fix=f"Name one of these, or add '{account}:' under 'bank_accounts:' in dealbooks.yaml, as they are "
                "written there.",
            )
        books = sorted(house.config.books)
        which = "" if len(books) == 1 else f", with the book that it is of ({' or '.join(books)})"
        raise UsageError(
            f"{message}: no account is set up yet.",
            fix=f"Write these lines at the end of dealbooks.yaml{which}, and run the command again. With 'number:' "
            "below 'book:' (that of the account, or its end) a file of another account is held; docs/bank.md says "
            "more.\n\n"
            f"bank_accounts:\n  {account}:\n    book: {books[0]}",
        )
    return found


def statements(house: BankHouse, account: str = "") -> list[Imported]:
    """Statements that were taken, held or withdrawn, by account and days; of one account, or of all. A file that was
    held and taken later is shown as taken only.

    Raises:
        UsageError: there is no such account.
    """
    query = select(bank_statements).order_by(
        bank_statements.c.account, bank_statements.c.first_day, bank_statements.c.id
    )
    if account:
        account_config(house, account)
        query = query.where(bank_statements.c.account == account)
    with house.store.read() as conn:
        rows = read_rows(conn, query)
    taken = {(row["account"], row["sha256"]) for row in rows if row["state"] == TAKEN}
    return [
        imported(row) for row in rows if row["state"] != HELD or (row["account"], row["sha256"]) not in taken
    ]  # fmt: skip


def show(house: BankHouse, number: int) -> tuple[Imported, list[BankLine]]:
    """A statement and the lines that were taken with it, also where it was withdrawn.

    Raises:
        UsageError: there is no such statement.
    """
    with house.store.read() as conn:
        row = statement_row(conn, number)
        query = select(bank_lines).where(bank_lines.c.statement == number).order_by(bank_lines.c.seq)
        lines = [line_of(one) for one in read_rows(conn, query)]
    return imported(row, len(lines)), lines


def statement_row(conn: Connection, number: int) -> Row:
    """A statement by its number in the store.

    Raises:
        UsageError: there is none.
    """
    rows = read_rows(conn, select(bank_statements).where(bank_statements.c.id == number))
    if not rows:
        raise UsageError(f"There is no bank statement {number}.", fix="'dealbooks bank list' shows their numbers.")
    return rows[0]


def lines_between(conn: Connection, book: str, first: date, last: date) -> list[BankLine]:
    """Lines of a book's accounts booked in these days, both included."""
    days = bank_lines.c.booked.between(first.isoformat(), last.isoformat())
    counted = (bank_lines.c.book == book) & (bank_lines.c.state == TAKEN) & days
    return [line_of(row) for row in read_rows(conn, select(bank_lines).where(counted).order_by(bank_lines.c.id))]


def line_of(row: Row) -> BankLine:
    """A line from its row."""
    body = json.loads(row["body"])
    return BankLine(
        account=row["account"], statement=body["statement"], booked=date.fromisoformat(row["booked"]),
        value=date.fromisoformat(body["value"]), amount=Decimal(row["amount"]), currency=row["currency"],
        text=body["text"], references=tuple(body["references"]), counterparty=body["counterparty"],
        own_id=body["own_id"], ordinal=body["ordinal"], fee=Decimal(body["fee"]), kind=row["kind"],
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Days:
    """Days that one statement covers, or several whose balances follow from each other: the opening of the first, what
    those that reach the last day close with (empty: no balances)."""

    first: date
    last: date
    opening: str
    closing: frozenset[str]


def coverage(conn: Connection, book: str) -> dict[str, list[tuple[date, date]]]:
    """Account -> the days that its statements cover, as spans that are not joined. A notification says what came, never
    that nothing else did: it covers no day. Between two statements of which one opens with what the other closed with
    nothing was booked, unless a statement of days in between was withdrawn."""
    query = select(bank_statements).where((bank_statements.c.book == book) & (bank_statements.c.state != HELD))
    taken: dict[str, list[_Days]] = {}
    back: dict[str, list[tuple[date, date]]] = {}
    for row in read_rows(conn, query):
        first, last = date.fromisoformat(row["first_day"]), date.fromisoformat(row["last_day"])
        if row["state"] == WITHDRAWN:
            back.setdefault(row["account"], []).append((first, last))
            continue
        own = taken.setdefault(row["account"], [])
        if row["format"] != NOTIFICATION:
            own.append(_Days(first, last, row["opening"], frozenset({row["closing"]} - {""})))
    return {account: _spans(some, back.get(account, ())) for account, some in sorted(taken.items())}


def _spans(found: Sequence[_Days], back: Sequence[tuple[date, date]]) -> list[tuple[date, date]]:
    spans: list[_Days] = []
    for one in sorted(found, key=lambda one: (one.first, one.last, one.opening)):
        if spans and _joins(spans[-1], one, back):
            before = spans[-1]
            last = max(before.last, one.last)
            closing = [some.closing for some in (before, one) if some.last == last]
            spans[-1] = _Days(before.first, last, before.opening, frozenset().union(*closing))
        else:
            spans.append(one)
    return [(one.first, one.last) for one in spans]


def _joins(before: _Days, after: _Days, back: Sequence[tuple[date, date]]) -> bool:
    next_day = before.last + timedelta(days=1)
    if after.first <= next_day:
        return True
    doubted = any(first < after.first and next_day <= last for first, last in back)
    return after.opening in before.closing and not doubted
