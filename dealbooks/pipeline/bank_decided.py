"""What a person says of the bank's statements: this line is that money of ours; this statement was wrong, take it back.

Nothing is erased: what was said, by whom and why is in the audit chain, and the lines of a withdrawn statement stay in
the store, where nothing counts them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import select

from dealbooks.canonical import canonical_json, sha256_hex
from dealbooks.errors import UsageError
from dealbooks.periods import PeriodState
from dealbooks.pipeline.bank_items import MONEY_EVENTS
from dealbooks.pipeline.bank_store import HELD, TAKEN, WITHDRAWN, BankHouse, Imported, imported, line_of, statement_row
from dealbooks.pipeline.periods import states
from dealbooks.pipeline.person import by_person
from dealbooks.store import Tx
from dealbooks.store.db import Row
from dealbooks.store.tables import bank_lines, bank_links, bank_statements, entries

_LEAST, _MOST = 8, 200  # characters of a reference that a person gives
_CHUNK = 400


def accept(house: BankHouse, line: str, item: str, *, who: str, why: str) -> Row:
    """A person says that a line of a statement is money of ours, by the first characters of both their references.

    Raises:
        UsageError: nobody says so, no reason is given, or there is no such line or no such money in its book.
    """
    who, why = by_person(who, why, "Somebody says so, for a reason.")
    with house.store.transaction(house.actor, f"bank line {line[:12]} is {item[:12]}") as tx:
        begins = bank_lines.c.id.startswith(line, autoescape=True)
        rows = tx.rows(select(bank_lines).where(begins & (bank_lines.c.state == TAKEN)).limit(2))
        if len(rows) != 1 or len(line) < _LEAST:
            raise UsageError(
                f"There is no one bank line {line!r}.", fix="Copy it from the suggestions of the reconciliation."
            )
        identity, item = line_of(rows[0]).identity, _item(tx, rows[0]["book"], item)
        row: Row = {
            "id": sha256_hex(canonical_json([identity, item]))[:32], "book": rows[0]["book"], "line": identity,
            "item": item, "who": who, "why": why, "state": "accepted", "at": tx.at,
        }  # fmt: skip
        before = tx.rows(select(bank_links).where(bank_links.c.id == row["id"]))
        if before:
            tx.change("bank_links", [(before[0], {"who": row["who"], "why": row["why"], "state": "accepted"})])
        else:
            tx.insert("bank_links", [row])
    return row


def unaccept(house: BankHouse, line: str, item: str, *, who: str, why: str) -> Row:
    """A person takes back what was accepted, by the first characters of both references.

    Raises:
        UsageError: nobody says so, no reason is given, or nothing of the kind was accepted.
    """
    who, why = by_person(who, why, "Somebody takes it back, for a reason.")
    with house.store.transaction(house.actor, f"bank line {line[:12]} is not {item[:12]}") as tx:
        begins = bank_links.c.line.startswith(line, autoescape=True) & bank_links.c.item.startswith(
            item, autoescape=True
        )
        rows = tx.rows(select(bank_links).where(begins & (bank_links.c.state == "accepted")).limit(2))
        if len(rows) != 1 or min(len(line), len(item)) < _LEAST:
            raise UsageError(
                f"That the bank line {line!r} is {item!r} was not accepted, or more than one is meant.",
                fix="Copy both references from the report.",
            )
        return tx.update("bank_links", rows, who=who, why=why, state=WITHDRAWN)[0]


def _item(tx: Tx, book: str, item: str) -> str:
    """The whole reference of money of a book: of an entry, of a provider's payout, of a receipt that others book."""
    begins = entries.c.id.startswith(item, autoescape=True)
    moved = (entries.c.book == book) & entries.c.event.in_(MONEY_EVENTS)
    found = [row["id"] for row in tx.rows(select(entries.c.id).where(begins & moved).limit(2))]
    kind, _, name = item.partition(":")
    if kind == "payout" and name:
        own = (bank_lines.c.book == book) & (bank_lines.c.state == TAKEN)
        named = own & bank_lines.c.id.startswith(name, autoescape=True)
        found = [item for row in tx.rows(select(bank_lines).where(named)) if line_of(row).identity == name]
    elif kind == "told" and name.count(":"):
        found = [item]  # others' receipts are told anew by each reconciliation
    if len(found) != 1 or not _LEAST <= len(item) <= _MOST:
        raise UsageError(
            f"There is no one entry of {book} called {item!r} that moves money.",
            fix="Copy it from the suggestions of the reconciliation.",
        )
    return str(found[0])


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """A statement that was taken back with its `lines`; of these, so many were `accepted` as money of ours, which
    counts again only when the same lines come again."""

    statement: Imported
    lines: int
    accepted: int


