"""How fast deals are posted, on one core: `python -m benchmarks.posting DEALS`.

Random deals of every region, from JSON to entries and documents: building the deal, the posting rules, the documents.
No file, no store, no ledger. What was posted is let go by the thousand.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Any

from benchmarks.process import Stages
from dealbooks.book import Book
from dealbooks.deal import Deal
from dealbooks.documents import InvoiceFacts, Target, documents_of, invoice_facts
from dealbooks.pipeline.garbage import seldom_collected
from dealbooks.posting import Posted, post_deal
from dealbooks.samples import REGIONS, random_deal, sample_book

_CHUNK = 1000
_DIFFERENT = 5000  # so many different deals, over and over: making them is not what is measured


@seldom_collected()
def run(size: int) -> dict[str, Any]:
    """Seconds of each step for so many deals. A first chunk, which fills the caches, is not counted."""
    made = [_made(number) for number in range(min(size, _DIFFERENT))]
    _post(made[:_CHUNK], Stages())
    stages = Stages()
    entries = documents = 0
    for chunk in _chunks(made, size):
        some = _post(chunk, stages)
        entries += some[0]
        documents += some[1]
    return stages.as_json() | {"deals": size, "entries": entries, "documents": documents}


def _made(number: int) -> tuple[str, Book]:
    region = REGIONS[number % len(REGIONS)]
    deal = random_deal(number, region)
    return json.dumps(deal.as_json()), sample_book(region, deal.base_currency)


def _chunks(made: list[tuple[str, Book]], size: int) -> Iterator[list[tuple[str, Book]]]:
    for start in range(0, size, _CHUNK):
        yield [made[number % len(made)] for number in range(start, min(start + _CHUNK, size))]


def _post(chunk: list[tuple[str, Book]], stages: Stages) -> tuple[int, int]:
    target = Target()
    with stages.timed("build"):
        deals = [(Deal.model_validate_json(text), book) for text, book in chunk]
    with stages.timed("post"):
        posted = [post_deal(deal, book=book) for deal, book in deals]
    with stages.timed("documents"):
        sets = [
            documents_of(entry, target, facts) for one in posted for facts in [_facts(one)] for entry in one.entries
        ]
    return sum(len(one.entries) for one in posted), sum(len(one.documents) for one in sets)


def _facts(posted: Posted) -> InvoiceFacts:
    sale = f"sale-v{posted.deal.deal_version}"
    return invoice_facts(posted, next(entry for entry in posted.entries if entry.entry_id == sale))


if __name__ == "__main__":
    print(json.dumps(run(int(sys.argv[1]))))
