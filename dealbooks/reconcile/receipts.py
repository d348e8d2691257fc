"""Receipts that others book (`receipts: match`): matched with what the ledger lists, by their reference. Pure.

A bank feed or a provider's own app writes the reference of a payment into its record. A record without our key that
names the reference, and moves the amount, is that receipt; each record is taken once. Any other likeness is no proof.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from dealbooks.ledger import Record
from dealbooks.reconcile.model import money_text

_LEAST = 4  # characters; a shorter reference is in every text by chance


@dataclass(frozen=True, slots=True)
class OthersReceipt:
    """A customer's payment that we count and others book. `ref` is the ledger's record of it; empty: to be matched."""

    deal: str
    reference: str
    date: date
    amount: Decimal
    currency: str
    ref: str = ""

    def as_json(self) -> dict[str, str]:
        """Plain types."""
        return {
            "deal": self.deal, "reference": self.reference, "date": self.date.isoformat(),
            "amount": money_text(self.amount, self.currency), "currency": self.currency,
            "state": "matched" if self.ref else "to be matched", "ref": self.ref,
        }  # fmt: skip


def match_receipts(wanted: Iterable[OthersReceipt], records: Iterable[Record]) -> tuple[OthersReceipt, ...]:
    """Each receipt with the record that is it, where there is one; in the order of their days."""
    free = sorted((one for one in records if not one.key), key=lambda one: (one.date, one.ref))
    found = []
    for receipt in sorted(wanted, key=lambda one: (one.date, one.deal, one.reference)):
        record = _record_of(receipt, free)
        if record is not None:
            free.remove(record)
            receipt = replace(receipt, ref=record.ref)
        found.append(receipt)
    return tuple(found)


def _record_of(receipt: OthersReceipt, records: Sequence[Record]) -> Record | None:
    name = receipt.reference.strip()
    if len(name) < _LEAST:
        return None
    words = re.compile(rf"(?<![A-Za-z0-9_]){re.escape(name)}(?![A-Za-z0-9_])", re.IGNORECASE)
    for record in records:
        moved = any(abs(line.amount) == receipt.amount and line.currency == receipt.currency for line in record.lines)
        if moved and (words.search(record.narration) or words.search(record.ref)):
            return record
    return None
