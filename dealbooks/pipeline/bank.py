"""Take statements of banks and payment providers into the store: whole, proven by their balances, no line twice.

A statement must open with what the one before closed with, and where two overlap they must agree; otherwise the file
is held with words, and nothing of it is taken. Without balances (many CSV exports, payment providers) nothing can be
proven so; then lines are told apart by the bank's own ids, or by day, amount and words.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import Connection, select

from dealbooks.bank.model import BankLine, Statement, Unreadable, shown
from dealbooks.bank.reading import read_bytes, read_statements
from dealbooks.bank.statements import Known, merged
from dealbooks.canonical import canonical_json, sha256_hex
from dealbooks.config import BookConfig, Config
from dealbooks.config_told import BankAccountConfig
from dealbooks.errors import StopBatch, UsageError
from dealbooks.pipeline.bank_items import MONEY_EVENTS
from dealbooks.pipeline.person import by_person
from dealbooks.store import Store
from dealbooks.store.db import Row, Tx, read_rows
from dealbooks.store.tables import bank_lines, bank_links, bank_statements, entries

TAKEN, HELD = "taken", "held"
_LEAST, _MOST = 8, 200  # characters of a reference that a person gives


class BankHouse(Protocol):
    """What this module needs of a house."""

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
    """A statement of a file: `state` is taken, known (its file was taken before) or held; `new` lines of it are in no
    statement before it; `note` says why it is held."""

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


def import_file(
    house: BankHouse, account: str, path: Path, *, form: str = "", days: tuple[date | None, date | None] = (None, None)
) -> list[Imported]:
    """Take the statements of a file. `form` is one of `dealbooks.bank.reading.FORMATS`, by default by its content;
    `days` are those that a CSV file covers, where its lines do not say it.

    Raises:
        UsageError: there is no such account, file or format.
        ConfigError: the layout is wrong.
    """
    config = account_config(house, account)
    currency = config.currency or house.book_config(config.book).currency
    where = config.layout
    layout = house.config.path(where) if "/" in where or where.endswith((".yaml", ".yml")) else where
    try:
        sha = sha256_hex(read_bytes(path))
        with house.store.read() as conn:
            known = _known(conn, account, sha)
        if known:
            return known
        found = read_statements(path, account, form=form, layout=layout, currency=currency, days=days)
        found = _of_account(found, config, currency, path.name)
        if sha256_hex(read_bytes(path)) != sha:
            raise Unreadable(f"{path.name} changed while it was read.", fix="Wait until it is written, and import it.")
        with house.store.transaction(house.actor, f"take bank statements of {account}") as tx:
            tx.next_ids("bank_statements", 0)  # one at a time: nobody else takes a statement until this one is through
            return _known(tx.conn, account, sha) or _take(tx, config, found, path.name, sha)
    except StopBatch as error:
        return [_hold(house, account, config, path, error.words)]


def account_config(house: BankHouse, account: str) -> BankAccountConfig:
    """Settings of an account.

    Raises:
        UsageError: naming those there are.
    """
    found = house.config.bank_accounts.get(account)
    if found is None:
        known = ", ".join(sorted(house.config.bank_accounts)) or "none"
        raise UsageError(
            f"There is no bank account called {account!r}; there is {known}.",
            fix="See bank_accounts: in dealbooks.yaml.",
        )
    return found


def statements(house: BankHouse, account: str = "") -> list[Imported]:
    """Statements that were taken or held, oldest first; of one account, or of all.

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
        return [_shown(row, 0) for row in read_rows(conn, query)]


def accept(house: BankHouse, line: str, item: str, *, who: str, why: str) -> Row:
    """A person says that a line of a statement is money of ours, by the first characters of both their references.

    Raises:
        UsageError: nobody says so, no reason is given, or there is no such line or no such money in its book.
    """
    who, why = by_person(who, why, "Somebody says so, for a reason.")
    with house.store.transaction(house.actor, f"bank line {line[:12]} is {item[:12]}") as tx:
        rows = tx.rows(select(bank_lines).where(bank_lines.c.id.startswith(line, autoescape=True)).limit(2))
        if len(rows) != 1 or len(line) < _LEAST:
            raise UsageError(
                f"There is no one bank line {line!r}.", fix="Copy it from the suggestions of the reconciliation."
            )
        item = _item(tx, rows[0]["book"], item)
        row: Row = {
            "id": sha256_hex(canonical_json([rows[0]["id"], item]))[:32], "book": rows[0]["book"],
            "line": rows[0]["id"], "item": item, "who": who, "why": why, "state": "accepted",
            "at": tx.at,
        }  # fmt: skip
        before = tx.rows(select(bank_links).where(bank_links.c.id == row["id"]))
        if before:
            tx.change("bank_links", [(before[0], {"who": row["who"], "why": row["why"], "state": "accepted"})])
        else:
            tx.insert("bank_links", [row])
    return row


