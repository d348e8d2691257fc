"""Accepted deals that may not be posted yet, and what each still waits for. Reads only."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from dealbooks.house import House
from dealbooks.pipeline.told import missing
from dealbooks.pipeline.work import Wanted, Work, find_wanted, load_work

_CHUNK = 50
_MOST_LOOKED = 500


@dataclass(frozen=True, slots=True)
class NotReady:
    """A deal, and what is missing before it may be posted, in words."""

    deal: str
    missing: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """Plain types."""
        return {"deal": self.deal, "missing": list(self.missing)}


def not_ready(house: House, book: str, *, most: int = 20) -> tuple[NotReady, ...]:
    """The deals of a book that wait for the book's `post_when`, oldest first."""
    wanted = find_wanted(house, book, include_held=False)
    ids = [one for one, version in wanted.ids.items() if version is not None][:_MOST_LOOKED]
    found: list[NotReady] = []
    for work, lacking in _waiting(house, book, wanted, ids):
        found.append(NotReady(work.deal["deal_number"], lacking))
        if len(found) == most:
            break
    return tuple(found)


def missing_of(house: House, book: str, deals: Collection[str]) -> dict[str, tuple[str, ...]]:
    """What those of these deals of a book (internal ids) still wait for that wait, in words."""
    wanted = find_wanted(house, book, include_held=False)
    ids = [one for one in deals if wanted.ids.get(one) is not None]
    return {work.deal["id"]: lacking for work, lacking in _waiting(house, book, wanted, ids)}


def _waiting(house: House, book: str, wanted: Wanted, ids: list[str]) -> Iterator[tuple[Work, tuple[str, ...]]]:
    for start in range(0, len(ids), _CHUNK):
        for item in load_work(house, ids[start : start + _CHUNK], wanted):
            if lacking := missing(house, book, item.money().deal, item.recorded.values(), item.told):
                yield item, tuple(lacking)
