"""Posted means that the ledger's own figures were read and equal ours: whatever it changes is disputed, by name."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from conformance.deals import postings_of
from conformance.rig import Rig

from dealbooks.errors import StopConnection
from dealbooks.ledger import Reading


def disputed(rig: Rig, name: str) -> str:
    """Why an effect is disputed; the rest of the deal is not moved on silently."""
    row = rig.row(name)
    assert row["state"] == "disputed"
    assert not rig.drain().clean
    return str(row["reason"])


@pytest.mark.parametrize("what", ["total", "tax", "date", "dimension"])
def test_a_sale_that_the_ledger_changed_is_disputed_with_the_difference(rig: Rig, what: str) -> None:
    rig.put(*postings_of("G10"))
    rig.after(rig.sale, lambda ref: rig.change(ref, what))
    rig.drain()
    assert f"{rig.figures.get(what, what)}: we expect" in disputed(rig, rig.sale)


@pytest.mark.parametrize("what", ["total", "date", "dimension"])
def test_a_journal_that_the_ledger_changed_is_disputed_with_the_difference(rig: Rig, what: str) -> None:
    rig.put(*postings_of("G10"))
    rig.after(rig.journal, lambda ref: rig.change(ref, what))
    rig.drain()
    named = "lines" if what == "total" and rig.over_http else rig.figures.get(what, what)
    assert f"{named}: we expect" in disputed(rig, rig.journal)


def test_what_is_corrected_in_the_ledger_is_posted_when_it_is_read_again(rig: Rig) -> None:
    rig.put(*postings_of("G10"))
    kept = rig.ledger.read
    rig.ledger.read = lambda refs: [_another_day(reading) for reading in kept(refs)]  # type: ignore[method-assign]
    rig.drain()
    assert rig.row(rig.journal)["state"] in ("disputed", "held")
    assert not rig.drain().clean
    rig.reconnect()
    assert rig.settled().clean
    assert rig.balances() == rig.wanted("G10")


def _another_day(reading: Reading) -> Reading:
    figures = dict(reading.figures or {})
    name = next((name for name in ("date", "sha256") if name in figures), "")
    return Reading(reading.ref, figures | ({name: "2001-01-01"} if name else {}))


def test_what_was_sent_and_cannot_be_read_is_not_posted_and_not_sent_again(rig: Rig) -> None:
    rig.put(*postings_of("G10"))
    kept, dark = rig.ledger.read, [True]

    def read(refs: Sequence[str]) -> list[Reading]:
        if dark:
            raise StopConnection("it does not answer")
        return kept(refs)

    rig.ledger.read = read  # type: ignore[method-assign]
    rig.drain()
    first = next(row for row in rig.rows() if row["attempts"])
    assert (first["state"], first["attempts"]) == ("unknown", 1)
    assert "does not answer" in first["reason"]
    dark.clear()
    assert rig.settled().clean
    assert rig.balances() == rig.wanted("G10")
    assert {row["attempts"] for row in rig.rows()} == {1}


def test_the_answer_to_a_write_is_not_believed(rig: Rig) -> None:
    """The figures that are kept are those of a read, made after the write."""
    rig.put(*postings_of("G11"))
    rig.drain()
    for row in rig.rows():
        reading = rig.reading(row["ref"])
        assert reading.figures is not None
        assert row["figures"] != ""
        expected = rig.ledger.expected(rig.requested(row))
        assert {name: reading.figures.get(name) for name in expected} == dict(expected)