def _item(tx: Tx, book: str, item: str) -> str:
    """The whole reference of money of a book: of an entry, of a provider's payout, of a receipt that others book."""
    begins = entries.c.id.startswith(item, autoescape=True)
    moved = (entries.c.book == book) & entries.c.event.in_(MONEY_EVENTS)
    found = [row["id"] for row in tx.rows(select(entries.c.id).where(begins & moved).limit(2))]
    kind, _, name = item.partition(":")
    if kind == "payout" and name:
        own = (bank_lines.c.book == book) & (bank_lines.c.id == name)
        found = [item for _ in tx.rows(select(bank_lines.c.id).where(own))]
    elif kind == "told" and name.count(":"):
        found = [item]  # others' receipts are told anew by each reconciliation
    if len(found) != 1 or not _LEAST <= len(item) <= _MOST:
        raise UsageError(
            f"There is no one entry of {book} called {item!r} that moves money.",
            fix="Copy it from the suggestions of the reconciliation.",
        )
    return str(found[0])


def lines_between(conn: Connection, book: str, first: date, last: date) -> list[BankLine]:
    """Lines of a book's accounts booked in these days, both included."""
    days = bank_lines.c.booked.between(first.isoformat(), last.isoformat())
    query = select(bank_lines).where((bank_lines.c.book == book) & days).order_by(bank_lines.c.id)
    return [line_of(row) for row in read_rows(conn, query)]


def line_of(row: Row) -> BankLine:
    """A line from its row."""
    body = json.loads(row["body"])
    return BankLine(
        account=row["account"], statement=body["statement"], booked=date.fromisoformat(row["booked"]),
        value=date.fromisoformat(body["value"]), amount=Decimal(row["amount"]), currency=row["currency"],
        text=body["text"], references=tuple(body["references"]), counterparty=body["counterparty"],
        own_id=body["own_id"], ordinal=body["ordinal"], fee=Decimal(body["fee"]), kind=row["kind"],
    )  # fmt: skip


def coverage(conn: Connection, book: str) -> dict[str, list[tuple[date, date]]]:
    """Account -> the days that its statements cover, as spans that are not joined. Between two statements with
    balances nothing was booked: one opens with what the other closed with."""
    query = select(bank_statements).where((bank_statements.c.book == book) & (bank_statements.c.state == TAKEN))
    found: dict[str, list[tuple[date, date, bool]]] = {}
    for row in read_rows(conn, query):
        span = (date.fromisoformat(row["first_day"]), date.fromisoformat(row["last_day"]), bool(row["closing"]))
        found.setdefault(row["account"], []).append(span)
    return {account: _spans(sorted(some)) for account, some in sorted(found.items())}


def _spans(found: Sequence[tuple[date, date, bool]]) -> list[tuple[date, date]]:
    spans: list[tuple[date, date, bool]] = []
    for first, last, proven in found:
        if spans and (first <= spans[-1][1] + timedelta(days=1) or (proven and spans[-1][2])):
            before = spans[-1]
            spans[-1] = (before[0], max(before[1], last), proven or before[2])
        else:
            spans.append((first, last, proven))
    return [(first, last) for first, last, _ in spans]


def _of_account(found: Iterable[Statement], config: BankAccountConfig, currency: str, file: str) -> list[Statement]:
    """The statements of the file that are of this account."""
    listed = list(found)
    plain = _plain(config.number)
    mine = [one for one in listed if not plain or not one.number or _plain(one.number).endswith(plain)]
    if not mine:
        shown = ", ".join(sorted({f"...{one.number[-4:]}" for one in listed}))
        raise Unreadable(f"{file} is of another account: {shown}.", fix="Name the account that it belongs to.")
    if len({one.number for one in mine}) > 1:
        raise Unreadable(
            f"{file} holds statements of several accounts.",
            fix="Give the account its number: under bank_accounts: in dealbooks.yaml.",
        )
    for one in mine:
        if one.currency != currency:
            raise Unreadable(f"{file} is in {one.currency}, the account in {currency}.", fix="Check the account.")
    return sorted(mine, key=lambda one: (one.first, one.last))


def _plain(text: str) -> str:
    return "".join(one for one in text.upper() if one.isalnum())


def _known(conn: Connection, account: str, sha: str) -> list[Imported]:
    """What was taken of this very file before."""
    mine = (bank_statements.c.account == account) & (bank_statements.c.sha256 == sha)
    query = select(bank_statements).where(mine & (bank_statements.c.state == TAKEN)).order_by(bank_statements.c.id)
    return [replace(_shown(row, 0), state="known") for row in read_rows(conn, query)]


