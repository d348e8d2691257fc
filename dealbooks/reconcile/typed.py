"""By what something typed by hand is known, where the ledger's references do not last: by what it says. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from dealbooks.canonical import canonical_text, sha256_hex
from dealbooks.ledger import Record
from dealbooks.reconcile.model import MatchPolicy, ReconException


def said_in(records: Iterable[Record]) -> str:
    """What records say, without where they stand: canonical text."""
    return canonical_text(
        [
            [
                record.date.isoformat(), record.narration,
                [[line.account, str(line.amount), line.currency, dict(line.dimensions)] for line in record.lines],
            ]
            for record in records
        ]
    )  # fmt: skip


def typed_name(records: Iterable[Record]) -> str:
    """A name for records by what they say."""
    return f"by hand {sha256_hex(said_in(records))[:20]}"


def known_for_good(found: Sequence[tuple[ReconException, Record]], policy: MatchPolicy) -> list[ReconException]:
    """Exceptions of records typed by hand, each with the name that it keeps when others are typed above it. Those that
    say the same are numbered in their order."""
    if policy.lasting:
        return [one for one, _ in found]
    count: dict[tuple[str, str], int] = {}
    named = []
    for one, record in found:
        name = typed_name([record])
        number = count[one.code, name] = count.get((one.code, name), 0) + 1
        named.append(replace(one, name=name if number == 1 else f"{name} ({number})"))
    return named
