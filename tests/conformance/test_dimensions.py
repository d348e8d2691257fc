"""No dimension is dropped: what the ledger has no place for stands in its texts."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from conformance.deals import postings_of
from conformance.rig import Rig

from dealbooks.ledger import Posting

_TOLD = ("stock_no", "person", "product", "method")
PLACES = ("location", "department")


def told(rig: Rig) -> str:
    """All texts of all documents that we made."""
    return "\n".join(rig.texts(ref) for ref in sorted(rig.documents()) if rig.has_texts(ref))


def values(postings: list[Posting], *names: str) -> set[tuple[str, str]]:
    """Dimensions of the lines."""
    return {
        (name, line.dimensions[name])
        for posting in postings
        for line in posting.entry.lines
        for name in names
        if line.dimensions.get(name)
    }


@pytest.mark.parametrize("golden", ["G09", "G10", "G13"])
def test_a_third_dimension_is_written_out(rig: Rig, golden: str) -> None:
    postings = postings_of(golden)
    rig.put(*postings)
    assert rig.drain().clean
    text = told(rig)
    wanted = values(postings, *_TOLD)
    assert {name for name, _ in wanted} >= {"stock_no", "person"}
    assert {(name, value) for name, value in wanted if value not in text} == set()


def test_places_that_the_ledger_has_no_dimension_for_are_written_out(make: Callable[..., Rig]) -> None:
    rig = make("uk", **make().nowhere)
    (sale, *_) = postings_of("G10")
    rig.put(sale)
    assert rig.drain().clean
    for name in (rig.sale, rig.journal):
        text = rig.texts(rig.row(name)["ref"])
        assert {(name, value) for name, value in values([sale], *PLACES) if value not in text} == set()


def test_places_that_the_ledger_has_a_dimension_for_stand_there(rig: Rig) -> None:
    (sale, *_) = postings_of("G10")
    rig.put(sale)
    assert rig.drain().clean
    for name in (rig.sale, rig.journal):
        assert {value for _, value in values([sale], *PLACES)} <= rig.places_of(rig.row(name)["ref"])