def withdraw(house: BankHouse, number: int, *, who: str, why: str) -> Withdrawn:
    """Take a statement back: its days are not covered, its lines are not at the bank, and its file can be imported
    anew. It stays in the store, with who and why.

    Raises:
        UsageError: nobody says so, no reason is given, there is no such statement or nothing of it was taken, a later
            one builds on it, or a month of its days is closed.
    """
    who, why = by_person(who, why, "Somebody takes it back, for a reason.")
    with house.store.transaction(who, f"withdraw bank statement {number}: {why}") as tx:
        tx.next_ids("bank_statements", 0)  # one at a time: no statement is taken until this one is through
        row = statement_row(tx.conn, number)
        _refuse_untaken(row)
        _refuse_closed(tx, row)
        lines = tx.rows(select(bank_lines).where(bank_lines.c.statement == number).order_by(bank_lines.c.seq))
        _refuse_built_upon(tx, row, lines)
        said = f"{row['note']} Withdrawn by {who} on {tx.at[:10]}: {why}".strip()
        [after] = tx.update("bank_statements", [row], state=WITHDRAWN, note=said)
        tx.update("bank_lines", lines, state=WITHDRAWN)
        identities = [line_of(one).identity for one in lines]
        accepted = sum(
            len(tx.rows(select(bank_links.c.id).where(
                bank_links.c.line.in_(identities[start : start + _CHUNK]) & (bank_links.c.state == "accepted")
            )))
            for start in range(0, len(identities), _CHUNK)
        )  # fmt: skip
    return Withdrawn(imported(after, len(lines)), len(lines), accepted)


def _refuse_untaken(row: Row) -> None:
    if row["state"] == HELD:
        raise UsageError(
            f"{row['file']} is held: nothing of it was taken, so there is nothing to take back.",
            fix="Correct what is said of it in 'dealbooks bank list', and import it.",
        )
    if row["state"] == WITHDRAWN:
        raise UsageError(
            f"Statement {row['id']} of {row['account']} is withdrawn already. {row['note']}",
            fix="Nothing is to be done.",
        )


def _refuse_closed(tx: Tx, row: Row) -> None:
    closed = sorted(
        period for period, state in states(tx.conn, row["book"]).items()
        if state is PeriodState.LOCKED
        and period.first.isoformat() <= row["last_day"] and row["first_day"] <= period.last.isoformat()
    )  # fmt: skip
    if closed:
        months = ", ".join(str(one) for one in closed)
        raise UsageError(
            f"Statement {row['id']} of {row['account']} has days of {months}, which is closed: what was signed rests "
            "on it.",
            fix=f"Take it out of the lock first: dealbooks reopen {row['book']} {closed[0]} --who NAME --reason TEXT "
            "--approver NAME. Close it again afterwards.",
        )


def _refuse_built_upon(tx: Tx, row: Row, lines: list[Row]) -> None:
    mine = (bank_statements.c.account == row["account"]) & (bank_statements.c.state == TAKEN)
    query = select(bank_statements).where(mine & (bank_statements.c.id != row["id"])).order_by(bank_statements.c.id)
    found = _built_upon(row, lines, tx.rows(query))
    if found:
        later = ", ".join(f"{one['id']} ({one['first_day']} to {one['last_day']})" for one in found)
        order = ", then ".join(str(one["id"]) for one in [*reversed(found), row])
        raise UsageError(
            f"Statement {row['id']} of {row['account']} cannot be taken back alone: what was taken after it builds on "
            f"its lines or balances: {later}.",
            fix=f"Withdraw {order}; then import the right files, the oldest first.",
        )


def _built_upon(row: Row, lines: Iterable[Row], others: Iterable[Row]) -> list[Row]:
    """Statements taken later that would not be whole or would not follow without this one: those that cover a day of
    its lines, which were not taken a second time; and those whose balances its lines are a part of."""
    moved: dict[str, Decimal] = {}
    for line in lines:
        moved[line["booked"]] = moved.get(line["booked"], Decimal(0)) + Decimal(line["amount"])
    listed = list(others)
    root = min((one["first_day"] for one in listed if one["closing"]), default="")
    counted = {day: amount for day, amount in moved.items() if day >= root}
    found = []
    for one in listed:
        first, last = one["first_day"], one["last_day"]
        again = any(first <= day <= last for day in moved)
        opening = sum((amount for day, amount in counted.items() if day < first), Decimal(0))
        closing = sum((amount for day, amount in counted.items() if day <= last), Decimal(0))
        if one["id"] > row["id"] and (again or (one["closing"] and (opening or closing))):
            found.append(one)
    return found
