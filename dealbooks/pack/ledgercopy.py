"""What the ledger listed, kept as a reconciliation reads it: for the trial balance, the open contracts and the proof.

One reading serves the reconciliation and the pack, so that both speak of the same ledger.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from dealbooks.ledger import Record
from dealbooks.reconcile.accounts import AccountMap
from dealbooks.reconcile.totals import CONTRACTS

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class OpenContract:
    """What finance companies owe on a stock number at the end of the period, and the keys of ours that made it."""

    stock_no: str
    currency: str
    balance: Decimal
    keys: frozenset[str]


class LedgerCopy:
    """The records of a period, and what every account stood at before it."""

    def __init__(self, accounts: AccountMap, first: date, last: date) -> None:
        self.accounts = accounts
        self.first = first
        self.last = last
        self.records: list[Record] = []
        self.opening: dict[tuple[str, str], Decimal] = {}
        self.movement: dict[tuple[str, str], tuple[Decimal, Decimal]] = {}
        self.roles: dict[str, str] = {}
        self._contracts: dict[tuple[str, str], tuple[Decimal, set[str]]] = {}

    def see(self, record: Record) -> None:
        """Take in a record; those after the period count for nothing."""
        if record.date > self.last:
            return
        inside = record.date >= self.first
        if inside:
            self.records.append(record)
        for line in record.lines:
            place = (line.account, line.currency)
            if inside:
                debit, credit = self.movement.get(place, (ZERO, ZERO))
                if line.amount > 0:
                    debit += line.amount
                else:
                    credit -= line.amount
                self.movement[place] = (debit, credit)
            else:
                self.opening[place] = self.opening.get(place, ZERO) + line.amount
            role = self.accounts.role_of(line)
            self.roles.setdefault(line.account, role)
            number = line.dimensions.get("stock_no", "")
            if role in CONTRACTS and number:
                balance, keys = self._contracts.get((number, line.currency), (ZERO, set()))
                if record.key:
                    keys.add(record.key)
                self._contracts[number, line.currency] = (balance + line.amount, keys)

    @property
    def places(self) -> list[tuple[str, str]]:
        """Every account and currency that holds or moved something, in a stable order."""
        return sorted({*self.opening, *self.movement})

    def closing(self, place: tuple[str, str]) -> Decimal:
        """What an account stands at on the last day."""
        debit, credit = self.movement.get(place, (ZERO, ZERO))
        return self.opening.get(place, ZERO) + debit - credit

    @property
    def contracts(self) -> tuple[OpenContract, ...]:
        """Contracts that are not settled at the end of the period."""
        return tuple(
            OpenContract(number, currency, balance, frozenset(keys))
            for (number, currency), (balance, keys) in sorted(self._contracts.items())
            if balance
        )
