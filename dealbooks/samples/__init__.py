"""Made-up deals of every region, from a seed: for the tests of the posting rules, and for benchmarks.

random_deal   a valid completed deal
random_life   a deal's whole life: sold, paid, amended, unwound, refunded, with closed periods
features_of   which of the things that the rules know occur in a life; `coverage` counts them over seeds
"""

from __future__ import annotations

from dealbooks.samples.deals import deal_data, random_deal
from dealbooks.samples.features import coverage, features_of, promised
from dealbooks.samples.lives import KINDS, Kind, Life, Step, random_life
from dealbooks.samples.markets import REGIONS, sample_book
from dealbooks.samples.sketch import Own

__all__ = [
    "KINDS",
    "REGIONS",
    "Kind",
    "Life",
    "Own",
    "Step",
    "coverage",
    "deal_data",
    "features_of",
    "promised",
    "random_deal",
    "random_life",
    "sample_book",
]
