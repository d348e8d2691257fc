"""The Ledger protocol: what the outbox needs of an accounting system, small and honest.

A posting becomes one or more ordered *effects*, one write call each. The outbox decides when a call is made and what
its answer means for our promises; a ledger only translates, calls, and tells what it saw. Nothing here decides about
retries: an outcome says whether the call happened, did not happen, or is unknown, and the outbox acts on that.

docs/decisions/0001-ledger-protocol.md shows how QuickBooks Online, Xero, Odoo and Beancount each fulfil it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol

from dealbooks.documents import InvoiceFacts
from dealbooks.entries import Entry

if TYPE_CHECKING:  # an embedded ledger needs no HTTP client
    from dealbooks.http import Exchange


@dataclass(frozen=True, slots=True, order=True)
class PostingKey:
    """Names one thing to be posted, for ever. Never made from amounts, dates or source names.

    `deal` is our internal deal id; `subject` a receipt id, a trade's stock number, or empty; `version` is 0 for facts
    that outlive versions (receipts, refunds, payoffs); `issue` is 0, raised only by a person's command.
    """

    book: str
    deal: str
    purpose: str
    subject: str = ""
    version: int = 0
    issue: int = 0

    def wire(self, length: int = 64) -> str:
        """The key as it travels: a hash in hex, cut to the platform's length (at least 16 characters)."""
        if length < 16:
            raise ValueError("a key shorter than 16 hex characters could collide")
        return _digest(self)[:length]


