"""Deals for the ledgers: the shapes of the UK golden cases over and over, each with its own number, car and buyer.

Paid at once, on hire purchase, in part-exchange, with negative equity, bought again by a customer of before, and a few
that are amended after they were posted. One name in thirty is shared by several people.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.process import ROOT
from dealbooks.ledger import Posting

if str(ROOT / "tests") not in sys.path:  # the worlds and the deals of the simulation
    sys.path.insert(0, str(ROOT / "tests"))

import sim_deals

_SHAPES = ("G09", "G10", "G11", "G13", "G09", "G10", "G12", "G11", "G13", "G10")
_AMENDED, _AMENDED_ONE_IN = "G14", 40
_KNOWN_ONE_IN, _SHARED_ONE_IN = 10, 30
_TAKES_BACK = ("sale.reversed", "sale.unwound")
_FIRST = ("Alice", "Benedict", "Carla", "Dominic", "Eleanor", "Felix", "Gwen", "Hugo", "Imogen", "Jasper", "Keira")


@dataclass(frozen=True, slots=True)
class Stages:
    """What is put into the outbox at first, and what follows once that is posted."""

    first: list[list[Posting]]
    then: list[list[Posting]]


def deals(count: int) -> Stages:
    """So many deals; the same ones every time."""
    stages = Stages([], [])
    for number in range(1, count + 1):
        shape = _AMENDED if number % _AMENDED_ONE_IN == 0 else _SHAPES[number % len(_SHAPES)]
        customer = max(1, number - 7) if number % _KNOWN_ONE_IN == 0 else number
        case = sim_deals.case_of(shape, number, customer, _name(customer))
        text = json.dumps({name: case[name] for name in ("deal", "deal_amended") if name in case})
        before, after = _parted(sim_deals.postings_of(text))
        stages.first.append(before)
        if after:
            stages.then.append(after)
    return stages


def _name(customer: int) -> str:
    if customer % _SHARED_ONE_IN == 0:
        return f"{_FIRST[customer // _SHARED_ONE_IN % len(_FIRST)]} Smith"
    return f"{_FIRST[customer % len(_FIRST)]} Ashworth-{customer}"


def _parted(postings: Sequence[Posting]) -> tuple[list[Posting], list[Posting]]:
    place = next((n for n, one in enumerate(postings) if one.entry.event in _TAKES_BACK), len(postings))
    return list(postings[:place]), list(postings[place:])
