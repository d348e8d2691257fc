"""Take statements of banks and payment providers into the store: whole, proven by their balances, no line twice.

A statement must open with what the one before closed with, and where two overlap they must agree; otherwise the file
is held with words, and nothing of it is taken. Without balances (many CSV exports, payment providers) nothing can be
proven so; then lines are told apart by the bank's own ids, or by day, amount and words.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

from sqlalchemy import Connection, select

from dealbooks.bank.camt import NOTIFICATION
from dealbooks.bank.model import BankLine, Statement, Unreadable, shown
from dealbooks.bank.reading import read_bytes, read_statements
from dealbooks.bank.statements import Known, merged
from dealbooks.bank.whose import Account, of_account
from dealbooks.canonical import canonical_json, sha256_hex
from dealbooks.config_told import BankAccountConfig
from dealbooks.errors import StopBatch, UsageError
from dealbooks.pipeline.bank_store import HELD, TAKEN, BankHouse, Imported, account_config, imported, line_of
from dealbooks.store.db import Row, Tx, read_rows
from dealbooks.store.tables import bank_lines, bank_statements

_AGAIN = "."  # after the identity of a line that is taken anew: the withdrawn one keeps its place
_WHAT_CAME = (
    "A notification says what came, not that nothing else did: no day counts as covered by it. Import the statement "
    "(camt.053) when it is there."
)


def import_file(
    house: BankHouse, account: str, path: Path, *, form: str = "", days: tuple[date | None, date | None] = (None, None)
) -> list[Imported]:
    """Take the statements of a file. `form` is one of `dealbooks.bank.reading.FORMATS`, by default by its content;
    `days` are those that a CSV file covers, where its lines do not say it.

    Raises:
        UsageError: there is no such account, file or format; or this very file is taken already, with other days.
        ConfigError: the layout is wrong.
    """
    config = account_config(house, account)
    accounts = {one.name: one for one in _accounts(house)}
    mine = accounts.pop(account)
    where = config.layout
    layout = house.config.path(where) if "/" in where or where.endswith((".yaml", ".yml")) else where
    try:
        sha = sha256_hex(read_bytes(path))
        with house.store.read() as conn:
            known = _known(conn, account, sha)
        if known:
            _check_days(known, path, days)
            return known
        found = read_statements(path, account, form=form, layout=layout, currency=mine.currency, days=days)
        found, note = of_account(found, mine, accounts.values(), path.name)
        if sha256_hex(read_bytes(path)) != sha:
            raise Unreadable(f"{path.name} changed while it was read.", fix="Wait until it is written, and import it.")
        with house.store.transaction(house.actor, f"take bank statements of {account}") as tx:
            tx.next_ids("bank_statements", 0)  # one at a time: nobody else takes a statement until this one is through
            return _known(tx.conn, account, sha) or _take(tx, config, found, path.name, sha, note)
    except StopBatch as error:
        return [_hold(house, account, config, path, error.words)]


def _check_days(known: Sequence[Imported], path: Path, days: tuple[date | None, date | None]) -> None:
    """Raise UsageError where a CSV file is to cover other days than those with which it was taken before."""
    for one in known:
        given = [
            day is not None and day.isoformat() != had for day, had in zip(days, (one.first, one.last), strict=True)
        ]
        if one.format == "csv" and any(given):
            raise UsageError(
                f"{path.name} is taken already, with the days {one.first} to {one.last} (statement {one.number}).",
                fix=f"Take it back, and import it with the right days: dealbooks bank withdraw {one.number} --who NAME "
                "--why REASON",
            )


def _accounts(house: BankHouse) -> list[Account]:
    """The accounts of the settings, with their currencies."""
    return [
        Account(name, one.number, one.currency or house.book_config(one.book).currency)
        for name, one in sorted(house.config.bank_accounts.items())
    ]


def _known(conn: Connection, account: str, sha: str) -> list[Imported]:
    """What was taken of this very file before."""
    mine = (bank_statements.c.account == account) & (bank_statements.c.sha256 == sha)
    query = select(bank_statements).where(mine & (bank_statements.c.state == TAKEN)).order_by(bank_statements.c.id)
    return [replace(imported(row), state="known") for row in read_rows(conn, query)]


def _take(
    tx: Tx, config: BankAccountConfig, found: Sequence[Statement], file: str, sha: str, note: str
) -> list[Imported]:  # fmt: skip
    account = found[0].account
    mine = bank_statements.c.account == account
    rows = tx.rows(select(bank_statements).where(mine & (bank_statements.c.state == TAKEN)))
    there = tx.rows(select(bank_lines).where(bank_lines.c.account == account))
    lines = [line_of(row) for row in there if row["state"] == TAKEN]
    known = Known(tuple(_stated(row) for row in rows), tuple(lines))
    stored = Counter(row["id"].partition(_AGAIN)[0] for row in there)
    new_rows: list[Row] = []
    new_lines: list[Row] = []
    taken = []
    for one, number in zip(found, tx.next_ids("bank_statements", len(found)), strict=True):
        fresh = merged(known, one)
        known = Known((*known.statements, one), (*known.lines, *fresh))
        said = " ".join(part for part in (note, _WHAT_CAME if one.format == NOTIFICATION else "") if part)
        row = _row(one, config.book, file, sha, tx.at, number, said)
        new_rows.append(row)
        for seq, line in enumerate(fresh, start=1):
            new_lines.append(_line_row(line, config.book, number, seq, one, stored[line.identity]))
        taken.append(imported(row, len(fresh)))
    tx.insert("bank_statements", new_rows)
    tx.insert("bank_lines", new_lines)
    return taken


def _row(one: Statement, book: str, file: str, sha: str, at: str, number: int, note: str) -> Row:
    return {
        "id": number, "book": book, "account": one.account, "statement": shown(one.statement)[:200],
        "format": one.format, "file": file, "sha256": sha, "currency": one.currency, "first_day": one.first.isoformat(),
        "last_day": one.last.isoformat(), "opening": _text(one.opening), "closing": _text(one.closing),
        "line_count": len(one.lines), "state": TAKEN, "note": note, "imported_at": at,
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


def _line_row(line: BankLine, book: str, statement: int, seq: int, of: Statement, before: int) -> Row:
    """`before`: so many times the same line was taken and withdrawn."""
    body = canonical_json(
        {
            "statement": line.statement or of.statement, "value": line.value.isoformat(), "text": line.text,
            "references": list(line.references), "counterparty": line.counterparty, "own_id": line.own_id,
            "ordinal": line.ordinal, "fee": format(line.fee, "f"),
        }
    )  # fmt: skip
    own = f"{line.identity}{_AGAIN}{before + 1}" if before else line.identity
    return {
        "id": own, "book": book, "account": line.account, "statement": statement, "seq": seq,
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
            return imported(rows[0])
        [number] = tx.next_ids("bank_statements", 1)
        row: Row = {
            "id": number, "book": config.book, "account": account, "statement": "", "format": "", "file": path.name,
            "sha256": sha, "currency": "", "first_day": "", "last_day": "", "opening": "", "closing": "",
            "line_count": 0, "state": HELD, "note": note, "imported_at": tx.at,
        }  # fmt: skip
        tx.insert("bank_statements", [row])
        return imported(row)
