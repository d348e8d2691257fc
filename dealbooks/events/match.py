"""Which deal an event is about, by what it says and what is known. Pure.

The first of these that finds anything decides; when it finds more than one deal, a person does:

1. reference: the deal is named: by our reference `{source}:{id}`, by its id at the hook's source, by our deal number;
2. object: the envelope or payment is one that the deal's record, or an earlier event of the deal, names;
3. words: the hook's own pattern finds a deal number in the event's words;
4. car: a VIN or a stock number stands in the words.

An event that names the record of its deal at a source waits for that deal, and is never given to another for its words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

Rule = Literal["reference", "object", "words", "car", "person"]

REFERENCE = re.compile(r"[A-Za-z0-9:_./~% -]{1,200}")  # what can be a reference of ours, or a deal number
_VIN = re.compile(r"(?<![A-Z0-9])[A-HJ-NPR-Z0-9]{17}(?![A-Z0-9])")
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9/_-]*")
# A shorter word is found everywhere; a number is one only from this length on: years and prices are short.
_LEAST_STOCK, _LEAST_NUMBER = 3, 5
_MOST_WORDS = 60

# Kinds of things at other systems that belong to one deal (a payout or a mandate does not), and which name a deal's
# record has for them.
FAMILIES: Mapping[str, str] = {
    "envelope": "esign", "agreement": "esign", "signature_request": "esign", "document": "esign",
    "payment": "payment", "payment_intent": "payment", "checkout_session": "payment", "charge": "payment",
    "refund": "payment", "dispute": "payment", "invoice": "invoice",
}  # fmt: skip
# References of a deal (deal-model: `references`) that name such a thing.
RECORDED: Mapping[str, str] = {
    "esign_envelope_id": "esign", "payment_reference": "payment", "invoice_id": "invoice",
}  # fmt: skip
_LONGEST_OBJECT = 200


@dataclass(frozen=True, slots=True)
class Number:
    """A deal number as an event gives it; of a deal of these sources only, where `sources` is not None."""

    text: str
    sources: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Clues:
    """What an event says that may name its deal.

    Attributes:
        keys: natural keys or internal ids of a deal.
        numbers: deal numbers that it names outright.
        objects: ids of its things, as `deal_objects` has them.
        found: deal numbers that the hook's pattern finds in its words.
        vins: VINs in its words.
        stocks: words that may be a stock number.
        books: the books that its hook tells about; None: any.
        bound: it names the record of its deal at a source: no other deal is looked for.
    """

    keys: tuple[str, ...] = ()
    numbers: tuple[Number, ...] = ()
    objects: tuple[str, ...] = ()
    found: tuple[str, ...] = ()
    vins: tuple[str, ...] = ()
    stocks: tuple[str, ...] = ()
    books: frozenset[str] | None = None
    bound: bool = False


@dataclass(frozen=True, slots=True)
class Candidate:
    """A deal that an event may be about. `ended`: it was taken back."""

    id: str
    book: str
    number: str
    source: str
    vin: str = ""
    stock_no: str = ""
    ended: bool = False
    location: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of deals: by their keys (natural keys and internal ids), numbers, VINs, stock numbers, and by the
    ids of their things. Each maps to ids of deals."""

    deals: Mapping[str, Candidate] = field(default_factory=dict)
    keys: Mapping[str, frozenset[str]] = field(default_factory=dict)
    numbers: Mapping[str, frozenset[str]] = field(default_factory=dict)
    objects: Mapping[str, frozenset[str]] = field(default_factory=dict)
    vins: Mapping[str, frozenset[str]] = field(default_factory=dict)
    stocks: Mapping[str, frozenset[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Resolution:
    """The deals that an event may mean, by which rule; none: its deal is not there yet. `by_number`: only a number,
    without its store, names them; `sources` are those of which it is a number (None: of any)."""

    rule: Rule | None = None
    deals: tuple[str, ...] = ()
    by_number: bool = False
    sources: frozenset[str] | None = None


def resolve(clues: Clues, known: Known) -> Resolution:
    """The deal of an event, or the deals among which a person must choose."""
    if named := _inside(known, _ids(known.keys, clues.keys), clues.books):
        return _resolution("reference", named)
    numbered = [
        (deal, number.sources)
        for number in clues.numbers
        for deal in known.numbers.get(number.text, ())
        if _fits(known.deals[deal], number, clues.books)
    ]
    if numbered:
        named_sources = [sources for _, sources in numbered if sources is not None]
        of = frozenset().union(*named_sources) if len(named_sources) == len(numbered) else None
        return Resolution("reference", tuple(sorted({deal for deal, _ in numbered})), by_number=True, sources=of)
    if things := _inside(known, _ids(known.objects, clues.objects), clues.books):
        return _resolution("object", things)
    if clues.bound:
        return Resolution()
    if words := _open(known, _ids(known.numbers, clues.found), clues.books):
        return _resolution("words", words, by_number=True)
    cars = _ids(known.vins, clues.vins) | _ids(known.stocks, clues.stocks)
    if cars := _open(known, cars, clues.books):
        return _resolution("car", cars)
    return Resolution()


def found_numbers(text: str, pattern: re.Pattern[str] | None) -> tuple[str, ...]:
    """Deal numbers that a hook's pattern finds in words: its first group, or the whole of it where it has none."""
    if pattern is None:
        return ()
    hits = (found.group(1) if pattern.groups else found.group(0) for found in pattern.finditer(text))
    return tuple(dict.fromkeys(one for hit in hits if hit for one in (hit, hit.upper())))


def found_vins(text: str) -> tuple[str, ...]:
    """What looks like a VIN."""
    return tuple(dict.fromkeys(_VIN.findall(text.upper())))


def found_stocks(text: str) -> tuple[str, ...]:
    """Words that may be a stock number: never a short one, nor a short number."""
    words = dict.fromkeys(_WORD.findall(text))
    fit = (one for one in words if len(one) >= (_LEAST_NUMBER if one.isdecimal() else _LEAST_STOCK))
    return tuple(dict.fromkeys(form for one in fit for form in (one, one.upper())))[:_MOST_WORDS]


def told_objects(hook: str, object_ids: Mapping[str, str]) -> tuple[str, ...]:
    """The things that an event names, as the events of its hook name them."""
    named = ((name, value) for name, value in sorted(object_ids.items()) if name in FAMILIES and value)
    return tuple(f"{hook}:{name}:{value}"[:_LONGEST_OBJECT] for name, value in named)


def recorded_objects(object_ids: Mapping[str, str]) -> tuple[str, ...]:
    """The same things, as the record of a deal may name them."""
    named = ((FAMILIES[name], value) for name, value in sorted(object_ids.items()) if name in FAMILIES and value)
    return tuple(f"{family}:{value}"[:_LONGEST_OBJECT] for family, value in named)


def objects_of_record(references: Mapping[str, str], processor_refs: Iterable[str | None]) -> tuple[str, ...]:
    """The things that a deal's record names."""
    named = [(family, references.get(name, "")) for name, family in RECORDED.items()]
    named += [("payment", ref or "") for ref in processor_refs]
    return tuple(dict.fromkeys(f"{family}:{value}"[:_LONGEST_OBJECT] for family, value in named if value.strip()))


def _ids(index: Mapping[str, frozenset[str]], wanted: Iterable[str]) -> set[str]:
    return {deal for one in wanted for deal in index.get(one, ())}


def _fits(deal: Candidate, number: Number, books: frozenset[str] | None) -> bool:
    if number.sources is not None and deal.source not in number.sources:
        return False
    return books is None or deal.book in books


def _inside(known: Known, deals: set[str], books: frozenset[str] | None) -> set[str]:
    return {one for one in deals if books is None or known.deals[one].book in books}


def _open(known: Known, deals: set[str], books: frozenset[str] | None) -> set[str]:
    return {one for one in _inside(known, deals, books) if not known.deals[one].ended}


def _resolution(rule: Rule, deals: set[str], *, by_number: bool = False) -> Resolution:
    return Resolution(rule, tuple(sorted(deals)), by_number)
