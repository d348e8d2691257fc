"""The promises of `match`, as properties over disturbed months."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date
from decimal import Decimal
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st
from reconcile_support import POLICY, by_hand, month, nudged

from dealbooks.ledger import Record
from dealbooks.reconcile import Expected, match
from dealbooks.reconcile.totals import LedgerSums

_OURS, _THEIRS = month()
_ACTS = ("keep", "delete", "copy", "cent", "move", "place", "strip", "retype", "planned", "unseen", "superseded")


@st.composite
def months(draw: st.DrawFn) -> tuple[list[Expected], list[Record]]:
    """A month in which anything may have happened to any document, and some were typed by hand."""
    ours, theirs = [], []
    for item, record in zip(_OURS, _THEIRS, strict=True):
        act = draw(st.sampled_from(_ACTS))
        mine, found = item, [record]
        if act == "delete":
            found = []
        elif act == "copy":
            found = [record, replace(record, ref=record.ref + "-copy")]
        elif act == "cent":
            found = [nudged(record, draw(st.integers(0, len(record.lines) - 1)))]
        elif act == "move":
            found = [replace(record, date=draw(st.dates(date(2026, 2, 1), date(2026, 4, 30))))]
        elif act == "place":
            found = [replace(record, lines=tuple(replace(line, dimensions={}) for line in record.lines))]
        elif act == "strip":
            found = [replace(record, lines=record.lines[1:])]
        elif act == "retype":
            found = [replace(record, key="", narration=f"{item.vin} {item.stock_no}")]
        elif act in ("planned", "superseded"):
            mine = replace(item, state=act, seen=False)
            found = found if draw(st.booleans()) else []
        elif act == "unseen":
            mine, found = replace(item, seen=False), []
        ours.append(mine)
        theirs += found
    for number in range(draw(st.integers(0, 3))):
        amount = draw(st.decimals("0.01", "99999.99", places=2))
        role = draw(st.sampled_from(["sales.used_vehicle", "cash.bank", "payable.supplier", "tax.output"]))
        amounts = {"receivable.customer": str(amount), role: str(-amount)}
        theirs.append(by_hand(f"hand-{number}", "2026-03-15", amounts))
    return ours, theirs


@settings(max_examples=60, deadline=None)
@given(months(), st.randoms(use_true_random=False))
def test_the_same_inputs_in_any_order_give_the_same_result(
    sides: tuple[list[Expected], list[Record]], random: Random
) -> None:
    ours, theirs = sides
    first = match(ours, theirs, POLICY)
    mixed_ours, mixed_theirs = list(ours), list(theirs)
    random.shuffle(mixed_ours)
    random.shuffle(mixed_theirs)
    assert match(mixed_ours, mixed_theirs, POLICY) == first


@settings(max_examples=60, deadline=None)
@given(months())
def test_never_pairs_one_twice(sides: tuple[list[Expected], list[Record]]) -> None:
    ours, theirs = sides
    result = match(ours, theirs, POLICY)
    keys = Counter(item.key for item, _ in result.matched)
    keys.update(item.key for item in (*result.absent, *result.waiting))
    assert max(keys.values()) == 1
    refs = Counter(record.ref for _, records in result.matched for record in records)
    refs.update(pair.ref for pair in result.suggestions)
    refs.update(record.ref for _, record in result.others)
    assert max(refs.values(), default=1) == 1
    assert max(Counter(pair.key for pair in result.suggestions).values(), default=1) == 1
    named = Counter(found.id for found in result.exceptions)
    assert max(named.values(), default=1) == 1
    gone = {item.key for item in ours if item.state != "superseded"} - set(keys)
    assert not gone, "every entry is matched, waits, or is named"


@settings(max_examples=60, deadline=None)
@given(months())
def test_the_exceptions_explain_every_difference_to_the_cent(sides: tuple[list[Expected], list[Record]]) -> None:
    ours, theirs = sides
    result = match(ours, theirs, POLICY)
    sums = LedgerSums(POLICY)
    for record in theirs:
        sums.add(record)
    for row in sums.account_totals(result):
        deltas = [
            delta.amount
            for found in result.exceptions
            for delta in found.deltas
            if (delta.account, delta.currency) == (row.account, row.currency)
        ]
        assert row.difference == sum(deltas, Decimal(0))
        assert row.found == row.expected + row.other + row.difference
