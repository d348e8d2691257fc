"""The drift watch while our own outbox writes into the ledger that it reads."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pipeline_support import Dealership, sale

from dealbooks.errors import Overtaken
from dealbooks.pipeline.drift import Watched, watch

BOOK = "northgate"


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Dealership]:
    made = Dealership(tmp_path, f"sqlite:///{tmp_path / 'store.db'}")
    made.sales(11, *(sale(number) for number in range(1, 6)))
    made.sync()
    yield made
    made.close()


def look(shop: Dealership, *, whole: bool = False) -> Watched:
    shop.clock.forward(3600)
    with shop.open() as house:
        return watch(house, BOOK, whole=whole)


def take_away(shop: Dealership) -> None:
    """What our outbox does in a ledger that voids in place: the document goes, and its entry is superseded."""
    [row] = [one for one in shop.rows("entries") if one["entry_id"] == "sale-v1" and one["state"] == "posted"][:1]
    [effect] = [one for one in shop.rows("effects") if one["entry"] == row["id"]]
    (shop.folder / "books" / BOOK / effect["ref"]).unlink()
    with shop.open() as house, house.store.transaction("drain", "void") as tx:
        tx.update("entries", [row], state="superseded")
        tx.update("effects", [effect], state="superseded")


def while_it_is_read(shop: Dealership, monkeypatch: pytest.MonkeyPatch, times: int) -> None:
    """Our outbox works right after the ledger was listed, for some lists in a row."""
    with shop.open() as house:
        kind = type(house.ledger(BOOK))
    real, left = kind.changes, list(range(times))

    def and_then(self: Any, *given: Any) -> Any:
        told = real(self, *given)
        if left:
            left.pop()
            take_away(shop)
        return told

    monkeypatch.setattr(kind, "changes", and_then)


def test_what_our_outbox_does_while_the_ledger_is_read_is_no_drift(
    shop: Dealership, monkeypatch: pytest.MonkeyPatch
) -> None:
    look(shop)
    while_it_is_read(shop, monkeypatch, 1)
    assert [one.finding.what for one in look(shop, whole=True).open] == []
    kept = shop.rows("cursors")
    while_it_is_read(shop, monkeypatch, 3)
    with pytest.raises(Overtaken, match="were posted while"):
        look(shop, whole=True)
    assert shop.rows("cursors") == kept
    monkeypatch.undo()
    assert look(shop).quiet
