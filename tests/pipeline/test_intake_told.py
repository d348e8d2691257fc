"""What the fast lane tells Prefect: an event a batch with its counts, and one a deal only where a person is needed."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from intake_support import shop_of, tell
from pipeline_support import Dealership, posted, sale
from sweep_support import FakeCrm

from dealbooks.pipeline.agenda import Item
from flows import reports
from flows.inbox_intake import carry, inbox_intake
from flows.lane import CURRENT, Batch

BOOK = "northgate"


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Dealership, FakeCrm]]:
    shop, crm = shop_of(tmp_path / "shop", monkeypatch)
    yield shop, crm
    shop.close()


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The events, in order. Stages are called without Prefect, and nothing is drawn for its UI."""
    found: list[dict[str, Any]] = []
    monkeypatch.setattr(reports, "emit_event", lambda **given: found.append(given))

    async def nothing(*_args: Any, **_more: Any) -> None:
        return None

    monkeypatch.setattr(reports, "acreate_table_artifact", nothing)
    module = sys.modules[carry.__module__]
    monkeypatch.setattr(module, "carry", partial(carry, plain=True))
    monkeypatch.setattr(module, "waiting_in_quarantine", module.waiting_in_quarantine.fn)
    return found


def _run(shop: Dealership, number: int, *items: Item) -> None:
    async def go() -> None:
        CURRENT.set(Batch(number=number, items=items))
        await inbox_intake.fn(str(shop.config_file), number)

    asyncio.run(go())


def _named(events: list[dict[str, Any]]) -> list[str]:
    return [one["event"] for one in events]


def test_a_batch_is_told_once_with_its_counts_and_a_good_deal_not_at_all(
    world: tuple[Dealership, FakeCrm], told: list[dict[str, Any]]
) -> None:
    shop, crm = world
    for number in range(1, 6):
        crm.save(f"{number:03d}", sale(number))
    tell(shop, "001", "002", "003", "004", "005")
    _run(shop, 7)
    assert posted(shop) == {f"N-{number}" for number in range(1, 6)}
    assert _named(told) == ["dealbooks.batch.done"]
    [event] = told
    assert event["payload"] == {
        "batch": 7, "matched": 5, "waiting": 0, "review": 0, "accepted": 5, "quarantined": 0, "posted": 10, "held": 0,
        "refused": 0, "failures": 0,
    }  # fmt: skip


def test_a_deal_in_quarantine_is_told_by_its_number_and_nothing_of_its_customer(
    world: tuple[Dealership, FakeCrm], told: list[dict[str, Any]]
) -> None:
    shop, crm = world
    crm.save("001", sale(1, vehicle_price=""))
    crm.save("002", sale(2))
    tell(shop, "001", "002")
    _run(shop, 1)
    assert _named(told) == ["dealbooks.batch.done", "dealbooks.batch.quarantined", "dealbooks.deal.quarantined"]
    done, batch, deal = (one["payload"] for one in told)
    assert (done["accepted"], done["quarantined"]) == (1, 1)
    assert batch["count"] == 1
    assert deal == {"deal": "N-1", "place": "crm"}
    assert deal["place"] in shop.settings["sources"]
    assert sale(1)["customer_name"] not in str(told)


def test_a_posting_that_is_disputed_is_told_by_its_deal_once(
    world: tuple[Dealership, FakeCrm], told: list[dict[str, Any]]
) -> None:
    shop, crm = world
    crm.save("001", sale(1))
    tell(shop, "001")
    _run(shop, 1)
    for path in (shop.folder / "books").rglob("ledger/*/*.beancount"):
        if path.stem != "none":
            path.unlink()
    with shop.open() as house, house.store.transaction("test", "they are in doubt, and gone") as tx:
        for row in shop.rows("effects"):
            tx.update("effects", [row], state="unknown", next_at=tx.at)
    told.clear()
    _run(shop, 2, Item("book", BOOK))
    assert _named(told) == ["dealbooks.batch.done", "dealbooks.deal.disputed"]
    assert told[1]["payload"] == {"deal": "N-1", "place": BOOK}
    assert told[1]["resource"]["prefect.resource.id"] == f"dealbooks.deal.{BOOK}.N-1"
    told.clear()
    _run(shop, 3, Item("book", BOOK))
    assert _named(told) == ["dealbooks.batch.done"]
