"""A period of a ledger as Beancount text: what it stood at, every record as it was read, and what it must come to.

`bean-check` adds the text up by itself and holds every account against the balance at the end: a proof that uses
nothing of ours. Pure: the same records give the same bytes.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import timedelta
from decimal import Decimal

from dealbooks.book import Chart
from dealbooks.ledger import Record
from dealbooks.pack.ledgercopy import LedgerCopy

_ACCOUNT = re.compile(r"(Assets|Liabilities|Equity|Income|Expenses)(:[A-Z0-9][A-Za-z0-9-]*)+")
_NOT_PLAIN = re.compile(r"[^A-Za-z0-9]+")
_KEY = re.compile(r"[a-z][a-zA-Z0-9_-]+")
_ROOTS: Mapping[str, str] = {
    "asset": "Assets", "liability": "Liabilities", "equity": "Equity", "income": "Income", "contra_income": "Income",
    "cost_of_sales": "Expenses", "expense": "Expenses",
}  # fmt: skip
_LONGEST = 400
_EXACT = "0.000001"  # said on each balance: by itself Beancount forgives one cent
_BEFORE = "Equity:Before-This-Period"


def period_text(title: str, currency: str, chart: Chart | None, copy: LedgerCopy) -> str:
    """The whole file. Each currency must balance by itself, as in the ledger it does."""
    names = _names(copy, chart)
    before = copy.first - timedelta(days=1)
    after = copy.last + timedelta(days=1)
    parts = [
        f"; {copy.first.isoformat()} to {copy.last.isoformat()} as the ledger itself lists it, written by Dealbooks.\n"
        "; bean-check adds it up and holds every account against its balance at the end.\n"
        f'option "title" {_quoted(title)}\n'
        f'option "operating_currency" "{currency}"\n',
    ]
    parts += [
        f"{before.isoformat()} open {name}\n  ledger_account: {_quoted(account)}\n"
        for name, account in sorted((name, account) for account, name in names.items())
    ]
    opening = [(names[account], amount, cur) for (account, cur), amount in sorted(copy.opening.items()) if amount]
    if opening:
        lines = "".join(f"  {name}  {amount:f} {cur}\n" for name, amount, cur in sorted(opening))
        rest = _rest(opening)
        if rest:
            parts.insert(1, f"{before.isoformat()} open {_BEFORE}\n")
            lines += "".join(f"  {_BEFORE}  {-amount:f} {cur}\n" for cur, amount in rest)
        parts.append(f'{before.isoformat()} * "Balances before the period, as the ledger lists them"\n{lines}')
    parts += [_transaction(record, names) for record in sorted(copy.records, key=lambda one: (one.date, one.ref))]
    parts += [
        f"{after.isoformat()} balance {names[account]}  {copy.closing((account, cur)):f} ~ {_EXACT} {cur}\n"
        for account, cur in copy.places
    ]
    return "\n".join(parts)


def _rest(opening: Iterable[tuple[str, Decimal, str]]) -> list[tuple[str, Decimal]]:
    """What the balances before do not come to, by currency: nothing, where the ledger lists its whole history."""
    sums: dict[str, Decimal] = {}
    for _, amount, currency in opening:
        sums[currency] = sums.get(currency, Decimal(0)) + amount
    return [(currency, amount) for currency, amount in sorted(sums.items()) if amount]


def _names(copy: LedgerCopy, chart: Chart | None) -> dict[str, str]:
    """The ledger's account -> a name that Beancount takes, one each."""
    found: dict[str, str] = {}
    taken: set[str] = {_BEFORE}
    for account in sorted({account for account, _ in copy.places}):
        name = account
        if not _ACCOUNT.fullmatch(account):
            role = copy.roles.get(account, "")
            known = chart.roles.get(role) if chart is not None else None
            root = _ROOTS[known.type] if known is not None else "Equity:Other"
            leaf = _plain(account) or "Unnamed"
            name = f"{root}:{leaf[0].upper()}{leaf[1:]}"
        number, base = 2, name
        while name in taken:
            name, number = f"{base}-{number}", number + 1
        taken.add(name)
        found[account] = name
    return found


def _transaction(record: Record, names: Mapping[str, str]) -> str:
    lines = [f"{record.date.isoformat()} * {_quoted(record.narration or 'no text')}"]
    lines += [f"  ref: {_quoted(record.ref)}"] + ([f"  posting_key: {_quoted(record.key)}"] if record.key else [])
    for line in record.lines:
        lines.append(f"  {names[line.account]}  {line.amount:f} {line.currency}")
        lines += [
            f"    {key}: {_quoted(value)}"
            for key, value in sorted(line.dimensions.items())
            if value and _KEY.fullmatch(key)
        ]
    return "\n".join(lines) + "\n"


def _plain(text: str) -> str:
    flat = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode("ascii")
    return _NOT_PLAIN.sub("-", flat).strip("-")


def _quoted(text: str) -> str:
    """A string of one line that cannot end itself."""
    flat = "".join(" " if unicodedata.category(char) in ("Cc", "Zl", "Zp", "Cs") else char for char in text)
    flat = " ".join(flat.split())[:_LONGEST]
    return '"' + flat.replace("\\", "\\\\").replace('"', '\\"') + '"'
