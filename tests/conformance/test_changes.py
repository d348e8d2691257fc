"""What changed in a ledger is told once it stands, deletions too; nothing is missed, and no change is cheap to see."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from conformance.deals import postings_of
from conformance.rig import Rig, Unable

from dealbooks.errors import StopConnection
from dealbooks.ledger import Changes, Record
from sandbox.kit import Fault

_HOUR = 3600.0


class Watcher:
    """Looks again and again, as the drift watch does, and knows what it was told before."""

    def __init__(self, rig: Rig) -> None:
        self.rig, self.cursor = rig, ""
        self.known: dict[str, Record] = {}

    def look(self) -> Changes:
        """Look, an hour after the last time; what it was told is known from then on."""
        self.rig.clock.sleep(_HOUR)
        found = self.rig.ledger.changes(self.cursor, sorted(self.known))
        self.cursor = found.cursor
        return found

    def news(self) -> tuple[Mapping[str, Record], tuple[str, ...]]:
        """Records that are not as they were, and what is gone."""
        found = self.look()
        new = {one.ref: one for one in found.records if self.known.get(one.ref) != one}
        if found.whole:
            gone = tuple(sorted(set(self.known) - {one.ref for one in found.records}))
        else:
            gone = tuple(ref for ref in found.gone if ref in self.known)
        self.known.update(new)
        for ref in gone:
            del self.known[ref]
        return new, gone


def posted(rig: Rig, *more: str) -> Watcher:
    """A sale with its journal and no money that ties it down, more of them by their numbers, and a watcher who has seen
    them."""
    rig.put(*postings_of("G11")[:1])
    for number in more:
        rig.put(*postings_of("G11", number=number, customer=f"C-{number}", name=f"Customer {number}")[:1])
    assert rig.settled().clean
    watcher = Watcher(rig)
    first = watcher.look()
    assert first.whole
    watcher.known = {one.ref: one for one in first.records}
    assert {row["ref"] for row in rig.rows() if row["name"] in (rig.sale, rig.journal)} <= set(watcher.known)
    return watcher


def test_what_does_not_change_is_not_told_as_changed(rig: Rig) -> None:
    watcher = posted(rig)
    for _ in range(3):
        assert watcher.news() == ({}, ())
    rig.reconnect()
    assert watcher.news() == ({}, ())


def test_no_change_is_seen_in_few_calls(rig: Rig) -> None:
    watcher = posted(rig)
    assert watcher.news() == ({}, ())
    before = rig.calls()
    assert watcher.news() == ({}, ())
    assert rig.calls() - before <= rig.calls_to_see_no_change


@pytest.mark.parametrize(("which", "what"), [("sale", "total"), ("sale", "date"), ("journal", "date")])
def test_what_was_edited_is_told_as_it_stands(rig: Rig, which: str, what: str) -> None:
    watcher = posted(rig)
    ref = rig.row(getattr(rig, which))["ref"]
    rig.change(ref, what)
    new, gone = watcher.news()
    assert (set(new), gone) == ({ref}, ())
    assert new[ref] == rig.ledger.listed([ref])[ref]
    assert watcher.news() == ({}, ())


@pytest.mark.parametrize("which", ["sale", "journal"])
def test_what_was_voided_is_told_without_lines(rig: Rig, which: str) -> None:
    watcher = posted(rig)
    ref = rig.row(getattr(rig, which))["ref"]
    rig.void(ref)
    new, gone = watcher.news()
    assert (list(new), gone) == ([ref], ())
    assert not new[ref].lines
    assert watcher.news() == ({}, ())


@pytest.mark.parametrize("which", ["sale", "journal"])
def test_what_was_deleted_is_told_as_gone(rig: Rig, which: str) -> None:
    watcher = posted(rig)
    ref = rig.row(getattr(rig, which))["ref"]
    rig.delete(ref)
    new, gone = watcher.news()
    assert gone == (ref,)
    assert ref not in new
    assert rig.ledger.listed([ref]) == {ref: None}
    assert watcher.news() == ({}, ())


def test_what_was_posted_since_is_told_with_its_key(rig: Rig) -> None:
    watcher = posted(rig)
    rig.put(*postings_of("G10")[:1])
    assert rig.settled().clean
    new, gone = watcher.news()
    assert gone == ()
    assert new
    assert all(record.key in rig.days() for record in new.values())


def test_what_somebody_typed_is_told_without_a_key(rig: Rig) -> None:
    watcher = posted(rig)
    day = postings_of("G11")[0].entry.accounting_date
    rig.typed(day, postings_of("G11")[0].entry.total_debit)
    new, gone = watcher.news()
    assert gone == ()
    (record,) = new.values()
    assert (record.key, record.date) == ("", day)
    assert record.lines


def test_a_list_of_references_is_read_with_what_is_not_there(rig: Rig) -> None:
    watcher = posted(rig)
    ref = rig.row(rig.sale)["ref"]
    assert rig.ledger.listed([ref]) == {ref: watcher.known[ref]}
    assert rig.ledger.listed([]) == {}
    customers = [row["ref"] for row in rig.rows() if row["name"].startswith("customer")]
    assert rig.ledger.listed(customers) == {}


@pytest.mark.parametrize("failing", range(4))
def test_a_look_that_fails_in_the_middle_is_told_whole_by_the_next(make: object, failing: int) -> None:
    """Wherever it fails it tells nothing at all, and the cursor that holds is the old one."""
    rig = _paged(make)
    watcher = posted(rig, "N21", "N22")
    refs = {row["ref"] for row in rig.rows() if row["name"] in (rig.sale, rig.journal)}
    for ref in refs:
        rig.change(ref, "date")
    held = watcher.cursor
    rig.order(*[None] * failing, *[Fault.SERVER_ERROR] * 40, kind="read")
    try:
        rig.ledger.changes(held, sorted(watcher.known))
    except StopConnection:
        assert watcher.cursor == held
    rig.faults.calm()
    new, gone = watcher.news()
    assert refs <= set(new)
    assert gone == ()


def test_what_changes_while_it_is_read_is_told_by_this_look_or_the_next(make: object) -> None:
    rig = _paged(make)
    if not rig.over_http:
        raise Unable("nothing is read page by page")
    watcher = posted(rig, "N21", "N22")
    refs = sorted({row["ref"] for row in rig.rows() if row["name"] == rig.sale})
    for ref in refs:
        rig.change(ref, "date")
    rig.meanwhile = lambda: rig.change(refs[0], "date")
    first, gone = watcher.news()
    second, more = watcher.news()
    assert (gone, more) == ((), ())
    assert set(first) | set(second) >= set(refs)
    for ref in refs:
        assert watcher.known[ref] == rig.ledger.listed([ref])[ref]


def _paged(make: object) -> Rig:
    """A rig whose lists come in several pages."""
    assert callable(make)
    rig = make()
    if rig.small_pages:
        rig = make(**rig.small_pages)
    assert isinstance(rig, Rig)
    return rig
