"""A payment, read again at its provider with our own credentials. What an event says of it never gets into the books:
anybody can say it, and a signature proves the sender, not the payment.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal, Protocol
from zoneinfo import ZoneInfo

from dealbooks.errors import DealbooksError
from dealbooks.http import Exchange
from dealbooks.money import minor_digits

State = Literal["confirmed", "pending", "lost"]
_NONE: Mapping[str, int] = {}


@dataclass(frozen=True, slots=True)
class Payment:
    """One payment as it stands at its provider.

    Attributes:
        id: the provider's own id, the same by whatever event it was told.
        amount: in `currency`, exact by its ISO 4217 minor unit; gross, before the provider's fees.
        currency: ISO 4217, in capitals.
        paid: when the money was confirmed: a moment (UTC), or a day where the provider has only that.
        state: `confirmed` (the money is certain), `pending`, or `lost` (failed, given back in full, disputed).
        method: how it was paid, as a deal says it (`card`, `direct_debit`, `bank_transfer`).
        live: whether it is real money; false in a provider's test mode.
        deal_ref: our reference of the deal, which whoever made the payment wrote into it; else empty.
        why: of a lost payment, what became of it, in words.
    """

    id: str
    amount: Decimal
    currency: str
    paid: datetime | date
    state: State
    method: str
    live: bool
    deal_ref: str = ""
    why: str = ""

    def day(self, zone: ZoneInfo) -> date:
        """The business day of the payment in a book's time zone."""
        return self.paid.astimezone(zone).date() if isinstance(self.paid, datetime) else self.paid


class UnreadablePayment(DealbooksError):
    """The provider answers, but this one payment cannot be read."""

    exit_code = 3


class PaymentReader(Protocol):
    """A payment provider, as far as payments are read there."""

    def payment(self, payment_id: str) -> Payment | None:
        """A payment as it stands now, by its id or that of what it belongs to (a charge, a checkout); None: the
        provider does not have it.

        Raises:
            StopConnection: the provider does not answer, or refuses us.
            UnreadablePayment: it answers, but not with what this payment can be read from.
        """

    def problems(self) -> list[str]:
        """What is wrong with the connection, in words, for `dealbooks doctor`: asks the provider."""

    def exchanges(self) -> list[Exchange]:
        """What was said since this was last asked, without secrets."""


def from_minor(amount: int, currency: str, exceptions: Mapping[str, int] = _NONE) -> Decimal:
    """An amount that is given in the currency's minor unit: 1050 GBP are 10.50, 1050 JPY are 1050, 1050 KWD are 1.050.

    Args:
        exceptions: currencies that a provider counts in another unit than ISO 4217 says -> its decimals.

    Raises:
        MoneyError: the currency is not known.
    """
    digits = exceptions[currency] if currency in exceptions else minor_digits(currency)
    own = minor_digits(currency)
    exact = Decimal(amount).scaleb(-digits)
    return exact.quantize(Decimal(1).scaleb(-own)) if exact == exact.quantize(Decimal(1).scaleb(-own)) else exact
