"""Made-up deals: the same from a seed everywhere, valid, and with everything in them that the rules know."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import date
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest

from dealbooks.deal import Deal
from dealbooks.samples import KINDS, REGIONS, Own, coverage, promised, random_deal, random_life, sample_book
from dealbooks.samples.dice import Dice

ROOT = Path(__file__).resolve().parents[2]
_HASH = """
import hashlib, json
from dealbooks.samples import REGIONS, random_life
digest = hashlib.sha256()
for region in REGIONS:
    for seed in range(40):
        for step in random_life(seed, region, "whole").steps:
            digest.update(json.dumps([step.name, str(step.closed_through), step.deal.as_json()]).encode())
print(digest.hexdigest())
"""


def test_a_seed_gives_the_same_life_in_every_process() -> None:
    digests = set()
    for hash_seed in ("0", "1", "77"):
        environment = os.environ | {"PYTHONHASHSEED": hash_seed}
        done = subprocess.run(
            [sys.executable, "-c", _HASH], cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True
        )
        digests.add(done.stdout.strip())
    assert len(digests) == 1


def test_dice_are_those_of_the_generator_whose_stream_the_language_keeps() -> None:
    dice = Dice.of(7, "uk")
    drawn = [dice.whole(1, 6) for _ in range(20)]
    assert drawn == [2, 1, 6, 4, 1, 3, 2, 2, 4, 2, 4, 2, 1, 6, 2, 6, 3, 3, 5, 3]


@pytest.mark.parametrize("region", REGIONS)
def test_a_life_is_that_of_its_deal(region: str) -> None:
    for seed in range(20):
        deal = random_deal(seed, region)
        assert random_life(seed, region, "sold").deal == deal
        assert random_life(seed, region, "settled").deal == deal
        assert random_deal(Random(f"{region}/{seed}"), region) == deal
        assert Deal.model_validate(json.loads(json.dumps(deal.as_json()))) == deal


def test_a_deal_can_be_given_its_number_and_its_month() -> None:
    first, last = date(2026, 9, 1), date(2026, 9, 30)
    deals = [random_deal(seed, "us", Own(1 + seed, first, last)) for seed in range(300)]
    assert all(deal.dates.delivery is not None and first <= deal.dates.delivery <= last for deal in deals)
    assert deals[6].deal_id == "US-000007"
    cars = [(deal.vehicle.vin, deal.vehicle.stock_no) for deal in deals]
    cars += [(trade.vin or "", trade.stock_no) for deal in deals for trade in deal.trade_ins]
    receipts = [part.receipt_id for deal in deals for part in deal.deposits]
    receipts += [part.receipt_id for deal in deals for part in deal.payments]
    for names in ([deal.deal_id for deal in deals], [vin for vin, _ in cars], [stock for _, stock in cars], receipts):
        assert len(names) == len(set(names))


def test_one_random_gives_one_deal_after_another() -> None:
    source = Random(1)
    first, second = random_deal(source, "us"), random_deal(source, "us")
    assert first != second


@pytest.mark.parametrize("region", REGIONS)
def test_everything_that_the_rules_know_occurs(region: str) -> None:
    found = coverage(region, range(600))
    assert not [name for name, times in found.items() if not times]
    assert set(found) == set(promised(region))


def test_every_feature_is_promised_somewhere() -> None:
    assert len({name for region in REGIONS for name in promised(region)}) > 80


@pytest.mark.parametrize("kind", KINDS)
def test_a_life_goes_forward(kind: str) -> None:
    for region in REGIONS:
        life = random_life(3, region, kind)  # type: ignore[arg-type]
        assert tuple(step.name for step in life.steps) == KINDS[life.kind]
        days = [step.on for step in life.steps]
        assert days == sorted(days)
        versions = [step.deal.deal_version for step in life.steps]
        assert versions == sorted(versions)
        receipts = [{part.receipt_id for part in step.deal.payments} for step in life.steps]
        assert all(before <= after for before, after in pairwise(receipts))


def test_a_book_has_the_chart_of_its_region() -> None:
    book = sample_book("uk", "GBP", "net")
    assert (book.currency, book.regime, book.policies.fi_presentation) == ("GBP", "uk", "net")
    assert book.chart is not None and "tax.margin" in book.chart.roles


def test_sample_data_names_its_sources() -> None:
    text = ROOT.joinpath("dealbooks/samples/markets.yaml").read_text(encoding="utf-8")
    assert text.count("source:") == text.count("- name:")
