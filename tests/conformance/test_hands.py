"""What people void and delete in the ledger is found and reported, and never made again by itself."""

from __future__ import annotations

import pytest
from conformance.deals import postings_of
from conformance.rig import Rig, Unable

from dealbooks.outbox.result import compare


def posted(rig: Rig) -> None:
    """A sale with its journal, and no money that ties it down."""
    rig.put(*postings_of("G11")[:1])
    assert rig.drain().clean


@pytest.mark.parametrize("which", ["sale", "journal"])
def test_what_was_voided_is_seen_and_not_made_again(rig: Rig, which: str) -> None:
    posted(rig)
    row = rig.row(getattr(rig, which))
    rig.void(row["ref"])
    rig.reconnect()
    figures = rig.reading(row["ref"]).figures
    assert figures is not None
    assert any(
        told.startswith("status: we expect") for told in compare(rig.ledger.expected(rig.requested(row)), figures)
    )
    assert row["ref"] not in {record.ref for record in rig.records() if record.lines}
    before = rig.written()
    rig.drain()
    assert rig.written() == before


@pytest.mark.parametrize("which", ["sale", "journal"])
def test_what_was_deleted_is_seen_and_not_made_again(rig: Rig, which: str) -> None:
    posted(rig)
    row = rig.row(getattr(rig, which))
    rig.delete(row["ref"])
    rig.reconnect()
    assert rig.reading(row["ref"]).figures is None
    assert row["ref"] not in {record.ref for record in rig.records()}
    before = rig.written()
    rig.drain()
    assert rig.written() == before


@pytest.mark.parametrize("which", ["sale", "journal"])
def test_what_was_voided_while_its_answer_was_lost_waits_for_a_person(rig: Rig, which: str) -> None:
    posted(rig)
    name = getattr(rig, which)
    rig.void(rig.row(name)["ref"])
    standing = rig.standing()
    rig.in_doubt(name)
    rig.reconnect()
    rig.settled(rounds=6)
    assert rig.row(name)["state"] in ("disputed", "refused", "unknown")
    assert rig.row(name)["reason"]
    assert rig.standing() == standing


@pytest.mark.parametrize("which", ["sale", "journal"])
def test_what_was_confirmed_and_deleted_before_it_was_read_back_waits_for_a_person(rig: Rig, which: str) -> None:
    """The ledger answered with a reference: what is not there under it any more was taken away."""
    posted(rig)
    name = getattr(rig, which)
    ref = rig.row(name)["ref"]
    rig.delete(ref)
    standing = rig.standing()
    rig.in_doubt(name, ref)
    rig.reconnect()
    rig.settled(rounds=6)
    assert rig.row(name)["state"] == "disputed"
    assert f"confirmed it as {ref}" in rig.row(name)["reason"]
    assert rig.standing() == standing


@pytest.mark.parametrize("which", ["sale", "journal"])
def test_a_key_that_is_sent_again_after_its_document_was_taken_away_is_not_taken_for_posted(
    rig: Rig, which: str
) -> None:
    """A platform that remembers the key answers as it did the first time, with a document that is no longer there."""
    if rig.ledger.capabilities.safe_resend:
        raise Unable("what is not there was never written, or is written again as it was")
    posted(rig)
    name = getattr(rig, which)
    try:
        rig.delete(rig.row(name)["ref"])
    except Unable:
        rig.void(rig.row(name)["ref"])
    standing = rig.standing()
    rig.pending(name)
    rig.reconnect()
    rig.drain()
    assert rig.row(name)["state"] != "posted"
    assert rig.row(name)["reason"]
    assert rig.standing() == standing
