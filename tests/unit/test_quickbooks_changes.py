"""Change data capture of QuickBooks Online where it cannot tell everything: too much, too long ago."""

from __future__ import annotations

from pathlib import Path

import pytest
from conformance.deals import postings_of
from conformance.rigs.quickbooks import Rig

from blocks.ledgers.quickbooks import changes

_DAY = 86_400.0


def posted(folder: Path, sales: int) -> Rig:
    rig = Rig(folder, behaves={"cdc_limit": 3})
    for number in range(sales):
        rig.put(*postings_of("G11", number=f"N{number}1", customer=f"C-{number}", name=f"Customer {number}")[:1])
    assert rig.settled().clean
    return rig


def refs(rig: Rig, name: str) -> list[str]:
    return sorted(row["ref"] for row in rig.rows() if row["name"] == name)


def test_of_more_than_one_answer_holds_each_kind_is_asked_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "MOST", 3)
    rig = posted(tmp_path, 2)
    first = rig.ledger.changes("")
    assert first.whole
    rig.clock.sleep(3600)
    edited = [*refs(rig, "invoice"), *refs(rig, "journal")]
    for ref in edited:
        rig.change(ref, "date")
    found = rig.ledger.changes(first.cursor)
    assert (found.whole, sorted({one.ref for one in found.records} & set(edited))) == (False, sorted(edited))


def test_of_more_than_an_answer_holds_of_one_kind_everything_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "MOST", 3)
    rig = posted(tmp_path, 4)
    first = rig.ledger.changes("")
    rig.clock.sleep(3600)
    for ref in refs(rig, "invoice"):
        rig.change(ref, "date")
    found = rig.ledger.changes(first.cursor)
    assert found.whole
    assert set(refs(rig, "invoice")) <= {one.ref for one in found.records}


def test_after_thirty_days_everything_is_read(tmp_path: Path) -> None:
    rig = posted(tmp_path, 1)
    first = rig.ledger.changes("")
    rig.clock.sleep(29 * _DAY)
    assert not rig.ledger.changes(first.cursor).whole
    rig.clock.sleep(2 * _DAY)
    found = rig.ledger.changes(first.cursor)
    assert found.whole
    assert not rig.ledger.changes(found.cursor).whole
