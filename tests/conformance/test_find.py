"""Finding what is ours by our reference: present, absent, twice, and what only looks like ours."""

from __future__ import annotations

import pytest
from conformance.deals import postings_of
from conformance.rig import Rig

from dealbooks.ledger import Presence


@pytest.mark.parametrize("golden", ["G10", "G14", "G08"])
def test_everything_that_was_posted_is_found_under_its_key(make, golden: str) -> None:  # type: ignore[no-untyped-def]
    rig = make("us" if golden == "G08" else "uk")
    rig.put(*postings_of(golden))
    rig.drain()
    rig.reconnect()
    for row in rig.rows():
        if not row["name"].startswith(("match", "allocation")):
            (lookup,) = rig.ledger.find([rig.requested(row)])
            assert (row["name"], lookup.presence, lookup.ref) == (row["name"], Presence.FOUND, row["ref"])


def test_what_was_never_sent_is_absent(rig: Rig) -> None:
    rig.put(*postings_of("G11"))
    for row in rig.rows():
        if not row["waits_for"].count(":") or row["name"] in (rig.sale, rig.journal):
            (lookup,) = rig.ledger.find([rig.requested(row)])
            assert lookup.presence is Presence.ABSENT
    assert rig.reading(rig.no_such_ref()).figures is None


def test_a_document_that_stands_twice_with_our_key_is_a_conflict(rig: Rig) -> None:
    rig.put(*postings_of("G10"))
    rig.drain()
    rig.twin(rig.row(rig.journal)["ref"])
    rig.reconnect()
    (lookup,) = rig.ledger.find([rig.request(rig.journal)])
    assert lookup.presence is Presence.UNDECIDED
    assert "2 times" in lookup.reason
    rig.in_doubt(rig.journal)
    before = rig.written()
    rig.settled(rounds=3)
    row = rig.row(rig.journal)
    assert (row["state"], rig.written()) == ("unknown", before)
    assert "2 times" in row["reason"]


def test_a_number_that_somebody_else_took_is_refused_not_adopted(rig: Rig) -> None:
    rig.put(*postings_of("G11"))
    rig.take_number(rig.request(rig.sale))
    before = rig.standing()
    rig.drain()
    row = rig.row(rig.sale)
    assert row["state"] in ("refused", "disputed")
    assert row["reason"]
    assert rig.standing().get(rig.kind(rig.sale), 0) == before.get(rig.kind(rig.sale), 0)