def _take(tx: Tx, config: BankAccountConfig, found: Sequence[Statement], file: str, sha: str) -> list[Imported]:
    account = found[0].account
    mine = bank_statements.c.account == account
    rows = tx.rows(select(bank_statements).where(mine & (bank_statements.c.state == TAKEN)))
    lines = [line_of(row) for row in tx.rows(select(bank_lines).where(bank_lines.c.account == account))]
    known = Known(tuple(_stated(row) for row in rows), tuple(lines))
    new_rows: list[Row] = []
    new_lines: list[Row] = []
    imported = []
    for one, number in zip(found, tx.next_ids("bank_statements", len(found)), strict=True):
        fresh = merged(known, one)
        known = Known((*known.statements, one), (*known.lines, *fresh))
        row = _row(one, config.book, file, sha, tx.at, number)
        new_rows.append(row)
        new_lines += [_line_row(line, config.book, number, seq, one) for seq, line in enumerate(fresh, start=1)]
        imported.append(_shown(row, len(fresh)))
    tx.insert("bank_statements", new_rows)
    tx.insert("bank_lines", new_lines)
    return imported


def _row(one: Statement, book: str, file: str, sha: str, at: str, number: int) -> Row:
    return {
        "id": number, "book": book, "account": one.account, "statement": shown(one.statement)[:200],
        "format": one.format, "file": file, "sha256": sha, "currency": one.currency, "first_day": one.first.isoformat(),
        "last_day": one.last.isoformat(), "opening": _text(one.opening), "closing": _text(one.closing),
        "line_count": len(one.lines), "state": TAKEN, "note": "", "imported_at": at,
    }  # fmt: skip


def _text(amount: Decimal | None) -> str:
    return "" if amount is None else format(amount, "f")


def _stated(row: Row) -> Statement:
    """A statement from its row, without its lines."""
    return Statement(
        account=row["account"], statement=row["statement"], format=row["format"], currency=row["currency"],
        first=date.fromisoformat(row["first_day"]), last=date.fromisoformat(row["last_day"]), lines=(),
        opening=Decimal(row["opening"]) if row["opening"] else None,
        closing=Decimal(row["closing"]) if row["closing"] else None,
    )  # fmt: skip


def _line_row(line: BankLine, book: str, statement: int, seq: int, of: Statement) -> Row:
    body = canonical_json(
        {
            "statement": line.statement or of.statement, "value": line.value.isoformat(), "text": line.text,
            "references": list(line.references), "counterparty": line.counterparty, "own_id": line.own_id,
            "ordinal": line.ordinal, "fee": format(line.fee, "f"),
        }
    )  # fmt: skip
    return {
        "id": line.identity, "book": book, "account": line.account, "statement": statement, "seq": seq,
        "booked": line.booked.isoformat(), "amount": format(line.amount, "f"), "currency": line.currency,
        "kind": line.kind, "body": body, "body_hash": sha256_hex(body), "state": TAKEN,
    }  # fmt: skip


def _hold(house: BankHouse, account: str, config: BankAccountConfig, path: Path, note: str) -> Imported:
    """Remember that a file was refused, and why; said once for the same file and reason."""
    try:
        sha = sha256_hex(read_bytes(path))
    except StopBatch:  # empty or too large: the reason is told, and it has no content to be known by
        sha = ""
    with house.store.transaction(house.actor, f"hold a bank statement of {account}") as tx:
        mine = (bank_statements.c.account == account) & (bank_statements.c.sha256 == sha)
        same = mine & (bank_statements.c.state == HELD) & (bank_statements.c.note == note)
        rows = tx.rows(select(bank_statements).where(same & (bank_statements.c.file == path.name)))
        if rows:
            return _shown(rows[0], 0)
        [number] = tx.next_ids("bank_statements", 1)
        row: Row = {
            "id": number, "book": config.book, "account": account, "statement": "", "format": "", "file": path.name,
            "sha256": sha, "currency": "", "first_day": "", "last_day": "", "opening": "", "closing": "",
            "line_count": 0, "state": HELD, "note": note, "imported_at": tx.at,
        }  # fmt: skip
        tx.insert("bank_statements", [row])
        return _shown(row, 0)


def _shown(row: Row, new: int) -> Imported:
    return Imported(
        account=row["account"], statement=row["statement"], state=row["state"], format=row["format"],
        first=row["first_day"], last=row["last_day"], lines=row["line_count"], new=new, opening=row["opening"],
        closing=row["closing"], currency=row["currency"], file=row["file"], note=row["note"], at=row["imported_at"],
    )  # fmt: skip
