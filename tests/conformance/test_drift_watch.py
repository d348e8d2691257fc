"""The drift watch over each ledger: what people edit, void, delete, copy and type there is found once, by its class."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import pytest
from conformance.deals import BOOK, postings_of
from conformance.rig import Rig

from dealbooks.book import Book
from dealbooks.config import BookConfig
from dealbooks.config_told import BankAccountConfig
from dealbooks.errors import StopConnection
from dealbooks.ledger import Ledger
from dealbooks.pipeline.drift import Watched, watch
from dealbooks.store import Store
from sandbox.kit import Fault

pytestmark = pytest.mark.long  # tests/pipeline/test_drift.py is the shorter proof, with Beancount
_HOUR = 3600.0
_TODAY = date(2026, 9, 1)


@dataclass
class House:
    """As much of a house as the watch needs."""

    rig: Rig
    actor: str = "test"

    @property
    def store(self) -> Store:
        return self.rig.store

    def ledger(self, book: str) -> Ledger:
        return self.rig.ledger

    def book(self, name: str) -> Book:
        return self.rig.book

    def book_config(self, name: str) -> BookConfig:
        return BookConfig.model_validate(
            {
                "legal_entity": "E", "name": "Northgate", "regime": "uk", "currency": "GBP",
                "timezone": "Europe/London", "chart": "uk", "rules": "uk", "ledger": {"platform": self.rig.name},
                "locations": {},
            }
        )  # fmt: skip

    def bank_accounts(self, book: str) -> dict[str, tuple[BankAccountConfig, str]]:
        return {}

    def payers(self, book: str) -> dict[str, tuple[str, ...]]:
        return {}

    def today(self, book: str) -> date:
        return max(date.fromisoformat(day) for day in self.rig.days().values()) if self.rig.days() else _TODAY


class Watch:
    """The watch of a rig's book: each look is a new process, an hour after the last one."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig

    def look(self, *, whole: bool = False) -> Watched:
        self.rig.clock.sleep(_HOUR)
        self.rig.reconnect()
        return watch(House(self.rig), BOOK, whole=whole)


@pytest.fixture
def watched(rig: Rig) -> Watch:
    """A sale of which no money ties anything down, posted, and looked at twice."""
    return begun(rig)


def begun(rig: Rig) -> Watch:
    rig.put(*postings_of("G11")[:1])
    assert rig.settled().clean
    made = Watch(rig)
    assert made.look().whole
    again = made.look()
    assert (again.whole, again.open) == (False, ())
    return made


def found_once(watched: Watch, *codes: str) -> Watched:
    """The next look finds these, the one after tells of nothing again, and one that reads everything agrees."""
    first = watched.look()
    assert sorted(one.finding.code for one in first.raised) == sorted(codes)
    assert first.open == first.raised
    for whole in (False, True):
        again = watched.look(whole=whole)
        assert (again.raised, again.ended) == ((), ())
        assert [one.finding.id for one in again.open] == [one.finding.id for one in first.open]
    return first


@pytest.mark.parametrize("which", ["sale", "journal"])
def test_an_edited_document_is_found_once(watched: Watch, which: str) -> None:
    rig = watched.rig
    rig.change(rig.row(getattr(rig, which))["ref"], "date")
    (one,) = found_once(watched, "edited_after_posting").open
    assert "dated" in one.finding.what or "date" in one.finding.what


def test_an_edited_amount_is_found_with_both_sides(watched: Watch) -> None:
    rig = watched.rig
    rig.change(rig.row(rig.sale)["ref"], "total")
    (one,) = found_once(watched, "edited_after_posting").open
    assert one.finding.theirs
    assert one.finding.ours


def test_a_place_that_was_taken_away_is_found_in_the_figures(watched: Watch) -> None:
    rig = watched.rig
    rig.change(rig.row(rig.sale)["ref"], "dimension")
    first = watched.look()
    assert [one.finding.code for one in first.raised] in (["edited_after_posting"], ["wrong_location"])
    assert watched.look().raised == ()


@pytest.mark.parametrize("which", ["sale", "journal"])
def test_a_voided_document_is_found_once(watched: Watch, which: str) -> None:
    rig = watched.rig
    rig.void(rig.row(getattr(rig, which))["ref"])
    (one,) = found_once(watched, "voided_in_ledger").open
    assert one.finding.severity == "critical"


@pytest.mark.parametrize("which", ["sale", "journal"])
def test_a_deleted_document_is_found_once(watched: Watch, which: str) -> None:
    rig = watched.rig
    rig.delete(rig.row(getattr(rig, which))["ref"])
    (one,) = found_once(watched, "deleted_in_ledger").open
    assert one.finding.severity == "critical"


def test_a_copy_of_a_document_is_found_once(watched: Watch) -> None:
    rig = watched.rig
    rig.twin(rig.row(rig.journal)["ref"])
    found_once(watched, "duplicate")


def test_what_is_typed_on_owned_accounts_is_found_once(watched: Watch) -> None:
    rig = watched.rig
    rig.typed(postings_of("G11")[0].entry.accounting_date, postings_of("G11")[0].entry.total_debit)
    found_once(watched, "unexplained_ledger_entry")


def test_our_own_postings_are_no_findings(watched: Watch) -> None:
    rig = watched.rig
    rig.put(*postings_of("G10"))
    assert rig.settled().clean
    for whole in (False, False, True):
        assert watched.look(whole=whole).open == ()


def test_a_ledger_that_does_not_answer_moves_no_cursor(watched: Watch) -> None:
    rig = watched.rig
    rig.change(rig.row(rig.sale)["ref"], "date")
    rig.order(*[None] * 2, *[Fault.SERVER_ERROR] * 60, kind="read")
    with pytest.raises(StopConnection):
        watched.look()
    rig.faults.calm()
    found_once(watched, "edited_after_posting")
