"""From documents back to the lines of the entries that they carry: document and journals together make exactly the
entry (posting-rules.md section 7). The tests hold this, and read-back can use it. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from dealbooks.documents.target import ZERO
from dealbooks.documents.values import (
    CLEARING,
    CUSTOMER,
    INVOICE,
    Document,
    DocumentKind,
    DocumentSet,
    Journal,
    MoneyDocument,
)
from dealbooks.entries import Line
from dealbooks.money import Money

_Key = tuple[str, str, str | None, tuple[tuple[str, str], ...]]


def entries_of(sets: Iterable[DocumentSet]) -> dict[str, tuple[Line, ...]]:
    """Entry id -> its lines, `clearing.settlement` folded into the customer's account, lines of one part that share
    role, tax code and dimensions merged, those that come to nothing left out. In no particular order."""
    raw: dict[str, list[Line]] = {}
    for one in sets:
        for document in one.documents:
            for entry_id, lines in lines_of(document).items():
                raw.setdefault(entry_id, []).extend(lines)
    return {entry_id: folded(lines) for entry_id, lines in raw.items()}


def lines_of(document: Document | Journal | MoneyDocument) -> Mapping[str, list[Line]]:
    """What one document posts, by the entry that it belongs to; clearing as it is."""
    if isinstance(document, Journal):
        return {document.entry_id: list(document.lines)}
    if isinstance(document, MoneyDocument):
        return {document.entry_id: [document.money, *document.lines]}
    return _sales_lines(document)


def folded(lines: Iterable[Line]) -> tuple[Line, ...]:
    """Lines with clearing folded into the customer's account, merged, without those that come to nothing."""
    sums: dict[_Key, tuple[Decimal, Decimal]] = {}
    like: dict[_Key, Line] = {}
    for line in lines:
        role = CUSTOMER if line.role == CLEARING else line.role
        key = (line.part, role, line.tax_code, tuple(sorted(line.dimensions.items())))
        amount, base = sums.get(key, (ZERO, ZERO))
        sums[key] = (amount + line.amount.amount, base + (ZERO if line.base is None else line.base.amount))
        like[key] = line
    return tuple(
        [
            Line(
                key[0],
                key[1],
                Money(amount, like[key].amount.currency),
                key[2],
                like[key].dimensions,
                _money(base, like[key]),
            )
            for key, (amount, base) in sums.items()
            if amount or base
        ]
    )


def _money(base: Decimal, like: Line) -> Money | None:
    return None if like.base is None else Money(base, like.base.currency)


def _sales_lines(document: Document) -> dict[str, list[Line]]:
    sign = -1 if document.kind is DocumentKind.CREDIT_NOTE else 1
    currency, base_currency = document.currency, document.base_currency

    def line(
        part: str, role: str, amount: Decimal, code: str | None, dims: Mapping[str, str], base: Decimal | None
    ) -> Line:
        in_base = None if base is None or base_currency is None else Money(base, base_currency)
        return Line(part, role, Money(amount, currency), code, dims, in_base)

    def against(base: Decimal | None) -> Decimal | None:
        return None if base is None else -base * sign

    found = [
        line(one.part, one.role, -one.net * sign, one.tax_code, one.dimensions, against(one.base))
        for one in document.lines
    ]
    found += [
        line(INVOICE, tax.role, -tax.amount * sign, tax.tax_code, tax.dimensions, against(tax.base))
        for tax in document.taxes
        if tax.amount
    ]
    made = {document.entry_id: [*found, *document.account, *document.exchange]}
    dims = document.dimensions
    here = {name: dims[name] for name in ("location", "department") if name in dims}
    for receipt in document.paid:
        cash = {**here, "method": receipt.method}
        account = line(
            "payment", CUSTOMER, -receipt.amount, None, dims, None if receipt.base is None else -receipt.base
        )
        made[receipt.entry_id] = [
            line("payment", "cash.undeposited", receipt.amount, None, cash, receipt.base),
            account,
        ]
    return made
