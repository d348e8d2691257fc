"""Rows of a bank's CSV export, or of a provider's payout report, as statements.

The layout (YAML) has named and read the columns; here they get their meaning. Amounts are one signed column, a debit
and a credit column, or an amount with a column that says which of the two it is. A running balance, where there is one,
gives the opening and the closing balance. A column `net` makes it a provider's report: gross and fee of each
payment, and the payouts that they went to the bank in.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from dealbooks.bank.model import ZERO, BankLine, Statement, Unreadable, checked, currency_of, day_of, shown

_OUT = frozenset({"D", "DR", "DBIT", "DEBIT", "OUT", "-", "S", "W"})
_IN = frozenset({"C", "CR", "CRDT", "CREDIT", "IN", "+", "H"})


@dataclass(frozen=True, slots=True)
class CsvRow:
    """A row of a file: its line, and its values by canonical column (amounts as plain text, days as ISO text)."""

    line: int
    values: Mapping[str, Any]


def statements_of_rows(
    rows: Sequence[CsvRow],
    account: str,
    file: str,
    *,
    currency: str = "",
    days: tuple[date | None, date | None] = (None, None),
) -> list[Statement]:
    """The statement that the rows are, or one of each currency where they are in several; of a provider's report as
    well. `currency` is that of rows that do not say it.

    Raises:
        Unreadable: a row says neither in nor out, balances do not follow from each other, some rows of several
            currencies do not say theirs, or nothing says which days an empty file covers.
    """
    named = sorted({str(row.values["currency"]) for row in rows if "currency" in row.values})
    if len(named) < 2:
        return [_statement(rows, account, file, currency_of(next(iter(named), currency), file), days)]
    untold = next((row for row in rows if "currency" not in row.values), None)
    if untold is not None:
        raise Unreadable(
            f"{file} holds {', '.join(named)}, and line {untold.line} does not say which.",
            fix="Export one currency at a time.",
        )
    return [
        _statement([row for row in rows if row.values["currency"] == one], account, file, currency_of(one, file), days)
        for one in named
    ]  # fmt: skip


def _statement(
    rows: Sequence[CsvRow], account: str, file: str, currency: str, days: tuple[date | None, date | None]
) -> Statement:  # fmt: skip
    report = any("net" in row.values for row in rows)
    lines = [_line(row, account, file, currency, report=report) for row in rows]
    balances = _balances(rows, lines, file)
    if report:
        lines += _payouts(rows, lines, account)
    booked = sorted(line.booked for line in lines)
    first, last = days[0] or (booked[0] if booked else None), days[1] or (booked[-1] if booked else None)
    if first is None or last is None:
        raise Unreadable(
            f"{file} has no rows, so nothing says which days it covers.", fix="Give the days with --from and --to."
        )
    if booked and (booked[0] < first or booked[-1] > last):
        raise Unreadable(
            f"{file} has lines from {booked[0].isoformat()} to {booked[-1].isoformat()}, outside the days given.",
            fix="Correct --from and --to.",
        )
    return checked(
        Statement(
            account=account, statement=f"{first.isoformat()}..{last.isoformat()}", format="csv", currency=currency,
            first=first, last=last, lines=tuple(line for _, line in sorted(enumerate(lines), key=_by_day)),
            opening=balances[0], closing=balances[1], number=_number(rows, file), stated=None not in days,
        )
    )  # fmt: skip


def _by_day(pair: tuple[int, BankLine]) -> tuple[date, int]:
    return pair[1].booked, pair[0]


def _number(rows: Iterable[CsvRow], file: str) -> str:
    found = {str(row.values["account"]) for row in rows if "account" in row.values}
    if len(found) > 1:
        raise Unreadable(f"{file} holds lines of {len(found)} accounts.", fix="Export one account at a time.")
    return next(iter(found), "")


def _line(row: CsvRow, account: str, file: str, currency: str, *, report: bool) -> BankLine:
    values, where = row.values, f"{file} line {row.line}"
    booked = day_of(str(values["booked"]), where)
    fee = _number_of(values.get("fee"))
    amount = _amount(values, where)
    if report:
        amount -= fee  # the report states gross; the account is moved by the net
        if "net" in values and Decimal(values["net"]) != amount:
            raise Unreadable(f"{where}: gross less fee is {amount}, the net {values['net']}.", fix="Export it again.")
    references = [str(values.get(name, "")) for name in ("reference", "reference2", "reference3", "deal_ref")]
    words = [str(values.get(name, "")) for name in ("text", "text2", "category")]
    return BankLine(
        account=account, statement="", booked=booked,
        value=day_of(str(values["value"]), where) if values.get("value") else booked, amount=amount,
        currency=currency, text=shown(" ".join(one for one in words if one)),
        references=tuple(dict.fromkeys(shown(one) for one in references if one)),
        counterparty=shown(str(values.get("counterparty", ""))), own_id=str(values.get("own_id", "")), fee=fee,
        kind="fee" if report and str(values.get("category", "")).endswith("fee") else "line",
    )  # fmt: skip


def _number_of(value: Any) -> Decimal:
    return Decimal(value) if value is not None else ZERO


def _amount(values: Mapping[str, Any], where: str) -> Decimal:
    if "debit" in values or "credit" in values:
        return _number_of(values.get("credit")) - _number_of(values.get("debit"))
    amount = Decimal(values["amount"])
    side = str(values.get("side", "")).strip().upper()
    if not side:
        return amount
    if side in _OUT:
        return -abs(amount)
    if side in _IN:
        return abs(amount)
    raise Unreadable(
        f"{where}: “{side[:20]}” says neither money in nor money out.", fix="Add the word to values: of the layout."
    )


def _balances(rows: Sequence[CsvRow], lines: Sequence[BankLine], file: str) -> tuple[Decimal | None, Decimal | None]:
    """Opening and closing balance from the running balance, whether the file begins with the oldest or the newest
    line. A file where some rows lack it states none."""
    if not rows or any("balance" not in row.values for row in rows):
        return None, None
    balances = [Decimal(row.values["balance"]) for row in rows]
    upward, downward = _breaks(balances, lines), _breaks(balances[::-1], lines[::-1])
    if upward is None and (downward is not None or lines[0].booked <= lines[-1].booked):
        return balances[0] - lines[0].amount, balances[-1]
    if downward is None:
        return balances[-1] - lines[-1].amount, balances[0]
    at = upward if lines[0].booked <= lines[-1].booked or upward is None else len(rows) - 1 - downward
    raise Unreadable(
        f"{file} line {rows[at or 0].line}: the balance does not follow from the line before it and the amount.",
        fix="Rows are missing, changed or in another order: export it again.",
    )


def _breaks(balances: Sequence[Decimal], lines: Sequence[BankLine]) -> int | None:
    """The first row whose balance does not follow from the one before; None where all do."""
    for index in range(1, len(lines)):
        if balances[index - 1] + lines[index].amount != balances[index]:
            return index
    return None


def _payouts(rows: Sequence[CsvRow], lines: Sequence[BankLine], account: str) -> list[BankLine]:
    """A line out of the provider's account for each payout: what its transactions come to."""
    totals: dict[str, BankLine] = {}
    for row, line in zip(rows, lines, strict=True):
        name = str(row.values.get("payout", ""))
        if not name:
            continue
        day = day_of(str(row.values.get("payout_day", line.booked.isoformat())), f"payout {name}")
        known = totals.get(name)
        if known is None:
            known = BankLine(
                account=account, statement="", booked=day, value=day, amount=ZERO, currency=line.currency,
                text="payout", references=(name,), own_id=name, kind="payout",
            )  # fmt: skip
        totals[name] = replace(known, amount=known.amount - line.amount)
    return [line for line in totals.values() if line.amount]