@lru_cache(maxsize=4096)
def _digest(key: PostingKey) -> str:
    """Worked out once for all who name the same posting while it is planned."""
    parts = [key.book, key.deal, key.purpose, key.subject, key.version, key.issue]
    return hashlib.sha256(json.dumps(parts, ensure_ascii=True).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Party:
    """Whom a ledger keeps an account for. `id` is the match key, never the name; empty texts are not known."""

    id: str
    name: str
    business: bool = False
    street: str = ""
    city: str = ""
    region: str = ""
    postcode: str = ""
    country: str = ""
    vat_number: str = ""


@dataclass(frozen=True, slots=True)
class Posting:
    """An entry on its way to a ledger, with the few facts that a reader of the ledger wants beside it.

    `parties` are the customer and the bill-to, by id; `invoice` are the facts of the sale that the entry is, mirrors or
    pays, and `sale` is the key of that sale. Both only for a ledger that takes documents.
    """

    key: PostingKey
    entry: Entry
    deal_number: str = ""
    vin: str = ""
    stock_no: str = ""
    customer_name: str = ""
    reverses: PostingKey | None = None
    parties: Mapping[str, Party] = field(default_factory=dict)
    invoice: InvoiceFacts | None = None
    sale: PostingKey | None = None


@dataclass(frozen=True, slots=True)
class EffectSpec:
    """One write call that a posting needs. `payload` is the whole call in JSON types, pinned when it is planned;
    `depends_on` names the effects of the same posting that must be posted before, `needs` other postings of the same
    book (key and effect name) that must stand before; their refs are handed to `send` (`refs["draft"]`,
    `refs["sale/invoice"]`). `subject` names what the call makes for more than its own posting (`party:C-1`); empty:
    nothing. While it is not known whether one effect made it, no other effect of the book that makes it is sent."""

    name: str
    payload: Mapping[str, Any]
    depends_on: tuple[str, ...] = ()
    needs: tuple[tuple[PostingKey, str], ...] = ()
    subject: str = ""


def always() -> bool:
    """Nobody else can take the book over."""
    return True


@dataclass(frozen=True, slots=True)
class Request:
    """An effect at the moment of sending. `key` is the effect's own wire key: stable over every attempt. `subject` as
    planned: what another effect of the same batch may make too, which then finds it. `held` says whether the sender
    still holds the book: a ledger whose keys do not hold for ever asks right before each call that writes, and does not
    make it when another process has taken over."""

    effect_id: int
    key: str
    name: str
    payload: Mapping[str, Any]
    refs: Mapping[str, str] = field(default_factory=dict)
    subject: str = ""
    held: Callable[[], bool] = field(default=always, compare=False, repr=False)


class Verdict(StrEnum):
    """What is known of a write call after its answer, or its absence."""

    HAPPENED = "happened"
    DID_NOT_HAPPEN = "did_not_happen"  # safe to send again (rate limit, connection refused)
    REFUSED = "refused"  # the ledger said no, for good: a person must act
    UNKNOWN = "unknown"  # it may have happened, or may still


@dataclass(frozen=True, slots=True)
class Outcome:
    """What `send` saw. `ref` is the ledger's own id where it happened; `reason` is for a person, without secrets."""

    verdict: Verdict
    ref: str = ""
    reason: str = ""
    retry_after: float | None = None  # seconds, when the ledger said so


class Presence(StrEnum):
    """What a look-up found."""

    FOUND = "found"
    ABSENT = "absent"
    UNDECIDED = "undecided"  # the ledger could not answer, or several candidates match


@dataclass(frozen=True, slots=True)
class Lookup:
    """Answer of `find` for one request."""

    presence: Presence
    ref: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """What the ledger itself holds for one ref, by a read of its own. Figures are named and written as text so that
    expected and found can be compared key by key (`date`, `total`, `tax`, `status`, ...). None: it is not there.
    `void`: it is shown, and counts for nothing, since somebody voided or cancelled it for good."""

    ref: str
    figures: Mapping[str, str] | None
    void: bool = False

    @property
    def gone(self) -> bool:
        """Whether the books have nothing of it any more."""
        return self.figures is None or self.void


@dataclass(frozen=True, slots=True)
class Joins:
    """What an effect is set against: `refs` are the names (as in `Request.refs`) of the documents that it pays, settles
    or is matched with. `document`: it is a document of its own, which stays when one of those is taken away; otherwise
    it only ties others together, and can be made again without adding anything to the books."""

    refs: tuple[str, ...] = ()
    document: bool = True


@dataclass(frozen=True, slots=True)
class RecordLine:
    """One line of a record as the ledger lists it; amount is debit-positive."""

    account: str
    amount: Decimal
    currency: str
    dimensions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Record:
    """One transaction as the ledger lists it for a period; `key` is empty when it does not carry one of ours. `who`
    made or last changed it, where the ledger tells; else empty."""

    ref: str
    key: str
    date: date
    narration: str
    lines: tuple[RecordLine, ...]
    who: str = ""


@dataclass(frozen=True, slots=True)
class Changes:
    """What changed in a ledger since a cursor. `records` are transactions as they stand now, each reference once; one
    that counts for nothing (voided, a draft) has no lines. `gone` are references of what was deleted. `cursor` is where
    the next look begins. `whole`: everything there is was listed."""

    records: tuple[Record, ...]
    gone: tuple[str, ...]
    cursor: str
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a ledger can do; each value is backed by its fact sheet."""

    key_length: int  # longest idempotency key or reference it takes
    safe_resend: bool  # a second send of the same key can never make a second document
    native_key_seconds: float | None  # how long an idempotency key is remembered; None: no such key, or for ever
    searchable: bool  # a posting can be found by our reference
    settle_seconds: float  # after this long, not found means that it did not happen
    batch_size: int  # effects in one `send`, which may be several calls
    drafts: bool = False
    documents: bool = False  # invoices, credit notes, payments; otherwise journals only
    dimensions: int | None = None  # how many tracking dimensions; None: any number
    attachments: bool = False
    lock_dates: bool = False
    lasting_refs: bool = True  # the reference of what somebody typed by hand stays the same


class Ledger(Protocol):
    """An accounting system that a book is kept in."""

    @property
    def capabilities(self) -> Capabilities:
        """What this ledger can do."""

    def get_ready(self) -> None:
        """Get ready what `effects` and the next calls need (authorisation, lists of accounts): it is asked before a
        transaction of ours begins, since a new token is written to the same store.

        Raises:
            StopConnection: the ledger cannot be used now.
        """

    def effects(self, posting: Posting) -> tuple[EffectSpec, ...]:
        """Pure: the ordered write calls that carry this posting.

        Raises:
            ConfigError: when the chart lacks an account that a line needs; the message names the role and the line.
        """

    def send(self, requests: Sequence[Request]) -> list[Outcome]:
        """Make the write calls, at most `batch_size` of them; one outcome per request, in order. Raises only
        StopConnection, and only when none of the calls was made."""

    def find(self, requests: Sequence[Request]) -> list[Lookup]:
        """Look each request up by its key; one answer per request, in order."""

    def expected(self, request: Request) -> Mapping[str, str]:
        """Pure: the figures that a reading of this request must show."""

    def joins(self, request: Request) -> Joins:
        """Pure: what this request is set against, beside only coming after it."""

    def read(self, refs: Sequence[str]) -> list[Reading]:
        """Read each ref from the ledger itself, never from an answer to a write."""

    def records(self, first: date, last: date) -> Iterable[Record]:
        """Every transaction the ledger holds in a period, ours or not, both days included, our store not consulted."""

    def changes(self, since: str, ours: Sequence[str] = ()) -> Changes:
        """What was made, edited, voided or deleted since a cursor; everything where the cursor is empty, or the ledger
        cannot tell from there. One thing may be told by two looks; none is missed: what changes while this reads is
        told by the next look. `ours` are references that should stand, the newest
        first, for a ledger that does not tell what was deleted. Our store is not consulted.

        Raises:
            StopConnection: not all of it could be read; the old cursor still holds.
        """

    def listed(self, refs: Sequence[str]) -> Mapping[str, Record | None]:
        """The transactions of some references, as `changes` shows them; None: it is not there. What is no transaction
        (a customer, a matching) is left out."""

    def lock_date(self) -> date | None:
        """The ledger's own closing date: nothing on or before it can be posted. None: none, or not supported."""

    def problems(self) -> list[str]:
        """What is wrong with the connection or the ledger as a whole, in words; empty when all is well."""

    def exchanges(self) -> list[Exchange]:
        """What was said to the platform since this was last asked, without secrets; nothing for an embedded ledger."""
