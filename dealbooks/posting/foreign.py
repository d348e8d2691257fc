"""Foreign currency: which deals need a rate, and what a receipt is worth in the books (posting-rules.md section 2)."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from dealbooks.deal import Deal
from dealbooks.entries import Entry, Line
from dealbooks.posting.arithmetic import ZERO, cut
from dealbooks.posting.errors import PostingError


def rate_of_deal(deal: Deal) -> Decimal | None:
    """Base currency per unit of the deal's; None when the deal is in base currency.

    Raises:
        PostingError: when a foreign-currency deal has no rate, or one that is not above nil.
    """
    if deal.currency == deal.base_currency:
        return None
    if deal.fx_rate is None or deal.fx_rate <= 0:
        raise PostingError(
            deal.deal_id,
            f"it is in {deal.currency}, the books are in {deal.base_currency}, and there is no exchange rate",
            fix="State the exchange rate of the accounting date.",
        )
    return deal.fx_rate


# Accounts that money settles. A deposit is an account of its own, and so is the lien on each traded car.
_APART = {"payable.customer_deposits": "receipt", "payable.trade_payoff": "stock_no"}
_SETTLED = frozenset(
    {
        *_APART,
        "receivable.customer",
        "receivable.contracts_in_transit",
        "receivable.finance_company",
        "receivable.finance_reserve",
    }
)
_DEPOSIT_TAX = "deposit_tax"


class Booked:
    """In foreign currency: what stands on the accounts that money settles, in the deal's currency and in base."""

    def __init__(self, entries: Iterable[Entry], rate: Decimal, base_currency: str) -> None:
        self.rate = rate
        self.base_currency = base_currency
        self._open: dict[tuple[str, ...], tuple[Decimal, Decimal]] = {}
        for one in entries:
            self.add(one)

    @classmethod
    def of(cls, deal: Deal, entries: Iterable[Entry]) -> Booked | None:
        """What the entries of a deal to date have booked; None when the deal is in base currency.

        Raises:
            PostingError: when a foreign-currency deal has no rate.
        """
        rate = rate_of_deal(deal)
        return None if rate is None else cls(entries, rate, deal.base_currency)

    def add(self, entry: Entry) -> None:
        """Count an entry that was made since."""
        for line in entry.lines:
            account = _account(line)
            if account is not None and line.base is not None:
                amount, base = self._open.get(account, (ZERO, ZERO))
                self._open[account] = amount + line.amount.amount, base + line.base.amount

    def in_base(self, line: Line) -> Decimal:
        """The base amount of a line that settles an account: pro rata of what is booked there, the last part all that
        is left; what goes beyond it, and every other line, at the rate of the deal."""
        amount, account = line.amount.amount, _account(line)
        whole, whole_base = (ZERO, ZERO) if account is None else self._open.get(account, (ZERO, ZERO))
        if not whole or (whole > 0) == (amount > 0):
            return cut(amount * self.rate, self.base_currency)
        if abs(amount) > abs(whole):
            return cut((amount + whole) * self.rate, self.base_currency) - whole_base
        return -relieved(-amount, whole, whole_base, self.rate, self.base_currency)


def _account(line: Line) -> tuple[str, ...] | None:
    """The tax of deposits is kept apart from the deposits themselves."""
    if line.role in _APART:
        return line.part if line.part == _DEPOSIT_TAX else "", line.role, line.dimensions[_APART[line.role]]
    if line.part == _DEPOSIT_TAX:
        return line.part, line.role
    return (line.role,) if line.role in _SETTLED else None


def on_account(entries: Iterable[Entry], role: str) -> tuple[Decimal, Decimal]:
    """What stands on a role over some entries: in the entries' currency, and in base currency."""
    amount = base = ZERO
    for entry in entries:
        for line in entry.lines:
            if line.role == role:
                amount += line.amount.amount
                base += ZERO if line.base is None else line.base.amount
    return amount, base


def relieved(part: Decimal, whole: Decimal, whole_base: Decimal, rate: Decimal, currency: str) -> Decimal:
    """Base amount that a part payment takes off an account: pro rata of what is booked there, so no difference stays
    behind; at the rate where nothing is booked."""
    if part == whole:
        return whole_base
    if not whole or (whole > 0) != (whole_base > 0):
        return cut(part * rate, currency)
    top, bottom = part.as_integer_ratio()
    wtop, wbottom = whole.as_integer_ratio()
    from_base = whole_base * top * wbottom
    return cut(from_base / (bottom * wtop), currency)
