"""Golden deals as postings, in the order in which they were recorded; each may be given a number and a customer."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

from documents_support import CASES, Recorded, record

from dealbooks.book import Locks
from dealbooks.deal import Deal
from dealbooks.ledger import Party, Posting
from dealbooks.pipeline.keys import posting_key
from dealbooks.posting.lifecycle import ended

BOOK = "book"
NAMES = tuple(path.stem[:3] for path in CASES)


@lru_cache
def path_of(case: str) -> Path:
    """The file of a case, by its number."""
    return next(path for path in CASES if path.stem.startswith(case))


@lru_cache
def text_of(case: str) -> str:
    """A case as it is written."""
    return path_of(case).read_text(encoding="utf-8")


def data_of(case: str, *, number: str = "", customer: str = "", name: str = "") -> dict[str, Any]:
    """A case; its deal may have another number (and stock number), customer id and customer name."""
    text = text_of(case)
    deal = json.loads(text)["deal"]
    if number:
        text = text.replace(deal["deal_id"], number).replace(deal["vehicle"]["stock_no"], f"S{number}")
    if customer:
        text = text.replace(f'"{deal["customer"]["id"]}"', json.dumps(customer))
    data: dict[str, Any] = json.loads(text)
    if name:
        for stage in ("deal", "deal_amended"):
            if stage in data:
                data[stage]["customer"]["name"] = name
    return data


def recorded(data: Mapping[str, Any], *, closed: date | None = None) -> Recorded:
    """A case's entries, stage by stage as the pipeline records them."""
    stages = [Deal.model_validate(data[stage]) for stage in ("deal", "deal_amended") if stage in data]
    if ended(stages[-1]) is not None:
        last = stages[-1]
        kept = tuple(event for event in last.lifecycle if event.event == "completed")
        stages[-1:] = [last.model_copy(update={"lifecycle": kept, "refunds": ()}), last]
    until = data.get("scenario", {}).get("closed_through")
    return record(*stages, locks=Locks(closed or (None if until is None else date.fromisoformat(until))))


def postings_of(case: str, *, closed: date | None = None, **given: str) -> list[Posting]:
    """The postings of a case; `given` are those of `data_of`, `closed` is the last closed day."""
    if closed is None:
        return list(_kept(case, tuple(sorted(given.items()))))
    return _postings(recorded(data_of(case, **given), closed=closed))


@lru_cache(maxsize=512)
def _kept(case: str, given: tuple[tuple[str, str], ...]) -> tuple[Posting, ...]:
    return tuple(_postings(recorded(data_of(case, **dict(given)))))


def _postings(found: Recorded) -> list[Posting]:
    deal = found.deal
    parties = {
        one.id: Party(one.id, one.name or one.id, business=getattr(one, "type", "business") == "business")
        for one in (deal.bill_to, deal.customer)
        if one is not None
    }
    made = []
    for entry, facts in found.entries:
        plain = Posting(
            posting_key(BOOK, deal.deal_id, entry.entry_id), entry, deal_number=deal.deal_id, vin=deal.vehicle.vin,
            stock_no=deal.vehicle.stock_no, customer_name=deal.customer.name or deal.customer.id, parties=parties,
            invoice=facts,
        )  # fmt: skip
        made.append(
            replace(
                plain,
                reverses=posting_key(BOOK, deal.deal_id, entry.reverses) if entry.reverses else None,
                sale=posting_key(BOOK, deal.deal_id, facts.entry_id) if facts is not None else None,
            )
        )
    return made


def sums_of(case: str, folded: Mapping[str, str]) -> dict[str, Decimal]:
    """What the entries that an accountant wrote by hand leave on each account role, in the book's own currency, nil
    left out. `folded` names roles that count as another."""
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for entry in data_of(case)["expected"]["entries"]:
        for line in entry["lines"]:
            role = line["account_role"]
            sums[folded.get(role, role)] += _signed(line)
    return {role: amount for role, amount in sums.items() if amount}


def _signed(line: Mapping[str, Any]) -> Decimal:
    base = [line.get("base_debit"), line.get("base_credit")]
    debit, credit = base if any(value is not None for value in base) else (line["debit"], line["credit"])
    return Decimal(debit or 0) - Decimal(credit or 0)


def currency_of(case: str) -> str:
    """The currency that the books of a case are kept in."""
    deal = data_of(case)["deal"]
    return str(deal.get("base_currency") or deal["currency"])


def dimensions_of(case: str, name: str) -> Sequence[str]:
    """Every value of a dimension in a case."""
    lines = [line for entry in data_of(case)["expected"]["entries"] for line in entry["lines"]]
    return sorted({line["dimensions"][name] for line in lines if line["dimensions"].get(name)})
