"""A hint: what somebody told us about a deal. Nothing of it gets into the books: the deal is read again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

Kind = Literal[
    "deal.completed",
    "deal.updated",
    "deal.voided",
    "document.signed",
    "payment.received",
    "payment.lost",
    "invoice.issued",
]
KINDS: frozenset[str] = frozenset(get_args(Kind))

# The deal that `dealbooks hooks send --sample` tells about. Such an event is kept, and no deal is looked for.
SAMPLE = "dealbooks-sample"


@dataclass(frozen=True, slots=True)
class Hint:
    """One event, as far as its sender told it.

    Attributes:
        kind: what happened.
        dedupe_key: the same for every delivery of the same event; told apart within one hook.
        body: the sender's own words about this event, as JSON (floats as text). It may hold personal data.
        deal_ref: our reference of the deal, which whoever made the envelope or payment wrote into it; else empty.
        object_ids: ids at the sender by name: `deal` (the deal's id at the hook's source), `envelope`, `agreement`,
            `signature_request`, `payment`, `payment_intent`, `checkout_session`, `charge`, `refund`, `dispute`, ...
        occurred_at: when it happened, as the store writes a moment; empty when the sender does not say.
        text: words in which a reference of the deal, a VIN or a stock number may stand.
        amount: for a person to see, with its currency; never for the books.
        currency: ISO 4217, or empty.
    """

    kind: Kind
    dedupe_key: str
    body: str
    deal_ref: str = ""
    object_ids: Mapping[str, str] = field(default_factory=dict)
    occurred_at: str = ""
    text: str = ""
    amount: str = ""
    currency: str = ""

    @property
    def is_sample(self) -> bool:
        """Whether it only tries the way here out."""
        return SAMPLE in (self.deal_ref, self.object_ids.get("deal"))
