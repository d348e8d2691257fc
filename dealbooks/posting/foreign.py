"""Foreign currency: which deals need a rate, and what a receipt is worth in the books (posting-rules.md section 2)."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from dealbooks.deal import Deal
from dealbooks.entries import Entry
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
