"""Many months at once: what is said of each document is what its own month's reconciliation says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reconcile_support import BOOK, POLICY, SmallHouse, by_hand, key_of, month, nudged

from dealbooks.ledger import Record
from dealbooks.pipeline.months import MonthLooked, months
from dealbooks.pipeline.reconcile import reconcile
from dealbooks.reconcile import Expected, MatchPolicy, match
from dealbooks.returns import Span
from dealbooks.store import Store
from tasks.firstpass import FirstLook

SPAN = Span.parse("2026-02..2026-04")
_OURS, _THEIRS = month()


def _with(record: Record, at: int, **changes: Any) -> Record:
    """One line of a record, otherwise."""
    lines = list(record.lines)
    lines[at] = replace(lines[at], **changes)
    return replace(record, lines=tuple(lines))


def _split(record: Record) -> Record:
    """The first line in two: a ledger may split what it shows."""
    first = record.lines[0]
    parts = (replace(first, amount=first.amount - 1), replace(first, amount=Decimal(1)))
    return replace(record, lines=(*parts, *record.lines[1:]))


Act = Callable[[Expected, Record, int, str], tuple[Expected, list[Record]]]
_ACTS: tuple[Act, ...] = (
    lambda item, record, at, value: (item, [record]),
    lambda item, record, at, value: (item, []),
    lambda item, record, at, value: (replace(item, seen=False), []),
    lambda item, record, at, value: (replace(item, state="planned"), []),
    lambda item, record, at, value: (replace(item, state="planned"), [nudged(record, at)]),
    lambda item, record, at, value: (replace(item, state="superseded"), [record]),
    lambda item, record, at, value: (replace(item, state="superseded"), []),
    lambda item, record, at, value: (item, [record, replace(record, ref=f"{record.ref}-copy")]),
    lambda item, record, at, value: (item, [nudged(record, at)]),
    lambda item, record, at, value: (item, [nudged(record, at, "0.001")]),
    lambda item, record, at, value: (item, [replace(record, date=date(2026, 4, 3))]),
    lambda item, record, at, value: (item, [replace(record, date=date(2026, 3, 30))]),
    *(
        lambda item, record, at, value, name=name: (
            item, [_with(record, at, dimensions={**record.lines[at].dimensions, name: value})],
        )
        for name in ("location", "tax_code", "department", "stock_no", "party", "receipt")
    ),
    lambda item, record, at, value: (item, [_with(record, at, account="Assets:Suspense")]),
    lambda item, record, at, value: (item, [_with(record, at, currency="EUR")]),
    lambda item, record, at, value: (item, [replace(record, lines=())]),
    lambda item, record, at, value: (item, [replace(record, lines=record.lines[1:])]),
    lambda item, record, at, value: (item, [replace(record, lines=record.lines[::-1])]),
    lambda item, record, at, value: (item, [_split(record)]),
    lambda item, record, at, value: (item, [replace(record, ref=f"{record.ref}-other")]),
    lambda item, record, at, value: (_by_call(item), [replace(record, key=_by_call(item).effect_keys[0])]),
    lambda item, record, at, value: (_by_call(item), [record, replace(record, key=item.key[::-1], ref=record.ref[1:])]),
    lambda item, record, at, value: (item, [record, replace(record, ref=f"{record.ref}-s", key=item.key[1:] + "z")]),
)  # fmt: skip


def _by_call(item: Expected) -> Expected:
    """An entry of which the ledger shows the key of its call."""
    return replace(item, effect_keys=(item.key[::-1],))


@st.composite
def disturbed(draw: st.DrawFn) -> tuple[list[Expected], list[Record]]:
    """A month in which anything may have happened to any document."""
    ours, theirs = [], []
    for item, record in zip(_OURS, _THEIRS, strict=True):
        act, at = draw(st.sampled_from(_ACTS)), draw(st.integers(0, len(record.lines) - 1))
        mine, found = act(item, record, at, draw(st.sampled_from(["", "other", "Leeds"])))
        ours.append(mine)
        theirs += found
    return ours, theirs


def looked(ours: Sequence[Expected], theirs: Sequence[Record], policy: MatchPolicy = POLICY) -> FirstLook:
    look = FirstLook(policy, 64)
    for item in ours:
        look.expect(item)
    for record in theirs:
        look.found(record)
    return look


@settings(max_examples=15, deadline=None)
@given(disturbed())
def test_nothing_agrees_in_which_matching_finds_a_difference(sides: tuple[list[Expected], list[Record]]) -> None:
    ours, theirs = sides
    look = looked(ours, theirs)
    rest = look.rest()
    whole = match(ours, theirs, POLICY)
    named = {one.subject.partition(" ")[0] for one in whole.exceptions} & {item.key for item in ours}
    assert named <= rest
    concerned = [record for record in theirs if look.concerns(record, rest)]
    left = [item for item in ours if item.key in rest]
    assert match(left, concerned, replace(POLICY, carried=look.carried)).exceptions == whole.exceptions


def test_what_nobody_touched_agrees() -> None:
    assert not looked(_OURS, _THEIRS).rest()
    assert not looked(_OURS, _THEIRS[::-1]).rest()


def test_lines_in_another_order_agree_and_a_cent_does_not() -> None:
    ours, theirs = _OURS, _THEIRS
    turned = [replace(record, lines=tuple(reversed(record.lines))) for record in theirs]
    assert not looked(ours, turned).rest()
    assert looked(ours, [nudged(turned[0], by="0.01"), *turned[1:]]).rest() == {theirs[0].key}


def test_a_fraction_of_a_penny_is_left_to_be_judged() -> None:
    ours, theirs = _OURS, _THEIRS
    assert looked(ours, [nudged(theirs[0], by="0.001"), *theirs[1:]]).rest() == {theirs[0].key}


def test_what_is_in_no_currency_is_left_to_be_judged() -> None:
    other = _with(_THEIRS[0], 0, currency="HOURS")
    assert looked(_OURS, [other, *_THEIRS[1:]]).rest() == {other.key}


def test_a_copy_under_another_reference_is_left_to_be_judged() -> None:
    ours, theirs = _OURS, _THEIRS
    copied = [*theirs, replace(theirs[0], ref="copy")]
    assert looked(ours, copied).rest() == {theirs[0].key}


@pytest.fixture
def house(sqlite_store: Store, tmp_path: Path) -> SmallHouse:
    made = SmallHouse(sqlite_store, tmp_path)
    for name in ("G09", "G10", "G11", "G12", "G13", "G10+07", "G10+08", "G10+09"):
        made.take(name)
    made.drain()
    return made


def look_over(house: SmallHouse) -> tuple[MonthLooked, ...]:
    given: Any = SimpleNamespace(
        book=house.book, book_config=house.book_config, ledger=house.ledger, store=house.store, today=house.today,
        first_look=FirstLook,
    )  # fmt: skip
    return months(given, BOOK, SPAN)


def test_months_in_agreement(house: SmallHouse) -> None:
    february, march, april = look_over(house)
    assert (february.entries, april.entries, march.entries == march.agreed > 10) == (0, 0, True)
    assert march.exceptions == ()


def test_each_month_says_what_its_own_reconciliation_says(house: SmallHouse) -> None:
    listing = house.kept.listing
    places = {record.key: number for number, record in enumerate(listing)}
    sale = places[key_of("G10", "sale-v1")]
    listing[sale] = nudged(listing[sale], by="5.00")
    moved = places[key_of("G10+07", "sale-v1")]
    listing[moved] = replace(listing[moved], date=date(2026, 4, 2))
    copied = places[key_of("G10+08", "sale-v1")]
    listing.append(replace(listing[copied], ref="copy"))
    listing.append(replace(listing[copied], ref="nobody's", key="f" * 64))
    listing.append(by_hand("typed", "2026-03-09", {"cash.bank": "5.00", "expense.auction_fees": "-5.00"}))
    gone = places[key_of("G10+09", "sale-v1")]
    del listing[gone]
    _, march, april = look_over(house)
    own = [(one.code, one.subject) for one in reconcile(house, BOOK, "2026-03").exceptions if one.deltas]
    assert [(one.code, one.subject) for one in march.exceptions] == own
    assert sorted(code for code, _ in own) == [
        "deleted_in_ledger", "duplicate", "edited_after_posting", "missing_in_source", "wrong_period",
    ]  # fmt: skip
    assert (march.entries - march.agreed, april.exceptions) == (4, ())
