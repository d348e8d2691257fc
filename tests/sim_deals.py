"""The deals of a simulation: golden cases under numbers, cars and customers of their own."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from documents_support import record
from sim_worlds import BOOK

from dealbooks.deal import Deal
from dealbooks.ledger import Party, Posting
from dealbooks.pipeline.keys import posting_key

_CASES = Path(__file__).parent / "golden" / "cases"
_UK = ("G09", "G10", "G11", "G12", "G13", "G14")
_NAMES = ("Gwen Prothero", "Idris Owen")
TAKES_BACK = ("sale.reversed", "sale.unwound")


def cases(dice: random.Random) -> list[dict[str, Any]]:
    """One to three deals, sometimes of one customer, sometimes of two with one name."""
    count = dice.choice((1, 1, 2, 3))
    same, alike = dice.random() < 0.3, dice.random() < 0.3
    made = []
    for number in range(1, count + 1):
        customer = 1 if same else number
        made.append(case_of(dice.choice(_UK), number, customer, _NAMES[0 if alike or same else number % 2]))
    return made


def stages(dice: random.Random, drawn: Sequence[Mapping[str, Any]]) -> list[list[Posting]]:
    """What is put into the outbox at once: entries in their order; what takes a sale back, with what follows it."""
    found: list[list[Posting]] = []
    for case in drawn:
        stage: list[Posting] = []
        for posting in postings_of(json.dumps({name: case[name] for name in ("deal", "deal_amended") if name in case})):
            if stage and (posting.entry.event in TAKES_BACK or (not _cut_off(stage) and dice.random() < 0.4)):
                found.append(stage)
                stage = []
            stage.append(posting)
        found.append(stage)
    return found


def _cut_off(stage: Sequence[Posting]) -> bool:
    return stage[0].entry.event in TAKES_BACK


@lru_cache(maxsize=256)
def case_of(case: str, number: int, customer: int, name: str = _NAMES[0]) -> dict[str, Any]:
    """A golden case under a number, a car and a customer of its own."""
    text = next(_CASES.glob(f"{case}-*.json")).read_text(encoding="utf-8")
    data: dict[str, Any] = json.loads(text)
    deal = data["deal"]
    text = text.replace(deal["deal_id"], f"UK-{number:05d}").replace(deal["vehicle"]["stock_no"], f"S{number:05d}")
    data = json.loads(text.replace(f'"{deal["customer"]["id"]}"', f'"C-{customer:03d}"'))
    for stage in ("deal", "deal_amended"):
        if stage in data:
            data[stage]["customer"]["name"] = name
    return data


@lru_cache(maxsize=256)
def postings_of(text: str) -> tuple[Posting, ...]:
    """What the pipeline would put into the outbox for a deal, stage by stage."""
    stages = [Deal.model_validate(data) for data in json.loads(text).values()]
    recorded = record(*stages)
    deal = recorded.deal
    party = Party(deal.customer.id, deal.customer.name or deal.customer.id)
    found = []
    for entry, facts in recorded.entries:
        sale = "" if facts is None else facts.entry_id
        plain = Posting(
            posting_key(BOOK, deal.deal_id, entry.entry_id), entry, deal_number=deal.deal_id, vin=deal.vehicle.vin,
            stock_no=deal.vehicle.stock_no, customer_name=party.name, parties={party.id: party}, invoice=facts,
        )  # fmt: skip
        found.append(
            replace(
                plain,
                reverses=posting_key(BOOK, deal.deal_id, entry.reverses) if entry.reverses else None,
                sale=posting_key(BOOK, deal.deal_id, sale) if sale else None,
            )
        )
    return tuple(found)
