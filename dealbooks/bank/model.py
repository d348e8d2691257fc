"""What a bank or a payment provider says happened on an account, whichever format it came in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from dealbooks.canonical import canonical_json, sha256_hex
from dealbooks.errors import StopBatch
from dealbooks.money import MoneyError, exact, minor_digits, minor_unit

MOST_BYTES = 32 * 1024 * 1024  # of a statement file
MOST_LINES = 200_000  # of a statement file
MOST_TEXT = 2_000  # characters of a line's text; the rest is cut
ZERO = Decimal(0)


class Unreadable(StopBatch):
    """A statement that cannot be taken; the message says why, in words for a person."""


@dataclass(frozen=True, slots=True)
class BankLine:
    """One movement on an account.

    `amount` is exact in `currency`, money in positive, money out negative; it is what the account was moved by. `fee`
    is what was kept back before (positive, never in `amount`): the gross is `amount + fee`. `references` are the
    names that the bank gives in fields of their own. `own_id` is the bank's id of the line; empty where it gives none.
    `ordinal` tells apart lines of one day that are alike in everything. `kind` is `line`, `fee` (of the provider) or
    `payout` (from a provider's account to a bank account).
    """

    account: str
    statement: str
    booked: date
    value: date
    amount: Decimal
    currency: str
    text: str = ""
    references: tuple[str, ...] = ()
    counterparty: str = ""
    own_id: str = ""
    ordinal: int = 0
    fee: Decimal = ZERO
    kind: str = "line"

    @property
    def gross(self) -> Decimal:
        """Before the provider's fee."""
        return self.amount + self.fee

    @property
    def identity(self) -> str:
        """The same for the same line, in whichever statement it comes: by the bank's own id and the amount where there
        is one; else by day, amount and words, and its number among equal ones of the day."""
        if self.own_id:
            parts: list[Any] = [self.account, "id", self.own_id, format(self.amount, "f"), self.ordinal]
        else:
            parts = [self.account, *self._content, self.ordinal]
        return sha256_hex(canonical_json(parts))[:32]

    def as_json(self) -> dict[str, Any]:
        """Plain types."""
        return {
            "id": self.identity, "booked": self.booked.isoformat(), "value": self.value.isoformat(),
            "amount": format(self.amount, "f"), "fee": format(self.fee, "f"), "currency": self.currency,
            "kind": self.kind, "counterparty": self.counterparty, "text": self.text,
            "references": list(self.references), "own_id": self.own_id,
        }  # fmt: skip

    @property
    def _content(self) -> tuple[str, ...]:
        words = " ".join(" ".join([self.text, self.counterparty, *self.references]).upper().split())
        return (self.booked.isoformat(), format(self.amount, "f"), self.currency, self.kind, words)

    def alike(self) -> tuple[str, ...]:
        """What lines that are numbered against each other have in common."""
        return ("id", self.own_id, format(self.amount, "f")) if self.own_id else self._content


@dataclass(frozen=True, slots=True)
class Statement:
    """Movements of an account over the days `first` to `last`, both included. `number` is the account as the file
    names it (an IBAN), `opening` and `closing` are None where the file states no balances. `stated` tells whether the
    file itself states the days; otherwise they are those of its lines."""

    account: str
    statement: str
    format: str
    currency: str
    first: date
    last: date
    lines: tuple[BankLine, ...]
    opening: Decimal | None = None
    closing: Decimal | None = None
    number: str = ""
    stated: bool = True

    @property
    def total(self) -> Decimal:
        """What the lines add up to."""
        return sum((line.amount for line in self.lines), ZERO)


def checked(statement: Statement) -> Statement:
    """The statement with its lines numbered, its days around all of them.

    Raises:
        Unreadable: an amount has more decimals than its currency, opening and lines do not give the closing balance, or
            there are too many lines.
    """
    where = f"statement {statement.statement}" if statement.statement else "the statement"
    if len(statement.lines) > MOST_LINES:
        raise Unreadable(f"{where} has more than {MOST_LINES} lines.", fix="Export a shorter time.")
    for line in statement.lines:
        for amount in (line.amount, line.fee):
            if amount != amount.quantize(minor_unit(line.currency)):
                raise Unreadable(
                    f"{where}: the line of {line.booked.isoformat()} has {amount} {line.currency}, more decimals than "
                    "the currency has.",
                    fix="Export it again.",
                )
        if line.currency != statement.currency:
            raise Unreadable(
                f"{where} is in {statement.currency}, its line of {line.booked.isoformat()} in {line.currency}.",
                fix="Export one currency at a time.",
            )
    if statement.opening is not None and statement.closing is not None:
        found = statement.opening + statement.total
        if found != statement.closing:
            raise Unreadable(
                f"{where} opens with {statement.opening} and its lines add up to {statement.total}, which gives "
                f"{found}; it closes with {statement.closing} (difference {statement.closing - found}).",
                fix="Lines are missing or changed: export the statement again.",
            )
    days = [line.booked for line in statement.lines]
    return replace(
        statement, lines=numbered(statement.lines), first=min([statement.first, *days]),
        last=max([statement.last, *days]),
    )  # fmt: skip


def numbered(lines: Iterable[BankLine]) -> tuple[BankLine, ...]:
    """The lines, each with its number among those that are alike in everything."""
    seen: Counter[tuple[str, ...]] = Counter()
    found = []
    for line in lines:
        found.append(replace(line, ordinal=seen[line.alike()]))
        seen[line.alike()] += 1
    return tuple(found)


def amount_of(text: str, where: str) -> Decimal:
    """An exact amount as a bank's file writes it, with a point or a comma before the decimals.

    Raises:
        Unreadable: it is none.
    """
    try:
        return exact(text.strip().replace(",", ".") if text.count(",") == 1 and "." not in text else text.strip())
    except MoneyError as error:
        raise Unreadable(f"{where}: “{text[:40]}” is not an amount.", fix="Export the statement again.") from error


def currency_of(text: str, where: str) -> str:
    """An ISO 4217 currency.

    Raises:
        Unreadable: it is none.
    """
    try:
        minor_digits(text)
    except MoneyError as error:
        raise Unreadable(f"{where}: “{text[:40]}” is not a currency.", fix="Export the statement again.") from error
    return text


def day_of(text: str, where: str) -> date:
    """A day written as 2026-03-14 or 20260314, with or without a time after it: the day as it is written, in the
    bank's own time.

    Raises:
        Unreadable: it is none.
    """
    plain = text.strip()
    try:
        if plain[:8].isdigit():
            return date(int(plain[:4]), int(plain[4:6]), int(plain[6:8]))
        return date.fromisoformat(plain[:10])
    except ValueError as error:
        raise Unreadable(f"{where}: “{text[:40]}” is not a date.", fix="Export the statement again.") from error


def shown(text: str) -> str:
    """Text of others on one line, without null characters (no database takes them), not longer than it is kept."""
    return " ".join(text.replace("\0", " ").split())[:MOST_TEXT]
