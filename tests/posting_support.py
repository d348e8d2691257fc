"""What tests of the posting rules share: the golden deals as data to change, and short words for what comes out."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from dealbooks.book import Book, Locks, Policies
from dealbooks.charts import load_chart
from dealbooks.deal import Deal
from dealbooks.entries import Entry
from dealbooks.posting import History, Posted, PostingError, post_deal

CASES = Path(__file__).parent / "golden" / "cases"


def case(number: str) -> dict[str, Any]:
    """The deal of a golden case, for a test to change."""
    path = next(CASES.glob(f"{number}-*.json"))
    data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))["deal"]
    return data


def post(
    data: dict[str, Any], *recorded: Entry, closed: date | None = None, chart: str = "", **policies: Any
) -> Posted:
    """Post a deal to a book of its own entity, over what is recorded; `policies` are those of the book."""
    deal = Deal.model_validate(data)
    kept = load_chart(chart) if chart else None
    book = Book("book", deal.legal_entity, deal.base_currency, "us", kept, Policies(**policies))
    return post_deal(deal, book=book, history=History.of(recorded), locks=Locks(closed))


def refusal(data: dict[str, Any], *recorded: Entry, **more: Any) -> str:
    """Why a deal is not posted."""
    with pytest.raises(PostingError) as caught:
        post(data, *recorded, **more)
    assert caught.value.deal_id == data["deal_id"]
    assert caught.value.fix
    return caught.value.message


def lines(entry: Entry) -> list[tuple[str, str, str, str]]:
    """Part, role, amount (debit positive) and location of each line."""
    return [(x.part, x.role, str(x.amount.amount), x.dimensions["location"]) for x in entry.lines]


def part(entry: Entry, name: str) -> list[tuple[str, str]]:
    """Role and amount of each line of one part."""
    return [(x.role, str(x.amount.amount)) for x in entry.lines if x.part == name]


def named(posted: Posted, entry_id: str) -> Entry:
    """An entry by its id."""
    return next(entry for entry in posted.entries if entry.entry_id == entry_id)
