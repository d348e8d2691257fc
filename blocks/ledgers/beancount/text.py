"""From a posting to the text of one Beancount transaction. Pure and stable: the same posting and the same chart give
the same bytes, with no clock, run or attempt in them.

Every amount is written out with its currency's minor digits: Beancount would fill in a missing one without a word.
A foreign-currency line carries its total in base currency (`50444.40 USD @@ 37438.82 GBP`), so that the transaction
balances in base; a line that exists in base only (an exchange difference) is written in base currency.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache

from blocks.ledgers.beancount.accounts import ChartAccounts
from blocks.ledgers.beancount.syntax import link, metadata_key, quoted, slug
from dealbooks.entries import Entry, Line
from dealbooks.errors import BrokenInvariant, ConfigError
from dealbooks.ledger import Posting
from dealbooks.money import amount_text

KEY_LENGTH = 64
DIMENSIONS = ("location", "department", "stock_no", "party", "product", "person", "method", "receipt")

_PAYEE_LIMIT = 200
_NARRATION_LIMIT = 300
_LABELS = {
    "sale.posted": "Vehicle sale",
    "sale.cost_posted": "Cost of vehicle sale",
    "sale.reversed": "Vehicle sale reversed",
    "sale.unwound": "Vehicle sale unwound",
    "deposit.received": "Deposit received",
    "payment.received": "Payment received",
    "customer.refunded": "Refund to customer",
    "trade.paid_off": "Part-exchange settlement paid",
    "dealer_trade.posted": "Vehicle transferred out",
    "purchase.posted": "Vehicle transferred in",
    "contract.funded": "Finance contract funded",
    "reserve.received": "Finance commission received",
    "fi.charged_back": "Finance and insurance income charged back",
}


def _label(event: str) -> str:
    known = _LABELS.get(event)
    return known if known else event.replace(".", " ").replace("_", " ").capitalize() or "Entry"


def _check(entry: Entry, currency: str, where: str) -> None:
    """Nothing leaves that does not balance, or that is in a currency the book cannot weigh."""
    if entry.base_currency is None and entry.currency != currency:
        raise ConfigError(
            f"{where} is in {entry.currency}, but the book is kept in {currency} and it has no {currency} amounts.",
            fix="Give the deal an exchange rate, or post it to a book in its own currency.",
        )
    if entry.base_currency not in (None, currency):
        raise ConfigError(
            f"{where} has base amounts in {entry.base_currency}, but the book is kept in {currency}.",
            fix="Check the currency of the book.",
        )
    if not entry.lines:
        raise BrokenInvariant(f"{where} has no lines.")
    total = sum((line.amount.amount for line in entry.lines), Decimal(0))
    if total:
        raise BrokenInvariant(f"{where} is out of balance by {total} {entry.currency}.")
    if entry.base_currency is not None:
        base = Decimal(0)
        for line in entry.lines:
            if line.base is None or line.base.currency != currency:
                raise BrokenInvariant(f"{where} has a line on {line.role} without its amount in {currency}.")
            if line.amount and line.base and (line.amount.amount > 0) != (line.base.amount > 0):
                raise BrokenInvariant(f"{where} has a line on {line.role} that is a debit in one currency only.")
            base += line.base.amount
        if base:
            raise BrokenInvariant(f"{where} is out of balance by {base} {currency} in the book's currency.")


def _amount(line: Line) -> str:
    own = f"{amount_text(line.amount.amount, line.amount.currency)} {line.amount.currency}"
    if line.base is None or line.base.currency == line.amount.currency:
        return own
    if not line.amount:
        return f"{amount_text(line.base.amount, line.base.currency)} {line.base.currency}"
    # The sign stands before the amount; the total after @@ has none.
    return f"{own} @@ {amount_text(abs(line.base.amount), line.base.currency)} {line.base.currency}"


def _line_meta(line: Line, locations: Mapping[str, str]) -> str:
    """The metadata of a line, each on a line of its own below it."""
    dimensions = line.dimensions
    text = _meta("role", line.role) + _meta("part", line.part)
    for name, key in _ordered(tuple(dimensions)):
        value = dimensions[name]
        text += _meta(key, locations.get(value, value) if name == "location" else value)
    return text + _meta("tax_code", line.tax_code) if line.tax_code else text


@lru_cache(maxsize=4096)
def _meta(key: str, value: str) -> str:
    return f"\n    {key}: {quoted(value)}" if value else ""


@lru_cache(maxsize=1024)
def _ordered(names: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Dimensions in the order in which they are written, each with its metadata key."""
    others = sorted(set(names) - set(DIMENSIONS))
    return tuple((name, metadata_key(name)) for name in (*DIMENSIONS, *others) if name in names)


