"""Names that last: the internal id of a deal, and the key of everything that is posted for it. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from dealbooks.canonical import canonical_json, sha256_hex
from dealbooks.ledger import PostingKey

_VERSIONED = re.compile(r"(?P<purpose>sale|cost|(?:reversal|unwind)(?:-cost)?)-v(?P<version>\d+)")
_LONGEST_KEY = 120  # of 200 characters that a key has in the store; names of sources have up to 40
_FACT = re.compile(r"(?P<purpose>transfer-out|transfer-in|[a-z]+)-(?P<subject>.+)")


def deal_id(book: str, identity: Sequence[str]) -> str:
    """Internal id of a deal that is seen for the first time: kept from then on, whatever the source is called later.

    `identity` is what the book's policy says makes two records one sale: store and deal number; or VIN, customer, date.
    """
    return "D" + sha256_hex(canonical_json([book, *identity]))[:15]


def record_key(platform: str, source: str, key: str) -> str:
    """Natural key of a record of a source over an API: `salesforce:crm:0065g00000ABCDE`. A key that is too long for the
    store is cut, and made one of its own again by its hash."""
    short = key if len(key) <= _LONGEST_KEY else f"{key[: _LONGEST_KEY - 33]}~{sha256_hex(key)[:32]}"
    return f"{platform}:{source}:{short}"


def posting_key(book: str, deal: str, entry_id: str) -> PostingKey:
    """The key of an entry of a deal: `sale-v2` is (sale, "", 2), `receipt-P1` is (receipt, P1, 0)."""
    found = _VERSIONED.fullmatch(entry_id)
    if found:
        return PostingKey(book, deal, found["purpose"], "", int(found["version"]))
    fact = _FACT.fullmatch(entry_id)
    if fact is None:
        raise ValueError(f"{entry_id!r} is not the name of an entry")
    return PostingKey(book, deal, fact["purpose"], fact["subject"])
