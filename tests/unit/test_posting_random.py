"""Every property of the books over whole lives of random deals; see tests/posting_checks.py for the properties."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from dealbooks.documents import Target, documents_of, invoice_facts
from dealbooks.money import round_amount
from dealbooks.posting import History, post_deal
from dealbooks.samples import REGIONS, random_life, sample_book
from tests.posting_checks import Broken, check_seed

# Of each of the eight regions: 4,000 lives in all. RANDOM_DEALS=100000 makes it the full size.
SEEDS = int(os.environ.get("RANDOM_DEALS", "4000")) // len(REGIONS)
SHARD = min(SEEDS, 1000)


@given(st.sampled_from(REGIONS), st.integers(0, 10**9))
@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_every_property_holds(region: str, seed: int) -> None:
    check_seed(region, seed)


@given(st.sampled_from(REGIONS), st.integers(0, 10**9))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_there_is_no_float_anywhere(region: str, seed: int) -> None:
    life = random_life(seed, region, "amended, unwound")
    history = History()
    for step in life.steps:
        assert not list(floats(step.deal.as_json())) and not list(floats(step.deal))
        book = sample_book(region, step.deal.base_currency)
        posted = post_deal(step.deal, book=book, history=history)
        facts = {one.entry_id: invoice_facts(posted, one) for one in posted.new if one.event == "sale.posted"}
        sets = [documents_of(one, Target(), facts.get(one.entry_id)) for one in posted.new]
        assert not list(floats([posted, posted.as_expected(), facts, sets]))
        history = History.of(posted.entries)


def floats(value: object) -> Iterator[float]:
    """Every float in a value, however deep."""
    if isinstance(value, float):
        yield value
    elif isinstance(value, Mapping):
        yield from floats(list(value.items()))
    elif isinstance(value, BaseModel):
        yield from floats(value.__dict__)
    elif dataclasses.is_dataclass(value):
        yield from floats([getattr(value, field.name) for field in dataclasses.fields(value)])
    elif isinstance(value, Iterable) and not isinstance(value, str):
        for item in value:
            yield from floats(item)


def test_a_broken_property_names_the_seed_and_how_to_repeat_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the books are not in balance")

    monkeypatch.setattr("tests.posting_checks.check_entry", refuse)
    with pytest.raises(Broken, match=r"not in balance[\s\S]*-m tests\.posting_checks uk 41") as caught:
        check_seed("uk", 41)
    assert "check_life" in caught.value.what


def _nothing(*_: object) -> None:
    return None


def _unfair(amount: Decimal, shares: Sequence[Decimal], currency: str) -> list[Decimal]:
    return [round_amount(amount * share, currency, "floor") for share in shares]


FAULTS = {
    "a deposit is not applied": ("dealbooks.posting.sale.write_deposits", _nothing),
    "an incentive is not booked": ("dealbooks.posting.sale.write_incentives", _nothing),
    "odd cents of a commission are lost": ("dealbooks.posting.commission.split", _unfair),
    "a mirror is no mirror": ("dealbooks.entries.Line.mirrored", lambda line: line),
    "the lender's money is not booked": ("dealbooks.posting.sale.write_finance", _nothing),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_in_the_rules_is_found(monkeypatch: pytest.MonkeyPatch, fault: str) -> None:
    monkeypatch.setattr(*FAULTS[fault])
    with pytest.raises(Broken):
        for seed in range(60):
            check_seed("us", seed)


def check_shard(region: str, first: int) -> None:
    """So many seeds one after another; all that fail are told, each with its command."""
    broken = []
    for seed in range(first, min(first + SHARD, SEEDS)):
        try:
            check_seed(region, seed)
        except Broken as error:
            broken.append(str(error))
    assert not broken, f"{len(broken)} of {SHARD} lives\n\n" + "\n\n".join(broken[:5])


# Two classes, so that two workers of `make test-long` share them.


@pytest.mark.long
@pytest.mark.parametrize("first", range(0, SEEDS, SHARD))
@pytest.mark.parametrize("region", REGIONS[0::2])
class TestHalfOfTheRegions:
    def test_every_property_holds(self, region: str, first: int) -> None:
        check_shard(region, first)


@pytest.mark.long
@pytest.mark.parametrize("first", range(0, SEEDS, SHARD))
@pytest.mark.parametrize("region", REGIONS[1::2])
class TestTheOtherHalf:
    def test_every_property_holds(self, region: str, first: int) -> None:
        check_shard(region, first)