def posting_accounts(posting: Posting, accounts: ChartAccounts) -> tuple[str, ...]:
    """The names of the accounts that a posting uses, sorted.

    Raises:
        ConfigError: when the chart has no account for a role.
    """
    return tuple(sorted({_account(posting, line, accounts) for line in posting.entry.lines}))


def _account(posting: Posting, line: Line, accounts: ChartAccounts) -> str:
    known = accounts.known(line.role)
    return known if known else accounts.name_of(line.role, f"the line “{line.part}” of {_where(posting)}")


def _where(posting: Posting) -> str:
    return f"entry {posting.entry.entry_id} of deal {posting.deal_number or posting.key.deal}"


def posting_text(
    posting: Posting, accounts: ChartAccounts, currency: str, locations: Mapping[str, str] | None = None
) -> str:
    """The transaction of a posting, for a book kept in `currency`; `locations` gives a location code the name it has
    in the ledger, by default the code itself.

    Raises:
        ConfigError: when the chart has no account for a role, or the entry is in a currency that the book cannot weigh.
        BrokenInvariant: when the entry does not balance, in its own currency or in the book's.
    """
    entry, key = posting.entry, posting.key.wire(KEY_LENGTH)
    _check(entry, currency, _where(posting))
    deal = posting.deal_number or posting.key.deal

    # The second link is the posting's own: two receipts of one amount on one day are two transactions, not a
    # duplicate, while a copy of one of our files is one. A reversal shows beside what it reverses.
    links = [link("deal", deal), f"posting-{key[:16]}"]
    meta: list[tuple[str, str]] = [
        ("posting_key", key),
        ("deal", posting.deal_number),
        ("deal_id", posting.key.deal),
        ("vin", posting.vin),
        ("stock_no", posting.stock_no),
        ("entry", entry.entry_id),
        ("event", entry.event),
    ]
    if posting.reverses is not None:
        reversed_key = posting.reverses.wire(KEY_LENGTH)
        links.append(f"posting-{reversed_key[:16]}")
        meta.append(("reverses", reversed_key))
    meta.append(("reverses_entry", entry.reverses or ""))
    if entry.fx_rate is not None:
        meta.append(("fx_rate", format(entry.fx_rate, "f")))
    if entry.original_date is not None:
        meta.append(("original_date", entry.original_date.isoformat()))
    meta.append(("note", entry.note))

    narration = f"{_label(entry.event)}, deal {deal}, {entry.entry_id}"
    head = f"{entry.accounting_date.isoformat()} *"
    if posting.customer_name.strip():
        head += f" {quoted(posting.customer_name, _PAYEE_LIMIT)}"
    head += f" {quoted(narration, _NARRATION_LIMIT)} #{slug(entry.event).lower() or 'entry'}"
    lines = [head + "".join(f" ^{name}" for name in links)]
    lines += [f"  {name}: {quoted(value)}" for name, value in meta if value]
    names = locations or {}
    lines += [
        f"  {_account(posting, line, accounts)}  {_amount(line)}{_line_meta(line, names)}" for line in entry.lines
    ]
    return "\n".join(lines) + "\n"
