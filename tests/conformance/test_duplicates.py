"""The same thing sent twice is one document, whatever protects it: a key, a number, a look before the write."""

from __future__ import annotations

from dataclasses import replace

import pytest
from conformance.deals import postings_of
from conformance.rig import Rig

from dealbooks.entries import Line
from dealbooks.ledger import Verdict


def test_each_request_sent_again_at_once_is_the_same_document(rig: Rig) -> None:
    rig.put(*postings_of("G10"))
    assert rig.drain().clean
    standing, balances = rig.standing(), rig.balances()
    for row in rig.rows():
        (outcome,) = rig.ledger.send([rig.requested(row)])
        assert outcome.verdict in (Verdict.HAPPENED, Verdict.UNKNOWN, Verdict.REFUSED)
        matching = row["name"].startswith(("match", "allocation"))
        assert matching or outcome.verdict is not Verdict.HAPPENED or outcome.ref == row["ref"]
    assert (rig.standing(), rig.balances()) == (standing, balances)


def test_the_same_request_twice_in_a_batch_is_one_document(rig: Rig) -> None:
    rig.put(*postings_of("G10"))
    assert rig.drain().clean
    standing = rig.standing()
    request = rig.request(rig.journal)
    size = min(2, rig.ledger.capabilities.batch_size)
    outcomes = rig.ledger.send([request] * size)
    assert {outcome.ref for outcome in outcomes if outcome.verdict is Verdict.HAPPENED} <= {rig.row(rig.journal)["ref"]}
    assert rig.standing() == standing


def test_a_key_with_other_content_is_never_a_second_document(rig: Rig) -> None:
    (sale, *_) = postings_of("G11")
    rig.put(*postings_of("G11"))
    assert rig.drain().clean
    standing, balances = rig.standing(), rig.balances()
    entry = replace(sale.entry, lines=tuple(_dearer(line) for line in sale.entry.lines))
    changed = next(spec for spec in rig.ledger.effects(replace(sale, entry=entry)) if spec.name == rig.first_of_journal)
    request = rig.request(rig.first_of_journal)
    assert changed.payload != request.payload
    rig.ledger.send([replace(request, payload=changed.payload)])
    assert (rig.standing(), rig.balances()) == (standing, balances)


def _dearer(line: Line) -> Line:
    """The car cost a pound more."""
    moved = {"cost_of_sales.used_vehicle": 1, "inventory.used_vehicle": -1}.get(line.role, 0)
    return replace(line, amount=replace(line.amount, amount=line.amount.amount + moved))


@pytest.mark.parametrize("which", ["sale", "journal", "money"])
def test_what_is_in_doubt_and_stands_is_adopted_without_another_write(rig: Rig, which: str) -> None:
    rig.put(*postings_of("G10"))
    assert rig.drain().clean
    name = getattr(rig, which)
    row, before = rig.row(name), rig.written()
    rig.in_doubt(name)
    rig.reconnect()
    assert rig.settled().clean
    assert (rig.row(name)["ref"], rig.written()) == (row["ref"], before)


def test_an_entry_that_is_planned_again_is_not_sent_again(rig: Rig) -> None:
    rig.put(*postings_of("G10"))
    assert rig.drain().clean
    count, before = len(rig.rows()), rig.written()
    rig.put(*postings_of("G10"))
    rig.drain()
    assert (len(rig.rows()), rig.written()) == (count, before)
