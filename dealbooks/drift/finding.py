"""One thing that the drift watch found: an exception of the classes that a close knows, in the month where it lies."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from dealbooks.canonical import canonical_text, sha256_hex
from dealbooks.ledger import Record
from dealbooks.periods import Period
from dealbooks.reconcile import Expected, ReconException, Severity
from dealbooks.reconcile.model import exception_id, money_text
from dealbooks.reconcile.typed import said_in, typed_name
from dealbooks.reconcile.words import WORDS

_SIGNS = frozenset(" .,:;/#()+'-_=")
_LONGEST = 160


@dataclass(frozen=True, slots=True)
class Finding:
    """A disagreement of a class of `reconcile`, with its words. `period` is the month (a closed one where it touches
    one), `closed` whether that month is closed; `who` changed it last, where the ledger tells. `mark` changes when it
    is another thing than it was, and must be told again."""

    id: str
    subject: str
    code: str
    severity: str
    what: str
    where: str
    ours: str
    theirs: str
    difference: str
    currency: str
    cause: str
    cure: str
    deal: str
    period: str
    closed: bool
    who: str
    mark: str

    @property
    def told(self) -> str:
        """One line for a message that leaves the house: no names, no free text of the ledger."""
        amount = "" if self.difference.strip("-0.") == "" else f", {self.difference} {self.currency}"
        month = f", in {self.period}, which is closed" if self.closed else ""
        return f"{self.severity}: {WORDS[self.code].title.lower()}: {_plain(self.where)}{amount}{month} ({self.id})"

    def as_json(self) -> dict[str, Any]:
        """Plain types."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Finding:
        """From `as_json`."""
        return cls(**data)


def finding_of(
    found: ReconException,
    items: Sequence[Expected],
    records: Sequence[Record],
    locked: Collection[Period],
    *,
    lasting: bool,
) -> Finding:
    """A finding of an exception, of the entries and records that it is about. In a closed month it is critical: what
    was signed is not what stands there any more. Where references do not last (`lasting`), something typed by hand is
    known by what it says."""
    days = [item.entry.accounting_date for item in items] + [record.date for record in records]
    months = sorted({Period.of(day) for day in days})
    shut = [month for month in months if month in locked]
    mark = [found.what, found.ours, found.theirs, money_text(found.difference, found.currency)]
    if _by_what_it_says(records, lasting=lasting):
        mark = [said_in(records)]
    who = ", ".join(sorted({record.who for record in records} - {""}))
    return Finding(
        id=exception_id(found.code, name_of(found, records, lasting=lasting)), subject=found.subject, code=found.code,
        severity=(Severity.CRITICAL if shut else found.severity).value,
        what=found.what + (f" {shut[0]} is closed." if shut else ""), where=found.where, ours=found.ours,
        theirs=found.theirs, difference=money_text(found.difference, found.currency), currency=found.currency,
        cause=found.cause, cure=found.cure, deal=found.deal, period="".join(map(str, (shut or months)[:1])),
        closed=bool(shut), who=who, mark=sha256_hex(canonical_text([found.code, *mark]))[:20],
    )  # fmt: skip


def name_of(found: ReconException, records: Sequence[Record], *, lasting: bool) -> str:
    """By what a finding is known."""
    return typed_name(records) if _by_what_it_says(records, lasting=lasting) else found.subject


def _by_what_it_says(records: Sequence[Record], *, lasting: bool) -> bool:
    return not lasting and bool(records) and not any(record.key for record in records)


def _plain(text: str) -> str:
    """A place in words that no program which shows messages reads as markup, a link or a mention: deal numbers are
    what a source says."""
    kept = "".join(one if one.isalnum() or one in _SIGNS else "?" for one in " ".join(text.split()))
    return kept.replace("//", "/ /")[:_LONGEST]


def numbered(found: Sequence[tuple[Finding, str]]) -> list[Finding]:
    """Each finding (with its `name_of`) with an id of its own, also of things typed twice over that say the same: they
    are numbered as a close numbers them."""
    count: dict[str, int] = {}
    kept = []
    for one, name in found:
        number = count[one.id] = count.get(one.id, 0) + 1
        kept.append(one if number == 1 else replace(one, id=exception_id(one.code, f"{name} ({number})")))
    return kept
